/** VASP's INCAR, KPOINTS and POTCAR: texts of the user, and what becomes of them for one structure. */
import { InputError } from "../errors/index.js";
import { atomicNumber } from "../structure/index.js";

export type IncarTags = ReadonlyMap<string, string>;

/** Tags of an INCAR: "A = 1; B = 2 # remark", lines that end in a backslash go on. Names in capitals, as VASP compares them. */
export function parseIncar(text: string): IncarTags {
  const tags = new Map<string, string>();
  const whole = text.replace(/\\\s*\n/g, " ");
  for (const line of whole.split(/\n/))
    for (const part of line.replace(/[#!].*$/, "").split(";")) {
      const [, name, value] = /^\s*([A-Za-z_]\w*)\s*=\s*(.*?)\s*$/.exec(part) ?? [];
      if (name !== undefined && value !== undefined && value !== "") tags.set(name.toUpperCase(), value);
    }
  return tags;
}

export const incarText = (tags: IncarTags): string =>
  `${[...tags].map(([name, value]) => `${name} = ${value}`).join("\n")}\n`;

/** Gamma-centred mesh. */
export const kpointsText = (mesh: readonly number[]): string => `mesh\n0\nGamma\n${mesh.join(" ")}\n0 0 0\n`;

/** One data set of a POTCAR. */
export interface Potcar {
  readonly element: number;
  /** "PAW_PBE Si 05Jan2001" */
  readonly title: string;
  readonly text: string;
}

/** The data sets of a POTCAR, which are one after another, each to its "End of Dataset". */
export function splitPotcar(text: string, file: string): Potcar[] {
  const parts = text.split(/(?<=^.*End of Dataset.*\n?)/m).filter((part) => part.trim() !== "");
  return parts.map((part) => {
    const title = /^\s*TITEL\s*=\s*(.*?)\s*$/m.exec(part)?.[1] ?? "";
    const element = atomicNumber((title.split(/\s+/)[1] ?? "").replace(/[^A-Za-z].*$/, ""));
    if (element !== undefined) return { element, title, text: part.endsWith("\n") ? part : `${part}\n` };
    throw new InputError({
      code: "bad-potcar",
      where: { file },
      problem: title === "" ? "A part of the POTCAR has no line TITEL." : `The element of "${title}" cannot be told.`,
      expected: "Expected a line such as TITEL = PAW_PBE Si 05Jan2001 in each data set.",
      remedy: "Use POTCAR files as VASP distributes them, one after another in one file.",
    });
  });
}
