/**
 * That every ensemble is the one that its name says: distributions against closed forms, and ratios of distributions at two
 * temperatures or pressures (Shirts, J. Chem. Theory Comput. 9, 909 (2013), doi:10.1021/ct300688p). Errors by blocking.
 */
import { describe, expect, it } from "vitest";
import {
  type CellMode,
  cellRescaling,
  electronvoltsPerAmu,
  kineticEnergy,
  langevin,
  type Motion,
  martynaTobiasKlein,
  noseHoover,
  prepare,
  type State,
  start,
  velocityRescaling,
} from "../../src/dynamics/index.js";
import { boltzmann } from "../../src/units/index.js";
import {
  argon,
  blocked,
  crystal,
  type Estimate,
  exponent,
  followingField,
  gas,
  jackknifedSlope,
  loose,
  wells,
} from "./dynamics-beds.js";

const SEED = Number(process.env.POTLUCK_SEED ?? 20261121);
console.log(`dynamics-ensembles: seed ${SEED}`);

/** Within four standard errors, which must themselves be small enough for the test to mean something. */
function expectEstimate({ mean, error }: Estimate, exact: number, relative: number): void {
  expect(error).toBeLessThan(relative * Math.abs(exact));
  expect(Math.abs(mean - exact) / error).toBeLessThan(4);
}

/** What `measure` gives every `every` steps, after the first `skip`. */
function sample<T>(motion: Motion, options: { steps: number; skip: number; every: number; measure: () => T }): T[] {
  const { steps, skip, every, measure } = options;
  const found: T[] = [];
  for (let n = 1; n <= steps; n++) {
    motion.step();
    if (n > skip && n % every === 0) found.push(measure());
  }
  return found;
}

/** K is a gamma variate of shape N_f/2 and scale kT: mean N_f kT/2, variance N_f (kT)²/2. */
function expectKinetic(values: readonly number[], state: State, kelvin: number): void {
  const kT = boltzmann * kelvin;
  const mean = 0.5 * state.system.degreesOfFreedom * kT;
  expectEstimate(blocked(values), mean, 0.02);
  expectEstimate(blocked(values.map((k) => (k - mean) ** 2)), mean * kT, 0.15);
}

