/**
 * What knowing one's doubt costs in dynamics: `node benchmarks/dropout-steps.mjs [--functions NAME] [--turns N] [--steps N] [--json FILE]` (after
 * `npm run build`). 192 atoms of a compound like GeTe, networks of 2 × 15 nodes, dropout of 0.1 with 100 passes, Nosé–Hoover dynamics by
 * `potluck md` that looks at the spread of the energy at every step; beside it the same network without dropout. Both take turns, with one
 * thread and with two, and the steps are counted by the journals of the runs, so that the start of the program does not count.
 *
 * The potential is made here: dynamics of a pair potential, a fit to it, all by `potluck`. What is in it is said in README.md.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const here = dirname(fileURLToPath(import.meta.url));
const potluck = join(here, "../dist/cli/main.js");
const { values: options } = parseArgs({
  options: {
    functions: { type: "string", default: "narrow,wide,automatic" },
    turns: { type: "string", default: "7" },
    steps: { type: "string", default: "500" },
    json: { type: "string" },
  },
});
const [turns, steps] = [Number(options.turns), Number(options.steps)];
const scratch = mkdtempSync(join(tmpdir(), "potluck-dropout-"));
process.on("exit", () => rmSync(scratch, { recursive: true }));

function call(...words) {
  const { status, stderr } = spawnSync("node", [potluck, ...words, "--quiet"], { encoding: "utf8" });
  if (status !== 0) throw new Error(`potluck ${words.join(" ")}: ${stderr}`);
}

function configured(name, configuration) {
  const file = join(scratch, `${name}.yaml`);
  writeFileSync(file, JSON.stringify(configuration));
  return file;
}

/** Rock salt with the lattice constant of cubic GeTe: 0.0369 atoms/Å³. */
const crystal = `GeTe\n6.01\n1 0 0\n0 1 0\n0 0 1\nGe Te\n4 4\nDirect
0 0 0\n0 .5 .5\n.5 0 .5\n.5 .5 0\n.5 .5 .5\n.5 0 0\n0 .5 0\n0 0 .5\n`;

/** Unlike atoms attract each other, so that the melt too stays a compound. */
const pairs = {
  kind: "lennard-jones",
  shift: "force",
  pairs: [
    { elements: ["Ge", "Ge"], epsilon: 0.08, sigma: 3.3, cutoff: 6 },
    { elements: ["Ge", "Te"], epsilon: 0.35, sigma: 2.55, cutoff: 6 },
    { elements: ["Te", "Te"], epsilon: 0.08, sigma: 3.5, cutoff: 6 },
  ],
};

/** The set that comes with SIMPLE-NN: 8 radial functions for each element, 18 angular ones for each pair of elements; Å⁻², 6 Å. */
function publishedSet(angular) {
  const elements = ["Ge", "Te"];
  const neighbors = [
    ["Ge", "Ge"],
    ["Ge", "Te"],
    ["Te", "Te"],
  ];
  const radial = [0.003214, 0.035711, 0.071421, 0.124987, 0.214264, 0.357106, 0.714213, 1.428426];
  return elements.flatMap((center) => [
    ...elements.flatMap((e) => radial.map((eta) => `${center} 2 ${e} ${eta} 0 6`)),
    ...neighbors.flatMap(([a, b]) =>
      [0.000357, 0.028569, 0.089277].flatMap((eta) =>
        [1, 2, 4].flatMap((zeta) =>
          [1, -1].map((lambda) => `${center} ${angular} ${a} ${b} ${eta} ${lambda} ${zeta} 6`),
        ),
      ),
    ),
  ]);
}

const descriptors = {
  narrow: { functions: publishedSet(3), cutoffFunction: { type: "cosine" } },
  wide: { functions: publishedSet(9), cutoffFunction: { type: "cosine" } },
  automatic: { cutoff: 6 },
};

/** Frames of the melt and on the way there: 64 atoms, 300 to 1500 K, energies, forces and stress of the pair potential. */
function makeData() {
  const file = configured("data", {
    potential: pairs,
    structure: { file: join(scratch, "crystal.poscar"), replicate: [2, 2, 2] },
    ...{ out: join(scratch, "data"), steps: 8000, timestep: 2 },
    temperature: [
      { time: 0, value: 300 },
      { time: 12000, value: 1500 },
    ],
    record: { trajectory: { every: 100 } },
  });
  call("md", file);
}

