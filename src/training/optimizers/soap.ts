/**
 * SOAP: Adam in the eigenbasis of Shampoo's preconditioner (Vyas et al., arXiv:2409.11321, Algorithm 3).
 *
 * For the gradient G of a layer's matrix (inputs and bias × outputs)
 *   L ← β₂L + (1−β₂)GGᵀ,  R ← β₂R + (1−β₂)GᵀG,  Q_L, Q_R their eigenvectors (one power iteration and a QR now and then),
 *   Adam on Q_LᵀGQ_R, and the step is turned back.
 * Symmetry functions are strongly correlated, so the loss is badly conditioned along a few directions of the inputs; Adam
 * only rescales parameters one by one, this one turns them apart first. The matrices are small (functions + 1 and nodes), so
 * a step costs little beside the gradient.
 */
import type { Kernels } from "../../kernels/index.js";
import type { FirstOrderOptimizer, ParameterBlock } from "./first-order.js";

export interface SoapOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Steps between updates of the eigenbases. */
  readonly frequency: number;
}

export class Soap implements FirstOrderOptimizer {
  readonly #options: SoapOptions;
  readonly #blocks: Block[];
  #t = 0;

  constructor(kernels: Kernels, blocks: readonly ParameterBlock[], options: SoapOptions) {
    this.#options = options;
    this.#blocks = blocks.map((block) => new Block(kernels, block));
  }

