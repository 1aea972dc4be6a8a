/**
 * The matrix kernels against plain loops, at the sizes around their blocks (4 rows, 2 lanes), with rows longer than the
 * matrix, and with canaries behind every row and behind the last one.
 */
import { describe, expect, it } from "vitest";
import { createKernels } from "../../src/hosts/node/kernels.js";
import { RandomStream } from "../../src/math/index.js";

const SEED = 41;
const kernels = createKernels();
const { run } = kernels;
const CANARY = 12345.678;

/** Rows of `columns` numbers, `stride` apart, with canaries in between and two rows of them behind. */
class Matrix {
  readonly at: number;

  constructor(
    readonly rows: number,
    readonly columns: number,
    readonly stride: number,
    value: (i: number, j: number) => number,
  ) {
    this.at = kernels.allocate(8 * (rows + 2) * Math.max(stride, 2));
    this.all().fill(CANARY);
    for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) this.all()[i * stride + j] = value(i, j);
  }

  get row(): number {
    return 8 * this.stride;
  }

  all(): Float64Array {
    return kernels.f64(this.at, (this.rows + 2) * Math.max(this.stride, 2));
  }

  get(i: number, j: number): number {
    return this.all()[i * this.stride + j];
  }

  /** Whether everything but the matrix itself is untouched. */
  get guarded(): boolean {
    return this.all().every((x, k) => x === CANARY || (k < this.rows * this.stride && k % this.stride < this.columns));
  }
}

const sizes = [0, 1, 2, 3, 4, 5, 7, 8, 9];
const evenSizes = [0, 2, 4, 6, 8, 10];
const paddedSizes = [4, 8, 12];

/** Rounding of a sum of n products of numbers below 1. */
const rounding = (n: number): number => 4 * (n + 1) * Number.EPSILON;

function expectEntries(c: Matrix, expected: (i: number, j: number) => number, tolerance: number): void {
  for (let i = 0; i < c.rows; i++)
    for (let j = 0; j < c.columns; j++) {
      const difference = Math.abs(c.get(i, j) - expected(i, j));
      if (!(difference <= tolerance)) expect(c.get(i, j), `entry ${i}, ${j}`).toBe(expected(i, j));
    }
  expect(c.guarded, "nothing else was written").toBe(true);
}

const dot = (n: number, term: (p: number) => number): number =>
  Array.from({ length: n }, (_, p) => term(p)).reduce((a, b) => a + b, 0);

describe(`multiply (seed ${SEED})`, () => {
  const random = new RandomStream(SEED, "multiply");
  const draw = (): number => random.between(-1, 1);

  it.each([0, 1] as const)("C = %i C + A B, A straight and transposed", (beta) => {
    for (const m of sizes)
      for (const n of sizes)
        for (const k of [0, 1, 4, 5, 9]) {
          const b = new Matrix(k, n, n + 3, draw);
          for (const transposed of [false, true]) {
            const a = transposed ? new Matrix(k, m, m + 1, draw) : new Matrix(m, k, k + 2, draw);
            const [aRow, aColumn] = transposed ? [8, a.row] : [a.row, 8];
            const c = new Matrix(m, n, n + 2, draw);
            const before = c.all().slice();
            run.multiply(...([m, n, k, a.at, aRow, aColumn, b.at, b.row, c.at, c.row, beta] as const));
            const of = (i: number, p: number): number => (transposed ? a.get(p, i) : a.get(i, p));
            expectEntries(
              c,
              (i, j) => beta * before[i * c.stride + j] + dot(k, (p) => of(i, p) * b.get(p, j)),
              rounding(k),
            );
          }
        }
  });

  it("a NaN of A reaches its row and no other, one of B its column; β = 0 does not read C", () => {
    const [m, n, k] = [9, 7, 5];
    for (let bad = 0; bad < m; bad++) {
      const a = new Matrix(m, k, k, (i, p) => (i === bad && p === 2 ? Number.NaN : 1));
      const b = new Matrix(k, n, n, () => 1);
      const c = new Matrix(m, n, n, () => Number.NaN);
      run.multiply(...([m, n, k, a.at, a.row, 8, b.at, b.row, c.at, c.row, 0] as const));
      for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) expect(c.get(i, j)).toBe(i === bad ? Number.NaN : k);
    }
    for (let bad = 0; bad < n; bad++) {
      const a = new Matrix(m, k, k, () => 1);
      const b = new Matrix(k, n, n, (p, j) => (j === bad && p === 4 ? Number.NaN : 1));
      const c = new Matrix(m, n, n, () => 1);
      run.multiply(...([m, n, k, a.at, a.row, 8, b.at, b.row, c.at, c.row, 1] as const));
      for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) expect(c.get(i, j)).toBe(j === bad ? Number.NaN : k + 1);
    }
  });
});

