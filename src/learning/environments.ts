/**
 * How far structures are from what is known, in the space of the symmetry functions: each atom is a point, its values divided by their
 * standard deviations over the training data; the distance of two atoms of an element is the root mean square over the functions. A
 * structure is as far as the least familiar of its atoms is from the nearest known one.
 */
import type { RandomStream } from "../math/index.js";
import type { NetworkPotential } from "../potentials/definition.js";
import type { Frame } from "../structure/index.js";

/** Points by atomic number. */
export type Environments = ReadonlyMap<number, readonly Float64Array[]>;

/** Points of an element that are kept: a search through all atoms of a large data set would take longer than a fit. */
const MOST_KNOWN = 4000;
/** Atoms of a structure that are looked at, those in most doubt first: doubt is a local matter. */
const MOST_ATOMS = 24;

export class EnvironmentSpace {
  /** Per element: 1/(σ √n), 0 where a function does not vary. */
  readonly #factors: ReadonlyMap<number, Float64Array>;
  readonly #mean: boolean;

  /** `mean`: one point per element and structure, the mean over its atoms. */
  constructor(potential: NetworkPotential, { mean }: { readonly mean: boolean }) {
    this.#mean = mean;
    this.#factors = new Map(
      potential.descriptors.map(({ element }, e) => {
        const { sigma } = potential.members[0].elements[e].scaling;
        return [element, sigma.map((s) => (s > 0 ? 1 / (s * Math.sqrt(sigma.length)) : 0))];
      }),
    );
  }

  /** Points of a structure from the raw values of its atoms, [atom][function]. */
  of({ structure, columns }: Frame, rows: readonly Float64Array[]): Environments {
    const atoms = this.#mean ? rows.map((_, i) => i) : mostDoubtful(columns.get("force_spread")?.values, rows.length);
    const points = new Map<number, Float64Array[]>();
    for (const i of atoms) {
      const z = structure.species[i];
      const factor = this.#factors.get(z);
      if (factor === undefined) throw new Error(`the potential does not know element ${z}`);
      const point = rows[i].map((x, s) => x * factor[s]);
      points.set(z, [...(points.get(z) ?? []), point]);
    }
    return this.#mean ? new Map([...points].map(([z, own]) => [z, [meanOf(own)]])) : points;
  }
}

function meanOf(points: readonly Float64Array[]): Float64Array {
  return points[0].map((_, s) => points.reduce((sum, point) => sum + point[s], 0) / points.length);
}

/** All of them where there are few, or nothing says which are in doubt. */
function mostDoubtful(spread: ArrayLike<unknown> | undefined, atoms: number): number[] {
  const all = Array.from({ length: atoms }, (_, i) => i);
  if (spread === undefined || atoms <= MOST_ATOMS) return all;
  const size = (i: number): number => Math.max(...[0, 1, 2].map((x) => Number(spread[3 * i + x])));
  return all.sort((i, j) => size(j) - size(i) || i - j).slice(0, MOST_ATOMS);
}

/** What is known. */
export class KnownEnvironments {
  readonly #points = new Map<number, Float64Array[]>();

  add(environments: Environments): void {
    for (const [z, points] of environments) this.#points.set(z, [...(this.#points.get(z) ?? []), ...points]);
  }

  /** Leaves a random part of each element's points. */
  thin(random: RandomStream, most = MOST_KNOWN): void {
    for (const [z, points] of this.#points)
      if (points.length > most) this.#points.set(z, random.shuffle([...points]).slice(0, most));
  }

  /** Of the atom that is farthest from all that is known; infinite where an element is not known at all. */
  distance(environments: Environments): number {
    let farthest = 0;
    for (const [z, points] of environments) {
      const known = this.#points.get(z) ?? [];
      for (const point of points) farthest = Math.max(farthest, nearest(point, known, farthest));
    }
    return farthest;
  }
}

/** Distance of the nearest; once one is within `enough`, nothing is gained by looking on. */
function nearest(point: Float64Array, known: readonly Float64Array[], enough: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (const other of known) {
    let squares = 0;
    for (let s = 0; s < point.length && squares < least; s++) squares += (point[s] - other[s]) ** 2;
    if (squares < least) least = squares;
    if (least <= enough * enough) break;
  }
  return Math.sqrt(least);
}
