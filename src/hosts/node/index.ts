/** Node: files, workers, potentials on disk, and the main job. */
export { writeAtomically } from "./atomic.js";
export { readBytes } from "./bytes.js";
export {
  type ReadFramesOptions,
  readAllFrames,
  readFrames,
  type WriteFramesOptions,
  writeFrames,
} from "./files.js";
export { type FileKind, kindOfFile } from "./frame-source.js";
export { createKernels } from "./kernels.js";
export { createEvaluator, type LoadedPotential, loadPotential, looksLikePotential } from "./potentials.js";
export { type RelaxationsOptions, relaxAll } from "./relaxations.js";
export { type TrainingEvent, TrainingStopped, type TrainOptions, type TrainOutcome, trainPotential } from "./train.js";
