/**
 * Detailed balance of every Monte Carlo move on systems with known answers; errors by blocking. Each test was seen failing with a wrong
 * rule of acceptance.
 */
import { describe, expect, it } from "vitest";
import {
  cellMove,
  displacement,
  hybrid,
  MonteCarloState,
  type Move,
  Sampler,
  swap,
  transmutation,
} from "../../src/dynamics/monte-carlo/index.js";
import { bindPlainly, type Evaluation, type Potential } from "../../src/potentials/potential.js";
import { blocking } from "../../src/properties/index.js";
import type { Structure } from "../../src/structure/index.js";
import { volume } from "../../src/structure/index.js";
import { boltzmann } from "../../src/units/index.js";
import { loose, wells } from "./dynamics-beds.js";

const SEED = Number(process.env.POTLUCK_SEED ?? 20261127);
console.log(`monte-carlo: seed ${SEED}`);

const KELVIN = 300;
const kT = boltzmann * KELVIN;

interface Measured<T> {
  readonly moves: readonly Move[];
  readonly steps: number;
  readonly every: number;
  readonly measure: (state: MonteCarloState) => T;
  readonly equilibration?: number;
}

function measured<T>(state: MonteCarloState, options: Measured<T>): { values: T[]; sampler: Sampler } {
  const { moves, steps, every, measure, equilibration = Math.floor(0.1 * steps) } = options;
  const sampler = new Sampler(state, { temperature: KELVIN, moves, equilibration });
  const values: T[] = [];
  for (let n = 1; n <= steps; n++) {
    sampler.step();
    if (n > equilibration && n % every === 0) values.push(measure(state));
  }
  return { values, sampler };
}

/** Within four standard errors, which must themselves be small enough for the test to mean something. */
function expectMean(values: readonly number[], exact: number, relative: number): void {
  const { mean, error, plateau } = blocking(values);
  console.log(`  found ${mean.toPrecision(5)} ± ${error.toPrecision(2)}, exact ${exact.toPrecision(5)}`);
  expect(plateau).toBe(true);
  expect(error).toBeLessThan(relative * Math.abs(exact));
  expect(Math.abs(mean - exact) / error).toBeLessThan(4);
}

const meanSquare = (a: Float64Array, b: Float64Array): number =>
  a.reduce((sum, x, k) => sum + (x - b[k]) ** 2, 0) / a.length;

/** A potential of any function of the structure. */
function custom(
  cutoff: number,
  evaluate: (structure: Structure) => Partial<Evaluation> & { energy: number },
): Potential {
  const whole = (structure: Structure): Evaluation => ({
    forces: new Float64Array(structure.positions.length),
    stress: undefined,
    atomicEnergies: new Float64Array(structure.species.length),
    uncertainty: undefined,
    extrapolation: [],
    ...evaluate(structure),
  });
  const elements = Array.from({ length: 118 }, (_, z) => z + 1);
  return { elements, cutoff, evaluate: whole, bind: (structure) => bindPlainly({ evaluate: whole }, structure) };
}

describe(`displacements (seed ${SEED})`, () => {
  it("leave atoms in wells with the variance kT/k, and find the wanted acceptance", () => {
    const structure = loose(4);
    const potential = wells(structure.positions, new Float64Array(12).fill(2));
    const state = new MonteCarloState(structure, potential, { seed: SEED, minimumDistance: 0, whole: true });
    const { values, sampler } = measured(state, {
      moves: [displacement({ size: 0.01 })],
      ...{ steps: 40000, every: 4, measure: ({ positions }) => meanSquare(positions, structure.positions) },
    });
    expectMean(values, kT / 2, 0.03);
    const [{ accepted, attempts, size }] = sampler.tallies;
    expect(accepted / attempts).toBeGreaterThan(0.36);
    expect(accepted / attempts).toBeLessThan(0.44);
    expect(size).toBeGreaterThan(0.1);
  });

  it("leave fixed atoms where they are", () => {
    const structure = loose(3);
    const potential = wells(structure.positions, new Float64Array(9).fill(1));
    const state = new MonteCarloState(structure, potential, { seed: SEED, fixed: [1], whole: true });
    measured(state, { moves: [displacement(), hybrid()], steps: 200, every: 1, measure: () => 0 });
    expect(state.positions.slice(3, 6)).toEqual(structure.positions.slice(3, 6));
    expect(state.positions.slice(0, 3)).not.toEqual(structure.positions.slice(0, 3));
  });
});

