/** A network potential that goes by the surface kernels, for any number of structures one after another in the same memory. */
import type { Kernels } from "../kernels/index.js";
import type { Structure } from "../structure/index.js";
import type { NetworkPotential } from "./definition.js";
import { NetworkEvaluator } from "./network-evaluator.js";
import type { Demand, Evaluation, ForceField, Potential } from "./potential.js";
import { isSurface, SurfaceForceField } from "./surface.js";
import { cutoffOf } from "./surface-hand.js";

/** By the surface kernels where they can, else the general way. */
export const networkPotential = (kernels: Kernels, potential: NetworkPotential): Potential =>
  isSurface(potential) ? new SurfacePotential(kernels, potential) : new NetworkEvaluator(kernels, potential);

class SurfacePotential implements Potential {
  readonly elements: readonly number[];
  readonly cutoff: number;
  readonly #kernels: Kernels;
  readonly #potential: NetworkPotential;
  /** Of structures that are evaluated once; without a skin. */
  #once: SurfaceForceField | undefined;
  /** What bound structures share for as long as they do not take turns. */
  #shared: SurfaceForceField | undefined;
  #owner: ForceField | undefined;

  constructor(kernels: Kernels, potential: NetworkPotential) {
    this.#kernels = kernels;
    this.#potential = potential;
    this.elements = potential.descriptors.map((d) => d.element);
    this.cutoff = cutoffOf(potential);
  }

  evaluate(structure: Structure, demand?: Demand): Evaluation {
    if (this.#once === undefined) this.#once = this.#field(structure, 0);
    else this.#once.rebind(structure);
    return this.#once.evaluate(structure.positions, structure.cell, demand);
  }

  /** Structures bound one after another use the same memory; one that is evaluated again after another gets its own. */
  bind(structure: Structure): ForceField {
    let field = this.#take(structure);
    const bound: ForceField = {
      evaluate: (positions, cell, demand) => {
        if (field === this.#shared && this.#owner !== bound) field = this.#field({ ...structure, positions, cell });
        return field.evaluate(positions, cell, demand);
      },
    };
    this.#owner = bound;
    return bound;
  }

  #take(structure: Structure): SurfaceForceField {
    if (this.#shared === undefined) this.#shared = this.#field(structure);
    else this.#shared.rebind(structure);
    return this.#shared;
  }

  #field(structure: Structure, skin?: number): SurfaceForceField {
    return new SurfaceForceField(this.#kernels, this.#potential, structure, skin === undefined ? {} : { skin });
  }
}
