/** What held-out structures tell about a source of spread: predictions, references and uncertainties, as residuals. */
import type { Extrapolation, Uncertainty } from "../potentials/potential.js";
import type { Residuals } from "./residuals.js";

/** Where an uncertainty comes from. */
export type SpreadSource = "committee" | "dropout";

/** One labelled structure that the potential has not learned from; arrays are kept as they are, not copied. */
export interface HeldOut {
  /** Atomic numbers, [atom]. */
  readonly species: ArrayLike<number>;
  /** Whole structure, eV */
  readonly energy?: { readonly reference: number; readonly predicted: number } | undefined;
  /** [atom, xyz] row-major, eV/Å */
  readonly forces?: { readonly reference: Float64Array; readonly predicted: Float64Array } | undefined;
  readonly spreads: { readonly [source in SpreadSource]?: Uncertainty | undefined };
  readonly extrapolation: readonly Extrapolation[];
}

/** What is judged: energy per atom (eV), force component (eV/Å), largest force error of a structure against γ (eV/Å). */
export type Quantity = "energy" | "forces" | "disagreement";
export const quantities: readonly Quantity[] = ["energy", "forces", "disagreement"];
export const quantityUnits = { energy: "eV/atom", forces: "eV/Å", disagreement: "eV/Å" } as const;

/** Largest absolute error of a force component, eV/Å; undefined without labels. NaN if one is not a number. */
export function largestForceError({ forces }: HeldOut): number | undefined {
  if (forces === undefined || forces.reference.length === 0) return undefined;
  let largest = 0;
  forces.reference.forEach((reference, i) => {
    const error = Math.abs(forces.predicted[i]! - reference);
    if (error > largest || Number.isNaN(error)) largest = error;
  });
  return largest;
}

/** Whether every prediction and spread of a structure is a finite number. */
export function isAllFinite({ energy, forces, spreads }: HeldOut): boolean {
  const all = [spreads.committee, spreads.dropout].flatMap((spread) => (spread === undefined ? [] : [spread]));
  return (
    (energy === undefined || Number.isFinite(energy.predicted)) &&
    (forces === undefined || forces.predicted.every(Number.isFinite)) &&
    all.every((s) => Number.isFinite(s.energy) && Number.isFinite(s.disagreement) && s.forces.every(Number.isFinite))
  );
}

/** All values of a quantity that have a reference and a spread of this source; structures without either are passed over. */
export function residualsOf(structures: readonly HeldOut[], source: SpreadSource, quantity: Quantity): Residuals {
  const parts = structures.flatMap((structure) => {
    const spread = structure.spreads[source];
    const part = spread === undefined ? undefined : collectors[quantity](structure, spread);
    return part === undefined ? [] : [part];
  });
  return { errors: joined(parts.map(({ errors }) => errors)), sigmas: joined(parts.map(({ sigmas }) => sigmas)) };
}

const collectors: { readonly [q in Quantity]: (structure: HeldOut, spread: Uncertainty) => Residuals | undefined } = {
  energy({ energy, species }, spread) {
    if (energy === undefined || species.length === 0) return undefined;
    const n = species.length;
    return pairOf((energy.predicted - energy.reference) / n, spread.energy / n);
  },
  forces({ forces }, spread) {
    if (forces === undefined) return undefined;
    return { errors: forces.predicted.map((f, i) => f - forces.reference[i]!), sigmas: spread.forces };
  },
  disagreement(structure, { disagreement }) {
    const error = largestForceError(structure);
    return error === undefined ? undefined : pairOf(error, disagreement);
  },
};

const pairOf = (error: number, sigma: number): Residuals => ({
  errors: Float64Array.of(error),
  sigmas: Float64Array.of(sigma),
});

function joined(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
