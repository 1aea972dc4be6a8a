/**
 * Common-neighbour analysis: which crystal an atom's surroundings belong to (Honeycutt and Andersen 1987,
 * doi:10.1021/j100303a014), with a cutoff of its own for each atom (Stukowski 2012, doi:10.1088/0965-0393/20/4/045021).
 *
 * Each bond has a signature: common neighbours, bonds among them, and bonds in the longest chain of these.
 *
 *   fcc 12 × 421     hcp 6 × 421, 6 × 422     icosahedral 12 × 555     bcc 8 × 666, 6 × 444
 *
 * For the first three the cutoff lies halfway between the first two shells of fcc, from the mean distance of the 12 nearest;
 * for bcc between its second and third shells, from the 14 nearest.
 */
import { neighborList } from "../neighbors/index.js";
import { type Structure, volume } from "../structure/index.js";

export type LocalCrystal = "fcc" | "hcp" | "bcc" | "icosahedral" | "other";

/** Å, from the centre. */
type Vector = readonly [number, number, number];

/**
 * The crystal around each atom, [atom].
 *
 * @param reach within which the 14 nearest neighbours of an atom of a crystal lie, Å. Default: from the volume per atom where
 *   the structure repeats in three directions, else 6 Å.
 */
export function localCrystals(structure: Structure, reach = defaultReach(structure)): LocalCrystal[] {
  const { offsets, vectors } = neighborList(structure, reach);
  return Array.from(structure.species, (_, i) => {
    const around: Vector[] = [];
    for (let p = offsets[i]; p < offsets[i + 1]; p++)
      around.push([vectors[3 * p], vectors[3 * p + 1], vectors[3 * p + 2]]);
    around.sort((a, b) => Math.hypot(...a) - Math.hypot(...b));
    return closePacked(around) ?? bodyCentred(around) ?? "other";
  });
}

/** In cube roots of the volume per atom, the second shell, with the 14th neighbour, lies at 1.26 in bcc and 1.59 in fcc. */
const defaultReach = (structure: Structure): number =>
  structure.cell !== undefined && structure.periodic.every(Boolean)
    ? 1.8 * Math.cbrt(volume(structure.cell) / Math.max(1, structure.species.length))
    : 6;

function closePacked(around: readonly Vector[]): LocalCrystal | undefined {
  if (around.length < 12) return undefined;
  const nearest = around.slice(0, 12);
  const cutoff = ((1 + Math.SQRT2) / 2) * meanLength(nearest);
  const counts = signatures(nearest, cutoff);
  if (counts.get("421") === 12) return "fcc";
  if (counts.get("421") === 6 && counts.get("422") === 6) return "hcp";
  return counts.get("555") === 12 ? "icosahedral" : undefined;
}

function bodyCentred(around: readonly Vector[]): LocalCrystal | undefined {
  if (around.length < 14) return undefined;
  const nearest = around.slice(0, 14);
  // The lattice constant as seen by the first shell, √3/2 a, and by the second, a.
  const constant = (8 * (2 / Math.sqrt(3)) * meanLength(nearest.slice(0, 8)) + 6 * meanLength(nearest.slice(8))) / 14;
  const cutoff = ((1 + Math.SQRT2) / 2) * constant;
  const counts = signatures(nearest, cutoff);
  return counts.get("666") === 8 && counts.get("444") === 6 ? "bcc" : undefined;
}

const meanLength = (vectors: readonly Vector[]): number =>
  vectors.reduce((sum, v) => sum + Math.hypot(...v), 0) / vectors.length;

function signatures(nearest: readonly Vector[], cutoff: number): Map<string, number> {
  const bonded = nearest.map((a) => nearest.map((b) => a !== b && distance(a, b) < cutoff));
  const counts = new Map<string, number>();
  nearest.forEach((_, j) => {
    const common = nearest.map((_, k) => k).filter((k) => bonded[j][k]);
    const bonds = common.flatMap((a, k) =>
      common
        .slice(k + 1)
        .filter((b) => bonded[a][b])
        .map((b) => [a, b] as const),
    );
    const key = `${common.length}${bonds.length}${longestChain(bonds)}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  });
  return counts;
}

const distance = (a: Vector, b: Vector): number => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);

/** Bonds in the largest set of bonds that hang together. */
function longestChain(bonds: readonly (readonly [number, number])[]): number {
  const left = new Set(bonds);
  let longest = 0;
  for (const first of bonds) {
    if (!left.delete(first)) continue;
    const chain = [first];
    for (const bond of chain)
      for (const other of left)
        if (other.some((end) => bond.includes(end))) {
          left.delete(other);
          chain.push(other);
        }
    longest = Math.max(longest, chain.length);
  }
  return longest;
}
