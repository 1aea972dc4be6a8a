/**
 * Scaling of raw values G to network inputs, n2p2's five modes, all of the form x = factor (G − shift) + offset:
 *
 *   none          G
 *   scale         low + (high−low) (G−min)/(max−min)
 *   center        G − mean
 *   scale-center  low + (high−low) (G−mean)/(max−min)
 *   scale-sigma   low + (high−low) (G−mean)/σ
 *
 * A function that does not vary (max = min, or σ = 0) gets factor 0: n2p2 divides by zero there.
 */
import type { DescriptorStatistics, Scaling } from "./definition.js";

/** x = factor ∘ (G − shift) + offset, [function] each. */
export interface AffineScaling {
  readonly factor: Float64Array;
  readonly shift: Float64Array;
  readonly offset: Float64Array;
}

export function affineOf(scaling: Scaling): AffineScaling {
  const n = scaling.min.length;
  const factor = new Float64Array(n);
  const shift = new Float64Array(n);
  const offset = new Float64Array(n);
  const span = scaling.high - scaling.low;
  for (let s = 0; s < n; s++) {
    const range = scaling.max[s]! - scaling.min[s]!;
    const divide = (by: number): number => (by > 0 ? span / by : 0);
    switch (scaling.mode) {
      case "none":
        factor[s] = 1;
        break;
      case "center":
        factor[s] = 1;
        shift[s] = scaling.mean[s]!;
        break;
      case "scale":
        factor[s] = divide(range);
        shift[s] = scaling.min[s]!;
        offset[s] = scaling.low;
        break;
      case "scale-center":
        factor[s] = divide(range);
        shift[s] = scaling.mean[s]!;
        offset[s] = scaling.low;
        break;
      case "scale-sigma":
        factor[s] = divide(scaling.sigma[s]!);
        shift[s] = scaling.mean[s]!;
        offset[s] = scaling.low;
        break;
    }
  }
  return { factor, shift, offset };
}

/** Gathers min, max, mean and σ (n−1) of one element's functions, row by row (Welford). */
export class StatisticsGatherer {
  readonly min: Float64Array;
  readonly max: Float64Array;
  readonly mean: Float64Array;
  readonly #squares: Float64Array;
  #count = 0;

  constructor(functions: number) {
    this.min = new Float64Array(functions).fill(Number.POSITIVE_INFINITY);
    this.max = new Float64Array(functions).fill(Number.NEGATIVE_INFINITY);
    this.mean = new Float64Array(functions);
    this.#squares = new Float64Array(functions);
  }

  /** Number of rows so far. */
  get count(): number {
    return this.#count;
  }

  /** Adds the row that starts at `at`. */
  add(values: Float64Array, at: number): void {
    this.#count++;
    for (let s = 0; s < this.mean.length; s++) {
      const g = values[at + s]!;
      if (g < this.min[s]!) this.min[s] = g;
      if (g > this.max[s]!) this.max[s] = g;
      const before = g - this.mean[s]!;
      this.mean[s]! += before / this.#count;
      this.#squares[s]! += before * (g - this.mean[s]!);
    }
  }

  statistics(): DescriptorStatistics {
    const sigma = this.#squares.map((sum) => (this.#count > 1 ? Math.sqrt(sum / (this.#count - 1)) : 0));
    if (this.#count > 0) return { min: this.min, max: this.max, mean: this.mean, sigma };
    const zero = new Float64Array(this.mean.length);
    return { min: zero, max: zero, mean: zero, sigma: zero };
  }
}
