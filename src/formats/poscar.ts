/**
 * VASP's POSCAR and CONTCAR, versions 4 and 5 (https://www.vasp.at/wiki/index.php/POSCAR). Å; velocities Å/fs.
 *
 * Selective dynamics become column `move_mask` (L:3, true = may move), velocities column `velocities`. Velocities in
 * fractions of the cell per time step cannot become Å/fs, since the file does not say the step: info `velocity_mode`
 * is then "Direct" and the numbers stay as they are. What VASP appends after the velocities is not kept.
 */

import { type AtomColumn, elementSymbol, type Frame, type InfoValue, toCartesian, volume } from "../structure/index.js";
import { checkedCell, everywhere } from "./cells.js";
import type { ReadOptions, StructureFormat } from "./format.js";
import { onlyFrame, requiredFilledLine, requiredLine } from "./frames.js";
import { type LineReader, parseNumber } from "./line-reader.js";
import { tripleText } from "./numbers.js";
import { speciesOfText, symbolDespiteCase, unknownElement } from "./species.js";

export const poscar: StructureFormat = {
  name: "poscar",
  title: "VASP POSCAR",
  extensions: ["poscar", "contcar", ".vasp"],
  multiFrame: false,
  holds: {
    energy: false,
    forces: false,
    stress: false,
    charge: false,
    periodicity: ["TTT"],
    info: ["comment", "velocity_mode"],
    columns: ["move_mask", "velocities"],
  },
  sniff: looksLikePoscar,
  read: (source, options) => onlyFrame(source, options, readFrame),
  write: writeFrame,
};

function looksLikePoscar(head: string): boolean {
  const lines = head.split(/\r?\n/);
  const numbers = (line: string | undefined) => numbersAtStart(line ?? "").length;
  if (![1, 3].includes(numbers(lines[1])) || ![2, 3, 4].every((i) => numbers(lines[i]) === 3)) return false;
  return /^\s*([A-Z][a-z]?|\d+)(\s|_|\/|$)/.test(lines[5] ?? "");
}

/** Numbers at the beginning of a line; what follows is a comment. */
function numbersAtStart(line: string): number[] {
  const numbers: number[] = [];
  for (const word of line.trim().split(/\s+/)) {
    const value = parseNumber(word);
    if (value === undefined) break;
    numbers.push(value);
  }
  return numbers;
}

async function readFrame(lines: LineReader, options: ReadOptions): Promise<Frame> {
  const line = lines.lineNumber;
  const comment = lines.text();
  const { cell, factors } = await readCell(lines);
  const species = await readSpeciesLines(lines, comment);
  const { selective, direct } = await readMode(lines);
  const { coordinates, mask } = await readAtoms(lines, { count: species.length, selective });
  const info = new Map<string, InfoValue>(comment === "" ? [] : [["comment", comment]]);
  const columns = new Map<string, AtomColumn>();
  if (selective) columns.set("move_mask", { type: "L", width: 3, values: mask });
  await readVelocities(lines, { count: species.length, info, columns });
  const positions = direct ? toCartesian(coordinates, cell) : coordinates.map((x, i) => x * factors[i % 3]);
  return {
    structure: { species, positions, cell, periodic: everywhere },
    info,
    columns,
    source: { file: options.file, structure: lines.structure, line },
  };
}

/** Scale factor (negative: the volume; three: one per Cartesian direction) and lattice. */
async function readCell(lines: LineReader): Promise<{ cell: Float64Array; factors: readonly number[] }> {
  await requiredLine(lines, "its scale factor");
  const scale = numbersAtStart(lines.text());
  const usable = scale.length === 1 ? scale[0] !== 0 : scale.length === 3 && scale.every((s) => s > 0);
  if (!usable || !scale.every(Number.isFinite)) throw badScale(lines);
  const cell = new Float64Array(9);
  for (let row = 0; row < 3; row++) {
    await requiredLine(lines, `lattice vector ${row + 1}`);
    for (let k = 0; k < 3; k++) cell[3 * row + k] = lines.finite("lattice vector");
  }
  checkedCell(lines, cell);
  const factor = scale[0] < 0 ? Math.cbrt(-scale[0] / volume(cell)) : scale[0];
  const factors = scale.length === 3 ? scale : [factor, factor, factor];
  return { cell: cell.map((x, i) => x * factors[i % 3]), factors };
}

