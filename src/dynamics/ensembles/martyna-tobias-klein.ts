/**
 * NPT by the equations of Martyna, Tobias and Klein: a cell that has inertia, in the manner of Parrinello and Rahman, with
 * Nosé–Hoover chains on the atoms and on the cell. Cell modes: as a whole, along x, y, z, or in every way (without turning).
 *
 *   ṙ = v + r·G          v̇ = F/m − v·(G + (Tr G/N_f) 1) − v_η v          ḣ = h·G
 *   W Ġ = V (P_int − P 1) + (2K/N_f) 1 − W v_ξ G                        V P_int = Σ m v v − V σ
 *
 *   G  velocity of the cell, symmetric, 1/fs     h  lattice vectors as rows     W = (N_f + 3) kT τ_p²/3, eV fs²
 *   v_η, v_ξ  heads of the chains on atoms and cell (`chain.ts`); the cell's has 1, 3 or 6 degrees of freedom
 *
 * Martyna, Tobias and Klein, J. Chem. Phys. 101, 4177 (1994), doi:10.1063/1.467468; factorised, with all equations solved
 * exactly for constant G, as Tuckerman, Alejandre, López-Rendón, Jochim and Martyna, J. Phys. A 39, 5629 (2006),
 * doi:10.1088/0305-4470/39/19/S18, do. For a cell that changes as a whole G is v_ε 1 and W a third of the paper's.
 *
 * Conserved: K + U + P V + ½ W Tr G² + both chains, less the work of changing P, W and T where they follow a ramp.
 * The volume is distributed as V^N exp(−(U + PV)/kT); with the centre of mass at rest as V^(N−1) exp(…).
 */
import { boltzmann } from "../../units/index.js";
import { Chain, chainVariables } from "../chain.js";
import { checkCellMayChange, drivingTensor } from "../constant-pressure.js";
import { advanceClock, checkCounts, checkPositive, type Motion, scaleVelocities } from "../motion.js";
import { kineticEnergy } from "../observables.js";
import { checkRamp, type Ramp, valueAt } from "../ramp.js";
import type { State } from "../state.js";
import { type CellMode, Exponential, flow, inner, strainFreedoms, trace, transformRows } from "../strain.js";

export interface MartynaTobiasKleinOptions {
  /** fs */
  readonly timestep: number;
  /** K, above 0 */
  readonly temperature: Ramp;
  /** P, eV/Å³ */
  readonly pressure: Ramp;
  /** τ of the chains, fs. Good: a hundred steps. */
  readonly temperatureTime: number;
  /** τ_p of the cell, fs. Good: a thousand steps. */
  readonly pressureTime: number;
  /** Default "isotropic". */
  readonly cell?: CellMode;
  /** Thermostats in either chain. Default 3. */
  readonly chain?: number;
}

export function martynaTobiasKlein(state: State, options: MartynaTobiasKleinOptions): Motion {
  const { timestep, temperatureTime, pressureTime, chain = 3 } = options;
  checkPositive({ timestep, temperatureTime, pressureTime });
  checkCounts({ chain });
  checkRamp(options.temperature, { name: "temperature", unit: "K", least: 0, leastAllowed: false });
  checkRamp(options.pressure, { name: "pressure", unit: "eV/Å³" });
  checkCellMayChange(state);
  return new MovingCell(state, options);
}

class MovingCell implements Motion {
  readonly ensemble: string;
  readonly state: State;
  readonly timestep: number;
  readonly #options: MartynaTobiasKleinOptions;
  readonly #mode: CellMode;
  readonly #atomChain: Chain;
  readonly #cellChain: Chain;
  /** G, 1/fs, part of the state's variables. */
  readonly #rate: Float64Array;
  /** Work of ramps (eV), the last W (eV fs²) and the last P (eV/Å³), part of the state's variables. */
  readonly #book: Float64Array;
  readonly #matrix = new Float64Array(6);
  readonly #exponential = new Exponential();

