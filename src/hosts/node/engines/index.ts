/** Engines in Node: programs, sockets, directories of calculations. */
export { type FileEngineOptions, fileEngine } from "./file-engine.js";
export { checkProgram } from "./installation.js";
export { type IpiService, serveIpi } from "./ipi-client.js";
export { freeSocketName, IpiDisconnected, IpiServer } from "./ipi-server.js";
export { type ReadOutputsOptions, readOutputFile } from "./outputs.js";
export { potentialEngine, type ServeOptions, servePotential } from "./potential-engine.js";
export { type Ended, type Running, runProgram, startProgram } from "./processes.js";
export { warmEngine } from "./warm-engine.js";
export {
  createEngine,
  createProgram,
  type EngineName,
  type EngineOptions,
  engineNames,
  engineSchemas,
} from "./wiring.js";
