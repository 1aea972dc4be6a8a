/**
 * NVT by Langevin dynamics, in the order BAOAB:
 *
 *   B  v ← v + (dt/2) F/m     A  r ← r + (dt/2) v     O  v ← c v + √(1 − c²) √(kT/m) ξ,  c = exp(−γ dt)
 *
 *   γ  friction, 1/fs     ξ  independent normals
 *
 * Leimkuhler and Matthews, Appl. Math. Res. Express 2013, 34, doi:10.1093/amrx/abs010, and J. Chem. Phys. 138, 174102 (2013),
 * doi:10.1063/1.4802990: positions in harmonic wells are distributed exactly at any stable step. Velocities at the end of a step are
 * not: for a well of frequency ω their variance is (kT/m)(1 − ω²dt²/4), which makes the temperature that one reads too low.
 * Where the centre of mass is at rest the noise is projected so that it stays there, and has 3N − 3 degrees of freedom.
 *
 * Conserved: K + U less the kinetic energy that all O have added (the effective energy of Bussi and Parrinello, Phys. Rev. E 75,
 * 056707 (2007), doi:10.1103/PhysRevE.75.056707).
 */
import { boltzmann } from "../../units/index.js";
import { advanceClock, checkPositive, drift, kick, type Motion } from "../motion.js";
import { normal } from "../noise.js";
import { kineticEnergy } from "../observables.js";
import { checkRamp, type Ramp, valueAt } from "../ramp.js";
import type { State } from "../state.js";
import { restCentre } from "../velocities.js";

export interface LangevinOptions {
  /** fs */
  readonly timestep: number;
  /** K, not below 0 */
  readonly temperature: Ramp;
  /** γ, 1/fs. Good for sampling: 0.001 to 0.01. */
  readonly friction: number;
}

export function langevin(state: State, { timestep, temperature, friction }: LangevinOptions): Motion {
  checkPositive({ timestep, friction });
  checkRamp(temperature, { name: "temperature", unit: "K", least: 0 });
  // One variable: the heat put in, eV.
  state.enter("langevin", 1);
  const { variables, system, velocities } = state;
  const kept = Math.exp(-friction * timestep);
  const renewed = Math.sqrt(-Math.expm1(-2 * friction * timestep));
  /** √(1 − c²)/√m, [atom, xyz]; 0 where the coordinate is fixed. */
  const amplitudes = system.inverseMasses.map((inverse) => renewed * Math.sqrt(inverse));
  /** O; the kinetic energy that it adds, eV. */
  const renew = (kT: number): number => {
    const thermal = Math.sqrt(kT);
    const { masses } = system;
    let twice = 0;
    for (let k = 0; k < velocities.length; k++) {
      const before = velocities[k];
      const after = kept * before + thermal * amplitudes[k] * normal(state.random);
      twice += masses[k] * (after - before) * (after + before);
      velocities[k] = after;
    }
    return 0.5 * twice - restCentre(state);
  };
  return {
    ensemble: "langevin",
    state,
    timestep,
    step(demand) {
      kick(state, 0.5 * timestep);
      drift(state, 0.5 * timestep);
      variables[0] += renew(boltzmann * valueAt(temperature, state.time + 0.5 * timestep));
      drift(state, 0.5 * timestep);
      state.evaluate(demand);
      kick(state, 0.5 * timestep);
      advanceClock(state, timestep);
    },
    invariant: () => kineticEnergy(state) + state.energy - variables[0],
  };
}
