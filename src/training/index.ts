export { Engine, type EngineLayout } from "./engine.js";
export type { LossWeights } from "./loss.js";
export { fitMember, type MemberPlan, type MemberSnapshot } from "./member.js";
export { createTrainer } from "./optimizers/index.js";
export { FitProblem } from "./problem.js";
export type { EpochRecord, SetErrors } from "./record.js";
