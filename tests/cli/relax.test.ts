/** `potluck relax` through the command line: one structure, and many over threads. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test, vi } from "vitest";
import { run } from "../../src/cli/program.js";
import { extxyz } from "../../src/formats/index.js";
import { builtFile } from "../../src/hosts/node/built.js";
import { readAllFrames, relaxAll } from "../../src/hosts/node/index.js";
import { RandomStream } from "../../src/math/index.js";
import { diamond, fcc, replicate, type Structure } from "../../src/structure/index.js";
import { angstromElectronvolt } from "../../src/units/index.js";
import { memoryTerminal } from "./memory-terminal.js";
import { committeeJson } from "./synthetic-committee.js";

const folder = mkdtempSync(join(tmpdir(), "potluck-relax-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function potluck(...args: string[]) {
  const terminal = memoryTerminal();
  const code = await run(args, terminal);
  const records = (): Record<string, unknown>[] =>
    terminal.out.text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
  return { code, out: terminal.out.text, err: terminal.err.text, records };
}

const write = (name: string, ...structures: Structure[]): string => {
  const path = join(folder, name);
  const source = { file: name, structure: 1, line: 1 };
  const text = structures.map((structure) => extxyz.write({ structure, info: new Map(), columns: new Map(), source }));
  writeFileSync(path, text.join(""));
  return path;
};

const seed = 7;
console.info(`relaxations from seed ${seed}`);
const random = new RandomStream(seed, "relax");
const shaken = (structure: Structure): Structure => ({
  ...structure,
  positions: structure.positions.map((x) => x + random.between(-0.1, 0.1)),
});

const silicon = diamond("Si", 5.431);
const rattled = shaken(silicon);
const two = write("two.extxyz", rattled, { ...rattled, cell: silicon.cell!.map((x) => 1.02 * x) });
const sw = "silicon-stillinger-weber-1985";
const committee = join(folder, "committee.json");
writeFileSync(committee, committeeJson(2));

describe("relax", () => {
  test.each(["lbfgs", "fire"])("by %s reaches --fmax, and the minimum", async (optimizer) => {
    const out = join(folder, `relaxed-${optimizer}.extxyz`);
    const args = ["--cell", "--fmax", "0.001", "--smax", "0.01", "--optimizer", optimizer];
    const { code, records } = await potluck("relax", sw, two, "-o", out, "--json", ...args);
    expect(code).toBe(0);
    const frames = await readAllFrames(out);
    expect(frames.length).toBe(2);
    for (const [k, { forces, energy, structure }] of frames.entries()) {
      for (let i = 0; i < 24; i += 3) expect(Math.hypot(...forces!.subarray(i, i + 3))).toBeLessThan(0.001);
      expect(energy! / 8).toBeCloseTo(-4.3366, 4);
      expect(Math.cbrt(Number(records()[k]!.volume))).toBeCloseTo(5.431, 2);
      expect(structure.species.length).toBe(8);
    }
  });

  test("under pressure the cell is smaller and the stress is the pressure", async () => {
    const out = join(folder, "pressed.extxyz");
    const { code } = await potluck("relax", sw, two, "-o", out, "--cell", "isotropic", "--pressure", "5");
    expect(code).toBe(0);
    const [frame] = await readAllFrames(out);
    expect(frame!.structure.cell![0]).toBeLessThan(5.4);
    expect(-160.21766208 * frame!.stress![0]!).toBeCloseTo(5, 1);
  });

  test("too few steps: written all the same, code 1", async () => {
    const out = join(folder, "short.extxyz");
    const { code, out: printed, err } = await potluck("relax", sw, two, "-o", out, "--steps", "1", "--fmax", "1e-4");
    expect(code).toBe(1);
    expect(printed).toContain("steps-exhausted");
    expect(err).toContain("2 of 2 structures have not come to their minimum");
    expect((await readAllFrames(out))[0]!.info.get("relaxed")).toBe(false);
  });

  test("a committee gives its memory back and knows its disagreement", async () => {
    const { records } = await potluck("relax", committee, two, "--steps", "3", "--json");
    expect(records().length).toBe(2);
    for (const { disagreement } of records()) expect(disagreement).toBeGreaterThan(0);
  });

  test("bad options", async () => {
    expect((await potluck("relax", sw, two, "--pressure", "5")).err).toContain("Add --cell");
    expect(await potluck("relax", sw, two, "--fmax", "0")).toMatchObject({ code: 2 });
    expect((await potluck("relax", "silicon-tersof-1988", two)).err).toContain("silicon-tersoff-1988");
    expect((await potluck("relax", sw, write("gold.extxyz", fcc("Au", 4.08)))).err).toContain("gold.extxyz");
  });
});

/** Sizes in no order, and one that is larger than all others. */
const many = [1, 2, 1, 3, 1, 2, 1].map((n) => shaken(replicate(silicon, [n, 1, 1])));

