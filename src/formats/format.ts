/** What every structure format offers: bytes to frames, frame to text. No file system here. */

import type { Frame } from "../structure/index.js";
import type { UnitSystem } from "../units/index.js";

/** Pieces of a file in order, of any size; a lone `Uint8Array` in an array will do. */
export type ByteSource = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Names under which an extended XYZ file keeps its labels, where they are not the usual ones. */
export interface LabelKeys {
  /** Key of the total energy, eV. Default: `energy`, then `Energy`, then `free_energy`. */
  readonly energy?: string;
  /** Column of the forces, eV/Å. Default: `forces`, then `force`. */
  readonly forces?: string;
  /** Key of the stress, eV/Å³; of minus stress times volume if its name contains "virial". Default: `stress`, then `virial`. */
  readonly stress?: string;
}

export type LammpsAtomStyle = "atomic" | "charge" | "molecular" | "full";

export interface ReadOptions {
  /** Name of the file in messages and in `frame.source`. */
  readonly file: string;
  /** Units of formats that have none of their own (n2p2). Default: Å and eV. */
  readonly units?: UnitSystem;
  readonly keys?: LabelKeys;
  /** Element symbols of LAMMPS's types 1, 2, …, in this order. */
  readonly typeToElement?: readonly string[];
  /** Atom style of a LAMMPS data file that does not say it. */
  readonly atomStyle?: LammpsAtomStyle;
}

export interface WriteOptions {
  /** Units of formats that have none of their own (n2p2). Default: Å and eV. */
  readonly units?: UnitSystem;
  /** Element symbols in the order of LAMMPS's types. Default: those of the frame by atomic number. */
  readonly elements?: readonly string[];
}

/** What survives writing in a format; the rest is lost, and `losses` says so. */
export interface Holds {
  readonly energy: boolean;
  readonly forces: boolean;
  readonly stress: boolean;
  readonly charge: boolean;
  /** Patterns along a, b, c ("TTF"), "none" for no cell, that are read back as they were. */
  readonly periodicity: readonly string[] | "all";
  /** Keys of `frame.info` that are written; "all" for every one. */
  readonly info: readonly string[] | "all";
  /** Names of `frame.columns` that are written; "all" for every one. */
  readonly columns: readonly string[] | "all";
}

export interface StructureFormat {
  /** "extxyz", "n2p2", "poscar", … as a user names it. */
  readonly name: string;
  readonly title: string;
  /** Ends of file names, lower case: ".xyz"; a whole lower-case name also counts ("poscar"). */
  readonly extensions: readonly string[];
  /** Whether `write` may be called several times for one file. */
  readonly multiFrame: boolean;
  readonly holds: Holds;
  /** Whether the beginning of a file (some kilobytes of text, the last line perhaps cut) is in this format. */
  sniff(head: string): boolean;
  read(source: ByteSource, options: ReadOptions): AsyncGenerator<Frame>;
  /** One frame as text that ends with a newline. */
  write(frame: Frame, options?: WriteOptions): string;
}

/** What `format` cannot keep of `frame`: "stress", "periodicity", "info config_type", "column magmoms", … */
export function losses(frame: Frame, format: StructureFormat): string[] {
  const { holds } = format;
  const lost: string[] = [];
  for (const label of ["energy", "forces", "stress", "charge"] as const) {
    if (frame[label] !== undefined && !holds[label]) lost.push(label);
  }
  if (holds.periodicity !== "all" && !holds.periodicity.includes(patternOf(frame))) lost.push("periodicity");
  for (const key of frame.info.keys()) {
    if (holds.info !== "all" && !holds.info.includes(key)) lost.push(`info ${key}`);
  }
  for (const name of frame.columns.keys()) {
    if (holds.columns !== "all" && !holds.columns.includes(name)) lost.push(`column ${name}`);
  }
  return lost;
}

function patternOf({ structure }: Frame): string {
  return structure.cell === undefined ? "none" : structure.periodic.map((p) => (p ? "T" : "F")).join("");
}
