export {
  checkTask,
  type Relaxation,
  type RelaxationStep,
  type RelaxationTask,
  type RelaxationWatch,
  relax,
} from "./relax.js";
export {
  type CellFreedom,
  type FireSettings,
  holdAtoms,
  type LbfgsSettings,
  type RelaxationSettings,
} from "./settings.js";
