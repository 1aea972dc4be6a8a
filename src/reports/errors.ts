/** Root mean square and mean absolute error of one quantity over any selection of comparisons. */
import type { ErrorPair, StructureComparison } from "../training/record.js";
import type { Quantity } from "./quantities.js";

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
