/** Two atoms at the same place: almost always a mistake in a file, and a division by zero in every potential. */
import { InputError, type Place } from "../errors/index.js";
import { elementSymbol, type Structure } from "../structure/index.js";
import type { NeighborList } from "./neighbor-list.js";

export interface CoincidentPair {
  /** 0-based indices. They are equal where an atom meets its own image. */
  readonly atoms: readonly [number, number];
  /** Å. */
  readonly distance: number;
}

/** Below this distance (Å) a unit vector between two atoms has lost half of its digits. */
export const SAME_PLACE = 1e-8;

/** The first pair closer than `below` (Å, default 10⁻⁸), in the order of the list, or undefined. */
export function coincidentPair(list: NeighborList, below = SAME_PLACE): CoincidentPair | undefined {
  const { offsets, indices, vectors } = list;
  for (let i = 0; i + 1 < offsets.length; i++) {
    for (let p = offsets[i]!; p < offsets[i + 1]!; p++) {
      const x = vectors[3 * p]!;
      const y = vectors[3 * p + 1]!;
      const z = vectors[3 * p + 2]!;
      // Without a root for every pair, which would be a sixth of an evaluation; a limit of nearly nothing is left some room.
      if (x * x + y * y + z * z > 2 * below * below) continue;
      const distance = Math.hypot(x, y, z);
      if (distance < below) return { atoms: [i, indices[p]!], distance };
    }
  }
  return undefined;
}

/** Throws an InputError (`coincident-atoms`) that names both atoms if two are at the same place. */
export function checkNotCoincident(list: NeighborList, structure: Structure, where: Place = {}): void {
  const pair = coincidentPair(list);
  if (pair === undefined) return;
  const [i, j] = pair.atoms;
  const named = (atom: number) => `${elementSymbol(structure.species[atom]!)} atom ${atom + 1}`;
  throw new InputError({
    code: "coincident-atoms",
    where: { ...where, atom: i + 1 },
    problem:
      i === j
        ? `${named(i)} and its own periodic image are ${pair.distance} Å apart.`
        : `${named(i)} and ${named(j)} are at the same place (${pair.distance} Å apart).`,
    remedy: "Remove one of the two atoms or correct the positions and the cell.",
  });
}
