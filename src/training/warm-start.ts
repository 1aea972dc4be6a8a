/**
 * A fit that goes on from a fitted member instead of from random weights.
 *
 * The network is a function of scaled inputs x = factor (G − shift) + offset, so whoever changes the scaling changes the function.
 * Ranges must grow with new data (extrapolation is judged by them), and an input that now varies far more than it did would saturate
 * its neurons: both are taken over, and the first layer is rewritten so that the member says what it said before. With
 *
 *   x_from = r (x_to − offset_to) + c,   r = factor_from / factor_to,   c = factor_from (shift_to − shift_from) + offset_from
 *
 * W′ = r W and b′ = b + Σ_j W_j (c_j − r_j offset_to,j).
 */
import type { DescriptorStatistics, Scaling } from "../descriptors/definition.js";
import type { AffineMap, NetworkShape } from "../networks/index.js";

/** A member as a fit starts from it; plain data. */
export interface MemberStart {
  /** Of all elements in their order. */
  readonly parameters: Float64Array;
  /** [element] */
  readonly scalings: readonly Scaling[];
  /** eV per unit of network output. */
  readonly energyScale: number;
}

/** An input whose spread has grown by more gets the new mean and spread; below, the old ones serve and the weights keep their bits. */
const WIDER = 3;

/** The scaling with which the fit goes on: ranges of before and now together. `now` is undefined where the new data have no such atom. */
export function continuedScaling(before: Scaling, now: DescriptorStatistics | undefined): Scaling {
  if (now === undefined) return before;
  // A function that did not vary (σ = 0) was no input at all; it becomes one as soon as it varies.
  const wider = before.sigma.map((sigma, s) => (now.sigma[s] > WIDER * sigma ? 1 : 0));
  return {
    ...before,
    min: before.min.map((x, s) => Math.min(x, now.min[s])),
    max: before.max.map((x, s) => Math.max(x, now.max[s])),
    mean: before.mean.map((x, s) => (wider[s] === 1 ? now.mean[s] : x)),
    sigma: before.sigma.map((x, s) => (wider[s] === 1 ? now.sigma[s] : x)),
  };
}

/** Parameters of the network on inputs scaled by `to` that equals the network `parameters` on inputs scaled by `from`. */
export function rescaledInputs(
  shape: NetworkShape,
  parameters: Float64Array,
  { from, to }: { readonly from: AffineMap; readonly to: AffineMap },
): Float64Array {
  const rescaled = parameters.slice();
  const [inputs, outputs] = [shape.nodes[0], shape.nodes[1]];
  const biases = inputs * outputs;
  for (let j = 0; j < inputs; j++) {
    const same = from.factor[j] === to.factor[j] && from.shift[j] === to.shift[j] && from.offset[j] === to.offset[j];
    if (same) continue;
    const ratio = to.factor[j] === 0 ? 0 : from.factor[j] / to.factor[j];
    const constant = from.factor[j] * (to.shift[j] - from.shift[j]) + from.offset[j] - ratio * to.offset[j];
    for (let k = 0; k < outputs; k++) {
      const w = parameters[j * outputs + k];
      rescaled[j * outputs + k] = ratio * w;
      rescaled[biases + k] += constant * w;
    }
  }
  return rescaled;
}
