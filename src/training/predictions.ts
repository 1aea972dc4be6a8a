/**
 * What a fitted potential says about cached structures: the mean over its networks (members, or the passes of dropout) and the
 * spread over them. The cached derivatives make a pass cost little.
 */
import { affineOf } from "../descriptors/scaling.js";
import type { Kernels } from "../kernels/index.js";
import { foldInputs } from "../networks/index.js";
import type { NetworkPotential } from "../potentials/definition.js";
import { passesAsMembers } from "../potentials/dropout-members.js";
import type { Uncertainty } from "../potentials/potential.js";
import type { CachedStructure } from "./cache.js";
import { Engine, type EngineLayout, type Prediction } from "./engine.js";

export interface PredictionTask {
  readonly potential: NetworkPotential;
  readonly layout: EngineLayout;
  readonly structures: readonly CachedStructure[];
}

/** Arrays are in the order of the frame's atoms. */
export interface MeanPrediction {
  /** Reference energies left out, eV */
  readonly energy: number;
  /** [atom, xyz], eV/Å */
  readonly forces: Float64Array;
  /** xx yy zz yz xz xy, eV/Å³; where strain derivatives are cached. */
  readonly stress: Float64Array | undefined;
  /** Undefined for a single network. */
  readonly uncertainty: Uncertainty | undefined;
}

/** In the order of the structures; `onNetwork` is called after each network with the share that is done. */
export function predictCached(
  kernels: Kernels,
  { potential, layout, structures }: PredictionTask,
  onNetwork: (share: number) => void = () => {},
): MeanPrediction[] {
  const { members } = passesAsMembers(potential);
  const shapes = members[0]!.elements.map(({ network }) => network);
  const engine = new Engine(kernels, shapes, layout);
  const sums = structures.map((structure) => new PredictionSums(structure));
  members.forEach(({ elements, energyScale }, m) => {
    engine.energyScale = energyScale;
    engine.load(elements.map(({ network, scaling }) => foldInputs(network, network.parameters, affineOf(scaling))));
    structures.forEach((structure, i) => {
      sums[i]!.add(engine.predict(structure, true));
    });
    onNetwork((m + 1) / members.length);
  });
  return sums.map((one) => one.mean());
}

/** Sums over networks of differences from the first, whose squares do not cancel. */
class PredictionSums {
  readonly #order: Int32Array;
  readonly #energy = new Moments(1);
  readonly #forces: Moments;
  readonly #stress = new Moments(6);
  #networks = 0;
  #hasStress = false;

  constructor({ order, atoms }: CachedStructure) {
    this.#order = order;
    this.#forces = new Moments(3 * atoms);
  }

  add({ energy, forces, stress }: Prediction): void {
    this.#networks++;
    this.#energy.add([energy]);
    this.#forces.add(forces);
    if (stress === undefined) return;
    this.#hasStress = true;
    this.#stress.add(stress);
  }

  mean(): MeanPrediction {
    return {
      energy: this.#energy.mean()[0]!,
      forces: this.#unsorted(this.#forces.mean()),
      stress: this.#hasStress ? this.#stress.mean() : undefined,
      uncertainty: this.#networks > 1 ? this.#uncertainty() : undefined,
    };
  }

  #uncertainty(): Uncertainty {
    const forces = this.#unsorted(this.#forces.spread());
    return {
      energy: this.#energy.spread()[0]!,
      forces,
      disagreement: forces.reduce((a, b) => Math.max(a, b), 0),
      ...(this.#hasStress ? { stress: this.#stress.spread() } : {}),
    };
  }

  /** From sorted atoms to those of the frame. */
  #unsorted(sorted: Float64Array): Float64Array {
    const values = new Float64Array(sorted.length);
    this.#order.forEach((to, from) => {
      values.set(sorted.subarray(3 * from, 3 * from + 3), 3 * to);
    });
    return values;
  }
}

class Moments {
  readonly #first: Float64Array;
  readonly #sums: Float64Array;
  readonly #squares: Float64Array;
  #count = 0;

  constructor(length: number) {
    this.#first = new Float64Array(length);
    this.#sums = new Float64Array(length);
    this.#squares = new Float64Array(length);
  }

  add(values: ArrayLike<number>): void {
    if (this.#count++ === 0) this.#first.set(values);
    for (let i = 0; i < this.#sums.length; i++) {
      const difference = values[i]! - this.#first[i]!;
      this.#sums[i]! += difference;
      this.#squares[i]! += difference * difference;
    }
  }

  mean(): Float64Array {
    return this.#first.map((x, i) => x + this.#sums[i]! / this.#count);
  }

  /** Population standard deviations. */
  spread(): Float64Array {
    return this.#squares.map((square, i) =>
      Math.sqrt(Math.max(0, square / this.#count - (this.#sums[i]! / this.#count) ** 2)),
    );
  }
}
