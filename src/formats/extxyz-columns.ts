/** The `Properties` of extended XYZ: which columns an atom line has, and reading and writing them. */

import type { InputError } from "../errors/index.js";
import { type AtomColumn, elementSymbol, type Frame } from "../structure/index.js";
import type { LabelKeys } from "./format.js";
import type { LineReader } from "./line-reader.js";
import { numberText } from "./numbers.js";
import { readSpecies } from "./species.js";

type Role = "species" | "positions" | "forces" | "other";

interface Column {
  readonly name: string;
  readonly type: AtomColumn["type"];
  readonly width: number;
  readonly role: Role;
}

const speciesNames = ["species", "symbols", "element"];
const positionNames = ["pos", "positions"];
const numberNames = ["Z", "numbers"];

/** Columns of a frame under way; `values` of role "other" are kept under their names. */
export interface ColumnReader {
  readonly columns: readonly Column[];
  readonly species: Uint8Array;
  readonly positions: Float64Array;
  readonly forces: Float64Array | undefined;
  readonly others: ReadonlyMap<string, AtomColumn>;
  /** What fills each column, in the order of `columns`. */
  readonly sinks: readonly (Float64Array | (string | boolean)[] | Uint8Array)[];
  /** Whether an atom line may hold more than the columns. */
  readonly open: boolean;
}

export const defaultProperties = "species:S:1:pos:R:3";

/** Arrays for `count` atoms with the columns that `properties` describes. */
export function columnReader(
  lines: LineReader,
  properties: string | undefined,
  options: { readonly count: number; readonly keys: LabelKeys | undefined },
): ColumnReader {
  const columns = parseProperties(lines, properties ?? defaultProperties, options.keys);
  const others = new Map<string, AtomColumn>();
  let forces: Float64Array | undefined;
  const species = new Uint8Array(options.count);
  const positions = new Float64Array(3 * options.count);
  const sinks = columns.map((column) => {
    if (column.role === "species") return species;
    if (column.role === "positions") return positions;
    if (column.role === "forces") {
      forces = new Float64Array(3 * options.count);
      return forces;
    }
    const numeric = column.type === "R" || column.type === "I";
    const size = column.width * options.count;
    const values = numeric ? new Float64Array(size) : new Array<string | boolean>(size);
    others.set(otherName(column.name, options.keys), { type: column.type, width: column.width, values });
    return values;
  });
  return { columns, species, positions, forces, others, sinks, open: properties === undefined };
}

/** A column called `forces` that is not the label (the user named another) must not come back as the label. */
const otherName = (name: string, keys: LabelKeys | undefined): string =>
  keys?.forces !== undefined && name === "forces" ? "file_forces" : name;

function parseProperties(lines: LineReader, properties: string, keys: LabelKeys | undefined): Column[] {
  const fields = properties.split(":");
  if (fields.length % 3 !== 0) throw badProperties(lines, properties, "It is not made of name:type:width triplets.");
  const names = fields.filter((_, i) => i % 3 === 0);
  const duplicate = names.find((name, i) => names.indexOf(name) !== i);
  if (duplicate !== undefined) throw badProperties(lines, properties, `The column ${duplicate} comes twice.`);
  const forces = keys?.forces ?? ["forces", "force"].find((name) => names.includes(name));
  const species = [...speciesNames, ...numberNames].find((name) => names.includes(name));
  const positions = positionNames.find((name) => names.includes(name));
  if (species === undefined) throw badProperties(lines, properties, "It has no column species:S:1.");
  if (positions === undefined) throw badProperties(lines, properties, "It has no column pos:R:3.");
  return names.map((name, i) => {
    const [type, width] = [fields[3 * i + 1], Number(fields[3 * i + 2])];
    if (type !== "R" && type !== "I" && type !== "S" && type !== "L") {
      throw badProperties(lines, properties, `The type of ${name} is ${JSON.stringify(type)}, not R, I, S or L.`);
    }
    if (!Number.isSafeInteger(width) || width < 1 || width > 1e6) {
      throw badProperties(lines, properties, `The width of ${name} is ${JSON.stringify(fields[3 * i + 2])}.`);
    }
    const role: Role =
      name === species ? "species" : name === positions ? "positions" : name === forces ? "forces" : "other";
    if ((role === "positions" || role === "forces") && (width !== 3 || (type !== "R" && type !== "I"))) {
      throw badProperties(lines, properties, `The column ${name} is ${type}:${width} and must be R:3.`);
    }
    if (role === "species" && (width !== 1 || (type !== "S" && type !== "I"))) {
      throw badProperties(lines, properties, `The column ${name} is ${type}:${width} and must be S:1 or I:1.`);
    }
    return { name, type, width, role };
  });
}

