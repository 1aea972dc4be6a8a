/**
 * Bounds that hold whatever the distribution of the errors: split conformal prediction. With scores |e|/σ of n held-out
 * values,
 *
 *   q = the k-th smallest score, k = ⌈(n + 1)·level⌉   ⇒   level ≤ P(|e| ≤ qσ) ≤ level + 1/(n + 1)
 *
 * for a fresh value that could have been any of them (exchangeable; scores without ties for the upper end). Structures of one
 * trajectory, and force components of one structure, are not quite that: take the level as a guide there.
 *
 * Source: Lei, G'Sell, Rinaldo, Tibshirani and Wasserman, J. Am. Stat. Assoc. 113, 1094 (2018),
 * doi:10.1080/01621459.2017.1307116 (split conformal, locally weighted).
 */
import { InputError } from "../errors/index.js";
import { checkResiduals, type Residuals, standardized } from "./residuals.js";

export interface ConformalBound {
  /** Wanted share of values within the bound. */
  readonly level: number;
  /** q: the bound is q·σ. */
  readonly factor: number;
}

/**
 * q; undefined where n is too small for the level (fewer than level/(1 − level) values), or scores that large are
 * infinite because σ is 0.
 */
export function conformalFactor(residuals: Residuals, level: number): number | undefined {
  checkResiduals(residuals);
  return factorOf(standardized(residuals).sort(), level);
}

/** The bounds that these data allow. */
export function conformalBounds(
  residuals: Residuals,
  levels: readonly number[] = [0.5, 0.68, 0.9, 0.95, 0.99],
): ConformalBound[] {
  checkResiduals(residuals);
  const scores = standardized(residuals).sort();
  return levels.flatMap((level) => {
    const factor = factorOf(scores, level);
    return factor === undefined ? [] : [{ level, factor }];
  });
}

function factorOf(ascending: Float64Array, level: number): number | undefined {
  if (!(level > 0 && level < 1))
    throw new InputError({
      code: "confidence-level",
      problem: `The confidence level is ${level}.`,
      expected: "It is a probability above 0 and below 1.",
      remedy: "Give for example 0.95.",
    });
  // Rounding must not lift (n + 1)·level above a whole number that it is meant to be.
  const k = Math.ceil((ascending.length + 1) * level - 1e-9);
  const factor = ascending[k - 1];
  return factor === undefined || !Number.isFinite(factor) ? undefined : factor;
}
