/**
 * Lattice reduction: other vectors of the same lattice, as short as they get, so that a strongly skewed cell costs no
 * more than a cubic one.
 *
 * Subtracts whole multiples of vectors from one another while anything gets shorter, pairs first, then triples
 * (a, b, c → a ± b ± c): what remains is Minkowski-reduced (Semaev 2001, doi:10.1007/3-540-44670-2_13).
 */
import type { Periodic } from "./cell.js";

export interface ReducedFrame {
  /** Short vectors as rows, [vector, xyz], Å. */
  readonly frame: Float64Array;
  /** Whole numbers with reduced = transform·original, [reduced vector, original vector], determinant ±1. */
  readonly transform: Float64Array;
}

/** A change must shorten a squared length by this factor, or rounding could let two vectors of equal length alternate. */
const WORTHWHILE = 1 - 1e-10;

/** Reduces those rows of `frame` that repeat; the others stay, and must be at right angles to them. */
export function reduceFrame(frame: Float64Array, periodic: Periodic): ReducedFrame {
  const state: ReducedFrame = { frame: frame.slice(), transform: Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1) };
  const rows = [0, 1, 2].filter((d) => periodic[d]);
  while (shortenByPairs(state, frame, rows) || (rows.length === 3 && shortenByTriples(state, frame))) {
    // Every turn shortens a vector by a set factor, and a lattice has finitely many short vectors.
  }
  return state;
}

function shortenByPairs(state: ReducedFrame, original: Float64Array, rows: readonly number[]): boolean {
  let changed = false;
  for (const i of rows) {
    for (const j of rows) {
      if (i === j) continue;
      const multiple = Math.round(product(state.frame, i, j) / product(state.frame, j, j));
      const combination = [0, 0, 0];
      combination[i] = 1;
      combination[j] = -multiple;
      if (multiple !== 0 && replaceIfShorter(state, original, { row: i, combination })) changed = true;
    }
  }
  return changed;
}

function shortenByTriples(state: ReducedFrame, original: Float64Array): boolean {
  for (let row = 0; row < 3; row++) {
    for (const signs of [0, 1, 2, 3]) {
      const combination = [0, 0, 0];
      combination[row] = 1;
      combination[(row + 1) % 3] = signs & 1 ? 1 : -1;
      combination[(row + 2) % 3] = signs & 2 ? 1 : -1;
      if (replaceIfShorter(state, original, { row, combination })) return true;
    }
  }
  return false;
}

function replaceIfShorter(
  state: ReducedFrame,
  original: Float64Array,
  change: { row: number; combination: readonly number[] },
): boolean {
  const { row, combination } = change;
  const numbers = combine(combination, state.transform);
  // From the original vectors, not from the last ones: no rounding piles up.
  const vector = combine(numbers, original);
  const length = vector[0]! ** 2 + vector[1]! ** 2 + vector[2]! ** 2;
  if (!(length < WORTHWHILE * product(state.frame, row, row)) || length === 0) return false;
  state.transform.set(numbers, 3 * row);
  state.frame.set(vector, 3 * row);
  return true;
}

const combine = (numbers: readonly number[], rows: Float64Array): number[] =>
  [0, 1, 2].map((x) => numbers[0]! * rows[x]! + numbers[1]! * rows[3 + x]! + numbers[2]! * rows[6 + x]!);

const product = (rows: Float64Array, i: number, j: number): number =>
  rows[3 * i]! * rows[3 * j]! + rows[3 * i + 1]! * rows[3 * j + 1]! + rows[3 * i + 2]! * rows[3 * j + 2]!;
