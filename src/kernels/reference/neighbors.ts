/**
 * What the neighbour kernels do, by trying every pair. Rows are four numbers, x y z 0; "extended" rows are those of the atoms
 * and then those of their ghosts.
 */

/** A sorted atom's image: the atom, and how many frame vectors away it is. */
export interface Image {
  readonly atom: number;
  readonly vectors: readonly [number, number, number];
}

const row = (rows: ArrayLike<number>, i: number): [number, number, number] => [
  rows[4 * i]!,
  rows[4 * i + 1]!,
  rows[4 * i + 2]!,
];

/** Σ_d m_d·frame_d, Å. */
export const translation = (m: ArrayLike<number>, frame: ArrayLike<number>): [number, number, number] =>
  [0, 1, 2].map((x) => m[0]! * frame[x]! + m[1]! * frame[3 + x]! + m[2]! * frame[6 + x]!) as [number, number, number];

export const squaredDistance = (a: readonly number[], b: readonly number[]): number =>
  (b[0]! - a[0]!) ** 2 + (b[1]! - a[1]!) ** 2 + (b[2]! - a[2]!) ** 2;

/** All images, up to `images` vectors away, of any of n atoms that are closer than `radius` to any of them: those needed. */
export function neededImages(
  rows: ArrayLike<number>,
  n: number,
  lattice: { frame: ArrayLike<number>; images: readonly number[]; radius: number },
): Image[] {
  const { frame, radius } = lattice;
  const range = (k: number) => Array.from({ length: 2 * lattice.images[k]! + 1 }, (_, m) => m - lattice.images[k]!);
  const atoms = Array.from({ length: n }, (_, i) => row(rows, i));
  const needed: Image[] = [];
  for (let atom = 0; atom < n; atom++)
    for (const m0 of range(0))
      for (const m1 of range(1))
        for (const m2 of range(2)) {
          if (m0 === 0 && m1 === 0 && m2 === 0) continue;
          const t = translation([m0, m1, m2], frame);
          const place = atoms[atom]!.map((x, k) => x + t[k]!);
          if (atoms.some((other) => squaredDistance(other, place) < radius * radius))
            needed.push({ atom, vectors: [m0, m1, m2] });
        }
  return needed;
}

/** Of each of n atoms, the extended atoms closer than `radius`, ascending: [atom][element]. */
export function neighborsByElement(
  rows: ArrayLike<number>,
  types: ArrayLike<number>,
  options: { atoms: number; elements: number; radius: number },
): number[][][] {
  const { atoms, elements, radius } = options;
  const extended = Array.from({ length: types.length }, (_, j) => row(rows, j));
  return Array.from({ length: atoms }, (_, i) => {
    const lists: number[][] = Array.from({ length: elements }, () => []);
    extended.forEach((place, j) => {
      if (j !== i && squaredDistance(extended[i]!, place) < radius * radius) lists[types[j]!]!.push(j);
    });
    return lists;
  });
}

/** The two largest |r − r₀F|² of n rows; Infinity for what is not a number. */
export function largestMoves(
  rows: ArrayLike<number>,
  reference: ArrayLike<number>,
  { n, deformation }: { n: number; deformation: ArrayLike<number> },
): [number, number] {
  const moves = Array.from({ length: n }, (_, i) => {
    const moved = squaredDistance(translation(row(reference, i), deformation), row(rows, i));
    return Number.isNaN(moved) ? Infinity : moved;
  }).sort((a, b) => b - a);
  return [moves[0] ?? 0, moves[1] ?? 0];
}

/** Rows with those of ghosts added to their atoms', ghost by ghost: `atomOf` [ghost]. */
export function foldedRows(rows: Float64Array, atomOf: readonly number[]): Float64Array {
  const folded = rows.slice();
  const atoms = rows.length / 4 - atomOf.length;
  atomOf.forEach((atom, g) => {
    for (let k = 0; k < 4; k++) folded[4 * atom + k]! += folded[4 * (atoms + g) + k]!;
  });
  return folded;
}
