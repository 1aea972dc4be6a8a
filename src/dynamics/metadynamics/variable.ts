/** What metadynamics must know of the system that it drives. */
import type { Verdict } from "../verdict.js";

/** A measurement at one place. */
export interface MeanForce {
  /** −∂G/∂s, [component], in eV per unit of s. */
  readonly force: Float64Array;
  /** Standard error of each component; 0 where nothing is sampled. */
  readonly error: Float64Array;
  /** What else was seen, in the order of `observables`. */
  readonly observed: Float64Array;
  /** Why the system could not be measured; the force is then of no use. */
  readonly verdict?: Verdict | undefined;
}

/** Share of a measurement that is done, 0 to 1. */
export type MeasureProgress = number;

/** Few numbers s that tell one state of a system from another, and a system that can be put to each. */
export interface CollectiveVariable {
  /** Names of what a measurement sees beside the force. */
  readonly observables: readonly string[];
  /** s, [component], where it is now. */
  readonly value: Float64Array;
  /** Puts the system to another s. */
  moveTo(value: Float64Array): void;
  /** Measures the mean force where it is, with rests. */
  measure(): Generator<MeasureProgress, MeanForce, void>;
}
