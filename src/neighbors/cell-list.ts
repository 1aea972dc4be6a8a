/**
 * The neighbour list in a time proportional to the number of atoms (Quentrec and Brot 1973,
 * doi:10.1016/0021-9991(73)90046-6): each atom looks only into the bins that its cutoff sphere can touch.
 *
 * 1. The lattice is reduced and the atoms are sorted into bins (`bins.ts`).
 * 2. Each atom examines the bins within reach, images included. Whether a pair counts is decided by the expression of
 *    `geometry.ts`, from the positions as they were given; the binned copy only proposes.
 * 3. The pairs, found atom by atom, are counted out to the neighbours: as the list is its own mirror image, every
 *    atom's neighbours arrive in ascending order, and nothing needs to be sorted but images of the same neighbour.
 */
import { checkStructure, type Structure } from "../structure/index.js";
import { type Bins, sortIntoBins } from "./bins.js";
import { PairVector } from "./geometry.js";
import { checkCutoff, type NeighborList, type NeighborOptions } from "./neighbor-list.js";
import { PairBuffer } from "./pair-buffer.js";

/** All neighbours within `cutoff` (Å, exclusive), in the order that `NeighborList` promises. */
export function neighborList(structure: Structure, cutoff: number, options: NeighborOptions = {}): NeighborList {
  checkCutoff(cutoff);
  checkStructure(structure);
  const n = structure.species.length;
  if (n === 0) return emptyList(options);
  const search = new Search(structure, cutoff);
  for (let i = 0; i < n; i++) search.findNeighbors(i);
  const { offsets, indices, shifts } = mirrored(search.pairs, search.offsets);
  orderImages(indices, shifts, offsets);
  const vectors = vectorsOf(new PairVector(structure), { offsets, indices, shifts });
  return { offsets, indices, vectors, ...(options.shifts === true ? { shifts } : {}) };
}

function emptyList(options: NeighborOptions): NeighborList {
  const none = { offsets: new Int32Array(1), indices: new Int32Array(0), vectors: new Float64Array(0) };
  return options.shifts === true ? { ...none, shifts: new Int32Array(0) } : none;
}

class Search {
  readonly pairs: PairBuffer;
  readonly offsets: Int32Array;
  readonly #bins: Bins;
  readonly #vector: PairVector;
  readonly #periodic: Structure["periodic"];
  readonly #cutoffSquared: number;
  /** Square of a distance below which rounding cannot take a pair out of the cutoff, Å². */
  readonly #certain: number;
  /** Slot of each atom, [atom]. */
  readonly #slotOf: Int32Array;
  /** First and last bin to examine, counted through images, [direction]. */
  readonly #first = new Int32Array(3);
  readonly #last = new Int32Array(3);
  /** The image in which the examined bin lies, in reduced vectors, [direction]. */
  readonly #image = new Int32Array(3);
  /** Where the examined image lies as seen from atom i, Å: its translation minus r_i, [xyz]. */
  readonly #seen = new Float64Array(3);

  constructor(structure: Structure, cutoff: number) {
    const n = structure.species.length;
    this.#bins = sortIntoBins(structure, cutoff);
    this.#vector = new PairVector(structure);
    this.#periodic = structure.periodic;
    this.#cutoffSquared = cutoff * cutoff;
    this.#certain = Math.max(0, 2 * cutoff - this.#bins.cutoff) ** 2;
    this.#slotOf = new Int32Array(n);
    for (let slot = 0; slot < n; slot++) this.#slotOf[this.#bins.atoms[slot]!] = slot;
    this.offsets = new Int32Array(n + 1);
    this.pairs = new PairBuffer(32 * n);
  }

  /** Appends the neighbours of atom i, in the order of the bins. */
  findNeighbors(i: number): void {
    const counts = this.#bins.counts;
    this.#setRange(i);
    for (let b0 = this.#first[0]!; b0 <= this.#last[0]!; b0++) {
      const m0 = Math.floor(b0 / counts[0]);
      this.#image[0] = m0;
      const row = (b0 - m0 * counts[0]) * counts[1];
      for (let b1 = this.#first[1]!; b1 <= this.#last[1]!; b1++) {
        const m1 = Math.floor(b1 / counts[1]);
        this.#image[1] = m1;
        this.#examineLine(i, (row + b1 - m1 * counts[1]) * counts[2]);
      }
    }
    this.offsets[i + 1] = this.pairs.count;
  }

