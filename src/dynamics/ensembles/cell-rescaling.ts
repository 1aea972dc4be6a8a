/**
 * NPT by stochastic cell rescaling: a cell without inertia that drifts under the pressure and is shaken, with stochastic velocity
 * rescaling for the temperature (`rescaling.ts`). Cell modes: as a whole, along x, y, z, or in every way (without turning).
 *
 *   h ← h·exp(E),   r ← r·exp(E),   v ← v·exp(−E),     E = B dt + √(2 D dt) R,     B = (D/kT) (V (P_int − P 1) + kT 1)
 *
 *   D = kT β/(3 V₀ τ_p), 1/fs     β  compressibility, Å³/eV     V₀  the volume at the start     V P_int = Σ m v v − V σ
 *   R  a symmetric matrix of normals: variance 1 on the diagonal and ½ off it
 *
 * Bernetti and Bussi, J. Chem. Phys. 153, 114107 (2020), doi:10.1063/5.0020514, for the cell as a whole; Del Tatto, Raiteri,
 * Bernetti and Bussi, Appl. Sci. 12, 1139 (2022), doi:10.3390/app12031139, for all of it. We deviate in the mobility: theirs is
 * D V₀/V, which gives the same distribution; ours does not change with the cell, so that no error of first order comes from it and
 * the effective energy needs no derivative of D. With a symmetric R the cell is not turned, and nothing else depends on the rest.
 *
 * The cell changes in the middle of the drift; both the forces and the stress of a step's start are used in it, so the step is as
 * reversible as velocity Verlet, and the ratio of the probabilities of E forth and −E back is known when the step is done. Conserved:
 * K + U + P V less heat; heat is the kinetic energy that rescalings have added, kT ln V, and kT/2 Σ (R² − R'²), with R' the noise
 * that would have led back (Bernetti and Bussi, section II D).
 * The volume is distributed as V^N exp(−(U + PV)/kT); with the centre of mass at rest as V^(N−1) exp(…).
 */
import type { Demand } from "../../potentials/potential.js";
import { boltzmann } from "../../units/index.js";
import { checkCellMayChange, drivingTensor } from "../constant-pressure.js";
import { advanceClock, checkPositive, drift, kick, type Motion } from "../motion.js";
import { normal } from "../noise.js";
import { kineticEnergy } from "../observables.js";
import { checkRamp, type Ramp, valueAt } from "../ramp.js";
import { rescaleStochastically } from "../rescaling.js";
import type { State } from "../state.js";
import { type CellMode, Exponential, inner, restrict, strainFreedoms, trace, transformRows } from "../strain.js";

export interface CellRescalingOptions {
  /** fs */
  readonly timestep: number;
  /** K, above 0 */
  readonly temperature: Ramp;
  /** P, eV/Å³ */
  readonly pressure: Ramp;
  /** τ of the velocities, fs. Good: a hundred steps. */
  readonly temperatureTime: number;
  /** τ_p, fs: time in which the volume forgets, if the compressibility is right. Good: a thousand steps. */
  readonly pressureTime: number;
  /** β, Å³/eV; a guess will do, since it is only ever divided by τ_p. Water: 73, silicon: 1.6. */
  readonly compressibility: number;
  /** Default "isotropic". */
  readonly cell?: CellMode;
}

export function cellRescaling(state: State, options: CellRescalingOptions): Motion {
  const { timestep, temperatureTime, pressureTime, compressibility } = options;
  checkPositive({ timestep, temperatureTime, pressureTime, compressibility });
  checkRamp(options.temperature, { name: "temperature", unit: "K", least: 0, leastAllowed: false });
  checkRamp(options.pressure, { name: "pressure", unit: "eV/Å³" });
  checkCellMayChange(state);
  return new RescaledCell(state, options);
}

/** Places in the state's variables: heat (eV), V₀ (Å³), the last P (eV/Å³). */
const HEAT = 0;
const START_VOLUME = 1;
const PRESSURE = 2;

class RescaledCell implements Motion {
  readonly ensemble: string;
  readonly state: State;
  readonly timestep: number;
  readonly #options: CellRescalingOptions;
  readonly #mode: CellMode;
  readonly #variables: Float64Array;
  /** E of this step. */
  readonly #strain = new Float64Array(6);
  readonly #drive = new Float64Array(6);
  readonly #exponential = new Exponential();

