/** Engines in Node: programs, sockets, directories of calculations. */

export { lockDirectory } from "./directory-lock.js";
export { EventLog, type LoggedEvent } from "./event-log.js";
export {
  directoryName,
  type Executor,
  type FileEngineOptions,
  fileEngine,
  type KeepingEngine,
  localExecutor,
} from "./file-engine.js";
export { checkProgram, requireInstalled } from "./installation.js";
export { type IpiService, serveIpi } from "./ipi-client.js";
export { freeSocketName, IpiDisconnected, IpiServer } from "./ipi-server.js";
export {
  type Labelling,
  type LabellingOptions,
  type LabellingProgress,
  labelStructures,
} from "./labelling.js";
export { type ReadOutputsOptions, readOutputFile } from "./outputs.js";
export { potentialEngine, type ServeOptions, servePotential } from "./potential-engine.js";
export { type Ended, type Running, runProgram, startProgram } from "./processes.js";
export { engineFormat, engineNamed, engineSettings, type WrittenSettings } from "./settings.js";
export { warmEngine } from "./warm-engine.js";
export {
  createEngine,
  createProgram,
  type EngineName,
  type EngineOptions,
  engineNames,
  engineSchemas,
  type ProgramName,
  programNames,
} from "./wiring.js";
