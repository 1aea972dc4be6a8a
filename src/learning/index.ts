/** Learning on the fly: a loop as a state that follows from its journal, and the parts of which its rounds are made. */
export {
  type LearningConfiguration,
  type LearningConfigurationInput,
  learningFormat,
  type MeasureConfiguration,
  type WalkerConfiguration,
} from "./configuration.js";
export { type DoubtKnowledge, type DoubtThresholds, type Limits, passes, thresholdsFor } from "./doubt.js";
export { EnvironmentSpace, type Environments, KnownEnvironments } from "./environments.js";
export type { LearnEvent, StageName } from "./events.js";
export {
  type Execution,
  ExecutionStopped,
  type FitOrder,
  type FitProgress,
  type LabelOrder,
  type LabelOutcome,
} from "./execution.js";
export { type InitialOptions, initialStructures } from "./initial.js";
export * from "./journal.js";
export { type LabelErrors, labelErrors } from "./label-errors.js";
export { configurationOfLasp2, type Lasp2Translation } from "./lasp2.js";
export { type LoopParts, learn } from "./loop.js";
export { type Measure, measure, measureOf, measureUnits } from "./measures.js";
export { isMoving, nextTask, type Plan, type Task } from "./next.js";
export { type FitSources, fitConfiguration } from "./refit.js";
export { type LearningResult, learningResult, type RoundResult } from "./result.js";
export { type Selectable, type SelectionRules, selectStructures } from "./selection.js";
export * from "./state.js";
export { endOf, errorSeries, isLevel } from "./stopping.js";
export { type HandedIn, type Leg, type LegRules, type LegTask, type WalkPotentials, walk } from "./walk.js";
export { lowestOfGroups, type Walker, type WalkerOf, type WalkerSources, walkersOf } from "./walkers.js";
export type { JournalKeeper, LegRecord, OutcomeRecord, Workshop } from "./workshop.js";
