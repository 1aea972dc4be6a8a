/** What every method of minimisation is: from one evaluated place to the next. */
import type { Trouble } from "../errors/index.js";
import type { Point } from "./objective.js";

/** Where a step led, or why it led nowhere. */
export type Advance = { readonly point: Point } | { readonly trouble: Trouble };

export interface Minimizer {
  advance(from: Point): Advance;
}

export const noDescent = (what: string): Trouble => ({
  code: "no-descent",
  problem: what,
  expected: "Forces that are the gradient of the energy, down to its rounding.",
  remedy: "Loosen the tolerances, or try the other method; a potential in single precision has a floor.",
});
