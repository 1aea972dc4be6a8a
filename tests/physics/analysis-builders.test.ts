/** Crystals, their primitive cells and slabs, against what crystallography says of them. */
import { describe, expect, it } from "vitest";
import { RandomStream } from "../../src/math/index.js";
import { neighborList } from "../../src/neighbors/index.js";
import {
  bcc,
  caesiumChloride,
  diamond,
  fcc,
  hcp,
  type Miller,
  primitiveCell,
  replicate,
  rocksalt,
  type Structure,
  signedVolume,
  simpleCubic,
  slab,
  volume,
  zincblende,
} from "../../src/structure/index.js";

const SEED = Number(process.env.POTLUCK_SEED ?? 20270103);
console.log(`analysis-builders: seed ${SEED}`);

/** Distances to each atom's neighbours within the cutoff, ascending. */
function distances(structure: Structure, cutoff: number): number[][] {
  const { offsets, vectors } = neighborList(structure, cutoff);
  return Array.from(structure.species, (_, i) =>
    Array.from({ length: offsets[i + 1] - offsets[i] }, (_, k) =>
      Math.hypot(...vectors.subarray(3 * (offsets[i] + k), 3 * (offsets[i] + k) + 3)),
    ).sort((a, b) => a - b),
  );
}

const crystals: [string, Structure, { nearest: number; count: number; perVolume: number }][] = [
  ["simple cubic", simpleCubic("Po", 3), { nearest: 3, count: 6, perVolume: 1 / 27 }],
  ["bcc", bcc("Fe", 2.8), { nearest: 1.4 * Math.sqrt(3), count: 8, perVolume: 2 / 2.8 ** 3 }],
  ["fcc", fcc(29, 3.6), { nearest: 3.6 / Math.SQRT2, count: 12, perVolume: 4 / 3.6 ** 3 }],
  ["hcp", hcp("Mg", 3.2), { nearest: 3.2, count: 12, perVolume: Math.SQRT2 / 3.2 ** 3 }],
  ["diamond", diamond("C", 3.57), { nearest: (3.57 * Math.sqrt(3)) / 4, count: 4, perVolume: 8 / 3.57 ** 3 }],
  [
    "zincblende",
    zincblende(["Ga", "As"], 5.65),
    { nearest: (5.65 * Math.sqrt(3)) / 4, count: 4, perVolume: 8 / 5.65 ** 3 },
  ],
  ["rocksalt", rocksalt(["Na", "Cl"], 5.64), { nearest: 2.82, count: 6, perVolume: 8 / 5.64 ** 3 }],
  [
    "caesium chloride",
    caesiumChloride(["Cs", "Cl"], 4.1),
    { nearest: 2.05 * Math.sqrt(3), count: 8, perVolume: 2 / 4.1 ** 3 },
  ],
];

describe("a built crystal", () => {
  it.each(crystals)("%s has its density and its nearest neighbours", (_, crystal, { nearest, count, perVolume }) => {
    expect(crystal.species.length / volume(crystal.cell as Float64Array)).toBeCloseTo(perVolume, 12);
    for (const row of distances(crystal, nearest * 1.05)) {
      expect(row.length).toBe(count);
      for (const r of row) expect(r).toBeCloseTo(nearest, 10);
    }
  });

  it("joins unlike atoms in binary crystals", () => {
    for (const [crystal, cutoff] of [
      [rocksalt(["Na", "Cl"], 5.64), 2.9],
      [zincblende(["Ga", "As"], 5.65), 2.5],
      [caesiumChloride(["Cs", "Cl"], 4.1), 3.6],
    ] as const) {
      const list = neighborList(crystal, cutoff);
      crystal.species.forEach((z, i) => {
        for (let p = list.offsets[i]; p < list.offsets[i + 1]; p++)
          expect(crystal.species[list.indices[p]]).not.toBe(z);
      });
    }
  });

  it("is refused without an element or a length", () => {
    expect(() => fcc("CU", 3.6)).toThrow(/no element "CU"/);
    expect(() => fcc(0, 3.6)).toThrow(/no element/);
    expect(() => bcc("Fe", -1)).toThrow(/lattice constant a is -1/);
    expect(() => hcp("Mg", 3, 0)).toThrow(/lattice constant c is 0/);
  });
});

