/** A network as a table of the surface kernels (kernels/contracts/surface.ts), which take atoms one by one. */
import { FIRST_MASKS_BYTES, LAYER_BYTES, NETWORK_HEAD_BYTES } from "../kernels/contracts/surface.js";
import { activationCodes, type Kernels } from "../kernels/index.js";
import type { AffineMap } from "./affine.js";
import type { Network } from "./definition.js";
import { type DropoutMasks, maskOf } from "./dropout-masks.js";

export type Precision = "f64" | "f32";

export interface SurfaceNetworkOptions {
  readonly precision: Precision;
  /** From raw values to inputs. */
  readonly map: AffineMap;
  /** eV */
  readonly referenceEnergy: number;
  /** eV per unit of output */
  readonly energyScale: number;
}

/** Pointer to the table. */
export function placeSurfaceNetwork(kernels: Kernels, network: Network, options: SurfaceNetworkOptions): number {
  const { precision, map } = options;
  const size = sizeOf(precision);
  const padded = (n: number): number => paddedLength(n, precision);
  const place = (values: Float64Array): number => placeNumbers(kernels, values, precision);
  const layers = network.nodes.length - 1;
  const at = kernels.allocate(NETWORK_HEAD_BYTES + LAYER_BYTES * layers);
  kernels.f64(at, 2).set([options.referenceEnergy, options.energyScale]);
  const scaling = new Float64Array(2 * map.factor.length);
  map.factor.forEach((factor, s) => {
    scaling.set([factor, map.offset[s]! - factor * map.shift[s]!], 2 * s);
  });
  kernels.i32(at + 16, 2).set([layers, kernels.place(scaling)]);
  let p = 0;
  for (let l = 0; l < layers; l++) {
    const [inputs, outputs] = [network.nodes[l]!, network.nodes[l + 1]!];
    const [row, inputRow] = [padded(outputs), padded(inputs)];
    const divisor = network.normalizeNodes ? inputs : 1;
    const weights = new Float64Array(inputs * row);
    const transposed = new Float64Array(outputs * inputRow);
    const biases = new Float64Array(row);
    for (let j = 0; j < inputs; j++)
      for (let k = 0; k < outputs; k++) {
        const w = network.parameters[p++]! / divisor;
        weights[j * row + k] = w;
        transposed[k * inputRow + j] = w;
      }
    for (let k = 0; k < outputs; k++) biases[k] = network.parameters[p++]! / divisor;
    const words = [inputs, outputs, size * row, activationCodes[network.activations[l]!]];
    words.push(place(weights), place(transposed), place(biases), size * inputRow);
    kernels.i32(at + NETWORK_HEAD_BYTES + LAYER_BYTES * l, 8).set(words);
  }
  return at;
}

const sizeOf = (precision: Precision): number => (precision === "f64" ? 8 : 4);

/** Whole vectors. */
function paddedLength(n: number, precision: Precision): number {
  const lanes = 16 / sizeOf(precision);
  return lanes * Math.ceil(n / lanes);
}

function placeNumbers(kernels: Kernels, values: Float64Array, precision: Precision): number {
  if (precision === "f64") return kernels.place(values);
  const narrow = Float32Array.from(values);
  return kernels.place(new Uint8Array(narrow.buffer));
}

/** Masks of one element's network, shared by its atoms: pointer to the pointers of the hidden layers. */
export function placeSurfaceMasks(
  kernels: Kernels,
  network: Network,
  { masks, precision }: { masks: DropoutMasks; precision: Precision },
): number {
  const { nodes } = network;
  const outputWeights = weightsOfOutput(network);
  const passes = Array.from({ length: masks.passes }, (_, t) => maskOf(masks, t));
  let unit = 0;
  const layers = nodes.slice(1, -1).map((neurons, l) => {
    const kept = passes.map((mask) => mask.kept.subarray(unit, unit + neurons));
    unit += neurons;
    if (l === 0) {
      const rowBytes = sizeOf(precision) * paddedLength(nodes[2]!, precision);
      return placeFirstMasks(kernels, kept, { probability: masks.probability, rowBytes });
    }
    const row = paddedLength(neurons, precision);
    const rows = new Float64Array(masks.passes * row);
    kept.forEach((flags, t) => {
      for (let j = 0; j < neurons; j++)
        rows[t * row + j] = (flags[j]! / (1 - masks.probability)) * (l === nodes.length - 3 ? outputWeights[j]! : 1);
    });
    return placeNumbers(kernels, rows, precision);
  });
  return kernels.place(Int32Array.from(layers));
}

/** Of the one output, by neuron of the last hidden layer. */
function weightsOfOutput({ nodes, parameters, normalizeNodes }: Network): Float64Array {
  const neurons = nodes.at(-2)!;
  return parameters.slice(-neurons - 1, -1).map((w) => w / (normalizeNodes ? neurons : 1));
}

/**
 * The choices of neurons that the masks of the first hidden layer make, each once; for each choice what it leaves out, for each neuron
 * which choices leave it out, or what is kept where that is less; and the choice of each pass.
 */
function placeFirstMasks(
  kernels: Kernels,
  kept: readonly Uint8Array[],
  { probability, rowBytes }: { probability: number; rowBytes: number },
): number {
  const names = kept.map((flags) => flags.join(""));
  const choices = [...new Set(names)];
  const flagsOf = choices.map((name) => kept[names.indexOf(name)]!);
  const neurons = kept[0]!.length;
  const keptInAll = flagsOf.reduce((sum, flags) => sum + flags.reduce((a, b) => a + b, 0), 0);
  const dropped = 2 * keptInAll > choices.length * neurons;
  const isListed = (choice: number, j: number): boolean => (flagsOf[choice]![j] === 0) === dropped;
  const lists = (count: number, others: number, has: (i: number, other: number) => boolean): number[] => {
    const starts = [0];
    const rows: number[] = [];
    for (let i = 0; i < count; i++) {
      for (let other = 0; other < others; other++) if (has(i, other)) rows.push(other * rowBytes);
      starts.push(rows.length);
    }
    return [kernels.place(Int32Array.from(starts)), kernels.place(Int32Array.from(rows))];
  };
  const byChoice = lists(choices.length, neurons, isListed);
  const byNeuron = lists(neurons, choices.length, (j, choice) => isListed(choice, j));
  const choiceOf = kernels.place(Int32Array.from(names, (name) => rowBytes * choices.indexOf(name)));
  const at = kernels.allocate(FIRST_MASKS_BYTES);
  kernels.f64(at, 1)[0] = (dropped ? -1 : 1) / (1 - probability);
  kernels.i32(at + 8, 7).set([dropped ? 1 : 0, ...byChoice, ...byNeuron, choices.length, choiceOf]);
  return at;
}

/** Bytes of scratch that a network needs, generously; `passes` of dropout, or 0. */
export function surfaceNetworkScratch({ nodes }: Pick<Network, "nodes">, passes: number): number {
  const alone = nodes.reduce((sum, n) => sum + 4 * 8 * (n + 4), 256);
  if (passes === 0) return alone;
  const neurons = nodes.slice(1).reduce((sum, n) => sum + n + 4, 0);
  return alone + 4 * 8 * neurons * (passes + 4) + 8 * (nodes[1]! + 4) * (nodes[2]! + 4);
}
