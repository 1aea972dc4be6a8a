/** The neighbour list against its definition: the same pairs, in the same order, with the same vectors. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RandomStream } from "../../src/math/random.js";
import {
  bruteForceNeighborList,
  checkNotCoincident,
  coincidentPair,
  type NeighborList,
  neighborList,
} from "../../src/neighbors/index.js";
import { replicate, type Structure } from "../../src/structure/index.js";

const SEED = Number(process.env.POTLUCK_SEED ?? 20261121);
console.log(`neighbors: seed ${SEED}`);

type Triple = [number, number, number];

const triple = (element: fc.Arbitrary<number>): fc.Arbitrary<Triple> => fc.tuple(element, element, element);
const length = (min: number, max: number) => fc.double({ min, max, noNaN: true });

/** Rows with given lengths on the diagonal and any shear below, in any order and of either handedness. */
const cells: fc.Arbitrary<Float64Array> = fc
  .record({ lengths: triple(length(1.2, 9)), shears: triple(length(-25, 25)), swap: fc.boolean(), flip: fc.boolean() })
  .map(({ lengths, shears, swap, flip }) => {
    const a = [lengths[0], 0, 0];
    const b = [shears[0], lengths[1], 0];
    const c = [shears[1], shears[2], flip ? -lengths[2] : lengths[2]];
    return Float64Array.from(swap ? [...b, ...a, ...c] : [...a, ...b, ...c]);
  });

const structures: fc.Arbitrary<Structure> = fc
  .record({
    cell: fc.option(cells, { nil: undefined, freq: 6 }),
    periodic: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
    positions: fc.array(triple(fc.oneof(length(-3, 9), length(-60, 60), fc.integer({ min: -3, max: 6 }))), {
      maxLength: 14,
    }),
  })
  .map(({ cell, periodic, positions }) => ({
    species: new Uint8Array(positions.length).fill(14),
    positions: Float64Array.from(positions.flat()),
    cell,
    periodic: cell === undefined ? [false, false, false] : periodic,
  }));

function expectSame(structure: Structure, cutoff: number): NeighborList {
  const fast = neighborList(structure, cutoff, { shifts: true });
  const truth = bruteForceNeighborList(structure, cutoff, { shifts: true });
  expect([...fast.offsets]).toEqual([...truth.offsets]);
  expect([...fast.indices]).toEqual([...truth.indices]);
  expect([...fast.shifts!]).toEqual([...truth.shifts!]);
  expect(Buffer.from(fast.vectors.buffer).equals(Buffer.from(truth.vectors.buffer))).toBe(true);
  return fast;
}

function atoms(
  positions: number[][],
  cell?: number[][],
  periodic: Structure["periodic"] = [true, true, true],
): Structure {
  return {
    species: new Uint8Array(positions.length).fill(29),
    positions: Float64Array.from(positions.flat()),
    cell: cell === undefined ? undefined : Float64Array.from(cell.flat()),
    periodic: cell === undefined ? [false, false, false] : periodic,
  };
}

const cube = (a: number) => [
  [a, 0, 0],
  [0, a, 0],
  [0, 0, a],
];

describe("the neighbour list equals brute force", () => {
  it("for any cell, periodicity and positions", () => {
    let pairs = 0;
    fc.assert(
      fc.property(structures, length(0.4, 6.5), (structure, cutoff) => {
        pairs += expectSame(structure, cutoff).indices.length;
      }),
      { seed: SEED, numRuns: 300 },
    );
    expect(pairs).toBeGreaterThan(1000);
  });

  it("for many atoms in few and in many bins", () => {
    const random = new RandomStream(SEED, "many atoms");
    for (const [n, cutoff] of [
      [90, 1.1],
      [90, 2.7],
      [40, 7],
    ] as const) {
      const positions = Array.from({ length: n }, () => [0, 1, 2].map(() => random.between(-4, 14)));
      const cell = [
        [9, 0.3, -0.2],
        [4, -8, 1],
        [-11, 2, 10],
      ];
      for (const periodic of [
        [true, true, true],
        [true, false, true],
        [false, false, true],
        [false, false, false],
      ] as const)
        expectSame(atoms(positions, cell, periodic), cutoff);
    }
  });

  it("for one atom in a cell far smaller than the cutoff", () => {
    const list = expectSame(atoms([[0.1, 0.2, 0.3]], cube(1)), 5);
    // Whole-number points inside a sphere of radius 5, without its surface (30 points) and its centre.
    expect(list.indices.length).toBe(515 - 30 - 1);
  });

  it("for atoms far outside the cell and at its faces", () => {
    expectSame(
      atoms(
        [
          [1e4, -2e5, 3e5],
          [0, 0, 0],
          [4, 4, 4],
          [-1e-17, 2, 2],
          [4 - 1e-16, 2, 2],
        ],
        cube(4),
      ),
      3.3,
    );
  });

  it("for a cell whose vectors nearly lie in a plane", () => {
    const cell = [
      [3, 0, 0],
      [3000.4, 2.5, 0],
      [-1500.2, 801, 2.8],
    ];
    const random = new RandomStream(SEED, "flat");
    const positions = Array.from({ length: 5 }, () => [0, 1, 2].map(() => random.between(0, 3)));
    const list = neighborList(atoms(positions, cell), 4);
    // The same lattice in short vectors.
    const short = [
      [3, 0, 0],
      [0.4, 2.5, 0],
      [-1500.2 - 320 * 3000.4 + 320533 * 3, 1, 2.8],
    ];
    const other = neighborList(atoms(positions, short), 4);
    expect(other.indices.length).toBeGreaterThan(50);
    expect([...list.indices]).toEqual([...other.indices]);
  });

  it("in a slab of atoms whose cell has no extent along the free direction", () => {
    const cell = [
      [3, 0, 0],
      [0, 3, 0],
      [0, 0, 0],
    ];
    const list = expectSame(
      atoms(
        [
          [0, 0, 0],
          [1, 1, 40],
          [1, 1, 41],
        ],
        cell,
        [true, true, false],
      ),
      3.1,
    );
    expect(list.offsets[1]).toBe(4);
  });

  it("for no atoms", () => expect([...expectSame(atoms([], cube(2)), 3).offsets]).toEqual([0]));
});

