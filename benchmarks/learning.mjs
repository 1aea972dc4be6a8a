/**
 * Gold as LASP2 did it: `node benchmarks/learning.mjs --work DIR [--seeds 10] [--json FILE] [--only-tables]` (after `npm run build`).
 *
 * From 20 structures of FCC gold, dynamics at 400 K of a (100) and a (111) slab asks an embedded-atom potential (Au_u3.eam, Debian's
 * lammps-data) for labels: those it is in doubt of, unlike each other, or any (`random`). Told are the surface energies and the bulk
 * modulus of BCC against the number of labels, and how few bring a loop within the error of a potential that was fitted to 105
 * structures made by hand. One thread; a seed that is done in DIR is not done again, one that was killed goes on where it was.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, "../dist");
const load = (path) => import(join(dist, path));
const [
  { writeFrames },
  { openSimulationPotential },
  { langevin, prepare, run, start },
  builders,
  properties,
  relaxing,
] = await Promise.all(
  [
    ...["hosts/node/files.js", "hosts/node/simulate-potential.js", "dynamics/index.js"],
    ...["structure/index.js", "properties/index.js", "relaxation/index.js"],
  ].map(load),
);
const [{ initialStructures }, { RandomStream }, { angstromElectronvolt }] = await Promise.all(
  ["learning/index.js", "math/index.js", "units/index.js"].map(load),
);

const { values: options } = parseArgs({
  options: {
    work: { type: "string" },
    seeds: { type: "string", default: "10" },
    json: { type: "string" },
    eam: { type: "string", default: "/usr/share/lammps/potentials/Au_u3.eam" },
    "only-tables": { type: "boolean", default: false },
  },
});
if (options.work === undefined) throw new Error("--work DIR says where the runs are kept");
if (!existsSync(options.eam))
  throw new Error(`${options.eam} is not there (apt-get install lammps-data), or give --eam FILE`);
const work = resolve(options.work);
mkdirSync(work, { recursive: true });
const seeds = Array.from({ length: Number(options.seeds) }, (_, k) => k + 1);

/** LASP2's functions for gold (its Seed1/input.nn) and its network. */
const functions = [
  ...["6.428E-03", "1.286E-02", "1.036E-02", "5.142E-02", "1.028E-01", "2.057E-01", "4.114E-01", "8.228E-01"].map(
    (eta) => `Au 2 Au ${eta} -0.5 6`,
  ),
  ...[
    ...["3.570E-04 1 2", "5.357E-03 1 2", "1.036E-02 1 2", "1.536E-02 -1 2", "2.036E-02 -1 2", "2.536E-02 -1 2"],
    ...["3.036E-02 1 3", "3.536E-02 1 3", "4.036E-02 1 3", "4.536E-02 -1 3", "5.036E-02 -1 3", "5.536E-02 -1 3"],
    ...["6.036E-01 1 4", "6.536E-01 1 4", "7.036E-01 1 4", "7.536E-02 -1 4", "8.036E-02 -1 4", "8.536E-02 -1 4"],
  ].map((shape) => `Au 9 Au Au ${shape} 6 0`),
];
const potential = {
  descriptors: { functions },
  network: { hidden: [25, 25] },
  committee: { members: 3 },
  epochs: 120,
};

/** 3 × 3 atoms in each of 6 planes. */
const SLAB = { layers: 6, vacuum: 15, copies: [3, 3] };
const surfaces = { 100: [1, 0, 0], 111: [1, 1, 1] };
const initial = { labels: 20, displacement: 0.1, strain: 0.03 };

const teacher = await openSimulationPotential(options.eam, { units: angstromElectronvolt, threads: 1, atoms: 0 });

const bare = (structure, group) => ({
  ...{ structure, info: new Map(group === undefined ? [] : [["group", group]]), columns: new Map() },
  source: { file: "", structure: 1, line: 1 },
});
function labelled(structure, group) {
  const { energy, forces, stress } = teacher.evaluate(structure);
  return { ...bare(structure, group), energy, forces: forces.slice(), ...(stress && { stress: stress.slice() }) };
}

const relaxed = (crystal) => relaxing.relax(teacher, { structure: crystal, cell: {}, finalReport: false }).structure;
const crystals = { fcc: relaxed(builders.fcc("Au", 4.08)), bcc: relaxed(builders.bcc("Au", 3.24)) };
const slabs = Object.fromEntries(
  Object.entries(surfaces).map(([name, miller]) => [name, builders.slab(crystals.fcc, { miller, ...SLAB }).structure]),
);
const cells = { fcc: builders.replicate(crystals.fcc, [2, 2, 2]), bcc: builders.replicate(crystals.bcc, [3, 3, 3]) };

