/** Before the first step: masses, velocities, noise, ramps; and the pressure, which is what derivatives say. */
import { describe, expect, it } from "vitest";
import {
  electronvoltsPerAmu,
  kineticEnergy,
  type Motion,
  prepare,
  pressure,
  pressureTensor,
  start,
  temperature,
  valueAt,
  velocityVerlet,
} from "../../src/dynamics/index.js";
import { normal, sumOfSquares } from "../../src/dynamics/noise.js";
import { RandomStream } from "../../src/math/index.js";
import type { Potential } from "../../src/potentials/potential.js";
import type { Structure } from "../../src/structure/index.js";
import { boltzmann } from "../../src/units/index.js";
import { argon, blocked, crystal, loose, wells } from "./dynamics-beds.js";
import { codeOf, SEED, verlet } from "./dynamics-tampered.js";

console.log(`dynamics-start: seed ${SEED}`);

describe("masses and units", () => {
  it("amu Å²/fs² is 103.64 eV: argon at 300 K has a mean speed of 398 m/s", () => {
    expect(electronvoltsPerAmu).toBeCloseTo(103.6426966, 6);
    const mass = 39.948 * electronvoltsPerAmu;
    expect(Math.sqrt((8 * boltzmann * 300) / (Math.PI * mass)) * 1e5).toBeCloseTo(398.75, 2);
  });

  it("a diatomic swings with the frequency of its reduced mass", () => {
    // Two atoms of 10 and 40 amu on a spring of 5 eV/Å²: μ = 8 amu.
    const structure = loose(2);
    const home = structure.positions;
    const rest = home[3] - home[0];
    const spring: Potential = {
      elements: [18],
      cutoff: 1,
      evaluate: () => {
        throw new Error("not used");
      },
      bind: () => ({
        evaluate: (r) => {
          const d = r[3] - r[0] - rest;
          const forces = Float64Array.of(5 * d, 0, 0, -5 * d, 0, 0);
          const atomicEnergies = new Float64Array(2);
          return {
            energy: 2.5 * d * d,
            forces,
            stress: undefined,
            atomicEnergies,
            uncertainty: undefined,
            extrapolation: [],
          };
        },
      }),
    };
    const system = prepare(structure, spring, { masses: [10, 40] });
    const state = start(system, { seed: 1, velocities: Float64Array.of(0.04, 0, 0, -0.01, 0, 0) });
    const period = 2 * Math.PI * Math.sqrt((8 * electronvoltsPerAmu) / 5);
    const motion = velocityVerlet(state, { timestep: period / 2000 });
    for (let n = 0; n < 2000; n++) motion.step();
    expect(state.positions[3] - state.positions[0] - rest).toBeCloseTo(0, 5);
    expect(state.velocities[0]).toBeCloseTo(0.04, 6);
  });
});

describe("velocities at the start", () => {
  it("are those of Maxwell and Boltzmann, centre of mass at rest", () => {
    const structure: Structure = { ...loose(4000), species: new Uint8Array(4000).map((_, i) => (i % 2 ? 18 : 1)) };
    const potential = wells(structure.positions, new Float64Array(12000));
    const system = prepare(structure, potential);
    expect(system.degreesOfFreedom).toBe(11997);
    const state = start(system, { seed: SEED, temperature: 500 });
    expect(Math.abs(temperature(state) / 500 - 1)).toBeLessThan(4 * Math.sqrt(2 / 11997));
    // Light and heavy atoms have the same share.
    const share = state.velocities.reduce(
      (sum, v, k) => sum + (Math.floor(k / 3) % 2 ? 0.5 * system.masses[k] * v * v : 0),
      0,
    );
    expect(Math.abs(share / kineticEnergy(state) - 0.5)).toBeLessThan(0.03);
    const momentum = [0, 1, 2].map((x) =>
      state.velocities.reduce((sum, v, k) => sum + (k % 3 === x ? system.masses[k] * v : 0), 0),
    );
    for (const p of momentum) expect(Math.abs(p)).toBeLessThan(1e-9);
    expect(temperature(start(system, { seed: SEED, temperature: 500, exactTemperature: true }))).toBeCloseTo(500, 9);
    expect(start(system, { seed: SEED, temperature: 500 }).velocities).toEqual(state.velocities);
    expect(start(system, { seed: SEED + 1, temperature: 500 }).velocities).not.toEqual(state.velocities);
    expect(temperature(start(system, { seed: SEED }))).toBe(0);
  });

  it("are refused for what cannot move or has no mass", () => {
    const structure = loose(3);
    const potential = wells(structure.positions, new Float64Array(9));
    const attempt = (options: Parameters<typeof prepare>[2]): string =>
      codeOf(() => prepare(structure, potential, options));
    expect(attempt({ fixed: [3] })).toBe("no-such-atom");
    expect(attempt({ fixed: [0, 1, 2] })).toBe("nothing-moves");
    expect(attempt({ masses: [1, 2] })).toBe("wrong-length");
    expect(attempt({ masses: [1, 0, 2] })).toBe("wrong-mass");
    expect(attempt({})).toBe("accepted");
    const system = prepare(structure, potential);
    expect(codeOf(() => start(system, { seed: 1, temperature: -1 }))).toBe("wrong-temperature");
    expect(codeOf(() => start(system, { seed: 1, velocities: new Float64Array(3) }))).toBe("wrong-length");
    expect(prepare(loose(1), wells(loose(1).positions, [1, 1, 1])).degreesOfFreedom).toBe(3);
  });
});

