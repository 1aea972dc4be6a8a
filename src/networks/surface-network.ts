/** A network as a table of the surface kernels (kernels/contracts/surface.ts), which take atoms one by one. */
import { LAYER_BYTES, NETWORK_HEAD_BYTES } from "../kernels/contracts/surface.js";
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
  { nodes }: Pick<Network, "nodes">,
  { masks, precision }: { masks: DropoutMasks; precision: Precision },
): number {
  const { passes } = masks;
  const row = paddedLength(passes, precision);
  let unit = 0;
  const layers = nodes.slice(1, -1).map((neurons) => {
    const rows = new Float64Array(neurons * row);
    for (let t = 0; t < passes; t++) {
      const { kept, probability } = maskOf(masks, t);
      for (let j = 0; j < neurons; j++) rows[j * row + t] = kept[unit + j]! / (1 - probability);
    }
    unit += neurons;
    return placeNumbers(kernels, rows, precision);
  });
  return kernels.place(Int32Array.from(layers));
}

/** Bytes of scratch that a network needs, generously; `passes` of dropout, or 0. */
export function surfaceNetworkScratch({ nodes }: Pick<Network, "nodes">, passes: number): number {
  const alone = nodes.reduce((sum, n) => sum + 4 * 8 * (n + 4), 256);
  if (passes === 0) return alone;
  const neurons = nodes.slice(1).reduce((sum, n) => sum + n, 0);
  const matrix = Math.max(nodes[1]!, nodes[2]!) + 4;
  return alone + 4 * 8 * neurons * (passes + 4) + 16 * matrix * matrix;
}