describe("hybrid trajectories", () => {
  it.each([60, 150])(
    "sample an anharmonic well as quadrature has it, also at %f fs where the energy is not kept",
    (timestep) => {
      // U = a x² + b x⁴ in each coordinate: half of the energy at kT is in the quartic part.
      const [a, b] = [0.02, 0.05];
      const structure = loose(2);
      const potential = custom(1, ({ positions }) => {
        let energy = 0;
        const forces = positions.map((r, k) => {
          const x = r - structure.positions[k];
          energy += a * x * x + b * x ** 4;
          return -2 * a * x - 4 * b * x ** 3;
        });
        return { energy, forces };
      });
      const moment = (power: number): number => {
        let sum = 0;
        for (let x = -4; x <= 4; x += 1e-3) sum += Math.abs(x) ** power * Math.exp(-(a * x * x + b * x ** 4) / kT);
        return sum;
      };
      const state = new MonteCarloState(structure, potential, { seed: SEED });
      const move = hybrid({ steps: 6, timestep, largest: timestep, masses: [40, 100] });
      const { values, sampler } = measured(state, {
        moves: [move],
        ...{
          steps: 12000,
          every: 1,
          equilibration: 0,
          measure: ({ positions }) => meanSquare(positions, structure.positions),
        },
      });
      expectMean(values, moment(2) / moment(0), 0.02);
      const [{ accepted, attempts }] = sampler.tallies;
      console.log(`  accepted ${accepted / attempts}`);
      expect(accepted / attempts).toBeLessThan(timestep > 100 ? 0.9 : 1);
    },
  );
});

