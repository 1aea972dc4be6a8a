/**
 * A Nosé–Hoover chain: thermostats that are thermostatted, so that few stiff oscillators too come to equilibrium.
 *
 * Martyna, Klein and Tuckerman, J. Chem. Phys. 97, 2635 (1992), doi:10.1063/1.463940; the factorised propagator with Suzuki–Yoshida
 * weights of Martyna, Tuckerman, Tobias and Klein, Mol. Phys. 87, 1117 (1996), doi:10.1080/00268979600100761, equations 28 to 30.
 *
 *   G_1 = (2K − g kT)/Q_1,   G_j = (Q_{j−1} v_{j−1}² − kT)/Q_j,   v̇_j = G_j − v_j v_{j+1},   v̇ = −v_1 v
 *
 *   v_j  velocities of the chain, 1/fs     Q_1 = g kT τ², Q_j = kT τ², eV fs²
 *   2K   twice the kinetic energy that it holds, eV     g  its degrees of freedom     τ  its time constant, fs
 *
 * Where the papers keep the positions η_j, we keep the heat ∫ kT (g v_1 + Σ_{j>1} v_j) dt, which is all they are needed for and holds
 * when the temperature changes too. The masses Q follow the temperature; what that does to ½ΣQv² is booked in the heat.
 */

export interface ChainOptions {
  readonly length: number;
  /** g */
  readonly degreesOfFreedom: number;
  /** τ, fs */
  readonly time: number;
}

/**
 * Weights of the fourth-order composition by Suzuki (five parts) with Yoshida's idea of doing it to the chain alone: 4 of w and one of
 * 1 − 4w. Cheap next to the forces, and time constants of ten steps are still followed well.
 */
const W = 1 / (4 - 4 ** (1 / 3));
const WEIGHTS = [W, W, 1 - 4 * W, W, W] as const;

/** Variables in a state: velocities, then the heat, then the last kT. */
export const chainVariables = (length: number): number => length + 2;

export class Chain {
  readonly #values: Float64Array;
  readonly #length: number;
  readonly #degreesOfFreedom: number;
  readonly #timeSquared: number;

  /** `values`: its part of the state's variables, `chainVariables(length)` long; zeros at the start. */
  constructor(values: Float64Array, { length, degreesOfFreedom, time }: ChainOptions) {
    this.#values = values;
    this.#length = length;
    this.#degreesOfFreedom = degreesOfFreedom;
    this.#timeSquared = time * time;
  }

  /** Moves the chain on by `time` (fs) with 2K = `twiceKinetic` (eV) at kT (eV); the factor for the velocities that it holds. */
  advance(twiceKinetic: number, kT: number, time: number): number {
    this.#setTemperature(kT);
    let scale = 1;
    for (const weight of WEIGHTS) scale *= this.#part(twiceKinetic * scale * scale, kT, weight * time);
    return scale;
  }

  /** ½ΣQ_j v_j² and the heat, eV: the chain's part of the invariant. */
  energy(): number {
    const v = this.#values;
    let sum = 0;
    for (let j = 0; j < this.#length; j++) sum += this.#mass(j) * v[j] * v[j];
    return 0.5 * sum + v[this.#length];
  }

  reverse(): void {
    for (let j = 0; j < this.#length; j++) this.#values[j] = -this.#values[j];
  }

  #mass(j: number): number {
    return (j === 0 ? this.#degreesOfFreedom : 1) * this.#values[this.#length + 1] * this.#timeSquared;
  }

  #setTemperature(kT: number): void {
    const v = this.#values;
    const m = this.#length;
    if (v[m + 1] === kT) return;
    const before = this.energy();
    v[m + 1] = kT;
    v[m] += before - this.energy();
  }

  /** One part of the composition: half of the chain from its end to its head, the velocities and the heat, the chain back again. */
  #part(twiceKinetic: number, kT: number, time: number): number {
    const v = this.#values;
    const last = this.#length - 1;
    for (let j = last; j >= 0; j--) this.#link(j, this.#force(j, twiceKinetic, kT), time);
    const scale = Math.exp(-v[0] * time);
    let rate = this.#degreesOfFreedom * v[0];
    for (let j = 1; j <= last; j++) rate += v[j];
    v[last + 1] += kT * rate * time;
    const scaled = twiceKinetic * scale * scale;
    for (let j = 0; j <= last; j++) this.#link(j, this.#force(j, scaled, kT), time);
    return scale;
  }

  /** v_j on by half of `time` under its force, damped by the next link on either side of it. */
  #link(j: number, force: number, time: number): void {
    const v = this.#values;
    const damping = j === this.#length - 1 ? 1 : Math.exp(-0.25 * v[j + 1] * time);
    v[j] = (v[j] * damping + 0.5 * force * time) * damping;
  }

  #force(j: number, twiceKinetic: number, kT: number): number {
    const v = this.#values;
    const mass = this.#mass(j);
    if (j === 0) return (twiceKinetic - this.#degreesOfFreedom * kT) / mass;
    return (this.#mass(j - 1) * v[j - 1] * v[j - 1] - kT) / mass;
  }
}
