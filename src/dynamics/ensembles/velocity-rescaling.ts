/**
 * NVT by stochastic velocity rescaling: velocity Verlet, then one rescaling of all velocities (`rescaling.ts`).
 *
 * Bussi, Donadio and Parrinello, J. Chem. Phys. 126, 014101 (2007), doi:10.1063/1.2408420.
 * Conserved: K + U less the kinetic energy that all rescalings have added (their effective energy, equation 15).
 */
import { boltzmann } from "../../units/index.js";
import { advanceClock, checkPositive, drift, kick, type Motion } from "../motion.js";
import { kineticEnergy } from "../observables.js";
import { checkRamp, type Ramp, valueAt } from "../ramp.js";
import { rescaleStochastically } from "../rescaling.js";
import type { State } from "../state.js";

export interface VelocityRescalingOptions {
  /** fs */
  readonly timestep: number;
  /** K, not below 0 */
  readonly temperature: Ramp;
  /** τ, fs: time in which the kinetic energy forgets. Good: a hundred steps. */
  readonly temperatureTime: number;
}

export function velocityRescaling(state: State, options: VelocityRescalingOptions): Motion {
  const { timestep, temperature, temperatureTime } = options;
  checkPositive({ timestep, temperatureTime });
  checkRamp(temperature, { name: "temperature", unit: "K", least: 0 });
  // One variable: the heat put in, eV.
  state.enter("velocity-rescaling", 1);
  const { variables } = state;
  return {
    ensemble: "velocity-rescaling",
    state,
    timestep,
    step(demand) {
      kick(state, 0.5 * timestep);
      drift(state, timestep);
      state.evaluate(demand);
      kick(state, 0.5 * timestep);
      const kT = boltzmann * valueAt(temperature, state.time + 0.5 * timestep);
      variables[0] += rescaleStochastically(state, { kT, steps: timestep / temperatureTime });
      advanceClock(state, timestep);
    },
    invariant: () => kineticEnergy(state) + state.energy - variables[0],
  };
}
