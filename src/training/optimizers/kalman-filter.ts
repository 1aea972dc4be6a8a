/**
 * The covariance P of the extended Kalman filter (kalman.ts) and one update of it. P is kept as its lower triangle; updates of
 * several rows are one product of matrices.
 */
import type { Kernels } from "../../kernels/index.js";

export interface KalmanUpdate {
  readonly rows: number;
  /** Diagonal of R. */
  readonly noise: number;
  /** P is divided by it afterwards. */
  readonly forget: number;
  /** Process noise q. */
  readonly add: number;
}

export class KalmanFilter {
  readonly #kernels: Kernels;
  readonly #n: number;
  /** n padded to 4: row length of P. */
  readonly #padded: number;
  /** Rows padded to 4. */
  readonly #most: number;
  readonly #p: number;
  /** H as [parameter][row], X = P H alike, and K transposed [row][parameter]. */
  readonly #h: number;
  readonly #x: number;
  readonly #k: number;
  readonly #errors: Float64Array;

  constructor(kernels: Kernels, n: number, { rows, epsilon }: { rows: number; epsilon: number }) {
    this.#kernels = kernels;
    this.#n = n;
    this.#padded = 4 * Math.ceil(n / 4);
    this.#most = 2 * Math.ceil(rows / 2);
    this.#p = kernels.allocate(8 * this.#padded * this.#padded);
    this.#h = kernels.allocate(8 * this.#padded * this.#most);
    this.#x = kernels.allocate(8 * this.#padded * this.#most);
    this.#k = kernels.allocate(8 * this.#padded * this.#most);
    this.#errors = new Float64Array(this.#most);
    const p = kernels.f64(this.#p, this.#padded * this.#padded);
    for (let i = 0; i < n; i++) p[i * this.#padded + i] = 1 / epsilon;
  }

  setRow(r: number, derivative: Float64Array, error: number): void {
    const h = this.#kernels.f64(this.#h, this.#padded * this.#most);
    for (let i = 0; i < this.#n; i++) h[i * this.#most + r] = derivative[i]!;
    this.#errors[r] = error;
  }

  update(parameters: Float64Array, { rows, noise, forget, add }: KalmanUpdate): void {
    const { run } = this.#kernels;
    const n = this.#n;
    const m = this.#most;
    const padded = this.#padded;
    const h = this.#kernels.f64(this.#h, padded * m);
    // Columns of an earlier, larger batch must not take part.
    for (let i = 0; i < n; i++) for (let r = rows; r < m; r++) h[i * m + r] = 0;
    run.symmetricMultiply(n, m, this.#p, 8 * padded, this.#h, this.#x);
    const x = this.#kernels.f64(this.#x, padded * m);
    const a = new Float64Array(m * m);
    for (let r = 0; r < m; r++)
      for (let s = 0; s <= r; s++) {
        let sum = r === s ? noise : 0;
        for (let i = 0; i < n; i++) sum += h[i * m + r]! * x[i * m + s]!;
        a[r * m + s] = sum;
        a[s * m + r] = sum;
      }
    const inverse = invert(a, m);
    // K = X A⁻¹ as rows.
    const k = this.#kernels.f64(this.#k, padded * m);
    for (let i = 0; i < n; i++) {
      let step = 0;
      for (let r = 0; r < m; r++) {
        let sum = 0;
        for (let s = 0; s < m; s++) sum += x[i * m + s]! * inverse[s * m + r]!;
        k[r * padded + i] = sum;
        if (r < rows) step += sum * this.#errors[r]!;
      }
      parameters[i]! += step;
    }
    run.symmetricUpdate(...([0, padded, m, -1, this.#x, 8 * m, 8, this.#k, 8 * padded, this.#p, 8 * padded] as const));
    const p = this.#kernels.f64(this.#p, padded * padded);
    if (forget !== 1) {
      const factor = 1 / forget;
      for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) p[i * padded + j]! *= factor;
    }
    if (add > 0) for (let i = 0; i < n; i++) p[i * padded + i]! += add;
  }

  /** Lower triangle, row by row. */
  covariance(): Float64Array {
    const p = this.#kernels.f64(this.#p, this.#padded * this.#padded);
    const out = new Float64Array((this.#n * (this.#n + 1)) / 2);
    let at = 0;
    for (let i = 0; i < this.#n; i++) for (let j = 0; j <= i; j++) out[at++] = p[i * this.#padded + j]!;
    return out;
  }

  setCovariance(lower: Float64Array): void {
    const p = this.#kernels.f64(this.#p, this.#padded * this.#padded);
    let at = 0;
    for (let i = 0; i < this.#n; i++) for (let j = 0; j <= i; j++) p[i * this.#padded + j] = lower[at++]!;
  }
}

/** Inverse of a small symmetric positive definite matrix, by Gauss–Jordan (no pivoting is needed). */
function invert(matrix: Float64Array, n: number): Float64Array {
  const a = matrix.slice();
  const b = new Float64Array(n * n);
  for (let i = 0; i < n; i++) b[i * n + i] = 1;
  for (let i = 0; i < n; i++) {
    const pivot = 1 / a[i * n + i]!;
    for (let j = 0; j < n; j++) {
      a[i * n + j]! *= pivot;
      b[i * n + j]! *= pivot;
    }
    for (let r = 0; r < n; r++) {
      const factor = a[r * n + i]!;
      if (r === i || factor === 0) continue;
      for (let j = 0; j < n; j++) {
        a[r * n + j]! -= factor * a[i * n + j]!;
        b[r * n + j]! -= factor * b[i * n + j]!;
      }
    }
  }
  return b;
}
