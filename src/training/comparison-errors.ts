/** Errors of predictions against labels, in total and per group. */
import { ErrorSums } from "./loss.js";
import type { GroupedErrors, StructureComparison } from "./record.js";

/** 1 eV/Å³ in GPa. */
const GIGAPASCALS = 160.21766208;

export function groupedErrors(comparisons: readonly StructureComparison[]): GroupedErrors {
  const total = new ErrorSums();
  const groups = new Map<string, ErrorSums>();
  for (const comparison of comparisons) {
    const own = groups.get(comparison.group) ?? new ErrorSums();
    groups.set(comparison.group, own);
    for (const sums of [total, own]) addComparison(sums, comparison);
  }
  return {
    total: total.errors(),
    groups: Object.fromEntries([...groups].map(([name, sums]) => [name, sums.errors()])),
  };
}

function addComparison(sums: ErrorSums, { energy, forces, stress, atoms }: StructureComparison): void {
  sums.structures++;
  if (energy !== undefined) sums.add("energy", (1000 * (energy.predicted - energy.reference)) / atoms);
  if (forces !== undefined)
    for (let i = 0; i < forces.reference.length; i++) sums.add("forces", forces.predicted[i]! - forces.reference[i]!);
  if (stress !== undefined)
    for (let c = 0; c < 6; c++) sums.add("stress", GIGAPASCALS * (stress.predicted[c]! - stress.reference[c]!));
}
