/** Node: files. */

export { writeAtomically } from "./atomic.js";
export { readBytes } from "./bytes.js";
export {
  formatOfFile,
  type ReadFramesOptions,
  readAllFrames,
  readFrames,
  type WriteFramesOptions,
  writeFrames,
} from "./files.js";
