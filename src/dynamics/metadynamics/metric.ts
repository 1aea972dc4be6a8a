/**
 * Coordinates in which a well is round. With the curvature A of G in the components h of a cell at the bottom h_0 of a well,
 *
 *   G ≈ G_0 + ½ (h − h_0)ᵀ A (h − h_0),   A = O Λ Oᵀ,   s_i = √λ_i Σ_j O_ji (h_j − h_0j)
 *
 * G is G_0 + ½ s², and hills of one width in all directions fit soft and stiff directions alike (s in √eV).
 *
 * Martoňák, Donadio, Oganov and Parrinello, Nature Materials 5, 623 (2006), doi:10.1038/nmat1696.
 */
import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { InputError } from "../../errors/index.js";

/** h = h_0 + basis s: [component of h][component of s]. */
export type Basis = readonly (readonly number[])[];

/** Components of h taken for s as they are, in their order. */
export const plainBasis = (chosen: readonly boolean[]): Basis =>
  chosen.map((_, row) => chosen.flatMap((taken, column) => (taken ? [row === column ? 1 : 0] : [])));

/**
 * The basis in which a well of the curvature `curvature` ([component, component], eV per unit of h squared) is round. Throws an InputError
 * (`no-well`) if it has no curvature upwards in some direction.
 */
export function roundBasis(curvature: readonly ArrayLike<number>[], chosen: readonly boolean[]): Basis {
  const kept = chosen.flatMap((taken, k) => (taken ? [k] : []));
  const block = kept.map((i) => kept.map((j) => 0.5 * (curvature[i][j] + curvature[j][i])));
  const { realEigenvalues: values, eigenvectorMatrix } = new EigenvalueDecomposition(new Matrix(block), {
    assumeSymmetric: true,
  });
  const worst = Math.min(...values);
  if (!(worst > 0))
    throw new InputError({
      code: "no-well",
      problem: `The curvature of the free energy is ${worst} in some direction of the cell.`,
      expected: "Curvatures above 0: a structure at the bottom of a well.",
      remedy: "Relax the cell at this pressure first, or average longer when measuring the curvature.",
    });
  return chosen.map((taken, row) =>
    values.map((value, k) => (taken ? eigenvectorMatrix.get(kept.indexOf(row), k) / Math.sqrt(value) : 0)),
  );
}

/** h_0 + basis s */
export const fromBasis = (basis: Basis, origin: Float64Array, s: Float64Array): Float64Array =>
  origin.map((h, row) => basis[row].reduce((sum, x, k) => sum + x * s[k], h));

/** A force on h as one on s: basisᵀ f. */
export function forceIn(basis: Basis, force: ArrayLike<number>): Float64Array {
  return Float64Array.from(basis[0], (_, k) => basis.reduce((sum, row, j) => sum + row[k] * force[j], 0));
}

/** Standard errors likewise, taken as independent. */
export function errorIn(basis: Basis, error: ArrayLike<number>): Float64Array {
  return Float64Array.from(basis[0], (_, k) => Math.hypot(...basis.map((row, j) => row[k] * error[j])));
}
