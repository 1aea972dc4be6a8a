/** The module with relaxed SIMD gives the numbers of the other one, up to the roundings that it spares. */
import { setFlagsFromString } from "node:v8";
import { expect, it } from "vitest";
import type { SymmetryFunction } from "../../src/descriptors/definition.js";
import { readKernelModule } from "../../src/hosts/node/kernels.js";
import { hasRelaxedSimd, Kernels } from "../../src/kernels/index.js";
import { RandomStream } from "../../src/math/index.js";
import { SurfaceForceField } from "../../src/potentials/surface.js";
import { randomDescriptors, randomPotential, randomStructure } from "../physics/random-potential.js";

const SEED = Number(process.env.POTLUCK_SEED ?? 20261121);
console.log(`kernels-relaxed: seed ${SEED}`);
// Node 20 has it behind a flag; later ones have it.
if (!hasRelaxedSimd()) setFlagsFromString("--experimental-wasm-relaxed-simd");

const whole = (f: SymmetryFunction): SymmetryFunction => ("zeta" in f ? { ...f, zeta: Math.round(f.zeta) } : f);

it.runIf(hasRelaxedSimd())("evaluates as the plain module does", () => {
  const random = new RandomStream(SEED, "relaxed");
  const elements = [1, 8];
  const cell = Float64Array.of(7, 0.3, 0, 1.2, 8, -0.4, -0.7, 0.9, 9);
  const plain = Kernels.create(readKernelModule("potluck"));
  const relaxed = Kernels.create(readKernelModule("potluck-relaxed"));
  const descriptors = randomDescriptors(random, { elements, types: [2, 3, 9], cutoffs: [1, 2, 6] }).map((d) => ({
    ...d,
    functions: d.functions.map(whole),
  }));
  const structure = randomStructure(random, { atoms: 17, elements, cell });
  const potential = randomPotential(plain, random, { descriptors, structures: [structure], members: 2 });
  for (const [precision, tolerance] of [
    ["f64", 1e-12],
    ["f32", 1e-4],
  ] as const) {
    const [a, b] = [plain, relaxed].map((kernels) =>
      new SurfaceForceField(kernels, potential, structure, { precision }).evaluate(structure.positions, cell),
    ) as [ReturnType<SurfaceForceField["evaluate"]>, ReturnType<SurfaceForceField["evaluate"]>];
    const largest = a.forces.reduce((most, f) => Math.max(most, Math.abs(f)), 1);
    a.forces.forEach((f, i) => {
      expect(Math.abs(f - b.forces[i]!)).toBeLessThan(tolerance * largest);
    });
    expect(Math.abs(a.energy - b.energy)).toBeLessThan(tolerance * (1 + Math.abs(a.energy)));
    // Other roundings, or it would be the same module.
    if (precision === "f64") expect(a.forces).not.toEqual(b.forces);
  }
});
