/** Nonsense that must end a run: what each guard looks at, and its limit. */
import { contactBelow } from "./contact.js";
import type { Motion } from "./motion.js";
import { temperature } from "./observables.js";
import type { Verdict } from "./verdict.js";

export interface GuardOptions {
  /** Steps between two looks at distances, temperature and drift. Default 10. Numbers that are not finite are seen at once. */
  readonly every?: number;
  /** Å, below which two atoms are too close; 0 to let it be. Default 0.4, just over half of the bond in H₂. */
  readonly minimumDistance?: number;
  /** K. Default: none. */
  readonly maximumTemperature?: number;
  /**
   * The temperature runs away if it is `factor` times what it was `steps` before, or times `floor` (K) if it was below. Default 5
   * times in 100 steps, from 300 K on; `false` to let it be.
   */
  readonly runaway?: { readonly factor: number; readonly steps: number; readonly floor: number } | false;
  /** eV/atom by which the conserved quantity may move from where it was at the start. Default: none. */
  readonly maximumDrift?: number;
}

/** The numbers of a verdict. */
export type Nonsense = Pick<Verdict, "reason" | "value" | "limit" | "unit" | "atoms">;

export class Guards {
  readonly every: number;
  readonly #options: GuardOptions;
  readonly #runaway: Exclude<GuardOptions["runaway"], false | undefined> | undefined;
  /** Temperatures of the last looks, K, oldest first. */
  #temperatures: number[] = [];
  /** Conserved quantity at the start, eV. */
  #start = Number.NaN;

  constructor(options: GuardOptions = {}) {
    this.#options = options;
    this.every = options.every ?? 10;
    this.#runaway = options.runaway === false ? undefined : (options.runaway ?? { factor: 5, steps: 100, floor: 300 });
  }

  /** What is wrong at this step, or undefined. */
  look(motion: Motion): Nonsense | undefined {
    const { state } = motion;
    const lost = firstNotFinite(motion);
    if (lost !== undefined) return lost;
    if (Number.isNaN(this.#start)) this.#start = motion.invariant();
    if (state.step % this.every !== 0) return undefined;
    return this.#tooClose(motion) ?? this.#tooHot(motion) ?? this.#drifted(motion);
  }

  /** Numbers that a resumed run needs. */
  save(): number[] {
    return [this.#start, ...this.#temperatures];
  }

  restore([start = Number.NaN, ...temperatures]: readonly number[]): void {
    this.#start = start;
    this.#temperatures = temperatures;
  }

  #tooClose({ state }: Motion): Nonsense | undefined {
    const limit = this.#options.minimumDistance ?? 0.4;
    if (limit === 0) return undefined;
    const { periodic } = state.system.structure;
    const contact = contactBelow({ positions: state.positions, cell: state.cell, periodic }, limit);
    if (contact === undefined) return undefined;
    return { reason: "atoms-too-close", value: contact.distance, limit, unit: "Å", atoms: contact.atoms };
  }

  #tooHot({ state }: Motion): Nonsense | undefined {
    const limit = this.#options.maximumTemperature ?? Number.POSITIVE_INFINITY;
    const now = temperature(state);
    if (now > limit) return { reason: "too-hot", value: now, limit, unit: "K", atoms: [] };
    if (this.#runaway === undefined) return undefined;
    const { factor, steps, floor } = this.#runaway;
    this.#temperatures.push(now);
    const looks = Math.ceil(steps / this.every) + 1;
    if (this.#temperatures.length > looks) this.#temperatures.shift();
    const growth = now / Math.max(floor, Math.min(...this.#temperatures));
    if (growth > factor) return { reason: "runaway", value: growth, limit: factor, unit: "", atoms: [] };
    return undefined;
  }

  #drifted(motion: Motion): Nonsense | undefined {
    const limit = this.#options.maximumDrift;
    if (limit === undefined) return undefined;
    const drift = Math.abs(motion.invariant() - this.#start) / motion.state.system.atoms;
    if (drift <= limit) return undefined;
    return { reason: "energy-drift", value: drift, limit, unit: "eV/atom", atoms: [] };
  }
}

function firstNotFinite({ state }: Motion): Nonsense | undefined {
  const found = (value: number, atoms: readonly number[]): Nonsense => ({
    reason: "non-finite",
    value,
    limit: Number.NaN,
    unit: "",
    atoms,
  });
  if (!Number.isFinite(state.energy)) return found(state.energy, []);
  for (const numbers of [state.forces, state.positions, state.velocities]) {
    // A sum is not finite if one of its terms is not: one look instead of many.
    let sum = 0;
    for (let k = 0; k < numbers.length; k++) sum += numbers[k] * 0;
    if (sum === 0) continue;
    const k = numbers.findIndex((x) => !Number.isFinite(x));
    return found(numbers[k], [Math.floor(k / 3)]);
  }
  const cell = state.cell?.find((x) => !Number.isFinite(x));
  return cell === undefined ? undefined : found(cell, []);
}
