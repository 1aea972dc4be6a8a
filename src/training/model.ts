/** The networks of one member as a vector of parameters, and how the engine sees them. */

import type { Scaling } from "../descriptors/definition.js";
import { affineOf } from "../descriptors/scaling.js";
import type { RandomStream } from "../math/index.js";
import {
  type AffineMap,
  type DropoutMask,
  foldInputs,
  maskedParameters,
  type NetworkShape,
  parameterCount,
  unfoldGradient,
  unmaskGradient,
} from "../networks/index.js";
import type { Engine } from "./engine.js";
import type { ParameterBlock } from "./optimizers/first-order.js";

export class MemberModel {
  readonly shapes: readonly NetworkShape[];
  readonly scalings: readonly Scaling[];
  /** Number of parameters of all elements. */
  readonly count: number;
  /** One matrix (inputs and bias × outputs) per layer and element. */
  readonly blocks: readonly ParameterBlock[];
  /** First parameter of each element, [element + 1]. */
  readonly #starts: number[] = [0];
  readonly #maps: AffineMap[];
  readonly #gradients: Float64Array[];

  constructor(shapes: readonly NetworkShape[], scalings: readonly Scaling[]) {
    this.shapes = shapes;
    this.scalings = scalings;
    this.#maps = scalings.map(affineOf);
    const blocks: ParameterBlock[] = [];
    let start = 0;
    for (const shape of shapes) {
      for (let l = 1; l < shape.nodes.length; l++) {
        const [inputs, outputs] = [shape.nodes[l - 1]!, shape.nodes[l]!];
        blocks.push({ start, rows: inputs + 1, columns: outputs });
        start += (inputs + 1) * outputs;
      }
      this.#starts.push(start);
    }
    this.count = start;
    this.blocks = blocks;
    this.#gradients = shapes.map((shape) => new Float64Array(parameterCount(shape)));
  }

  /** The part of one element. */
  ofElement(parameters: Float64Array, e: number): Float64Array {
    return parameters.subarray(this.#starts[e]!, this.#starts[e + 1]!);
  }

  /** Gives the engine the networks; with masks (one per element) those that dropout leaves. */
  load(engine: Engine, parameters: Float64Array, masks?: readonly DropoutMask[]): void {
    engine.load(
      this.shapes.map((shape, e) => {
        const own = this.ofElement(parameters, e);
        const kept = masks === undefined ? own : maskedParameters(shape, own, masks[e]!);
        return foldInputs(shape, kept, this.#maps[e]!);
      }),
    );
  }

  /** Adds the engine's gradient with respect to `parameters`, which were loaded with the same masks, to `out`. */
  addGradient(engine: Engine, out: Float64Array, masks?: readonly DropoutMask[]): void {
    for (const gradient of this.#gradients) gradient.fill(0);
    engine.readGradient(this.#gradients);
    this.#gradients.forEach((gradient, e) => {
      unfoldGradient(this.shapes[e]!, gradient, this.#maps[e]!);
      if (masks !== undefined) unmaskGradient(this.shapes[e]!, gradient, masks[e]!);
      const start = this.#starts[e]!;
      for (let i = 0; i < gradient.length; i++) out[start + i]! += gradient[i]!;
    });
  }
}

export type InitialWeights = "glorot" | "nguyen-widrow" | { readonly min: number; readonly max: number };

/**
 * Weights at the start. Glorot and Bengio 2010, eq. 16: uniform in ±√(6/(n_in+n_out)), biases 0. Nguyen and Widrow 1990:
 * each neuron's weights scaled to the length 0.7 n^(1/n_in), biases spread over the same range (as n2p2 does it, twice as wide
 * for tanh and half as wide for the output). Or uniform between two ends, biases too (n2p2's weights_min, weights_max).
 */
export function initialParameters(
  shapes: readonly NetworkShape[],
  how: InitialWeights,
  random: RandomStream,
): Float64Array {
  const parts = shapes.map((shape) => {
    const out: number[] = [];
    for (let l = 1; l < shape.nodes.length; l++) {
      const [inputs, outputs] = [shape.nodes[l - 1]!, shape.nodes[l]!];
      if (how === "glorot") {
        const half = Math.sqrt(6 / (inputs + outputs));
        for (let i = 0; i < inputs * outputs; i++) out.push(random.between(-half, half));
        for (let k = 0; k < outputs; k++) out.push(0);
      } else if (how === "nguyen-widrow") out.push(...nguyenWidrow(shape, l, random));
      else for (let i = 0; i < (inputs + 1) * outputs; i++) out.push(random.between(how.min, how.max));
    }
    return out;
  });
  return Float64Array.from(parts.flat());
}

function nguyenWidrow(shape: NetworkShape, l: number, random: RandomStream): number[] {
  const [inputs, outputs] = [shape.nodes[l - 1]!, shape.nodes[l]!];
  const weights = Array.from({ length: inputs * outputs }, () => random.between(-1, 1));
  const biases = Array.from({ length: outputs }, () => random.between(-1, 1));
  if (l === shape.nodes.length - 1) return [...weights, ...biases].map((w) => 0.5 * w);
  const beta = 0.7 * outputs ** (1 / inputs) * (shape.activations[l - 1] === "t" ? 2 : 1);
  for (let k = 0; k < outputs; k++) {
    let squares = 0;
    for (let j = 0; j < inputs; j++) squares += weights[j * outputs + k]! ** 2;
    for (let j = 0; j < inputs; j++) weights[j * outputs + k]! *= beta / Math.sqrt(squares);
    biases[k]! *= beta;
  }
  return [...weights, ...biases];
}
