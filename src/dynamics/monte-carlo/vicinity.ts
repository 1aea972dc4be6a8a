/** Which atoms, images included, are near a place: boxes that are kept while single atoms move. */
import { heights, inverseCell, type Periodic, periodicFrame, toFractional } from "../../structure/index.js";

/** Atoms where they are now; the arrays are looked at again at every query. */
export interface Placed {
  /** [atom, xyz], Å, wrapped or not */
  readonly positions: Float64Array;
  /** Lattice vectors as rows, Å. */
  readonly cell: Float64Array | undefined;
  readonly periodic: Periodic;
}

/** An atom or an image of it: its position plus the lattice vectors times `shift`. */
export interface Site {
  readonly atom: number;
  readonly shift: readonly [number, number, number];
  /** Å */
  readonly position: readonly [number, number, number];
}

/** Boxes per atom, at most: an empty space must not be all boxes. */
const BOXES_PER_ATOM = 2;

/**
 * The atoms sorted into boxes along the cell's directions, no box much larger than `reach` (Å). After an atom has moved call `moved`,
 * after all have moved or the cell has changed call `rebuild`. Where nothing repeats, atoms beyond the outermost boxes count as in them.
 */
export class Vicinity {
  readonly #placed: Placed;
  readonly #reach: number;
  /** Vectors that repeat, completed to three; its inverse; distances between its faces. */
  #frame: Float64Array = new Float64Array(9);
  #inverse: Float64Array = new Float64Array(9);
  #heights: readonly number[] = [];
  #counts: readonly number[] = [1, 1, 1];
  /** Where the boxes begin and how far they go, in fractions of the frame, [direction]. */
  #origin: readonly number[] = [0, 0, 0];
  #extent: readonly number[] = [1, 1, 1];
  /** First atom of a box, next and previous atom of the same box; −1 at the end. */
  #first = new Int32Array(1);
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  /** Box of each atom, and the whole cells that lie between it and the first image, [atom, direction]. */
  readonly #box: Int32Array;
  readonly #turns: Int32Array;

  constructor(placed: Placed, reach: number) {
    const atoms = placed.positions.length / 3;
    this.#placed = placed;
    this.#reach = reach;
    this.#next = new Int32Array(atoms);
    this.#previous = new Int32Array(atoms);
    this.#box = new Int32Array(atoms);
    this.#turns = new Int32Array(3 * atoms);
    this.rebuild();
  }

