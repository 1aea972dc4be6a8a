/** Molecular dynamics: a state, ensembles that step it, and what is around them. */
export { type Advice, adviseTimestep } from "./advice.js";
export { type Checkpoint, restore, save } from "./checkpoint.js";
export { decodeCheckpoint, encodeCheckpoint } from "./checkpoint-bytes.js";
export { type Contact, contactBelow } from "./contact.js";
export { type CellRescalingOptions, cellRescaling } from "./ensembles/cell-rescaling.js";
export { type LangevinOptions, langevin } from "./ensembles/langevin.js";
export { type MartynaTobiasKleinOptions, martynaTobiasKlein } from "./ensembles/martyna-tobias-klein.js";
export { type NoseHooverOptions, noseHoover } from "./ensembles/nose-hoover.js";
export { type VelocityRescalingOptions, velocityRescaling } from "./ensembles/velocity-rescaling.js";
export { type VelocityVerletOptions, velocityVerlet } from "./ensembles/velocity-verlet.js";
export { type FrameOptions, frameOf } from "./frames.js";
export type { GuardOptions } from "./guards.js";
export { electronvoltsPerAmu } from "./mass-unit.js";
export type { Motion } from "./motion.js";
export { kineticEnergy, kineticTensor, pressure, pressureTensor, temperature } from "./observables.js";
export { type Ramp, type RampPoint, valueAt } from "./ramp.js";
export {
  type Recorder,
  type RecorderOptions,
  recorder,
  type Series,
  type ThermoOptions,
  type ThermoRecord,
  type TrajectoryOptions,
  thermo,
  trajectory,
} from "./recorders.js";
export { course, type Progress, type RunOptions, type RunResult, run, runWithPauses, watchOf } from "./run.js";
export { type StartOptions, State, start } from "./state.js";
export type { CellMode } from "./strain.js";
export { type FixedAtom, prepare, type System, type SystemOptions } from "./system.js";
export type { Finding, Quantity, Tally, Threshold } from "./thresholds.js";
export { drawVelocities, rescaleTo, restCentre } from "./velocities.js";
export { describeVerdict, isDoubt, type Verdict, type VerdictReason } from "./verdict.js";
export { Watch, type WatchOptions } from "./watch.js";
