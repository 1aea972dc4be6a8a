/**
 * What every ensemble must obey: constants of the motion, retraced steps where there is no noise, fixed atoms, a centre of mass at
 * rest, ramps, refusals, and runs that are broken and go on with the same bits.
 */
import { describe, expect, it } from "vitest";
import {
  type CellMode,
  cellRescaling,
  decodeCheckpoint,
  encodeCheckpoint,
  kineticEnergy,
  langevin,
  type Motion,
  martynaTobiasKlein,
  noseHoover,
  prepare,
  type Ramp,
  restore,
  type State,
  type SystemOptions,
  save,
  start,
  temperature,
  velocityRescaling,
  velocityVerlet,
} from "../../src/dynamics/index.js";
import { InputError } from "../../src/errors/index.js";
import type { Potential } from "../../src/potentials/potential.js";
import { argon, crystal, exponent } from "../physics/dynamics-beds.js";

const SEED = Number(process.env.POTLUCK_SEED ?? 20261121);
console.log(`integrators: seed ${SEED}`);

interface Settings {
  readonly timestep: number;
  readonly temperature?: Ramp;
  readonly pressure?: Ramp;
}

interface Subject {
  readonly name: string;
  /** Has noise; lets the cell change. */
  readonly noise: boolean;
  readonly moves: boolean;
  readonly make: (state: State, settings: Settings) => Motion;
}

const T = 50;
const temperatureTime = 150;

const subjects: readonly Subject[] = [
  {
    name: "velocity Verlet",
    noise: false,
    moves: false,
    make: (state, { timestep }) => velocityVerlet(state, { timestep }),
  },
  {
    name: "Nosé–Hoover chain",
    noise: false,
    moves: false,
    make: (state, s) => noseHoover(state, { temperature: T, temperatureTime, ...s }),
  },
  {
    name: "Langevin",
    noise: true,
    moves: false,
    make: (state, s) => langevin(state, { temperature: T, friction: 0.005, ...s }),
  },
  {
    name: "velocity rescaling",
    noise: true,
    moves: false,
    make: (state, s) => velocityRescaling(state, { temperature: T, temperatureTime, ...s }),
  },
  ...(["isotropic", "orthorhombic", "flexible"] as CellMode[]).flatMap((cell): Subject[] => {
    const common = { temperature: T, pressure: 0.0004, temperatureTime, pressureTime: 600, cell };
    return [
      {
        name: `Martyna–Tobias–Klein, ${cell}`,
        noise: false,
        moves: true,
        make: (state, s) => martynaTobiasKlein(state, { ...common, ...s }),
      },
      {
        name: `cell rescaling, ${cell}`,
        noise: true,
        moves: true,
        make: (state, s) => cellRescaling(state, { ...common, compressibility: 60, ...s }),
      },
    ];
  }),
];

const potential = argon();
const skewed = (() => {
  const cube = crystal(2, 5.45);
  const cell = cube.cell!.slice();
  // Sheared along, so that no axis is special.
  cell[3] += 0.4;
  cell[7] -= 0.3;
  const positions = cube.positions.slice();
  for (let k = 0; k < positions.length; k += 3) {
    positions[k] += (0.4 / 10.9) * positions[k + 1];
    positions[k + 1] -= (0.3 / 10.9) * positions[k + 2];
  }
  return { ...cube, cell, positions };
})();

const begin = (options: SystemOptions = {}, kelvin = 2 * T): State =>
  start(prepare(skewed, potential, options), { seed: SEED, temperature: kelvin });

const take = (motion: Motion, steps: number): void => {
  for (let n = 0; n < steps; n++) motion.step();
};

const distance = (a: Float64Array, b: Float64Array): number => Math.max(...a.map((x, k) => Math.abs(x - b[k])));