describe(`constant temperature (seed ${SEED})`, () => {
  const thermostats: readonly [string, (state: State, temperature: number) => Motion][] = [
    [
      "Nosé–Hoover chain",
      (state, temperature) => noseHoover(state, { timestep: 10, temperature, temperatureTime: 100 }),
    ],
    [
      "velocity rescaling",
      (state, temperature) => velocityRescaling(state, { timestep: 10, temperature, temperatureTime: 50 }),
    ],
    ["Langevin", (state, temperature) => langevin(state, { timestep: 10, temperature, friction: 0.005 })],
  ];

  it.each(thermostats)("%s: potential energies at two temperatures, and kinetic energies", (_, make) => {
    // A dense argon-like fluid, whose energy forgets within some 0.3 ps.
    const kelvins = [150, 200];
    const [cold, hot] = kelvins.map((kelvin, k) => {
      const state = start(prepare(crystal(2, 5.8), argon({ cutoff: 5.6 })), {
        seed: SEED + k,
        temperature: 1.5 * kelvin,
      });
      const measure = (): [number, number] => [state.energy, kineticEnergy(state)];
      const found = sample(make(state, kelvin), { steps: 7500, skip: 300, every: 5, measure });
      expectKinetic(
        found.map(([, kinetic]) => kinetic),
        state,
        kelvin,
      );
      return found.map(([energy]) => energy);
    });
    const exact = 1 / (boltzmann * kelvins[0]) - 1 / (boltzmann * kelvins[1]);
    expectEstimate(jackknifedSlope(cold, hot), exact, 0.15);
  });

  it.each([0.5, 1, 1.5])("Langevin: positions in wells are exact at ω dt = %f, velocities as known", (omegaStep) => {
    const [atoms, spring, kelvin] = [200, 0.5, 300];
    const kT = boltzmann * kelvin;
    const mass = 39.948 * electronvoltsPerAmu;
    const omega = Math.sqrt(spring / mass);
    const structure = loose(atoms);
    const springs = new Float64Array(3 * atoms).fill(spring);
    const system = prepare(structure, wells(structure.positions, springs), { centreOfMass: "free" });
    const state = start(system, { seed: SEED, temperature: kelvin });
    const motion = langevin(state, { timestep: omegaStep / omega, temperature: kelvin, friction: omega });
    const square = (values: Float64Array, from?: Float64Array): number =>
      values.reduce((sum, x, k) => sum + (x - (from?.[k] ?? 0)) ** 2, 0) / values.length;
    const measure = (): [number, number] => [square(state.positions, structure.positions), square(state.velocities)];
    const found = sample(motion, { steps: 850, skip: 50, every: 1, measure });
    expectEstimate(blocked(found.map(([r]) => r)), kT / spring, 0.006);
    expectEstimate(blocked(found.map(([, v]) => v)), (kT / mass) * (1 - omegaStep ** 2 / 4), 0.006);
  });

  it.each([1, 2, 3, 9])("velocity rescaling: kinetic energies of %d degrees of freedom", (freedoms) => {
    // The mean of √K is not that of any other distribution with this mean: a test of the gamma variates too.
    const kelvin = 300;
    const structure = loose(3);
    const fixed = [
      { atom: 0, directions: ["x", "y", "z"].slice(0, Math.max(0, 9 - freedoms)) as ("x" | "y" | "z")[] },
      { atom: 1, directions: ["x", "y", "z"].slice(0, Math.max(0, 6 - freedoms)) as ("x" | "y" | "z")[] },
      { atom: 2, directions: ["x", "y", "z"].slice(0, Math.max(0, 3 - freedoms)) as ("x" | "y" | "z")[] },
    ];
    const potential = wells(structure.positions, new Float64Array(9).fill(0.5));
    const system = prepare(structure, potential, { centreOfMass: "free", fixed });
    expect(system.degreesOfFreedom).toBe(freedoms);
    const state = start(system, { seed: SEED, temperature: kelvin });
    const motion = velocityRescaling(state, { timestep: 5, temperature: kelvin, temperatureTime: 10 });
    const values = sample(motion, { steps: 25000, skip: 100, every: 1, measure: () => kineticEnergy(state) });
    const kT = boltzmann * kelvin;
    expectEstimate(blocked(values), 0.5 * freedoms * kT, 0.03);
    const roots: Readonly<Record<number, number>> = {
      1: 1 / Math.sqrt(Math.PI),
      2: Math.sqrt(Math.PI) / 2,
      3: 2 / Math.sqrt(Math.PI),
      9: 128 / (35 * Math.sqrt(Math.PI)),
    };
    // ⟨√K⟩ = √kT Γ((N_f + 1)/2)/Γ(N_f/2)
    expectEstimate(blocked(values.map(Math.sqrt)), roots[freedoms] * Math.sqrt(kT), 0.02);
  });
});

type Barostat = (state: State, settings: Parameters<typeof martynaTobiasKlein>[1], compressibility: number) => Motion;
const pistons: readonly [string, Barostat][] = [
  ["Martyna–Tobias–Klein", (state, settings) => martynaTobiasKlein(state, settings)],
  ["cell rescaling", (state, settings, compressibility) => cellRescaling(state, { ...settings, compressibility })],
];

describe(`constant pressure (seed ${SEED})`, () => {
  it.each(pistons)("%s: volumes of a fluid at two pressures", (_, make) => {
    const [kelvin, pressures] = [150, [0.0012, 0.0016]];
    const [wide, narrow] = pressures.map((pressure, k) => {
      const system = prepare(crystal(2, 5.8), argon({ cutoff: 5.6 }));
      const state = start(system, { seed: SEED + k, temperature: 2 * kelvin });
      const settings = { timestep: 10, temperature: kelvin, pressure, temperatureTime: 100, pressureTime: 150 };
      const measure = (): [number, number] => [state.volume, kineticEnergy(state)];
      const found = sample(make(state, settings, 250), { steps: 7000, skip: 400, every: 5, measure });
      expectKinetic(
        found.map(([, kinetic]) => kinetic),
        state,
        kelvin,
      );
      return found.map(([volume]) => volume);
    });
    expectEstimate(jackknifedSlope(wide, narrow), -(pressures[1] - pressures[0]) / (boltzmann * kelvin), 0.15);
  });

  const modes: CellMode[] = ["isotropic", "orthorhombic", "flexible"];
  const cases = pistons.flatMap(([name, make]) => [
    ...modes.map((cell) => ({ name, make, cell, centreOfMass: "free" as const })),
    { name, make, cell: "isotropic" as const, centreOfMass: "rest" as const },
  ]);

  it.each(cases)("$name, $cell, centre of mass $centreOfMass: volumes and shapes of an ideal gas", (subject) => {
    const { make, cell, centreOfMass } = subject;
    const [atoms, kelvin] = [4, 300];
    const kT = boltzmann * kelvin;
    const pressure = kT / 50;
    const a = Math.cbrt(50 * atoms);
    const structure = {
      ...gas(atoms, { volume: 50 * atoms, seed: SEED }),
      cell: Float64Array.of(a, 0, 0, 0, a, 0, 0, 0, a),
    };
    const kappa = cell === "isotropic" ? 0 : 2 * kT;
    const system = prepare(structure, followingField(2 * kT, kappa), { centreOfMass });
    const state = start(system, { seed: SEED, temperature: kelvin });
    const settings = { timestep: 30, temperature: kelvin, pressure, temperatureTime: 200, pressureTime: 400, cell };
    const measure = (): [number, number, number] => [
      state.volume,
      kineticEnergy(state),
      state.cell!.reduce((sum, x) => sum + x * x, 0) / state.volume ** (2 / 3),
    ];
    const found = sample(make(state, settings, 1 / pressure), { steps: 28000, skip: 300, every: 2, measure });
    // V^N exp(−PV/kT), or V^(N−1): a gamma variate.
    const shape = centreOfMass === "free" ? atoms + 1 : atoms;
    expectEstimate(blocked(found.map(([v]) => v)), (shape * kT) / pressure, 0.05);
    const logarithm = Math.log(kT / pressure) + digamma(shape);
    expectEstimate(blocked(found.map(([v]) => Math.log(v))), logarithm, 0.01);
    const squares = blocked(found.map(([v]) => (Math.log(v) - logarithm) ** 2));
    expectEstimate(squares, trigamma(shape), 0.12);
    expectKinetic(
      found.map(([, kinetic]) => kinetic),
      state,
      kelvin,
    );
    if (cell !== "isotropic") expectEstimate(blocked(found.map(([, , s]) => s)), shapeExpected(cell), 0.03);
  });
});