  #setRange(i: number): void {
    const { counts, coordinates, reach } = this.#bins;
    for (let d = 0; d < 3; d++) {
      const low = Math.floor(coordinates[3 * i + d]! - reach[d]!);
      const high = Math.floor(coordinates[3 * i + d]! + reach[d]!);
      this.#first[d] = this.#periodic[d] ? low : Math.max(0, low);
      this.#last[d] = this.#periodic[d] ? high : Math.min(counts[d]! - 1, high);
    }
  }

  /**
   * Examines the bins along the third direction, the first of which in its own image is `line`. Those of one image
   * follow one another in memory and are taken at once.
   */
  #examineLine(i: number, line: number): void {
    const { counts, starts } = this.#bins;
    const count = counts[2];
    const last = this.#last[2]!;
    for (let b = this.#first[2]!; b <= last; ) {
      const image = Math.floor(b / count);
      const end = Math.min(last, (image + 1) * count - 1);
      const from = starts[line + b - image * count]!;
      const to = starts[line + end - image * count + 1]!;
      this.#image[2] = image;
      if (from < to) this.#examine(i, from, to);
      b = end + 1;
    }
  }

  /** Examines the slots of one image, `from` up to, not including, `to`. */
  #examine(i: number, from: number, to: number): void {
    const { slotPositions, atoms, cutoff } = this.#bins;
    this.#look(i);
    const x = this.#seen[0]!;
    const y = this.#seen[1]!;
    const z = this.#seen[2]!;
    const outer = cutoff * cutoff;
    for (let slot = from; slot < to; slot++) {
      const dx = slotPositions[3 * slot]! + x;
      const dy = slotPositions[3 * slot + 1]! + y;
      const dz = slotPositions[3 * slot + 2]! + z;
      const squared = dx * dx + dy * dy + dz * dz;
      if (squared < outer) this.#admit(i, atoms[slot]!, squared > this.#certain);
    }
  }

  #look(i: number): void {
    const { frame, slotPositions } = this.#bins;
    const own = 3 * this.#slotOf[i]!;
    for (let x = 0; x < 3; x++) {
      const shift = this.#image[0]! * frame[x]! + this.#image[1]! * frame[3 + x]! + this.#image[2]! * frame[6 + x]!;
      this.#seen[x] = shift - slotPositions[own + x]!;
    }
  }

  /** Appends j in the image that is examined now; a pair so near the cutoff that rounding matters is looked at again. */
  #admit(i: number, j: number, doubtful: boolean): void {
    const { transform, turns } = this.#bins;
    const r0 = this.#image[0]! - turns[3 * j]! + turns[3 * i]!;
    const r1 = this.#image[1]! - turns[3 * j + 1]! + turns[3 * i + 1]!;
    const r2 = this.#image[2]! - turns[3 * j + 2]! + turns[3 * i + 2]!;
    if (i === j && r0 === 0 && r1 === 0 && r2 === 0) return;
    const pairs = this.pairs;
    pairs.reserve();
    const shifts = pairs.shifts;
    const at = 3 * pairs.count;
    shifts[at] = r0 * transform[0]! + r1 * transform[3]! + r2 * transform[6]!;
    shifts[at + 1] = r0 * transform[1]! + r1 * transform[4]! + r2 * transform[7]!;
    shifts[at + 2] = r0 * transform[2]! + r1 * transform[5]! + r2 * transform[8]!;
    if (doubtful && !this.#isWithin(i, j, at)) return;
    pairs.indices[pairs.count] = j;
    pairs.count++;
  }

  /** Whether the pair whose translation is at `at` is within the cutoff by the defining expression. */
  #isWithin(i: number, j: number, at: number): boolean {
    this.#vector.between(i, j);
    this.#vector.shift(this.pairs.shifts, at);
    return this.#vector.squaredLength < this.#cutoffSquared;
  }
}

interface Table {
  readonly offsets: Int32Array;
  readonly indices: Int32Array;
  readonly shifts: Int32Array;
}

/** The list read from the other side: (i, j, S) becomes (j, i, −S), by counting. */
function mirrored(pairs: PairBuffer, offsets: Int32Array): Table {
  const indices = new Int32Array(pairs.count);
  const shifts = new Int32Array(3 * pairs.count);
  // An atom is found by as many as it finds, so the offsets stay.
  const cursor = offsets.slice();
  for (let i = 0; i + 1 < offsets.length; i++) {
    for (let p = offsets[i]!; p < offsets[i + 1]!; p++) {
      const slot = cursor[pairs.indices[p]!]!++;
      indices[slot] = i;
      for (let d = 0; d < 3; d++) shifts[3 * slot + d] = -pairs.shifts[3 * p + d]!;
    }
  }
  return { offsets, indices, shifts };
}

/** Orders the images of the same neighbour by S; runs are short, and mostly of length one. */
function orderImages(indices: Int32Array, shifts: Int32Array, offsets: Int32Array): void {
  for (let i = 0; i + 1 < offsets.length; i++) {
    for (let p = offsets[i]! + 1; p < offsets[i + 1]!; p++) {
      for (let q = p; q > offsets[i]! && indices[q] === indices[q - 1] && precedes(shifts, q); q--) swap(shifts, q);
    }
  }
}

/** Whether the shift of pair q is lexicographically below that of pair q − 1. */
function precedes(shifts: Int32Array, q: number): boolean {
  for (let k = 3 * q; k < 3 * q + 3; k++) if (shifts[k] !== shifts[k - 3]) return shifts[k]! < shifts[k - 3]!;
  return false;
}

function swap(shifts: Int32Array, q: number): void {
  for (let k = 3 * q; k < 3 * q + 3; k++) {
    const held = shifts[k]!;
    shifts[k] = shifts[k - 3]!;
    shifts[k - 3] = held;
  }
}

function vectorsOf(vector: PairVector, table: Table): Float64Array {
  const { offsets, indices, shifts } = table;
  const vectors = new Float64Array(3 * indices.length);
  for (let i = 0; i + 1 < offsets.length; i++) {
    for (let p = offsets[i]!; p < offsets[i + 1]!; p++) {
      vector.between(i, indices[p]!);
      vector.shift(shifts, 3 * p);
      vectors[3 * p] = vector.x;
      vectors[3 * p + 1] = vector.y;
      vectors[3 * p + 2] = vector.z;
    }
  }
  return vectors;
}
