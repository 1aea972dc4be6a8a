/**
 * Extended neighbour lists: `node benchmarks/neighbors.mjs [largest number of atoms] [shuffled]` (after `npm run build`).
 *
 * One thread. "build" is all that happens from positions to lists when the skin is used up, "refresh" what a step costs before:
 * median and fastest. Prints the machine and its load, then a line for each system and size.
 */
import { cpus, loadavg } from "node:os";
import { createKernels } from "../dist/hosts/node/index.js";
import { RandomStream } from "../dist/math/index.js";
import { ExtendedNeighbors } from "../dist/neighbors/index.js";

const largest = Number(process.argv[2] ?? 1e6);
const shuffled = process.argv[3] === "shuffled";

/** name → [basis of a cube, its edge (Å), species of the basis, jitter (Å), cutoff (Å)]; the skin is 1 Å. */
const systems = {
  gold: {
    basis: [
      [0, 0, 0],
      [0, 0.5, 0.5],
      [0.5, 0, 0.5],
      [0.5, 0.5, 0],
    ],
    ...{ edge: 4.08, species: [79, 79, 79, 79], jitter: 0.15, cutoff: 6 },
  },
  // 0.1 atoms/Å³, two hydrogens to an oxygen.
  water: {
    basis: [0, 1, 2].map((k) => [(k + 0.5) / 3, ((k * 2) % 3) / 3, k / 3]),
    ...{ edge: 30 ** (1 / 3), species: [1, 1, 8], jitter: 0.5, cutoff: 6.35 },
  },
};

function crystal({ basis, edge, species, jitter }, atoms) {
  const random = new RandomStream(7, "benchmark");
  const cells = Math.round((atoms / basis.length) ** (1 / 3));
  const rows = [];
  for (let a = 0; a < cells; a++)
    for (let b = 0; b < cells; b++)
      for (let c = 0; c < cells; c++)
        basis.forEach((f, k) => {
          rows.push([...[a, b, c].map((n, x) => (n + f[x]) * edge + jitter * random.normal()), species[k]]);
        });
  if (shuffled) random.shuffle(rows);
  const length = cells * edge;
  return {
    species: Uint8Array.from(rows, (row) => row[3]),
    positions: Float64Array.from(rows.flatMap((row) => row.slice(0, 3))),
    cell: Float64Array.of(length, 0, 0, 0, length, 0, 0, 0, length),
    periodic: [true, true, true],
  };
}

/** "median (fastest)" per atom. */
function perAtom(times, atoms) {
  const sorted = times.map((time) => (1e3 * time) / atoms).sort((a, b) => a - b);
  return `${sorted[Math.floor(sorted.length / 2)].toFixed(3)} (${sorted[0].toFixed(3)})`;
}

function timed(repeats, work) {
  const times = [];
  for (let k = 0; k < repeats; k++) {
    const start = performance.now();
    work(k);
    times.push(performance.now() - start);
  }
  return times;
}

console.log(
  `${new Date().toISOString()}  ${cpus()[0].model}, ${cpus().length} cores, Node ${process.version}  ` +
    `load ${loadavg()[0].toFixed(2)}${shuffled ? "  atoms shuffled" : ""}`,
);
console.log("system    atoms    with ghosts  neighbours    build µs/atom  refresh µs/atom  kernel memory B/atom");
for (const [name, system] of Object.entries(systems)) {
  for (const size of [1e3, 1e4, 1e5, 1e6].filter((n) => n <= largest)) {
    const structure = crystal(system, size);
    const n = structure.species.length;
    const kernels = createKernels();
    const before = kernels.used;
    const neighbors = new ExtendedNeighbors(kernels);
    neighbors.bind(structure, system.cutoff, { skin: 1 });
    let list = neighbors.update(structure.positions, structure.cell);
    const repeats = Math.max(5, Math.min(200, Math.round(2e5 / n)));
    const away = structure.positions.map((x) => x + 1);
    let built = 0;
    const build = timed(2 * repeats, (k) => {
      list = neighbors.update(k % 2 ? structure.positions : away, structure.cell);
      built += Number(list.rebuilt);
    });
    if (built !== 2 * repeats) throw new Error("the lists were not built each time");
    const near = structure.positions.map((x, k) => x + (k % 2 ? 0.1 : -0.1));
    let rebuilt = false;
    const refresh = timed(2 * repeats, (k) => {
      rebuilt ||= neighbors.update(k % 2 ? near : structure.positions, structure.cell).rebuilt;
    });
    if (rebuilt) throw new Error("the skin did not last");
    console.log(
      [
        name.padEnd(7),
        String(n).padStart(8),
        String(list.extended).padStart(12),
        (list.pairs / n).toFixed(1).padStart(11),
        perAtom(build, n).padStart(16),
        perAtom(refresh, n).padStart(16),
        ((kernels.used - before) / n).toFixed(0).padStart(12),
      ].join(" "),
    );
  }
}
