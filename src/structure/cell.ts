/**
 * Cells: lattice vectors a, b, c as rows, so that a Cartesian position is r = f·cell with fractional coordinates f.
 */
import { cross3, determinant3, inverse3, length3, rowOf, timesMatrix } from "../math/matrix3.js";
import type { Structure } from "./structure.js";

export type Periodic = Structure["periodic"];

/** a·(b×c), Å³: positive for a right-handed cell, negative for a left-handed one. */
export const signedVolume = (cell: Float64Array): number => determinant3(cell);

/** |a·(b×c)|, Å³. */
export const volume = (cell: Float64Array): number => Math.abs(signedVolume(cell));

/** Distances between opposite faces, Å: V/|b×c| and cyclic. */
export function heights(cell: Float64Array): [number, number, number] {
  const rows = [rowOf(cell, 0), rowOf(cell, 1), rowOf(cell, 2)];
  const v = volume(cell);
  const height = (d: number) => v / length3(cross3(rows[(d + 1) % 3]!, rows[(d + 2) % 3]!));
  return [height(0), height(1), height(2)];
}

/** Inverse of the cell, Å⁻¹: f = r·inverse. Its columns are the reciprocal vectors without the factor 2π. */
export const inverseCell = (cell: Float64Array): Float64Array => inverse3(cell);

/** Fractional coordinates of positions, [atom, vector] of [atom, xyz]. */
export const toFractional = (positions: Float64Array, cell: Float64Array): Float64Array =>
  transformed(positions, inverseCell(cell));

/** Cartesian positions of fractional coordinates, [atom, xyz] of [atom, vector], Å. */
export const toCartesian = (fractional: Float64Array, cell: Float64Array): Float64Array =>
  transformed(fractional, cell);

function transformed(rows: Float64Array, matrix: Float64Array): Float64Array {
  const result = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i += 3) result.set(timesMatrix(rows.subarray(i, i + 3), matrix), i);
  return result;
}

/**
 * Three independent vectors for any periodicity, rows, Å: the lattice vectors that repeat, and in the place of the others
 * unit vectors at right angles to those that do and to one another. A row is zero where those that repeat are parallel.
 */
export function periodicFrame(cell: Float64Array | undefined, periodic: Periodic): Float64Array {
  const frame = Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1);
  if (cell === undefined) return frame;
  const kept = [0, 1, 2].filter((d) => periodic[d]);
  for (const d of kept) frame.set(rowOf(cell, d), 3 * d);
  if (kept.length === 2) completePlane(frame, 3 - kept[0]! - kept[1]!);
  if (kept.length === 1) completeLine(frame, kept[0]!);
  return frame;
}

/** Sets row `missing` to the unit normal of the two others; leaves it zero where they are parallel. */
function completePlane(frame: Float64Array, missing: number): void {
  const normal = cross3(rowOf(frame, (missing + 1) % 3), rowOf(frame, (missing + 2) % 3));
  const length = length3(normal);
  for (let x = 0; x < 3; x++) frame[3 * missing + x] = length === 0 ? 0 : normal[x]! / length;
}

/** Sets the rows after `kept` to two unit vectors at right angles to it and to each other. */
function completeLine(frame: Float64Array, kept: number): void {
  const line = rowOf(frame, kept);
  const least = [0, 1, 2].reduce((best, x) => (Math.abs(line[x]!) < Math.abs(line[best]!) ? x : best), 0);
  const axis = new Float64Array(3);
  axis[least] = 1;
  const second = (kept + 1) % 3;
  const third = (kept + 2) % 3;
  const normal = cross3(line, axis);
  const length = length3(normal);
  frame.set(length === 0 ? [0, 0, 0] : normal.map((x) => x / length), 3 * second);
  completePlane(frame, third);
}

/**
 * Volume of a periodic frame over the product of its vectors' lengths: 1 where they are at right angles, 0 where they
 * span no volume, NaN where a vector is zero.
 */
export function relativeVolume(frame: Float64Array): number {
  const lengths = [0, 1, 2].map((d) => length3(rowOf(frame, d)));
  return volume(frame) / (lengths[0]! * lengths[1]! * lengths[2]!);
}

/**
 * The structure with every atom moved into the cell along the vectors that repeat: fractional coordinates in [0, 1), of
 * the cell if it has a volume (as ASE does), else of the frame that completes the vectors that repeat.
 */
export function wrap(structure: Structure): Structure {
  const { cell, periodic } = structure;
  if (cell === undefined || !periodic.some(Boolean)) return structure;
  const inverse = inverseCell(relativeVolume(cell) > 1e-10 ? cell : periodicFrame(cell, periodic));
  const positions = structure.positions.slice();
  for (let i = 0; i < positions.length; i += 3) {
    const fractional = timesMatrix(positions.subarray(i, i + 3), inverse);
    const turns = fractional.map((f, d) => (periodic[d] ? Math.floor(f) : 0));
    const shift = timesMatrix(turns, cell);
    for (let x = 0; x < 3; x++) positions[i + x] = positions[i + x]! - shift[x]!;
  }
  return { ...structure, positions };
}

/**
 * The structure repeated `times` along each lattice vector. The copies follow one another, the first vector's copies
 * slowest, and each keeps the order of its atoms: atom i of copy k is atom k·n + i.
 */
export function replicate(structure: Structure, times: readonly [number, number, number]): Structure {
  const { species, positions, cell, periodic } = structure;
  if (!times.every((n) => Number.isInteger(n) && n > 0))
    throw new RangeError(`copies [${times}]: whole numbers above 0`);
  if (cell === undefined) {
    if (times.some((n) => n > 1)) throw new RangeError("a structure without a cell cannot be repeated");
    return structure;
  }
  const copies = times[0] * times[1] * times[2];
  const bigSpecies = new Uint8Array(copies * species.length);
  const bigPositions = new Float64Array(copies * positions.length);
  for (let copy = 0; copy < copies; copy++) {
    const steps = [Math.floor(copy / (times[1] * times[2])), Math.floor(copy / times[2]) % times[1], copy % times[2]];
    const shift = timesMatrix(steps, cell);
    bigSpecies.set(species, copy * species.length);
    const at = copy * positions.length;
    for (let k = 0; k < positions.length; k++) bigPositions[at + k] = positions[k]! + shift[k % 3]!;
  }
  const bigCell = cell.map((x, k) => x * times[Math.floor(k / 3)]!);
  return { species: bigSpecies, positions: bigPositions, cell: bigCell, periodic };
}
