/**
 * Threads that work on the same thing at the same moment: a leader writes an order of plain numbers into shared memory, all do
 * their part of it, and the leader goes on when the last one is done. Between orders the others look for a while before they sleep,
 * because in dynamics the next order comes sooner than a thread can be woken.
 */
import type { Kernels } from "./module.js";

export interface GangPlaces {
  readonly threads: number;
  /** i32: round, threads that have finished it, length of the order, 1 + first thread that failed; then the order. */
  readonly control: number;
  /** Numbers that an order may have. */
  readonly capacity: number;
}

const ROUND = 0;
const DONE = 1;
const LENGTH = 2;
const FAILED = 3;
const ORDER = 4;

/** Some 0.3 ms. */
const LOOKS = 100_000;

export function placeGang(kernels: Kernels, threads: number, capacity = 1024): GangPlaces {
  return { threads, capacity, control: kernels.allocate(4 * (ORDER + capacity)) };
}

export class GangLeader {
  readonly threads: number;
  readonly #control: Int32Array;
  readonly #capacity: number;
  #broken = false;

  constructor(kernels: Kernels, places: GangPlaces) {
    this.threads = places.threads;
    this.#capacity = places.capacity;
    this.#control = kernels.i32(places.control, ORDER + places.capacity);
  }

  /**
   * All threads work on `order`, this one by `own`, whose result is returned. An order is not empty: an empty one lets the others
   * go. Throws if a thread has failed, and ever after.
   */
  run<T>(order: readonly number[], own: () => T): T {
    if (this.#broken) throw new Error("a thread has failed before");
    this.#give(order);
    try {
      return own();
    } finally {
      this.#wait();
    }
  }

  /** Lets the others go. */
  stop(): void {
    this.#give([]);
  }

  #give(order: readonly number[]): void {
    const control = this.#control;
    if (order.length > this.#capacity)
      throw new Error(`an order of ${order.length} numbers, room for ${this.#capacity}`);
    control.set(order, ORDER);
    control[LENGTH] = order.length;
    control[FAILED] = 0;
    Atomics.store(control, DONE, 0);
    Atomics.add(control, ROUND, 1);
    Atomics.notify(control, ROUND);
  }

  #wait(): void {
    const control = this.#control;
    const others = this.threads - 1;
    let done = Atomics.load(control, DONE);
    for (let look = 0; look < LOOKS && done !== others; look++) done = Atomics.load(control, DONE);
    for (; done !== others; done = Atomics.load(control, DONE)) Atomics.wait(control, DONE, done, 1000);
    if (control[FAILED] === 0) return;
    this.#broken = true;
    throw new Error(`thread ${control[FAILED]} failed`);
  }
}

/** The other threads: works until the leader lets go, or `work` throws, which the leader is told of. */
export function follow(
  kernels: Kernels,
  { places, thread }: { places: GangPlaces; thread: number },
  work: (order: Int32Array) => void,
): void {
  const control = kernels.i32(places.control, ORDER + places.capacity);
  for (let round = 0; ; ) {
    for (let look = 0; look < LOOKS && Atomics.load(control, ROUND) === round; look++);
    Atomics.wait(control, ROUND, round);
    const now = Atomics.load(control, ROUND);
    if (now === round) continue;
    round = now;
    const length = control[LENGTH]!;
    if (length === 0) return;
    try {
      work(control.subarray(ORDER, ORDER + length));
    } catch (error) {
      Atomics.compareExchange(control, FAILED, 0, thread + 1);
      throw error;
    } finally {
      Atomics.add(control, DONE, 1);
      Atomics.notify(control, DONE);
    }
  }
}
