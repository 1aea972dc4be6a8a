/**
 * NVT by a Nosé–Hoover chain on all atoms together (`chain.ts`): chain for dt/2, velocity Verlet, chain for dt/2.
 *
 * Martyna, Klein and Tuckerman, J. Chem. Phys. 97, 2635 (1992), doi:10.1063/1.463940.
 * Conserved: K + U + ½ΣQ_j v_j² + heat. With a ramp the heat holds the work of changing the temperature.
 */
import { boltzmann } from "../../units/index.js";
import { Chain, chainVariables } from "../chain.js";
import { advanceClock, checkCounts, checkPositive, drift, kick, type Motion, scaleVelocities } from "../motion.js";
import { kineticEnergy } from "../observables.js";
import { checkRamp, type Ramp, valueAt } from "../ramp.js";
import type { State } from "../state.js";

export interface NoseHooverOptions {
  /** fs */
  readonly timestep: number;
  /** K, above 0 */
  readonly temperature: Ramp;
  /** τ, fs: 1/τ is the angular frequency at which the thermostat swings. Good: a hundred steps. */
  readonly temperatureTime: number;
  /** Thermostats in the chain. Default 3. */
  readonly chain?: number;
}

export function noseHoover(state: State, options: NoseHooverOptions): Motion {
  const { timestep, temperature, temperatureTime, chain: length = 3 } = options;
  checkPositive({ timestep, temperatureTime });
  checkCounts({ chain: length });
  checkRamp(temperature, { name: "temperature", unit: "K", least: 0, leastAllowed: false });
  state.enter("nose-hoover", chainVariables(length));
  const { degreesOfFreedom } = state.system;
  const chain = new Chain(state.variables, { length, degreesOfFreedom, time: temperatureTime });
  const thermostat = (kT: number): void =>
    scaleVelocities(state, chain.advance(2 * kineticEnergy(state), kT, 0.5 * timestep));
  return {
    ensemble: "nose-hoover",
    state,
    timestep,
    step(demand) {
      // One temperature for both halves, that of the middle: so a step can be retraced.
      const kT = boltzmann * valueAt(temperature, state.time + 0.5 * timestep);
      thermostat(kT);
      kick(state, 0.5 * timestep);
      drift(state, timestep);
      state.evaluate(demand);
      kick(state, 0.5 * timestep);
      thermostat(kT);
      advanceClock(state, timestep);
    },
    invariant: () => kineticEnergy(state) + state.energy + chain.energy(),
    reverse() {
      scaleVelocities(state, -1);
      chain.reverse();
    },
  };
}
