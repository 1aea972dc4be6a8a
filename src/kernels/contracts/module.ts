/**
 * What the WebAssembly module offers. Pointers are byte offsets into the one memory; arrays are f64 unless said otherwise;
 * strides are in bytes. Nothing is allocated inside: the host owns every byte.
 */
import type { NeighborKernels } from "./neighbors.js";
import type { SurfaceKernels } from "./surface.js";

/** Index of an activation in the kernels. */
export const activationCodes = { l: 0, t: 1, s: 2, p: 3, r: 4, g: 5, c: 6, S: 7, e: 8, h: 9, m: 10, w: 11 } as const;

export interface KernelExports extends NeighborKernels, SurfaceKernels {
  /** y[i] = e^x[i]; n even; |x| beyond 708 is clamped. Relative error below 4e-16. */
  exponential(n: number, x: number, y: number): void;
  exponentialScalar(x: number): number;
  /** y = f(x), d = f′(x), s = f″(x); n even. */
  activate(code: number, n: number, x: number, y: number, d: number, s: number): void;
  /** c = a ∘ b; n even. */
  hadamard(n: number, a: number, b: number, c: number): void;
  /** out = d∘p + s∘q∘r; n even. */
  reverseTangent(n: number, d: number, p: number, s: number, q: number, r: number, out: number): void;
  /** Copies one row of n values to `rows` rows. */
  broadcastRows(rows: number, n: number, from: number, to: number): void;
  /** out[c] += Σ_rows a[row][c]; n even. */
  columnSums(rows: number, n: number, a: number, out: number): void;
  /** C (m×n) = beta·C + A (m×k) B (k×n); beta 0 or 1; rows of B and C contiguous, A with any strides. */
  multiply(
    ...args: [
      m: number,
      n: number,
      k: number,
      a: number,
      aRow: number,
      aColumn: number,
      b: number,
      bRow: number,
      c: number,
      cRow: number,
      beta: number,
    ]
  ): void;
  /** Lower triangle of C (n×n), rows first…last−1: C += sign·A B; all widths padded to multiples of 4. */
  symmetricUpdate(
    ...args: [
      first: number,
      last: number,
      k: number,
      sign: number,
      a: number,
      aRow: number,
      aColumn: number,
      b: number,
      bRow: number,
      c: number,
      cRow: number,
    ]
  ): void;
  /** y = C x for a symmetric C whose lower triangle is there; x and y n×m, rows contiguous, m even. */
  symmetricMultiply(n: number, m: number, c: number, cRow: number, x: number, y: number): void;
  /** Cholesky factor of the lower triangle, in place. 0, or 1 + index of the first pivot that is not positive. */
  choleskyFactor(n: number, c: number, cRow: number): number;
  choleskySolve(n: number, c: number, cRow: number, b: number): void;

  /** Raw values of atoms first…last−1, see contracts/descriptors.ts. */
  descriptorValues(
    ...args: [
      first: number,
      last: number,
      programs: number,
      types: number,
      offsets: number,
      indices: number,
      vectors: number,
      rowLength: number,
      values: number,
      valuesRow: number,
      scratch: number,
    ]
  ): void;
  /** Forces and virial from dE/dG, added to what is there. */
  descriptorAdjoint(
    ...args: [
      first: number,
      last: number,
      programs: number,
      types: number,
      offsets: number,
      indices: number,
      vectors: number,
      rowLength: number,
      gradients: number,
      gradientsRow: number,
      forces: number,
      virial: number,
      scratch: number,
    ]
  ): void;
  /** Values, derivative rows of the records, and strain derivatives where `strains` is not 0. */
  descriptorJacobian(
    ...args: [
      first: number,
      last: number,
      programs: number,
      types: number,
      offsets: number,
      indices: number,
      vectors: number,
      rowLength: number,
      values: number,
      valuesRow: number,
      records: number,
      strains: number,
      scratch: number,
    ]
  ): void;
  /** Forces from dE/dG and stored derivatives, see contracts/cache.ts. */
  contractForces(
    ...args: [
      first: number,
      last: number,
      elements: number,
      records: number,
      gradients: number,
      gradientRow: number,
      forces: number,
      scratch: number,
    ]
  ): void;
  /** v_i += Σ_j (λ_i − λ_j)·∂G/∂r_j. */
  contractTangent(
    ...args: [
      first: number,
      last: number,
      elements: number,
      records: number,
      lambda: number,
      directions: number,
      directionRow: number,
      scratch: number,
    ]
  ): void;
}