describe("the primitive cell", () => {
  it.each([
    ["fcc", fcc("Cu", 3.6), 1],
    ["bcc", bcc("Fe", 2.8), 1],
    ["diamond", diamond("C", 3.57), 2],
    ["rocksalt", rocksalt(["Na", "Cl"], 5.64), 2],
    ["hcp", hcp("Mg", 3.2), 2],
  ] as const)(
    "of %s, repeated, shifted and out of order, is the smallest, with the same neighbours",
    (_, crystal, atoms) => {
      const random = new RandomStream(SEED, "primitive");
      const big = replicate(crystal, [2, 1, 3]);
      const order = random.shuffle(Array.from(big.species, (_, i) => i));
      const shift = [0, 1, 2].map(() => random.between(-9, 9));
      const mixed: Structure = {
        ...big,
        species: Uint8Array.from(order, (i) => big.species[i]),
        positions: Float64Array.from(order.flatMap((i) => [0, 1, 2].map((x) => big.positions[3 * i + x] + shift[x]))),
      };
      const small = primitiveCell(mixed);
      expect(small.species.length).toBe(atoms);
      expect(signedVolume(small.cell as Float64Array)).toBeCloseTo(
        (volume(crystal.cell as Float64Array) * atoms) / crystal.species.length,
        8,
      );
      const expected = distances(crystal, 6)[0];
      for (const row of distances(small, 6)) {
        expect(row.length).toBe(expected.length);
        row.forEach((r, k) => {
          expect(r).toBeCloseTo(expected[k], 8);
        });
      }
    },
  );

  it("leaves a crystal that is primitive or disturbed", () => {
    const disturbed = fcc("Cu", 3.6);
    disturbed.positions[4] += 0.05;
    expect(primitiveCell(disturbed)).toBe(disturbed);
    const alloy = fcc("Cu", 3.6);
    alloy.species[0] = 79;
    expect(primitiveCell(alloy).species.length).toBe(4);
  });
});

/** Neighbour distances of the middle planes must be those of the crystal. */
function expectBulkInside(crystal: Structure, cut: Structure, reach: number): number {
  const bulk = new Map<number, number[]>();
  distances(crystal, reach).forEach((row, i) => {
    bulk.set(crystal.species[i], row);
  });
  const z = Array.from(cut.species, (_, i) => cut.positions[3 * i + 2]);
  const [low, high] = [Math.min(...z) + reach, Math.max(...z) - reach];
  let inside = 0;
  distances(cut, reach).forEach((row, i) => {
    if (z[i] < low || z[i] > high) return;
    inside++;
    const expected = bulk.get(cut.species[i]) as number[];
    expect(row.length).toBe(expected.length);
    row.forEach((r, k) => {
      expect(r).toBeCloseTo(expected[k], 8);
    });
  });
  return inside;
}

