export { bruteForceNeighborList } from "./brute-force.js";
export { neighborList } from "./cell-list.js";
export { type CoincidentPair, checkNotCoincident, coincidentPair, SAME_PLACE } from "./coincident.js";
export { type BindOptions, type ExtendedList, ExtendedNeighbors, type ExtendedOptions } from "./extended.js";
export type { NeighborList, NeighborOptions } from "./neighbor-list.js";
export { type FillTask, type FoldTask, type NeighborTask, type RefreshTask, runNeighborTask } from "./tasks.js";
export { VerletList, type VerletOptions } from "./verlet.js";
