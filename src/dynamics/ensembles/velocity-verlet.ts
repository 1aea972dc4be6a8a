/**
 * NVE: constant energy, by velocity Verlet.
 *
 *   v ← v + (dt/2) F(r)/m,   r ← r + dt v,   v ← v + (dt/2) F(r)/m
 *
 * Swope, Andersen, Berens and Wilson, J. Chem. Phys. 76, 637 (1982), doi:10.1063/1.442716, equations 19a and 19b.
 * Conserved: K + U, to order dt².
 */
import { advanceClock, checkPositive, drift, kick, type Motion, scaleVelocities } from "../motion.js";
import { kineticEnergy } from "../observables.js";
import type { State } from "../state.js";

export interface VelocityVerletOptions {
  /** fs */
  readonly timestep: number;
}

export function velocityVerlet(state: State, { timestep }: VelocityVerletOptions): Motion {
  checkPositive({ timestep });
  state.enter("velocity-verlet", 0);
  return {
    ensemble: "velocity-verlet",
    state,
    timestep,
    step(demand) {
      kick(state, 0.5 * timestep);
      drift(state, timestep);
      state.evaluate(demand);
      kick(state, 0.5 * timestep);
      advanceClock(state, timestep);
    },
    invariant: () => kineticEnergy(state) + state.energy,
    reverse: () => scaleVelocities(state, -1),
  };
}
