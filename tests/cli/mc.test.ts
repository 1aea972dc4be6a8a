/** `potluck mc` through the command line: known averages, every kind of move, mistakes, and runs that are killed and resumed. */
import { spawn } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { mcConfiguration } from "../../src/cli/mc.js";
import { openSampling } from "../../src/cli/mc-plan.js";
import { moveFormat, samplingFormat } from "../../src/cli/mc-schema.js";
import { run } from "../../src/cli/program.js";
import { simulationInfo } from "../../src/cli/simulation-info.js";
import { extxyz } from "../../src/formats/index.js";
import { writePotentialJson } from "../../src/formats/potential-json.js";
import { createKernels, readAllFrames } from "../../src/hosts/node/index.js";
import { sampleInDirectory } from "../../src/hosts/node/sample.js";
import { RandomStream } from "../../src/math/index.js";
import { type ClassicalRecord, classicalPotential, isSurface } from "../../src/potentials/index.js";
import { diamond, replicate, type Structure } from "../../src/structure/index.js";
import { angstromElectronvolt, boltzmann } from "../../src/units/index.js";
import { randomDescriptors, randomPotential } from "../physics/random-potential.js";
import { memoryTerminal } from "./memory-terminal.js";

const folder = mkdtempSync(join(tmpdir(), "potluck-mc-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function potluck(...args: string[]) {
  const terminal = memoryTerminal();
  const code = await run(args, terminal);
  return { code, out: terminal.out.text, err: terminal.err.text };
}

function write(name: string, structure: Structure): void {
  const source = { file: name, structure: 1, line: 1 };
  writeFileSync(join(folder, name), extxyz.write({ structure, info: new Map(), columns: new Map(), source }));
}

function configured(name: string, configuration: object): { file: string; out: string } {
  const file = join(folder, `${name}.yaml`);
  writeFileSync(file, JSON.stringify(configuration));
  return { file, out: join(folder, name) };
}

async function sampled(name: string, configuration: object) {
  const { file, out } = configured(name, configuration);
  const { code, out: printed, err } = await potluck("mc", file, "--out", out, "--json");
  expect(err).not.toContain("rror");
  expect(code).toBe(0);
  return { out, record: JSON.parse(printed) };
}

const SEED = Number(process.env.POTLUCK_SEED ?? 20261203);
console.log(`mc: seed ${SEED}`);

/** Silver and gold, roughly, as Lennard-Jones atoms that prefer unlike neighbours. */
const pair = (a: string, b: string, epsilon: number) => ({
  elements: [a, b] as const,
  epsilon,
  sigma: 2.63,
  cutoff: 5.6,
});
const alloy: ClassicalRecord = {
  kind: "lennard-jones",
  pairs: [pair("Ag", "Ag", 0.1), pair("Au", "Au", 0.12), pair("Ag", "Au", 0.16)],
  shift: "force",
};

/** Eight sites on a ring, near enough for neighbours and the next. */
const ring = (species: readonly number[]): Structure => ({
  species: Uint8Array.from(species),
  positions: Float64Array.from(species.flatMap((_, k) => [2.75 * k, 0, 0])),
  cell: Float64Array.of(2.75 * species.length, 0, 0, 0, 20, 0, 0, 0, 20),
  periodic: [true, false, false],
});
const sites = 8;
const [AG, AU] = [47, 79];
write("ring.extxyz", ring([AG, AG, AG, AG, AU, AU, AU, AU]));

/** Means over all arrangements with their Boltzmann weights, exactly. */
function exactly(kelvin: number, allowed: (gold: number) => boolean, mu: number): { energy: number; gold: number } {
  const potential = classicalPotential(alloy);
  const all = Array.from({ length: 2 ** sites }, (_, code) => {
    const species = Array.from({ length: sites }, (__, k) => ((code >> k) & 1 ? AU : AG));
    return { gold: species.filter((z) => z === AU).length, energy: potential.evaluate(ring(species)).energy };
  }).filter(({ gold }) => allowed(gold));
  const least = Math.min(...all.map(({ energy, gold }) => energy - mu * gold));
  const weights = all.map(({ energy, gold }) => Math.exp(-(energy - mu * gold - least) / (boltzmann * kelvin)));
  const total = weights.reduce((a, b) => a + b, 0);
  const mean = (pick: (one: (typeof all)[number]) => number): number =>
    all.reduce((sum, one, k) => sum + (pick(one) * weights[k]!) / total, 0);
  return { energy: mean((one) => one.energy), gold: mean((one) => one.gold) };
}

/** Within four standard errors, which must be small enough for the test to mean something. */
function expectAverage(found: { mean: number; error: number; plateau: boolean }, exact: number, largest: number): void {
  console.log(`  found ${found.mean.toPrecision(6)} ± ${found.error.toPrecision(2)}, exact ${exact.toPrecision(6)}`);
  expect(found.plateau).toBe(true);
  expect(found.error).toBeLessThan(largest);
  expect(Math.abs(found.mean - exact) / found.error).toBeLessThan(4);
}

describe("two elements on a lattice, against all arrangements", () => {
  const base = {
    ...{ potential: alloy, structure: "ring.extxyz", temperature: 900, seed: SEED, equilibration: 1000 },
    record: { samples: { every: 5 }, trajectory: { every: 0 } },
    watch: { every: 50000 },
  };

  test("swaps: the mean energy", async () => {
    const { record, out } = await sampled("swaps", { ...base, steps: 12000, moves: [{ kind: "swap" }] });
    expect(record).toMatchObject({ reason: "finished", step: 12000, atoms: 8, seed: SEED, locality: "own" });
    expectAverage(record.averages.energy, exactly(900, (gold) => gold === 4, 0).energy, 0.005);
    expect(record.last.composition).toEqual({ Ag: 4, Au: 4 });
    expect(record.moves[0].attempts).toBe(11000);
    expect(record.averages.samples).toBe(2200);
    const lines = readFileSync(join(out, "samples.csv"), "utf8").trimEnd().split("\n");
    expect(lines[0]).toBe("step,temperature_K,energy_eV,volume_A3,atoms_Ag,atoms_Au,acceptance_swap");
    expect(lines.length).toBe(1 + 2400);
  });

  test("transmutations: composition and energy follow the chemical potentials", async () => {
    const counts: number[] = [];
    for (const mu of [-0.1, 0, 0.08]) {
      const moves = [{ kind: "transmutation", chemicalPotentials: { Ag: 0, Au: mu } }];
      const { record } = await sampled(`grand${mu}`, { ...base, steps: 16000, moves });
      const exact = exactly(900, () => true, mu);
      expectAverage(record.averages.composition.Au, exact.gold, 0.1);
      expectAverage(record.averages.energy, exact.energy, 0.02);
      counts.push(record.averages.composition.Au.mean);
    }
    expect(counts[1]! - counts[0]!).toBeGreaterThan(0.3);
    expect(counts[2]! - counts[1]!).toBeGreaterThan(0.3);
  });
});

const silicon = diamond("Si", 5.431);
write("silicon.extxyz", silicon);
const stillingerWeber = { kind: "published", name: "silicon-stillinger-weber-1985" };

describe("a crystal", () => {
  test.each([
    ["displacement", { kind: "displacement" }, 30000, 10],
    ["hybrid", { kind: "hybrid", steps: 10, timestep: 5 }, 3000, 1],
  ] as const)("%s: energies are kT/2 for each mode, and sizes adapt", async (name, move, steps, every) => {
    const { record } = await sampled(`crystal-${name}`, {
      ...{ potential: stillingerWeber, structure: "silicon.extxyz", temperature: 100, seed: SEED, steps },
      ...{ equilibration: steps / 5, moves: [move] },
      record: { samples: { every }, trajectory: { every: 0 } },
      watch: { every: steps },
    });
    const [tally] = record.moves;
    console.log(`  ${name}: accepted ${tally.acceptance}, size ${tally.size}`);
    // Three of the 24 modes are free; at 100 K what is not harmonic is below a percent.
    const exact = 21 * 0.5 * boltzmann * 100;
    const above = { ...record.averages.energy, mean: record.averages.energy.mean + 8 * 4.33663 };
    console.log(`  ${above.mean} ± ${above.error} eV, harmonic ${exact}`);
    expect(above.error).toBeLessThan(0.03 * exact);
    expect(Math.abs(above.mean - exact)).toBeLessThan(4 * above.error + 0.01 * exact);
    expect(tally.acceptance).toBeGreaterThan(0.3);
    expect(tally.acceptance).toBeLessThan(0.85);
    expect(record.worstDrift).toBeLessThan(1e-8);
  });

  test("cell moves follow the pressure, with JSON lines and compressed dumps", async () => {
    const volumes: number[] = [];
    for (const pressure of [0, 5]) {
      const { record, out } = await sampled(`cell-${pressure}`, {
        ...{ potential: stillingerWeber, structure: "silicon.extxyz", temperature: 300, seed: SEED, steps: 6000 },
        equilibration: 2000,
        moves: [
          { kind: "displacement", weight: 8 },
          { kind: "cell", pressure },
        ],
        record: {
          samples: { every: 10, format: "jsonl" },
          trajectory: { every: 2000, format: "lammps-dump", gzip: true },
        },
      });
      volumes.push(record.averages.volume.mean);
      const frames = await readAllFrames(join(out, "trajectory.lammpstrj.gz"));
      expect(frames.map(({ info }) => info.get("timestep"))).toEqual([2000, 4000, 6000]);
      const lines = readFileSync(join(out, "samples.jsonl"), "utf8").trimEnd().split("\n");
      expect(JSON.parse(lines[599]!)).toMatchObject({ step: 6000, atoms_Si: 8 });
      expect(JSON.parse(lines[599]!).cell_A.length).toBe(9);
    }
    // A bulk modulus of 101 GPa, with its slope of about 3.
    const ratio = volumes[1]! / volumes[0]!;
    console.log(`  V(5 GPa)/V(0) ${ratio}`);
    expect(ratio).toBeGreaterThan(0.945);
    expect(ratio).toBeLessThan(0.967);
  });

  test("annealing has no averages, and text says what was done", async () => {
    const { file, out } = configured("anneal", {
      ...{ potential: stillingerWeber, structure: "silicon.extxyz", steps: 400, equilibration: 0 },
      temperature: [
        { step: 0, value: 1000 },
        { step: 400, value: 100 },
      ],
    });
    const { code, out: text } = await potluck("mc", file, "--out", out);
    expect(code).toBe(0);
    expect(text).toMatch(/Finished at attempt 400 of 400 {2}\(8 atoms, seed 1, /);
    expect(text).toMatch(/displacement +400 +\d+\.\d %/);
    const rows = readFileSync(join(out, "samples.csv"), "utf8").trimEnd().split("\n");
    expect(rows.slice(1).map((row) => Number(row.split(",")[1]))).toEqual([775, 550, 325, 100]);
    expect(JSON.parse(readFileSync(join(out, "result.json"), "utf8")).averages).toBe(null);
    expect(simulationInfo(out)?.text).toBe(`Monte Carlo. ${text.trimEnd()}`);
    const again = await potluck("mc", file, "--out", out);
    expect(again.err).toContain("ended already");
    const longer = await potluck("mc", "--resume", "--out", out, "--steps", "500", "--json");
    expect(JSON.parse(longer.out)).toMatchObject({ step: 500, reason: "finished" });
  });

  test("atoms on top of one another end it with code 1", async () => {
    write("close.extxyz", { ...silicon, positions: silicon.positions.map((x, k) => (k === 3 ? 0.3 : k < 6 ? 0 : x)) });
    const { file, out } = configured("close", {
      ...{ potential: stillingerWeber, structure: "close.extxyz", steps: 100, moves: [{ kind: "cell" }] },
      watch: { every: 10 },
    });
    const { code, out: printed } = await potluck("mc", file, "--out", out);
    expect(code).toBe(1);
    expect(printed).toContain("the distance of two atoms is 0.3");
    expect(existsSync(join(out, "stopped.extxyz"))).toBe(true);
  });
});

describe("bad input ends with code 2", () => {
  const base = `potential: {kind: published, name: silicon-stillinger-weber-1985}
structure: silicon.extxyz
steps: 10
`;
  test.each([
    ["moves:\n  - {kind: swapp}\n", /:5:12: .*"swapp".*Did you mean `swap`/],
    [
      "moves:\n  - kind: swap\n    wieght: 2\n",
      /:6:5: There is no key `moves\[1\].wieght` for the kind swap.*`moves\[1\].weight`/,
    ],
    ["moves:\n  - {kind: transmutation}\n", /`moves\[1\].chemicalPotentials` is missing/],
    ["moves: [{kind: displacement, size: 5}]\n", /:4:30: `moves\[1\].size` is 5, and its bound `largest` is 2/],
    ["moves: [{kind: swap}]\n", /those that may are all of one element/],
    ["moves: [{kind: displacement}, {kind: displacement}]\n", /Two moves are called "displacement"/],
    ["temperature: 0\n", /`temperature` is 0/],
    ["watch: {disagreement: {stop: 1}}\n", /which this potential does not know/],
    ["fixed: [100]\n", /Atom 100 is to be fixed/],
    ["timestep: 1\n", /There is no key `timestep`/],
  ])("%s", async (more, message) => {
    const file = join(folder, "wrong.yaml");
    writeFileSync(file, base + more);
    const { code, err } = await potluck("mc", file, "--out", join(folder, "wrong"));
    expect(err).toMatch(message);
    expect(code).toBe(2);
    expect(existsSync(join(folder, "wrong"))).toBe(false);
  });
});

/** A committee of networks that nobody has fitted: it disagrees. Without angular functions it goes the fast way, which keeps neighbours. */
function committee(): string {
  const seed = 20;
  console.info(`committee from seed ${seed}`);
  const random = new RandomStream(seed, "simulate");
  const descriptors = randomDescriptors(random, { elements: [14, 32], types: [2], cutoffs: [1] });
  const kernels = createKernels();
  const bulk = replicate(silicon, [2, 2, 2]);
  const rattled = {
    ...bulk,
    positions: bulk.positions.map((x) => x + random.between(-0.2, 0.2)),
    species: bulk.species.map((z, i) => (i % 3 === 0 ? 32 : z)),
  };
  const wild = randomPotential(kernels, random, { descriptors, structures: [bulk, rattled], members: 2 });
  const potential = { ...wild, members: wild.members.map((m) => ({ ...m, energyScale: 0.1 * m.energyScale })) };
  expect(isSurface(potential)).toBe(true);
  const path = join(folder, "committee.json");
  writeFileSync(path, writePotentialJson(potential, {}));
  write("mixed.extxyz", rattled);
  write("few.extxyz", { ...silicon, species: silicon.species.map((z, i) => (i % 3 === 0 ? 32 : z)) });
  return path;
}

test("the watch over a committee warns, collects and stops with code 3", async () => {
  const { file, out } = configured("doubt", {
    ...{ potential: committee(), structure: "mixed.extxyz", steps: 100, equilibration: 20 },
    watch: { every: 10, spacing: 20, disagreement: { warn: 1e-6, collect: 1e-6 } },
  });
  const { code, err, out: printed } = await potluck("mc", file, "--out", out, "--json");
  expect(code).toBe(0);
  expect(err.match(/Warning: at step/g)?.length).toBe(1);
  expect(JSON.parse(printed).thresholds.map((t: { count: number }) => t.count)).toEqual([10, 10]);
  const frames = await readAllFrames(join(out, "collected.extxyz"));
  expect(frames.map(({ info }) => info.get("step"))).toEqual([10, 30, 50, 70, 90]);
  const stop = await potluck(
    "mc",
    file,
    "--out",
    `${out}-stop`,
    "--json",
    "--set",
    "watch.disagreement={stop: 1.0e-6}",
  );
  expect(stop.code).toBe(3);
  expect(JSON.parse(stop.out)).toMatchObject({ reason: "stopped", step: 10 });
});

describe("killed and resumed", () => {
  const changing = [
    { kind: "swap", weight: 3 },
    { kind: "transmutation", weight: 3, chemicalPotentials: { Si: 0, Ge: 0.01 } },
  ];
  const everything = (potential: unknown, structure: string, { gzip = false, steps = 400, changes = false }) => ({
    // Hot, so that neighbours are listed anew between checkpoints.
    ...{ potential, structure, temperature: 6000, steps, equilibration: 150, seed: SEED },
    moves: [
      { kind: "displacement", weight: 10, size: 0.3 },
      { kind: "hybrid", weight: 3, steps: 10, timestep: 4 },
      { kind: "cell", weight: 2, pressure: 1, cell: "flexible" },
      ...(changes ? changing : []),
    ],
    record: { samples: { every: 1 }, trajectory: { every: 40, gzip } },
    watch: { every: 25, spacing: 100, ...(typeof potential === "string" ? { disagreement: { collect: 1e-6 } } : {}) },
    checkpoint: { every: 120 },
  });

  test.each([
    ["classical", "silicon.extxyz", { gzip: true }],
    ["network", "mixed.extxyz", {}],
    ["network whose elements change", "mixed.extxyz", { changes: true }],
    ["network of few atoms", "few.extxyz", { changes: true }],
  ])("%s: the files have the same bytes", async (name, structure, how: { gzip?: boolean; changes?: boolean }) => {
    const network = name.startsWith("network");
    const { gzip = false } = how;
    const potential = network ? committee() : stillingerWeber;
    const { file, out: whole } = configured(`${name}-whole`, everything(potential, structure, how));
    const broken = join(folder, `${name}-broken`);
    expect((await potluck("mc", file, "--out", whole)).code).toBe(0);
    const names = ["samples.csv", `trajectory.extxyz${gzip ? ".gz" : ""}`];
    // It dies at attempt 310 without a word, as kill -9 would have it, with half a line behind what the checkpoint knows.
    const opened = await openSampling(mcConfiguration(file, { out: broken }), angstromElectronvolt);
    mkdirSync(broken);
    writeFileSync(join(broken, "config.yaml"), readFileSync(file));
    const death = new Error("killed");
    const onProgress = ({ step }: { step: number }): void => {
      if (step === 310) throw death;
    };
    await expect(sampleInDirectory(opened.sampling, { directory: broken, resume: false, onProgress })).rejects.toBe(
      death,
    );
    await opened.potential.close();
    for (const output of names) appendFileSync(join(broken, output), "23,23.0,59");
    const resumed = await potluck("mc", file, "--out", broken);
    expect(resumed.err).toContain("at step 240");
    expect(resumed.code).toBe(0);
    for (const output of [...names, ...(network ? ["collected.extxyz"] : [])])
      expect(readFileSync(join(broken, output)).equals(readFileSync(join(whole, output))), output).toBe(true);
    const [a, b] = [whole, broken].map((dir) => JSON.parse(readFileSync(join(dir, "result.json"), "utf8")));
    for (const what of ["moves", "last", "averages", "thresholds", "worstDrift"]) expect(b[what]).toEqual(a[what]);
    for (const { accepted } of a.moves) expect(accepted).toBeGreaterThan(0);
  });

  const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
  test.skipIf(!existsSync(main.replace("main.js", "mc.js")))(
    "the built program, with SIGKILL",
    async () => {
      write("bulk.extxyz", replicate(silicon, [2, 2, 2]));
      const { file, out: whole } = configured(
        "sigkill-whole",
        everything(stillingerWeber, "bulk.extxyz", { steps: 3000 }),
      );
      const broken = join(folder, "sigkill-broken");
      const child = spawn(process.execPath, [main, "mc", file, "--out", broken], { stdio: "ignore" });
      const ended = new Promise((resolve) => child.once("exit", (_, signal) => resolve(signal)));
      const checkpoint = join(broken, "checkpoints", "step-000000000360.plmd");
      for (let n = 0; n < 400 && !existsSync(checkpoint); n++) await new Promise((resolve) => setTimeout(resolve, 25));
      child.kill("SIGKILL");
      expect(await ended).toBe("SIGKILL");
      expect((await potluck("mc", file, "--out", whole)).code).toBe(0);
      const resumed = await potluck("mc", file, "--out", broken);
      expect(resumed.err).toContain("Resuming");
      for (const output of ["samples.csv", "trajectory.extxyz"])
        expect(readFileSync(join(broken, output)).equals(readFileSync(join(whole, output))), output).toBe(true);
    },
    60_000,
  );
});

test("the guide has the keys of the schema", () => {
  const guide = readFileSync(new URL("../../docs/guide/simulation.md", import.meta.url), "utf8");
  expect(guide).toContain(samplingFormat.keysTable);
  expect(guide).toContain(moveFormat.keysTable);
});

test("help has the keys of moves", async () => {
  const { out } = await potluck("mc", "--help");
  expect(out).toContain("move.chemicalPotentials (transmutation): map of numbers, eV, required");
});