  step(parameters: Float64Array, gradient: Float64Array, rate: number): void {
    const { beta1, beta2, epsilon, frequency } = this.#options;
    this.#t++;
    const correction = { mean: 1 / (1 - beta1 ** this.#t), square: 1 / (1 - beta2 ** this.#t) };
    for (const block of this.#blocks) {
      block.accumulate(gradient, beta1, beta2);
      // The first gradient alone defines the basis: it is iterated until it has settled.
      if (this.#t === 1) for (let k = 0; k < 20; k++) block.turnBases();
      else if (this.#t % frequency === 0) block.turnBases();
      block.descend(parameters, { rate, beta2, epsilon, correction });
    }
  }

  save(): Float64Array[] {
    return [...this.#blocks.flatMap((block) => block.state.map((a) => a.slice())), Float64Array.of(this.#t)];
  }

  restore(state: readonly Float64Array[]): void {
    let next = 0;
    for (const block of this.#blocks) for (const array of block.state) array.set(state[next++]!);
    this.#t = state[next]![0]!;
  }
}

/** A matrix in the kernels' memory, rows×width with an even width; what lies past its columns is 0. */
interface Matrix {
  readonly at: number;
  readonly rows: number;
  readonly width: number;
  readonly values: Float64Array;
}

const even = (n: number): number => n + (n % 2);

interface Descent {
  readonly rate: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly correction: { readonly mean: number; readonly square: number };
}

/** One layer: its moments and bases. */
class Block {
  readonly #kernels: Kernels;
  readonly #block: ParameterBlock;
  readonly #left: Matrix;
  readonly #right: Matrix;
  /** Basis vectors as rows. */
  readonly #qLeft: Matrix;
  readonly #qRight: Matrix;
  /** The same as columns. */
  readonly #qLeftT: Matrix;
  readonly #qRightT: Matrix;
  readonly #g: Matrix;
  readonly #gT: Matrix;
  /** Mean gradient, unrotated. */
  readonly #m: Matrix;
  /** Mean square, in the eigenbasis. */
  readonly #v: Matrix;
  readonly #half: Matrix;
  readonly #turned: Matrix;
  readonly #mean: Matrix;
  readonly #product: Matrix;

  constructor(kernels: Kernels, block: ParameterBlock) {
    const { rows, columns } = block;
    this.#kernels = kernels;
    this.#block = block;
    const matrix = (r: number, c: number): Matrix => {
      const width = even(c);
      const at = kernels.allocate(8 * even(r) * width);
      return { at, rows: r, width, values: kernels.f64(at, r * width) };
    };
    this.#left = matrix(rows, rows);
    this.#right = matrix(columns, columns);
    this.#qLeft = identity(matrix(rows, rows));
    this.#qLeftT = identity(matrix(rows, rows));
    this.#qRight = identity(matrix(columns, columns));
    this.#qRightT = identity(matrix(columns, columns));
    this.#g = matrix(rows, columns);
    this.#gT = matrix(columns, rows);
    this.#m = matrix(rows, columns);
    this.#v = matrix(rows, columns);
    this.#half = matrix(rows, columns);
    this.#turned = matrix(rows, columns);
    this.#mean = matrix(rows, columns);
    const most = Math.max(rows, columns);
    this.#product = matrix(most, most);
  }

  /** What a resumed fit needs. */
  get state(): Float64Array[] {
    return [this.#left, this.#right, this.#qLeft, this.#qRight, this.#qLeftT, this.#qRightT, this.#m, this.#v].map(
      (matrix) => matrix.values,
    );
  }

  /** L, R and the mean of the gradient; leaves the gradient in `g`. */
  accumulate(gradient: Float64Array, beta1: number, beta2: number): void {
    const { start, rows, columns } = this.#block;
    const weight = Math.sqrt(1 - beta2);
    const g = this.#g.values;
    const gT = this.#gT.values;
    // Weighted first, for the outer products.
    for (let r = 0; r < rows; r++)
      for (let c = 0; c < columns; c++) {
        const x = weight * gradient[start + r * columns + c]!;
        g[r * this.#g.width + c] = x;
        gT[c * this.#gT.width + r] = x;
      }
    for (const c of [this.#left.values, this.#right.values]) for (let i = 0; i < c.length; i++) c[i]! *= beta2;
    this.#multiply(this.#g, this.#gT, { to: this.#left, inner: columns, beta: 1 });
    this.#multiply(this.#gT, this.#g, { to: this.#right, inner: rows, beta: 1 });
    const m = this.#m.values;
    for (let i = 0; i < g.length; i++) {
      g[i]! /= weight;
      m[i] = beta1 * m[i]! + (1 - beta1) * g[i]!;
    }
  }

  /** One power iteration of both bases. */
  turnBases(): void {
    this.#turn(this.#left, this.#qLeft, this.#qLeftT);
    this.#turn(this.#right, this.#qRight, this.#qRightT);
  }

  #turn(c: Matrix, q: Matrix, qT: Matrix): void {
    const n = q.rows;
    // Rows of q times the symmetric C.
    this.#multiply(q, c, { to: this.#product, width: c.width, inner: n, beta: 0 });
    orthonormalize(this.#product.values, q);
    for (let i = 0; i < n; i++) for (let k = 0; k < n; k++) qT.values[i * q.width + k] = q.values[k * q.width + i]!;
  }

  /** Adam's step in the eigenbasis, turned back. */
  descend(parameters: Float64Array, { rate, beta2, epsilon, correction }: Descent): void {
    const { start, rows, columns } = this.#block;
    this.#rotate(this.#g, this.#turned);
    this.#rotate(this.#m, this.#mean);
    const g = this.#turned.values;
    const mean = this.#mean.values;
    const v = this.#v.values;
    for (let i = 0; i < g.length; i++) {
      v[i] = beta2 * v[i]! + (1 - beta2) * g[i]! * g[i]!;
      mean[i] = (mean[i]! * correction.mean) / (Math.sqrt(v[i]! * correction.square) + epsilon);
    }
    this.#multiply(this.#qLeftT, this.#mean, { to: this.#half, inner: rows, beta: 0 });
    this.#multiply(this.#half, this.#qRight, { to: this.#turned, inner: columns, beta: 0 });
    for (let r = 0; r < rows; r++)
      for (let c = 0; c < columns; c++) parameters[start + r * columns + c]! -= rate * g[r * this.#g.width + c]!;
  }

  /** Q_LᵀXQ_R */
  #rotate(x: Matrix, to: Matrix): void {
    this.#multiply(this.#qLeft, x, { to: this.#half, inner: this.#block.rows, beta: 0 });
    this.#multiply(this.#half, this.#qRightT, { to, inner: this.#block.columns, beta: 0 });
  }

  #multiply(a: Matrix, b: Matrix, how: { to: Matrix; width?: number; inner: number; beta: 0 | 1 }): void {
    const width = how.width ?? how.to.width;
    this.#kernels.run.multiply(
      ...([a.rows, width, how.inner, a.at, 8 * a.width, 8, b.at, 8 * b.width] as const),
      ...([how.to.at, 8 * width, how.beta] as const),
    );
  }
}

function identity(matrix: Matrix): Matrix {
  for (let i = 0; i < matrix.rows; i++) matrix.values[i * matrix.width + i] = 1;
  return matrix;
}

/** Rows of `q` become an orthonormal basis of the rows of `product` (modified Gram–Schmidt, twice, in order). */
function orthonormalize(product: Float64Array, q: Matrix): void {
  const { rows: n, width } = q;
  const old = q.values.slice();
  for (let k = 0; k < n; k++) {
    const row = product.subarray(k * width, k * width + n);
    const before = norm(row);
    clear(row, q, k);
    const after = norm(row);
    if (!(after > 1e-12 * before) || after === 0) {
      // A direction that the gradient never had: keep the old vector, made orthogonal to those before it.
      row.set(old.subarray(k * width, k * width + n));
      clear(row, q, k);
      if (norm(row) < 1e-8) continue;
    }
    const length = norm(row);
    for (let i = 0; i < n; i++) q.values[k * width + i] = row[i]! / length;
  }
}

/** Takes the first k basis vectors out of `row`. */
function clear(row: Float64Array, { values, width }: Matrix, k: number): void {
  for (let pass = 0; pass < 2; pass++)
    for (let l = 0; l < k; l++) {
      const at = l * width;
      let dot = 0;
      for (let i = 0; i < row.length; i++) dot += row[i]! * values[at + i]!;
      for (let i = 0; i < row.length; i++) row[i]! -= dot * values[at + i]!;
    }
}

function norm(row: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < row.length; i++) sum += row[i]! * row[i]!;
  return Math.sqrt(sum);
}
