/** Root mean square and mean absolute errors of comparisons, per group and in total. */
import type { ErrorPair, GroupedErrors, SetErrors, StructureComparison } from "../training/record.js";
import { byGroup, eachPair, type Quantity, quantities } from "./quantities.js";

export function groupedErrors(comparisons: readonly StructureComparison[]): GroupedErrors {
  const groups = [...byGroup(comparisons)].map(([group, members]) => [group, setErrors(members)] as const);
  return { total: setErrors(comparisons), groups: Object.fromEntries(groups) };
}

export function setErrors(comparisons: readonly StructureComparison[]): SetErrors {
  const errors: { structures: number; energy?: ErrorPair; forces?: ErrorPair; stress?: ErrorPair } = {
    structures: comparisons.length,
  };
  for (const quantity of quantities) {
    const pair = errorPair(comparisons, quantity);
    if (pair.count > 0) errors[quantity.key] = pair;
  }
  return errors;
}

export function errorPair(comparisons: readonly StructureComparison[], quantity: Quantity): ErrorPair {
  let squares = 0;
  let absolutes = 0;
  let count = 0;
  // Every pair counts here: an error that is not a number must show as such.
  const add = (reference: number, predicted: number): void => {
    const error = (predicted - reference) * quantity.errorFactor;
    squares += error * error;
    absolutes += Math.abs(error);
    count++;
  };
  for (const comparison of comparisons) quantity.pairs(comparison, add);
  return { rmse: Math.sqrt(squares / count), mae: absolutes / count, count };
}
