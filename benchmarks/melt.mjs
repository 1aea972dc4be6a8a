/**
 * Molten silicon, ours against LAMMPS: `node benchmarks/melt.mjs [--seeds N] [--first SEED] [--json FILE] [--lambda FACTOR]` (after `npm run
 * build`; apt-get install lammps lammps-data). The same Stillinger–Weber file, cell, schedule and kind of thermostat in both programs, several
 * seeds in each; radial distributions of both trajectories by `potluck rdf`, compared bin by bin with the scatter of the seeds.
 *
 * --lambda multiplies the three-body strength on our side, to see that the comparison can fail. What is compared is said in README.md.
 */
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";

const here = dirname(fileURLToPath(import.meta.url));
const potluck = join(here, "../dist/cli/main.js");
const parameters = "/usr/share/lammps/potentials/Si.sw";
const run = promisify(execFile);
const { values: options } = parseArgs({
  options: {
    seeds: { type: "string", default: "8" },
    first: { type: "string", default: "1" },
    lambda: { type: "string", default: "1" },
    json: { type: "string" },
  },
});
const seeds = Array.from({ length: Number(options.seeds) }, (_, k) => Number(options.first) + k);
if (!(seeds.length >= 3 && seeds.length <= 10))
  throw new Error("--seeds: from 3 (for errors) to 10 (for all relabellings)");
if (!existsSync(parameters)) throw new Error(`${parameters} is not there (apt-get install lammps-data)`);

/** Å, of the cubic cell of eight atoms: 2.48 g/cm³, the liquid at its melting point. 216 atoms. */
const EDGE = 5.32;
const COPIES = 3;
/** K */
const HOT = 3500;
const LIQUID = 2000;
/** Steps of 1 fs: melting, cooling, coming to equilibrium, sampling. */
const [MELT, COOL, SETTLE, SAMPLE] = [5000, 3000, 5000, 20000];
const BEFORE = MELT + COOL + SETTLE;
const EVERY = 50;
const scratch = mkdtempSync(join(tmpdir(), "potluck-melt-"));
process.on("exit", () => rmSync(scratch, { recursive: true }));

const crystal = `Si\n${EDGE}\n1 0 0\n0 1 0\n0 0 1\nSi\n8\nDirect
0 0 0\n0 .5 .5\n.5 0 .5\n.5 .5 0\n.25 .25 .25\n.25 .75 .75\n.75 .25 .75\n.75 .75 .25\n`;

/** The file with another λ: the fifth number after the three elements and the first of the second half. */
function scaledParameters(factor) {
  const text = readFileSync(parameters, "utf8").replace(/#.*$/gm, "");
  const words = text.trim().split(/\s+/);
  const at = words.findIndex((w, k) => w === "Si" && words[k + 1] === "Si" && words[k + 2] === "Si");
  const entry = words.slice(at, at + 14);
  entry[6] = String(Number(entry[6]) * factor);
  return `${entry.join(" ")}\n`;
}

/** Means over the sampled part; T in K, U in eV/atom, P in GPa. */
const meansOf = (rows) =>
  ["T", "U", "P"].map((_, column) => rows.reduce((sum, row) => sum + row[column], 0) / rows.length);

async function rdf(trajectory, skip) {
  const { stdout } = await run("node", [potluck, "rdf", trajectory, "--skip", `${skip}`, "--json", "--quiet"], {
    maxBuffer: 2 ** 26,
  });
  const { r, edges, total, frames } = JSON.parse(stdout);
  if (frames !== SAMPLE / EVERY) throw new Error(`${trajectory}: ${frames} frames instead of ${SAMPLE / EVERY}`);
  return { r, edges, g: total.g, blockErrors: total.gErrors, coordination: total.coordination };
}

async function ours(seed) {
  const out = join(scratch, `potluck-${seed}`);
  const points = [
    { time: 0, value: HOT },
    { time: MELT, value: HOT },
    { time: MELT + COOL, value: LIQUID },
  ];
  const configuration = {
    potential: join(scratch, "silicon.sw"),
    structure: { file: join(scratch, "crystal.poscar"), replicate: [COPIES, COPIES, COPIES] },
    ...{ out, seed, steps: BEFORE + SAMPLE, timestep: 1, temperature: points },
    ensemble: { kind: "nvt", thermostat: "nose-hoover-chains", temperatureTime: 100, chain: 3 },
    record: { thermo: { every: 10 }, trajectory: { every: EVERY, velocities: false } },
    checkpoint: { every: 10000 },
  };
  writeFileSync(`${out}.yaml`, JSON.stringify(configuration));
  await run("node", [potluck, "md", `${out}.yaml`, "--quiet"]);
  const [, ...rows] = readFileSync(join(out, "thermo.csv"), "utf8").trim().split("\n");
  const sampled = rows.map((row) => row.split(",").map(Number)).filter(([step]) => step > BEFORE);
  const atoms = 8 * COPIES ** 3;
  const means = meansOf(sampled.map((row) => [row[2], row[3] / atoms, row[6]]));
  return { means, ...(await rdf(join(out, "trajectory.extxyz"), BEFORE / EVERY + 1)) };
}

async function theirs(seed) {
  const dump = join(scratch, `lammps-${seed}.lammpstrj`);
  const log = join(scratch, `lammps-${seed}.log`);
  const thermostat = (from, to, steps) =>
    `fix move all nvt temp ${from} ${to} 0.1 tchain 3\nrun ${steps}\nunfix move\n`;
  const input = `units metal\nlattice diamond ${EDGE}\nregion box block 0 ${COPIES} 0 ${COPIES} 0 ${COPIES}\ncreate_box 1 box
create_atoms 1 box\nmass 1 28.085\npair_style sw\npair_coeff * * ${parameters} Si\nneighbor 1.0 bin
neigh_modify every 1 delay 0 check yes\nvelocity all create ${HOT} ${48271 * seed} mom yes dist gaussian\ntimestep 0.001
thermo 10\nthermo_style custom step temp pe press\nthermo_modify norm yes format float %.12g
${thermostat(HOT, HOT, MELT)}${thermostat(HOT, LIQUID, COOL)}${thermostat(LIQUID, LIQUID, SETTLE)}
dump d all custom ${EVERY} ${dump} id element x y z\ndump_modify d element Si sort id
${thermostat(LIQUID, LIQUID, SAMPLE)}`;
  writeFileSync(`${dump}.in`, input);
  await run("lmp", ["-in", `${dump}.in`, "-log", log, "-screen", "none"], {
    env: { ...process.env, OMP_NUM_THREADS: "1" },
  });
  const rows = readFileSync(log, "utf8")
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number))
    .filter((row) => row.length === 4 && row.every(Number.isFinite) && row[0] > BEFORE);
  if (rows.length !== SAMPLE / 10) throw new Error(`${log}: ${rows.length} records`);
  const means = meansOf(rows.map(([, temperature, energy, bar]) => [temperature, energy, bar / 1e4]));
  return { means, ...(await rdf(dump, 1)) };
}

