/**
 * Symmetric 3×3 matrices that deform a cell and what is in it: six numbers each, xx yy zz yz xz xy (plain elements, shears not
 * doubled). Rows are multiplied from the right, v ← v·M.
 */

/** How a cell may change: as a whole; each Cartesian direction for itself; in any way. */
export type CellMode = "isotropic" | "orthorhombic" | "flexible";

/** Independent numbers in a strain of that kind. */
export const strainFreedoms: Readonly<Record<CellMode, number>> = { isotropic: 1, orthorhombic: 3, flexible: 6 };

export const trace = (m: Float64Array): number => m[0] + m[1] + m[2];

/** Σ_αβ a_αβ b_αβ over all nine elements. */
export const inner = (a: Float64Array, b: Float64Array): number =>
  a[0] * b[0] + a[1] * b[1] + a[2] * b[2] + 2 * (a[3] * b[3] + a[4] * b[4] + a[5] * b[5]);

/** Takes from a matrix what a cell of this mode cannot follow, in place. */
export function restrict(m: Float64Array, mode: CellMode): void {
  if (mode === "flexible") return;
  m[3] = 0;
  m[4] = 0;
  m[5] = 0;
  if (mode === "isotropic") m.fill(trace(m) / 3, 0, 3);
}

/** a·b into `into`, which may be `a`, for matrices that commute (so that the product is symmetric). */
function multiply(a: Float64Array, b: Float64Array, into: Float64Array): void {
  const [axx, ayy, azz, ayz, axz, axy] = [a[0], a[1], a[2], a[3], a[4], a[5]];
  const [bxx, byy, bzz, byz, bxz, bxy] = [b[0], b[1], b[2], b[3], b[4], b[5]];
  into[0] = axx * bxx + axy * bxy + axz * bxz;
  into[1] = axy * bxy + ayy * byy + ayz * byz;
  into[2] = axz * bxz + ayz * byz + azz * bzz;
  into[3] = axy * bxz + ayy * byz + ayz * bzz;
  into[4] = axx * bxz + axy * byz + axz * bzz;
  into[5] = axx * bxy + axy * byy + axz * byz;
}

/** exp(A) and φ(A) = (exp(A) − 1)/A, with which v̇ = A v + f has the solution exp(At) v + t φ(At) f. */
export class Exponential {
  readonly exp = new Float64Array(6);
  readonly phi = new Float64Array(6);
  readonly #term = new Float64Array(6);

  /** Of A = factor·matrix. Its powers are summed until they no longer count: strains of a step are far below 1. */
  set(matrix: Float64Array, factor: number): void {
    const a = this.exp;
    for (let c = 0; c < 6; c++) a[c] = factor * matrix[c];
    const { phi } = this;
    const term = this.#term;
    phi.fill(0).fill(1, 0, 3);
    term.fill(0).fill(1, 0, 3);
    for (let n = 2; n < 80; n++) {
      multiply(term, a, term);
      let largest = 0;
      for (let c = 0; c < 6; c++) {
        term[c] /= n;
        phi[c] += term[c];
        largest = Math.max(largest, Math.abs(term[c]));
      }
      if (!(largest > 1e-18)) break;
    }
    multiply(a, phi, this.exp);
    for (let c = 0; c < 3; c++) this.exp[c] += 1;
  }
}

/** v ← v·M for every row, [row, xyz]. */
export function transformRows(rows: Float64Array, m: Float64Array): void {
  const [xx, yy, zz, yz, xz, xy] = [m[0], m[1], m[2], m[3], m[4], m[5]];
  for (let k = 0; k < rows.length; k += 3) {
    const x = rows[k];
    const y = rows[k + 1];
    const z = rows[k + 2];
    rows[k] = x * xx + y * xy + z * xz;
    rows[k + 1] = x * xy + y * yy + z * yz;
    rows[k + 2] = x * xz + y * yz + z * zz;
  }
}

/** What pulls at rows that a matrix carries along: factor·weight·(other − offset), a weight for every number or 1 for all. */
export interface Pull {
  /** [row, xyz] */
  readonly other: Float64Array;
  readonly factor: number;
  /** [row, xyz] */
  readonly weights?: Float64Array;
  /** [xyz], subtracted after the weights. */
  readonly offset?: Float64Array;
}

const NOTHING = new Float64Array(3);

/** rows ← rows·exp + factor·(weight·other − offset)·phi, the solution of ṙ = r·A + f over a step. */
export function flow(rows: Float64Array, { exp: e, phi: p }: Exponential, pull: Pull): void {
  const { other, factor, weights, offset = NOTHING } = pull;
  const [exx, eyy, ezz, eyz, exz, exy] = [e[0], e[1], e[2], e[3], e[4], e[5]];
  const [pxx, pyy, pzz, pyz, pxz, pxy] = [p[0], p[1], p[2], p[3], p[4], p[5]];
  const [ox, oy, oz] = [offset[0], offset[1], offset[2]];
  for (let k = 0; k < rows.length; k += 3) {
    const rx = rows[k];
    const ry = rows[k + 1];
    const rz = rows[k + 2];
    const fx = factor * ((weights === undefined ? 1 : weights[k]) * other[k] - ox);
    const fy = factor * ((weights === undefined ? 1 : weights[k + 1]) * other[k + 1] - oy);
    const fz = factor * ((weights === undefined ? 1 : weights[k + 2]) * other[k + 2] - oz);
    rows[k] = rx * exx + ry * exy + rz * exz + fx * pxx + fy * pxy + fz * pxz;
    rows[k + 1] = rx * exy + ry * eyy + rz * eyz + fx * pxy + fy * pyy + fz * pyz;
    rows[k + 2] = rx * exz + ry * eyz + rz * ezz + fx * pxz + fy * pyz + fz * pzz;
  }
}
