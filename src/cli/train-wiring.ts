/** Where the command `train` meets the fit; apart from wiring.ts, because a fit takes long to load. */
export { configurationOfInputNn } from "../hosts/node/input-nn.js";
export type { SlurmEvent } from "../hosts/node/slurm/jobs.js";
export { discardRun } from "../hosts/node/slurm/run.js";
export { slurmSentence } from "../hosts/node/slurm/sentences.js";
export {
  startRunDirectory,
  type TrainingEvent,
  TrainingStopped,
  type TrainOutcome,
  trainMember,
  trainPotential,
} from "../hosts/node/train.js";
export { clusterFolder } from "../hosts/node/train-slurm.js";
