/**
 * Radial distribution functions, total and partial, from frames that come one at a time.
 *
 *   g_AB(r) = V/(N_A N_B) · pairs of A with B in the shell / volume of the shell
 *   n_AB(r) = atoms B within r of an atom A
 *   g(r)    = the same over all atoms, whatever their element
 *
 * All images count, so r may go to any value in any cell, and the volume is that of each frame. An ideal gas of N atoms has
 * g = 1 − 1/N where no image is within reach.
 */
import { InputError } from "../errors/index.js";
import { neighborList } from "../neighbors/index.js";
import type { Structure } from "../structure/index.js";
import { BlockSums } from "./block-sums.js";
import type { SeriesEstimate } from "./estimates.js";
import { Atoms, noFrames, volumeOf } from "./frames.js";

export interface RadialDistributionOptions {
  /** Largest distance, Å. */
  readonly cutoff: number;
  /** Default: as many as make bins of about 0.05 Å. */
  readonly bins?: number;
  /** Å³, for what does not repeat in three directions. */
  readonly volume?: number;
  /** Blocks for the errors: this many to twice as many. Default 10. */
  readonly blocks?: number;
}

export interface PartialDistribution {
  /** Atomic numbers. */
  readonly center: number;
  readonly neighbor: number;
  /** [bin] */
  readonly g: SeriesEstimate;
  /** Neighbours of a centre up to the bin's outer edge, [bin]. */
  readonly coordination: SeriesEstimate;
}

export interface RadialDistributionResult {
  /** Centres of the bins, and their outer edges, [bin]. */
  readonly r: Float64Array;
  readonly edges: Float64Array;
  readonly total: Pick<PartialDistribution, "g" | "coordination">;
  /** Every ordered pair of elements: g is symmetric, the coordination is not. */
  readonly partial: readonly PartialDistribution[];
  /** Atoms per Å³, mean over frames. */
  readonly density: number;
  readonly frames: number;
  readonly units: { readonly r: "Å"; readonly density: "1/Å³"; readonly g: "1"; readonly coordination: "1" };
}

/** g is symmetric: each pair of elements once. */
export const uniquePairs = ({ partial }: RadialDistributionResult): PartialDistribution[] =>
  partial.filter(({ center, neighbor }) => center <= neighbor);

export class RadialDistribution {
  readonly #options: RadialDistributionOptions;
  readonly #bins: number;
  #atoms: Atoms | undefined;
  /** Counts of each ordered pair of elements times V/(N_A N_B), then counts per centre; [kind A, kind B, bin] each. */
  #sums: BlockSums | undefined;
  #density = 0;

  constructor(options: RadialDistributionOptions) {
    const { cutoff, bins = Math.max(1, Math.round(cutoff / 0.05)) } = options;
    if (!(cutoff > 0 && Number.isFinite(cutoff) && Number.isInteger(bins) && bins > 0))
      throw new InputError({
        code: "bad-range",
        problem: `The radial distribution is to have ${bins} bins up to ${cutoff} Å.`,
        expected: "A finite length above 0, and a whole number of bins.",
        remedy: "Correct the cutoff or the bins.",
      });
    this.#options = options;
    this.#bins = bins;
  }

  /** Throws InputError (`changed-atoms`, `no-volume`, and those of the neighbour list). */
  add(structure: Structure): void {
    this.#atoms ??= new Atoms(structure);
    this.#atoms.check(structure);
    const kinds = this.#atoms.elements.length;
    this.#sums ??= new BlockSums(2 * (kinds * kinds + 1) * this.#bins, this.#options.blocks);
    const v = volumeOf(structure, this.#options.volume);
    this.#density += structure.species.length / v;
    this.#sums.add(this.#normalized(this.#count(structure, this.#atoms), v));
  }

  /** Ordered pairs by kinds and bin, [kind A, kind B, bin]. */
  #count(structure: Structure, { kinds, elements }: Atoms): Float64Array {
    const { cutoff } = this.#options;
    const { offsets, indices, vectors } = neighborList(structure, cutoff);
    const counts = new Float64Array(elements.length ** 2 * this.#bins);
    const perLength = this.#bins / cutoff;
    for (let i = 0; i < kinds.length; i++)
      for (let p = offsets[i]; p < offsets[i + 1]; p++) {
        const r = Math.sqrt(vectors[3 * p] ** 2 + vectors[3 * p + 1] ** 2 + vectors[3 * p + 2] ** 2);
        const bin = Math.min(this.#bins - 1, Math.floor(r * perLength));
        counts[(kinds[i] * elements.length + kinds[indices[p]]) * this.#bins + bin]++;
      }
    return counts;
  }

  /** For each pair of elements, and at the end for all: g in its bins, then the running coordination. */
  #normalized(counts: Float64Array, v: number): Float64Array {
    const atoms = this.#atoms as Atoms;
    const bins = this.#bins;
    const pairs = counts.length / bins;
    const result = new Float64Array(2 * (pairs + 1) * bins);
    const all = new Float64Array(bins);
    for (let pair = 0; pair < pairs; pair++) {
      const part = counts.subarray(pair * bins, (pair + 1) * bins);
      part.forEach((count, bin) => {
        all[bin] += count;
      });
      const centers = atoms.counts[Math.floor(pair / atoms.elements.length)];
      const neighbors = atoms.counts[pair % atoms.elements.length];
      this.#fill(result, { at: pair, counts: part, centers, density: neighbors / v });
    }
    const n = atoms.kinds.length;
    this.#fill(result, { at: pairs, counts: all, centers: n, density: n / v });
    return result;
  }

  #fill(result: Float64Array, about: { at: number; counts: Float64Array; centers: number; density: number }): void {
    const { at, counts, centers, density } = about;
    const bins = this.#bins;
    const width = this.#options.cutoff / bins;
    let within = 0;
    for (let bin = 0; bin < bins; bin++) {
      const shell = (4 / 3) * Math.PI * width ** 3 * ((bin + 1) ** 3 - bin ** 3);
      within += counts[bin] / centers;
      result[2 * at * bins + bin] = counts[bin] / (centers * density * shell);
      result[(2 * at + 1) * bins + bin] = within;
    }
  }

  /** Throws InputError (`no-frames`). */
  result(): RadialDistributionResult {
    if (this.#atoms === undefined || this.#sums === undefined) throw noFrames();
    const { elements } = this.#atoms;
    const bins = this.#bins;
    const width = this.#options.cutoff / bins;
    const sums = this.#sums.result();
    const part = (index: number): SeriesEstimate => ({
      values: sums.values.slice(index * bins, (index + 1) * bins),
      errors: sums.errors?.slice(index * bins, (index + 1) * bins),
      samples: sums.samples,
    });
    const curves = (pair: number) => ({ g: part(2 * pair), coordination: part(2 * pair + 1) });
    return {
      r: Float64Array.from({ length: bins }, (_, bin) => (bin + 0.5) * width),
      edges: Float64Array.from({ length: bins }, (_, bin) => (bin + 1) * width),
      total: curves(elements.length ** 2),
      partial: elements.flatMap((center, a) =>
        elements.map((neighbor, b) => ({ center, neighbor, ...curves(a * elements.length + b) })),
      ),
      density: this.#density / sums.samples,
      frames: sums.samples,
      units: { r: "Å", density: "1/Å³", g: "1", coordination: "1" },
    };
  }
}
