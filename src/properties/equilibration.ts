/** Where a series has forgotten how it began. */
import { blocking } from "./blocking.js";

/** Starts that are tried, evenly over the first half. */
const STARTS = 20;
/** Fewer values do not tell a drift from chance. */
const FEWEST = 32;

/**
 * Index of the first value that counts: the start t₀ that leaves the most independent values, (N − t₀)/g(t₀), where g is the statistical
 * inefficiency, which a drift at the beginning makes large (Chodera 2016, doi:10.1021/acs.jctc.5b00784). Deviations: g is that of blocking,
 * and no more than half of the series is given up. 0 for fewer than 32 values.
 */
export function equilibrated(series: ArrayLike<number>): number {
  const values = Float64Array.from(series);
  if (values.length < FEWEST) return 0;
  let best = { start: 0, effective: 0 };
  for (let k = 0; k <= STARTS; k++) {
    const start = Math.floor((k * values.length) / (2 * STARTS));
    const rest = values.subarray(start);
    const effective = rest.length / Math.max(1, blocking(rest).inefficiency);
    if (effective > best.effective) best = { start, effective };
  }
  return best.start;
}
