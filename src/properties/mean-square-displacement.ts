/**
 * Mean square displacement and diffusion coefficient, over all time origins.
 *
 *   MSD(t) = ⟨|r(t₀ + t) − r(t₀)|²⟩,   MSD(t) → 2 d D t   (Einstein 1905, doi:10.1002/andp.19053220806)
 *
 * D is the slope of a straight line over a window of times, over 2d with d = 3 dimensions. Its error is the spread of the
 * slopes of successive blocks of origins.
 */
import { InputError } from "../errors/index.js";
import type { Structure } from "../structure/index.js";
import { type DisplacementOptions, type DisplacementResult, displacementResult } from "./diffusion.js";
import { lagSquaredDifferences } from "./fourier.js";
import { Atoms, noFrames } from "./frames.js";
import { type CorrelationBlock, TimeCorrelation } from "./time-correlation.js";
import { Unwrapping } from "./unwrapping.js";

/** Takes frames one at a time, wrapped or not, and keeps no more of them than there are lags. */
export class MeanSquareDisplacement {
  readonly #options: DisplacementOptions;
  readonly #unwrapping = new Unwrapping();
  #atoms: Atoms | undefined;
  #correlation: TimeCorrelation | undefined;

  /** Throws InputError (`bad-times`). */
  constructor(options: DisplacementOptions) {
    checkOptions(options);
    this.#options = options;
  }

  /** Throws InputError (`changed-atoms`). */
  add(structure: Structure): void {
    this.#atoms ??= new Atoms(structure);
    this.#atoms.check(structure);
    const { lags, originEvery = 1, blocks = 5, masses } = this.#options;
    const { kinds } = this.#atoms;
    this.#correlation ??= new TimeCorrelation({ kind: "squared difference", lags, originEvery, blocks, kinds });
    const positions = this.#unwrapping.next(structure);
    if (masses !== undefined) centre(positions, masses);
    this.#correlation.add(positions);
  }

  /** Throws InputError (`no-frames`); lags that no frame reached are left out. */
  result(): DisplacementResult {
    if (this.#atoms === undefined || this.#correlation === undefined) throw noFrames();
    const about = { atoms: this.#atoms, options: this.#options, frames: this.#correlation.frames };
    return displacementResult(this.#correlation.blocks, { ...about, largestStep: this.#unwrapping.largestStep });
  }
}

/**
 * The same for a whole trajectory in memory, by Fourier transforms: the cost grows with frames·log(frames) and not with
 * frames·lags. Values are those of `MeanSquareDisplacement`; blocks are stretches of the run, without the origins whose
 * displacements cross from one into the next, and only their spread is used.
 */
export function meanSquareDisplacement(
  frames: readonly Structure[],
  options: Omit<DisplacementOptions, "originEvery">,
): DisplacementResult {
  checkOptions(options);
  if (frames.length === 0) throw noFrames();
  const atoms = new Atoms(frames[0]);
  const unwrapping = new Unwrapping();
  const series = frames.map((frame) => {
    atoms.check(frame);
    const positions = unwrapping.next(frame);
    if (options.masses !== undefined) centre(positions, options.masses);
    return positions;
  });
  const { blocks = 5, lags } = options;
  const whole = fourierBlock(series, { atoms, lags });
  const length = Math.floor(series.length / blocks);
  // Stretches must hold a few times the longest lag, or they say nothing of it.
  const parts =
    length >= 2 * lags
      ? Array.from({ length: blocks }, (_, b) =>
          fourierBlock(series.slice(b * length, (b + 1) * length), { atoms, lags }),
        )
      : [];
  const about = { atoms, options, frames: frames.length, largestStep: unwrapping.largestStep };
  return displacementResult(parts, { ...about, whole });
}

function checkOptions({ interval, lags, originEvery = 1, fit = [0.2, 0.8], blocks = 5 }: DisplacementOptions): void {
  const whole = [lags, originEvery, blocks].every((n) => Number.isInteger(n) && n > 0);
  if (whole && interval > 0 && fit[0] >= 0 && fit[0] < fit[1] && fit[1] <= 1) return;
  throw new InputError({
    code: "bad-times",
    problem: `Times of ${lags} lags of ${interval} fs, an origin every ${originEvery} frames, ${blocks} blocks, fit from ${fit[0]} to ${fit[1]}.`,
    expected: "Whole numbers above 0, an interval above 0 fs, and a window within 0 and 1.",
    remedy: "Correct them.",
  });
}

/** Moves all atoms so that their centre of mass is at the origin. */
function centre(positions: Float64Array, masses: ArrayLike<number>): void {
  const total = Array.from(masses).reduce((sum, m) => sum + m, 0);
  for (let x = 0; x < 3; x++) {
    let moment = 0;
    for (let k = x; k < positions.length; k += 3) moment += masses[(k - x) / 3] * positions[k];
    for (let k = x; k < positions.length; k += 3) positions[k] -= moment / total;
  }
}

function fourierBlock(series: readonly Float64Array[], about: { atoms: Atoms; lags: number }): CorrelationBlock {
  const { atoms, lags } = about;
  const kinds = atoms.elements.length;
  const reached = Math.min(lags, series.length - 1);
  const sums = new Float64Array(3 * (lags + 1) * kinds);
  const origins = Float64Array.from({ length: lags + 1 }, (_, lag) => Math.max(0, series.length - lag));
  for (let k = 0; k < 3 * atoms.kinds.length; k++) {
    const kind = atoms.kinds[Math.floor(k / 3)];
    const squares = lagSquaredDifferences(
      Float64Array.from(series, (frame) => frame[k]),
      reached,
    );
    squares.forEach((sum, lag) => {
      sums[3 * (lag * kinds + kind) + (k % 3)] += sum / atoms.counts[kind];
    });
  }
  return { sums, origins };
}
