/** Which systems are shared out among threads when a simulation opens its potential, and what it is told then. The workers are the built ones. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { writePotentialJson } from "../../src/formats/potential-json.js";
import { createKernels } from "../../src/hosts/node/kernels.js";
import { openSimulationPotential, type SimulationPotential } from "../../src/hosts/node/simulate-potential.js";
import { RandomStream } from "../../src/math/index.js";
import type { Structure } from "../../src/structure/index.js";
import { angstromElectronvolt } from "../../src/units/index.js";
import { randomDescriptors, randomPotential, randomStructure } from "../physics/random-potential.js";

const SEED = Number(process.env.POTLUCK_SEED ?? 20261121);
console.log(`simulation-threads: seed ${SEED}`);
const random = new RandomStream(SEED, "simulation threads");
const elements = [1, 8];
const cell = Float64Array.of(11, 0.3, 0, 1.2, 12, -0.4, -0.7, 0.9, 13);
const structure = randomStructure(random, { atoms: 70, elements, cell, closest: 0.9 });
const potential = randomPotential(createKernels(), random, {
  descriptors: randomDescriptors(random, { elements, types: [2], cutoffs: [2] }),
  structures: [structure],
  members: 1,
});
const folder = mkdtempSync(join(tmpdir(), "potluck-threads-"));
const file = join(folder, "potential.json");
writeFileSync(file, writePotentialJson(potential));
afterAll(() => rmSync(folder, { recursive: true }));

const opened = async <T>(
  options: { readonly atoms: number; readonly threads: number },
  use: (potential: SimulationPotential) => T,
): Promise<T> => {
  const found = await openSimulationPotential(file, { units: angstromElectronvolt, ...options });
  try {
    return use(found);
  } finally {
    await found.close();
  }
};

const numbers = (field: SimulationPotential, { positions, cell: box }: Structure): number[] => {
  const { energy, forces, stress } = field.bind(structure).evaluate(positions, box);
  return [energy, ...forces, ...stress!];
};

describe("threads of a simulation", () => {
  it("have 32 atoms or more each", async () => {
    const threads = (atoms: number, wanted: number): Promise<number> =>
      opened({ atoms, threads: wanted }, (found) => found.threads);
    expect(await threads(63, 4)).toBe(1);
    expect(await threads(64, 4)).toBe(2);
    expect(await threads(96, 4)).toBe(3);
    expect(await threads(1000, 4)).toBe(4);
    expect(await threads(1000, 1)).toBe(1);
  });

  it("share the first force field of a small system, and leave to one what comes after memory was given back", async () => {
    const alone = await opened({ atoms: 70, threads: 1 }, (found) => numbers(found, structure));
    await opened({ atoms: 70, threads: 2 }, (found) => {
      const shared = numbers(found, structure);
      const scale = Math.max(...alone.map(Math.abs));
      expect(Math.max(...shared.map((x, k) => Math.abs(x - alone[k]!))) / scale).toBeLessThan(1e-12);
      expect(shared).not.toEqual(alone);
      for (let again = 0; again < 2; again++) {
        found.forget();
        expect(numbers(found, structure)).toEqual(alone);
      }
    });
  });
});
