/**
 * Bond-orientational order (Steinhardt, Nelson and Ronchetti 1983, doi:10.1103/PhysRevB.28.784), and its mean over first
 * neighbours (Lechner and Dellago 2008, doi:10.1063/1.2977970).
 *
 *   q_lm(i) = 1/N_i Σ_j Y_lm(r_ij),   q_l(i) = √(4π/(2l+1) Σ_m |q_lm(i)|²)
 *   q̄_l(i): the same with q_lm averaged over atom i and its neighbours
 *   Q_l: the same with Y_lm averaged over all bonds
 *
 * q₆ is 0.575 in fcc, 0.485 in hcp, 0.511 in bcc (14 neighbours), 0.663 in an icosahedron, 0.354 in simple cubic.
 */
import { InputError } from "../errors/index.js";
import type { Structure } from "../structure/index.js";
import { type Cutoffs, CutoffTable } from "./frames.js";
import { neighborhoods } from "./neighborhood.js";
import { sphericalHarmonics } from "./spherical-harmonics.js";

export interface BondOrder {
  readonly degree: number;
  /** q_l, [atom]; 0 for atoms without neighbours. */
  readonly local: Float64Array;
  /** q̄_l, [atom] */
  readonly averaged: Float64Array;
  /** Q_l */
  readonly global: number;
}

/** Throws InputError (`bad-degree`, `bad-cutoff`). */
export function bondOrder(
  structure: Structure,
  options: { readonly cutoffs: Cutoffs; readonly degree: number },
): BondOrder {
  const { degree } = options;
  if (!(Number.isInteger(degree) && degree >= 0 && degree <= 40))
    throw new InputError({
      code: "bad-degree",
      problem: `The degree of the spherical harmonics is ${degree}.`,
      expected: "A whole number from 0 to 40; 4 and 6 are usual.",
      remedy: "Correct the degree.",
    });
  const around = neighborhoods(structure, new CutoffTable(options.cutoffs));
  const own = around.map((neighbors) =>
    meanOf(
      neighbors.map(({ direction }) => sphericalHarmonics(degree, direction)),
      degree,
    ),
  );
  const bonds = around.reduce((sum, neighbors) => sum + neighbors.length, 0);
  const all = meanOf(
    own.map((q, i) => q.map((x) => (x * around[i].length * own.length) / Math.max(1, bonds))),
    degree,
  );
  return {
    degree,
    local: Float64Array.from(own, (q) => lengthOf(q, degree)),
    averaged: Float64Array.from(around, (neighbors, i) =>
      lengthOf(meanOf([own[i], ...neighbors.map(({ atom }) => own[atom])], degree), degree),
    ),
    global: lengthOf(all, degree),
  };
}

function meanOf(rows: readonly Float64Array[], degree: number): Float64Array {
  const mean = new Float64Array(2 * (degree + 1));
  for (const row of rows) for (let k = 0; k < mean.length; k++) mean[k] += row[k] / rows.length;
  return mean;
}

/** √(4π/(2l+1) Σ_m |q_lm|²); each m above 0 stands for −m too. */
function lengthOf(q: Float64Array, degree: number): number {
  let sum = 0;
  for (let m = 0; m <= degree; m++) sum += (m === 0 ? 1 : 2) * (q[2 * m] ** 2 + q[2 * m + 1] ** 2);
  return Math.sqrt((4 * Math.PI * sum) / (2 * degree + 1));
}
