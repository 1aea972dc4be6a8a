/** Errors beside the uncertainties that were predicted for them: what every measure of this chapter looks at. */
import { InputError } from "../errors/index.js";

export interface Residuals {
  /** Prediction minus reference (or its absolute value), [value]. */
  readonly errors: Float64Array;
  /** Predicted standard deviation in the same unit, 0 or more, [value]. */
  readonly sigmas: Float64Array;
}

/**
 * InputError where there is nothing, lengths differ, something is not a number, or an uncertainty is negative. `what` names
 * the quantity in the message.
 */
export function checkResiduals({ errors, sigmas }: Residuals, what = "value"): void {
  if (errors.length !== sigmas.length)
    fail("uncertainty-lengths", `There are ${errors.length} errors and ${sigmas.length} uncertainties (${what}).`);
  if (errors.length === 0) fail("uncertainty-no-data", `There is no ${what} with both a reference and an uncertainty.`);
  for (let i = 0; i < errors.length; i++) {
    if (!Number.isFinite(errors[i]!) || !Number.isFinite(sigmas[i]!))
      fail("uncertainty-not-finite", `The ${what} number ${i + 1} has error ${errors[i]} ± ${sigmas[i]}.`);
    if (sigmas[i]! < 0) fail("uncertainty-negative", `The ${what} number ${i + 1} has the uncertainty ${sigmas[i]}.`);
  }
}

function fail(code: string, problem: string): never {
  throw new InputError({
    code,
    problem,
    expected: "An uncertainty is judged by labelled structures, each with a finite error and a spread of 0 or more.",
    remedy: "Give labelled structures and a potential with a committee or dropout, and leave out structures that fail.",
  });
}

/** |e|/σ, [value]; 0 where both are 0, infinite where only σ is. */
export function standardized({ errors, sigmas }: Residuals): Float64Array {
  return errors.map((e, i) => (e === 0 ? 0 : Math.abs(e) / sigmas[i]!));
}

/** The same errors with uncertainties scale · max(σ, floor). */
export function rescaled({ errors, sigmas }: Residuals, { scale, floor }: { scale: number; floor: number }): Residuals {
  return { errors, sigmas: sigmas.map((sigma) => scale * Math.max(sigma, floor)) };
}

export const rootMeanSquare = (values: ArrayLike<number>): number => {
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += values[i]! ** 2;
  return Math.sqrt(squares / values.length);
};

/** The q-quantile (0 to 1) of ascending values, linear between neighbours. */
export function quantile(ascending: ArrayLike<number>, q: number): number {
  const at = q * (ascending.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, ascending.length - 1);
  return ascending[below]! + (at - below) * (ascending[above]! - ascending[below]!);
}
