/**
 * Static structure factor.
 *
 *   S(q) = |Σ_j b_j exp(i q·r_j)|² / Σ_j b_j²,   q = 2π (h a* + k b* + l c*)
 *
 * over the vectors of the reciprocal lattice, mean over those whose length falls into a bin; or, for an isotropic system, from
 * g(r) by S(q) = 1 + 4πρ ∫ r² (g − 1) sin(qr)/(qr) dr with Lorch's window (1969, doi:10.1088/0022-3719/2/2/305).
 */
import { InputError } from "../errors/index.js";
import { inverseCell, type Structure } from "../structure/index.js";
import { BlockSums } from "./block-sums.js";
import type { SeriesEstimate } from "./estimates.js";
import { Atoms, noFrames } from "./frames.js";

export interface StructureFactorOptions {
  /** Longest q, 1/Å. */
  readonly longest: number;
  /** Default: as many as make bins of about 0.1/Å. */
  readonly bins?: number;
  /** Vectors per bin; where there are more, evenly chosen ones stand for all. Default 200. */
  readonly vectorsPerBin?: number;
  /** b of each element, by atomic number (scattering lengths, form factors). Default 1. */
  readonly weights?: Readonly<Record<number, number>>;
  /** Blocks for the errors: this many to twice as many. Default 10. */
  readonly blocks?: number;
}

export interface StructureFactorResult {
  /** Mean length of the vectors in each bin that has any, 1/Å, [bin] */
  readonly q: Float64Array;
  /** [bin] */
  readonly s: SeriesEstimate;
  /** Vectors behind each value, ±q counted once, [bin] */
  readonly vectors: Int32Array;
  readonly frames: number;
  readonly units: { readonly q: "1/Å"; readonly s: "1" };
}

interface Vectors {
  /** h k l, [vector, 3] */
  readonly indices: Int32Array;
  /** [vector] */
  readonly bins: Int32Array;
}

export class StructureFactor {
  readonly #options: StructureFactorOptions;
  readonly #bins: number;
  #atoms: Atoms | undefined;
  #vectors: Vectors | undefined;
  #used: { q: Float64Array; vectors: Int32Array; bins: Int32Array } | undefined;
  #sums: BlockSums | undefined;

  constructor(options: StructureFactorOptions) {
    const { longest, bins = Math.max(1, Math.round(longest / 0.1)) } = options;
    if (!(longest > 0 && Number.isFinite(longest) && Number.isInteger(bins) && bins > 0))
      throw new InputError({
        code: "bad-range",
        problem: `The structure factor is to have ${bins} bins up to ${longest}/Å.`,
        expected: "A finite number above 0, and a whole number of bins.",
        remedy: "Correct the range or the bins.",
      });
    this.#options = options;
    this.#bins = bins;
  }

  /** The vectors are those of the first frame's cell, and follow it. Throws InputError (`changed-atoms`, `not-periodic`). */
  add(structure: Structure): void {
    const { cell } = structure;
    if (cell === undefined || !structure.periodic.every(Boolean))
      throw new InputError({
        code: "not-periodic",
        problem: "The structure factor is a sum over the reciprocal lattice, and this structure has none.",
        remedy: "Measure a structure that repeats in three directions.",
      });
    this.#atoms ??= new Atoms(structure);
    this.#atoms.check(structure);
    const vectors = this.#choose(cell);
    this.#sums ??= new BlockSums(this.#used?.q.length ?? 0, this.#options.blocks);
    this.#sums.add(this.#intensities(structure, vectors));
  }

