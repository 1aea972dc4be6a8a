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

/**
 * Spread of a committee, or of the passes of a dropout potential (population standard deviations). Where only the energy's spread was
 * asked for, `forces` may be empty, with a disagreement of NaN and no stress.
 */
export interface Uncertainty {
  /** eV */
  readonly energy: number;
  /** [atom, xyz] row-major, eV/Å */
  readonly forces: Float64Array;
  /** Largest of `forces`, eV/Å: γ of LASP2. */
  readonly disagreement: number;
  /** xx yy zz yz xz xy, eV/Å³; undefined where there is no stress. */
  readonly stress?: Float64Array | undefined;
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

/** What is asked of an evaluation beyond energy, forces and stress; what is not asked for may be left out to save time. */
export interface Demand {
  /** Spread over the members or passes. Default true. */
  readonly uncertainty?: boolean;
  /** The spread of the energy, which may be much cheaper than the whole; part of `uncertainty`. Default false. */
  readonly energySpread?: boolean;
  /** Values outside the range of the training data. Default true. */
  readonly extrapolation?: boolean;
}

/** All that any of several demands asks for; what a demand does not name it does not ask for. */
export function allOf(demands: readonly Demand[]): Demand {
  const some = (name: keyof Demand): boolean => demands.some((demand) => demand[name] === true);
  return { uncertainty: some("uncertainty"), energySpread: some("energySpread"), extrapolation: some("extrapolation") };
}

/**
 * A potential bound to certain atoms: the same species and periodicity at every call, positions and cell as they come. It keeps
 * its neighbours from call to call. Arrays of the result belong to it and are overwritten by the next call.
 */
export interface ForceField {
  /** Positions [atom, xyz] row-major, Å, wrapped into the cell or not; lattice vectors as rows, Å. */
  evaluate(positions: Float64Array, cell: Float64Array | undefined, demand?: Demand): Evaluation;
}

export interface Potential {
  /** Atomic numbers that it knows. */
  readonly elements: readonly number[];
  /** Å */
  readonly cutoff: number;
  evaluate(structure: Structure, demand?: Demand): Evaluation;
  /** For many evaluations of the same atoms (dynamics, relaxation). */
  bind(structure: Structure): ForceField;
}

/** A force field that evaluates each structure from scratch, for potentials with nothing to keep. */
export function bindPlainly(potential: Pick<Potential, "evaluate">, { species, periodic }: Structure): ForceField {
  return { evaluate: (positions, cell) => potential.evaluate({ species, periodic, positions, cell }) };
}
