/** Cells, reduction, wrapping and repetition, against closed forms and invariants. */
import { describe, expect, it } from "vitest";
import { RandomStream } from "../../src/math/random.js";
import {
  checkStructure,
  heights,
  inverseCell,
  periodicFrame,
  reduceFrame,
  relativeVolume,
  replicate,
  type Structure,
  signedVolume,
  toCartesian,
  toFractional,
  volume,
  wrap,
} from "../../src/structure/index.js";

const SEED = Number(process.env.POTLUCK_SEED ?? 7);
console.log(`cells: seed ${SEED}`);
const random = new RandomStream(SEED, "cells");

const randomCell = (): Float64Array => Float64Array.from({ length: 9 }, () => random.between(-5, 5));
const close = (a: ArrayLike<number>, b: ArrayLike<number>, digits = 10): void =>
  Array.from(a).forEach((x, k) => {
    expect(x).toBeCloseTo(b[k]!, digits);
  });

// a = b = 3, c = 5, γ = 120°.
const hexagonal = Float64Array.of(3, 0, 0, -1.5, 1.5 * Math.sqrt(3), 0, 0, 0, 5);
const leftHanded = Float64Array.of(-1.5, 1.5 * Math.sqrt(3), 0, 3, 0, 0, 0, 0, 5);

function structureIn(cell: Float64Array, periodic: Structure["periodic"] = [true, true, true]): Structure {
  const positions = Float64Array.from({ length: 15 }, () => random.between(-20, 20));
  return { species: Uint8Array.of(1, 6, 8, 14, 79), positions, cell, periodic };
}

describe("a cell", () => {
  it("has volume and handedness", () => {
    expect(signedVolume(hexagonal)).toBeCloseTo(22.5 * Math.sqrt(3), 12);
    expect(signedVolume(leftHanded)).toBeCloseTo(-22.5 * Math.sqrt(3), 12);
    expect(volume(leftHanded)).toBeCloseTo(22.5 * Math.sqrt(3), 12);
  });

  it("has heights, not lengths, between its faces", () => {
    close(heights(hexagonal), [1.5 * Math.sqrt(3), 1.5 * Math.sqrt(3), 5], 12);
    close(heights(leftHanded), [1.5 * Math.sqrt(3), 1.5 * Math.sqrt(3), 5], 12);
  });

  it("turns Cartesian into fractional coordinates and back", () => {
    close(toFractional(Float64Array.of(1.5, 1.5 * Math.sqrt(3), 2.5), hexagonal), [1, 1, 0.5], 12);
    for (let k = 0; k < 20; k++) {
      const cell = randomCell();
      const { positions } = structureIn(cell);
      close(toCartesian(toFractional(positions, cell), cell), positions, 8);
    }
  });

  it("has an inverse", () => close(toCartesian(hexagonal, inverseCell(hexagonal)), [1, 0, 0, 0, 1, 0, 0, 0, 1], 14));
});

describe("the frame of what repeats", () => {
  it("is completed by unit vectors at right angles", () => {
    for (const periodic of [
      [true, false, true],
      [false, true, false],
      [false, false, false],
    ] as const) {
      const cell = randomCell();
      const frame = periodicFrame(cell, periodic);
      for (let d = 0; d < 3; d++) {
        const row = frame.subarray(3 * d, 3 * d + 3);
        if (periodic[d]) close(row, cell.subarray(3 * d, 3 * d + 3), 14);
        else
          for (let e = 0; e < 3; e++) {
            const product = row[0]! * frame[3 * e]! + row[1]! * frame[3 * e + 1]! + row[2]! * frame[3 * e + 2]!;
            expect(product).toBeCloseTo(d === e ? 1 : 0, 12);
          }
      }
    }
  });

  it("spans no volume where its vectors are parallel or zero", () => {
    const flat = Float64Array.of(1, 2, 3, 2, 4, 6, 0, 0, 1);
    expect(relativeVolume(periodicFrame(flat, [true, true, false]))).not.toBeGreaterThan(1e-10);
    expect(relativeVolume(periodicFrame(new Float64Array(9), [true, false, false]))).not.toBeGreaterThan(1e-10);
    expect(relativeVolume(periodicFrame(flat, [false, true, true]))).toBeGreaterThan(0.1);
  });
});

