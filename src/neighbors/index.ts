export { bruteForceNeighborList } from "./brute-force.js";
export { neighborList } from "./cell-list.js";
export { type CoincidentPair, checkNotCoincident, coincidentPair, SAME_PLACE } from "./coincident.js";
export type { NeighborList, NeighborOptions } from "./neighbor-list.js";
