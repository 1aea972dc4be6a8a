/**
 * The neighbour list by trying every image of every pair: quadratic, plain, and the definition that others are tested
 * against.
 */
import { inverse3, timesMatrix } from "../math/matrix3.js";
import { checkStructure, heights, periodicFrame, type Structure } from "../structure/index.js";
import { PairVector } from "./geometry.js";
import { checkCutoff, type NeighborList, type NeighborOptions } from "./neighbor-list.js";

export function bruteForceNeighborList(
  structure: Structure,
  cutoff: number,
  options: NeighborOptions = {},
): NeighborList {
  checkCutoff(cutoff);
  checkStructure(structure);
  const vector = new PairVector(structure);
  const n = structure.species.length;
  const offsets = new Int32Array(n + 1);
  const [indices, vectors, shifts]: [number[], number[], number[]] = [[], [], []];
  const candidates = imageRanges(structure, cutoff);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      for (const shift of candidates(i, j)) {
        if (i === j && shift.every((s) => s === 0)) continue;
        vector.between(i, j);
        vector.shift(Int32Array.from(shift), 0);
        if (!(vector.squaredLength < cutoff * cutoff)) continue;
        indices.push(j);
        vectors.push(vector.x, vector.y, vector.z);
        shifts.push(...shift);
      }
    }
    offsets[i + 1] = indices.length;
  }
  const list = { offsets, indices: Int32Array.from(indices), vectors: Float64Array.from(vectors) };
  return options.shifts === true ? { ...list, shifts: Int32Array.from(shifts) } : list;
}

/** All translations that could bring j within the cutoff of i, lexicographically: one more on each side than needed. */
function imageRanges(structure: Structure, cutoff: number): (i: number, j: number) => number[][] {
  const { positions, cell, periodic } = structure;
  const frame = periodicFrame(cell, periodic);
  const inverse = inverse3(frame);
  const high = heights(frame);
  return (i, j) => {
    const difference = [0, 1, 2].map((x) => positions[3 * j + x]! - positions[3 * i + x]!);
    const fractional = timesMatrix(difference, inverse);
    const ranges = fractional.map((f, d) => {
      if (!periodic[d]) return [0];
      const reach = cutoff / high[d]!;
      const first = Math.floor(-f - reach) - 1;
      const last = Math.ceil(-f + reach) + 1;
      return Array.from({ length: last - first + 1 }, (_, k) => first + k);
    });
    return ranges[0]!.flatMap((s0) => ranges[1]!.flatMap((s1) => ranges[2]!.map((s2) => [s0, s1, s2])));
  };
}
