/** Distribution of the angles between neighbours, for each centre and each pair of neighbours' elements. */
import { InputError } from "../errors/index.js";
import type { Structure } from "../structure/index.js";
import { BlockSums } from "./block-sums.js";
import type { SeriesEstimate } from "./estimates.js";
import { Atoms, type Cutoffs, CutoffTable, noFrames } from "./frames.js";
import { type Neighbor, neighborhoods } from "./neighborhood.js";

export interface AngleDistributionOptions {
  readonly cutoffs: Cutoffs;
  /** From 0° to 180°. Default 180. */
  readonly bins?: number;
  /** Blocks for the errors: this many to twice as many. Default 10. */
  readonly blocks?: number;
}

export interface TripletDistribution {
  /** Atomic numbers; the angle is at the centre. */
  readonly center: number;
  readonly neighbors: readonly [number, number];
  /** Angles per centre in each bin, [bin]; their sum is the mean number of such pairs of neighbours. */
  readonly perCenter: SeriesEstimate;
  /** Its integral over degrees is 1; 0 everywhere where there are no such angles. 1/degree, [bin] */
  readonly density: Float64Array;
}

export interface AngleDistributionResult {
  /** Centres of the bins, [bin]. */
  readonly angle: Float64Array;
  readonly total: Pick<TripletDistribution, "perCenter" | "density">;
  readonly triplets: readonly TripletDistribution[];
  readonly frames: number;
  readonly units: { readonly angle: "degree"; readonly density: "1/degree"; readonly perCenter: "1" };
}

export class AngleDistribution {
  readonly #cutoffs: CutoffTable;
  readonly #bins: number;
  readonly #blocks: number | undefined;
  #atoms: Atoms | undefined;
  /** [center, pair of neighbours, bin], then all together */
  #sums: BlockSums | undefined;

  constructor(options: AngleDistributionOptions) {
    const { bins = 180 } = options;
    if (!(Number.isInteger(bins) && bins > 0))
      throw new InputError({
        code: "bad-range",
        problem: `The angle distribution is to have ${bins} bins.`,
        expected: "A whole number above 0.",
        remedy: "Correct the bins.",
      });
    this.#cutoffs = new CutoffTable(options.cutoffs);
    this.#bins = bins;
    this.#blocks = options.blocks;
  }

  /** Throws InputError (`changed-atoms`, `bad-cutoff`, and those of the neighbour list). */
  add(structure: Structure): void {
    this.#atoms ??= new Atoms(structure);
    this.#atoms.check(structure);
    const { elements, kinds, counts } = this.#atoms;
    const groups = elements.length * pairCount(elements.length);
    this.#sums ??= new BlockSums((groups + 1) * this.#bins, this.#blocks);
    const sample = new Float64Array((groups + 1) * this.#bins);
    neighborhoods(structure, this.#cutoffs).forEach((neighbors, i) => {
      const first = kinds[i] * pairCount(elements.length);
      this.#count(sample, neighbors, { first, share: 1 / counts[kinds[i]], groups });
    });
    this.#sums.add(sample);
  }

  #count(
    sample: Float64Array,
    neighbors: readonly Neighbor[],
    about: { first: number; share: number; groups: number },
  ): void {
    const { kinds } = this.#atoms as Atoms;
    for (let q = 1; q < neighbors.length; q++)
      for (let p = 0; p < q; p++) {
        const bin = this.#binOf(neighbors[p].direction, neighbors[q].direction);
        const pair = pairIndex(kinds[neighbors[p].atom], kinds[neighbors[q].atom]);
        sample[(about.first + pair) * this.#bins + bin] += about.share;
        sample[about.groups * this.#bins + bin] += 1 / kinds.length;
      }
  }

  #binOf(a: readonly number[], b: readonly number[]): number {
    const cosine = a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
    const angle = Math.acos(Math.min(1, Math.max(-1, cosine)));
    return Math.min(this.#bins - 1, Math.floor((angle / Math.PI) * this.#bins));
  }

  /** Throws InputError (`no-frames`). */
  result(): AngleDistributionResult {
    if (this.#atoms === undefined || this.#sums === undefined) throw noFrames();
    const { elements } = this.#atoms;
    const sums = this.#sums.result();
    const pairs = elements.flatMap((b, j) => elements.slice(0, j + 1).map((a) => [a, b] as const));
    return {
      angle: Float64Array.from({ length: this.#bins }, (_, bin) => ((bin + 0.5) * 180) / this.#bins),
      total: this.#curves(sums, elements.length * pairs.length),
      triplets: elements.flatMap((center, c) =>
        pairs.map((neighbors, k) => ({ center, neighbors, ...this.#curves(sums, c * pairs.length + k) })),
      ),
      frames: sums.samples,
      units: { angle: "degree", density: "1/degree", perCenter: "1" },
    };
  }

  #curves(sums: SeriesEstimate, group: number): Pick<TripletDistribution, "perCenter" | "density"> {
    const [from, to] = [group * this.#bins, (group + 1) * this.#bins];
    const values = sums.values.slice(from, to);
    const all = values.reduce((sum, x) => sum + x, 0);
    const width = 180 / this.#bins;
    return {
      perCenter: { values, errors: sums.errors?.slice(from, to), samples: sums.samples },
      density: values.map((x) => (all === 0 ? 0 : x / (all * width))),
    };
  }
}

/** Unordered pairs of kinds a ≤ b, in the order (0,0) (0,1) (1,1) (0,2) … */
const pairCount = (kinds: number): number => (kinds * (kinds + 1)) / 2;
const pairIndex = (a: number, b: number): number => (a < b ? (b * (b + 1)) / 2 + a : (a * (a + 1)) / 2 + b);
