/**
 * Two atoms of different elements, drawn evenly among all such pairs, change places: the composition stays. The atoms keep their order in
 * the structure, so it is the places that are exchanged.
 */
import { InputError } from "../../errors/index.js";
import { atomicNumber } from "../../structure/index.js";
import { asExchange } from "./change.js";
import { checkWeight, type Move, metropolis } from "./move.js";
import type { MonteCarloState } from "./state.js";

export interface SwapOptions {
  readonly weight?: number;
  /** Symbols: only these take part. Default: all. */
  readonly elements?: readonly string[];
}

export function swap({ weight = 1, elements }: SwapOptions = {}): Move {
  const name = "swap";
  checkWeight(name, weight);
  const chosen = elements?.map(numberOf);
  return {
    ...{ name, weight, size: undefined },
    check: (state) => {
      if (partnersExist(state, chosen)) return;
      throw new InputError({
        code: "nothing-to-swap",
        problem: "Atoms are to be swapped, but those that may are all of one element.",
        expected: "Free atoms of two elements or more.",
        remedy: "Leave the swaps out, or begin with another structure.",
      });
    },
    attempt(state, kT) {
      // Transmutations may have left only one element.
      const [i, j] = drawPair(state, chosen);
      if (i < 0) return "rejected";
      const { species, positions } = state;
      // To exchange elements costs the same, and leaves the neighbourhoods where they are.
      const trial = state.trial({
        atoms: [i, j],
        positions: Float64Array.of(...positions.subarray(3 * i, 3 * i + 3), ...positions.subarray(3 * j, 3 * j + 3)),
        species: Uint8Array.of(species[j], species[i]),
      });
      if (trial.difference === Number.POSITIVE_INFINITY) return "impossible";
      if (!metropolis(state.random, -trial.difference / kT)) return "rejected";
      state.accept(asExchange(trial, positions));
      return "accepted";
    },
  };
}

const candidates = ({ free, species }: MonteCarloState, chosen: readonly number[] | undefined): Int32Array =>
  chosen === undefined ? free : free.filter((i) => chosen.includes(species[i]));

function partnersExist(state: MonteCarloState, chosen: readonly number[] | undefined): boolean {
  const atoms = candidates(state, chosen);
  return atoms.some((i) => state.species[i] !== state.species[atoms[0]]);
}

/** Draws of two atoms before all pairs are listed. */
const PATIENCE = 20;

/** A pair of unlike atoms, all with the same probability; −1 if there is none. */
function drawPair(state: MonteCarloState, chosen: readonly number[] | undefined): readonly [number, number] {
  const { random, species } = state;
  const atoms = candidates(state, chosen);
  for (let k = 0; k < PATIENCE; k++) {
    const i = atoms[random.integer(atoms.length)];
    const j = atoms[random.integer(atoms.length)];
    if (species[i] !== species[j]) return [i, j];
  }
  // A rare element: first atom with a probability in proportion to its partners, then any of them.
  const counts = new Map<number, number>();
  for (const i of atoms) counts.set(species[i], (counts.get(species[i]) ?? 0) + 1);
  const partners = (i: number): number => atoms.length - (counts.get(species[i]) ?? 0);
  const pairs = atoms.reduce((sum, i) => sum + partners(i), 0);
  let left = random.integer(pairs);
  for (const i of atoms) {
    left -= partners(i);
    if (left >= 0) continue;
    const others = atoms.filter((j) => species[j] !== species[i]);
    return [i, others[random.integer(others.length)]];
  }
  return [-1, -1];
}

export function numberOf(symbol: string): number {
  const z = atomicNumber(symbol);
  if (z !== undefined) return z;
  throw new InputError({
    code: "unknown-element",
    problem: `There is no element "${symbol}".`,
    expected: "Chemical symbols such as Cu.",
    remedy: "Correct the symbol; capital letters matter.",
  });
}
