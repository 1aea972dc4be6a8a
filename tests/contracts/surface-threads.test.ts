/** Threads over one memory: the same numbers as one thread up to rounding, and the same bits every time. The workers are the built ones. */
import { describe, expect, it } from "vitest";
import type { SymmetryFunction } from "../../src/descriptors/definition.js";
import { createKernels } from "../../src/hosts/node/kernels.js";
import { startSurfaceThreads } from "../../src/hosts/node/surface-threads.js";
import { RandomStream } from "../../src/math/index.js";
import { SurfaceForceField, type SurfaceOptions } from "../../src/potentials/surface.js";
import { randomDescriptors, randomPotential, randomStructure } from "../physics/random-potential.js";

const SEED = Number(process.env.POTLUCK_SEED ?? 20261121);
console.log(`surface-threads: seed ${SEED}`);
const cell = Float64Array.of(11, 0.3, 0, 1.2, 12, -0.4, -0.7, 0.9, 13);

function walk(field: SurfaceForceField, positions: Float64Array): number[] {
  const random = new RandomStream(SEED, "steps");
  const moving = positions.slice();
  const numbers: number[] = [];
  for (let step = 0; step < 12; step++) {
    for (let i = 0; i < moving.length; i++) moving[i]! += random.between(-0.05, 0.05);
    const { energy, forces, stress, uncertainty, extrapolation } = field.evaluate(moving, cell);
    numbers.push(energy, ...forces, ...stress!, uncertainty!.energy, ...uncertainty!.forces, extrapolation.length);
  }
  return numbers;
}

describe("threads on one evaluation", () => {
  it("give the numbers of one thread, and the same bits twice", async () => {
    const random = new RandomStream(SEED, "threads");
    const elements = [1, 8];
    const functions = randomDescriptors(random, { elements, types: [2, 3, 9], cutoffs: [2, 6] }).map((d) => ({
      ...d,
      functions: d.functions.map((f) => ("zeta" in f && f.zeta === 2.5 ? { ...f, zeta: 3 } : f) as SymmetryFunction),
    }));
    const structure = randomStructure(random, { atoms: 61, elements, cell, closest: 0.9 });
    const kernels = createKernels();
    const potential = randomPotential(kernels, random, { descriptors: functions, structures: [structure], members: 2 });
    const go = (options: SurfaceOptions): number[] =>
      walk(new SurfaceForceField(kernels, potential, structure, { skin: 0.4, ...options }), structure.positions);
    const alone = go({});
    for (const threads of [2, 3]) {
      const { team, close } = await startSurfaceThreads(kernels, potential, { threads });
      try {
        const shared = go({ team, fewest: 0 });
        const scale = Math.max(...alone.map(Math.abs));
        expect(Math.max(...shared.map((x, i) => Math.abs(x - alone[i]!))) / scale).toBeLessThan(1e-12);
        expect(go({ team, fewest: 0 })).toEqual(shared);
      } finally {
        await close();
      }
    }
  });
});
