/**
 * Seeded random streams whose state can be stored and restored, so that a resumed run draws what an unbroken one
 * would have drawn.
 *
 * xoroshiro128+ (Blackman and Vigna 2018) from pure-rand; the seed is hashed first because neighbouring seeds start
 * with nearly equal draws. A stream is named, so that two parts of a program with one seed do not share draws.
 */
import { xoroshiro128plus, xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";

type Generator = ReturnType<typeof xoroshiro128plus>;

export class RandomStream {
  #generator: Generator;
  /** Second value of the last Box–Muller pair, or NaN. */
  #spareNormal = Number.NaN;

  constructor(seed: number, name = "") {
    this.#generator = xoroshiro128plus(hash(`${seed}:${name}`));
  }

  /** State as plain numbers, for checkpoints. */
  get state(): readonly number[] {
    return [...this.#generator.getState(), this.#spareNormal];
  }

  static fromState(state: readonly number[]): RandomStream {
    const stream = new RandomStream(0);
    stream.#generator = xoroshiro128plusFromState(state.slice(0, -1));
    stream.#spareNormal = state[state.length - 1]!;
    return stream;
  }

  /** 32 random bits, unsigned. */
  bits(): number {
    return this.#generator.next() >>> 0;
  }

  /** Uniform in [0, 1), 53 bits. */
  uniform(): number {
    const high = this.bits() >>> 5;
    const low = this.bits() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }

  /** Uniform in [low, high). */
  between(low: number, high: number): number {
    return low + (high - low) * this.uniform();
  }

  /** Whole number in [0, n). */
  integer(n: number): number {
    return Math.floor(this.uniform() * n);
  }

  /** Normal with mean 0 and variance 1 (Box–Muller, both values used). */
  normal(): number {
    if (!Number.isNaN(this.#spareNormal)) {
      const value = this.#spareNormal;
      this.#spareNormal = Number.NaN;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    this.#spareNormal = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** Shuffles in place (Fisher–Yates) and returns its argument. */
  shuffle<T extends { length: number; [index: number]: unknown }>(items: T): T {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const held = items[i];
      items[i] = items[j];
      items[j] = held;
    }
    return items;
  }
}

/** FNV-1a over the text, then a final avalanche (Murmur3), as a signed 32-bit number. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