  constructor(state: State, options: CellRescalingOptions) {
    this.#mode = options.cell ?? "isotropic";
    this.ensemble = `cell-rescaling ${this.#mode}`;
    this.state = state;
    this.timestep = options.timestep;
    this.#options = options;
    const known = state.enter(this.ensemble, 3);
    this.#variables = state.variables;
    if (known) return;
    this.#variables[START_VOLUME] = state.volume;
    this.#variables[PRESSURE] = valueAt(options.pressure, state.time);
  }

  step(demand?: Demand): void {
    const { state, timestep } = this;
    const { temperature, temperatureTime } = this.#options;
    const kT = boltzmann * valueAt(temperature, state.time + 0.5 * timestep);
    this.#setPressure();
    kick(state, 0.5 * timestep);
    drift(state, 0.5 * timestep);
    this.#rescaleCell(kT);
    drift(state, 0.5 * timestep);
    state.evaluate(demand);
    this.#bookWayBack(kT);
    kick(state, 0.5 * timestep);
    this.#variables[HEAT] += rescaleStochastically(state, { kT, steps: timestep / temperatureTime });
    advanceClock(state, timestep);
  }

  invariant(): number {
    const { state } = this;
    return kineticEnergy(state) + state.energy + this.#variables[PRESSURE] * state.volume - this.#variables[HEAT];
  }

  /** Takes on the pressure of this time and books the work. */
  #setPressure(): void {
    const variables = this.#variables;
    const target = valueAt(this.#options.pressure, this.state.time + 0.5 * this.timestep);
    if (target === variables[PRESSURE]) return;
    variables[HEAT] += (target - variables[PRESSURE]) * this.state.volume;
    variables[PRESSURE] = target;
  }

  /** D, 1/fs */
  #mobility(kT: number): number {
    const { compressibility, pressureTime } = this.#options;
    return (kT * compressibility) / (3 * this.#variables[START_VOLUME] * pressureTime);
  }

  /** B dt, from velocities, stress and cell as they are. */
  #setDrive(kT: number): void {
    const drive = this.#drive;
    const factor = (this.#mobility(kT) * this.timestep) / kT;
    drivingTensor(this.state, drive, { pressure: this.#variables[PRESSURE], mode: this.#mode });
    for (let c = 0; c < 6; c++) drive[c] = factor * (drive[c] + (c < 3 ? kT : 0));
  }

  /** Draws E, and deforms cell, positions and velocities. */
  #rescaleCell(kT: number): void {
    const { positions, velocities, cell, random } = this.state;
    const strain = this.#strain;
    this.#setDrive(kT);
    drawSymmetric(strain, { draw: () => normal(random), mode: this.#mode });
    const spread = Math.sqrt(2 * this.#mobility(kT) * this.timestep);
    for (let c = 0; c < 6; c++) strain[c] = this.#drive[c] + spread * strain[c];
    this.#bookDistance(kT, 1);
    this.#exponential.set(strain, 1);
    transformRows(positions, this.#exponential.exp);
    transformRows(cell!, this.#exponential.exp);
    this.#exponential.set(strain, -1);
    transformRows(velocities, this.#exponential.exp);
  }

  /** The noise that −E would need at the end of the way, where the stress is now known; velocities are still those in the middle. */
  #bookWayBack(kT: number): void {
    const strain = this.#strain;
    this.#setDrive(kT);
    this.#variables[HEAT] += kT * trace(strain);
    for (let c = 0; c < 6; c++) strain[c] = -strain[c];
    this.#bookDistance(kT, -1);
  }

  /** Adds sign·(kT/2) ΣR² to the heat, with √(2 D dt) R = E − B dt. */
  #bookDistance(kT: number, sign: number): void {
    const noise = this.#drive;
    for (let c = 0; c < 6; c++) noise[c] = this.#strain[c] - noise[c];
    this.#variables[HEAT] += (sign * kT * inner(noise, noise)) / (4 * this.#mobility(kT) * this.timestep);
  }
}

/** A symmetric matrix of noise with Σ_αβ R_αβ² distributed as the sum of squares of as many normals as the mode has freedoms. */
function drawSymmetric(
  into: Float64Array,
  { draw, mode }: { readonly draw: () => number; readonly mode: CellMode },
): void {
  if (mode === "isotropic") into.fill(0).fill(draw() / Math.sqrt(3), 0, 3);
  else for (let c = 0; c < strainFreedoms[mode]; c++) into[c] = c < 3 ? draw() : draw() / Math.SQRT2;
  restrict(into, mode);
}