describe(`cell rescaling (seed ${SEED})`, () => {
  it.each(["isotropic", "orthorhombic", "flexible"] as CellMode[])(
    "%s: one step changes the invariant by dt^1.5",
    (cell) => {
      // What is not booked would show: the noise moves the energies by dt^0.5. Root mean square over many single steps.
      const kelvin = 300;
      const kT = boltzmann * kelvin;
      const steps = [1, 4, 16];
      const changes = steps.map((timestep) => {
        const system = prepare(gas(4, { volume: 200, seed: SEED }), followingField(2 * kT, 2 * kT), {
          centreOfMass: "free",
        });
        const state = start(system, { seed: SEED, temperature: kelvin });
        const settings = {
          timestep,
          temperature: kelvin,
          pressure: kT / 50,
          temperatureTime: 200,
          pressureTime: 400,
          cell,
        };
        const motion = cellRescaling(state, { ...settings, compressibility: 50 / kT });
        let before = motion.invariant();
        const measure = (): number => {
          const change = motion.invariant() - before;
          before += change;
          return change * change;
        };
        return Math.sqrt(blocked(sample(motion, { steps: 1500, skip: 0, every: 1, measure })).mean);
      });
      expect(exponent(steps, changes)).toBeGreaterThan(1.1);
      expect(exponent(steps, changes)).toBeLessThan(1.9);
      expect(changes[0]).toBeLessThan(1e-3 * kT);
    },
  );
});

/** ψ(n) for whole n. */
function digamma(n: number): number {
  let sum = -0.5772156649015329;
  for (let k = 1; k < n; k++) sum += 1 / k;
  return sum;
}

/** ψ′(n) for whole n: variance of the logarithm of a gamma variate of shape n. */
function trigamma(n: number): number {
  let sum = Math.PI ** 2 / 6;
  for (let k = 1; k < n; k++) sum -= 1 / (k * k);
  return sum;
}

/**
 * ⟨Tr hᵀh/V^⅔⟩ with the weight exp(−(Tr hᵀh/V^⅔ − 3)) of a spring κ = 2 kT, for h = V^⅓ exp(e) with principal strains e that add up
 * to nothing. Along fixed axes all e are alike; where the axes may turn, the invariant measure of the shapes is Π sinh|e_i − e_j|.
 */
function shapeExpected(cell: CellMode): number {
  const step = 0.02;
  let [norm, sum] = [0, 0];
  for (let x = -3; x <= 3; x += step)
    for (let y = -3; y <= 3; y += step) {
      const z = -x - y;
      const trace = Math.exp(2 * x) + Math.exp(2 * y) + Math.exp(2 * z);
      const measure = cell === "flexible" ? Math.abs(Math.sinh(x - y) * Math.sinh(y - z) * Math.sinh(z - x)) : 1;
      const weight = measure * Math.exp(3 - trace);
      norm += weight;
      sum += weight * trace;
    }
  return sum / norm;
}
