/** Silicon with potentials of the literature, against the values that the literature has for them. */
import { describe, expect, it } from "vitest";
import { classicalPotential, siliconStillingerWeber, siliconTersoff } from "../../src/potentials/classical/index.js";
import { elasticConstants, equationOfState, surfaceEnergy, vacancy } from "../../src/properties/index.js";
import { relax } from "../../src/relaxation/index.js";
import { diamond, type Miller, primitiveCell, volume } from "../../src/structure/index.js";

// Elastic constants after Stillinger and Weber: Cowley 1988, doi:10.1103/PhysRevLett.60.2379; the rest as in the comparison of
// Balamane, Halicioglu and Tiller 1992, doi:10.1103/PhysRevB.46.2250. GPa, J/m², eV.
const cases = [
  {
    name: "Stillinger and Weber",
    potential: classicalPotential(siliconStillingerWeber),
    ...{ a: 5.431, energy: -4.3366, c11: 151.4, c12: 76.4, c44: 56.4 },
    surfaces: [
      [[1, 1, 1], 12, 1.36],
      [[1, 0, 0], 9, 2.36],
      [[1, 1, 0], 7, 1.67],
    ],
    // Every bond and angle around the vacancy stays at its best: the four broken bonds are all it costs.
    vacancy: 4.34,
  },
  {
    name: "Tersoff",
    potential: classicalPotential(siliconTersoff),
    ...{ a: 5.432, energy: -4.63, c11: 142.5, c12: 75.4, c44: 69.0 },
    surfaces: [[[1, 1, 1], 12, 1.2]],
    vacancy: 3.7,
  },
] as const;

describe.each(cases)("silicon after $name", ({ potential, a, energy, c11, c12, c44, surfaces, vacancy: hole }) => {
  const start = { structure: diamond("Si", 5.5), cell: {}, forceTolerance: 1e-5, stressTolerance: 1e-7 };
  const { structure: crystal, ...relaxed } = relax(potential, start);

  it("has its lattice constant and cohesive energy", () => {
    expect(relaxed.converged).toBe(true);
    expect(Math.abs(Math.cbrt(volume(crystal.cell as Float64Array)) - a)).toBeLessThan(6e-4);
    expect(relaxed.energy / 8).toBeCloseTo(energy, 2);
  });

  it("has its elastic constants, and the bulk modulus of its equation of state", () => {
    const { matrix, moduli } = elasticConstants(potential, primitiveCell(crystal));
    [matrix[0][0] - c11, matrix[0][1] - c12, matrix[3][3] - c44].forEach((apart) => {
      expect(Math.abs(apart)).toBeLessThan(0.06);
    });
    const eos = equationOfState(potential, primitiveCell(crystal), { ratios: [0.97, 0.98, 0.99, 1, 1.01, 1.02, 1.03] });
    expect(eos.fit.bulkModulusGPa / (moduli?.hill.bulk as number)).toBeCloseTo(1, 2);
  });

  it("has its surface energies", () => {
    for (const [miller, layers, expected] of surfaces) {
      const found = surfaceEnergy(potential, crystal, { miller: [...miller] as unknown as Miller, layers });
      expect(Math.abs(found.joulesPerSquareMetre - expected)).toBeLessThan(0.0051);
    }
  });

  it("has its vacancy", () => {
    const found = vacancy(potential, crystal, { copies: [3, 3, 3] });
    expect(found.converged).toBe(true);
    expect(Math.abs(found.formationEnergy - hole)).toBeLessThan(0.011);
  });
});
