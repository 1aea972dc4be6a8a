/**
 * The one interface by which dynamics, relaxation, properties and search know a potential; an engine, a classical potential and
 * a network are interchangeable behind it.
 */
import type { Structure } from "../structure/index.js";

/** A function value outside the range of the training data. */
export interface Extrapolation {
  /** 0-based atom. */
  readonly atom: number;
  /** 0-based function of the atom's element, in the potential's order. */
  readonly function: number;
  readonly value: number;
  readonly min: number;
  readonly max: number;
}

/** Spread of a committee (population standard deviations). */
export interface Uncertainty {
  /** eV */
  readonly energy: number;
  /** [atom, xyz] row-major, eV/Å */
  readonly forces: Float64Array;
  /** Largest of `forces`, eV/Å: γ of LASP2. */
  readonly disagreement: number;
}

export interface Evaluation {
  /** eV */
  readonly energy: number;
  /** [atom, xyz] row-major, eV/Å */
  readonly forces: Float64Array;
  /** xx yy zz yz xz xy, eV/Å³, negative under compression; undefined without a cell that repeats in three directions. */
  readonly stress: Float64Array | undefined;
  /** [atom], eV, reference energies included */
  readonly atomicEnergies: Float64Array;
  readonly uncertainty: Uncertainty | undefined;
  readonly extrapolation: readonly Extrapolation[];
}

export interface Potential {
  /** Atomic numbers that it knows. */
  readonly elements: readonly number[];
  /** Å */
  readonly cutoff: number;
  evaluate(structure: Structure): Evaluation;
}
