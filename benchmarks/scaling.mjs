/**
 * Cost and memory against the number of atoms: `node benchmarks/scaling.mjs [most atoms]` (after `npm run build`). Gold, one thread, f64:
 * a first evaluation (neighbours listed), then one with the atoms moved a little.
 */
import { cpus, loadavg } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, "../dist");
const { createKernels } = await import(join(dist, "hosts/node/kernels.js"));
const { loadPotential } = await import(join(dist, "hosts/node/potentials.js"));
const { SurfaceForceField } = await import(join(dist, "potentials/surface.js"));
const { unitSystem } = await import(join(dist, "units/index.js"));
const { RandomStream } = await import(join(dist, "math/index.js"));

const file = join(here, "../../shared/data/gold-lasp2/committee/Seed1");
const { potential } = loadPotential(file, unitSystem("angstrom", "eV"));
const most = Number(process.argv[2] ?? 1e6);
console.log(
  `${new Date().toISOString()}  ${cpus()[0].model}, Node ${process.version}, load ${loadavg()[0].toFixed(2)}`,
);
console.log("atoms      first µs/atom   next µs/atom   kernel memory B/atom");
for (let edge = 6; 4 * edge ** 3 <= 1.01 * most; edge = Math.round(edge * 2.15)) {
  const n = 4 * edge ** 3;
  const a = 4.08;
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
          for (const c of [i + x, j + y, k + z]) positions[at++] = a * c + random.between(-0.1, 0.1);
  const cell = Float64Array.of(a * edge, 0, 0, 0, a * edge, 0, 0, 0, a * edge);
  const structure = { species: new Uint8Array(n).fill(79), positions, cell, periodic: [true, true, true] };
  const kernels = createKernels();
  const before = kernels.used;
  const field = new SurfaceForceField(kernels, potential, structure);
  const demand = { uncertainty: false, extrapolation: false };
  const time = () => {
    const start = performance.now();
    field.evaluate(positions, cell, demand);
    return (1e3 * (performance.now() - start)) / n;
  };
  const first = time();
  let next = Number.POSITIVE_INFINITY;
  for (let k = 0; k < Math.max(1, Math.min(20, 2e4 / n)); k++) {
    for (let i = 0; i < positions.length; i += 7) positions[i] += random.between(-0.01, 0.01);
    next = Math.min(next, time());
  }
  const memory = (kernels.used - before) / n;
  console.log(
    `${String(n).padStart(8)} ${first.toFixed(1).padStart(12)} ${next.toFixed(1).padStart(15)} ${memory.toFixed(0).padStart(15)}`,
  );
}
