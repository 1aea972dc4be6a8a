/**
 * Are errors large where the uncertainty is large, in proportion?
 *
 *   ENCE = 1/B Σ_b |RMV_b − RMSE_b| / RMV_b,   RMV_b² = ⟨σ²⟩_b,   RMSE_b² = ⟨e²⟩_b
 *
 * over B bins of like many values in ascending σ. A perfect forecast of n values does not reach 0: about 0.56 √(B/n) remains
 * (√(2/π)·√(B/2n), see Pernot, arXiv:2305.11905), so compare at like B and n.
 *
 * Source: Levi, Gispan, Giladi and Fetaya, Sensors 22, 5540 (2022), doi:10.3390/s22155540.
 */
import { places } from "./order.js";
import { checkResiduals, type Residuals } from "./residuals.js";

export interface Bin {
  readonly count: number;
  /** Root mean square of the uncertainties, and of the errors. */
  readonly predicted: number;
  readonly found: number;
}

export interface BinnedCalibration {
  /** ENCE; undefined where a bin has errors and no uncertainty at all. */
  readonly error: number | undefined;
  readonly bins: readonly Bin[];
}

/** Bins of about 30 values, at most 15. */
export const usualBins = (count: number): number => Math.min(15, Math.max(1, Math.floor(count / 30)));

export function binnedCalibration(residuals: Residuals, bins?: number): BinnedCalibration {
  checkResiduals(residuals);
  const { errors, sigmas } = residuals;
  const n = errors.length;
  const count = Math.min(n, bins ?? usualBins(n));
  const place = places(sigmas);
  const sums = Array.from({ length: count }, () => ({ count: 0, predicted: 0, found: 0 }));
  for (let i = 0; i < n; i++) {
    const bin = sums[Math.floor((place[i]! * count) / n)]!;
    bin.count++;
    bin.predicted += sigmas[i]! ** 2;
    bin.found += errors[i]! ** 2;
  }
  const made = sums.map((bin) => ({
    count: bin.count,
    predicted: Math.sqrt(bin.predicted / bin.count),
    found: Math.sqrt(bin.found / bin.count),
  }));
  return { error: meanDeviation(made), bins: made };
}

function meanDeviation(bins: readonly Bin[]): number | undefined {
  let sum = 0;
  for (const { predicted, found } of bins) {
    if (predicted === 0 && found > 0) return undefined;
    if (predicted > 0) sum += Math.abs(predicted - found) / predicted;
  }
  return sum / bins.length;
}
