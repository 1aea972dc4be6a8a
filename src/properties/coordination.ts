/** How many neighbours atoms have: mean numbers and their distribution. */
import type { Structure } from "../structure/index.js";
import { BlockSums } from "./block-sums.js";
import type { Estimate, SeriesEstimate } from "./estimates.js";
import { Atoms, type Cutoffs, CutoffTable, noFrames } from "./frames.js";
import { neighborhoods } from "./neighborhood.js";

export interface CoordinationOptions {
  readonly cutoffs: Cutoffs;
  /** Larger numbers of neighbours count as this one. Default 40. */
  readonly most?: number;
  /** Blocks for the errors: this many to twice as many. Default 10. */
  readonly blocks?: number;
}

export interface CoordinationOf {
  /** Atomic numbers; undefined for neighbours of any element. */
  readonly center: number;
  readonly neighbor: number | undefined;
  readonly mean: Estimate;
  /** Share of centres with 0, 1, 2, … neighbours, [number]. */
  readonly distribution: SeriesEstimate;
}

export interface CoordinationResult {
  readonly coordination: readonly CoordinationOf[];
  readonly frames: number;
}

/** Neighbours of each atom within its cutoffs, [atom]. */
export function coordinationNumbers(structure: Structure, cutoffs: Cutoffs): Int32Array {
  return Int32Array.from(neighborhoods(structure, new CutoffTable(cutoffs)), (neighbors) => neighbors.length);
}

export class Coordination {
  readonly #cutoffs: CutoffTable;
  readonly #most: number;
  readonly #blocks: number | undefined;
  #atoms: Atoms | undefined;
  /** [center, neighbour's kind or any, mean and shares] */
  #sums: BlockSums | undefined;

  constructor(options: CoordinationOptions) {
    this.#cutoffs = new CutoffTable(options.cutoffs);
    this.#most = options.most ?? 40;
    this.#blocks = options.blocks;
  }

  /** Throws InputError (`changed-atoms`, `bad-cutoff`, and those of the neighbour list). */
  add(structure: Structure): void {
    this.#atoms ??= new Atoms(structure);
    this.#atoms.check(structure);
    const { elements, kinds, counts } = this.#atoms;
    const length = elements.length * (elements.length + 1) * this.#width;
    this.#sums ??= new BlockSums(length, this.#blocks);
    const sample = new Float64Array(length);
    neighborhoods(structure, this.#cutoffs).forEach((neighbors, i) => {
      const found = new Int32Array(elements.length + 1);
      for (const { atom } of neighbors) found[kinds[atom]]++;
      found[elements.length] = neighbors.length;
      found.forEach((count, kind) => {
        const at = (kinds[i] * (elements.length + 1) + kind) * this.#width;
        sample[at] += count / counts[kinds[i]];
        sample[at + 1 + Math.min(count, this.#most)] += 1 / counts[kinds[i]];
      });
    });
    this.#sums.add(sample);
  }

  get #width(): number {
    return this.#most + 2;
  }

  /** Throws InputError (`no-frames`). */
  result(): CoordinationResult {
    if (this.#atoms === undefined || this.#sums === undefined) throw noFrames();
    const { values, errors, samples } = this.#sums.result();
    const neighbors = [...this.#atoms.elements, undefined];
    const coordination = this.#atoms.elements.flatMap((center, c) =>
      neighbors.map((neighbor, k) => {
        const at = (c * neighbors.length + k) * this.#width;
        const [from, to] = [at + 1, at + this.#width];
        return {
          ...{ center, neighbor, mean: { value: values[at], error: errors?.[at] } },
          distribution: { values: values.slice(from, to), errors: errors?.slice(from, to), samples },
        };
      }),
    );
    return { coordination, frames: samples };
  }
}
