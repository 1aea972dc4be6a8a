/** Velocities of the Maxwell–Boltzmann distribution, and the centre of mass brought to rest. */
import type { RandomStream } from "../math/index.js";
import { boltzmann } from "../units/index.js";
import { kineticEnergy } from "./observables.js";
import type { State } from "./state.js";

export interface VelocityOptions {
  /** K */
  readonly temperature: number;
  readonly random: RandomStream;
  /** Rescale so that the temperature is met exactly. */
  readonly exact: boolean;
}

/** Each component normal with variance kT/m; then the centre of mass to rest where it is to be, then the rescaling. */
export function drawVelocities(state: State, { temperature, random, exact }: VelocityOptions): void {
  const { velocities, system } = state;
  for (let k = 0; k < velocities.length; k++)
    velocities[k] = random.normal() * Math.sqrt(boltzmann * temperature * system.inverseMasses[k]);
  restCentre(state);
  if (exact) rescaleTo(state, temperature);
}

/** Rescales all velocities so that the instantaneous temperature is `temperature` (K); atoms at rest stay at rest. */
export function rescaleTo(state: State, temperature: number): void {
  const kinetic = kineticEnergy(state);
  if (kinetic === 0) return;
  const factor = Math.sqrt((0.5 * state.system.degreesOfFreedom * boltzmann * temperature) / kinetic);
  for (let k = 0; k < state.velocities.length; k++) state.velocities[k] *= factor;
}

/**
 * Takes the velocity of the centre of mass away in the directions in which it is to be at rest: a projection at right angles to
 * it in the metric of the masses, so that the velocities of the others keep their distribution. The kinetic energy that went with it, eV.
 */
export function restCentre({ velocities, system }: State): number {
  const { masses, restingMass } = system;
  if (restingMass[0] === 0 && restingMass[1] === 0 && restingMass[2] === 0) return 0;
  let x = 0;
  let y = 0;
  let z = 0;
  for (let k = 0; k < velocities.length; k += 3) {
    x += masses[k] * velocities[k];
    y += masses[k + 1] * velocities[k + 1];
    z += masses[k + 2] * velocities[k + 2];
  }
  x = restingMass[0] > 0 ? x / restingMass[0] : 0;
  y = restingMass[1] > 0 ? y / restingMass[1] : 0;
  z = restingMass[2] > 0 ? z / restingMass[2] : 0;
  for (let k = 0; k < velocities.length; k += 3) {
    velocities[k] -= x;
    velocities[k + 1] -= y;
    velocities[k + 2] -= z;
  }
  return 0.5 * (restingMass[0] * x * x + restingMass[1] * y * y + restingMass[2] * z * z);
}