function badProperties(lines: LineReader, properties: string, problem: string): InputError {
  return lines.trouble("bad-properties", {
    problem: `Properties=${properties} cannot be used. ${problem}`,
    expected: "Expected something like Properties=species:S:1:pos:R:3:forces:R:3.",
    remedy: "Correct the comment line of this structure.",
  });
}

/** The current line is atom `i` (from 0). */
export function readAtom(lines: LineReader, reader: ColumnReader, i: number): void {
  const { columns, sinks } = reader;
  for (let c = 0; c < columns.length; c++) {
    const { role, type, width, name } = columns[c];
    const sink = sinks[c];
    if (role === "species") sink[i] = readSpecies(lines, i + 1);
    else if (role !== "other") readTriple(lines, sink as Float64Array, { i, quantity: quantityOf[role] });
    else {
      for (let k = 0; k < width; k++) sink[i * width + k] = readCell(lines, type, { name, atom: i + 1 });
    }
  }
  if (reader.open || lines.atEnd()) return;
  throw lines.trouble("column-count", {
    problem: `The line has more fields than Properties describes (${columns.reduce((n, c) => n + c.width, 0)}).`,
    remedy: "Correct Properties in the comment line, or the atom line.",
    atom: i + 1,
  });
}

const quantityOf = { positions: "position", forces: "force" } as const;

function readTriple(
  lines: LineReader,
  target: Float64Array,
  options: { readonly i: number; readonly quantity: string },
): void {
  const offset = 3 * options.i;
  for (let k = 0; k < 3; k++) {
    const value = lines.real();
    if (!Number.isFinite(value)) throw lines.badNumber(options.quantity, options.i + 1);
    target[offset + k] = value;
  }
}

function readCell(
  lines: LineReader,
  type: AtomColumn["type"],
  options: { readonly name: string; readonly atom: number },
): number | string | boolean {
  const { name, atom } = options;
  if (type === "R") {
    const value = lines.real();
    // Unlike positions and forces, what we do not compute with may be NaN.
    if (Number.isNaN(value) && !lines.isNonFiniteField()) throw lines.badNumber(`value of ${name}`, atom);
    return value;
  }
  if (type === "I") return lines.integer(`value of ${name}`, atom);
  const word = lines.word();
  if (word === "") throw lines.badNumber(`value of ${name}`, atom, type === "S" ? "a word" : "T or F");
  return type === "S" ? word : readLogical(lines, word, options);
}

function readLogical(
  lines: LineReader,
  word: string,
  options: { readonly name: string; readonly atom: number },
): boolean {
  if (word === "T" || word === "True" || word === "true") return true;
  if (word === "F" || word === "False" || word === "false") return false;
  throw lines.badNumber(`value of ${options.name}`, options.atom, "T or F");
}

/** Column names that a frame's extra columns may not take in a file. */
const reserved = new Set([...speciesNames, ...positionNames, "forces", "force"]);

/** `Properties` and the atom lines of a frame. */
export function columnsText(frame: Frame): { properties: string; lines: string[] } {
  const { species, positions } = frame.structure;
  const extras = [...frame.columns].map(([name, column]) => ({ name: fileName(name), column }));
  const properties = [defaultProperties];
  if (frame.forces !== undefined) properties.push("forces:R:3");
  for (const { name, column } of extras) properties.push(`${name}:${column.type}:${column.width}`);
  const lines: string[] = [];
  for (let i = 0; i < species.length; i++) {
    let line = elementSymbol(species[i]);
    for (let k = 3 * i; k < 3 * i + 3; k++) line += ` ${numberText(positions[k])}`;
    if (frame.forces !== undefined) for (let k = 3 * i; k < 3 * i + 3; k++) line += ` ${numberText(frame.forces[k])}`;
    for (const { column } of extras) {
      for (let k = i * column.width; k < (i + 1) * column.width; k++) line += ` ${cellText(column.values[k])}`;
    }
    lines.push(line);
  }
  return { properties: properties.join(":"), lines };
}

/** A name without what separates names, and none that would be taken for a label. */
const fileName = (name: string): string => (reserved.has(name) ? `file_${name}` : name.replace(/[\s:]+/g, "_"));

function cellText(value: string | number | boolean): string {
  if (typeof value === "number") return numberText(value);
  if (typeof value === "boolean") return value ? "T" : "F";
  // Nothing quotes blanks within a column.
  return value === "" ? "_" : value.replace(/\s+/g, "_");
}