/** Moments of dynamics with the engine itself, of a slab that is strained in its plane by up to 2 %: the strain is that of all of them. */
function moments(slab, { temperature, count, strain, seed }) {
  const [xx, yy] = strain;
  const structure = properties.deformed(slab, Float64Array.of(xx, 0, 0, 0, yy, 0, 0, 0, 0));
  const state = start(prepare(structure, teacher), { seed, temperature });
  const motion = langevin(state, { timestep: 4, temperature, friction: 0.01 });
  const found = [];
  for (let k = 0; k < count; k++) {
    run(motion, { steps: 250 });
    found.push({ ...structure, positions: state.positions.slice() });
  }
  return found;
}

/** A set as one makes it by hand, with LASP2's numbers: 20 of FCC, 25 of BCC, 30 of each slab at three temperatures. */
function handMade(seed) {
  const random = new RandomStream(seed, "hand-made set");
  const draw = () => random.integer(2 ** 31);
  const bulk = ["fcc", "bcc"].flatMap((name) =>
    initialStructures([cells[name]], { ...initial, labels: name === "fcc" ? 20 : 25, seed }).map((s) =>
      labelled(s, name),
    ),
  );
  const slabFrames = Object.entries(slabs).flatMap(([name, slab]) =>
    [200, 400, 600].flatMap((temperature) =>
      [0, 1].flatMap((strained) =>
        moments(slab, {
          ...{ temperature, count: 5, seed: draw() },
          strain: strained ? [random.between(-0.02, 0.02), random.between(-0.02, 0.02)] : [0, 0],
        }).map((s) => labelled(s, name)),
      ),
    ),
  );
  return [...bulk, ...slabFrames];
}

const path = (name) => join(work, name);
await writeFrames(path("fcc-cell.extxyz"), [bare(cells.fcc)]);
for (const [name, crystal] of Object.entries(crystals)) await writeFrames(path(`${name}.extxyz`), [bare(crystal)]);
for (const [name, slab] of Object.entries(slabs)) await writeFrames(path(`slab-${name}.extxyz`), [bare(slab)]);
// What the loop is to be good for, and has never seen.
const test = Object.entries(slabs).flatMap(([name, slab], k) =>
  moments(slab, { temperature: 400, count: 10, strain: [0, 0], seed: 1000 + k }).map((s) => labelled(s, name)),
);
await writeFrames(path("test.extxyz"), test);

const measured = [
  ...Object.entries(surfaces).map(([name, miller]) => ({
    ...{ kind: "surface-energy", name: `surface ${name}`, structure: "fcc.extxyz", miller, reference: "engine" },
  })),
  { kind: "equation-of-state", name: "bulk modulus of BCC", structure: "bcc.extxyz", reference: "engine" },
];
const common = {
  ...{ test: "test.extxyz", engine: { settings: { potential: options.eam } }, potential, threads: 1 },
  explore: {
    stepsPerRound: 500,
    walkers: Object.keys(slabs).map((name) => ({
      ...{ kind: "dynamics", name: `slab-${name}`, structure: `slab-${name}.extxyz`, temperature: 400, steps: 5000 },
      ...{ thermostat: "nose-hoover-chains", timestep: 4 },
    })),
  },
  check: { properties: measured },
};
const learning = (method) => ({
  ...common,
  ...{ structure: "fcc-cell.extxyz", initial, budget: { labels: 48 }, select: { method, most: 4 } },
});

/** What a run of learning has ended with; it is begun, gone on with, or only read. */
function result(name, configuration, seed) {
  const out = path(`${name}-${seed}`);
  const file = join(out, "result.json");
  const done = existsSync(file) && JSON.parse(readFileSync(file, "utf8")).reason !== null;
  if (!done) {
    if (options["only-tables"]) return undefined;
    const written = path(`${name}-${seed}.yaml`);
    writeFileSync(written, JSON.stringify({ ...configuration, seed }));
    const started = performance.now();
    const command = [join(dist, "cli/main.js"), "learn", written, "--out", out, "--json", "--quiet"];
    const { status, stderr } = spawnSync(process.execPath, command, { encoding: "utf8", maxBuffer: 1 << 28 });
    if (status !== 0) throw new Error(`${name}, seed ${seed}: ${stderr}`);
    console.error(`${name}, seed ${seed}: ${((performance.now() - started) / 1000).toFixed(0)} s`);
  }
  return JSON.parse(readFileSync(file, "utf8"));
}

async function referenceResult(seed) {
  const data = `hand-made-${seed}.extxyz`;
  if (!existsSync(path(data)) && !options["only-tables"]) await writeFrames(path(data), handMade(seed));
  return result("hand-made", { ...common, data, budget: { labels: 0 } }, seed);
}

const methods = { diverse: learning("diverse"), random: learning("random") };
const runs = Object.fromEntries([...Object.keys(methods), "hand-made"].map((name) => [name, []]));
console.error(
  `${new Date().toISOString()}  ${cpus()[0].model}, Node ${process.version}, load ${loadavg()[0].toFixed(2)}`,
);
for (const seed of seeds)
  for (const [name, configuration] of Object.entries(methods)) runs[name].push(result(name, configuration, seed));
