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
import type { FirstOrderOptimizer, ParameterBlock } from "./first-order.js";

export interface SoapOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Steps between updates of the eigenbases. */
  readonly frequency: number;
}

interface BlockState {
  readonly block: ParameterBlock;
  readonly left: Float64Array;
  readonly right: Float64Array;
  readonly qLeft: Float64Array;
  readonly qRight: Float64Array;
  /** Mean gradient, unrotated. */
  readonly m: Float64Array;
  /** Mean square, in the eigenbasis. */
  readonly v: Float64Array;
}

export class Soap implements FirstOrderOptimizer {
  readonly #options: SoapOptions;
  readonly #blocks: BlockState[];
  #t = 0;

  constructor(blocks: readonly ParameterBlock[], options: SoapOptions) {
    this.#options = options;
    this.#blocks = blocks.map((block) => {
      const { rows, columns } = block;
      return {
        block,
        left: new Float64Array(rows * rows),
        right: new Float64Array(columns * columns),
        qLeft: identity(rows),
        qRight: identity(columns),
        m: new Float64Array(rows * columns),
        v: new Float64Array(rows * columns),
      };
    });
  }

  step(parameters: Float64Array, gradient: Float64Array, rate: number): void {
    this.#t++;
    for (const state of this.#blocks) this.#stepBlock(state, { parameters, gradient, rate });
  }

  #stepBlock(
    s: BlockState,
    { parameters, gradient, rate }: { parameters: Float64Array; gradient: Float64Array; rate: number },
  ) {
    const { beta1, beta2, epsilon, frequency } = this.#options;
    const { start, rows, columns } = s.block;
    const g = gradient.subarray(start, start + rows * columns);
    accumulateOuter(s.left, g, { rows, columns, keep: beta2, transposed: false });
    accumulateOuter(s.right, g, { rows, columns, keep: beta2, transposed: true });
    for (let i = 0; i < g.length; i++) s.m[i] = beta1 * s.m[i]! + (1 - beta1) * g[i]!;
    if (this.#t === 1 || this.#t % frequency === 0) {
      const sweeps = this.#t === 1 ? 20 : 1;
      for (let k = 0; k < sweeps; k++) {
        powerIteration(s.left, s.qLeft, rows);
        powerIteration(s.right, s.qRight, columns);
      }
    }
    const rotated = rotate(g, s, false);
    const mean = rotate(s.m, s, false);
    const meanFactor = 1 / (1 - beta1 ** this.#t);
    const squareFactor = 1 / (1 - beta2 ** this.#t);
    for (let i = 0; i < rotated.length; i++) {
      s.v[i] = beta2 * s.v[i]! + (1 - beta2) * rotated[i]! ** 2;
      mean[i] = (mean[i]! * meanFactor) / (Math.sqrt(s.v[i]! * squareFactor) + epsilon);
    }
    const step = rotate(mean, s, true);
    for (let i = 0; i < step.length; i++) parameters[start + i]! -= rate * step[i]!;
  }

  save(): Float64Array[] {
    return [
      ...this.#blocks.flatMap((s) => [s.left, s.right, s.qLeft, s.qRight, s.m, s.v].map((a) => a.slice())),
      Float64Array.of(this.#t),
    ];
  }

  restore(state: readonly Float64Array[]): void {
    this.#blocks.forEach((s, b) => {
      [s.left, s.right, s.qLeft, s.qRight, s.m, s.v].forEach((a, i) => {
        a.set(state[6 * b + i]!);
      });
    });
    this.#t = state[6 * this.#blocks.length]![0]!;
  }
}

function identity(n: number): Float64Array {
  const matrix = new Float64Array(n * n);
  for (let i = 0; i < n; i++) matrix[i * n + i] = 1;
  return matrix;
}

interface Outer {
  readonly rows: number;
  readonly columns: number;
  readonly keep: number;
  readonly transposed: boolean;
}

/** C ← keep·C + (1−keep)·GGᵀ, or GᵀG when transposed. */
function accumulateOuter(c: Float64Array, g: Float64Array, { rows, columns, keep, transposed }: Outer): void {
  const n = transposed ? columns : rows;
  const inner = transposed ? rows : columns;
  const [outerStride, innerStride] = transposed ? [1, columns] : [columns, 1];
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let p = 0; p < inner; p++)
        sum += g[i * outerStride + p * innerStride]! * g[j * outerStride + p * innerStride]!;
      const value = keep * c[i * n + j]! + (1 - keep) * sum;
      c[i * n + j] = value;
      c[j * n + i] = value;
    }
}

/** Q ← orthonormal basis of C·Q (modified Gram–Schmidt, columns in order). Rows of `q` are the basis vectors. */
function powerIteration(c: Float64Array, q: Float64Array, n: number): void {
  const product = new Float64Array(n * n);
  for (let k = 0; k < n; k++)
    for (let i = 0; i < n; i++) {
      let sum = 0;
      for (let j = 0; j < n; j++) sum += c[i * n + j]! * q[k * n + j]!;
      product[k * n + i] = sum;
    }
  for (let k = 0; k < n; k++) {
    const row = product.subarray(k * n, k * n + n);
    let before = norm(row);
    for (let pass = 0; pass < 2; pass++)
      for (let l = 0; l < k; l++) {
        let dot = 0;
        for (let i = 0; i < n; i++) dot += row[i]! * q[l * n + i]!;
        for (let i = 0; i < n; i++) row[i]! -= dot * q[l * n + i]!;
      }
    const after = norm(row);
    // A direction that the gradient never had: keep the old vector, made orthogonal to those before it.
    if (!(after > 1e-12 * before) || after === 0) {
      row.set(q.subarray(k * n, k * n + n));
      for (let pass = 0; pass < 2; pass++)
        for (let l = 0; l < k; l++) {
          let dot = 0;
          for (let i = 0; i < n; i++) dot += row[i]! * q[l * n + i]!;
          for (let i = 0; i < n; i++) row[i]! -= dot * q[l * n + i]!;
        }
      before = norm(row);
      if (before < 1e-8) continue;
    }
    const length = norm(row);
    for (let i = 0; i < n; i++) q[k * n + i] = row[i]! / length;
  }
}

function norm(row: Float64Array): number {
  let sum = 0;
  for (const x of row) sum += x * x;
  return Math.sqrt(sum);
}

/** Q_LᵀGQ_R, or back. */
function rotate(g: Float64Array, { block, qLeft, qRight }: BlockState, back: boolean): Float64Array {
  const { rows, columns } = block;
  const half = new Float64Array(rows * columns);
  for (let k = 0; k < rows; k++)
    for (let i = 0; i < rows; i++) {
      const q = back ? qLeft[i * rows + k]! : qLeft[k * rows + i]!;
      for (let c = 0; c < columns; c++) half[k * columns + c]! += q * g[i * columns + c]!;
    }
  const out = new Float64Array(rows * columns);
  for (let r = 0; r < rows; r++)
    for (let k = 0; k < columns; k++) {
      let sum = 0;
      for (let c = 0; c < columns; c++)
        sum += half[r * columns + c]! * (back ? qRight[c * columns + k]! : qRight[k * columns + c]!);
      out[r * columns + k] = sum;
    }
  return out;
}
