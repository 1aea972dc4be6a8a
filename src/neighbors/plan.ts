/** Writes and reads the table of the neighbour kernels (`kernels/contracts/neighbors.ts`). */

import { PLAN_BYTES, planAt } from "../kernels/contracts/neighbors.js";
import type { Kernels } from "../kernels/index.js";

type Name = keyof typeof planAt;

export class Plan {
  readonly pointer: number;
  readonly #kernels: Kernels;

  constructor(kernels: Kernels) {
    this.#kernels = kernels;
    this.pointer = kernels.allocate(PLAN_BYTES);
  }

  reals(name: Name, values: ArrayLike<number>): void {
    this.#kernels.f64(this.pointer + planAt[name], values.length).set(values);
  }

  words(name: Name, values: ArrayLike<number>): void {
    this.#kernels.i32(this.pointer + planAt[name], values.length).set(values);
  }

  /** A count or a pointer; pointers above 2 GB are the same bits. */
  word(name: Name, value: number): void {
    this.words(name, [value | 0]);
  }

  /** A count or a pointer, not below zero. */
  valueOf(name: Name): number {
    return this.#kernels.i32(this.pointer + planAt[name], 1)[0]! >>> 0;
  }
}
