/** Structures as potentials meet them: shaken crystals, surfaces, liquids, clusters, cells smaller than a cutoff. */
import type { RandomStream } from "../../src/math/index.js";
import { neighborList } from "../../src/neighbors/index.js";
import { atomicNumber, replicate, type Structure } from "../../src/structure/index.js";

const BASES = {
  fcc: [
    [0, 0, 0],
    [0.5, 0.5, 0],
    [0.5, 0, 0.5],
    [0, 0.5, 0.5],
  ],
  bcc: [
    [0, 0, 0],
    [0.5, 0.5, 0.5],
  ],
} as const;

export interface Crystal {
  readonly lattice: "fcc" | "bcc" | "diamond";
  /** Å */
  readonly constant: number;
  /** Symbols, dealt to the sites of the cube in turn: Si C on diamond is zinc blende. */
  readonly elements: readonly string[];
}

const numberOf = (symbol: string): number => atomicNumber(symbol) ?? Number.NaN;

/** The cubic cell; in diamond the two face-centred lattices take turns. */
export function unitCell({ lattice, constant, elements }: Crystal): Structure {
  const sites =
    lattice === "diamond"
      ? BASES.fcc.flatMap((site) => [[...site], site.map((x) => x + 0.25)])
      : BASES[lattice].map((site) => [...site]);
  return {
    species: Uint8Array.from(sites, (_, k) => numberOf(elements[k % elements.length])),
    positions: Float64Array.from(sites.flat(), (x) => x * constant),
    cell: Float64Array.of(constant, 0, 0, 0, constant, 0, 0, 0, constant),
    periodic: [true, true, true],
  };
}

/** Every coordinate moved by up to `by` Å. */
export const shaken = (random: RandomStream, structure: Structure, by: number): Structure => ({
  ...structure,
  positions: structure.positions.map((x) => x + random.between(-by, by)),
});

/** Sheared and stretched, lattice vectors lower triangular (LAMMPS's form). */
export function strained(structure: Structure): Structure {
  const m = [1.02, 0, 0, 0.05, 0.97, 0, -0.04, 0.06, 1.01];
  const times = (rows: Float64Array): Float64Array =>
    rows.map((_, k) => [0, 1, 2].reduce((sum, x) => sum + rows[k - (k % 3) + x] * m[3 * x + (k % 3)], 0));
  const { positions, cell } = structure;
  return { ...structure, positions: times(positions), cell: cell && times(cell) };
}

export const bulk = (random: RandomStream, crystal: Crystal, times: readonly [number, number, number]): Structure =>
  shaken(random, strained(replicate(unitCell(crystal), times)), 0.12);

/** Repeats in two directions. */
export const slab = (random: RandomStream, crystal: Crystal, times: readonly [number, number, number]): Structure => ({
  ...shaken(random, replicate(unitCell(crystal), times), 0.12),
  periodic: [true, true, false],
});

/** The atoms within `radius` Å of one point of a crystal, in no cell. */
export function cluster(random: RandomStream, crystal: Crystal, radius: number): Structure {
  const { species, positions } = shaken(random, replicate(unitCell(crystal), [3, 3, 3]), 0.15);
  const middle = 1.5 * crystal.constant + 0.3;
  const kept = [...species.keys()].filter(
    (i) => Math.hypot(...positions.subarray(3 * i, 3 * i + 3).map((x) => x - middle)) < radius,
  );
  return {
    species: Uint8Array.from(kept, (i) => species[i]),
    positions: Float64Array.from(kept.flatMap((i) => [...positions.subarray(3 * i, 3 * i + 3)])),
    cell: undefined,
    periodic: [false, false, false],
  };
}

export interface Liquid {
  readonly elements: readonly string[];
  readonly atoms: number;
  /** Å */
  readonly box: number;
  /** Smallest distance, Å. */
  readonly apart: number;
}

/** Atoms at random, no two too near, in a sheared box. */
export function liquid(random: RandomStream, { elements, atoms, box, apart }: Liquid): Structure {
  const cell = Float64Array.of(box, 0, 0, 0.1 * box, box, 0, -0.15 * box, 0.2 * box, box);
  const positions: number[] = [];
  for (let trial = 0; positions.length < 3 * atoms; trial++) {
    if (trial > 200_000) throw new Error("the box is too small");
    const f = [random.uniform(), random.uniform(), random.uniform()];
    const at = [0, 1, 2].map((x) => f[0] * cell[x] + f[1] * cell[3 + x] + f[2] * cell[6 + x]);
    const next = structureOf([...positions, ...at], { elements, cell });
    const { offsets } = neighborList(next, apart);
    if (offsets[offsets.length - 1] === 0) positions.push(...at);
  }
  return structureOf(positions, { elements, cell });
}

function structureOf(
  positions: readonly number[],
  { elements, cell }: { readonly elements: readonly string[]; readonly cell: Float64Array },
): Structure {
  return {
    species: Uint8Array.from({ length: positions.length / 3 }, (_, k) => numberOf(elements[k % elements.length])),
    positions: Float64Array.from(positions),
    cell,
    periodic: [true, true, true],
  };
}
