/**
 * From which disagreement γ on a simulation should warn or stop, proposed from held-out structures.
 *
 * By tolerance: the smallest γ from which on the largest force error exceeds the tolerance with the wanted probability.
 * P(error > tolerance | γ) is the non-decreasing step function nearest to what was found (isotonic regression by pooling
 * adjacent violators: Ayer et al., Ann. Math. Stat. 26, 641 (1955), doi:10.1214/aoms/1177728423).
 *
 * By quantile: the γ that this share of the held-out structures stays below. Held-out structures are like the training data, so
 * γ above nearly all of theirs means a structure unlike them, however large its error may be.
 */
import { InputError } from "../errors/index.js";
import { checkResiduals, quantile, type Residuals } from "./residuals.js";

export interface Threshold {
  /** γ as it is predicted, before any scaling, eV/Å */
  readonly disagreement: number;
  readonly basis: "tolerance" | "quantile";
  /** Probability that the error exceeds the tolerance, or share of held-out structures below. */
  readonly probability: number;
}

export interface Thresholds {
  readonly warn: Threshold;
  readonly stop: Threshold;
}

export interface ThresholdRule {
  /** Largest force error that is tolerable, eV/Å; without it, quantiles alone decide. */
  readonly tolerance?: number | undefined;
  /** Probabilities that the tolerance is exceeded. Default 0.1 and 0.5. */
  readonly exceeding?: { readonly warn: number; readonly stop: number };
  /** Shares of held-out structures. Default 0.95 and 1: warn at one in twenty, stop beyond the largest seen. */
  readonly quantiles?: { readonly warn: number; readonly stop: number };
}

/**
 * The smallest γ at which P(error > tolerance) reaches `probability`; undefined where it never does. errors and sigmas: largest
 * force error and γ of each structure, eV/Å.
 */
export function thresholdOfTolerance(
  residuals: Residuals,
  { tolerance, probability }: { tolerance: number; probability: number },
): number | undefined {
  checkResiduals(residuals, "disagreement");
  if (!(tolerance > 0)) refuse("force-tolerance", `The force tolerance is ${tolerance} eV/Å.`, "Give one above 0.");
  checkProbability(probability);
  return exceedance(residuals, tolerance).find((step) => step.share >= probability)?.from;
}

interface Step {
  /** Smallest γ of the step. */
  readonly from: number;
  readonly count: number;
  /** Share of its structures whose error exceeds the tolerance. */
  readonly share: number;
}

/** The isotonic estimate of P(error > tolerance | γ), steps in ascending γ. */
export function exceedance(residuals: Residuals, tolerance: number): Step[] {
  const steps: Step[] = [];
  for (let step of sharesByDisagreement(residuals, tolerance)) {
    for (let last = steps.at(-1); last !== undefined && step.share <= last.share; last = steps.at(-1)) {
      step = pooled(last, step);
      steps.pop();
    }
    steps.push(step);
  }
  return steps;
}

/** What was found at each distinct γ, ascending. */
function sharesByDisagreement({ errors, sigmas }: Residuals, tolerance: number): Step[] {
  const order = Uint32Array.from(errors, (_, i) => i).sort((a, b) => sigmas[a]! - sigmas[b]!);
  const steps: Step[] = [];
  for (const i of order) {
    const step = { from: sigmas[i]!, count: 1, share: Math.abs(errors[i]!) > tolerance ? 1 : 0 };
    const last = steps.at(-1);
    if (last?.from === step.from) steps[steps.length - 1] = pooled(last, step);
    else steps.push(step);
  }
  return steps;
}

function pooled(low: Step, high: Step): Step {
  const count = low.count + high.count;
  return { from: low.from, count, share: (low.count * low.share + high.count * high.share) / count };
}

/** The γ that `share` of the structures do not exceed. */
export function thresholdOfQuantile(disagreements: Float64Array, share: number): number {
  checkResiduals({ errors: disagreements, sigmas: disagreements }, "disagreement");
  checkProbability(share);
  return quantile(disagreements.slice().sort(), share);
}

/** Both thresholds; where the tolerance decides nothing (never exceeded), the quantile does. Warn is never above stop. */
export function proposeThresholds(residuals: Residuals, rule: ThresholdRule = {}): Thresholds {
  const { tolerance, exceeding = { warn: 0.1, stop: 0.5 }, quantiles = { warn: 0.95, stop: 1 } } = rule;
  const propose = (which: "warn" | "stop"): Threshold => {
    const probability = exceeding[which];
    const byTolerance =
      tolerance === undefined ? undefined : thresholdOfTolerance(residuals, { tolerance, probability });
    return byTolerance === undefined
      ? {
          disagreement: thresholdOfQuantile(residuals.sigmas, quantiles[which]),
          basis: "quantile",
          probability: quantiles[which],
        }
      : { disagreement: byTolerance, basis: "tolerance", probability };
  };
  const [warn, stop] = [propose("warn"), propose("stop")];
  return warn.disagreement <= stop.disagreement ? { warn, stop } : { warn: stop, stop };
}

function checkProbability(p: number): void {
  if (!(p >= 0 && p <= 1)) refuse("probability", `The probability is ${p}.`, "Give a number from 0 to 1.");
}

function refuse(code: string, problem: string, remedy: string): never {
  throw new InputError({ code, problem, remedy });
}

/**
 * What to do about a disagreement γ (eV/Å, unscaled): a threshold by tolerance counts from its γ on, one by quantile above it. Stop
 * where γ is not a number.
 */
export function verdict(disagreement: number, { warn, stop }: Thresholds): "go-on" | "warn" | "stop" {
  if (Number.isNaN(disagreement) || isReached(disagreement, stop)) return "stop";
  return isReached(disagreement, warn) ? "warn" : "go-on";
}

const isReached = (disagreement: number, threshold: Threshold): boolean =>
  threshold.basis === "tolerance" ? disagreement >= threshold.disagreement : disagreement > threshold.disagreement;
