export { bruteForceNeighborList } from "./brute-force.js";
export { neighborList } from "./cell-list.js";
export { type CoincidentPair, checkNotCoincident, coincidentPair, SAME_PLACE } from "./coincident.js";
export { ExtendedNeighbors } from "./extended.js";
export type { BindOptions, ExtendedList, ExtendedOptions } from "./extended-list.js";
export type { NeighborList, NeighborOptions } from "./neighbor-list.js";
export { type FillTask, type FoldTask, type NeighborTask, type RefreshTask, runNeighborTask } from "./tasks.js";
export { VerletList, type VerletOptions } from "./verlet.js";
