/** Energies and forces of comparisons as pairs of reference and prediction, without copies: sets can be large. */
import type { StructureComparison } from "../training/record.js";
import { gigapascal } from "../units/index.js";

export interface Quantity {
  readonly key: "energy" | "forces" | "stress";
  readonly title: string;
  /** Unit of the values in parity plots and its factor from eV, eV/Å or eV/Å³. */
  readonly unit: string;
  /** Unit of errors, and its factor from that of the values. */
  readonly errorUnit: string;
  readonly errorFactor: number;
  /** Calls `visit` with all values of one structure, in units of `unit`. */
  pairs(comparison: StructureComparison, visit: (reference: number, predicted: number) => void): void;
}

export const energyQuantity: Quantity = {
  key: "energy",
  title: "Energy",
  unit: "eV/atom",
  errorUnit: "meV/atom",
  errorFactor: 1000,
  pairs({ energy, atoms }, visit) {
    if (energy) visit(energy.reference / atoms, energy.predicted / atoms);
  },
};

export const forceQuantity: Quantity = {
  key: "forces",
  title: "Force components",
  unit: "eV/Å",
  errorUnit: "eV/Å",
  errorFactor: 1,
  pairs({ forces }, visit) {
    if (!forces) return;
    const { reference, predicted } = forces;
    for (let k = 0; k < reference.length; k++) visit(reference[k]!, predicted[k]!);
  },
};

export const stressQuantity: Quantity = {
  key: "stress",
  title: "Stress components",
  unit: "GPa",
  errorUnit: "GPa",
  errorFactor: 1,
  pairs({ stress }, visit) {
    if (!stress) return;
    for (let k = 0; k < 6; k++) visit(stress.reference[k]! / gigapascal, stress.predicted[k]! / gigapascal);
  },
};

export const quantities: readonly Quantity[] = [energyQuantity, forceQuantity, stressQuantity];

/** Every pair of several structures; pairs that are not numbers (a blown-up fit) are left out. */
export function eachPair(
  comparisons: readonly StructureComparison[],
  quantity: Quantity,
  visit: (reference: number, predicted: number) => void,
): void {
  const checked = (reference: number, predicted: number): void => {
    if (Number.isFinite(reference) && Number.isFinite(predicted)) visit(reference, predicted);
  };
  for (const comparison of comparisons) quantity.pairs(comparison, checked);
}

/** The two sets that tables and plots tell apart; validation structures are part of what a committee has learnt. */
export type ShownSet = "train" | "test";
export const shownSet = (comparison: StructureComparison): ShownSet => (comparison.set === "test" ? "test" : "train");

export const ofSet = (comparisons: readonly StructureComparison[], set: ShownSet): StructureComparison[] =>
  comparisons.filter((comparison) => shownSet(comparison) === set);

/** Group → its structures, in order of first appearance. */
export function byGroup(comparisons: readonly StructureComparison[]): Map<string, StructureComparison[]> {
  const groups = new Map<string, StructureComparison[]>();
  for (const comparison of comparisons) {
    const group = groups.get(comparison.group);
    if (group) group.push(comparison);
    else groups.set(comparison.group, [comparison]);
  }
  return groups;
}