describe("many structures over threads", () => {
  const several = write("several.extxyz", ...many);

  test.each([
    ["classical", sw],
    ["committee", committee],
  ])("%s: the bytes of one thread, in the order of the file", async (name, potential) => {
    const relaxed = async (threads: number) => {
      const out = join(folder, `${name}-${threads}.extxyz`);
      const args = ["-o", out, "--threads", String(threads), "--steps", "40", "--json", "--cell", "isotropic"];
      const { records } = await potluck("relax", potential, several, ...args);
      return { file: readFileSync(out, "utf8"), records: records() };
    };
    const [one, three] = [await relaxed(1), await relaxed(3)];
    expect(three).toEqual(one);
    expect(one.records.map(({ atoms }) => atoms)).toEqual([8, 16, 8, 24, 8, 16, 8]);
    expect(new Set(one.records.map(({ energy }) => energy)).size).toBe(many.length);
  });

  test("fewer structures than threads share their atoms, and end where one thread does", async () => {
    const large = write("large.extxyz", shaken(replicate(silicon, [3, 2, 2])));
    const energies = [];
    for (const threads of ["1", "2"]) {
      const { records } = await potluck("relax", committee, large, "--threads", threads, "--steps", "5", "--json");
      energies.push(Number(records()[0]!.energy));
    }
    expect(energies[1]! / energies[0]!).toBeCloseTo(1, 10);
  });

  test("nothing is relaxed if one of them cannot be, and the error says which", async () => {
    const out = join(folder, "nothing.extxyz");
    const gold = write("gold.extxyz", silicon, fcc("Au", 4.08));
    const { code, err } = await potluck("relax", sw, several, gold, "-o", out);
    expect(code).toBe(2);
    expect(err).toMatch(/gold.extxyz:\d+, structure 2, atom 1: The structure contains Au/);
    expect(existsSync(out)).toBe(false);
  });

  test("one that goes wrong leaves the others alone", async () => {
    const out = join(folder, "wrong.extxyz");
    const close = { ...rattled, positions: rattled.positions.map((x, k) => (k < 3 ? rattled.positions[k + 3]! : x)) };
    const { code, err, records } = await potluck(
      "relax",
      sw,
      write("close.extxyz", close, rattled),
      "--json",
      "-o",
      out,
    );
    expect(code).toBe(1);
    expect(err).toMatch(/close.extxyz #1: Si atom 1 and Si atom 2 are 0.* apart/);
    expect(records().map(({ reason }) => reason)).toEqual(["failed", "converged"]);
    expect((await readAllFrames(out)).map(({ info }) => info.get("relaxed"))).toEqual([false, true]);
  });

  test("as a library: steps and ends are told with the number of the task", async () => {
    const told: number[] = [];
    const tasks = many.map((structure) => ({ structure }));
    const relaxations = await relaxAll({ kind: "published", name: sw }, tasks, {
      ...{ units: angstromElectronvolt, threads: 2 },
      onDone: (k, { structure }) => {
        expect(structure.species.length).toBe(many[k]!.species.length);
        told.push(k);
      },
    });
    expect(told.toSorted()).toEqual([...many.keys()]);
    expect(relaxations.every(({ converged }) => converged)).toBe(true);
    const stopped = await relaxAll({ kind: "published", name: sw }, tasks, {
      ...{ units: angstromElectronvolt, threads: 2, signal: AbortSignal.abort() },
    });
    expect(stopped.map(({ reason, steps }) => ({ reason, steps }))).toEqual(
      many.map(() => ({ reason: "stopped", steps: 0 })),
    );
  });

  test("Ctrl-C: structures are written as far as they have come", async () => {
    const out = join(folder, "interrupted.extxyz");
    const endless = ["--optimizer", "fire", "--fmax", "1e-300", "--steps", "1000000000", "--threads", "2"];
    const child = spawn(process.execPath, [builtFile("cli/main.js"), "relax", sw, several, "-o", out, ...endless]);
    let said = "";
    child.stderr.on("data", (text) => {
      said += text;
    });
    const ended = new Promise((resolve) => child.once("exit", resolve));
    await vi.waitUntil(() => said.includes("relaxing"), 10_000);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    child.kill("SIGINT");
    expect(await ended, said).toBe(130);
    expect(said).toContain("Interrupted: 7 of 7 structures have not come to their minimum.");
    const frames = await readAllFrames(out);
    expect(frames.length).toBe(many.length);
    expect(frames.map(({ info }) => info.get("relaxed"))).toEqual(many.map(() => false));
    expect(Number(frames[3]!.info.get("relaxation_steps"))).toBeGreaterThan(0);
  });
});
