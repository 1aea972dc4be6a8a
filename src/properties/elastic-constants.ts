/**
 * Elastic constants from the stress at small strains.
 *
 *   C_ij = ∂σ_i/∂ε_j,  i, j = xx yy zz yz xz xy,  shears as ε_yz + ε_zy (engineering)
 *
 * by finite differences of fourth order, [8(σ(δ) − σ(−δ)) − (σ(2δ) − σ(−2δ))]/12δ. With atoms held at their fractional
 * coordinates they are "clamped"; with atoms relaxed in each strained cell they are what an experiment sees. They are
 * derivatives of the energy only where the unstrained crystal is free of stress; that stress is part of the result, and under
 * pressure these are the coefficients of stress and strain (Wallace 1972, Thermodynamics of Crystals, section 3).
 */
import { InputError } from "../errors/index.js";
import type { Potential } from "../potentials/potential.js";
import { type RelaxationSettings, relax } from "../relaxation/index.js";
import type { Structure } from "../structure/index.js";
import { gigapascal } from "../units/index.js";
import { deformed } from "./deformation.js";
import { type ElasticAverages, elasticAverages, symmetrized } from "./elastic-averages.js";

export interface ElasticOptions {
  /** Whether atoms relax in each strained cell. Default true. */
  readonly relaxAtoms?: boolean;
  /** δ. Default 0.003. */
  readonly strain?: number;
  /** Of those relaxations. Default: forces below 10⁻⁵ eV/Å. */
  readonly relaxation?: Omit<RelaxationSettings, "cell" | "pressure">;
}

export interface ElasticConstants extends ElasticAverages {
  /** GPa, 6 rows of 6, symmetric, order xx yy zz yz xz xy. */
  readonly matrix: readonly (readonly number[])[];
  /** Largest |C_ij − C_ji| before these were averaged, GPa: error of the differences and stress together. */
  readonly asymmetry: number;
  /** Of the unstrained crystal, xx yy zz yz xz xy, GPa, negative under compression. */
  readonly residualStress: readonly number[];
  /** False where a relaxation did not end at a minimum. */
  readonly converged: boolean;
}

/** Row and column of each component. */
const COMPONENTS = [
  [0, 0],
  [1, 1],
  [2, 2],
  [1, 2],
  [0, 2],
  [0, 1],
] as const;

/** Throws InputError (`bad-setting`, `no-stress`). Give a crystal that is relaxed, cell included. */
export function elasticConstants(
  potential: Potential,
  structure: Structure,
  options: ElasticOptions = {},
): ElasticConstants {
  const { strain = 3e-3 } = options;
  if (!(strain > 0 && strain < 0.1))
    throw new InputError({
      code: "bad-setting",
      problem: `The strain for elastic constants is ${strain}.`,
      expected: "A number above 0 and below 0.1; 0.003 is usual.",
      remedy: "Correct the strain.",
    });
  let converged = true;
  const at = (component: number, size: number): number[] => {
    const found = stressOf(potential, strained(structure, component, size), options);
    converged &&= found.converged;
    return found.stress;
  };
  const residualStress = at(0, 0);
  const columns = COMPONENTS.map((_, j) => {
    const [a, b] = [at(j, strain), at(j, -strain)];
    const [c, d] = [at(j, 2 * strain), at(j, -2 * strain)];
    return a.map((_, i) => (8 * (a[i] - b[i]) - (c[i] - d[i])) / (12 * strain));
  });
  const rows = COMPONENTS.map((_, i) => columns.map((column) => column[i]));
  const { matrix, asymmetry } = symmetrized(rows);
  return { matrix, asymmetry, residualStress, converged, ...elasticAverages(matrix) };
}

function strained(structure: Structure, component: number, size: number): Structure {
  const [i, j] = COMPONENTS[component];
  const strain = new Float64Array(9);
  strain[3 * i + j] += size / 2;
  strain[3 * j + i] += size / 2;
  return deformed(structure, strain);
}

/** GPa. */
function stressOf(
  potential: Potential,
  structure: Structure,
  options: ElasticOptions,
): { stress: number[]; converged: boolean } {
  const { relaxAtoms = true, relaxation = {} } = options;
  const found = relaxAtoms
    ? relax(potential, { forceTolerance: 1e-5, finalReport: false, ...relaxation, structure })
    : { ...potential.evaluate(structure), converged: true };
  if (found.stress !== undefined)
    return { stress: Array.from(found.stress, (s) => s / gigapascal), converged: found.converged };
  throw new InputError({
    code: "no-stress",
    problem: "The potential gives no stress for this structure.",
    expected: "A crystal that repeats in three directions, and a potential with stresses.",
    remedy: "Give a crystal, or use another potential.",
  });
}