describe("a slab", () => {
  const a = 3.6;
  it.each([
    ["fcc", fcc("Cu", a), [1, 1, 1], (Math.sqrt(3) / 4) * a * a, a / Math.sqrt(3)],
    ["fcc", fcc("Cu", a), [1, 0, 0], a * a * 0.5, a / 2],
    ["fcc", fcc("Cu", a), [0, -1, 0], a * a * 0.5, a / 2],
    ["fcc", fcc("Cu", a), [1, 1, 0], (a * a) / Math.SQRT2, a / Math.sqrt(8)],
    ["fcc", fcc("Cu", a), [2, 1, 1], (a * a * Math.sqrt(6)) / 2, a / Math.sqrt(24)],
    ["bcc", bcc("Fe", a), [1, 1, 0], (a * a) / Math.SQRT2, a / Math.SQRT2],
    ["bcc", bcc("Fe", a), [1, 0, 0], a * a, a / 2],
    ["bcc", bcc("Fe", a), [1, 1, 1], a * a * Math.sqrt(3), a / Math.sqrt(12)],
    ["bcc", bcc("Fe", a), [3, 2, -1], (a * a * Math.sqrt(14)) / 2, a / Math.sqrt(14)],
  ] as const)("of %s has the area and the spacing of its plane", (_, crystal, miller, area, spacing) => {
    const cut = slab(crystal, { miller: miller as unknown as Miller, layers: 9, vacuum: 12 });
    expect(cut.area).toBeCloseTo(area, 8);
    expect(cut.thickness).toBeCloseTo(8 * spacing, 8);
    expect(cut.structure.species.length).toBe(9);
    expect(cut.equivalentSides).toBe(true);
    const cell = cut.structure.cell as Float64Array;
    expect(cell[8]).toBeCloseTo(8 * spacing + 12, 8);
    expect([cell[1], cell[2], cell[5], cell[6], cell[7]].every((x) => x === 0)).toBe(true);
    expect(signedVolume(cell)).toBeGreaterThan(0);
    const middle = cut.structure.positions.filter((_, k) => k % 3 === 2).reduce((s, x) => s + x, 0) / 9;
    expect(middle).toBeCloseTo(cell[8] / 2, 8);
  });

  it.each([
    ["diamond (111)", diamond("Si", 5.43), [1, 1, 1], 12],
    ["diamond (100)", diamond("Si", 5.43), [1, 0, 0], 12],
    ["rocksalt (210)", rocksalt(["Na", "Cl"], 5.64), [2, 1, 0], 15],
    ["zincblende (110)", zincblende(["Ga", "As"], 5.65), [1, 1, 0], 9],
    ["hcp (001)", hcp("Mg", 3.2), [0, 0, 1], 8],
    ["hcp (10-10)", hcp("Mg", 3.2), [1, 0, 0], 16],
    ["hcp (112)", hcp("Mg", 3.2, 5.2), [1, 1, 2], 18],
  ] as const)("of %s is the crystal inside", (_, crystal, miller, layers) => {
    const cut = slab(crystal, { miller: miller as unknown as Miller, layers, copies: [2, 1] });
    expect(expectBulkInside(crystal, cut.structure, 4)).toBeGreaterThan(0);
  });

  it("of a left-handed or turned crystal is the same", () => {
    const base = hcp("Mg", 3.2, 5.2);
    const cell = base.cell as Float64Array;
    // Vectors b, a, c: left-handed, and the indices h and k change places.
    const other = { ...base, cell: Float64Array.of(...cell.slice(3, 6), ...cell.slice(0, 3), ...cell.slice(6, 9)) };
    const [one, two] = [slab(base, { miller: [2, 1, 1], layers: 60 }), slab(other, { miller: [1, 2, 1], layers: 60 })];
    expect(two.area).toBeCloseTo(one.area, 9);
    expect(two.thickness).toBeCloseTo(one.thickness, 9);
    expect(expectBulkInside(other, two.structure, 4)).toBeGreaterThan(0);
  });

  it("of diamond (111) breaks one bond per surface atom with an even number of planes, and has unlike sides with an odd one", () => {
    const cut = slab(diamond("Si", 5.43), { miller: [1, 1, 1], layers: 8 });
    const bonds = distances(cut.structure, 2.6).map((row) => row.length);
    expect(bonds).toEqual([3, 4, 4, 4, 4, 4, 4, 3]);
    expect(() => slab(diamond("Si", 5.43), { miller: [1, 1, 1], layers: 7 })).toThrow(
      /two different sides.*equal sides: 6, 8/,
    );
    const odd = slab(diamond("Si", 5.43), { miller: [1, 1, 1], layers: 7, equivalentSides: false });
    expect(odd.equivalentSides).toBe(false);
  });

  it("of a polar surface is refused with the reason, or made where unequal sides are allowed", () => {
    const crystal = zincblende(["Ga", "As"], 5.65);
    expect(() => slab(crystal, { miller: [1, 1, 1], layers: 6 })).toThrow(/no number of layers has two equal sides/);
    const polar = slab(crystal, { miller: [1, 1, 1], layers: 6, equivalentSides: false });
    expect(polar.equivalentSides).toBe(false);
    expect([...polar.structure.species].filter((z) => z === 31).length).toBe(3);
    // The sides of (100) are alike with an odd number of planes, of one element on both.
    const odd = slab(crystal, { miller: [1, 0, 0], layers: 5 });
    expect(odd.structure.species[0]).toBe(odd.structure.species[4]);
    expect(() => slab(crystal, { miller: [1, 0, 0], layers: 4 })).toThrow(/equal sides: 3, 5/);
  });

  it("starts where it is told to, and repeats along the normal on request", () => {
    const crystal = zincblende(["Ga", "As"], 5.65);
    const starts = [0, 1].map((termination) => slab(crystal, { miller: [1, 0, 0], layers: 5, termination }));
    expect(starts[0].structure.species[0]).not.toBe(starts[1].structure.species[0]);
    expect(starts[0].structure.periodic).toEqual([true, true, false]);
    expect(slab(crystal, { miller: [1, 1, 0], layers: 3, periodicNormal: true }).structure.periodic[2]).toBe(true);
  });

  it("is refused with wrong numbers", () => {
    const copper = fcc("Cu", 3.6);
    expect(() => slab(copper, { miller: [0, 0, 0], layers: 3 })).toThrow(/Miller indices are \(0 0 0\)/);
    expect(() => slab(copper, { miller: [1, 0.5, 0], layers: 3 })).toThrow(/whole numbers/);
    expect(() => slab(copper, { miller: [1, 0, 0], layers: 0 })).toThrow(/0 layers/);
    expect(() => slab({ ...copper, periodic: [true, true, false] }, { miller: [1, 0, 0], layers: 3 })).toThrow(
      /three directions/,
    );
  });
});
