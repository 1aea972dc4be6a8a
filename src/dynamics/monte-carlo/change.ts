/** A change of some atoms, and what trying it has found. */
import { InputError } from "../../errors/index.js";
import type { Evaluation } from "../../potentials/potential.js";

/** New places and elements of some atoms; all others stay. */
export interface Change {
  /** 0-based, each once. */
  readonly atoms: readonly number[];
  /** [changed atom, xyz], Å */
  readonly positions: Float64Array;
  /** Atomic numbers, [changed atom] */
  readonly species: Uint8Array;
}

/** What a change would bring. */
export interface Trial {
  readonly change: Change;
  /** ΔE, eV; +∞ where the new structure is impossible. */
  readonly difference: number;
  /** Energy of all atoms after it, eV. */
  readonly energy: number;
  /** Atoms in the structures that were evaluated for it. */
  readonly evaluated: number;
  /** New energies: of these atoms, or of all if there is no list. */
  readonly atoms: readonly number[] | undefined;
  readonly atomicEnergies: Float64Array;
}

/** The trial of two atoms that exchange their elements, as one of two atoms that exchange their places. */
export function asExchange(trial: Trial, places: Float64Array): Trial {
  const [i, j] = trial.change.atoms;
  const [zi, zj] = trial.change.species;
  const other = (atom: number): number => (atom === i ? j : atom === j ? i : atom);
  const change = {
    atoms: [i, j],
    positions: Float64Array.of(...places.subarray(3 * j, 3 * j + 3), ...places.subarray(3 * i, 3 * i + 3)),
    species: Uint8Array.of(zj, zi),
  };
  const { atoms, atomicEnergies } = trial;
  if (atoms !== undefined) return { ...trial, change, atoms: atoms.map(other) };
  return { ...trial, change, atomicEnergies: atomicEnergies.map((_, k) => atomicEnergies[other(k)]) };
}

/** Codes with which structures are refused in which atoms are on top of one another or have flown apart. */
const IMPOSSIBLE: readonly string[] = [
  "coincident-atoms",
  "non-finite-energy",
  "impossible-surroundings",
  "non-finite",
  "too-far",
  "lost-atoms",
  "collapsed-cell",
];

/** The evaluation, or undefined where the potential says that there is no such structure. */
export function possible(evaluate: () => Evaluation): Evaluation | undefined {
  try {
    const evaluation = evaluate();
    return Number.isFinite(evaluation.energy) ? evaluation : undefined;
  } catch (error) {
    if (error instanceof InputError && IMPOSSIBLE.includes(error.code)) return undefined;
    throw error;
  }
}
