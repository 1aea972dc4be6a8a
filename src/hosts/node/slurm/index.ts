/** Jobs of a Slurm cluster. */
export { type SlurmExecutor, slurmExecutor } from "./executor.js";
export type { Job, JobOutcome, JobTrouble, SlurmEvent } from "./jobs.js";
export { discardRun, runJobs, type SlurmOptions, SlurmRun, SlurmStopped } from "./run.js";
export { slurmSentence } from "./sentences.js";
export { type SlurmSettings, slurmFormat, slurmSchema } from "./settings.js";
export { type Verdict, verdictOf } from "./verdict.js";
