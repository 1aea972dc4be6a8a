/**
 * Potentials add: energies, forces, stress, atomic energies. Spreads of several parts are taken as independent and add as
 * squares; extrapolations follow one another in the order of the parts.
 */
import { InputError } from "../errors/index.js";
import { elementSymbol, type Structure } from "../structure/index.js";
import type { Demand, Evaluation, ForceField, Potential, Uncertainty } from "./potential.js";

/**
 * The sum of potentials. It knows the elements that all parts know; its cutoff is the largest.
 *
 * Throws InputError: `empty-sum` without parts; `no-common-element` where two parts share no element; on evaluation
 * `element-not-in-potential`, which names the part that lacks the element and one that has it.
 */
export function sum(...parts: readonly Potential[]): Potential {
  if (parts.length === 0)
    throw new InputError({
      code: "empty-sum",
      problem: "A sum of no potentials was asked for.",
      remedy: "Give one potential or more.",
    });
  return new SummedPotential(parts);
}

/** Of force fields that are bound to the same atoms. */
export function sumOfFields(fields: readonly ForceField[], atoms: number): ForceField {
  const total = new Total(atoms);
  return {
    evaluate: (positions, cell, demand) => total.of(fields.map((field) => field.evaluate(positions, cell, demand))),
  };
}

class SummedPotential implements Potential {
  readonly name: string;
  readonly elements: readonly number[];
  readonly cutoff: number;
  readonly #parts: readonly Potential[];

  constructor(parts: readonly Potential[]) {
    this.#parts = parts;
    this.elements = commonElements(parts);
    this.cutoff = Math.max(...parts.map((part) => part.cutoff));
    this.name = parts.map(partName).join(" + ");
  }

  evaluate(structure: Structure, demand?: Demand): Evaluation {
    this.#checkElements(structure.species);
    return new Total(structure.species.length).of(this.#parts.map((part) => part.evaluate(structure, demand)));
  }

  bind(structure: Structure): ForceField {
    this.#checkElements(structure.species);
    return sumOfFields(
      this.#parts.map((part) => part.bind(structure)),
      structure.species.length,
    );
  }

  #checkElements(species: Uint8Array): void {
    const atom = species.findIndex((z) => !this.elements.includes(z));
    if (atom < 0) return;
    const z = species[atom];
    const index = this.#parts.findIndex((part) => !part.elements.includes(z));
    const other = this.#parts.findIndex((part) => part.elements.includes(z));
    const knows = other < 0 ? "" : ` The ${partName(this.#parts[other], other)} knows it.`;
    throw new InputError({
      code: "element-not-in-potential",
      where: { atom: atom + 1 },
      problem: `The structure contains ${elementSymbol(z)}, which the ${partName(this.#parts[index], index)} does not know.${knows}`,
      expected: `All parts of the sum know ${this.elements.map(elementSymbol).join(", ")}.`,
      remedy: "Use parts that know this element, or remove the structure.",
    });
  }
}

/** The potential's own name if it has one: "Tersoff potential (C, Si)", else "potential 2 (Si)". */
function partName(part: Potential & { readonly name?: unknown }, index: number): string {
  if (typeof part.name === "string") return part.name;
  return `potential ${index + 1} (${part.elements.map(elementSymbol).join(", ")})`;
}

/** Elements that all parts know, in the order of the first. */
function commonElements(parts: readonly Potential[]): number[] {
  const shared = (a: Potential, b: Potential): number[] => a.elements.filter((z) => b.elements.includes(z));
  parts.forEach((part, k) => {
    const stranger = parts.slice(0, k).findIndex((before) => shared(before, part).length === 0);
    if (stranger >= 0)
      throw new InputError({
        code: "no-common-element",
        problem: `The ${partName(parts[stranger], stranger)} and the ${partName(part, k)} have no element in common.`,
        remedy: "Add potentials for the same elements.",
      });
  });
  return parts[0].elements.filter((z) => parts.every((part) => part.elements.includes(z)));
}

/** Arrays of the total, filled anew for every sum. */
class Total {
  readonly #forces: Float64Array;
  readonly #atomicEnergies: Float64Array;
  readonly #stress = new Float64Array(6);

  constructor(atoms: number) {
    this.#forces = new Float64Array(3 * atoms);
    this.#atomicEnergies = new Float64Array(atoms);
  }

  of(parts: readonly Evaluation[]): Evaluation {
    this.#forces.fill(0);
    this.#atomicEnergies.fill(0);
    this.#stress.fill(0);
    let energy = 0;
    for (const part of parts) {
      energy += part.energy;
      addTo(this.#forces, part.forces);
      addTo(this.#atomicEnergies, part.atomicEnergies);
      if (part.stress !== undefined) addTo(this.#stress, part.stress);
    }
    return {
      energy,
      forces: this.#forces,
      stress: parts.every((part) => part.stress !== undefined) ? this.#stress : undefined,
      atomicEnergies: this.#atomicEnergies,
      uncertainty: combined(parts),
      extrapolation: parts.flatMap((part) => part.extrapolation),
    };
  }
}

function addTo(total: Float64Array, part: Float64Array): void {
  for (let k = 0; k < total.length; k++) total[k] += part[k];
}

function combined(parts: readonly Evaluation[]): Uncertainty | undefined {
  const known = parts.flatMap(({ uncertainty }) => (uncertainty === undefined ? [] : [uncertainty]));
  if (known.length < 2) return known[0];
  const forces = quadrature(known.map((u) => u.forces));
  const stresses = known.flatMap(({ stress }) => (stress === undefined ? [] : [stress]));
  return {
    energy: Math.hypot(...known.map((u) => u.energy)),
    forces,
    disagreement: forces.length === 0 ? Number.NaN : forces.reduce((a, b) => Math.max(a, b), 0),
    ...(stresses.length === known.length ? { stress: quadrature(stresses) } : {}),
  };
}

const quadrature = (spreads: readonly Float64Array[]): Float64Array =>
  spreads[0].map((_, k) => Math.hypot(...spreads.map((spread) => spread[k])));
