/**
 * Extended XYZ as ASE reads and writes it; plain XYZ too. Å, eV, eV/Å, eV/Å³.
 *
 * https://github.com/libAtoms/extxyz and ase/io/extxyz.py. We differ where ASE would lose or guess: blank lines between
 * frames are skipped, "SI" is an error and not silicon, an atom line longer than `Properties` is an error, and nested
 * arrays are understood.
 */

import { InputError } from "../errors/index.js";
import type { Frame, InfoValue } from "../structure/index.js";
import { checkedCell, nowhere } from "./cells.js";
import { type ColumnReader, columnReader, columnsText, readAtom } from "./extxyz-columns.js";
import { hasPairs, pairText, parseComment } from "./extxyz-comment.js";
import { reservedKeys, takeCell, takeCharge, takeEnergy, takePeriodic, takeStress } from "./extxyz-labels.js";
import type { ReadOptions, StructureFormat } from "./format.js";
import { eachFrame, given, requiredLine, truncatedFrame } from "./frames.js";
import type { LineReader } from "./line-reader.js";
import { numberText } from "./numbers.js";

export const extxyz: StructureFormat = {
  name: "extxyz",
  title: "extended XYZ",
  extensions: [".extxyz", ".xyz"],
  multiFrame: true,
  holds: { energy: true, forces: true, stress: true, charge: true, periodicity: "all", info: "all", columns: "all" },
  sniff: looksLikeXyz,
  read: (source, options) => eachFrame(source, options, readFrame),
  write: writeFrame,
};

function looksLikeXyz(head: string): boolean {
  const [count, comment, atom] = head.trimStart().split(/\r?\n/);
  if (!/^\s*\d+\s*$/.test(count)) return false;
  if (comment === undefined) return false;
  if (/\bProperties\s*=/.test(comment) || /\bLattice\s*=/.test(comment)) return true;
  return atom !== undefined && /^\s*\w+(\s+[-+.\d]\S*){3}/.test(atom);
}

async function readFrame(lines: LineReader, options: ReadOptions): Promise<Frame> {
  const line = lines.lineNumber;
  const count = readCount(lines);
  await requiredLine(lines, "its comment line");
  const info = readInfo(lines.text());
  const properties = info.get("Properties");
  info.delete("Properties");
  let cell = takeCell(lines, info);
  let periodic = takePeriodic(lines, info, cell);
  const energy = takeEnergy(lines, info, options.keys);
  const stress = takeStress(lines, info, { cell, keys: options.keys });
  const charge = takeCharge(info);
  const reader = columnReader(lines, properties === undefined ? undefined : String(properties), {
    count,
    keys: options.keys,
  });
  for (let i = 0; i < count; i++) {
    if (!lines.advance() && !(await lines.refill())) {
      throw truncatedFrame(lines, `atom ${i + 1}; its first line announces ${count}`);
    }
    readAtomLine(lines, reader, { i, count });
  }
  const vectors = cell === undefined ? await readVectors(lines) : undefined;
  if (vectors !== undefined) ({ cell, periodic } = vectors);
  const { species, positions, forces, others } = reader;
  return {
    structure: { species, positions, cell, periodic },
    ...given("energy", energy),
    ...given("forces", forces),
    ...given("stress", stress),
    ...given("charge", charge),
    info,
    columns: others,
    source: { file: options.file, structure: lines.structure, line },
  };
}

function readCount(lines: LineReader): number {
  const count = lines.real();
  if (Number.isSafeInteger(count) && count > 0 && count < 1e9 && lines.atEnd()) return count;
  const found = lines.text();
  const likeAtom = lines.structure > 1 && found.split(/\s+/).length >= 4;
  throw lines.trouble("atom-count", {
    problem: likeAtom
      ? `Structure ${lines.structure - 1} has more atom lines than its first line announces; this one reads "${found}".`
      : `The first line of the structure reads "${found}".`,
    expected: "Expected the number of atoms.",
    remedy: "Correct the number of atoms of the structure, or remove the lines that do not belong to it.",
  });
}

function readInfo(comment: string): Map<string, InfoValue> {
  if (hasPairs(comment)) return parseComment(comment);
  return comment === "" ? new Map() : new Map([["comment", comment]]);
}

function readAtomLine(
  lines: LineReader,
  reader: ColumnReader,
  at: { readonly i: number; readonly count: number },
): void {
  try {
    readAtom(lines, reader, at.i);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const text = lines.text();
    if (text === "") throw truncatedFrame(lines, `atom ${at.i + 1}; its first line announces ${at.count}`);
    if (!/^\d+$/.test(text)) throw error;
    throw lines.trouble("atom-count", {
      problem: `The structure has ${at.i} atom lines and its first line announces ${at.count}: the next one begins here.`,
      remedy: "Correct the number of atoms, or restore the lines that are missing.",
    });
  }
}

/** Cell vectors as pseudo-atoms VEC1, VEC2, VEC3 after the atoms (ADF; ASE reads them). */
async function readVectors(lines: LineReader): Promise<Pick<Frame["structure"], "cell" | "periodic"> | undefined> {
  const cell = new Float64Array(9);
  for (let row = 0; row < 3; row++) {
    if (!(await lines.line())) return row === 0 ? undefined : endOfVectors(lines, row);
    if (lines.word() !== `VEC${row + 1}`) {
      lines.unread();
      return row === 0 ? undefined : endOfVectors(lines, row);
    }
    for (let k = 0; k < 3; k++) cell[3 * row + k] = lines.finite("cell vector");
  }
  return { cell: checkedCell(lines, cell), periodic: [true, true, true] };
}

function endOfVectors(lines: LineReader, rows: number): never {
  throw lines.trouble("missing-cell", {
    problem: `The structure has ${rows} of the cell vectors VEC1, VEC2, VEC3.`,
    remedy: 'Give all three, or Lattice="…" and pbc="…" in the comment line.',
  });
}

function writeFrame(frame: Frame): string {
  const { properties, lines } = columnsText(frame);
  return `${frame.structure.species.length}\n${commentText(frame, properties)}\n${lines.join("\n")}\n`;
}

function commentText(frame: Frame, properties: string): string {
  const { cell, periodic } = frame.structure;
  const pairs: string[] = [];
  if (cell !== undefined) pairs.push(`Lattice="${Array.from(cell, numberText).join(" ")}"`);
  pairs.push(`Properties=${properties}`);
  if (frame.energy !== undefined) pairs.push(`energy=${numberText(frame.energy)}`);
  if (frame.stress !== undefined)
    pairs.push(`stress="${matrixOrder.map((i) => numberText(frame.stress![i])).join(" ")}"`);
  if (frame.charge !== undefined) pairs.push(`charge=${numberText(frame.charge)}`);
  for (const [key, value] of frame.info) {
    if (key !== "") pairs.push(pairText(isTaken(frame, key, value) ? `file_${key}` : key, value));
  }
  const flags = cell === undefined ? nowhere : periodic;
  pairs.push(`pbc="${flags.map((flag) => (flag ? "T" : "F")).join(" ")}"`);
  return pairs.join(" ");
}

/** Whether a key of the info would be read back as something else. */
function isTaken(frame: Frame, key: string, value: InfoValue): boolean {
  if (key === "Energy") return frame.energy === undefined;
  if (key === "charge") return frame.charge !== undefined || typeof value === "number";
  return reservedKeys.includes(key);
}

/** Voigt xx yy zz yz xz xy as a 3×3 matrix. */
const matrixOrder = [0, 5, 4, 5, 1, 3, 4, 3, 2];
