/**
 * A potential with one force field at a time, for runs that bind it again and again or change the elements of atoms: its memory does not
 * grow, and whatever has the atoms that are bound goes the fast way with kept neighbours.
 */
import type { Demand, Evaluation, ForceField, Potential } from "../../potentials/index.js";
import type { Structure } from "../../structure/index.js";
import type { RelistingForceField, SimulationPotential } from "./simulate-potential.js";

export class SteadyPotential implements Potential {
  readonly elements: readonly number[];
  readonly cutoff: number;
  readonly #potential: SimulationPotential;
  #atoms: Pick<Structure, "species" | "periodic">;
  #field: RelistingForceField;

  /** Throws an InputError for elements that the potential does not know. */
  constructor(potential: SimulationPotential, structure: Structure) {
    this.elements = potential.elements;
    this.cutoff = potential.cutoff;
    this.#potential = potential;
    this.#atoms = atomsOf(structure);
    this.#field = potential.bind(structure);
  }

  /** The result is overwritten by the next. */
  evaluate(structure: Structure, demand?: Demand): Evaluation {
    if (!this.#isBound(structure)) return this.#potential.evaluateOnce(structure, demand);
    return this.#field.evaluate(structure.positions, structure.cell, demand);
  }

  /**
   * Ends the use of force fields bound before to other elements. Neighbours are listed anew, so that what follows depends on the next
   * positions alone.
   */
  bind(structure: Structure): ForceField {
    if (this.#isBound(structure)) this.#field.relist();
    else {
      this.#potential.forget();
      this.#atoms = atomsOf(structure);
      this.#field = this.#potential.bind(structure);
    }
    return this.#field;
  }

  #isBound({ species, periodic }: Structure): boolean {
    const bound = this.#atoms;
    return (
      bound.species.length === species.length &&
      bound.periodic.every((p, d) => p === periodic[d]) &&
      bound.species.every((z, i) => z === species[i])
    );
  }
}

const atomsOf = ({ species, periodic }: Structure): Pick<Structure, "species" | "periodic"> => ({
  species: species.slice(),
  periodic,
});