  #choose(cell: Float64Array): Vectors {
    if (this.#vectors !== undefined) return this.#vectors;
    const { longest, vectorsPerBin = 200 } = this.#options;
    const groups: { hkl: [number, number, number]; q: number }[][] = Array.from({ length: this.#bins }, () => []);
    for (const found of reciprocalVectors(cell, longest))
      groups[Math.min(this.#bins - 1, Math.floor((found.q / longest) * this.#bins))].push(found);
    const chosen = groups
      .filter((group) => group.length > 0)
      .map((group) => {
        const step = Math.max(1, group.length / vectorsPerBin);
        return Array.from({ length: Math.min(group.length, vectorsPerBin) }, (_, k) => group[Math.floor(k * step)]);
      });
    this.#used = {
      q: Float64Array.from(chosen, (group) => group.reduce((sum, { q }) => sum + q, 0) / group.length),
      vectors: Int32Array.from(chosen, (group) => group.length),
      bins: Int32Array.from(chosen.flatMap((group, bin) => group.map(() => bin))),
    };
    this.#vectors = {
      indices: Int32Array.from(chosen.flat().flatMap(({ hkl }) => hkl)),
      bins: this.#used.bins,
    };
    return this.#vectors;
  }

  #intensities(structure: Structure, { indices, bins }: Vectors): Float64Array {
    const { species, positions } = structure;
    const { weights = {} } = this.#options;
    const b = Float64Array.from(species, (z) => weights[z] ?? 1);
    const norm = b.reduce((sum, x) => sum + x * x, 0);
    const phases = new Phases(positions, inverseCell(structure.cell as Float64Array), indices);
    const used = this.#used as { q: Float64Array; vectors: Int32Array };
    const result = new Float64Array(used.q.length);
    bins.forEach((bin, v) => {
      const [re, im] = phases.sum(indices.subarray(3 * v, 3 * v + 3), b);
      result[bin] += (re * re + im * im) / (norm * used.vectors[bin]);
    });
    return result;
  }

  /** Throws InputError (`no-frames`). */
  result(): StructureFactorResult {
    if (this.#sums === undefined || this.#used === undefined) throw noFrames();
    const s = this.#sums.result();
    const { q, vectors } = this.#used;
    return { q, s, vectors, frames: s.samples, units: { q: "1/Å", s: "1" } };
  }
}

/** One of each pair ±q, but 0, up to a length. */
function reciprocalVectors(cell: Float64Array, longest: number): { hkl: [number, number, number]; q: number }[] {
  const inverse = inverseCell(cell);
  const most = [0, 3, 6].map((k) =>
    Math.floor((longest * Math.hypot(cell[k], cell[k + 1], cell[k + 2])) / (2 * Math.PI)),
  );
  const found: { hkl: [number, number, number]; q: number }[] = [];
  for (let h = 0; h <= most[0]; h++)
    for (let k = h === 0 ? 0 : -most[1]; k <= most[1]; k++)
      for (let l = h === 0 && k === 0 ? 1 : -most[2]; l <= most[2]; l++) {
        const along = (x: number): number => inverse[3 * x] * h + inverse[3 * x + 1] * k + inverse[3 * x + 2] * l;
        const q = 2 * Math.PI * Math.hypot(along(0), along(1), along(2));
        if (q <= longest) found.push({ hkl: [h, k, l], q });
      }
  return found;
}

/** exp(2πi h f) for each atom and each whole h that occurs, so that a vector costs two products and no sine. */
class Phases {
  readonly #atoms: number;
  readonly #most: number[];
  /** [direction][h + most, atom] */
  readonly #re: Float64Array[];
  readonly #im: Float64Array[];

  constructor(positions: Float64Array, inverse: Float64Array, indices: Int32Array) {
    this.#atoms = positions.length / 3;
    this.#most = [0, 1, 2].map((d) =>
      indices.reduce((most, h, k) => (k % 3 === d ? Math.max(most, Math.abs(h)) : most), 0),
    );
    const tables = [0, 1, 2].map((d) => this.#table(positions, inverse, d));
    this.#re = tables.map((table) => table.re);
    this.#im = tables.map((table) => table.im);
  }

  #table(positions: Float64Array, inverse: Float64Array, d: number): { re: Float64Array; im: Float64Array } {
    const n = this.#atoms;
    const rows = 2 * this.#most[d] + 1;
    const [re, im] = [new Float64Array(rows * n), new Float64Array(rows * n)];
    for (let i = 0; i < n; i++) {
      const f =
        positions[3 * i] * inverse[d] + positions[3 * i + 1] * inverse[3 + d] + positions[3 * i + 2] * inverse[6 + d];
      for (let row = 0; row < rows; row++) {
        const angle = 2 * Math.PI * (row - this.#most[d]) * f;
        re[row * n + i] = Math.cos(angle);
        im[row * n + i] = Math.sin(angle);
      }
    }
    return { re, im };
  }

  /** Σ b exp(i q·r), real and imaginary. */
  sum(hkl: Int32Array, b: Float64Array): [number, number] {
    const n = this.#atoms;
    const at = [0, 1, 2].map((d) => (hkl[d] + this.#most[d]) * n);
    const [re, im] = [this.#re, this.#im];
    let [sumRe, sumIm] = [0, 0];
    for (let i = 0; i < n; i++) {
      const [xr, xi] = [re[0][at[0] + i], im[0][at[0] + i]];
      const [yr, yi] = [re[1][at[1] + i], im[1][at[1] + i]];
      const [zr, zi] = [re[2][at[2] + i], im[2][at[2] + i]];
      const [pr, pi] = [xr * yr - xi * yi, xr * yi + xi * yr];
      sumRe += b[i] * (pr * zr - pi * zi);
      sumIm += b[i] * (pr * zi + pi * zr);
    }
    return [sumRe, sumIm];
  }
}

/** S(q) from g at the centres of equal bins. Density in atoms per Å³; q in 1/Å, above 0. */
export function structureFactorFromRadial(
  of: { readonly r: Float64Array; readonly g: Float64Array; readonly density: number },
  options: { readonly q: ArrayLike<number>; readonly window?: "lorch" | "none" },
): Float64Array {
  const { r, g, density } = of;
  const { q, window = "lorch" } = options;
  const width = r.length > 1 ? r[1] - r[0] : 2 * r[0];
  const end = r[r.length - 1] + width / 2;
  const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(x) / x);
  return Float64Array.from(q, (each) => {
    let sum = 0;
    for (let k = 0; k < r.length; k++) {
      const damping = window === "lorch" ? sinc((Math.PI * r[k]) / end) : 1;
      sum += r[k] * r[k] * (g[k] - 1) * sinc(each * r[k]) * damping;
    }
    return 1 + 4 * Math.PI * density * width * sum;
  });
}
