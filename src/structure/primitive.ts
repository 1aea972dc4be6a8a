/**
 * The smallest cell of a crystal: all translations that carry the crystal into itself form a lattice, of which the cell
 * that was given may be a multiple.
 */
import { determinant3, inverse3, timesMatrix } from "../math/matrix3.js";
import { toCartesian, toFractional, volume } from "./cell.js";
import { reduceFrame } from "./reduce.js";
import type { Structure } from "./structure.js";

export interface PrimitiveOptions {
  /** How far an atom may be from where a translation puts another, Å. Default 10⁻³. */
  readonly tolerance?: number;
}

/** A primitive cell (Minkowski-reduced, of the handedness that was given) with the first atom of each set of copies. */
export function primitiveCell(structure: Structure, options: PrimitiveOptions = {}): Structure {
  const { tolerance = 1e-3 } = options;
  const { cell, species, periodic } = structure;
  if (cell === undefined || !periodic.every(Boolean) || species.length === 0) return structure;
  const sites = new Sites(structure, tolerance);
  const translations = sites.translations();
  if (translations.length === 1) return structure;
  const vectors = [
    ...translations.map((t) => timesMatrix(t, cell)),
    ...[0, 3, 6].map((k) => [...cell.subarray(k, k + 3)]),
  ];
  const frame = smallestFrame(vectors, volume(cell) / translations.length);
  if (frame === undefined) return structure;
  return onePerOrbit(structure, { cell: likeHanded(frame, cell), translations, sites });
}

class Sites {
  readonly #structure: Structure;
  readonly #cell: Float64Array;
  readonly #fractional: Float64Array;
  readonly #tolerance: number;

  constructor(structure: Structure, tolerance: number) {
    this.#structure = structure;
    this.#cell = structure.cell as Float64Array;
    this.#fractional = toFractional(structure.positions, this.#cell);
    this.#tolerance = tolerance;
  }

  /** Fractional translations that carry every atom to one of its kind, the zero one first. */
  translations(): [number, number, number][] {
    const { species } = this.#structure;
    const rarest = this.#rarest();
    const found: [number, number, number][] = [[0, 0, 0]];
    for (let j = 0; j < species.length; j++) {
      if (j === rarest || species[j] !== species[rarest]) continue;
      const f = this.#fractional;
      const t = [0, 1, 2].map((d) => wrapped(f[3 * j + d] - f[3 * rarest + d])) as [number, number, number];
      if (this.#carriesAll(t)) found.push(t);
    }
    return found;
  }

  /** The atom that a translation moves atom i to, or −1. */
  image(i: number, t: readonly number[]): number {
    const { species } = this.#structure;
    const f = this.#fractional;
    for (let j = 0; j < species.length; j++) {
      if (species[j] !== species[i]) continue;
      const gap = [0, 1, 2].map((d) => {
        const apart = f[3 * i + d] + t[d] - f[3 * j + d];
        return apart - Math.round(apart);
      });
      if (Math.hypot(...timesMatrix(gap, this.#cell)) < this.#tolerance) return j;
    }
    return -1;
  }

  #carriesAll(t: readonly number[]): boolean {
    return this.#structure.species.every((_, i) => this.image(i, t) >= 0);
  }

  /** An atom of the element with the fewest atoms: it has the fewest places to go. */
  #rarest(): number {
    const { species } = this.#structure;
    const count = new Int32Array(256);
    for (const z of species) count[z]++;
    return species.reduce((best, z, i) => (count[z] < count[species[best]] ? i : best), 0);
  }
}

/** Into [0, 1); what rounding left a hair below 1 goes to 0. */
const wrapped = (f: number): number => {
  const g = f - Math.floor(f);
  return g > 1 - 1e-9 ? 0 : g;
};

/** Three of the vectors that span the volume of the primitive cell, reduced. */
function smallestFrame(vectors: readonly (readonly number[])[], wanted: number): Float64Array | undefined {
  const sorted = vectors.filter((v) => Math.hypot(...v) > 1e-6).sort((a, b) => Math.hypot(...a) - Math.hypot(...b));
  for (let k = 2; k < sorted.length; k++)
    for (let j = 1; j < k; j++)
      for (let i = 0; i < j; i++) {
        const frame = Float64Array.of(...sorted[i], ...sorted[j], ...sorted[k]);
        if (Math.abs(Math.abs(determinant3(frame)) / wanted - 1) < 1e-3)
          return reduceFrame(frame, [true, true, true]).frame;
      }
  return undefined;
}

function likeHanded(frame: Float64Array, cell: Float64Array): Float64Array {
  return determinant3(frame) * determinant3(cell) < 0 ? frame.map((x) => -x) : frame;
}

function onePerOrbit(
  structure: Structure,
  found: { cell: Float64Array; translations: readonly (readonly number[])[]; sites: Sites },
): Structure {
  const { species, positions, periodic } = structure;
  const taken = new Uint8Array(species.length);
  const kept: number[] = [];
  species.forEach((_, i) => {
    if (taken[i] === 1) return;
    kept.push(i);
    for (const t of found.translations) taken[found.sites.image(i, t)] = 1;
  });
  const inverse = inverse3(found.cell);
  const fractional = Float64Array.from(
    kept.flatMap((i) => timesMatrix(positions.subarray(3 * i, 3 * i + 3), inverse).map(wrapped)),
  );
  return {
    species: Uint8Array.from(kept, (i) => species[i]),
    positions: toCartesian(fractional, found.cell),
    cell: found.cell,
    periodic,
  };
}
