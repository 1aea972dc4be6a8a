/**
 * Everything about the uncertainties of a potential on labelled structures, in one plain record (finite numbers only, so that
 * it can be written as JSON): committee, dropout and range extrapolation side by side.
 */

import { InputError } from "../errors/index.js";
import { type BinnedCalibration, binnedCalibration } from "./binned.js";
import { calibrate, calibrateQuantity, canCalibrate } from "./calibration.js";
import type { Calibration, QuantityCalibration } from "./calibration-record.js";
import { type ExtrapolationSummary, summarizeExtrapolation } from "./extrapolation.js";
import {
  type HeldOut,
  isAllFinite,
  largestForceError,
  type Quantity,
  quantities,
  quantityUnits,
  residualsOf,
  type SpreadSource,
} from "./held-out.js";
import { negativeLogLikelihood, type Sharpness, sharpness } from "./likelihood.js";
import { auroc, spearman } from "./ranking.js";
import { type Reliability, reliability } from "./reliability.js";
import { checkResiduals, quantile, type Residuals, rescaled, rootMeanSquare } from "./residuals.js";
import type { ThresholdRule } from "./thresholds.js";

/**
 * How well the sizes of uncertainties fit the errors, as if these were Gaussian. The largest error of a structure is not:
 * of `disagreement`, ranks, scale and conformal bounds say more than reliability and likelihood.
 */
export interface SizeQuality {
  readonly reliability: Reliability;
  /** ENCE and its bins. */
  readonly ence?: number;
  readonly bins: BinnedCalibration["bins"];
  /** Mean negative log likelihood; absent where an uncertainty is 0. */
  readonly nll?: number;
  readonly sharpness: Sharpness;
}

export interface QuantityQuality {
  readonly unit: string;
  readonly values: number;
  readonly rmse: number;
  readonly mae: number;
  /** Rank correlation of uncertainty and |error|. */
  readonly spearman?: number;
  /** Probability that of two values the one with |error| above `tolerance` has the larger uncertainty. */
  readonly auroc?: number;
  readonly tolerance: number;
  readonly raw: SizeQuality;
  /** After scaling: by the potential's own calibration, or, where it has none, by one fitted to these very values. */
  readonly calibrated?: SizeQuality;
  readonly calibration?: QuantityCalibration & { readonly from: "potential" | "these values" };
}

/** A source of spread: quality of each quantity, and the calibration that these structures propose. */
export type SourceQuality = { readonly [q in Quantity]?: QuantityQuality } & { readonly proposed?: Calibration };

export interface ExtrapolationQuality {
  readonly summary: ExtrapolationSummary;
  /** Of the number of values out of range per atom of the structure against its largest force error. */
  readonly spearman?: number;
  readonly auroc?: number;
  /** eV/Å */
  readonly tolerance?: number;
}

export interface UncertaintyReport {
  /** Structures that were judged. */
  readonly structures: number;
  /** Those left out because a prediction or a spread is not finite, 0-based in the list that was given. */
  readonly notFinite: readonly number[];
  readonly committee?: SourceQuality;
  readonly dropout?: SourceQuality;
  readonly extrapolation: ExtrapolationQuality;
}

export interface ReportOptions {
  /** Of the potential, where it has one. */
  readonly calibration?: Calibration | undefined;
  /** Above which |error| a value counts as wrong, eV/atom and eV/Å. Default: the worst tenth is wrong. */
  readonly tolerances?: { readonly [q in Quantity]?: number };
  readonly rule?: ThresholdRule;
}

/** Share of values that are wrong where no tolerance is given. */
const WORST = 0.1;

/** InputError where no structure is left to judge. */
export function uncertaintyReport(all: readonly HeldOut[], options: ReportOptions = {}): UncertaintyReport {
  const structures = all.filter(isAllFinite);
  if (structures.length === 0)
    throw new InputError({
      code: "uncertainty-no-data",
      problem:
        all.length === 0
          ? "There are no structures."
          : `All ${all.length} structures have predictions that are not finite.`,
      expected: "Uncertainties are judged by labelled structures with finite predictions.",
      remedy: all.length === 0 ? "Give labelled structures." : "Fit the potential again; this one is broken.",
    });
  const sources = (["committee", "dropout"] as const).filter((source) =>
    structures.some(({ spreads }) => spreads[source] !== undefined),
  );
  return {
    structures: structures.length,
    notFinite: all.flatMap((structure, s) => (isAllFinite(structure) ? [] : [s])),
    ...Object.fromEntries(sources.map((source) => [source, sourceQuality(structures, source, options)])),
    extrapolation: extrapolationQuality(structures, options),
  };
}

