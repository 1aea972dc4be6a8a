/** Labels of a cached structure, in the order of its sorted atoms. */
import type { Kernels } from "../kernels/index.js";
import { elementSymbol, type Frame } from "../structure/index.js";
import type { CachedStructure } from "./cache.js";

export interface CachedLabels {
  /** Total energy less the reference energies, eV; undefined where unlabelled. */
  readonly energy: number | undefined;
  /** f64 [sorted atom, xyz] in the kernels' memory, eV/Å; 0 where unlabelled or not fitted. */
  readonly forces: number;
  /** xx yy zz yz xz xy, eV/Å³; undefined where unlabelled or not fitted. */
  readonly stress: Float64Array | undefined;
  /** Weight of the structure in the loss. */
  readonly weight: number;
}

export interface LabelOptions {
  /** eV per atom by atomic number. */
  readonly referenceEnergies: ReadonlyMap<number, number>;
  readonly forces: boolean;
  readonly stress: boolean;
  readonly weight: number;
}

export function cacheLabels(
  kernels: Kernels,
  frame: Frame,
  options: LabelOptions & { cached: CachedStructure },
): CachedLabels {
  const { cached } = options;
  let forces = 0;
  if (options.forces && frame.forces !== undefined) {
    forces = kernels.allocate(24 * cached.atoms);
    const sorted = kernels.f64(forces, 3 * cached.atoms);
    cached.order.forEach((from, to) => {
      sorted.set(frame.forces!.subarray(3 * from, 3 * from + 3), 3 * to);
    });
  }
  return {
    energy: frame.energy === undefined ? undefined : frame.energy - referenceOf(frame, options.referenceEnergies),
    forces,
    stress: options.stress && cached.strains !== 0 && cached.volume > 0 ? frame.stress : undefined,
    weight: options.weight,
  };
}

function referenceOf(frame: Frame, energies: ReadonlyMap<number, number>): number {
  let sum = 0;
  for (const z of frame.structure.species) {
    const energy = energies.get(z);
    if (energy === undefined) throw new Error(`no reference energy for ${elementSymbol(z)}`);
    sum += energy;
  }
  return sum;
}
