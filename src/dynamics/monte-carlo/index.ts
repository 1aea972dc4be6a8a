/** Monte Carlo: a state, moves, and a sampler that steps it. */
export { type CellMoveOptions, cellMove } from "./cell-move.js";
export { asExchange, type Change, type Trial } from "./change.js";
export { restoreSampler, saveSampler } from "./checkpoint.js";
export { type DisplacementOptions, displacement } from "./displacement.js";
export { type HybridOptions, hybrid } from "./hybrid.js";
export { type Atoms, type EnergySharing, LocalEnergies, type LocalEnergyOptions } from "./local-energies.js";
export type { Move, Outcome } from "./move.js";
export { observer, type Sampled, type SampleRecord, sampleRecords } from "./observers.js";
export {
  type Observer,
  type SamplingOptions,
  type SamplingProgress,
  type SamplingResult,
  sample,
  samplingCourse,
} from "./run.js";
export { type MoveTally, Sampler, type SamplerOptions } from "./sampler.js";
export { type Arrangement, type MonteCarloOptions, MonteCarloState } from "./state.js";
export { StepSize, type StepSizeOptions } from "./step-size.js";
export { type SwapOptions, swap } from "./swap.js";
export { type TransmutationOptions, transmutation } from "./transmutation.js";
export { type Placed, type Site, Vicinity } from "./vicinity.js";
