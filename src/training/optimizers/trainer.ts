/** What the optimisers have in common: one epoch at a time, and a state that a checkpoint can hold. */
import type { ErrorSums } from "../loss.js";

export interface EpochResult {
  /** Training errors seen during the epoch. */
  readonly sums: ErrorSums;
  /** Learning rate, noise or damping at its end. */
  readonly step: Readonly<Record<string, number>>;
}

export interface Trainer {
  readonly parameters: Float64Array;
  /** 1-based. */
  epoch(number: number): EpochResult;
  /** Everything but the parameters that `restore` needs to go on bit by bit. */
  save(): Float64Array[];
  restore(state: readonly Float64Array[]): void;
}
