/** What a classical potential is made of: sums over a neighbour list. */
import type { NeighborList } from "../../neighbors/index.js";

/** Atoms as an interaction sees them. */
export interface Surroundings {
  /** Full list; pairs may lie beyond the interaction's cutoff. */
  readonly list: NeighborList;
  /** Index of each atom's element in the interaction's `elements`, [atom]. */
  readonly types: Uint8Array;
}

/** Where an interaction adds its share. All begin with zeros. */
export interface Sums {
  /** [atom], eV */
  readonly energies: Float64Array;
  /** [atom, xyz] row-major, eV/Å */
  readonly forces: Float64Array;
  /** Σ over pairs of ∂E/∂r_a · r_b, xx yy zz yz xz xy, eV: stress times volume. */
  readonly virial: Float64Array;
}

export interface Interaction {
  /** "Tersoff potential", as in messages. */
  readonly title: string;
  /** Atomic numbers, in the order of the types. */
  readonly elements: readonly number[];
  /** Å; pairs at this distance and beyond do not count. */
  readonly cutoff: number;
  add(surroundings: Surroundings, sums: Sums): void;
}