/** A dropout potential, and the same network without its masks. */
function makePotentials(name) {
  const file = configured(`train-${name}`, {
    data: join(scratch, "data/trajectory.extxyz"),
    ...{ out: join(scratch, `train-${name}`), epochs: 60, descriptors: descriptors[name] },
    network: { hidden: [15, 15], dropout: { probability: 0.1, passes: 100 } },
  });
  call("train", file);
  const dropout = join(scratch, `train-${name}/potential.json`);
  const record = JSON.parse(readFileSync(dropout, "utf8"));
  const functions = record.descriptors.map((d) => d.functions.length);
  for (const member of record.members) delete member.dropout;
  const plain = join(scratch, `plain-${name}.json`);
  writeFileSync(plain, JSON.stringify({ ...record, version: 1 }));
  return { dropout, plain, functions };
}

/** Steps a second between the journal's start and end. */
function dynamics({ potential, watch, threads, precision, count }) {
  const out = join(scratch, "run");
  rmSync(out, { recursive: true, force: true });
  const file = configured("run", {
    potential,
    structure: { file: join(scratch, "crystal.poscar"), replicate: [2, 3, 4] },
    ...{ out, steps: count, timestep: 2, temperature: 900, threads, precision },
    watch: { every: 1, ...watch },
  });
  call("md", file);
  const events = readFileSync(join(out, "journal.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const [start, end] = ["start", "end"].map((name) => events.find(({ event }) => event === name));
  if (end.reason !== "finished") throw new Error(`the dynamics ended at step ${end.step}: ${end.message}`);
  return count / (end.wall - start.wall);
}

/** Thresholds that are never passed: what is asked for is measured, not what is done about it. */
const energy = { energySpread: { warn: 1e9 } };
const forces = { disagreement: { warn: 1e9 } };
const kinds = {};
for (const precision of ["f64", "f32"])
  for (const threads of [1, 2]) {
    kinds[`plain ${precision} ×${threads}`] = { of: "plain", watch: {}, threads, precision, count: steps };
    kinds[`dropout ${precision} ×${threads}`] = { of: "dropout", watch: energy, threads, precision, count: steps };
  }
kinds["forces' spread f64 ×1"] = { of: "dropout", watch: forces, threads: 1, precision: "f64", count: 10 };

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
const machine = `${cpus()[0].model}, ${cpus().length} cores, Node ${process.version}`;
console.log(`${new Date().toISOString()}  ${machine}  load ${loadavg()[0].toFixed(2)}`);
writeFileSync(join(scratch, "crystal.poscar"), crystal);
mkdirSync(join(scratch, "data"));
makeData();
const record = { date: new Date().toISOString(), machine, load: loadavg()[0], turns, steps, rows: [] };
for (const name of options.functions.split(",")) {
  const { functions, ...potentials } = makePotentials(name);
  const rates = Object.fromEntries(Object.keys(kinds).map((kind) => [kind, []]));
  for (let turn = 0; turn < turns; turn++) {
    for (const [kind, { of, ...how }] of Object.entries(kinds))
      rates[kind].push(dynamics({ potential: potentials[of], ...how }));
    process.stderr.write(".");
  }
  process.stderr.write("\n");
  console.log(`${name}, ${functions.join(" and ")} functions; load ${loadavg()[0].toFixed(2)}`);
  console.log("kind                     steps/s best (median)    × plain");
  for (const [kind, list] of Object.entries(rates)) {
    const best = Math.max(...list);
    const plain = Math.max(...rates[kind.replace(/^(dropout|forces' spread)/, "plain")]);
    console.log(
      `${kind.padEnd(24)} ${`${best.toFixed(0)} (${median(list).toFixed(0)})`.padStart(16)} ${(plain / best).toFixed(2).padStart(14)}`,
    );
    record.rows.push({ name, functions, kind, best, median: median(list), rates: list, timesPlain: plain / best });
  }
}
if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(record, null, 2)}\n`);
