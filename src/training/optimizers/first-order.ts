/**
 * Optimisers that see one gradient at a time. A step changes the parameters in place; the state is a list of arrays, so that
 * a checkpoint can hold it.
 */

/** A matrix among the parameters: rows×columns, row-major, from `start` on. */
export interface ParameterBlock {
  readonly start: number;
  readonly rows: number;
  readonly columns: number;
}

export interface FirstOrderOptimizer {
  step(parameters: Float64Array, gradient: Float64Array, rate: number): void;
  /** Everything that `restore` needs to go on bit by bit. */
  save(): Float64Array[];
  restore(state: readonly Float64Array[]): void;
}