  constructor(state: State, options: MartynaTobiasKleinOptions) {
    const { temperatureTime: time, chain: length = 3, cell = "isotropic" } = options;
    this.ensemble = `martyna-tobias-klein ${cell}`;
    this.state = state;
    this.timestep = options.timestep;
    this.#options = options;
    this.#mode = cell;
    const own = chainVariables(length);
    const known = state.enter(this.ensemble, 9 + 2 * own);
    const part = (from: number, count: number): Float64Array => state.variables.subarray(from, from + count);
    this.#rate = part(0, 6);
    this.#book = part(6, 3);
    const { degreesOfFreedom } = state.system;
    this.#atomChain = new Chain(part(9, own), { length, degreesOfFreedom, time });
    this.#cellChain = new Chain(part(9 + own, own), { length, degreesOfFreedom: strainFreedoms[cell], time });
    if (!known) this.#setTargets(state.time);
  }

  step(demand?: Parameters<Motion["step"]>[0]): void {
    const { state, timestep } = this;
    const kT = this.#setTargets(state.time + 0.5 * timestep);
    this.#thermostatCell(kT);
    this.#thermostatAtoms(kT);
    this.#pushCell(0.5 * timestep);
    this.#pushAtoms(0.5 * timestep);
    this.#move();
    state.evaluate(demand);
    this.#pushAtoms(0.5 * timestep);
    this.#pushCell(0.5 * timestep);
    this.#thermostatAtoms(kT);
    this.#thermostatCell(kT);
    advanceClock(state, timestep);
  }

  invariant(): number {
    const { state } = this;
    const [work, , pressure] = this.#book;
    const chains = this.#atomChain.energy() + this.#cellChain.energy();
    return kineticEnergy(state) + state.energy + pressure * state.volume + this.#cellEnergy() + chains + work;
  }

  reverse(): void {
    scaleVelocities(this.state, -1);
    for (let c = 0; c < 6; c++) this.#rate[c] = -this.#rate[c];
    this.#atomChain.reverse();
    this.#cellChain.reverse();
  }

  /** ½ W Tr G², eV */
  #cellEnergy(): number {
    return 0.5 * this.#book[1] * inner(this.#rate, this.#rate);
  }

  /** Takes on the pressure, and the mass of the cell, of this time, and books the work; kT. */
  #setTargets(time: number): number {
    const book = this.#book;
    const { temperature, pressure, pressureTime } = this.#options;
    const kT = boltzmann * valueAt(temperature, time);
    const target = valueAt(pressure, time);
    const mass = ((this.state.system.degreesOfFreedom + 3) * kT * pressureTime * pressureTime) / 3;
    if (book[1] !== mass) {
      const before = this.#cellEnergy();
      book[1] = mass;
      book[0] += before - this.#cellEnergy();
    }
    if (book[2] !== target) {
      book[0] += (book[2] - target) * this.state.volume;
      book[2] = target;
    }
    return kT;
  }

  #thermostatCell(kT: number): void {
    const scale = this.#cellChain.advance(2 * this.#cellEnergy(), kT, 0.5 * this.timestep);
    for (let c = 0; c < 6; c++) this.#rate[c] *= scale;
  }

  #thermostatAtoms(kT: number): void {
    const { state } = this;
    scaleVelocities(state, this.#atomChain.advance(2 * kineticEnergy(state), kT, 0.5 * this.timestep));
  }

  #pushCell(time: number): void {
    const { state } = this;
    const force = this.#matrix;
    const twiceKinetic = drivingTensor(state, force, { pressure: this.#book[2], mode: this.#mode });
    const share = twiceKinetic / state.system.degreesOfFreedom;
    for (let c = 0; c < 6; c++) this.#rate[c] += ((force[c] + (c < 3 ? share : 0)) * time) / this.#book[1];
  }

  #pushAtoms(time: number): void {
    const { velocities, forces, system, centreAcceleration } = this.state;
    const matrix = this.#matrix;
    matrix.set(this.#rate);
    const share = trace(this.#rate) / system.degreesOfFreedom;
    for (let c = 0; c < 3; c++) matrix[c] += share;
    this.#exponential.set(matrix, -time);
    flow(velocities, this.#exponential, {
      other: forces,
      factor: time,
      weights: system.inverseMasses,
      offset: centreAcceleration,
    });
  }

  #move(): void {
    const { positions, velocities, cell } = this.state;
    this.#exponential.set(this.#rate, this.timestep);
    flow(positions, this.#exponential, { other: velocities, factor: this.timestep });
    transformRows(cell!, this.#exponential.exp);
  }
}
