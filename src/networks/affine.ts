/**
 * Affine maps of the inputs, x = factor ∘ (G − shift) + offset, moved into the first layer, so that a network takes raw
 * values: W′ = factor W, b′ = b + Σ_j (offset_j − factor_j shift_j) W_j (with normalised nodes both are divided alike, so
 * the rule is the same).
 */
import type { NetworkShape } from "./definition.js";

export interface AffineMap {
  /** [input] each */
  readonly factor: Float64Array;
  readonly shift: Float64Array;
  readonly offset: Float64Array;
}

/** Parameters of the network on raw inputs that equals the network `parameters` on mapped inputs. */
export function foldInputs(shape: NetworkShape, parameters: Float64Array, map: AffineMap): Float64Array {
  const folded = Float64Array.from(parameters);
  const [inputs, outputs] = [shape.nodes[0]!, shape.nodes[1]!];
  const biases = inputs * outputs;
  for (let j = 0; j < inputs; j++) {
    const factor = map.factor[j]!;
    const constant = map.offset[j]! - factor * map.shift[j]!;
    for (let k = 0; k < outputs; k++) {
      const w = parameters[j * outputs + k]!;
      folded[j * outputs + k] = factor * w;
      folded[biases + k]! += constant * w;
    }
  }
  return folded;
}

/** The reverse for gradients: from ∂/∂(folded parameters) to ∂/∂parameters, in place. */
export function unfoldGradient(shape: NetworkShape, gradient: Float64Array, map: AffineMap): void {
  const [inputs, outputs] = [shape.nodes[0]!, shape.nodes[1]!];
  const biases = inputs * outputs;
  for (let j = 0; j < inputs; j++) {
    const factor = map.factor[j]!;
    const constant = map.offset[j]! - factor * map.shift[j]!;
    for (let k = 0; k < outputs; k++) {
      const at = j * outputs + k;
      gradient[at] = factor * gradient[at]! + constant * gradient[biases + k]!;
    }
  }
}
