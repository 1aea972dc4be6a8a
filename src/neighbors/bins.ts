/**
 * Atoms sorted into bins: fractional coordinates of the reduced cell along the vectors that repeat, distances over the
 * atoms' extent along those that do not.
 */
import { inverse3, timesMatrix } from "../math/matrix3.js";
import { heights, periodicFrame, reduceFrame, type Structure } from "../structure/index.js";

export interface Bins {
  /** Bins along each direction. */
  readonly counts: readonly [number, number, number];
  /** Short lattice vectors, and unit vectors where nothing repeats, as rows, Å. */
  readonly frame: Float64Array;
  /** reduced = transform·original, whole numbers, [reduced, original]. */
  readonly transform: Float64Array;
  /** Cutoff in bins, with a little to spare for rounding, [direction]. */
  readonly reach: Float64Array;
  /** Cutoff in Å with the same to spare. */
  readonly cutoff: number;
  /** Coordinates in bins, [atom, direction], from 0 to the number of bins. */
  readonly coordinates: Float64Array;
  /** How many reduced vectors were taken off each atom, [atom, direction]. */
  readonly turns: Int32Array;
  /** First slot of each bin, [bin + 1]; the third direction runs fastest. */
  readonly starts: Int32Array;
  /** Atom in each slot, ascending within a bin, [slot]. */
  readonly atoms: Int32Array;
  /** Position inside the reduced cell of the atom in each slot, [slot, xyz], Å. */
  readonly slotPositions: Float64Array;
}

/** Halves of the cutoff examine (5/2)³ = 15.6 cutoffs³ around an atom where whole ones examine 27; the sphere is 4.2. */
const BINS_PER_CUTOFF = 2;
/** More bins than this per atom would be empty ones. */
const BINS_PER_ATOM = 8;

export function sortIntoBins(structure: Structure, cutoff: number): Bins {
  const { species, positions, cell, periodic } = structure;
  const { frame, transform } = reduceFrame(periodicFrame(cell, periodic), periodic);
  const n = species.length;
  const located = locate(structure, frame);
  const sparing = cutoff + 1e-11 * (1 + cutoff + largest(positions) + largest(frame));
  const sizes = heights(frame).map((h, d) => (periodic[d] ? h : located.extent[d]!));
  const counts = binCounts(sizes, { cutoff, atoms: n });
  const reach = new Float64Array(3);
  for (let d = 0; d < 3; d++) {
    // A bin's width: along a vector that does not repeat, all atoms may share one plane, and one bin.
    const width = sizes[d]! > 0 ? sizes[d]! / counts[d]! : 1;
    reach[d] = sparing / width + 1e-9;
    const perUnit = periodic[d] ? counts[d]! : 1 / width;
    for (let i = 0; i < n; i++) located.coordinates[3 * i + d]! *= perUnit;
  }
  return {
    ...{ counts, frame, transform, reach, cutoff: sparing },
    ...{ coordinates: located.coordinates, turns: located.turns },
    ...sorted(located.coordinates, { counts, inside: located.inside }),
  };
}

/** Fractional coordinates in [0, 1] along what repeats, distance from the lowest atom (Å) along the rest. */
function locate(structure: Structure, frame: Float64Array) {
  const { positions, periodic } = structure;
  const inverse = inverse3(frame);
  const coordinates = new Float64Array(positions.length);
  const inside = positions.slice();
  const turns = new Int32Array(positions.length);
  const lowest = [Infinity, Infinity, Infinity];
  const highest = [-Infinity, -Infinity, -Infinity];
  for (let i = 0; i < positions.length; i += 3) {
    const f = timesMatrix(positions.subarray(i, i + 3), inverse);
    for (let d = 0; d < 3; d++) {
      const turn = periodic[d] ? Math.floor(f[d]!) : 0;
      turns[i + d] = turn;
      const coordinate = f[d]! - turn;
      coordinates[i + d] = coordinate;
      lowest[d] = Math.min(lowest[d]!, coordinate);
      highest[d] = Math.max(highest[d]!, coordinate);
      for (let x = 0; x < 3; x++) inside[i + x]! -= turn * frame[3 * d + x]!;
    }
  }
  const extent = [0, 1, 2].map((d) => Math.max(0, highest[d]! - lowest[d]!));
  for (let k = 0; k < coordinates.length; k++) if (!periodic[k % 3]) coordinates[k]! -= lowest[k % 3]!;
  return { coordinates, inside, turns, extent };
}

/** Bins of half a cutoff; where they would be too many, wider ones along the directions with the most. */
function binCounts(sizes: readonly number[], options: { cutoff: number; atoms: number }): [number, number, number] {
  const counts: [number, number, number] = [1, 1, 1];
  let allowed = BINS_PER_ATOM * options.atoms + 64;
  const ascending = [0, 1, 2].sort((d, e) => sizes[d]! - sizes[e]!);
  ascending.forEach((d, done) => {
    // Each direction may take its root of what the shorter ones have left.
    const share = Math.floor(allowed ** (1 / (3 - done)));
    counts[d as 0 | 1 | 2] = Math.max(1, Math.min(share, Math.floor((BINS_PER_CUTOFF * sizes[d]!) / options.cutoff)));
    allowed /= counts[d as 0 | 1 | 2];
  });
  return counts;
}

/** Counting sort by bin. */
function sorted(coordinates: Float64Array, options: { counts: readonly number[]; inside: Float64Array }) {
  const { counts, inside } = options;
  const n = coordinates.length / 3;
  const binOf = new Int32Array(n);
  const starts = new Int32Array(counts[0]! * counts[1]! * counts[2]! + 1);
  // The topmost atom, and one that rounding put at 1, belong to the last bin.
  const along = (i: number, d: number) => Math.min(counts[d]! - 1, Math.floor(coordinates[3 * i + d]!));
  for (let i = 0; i < n; i++) {
    binOf[i] = (along(i, 0) * counts[1]! + along(i, 1)) * counts[2]! + along(i, 2);
    starts[binOf[i]! + 1]!++;
  }
  for (let bin = 1; bin < starts.length; bin++) starts[bin]! += starts[bin - 1]!;
  const cursor = starts.slice();
  const atoms = new Int32Array(n);
  const slotPositions = new Float64Array(3 * n);
  for (let i = 0; i < n; i++) {
    const slot = cursor[binOf[i]!]!++;
    atoms[slot] = i;
    slotPositions.set(inside.subarray(3 * i, 3 * i + 3), 3 * slot);
  }
  return { starts, atoms, slotPositions };
}

const largest = (values: Float64Array): number => values.reduce((m, x) => Math.max(m, Math.abs(x)), 0);
