/**
 * The work on an extended list that can be shared out: each task is plain numbers, touches only its own part of what it
 * writes, and gives the same bits whoever does it. A thread with the same memory needs nothing else.
 */
import type { NeighborKernels } from "../kernels/contracts/neighbors.js";

/** Lists the neighbours of sorted atoms first…last−1, see `fillNeighbors` in the kernels' contract. */
export interface FillTask {
  readonly kind: "fill";
  readonly plan: number;
  readonly first: number;
  readonly last: number;
  /** First word of the part's own region of the indices, and its length in words. */
  readonly at: number;
  readonly capacity: number;
  /** Pointer to f64[4]. */
  readonly result: number;
}

/** Moves sorted atoms first…last−1 and their ghosts firstGhost…lastGhost−1 to their new places. */
export interface RefreshTask {
  readonly kind: "refresh";
  readonly plan: number;
  readonly first: number;
  readonly last: number;
  readonly firstGhost: number;
  readonly lastGhost: number;
  /** Pointer to f64[2]. */
  readonly result: number;
}

/** Adds the rows of ghosts first…last−1 to their atoms'; the ghosts of one atom must be in one task. */
export interface FoldTask {
  readonly kind: "fold";
  readonly plan: number;
  readonly firstGhost: number;
  readonly lastGhost: number;
  /** Pointer to f64[extended, 4]. */
  readonly rows: number;
}

export type NeighborTask = FillTask | RefreshTask | FoldTask;

export function runNeighborTask(run: NeighborKernels, task: NeighborTask): void {
  switch (task.kind) {
    case "fill":
      run.fillNeighbors(task.plan, task.first, task.last, task.at, task.capacity, task.result);
      break;
    case "refresh":
      run.refreshAtoms(task.plan, task.first, task.last, task.result);
      run.refreshGhosts(task.plan, task.firstGhost, task.lastGhost);
      break;
    case "fold":
      run.foldGhosts(task.plan, task.firstGhost, task.lastGhost, task.rows);
      break;
  }
}
