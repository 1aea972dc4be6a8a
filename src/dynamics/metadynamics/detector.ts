/** Notices that a structure has changed: an observable leaves the place where it was at first, and stays away. */
import { InputError } from "../../errors/index.js";
import type { Extras, MetadynamicsRecord } from "./metadynamics.js";

export interface DetectorOptions {
  /** By observable: change that counts, as a share of the reference (volume: 0.03) or in its unit (coordination: 0.5). */
  readonly limits: Readonly<Record<string, { readonly relative: number } | { readonly absolute: number }>>;
  /** Steps from which a reference is averaged. Default 3. */
  readonly window?: number;
  /** Steps in a row that must be away. Default 3. */
  readonly persist?: number;
}

export interface StructuralChange {
  /** First of the steps that were away. */
  readonly step: number;
  readonly observable: string;
  readonly before: number;
  /** Mean over the steps that were away. */
  readonly after: number;
}

export class ChangeDetector {
  readonly changes: StructuralChange[] = [];
  readonly #observables: readonly string[];
  readonly #watched: readonly number[];
  readonly #options: DetectorOptions;
  readonly #window: number;
  readonly #persist: number;
  /** Records of the reference, and the last ones that were away from it, [record][observable]. */
  #reference: Float64Array[] = [];
  #away: Float64Array[] = [];

  /** `observables`: those of the variable. Throws an InputError (`no-such-observable`) for limits of others. */
  constructor(observables: readonly string[], options: DetectorOptions) {
    const stranger = Object.keys(options.limits).find((name) => !observables.includes(name));
    if (stranger !== undefined)
      throw new InputError({
        code: "no-such-observable",
        problem: `A limit is given for "${stranger}", which is not observed.`,
        expected: `One of ${observables.join(", ")}.`,
        remedy: "Correct the name.",
      });
    this.#observables = observables;
    this.#options = options;
    this.#watched = Object.keys(options.limits).map((name) => observables.indexOf(name));
    this.#window = options.window ?? 3;
    this.#persist = options.persist ?? 3;
  }

  /** Looks at the record of a step; the change if one is now certain. */
  look({ step, observed }: MetadynamicsRecord): StructuralChange | undefined {
    if (this.#reference.length < this.#window) {
      this.#reference.push(observed.slice());
      return undefined;
    }
    if (!this.#watched.some((k) => this.#isAway(k, observed))) {
      this.#away = [];
      return undefined;
    }
    this.#away.push(observed.slice());
    if (this.#away.length < this.#persist) return undefined;
    const k = this.#watched.find((w) => this.#away.every((row) => this.#isAway(w, row))) ?? this.#watched[0];
    const change: StructuralChange = {
      step: step - this.#persist + 1,
      observable: this.#observables[k],
      before: meanOf(this.#reference, k),
      after: meanOf(this.#away, k),
    };
    this.#reference = this.#away;
    this.#away = [];
    this.changes.push(change);
    return change;
  }

  save(): Extras {
    return {
      "detector reference": this.#reference.flatMap((row) => [...row]),
      "detector away": this.#away.flatMap((row) => [...row]),
      "detector changes": this.changes.flatMap((c) => [
        c.step,
        this.#observables.indexOf(c.observable),
        c.before,
        c.after,
      ]),
    };
  }

  restore(extras: Extras): void {
    const rows = (name: string, width: number): Float64Array[] => {
      const numbers = Float64Array.from(extras[name] ?? []);
      return Array.from({ length: numbers.length / width }, (_, k) => numbers.slice(k * width, (k + 1) * width));
    };
    this.#reference = rows("detector reference", this.#observables.length);
    this.#away = rows("detector away", this.#observables.length);
    this.changes.length = 0;
    for (const [step, k, before, after] of rows("detector changes", 4))
      this.changes.push({ step, observable: this.#observables[k], before, after });
  }

  #isAway(k: number, observed: Float64Array): boolean {
    const limit = this.#options.limits[this.#observables[k]];
    const reference = meanOf(this.#reference, k);
    const allowed = "relative" in limit ? limit.relative * Math.abs(reference) : limit.absolute;
    return Math.abs(observed[k] - reference) > allowed;
  }
}

const meanOf = (rows: readonly Float64Array[], k: number): number =>
  rows.reduce((sum, row) => sum + row[k], 0) / rows.length;
