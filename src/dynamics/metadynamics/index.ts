/** Metadynamics: hills, a walk over them, and the cell of a crystal as its variable. */
export { CELL_COMPONENTS, type CellForceOptions, cellForce, cellOf, sixOf, standardOrientation } from "./cell-frame.js";
export { CellVariable, type CellVariableOptions } from "./cell-variable.js";
export { meanCoordination } from "./coordination.js";
export { ChangeDetector, type DetectorOptions, type StructuralChange } from "./detector.js";
export { Hills } from "./hills.js";
export { type Extras, Metadynamics, type MetadynamicsOptions, type MetadynamicsRecord } from "./metadynamics.js";
export { type Basis, plainBasis, roundBasis } from "./metric.js";
export {
  type MetadynamicsProgress,
  type MetadynamicsResult,
  type MetadynamicsRun,
  type MetadynamicsRunOptions,
  metadynamicsCourse,
  restoreMetadynamics,
  runMetadynamics,
  saveMetadynamics,
} from "./run.js";
export type { CollectiveVariable, MeanForce, MeasureProgress } from "./variable.js";
