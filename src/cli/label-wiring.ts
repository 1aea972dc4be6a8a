/** Where the commands `label` and `serve` meet the engines. */
export {
  createEngine,
  type EngineName,
  engineFormat,
  engineNamed,
  engineNames,
  engineSettings,
  type KeepingEngine,
  type Labelling,
  labelStructures,
  lockDirectory,
  requireInstalled,
  servePotential,
} from "../hosts/node/engines/index.js";
export { openSimulationPotential } from "../hosts/node/simulate-potential.js";
export {
  type SlurmEvent,
  type SlurmExecutor,
  type SlurmSettings,
  SlurmStopped,
  slurmExecutor,
  slurmFormat,
  slurmSentence,
} from "../hosts/node/slurm/index.js";
