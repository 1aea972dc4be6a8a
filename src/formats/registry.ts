/** All structure formats, and which of them a file is in: by its content, else by its name. */

import { cp2kOutput } from "./cp2k-output.js";
import { extxyz } from "./extxyz.js";
import type { StructureFormat } from "./format.js";
import { lammpsData } from "./lammps-data.js";
import { lammpsDump } from "./lammps-dump.js";
import { n2p2Data } from "./n2p2-data.js";
import { outcar } from "./outcar.js";
import type { OutputFormat } from "./outputs.js";
import { poscar } from "./poscar.js";
import { pwOutput } from "./pw-output.js";
import { qeInput } from "./qe-input.js";
import { vasprun } from "./vasprun.js";
import { xsf } from "./xsf.js";

/** In the order in which they look at a file; the looser ones come last. */
export const structureFormats: readonly StructureFormat[] = [
  n2p2Data,
  lammpsDump,
  lammpsData,
  qeInput,
  xsf,
  extxyz,
  poscar,
];

/** Outputs of programs, of which some calculations may be refused (`outputs.ts`). */
export const outputFormats: readonly OutputFormat[] = [vasprun, outcar, pwOutput, cp2kOutput];

/** Output format of a file whose first kilobytes are `head`; asked before `recognise`. */
export const recogniseOutput = (head: string): OutputFormat | undefined =>
  outputFormats.find((format) => format.sniff(head));

/** By the name that a user gives ("extxyz"). */
export const findFormat = (name: string): StructureFormat | undefined =>
  structureFormats.find((format) => format.name === name);

/** By the name that a user gives ("outcar"). */
export const findOutputFormat = (name: string): OutputFormat | undefined =>
  outputFormats.find((format) => format.name === name);

/** By the end of a file's name, the longest that fits; `.gz` does not count. */
export function formatOfName(fileName: string): StructureFormat | undefined {
  const name = (fileName.split(/[\\/]/).at(-1) ?? "").toLowerCase().replace(/\.gz$/, "");
  let best: StructureFormat | undefined;
  let length = 0;
  for (const format of structureFormats) {
    for (const extension of format.extensions) {
      if (!fits(name, extension) || extension.length <= length) continue;
      best = format;
      length = extension.length;
    }
  }
  return best;
}

/** ".xyz" at the end; "poscar" as a word of the name ("POSCAR", "POSCAR.0", "Cu.POSCAR", "POSCAR_relaxed"). */
const fits = (name: string, extension: string): boolean =>
  extension.startsWith(".") ? name.endsWith(extension) : name.split(/[-_.]/).includes(extension) || name === extension;

/** Format of a file whose first kilobytes are `head`, compressed files unpacked. */
export const recognise = (head: string, fileName: string): StructureFormat | undefined =>
  structureFormats.find((format) => format.sniff(head)) ?? formatOfName(fileName);
