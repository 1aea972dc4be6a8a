/** Symmetric 3×3 matrices, row-major: eigenvalues, exponential, and their six independent numbers. */

/** Row and column of xx yy zz yz xz xy. */
export const VOIGT = [
  [0, 0],
  [1, 1],
  [2, 2],
  [1, 2],
  [0, 2],
  [0, 1],
] as const;

/** Full matrix of xx yy zz yz xz xy. */
export function matrixOf(six: ArrayLike<number>): Float64Array {
  const matrix = new Float64Array(9);
  VOIGT.forEach(([i, j], k) => {
    matrix[3 * i + j] = six[k];
    matrix[3 * j + i] = six[k];
  });
  return matrix;
}

/** a·b, new. */
export function multiply(a: Float64Array, b: Float64Array): Float64Array {
  const product = new Float64Array(9);
  for (let i = 0; i < 3; i++)
    for (let j = 0; j < 3; j++)
      product[3 * i + j] = a[3 * i] * b[j] + a[3 * i + 1] * b[3 + j] + a[3 * i + 2] * b[6 + j];
  return product;
}

export const transpose = (a: Float64Array): Float64Array =>
  Float64Array.of(a[0], a[3], a[6], a[1], a[4], a[7], a[2], a[5], a[8]);

export interface Eigen {
  readonly values: Float64Array;
  /** Eigenvectors as columns, [xyz, vector], orthonormal. */
  readonly vectors: Float64Array;
}

/** Jacobi's rotations (Golub and Van Loan, Matrix Computations, 4th ed., algorithm 8.5.2). */
export function eigenSymmetric(matrix: Float64Array): Eigen {
  const a = matrix.slice();
  const vectors = Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1);
  for (let sweep = 0; sweep < 30; sweep++) {
    const off = a[1] ** 2 + a[2] ** 2 + a[5] ** 2;
    if (!(off > 1e-34 * (a[0] ** 2 + a[4] ** 2 + a[8] ** 2))) break;
    for (const [p, q] of [
      [0, 1],
      [0, 2],
      [1, 2],
    ] as const)
      rotate(a, vectors, [p, q]);
  }
  return { values: Float64Array.of(a[0], a[4], a[8]), vectors };
}

function rotate(a: Float64Array, vectors: Float64Array, [p, q]: readonly [number, number]): void {
  if (a[3 * p + q] === 0) return;
  const tau = (a[4 * q] - a[4 * p]) / (2 * a[3 * p + q]);
  const t = (tau >= 0 ? 1 : -1) / (Math.abs(tau) + Math.sqrt(1 + tau * tau));
  const c = 1 / Math.sqrt(1 + t * t);
  const s = t * c;
  for (let k = 0; k < 3; k++) [a[3 * k + p], a[3 * k + q]] = turn(a[3 * k + p], a[3 * k + q], [c, s]);
  for (let k = 0; k < 3; k++) [a[3 * p + k], a[3 * q + k]] = turn(a[3 * p + k], a[3 * q + k], [c, s]);
  for (let k = 0; k < 3; k++)
    [vectors[3 * k + p], vectors[3 * k + q]] = turn(vectors[3 * k + p], vectors[3 * k + q], [c, s]);
}

const turn = (x: number, y: number, [c, s]: readonly [number, number]): [number, number] => [
  c * x - s * y,
  s * x + c * y,
];

/** Q·diag(values)·Qᵀ. */
export function compose({ values, vectors }: Eigen): Float64Array {
  const scaled = vectors.map((v, k) => v * values[k % 3]);
  return multiply(scaled, transpose(vectors));
}
