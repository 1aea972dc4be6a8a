/** Errors of predictions against labels: of one quantity, in total, and per group. */
import { gigapascal } from "../units/index.js";
import { ErrorSums } from "./loss.js";
import type { ErrorPair, GroupedErrors, StructureComparison } from "./record.js";

/** Quantities with errors in tables: meV/atom, eV/Å, GPa. */
export type ErrorKey = "energy" | "forces" | "stress";
const keys: readonly ErrorKey[] = ["energy", "forces", "stress"];

export function groupedErrors(comparisons: readonly StructureComparison[]): GroupedErrors {
  const total = new ErrorSums();
  const groups = new Map<string, ErrorSums>();
  for (const comparison of comparisons) {
    const own = groups.get(comparison.group) ?? new ErrorSums();
    groups.set(comparison.group, own);
    for (const sums of [total, own]) {
      sums.structures++;
      for (const key of keys) addErrors(sums, comparison, key);
    }
  }
  return {
    total: total.errors(),
    groups: Object.fromEntries([...groups].map(([name, sums]) => [name, sums.errors()])),
  };
}

/** Of one quantity over any selection; undefined where nothing has a label. Errors that are not numbers show as such. */
export function errorPair(comparisons: readonly StructureComparison[], key: ErrorKey): ErrorPair | undefined {
  const sums = new ErrorSums();
  for (const comparison of comparisons) addErrors(sums, comparison, key);
  return sums.errors()[key];
}

function addErrors(sums: ErrorSums, { energy, forces, stress, atoms }: StructureComparison, key: ErrorKey): void {
  if (key === "energy") {
    if (energy !== undefined) sums.add(key, (1000 * (energy.predicted - energy.reference)) / atoms);
    return;
  }
  const [pair, unit] = key === "forces" ? [forces, 1] : [stress, gigapascal];
  pair?.reference.forEach((reference, i) => {
    sums.add(key, (pair.predicted[i]! - reference) / unit);
  });
}
