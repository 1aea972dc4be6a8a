export * from "./classical/index.js";
export { type Member, type MemberDropout, type NetworkPotential, spreadSourceOf } from "./definition.js";
export { passesAsMembers } from "./dropout-members.js";
export { NetworkEvaluator } from "./network-evaluator.js";
export * from "./potential.js";
export { sum, sumOfFields } from "./sum.js";
export { isSurface, SurfaceForceField, type SurfaceOptions } from "./surface.js";
export { networkPotential } from "./surface-potential.js";