/** As many at a time as there are cores. */
async function all(tasks) {
  const results = [];
  const queue = tasks.map((task, k) => async () => {
    results[k] = await task();
    process.stderr.write(".");
  });
  await Promise.all(
    cpus().map(async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) await next();
    }),
  );
  process.stderr.write("\n");
  return results;
}

const mean = (list) => list.reduce((a, b) => a + b, 0) / list.length;
/** Of a mean: from the scatter of the list. */
const squaredError = (list) => {
  const m = mean(list);
  return list.reduce((sum, x) => sum + (x - m) ** 2, 0) / (list.length - 1) / list.length;
};

/** Of a curve near its largest (sign 1) or smallest (−1) value between two distances: the top of a parabola through what is within `width`. */
function extremum({ r, g }, { from, to, width, sign }) {
  let best = -1;
  r.forEach((x, k) => {
    if (x >= from && x <= to && (best < 0 || sign * g[k] > sign * g[best])) best = k;
  });
  const near = r.flatMap((x, k) => (Math.abs(x - r[best]) <= width ? [[x - r[best], g[k]]] : []));
  // Least squares for a + b x + c x²; the points lie evenly around 0.
  const s2 = mean(near.map(([x]) => x * x));
  const s4 = mean(near.map(([x]) => x ** 4));
  const [m0, m1, m2] = [0, 1, 2].map((p) => mean(near.map(([x, y]) => y * x ** p)));
  const c = (m2 - s2 * m0) / (s4 - s2 * s2);
  const b = m1 / s2;
  return { at: r[best] - b / (2 * c), value: m0 - c * s2 - (b * b) / (4 * c) };
}

/** (difference)²/(sum of squared errors of both means), for each bin where atoms are seen. */
function chiSquares(a, b) {
  const runs = [...a, ...b];
  return a[0].g.flatMap((_, k) => {
    if (mean(runs.map(({ g }) => g[k])) < 0.01) return [];
    const [x, y] = [a, b].map((part) => part.map(({ g }) => g[k]));
    return [(mean(x) - mean(y)) ** 2 / (squaredError(x) + squaredError(y))];
  });
}

/** Every way of calling half of the runs A, the first one among them: 0-based members of A. */
function* halves(count) {
  const chosen = [0];
  function* choose(from) {
    if (chosen.length === count / 2) yield [...chosen];
    else
      for (let k = from; k < count; k++) {
        chosen.push(k);
        yield* choose(k + 1);
        chosen.pop();
      }
  }
  yield* choose(1);
}

