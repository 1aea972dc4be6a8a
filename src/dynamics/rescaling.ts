/**
 * Stochastic rescaling of all velocities, which draws the kinetic energy from its canonical distribution and disturbs the motion
 * least: the thermostat of `ensembles/velocity-rescaling.ts` and of `ensembles/cell-rescaling.ts`.
 *
 *   α² = c + (1 − c)(K̄/(N_f K)) ΣR_i² + 2 R_1 √(c (1 − c) K̄/(N_f K)),   sign α = sign(R_1 + √(c N_f K/((1 − c) K̄)))
 *
 *   c = exp(−dt/τ)   K̄ = N_f kT/2   R_i  N_f independent normals, of which all but the first are drawn as one gamma variate
 *
 * Bussi, Donadio and Parrinello, J. Chem. Phys. 126, 014101 (2007), doi:10.1063/1.2408420, equations A7 and A8.
 */

import { scaleVelocities } from "./motion.js";
import { normal, sumOfSquares } from "./noise.js";
import { kineticEnergy } from "./observables.js";
import type { State } from "./state.js";

export interface Rescaling {
  /** kT, eV */
  readonly kT: number;
  /** dt/τ */
  readonly steps: number;
}

/** Rescales once; the kinetic energy that was added, eV. Atoms that are all at rest stay so. */
export function rescaleStochastically(state: State, { kT, steps }: Rescaling): number {
  const kinetic = kineticEnergy(state);
  const { degreesOfFreedom } = state.system;
  const first = normal(state.random);
  const others = sumOfSquares(state.random, degreesOfFreedom - 1);
  if (kinetic === 0) return 0;
  const c = Math.exp(-steps);
  const share = (-Math.expm1(-steps) * 0.5 * kT) / kinetic;
  const squared = c + share * (first * first + others) + 2 * first * Math.sqrt(c * share);
  const sign = share === 0 || first + Math.sqrt(c / share) >= 0 ? 1 : -1;
  // Rounding may leave a tiny negative number where the exact one is 0.
  const factor = sign * Math.sqrt(Math.max(0, squared));
  scaleVelocities(state, factor);
  return (factor * factor - 1) * kinetic;
}
