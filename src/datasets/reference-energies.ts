/**
 * Where the energies start: one energy per element, so that what is left to learn is small.
 *
 * E/n ≈ Σ_z x_z ε_z, least squares over the frames with energies, x_z the fraction of element z. Where compositions
 * cannot tell elements apart (a set of one compound), the smallest ε that fit equally well are taken.
 */
import { Matrix, pseudoInverse } from "ml-matrix";
import { InputError } from "../errors/index.js";
import { elementSymbol, type Frame } from "../structure/index.js";
import { compositionFormula, countsByElement } from "./groups.js";

export interface ReferenceEnergies {
  /** Z → eV per atom, by atomic number. */
  readonly energies: ReadonlyMap<number, number>;
  /** One sentence for people. */
  readonly explanation: string;
}

/**
 * Eigenvalues of the normal matrix below this part of the largest count as zero: compositions that differ by less than
 * about 10⁻⁴ do not determine two elements.
 */
const INDISTINCT = 1e-8;

/** Reference energies of all elements in `frames`; `given` ones (Z → eV) are kept and only the others fitted. */
export function referenceEnergies(
  frames: readonly Frame[],
  given: ReadonlyMap<number, number> = new Map(),
): ReferenceEnergies {
  const elements = [...new Set(frames.flatMap((frame) => [...new Set(frame.structure.species)]))].sort((a, b) => a - b);
  const unknown = elements.filter((z) => !given.has(z));
  const labelled = frames.filter((frame) => frame.energy !== undefined && frame.structure.species.length > 0);
  if (unknown.length > 0 && labelled.length === 0) {
    throw new InputError({
      code: "missing-energy",
      problem: `There are no energies from which to derive reference energies of ${unknown.map(elementSymbol).join(", ")}.`,
      remedy: "Give the reference energies, or structures with energies.",
    });
  }
  const fit = unknown.length === 0 ? { values: [], rank: 0 } : leastSquares(labelled, { unknown, given });
  const fitted = new Map(unknown.map((z, k) => [z, fit.values[k]!]));
  const energies = new Map(elements.map((z) => [z, given.get(z) ?? fitted.get(z)!]));
  return { energies, explanation: explain({ elements, unknown, rank: fit.rank, labelled }) };
}

function leastSquares(
  frames: readonly Frame[],
  options: { unknown: readonly number[]; given: ReadonlyMap<number, number> },
): { values: number[]; rank: number } {
  const { unknown, given } = options;
  const size = unknown.length;
  const normal = Matrix.zeros(size, size);
  const right = Matrix.zeros(size, 1);
  for (const frame of frames) {
    const n = frame.structure.species.length;
    const counts = countsByElement(frame.structure);
    const fractions = unknown.map((z) => (counts.get(z) ?? 0) / n);
    let energy = frame.energy! / n;
    for (const [z, count] of counts) energy -= ((given.get(z) ?? 0) * count) / n;
    fractions.forEach((x, i) => {
      right.set(i, 0, right.get(i, 0) + x * energy);
      fractions.forEach((y, j) => {
        normal.set(i, j, normal.get(i, j) + x * y);
      });
    });
  }
  // pseudoInverse drops singular values below its threshold, so it must be relative to the largest.
  const scale = Math.max(normal.max(), Number.MIN_VALUE);
  normal.div(scale);
  const inverse = pseudoInverse(normal, INDISTINCT);
  const rank = Math.round(Matrix.mul(inverse.mmul(normal), 1).trace());
  return { values: inverse.mmul(right).div(scale).to1DArray(), rank };
}

function explain(about: {
  elements: readonly number[];
  unknown: readonly number[];
  rank: number;
  labelled: readonly Frame[];
}): string {
  const names = (list: readonly number[]) => list.map(elementSymbol).join(", ");
  if (about.unknown.length === 0) return `Reference energies of ${names(about.elements)} were given.`;
  const fitted = `Reference energies of ${names(about.unknown)} are a least-squares fit to ${about.labelled.length} energies`;
  if (about.rank === about.unknown.length) return `${fitted}.`;
  const example = compositionFormula(about.labelled[0]!.structure);
  return (
    `${fitted}; the compositions (${example}, …) determine only ${about.rank} of ${about.unknown.length} of them, ` +
    "so the smallest values that fit were taken: give them if compositions outside the data matter."
  );
}

/** E/n − Σ x_z ε_z, [frame], eV/atom; NaN where there is no energy. */
export function residualEnergies(frames: readonly Frame[], energies: ReadonlyMap<number, number>): Float64Array {
  return Float64Array.from(frames, ({ energy, structure }) => {
    if (energy === undefined) return Number.NaN;
    let rest = energy;
    for (const z of structure.species) rest -= energies.get(z) ?? 0;
    return rest / structure.species.length;
  });
}
