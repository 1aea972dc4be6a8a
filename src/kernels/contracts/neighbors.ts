/**
 * The table by which the neighbour kernels know a structure: a "plan", PLAN_BYTES long, aligned to 8.
 *
 * The atoms are wrapped into a frame of three vectors (the reduced lattice; unit vectors where nothing repeats), sorted by bin,
 * and followed in the same arrays by ghosts: their images that lie near. "Extended" counts both. A row is four f64,
 * x y z 0, Å. Bins are boxes along x y z from `corner` on; the third direction runs fastest.
 *
 * f64 words: frame as rows [3, xyz] and its inverse (fractional = r·inverse); `repeats`, 1 or 0 for each vector; `low` and `high`,
 * fractional coordinates between which images are made; `corner` and `farCorner`, xyz, outside which none is; `binsPerLength`
 * for each of xyz, Å⁻¹; `radius` of the lists, Å; `deformation` since the lists were built, [3, 3], r → r·F; `trust`, Å, a
 * displacement above which an atom may have jumped by lattice vectors.
 *
 * 32-bit words: `bins` along xyz; `images`, how many vectors away a ghost may be at most, for each; `atoms`; `extended`; `elements`;
 * `typeShift`, how far types are shifted in packed words, 32 − ⌈log₂ elements⌉; and the pointers
 *   positions     f64[atom, xyz], caller's order           ownTypes  u8[atom], caller's order
 *   order         i32[sorted], caller's index              turns     i32[sorted, vector], vectors taken off
 *   rows          f64[extended, 4]                         types     u8[extended]
 *   reference     f64[sorted, 4], rows when built          ghosts    i32[ghost, 2]: sorted atom, translation
 *   translations  f64[translation, 4], Å; number ((m₀+n₀)(2n₁+1)+m₁+n₁)(2n₂+1)+m₂+n₂ for m vectors, n = `images`
 *   binStarts     i32[bins + 2]                            slotX slotY slotZ  f64[extended + spare]
 *   slotAtoms     u32[extended + spare], packed: atom and, above it, type
 *   offsets       i32[sorted, elements + 1], into `indices`
 *   indices       i32[word], into the extended arrays
 * The neighbours of sorted atom i that are of element e are indices[offsets[i, e]] … indices[offsets[i, e + 1] − 1].
 */
export const planAt = {
  frame: 0,
  inverse: 72,
  repeats: 144,
  low: 168,
  high: 192,
  corner: 216,
  farCorner: 240,
  binsPerLength: 264,
  radius: 288,
  deformation: 296,
  trust: 368,
  bins: 384,
  images: 396,
  atoms: 408,
  extended: 412,
  elements: 416,
  positions: 420,
  ownTypes: 424,
  order: 428,
  turns: 432,
  rows: 436,
  types: 440,
  reference: 444,
  ghosts: 448,
  translations: 452,
  binStarts: 456,
  slotX: 460,
  slotY: 464,
  slotZ: 468,
  slotAtoms: 472,
  offsets: 476,
  indices: 480,
  typeShift: 484,
} as const;

export const PLAN_BYTES = 512;

/** Bytes of a row of positions or forces. */
export const ROW_BYTES = 32;

/** Words behind the last slot, and behind what `fillNeighbors` has listed, that it may read or write. */
export const SPARE_WORDS = 8;

/** What the module offers around a plan; ranges count sorted atoms or ghosts, `last` is not included. */
export interface NeighborKernels {
  /**
   * Wraps the atoms, caller's order, into `reference`. `bounds` f64[12]: lowest fractional coordinates and positions, then the
   * highest. 0, or 1 + index of an atom that is not finite or more than 2³⁰ vectors away.
   */
  wrapAtoms(plan: number, bounds: number): number;
  /** Number of ghosts of the wrapped atoms in `reference`. */
  countGhosts(plan: number): number;
  /** From `reference` in the caller's order: order, turns, rows, types, and `reference` sorted. Needs `slotAtoms` meanwhile. */
  sortAtoms(plan: number): void;
  /** Rows, types and `ghosts` behind the atoms, by atom, then by translation; returns their number. */
  makeGhosts(plan: number): number;
  /** `binStarts` and slots from rows. */
  binExtended(plan: number): void;
  /**
   * Neighbours closer than `radius` of atoms first…last−1 into words at…at+capacity−1 of `indices`, and their `offsets`. By
   * element, within one by slot. `result` f64[4]: words needed, most neighbours of one atom, longest run of slots that was
   * examined, 0 or 1 where the words were too few. Words needed + most + longest + SPARE_WORDS are always enough.
   */
  fillNeighbors(
    ...args: [plan: number, first: number, last: number, at: number, capacity: number, result: number]
  ): void;
  /** Rows from `positions`. `result` f64[2]: the two largest |r − r₀F|², Å²; Infinity where a position is not a number. */
  refreshAtoms(plan: number, first: number, last: number, result: number): void;
  /** Rows of ghosts from those of their atoms. */
  refreshGhosts(plan: number, first: number, last: number): void;
  /** rows[atom] += rows[ghost], ghost by ghost; `rows` f64[extended, 4], forces as a rule. */
  foldGhosts(plan: number, first: number, last: number, rows: number): void;
}
