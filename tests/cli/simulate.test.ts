/** `potluck md` and `rdf` through the command line, and a run that is killed and resumed. */
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { mdConfiguration } from "../../src/cli/md.js";
import { openSimulation } from "../../src/cli/md-plan.js";
import { run } from "../../src/cli/program.js";
import { simulationFormat } from "../../src/cli/simulation-configuration.js";
import { extxyz } from "../../src/formats/index.js";
import { readAllFrames } from "../../src/hosts/node/index.js";
import { simulate } from "../../src/hosts/node/simulate.js";
import { diamond, fcc, type Structure } from "../../src/structure/index.js";
import { angstromElectronvolt } from "../../src/units/index.js";
import { memoryTerminal } from "./memory-terminal.js";
import { committeeJson } from "./synthetic-committee.js";

const folder = mkdtempSync(join(tmpdir(), "potluck-md-"));
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

const silicon = diamond("Si", 5.431);
write("silicon.extxyz", silicon);

/** Silicon by Stillinger and Weber, 64 atoms at 600 K. */
const yaml = (more = ""): string =>
  `potential: {kind: published, name: silicon-stillinger-weber-1985}
structure: {file: silicon.extxyz, replicate: [2, 2, 2]}
temperature: 600
steps: 40
seed: 3
record:
  thermo: {every: 5}
  trajectory: {every: 10}
${more}`;

function configured(name: string, text: string): { file: string; out: string } {
  const file = join(folder, `${name}.yaml`);
  writeFileSync(file, text);
  return { file, out: join(folder, name) };
}

