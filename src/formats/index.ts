/** Structure formats: bytes to frames and back, and which format a file is in. */

export { looksLikeSqlite, readAseDatabase, type SqlRows } from "./ase-db.js";
export { cp2kOutput } from "./cp2k-output.js";
export { type Cp2kFiles, readCp2kRun } from "./cp2k-run.js";
export { readFuncfl, readSetfl } from "./eam.js";
export { extxyz } from "./extxyz.js";
export type {
  ByteSource,
  Holds,
  LabelKeys,
  LammpsAtomStyle,
  ReadOptions,
  StructureFormat,
  WriteOptions,
} from "./format.js";
export { losses } from "./format.js";
export { lammpsData } from "./lammps-data.js";
export { lammpsDump } from "./lammps-dump.js";
export { n2p2Data } from "./n2p2-data.js";
export { outcar } from "./outcar.js";
export { type OutputFormat, type OutputOptions, type OutputReading, readOutput } from "./outputs.js";
export { poscar } from "./poscar.js";
export { pwOutput } from "./pw-output.js";
export { type PwInput, type PwValue, pwInputText, qeInput } from "./qe-input.js";
export {
  findFormat,
  findOutputFormat,
  formatOfName,
  outputFormats,
  recognise,
  recogniseOutput,
  structureFormats,
} from "./registry.js";
export { readStillingerWeber } from "./stillinger-weber.js";
export { readTersoff } from "./tersoff.js";
export { vasprun } from "./vasprun.js";
export { xsf } from "./xsf.js";
