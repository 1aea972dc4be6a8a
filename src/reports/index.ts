/** Reports for people, and the errors that they show. */
export { extrapolationSentence, type Judged, ownCalibration, sourceTitles, thresholdSentences } from "./calibration.js";
export { type EvaluationResult, evaluationReport } from "./evaluation.js";
export { learningReport } from "./learning.js";
export type { LearnedRun } from "./learning-record.js";
export { endSentence, endSentences } from "./learning-words.js";
export { duration, grouped, significant, withError } from "./numbers.js";
export { conformalText, optional, type QualityRow, qualityRows } from "./quality-rows.js";
export { quantities } from "./quantities.js";
export { trainingReport } from "./training.js";
export {
  type AnalyzedTrajectory,
  compositionOf,
  estimateText,
  trajectoryPlots,
  trajectoryReport,
} from "./trajectory.js";
export { errorsOfStructure, type WorstStructure, worstByEnergy, worstByForces } from "./worst.js";
