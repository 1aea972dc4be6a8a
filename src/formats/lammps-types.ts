/** LAMMPS's atom types and our elements. */

import { InputError } from "../errors/index.js";
import { type AtomColumn, elementSymbol, type Frame } from "../structure/index.js";
import type { LineReader } from "./line-reader.js";
import { speciesOfText, unknownElement } from "./species.js";

/** Elements of types 1, 2, … as the user gives them. */
export function elementsOfOption(lines: LineReader, symbols: readonly string[] | undefined): number[] | undefined {
  return symbols?.map((symbol) => {
    const z = speciesOfText(symbol);
    if (z === undefined) throw unknownElement(lines, symbol);
    return z;
  });
}

export function unknownType(lines: LineReader, type: number | string, reason: string): InputError {
  return lines.trouble("unknown-type", {
    problem: `The element of atom type ${type} is not known: ${reason}.`,
    remedy: "Name the elements of types 1, 2, … in their order (typeToElement).",
  });
}

/** What the types are on writing: `elements[type - 1]`, and the type of each atom. */
export interface Types {
  readonly elements: readonly number[];
  readonly ofAtom: readonly number[];
}

/** By the user's order, else by column `type` if it fits, else by atomic number. */
export function typesOf(frame: Frame, symbols: readonly string[] | undefined): Types {
  const { species } = frame.structure;
  if (symbols !== undefined)
    return byOrder(
      species,
      symbols.map((symbol) => speciesOfText(symbol) ?? 0),
      symbols,
    );
  const kept = keptTypes(species, frame.columns.get("type"));
  if (kept !== undefined) return kept;
  const elements = [...new Set(species)].sort((a, b) => a - b);
  return { elements, ofAtom: Array.from(species, (z) => elements.indexOf(z) + 1) };
}

function byOrder(species: Uint8Array, elements: readonly number[], symbols: readonly string[]): Types {
  const ofAtom = Array.from(species, (z) => elements.indexOf(z) + 1);
  const missing = ofAtom.indexOf(0);
  if (missing < 0) return { elements, ofAtom };
  throw new InputError({
    code: "unknown-type",
    where: { atom: missing + 1 },
    problem: `The structure has ${elementSymbol(species[missing])}, which is not among the elements ${symbols.join(" ")}.`,
    remedy: "Add it to the order of the elements.",
  });
}

/** Types that were read; undefined unless each stands for one element and all from 1 are used. */
function keptTypes(species: Uint8Array, column: AtomColumn | undefined): Types | undefined {
  if (column === undefined || column.width !== 1) return undefined;
  const ofAtom = Array.from(column.values, Number);
  const elements: number[] = [];
  for (let i = 0; i < species.length; i++) {
    const type = ofAtom[i];
    if (!Number.isSafeInteger(type) || type < 1 || type > species.length) return undefined;
    if ((elements[type - 1] ?? species[i]) !== species[i]) return undefined;
    elements[type - 1] = species[i];
  }
  for (let t = 0; t < elements.length; t++) if (elements[t] === undefined) return undefined;
  return { elements, ofAtom };
}

/** Types as a column, unless `typesOf` would find the same ones without it. */
export function typeColumn(species: Uint8Array, types: readonly number[]): [string, AtomColumn][] {
  const elements = [...new Set(species)].sort((a, b) => a - b);
  if (types.every((type, i) => elements[type - 1] === species[i])) return [];
  return [["type", { type: "I", width: 1, values: Float64Array.from(types) }]];
}

/** A numeric column of that width. */
export function columnOf(frame: Frame, name: string, width: number): Float64Array | undefined {
  const column = frame.columns.get(name);
  if (column?.width !== width || (column.type !== "R" && column.type !== "I")) return undefined;
  return Float64Array.from(column.values, Number);
}

/** Identifiers as a column, unless they are 1, 2, … */
export function idColumn(ids: readonly number[]): [string, AtomColumn][] {
  if (ids.every((id, i) => id === i + 1)) return [];
  return [["id", { type: "I", width: 1, values: Float64Array.from(ids) }]];
}

/** Atoms in the order of their identifiers, as indices. */
export function orderOf(ids: readonly number[]): number[] {
  const order = ids.map((_, i) => i);
  if (ids.every((id, i) => i === 0 || id > ids[i - 1])) return order;
  return order.sort((a, b) => ids[a] - ids[b]);
}

/** Rows of `width` numbers in another order. */
export function reordered(values: ArrayLike<number>, order: readonly number[], width: number): Float64Array {
  const result = new Float64Array(order.length * width);
  for (let i = 0; i < order.length; i++) {
    for (let k = 0; k < width; k++) result[i * width + k] = values[order[i] * width + k];
  }
  return result;
}

/** LAMMPS's units that we know: factors to Å/fs and eV/Å. 1 kcal/mol = 4184 J / N_A. */
export const lammpsUnits: Readonly<Record<string, { readonly velocity: number; readonly force: number }>> = {
  metal: { velocity: 1e-3, force: 1 },
  real: { velocity: 1, force: 0.0433641043 },
};

export function unknownUnits(lines: LineReader, found: string): InputError {
  return lines.trouble("unknown-units", {
    problem: `The file is in LAMMPS's units "${found}".`,
    expected: `Expected ${Object.keys(lammpsUnits).join(" or ")}.`,
    remedy: "Convert it with LAMMPS or ASE first.",
  });
}
