/** A sampler as recorders and the watch of dynamics see it: a motion whose atoms are at rest. */
import type { Demand } from "../../potentials/potential.js";
import type { Motion } from "../motion.js";
import { State } from "../state.js";
import { prepare } from "../system.js";
import type { Sampler } from "./sampler.js";

export class View {
  readonly #sampler: Sampler;
  #bound: { readonly binding: number; readonly state: State } | undefined;

  constructor(sampler: Sampler) {
    this.#sampler = sampler;
  }

  /** The motion, evaluated where the atoms are now. It belongs to the view and is overwritten by the next. Stepping it steps the sampler. */
  look(demand: Demand): Motion {
    const sampler = this.#sampler;
    const { state: atoms } = sampler;
    if (this.#bound?.binding !== atoms.binding) {
      const system = prepare(atoms.structure(), atoms.potential, { centreOfMass: "free" });
      this.#bound = { binding: atoms.binding, state: new State(system, atoms.random) };
    }
    const { state } = this.#bound;
    state.positions.set(atoms.positions);
    if (atoms.cell !== undefined) state.cell?.set(atoms.cell);
    state.step = atoms.step;
    state.evaluate(demand);
    return {
      ...{ ensemble: "monte-carlo", state, timestep: 0 },
      step: () => void sampler.step(),
      invariant: () => sampler.invariant(),
    };
  }
}
