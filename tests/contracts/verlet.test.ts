/** The list that is kept while atoms move, against the list built anew at each step. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RandomStream } from "../../src/math/random.js";
import { type NeighborList, neighborList, VerletList } from "../../src/neighbors/index.js";
import { replicate, type Structure, wrap } from "../../src/structure/index.js";

const SEED = Number(process.env.POTLUCK_SEED ?? 20261121);
console.log(`verlet: seed ${SEED}`);

/** Pairs within the cutoff as text, sorted: atom, neighbour, vector to 1e-6 Å; those at the cutoff itself are left out. */
function pairsWithin(list: NeighborList, cutoff: number): string[] {
  const found: string[] = [];
  for (let i = 0; i + 1 < list.offsets.length; i++)
    for (let p = list.offsets[i]!; p < list.offsets[i + 1]!; p++) {
      const v = [...list.vectors.subarray(3 * p, 3 * p + 3)];
      if (!(Math.hypot(...v) < cutoff)) continue;
      found.push(`${i} ${list.indices[p]} ${v.map((x) => Math.round(x * 1e6) + 0)}`);
    }
  return found.sort();
}

function expectCurrent(verlet: VerletList, structure: Structure): number {
  const truth = neighborList(structure, verlet.cutoff);
  const close = (a: string, b: string) => {
    const [x, y] = [a, b].map((s) => s.split(/[ ,]/).map(Number));
    return x!.every((v, k) => Math.abs(v - y![k]!) <= (k < 2 ? 0 : 1));
  };
  const [kept, built] = [pairsWithin(verlet.list, verlet.cutoff), pairsWithin(truth, verlet.cutoff)];
  expect(kept.length).toBe(built.length);
  // A rounded coordinate may differ by one and change the order: then any match will do.
  kept.forEach((pair, k) => {
    if (pair !== built[k]) expect(built.some((other) => close(pair, other))).toBe(true);
  });
  return built.length;
}

interface Walk {
  readonly step: number;
  readonly strain: number;
  readonly steps: number;
}

/** Atoms and cell wander, atoms are carried with the cell half of the time, and are wrapped now and then. */
function walk(start: Structure, verlet: VerletList, { random, ...by }: Walk & { random: RandomStream }) {
  let pairs = 0;
  let { positions, cell } = start;
  positions = positions.slice();
  for (let step = 0; step < by.steps; step++) {
    if (cell !== undefined) {
      const f = Float64Array.from({ length: 9 }, (_, k) => (k % 4 === 0 ? 1 : 0) + by.strain * random.normal());
      const strained = (rows: Float64Array) =>
        rows.map((_, k) => {
          const row = k - (k % 3);
          return rows[row]! * f[k % 3]! + rows[row + 1]! * f[3 + (k % 3)]! + rows[row + 2]! * f[6 + (k % 3)]!;
        });
      cell = strained(cell);
      if (random.uniform() < 0.5) positions = strained(positions);
    }
    positions = positions.map((x) => x + by.step * random.normal());
    const structure = { ...start, positions, cell };
    const passed = random.uniform() < 0.3 ? wrap(structure) : structure;
    const before = verlet.rebuilds;
    expect(verlet.update(passed.positions.slice(), cell)).toBe(verlet.rebuilds > before);
    pairs += expectCurrent(verlet, passed);
  }
  return pairs;
}

/** Evenly spread, unlike fast-check's doubles, which are mostly tiny. */
const length = (min: number, max: number) =>
  fc.integer({ min: 0, max: 2 ** 20 }).map((k) => min + ((max - min) * k) / 2 ** 20);

const structures: fc.Arbitrary<Structure> = fc
  .record({
    sizes: fc.tuple(length(2, 7), length(2, 7), length(2, 7)),
    shears: fc.tuple(length(-9, 9), length(-9, 9), length(-9, 9)),
    flip: fc.boolean(),
    bare: fc.nat(5).map((k) => k === 0),
    periodic: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
    positions: fc.array(fc.tuple(length(-9, 9), length(-9, 9), length(-9, 9)), { maxLength: 12, size: "max" }),
  })
  .map(({ sizes, shears, flip, bare, periodic, positions }) => ({
    species: new Uint8Array(positions.length).fill(14),
    positions: Float64Array.from(positions.flat()),
    cell: bare
      ? undefined
      : Float64Array.of(sizes[0], 0, 0, shears[0], flip ? -sizes[1] : sizes[1], 0, shears[1], shears[2], sizes[2]),
    periodic: bare ? [false, false, false] : periodic,
  }));