describe.each(subjects)("$name", ({ make, noise, moves }) => {
  it("moves atoms, cell and clock", () => {
    const state = begin();
    const motion = make(state, { timestep: 4 });
    take(motion, 10);
    expect(motion.state).toBe(state);
    expect(state.step).toBe(10);
    expect(state.time).toBe(40);
    expect(distance(state.positions, skewed.positions)).toBeGreaterThan(0.01);
    expect(distance(state.cell!, skewed.cell!) > 1e-6).toBe(moves);
    expect((motion.reverse === undefined) === noise).toBe(true);
  });

  it("keeps its invariant, to the order of its error in the step", () => {
    // A strong start: twice the temperature, and a pressure that is not met, so that some 0.1 eV flow through thermostat and barostat.
    // Without noise the invariant swings with dt². Noise on the cell lets it walk: root mean square dt √t, over some streams.
    const steps = noise ? [6, 12, 24] : [4, 8, 16];
    const streams = noise ? (moves ? 8 : 3) : 1;
    const [errors, flows] = [0, 1].map((which) =>
      steps.map((timestep) => {
        let squares = 0;
        for (let stream = 0; stream < streams; stream++)
          squares += spread(timestep, SEED + stream, noise ? (moves ? 600 : 1200) : 2400)[which] / streams;
        return Math.sqrt(squares);
      }),
    );
    expect(errors[0]).toBeLessThan(4e-4);
    const order = exponent(steps, errors);
    if (noise && moves) expect(Math.abs(order - 1)).toBeLessThan(0.4);
    else expect(Math.abs(order - 2)).toBeLessThan(noise ? 0.6 : 0.25);
    // The energy itself does not keep its place, so that there was something to keep book of.
    if (noise || moves) expect(flows[0]).toBeGreaterThan(0.02);
  });

  /** Mean squares over a run of the invariant's and of the energy's way from the start, eV². */
  function spread(timestep: number, seed: number, duration: number): [number, number] {
    const state = start(prepare(skewed, potential), { seed, temperature: 2 * T });
    const motion = make(state, { timestep });
    const energy = (): number => kineticEnergy(state) + state.energy;
    const first = [motion.invariant(), energy()];
    const sums: [number, number] = [0, 0];
    const count = duration / timestep;
    for (let n = 0; n < count; n++) {
      motion.step();
      sums[0] += (motion.invariant() - first[0]) ** 2 / count;
      sums[1] += (energy() - first[1]) ** 2 / count;
    }
    return sums;
  }

  it.skipIf(noise)("retraces its steps", () => {
    const state = begin();
    const motion = make(state, { timestep: 8 });
    const velocities = state.velocities.slice();
    take(motion, 100);
    const away = distance(state.positions, skewed.positions);
    motion.reverse!();
    take(motion, 100);
    motion.reverse!();
    expect(away).toBeGreaterThan(0.5);
    expect(distance(state.positions, skewed.positions)).toBeLessThan(1e-8);
    expect(distance(state.velocities, velocities)).toBeLessThan(1e-10);
    expect(distance(state.cell!, skewed.cell!)).toBeLessThan(1e-9);
  });

  it.skipIf(moves)("leaves fixed atoms where they are, and others in fixed directions", () => {
    const state = begin({ fixed: [3, { atom: 5, directions: ["x", "z"] }] });
    expect(state.system.degreesOfFreedom).toBe(96 - 5);
    take(make(state, { timestep: 4 }), 50);
    const moved = state.positions.map((r, k) => Math.abs(r - skewed.positions[k]));
    expect([...moved].flatMap((d, k) => (d === 0 ? [k] : []))).toEqual([9, 10, 11, 15, 17]);
    expect([...state.velocities].flatMap((v, k) => (v === 0 ? [k] : []))).toEqual([9, 10, 11, 15, 17]);
  });

  it("keeps the centre of mass at rest, whatever pulls at it", () => {
    // Forces with a sum, on the first atom.
    const pulled: Potential = {
      ...potential,
      bind: (structure) => {
        const field = potential.bind(structure);
        return {
          evaluate: (...given) => {
            const found = field.evaluate(...given);
            const forces = found.forces.slice();
            forces[0] += 0.01;
            forces[1] -= 0.015;
            forces[2] += 0.02;
            return { ...found, forces };
          },
        };
      },
    };
    const system = prepare(skewed, pulled);
    expect(system.degreesOfFreedom).toBe(93);
    const state = start(system, { seed: SEED, temperature: T });
    const centre = (): number[] =>
      [0, 1, 2].map((x) => state.positions.reduce((sum, r, k) => sum + (k % 3 === x ? r / 32 : 0), 0));
    const inCell = (r: number[]): number[] => (moves ? r.map((x) => x / Math.cbrt(state.volume)) : r);
    const before = inCell(centre());
    take(make(state, { timestep: 4 }), 120);
    const momentum = [0, 1, 2].map((x) => state.velocities.reduce((sum, v, k) => sum + (k % 3 === x ? v : 0), 0));
    for (const p of momentum) expect(Math.abs(p)).toBeLessThan(1e-14);
    // In a cell that changes its shape the centre follows the cell.
    inCell(centre()).forEach((x, k) => {
      expect(Math.abs(x - before[k])).toBeLessThan(moves ? 0.05 : 1e-11);
    });
  });

  it("goes on with the same bits from any step", () => {
    const ramp = [
      { time: 0, value: 40 },
      { time: 100, value: 90 },
    ];
    const settings = { timestep: 4, temperature: ramp };
    const whole = begin();
    const unbroken = make(whole, settings);
    const kept = new Map<number, Uint8Array>();
    for (let n = 1; n <= 24; n++) {
      unbroken.step();
      if (n === 1 || n === 7 || n === 15) kept.set(n, encodeCheckpoint(save(whole), "this run"));
    }
    for (const [n, bytes] of kept) {
      const checkpoint = decodeCheckpoint(bytes, "this run");
      if (typeof checkpoint === "string") throw new Error(checkpoint);
      const state = restore(prepare(skewed, potential), checkpoint);
      const motion = make(state, settings);
      take(motion, 24 - n);
      expect(save(state)).toEqual(save(whole));
      expect(motion.invariant()).toBe(unbroken.invariant());
    }
  });

  it("follows a ramp to its end, and its invariant keeps book", () => {
    if (!subjectHasTemperature(make)) return;
    const state = begin({}, 20);
    const motion = make(state, {
      timestep: 8,
      temperature: [
        { time: 800, value: 20 },
        { time: 4800, value: 70 },
      ],
      pressure: [
        { time: 0, value: 0.0002 },
        { time: 4800, value: 0.002 },
      ],
    });
    const first = motion.invariant();
    const volume = state.volume;
    take(motion, 600);
    let sum = 0;
    for (let n = 0; n < 800; n++) {
      motion.step();
      sum += temperature(state) / 800;
    }
    // 93 degrees of freedom: ±10 K at an instant, ±2 K over these 6 ps.
    expect(Math.abs(sum - 70)).toBeLessThan(8);
    // 0.2 eV have come in, and 2 eV of PV through the ramp of the pressure.
    expect(Math.abs(motion.invariant() - first)).toBeLessThan(moves ? 0.004 : 6e-4);
    expect(state.volume < 0.99 * volume).toBe(moves);
  });

  it("refuses what makes no sense", () => {
    const code = (settings: Settings, state = begin()): string => {
      try {
        make(state, settings);
      } catch (error) {
        if (error instanceof InputError) return error.code;
        throw error;
      }
      return "accepted";
    };
    expect(code({ timestep: 0 })).toBe("wrong-parameter");
    expect(code({ timestep: Number.NaN })).toBe("wrong-parameter");
    if (subjectHasTemperature(make)) {
      expect(code({ timestep: 1, temperature: -3 })).toBe("wrong-ramp");
      expect(code({ timestep: 1, temperature: [] })).toBe("wrong-ramp");
      const backwards = [
        { time: 5, value: 1 },
        { time: 5, value: 2 },
      ];
      expect(code({ timestep: 1, temperature: backwards })).toBe("wrong-ramp");
    }
    if (!moves) return;
    expect(code({ timestep: 1 }, begin({ fixed: [1] }))).toBe("fixed-in-moving-cell");
    const slab = prepare({ ...skewed, periodic: [true, true, false] }, potential);
    expect(code({ timestep: 1 }, start(slab, { seed: 1 }))).toBe("no-pressure");
  });
});

/** All but velocity Verlet do. */
function subjectHasTemperature(make: Subject["make"]): boolean {
  return make !== subjects[0].make;
}
