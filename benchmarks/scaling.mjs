/**
 * How cost and memory grow: `node benchmarks/scaling.mjs [AXIS…] [--most ATOMS] [--turns N] [--json FILE]` (after `npm run build`). Axes: atoms,
 * neighbours, functions, elements, members, threads; all of them where none is named. f64, energies and forces, neighbours kept and refreshed;
 * the values of an axis take turns, best of them counts. The potential is made up: an FCC crystal of random elements, displaced, with radial functions
 * (type 2) for every element and wide or narrow ones (types 9 and 3) for every pair of elements, and random networks of 25–25 nodes.
 */
import { writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const dist = join(dirname(fileURLToPath(import.meta.url)), "../dist");
const load = (path) => import(join(dist, path));
const [{ createKernels }, { startSurfaceThreads }, { SurfaceForceField }, { RandomStream }, { orderDescriptors }] =
  await Promise.all(
    ["hosts/node/kernels.js", "hosts/node/surface-threads.js", "potentials/surface.js", "math/index.js"]
      .concat("descriptors/order.js")
      .map(load),
  );

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    most: { type: "string", default: "1000000" },
    turns: { type: "string", default: "10" },
    json: { type: "string" },
  },
});

/** Å; 12, 18, 54 and 86 neighbours within 3.5, 4.5, 6 and 7.5 Å. */
const LATTICE = 4.08;
const ELEMENTS = [13, 29, 47, 79];
const base = { edge: 6, cutoff: 6, type: 9, radial: 8, angular: 18, elements: 1, members: 1, threads: 1 };

function crystal({ edge, elements }) {
  const n = 4 * edge ** 3;
  const random = new RandomStream(1, "scaling");
  const positions = new Float64Array(3 * n);
  let at = 0;
  for (let i = 0; i < edge; i++)
    for (let j = 0; j < edge; j++)
      for (let k = 0; k < edge; k++)
        for (const [x, y, z] of [
          [0, 0, 0],
          [0.5, 0.5, 0],
          [0.5, 0, 0.5],
          [0, 0.5, 0.5],
        ])
          for (const c of [i + x, j + y, k + z]) positions[at++] = LATTICE * c + random.between(-0.1, 0.1);
  const a = LATTICE * edge;
  const species = Uint8Array.from({ length: n }, () => ELEMENTS[random.integer(elements)]);
  return { species, positions, cell: Float64Array.of(a, 0, 0, 0, a, 0, 0, 0, a), periodic: [true, true, true] };
}

/** As many radial functions for each element and angular ones for each pair as are asked for. */
function madeUp({ cutoff: rc, type, radial, angular, elements, members }) {
  const numbers = ELEMENTS.slice(0, elements);
  const gaussian = (eta) => ({ eta, rs: 0, rc, cutoff: { type: 6, alpha: 0 } });
  const functions = numbers.flatMap((z, i) => [
    ...Array.from({ length: radial }, (_, k) => ({ type: 2, neighbors: [z], ...gaussian(0.006 * 2 ** k) })),
    ...numbers.slice(i).flatMap((y) =>
      Array.from({ length: angular }, (_, k) => ({
        ...{ type, neighbors: [z, y], ...gaussian(0.005 * (1 + Math.floor(k / 6))) },
        ...{ lambda: k % 2 ? -1 : 1, zeta: [1, 2, 4][Math.floor(k / 2) % 3] },
      })),
    ),
  ]);
  const descriptors = orderDescriptors(numbers.map((element) => ({ element, functions })));
  const random = new RandomStream(1, "networks");
  const one = () => {
    const count = functions.length;
    const flat = (x) => new Float64Array(count).fill(x);
    const nodes = [count, 25, 25, 1];
    const parameters = 25 * (count + 1) + 25 * 26 + 26;
    return {
      scaling: { mode: "none", low: 0, high: 1, min: flat(0), max: flat(1), mean: flat(0), sigma: flat(1) },
      network: {
        ...{ nodes, activations: ["t", "t", "l"], normalizeNodes: false },
        parameters: Float64Array.from({ length: parameters }, () => random.between(-0.1, 0.1)),
      },
    };
  };
  return {
    descriptors,
    members: Array.from({ length: members }, () => ({
      ...{ elements: numbers.map(one), energyScale: 1, referenceEnergies: numbers.map(() => 0) },
    })),
  };
}

