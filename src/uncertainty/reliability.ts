/**
 * Are errors as often within the predicted interval as a Gaussian says?
 *
 *   c_i = erf(|e_i| / (σ_i √2))      the narrowest centred interval that holds the error, as a probability
 *   observed(p) = share of c_i ≤ p   against expected p
 *   area = ∫₀¹ |observed − p| dp     0 for a perfect forecast, ½ at worst
 *   bias = ∫₀¹ (observed − p) dp = ½ − ⟨c⟩      above 0: uncertainties too large; below 0: too small
 *
 * n independent values of a perfect forecast leave an area of 0.313/√n on average (√(2/π)·π/8/√n). The integrals are exact, as
 * observed(p) is a step function; no grid is involved.
 *
 * Source: Kuleshov, Fenner and Ermon, ICML 2018, arXiv:1807.00263; the area as in Tran et al., Mach. Learn.: Sci. Technol.
 * 1, 025006 (2020), doi:10.1088/2632-2153/ab7e1a.
 */
import { erf } from "./normal.js";
import { countUpTo } from "./order.js";
import { checkResiduals, type Residuals, standardized } from "./residuals.js";

export interface Reliability {
  /** Probabilities, and the share of values within the interval of each, [level]. */
  readonly expected: readonly number[];
  readonly observed: readonly number[];
  readonly area: number;
  readonly bias: number;
}

/** 0, 1/20, … 1 */
const usualLevels: readonly number[] = Array.from({ length: 21 }, (_, k) => k / 20);

/** A value with σ = 0 counts as within every interval if its error is 0, else as within none but the whole. */
export function reliability(residuals: Residuals, levels: readonly number[] = usualLevels): Reliability {
  checkResiduals(residuals);
  const confidences = standardized(residuals)
    .map((z) => erf(z / Math.SQRT2))
    .sort();
  let mean = 0;
  for (const c of confidences) mean += c / confidences.length;
  return {
    expected: levels,
    observed: levels.map((p) => countUpTo(confidences, p) / confidences.length),
    area: areaFromDiagonal(confidences),
    bias: 0.5 - mean,
  };
}

function areaFromDiagonal(ascending: Float64Array): number {
  const n = ascending.length;
  let area = 0;
  for (let k = 0; k <= n; k++) {
    const from = k === 0 ? 0 : ascending[k - 1]!;
    const to = k === n ? 1 : ascending[k]!;
    area += wedge(from, to, k / n);
  }
  return area;
}

/** ∫ |y − p| dp between two ends. */
function wedge(from: number, to: number, y: number): number {
  if (y <= from) return (to - from) * ((to + from) / 2 - y);
  if (y >= to) return (to - from) * (y - (to + from) / 2);
  return ((y - from) ** 2 + (to - y) ** 2) / 2;
}
