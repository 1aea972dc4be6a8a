/**
 * Averages over all time origins of a product or of a squared difference at two times, frame by frame:
 *
 *   product              ⟨a(t₀) a(t₀ + t)⟩
 *   squared difference   ⟨(a(t₀ + t) − a(t₀))²⟩
 *
 * for each component x, y, z and each kind of atom. Only the last frames, as many as there are lags, are kept. Origins are
 * gathered in blocks of successive ones, whose spread gives errors; blocks merge in pairs when there are twice as many as
 * wanted, so that the length of the run need not be known.
 */
export interface TimeCorrelationOptions {
  readonly kind: "product" | "squared difference";
  /** Longest time, in frames. */
  readonly lags: number;
  /** Every how many frames an origin is taken. */
  readonly originEvery: number;
  /** Blocks: this many to twice as many. */
  readonly blocks: number;
  /** Kind of each atom from 0, [atom]. */
  readonly kinds: ArrayLike<number>;
}

/** Sums over the origins of a block. */
export interface CorrelationBlock {
  /** [lag, kind, xyz]: mean over the atoms of the kind, summed over origins. */
  readonly sums: Float64Array;
  /** Origins that reached each lag, [lag]. */
  readonly origins: Float64Array;
}

interface Origin {
  readonly frame: number;
  readonly values: Float64Array;
}

export class TimeCorrelation {
  readonly #options: TimeCorrelationOptions;
  readonly #kindCount: number;
  /** 1/atoms of the kind, [atom] */
  readonly #share: Float64Array;
  #origins: Origin[] = [];
  #blocks: CorrelationBlock[] = [];
  /** Origins per block. */
  #blockLength = 1;
  #frames = 0;

  constructor(options: TimeCorrelationOptions) {
    this.#options = options;
    const kinds = Array.from(options.kinds);
    this.#kindCount = kinds.reduce((most, kind) => Math.max(most, kind + 1), 0);
    const counts = Array.from({ length: this.#kindCount }, (_, kind) => kinds.filter((k) => k === kind).length);
    this.#share = Float64Array.from(kinds, (kind) => 1 / counts[kind]);
  }

  get frames(): number {
    return this.#frames;
  }

  /** The next frame, [atom, xyz]; it is kept, not copied. */
  add(values: Float64Array): void {
    const { lags, originEvery } = this.#options;
    const frame = this.#frames++;
    this.#origins = this.#origins.filter((origin) => frame - origin.frame <= lags);
    if (frame % originEvery === 0) this.#origins.push({ frame, values });
    for (const origin of this.#origins) this.#correlate(origin, { frame, values });
  }

  #correlate(origin: Origin, now: Origin): void {
    const lag = now.frame - origin.frame;
    const block = this.#blockOf(origin.frame / this.#options.originEvery);
    block.origins[lag]++;
    const { kinds, kind } = this.#options;
    const product = kind === "product";
    const [a, b] = [origin.values, now.values];
    for (let i = 0; i < kinds.length; i++) {
      const at = 3 * (lag * this.#kindCount + kinds[i]);
      const share = this.#share[i];
      for (let x = 0; x < 3; x++) {
        const [before, after] = [a[3 * i + x], b[3 * i + x]];
        block.sums[at + x] += share * (product ? before * after : (after - before) ** 2);
      }
    }
  }

  #blockOf(origin: number): CorrelationBlock {
    if (origin >= 2 * this.#options.blocks * this.#blockLength) this.#mergeNeighbors();
    const index = Math.floor(origin / this.#blockLength);
    const lags = this.#options.lags + 1;
    this.#blocks[index] ??= {
      sums: new Float64Array(3 * lags * this.#kindCount),
      origins: new Float64Array(lags),
    };
    return this.#blocks[index];
  }

  #mergeNeighbors(): void {
    const half = Math.ceil(this.#blocks.length / 2);
    this.#blocks = Array.from({ length: half }, (_, k) => together(this.#blocks.slice(2 * k, 2 * k + 2)));
    this.#blockLength *= 2;
  }

  get blocks(): readonly CorrelationBlock[] {
    return this.#blocks;
  }
}

/** The sums of several blocks. */
export function together(blocks: readonly CorrelationBlock[]): CorrelationBlock {
  const sums = new Float64Array(blocks[0].sums.length);
  const origins = new Float64Array(blocks[0].origins.length);
  for (const block of blocks) {
    block.sums.forEach((x, k) => {
      sums[k] += x;
    });
    block.origins.forEach((x, k) => {
      origins[k] += x;
    });
  }
  return { sums, origins };
}

/** The blocks for errors: those with at least half as many origins at the longest lag as the fullest, not one just begun. */
export function fullBlocks(blocks: readonly CorrelationBlock[], lags: number): readonly CorrelationBlock[] {
  const most = blocks.reduce((n, block) => Math.max(n, block.origins[lags]), 0);
  return blocks.filter((block) => block.origins[lags] > 0 && block.origins[lags] >= 0.5 * most);
}