describe("md", () => {
  test("writes thermodynamics, trajectory, configuration and result", async () => {
    const { file, out } = configured("plain", yaml("ensemble: nve\n"));
    const { code, out: printed } = await potluck("md", file, "--out", out, "--json");
    expect(code).toBe(0);
    const record = JSON.parse(printed);
    expect(record).toMatchObject({ reason: "finished", atoms: 64, seed: 3, step: 40, steps: 40 });
    const lines = readFileSync(join(out, "thermo.csv"), "utf8").trimEnd().split("\n");
    expect(lines[0]).toMatch(/^step,time_fs,temperature_K,potential_eV/);
    expect(lines.length).toBe(1 + 9);
    const conserved = lines.slice(1).map((line) => Number(line.split(",")[5]));
    // Velocity Verlet at 1 fs keeps the energy of 64 atoms to a few meV.
    for (const energy of conserved) expect(Math.abs(energy - conserved[0]!)).toBeLessThan(0.02);
    const frames = await readAllFrames(join(out, "trajectory.extxyz"));
    expect(frames.map(({ info }) => info.get("step"))).toEqual([0, 10, 20, 30, 40]);
    expect(frames[0]!.energy! / 64).toBeCloseTo(-4.3366, 3);
    expect(readdirSync(join(out, "checkpoints"))).toEqual(["step-000000000040.plmd"]);
    expect(existsSync(join(out, "result.json"))).toBe(true);
  });

  test("again says what it ended with; more steps go on", async () => {
    const { file, out } = { file: join(folder, "plain.yaml"), out: join(folder, "plain") };
    const before = readFileSync(join(out, "trajectory.extxyz"), "utf8");
    const again = await potluck("md", file, "--out", out);
    expect(again.code).toBe(0);
    expect(again.err).toContain("ended already");
    expect(readFileSync(join(out, "trajectory.extxyz"), "utf8")).toBe(before);
    const longer = await potluck("md", "--resume", "--out", out, "--steps", "50", "--json");
    expect(longer.code).toBe(0);
    expect(JSON.parse(longer.out)).toMatchObject({ step: 50, reason: "finished" });
    const after = readFileSync(join(out, "trajectory.extxyz"), "utf8");
    expect(after.startsWith(before)).toBe(true);
    expect((await readAllFrames(join(out, "trajectory.extxyz"))).length).toBe(6);
  });

  test.each([
    "{kind: nvt, thermostat: langevin}",
    "{kind: nvt, thermostat: velocity-rescaling}",
    "{kind: npt, cell: flexible}",
    "{kind: npt, barostat: cell-rescaling}",
  ])("holds %s along a ramp", async (ensemble) => {
    const name = ensemble.replaceAll(/\W+/g, "-");
    const ramp = "[{time: 0, value: 300}, {time: 20, value: 400}]";
    const text = yaml(`ensemble: ${ensemble}\n`).replace("temperature: 600", `temperature: ${ramp}`);
    const { file, out } = configured(name, text);
    const { code, err } = await potluck("md", file, "--out", out, "--steps", "20");
    expect(err).not.toContain("rror");
    expect(code).toBe(0);
    const [first, last] = await readAllFrames(join(out, "trajectory.extxyz")).then((all) => [all[0]!, all.at(-1)!]);
    const moved = first.structure.cell!.some((x, k) => x !== last.structure.cell![k]);
    expect(moved).toBe(ensemble.includes("npt"));
  });

  test("writes LAMMPS dumps, compressed, and JSON lines", async () => {
    const { file, out } = configured("dump", yaml());
    const settings = [
      "record.trajectory.format=lammps-dump",
      "record.trajectory.gzip=true",
      "record.thermo.format=jsonl",
    ];
    const { code } = await potluck("md", file, "--out", out, ...settings.flatMap((s) => ["--set", s]));
    expect(code).toBe(0);
    const frames = await readAllFrames(join(out, "trajectory.lammpstrj.gz"));
    expect(frames.map(({ info }) => info.get("timestep"))).toEqual([0, 10, 20, 30, 40]);
    const lines = readFileSync(join(out, "thermo.jsonl"), "utf8").trimEnd().split("\n");
    expect(JSON.parse(lines[8]!)).toMatchObject({ step: 40, extrapolations: null });
    expect(JSON.parse(lines[8]!).cell_A.length).toBe(9);
  });

  test("fixed atoms stay, velocities come from the file", async () => {
    const { out: before } = { out: join(folder, "plain", "trajectory.extxyz") };
    const text = yaml("velocities: file\nfixed: [1, 3-4]\n").replace(
      "{file: silicon.extxyz, replicate: [2, 2, 2]}",
      `{file: ${before}, frame: last}`,
    );
    const { file, out } = configured("fixed", text);
    expect((await potluck("md", file, "--out", out)).code).toBe(0);
    const frames = await readAllFrames(join(out, "trajectory.extxyz"));
    const start = (await readAllFrames(before)).at(-1)!;
    const moved = (i: number) =>
      Math.abs(frames.at(-1)!.structure.positions[3 * i]! - start.structure.positions[3 * i]!);
    expect([0, 2, 3].map(moved)).toEqual([0, 0, 0]);
    expect(moved(1)).toBeGreaterThan(0);
    const [first] = frames;
    expect([...(first!.columns.get("velocities")!.values as Float64Array).subarray(3, 6)]).toEqual([
      ...(start.columns.get("velocities")!.values as Float64Array).subarray(3, 6),
    ]);
  });

  test("atoms on top of one another end it with code 1", async () => {
    write("close.extxyz", { ...silicon, positions: silicon.positions.map((x, k) => (k === 3 ? 0.3 : k < 6 ? 0 : x)) });
    const { file, out } = configured("close", yaml().replace("silicon.extxyz, replicate: [2, 2, 2]", "close.extxyz"));
    const { code, out: printed } = await potluck("md", file, "--out", out);
    expect(code).toBe(1);
    expect(printed).toContain("the distance of two atoms is 0.3 Å (atoms 1, 2)");
    expect((await readAllFrames(join(out, "stopped.extxyz"))).length).toBe(1);
  });
});

describe("bad input ends with code 2", () => {
  test("a misspelt key, with file, line and column", async () => {
    const { file, out } = configured("misspelt", yaml("ensemble:\n  kind: nvt\n  termostat: langevin\n"));
    const { code, err } = await potluck("md", file, "--out", out);
    expect(code).toBe(2);
    expect(err).toContain(
      `${file}:11:3: There is no key \`ensemble.termostat\`. Did you mean \`ensemble.thermostat\`?`,
    );
    expect(existsSync(out)).toBe(false);
  });

  test.each([
    ["ensemble: {kind: nvtt}\n", /`ensemble.kind` is the text "nvtt".*Did you mean `nvt`/],
    ["ensemble: {kind: nve, friction: 0.1}\n", /`ensemble.friction` means nothing for nve/],
    ["timestep: -1\n", /`timestep` is -1. Expected number > 0 \(fs\)/],
    ["watch: {disagreement: {stop: 1}}\n", /which this potential does not know/],
    ["fixed: [100]\n", /Atom 100 is to be fixed/],
  ])("%s", async (more, message) => {
    const { file, out } = configured("wrong", yaml(more));
    const { code, err } = await potluck("md", file, "--out", out);
    expect(err).toMatch(message);
    expect(code).toBe(2);
    expect(existsSync(out)).toBe(false);
  });

  test("missing keys, missing files, foreign directories, other runs", async () => {
    const { file } = configured("missing", "potential: x\n");
    expect((await potluck("md", file)).err).toContain("`structure` is missing");
    const { file: lost } = configured("lost", yaml().replace("silicon.extxyz", "gold.extxyz"));
    expect(await potluck("md", lost, "--out", join(folder, "lost"))).toMatchObject({ code: 2 });
    mkdirSync(join(folder, "theirs"));
    writeFileSync(join(folder, "theirs", "thesis.txt"), "all of it");
    const plain = join(folder, "plain.yaml");
    expect((await potluck("md", plain, "--out", join(folder, "theirs"))).err).toContain("not a simulation of Potluck");
    const other = await potluck("md", plain, "--out", join(folder, "plain"), "--seed", "4");
    expect(other.code).toBe(2);
    expect(other.err).toContain("(different: seed)");
  });
});

