/**
 * Two levels of energy in one set: what happens when structures from two programs, or with and without a correction,
 * are put together. No potential can learn a jump that the structures do not show.
 */
import type { Trouble } from "../errors/index.js";
import type { Frame } from "../structure/index.js";
import { referenceEnergies, residualEnergies } from "./reference-energies.js";

/** Polymorphs and defects differ by less than this, eV/atom. */
const SMALLEST_GAP = 1;
/** The gap in units of the larger spread on either side of it. */
const CLEAR = 5;
/** No binding energy is so large, eV/atom (tungsten: 8.9): beyond this it is an error. */
export const IMPOSSIBLE_GAP = 10;
/** A level has at least so many structures: fewer are outliers, or the isolated atom. */
const FEWEST = 3;
const SMALLEST_PART = 0.02;

export interface ReferenceLevels {
  /** Difference of the medians, eV/atom. */
  readonly difference: number;
  /** Level of each frame, 0 lower or 1 upper, [frame]; −1 without energy. */
  readonly levels: Int8Array;
  /** One frame near the middle of each level. */
  readonly examples: readonly [number, number];
}

/** The two levels of a set, or undefined where its energies (less the elements' shares) form one. */
export function referenceLevels(frames: readonly Frame[]): ReferenceLevels | undefined {
  if (frames.filter((frame) => frame.energy !== undefined).length < 2 * FEWEST) return undefined;
  const residuals = residualEnergies(frames, referenceEnergies(frames).energies);
  const order = [...residuals.keys()].filter((k) => !Number.isNaN(residuals[k]!));
  order.sort((a, b) => residuals[a]! - residuals[b]!);
  const fewest = Math.max(FEWEST, Math.ceil(SMALLEST_PART * order.length));
  let widest = -1;
  let gap = SMALLEST_GAP;
  for (let k = fewest; k <= order.length - fewest; k++) {
    const step = residuals[order[k]!]! - residuals[order[k - 1]!]!;
    if (step > gap) [widest, gap] = [k, step];
  }
  if (widest < 0) return undefined;
  const [lower, upper] = [order.slice(0, widest), order.slice(widest)];
  if (gap < CLEAR * Math.max(spread(lower, residuals), spread(upper, residuals))) return undefined;
  const levels = new Int8Array(frames.length).fill(-1);
  for (const k of lower) levels[k] = 0;
  for (const k of upper) levels[k] = 1;
  const examples = [middle(lower), middle(upper)] as const;
  return { difference: residuals[examples[1]]! - residuals[examples[0]]!, levels, examples };
}

/** Robust standard deviation: 1.4826 times the median distance from the median, eV/atom. */
function spread(ascending: readonly number[], residuals: Float64Array): number {
  const centre = residuals[middle(ascending)]!;
  const distances = ascending.map((k) => Math.abs(residuals[k]! - centre)).sort((a, b) => a - b);
  return 1.4826 * middle(distances);
}

const middle = (items: readonly number[]): number => items[Math.floor(items.length / 2)]!;

/** The trouble in words. */
export function describeLevels(frames: readonly Frame[], found: ReferenceLevels): Trouble {
  const [lower, upper] = found.examples.map((k) => frames[k]!.source);
  const named = (source: Frame["source"]) => `structure ${source.structure} of ${source.file}`;
  const counts = [0, 1].map((level) => found.levels.filter((l) => l === level).length);
  return {
    code: "mixed-reference-levels",
    where: { file: upper!.file, structure: upper!.structure },
    problem:
      `The energies are at two levels ${found.difference.toFixed(2)} eV/atom apart: ${counts[0]} structures like ` +
      `${named(lower!)}, and ${counts[1]} like this one.`,
    expected: "Expected energies from one method, counted from one zero.",
    remedy: "Bring the energies to one zero, or train on one of the two kinds.",
  };
}