for (const seed of seeds) runs["hand-made"].push(await referenceResult(seed));
for (const name of Object.keys(runs)) runs[name] = runs[name].filter((one) => one !== undefined);

/** What is told of a potential: the size of its error, and from which results it comes. */
const quantities = [
  ...measured.map(({ name }) => ({
    name,
    unit: name.startsWith("surface") ? "J/m²" : "GPa",
    of: (round, { references }) => {
      const value = round.properties[name];
      return value === null || value === undefined ? undefined : Math.abs(value - references[name]);
    },
  })),
  { name: "test, energy", unit: "meV/atom", of: ({ fit }) => fit.errors.test.energy.rmse },
  { name: "test, forces", unit: "eV/Å", of: ({ fit }) => fit.errors.test.forces.rmse },
];

const mean = (list) => list.reduce((a, b) => a + b, 0) / list.length;
function statistics(list) {
  const found = list.filter((x) => x !== undefined);
  if (found.length === 0) return { mean: null, error: null, count: 0 };
  const centre = mean(found);
  const variance = found.reduce((sum, x) => sum + (x - centre) ** 2, 0) / Math.max(1, found.length - 1);
  return { mean: centre, error: Math.sqrt(variance / found.length), count: found.length };
}

const fitted = ({ rounds }) => rounds.filter(({ fit }) => fit !== null);
/** The newest potential that had no more labels: a loop that has ended keeps its last one. */
const potentialWith = (run, labels) => fitted(run).findLast((round) => round.labels <= labels);
const counts = Array.from({ length: 8 }, (_, k) => 20 + 4 * k);

/** From how many labels on all potentials of a run are within a limit; undefined where the last one is not. */
function labelsWithin(run, { of }, limit) {
  const rounds = fitted(run);
  const outside = rounds.findLastIndex((round) => !(of(round, run) <= limit));
  return rounds[outside + 1]?.labels;
}

const tables = quantities.map((quantity) => {
  const reference = statistics(runs["hand-made"].map((run) => quantity.of(fitted(run)[0], run)));
  const curves = Object.keys(methods).map((method) => {
    const points = counts.map((labels) => ({
      labels,
      ...statistics(runs[method].map((run) => quantity.of(potentialWith(run, labels), run))),
    }));
    const within = runs[method].map((run) => labelsWithin(run, quantity, reference.mean));
    const outside = points.findLastIndex((point) => !(point.mean !== null && point.mean <= reference.mean));
    return {
      ...{ method, points, within: statistics(within), seeds: runs[method].length },
      meanWithin: points[outside + 1]?.labels ?? null,
    };
  });
  return { name: quantity.name, unit: quantity.unit, reference, curves };
});

const number = (x) => (x === null || x === undefined ? "–" : Number(x).toPrecision(3));
const pair = (one) => (one.mean === null ? "–" : `${number(one.mean)} ± ${Number(one.error).toPrecision(2)}`);
for (const { name, unit, reference, curves } of tables) {
  console.log(`\n${name}, error in ${unit}; the hand-made set: ${pair(reference)} (${reference.count} seeds)\n`);
  console.log(`| labels | ${curves.map(({ method }) => method).join(" | ")} |`);
  console.log(`|---|${curves.map(() => "---").join("|")}|`);
  counts.forEach((labels, k) => {
    console.log(`| ${labels} | ${curves.map(({ points }) => pair(points[k])).join(" | ")} |`);
  });
  console.log(
    `| within, mean over seeds | ${curves.map(({ meanWithin }) => meanWithin ?? "not").join(" | ")} |\n` +
      `| within, each seed | ${curves.map(({ within, seeds: all }) => `${pair(within)} (${within.count} of ${all})`).join(" | ")} |`,
  );
}
console.log(
  "\n| method | labels at the end | rounds | steps of both slabs | fits, s | all, s |\n|---|---|---|---|---|---|",
);
for (const [method, list] of Object.entries(runs)) {
  const sum = (run, of) => run.rounds.reduce((total, round) => total + of(round), 0);
  const columns = [
    (run) => run.labels,
    (run) => run.rounds.length - 1,
    (run) => sum(run, ({ steps }) => steps),
    (run) => sum(run, ({ fit }) => fit?.seconds ?? 0),
    (run) => run.seconds,
  ].map((of) => pair(statistics(list.map(of))));
  console.log(`| ${[method, ...columns].join(" | ")} |`);
}
const references = runs.diverse[0]?.references ?? {};
console.log(
  `\nBy the engine itself: ${Object.entries(references)
    .map(([name, x]) => `${name} ${number(x)}`)
    .join(", ")}.`,
);
if (options.json !== undefined)
  writeFileSync(options.json, `${JSON.stringify({ seeds, references, potential, tables }, null, 1)}\n`);
await teacher.close();