describe("cell moves", () => {
  const gasOf = (atoms: number): Structure => ({
    species: new Uint8Array(atoms).fill(18),
    positions: Float64Array.from({ length: 3 * atoms }, (_, k) => 0.37 * k),
    cell: Float64Array.of(5, 0, 0, 0.3, 5, 0, -0.2, 0.4, 5),
    periodic: [true, true, true],
  });
  const [atoms, pressure] = [3, 2e-4];

  it.each(["isotropic", "orthorhombic", "flexible"] as const)(
    "%s: the volume of an ideal gas is (N + 1) kT/P",
    (cell) => {
      // A spring on the shape keeps the cell from becoming a needle; it does not depend on the volume.
      const potential = custom(1, ({ cell: h }) => {
        const v = volume(h!);
        return { energy: 0.05 * (h!.reduce((sum, x) => sum + x * x, 0) / v ** (2 / 3) - 3) };
      });
      const state = new MonteCarloState(gasOf(atoms), potential, { seed: SEED, minimumDistance: 0 });
      const { values, sampler } = measured(state, {
        moves: [cellMove({ pressure, cell, size: 0.1, largest: 1 })],
        ...{ steps: 40000, every: 4, measure: (s) => s.volume },
      });
      const exact = ((atoms + 1) * kT) / pressure;
      expectMean(values, exact, 0.02);
      // A gamma distribution: its variance is (N + 1) (kT/P)².
      expectMean(
        values.map((v) => (v - exact) ** 2),
        (atoms + 1) * (kT / pressure) ** 2,
        0.07,
      );
      expect(sampler.tallies[0].size).toBeGreaterThan(0.1);
    },
  );

  it("orthorhombic: logarithms of edges are distributed evenly but for the energy", () => {
    const kappa = 0.05;
    const potential = custom(1, ({ cell: h }) => ({
      energy: kappa * (Math.log(h![0] / h![4]) ** 2 + Math.log(h![4] / h![8]) ** 2),
    }));
    const cubic: Structure = { ...gasOf(1), cell: Float64Array.of(20, 0, 0, 0, 20, 0, 0, 0, 20) };
    const state = new MonteCarloState(cubic, potential, { seed: SEED, minimumDistance: 0 });
    const { values } = measured(state, {
      moves: [cellMove({ pressure, cell: "orthorhombic", size: 0.3, largest: 1 })],
      ...{ steps: 40000, every: 4, measure: (s) => Math.log(s.cell![0] / s.cell![4]) ** 2 },
    });
    expectMean(values, kT / (2 * kappa), 0.05);
  });

  it("flexible: shapes are distributed by the invariant measure", () => {
    // In singular values exp(a_i) of the cell that measure is Π sinh|a_i − a_j| da; U = κ (Σ exp(2 a_i) − 3) with Σ a_i = 0.
    const kappa = 0.03;
    const shape = (h: Float64Array): number => h.reduce((sum, x) => sum + x * x, 0) / volume(h) ** (2 / 3) - 3;
    let [norm, sum] = [0, 0];
    for (let a = -2; a <= 2; a += 0.02)
      for (let b = -2; b <= 2; b += 0.02) {
        const c = -a - b;
        const u = Math.exp(2 * a) + Math.exp(2 * b) + Math.exp(2 * c) - 3;
        const weight = Math.abs(Math.sinh(a - b) * Math.sinh(b - c) * Math.sinh(a - c)) * Math.exp((-kappa * u) / kT);
        norm += weight;
        sum += weight * u;
      }
    const state = new MonteCarloState(
      gasOf(1),
      custom(1, ({ cell }) => ({ energy: kappa * shape(cell!) })),
      {
        ...{ seed: SEED, minimumDistance: 0 },
      },
    );
    const { values } = measured(state, {
      moves: [cellMove({ pressure, cell: "flexible", size: 0.1, largest: 1 })],
      ...{ steps: 40000, every: 4, measure: (s) => shape(s.cell!) },
    });
    expectMean(values, sum / norm, 0.03);
  });
});

/** Energies of pairs on a ring of sites, by atomic number of both ends: a lattice gas with three kinds of atoms. */
const BONDS: Readonly<Record<string, number>> = {
  "29-29": 0.01,
  "29-47": -0.03,
  "29-79": 0.02,
  "47-47": -0.01,
  "47-79": 0.035,
  "79-79": 0,
};
/** [smaller + 128 larger] */
const BOND_TABLE = new Float64Array(128 * 128);
for (const [pair, energy] of Object.entries(BONDS)) {
  const [a, b] = pair.split("-").map(Number);
  BOND_TABLE[a + 128 * b] = energy;
}
const bond = (a: number, b: number): number => BOND_TABLE[Math.min(a, b) + 128 * Math.max(a, b)];
const SPACING = 3;

const ring = (species: readonly number[]): Structure => ({
  species: Uint8Array.from(species),
  positions: Float64Array.from(species.flatMap((_, k) => [SPACING * k, 0, 0])),
  cell: Float64Array.of(SPACING * species.length, 0, 0, 0, 5, 0, 0, 0, 5),
  periodic: [true, false, false],
});

const ringEnergy = (kinds: readonly number[]): number =>
  kinds.reduce((sum, z, k) => sum + bond(z, kinds[(k + 1) % kinds.length]), 0);

/** The elements in the order of the sites. */
function kindsOf({ positions, species }: Pick<Structure, "positions" | "species">): number[] {
  const kinds: number[] = [];
  species.forEach((z, i) => {
    kinds[Math.round(positions[3 * i] / SPACING)] = z;
  });
  return kinds;
}

const latticeGas = custom(SPACING + 0.5, (structure) => ({ energy: ringEnergy(kindsOf(structure)) }));

