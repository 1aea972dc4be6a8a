/**
 * Lindemann's index: the relative fluctuation of distances, mean over pairs of atoms. A solid has a few per cent, a liquid
 * 0.2 and more; melting lies at about 0.1 (Lindemann 1910; in this form Etters and Kaelberer 1977,
 * doi:10.1063/1.433926).
 *
 *   δ = 1/pairs · Σ_{i<j} √(⟨r²⟩ − ⟨r⟩²)/⟨r⟩
 *
 * Over all pairs where nothing repeats (a cluster), else over the pairs that are neighbours in the first frame.
 */
import { InputError } from "../errors/index.js";
import { neighborList } from "../neighbors/index.js";
import type { Structure } from "../structure/index.js";
import { Atoms, noFrames } from "./frames.js";
import { Unwrapping } from "./unwrapping.js";

export interface LindemannOptions {
  /** Which pairs count in a structure that repeats: those closer than this in the first frame, Å. */
  readonly cutoff?: number;
}

export interface LindemannResult {
  readonly index: number;
  /** Mean over the pairs of each atom, [atom]; 0 for atoms without pairs. */
  readonly perAtom: Float64Array;
  readonly pairs: number;
  readonly frames: number;
}

interface Pairs {
  readonly first: Int32Array;
  readonly second: Int32Array;
  /** Which image of the second: its vector in the first frame less the difference of unwrapped positions, [pair, xyz], Å. */
  readonly offset: Float64Array;
}

export class Lindemann {
  readonly #cutoff: number | undefined;
  readonly #unwrapping = new Unwrapping();
  #atoms: Atoms | undefined;
  #pairs: Pairs | undefined;
  /** Welford's running mean and sum of squares, [pair]. */
  #mean = new Float64Array(0);
  #squares = new Float64Array(0);
  #frames = 0;

  constructor(options: LindemannOptions = {}) {
    this.#cutoff = options.cutoff;
  }

  /** Throws InputError (`changed-atoms`, `bad-cutoff`). The cell is taken not to change. */
  add(structure: Structure): void {
    this.#atoms ??= new Atoms(structure);
    this.#atoms.check(structure);
    const positions = this.#unwrapping.next(structure);
    this.#pairs ??= this.#choose(structure, positions);
    const { first, second, offset } = this.#pairs;
    this.#frames++;
    for (let p = 0; p < first.length; p++) {
      const [i, j] = [3 * first[p], 3 * second[p]];
      const x = positions[j] - positions[i] + offset[3 * p];
      const y = positions[j + 1] - positions[i + 1] + offset[3 * p + 1];
      const z = positions[j + 2] - positions[i + 2] + offset[3 * p + 2];
      const r = Math.sqrt(x * x + y * y + z * z);
      const before = r - this.#mean[p];
      this.#mean[p] += before / this.#frames;
      this.#squares[p] += before * (r - this.#mean[p]);
    }
  }

  #choose(structure: Structure, positions: Float64Array): Pairs {
    const pairs = structure.periodic.some(Boolean) ? this.#neighbors(structure, positions) : allPairs(structure);
    this.#mean = new Float64Array(pairs.first.length);
    this.#squares = new Float64Array(pairs.first.length);
    return pairs;
  }

  #neighbors(structure: Structure, positions: Float64Array): Pairs {
    if (this.#cutoff === undefined)
      throw new InputError({
        code: "bad-cutoff",
        problem: "Lindemann's index of a structure that repeats needs a cutoff.",
        remedy: "Take the first minimum of the radial distribution function.",
      });
    const { offsets, indices, vectors } = neighborList(structure, this.#cutoff);
    const [first, second, offset]: [number[], number[], number[]] = [[], [], []];
    for (let i = 0; i + 1 < offsets.length; i++)
      for (let p = offsets[i]; p < offsets[i + 1]; p++) {
        const j = indices[p];
        // Of the two directions one; an atom's own image never comes nearer.
        if (j <= i) continue;
        first.push(i);
        second.push(j);
        for (let x = 0; x < 3; x++) offset.push(vectors[3 * p + x] - (positions[3 * j + x] - positions[3 * i + x]));
      }
    return { first: Int32Array.from(first), second: Int32Array.from(second), offset: Float64Array.from(offset) };
  }

  /** Throws InputError (`no-frames`). */
  result(): LindemannResult {
    if (this.#pairs === undefined || this.#atoms === undefined) throw noFrames();
    const { first, second } = this.#pairs;
    const perAtom = new Float64Array(this.#atoms.kinds.length);
    const count = new Int32Array(perAtom.length);
    let sum = 0;
    for (let p = 0; p < first.length; p++) {
      const relative = Math.sqrt(this.#squares[p] / this.#frames) / this.#mean[p];
      sum += relative;
      for (const i of [first[p], second[p]]) {
        perAtom[i] += relative;
        count[i]++;
      }
    }
    return {
      index: first.length === 0 ? 0 : sum / first.length,
      perAtom: perAtom.map((x, i) => (count[i] === 0 ? 0 : x / count[i])),
      pairs: first.length,
      frames: this.#frames,
    };
  }
}

function allPairs({ species }: Structure): Pairs {
  const n = species.length;
  const count = (n * (n - 1)) / 2;
  const [first, second] = [new Int32Array(count), new Int32Array(count)];
  let p = 0;
  for (let i = 0; i < n; i++)
    for (let j = i + 1; j < n; j++) {
      first[p] = i;
      second[p++] = j;
    }
  return { first, second, offset: new Float64Array(3 * count) };
}
