/** A network and the repulsion of nuclei, as one potential of the commands. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { run } from "../../src/cli/program.js";
import { extxyz } from "../../src/formats/index.js";
import { openSimulationPotential } from "../../src/hosts/node/simulate-potential.js";
import { RandomStream } from "../../src/math/index.js";
import type { ClassicalRecord } from "../../src/potentials/index.js";
import { diamond, replicate, type Structure } from "../../src/structure/index.js";
import { angstromElectronvolt } from "../../src/units/index.js";
import { memoryTerminal } from "./memory-terminal.js";
import { committeeJson } from "./synthetic-committee.js";

const folder = mkdtempSync(join(tmpdir(), "potluck-sums-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function potluck(...args: string[]) {
  const terminal = memoryTerminal();
  const code = await run(args, terminal);
  return { code, out: terminal.out.text, err: terminal.err.text };
}

const seed = 5;
console.info(`sums from seed ${seed}`);
const random = new RandomStream(seed, "sums");
const bulk = replicate(diamond("Si", 5.431), [2, 2, 2]);
const shaken = (): Structure => ({ ...bulk, positions: bulk.positions.map((x) => x + random.between(-0.15, 0.15)) });
// Reaches the bonds of silicon, so that it counts here.
const zbl: ClassicalRecord = { kind: "zbl", elements: ["Si"], inner: 2, outer: 3 };
const network = join(folder, "network.json");
writeFileSync(network, committeeJson(3));
writeFileSync(
  join(folder, "sum.yaml"),
  "kind: sum\nparts: [network.json, {kind: zbl, elements: [Si], inner: 2, outer: 3}]\n",
);
const structure = shaken();
const source = { file: "start.extxyz", structure: 1, line: 1 };
writeFileSync(join(folder, "start.extxyz"), extxyz.write({ structure, info: new Map(), columns: new Map(), source }));

const open = (potential: Parameters<typeof openSimulationPotential>[0], threads = 1) =>
  openSimulationPotential(potential, { units: angstromElectronvolt, threads, atoms: 64 });

describe("a network with the repulsion of nuclei", () => {
  test.each([1, 2])("on %i threads has the energy, forces and stress of both, along a path", async (threads) => {
    const [both, alone, repulsion] = [
      await open(join(folder, "sum.yaml"), threads),
      await open(network),
      await open(zbl),
    ];
    expect(both).toMatchObject({ cutoff: alone.cutoff, hasSpread: true, locality: "own", threads });
    expect(both.fingerprint).not.toBe(alone.fingerprint);
    const fields = [both, alone, repulsion].map((potential) => potential.bind(structure));
    for (let step = 0; step < 4; step++) {
      const { positions, cell } = shaken();
      if (step === 2) for (const field of fields) field.relist();
      const [total, first, second] = fields.map((field) => field.evaluate(positions, cell));
      expect(second!.energy).toBeGreaterThan(1);
      expect(total!.energy).toBeCloseTo(first!.energy + second!.energy, 9);
      for (const [k, force] of total!.forces.entries())
        expect(force).toBeCloseTo(first!.forces[k]! + second!.forces[k]!, 9);
      for (const [k, stress] of total!.stress!.entries())
        expect(stress).toBeCloseTo(first!.stress![k]! + second!.stress![k]!, 9);
      expect(total!.uncertainty!.disagreement).toBeCloseTo(first!.uncertainty!.disagreement, 9);
      const once = both.evaluateOnce({ ...structure, positions }, { uncertainty: false });
      expect(once.energy).toBeCloseTo(total!.energy, 8);
      expect(once.uncertainty).toBeUndefined();
    }
    await Promise.all([both, alone, repulsion].map((potential) => potential.close()));
  });

  const start = "structure: start.extxyz\ntemperature: 300\nsteps: 20\n";

  test("moves atoms, beside the configuration and in it", async () => {
    const inline = "{kind: sum, parts: [network.json, {kind: zbl, elements: [Si], inner: 2, outer: 3}]}";
    const ends = [];
    for (const [name, potential] of [
      ["file", "sum.yaml"],
      ["inline", inline],
      ["plain", "network.json"],
    ] as const) {
      const file = join(folder, `${name}.yaml`);
      writeFileSync(file, `potential: ${potential}\n${start}ensemble: nve\ntimestep: 0.2\n`);
      const { code, out } = await potluck("md", file, "--out", join(folder, name), "--json");
      expect(code).toBe(0);
      ends.push(JSON.parse(out).last);
    }
    expect(ends[1]).toEqual(ends[0]);
    expect(ends[2].potential).not.toBeCloseTo(ends[0].potential, 2);
  });

  test("Monte Carlo takes local energies, which add up", async () => {
    const file = join(folder, "mc.yaml");
    writeFileSync(file, `potential: sum.yaml\n${start.replace("20", "300")}`);
    const { code, out } = await potluck("mc", file, "--out", join(folder, "mc"), "--json");
    expect(code).toBe(0);
    expect(JSON.parse(out).worstDrift).toBeLessThan(1e-8);
  });

  test("what is wrong with a part is told", async () => {
    const relaxing = (potential: string, text?: string) => {
      if (text !== undefined) writeFileSync(join(folder, potential), text);
      return potluck("relax", join(folder, potential), join(folder, "start.extxyz"), "--steps", "1");
    };
    expect((await relaxing("sum.yaml")).err).toContain("1 of 1 structures");
    expect(await relaxing("empty.yaml", "kind: sum\n")).toMatchObject({
      code: 2,
      err: expect.stringContaining("A sum of no potentials"),
    });
    expect(
      (await relaxing("lost.yaml", "kind: sum\nparts: [nowhere.json, {kind: zbl, inner: 1, outer: 2}]\n")).err,
    ).toContain(join(folder, "nowhere.json"));
    expect((await relaxing("steps.yaml", "steps: 5\n")).err).toContain("no record of a potential");
    expect((await relaxing("broken.yaml", "kind: [sum\n")).err).toMatch(/broken.yaml:\d+:\d+: This is not YAML/);
    expect((await relaxing("own.yaml", "kind: sum\nparts: [own.yaml]\n")).err).toContain("a file names itself");
    expect((await relaxing("absent.yaml")).err).toContain("There is no such file");
  });
});