function sourceQuality(structures: readonly HeldOut[], source: SpreadSource, options: ReportOptions): SourceQuality {
  const given = options.calibration?.source === source ? options.calibration : undefined;
  const found: { [q in Quantity]?: QuantityQuality } = {};
  for (const quantity of quantities) {
    const residuals = residualsOf(structures, source, quantity);
    if (residuals.errors.length > 0)
      found[quantity] = quantityQuality(residuals, {
        quantity,
        calibration: given?.[quantity],
        tolerance: options.tolerances?.[quantity],
      });
  }
  const { rule } = options;
  const proposed = canCalibrate(structures, source)
    ? calibrate(structures, { source, ...(rule === undefined ? {} : { rule }) })
    : undefined;
  return { ...found, ...(proposed === undefined ? {} : { proposed }) };
}

interface QualityOptions {
  readonly quantity: Quantity;
  readonly calibration?: QuantityCalibration | undefined;
  readonly tolerance?: number | undefined;
}

/** Every measure for one quantity; InputError as of `checkResiduals`. */
export function quantityQuality(residuals: Residuals, options: QualityOptions): QuantityQuality {
  checkResiduals(residuals, options.quantity);
  const absolute = residuals.errors.map(Math.abs);
  const tolerance = options.tolerance ?? worstTenth(absolute);
  const fitted = options.calibration ?? calibrateQuantity(residuals, options.quantity);
  return {
    unit: quantityUnits[options.quantity],
    values: absolute.length,
    rmse: rootMeanSquare(absolute),
    mae: absolute.reduce((a, b) => a + b, 0) / absolute.length,
    ...rankQuality(residuals.sigmas, absolute, tolerance),
    tolerance,
    raw: sizeQuality(residuals),
    ...(fitted === undefined
      ? {}
      : {
          calibrated: sizeQuality(rescaled(residuals, fitted)),
          calibration: { ...fitted, from: options.calibration === undefined ? "these values" : "potential" },
        }),
  };
}

const worstTenth = (absolute: Float64Array): number => quantile(absolute.slice().sort(), 1 - WORST);

function rankQuality(
  scores: Float64Array,
  absolute: Float64Array,
  tolerance: number,
): { spearman?: number; auroc?: number } {
  const rho = spearman(scores, absolute);
  const area = auroc(
    scores,
    absolute.map((e) => (e > tolerance ? 1 : 0)),
  );
  return { ...(rho === undefined ? {} : { spearman: rho }), ...(area === undefined ? {} : { auroc: area }) };
}

function sizeQuality(residuals: Residuals): SizeQuality {
  const { error, bins } = binnedCalibration(residuals);
  const nll = negativeLogLikelihood(residuals);
  return {
    reliability: reliability(residuals),
    ...(error === undefined ? {} : { ence: error }),
    bins,
    ...(nll === undefined ? {} : { nll }),
    sharpness: sharpness(residuals.sigmas),
  };
}

function extrapolationQuality(structures: readonly HeldOut[], options: ReportOptions): ExtrapolationQuality {
  const summary = summarizeExtrapolation(structures);
  const judged = structures.filter((structure) => largestForceError(structure) !== undefined);
  if (judged.length === 0) return { summary };
  const errors = Float64Array.from(judged, (structure) => largestForceError(structure)!);
  const scores = Float64Array.from(judged, ({ extrapolation, species }) => extrapolation.length / species.length);
  checkResiduals({ errors, sigmas: scores }, "largest force error");
  const tolerance = options.tolerances?.disagreement ?? worstTenth(errors);
  return { summary, ...rankQuality(scores, errors, tolerance), tolerance };
}
