/** Doubt in the potential, and what to do about it. */
import { InputError } from "../errors/index.js";
import type { Demand, Evaluation } from "../potentials/potential.js";

/**
 * "disagreement": γ, largest spread of a force component over committee or dropout passes, eV/Å. "energy-spread": spread of the energy
 * per atom, eV. "extrapolations": number of function values outside the training data.
 */
export type Quantity = "disagreement" | "energy-spread" | "extrapolations";

export interface Threshold {
  readonly quantity: Quantity;
  /** Values above this count, in the unit of the quantity. */
  readonly above: number;
  /** Note it and go on; end the run; hand the structure out and go on. */
  readonly action: "warn" | "stop" | "collect";
}

/** A threshold that was passed, at one step. */
export interface Finding {
  readonly threshold: Threshold;
  readonly step: number;
  /** fs */
  readonly time: number;
  readonly value: number;
  /** 0-based atom with the largest spread, or of the first extrapolation; −1 where it is about all. */
  readonly atom: number;
}

/** All that was found at one threshold in a run. */
export interface Tally {
  readonly threshold: Threshold;
  /** Checks at which it was passed. */
  readonly count: number;
  readonly firstStep: number;
  readonly lastStep: number;
  readonly largest: number;
}

export const unitOf: Readonly<Record<Quantity, string>> = {
  disagreement: "eV/Å",
  "energy-spread": "eV/atom",
  extrapolations: "",
};

/** What a potential must be asked for. */
export const demandOf = (thresholds: readonly Threshold[]): Demand => ({
  uncertainty: thresholds.some((t) => t.quantity === "disagreement"),
  energySpread: thresholds.some((t) => t.quantity === "energy-spread"),
  extrapolation: thresholds.some((t) => t.quantity === "extrapolations"),
});

/** The value of a quantity, and the atom. Throws an InputError (`no-uncertainty`) if the potential does not know its spread. */
export function measure(evaluation: Evaluation, quantity: Quantity): { readonly value: number; readonly atom: number } {
  if (quantity === "extrapolations")
    return { value: evaluation.extrapolation.length, atom: evaluation.extrapolation[0]?.atom ?? -1 };
  const { uncertainty } = evaluation;
  if (uncertainty === undefined)
    throw new InputError({
      code: "no-uncertainty",
      problem: `A threshold asks for the ${quantity}, which this potential does not know.`,
      expected: "A committee or a dropout potential.",
      remedy: "Take such a potential, or leave the threshold out.",
    });
  if (quantity === "energy-spread") return { value: uncertainty.energy / evaluation.atomicEnergies.length, atom: -1 };
  let largest = 0;
  for (let k = 1; k < uncertainty.forces.length; k++)
    if (uncertainty.forces[k] > uncertainty.forces[largest]) largest = k;
  return { value: uncertainty.disagreement, atom: Math.floor(largest / 3) };
}

/** Throws an InputError unless all limits are finite and not negative. */
export function checkThresholds(thresholds: readonly Threshold[]): void {
  for (const { quantity, above } of thresholds) {
    if (above >= 0 && Number.isFinite(above)) continue;
    throw new InputError({
      code: "wrong-threshold",
      problem: `The threshold of the ${quantity} is ${above}.`,
      expected: "A finite number, not below 0.",
      remedy: "Correct the threshold.",
    });
  }
}