describe("a list that is kept holds the pairs of one built anew", () => {
  it("along random walks of atoms and cell, for any cell and periodicity", () => {
    let pairs = 0;
    let rebuilds = 0;
    let steps = 0;
    fc.assert(
      fc.property(
        structures,
        fc.record({ cutoff: length(2, 5), skin: length(0, 1.5), scale: length(0.003, 0.2), seed: fc.nat() }),
        (structure, { cutoff, skin, scale, seed }) => {
          const verlet = new VerletList(structure, cutoff, { skin });
          const random = new RandomStream(seed, "walk");
          pairs += walk(structure, verlet, { random, step: scale, strain: scale / 60, steps: 12 });
          rebuilds += verlet.rebuilds - 1;
          steps += 12;
        },
      ),
      { seed: SEED, numRuns: 120, endOnFailure: true },
    );
    console.log(`verlet: ${pairs} pairs, ${rebuilds} rebuilds in ${steps} steps`);
    expect(pairs).toBeGreaterThan(5000);
    expect(rebuilds).toBeGreaterThan(0.1 * steps);
    expect(rebuilds).toBeLessThan(0.8 * steps);
  });

  it("when cell and atoms shrink so that pairs come in from outside", () => {
    const lattice = {
      species: Uint8Array.of(29),
      positions: new Float64Array(3),
      cell: Float64Array.of(3, 0, 0, 0, 3, 0, 0, 0, 3),
      periodic: [true, true, true] as const,
    };
    const verlet = new VerletList(lattice, 2.9, { skin: 0.05 });
    expect(verlet.list.indices.length).toBe(0);
    const smaller = lattice.cell.map((x) => 0.95 * x);
    expect(verlet.update(lattice.positions, smaller)).toBe(true);
    expect(verlet.list.indices.length).toBe(6);
  });

  it("and stays where nothing moves relative to anything", () => {
    const random = new RandomStream(SEED, "still");
    const block: Structure = replicate(
      {
        species: Uint8Array.of(29),
        positions: new Float64Array(3),
        cell: Float64Array.of(0, 1.8, 1.8, 1.8, 0, 1.8, 1.8, 1.8, 0),
        periodic: [true, true, true],
      },
      [5, 5, 5],
    );
    const verlet = new VerletList(block, 4, { skin: 0.4 });
    const angle = 0.7;
    const turn = (rows: Float64Array) =>
      rows.map((_, k) => {
        const [x, y] = [rows[k - (k % 3)]!, rows[k - (k % 3) + 1]!];
        if (k % 3 === 0) return x * Math.cos(angle) - y * Math.sin(angle);
        return k % 3 === 1 ? x * Math.sin(angle) + y * Math.cos(angle) : rows[k]!;
      });
    // Turned as a whole.
    expect(verlet.update(turn(block.positions), turn(block.cell!))).toBe(false);
    // Stretched with the cell: distances grow.
    expect(
      verlet.update(
        block.positions.map((x) => 1.1 * x),
        block.cell!.map((x) => 1.1 * x),
      ),
    ).toBe(false);
    // Each atom in another image.
    const jumped = block.positions.slice();
    for (let i = 0; i < jumped.length; i += 3)
      for (let d = 0; d < 3; d++) {
        const turns = random.integer(7) - 3;
        for (let x = 0; x < 3; x++) jumped[i + x]! += turns * block.cell![3 * d + x]!;
      }
    expect(verlet.update(jumped, block.cell)).toBe(false);
    expectCurrent(verlet, { ...block, positions: jumped });
    // One atom by less than half of the skin, then two by more than the skin together.
    const moved = block.positions.slice();
    moved[0]! += 0.39;
    expect(verlet.update(moved, block.cell)).toBe(false);
    moved[3]! -= 0.02;
    expect(verlet.update(moved, block.cell)).toBe(true);
    expect(verlet.rebuilds).toBe(2);
  });
});

describe("wrong input", () => {
  const pair: Structure = {
    species: Uint8Array.of(6, 6),
    positions: Float64Array.of(0, 0, 0, 1, 0, 0),
    cell: Float64Array.of(5, 0, 0, 0, 5, 0, 0, 0, 5),
    periodic: [true, true, true],
  };

  it("is reported as by neighborList, and the list goes on afterwards", () => {
    const verlet = new VerletList(pair, 2);
    expect(() => verlet.update(Float64Array.of(0, 0, 0, Number.NaN, 0, 0), pair.cell)).toThrow(/atom 2.*not finite/);
    expect(() => verlet.update(pair.positions, undefined)).toThrow(/no cell/);
    expect(() => verlet.update(pair.positions, new Float64Array(9))).toThrow(/span no volume/);
    expect(() =>
      verlet.update(
        pair.positions,
        pair.cell!.map(() => Number.NaN),
      ),
    ).toThrow(/not finite/);
    expect(() => verlet.update(new Float64Array(3), pair.cell)).toThrow(/coordinates/);
    expect(verlet.update(pair.positions, pair.cell)).toBe(false);
    expectCurrent(verlet, pair);
    expect(() => new VerletList(pair, 0)).toThrow(RangeError);
    expect(() => new VerletList(pair, 1, { skin: -1 })).toThrow(RangeError);
  });
});
