/** What one gives to extended neighbours and gets from them (`extended.ts`). */
import type { NeighborTask } from "./tasks.js";

export interface ExtendedOptions {
  /** Into how many ranges of atoms the work is divided, as many as there are threads. Default 1. */
  readonly parts?: number;
  /** Does tasks that are independent of one another, and returns when all are done. Default: one after the other, here. */
  readonly execute?: (tasks: readonly NeighborTask[]) => void;
}

export interface BindOptions {
  /** Å beyond the cutoff. Default 1. */
  readonly skin?: number;
  /** Atomic numbers in the order of the lists; default: those of the structure, ascending. */
  readonly elements?: readonly number[];
}

/**
 * Counts, and pointers into the kernels' memory, which hold until the next `update` or `bind`. Arrays of the extended
 * structure begin with the atoms, sorted by place.
 */
export interface ExtendedList {
  readonly rebuilt: boolean;
  readonly locals: number;
  /** Atoms and ghosts. */
  readonly extended: number;
  readonly elements: number;
  /** Entries of all lists. */
  readonly pairs: number;
  /** Longest list of one atom. */
  readonly mostNeighbors: number;
  /** f64[extended, 4]: x y z 0, Å, current. */
  readonly positions: number;
  /** u8[extended]: index among the elements. */
  readonly types: number;
  /**
   * i32[local, elements + 1]: the neighbours of atom i that are of element e are the indices from offsets[i, e] up to,
   * not including, offsets[i, e + 1]. All that are closer than the cutoff, and some that are farther.
   */
  readonly offsets: number;
  /** i32: numbers of extended atoms. */
  readonly indices: number;
  /** i32[local]: the caller's index of each sorted atom. */
  readonly order: number;
  /** i32[extended − locals, 2]: of which sorted atom each ghost is an image, ascending, and by which translation. */
  readonly ghosts: number;
}
