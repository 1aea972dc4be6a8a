/** What every move gives, and the rule by which all of them accept. */
import { InputError } from "../../errors/index.js";
import type { RandomStream } from "../../math/index.js";
import type { MonteCarloState } from "./state.js";
import type { StepSize } from "./step-size.js";

/** "impossible": rejected without an energy, because atoms would be on top of one another. */
export type Outcome = "accepted" | "rejected" | "impossible";

/** A way to change a state that keeps detailed balance with its ensemble. */
export interface Move {
  /** "displacement", "swap", …; two moves of one sampler have different names. */
  readonly name: string;
  /** How often it is tried, relative to the others. */
  readonly weight: number;
  /** Of moves that have one. */
  readonly size: StepSize | undefined;
  /** Throws an InputError if this state cannot be moved so. */
  check(state: MonteCarloState): void;
  /** Tries once: changes the state, or leaves it as it was. `kT` in eV. */
  attempt(state: MonteCarloState, kT: number): Outcome;
}

/**
 * Accepts with the probability min(1, exp(exponent)); draws a number in any case but an impossible one.
 *
 * Metropolis, Rosenbluth, Rosenbluth, Teller and Teller, J. Chem. Phys. 21, 1087 (1953), doi:10.1063/1.1699114.
 */
export const metropolis = (random: RandomStream, exponent: number): boolean => random.uniform() < Math.exp(exponent);

/** Throws an InputError (`wrong-parameter`) unless the weight is finite and above 0. */
export function checkWeight(name: string, weight: number): void {
  if (weight > 0 && Number.isFinite(weight)) return;
  throw new InputError({
    code: "wrong-parameter",
    problem: `The weight of the move "${name}" is ${weight}.`,
    expected: "A finite number above 0.",
    remedy: "Correct the weight, or leave the move out.",
  });
}