  rebuild(): void {
    const { positions, cell, periodic } = this.#placed;
    this.#frame = periodicFrame(cell, periodic);
    this.#inverse = inverseCell(this.#frame);
    this.#heights = heights(this.#frame);
    const fractions = toFractional(positions, this.#frame);
    const spans = [0, 1, 2].map((d) => (periodic[d] ? ([0, 1] as const) : span(fractions, d)));
    this.#origin = spans.map(([from]) => from);
    this.#extent = spans.map(([, extent]) => extent);
    const most = Math.max(1, Math.floor(Math.cbrt(BOXES_PER_ATOM * this.#next.length)));
    this.#counts = [0, 1, 2].map((d) =>
      Math.max(1, Math.min(most, Math.floor((2 * this.#heights[d] * this.#extent[d]) / this.#reach))),
    );
    this.#first = new Int32Array(this.#counts.reduce((a, b) => a * b, 1)).fill(-1);
    for (let i = 0; i < this.#next.length; i++) this.#insert(i);
  }

  /** Takes note that an atom has moved. */
  moved(atom: number): void {
    const [next, previous] = [this.#next[atom], this.#previous[atom]];
    if (previous < 0) this.#first[this.#box[atom]] = next;
    else this.#next[previous] = next;
    if (next >= 0) this.#previous[next] = previous;
    this.#insert(atom);
  }

  #insert(atom: number): void {
    const { periodic } = this.#placed;
    let box = 0;
    for (let d = 0; d < 3; d++) {
      const n = this.#counts[d];
      const place = Math.floor(this.#place(this.#placed.positions, { at: 3 * atom, direction: d }));
      const turns = periodic[d] ? Math.floor(place / n) : 0;
      this.#turns[3 * atom + d] = turns;
      box = box * n + Math.min(n - 1, Math.max(0, place - turns * n));
    }
    const head = this.#first[box];
    this.#box[atom] = box;
    this.#previous[atom] = -1;
    this.#next[atom] = head;
    if (head >= 0) this.#previous[head] = atom;
    this.#first[box] = atom;
  }

  /** Coordinate in units of boxes, not taken into the first image. */
  #place(points: ArrayLike<number>, { at, direction: d }: { at: number; direction: number }): number {
    const inverse = this.#inverse;
    const f = points[at] * inverse[d] + points[at + 1] * inverse[3 + d] + points[at + 2] * inverse[6 + d];
    return ((f - this.#origin[d]) / this.#extent[d]) * this.#counts[d];
  }

  /** All sites nearer to `point` (Å) than `radius` (Å), each once, in no particular order. */
  around(point: ArrayLike<number>, radius: number): Site[] {
    const { periodic } = this.#placed;
    const ranges = [0, 1, 2].map((d) => {
      const n = this.#counts[d];
      const place = this.#place(point, { at: 0, direction: d });
      const reach = (radius / (this.#heights[d] * this.#extent[d])) * n + 1e-9;
      const inside = (box: number): number => (periodic[d] ? box : Math.min(n - 1, Math.max(0, box)));
      return [inside(Math.floor(place - reach)), inside(Math.floor(place + reach))];
    });
    const sites: Site[] = [];
    for (let a = ranges[0][0]; a <= ranges[0][1]; a++)
      for (let b = ranges[1][0]; b <= ranges[1][1]; b++)
        for (let c = ranges[2][0]; c <= ranges[2][1]; c++) this.#lookInto([a, b, c], { point, radius, sites });
    return sites;
  }

  /** The shifts by lattice vectors that bring `from` (Å) nearer to `point` (Å) than `radius` (Å). */
  shiftsNear(from: ArrayLike<number>, point: ArrayLike<number>, radius: number): Site["shift"][] {
    const { periodic } = this.#placed;
    const h = this.#frame;
    const inverse = this.#inverse;
    const away = [0, 1, 2].map((x) => point[x] - from[x]);
    const ranges = [0, 1, 2].map((d) => {
      if (!periodic[d]) return [0, 0];
      const f = away[0] * inverse[d] + away[1] * inverse[3 + d] + away[2] * inverse[6 + d];
      const reach = radius / this.#heights[d] + 1e-9;
      return [Math.ceil(f - reach), Math.floor(f + reach)];
    });
    const shifts: Site["shift"][] = [];
    for (let a = ranges[0][0]; a <= ranges[0][1]; a++)
      for (let b = ranges[1][0]; b <= ranges[1][1]; b++)
        for (let c = ranges[2][0]; c <= ranges[2][1]; c++) {
          const squared = [0, 1, 2].reduce(
            (sum, x) => sum + (a * h[x] + b * h[3 + x] + c * h[6 + x] - away[x]) ** 2,
            0,
          );
          if (squared < radius * radius) shifts.push([a, b, c]);
        }
    return shifts;
  }

  /** A shift that brings `from` (Å) near to `point` (Å): the nearest image, or in a skew cell one about as near. */
  shiftTowards(from: ArrayLike<number>, point: ArrayLike<number>): Site["shift"] {
    const { periodic } = this.#placed;
    const inverse = this.#inverse;
    const away = [0, 1, 2].map((x) => point[x] - from[x]);
    const shift = (d: number): number =>
      periodic[d] ? Math.round(away[0] * inverse[d] + away[1] * inverse[3 + d] + away[2] * inverse[6 + d]) : 0;
    return [shift(0), shift(1), shift(2)];
  }

  /** An atom or an image of it. */
  site(atom: number, shift: Site["shift"]): Site {
    const { positions } = this.#placed;
    const h = this.#frame;
    const at = (x: number): number =>
      positions[3 * atom + x] + shift[0] * h[x] + shift[1] * h[3 + x] + shift[2] * h[6 + x];
    return { atom, shift, position: [at(0), at(1), at(2)] };
  }

  #lookInto(
    target: readonly [number, number, number],
    query: { readonly point: ArrayLike<number>; readonly radius: number; readonly sites: Site[] },
  ): void {
    const { point, radius, sites } = query;
    const { positions } = this.#placed;
    const h = this.#frame;
    let box = 0;
    const cells: number[] = [0, 0, 0];
    for (let d = 0; d < 3; d++) {
      const n = this.#counts[d];
      cells[d] = Math.floor(target[d] / n);
      box = box * n + target[d] - cells[d] * n;
    }
    for (let j = this.#first[box]; j >= 0; j = this.#next[j]) {
      const s0 = cells[0] - this.#turns[3 * j];
      const s1 = cells[1] - this.#turns[3 * j + 1];
      const s2 = cells[2] - this.#turns[3 * j + 2];
      const x = positions[3 * j] + s0 * h[0] + s1 * h[3] + s2 * h[6];
      const y = positions[3 * j + 1] + s0 * h[1] + s1 * h[4] + s2 * h[7];
      const z = positions[3 * j + 2] + s0 * h[2] + s1 * h[5] + s2 * h[8];
      const squared = (x - point[0]) ** 2 + (y - point[1]) ** 2 + (z - point[2]) ** 2;
      if (squared < radius * radius) sites.push({ atom: j, shift: [s0, s1, s2], position: [x, y, z] });
    }
  }
}

/** Where the atoms begin along a direction, and an extent that they all lie within. */
function span(fractions: Float64Array, d: number): readonly [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let k = d; k < fractions.length; k += 3) {
    low = Math.min(low, fractions[k]);
    high = Math.max(high, fractions[k]);
  }
  return [low, (high - low) * (1 + 1e-9) + 1e-6];
}
