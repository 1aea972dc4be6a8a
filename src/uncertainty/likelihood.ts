/**
 * How likely the errors are under Gaussians of the predicted widths, and the one factor that makes them likeliest.
 *
 *   NLL = ⟨ ½ ln 2πσ² + e²/2σ² ⟩,   minimal over σ → sσ at  s² = ⟨e²/σ²⟩
 *
 * A spread can be 0 or nearly so, by symmetry or because members agree, where errors are not: such σ are raised to a floor
 * first, or a few of them would decide s alone. The likeliest floor is the one whose best s has the smallest NLL.
 *
 * Source: Lakshminarayanan, Pritzel and Blundell, NeurIPS 2017, arXiv:1612.01474; s as in Musil, Willatt, Langovoy and
 * Ceriotti, J. Chem. Theory Comput. 15, 906 (2019), doi:10.1021/acs.jctc.8b00959 (without their correction for few members).
 */
import { InputError } from "../errors/index.js";
import { checkResiduals, quantile, type Residuals, rescaled, rootMeanSquare, standardized } from "./residuals.js";

/** The least floor as a share of the median of all spreads above 0. */
const FLOOR = 0.01;
/** Floors that are tried, evenly in their logarithm, from the least up to the median. */
const FLOORS = 25;

/** The least floor for spreads, 1 % of the median of those above 0; InputError where every spread is 0. */
export function spreadFloor(sigmas: Float64Array): number {
  const positive = sigmas.filter((sigma) => sigma > 0).sort();
  if (positive.length > 0) return FLOOR * quantile(positive, 0.5);
  throw new InputError({
    code: "uncertainty-all-zero",
    problem: "Every predicted uncertainty is 0.",
    expected: "Members of a committee, or dropout passes, differ.",
    remedy: "Fit the members with different seeds, or use a dropout probability above 0.",
  });
}

/** s ≥ 0 that minimises the NLL of s · max(σ, floor); InputError where every spread is 0 and no floor is given. */
export function likeliestScale(residuals: Residuals, floor = spreadFloor(residuals.sigmas)): number {
  checkResiduals(residuals);
  return rootMeanSquare(standardized(rescaled(residuals, { scale: 1, floor })));
}

/**
 * The floor with the smallest NLL of s · max(σ, floor) at its best s, between 1 % of the median spread above 0 and that median: at
 * least half of those keep their say. InputError where every spread is 0.
 */
export function likeliestFloor(residuals: Residuals): number {
  checkResiduals(residuals);
  const least = spreadFloor(residuals.sigmas);
  const floors = Array.from({ length: FLOORS }, (_, k) => least * FLOOR ** (-k / (FLOORS - 1)));
  const depths = floors.map((floor) => depth(residuals, floor));
  return floors[depths.indexOf(Math.min(...depths))] ?? least;
}

/** NLL of s · max(σ, floor) at its best s, less a constant: ln s + ⟨ln max(σ, floor)⟩. */
function depth({ errors, sigmas }: Residuals, floor: number): number {
  let [squares, logarithms] = [0, 0];
  for (let i = 0; i < sigmas.length; i++) {
    const sigma = Math.max(sigmas[i]!, floor);
    squares += (errors[i]! / sigma) ** 2;
    logarithms += Math.log(sigma);
  }
  return 0.5 * Math.log(squares / sigmas.length) + logarithms / sigmas.length;
}

/** Mean negative logarithm of the density of each error, undefined where a σ is 0 or so small that it overflows. */
export function negativeLogLikelihood(residuals: Residuals): number | undefined {
  checkResiduals(residuals);
  const { errors, sigmas } = residuals;
  let sum = 0;
  for (let i = 0; i < errors.length; i++) {
    const sigma = sigmas[i]!;
    sum += 0.5 * Math.log(2 * Math.PI) + Math.log(sigma) + 0.5 * (errors[i]! / sigma) ** 2;
  }
  return Number.isFinite(sum) ? sum / errors.length : undefined;
}

export interface Sharpness {
  /** Root mean square of the uncertainties: the smaller the better, if calibrated. */
  readonly rms: number;
  /** Their standard deviation over their mean: 0 says the same everywhere and tells nothing. */
  readonly dispersion: number;
}

export function sharpness(sigmas: Float64Array): Sharpness {
  const mean = sigmas.reduce((a, b) => a + b, 0) / sigmas.length;
  const deviation = rootMeanSquare(sigmas.map((sigma) => sigma - mean));
  return { rms: rootMeanSquare(sigmas), dispersion: mean === 0 ? 0 : deviation / mean };
}
