export { recordWords } from "./contracts/cache.js";
export * from "./contracts/descriptors.js";
export { activationCodes, type KernelExports } from "./contracts/module.js";
export { follow, GangLeader, type GangPlaces, placeGang } from "./gang.js";
export { createKernelMemory, hasRelaxedSimd, KernelMemoryError, Kernels, Scratch } from "./module.js";
