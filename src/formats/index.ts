/** Structure formats: bytes to frames and back, and which format a file is in. */

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
export { poscar } from "./poscar.js";
export { findFormat, formatOfName, recognise, structureFormats } from "./registry.js";
export { xsf } from "./xsf.js";
