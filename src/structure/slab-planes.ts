/** The atomic planes of a crystal along a normal: where they are, what they hold, and which cuts have two like sides. */
import { elementSymbol } from "./elements.js";
import type { Structure } from "./structure.js";

export interface Plane {
  readonly height: number;
  readonly atoms: readonly number[];
  /** Sorted symbols, as a name. */
  readonly composition: string;
}

/** Heights above the cell's lower face in [0, height), Å. */
export function heightsOf(fractional: Float64Array, height: number): number[] {
  return Array.from({ length: fractional.length / 3 }, (_, i) => {
    const f = fractional[3 * i + 2];
    const inside = f - Math.floor(f);
    return (inside > 1 - 1e-9 ? 0 : inside) * height;
  });
}

/** Planes of one period, from the bottom up. */
export function planesOf(
  bulk: Structure,
  about: { heights: readonly number[]; height: number; planeTolerance: number },
): Plane[] {
  const { heights, height, planeTolerance } = about;
  const order = heights.map((_, i) => i).sort((i, j) => heights[i] - heights[j]);
  const groups: number[][] = [];
  order.forEach((i, k) => {
    if (k > 0 && heights[i] - heights[order[k - 1]] < planeTolerance) groups[groups.length - 1].push(i);
    else groups.push([i]);
  });
  const first = groups[0];
  const last = groups[groups.length - 1];
  // The period closes on itself: a plane may be cut in two by the cell's face.
  if (groups.length > 1 && heights[first[0]] + height - heights[last[last.length - 1]] < planeTolerance) {
    first.push(...last);
    groups.pop();
  }
  return groups.map((atoms) => ({
    atoms,
    height: heights[atoms[0]],
    composition: atoms
      .map((i) => elementSymbol(bulk.species[i]))
      .sort()
      .join(" "),
  }));
}

/** The endless sequence of planes along the normal. */
export class Stack {
  readonly planes: readonly Plane[];
  readonly #height: number;

  constructor(planes: readonly Plane[], height: number) {
    this.planes = planes;
    this.#height = height;
  }

  plane(k: number): Plane {
    const n = this.planes.length;
    return this.planes[((k % n) + n) % n];
  }

  /** Height of plane k, Å; k may be any whole number. */
  heightOf(k: number): number {
    return this.plane(k).height + Math.floor(k / this.planes.length) * this.#height;
  }

  /** From plane k to the one above, Å. */
  gap(k: number): number {
    return this.heightOf(k + 1) - this.heightOf(k);
  }

  isPalindrome(start: number, layers: number): boolean {
    for (let k = 0; k < layers; k++)
      if (this.plane(start + k).composition !== this.plane(start + layers - 1 - k).composition) return false;
    for (let k = -1; k < layers; k++)
      if (Math.abs(this.gap(start + k) - this.gap(start + layers - 2 - k)) > 1e-2) return false;
    return true;
  }

  /** The start with the widest gap below it; undefined if none makes both sides alike where that is asked for. */
  bestTermination(layers: number, equivalentSides: boolean): number | undefined {
    const starts = this.planes.map((_, k) => k).filter((k) => !equivalentSides || this.isPalindrome(k, layers));
    return starts.reduce<number | undefined>(
      (best, k) => (best === undefined || this.gap(k - 1) > this.gap(best - 1) + 1e-6 ? k : best),
      undefined,
    );
  }
}
