/**
 * The one neighbour interface: for each atom i, all atoms j and cell translations S with |r_j + S·cell − r_i| < cutoff.
 *
 * Full: i→j and j→i are both there, with exactly opposite vectors. All images count, an atom's own too; only i itself
 * at S = 0 does not. Two atoms at the same place are neighbours like any others (see `coincident.ts`).
 *
 * Order: by atom, then by neighbour index, then by S lexicographically. It depends on nothing else, so that sums over
 * neighbours do not change when the way they are found does.
 */
export interface NeighborList {
  /** Start of each atom's neighbours, [atom + 1]. */
  readonly offsets: Int32Array;
  /** Index of the neighbour atom (0-based), [pair]. */
  readonly indices: Int32Array;
  /** r_j + S·cell − r_i, [pair, xyz], Å. */
  readonly vectors: Float64Array;
  /** Cell translations S, [pair, lattice vector]; only on request. */
  readonly shifts?: Int32Array;
}

export interface NeighborOptions {
  /** Whether to return the cell translations. Default: false. */
  readonly shifts?: boolean;
}

/** Throws a RangeError unless the cutoff is a finite number above 0 (Å). */
export function checkCutoff(cutoff: number): void {
  if (!(cutoff > 0 && Number.isFinite(cutoff))) throw new RangeError(`cutoff ${cutoff} Å: finite and above 0`);
}
