/** What a state is like at an instant: kinetic energy, temperature, pressure. */
import { boltzmann } from "../units/index.js";
import type { State } from "./state.js";

/** ½Σmv², eV. */
export function kineticEnergy({ velocities, system }: State): number {
  const { masses } = system;
  let sum = 0;
  for (let k = 0; k < velocities.length; k++) sum += masses[k] * velocities[k] * velocities[k];
  return 0.5 * sum;
}

/** 2K/(N_f k), K. */
export const temperature = (state: State): number => temperatureOf(state, kineticEnergy(state));

/** The temperature that a kinetic energy (eV) means, K. */
export const temperatureOf = ({ system }: State, kinetic: number): number =>
  (2 * kinetic) / (system.degreesOfFreedom * boltzmann);

/** Σ m v_α v_β into `into`, xx yy zz yz xz xy, eV; its trace is 2K. */
export function kineticTensor({ velocities, system }: State, into: Float64Array): Float64Array {
  const { masses } = system;
  let [xx, yy, zz, yz, xz, xy] = [0, 0, 0, 0, 0, 0];
  for (let k = 0; k < velocities.length; k += 3) {
    const vx = velocities[k];
    const vy = velocities[k + 1];
    const vz = velocities[k + 2];
    // An atom that is fixed in one direction only still has its mass in the others.
    xx += masses[k] * vx * vx;
    yy += masses[k + 1] * vy * vy;
    zz += masses[k + 2] * vz * vz;
    yz += masses[k + 1] * vy * vz;
    xz += masses[k] * vx * vz;
    xy += masses[k] * vx * vy;
  }
  into[0] = xx;
  into[1] = yy;
  into[2] = zz;
  into[3] = yz;
  into[4] = xz;
  into[5] = xy;
  return into;
}

/** P_αβ = Σ m v_α v_β / V − σ_αβ into `into`, xx yy zz yz xz xy, eV/Å³: positive under compression. NaN without three periods. */
export function pressureTensor(state: State, into: Float64Array): Float64Array {
  const { stress, volume } = state;
  kineticTensor(state, into);
  for (let c = 0; c < 6; c++) into[c] = stress === undefined ? Number.NaN : into[c] / volume - stress[c];
  return into;
}

/** A third of the trace of the pressure tensor, eV/Å³; NaN without a cell that repeats in three directions. */
export function pressure(state: State): number {
  const { stress } = state;
  if (stress === undefined) return Number.NaN;
  return (2 * kineticEnergy(state)) / (3 * state.volume) - (stress[0] + stress[1] + stress[2]) / 3;
}
