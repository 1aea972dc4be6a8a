/**
 * A network with dropout, pass by pass and neuron by neuron: what is right, however slow.
 *
 *   y⁰ = x,   aˡ_k = (bˡ_k + Σ_j yˡ⁻¹_j wˡ_jk) / n,   yˡ_k = mˡ_k fˡ(aˡ_k) / (1 − p)  (hidden),   N_t = f^L(a^L)
 *   ⟨N⟩ = Σ_t N_t / T,   σ² = Σ_t (N_t − ⟨N⟩)² / T
 *
 *   mˡ_k  1 where the pass keeps neuron k of hidden layer l, else 0     p  probability that it does not
 *   t     pass, one set of masks each                                    T  number of passes
 *   n     as in `reference.ts`: neurons left out still count
 *
 * Source: Gal and Ghahramani, ICML 2016, arXiv:1506.02142, section 3 (predictive mean and variance over passes), with the
 * factor 1/(1 − p) of inverted dropout, so that the mean over masks of what a layer hands on is what it hands on without
 * dropout.
 */
import { activation } from "../kernels/reference/activations.js";
import type { Network } from "./definition.js";
import { type DropoutMask, type DropoutMasks, maskOf } from "./dropout-masks.js";
import type { NetworkResult } from "./reference.js";

export interface DropoutResult {
  /** N_t, [pass] */
  readonly values: Float64Array;
  /** ∂N_t/∂input, [pass][input] */
  readonly gradients: readonly Float64Array[];
  readonly mean: number;
  /** ∂⟨N⟩/∂input, [input] */
  readonly meanGradient: Float64Array;
  /** Population standard deviation over passes. */
  readonly spread: number;
}

/** All passes of one atom; `atom` chooses its masks where every atom has its own. */
export function referenceDropout(
  network: Network,
  inputs: ArrayLike<number>,
  { masks, atom = 0 }: { masks: DropoutMasks; atom?: number },
): DropoutResult {
  const results = Array.from({ length: masks.passes }, (_, t) =>
    referencePass(network, inputs, maskOf(masks, t, atom)),
  );
  const values = Float64Array.from(results, ({ value }) => value);
  const gradients = results.map(({ gradient }) => gradient);
  const average = (pick: (t: number) => number): number =>
    results.reduce((sum, _, t) => sum + pick(t), 0) / results.length;
  const mean = average((t) => values[t]);
  return {
    values,
    gradients,
    mean,
    meanGradient: Float64Array.from({ length: network.nodes[0] }, (_, i) => average((t) => gradients[t][i])),
    spread: Math.sqrt(average((t) => (values[t] - mean) ** 2)),
  };
}

/** Value and gradient of the network that one mask leaves. */
export function referencePass(network: Network, inputs: ArrayLike<number>, mask: DropoutMask): NetworkResult {
  const { nodes, activations, normalizeNodes, parameters } = network;
  const factors = layerFactors(network, mask);
  /** ∂y_k/∂input_i of the layer at hand, [neuron][input], carried forward beside the values. */
  let slopes: number[][] = Array.from({ length: nodes[0] }, (_, j) =>
    Array.from({ length: nodes[0] }, (_, i) => (i === j ? 1 : 0)),
  );
  let values = Array.from(inputs);
  let at = 0;
  activations.forEach((letter, l) => {
    const [below, here] = [nodes[l], nodes[l + 1]];
    const divisor = normalizeNodes ? below : 1;
    const weight = (j: number, k: number): number => parameters[at + j * here + k] / divisor;
    const neurons = Array.from({ length: here }, (_, k) => {
      const bias = parameters[at + below * here + k] / divisor;
      const { value, first } = activation(
        letter,
        values.reduce((sum, y, j) => sum + y * weight(j, k), bias),
      );
      const slope = Array.from({ length: nodes[0] }, (_, i) =>
        slopes.reduce((sum, row, j) => sum + first * row[i] * weight(j, k), 0),
      );
      return { value: factors[l][k] * value, slope: slope.map((s) => factors[l][k] * s) };
    });
    values = neurons.map(({ value }) => value);
    slopes = neurons.map(({ slope }) => slope);
    at += (below + 1) * here;
  });
  return { value: values[0], gradient: Float64Array.from(slopes[0]) };
}

/** m/(1 − p) of every layer after the inputs, [layer][neuron]; the output is never left out. */
function layerFactors({ nodes }: Network, { kept, probability }: DropoutMask): number[][] {
  let unit = 0;
  return nodes.slice(1).map((count, l) => {
    if (l === nodes.length - 2) return Array<number>(count).fill(1);
    return Array.from({ length: count }, () => (kept[unit++] === 1 ? 1 / (1 - probability) : 0));
  });
}
