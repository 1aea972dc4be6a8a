/**
 * Does the larger uncertainty belong to the larger error? Measures of order alone: no scale of σ changes them. Equal
 * values share the mean of their ranks.
 */
import { InputError } from "../errors/index.js";
import { midranks } from "./order.js";

/** Spearman's ρ: Pearson's correlation of the ranks. Undefined where one of the two is constant or fewer than two values are. */
export function spearman(a: ArrayLike<number>, b: ArrayLike<number>): number | undefined {
  checkPair(a, b);
  const [ranksA, ranksB] = [midranks(a), midranks(b)];
  const middle = (a.length + 1) / 2;
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [ranksA[i]! - middle, ranksB[i]! - middle];
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return aa === 0 || bb === 0 ? undefined : ab / Math.sqrt(aa * bb);
}

/**
 * Area under the receiver operating characteristic: the probability that a positive value has the larger score, ties counted
 * half (Mann and Whitney 1947; Hanley and McNeil 1982). Undefined where all or none are positive. `positive`: nonzero
 * where so.
 */
export function auroc(scores: ArrayLike<number>, positive: ArrayLike<number>): number | undefined {
  checkPair(scores, positive);
  const ranks = midranks(scores);
  let [sum, count] = [0, 0];
  for (let i = 0; i < ranks.length; i++)
    if (positive[i] !== 0) {
      sum += ranks[i]!;
      count++;
    }
  const others = ranks.length - count;
  return count === 0 || others === 0 ? undefined : (sum - (count * (count + 1)) / 2) / (count * others);
}

function checkPair(a: ArrayLike<number>, b: ArrayLike<number>): void {
  const isNumber = (values: ArrayLike<number>): boolean => Array.prototype.every.call(values, (x) => !Number.isNaN(x));
  if (a.length === b.length && isNumber(a) && isNumber(b)) return;
  throw new InputError({
    code: a.length === b.length ? "ranking-not-a-number" : "ranking-lengths",
    problem:
      a.length === b.length
        ? "Something that is not a number cannot be ranked."
        : `${a.length} values cannot be ranked against ${b.length}.`,
    remedy: "Leave out structures whose evaluation failed.",
  });
}