/** Share of the ways to divide the runs in two that differ as much as the true one: exact, whatever the bins have to do with one another. */
function likelihood(a, b, found) {
  const runs = [...a, ...b];
  let [count, asMuch] = [0, 0];
  for (const members of halves(runs.length)) {
    const [x, y] = [true, false].map((inside) => runs.filter((_, k) => members.includes(k) === inside));
    count++;
    if (mean(chiSquares(x, y)) >= found * (1 - 1e-12)) asMuch++;
  }
  return { likelihood: asMuch / count, relabellings: count };
}

const machine = `${cpus()[0].model}, ${cpus().length} cores, Node ${process.version}`;
const title = `${new Date().toISOString()}  ${machine}  load ${loadavg()[0].toFixed(2)}  seeds ${seeds[0]} to ${seeds.at(-1)}`;
writeFileSync(join(scratch, "crystal.poscar"), crystal);
writeFileSync(join(scratch, "silicon.sw"), scaledParameters(Number(options.lambda)));
const results = await all([...seeds.map((s) => () => ours(s)), ...seeds.map((s) => () => theirs(s))]);
const [a, b] = [results.slice(0, seeds.length), results.slice(seeds.length)];

const first = { from: 2, to: 3, width: 0.15, sign: 1 };
const valley = { from: 2.7, to: 3.7, width: 0.25, sign: -1 };
const shell = Math.round(mean(results.map((c) => extremum(c, valley).at)) / 0.05) * 0.05;
const within = ({ edges, coordination }) => coordination[edges.findIndex((edge) => Math.abs(edge - shell) < 1e-6)];
const quantities = [
  ["temperature, K", (c) => c.means[0]],
  ["potential energy, eV/atom", (c) => c.means[1]],
  ["pressure, GPa", (c) => c.means[2]],
  ["first peak at, Å", (c) => extremum(c, first).at],
  ["first peak, height", (c) => extremum(c, first).value],
  ["first minimum at, Å", (c) => extremum(c, valley).at],
  ["first minimum, depth", (c) => extremum(c, valley).value],
  [`neighbours within ${shell.toFixed(2)} Å`, within],
];
const rows = quantities.map(([name, pick]) => {
  const [x, y] = [a, b].map((part) => part.map(pick));
  const errors = [x, y].map((list) => Math.sqrt(squaredError(list)));
  const apart = (mean(x) - mean(y)) / Math.hypot(...errors);
  return { name, potluck: mean(x), lammps: mean(y), errors, apart };
});
const chi = chiSquares(a, b);
const chiSquare = mean(chi);
const { likelihood: p, relabellings } = likelihood(a, b, chiSquare);
// Scatter of the seeds over the mean of the errors that each run gives itself from its blocks.
const seedScatter = mean(a[0].r.map((_, k) => Math.sqrt(seeds.length * squaredError(a.map(({ g }) => g[k])))));
const blockScatter = mean(a[0].r.map((_, k) => Math.sqrt(mean(a.map((c) => c.blockErrors[k] ** 2)))));

const withError = (x, error) => {
  const digits = Math.max(0, 1 - Math.floor(Math.log10(error)));
  return `${x.toFixed(digits)} ± ${error.toFixed(digits)}`;
};
console.log(title);
console.log(`${"".padEnd(28)}${"potluck".padEnd(24)}${"LAMMPS".padEnd(24)}apart, σ`);
for (const { name, potluck: x, lammps: y, errors, apart } of rows)
  console.log(
    `${name.padEnd(28)}${withError(x, errors[0]).padEnd(24)}${withError(y, errors[1]).padEnd(24)}${apart.toFixed(1)}`,
  );
console.log(
  `χ² per bin of g(r)          ${chiSquare.toFixed(2)} over ${chi.length} bins, largest ${Math.max(...chi).toFixed(1)}`,
);
console.log(`as much by chance           ${p.toFixed(3)} of ${relabellings} ways to share the runs out`);
console.log(`scatter of seeds ÷ of blocks ${(seedScatter / blockScatter).toFixed(2)}`);
if (options.json !== undefined) {
  const curve = (part, k) => [mean(part.map(({ g }) => g[k])), Math.sqrt(squaredError(part.map(({ g }) => g[k])))];
  const curves = a[0].r.map((r, k) => ({ r, potluck: curve(a, k), lammps: curve(b, k) }));
  const runs = results.map(({ means, g }, k) => ({ program: k < seeds.length ? "potluck" : "lammps", means, g }));
  const record = { title, seeds, lambda: Number(options.lambda), rows, chiSquare, bins: chi.length };
  writeFileSync(options.json, `${JSON.stringify({ ...record, likelihood: p, relabellings, curves, runs }, null, 2)}\n`);
}
