/** What every ensemble gives: a state, a step, an invariant. And the parts of which steps are made. */
import { InputError } from "../errors/index.js";
import type { Demand } from "../potentials/potential.js";
import type { State } from "./state.js";
import { restCentre } from "./velocities.js";

/** A state that moves in an ensemble. */
export interface Motion {
  /** "nose-hoover", "langevin", … */
  readonly ensemble: string;
  readonly state: State;
  /** fs */
  readonly timestep: number;
  /** One step, in place. `demand`: what to ask of the potential at its end beyond energy, forces and stress. */
  step(demand?: Demand): void;
  /**
   * What the exact motion conserves, eV. For ensembles with noise: the energy less the heat and work that thermostat and barostat
   * have put in, which only the error of a finite time step changes.
   */
  invariant(): number;
  /** Turns the arrow of time, so that the next steps retrace those made. Only ensembles without noise have it. */
  reverse?(): void;
}

/**
 * v += h (F/m − a), where a, the acceleration of the centre of mass by forces that do not add up to nothing, is taken away in the
 * directions in which it is at rest: the force that holds it there, which does no work.
 */
export function kick(state: State, h: number): void {
  const { velocities, forces, system, centreAcceleration } = state;
  const { inverseMasses } = system;
  const x = h * centreAcceleration[0];
  const y = h * centreAcceleration[1];
  const z = h * centreAcceleration[2];
  for (let k = 0; k < velocities.length; k += 3) {
    velocities[k] += h * inverseMasses[k] * forces[k] - x;
    velocities[k + 1] += h * inverseMasses[k + 1] * forces[k + 1] - y;
    velocities[k + 2] += h * inverseMasses[k + 2] * forces[k + 2] - z;
  }
}

/** r += h v */
export function drift({ positions, velocities }: State, h: number): void {
  for (let k = 0; k < positions.length; k++) positions[k] += h * velocities[k];
}

/** v *= factor */
export function scaleVelocities({ velocities }: State, factor: number): void {
  for (let k = 0; k < velocities.length; k++) velocities[k] *= factor;
}

/** Steps after which rounding is taken from a centre of mass at rest: it grows by some 1e-19 Å/fs a step. */
const TIDY = 100;

/** Counts the step. */
export function advanceClock(state: State, timestep: number): void {
  state.step++;
  state.time += timestep;
  if (state.step % TIDY === 0) restCentre(state);
}

/** Throws an InputError (`wrong-parameter`) unless every number is finite and above 0. */
export function checkPositive(parameters: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(parameters)) {
    if (value > 0 && Number.isFinite(value)) continue;
    throw new InputError({
      code: "wrong-parameter",
      problem: `${name} is ${value}.`,
      expected: "A finite number above 0.",
      remedy: `Correct ${name}.`,
    });
  }
}

/** Throws an InputError unless each is a whole number from 1 on. */
export function checkCounts(parameters: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(parameters)) {
    if (Number.isInteger(value) && value >= 1) continue;
    throw new InputError({
      code: "wrong-parameter",
      problem: `${name} is ${value}.`,
      expected: "A whole number from 1 on.",
      remedy: `Correct ${name}.`,
    });
  }
}
