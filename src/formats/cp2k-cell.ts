/** A cell from what CP2K prints of it: vectors to 1e-3 Å, lengths to 1e-6 Å and angles to 1e-6°. */
import { inverse3, timesMatrix } from "../math/matrix3.js";

/** Product of two matrices, [row, column]. */
const product = (a: Float64Array, b: Float64Array): Float64Array =>
  Float64Array.from([0, 3, 6].flatMap((row) => timesMatrix(a.subarray(row, row + 3), b)));

const transposed = (m: Float64Array): Float64Array =>
  Float64Array.from({ length: 9 }, (_, i) => m[3 * (i % 3) + Math.floor(i / 3)]!);

/**
 * Rows, Å, with exactly these lengths (a b c, Å) and angles (α β γ, degrees), turned as near as can be to `rough`: the triangular
 * cell of the lengths and angles times the orthogonal factor of (triangle⁻¹·rough), by Newton's iteration U ← (U + U⁻ᵀ)/2
 * (Higham, SIAM J. Sci. Stat. Comput. 7, 1160, 1986, doi 10.1137/0907079).
 */
export function cellOfLengthsAndAngles(
  rough: readonly number[],
  lengths: readonly number[],
  angles: readonly number[],
): Float64Array {
  const triangle = triangleOf(lengths, angles);
  let turn = product(inverse3(triangle), Float64Array.from(rough));
  for (let i = 0; i < 12; i++) {
    const other = transposed(inverse3(turn));
    turn = turn.map((x, k) => (x + other[k]!) / 2);
  }
  // What the short decimals show as zero or as a round number in every vector is usually exactly so.
  return product(triangle, turn).map((x) => (Math.abs(x) < 5e-7 ? 0 : x));
}

/** a along x, b in the xy plane. */
function triangleOf([a, b, c]: readonly number[], angles: readonly number[]): Float64Array {
  const [alpha, beta, gamma] = angles.map((degrees) => Math.cos((degrees * Math.PI) / 180));
  const sine = Math.sqrt(1 - gamma! ** 2);
  const y = (alpha! - beta! * gamma!) / sine;
  return Float64Array.of(
    a!,
    0,
    0,
    b! * gamma!,
    b! * sine,
    0,
    c! * beta!,
    c! * y,
    c! * Math.sqrt(1 - beta! ** 2 - y ** 2),
  );
}