describe("reduction", () => {
  it("finds short vectors of the same lattice", () => {
    for (let k = 0; k < 50; k++) {
      const start = reduceFrame(randomCell(), [true, true, true]).frame;
      const skewed = shear(start);
      const { frame, transform } = reduceFrame(skewed, [true, true, true]);
      expect(Math.abs(signedVolume(transform))).toBe(1);
      expect(transform.every(Number.isInteger)).toBe(true);
      close(toCartesian(transform, skewed), frame, 9);
      // The shortest vectors of a lattice have definite lengths, whatever the cell that was given.
      close(lengths(frame), lengths(start), 7);
    }
  });

  it("leaves directions that do not repeat", () => {
    const cell = Float64Array.of(1, 0, 0, 0, 1, 0, 100.2, 0, 3);
    expect([...reduceFrame(periodicFrame(cell, [true, false, true]), [true, false, true]).transform]).toEqual([
      1, 0, 0, 0, 1, 0, -100, 0, 1,
    ]);
  });
});

const lengths = (frame: Float64Array): number[] =>
  [0, 3, 6].map((k) => Math.hypot(frame[k]!, frame[k + 1]!, frame[k + 2]!)).sort((a, b) => a - b);

function shear(cell: Float64Array): Float64Array {
  const result = cell.slice();
  for (let step = 0; step < 6; step++) {
    const [i, j] = [random.integer(3), random.integer(3)];
    const times = random.integer(9) - 4;
    if (i !== j) for (let x = 0; x < 3; x++) result[3 * i + x]! += times * result[3 * j + x]!;
  }
  return result;
}

describe("wrapping", () => {
  it("moves atoms by whole lattice vectors into the cell", () => {
    for (const periodic of [
      [true, true, true],
      [true, false, true],
    ] as const) {
      const structure = structureIn(hexagonal, periodic);
      const inside = toFractional(wrap(structure).positions, hexagonal);
      const before = toFractional(structure.positions, hexagonal);
      inside.forEach((f, k) => {
        const moved = f - before[k]!;
        expect(moved).toBeCloseTo(Math.round(moved), 10);
        if (periodic[k % 3]) expect(f).toBeGreaterThanOrEqual(-1e-12);
        if (periodic[k % 3]) expect(f).toBeLessThan(1 + 1e-12);
        if (!periodic[k % 3]) expect(moved).toBeCloseTo(0, 10);
      });
    }
  });
});

describe("repetition", () => {
  it("keeps the density and the order of the atoms", () => {
    const structure = structureIn(leftHanded);
    const big = replicate(structure, [2, 1, 3]);
    expect(big.species.length).toBe(30);
    expect(signedVolume(big.cell!)).toBeCloseTo(6 * signedVolume(leftHanded), 9);
    expect([...big.species.subarray(25, 30)]).toEqual([...structure.species]);
    // The last copy is one step along a and two along c.
    const [x, y, z] = structure.positions;
    close(big.positions.subarray(75, 78), [x! - 1.5, y! + 1.5 * Math.sqrt(3), z! + 10], 12);
  });

  it("refuses halves, and structures without a cell", () => {
    expect(() => replicate(structureIn(hexagonal), [1, 1.5, 1])).toThrow(RangeError);
    const cluster: Structure = { ...structureIn(hexagonal), cell: undefined, periodic: [false, false, false] };
    expect(() => replicate(cluster, [1, 1, 2])).toThrow(RangeError);
  });
});

describe("checks", () => {
  it("say where and what", () => {
    const flat = structureIn(Float64Array.of(1, 0, 0, 0, 1, 0, 3, 4, 0));
    expect(() => checkStructure(flat, { file: "x.xyz", structure: 2 })).toThrow(/x\.xyz, structure 2: .*no volume/);
    const nan = structureIn(hexagonal);
    nan.positions[7] = Number.POSITIVE_INFINITY;
    expect(() => checkStructure(nan)).toThrow(/atom 3: .*this O atom/);
    expect(() => checkStructure(structureIn(leftHanded))).not.toThrow();
  });
});