/** Every arrangement of `elements` on `sites` sites that `allowed` allows, with its Boltzmann weight, to its probability by name. */
function probabilities(sites: number, weigh: (kinds: readonly number[]) => number): Map<string, number> {
  const elements = [29, 47, 79];
  const all = new Map<string, number>();
  for (let code = 0; code < elements.length ** sites; code++) {
    const kinds = Array.from(
      { length: sites },
      (_, k) => elements[Math.floor(code / elements.length ** k) % elements.length],
    );
    const weight = weigh(kinds);
    if (weight > 0) all.set(kinds.join(), weight);
  }
  const total = [...all.values()].reduce((a, b) => a + b, 0);
  for (const [name, weight] of all) all.set(name, weight / total);
  return all;
}

/** Every probability of some weight by itself, and χ² per state of all, with errors by blocking. */
function expectProbabilities(names: readonly string[], exact: ReadonlyMap<string, number>): void {
  let square = 0;
  let states = 0;
  for (const [name, p] of exact) {
    const { mean, error } = blocking(names.map((n) => (n === name ? 1 : 0)));
    if (p * names.length < 100) continue;
    states++;
    square += ((mean - p) / error) ** 2;
    expect(Math.abs(mean - p) / error, name).toBeLessThan(4.5);
  }
  console.log(`  ${states} states, χ² per state ${square / states}`);
  expect(states).toBeGreaterThan(10);
  // Arrangements that turn into one another are found together, so that this scatters more than χ² does: 0.5 to 2.3 for ten seeds.
  expect(square / states).toBeLessThan(3);
  expect(names.every((name) => exact.has(name))).toBe(true);
}

describe("swaps and transmutations on a ring enumerated exactly", () => {
  const count = (kinds: readonly number[], z: number): number => kinds.filter((k) => k === z).length;

  it("swaps: every arrangement of one composition has its Boltzmann weight", () => {
    const start = [29, 29, 29, 47, 47, 79];
    const exact = probabilities(6, (kinds) =>
      count(kinds, 29) === 3 && count(kinds, 47) === 2 ? Math.exp(-ringEnergy(kinds) / kT) : 0,
    );
    const state = new MonteCarloState(ring(start), latticeGas, { seed: SEED, minimumDistance: 0, whole: true });
    const { values } = measured(state, { moves: [swap()], steps: 50000, every: 2, measure: (s) => kindsOf(s).join() });
    expect(exact.size).toBe(60);
    expectProbabilities(values, exact);
  });

  it("transmutations: every composition and arrangement has its weight with the chemical potentials", () => {
    const mu = new Map([
      [29, 0],
      [47, 0.02],
      [79, -0.015],
    ]);
    const exact = probabilities(4, (kinds) =>
      Math.exp((kinds.reduce((sum, z) => sum + mu.get(z)!, 0) - ringEnergy(kinds)) / kT),
    );
    const state = new MonteCarloState(ring([29, 29, 29, 29]), latticeGas, {
      seed: SEED,
      minimumDistance: 0,
      whole: true,
    });
    const move = transmutation({ chemicalPotentials: { Cu: 0, Ag: 0.02, Au: -0.015 } });
    const { values } = measured(state, { moves: [move], steps: 50000, every: 2, measure: (s) => kindsOf(s).join() });
    expect(exact.size).toBe(81);
    expectProbabilities(values, exact);
  });

  it("both together, with one site that is fixed", () => {
    const exact = probabilities(4, (kinds) => (kinds[0] === 79 ? Math.exp(-ringEnergy(kinds) / kT) : 0));
    const state = new MonteCarloState(ring([79, 29, 47, 79]), latticeGas, {
      seed: SEED,
      minimumDistance: 0,
      whole: true,
      fixed: [0],
    });
    const moves = [swap({ weight: 2 }), transmutation({ chemicalPotentials: { Cu: 0, Ag: 0, Au: 0 } })];
    const { values } = measured(state, { moves, steps: 60000, every: 3, measure: (s) => kindsOf(s).join() });
    expectProbabilities(values, exact);
  });
});