describe("noise", () => {
  const random = new RandomStream(SEED, "noise");

  it("is normal, tails included", () => {
    const count = 2_400_000;
    const sums = [0, 0, 0, 0, 0];
    let [beyond, excess] = [0, 0];
    // Where the last layer of the ziggurat ends and another method draws.
    const edge = 3.442619855899;
    for (let n = 0; n < count; n++) {
      const x = normal(random);
      for (let power = 1; power <= 4; power++) sums[power] += x ** power / count;
      if (Math.abs(x) <= edge) continue;
      beyond++;
      excess += Math.abs(x) - edge;
    }
    const error = 1 / Math.sqrt(count);
    expect(Math.abs(sums[1])).toBeLessThan(4 * error);
    expect(Math.abs(sums[2] - 1)).toBeLessThan(4 * Math.SQRT2 * error);
    expect(Math.abs(sums[3])).toBeLessThan(4 * Math.sqrt(15) * error);
    expect(Math.abs(sums[4] - 3)).toBeLessThan(4 * Math.sqrt(96) * error);
    let [share, mean] = [0, 0];
    for (let x = edge + 5e-5; x < 12; x += 1e-4) {
      const density = (2e-4 * Math.exp(-0.5 * x * x)) / Math.sqrt(2 * Math.PI);
      share += density;
      mean += density * (x - edge);
    }
    expect(Math.abs(beyond - share * count)).toBeLessThan(4 * Math.sqrt(share * count));
    // An exponential tail would be off by 0.036.
    expect(Math.abs(excess / beyond - mean / share)).toBeLessThan(0.025);
  });

  it.each([1, 2, 5, 93])("has sums of %d squares with the right mean, variance and skewness", (count) => {
    const draws = 60_000;
    const values = Array.from({ length: draws }, () => sumOfSquares(random, count) - count);
    const moment = (power: number): number => values.reduce((sum, x) => sum + x ** power, 0) / draws;
    const sigma = Math.sqrt(2 * count);
    expect(Math.abs(moment(1))).toBeLessThan((4 * sigma) / Math.sqrt(draws));
    expect(Math.abs(moment(2) / (2 * count) - 1)).toBeLessThan(4 * Math.sqrt((2 + 12 / count) / draws));
    expect(Math.abs(moment(3) / (8 * count) - 1)).toBeLessThan(0.1 + 0.004 * count);
    expect(sumOfSquares(random, 0)).toBe(0);
  });
});

describe("ramps", () => {
  it("are straight between points and constant outside", () => {
    const ramp = [
      { time: 10, value: 300 },
      { time: 20, value: 100 },
      { time: 40, value: 500 },
    ];
    expect([0, 10, 15, 20, 30, 40, 99].map((t) => valueAt(ramp, t))).toEqual([300, 300, 200, 100, 300, 500, 500]);
    expect(valueAt(7, 3)).toBe(7);
  });
});

describe("pressure", () => {
  it("is −dE/dV of atoms whose velocities shrink as the cell grows", () => {
    const structure = crystal(2, 5.1);
    const { motion, state } = ((m: Motion) => ({ motion: m, state: m.state }))(verlet());
    motion.step();
    const total = (by: number, axes: readonly number[]): number => {
      const factor = (k: number): number => (axes.includes(k % 3) ? 1 + by : 1);
      const stretched = {
        ...structure,
        positions: state.positions.map((x, k) => x * factor(k)),
        cell: state.cell!.map((x, k) => x * factor(k)),
      };
      const velocities = state.velocities.map((v, k) => v / factor(k));
      const there = start(prepare(stretched, argon(), { centreOfMass: "free" }), { seed: 1, velocities });
      return kineticEnergy(there) + there.energy;
    };
    const h = 1e-5;
    const slope = (axes: readonly number[]): number => -(total(h, axes) - total(-h, axes)) / (2 * h) / state.volume;
    const tensor = pressureTensor(state, new Float64Array(6));
    for (const axis of [0, 1, 2]) expect(tensor[axis]).toBeCloseTo(slope([axis]), 9);
    expect(pressure(state)).toBeCloseTo(slope([0, 1, 2]) / 3, 9);
    expect(Math.abs(pressure(state))).toBeGreaterThan(1e-5);
  });
});

describe("blocking", () => {
  it("knows the error of a mean of correlated numbers", () => {
    // Kept with 0.9 from step to step: 19 times as many numbers are needed.
    const random = new RandomStream(SEED, "correlated");
    let x = 0;
    const values = Array.from({ length: 40_000 }, () => {
      x = 0.9 * x + Math.sqrt(0.19) * normal(random);
      return x;
    });
    const { mean, error } = blocked(values);
    expect(error / Math.sqrt(19 / values.length)).toBeGreaterThan(0.6);
    expect(error / Math.sqrt(19 / values.length)).toBeLessThan(1.6);
    expect(Math.abs(mean)).toBeLessThan(4 * error);
  });
});