/** A file of a committee of networks. */
function committee(members: number): string {
  const path = join(folder, `committee-${members}.json`);
  writeFileSync(path, committeeJson(members));
  return path;
}

describe("the watch over a committee", () => {
  const text = (watch: string): string =>
    yaml(`watch: ${watch}\n`).replace(/potential: .*/, `potential: ${committee(2)}`);

  test("stops with code 3 and the frames that led there", async () => {
    const { file, out } = configured("doubt", text("{every: 10, disagreement: {stop: 1.0e-6}}"));
    const { code, out: printed } = await potluck("md", file, "--out", out, "--json");
    expect(code).toBe(3);
    const record = JSON.parse(printed);
    expect(record).toMatchObject({ reason: "stopped", step: 10, thresholds: [{ count: 1 }] });
    // In the crystal at step 0 symmetry leaves no forces to disagree about.
    expect(record.message).toContain("the disagreement γ of the potential is");
    const frames = await readAllFrames(record.files.stopped);
    expect(frames.at(-1)!.info.get("stopped_by")).toBe("disagreement");
    expect(frames.at(-1)!.info.get("disagreement")).toBeGreaterThan(1e-6);
    expect((await potluck("md", file, "--out", out)).code).toBe(3);
  });

  test("collects and warns", async () => {
    const limits = "{every: 10, spacing: 20, disagreement: {warn: 1.0e-6, collect: 1.0e-6}}";
    const { file, out } = configured("collect", text(limits));
    const { code, err, out: printed } = await potluck("md", file, "--out", out, "--json");
    expect(code).toBe(0);
    expect(err.match(/Warning: at step/g)?.length).toBe(1);
    expect(JSON.parse(printed).thresholds.map((t: { count: number }) => t.count)).toEqual([4, 4]);
    const frames = await readAllFrames(join(out, "collected.extxyz"));
    expect(frames.map(({ info }) => info.get("step"))).toEqual([10, 30]);
  });
});