describe(`symmetric matrices (seed ${SEED})`, () => {
  const random = new RandomStream(SEED, "symmetric");
  const draw = (): number => random.between(-1, 1);

  it("symmetricMultiply reads the lower triangle only", () => {
    for (const n of sizes)
      for (const m of evenSizes) {
        const c = new Matrix(n, n, n + 1, (i, j) => (j <= i ? draw() : Number.NaN));
        const x = new Matrix(n, m, m, draw);
        const y = new Matrix(n, m, m, () => Number.NaN);
        run.symmetricMultiply(n, m, c.at, c.row, x.at, y.at);
        const of = (i: number, j: number): number => (j <= i ? c.get(i, j) : c.get(j, i));
        expectEntries(y, (i, q) => dot(n, (j) => of(i, j) * x.get(j, q)), rounding(n));
      }
  });

  it.each([1, -1])("symmetricUpdate with sign %i, whole and in two parts as threads share it", (sign) => {
    for (const n of paddedSizes)
      for (const k of [0, 1, 2, 5, 8])
        for (const transposed of [false, true])
          for (const middle of [0, 4]) {
            const a = transposed ? new Matrix(k, n, n + 4, draw) : new Matrix(n, k, k + 1, draw);
            const [aRow, aColumn] = transposed ? [8, a.row] : [a.row, 8];
            const b = new Matrix(k, n, n + 4, draw);
            const c = new Matrix(n, n, n + 4, draw);
            const before = c.all().slice();
            for (const [first, last] of [
              [0, middle],
              [middle, n],
            ] as const)
              run.symmetricUpdate(...([first, last, k, sign, a.at, aRow, aColumn, b.at, b.row, c.at, c.row] as const));
            const of = (i: number, p: number): number => (transposed ? a.get(p, i) : a.get(i, p));
            // Blocks on the diagonal are written whole, what is right of them stays.
            const written = (i: number, j: number): boolean => Math.floor(j / 4) <= Math.floor(i / 4);
            expectEntries(
              c,
              (i, j) => before[i * c.stride + j] + (written(i, j) ? sign * dot(k, (p) => of(i, p) * b.get(p, j)) : 0),
              rounding(k),
            );
          }
  });
});

describe(`Cholesky (seed ${SEED})`, () => {
  const random = new RandomStream(SEED, "cholesky");

  /** L Lᵀ of a random L with a diagonal of about 1. */
  function positive(n: number): Float64Array {
    const l = Float64Array.from({ length: n * n }, (_, k) => {
      const [i, j] = [Math.floor(k / n), k % n];
      return j > i ? 0 : i === j ? random.between(0.8, 1.2) : random.between(-0.5, 0.5);
    });
    return Float64Array.from({ length: n * n }, (_, k) => {
      const [i, j] = [Math.floor(k / n), k % n];
      return dot(n, (p) => l[i * n + p] * l[j * n + p]);
    });
  }

  const lower = (matrix: Float64Array, n: number): Matrix =>
    new Matrix(n, n, n + 3, (i, j) => (j <= i ? matrix[i * n + j] : Number.NaN));

  it("factor times its transpose is the matrix; the upper triangle is left alone", () => {
    for (const n of [0, 1, 2, 3, 4, 5, 8, 9, 17]) {
      const matrix = positive(n);
      const c = lower(matrix, n);
      expect(run.choleskyFactor(n, c.at, c.row)).toBe(0);
      for (let i = 0; i < n; i++)
        for (let j = 0; j < n; j++) {
          if (j > i) expect(c.get(i, j)).toBeNaN();
          else expect(dot(j + 1, (p) => c.get(i, p) * c.get(j, p))).toBeCloseTo(matrix[i * n + j], 13);
        }
      expect(c.guarded).toBe(true);
    }
  });

  it("solves", () => {
    for (const n of [0, 1, 2, 3, 4, 5, 8, 9, 17]) {
      const matrix = positive(n);
      const c = lower(matrix, n);
      run.choleskyFactor(n, c.at, c.row);
      const x = Float64Array.from({ length: n }, () => random.between(-1, 1));
      const b = new Matrix(1, n, n, (_, i) => dot(n, (j) => matrix[i * n + j] * x[j]));
      run.choleskySolve(n, c.at, c.row, b.at);
      x.forEach((xi, i) => {
        expect(b.get(0, i)).toBeCloseTo(xi, 10);
      });
      expect(b.guarded).toBe(true);
    }
  });

  it("names the first pivot that is not positive, zero and NaN included", () => {
    for (const n of [1, 4, 5, 9])
      for (let bad = 0; bad < n; bad++)
        for (const value of [-1, 0, Number.NaN]) {
          const c = new Matrix(n, n, n, (i, j) => (i !== j ? 0 : i === bad ? value : 1));
          expect(run.choleskyFactor(n, c.at, c.row)).toBe(1 + bad);
        }
  });
});
