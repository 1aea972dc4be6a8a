/**
 * Dropout during a fit: every structure of every step has masks of its own. They follow from the step alone, so that they depend
 * neither on the number of threads nor on where a fit was stopped and resumed.
 */
import { RandomStream } from "../math/index.js";
import { type DropoutMask, drawMask, type NetworkShape } from "../networks/index.js";

export interface FitDropout {
  /** Of a hidden neuron being left out. */
  readonly probability: number;
  readonly seed: number;
}

/** A structure's turn in a fit. */
export interface Turn {
  /** Updates of the parameters before this one. */
  readonly step: number;
  /** Index among the fit's structures. */
  readonly structure: number;
}

/** One mask per element. */
export const masksOfTurn = (
  { probability, seed }: FitDropout,
  shapes: readonly NetworkShape[],
  { step, structure }: Turn,
): DropoutMask[] =>
  shapes.map((shape, e) => drawMask(shape, new RandomStream(seed, `dropout ${step} ${structure} ${e}`), probability));