describe("killed and resumed", () => {
  const names = (gzip: boolean): string[] => ["thermo.csv", `trajectory.extxyz${gzip ? ".gz" : ""}`];

  /** Runs to `until` and dies there without a word, as kill -9 would have it. */
  async function killedAt(until: number, file: string, out: string): Promise<void> {
    const opened = await openSimulation(mdConfiguration(file, { out }), angstromElectronvolt);
    mkdirSync(out);
    writeFileSync(join(out, "config.yaml"), readFileSync(file));
    const death = new Error("killed");
    const onProgress = ({ step }: { step: number }): void => {
      if (step === until) throw death;
    };
    await expect(simulate(opened.simulation, { directory: out, resume: false, onProgress })).rejects.toBe(death);
    await opened.potential.close();
    // What had been written after the checkpoint, and half a line.
    for (const name of names(file.includes("gzip"))) appendFileSync(join(out, name), "23,23.0,59");
  }

  test.each([
    ["classical", 600, false],
    ["classical-gzip", 600, true],
    ["network", 600, false],
    ["network-npt", 600, false],
  ])("%s: the files have the same bytes", async (name, _, gzip) => {
    const network = name.startsWith("network");
    const ensemble = name.endsWith("npt")
      ? "{kind: npt, barostat: cell-rescaling}"
      : "{kind: nvt, thermostat: langevin}";
    const text = yaml(
      `ensemble: ${ensemble}\ncheckpoint: {every: 12}\n${network ? "watch: {disagreement: {collect: 1.0e-6}, spacing: 15}\n" : ""}`,
    )
      .replace("trajectory: {every: 10}", `trajectory: {every: 4, gzip: ${gzip}}`)
      // Hot, so that neighbours are listed anew between checkpoints.
      .replace("temperature: 600", "temperature: 9000");
    const { file, out: whole } = configured(
      `${name}-whole`,
      network ? text.replace(/potential: .*/, `potential: ${committee(2)}`) : text,
    );
    const broken = join(folder, `${name}-broken`);
    expect((await potluck("md", file, "--out", whole)).code).toBe(0);
    await killedAt(31, file, broken);
    const resumed = await potluck("md", file, "--out", broken);
    expect(resumed.err).toContain("at step 24");
    expect(resumed.code).toBe(0);
    for (const output of [...names(gzip), ...(network ? ["collected.extxyz"] : [])])
      expect(readFileSync(join(broken, output)).equals(readFileSync(join(whole, output))), output).toBe(true);
    const trajectory = readFileSync(join(broken, names(gzip)[1]!));
    expect((gzip ? gunzipSync(trajectory) : trajectory).toString().match(/Lattice/g)?.length).toBe(11);
    const [a, b] = [whole, broken].map((out) => JSON.parse(readFileSync(join(out, "result.json"), "utf8")));
    expect(b.last).toEqual(a.last);
    expect(b.thresholds).toEqual(a.thresholds);
    expect(b.averages).toEqual(a.averages);
    expect(a.averages.records).toBeGreaterThan(3);
  });

  test("before its configuration was there, it begins anew; a folder of somebody's is left alone", async () => {
    const { file, out } = configured("born", yaml());
    mkdirSync(out);
    writeFileSync(join(out, "journal.jsonl"), "");
    writeFileSync(join(out, ".config.yaml.0123456789ab.tmp"), "potential: sil");
    expect((await potluck("md", file, "--out", out)).code).toBe(0);
    const { file: other, out: somebodys } = configured("somebodys", yaml());
    mkdirSync(somebodys);
    writeFileSync(join(somebodys, "journal.jsonl"), "{}\n");
    expect((await potluck("md", other, "--out", somebodys)).err).toContain("not a simulation of Potluck");
  });

  test("a changed potential is refused", async () => {
    const { file, out } = configured("changed", yaml("checkpoint: {every: 12}\n"));
    await killedAt(31, file, out);
    writeFileSync(file, yaml("checkpoint: {every: 12}\n").replace("stillinger-weber-1985", "tersoff-1988"));
    const { code, err } = await potluck("md", file, "--out", out);
    expect(code).toBe(2);
    expect(err).toContain("it belongs to another run");
  });
});

describe("rdf", () => {
  const a = 4.05;
  const crystal = write("aluminium.extxyz", fcc("Al", a), fcc("Al", a));

  test("of an fcc crystal has its shells", async () => {
    const { code, out } = await potluck("rdf", crystal, "--json", "--cutoff", "6", "--bins", "600");
    expect(code).toBe(0);
    const { frames, density, edges, total, pairs } = JSON.parse(out);
    expect(frames).toBe(2);
    expect(density).toBeCloseTo(4 / a ** 3, 10);
    // 12, 6, 24 and 12 neighbours at √(n/2) a.
    const within = (distance: number) => total.coordination[edges.findIndex((edge: number) => edge > distance)];
    expect([1, 2, 3, 4].map((n) => within(Math.sqrt(n / 2) * a + 0.02))).toEqual([12, 18, 42, 54]);
    expect(within(a / Math.SQRT2 - 0.02)).toBe(0);
    expect(pairs[0]).toMatchObject({ center: "Al", neighbor: "Al" });
  });

  test("as table and plots", async () => {
    for (const plot of ["rdf.svg", "rdf.html"]) {
      const { code, out } = await potluck("rdf", crystal, "--plot", join(folder, plot), "--skip", "1");
      expect(code).toBe(0);
      expect(out.split("\n")[0]).toContain("# 1 frames, density 0.0602");
      expect(out.trimEnd().split("\n").length).toBe(2 + 160);
      expect(readFileSync(join(folder, plot), "utf8")).toMatch(/<svg .*<path /s);
    }
    expect(readFileSync(join(folder, "rdf.svg"), "utf8")).toMatch(
      /^<\?xml.*\n<svg xmlns="http:\/\/www.w3.org\/2000\/svg"/,
    );
    expect(await potluck("rdf", crystal, "--skip", "2")).toMatchObject({ code: 2 });
    expect(await potluck("rdf", crystal, "--plot", "rdf.doc")).toMatchObject({ code: 2 });
  });
});

test("the guide has the keys of the schema", () => {
  const guide = readFileSync(new URL("../../docs/guide/simulation.md", import.meta.url), "utf8");
  expect(guide).toContain(simulationFormat.keysTable);
});
