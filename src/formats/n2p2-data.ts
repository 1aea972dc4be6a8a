/**
 * n2p2's and RuNNer's `input.data`: blocks from `begin` to `end`. The file has no units; `options.units` states them.
 *
 *   begin [set=train|set=test]
 *   comment …                                   → info `comment`
 *   lattice x y z                               (none, or three)
 *   atom x y z El charge unused fx fy fz        → columns `charge`, `unused` where any is not zero
 *   energy E
 *   charge Q
 *   end
 *
 * A block without `energy` whose forces are all zero has no labels: that is how we write a bare structure, since the
 * format always wants force columns.
 */

import { type AtomColumn, elementSymbol, type Frame, type InfoValue } from "../structure/index.js";
import { angstromElectronvolt, type UnitSystem } from "../units/index.js";
import { checkedCell, everywhere, nowhere } from "./cells.js";
import type { ReadOptions, StructureFormat, WriteOptions } from "./format.js";
import { eachFrame, given, truncatedFrame } from "./frames.js";
import type { LineReader } from "./line-reader.js";
import { numberText } from "./numbers.js";
import { readSpecies } from "./species.js";

export const n2p2Data: StructureFormat = {
  name: "n2p2",
  title: "n2p2 input.data",
  extensions: ["input.data", "output.data", "train.data", "test.data", ".data"],
  multiFrame: true,
  holds: {
    energy: true,
    forces: true,
    stress: false,
    charge: true,
    periodicity: ["TTT", "none"],
    info: ["set", "comment"],
    columns: ["charge", "unused"],
  },
  sniff: (head) => /^\s*begin\b[^\n]*\n(\s*\n)*\s*(comment|lattice|atom|energy|charge)\b/.test(head),
  read: (source, options) => eachFrame(source, options, readFrame),
  write: writeFrame,
};

/** A block under way, in the units of the file. */
interface Block {
  readonly info: Map<string, InfoValue>;
  readonly lattice: number[];
  readonly species: number[];
  readonly positions: number[];
  readonly charges: number[];
  readonly unused: number[];
  readonly forces: number[];
  energy?: number;
  charge?: number;
}

async function readFrame(lines: LineReader, options: ReadOptions): Promise<Frame> {
  const first = lines.lineNumber;
  const block = readBegin(lines);
  for (;;) {
    if (!lines.advance() && !(await lines.refill())) throw truncatedFrame(lines, '"end"');
    const keyword = lines.word();
    if (keyword === "atom") readAtom(lines, block);
    else if (keyword === "end") break;
    else if (keyword !== "") readKeyword(lines, keyword, block);
  }
  return frameOf(lines, block, { options, first });
}

function readBegin(lines: LineReader): Block {
  if (lines.word() !== "begin") {
    throw lines.trouble("no-begin", {
      problem: `The line reads "${lines.text()}".`,
      expected: 'Expected "begin", the first line of a structure.',
      remedy: 'Remove what stands outside "begin … end".',
    });
  }
  const block: Block = {
    info: new Map(),
    lattice: [],
    species: [],
    positions: [],
    charges: [],
    unused: [],
    forces: [],
  };
  const set = lines
    .words()
    .find((word) => word.startsWith("set="))
    ?.slice(4);
  if (set !== undefined) block.info.set("set", set);
  return block;
}

function readAtom(lines: LineReader, block: Block): void {
  const atom = block.species.length + 1;
  for (let k = 0; k < 3; k++) block.positions.push(lines.finite("position", atom));
  block.species.push(readSpecies(lines, atom));
  block.charges.push(lines.finite("charge of the atom", atom));
  block.unused.push(lines.finite("unused number", atom));
  for (let k = 0; k < 3; k++) block.forces.push(lines.finite("force", atom));
}

function readKeyword(lines: LineReader, keyword: string, block: Block): void {
  if (keyword === "lattice") for (let k = 0; k < 3; k++) block.lattice.push(lines.finite("lattice vector"));
  else if (keyword === "energy") block.energy = lines.finite("energy");
  else if (keyword === "charge") block.charge = lines.finite("charge");
  else if (keyword === "comment") addComment(block.info, lines.text().slice("comment".length).trim());
  else if (keyword === "begin") throw truncatedFrame(lines, '"end": the next structure begins here');
  else {
    throw lines.trouble("unknown-keyword", {
      problem: `The line begins with "${keyword}".`,
      expected: "Expected comment, lattice, atom, energy, charge or end.",
      remedy: "Correct the word, or remove the line.",
    });
  }
}

