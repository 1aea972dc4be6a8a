/** The WebAssembly module: everything that is exported here is described in `../contracts`. */
export { exponential, exponentialScalar, activate, hadamard, reverseTangent, broadcastRows, columnSums } from "./elementwise";
export { multiply, symmetricMultiply, symmetricUpdate, choleskyFactor, choleskySolve } from "./matrices";
export { descriptorValues, descriptorAdjoint, descriptorJacobian } from "./descriptors";
export { contractForces, contractTangent } from "./contractions";
export { wrapAtoms, sortAtoms, binExtended } from "./neighbors/bins";
export { countGhosts, makeGhosts } from "./neighbors/ghosts";
export { fillNeighbors } from "./neighbors/lists";
export { refreshAtoms, refreshGhosts, foldGhosts } from "./neighbors/refresh";
export { surfaceF64, surfaceF32 } from "./surface/surface";
