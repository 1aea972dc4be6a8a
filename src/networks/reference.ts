/**
 * A network's output and its gradient with respect to the inputs, layer by layer.
 *
 *   y⁰ = x,   aˡ_k = (bˡ_k + Σ_j yˡ⁻¹_j wˡ_jk) / n,   yˡ_k = fˡ(aˡ_k),   E = y^L
 *   ∂E/∂yˡ⁻¹_j = Σ_k ∂E/∂yˡ_k fˡ'(aˡ_k) wˡ_jk / n
 *
 *   n  number of neurons of layer l−1 if the network normalises its nodes, else 1
 *
 * Source: Behler and Parrinello, PRL 98, 146401 (2007), eq. 2; for n, n2p2's `normalize_nodes`.
 */
import { type ActivationValue, activation } from "../kernels/reference/activations.js";
import { type Network, parameterCount } from "./definition.js";

export interface NetworkResult {
  readonly value: number;
  /** ∂value/∂input, [input]. */
  readonly gradient: Float64Array;
}

export function referenceNetwork(network: Network, inputs: ArrayLike<number>): NetworkResult {
  const layers = layersOf(network);
  let values = Array.from(inputs);
  const neurons = layers.map((layer) => {
    const outputs = forward(layer, values);
    values = outputs.map((neuron) => neuron.value);
    return outputs;
  });
  let gradient = values.map(() => 1);
  for (let l = layers.length - 1; l >= 0; l--) gradient = backward(layers[l], neurons[l], gradient);
  return { value: values[0], gradient: Float64Array.from(gradient) };
}

interface Layer {
  readonly inputs: number;
  readonly outputs: number;
  readonly letter: Network["activations"][number];
  /** What each sum is divided by. */
  readonly divisor: number;
  /** w[j][k], j over inputs, k over outputs, row-major. */
  readonly weights: Float64Array;
  readonly biases: Float64Array;
}

function layersOf({ nodes, activations, normalizeNodes, parameters }: Network): Layer[] {
  const expected = parameterCount({ nodes, activations, normalizeNodes });
  if (parameters.length !== expected) throw new RangeError(`${parameters.length} parameters, ${expected} expected`);
  let at = 0;
  const take = (count: number): Float64Array => {
    at += count;
    return parameters.subarray(at - count, at);
  };
  return activations.map((letter, l) => {
    const [inputs, outputs] = [nodes[l], nodes[l + 1]];
    const divisor = normalizeNodes ? inputs : 1;
    return { inputs, outputs, letter, divisor, weights: take(inputs * outputs), biases: take(outputs) };
  });
}

function forward({ outputs, weights, biases, divisor, letter }: Layer, values: readonly number[]): ActivationValue[] {
  return Array.from({ length: outputs }, (_, k) => {
    let sum = biases[k];
    values.forEach((y, j) => {
      sum += y * weights[j * outputs + k];
    });
    return activation(letter, sum / divisor);
  });
}

function backward(layer: Layer, neurons: readonly ActivationValue[], gradient: readonly number[]): number[] {
  const { inputs, outputs, weights, divisor } = layer;
  return Array.from({ length: inputs }, (_, j) => {
    let sum = 0;
    for (let k = 0; k < outputs; k++) sum += gradient[k] * neurons[k].first * weights[j * outputs + k];
    return sum / divisor;
  });
}