/** Several comments become several lines of one. */
function addComment(info: Map<string, InfoValue>, comment: string): void {
  const before = info.get("comment");
  info.set("comment", before === undefined ? comment : `${before}\n${comment}`);
}

function frameOf(
  lines: LineReader,
  block: Block,
  at: { readonly options: ReadOptions; readonly first: number },
): Frame {
  const { length, energy } = at.options.units ?? angstromElectronvolt;
  const count = block.species.length;
  if (count === 0) throw noAtoms(lines);
  const cell = cellOf(lines, block.lattice, length);
  const labelled = block.energy !== undefined || block.forces.some((f) => f !== 0);
  return {
    structure: {
      species: Uint8Array.from(block.species),
      positions: scaled(block.positions, length),
      cell,
      periodic: cell === undefined ? nowhere : everywhere,
    },
    ...given("energy", block.energy === undefined ? undefined : block.energy * energy),
    ...given("forces", labelled ? scaled(block.forces, energy / length) : undefined),
    ...given("charge", block.charge),
    info: block.info,
    columns: new Map([...column("charge", block.charges), ...column("unused", block.unused)]),
    source: { file: at.options.file, structure: lines.structure, line: at.first },
  };
}

function scaled(values: readonly number[], factor: number): Float64Array {
  const result = Float64Array.from(values);
  if (factor !== 1) for (let i = 0; i < result.length; i++) result[i] *= factor;
  return result;
}

function cellOf(lines: LineReader, lattice: readonly number[], length: number): Float64Array | undefined {
  if (lattice.length === 0) return undefined;
  if (lattice.length === 9) return checkedCell(lines, scaled(lattice, length));
  throw lines.trouble("bad-lattice", {
    problem: `The structure that ends here has ${lattice.length / 3} lattice lines.`,
    expected: "Expected three, or none for a molecule.",
    remedy: "Add the missing ones.",
  });
}

const noAtoms = (lines: LineReader) =>
  lines.trouble("atom-count", {
    problem: "The structure that ends here has no atoms.",
    remedy: "Remove it, or restore its atom lines.",
  });

function column(name: string, values: readonly number[]): [string, AtomColumn][] {
  if (values.every((value) => value === 0)) return [];
  return [[name, { type: "R", width: 1, values: Float64Array.from(values) }]];
}

function writeFrame(frame: Frame, options: WriteOptions = {}): string {
  const units = options.units ?? angstromElectronvolt;
  // A lattice means periodic in all directions to n2p2; a box around a molecule must not become one.
  const cell = frame.structure.periodic.includes(true) ? frame.structure.cell : undefined;
  const lines = [beginText(frame.info.get("set"))];
  const comment = frame.info.get("comment");
  if (comment !== undefined) for (const line of String(comment).split(/\r?\n/)) lines.push(`comment ${line}`);
  for (let row = 0; cell !== undefined && row < 3; row++) lines.push(`lattice ${triple(cell, row, units.length)}`);
  lines.push(...atomLines(frame, units));
  if (frame.energy !== undefined) lines.push(`energy ${numberText(frame.energy / units.energy)}`);
  if (frame.charge !== undefined) lines.push(`charge ${numberText(frame.charge)}`);
  lines.push("end");
  return `${lines.join("\n")}\n`;
}

/** n2p2 knows two sets and stops at others. */
const beginText = (set: InfoValue | undefined): string =>
  set === "train" || set === "test" ? `begin set=${set}` : "begin";

function atomLines(frame: Frame, units: UnitSystem): string[] {
  const { species, positions } = frame.structure;
  const charges = frame.columns.get("charge");
  const unused = frame.columns.get("unused");
  const forceUnit = units.energy / units.length;
  const forces = frame.forces ?? new Float64Array(positions.length);
  return Array.from(species, (z, i) => {
    const middle = `${elementSymbol(z)} ${numberIn(charges, i)} ${numberIn(unused, i)}`;
    return `atom ${triple(positions, i, units.length)} ${middle} ${triple(forces, i, forceUnit)}`;
  });
}

const numberIn = (values: AtomColumn | undefined, i: number): string =>
  numberText(values?.width === 1 && typeof values.values[i] === "number" ? values.values[i] : 0);

const triple = (values: ArrayLike<number>, row: number, unit: number): string =>
  `${numberText(values[3 * row] / unit)} ${numberText(values[3 * row + 1] / unit)} ${numberText(values[3 * row + 2] / unit)}`;