const badScale = (lines: LineReader) =>
  lines.trouble("bad-scale", {
    problem: `The scale factor reads "${lines.text()}".`,
    expected: "Expected one number other than zero (negative: the volume in Å³), or three positive ones.",
    remedy: "Correct the second line; 1.0 leaves the lattice as it is.",
  });

/** Element and number lines; in VASP 4 the elements are only in the comment, if anywhere. */
async function readSpeciesLines(lines: LineReader, comment: string): Promise<Uint8Array> {
  await requiredFilledLine(lines, "its elements");
  const named = !/^\d/.test(lines.text());
  const symbols = named ? beforeRemark(lines.words()) : beforeRemark(comment.split(/\s+/));
  const numbers = symbols.map((symbol) => (named ? elementOf(lines, symbol) : speciesOfText(symbol)));
  if (named) await requiredFilledLine(lines, "its numbers of atoms");
  const counts = beforeRemark(lines.words()).map(Number);
  if (counts.length === 0 || !counts.every((n) => Number.isSafeInteger(n) && n >= 0) || sum(counts) === 0) {
    throw lines.trouble("atom-count", {
      problem: `The line reads "${lines.text()}".`,
      expected: "Expected the number of atoms of each element.",
      remedy: "Correct the line.",
    });
  }
  if (!named && (numbers.length < counts.length || numbers.some((z) => z === undefined)))
    throw noElements(lines, comment);
  if (named && numbers.length !== counts.length) {
    throw lines.trouble("atom-count", {
      problem: `There are ${numbers.length} elements and ${counts.length} numbers of atoms.`,
      remedy: "Give one number per element.",
    });
  }
  return Uint8Array.from(counts.flatMap((n, i) => new Array<number>(n).fill(numbers[i]!)));
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** VASP reads up to a remark ("! …" or "# …"). */
function beforeRemark(words: readonly string[]): string[] {
  const end = words.findIndex((word) => /^[!#]/.test(word));
  return words.slice(0, end < 0 ? words.length : end).filter((word) => word !== "");
}

/** "Si", also "Si_pv" and "Si/0a1b2c" as VASP writes the names of its potentials. */
function elementOf(lines: LineReader, word: string): number {
  const symbol = word.replace(/[_/].*$/, "");
  const z = speciesOfText(symbol);
  if (z === undefined || /^\d/.test(symbol)) throw unknownElement(lines, word);
  return z;
}

function noElements(lines: LineReader, comment: string) {
  const meant = comment.split(/\s+/).map((word) => symbolDespiteCase(word));
  const hint = meant.length > 0 && meant.every((symbol) => symbol !== undefined) ? ` (perhaps ${meant.join(" ")})` : "";
  return lines.trouble("unknown-element", {
    problem: `The file does not name its elements: it has no element line (VASP 4), and its comment is "${comment}".`,
    expected: `Expected a line with the elements${hint} before this one.`,
    remedy: "Insert it, as VASP 5 does; the order is that of the POTCAR.",
  });
}

async function readMode(lines: LineReader): Promise<{ selective: boolean; direct: boolean }> {
  await requiredLine(lines, '"Direct" or "Cartesian"');
  const selective = /^s/i.test(lines.text());
  if (selective) await requiredLine(lines, '"Direct" or "Cartesian"');
  const mode = lines.text();
  if (/^[dfck]/i.test(mode)) return { selective, direct: /^[df]/i.test(mode) };
  throw lines.trouble("bad-mode", {
    problem: `The line reads "${mode}".`,
    expected: 'Expected "Direct" or "Cartesian".',
    remedy: "Insert the line; if the numbers of atoms above are wrong, correct them.",
  });
}

async function readAtoms(lines: LineReader, options: { readonly count: number; readonly selective: boolean }) {
  const { count, selective } = options;
  const coordinates = new Float64Array(3 * count);
  const mask: boolean[] = [];
  for (let i = 0; i < count; i++) {
    await requiredLine(lines, `atom ${i + 1} of ${count}`);
    if (lines.atEnd()) throw fewerAtoms(lines, i, count);
    for (let k = 0; k < 3; k++) coordinates[3 * i + k] = lines.finite("position", i + 1);
    for (let k = 0; selective && k < 3; k++) mask.push(readFlag(lines, i + 1));
  }
  return { coordinates, mask };
}

const fewerAtoms = (lines: LineReader, found: number, count: number) =>
  lines.trouble("atom-count", {
    problem: `The numbers of atoms above announce ${count} atoms, and there are ${found}.`,
    remedy: "Correct the numbers of atoms, or restore the lines that are missing.",
  });

function readFlag(lines: LineReader, atom: number): boolean {
  const word = lines.word();
  if (/^\.?[tf]/i.test(word)) return /^\.?t/i.test(word);
  throw lines.badNumber("flag of selective dynamics", atom, "T or F");
}

/** The block after the positions, if it is there and complete. */
async function readVelocities(
  lines: LineReader,
  frame: { readonly count: number; readonly info: Map<string, InfoValue>; readonly columns: Map<string, AtomColumn> },
): Promise<void> {
  if (!(await lines.line())) return;
  const mode = lines.text();
  // "Lattice velocities and vectors" comes before the velocities of the atoms when the cell moves too.
  if (/^l/i.test(mode)) await skipLatticeVelocities(lines);
  else if (/^d/i.test(mode)) frame.info.set("velocity_mode", "Direct");
  else if (mode !== "" && !/^[ck]/i.test(mode)) throw moreAtoms(lines, frame.count);
  const values = new Float64Array(3 * frame.count);
  for (let i = 0; i < frame.count; i++) {
    if (!(await lines.line()) || (i === 0 && lines.atEnd())) return;
    for (let k = 0; k < 3; k++) values[3 * i + k] = lines.finite("velocity", i + 1);
  }
  frame.columns.set("velocities", { type: "R", width: 3, values });
  while (await lines.line());
}

async function skipLatticeVelocities(lines: LineReader): Promise<void> {
  for (let i = 0; i < 8; i++) if (!(await lines.line())) return;
}

const moreAtoms = (lines: LineReader, count: number) =>
  lines.trouble("atom-count", {
    problem: `The numbers of atoms announce ${count} atoms, and the lines go on: "${lines.text()}".`,
    expected: "Expected the end of the file, or a blank line before velocities.",
    remedy: "Correct the numbers of atoms, or remove the line.",
  });

function writeFrame(frame: Frame): string {
  const { species, positions } = frame.structure;
  const cell = frame.structure.cell ?? boxAround(positions);
  const runs = runsOf(species);
  const mask = frame.columns.get("move_mask");
  const lines = [
    String(frame.info.get("comment") ?? runs.map(([z]) => elementSymbol(z)).join(" ")).replace(/[\r\n]+/g, " "),
    "1.0",
    ...[0, 1, 2].map((row) => tripleText(cell, row)),
    runs.map(([z]) => elementSymbol(z)).join(" "),
    runs.map(([, count]) => count).join(" "),
    ...(mask === undefined ? [] : ["Selective dynamics"]),
    "Cartesian",
    ...Array.from(species, (_, i) => `${tripleText(positions, i)}${flagsText(mask, i)}`),
    ...velocityLines(frame),
  ];
  return `${lines.join("\n")}\n`;
}

/** Runs of equal elements; VASP allows an element to come twice, and the order of the atoms stays. */
function runsOf(species: Uint8Array): [number, number][] {
  const runs: [number, number][] = [];
  for (const z of species) {
    const last = runs.at(-1);
    if (last?.[0] === z) last[1]++;
    else runs.push([z, 1]);
  }
  return runs;
}

function flagsText(mask: AtomColumn | undefined, i: number): string {
  if (mask === undefined) return "";
  const flags = Array.from({ length: 3 }, (_, k) => mask.values[mask.width === 3 ? 3 * i + k : i]);
  return ` ${flags.map((flag) => (flag ? "T" : "F")).join(" ")}`;
}

function velocityLines(frame: Frame): string[] {
  const velocities = frame.columns.get("velocities");
  if (velocities?.width !== 3 || velocities.type !== "R") return [];
  const values = Float64Array.from(velocities.values, Number);
  const mode = frame.info.get("velocity_mode") === "Direct" ? "Direct" : "";
  return [mode, ...Array.from(frame.structure.species, (_, i) => tripleText(values, i))];
}

/** VASP knows no molecules: 10 Å more than the atoms' extent on each axis keeps the images apart. */
function boxAround(positions: Float64Array): Float64Array {
  const cell = new Float64Array(9);
  for (let k = 0; k < 3; k++) {
    const axis = positions.filter((_, i) => i % 3 === k);
    cell[4 * k] = axis.reduce((a, b) => Math.max(a, b)) - axis.reduce((a, b) => Math.min(a, b)) + 10;
  }
  return cell;
}
