/** Reports for people, and the errors that they show. */
export { errorPair } from "./errors.js";
export { type EvaluationResult, evaluationReport } from "./evaluation.js";
export { duration, grouped, significant } from "./numbers.js";
export { quantities } from "./quantities.js";
export { trainingReport } from "./training.js";
export { errorsOfStructure, type WorstStructure, worstByEnergy, worstByForces } from "./worst.js";