const values = (key, list, more = {}) => list.map((value) => ({ value, ...base, ...more, [key]: value }));
const wideAndNarrow = (key, list) => [...values(key, list), ...values(key, list, { type: 3 })];
/** Cells along an edge, each about ten times the atoms of the one before. */
const edges = [3, 6, 13, 28, 60].filter((edge) => 4 * edge ** 3 <= 1.01 * Number(options.most));
const axes = {
  atoms: values("edge", edges),
  neighbours: wideAndNarrow("cutoff", [3.5, 4.5, 6, 7.5]),
  functions: wideAndNarrow("angular", [6, 18, 36, 72]),
  elements: wideAndNarrow("elements", [1, 2, 3, 4]),
  members: [...values("members", [1, 2, 5, 8]), ...values("members", [2, 5, 8], { spread: true })],
  threads: values("threads", [1, 2, 4].slice(0, 1 + Math.log2(Math.max(1, cpus().length))), { edge: 13 }),
};
const wanted = positionals.length > 0 ? positionals : Object.keys(axes);
for (const axis of wanted)
  if (axes[axis] === undefined)
    throw new Error(`there is no axis "${axis}"; there are ${Object.keys(axes).join(", ")}`);

async function subject(how) {
  const structure = crystal(how);
  const potential = madeUp(how);
  const kernels = createKernels();
  const before = kernels.used;
  const { team, close } = how.threads > 1 ? await startSurfaceThreads(kernels, potential, how) : {};
  const field = new SurfaceForceField(kernels, potential, structure, team === undefined ? {} : { team });
  const { positions, cell } = structure;
  const random = new RandomStream(1, "steps");
  const demand = { uncertainty: how.spread === true, extrapolation: false };
  const n = structure.species.length;
  const run = () => {
    for (let i = 0; i < positions.length; i += 7) positions[i] += random.between(-0.01, 0.01);
    const start = performance.now();
    field.evaluate(positions, cell, demand);
    return (1e3 * (performance.now() - start)) / n;
  };
  run();
  const memory = (kernels.used - before) / n;
  return { how, n, run, memory, close, functions: potential.descriptors[0].functions.length, best: Infinity };
}

const machine = `${cpus()[0].model}, ${cpus().length} cores, Node ${process.version}`;
const title = `${new Date().toISOString()}  ${machine}  load ${loadavg()[0].toFixed(2)}`;
console.log(title);
// Until the compiler of the runtime has made its best of the kernels.
const warm = await subject(base);
for (const until = performance.now() + 3000; performance.now() < until; ) warm.run();
const rows = [];
for (const axis of wanted) {
  console.log(`\n${axis.padEnd(12)}${"kind".padEnd(16)}   atoms  functions  µs/atom   B/atom`);
  // A million atoms fill the memory: of those there is one at a time.
  const groups = axis === "atoms" ? axes.atoms.map((how) => [how]) : [axes[axis]];
  for (const group of groups) {
    const subjects = [];
    for (const how of group) subjects.push(await subject(how));
    for (let turn = 0; turn < Number(options.turns); turn++)
      for (const one of subjects) if (turn < Math.max(4, 1e6 / one.n)) one.best = Math.min(one.best, one.run());
    for (const { how, n, best, memory, functions, close } of subjects) {
      const kind = `${how.type === 9 ? "wide" : "narrow"}${how.spread ? ", all forces" : ""}`;
      const shown = axis === "atoms" ? n : how.value;
      console.log(
        `${String(shown).padEnd(12)}${kind.padEnd(16)}${String(n).padStart(8)}${String(functions).padStart(11)}` +
          `${best.toFixed(1).padStart(9)}${memory.toFixed(0).padStart(9)}`,
      );
      rows.push({ axis, value: shown, kind, atoms: n, functions, best, memory });
      await close?.();
    }
  }
}
if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify({ title, rows }, null, 2)}\n`);
