/** Where ghosts are needed and how space is divided into bins, from the extent of the wrapped atoms. */
import { heights, type Periodic } from "../structure/index.js";

/** Lowest and highest of fractional coordinates and of positions (Å) over the wrapped atoms, three each. */
export interface Extent {
  readonly lowFractional: Float64Array;
  readonly lowPosition: Float64Array;
  readonly highFractional: Float64Array;
  readonly highPosition: Float64Array;
}

export interface SearchBox {
  /** Fractional coordinates between which images are made, [vector]. */
  readonly low: Float64Array;
  readonly high: Float64Array;
  /** Box outside which no image is near an atom, Å, [xyz]. */
  readonly corner: Float64Array;
  readonly farCorner: Float64Array;
  /** How many vectors away an image may be, [vector]. */
  readonly images: readonly [number, number, number];
}

interface Lattice {
  readonly frame: Float64Array;
  readonly periodic: Periodic;
  /** Å */
  readonly radius: number;
}

export function searchBox(extent: Extent, { frame, periodic, radius }: Lattice): SearchBox {
  const sparing = radius * (1 + 1e-9);
  const margin = periodic.some(Boolean) ? sparing : 0;
  const high = heights(frame);
  const reach = high.map((h, d) => (periodic[d] ? sparing / h + 1e-9 : 0));
  const lowest = extent.lowFractional.map((f, d) => f - reach[d]!);
  const highest = extent.highFractional.map((f, d) => f + reach[d]!);
  const images = [0, 1, 2].map((d) =>
    periodic[d]
      ? Math.max(
          0,
          Math.floor(highest[d]! - extent.lowFractional[d]!),
          -Math.ceil(lowest[d]! - extent.highFractional[d]!),
        )
      : 0,
  );
  return {
    low: lowest,
    high: highest,
    corner: extent.lowPosition.map((x) => x - margin),
    farCorner: extent.highPosition.map((x) => x + margin),
    images: images as [number, number, number],
  };
}

/**
 * Bins to the radius along x and y. An atom looks through the columns of bins along z that its sphere touches, nine with one
 * bin to the radius, 21 with two: those cost more than the candidates that they save (gold .77 and 1.21 µs/atom, water
 * 1.35 and 1.66).
 */
const ACROSS = 1;
/** Along z finer ones cost nothing but their number: the bins of a column follow one another in memory. */
const ALONG = 8;
/** More bins than this per atom would be empty ones. */
const BINS_PER_ATOM = 4;

export interface Bins {
  readonly counts: readonly [number, number, number];
  /** Bins per Å, [xyz]. */
  readonly perLength: readonly [number, number, number];
}

/** Bins over the box for so many atoms and ghosts; where there would be too many, wider ones along the longest directions. */
export function divide(box: SearchBox, radius: number, extended: number): Bins {
  const sizes = [0, 1, 2].map((d) => box.farCorner[d]! - box.corner[d]!);
  const counts: [number, number, number] = [1, 1, 1];
  let allowed = BINS_PER_ATOM * extended + 64;
  const wanted = sizes.map((size, d) => Math.max(1, Math.floor(((d === 2 ? ALONG : ACROSS) * size) / radius)));
  const ascending = [0, 1, 2].sort((d, e) => wanted[d]! - wanted[e]!);
  ascending.forEach((d, done) => {
    // Each direction may take its root of what the shorter ones have left.
    const share = Math.max(1, Math.floor(allowed ** (1 / (3 - done))));
    counts[d as 0 | 1 | 2] = Math.min(share, wanted[d]!);
    allowed /= counts[d as 0 | 1 | 2];
  });
  const perLength = counts.map((n, d) => (sizes[d]! > 1e-3 ? n / sizes[d]! : 1)) as [number, number, number];
  return { counts, perLength };
}
