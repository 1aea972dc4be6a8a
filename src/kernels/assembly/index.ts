/** The WebAssembly module: everything that is exported here is described in `../contracts`. */
export { exponential, exponentialScalar, activate, hadamard, reverseTangent, broadcastRows, columnSums } from "./elementwise";
export { multiply, symmetricMultiply, symmetricUpdate, choleskyFactor, choleskySolve } from "./matrices";
export { descriptorValues, descriptorAdjoint, descriptorJacobian } from "./descriptors";
export { contractForces, contractTangent } from "./contractions";
export {
  wrapAtoms, countGhosts, sortAtoms, makeGhosts, binExtended, fillNeighbors, refreshAtoms, refreshGhosts, foldGhosts,
} from "./neighbors";
export { surfaceF64, surfaceF32 } from "./surface/surface";
