/** Neighbours of each atom under cutoffs that may differ from pair to pair of elements. */
import { neighborList } from "../neighbors/index.js";
import type { Structure } from "../structure/index.js";
import type { CutoffTable } from "./frames.js";

export interface Neighbor {
  readonly atom: number;
  /** Å */
  readonly distance: number;
  /** Unit vector from the centre to the neighbour. */
  readonly direction: readonly [number, number, number];
}

export function neighborhoods(structure: Structure, cutoffs: CutoffTable): Neighbor[][] {
  const { species } = structure;
  const { offsets, indices, vectors } = neighborList(structure, cutoffs.largest);
  return Array.from(species, (center, i) => {
    const found: Neighbor[] = [];
    for (let p = offsets[i]; p < offsets[i + 1]; p++) {
      const [x, y, z] = [vectors[3 * p], vectors[3 * p + 1], vectors[3 * p + 2]];
      const distance = Math.sqrt(x * x + y * y + z * z);
      if (distance < cutoffs.of(center, species[indices[p]]))
        found.push({ atom: indices[p], distance, direction: [x / distance, y / distance, z / distance] });
    }
    return found;
  });
}
