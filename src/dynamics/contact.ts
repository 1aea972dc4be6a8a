/** Atoms that are nearer to one another than a limit, found in a time proportional to their number. */
import {
  heights,
  type Periodic,
  periodicFrame,
  relativeVolume,
  toCartesian,
  toFractional,
} from "../structure/index.js";

export interface Contact {
  /** 0-based; the same twice for an atom and its own image. */
  readonly atoms: readonly [number, number];
  /** Å */
  readonly distance: number;
}

export interface Placed {
  /** [atom, xyz], Å, wrapped or not */
  readonly positions: Float64Array;
  readonly cell: Float64Array | undefined;
  readonly periodic: Periodic;
}

/** The atoms sorted into boxes along the cell's directions. */
interface Boxes {
  readonly counts: readonly number[];
  /** The limit in units of boxes, and a little more than rounding. */
  readonly reach: readonly number[];
  /** First atom of a box, next atom of the same box; −1 at the end. */
  readonly first: Int32Array;
  readonly next: Int32Array;
  /** Place of each atom in units of boxes, not taken into the first image, [atom, direction]. */
  readonly places: Float64Array;
}

/** The nearest pair below `limit` (Å), all images counted; undefined if there is none. Positions and cell must be finite. */
export function contactBelow(placed: Placed, limit: number): Contact | undefined {
  const frame = periodicFrame(placed.cell, placed.periodic);
  if (!(relativeVolume(frame) > 0)) return undefined;
  return new ContactSearch(intoCell(placed, frame), frame, limit).nearest();
}

/** With every atom in the cell, so that boxes are counted in small numbers however far an atom has flown. */
function intoCell(placed: Placed, frame: Float64Array): Placed {
  const { periodic } = placed;
  const fractional = toFractional(placed.positions, frame);
  for (let k = 0; k < fractional.length; k++) if (periodic[k % 3]) fractional[k] -= Math.floor(fractional[k]);
  return { ...placed, positions: toCartesian(fractional, frame) };
}

class ContactSearch {
  readonly #placed: Placed;
  readonly #frame: Float64Array;
  readonly #boxes: Boxes;
  #best: Contact | undefined;
  #bestSquared: number;
  /** The box that is looked into, in the image in which it is near. */
  readonly #target = new Int32Array(3);

  constructor(placed: Placed, frame: Float64Array, limit: number) {
    this.#placed = placed;
    this.#frame = frame;
    this.#boxes = fillBoxes(placed, frame, limit);
    this.#bestSquared = limit * limit;
  }

  nearest(): Contact | undefined {
    const { places, reach, next } = this.#boxes;
    const target = this.#target;
    const last = (i: number, d: number): number => Math.floor(places[3 * i + d] + reach[d]);
    const begin = (i: number, d: number): number => Math.floor(places[3 * i + d] - reach[d]);
    for (let i = 0; i < next.length; i++)
      for (target[0] = begin(i, 0); target[0] <= last(i, 0); target[0]++)
        for (target[1] = begin(i, 1); target[1] <= last(i, 1); target[1]++)
          for (target[2] = begin(i, 2); target[2] <= last(i, 2); target[2]++) this.#lookInto(i);
    return this.#best;
  }

  #lookInto(i: number): void {
    const { counts, first, next } = this.#boxes;
    const box = homeBox(this.#target, counts, this.#placed.periodic);
    if (box < 0) return;
    for (let j = first[box]; j >= 0; j = next[j]) {
      if (j < i) continue;
      const squared = this.#squaredDistance(i, j);
      if (squared >= this.#bestSquared) continue;
      this.#bestSquared = squared;
      this.#best = { atoms: [i, j], distance: Math.sqrt(squared) };
    }
  }

  /** From atom i to that image of atom j which lies in the target box, Å²; infinite for an atom and itself. */
  #squaredDistance(i: number, j: number): number {
    const { counts, places } = this.#boxes;
    const frame = this.#frame;
    const { positions } = this.#placed;
    // By how many whole cells the box of j must be moved to be the target.
    const s0 = Math.round((this.#target[0] - Math.floor(places[3 * j])) / counts[0]);
    const s1 = Math.round((this.#target[1] - Math.floor(places[3 * j + 1])) / counts[1]);
    const s2 = Math.round((this.#target[2] - Math.floor(places[3 * j + 2])) / counts[2]);
    if (i === j && s0 === 0 && s1 === 0 && s2 === 0) return Number.POSITIVE_INFINITY;
    const x = positions[3 * j] - positions[3 * i] + s0 * frame[0] + s1 * frame[3] + s2 * frame[6];
    const y = positions[3 * j + 1] - positions[3 * i + 1] + s0 * frame[1] + s1 * frame[4] + s2 * frame[7];
    const z = positions[3 * j + 2] - positions[3 * i + 2] + s0 * frame[2] + s1 * frame[5] + s2 * frame[8];
    return x * x + y * y + z * z;
  }
}

/** Number of the box in the first image that a box is a copy of; −1 outside where nothing repeats. */
function homeBox(target: ArrayLike<number>, counts: readonly number[], periodic: Periodic): number {
  let box = 0;
  for (let d = 0; d < 3; d++) {
    const n = counts[d];
    const t = target[d];
    if (!periodic[d] && (t < 0 || t >= n)) return -1;
    box = box * n + (t - n * Math.floor(t / n));
  }
  return box;
}

function fillBoxes({ positions, periodic }: Placed, frame: Float64Array, limit: number): Boxes {
  const atoms = positions.length / 3;
  const places = toFractional(positions, frame);
  const home = new Int32Array(3);
  const counts: number[] = [];
  const reach: number[] = [];
  // No more boxes than some for each atom, or an empty space would be all boxes.
  const most = Math.max(1, Math.ceil(Math.cbrt(8 * atoms)));
  for (let d = 0; d < 3; d++) {
    const [origin, extent] = periodic[d] ? [0, 1] : span(places, d);
    const thickness = heights(frame)[d] * extent;
    const count = Math.max(1, Math.min(most, Math.floor(thickness / limit)));
    for (let k = d; k < places.length; k += 3) places[k] = ((places[k] - origin) / extent) * count;
    counts.push(count);
    // Where nothing repeats, there is nothing beyond the boxes.
    const own = (limit * count) / thickness + 1e-9;
    reach.push(periodic[d] ? own : Math.min(own, count));
  }
  const heads = new Int32Array(counts[0] * counts[1] * counts[2]).fill(-1);
  const next = new Int32Array(atoms);
  for (let i = 0; i < atoms; i++) {
    for (let d = 0; d < 3; d++) home[d] = Math.floor(places[3 * i + d]);
    const box = homeBox(home, counts, periodic);
    next[i] = heads[box];
    heads[box] = i;
  }
  return { counts, reach, first: heads, next, places };
}

/** Where the atoms begin along a direction, and an extent that they all lie within. */
function span(places: Float64Array, d: number): [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let k = d; k < places.length; k += 3) {
    low = Math.min(low, places[k]);
    high = Math.max(high, places[k]);
  }
  return [low, (high - low) * (1 + 1e-9) + 1e-6];
}
