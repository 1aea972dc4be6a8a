/**
 * The cell of a surface: two lattice vectors in the plane (hkl) and one to the next lattice plane.
 *
 * A vector with whole coordinates n lies in the plane if h·n = 0 and leads to the next one if h·n = 1. Euclid's algorithm
 * on (h k l), carried out on three vectors at once, finds a basis with h·n = 0, 0 and 1.
 */
import { InputError } from "../errors/index.js";
import { cross3, inverse3, length3, rowOf, timesMatrix } from "../math/matrix3.js";
import { signedVolume } from "./cell.js";
import { reduceFrame } from "./reduce.js";

export type Miller = readonly [number, number, number];

/** Right-handed rows u, v, w: u along x, v in the xy plane, both in the lattice plane; w leads to the next plane, z > 0. Å */
export interface SurfaceFrame {
  /** As they lie in the bulk, [vector, xyz]. */
  readonly bulk: Float64Array;
  /** Turned so that the normal is z, [vector, xyz]. */
  readonly turned: Float64Array;
}

/** Miller indices of the same plane for other lattice vectors of the same crystal: coprime whole numbers. */
export function millerFor(cell: Float64Array, given: { miller: Miller; cell: Float64Array }): Miller {
  checkMiller(given.miller);
  const inverse = inverse3(given.cell);
  const normal = [0, 1, 2].map((x) => [0, 1, 2].reduce((sum, d) => sum + inverse[3 * x + d] * given.miller[d], 0));
  const ratios = [0, 3, 6].map((k) => cell[k] * normal[0] + cell[k + 1] * normal[1] + cell[k + 2] * normal[2]);
  // The new cell holds a whole fraction of the atoms of the old one, so a small factor makes the ratios whole.
  for (let factor = 1; factor <= 256; factor++) {
    const scaled = ratios.map((x) => x * factor);
    if (scaled.some((x) => Math.abs(x - Math.round(x)) > 1e-4)) continue;
    const whole = scaled.map(Math.round) as [number, number, number];
    const divisor = whole.reduce(greatestDivisor, 0);
    return whole.map((x) => x / divisor + 0) as [number, number, number];
  }
  throw new RangeError(`cells ${[...cell]} and ${[...given.cell]} are not of one lattice`);
}

function checkMiller(miller: Miller): void {
  if (miller.every(Number.isInteger) && miller.some((x) => x !== 0)) return;
  throw new InputError({
    code: "bad-miller-indices",
    problem: `The Miller indices are (${miller.join(" ")}).`,
    expected: "Three whole numbers, not all of them 0.",
    remedy: "Give indices such as (1 1 1); those of a hexagonal crystal without the third of four.",
  });
}

const greatestDivisor = (a: number, b: number): number => (b === 0 ? Math.abs(a) : greatestDivisor(b, a % b));

/** The surface frame of coprime Miller indices. */
export function surfaceFrame(cell: Float64Array, miller: Miller): SurfaceFrame {
  const numbers = planeBasis(miller);
  const rows = Float64Array.from(numbers.flatMap((n) => timesMatrix(n, cell)));
  const frame = reduceFrame(rows, [true, true, false]).frame;
  // An obtuse or a right angle between u and v, and w as upright as lattice vectors allow.
  if (product(frame, 0, 1) > 1e-9) negate(frame, 1);
  // w leads upwards, whatever the hand of the bulk cell; the hand of the frame is set in the plane.
  if (signedVolume(frame) < 0) swapInPlane(frame);
  for (const d of [0, 1]) {
    const steps = Math.round(product(frame, 2, d) / product(frame, d, d));
    for (let x = 0; x < 3; x++) frame[6 + x] -= steps * frame[3 * d + x];
  }
  return { bulk: frame, turned: turned(frame) };
}

/** Rows of whole numbers with h·n = 0, 0, 1 and determinant ±1. */
function planeBasis(miller: Miller): number[][] {
  const rows = [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ];
  const values = [...miller];
  for (;;) {
    const live = [0, 1, 2].filter((d) => values[d] !== 0).sort((a, b) => Math.abs(values[a]) - Math.abs(values[b]));
    const [small, large] = live;
    if (large === undefined) {
      const w = rows[small].map((n) => n * values[small]);
      return [...[0, 1, 2].filter((d) => d !== small).map((d) => rows[d]), w];
    }
    const times = Math.trunc(values[large] / values[small]);
    values[large] -= times * values[small];
    rows[large] = rows[large].map((n, d) => n - times * rows[small][d]);
  }
}

function product(frame: Float64Array, i: number, j: number): number {
  return [0, 1, 2].reduce((sum, x) => sum + frame[3 * i + x] * frame[3 * j + x], 0);
}

function negate(frame: Float64Array, row: number): void {
  for (let x = 0; x < 3; x++) frame[3 * row + x] *= -1;
}

function swapInPlane(frame: Float64Array): void {
  const u = rowOf(frame, 0);
  frame.set(rowOf(frame, 1), 0);
  frame.set(u, 3);
}

function turned(frame: Float64Array): Float64Array {
  const unit = (v: Float64Array): Float64Array => v.map((x) => x / length3(v));
  const first = unit(rowOf(frame, 0));
  const normal = unit(cross3(rowOf(frame, 0), rowOf(frame, 1)));
  const second = cross3(normal, first);
  const axes = Float64Array.of(...[0, 1, 2].flatMap((x) => [first[x], second[x], normal[x]]));
  const rows = Float64Array.from([0, 3, 6].flatMap((k) => timesMatrix(frame.subarray(k, k + 3), axes)));
  // What is zero by construction.
  rows[1] = 0;
  rows[2] = 0;
  rows[5] = 0;
  return rows;
}
