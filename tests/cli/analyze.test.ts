/** `potluck analyze` on runs and trajectories: numbers, report, plots, errors. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { run } from "../../src/cli/program.js";
import { extxyz } from "../../src/formats/index.js";
import { readAllFrames } from "../../src/hosts/node/index.js";
import { diamond, fcc, replicate, type Structure } from "../../src/structure/index.js";
import { memoryTerminal } from "./memory-terminal.js";

const folder = mkdtempSync(join(tmpdir(), "potluck-analyze-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function potluck(...args: string[]) {
  const terminal = memoryTerminal();
  const code = await run(args, terminal);
  return { code, out: terminal.out.text, err: terminal.err.text };
}

const write = (name: string, ...structures: Structure[]): string => {
  const path = join(folder, name);
  const source = { file: name, structure: 1, line: 1 };
  const text = structures.map((structure) => extxyz.write({ structure, info: new Map(), columns: new Map(), source }));
  writeFileSync(path, text.join(""));
  return path;
};

write("silicon.extxyz", replicate(diamond("Si", 5.431), [2, 2, 2]));
const yaml = (more: string): string => `potential: silicon-stillinger-weber-1985
structure: silicon.extxyz
seed: 3
steps: 400
record: {thermo: {every: 2}, trajectory: {every: 10, format: lammps-dump}}
${more}`;

async function simulated(name: string, text: string): Promise<string> {
  writeFileSync(join(folder, `${name}.yaml`), text);
  const out = join(folder, name);
  const { code, err } = await potluck("md", join(folder, `${name}.yaml`), "--out", out, "--quiet");
  expect(code, err).toBe(0);
  return out;
}

let steady = "";
let ramp = "";
beforeAll(async () => {
  steady = await simulated(
    "steady",
    yaml("temperature: 600\nensemble: {kind: nvt, thermostat: langevin, friction: 0.05}\n"),
  );
  ramp = await simulated("ramp", yaml("temperature: [{time: 0, value: 300}, {time: 400, value: 900}]\n"));
});

describe("a run of molecular dynamics", () => {
  test("has averages where it held still, those of its result, and what its atoms did", async () => {
    const { code, out } = await potluck("analyze", steady, "--json");
    expect(code).toBe(0);
    const record = JSON.parse(out);
    const result = JSON.parse(readFileSync(join(steady, "result.json"), "utf8"));
    expect(record.averages).toEqual(result.averages);
    // Blocking is tested elsewhere; this is the mean of the records from then on.
    const rows = readFileSync(join(steady, "thermo.csv"), "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => line.split(","));
    const counted = rows.slice(1).filter(([, time]) => Number(time) >= record.averages.from);
    expect(counted.length).toBe(record.averages.records);
    const mean = counted.reduce((sum, row) => sum + Number(row[2]), 0) / counted.length;
    expect(record.averages.temperature.mean).toBeCloseTo(mean, 8);
    expect(record.averages.temperature.mean).toBeGreaterThan(450);
    expect(record.averages.temperature.mean).toBeLessThan(750);
    expect(record.averages.volume).toBeNull();
    // Frames count from the same time on.
    const frames = await readAllFrames(join(steady, "trajectory.lammpstrj"));
    const late = frames.filter(({ info }) => Number(info.get("time")) >= record.averages.from);
    expect(record).toMatchObject({ frames: late.length, atoms: 64, interval: 10 });
    expect(record.firstShell.peak).toBeCloseTo(2.36, 1);
    expect(record.density).toBeCloseTo(2.33, 2);
    const four = record.neighbours.find(({ neighbor }: { neighbor: string | null }) => neighbor === null);
    expect(four.mean).toBeCloseTo(4, 2);
    expect(record.displacement.all.msd[0]).toBe(0);
    expect(record.displacement.all.msd[5]).toBeGreaterThan(0.01);
    expect(record.lindemann).toBeGreaterThan(0.01);
  });

  test("by --from, --skip and --every counts what is asked for", async () => {
    const frames = async (...args: string[]) => JSON.parse((await potluck("analyze", steady, "--json", ...args)).out);
    expect((await frames("--from", "200")).averages).toMatchObject({ from: 200, to: 400, records: 101 });
    expect((await frames("--from", "200")).frames).toBe(21);
    expect(await frames("--from", "200", "--skip", "1", "--every", "2")).toMatchObject({ frames: 10, interval: 20 });
    expect((await frames("--bonds", "4.2")).neighbours[0].mean).toBeGreaterThan(15);
  });

  test("with a ramp has no averages, and says so in none of its numbers", async () => {
    expect(JSON.parse(readFileSync(join(ramp, "result.json"), "utf8")).averages).toBeNull();
    expect(JSON.parse((await potluck("analyze", ramp, "--json")).out)).toMatchObject({ averages: null, frames: 41 });
  });

  test("as a page and as plots, with nothing from elsewhere", async () => {
    const [page, plots] = [join(folder, "report.html"), join(folder, "plots")];
    const { code, out } = await potluck("analyze", steady, "-o", page, "--svg", plots);
    expect(code).toBe(0);
    expect(out).toMatch(/Temperature {3}\d+(\.\d+)? ± \d/);
    expect(out).toMatch(/First shell {3}peak at 2\.3\d Å/);
    const html = readFileSync(page, "utf8");
    for (const title of ["Averages", "Course", "Radial distribution", "Neighbours", "Angles", "Displacements"])
      expect(html).toContain(`<h2>${title}</h2>`);
    expect(html).not.toMatch(/NaN|undefined|https?:|<script/);
    expect(readdirSync(plots).toSorted()).toEqual(
      ["angles", "conserved", "displacement", "energy", "neighbours", "pressure", "radial", "temperature"].map(
        (name) => `${name}.svg`,
      ),
    );
    for (const file of readdirSync(plots))
      expect(readFileSync(join(plots, file), "utf8")).toMatch(/^<\?xml.*\n<svg xmlns="http:\/\/www.w3.org\/2000\/svg"/);
  });
});

describe("trajectories from elsewhere", () => {
  const a = 4.05;
  const crystal = fcc("Al", a);
  const shift = (k: number): Structure => ({ ...crystal, positions: crystal.positions.map((x) => x + 0.01 * k) });

  test("need an interval for displacements, and say so", async () => {
    const file = write("aluminium.extxyz", ...Array.from({ length: 12 }, (_, k) => shift(k)));
    const { out } = await potluck("analyze", file);
    expect(out).toContain("give the interval");
    expect(out).toContain("Neighbours    Al 12");
    const record = JSON.parse((await potluck("analyze", file, "--interval", "5", "--json")).out);
    // The crystal moves as a whole, which does not count.
    expect(Math.max(...record.displacement.all.msd)).toBeLessThan(1e-12);
    expect(record.displacement.time[1]).toBe(5);
  });

  test("what cannot be analyzed is told", async () => {
    const mixed = write("mixed.extxyz", crystal, replicate(crystal, [2, 1, 1]));
    const { code, err } = await potluck("analyze", mixed);
    expect(code).toBe(2);
    expect(err).toMatch(/mixed.extxyz.*structure 2.*8 atoms that are not the 4/);
    expect((await potluck("analyze", mixed, "--skip", "2")).err).toContain("nothing to average");
    expect((await potluck("analyze", mixed, "-o", "report.pdf")).err).toContain(".html");
    mkdirSync(join(folder, "empty"));
    expect((await potluck("analyze", join(folder, "empty"))).err).toContain("holds 0 trajectories");
    expect((await potluck("analyze", join(folder, "nowhere.extxyz"))).code).toBe(2);
    expect(existsSync("report.pdf")).toBe(false);
  });
});
