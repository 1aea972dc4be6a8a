/** Programs that label structures. */
export { type AseSettings, ase, aseSchema } from "./ase.js";
export { type Cost, nothing as noCost, totalCost } from "./cost.js";
export { type Cp2kSettings, cp2k, cp2kSchema } from "./cp2k.js";
export { type EmbeddedParts, embedded } from "./embedded.js";
export * from "./engine.js";
export { countFailures, type Failure, type FailureKind, lastLines } from "./failure.js";
export {
  encodeMessage,
  type ForceData,
  IpiDecoder,
  type IpiMessage,
  stressOfVirial,
  virialOfStress,
} from "./ipi-protocol.js";
export { type KPoints, kpointMesh, kpointsSchema } from "./kpoints.js";
export { labelledFrame } from "./labelled-frame.js";
export { type LammpsSettings, lammps, lammpsSchema } from "./lammps.js";
export { finiteLabels } from "./outcome.js";
export { type QuantumEspressoSettings, quantumEspresso, quantumEspressoSchema } from "./quantum-espresso.js";
export { type VaspInputs, type VaspSettings, vasp, vaspSchema } from "./vasp.js";
export { splitPotcar } from "./vasp-input.js";
