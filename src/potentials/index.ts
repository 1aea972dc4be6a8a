export * from "./classical/index.js";
export type { Member, NetworkPotential } from "./definition.js";
export { NetworkEvaluator } from "./network-evaluator.js";
export * from "./potential.js";
export { sum } from "./sum.js";
export { isSurface, SurfaceForceField, type SurfaceOptions } from "./surface.js";
