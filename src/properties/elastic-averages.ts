/** What follows from a matrix of elastic constants: stability, and the moduli of a polycrystal. */
import { EigenvalueDecomposition, inverse, Matrix } from "ml-matrix";

export interface Moduli {
  /** Bulk and shear modulus, GPa: bounds of Voigt (equal strain) and Reuss (equal stress), and their mean (Hill 1952). */
  readonly voigt: { readonly bulk: number; readonly shear: number };
  readonly reuss: { readonly bulk: number; readonly shear: number };
  readonly hill: { readonly bulk: number; readonly shear: number };
  /** Young's modulus, GPa, and Poisson's ratio of Hill's means. */
  readonly young: number;
  readonly poisson: number;
  /** 5 G_V/G_R + B_V/B_R − 6 (Ranganathan and Ostoja-Starzewski 2008, doi:10.1103/PhysRevLett.101.055504); 0 if isotropic. */
  readonly anisotropy: number;
}

export interface ElasticAverages {
  /** Ascending, GPa: all positive in a crystal that is stable against uniform strains (Born). */
  readonly eigenvalues: readonly number[];
  readonly stable: boolean;
  /** 1/GPa, 6 rows of 6; undefined where the matrix has no inverse. */
  readonly compliance: readonly (readonly number[])[] | undefined;
  /** Undefined where there is no compliance. */
  readonly moduli: Moduli | undefined;
}

type Rows = readonly (readonly number[])[];

/** Mean of a matrix and its transpose, and the largest difference of the two. */
export function symmetrized(rows: Rows): { matrix: Rows; asymmetry: number } {
  const asymmetry = Math.max(...rows.flatMap((row, i) => row.map((x, j) => Math.abs(x - rows[j][i]))));
  return { matrix: rows.map((row, i) => row.map((x, j) => (x + rows[j][i]) / 2)), asymmetry };
}

/** Elastic constants in GPa, 6×6, symmetric, order xx yy zz yz xz xy. */
export function elasticAverages(c: Rows): ElasticAverages {
  // Components of shear count twice in the energy; Mandel's weights make eigenvalues those of the tensor.
  const weight = [1, 1, 1, Math.SQRT2, Math.SQRT2, Math.SQRT2];
  const tensor = new Matrix(c.map((row, i) => row.map((x, j) => x * weight[i] * weight[j])));
  const eigenvalues = new EigenvalueDecomposition(tensor, { assumeSymmetric: true }).realEigenvalues.sort(
    (a, b) => a - b,
  );
  const size = Math.max(...eigenvalues.map(Math.abs));
  const regular = eigenvalues.every((value) => Math.abs(value) > 1e-9 * size);
  const compliance = regular ? inverse(new Matrix(c.map((row) => [...row]))).to2DArray() : undefined;
  return {
    ...{ eigenvalues, compliance, stable: eigenvalues[0] > 0 },
    moduli: compliance === undefined ? undefined : moduliOf(c, compliance),
  };
}

function moduliOf(c: Rows, s: Rows): Moduli {
  const [cd, co, cs] = sums(c);
  const [sd, so, ss] = sums(s);
  const voigt = { bulk: (cd + 2 * co) / 9, shear: (cd - co + 3 * cs) / 15 };
  const reuss = { bulk: 1 / (sd + 2 * so), shear: 15 / (4 * (sd - so) + 3 * ss) };
  const bulk = (voigt.bulk + reuss.bulk) / 2;
  const shear = (voigt.shear + reuss.shear) / 2;
  return {
    ...{ voigt, reuss, hill: { bulk, shear } },
    young: (9 * bulk * shear) / (3 * bulk + shear),
    poisson: (3 * bulk - 2 * shear) / (6 * bulk + 2 * shear),
    anisotropy: (5 * voigt.shear) / reuss.shear + voigt.bulk / reuss.bulk - 6,
  };
}

/** 11 + 22 + 33, 12 + 13 + 23, 44 + 55 + 66. */
const sums = (m: Rows): [number, number, number] => [
  m[0][0] + m[1][1] + m[2][2],
  m[0][1] + m[0][2] + m[1][2],
  m[3][3] + m[4][4] + m[5][5],
];
