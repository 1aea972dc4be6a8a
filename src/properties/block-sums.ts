/**
 * Averages of vectors that arrive one at a time, with errors from blocks, without knowing beforehand how many will come:
 * whenever there are twice as many blocks as wanted, neighbours merge and blocks become twice as long.
 */
import type { SeriesEstimate } from "./estimates.js";

export class BlockSums {
  readonly #length: number;
  readonly #wanted: number;
  #blocks: Float64Array[] = [];
  #current: Float64Array;
  #inCurrent = 0;
  #blockLength = 1;
  #samples = 0;

  /** `wanted` to twice as many blocks are kept; default 10. */
  constructor(length: number, wanted = 10) {
    this.#length = length;
    this.#wanted = wanted;
    this.#current = new Float64Array(length);
  }

  get samples(): number {
    return this.#samples;
  }

  add(values: ArrayLike<number>): void {
    for (let i = 0; i < this.#length; i++) this.#current[i] += values[i];
    this.#samples++;
    if (++this.#inCurrent < this.#blockLength) return;
    this.#blocks.push(this.#current);
    this.#current = new Float64Array(this.#length);
    this.#inCurrent = 0;
    if (this.#blocks.length >= 2 * this.#wanted) this.#mergeNeighbors();
  }

  #mergeNeighbors(): void {
    const merged: Float64Array[] = [];
    for (let b = 0; b + 1 < this.#blocks.length; b += 2)
      merged.push(this.#blocks[b].map((x, i) => x + this.#blocks[b + 1][i]));
    this.#blocks = merged;
    this.#blockLength *= 2;
  }

  /** Mean over all samples, and its standard error from the spread of the full blocks (undefined with fewer than two). */
  result(): SeriesEstimate {
    const values = this.#current.slice();
    for (const block of this.#blocks) for (let i = 0; i < this.#length; i++) values[i] += block[i];
    return { values: values.map((x) => x / this.#samples), errors: this.#errors(), samples: this.#samples };
  }

  #errors(): Float64Array | undefined {
    const n = this.#blocks.length;
    if (n < 2) return undefined;
    return Float64Array.from({ length: this.#length }, (_, i) => {
      const mean = this.#blocks.reduce((sum, block) => sum + block[i], 0) / n;
      const squares = this.#blocks.reduce((sum, block) => sum + (block[i] - mean) ** 2, 0);
      return Math.sqrt(squares / (n * (n - 1))) / this.#blockLength;
    });
  }
}
