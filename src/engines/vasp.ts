/**
 * VASP through its files: POSCAR from the structure, INCAR, KPOINTS and POTCAR from the user's directory.
 *
 * Atoms are grouped by element in the POSCAR and put back in order in what is read. The verdict on convergence comes from OUTCAR,
 * the numbers from vasprun.xml, which has more digits of them.
 */
import { z } from "zod";
import { InputError } from "../errors/index.js";
import { elementSymbol, type Structure } from "../structure/index.js";
import type { Outcome, OutputFiles, OutputReader, Preparation, Program } from "./engine.js";
import { kpointMesh, kpointsSchema } from "./kpoints.js";
import { readOutcome, requireCell } from "./outcome.js";
import { programKeys, wordsOf } from "./program-settings.js";
import { incarText, kpointsText, type Potcar, parseIncar } from "./vasp-input.js";

export const vaspSchema = z.strictObject({
  ...programKeys(["vasp_std"]),
  directory: z.string().min(1).meta({
    description:
      "The user's directory with INCAR, POTCAR (of all elements one after another, in any order) and, unless INCAR has KSPACING or `kpoints` is given, KPOINTS.",
  }),
  incar: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
    .default({})
    .meta({ description: "Tags that win over those of INCAR: {ENCUT: 400}." }),
  kpoints: kpointsSchema.optional(),
});
export type VaspSettings = z.infer<typeof vaspSchema>;

/** What the host has read from the user's directory. */
export interface VaspInputs {
  readonly incar: string;
  readonly kpoints: string | undefined;
  readonly potcars: readonly Potcar[];
}

export interface VaspTexts {
  /** POSCAR of a structure whose atoms are grouped by element. */
  poscar(structure: Structure): string;
  readonly outcar: OutputReader;
  readonly vasprun: OutputReader;
}

export function vasp(
  settings: VaspSettings,
  given: { readonly inputs: VaspInputs; readonly texts: VaspTexts },
): Program {
  const { inputs, texts } = given;
  const words = wordsOf(settings.command);
  return {
    name: "vasp",
    title: "VASP",
    packages: [],
    executable: words[0],
    // Without its four files VASP says nothing.
    probe: undefined,
    prepare: (structure): Preparation => {
      const { grouped, order } = groupByElement(structure, inputs.potcars);
      return {
        files: new Map([
          ["POSCAR", texts.poscar(grouped)],
          ["INCAR", incarOf(settings, inputs)],
          ["POTCAR", potcarOf(grouped, inputs.potcars)],
          ...kpointsFile(structure, settings, inputs),
        ]),
        command: { words, environment: settings.environment },
        read: (files) => readBoth(files, { structure, order, texts }),
      };
    },
  };
}

/** The structure with its atoms in the order of the POTCAR's elements, and where each atom has gone. */
function groupByElement(structure: Structure, potcars: readonly Potcar[]): { grouped: Structure; order: number[] } {
  requireCell(structure, "VASP");
  const rank = new Map(potcars.map(({ element }, i) => [element, i] as const).reverse());
  for (const z of structure.species) if (!rank.has(z)) throw noPotcar(z, potcars);
  const indices = Array.from(structure.species, (_, i) => i);
  indices.sort((i, j) => rank.get(structure.species[i]!)! - rank.get(structure.species[j]!)! || i - j);
  const order = new Array<number>(indices.length);
  for (const [place, i] of indices.entries()) order[i] = place;
  const positions = Float64Array.from(indices.flatMap((i) => [...structure.positions.subarray(3 * i, 3 * i + 3)]));
  return {
    grouped: { ...structure, species: Uint8Array.from(indices, (i) => structure.species[i]!), positions },
    order,
  };
}

const noPotcar = (z: number, potcars: readonly Potcar[]): InputError =>
  new InputError({
    code: "unknown-element",
    problem: `The POTCAR has no data set for ${elementSymbol(z)}.`,
    expected: `It has ${potcars.map(({ title }) => title).join(", ") || "none at all"}.`,
    remedy: `Append the POTCAR of ${elementSymbol(z)} to the one in the user's directory.`,
  });

function potcarOf(grouped: Structure, potcars: readonly Potcar[]): string {
  const elements = [...new Set(grouped.species)];
  return elements.map((z) => potcars.find(({ element }) => element === z)!.text).join("");
}

/** A single point with stress, and nothing large written, whatever the user's INCAR does otherwise. */
function incarOf(settings: VaspSettings, { incar }: VaspInputs): string {
  const tags = new Map([["LWAVE", ".FALSE."], ["LCHARG", ".FALSE."], ...parseIncar(incar)]);
  for (const [name, value] of Object.entries(settings.incar)) tags.set(name.toUpperCase(), tagText(value));
  tags.set("NSW", "0").set("IBRION", "-1").set("ISIF", "2");
  // A start from files of another calculation would make labels depend on the order in which they are computed.
  if (!["0", undefined].includes(tags.get("ISTART"))) tags.set("ISTART", "0");
  return incarText(tags);
}

const tagText = (value: string | number | boolean): string =>
  typeof value === "boolean" ? (value ? ".TRUE." : ".FALSE.") : String(value);

function kpointsFile(structure: Structure, settings: VaspSettings, inputs: VaspInputs): [string, string][] {
  if (settings.kpoints !== undefined) return [["KPOINTS", kpointsText(kpointMesh(structure, settings.kpoints))]];
  if (inputs.kpoints !== undefined) return [["KPOINTS", inputs.kpoints]];
  const names = Object.keys(settings.incar).map((name) => name.toUpperCase());
  if (parseIncar(inputs.incar).has("KSPACING") || names.includes("KSPACING")) return [];
  throw new InputError({
    code: "no-kpoints",
    where: { file: settings.directory },
    problem: "Nothing says which k-points VASP is to use.",
    expected: "Expected a file KPOINTS, KSPACING in INCAR, or `kpoints` in the settings.",
    remedy: "Give one of them; `kpoints: {spacing: 0.25}` fits cells of any size.",
  });
}

async function readBoth(
  files: OutputFiles,
  context: { readonly structure: Structure; readonly order: readonly number[]; readonly texts: VaspTexts },
): Promise<Outcome> {
  const { texts, ...rest } = context;
  const verdict = await readOutcome(files, "OUTCAR", { read: texts.outcar, ...rest });
  if (!verdict.converged || files.bytes("vasprun.xml") === undefined) return verdict;
  const exact = await readOutcome(files, "vasprun.xml", { read: texts.vasprun, ...rest });
  // A file that was cut, by a full disk or a kill, is no reason to take fewer digits: the same calculation would then have two labels.
  return exact.converged || exact.failure.kind === "cut-output" ? exact : verdict;
}
