/**
 * Metadynamics in its discrete form: at each place s_t the mean force −∂G/∂s is measured, a hill is left there, and s goes a step of fixed
 * length down the slope of G and all hills so far:
 *
 *   φ_t = −∂G/∂s + Σ_{t′<t} W (s − s_t′)/δs² exp(−|s − s_t′|²/2δs²)        s_{t+1} = s_t + δs φ_t/|φ_t|
 *
 * The hills fill the well that it is in until it leaves by the lowest pass, and −Σ W exp(…) is then G there but for a constant. With s
 * scaled so that wells have curvatures near 1 (`cell-variable.ts`), W = δs² is a good height.
 *
 * Laio and Parrinello, PNAS 99, 12562 (2002), doi:10.1073/pnas.202427399; this form: Martoňák, Laio and Parrinello, Phys. Rev. Lett. 90,
 * 075503 (2003), doi:10.1103/PhysRevLett.90.075503, equations 4 to 6.
 */
import { InputError } from "../../errors/index.js";
import { RandomStream } from "../../math/index.js";
import { checkPositive } from "../motion.js";
import type { Verdict } from "../verdict.js";
import { Hills } from "./hills.js";
import type { CollectiveVariable, MeasureProgress } from "./variable.js";

export interface MetadynamicsOptions {
  /** δs, width of the hills and length of a step, in the unit of s. */
  readonly width: number;
  /** W, eV. Default δs², for scaled variables. */
  readonly height?: number;
  /** Of the direction taken where there is no slope at all. */
  readonly seed: number;
}

/** One step: where it was, and what was found there. */
export interface MetadynamicsRecord {
  /** From 0. */
  readonly step: number;
  /** s_t */
  readonly value: Float64Array;
  /** −∂G/∂s, measured, and its standard error. */
  readonly force: Float64Array;
  readonly error: Float64Array;
  /** Of the hills before. */
  readonly hillForce: Float64Array;
  /** In the order of the variable's `observables`. */
  readonly observed: Float64Array;
}

/** Numbers by name, as checkpoints keep them. */
export type Extras = Readonly<Record<string, ArrayLike<number>>>;

const NAME = "metadynamics";

export class Metadynamics {
  readonly variable: CollectiveVariable;
  readonly hills: Hills;
  /** All steps so far, in order. */
  readonly history: MetadynamicsRecord[] = [];
  #random: RandomStream;

  /** Throws an InputError for widths and heights that are not above 0. */
  constructor(variable: CollectiveVariable, options: MetadynamicsOptions) {
    const { width, seed, height = width ** 2 } = options;
    checkPositive({ width, height });
    this.variable = variable;
    this.hills = new Hills(variable.value.length, { width, height });
    this.#random = new RandomStream(seed, "metadynamics");
  }

  /** One step to its end: its record, or why the system could not be measured; there is no hill and no record then. */
  step(): MetadynamicsRecord | Verdict {
    const walk = this.stepWithRests();
    for (;;) {
      const next = walk.next();
      if (next.done === true) return next.value;
    }
  }

  *stepWithRests(): Generator<MeasureProgress, MetadynamicsRecord | Verdict, void> {
    const { variable, hills, history } = this;
    const { force, error, observed, verdict } = yield* variable.measure();
    if (verdict !== undefined) return verdict;
    const value = variable.value.slice();
    const record = { step: history.length, value, force, error, hillForce: hills.force(value), observed };
    const direction = this.#direction(record);
    hills.add(value);
    variable.moveTo(value.map((s, d) => s + hills.width * direction[d]));
    history.push(record);
    return record;
  }

  /** −Σ W exp(…) at s, eV: the free energy but for a constant, where hills have filled it. */
  freeEnergy(s: Float64Array): number {
    return -this.hills.energy(s);
  }

  /** Numbers that a resumed run needs, beside those of the variable. */
  save(): Extras {
    const columns = this.history.flatMap((r) => [...r.value, ...r.force, ...r.error, ...r.hillForce, ...r.observed]);
    return {
      [`${NAME} history`]: columns,
      [`${NAME} random`]: this.#random.state,
      [`${NAME} shape`]: [this.history.length, this.hills.dimensions, this.variable.observables.length],
    };
  }

  /** Throws an InputError (`wrong-checkpoint`) if they are of another variable. */
  restore(extras: Extras): void {
    const [steps = Number.NaN, dimensions, seen] = Array.from(extras[`${NAME} shape`] ?? []);
    const columns = Float64Array.from(extras[`${NAME} history`] ?? []);
    const row = 4 * this.hills.dimensions + this.variable.observables.length;
    const same = dimensions === this.hills.dimensions && seen === this.variable.observables.length;
    if (!same || columns.length !== steps * row)
      throw new InputError({
        code: "wrong-checkpoint",
        problem: "The checkpoint is not of this metadynamics.",
        expected: `${this.hills.dimensions} components of its variable, and what goes with them.`,
        remedy: "Go on with the options with which the checkpoint was made, or begin without it.",
      });
    this.history.length = 0;
    this.hills.centres.length = 0;
    for (let step = 0; step < steps; step++) {
      const part = (k: number): Float64Array =>
        columns.slice(step * row + k * dimensions, step * row + (k + 1) * dimensions);
      const [value, force, error, hillForce] = [0, 1, 2, 3].map(part);
      const observed = columns.slice(step * row + 4 * dimensions, (step + 1) * row);
      this.history.push({ step, value, force, error, hillForce, observed });
      this.hills.add(value);
    }
    this.#random = RandomStream.fromState(Array.from(extras[`${NAME} random`]));
  }

  /** φ/|φ| */
  #direction({ force, hillForce }: MetadynamicsRecord): Float64Array {
    const slope = force.map((f, d) => f + hillForce[d]);
    const length = Math.hypot(...slope);
    if (length > 0 && Number.isFinite(length)) return slope.map((f) => f / length);
    // On a top or in the exact bottom any direction is as good.
    const drawn = slope.map(() => this.#random.normal());
    const norm = Math.hypot(...drawn);
    return drawn.map((x) => x / norm);
  }
}
