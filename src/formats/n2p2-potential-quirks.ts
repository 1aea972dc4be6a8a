/**
 * What n2p2 computes otherwise than its documentation says, seen in its output (version 2.3.0) and kept, because a potential
 * is what its program made of it.
 *
 * `ea` is documented as the asymmetric exponential core, but n2p2 evaluates it as `e`. It still sorts it as "ea". May go
 * when a version of n2p2 that knows `ea` is out and says its version in its files.
 */
import { isCompact, type SymmetryFunction } from "../descriptors/definition.js";
import type { Trouble } from "../errors/index.js";
import type { KeywordTable } from "./n2p2-potential-lines.js";
import { linesOf } from "./n2p2-potential-lines.js";

export const isAsymmetricExponential = (f: SymmetryFunction): boolean => isCompact(f) && f.core === "e" && f.asymmetric;

/** The function that n2p2 evaluates. Apply it after sorting. */
export const asEvaluated = (f: SymmetryFunction): SymmetryFunction =>
  isCompact(f) && isAsymmetricExponential(f) ? { ...f, asymmetric: false } : f;

export function quirkWarnings(table: KeywordTable): Trouble[] {
  const lines = linesOf(table, "symfunction_short").filter(({ args }) => args.at(-1) === "ea");
  if (lines.length === 0) return [];
  return [
    {
      code: "asymmetric-exponential",
      where: { file: table.file, line: lines[0].line },
      problem: `${lines.length} symmetry functions have the core "ea"; they are evaluated with "e", as n2p2 does.`,
      remedy: 'Write "e" if you mean it; an asymmetric polynomial ("p2a") is what it says.',
    },
  ];
}
