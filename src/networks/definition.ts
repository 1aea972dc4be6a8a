/**
 * Atomic networks: what they are. How they are computed is in `feedforward.ts`.
 */

/**
 * l x · t tanh · s logistic · p ln(1+eˣ) · r max(0,x) · g exp(−x²/2) · c cos x · S 1−logistic · e e⁻ˣ · h x² (n2p2's
 * letters) · m 1.7159 tanh(2x/3) · w m(x) + 0.1 x (aenet's mtanh and twist).
 */
export type Activation = "l" | "t" | "s" | "p" | "r" | "g" | "c" | "S" | "e" | "h" | "m" | "w";

export const activations: readonly Activation[] = ["l", "t", "s", "p", "r", "g", "c", "S", "e", "h", "m", "w"];

export interface NetworkShape {
  /** Neurons per layer, inputs first, one output last: [inputs, hidden…, 1]. */
  readonly nodes: readonly number[];
  /** One per layer after the inputs. */
  readonly activations: readonly Activation[];
  /** Whether a neuron's sum (bias included) is divided by the number of its inputs (n2p2's `normalize_nodes`). */
  readonly normalizeNodes: boolean;
}

export interface Network extends NetworkShape {
  /**
   * Weights and biases, per layer: for each input neuron j, for each output neuron k the weight w[j][k]; then the
   * biases. The order of n2p2's and aenet's files.
   */
  readonly parameters: Float64Array;
}

/** Number of weights and biases. */
export function parameterCount(shape: NetworkShape): number {
  let count = 0;
  for (let l = 1; l < shape.nodes.length; l++) count += (shape.nodes[l - 1]! + 1) * shape.nodes[l]!;
  return count;
}
