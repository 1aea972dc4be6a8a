/**
 * Three-vectors and 3×3 matrices as bare numbers: matrices are row-major, [row, column], nine numbers.
 */

/** Scalar product of two rows that start at `a[i]` and `b[j]`. */
export const dot3 = (a: Float64Array, i: number, options: { other: Float64Array; at: number }): number => {
  const { other, at } = options;
  return a[i]! * other[at]! + a[i + 1]! * other[at + 1]! + a[i + 2]! * other[at + 2]!;
};

/** Row `row` of a matrix, copied, [xyz]. */
export const rowOf = (matrix: Float64Array, row: number): Float64Array => matrix.slice(3 * row, 3 * row + 3);

/** a × b, [xyz]. */
export function cross3(a: Float64Array, b: Float64Array): Float64Array {
  return Float64Array.of(a[1]! * b[2]! - a[2]! * b[1]!, a[2]! * b[0]! - a[0]! * b[2]!, a[0]! * b[1]! - a[1]! * b[0]!);
}

/** Euclidean length. Does not overflow for very long vectors. */
export const length3 = (a: Float64Array): number => Math.hypot(a[0]!, a[1]!, a[2]!);

/** a · (b × c) for the rows a, b, c. */
export function determinant3(matrix: Float64Array): number {
  const [a, b, c] = [rowOf(matrix, 0), rowOf(matrix, 1), rowOf(matrix, 2)];
  return dot3(a, 0, { other: cross3(b, c), at: 0 });
}

/** The inverse; throws RangeError where the determinant is exactly zero or not finite. */
export function inverse3(matrix: Float64Array): Float64Array {
  const rows = [rowOf(matrix, 0), rowOf(matrix, 1), rowOf(matrix, 2)] as const;
  const determinant = determinant3(matrix);
  if (determinant === 0 || !Number.isFinite(determinant))
    throw new RangeError(`determinant ${determinant}: no inverse`);
  const inverse = new Float64Array(9);
  for (let column = 0; column < 3; column++) {
    // Columns of the inverse are the reciprocal vectors, b × c / V and cyclic.
    const reciprocal = cross3(rows[(column + 1) % 3]!, rows[(column + 2) % 3]!);
    for (let row = 0; row < 3; row++) inverse[3 * row + column] = reciprocal[row]! / determinant;
  }
  return inverse;
}

/** Row vector times matrix, v·M, [column]. */
export function timesMatrix(v: ArrayLike<number>, matrix: Float64Array): [number, number, number] {
  const [x, y, z] = [v[0]!, v[1]!, v[2]!];
  return [
    x * matrix[0]! + y * matrix[3]! + z * matrix[6]!,
    x * matrix[1]! + y * matrix[4]! + z * matrix[7]!,
    x * matrix[2]! + y * matrix[5]! + z * matrix[8]!,
  ];
}
