/**
 * The cell as a function of a logarithmic strain U (symmetric, so that it never turns the cell):
 *
 *   cell = cell₀·M,  r = x·M,  M = exp U
 *
 *   U   logarithmic (Hencky) strain, 3×3 symmetric; 0 at the start
 *   M   stretch from the starting cell, 3×3 symmetric
 *   x   positions as they would lie in the starting cell, [atom, xyz], Å
 *   V   volume, Å³;  V = V₀ exp(tr U), so that a fixed volume is tr U = 0
 *   σ   stress, eV/Å³;  p pressure, eV/Å³;  H = E + pV, eV
 *
 * At fixed x, dH = V tr((σ + p) M⁻¹ dM). In the eigenvectors of U, with eigenvalues λ, dM_ij = dU_ij (e^λi − e^λj)/(λi − λj),
 * and so
 *
 *   ∂H/∂U_ij = V (σ + p)_ij sinh(λi − λj)/(λi − λj)      (1 where λi = λj)
 *
 * which is exact for any strain, where the unit-cell filter of Tadmor et al. 1999 (doi:10.1103/PhysRevB.59.235) follows
 * M itself. As sinh(δ)/δ ≥ 1, the stress is below a tolerance wherever this gradient over V is.
 */
import type { CellFreedom } from "./settings.js";
import { compose, type Eigen, eigenSymmetric, matrixOf, multiply, transpose, VOIGT } from "./symmetric.js";

/** Weights that make the length of six numbers that of the matrix: xx yy zz √2yz √2xz √2xy (Mandel). */
const MANDEL = [1, 1, 1, Math.SQRT2, Math.SQRT2, Math.SQRT2] as const;

/** Strains that are allowed, orthonormal rows of six numbers in Mandel's weights. */
export function strainBasis(freedom: CellFreedom | undefined): readonly Float64Array[] {
  if (freedom === undefined) return [];
  const { strain = "all", fixedVolume = false } = freedom;
  if (strain === "isotropic")
    return fixedVolume ? [] : [Float64Array.of(1, 1, 1, 0, 0, 0).map((x) => x / Math.sqrt(3))];
  const allowed = [0, 1, 2, 3, 4, 5].filter((k) => strain === "all" || strain[k]);
  const unit = (k: number): Float64Array => new Float64Array(6).fill(1, k, k + 1);
  const shears = allowed.filter((k) => k > 2).map(unit);
  const stretches = allowed.filter((k) => k < 3);
  return [...(fixedVolume ? traceless(stretches) : stretches.map(unit)), ...shears];
}

/** Orthonormal combinations of the stretches that keep the volume. */
function traceless(stretches: readonly number[]): Float64Array[] {
  return stretches.slice(1).map((k, before) => {
    // Of each further stretch, less of all those before it.
    const row = new Float64Array(6);
    for (const j of stretches.slice(0, before + 1)) row[j] = -1 / (before + 1);
    row[k] = 1;
    const length = Math.sqrt(1 + 1 / (before + 1));
    return row.map((x) => x / length);
  });
}

/** The strain matrix U of coordinates along the basis. */
export function strainOf(coordinates: ArrayLike<number>, basis: readonly Float64Array[]): Float64Array {
  const six = MANDEL.map((weight, k) => basis.reduce((sum, row, b) => sum + coordinates[b] * row[k], 0) / weight);
  return matrixOf(six);
}

export interface Stretch {
  readonly matrix: Float64Array;
  /** Of the logarithmic strain. */
  readonly eigen: Eigen;
}

export function stretchOf(strain: Float64Array): Stretch {
  const eigen = eigenSymmetric(strain);
  return { matrix: compose({ values: eigen.values.map(Math.exp), vectors: eigen.vectors }), eigen };
}

/** ∂H/∂U over V, eV/Å³, 3×3, from σ + p. */
export function conjugateStress(excess: Float64Array, { values, vectors }: Eigen): Float64Array {
  const inner = multiply(multiply(transpose(vectors), excess), vectors);
  for (let i = 0; i < 3; i++) for (let j = 0; j < 3; j++) inner[3 * i + j] *= sinhOverItself(values[i] - values[j]);
  return multiply(multiply(vectors, inner), transpose(vectors));
}

/** sinh(δ)/δ; below 10⁻⁴ the next term of 1 + δ²/6 + δ⁴/120 is beyond the last digit. */
const sinhOverItself = (x: number): number => (Math.abs(x) < 1e-4 ? 1 + (x * x) / 6 : Math.sinh(x) / x);

/** Components of a symmetric matrix along the basis. */
export const alongBasis = (matrix: Float64Array, basis: readonly Float64Array[]): Float64Array =>
  Float64Array.from(basis, (row) => VOIGT.reduce((sum, [i, j], k) => sum + row[k] * MANDEL[k] * matrix[3 * i + j], 0));
