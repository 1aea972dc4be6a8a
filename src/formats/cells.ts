/** Checks of lattice vectors, rows [vector, xyz], Å. */

import { type Structure, signedVolume } from "../structure/index.js";
import type { LineReader } from "./line-reader.js";

const length = (cell: Float64Array, row: number): number =>
  Math.hypot(cell[3 * row], cell[3 * row + 1], cell[3 * row + 2]);

/** Whether three vectors span no volume to speak of: below 1e-9 of the box with their lengths. */
export function isFlat(cell: Float64Array): boolean {
  const box = length(cell, 0) * length(cell, 1) * length(cell, 2);
  return !(Math.abs(signedVolume(cell)) > 1e-9 * box);
}

/** The same nine numbers, or an error at the current line if they are no cell. */
export function checkedCell(lines: LineReader, cell: Float64Array): Float64Array {
  for (const value of cell) {
    if (Number.isFinite(value)) continue;
    throw lines.trouble("not-finite", {
      problem: `The cell contains ${value}.`,
      expected: "Expected nine finite numbers.",
      remedy: "Repeat the calculation behind it, or remove the structure.",
    });
  }
  if (!isFlat(cell)) return cell;
  throw lines.trouble("zero-volume", {
    problem: `The cell has no volume: its vectors are ${rowsOf(cell)} Å.`,
    expected: "Expected three independent vectors.",
    remedy: "Give the missing direction a length (vacuum), or leave the cell away for a molecule.",
  });
}

const rowsOf = (cell: Float64Array): string =>
  [0, 3, 6].map((i) => `(${cell[i]}, ${cell[i + 1]}, ${cell[i + 2]})`).join(", ");

export const nowhere: Structure["periodic"] = [false, false, false];
export const everywhere: Structure["periodic"] = [true, true, true];
