/** Has the lists of an extended structure filled part by part, and finds the memory for them. */
import { SPARE_WORDS } from "../kernels/contracts/neighbors.js";
import type { Site } from "./ghosts.js";
import type { FillTask, NeighborTask } from "./tasks.js";

/** Bytes of indices to begin with: some hundreds of atoms are then listed at the first attempt. */
const FIRST_BYTES = 2 ** 18;
/** Words beyond those that were needed: atoms that vibrate change their number by a percent or two. */
const SPARE = 1.1;
/** Bytes between the results of two parts, so that threads do not share cache lines. */
export const RESULT_BYTES = 64;

/** Where each part of n atoms begins, [part + 1]. */
export const partBounds = (n: number, parts: number): number[] =>
  Array.from({ length: parts + 1 }, (_, k) => Math.floor((n * k) / parts));

export interface Filled {
  readonly pairs: number;
  readonly mostNeighbors: number;
}

export class ListFiller {
  readonly #site: Site;
  readonly #execute: (tasks: readonly NeighborTask[]) => void;
  readonly #results: number;
  /** Words that each part needs, [part]; guesses at first. */
  #needs: number[];

  constructor(site: Site, parts: number, execute: (tasks: readonly NeighborTask[]) => void) {
    this.#site = site;
    this.#execute = execute;
    this.#needs = Array.from({ length: parts }, () => 1);
    this.#results = site.kernels.allocate(RESULT_BYTES * parts);
  }

  /** Fills `offsets` and `indices` of all atoms. Throws KernelMemoryError. */
  fill(atoms: number): Filled {
    const { plan, regions } = this.#site;
    let words = this.#take(FIRST_BYTES / 4);
    let filled = this.#attempt(atoms, words);
    if (filled === undefined) {
      words = this.#take(Math.ceil(SPARE * this.#needs.reduce((a, b) => a + b, 0)));
      filled = this.#attempt(atoms, words);
    }
    if (filled === undefined)
      throw new Error(`the lists of plan ${plan.pointer} do not fit into ${regions.bytesOf("indices")} bytes`);
    return filled;
  }

  #take(words: number): number {
    const { plan, regions } = this.#site;
    plan.word("indices", regions.take("indices", 4 * words));
    return Math.floor(regions.bytesOf("indices") / 4);
  }

  #attempt(atoms: number, words: number): Filled | undefined {
    const { kernels } = this.#site;
    this.#execute(this.#tasks(atoms, words));
    const results = this.#needs.map((_, k) => kernels.f64(this.#results + RESULT_BYTES * k, 4).slice());
    this.#needs = results.map(([found, most, longest]) => found! + most! + longest! + SPARE_WORDS);
    if (results.some(([, , , full]) => full !== 0)) return undefined;
    return {
      pairs: results.reduce((sum, [found]) => sum + found!, 0),
      mostNeighbors: results.reduce((largest, [, most]) => Math.max(largest, most!), 0),
    };
  }

  /** Every part gets words in proportion to its need. */
  #tasks(atoms: number, words: number): FillTask[] {
    const parts = this.#needs.length;
    const bounds = partBounds(atoms, parts);
    const total = this.#needs.reduce((a, b) => a + b, 0);
    let at = 0;
    return this.#needs.map((need, k) => {
      const capacity = Math.floor((words * need) / total);
      const task: FillTask = {
        ...{ kind: "fill", plan: this.#site.plan.pointer, first: bounds[k]!, last: bounds[k + 1]! },
        ...{ at, capacity, result: this.#results + RESULT_BYTES * k },
      };
      at += capacity;
      return task;
    });
  }
}
