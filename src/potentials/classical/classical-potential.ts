/** A `Potential` made of an interaction: neighbours, sums, stress, checks. */
import { InputError } from "../../errors/index.js";
import { checkNotCoincident, type NeighborList, neighborList, VerletList } from "../../neighbors/index.js";
import { elementIndices, elementList, type Structure, volume } from "../../structure/index.js";
import type { Evaluation, ForceField, Potential } from "../potential.js";
import { requireParameter } from "./elements.js";
import type { Interaction, Sums } from "./interaction.js";

export class ClassicalPotential implements Potential {
  /** "Tersoff potential (C, Si)" */
  readonly name: string;
  /** Ascending. */
  readonly elements: readonly number[];
  readonly cutoff: number;
  readonly #interaction: Interaction;

  /** Throws InputError (`bad-parameter`) where no pair of elements interacts. */
  constructor(interaction: Interaction) {
    const { cutoff, title } = interaction;
    requireParameter(cutoff > 0, { name: `cutoff of the ${title}`, value: cutoff, expected: "a length above 0 Å" });
    this.#interaction = interaction;
    this.elements = [...interaction.elements].sort((a, b) => a - b);
    this.cutoff = interaction.cutoff;
    this.name = `${interaction.title} (${elementList(this.elements)})`;
  }

  /** Throws InputError (`element-not-in-potential`, `coincident-atoms`, and those of `neighborList`). */
  evaluate(structure: Structure): Evaluation {
    const types = this.#typesOf(structure.species);
    const list = neighborList(structure, this.cutoff);
    checkNotCoincident(list, structure);
    return new Accumulator(this.#interaction, types).evaluate(list, structure);
  }

  bind(structure: Structure): ForceField {
    const { species, periodic } = structure;
    const accumulator = new Accumulator(this.#interaction, this.#typesOf(species));
    const neighbors = new VerletList(structure, this.cutoff);
    return {
      evaluate: (positions, cell) => {
        neighbors.update(positions, cell);
        return accumulator.evaluate(neighbors.list, { species, periodic, positions, cell });
      },
    };
  }

  #typesOf(species: Uint8Array): Uint8Array {
    const { elements, title } = this.#interaction;
    return elementIndices(species, elements, title);
  }
}

/** Arrays for the atoms of one structure, filled anew by every evaluation. */
class Accumulator {
  readonly #interaction: Interaction;
  readonly #types: Uint8Array;
  readonly #sums: Sums;
  readonly #stress = new Float64Array(6);

  constructor(interaction: Interaction, types: Uint8Array) {
    this.#interaction = interaction;
    this.#types = types;
    const atoms = types.length;
    this.#sums = {
      energies: new Float64Array(atoms),
      forces: new Float64Array(3 * atoms),
      virial: new Float64Array(6),
    };
  }

  evaluate(list: NeighborList, structure: Structure): Evaluation {
    const { energies, forces, virial } = this.#sums;
    energies.fill(0);
    forces.fill(0);
    virial.fill(0);
    this.#interaction.add({ list, types: this.#types }, this.#sums);
    let energy = 0;
    for (let i = 0; i < energies.length; i++) energy += energies[i];
    checkFinite(energy, forces, { list, structure, title: this.#interaction.title });
    return {
      energy,
      forces,
      stress: this.#stressOf(structure),
      atomicEnergies: energies,
      uncertainty: undefined,
      extrapolation: [],
    };
  }

  #stressOf({ cell, periodic }: Structure): Float64Array | undefined {
    if (cell === undefined || !periodic.every(Boolean)) return undefined;
    const v = volume(cell);
    for (let c = 0; c < 6; c++) this.#stress[c] = this.#sums.virial[c] / v;
    return this.#stress;
  }
}

interface Evaluated {
  readonly list: NeighborList;
  readonly structure: Structure;
  readonly title: string;
}

/** Throws InputError if the energy or a force is not a finite number: atoms at one place, or nearly so. */
function checkFinite(energy: number, forces: Float64Array, { list, structure, title }: Evaluated): void {
  let sum = energy;
  for (let k = 0; k < forces.length; k++) sum += forces[k];
  if (Number.isFinite(sum)) return;
  checkNotCoincident(list, structure);
  throw new InputError({
    code: "non-finite-energy",
    problem: `The energy or a force of the ${title} is not finite.`,
    expected: "Expected atoms at distances for which the potential was made.",
    remedy: "Look for atoms that are very near one another; a smaller time step may keep them apart.",
  });
}
