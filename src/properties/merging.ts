/** One result from those of independent runs, or of successive blocks of one run. */
import { InputError } from "../errors/index.js";
import type { AngleDistributionResult } from "./angle-distribution.js";
import { mergeSeries, type SeriesEstimate } from "./estimates.js";
import type { RadialDistributionResult } from "./radial-distribution.js";

/** Throws InputError (`different-measurements`) unless bins and elements agree. */
export function mergeRadialDistributions(results: readonly RadialDistributionResult[]): RadialDistributionResult {
  const [first] = results;
  checkAlike(results, ({ r, partial }) => [...r, ...partial.flatMap((p) => [p.center, p.neighbor])]);
  const frames = results.reduce((sum, result) => sum + result.frames, 0);
  const curves = (pick: (result: RadialDistributionResult) => { g: SeriesEstimate; coordination: SeriesEstimate }) => ({
    g: mergeSeries(results.map((result) => pick(result).g)),
    coordination: mergeSeries(results.map((result) => pick(result).coordination)),
  });
  return {
    ...first,
    total: curves((result) => result.total),
    partial: first.partial.map((part, k) => ({ ...part, ...curves((result) => result.partial[k]) })),
    density: results.reduce((sum, result) => sum + (result.density * result.frames) / frames, 0),
    frames,
  };
}

/** Throws InputError (`different-measurements`) unless bins and elements agree. */
export function mergeAngleDistributions(results: readonly AngleDistributionResult[]): AngleDistributionResult {
  const [first] = results;
  checkAlike(results, ({ angle, triplets }) => [...angle, ...triplets.flatMap((t) => [t.center, ...t.neighbors])]);
  const merged = (pick: (result: AngleDistributionResult) => SeriesEstimate) => {
    const perCenter = mergeSeries(results.map(pick));
    const all = perCenter.values.reduce((sum, x) => sum + x, 0);
    const width = 180 / perCenter.values.length;
    return { perCenter, density: perCenter.values.map((x) => (all === 0 ? 0 : x / (all * width))) };
  };
  return {
    ...first,
    total: merged((result) => result.total.perCenter),
    triplets: first.triplets.map((triplet, k) => ({
      ...triplet,
      ...merged((result) => result.triplets[k].perCenter),
    })),
    frames: results.reduce((sum, result) => sum + result.frames, 0),
  };
}

function checkAlike<T>(results: readonly T[], key: (result: T) => readonly number[]): void {
  const keys = results.map((result) => key(result).join(" "));
  if (keys.length > 0 && keys.every((k) => k === keys[0])) return;
  throw new InputError({
    code: "different-measurements",
    problem: keys.length === 0 ? "There are no results to merge." : "The results have different bins or elements.",
    remedy: "Merge results of the same measurement on the same atoms.",
  });
}