describe("pairs", () => {
  it("are in both directions with exactly opposite vectors", () => {
    fc.assert(
      fc.property(structures, length(0.4, 5), (structure, cutoff) => {
        const list = neighborList(structure, cutoff, { shifts: true });
        const seen = new Map<string, string>();
        const key = (i: number, j: number, s: number[]) => `${i} ${j} ${s.map((x) => x + 0)}`;
        for (let i = 0; i < structure.species.length; i++)
          for (let p = list.offsets[i]!; p < list.offsets[i + 1]!; p++) {
            const v = [...list.vectors.subarray(3 * p, 3 * p + 3)].map((x) => x + 0);
            seen.set(key(i, list.indices[p]!, [...list.shifts!.subarray(3 * p, 3 * p + 3)]), `${v}`);
          }
        for (const [name, vector] of seen) {
          const [i, j, shift] = name.split(" ");
          const opposite = key(
            Number(j),
            Number(i),
            shift!.split(",").map((x) => 0 - Number(x)),
          );
          expect(seen.get(opposite)).toBe(`${vector.split(",").map((x) => 0 - Number(x))}`);
        }
      }),
      { seed: SEED, numRuns: 60 },
    );
  });

  it("at the cutoff are outside", () => {
    const pair = atoms([
      [0, 0, 0],
      [0, 3, 0],
    ]);
    expect(neighborList(pair, 3).indices.length).toBe(0);
    expect(neighborList(pair, 3.0000001).indices.length).toBe(2);
  });

  it("of two atoms at one place are listed, and reported with both names", () => {
    const twins = atoms(
      [
        [1, 1, 1],
        [3, 1, 1],
        [1, 1, 6],
      ],
      cube(5),
    );
    const list = neighborList(twins, 2.5);
    expect(list.offsets[1]).toBeGreaterThan(0);
    expect(coincidentPair(list)).toEqual({ atoms: [0, 2], distance: 0 });
    expect(() => checkNotCoincident(list, twins, { file: "a.xyz", structure: 3 })).toThrow(
      /a\.xyz, structure 3, atom 1: Cu atom 1 and Cu atom 3 are at the same place/,
    );
    expect(coincidentPair(neighborList(twins, 0.5), 0)).toBeUndefined();
  });
});

describe("cost", () => {
  it("grows with the number of pairs: a crystal has the same neighbours everywhere", () => {
    const primitive = atoms(
      [[0, 0, 0]],
      [
        [0, 2, 2],
        [2, 0, 2],
        [2, 2, 0],
      ],
    );
    const big = neighborList(replicate(primitive, [20, 25, 30]), 4.1);
    expect(big.indices.length).toBe(15000 * 18);
  });

  it("does not grow with empty space or skew", () => {
    const far = atoms([
      [0, 0, 0],
      [1e9, 1e9, -1e9],
      [1e9, 1e9, 1 - 1e9],
    ]);
    expect([...neighborList(far, 2).offsets]).toEqual([0, 0, 1, 2]);
  });
});

describe("wrong input", () => {
  it("names flat cells, missing cells and atoms that are not finite", () => {
    const flat = [
      [1, 0, 0],
      [0, 1, 0],
      [1, 1, 0],
    ];
    expect(() => neighborList(atoms([[0, 0, 0]], flat), 2)).toThrow(/span no volume/);
    expect(() => neighborList(atoms([[0, 0, 0]], flat, [true, true, false]), 2)).not.toThrow();
    expect(() => neighborList({ ...atoms([[0, 0, 0]]), periodic: [true, false, false] }, 2)).toThrow(/no cell/);
    expect(() => neighborList(atoms([[0, Number.NaN, 0]], cube(2)), 2)).toThrow(/atom 1.*not finite/);
    expect(() => neighborList(atoms([[0, 0, 0]], cube(2)), 0)).toThrow(RangeError);
  });
});
