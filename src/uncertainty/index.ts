export { type Bin, type BinnedCalibration, binnedCalibration, usualBins } from "./binned.js";
export {
  applyCalibration,
  type Bounds,
  boundsOf,
  type CalibratedUncertainty,
  calibrate,
  calibrateQuantity,
  canCalibrate,
} from "./calibration.js";
export { type Calibration, parseCalibration, type QuantityCalibration } from "./calibration-record.js";
export { type ConformalBound, conformalBounds, conformalFactor } from "./conformal.js";
export {
  type ExtrapolatingFunction,
  type ExtrapolatingStructure,
  type ExtrapolationSummary,
  summarizeExtrapolation,
} from "./extrapolation.js";
export { type HeldOut, largestForceError, type Quantity, residualsOf, type SpreadSource } from "./held-out.js";
export {
  likeliestFloor,
  likeliestScale,
  negativeLogLikelihood,
  type Sharpness,
  sharpness,
  spreadFloor,
} from "./likelihood.js";
export { midranks } from "./order.js";
export { auroc, spearman } from "./ranking.js";
export { type Reliability, reliability } from "./reliability.js";
export {
  type ExtrapolationQuality,
  type QuantityQuality,
  quantityQuality,
  type ReportOptions,
  type SizeQuality,
  type SourceQuality,
  type UncertaintyReport,
  uncertaintyReport,
} from "./report.js";
export { checkResiduals, type Residuals, rescaled } from "./residuals.js";
export {
  proposeThresholds,
  type Threshold,
  type ThresholdRule,
  type Thresholds,
  thresholdOfQuantile,
  thresholdOfTolerance,
  verdict,
} from "./thresholds.js";
