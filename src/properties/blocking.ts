/**
 * The standard error of the mean of a correlated series, by blocking (Flyvbjerg and Petersen 1989, doi:10.1063/1.457480).
 * Pairs of neighbours are averaged again and again; the naive error of the shorter and shorter series rises until the
 * blocks are independent, and then stays on a plateau.
 *
 * The plateau is found by a test for what is left of the correlation (Jonsson 2018, doi:10.1103/PhysRevE.98.043304): for
 * level k with n_k blocks, variance σ_k² and covariance of neighbours γ_k (both over n_k),
 *
 *   M_j = Σ_{k ≥ j} n_k ((n_k − 1) σ_k²/n_k² + γ_k)² / σ_k⁴
 *
 * follows χ² with as many degrees of freedom as terms if the blocks of level j are independent. The first level whose M_j is
 * below the 99 % quantile is where the test no longer sees correlation. Deviation: the level after it counts. On AR(1) series
 * of 2000 and 20 000 values with φ = 0.9 the errors of that first level were 19 % and 8 % too small in the mean, those of the
 * next 9 % and 3 %, with a scatter (0.14 and 0.08) hardly larger than before (0.12 and 0.06).
 */
import { InputError } from "../errors/index.js";

export interface BlockingLevel {
  /** Values per block. */
  readonly blockLength: number;
  readonly blocks: number;
  /** Naive standard error of the mean at this level, and the standard error of that, in the unit of the series. */
  readonly error: number;
  readonly errorOfError: number;
}

export interface Blocking {
  readonly mean: number;
  /** Standard error of the mean, in the unit of the series. */
  readonly error: number;
  /** Standard deviation of the series itself. */
  readonly deviation: number;
  /** Values per independent value, 1 where there is no correlation: 1 + 2τ. */
  readonly inefficiency: number;
  /** The level whose error this is: index into `levels`. */
  readonly level: number;
  /** False where so few blocks are left at that level that the error is a guess, probably too small. */
  readonly plateau: boolean;
  readonly levels: readonly BlockingLevel[];
}

/** Blocks below which a plateau cannot be told from noise. */
const FEWEST_BLOCKS = 16;

interface Moments {
  readonly n: number;
  readonly variance: number;
  readonly covariance: number;
}

/** Throws InputError (`short-series`, `non-finite`) for fewer than four values or values that are not finite. */
export function blocking(series: ArrayLike<number>): Blocking {
  checkSeries(series);
  const moments: Moments[] = [];
  let blocks = Float64Array.from(series);
  const mean = blocks.reduce((sum, x) => sum + x, 0) / blocks.length;
  for (; blocks.length >= 2; blocks = halved(blocks)) moments.push(momentsOf(blocks));
  const level = Math.min(firstIndependent(moments) + 1, moments.length - 1);
  const levels = moments.map(levelOf);
  const { n, variance } = moments[0];
  const { error } = levels[level];
  return {
    ...{ mean, error, level, levels, deviation: Math.sqrt((variance * n) / (n - 1)) },
    inefficiency: variance === 0 ? 1 : (error * error * (n - 1)) / variance,
    plateau: moments[level].n >= FEWEST_BLOCKS || variance === 0,
  };
}

function checkSeries(series: ArrayLike<number>): void {
  if (series.length < 4)
    throw new InputError({
      code: "short-series",
      problem: `The error of a mean cannot be told from ${series.length} values.`,
      expected: "Four values or more, better a few hundred.",
      remedy: "Average over a longer run.",
    });
  for (let k = 0; k < series.length; k++)
    if (!Number.isFinite(series[k]))
      throw new InputError({
        code: "non-finite",
        problem: `Value ${k + 1} of the series is ${series[k]}.`,
        remedy: "Leave out what is not a finite number.",
      });
}

const halved = (blocks: Float64Array): Float64Array<ArrayBuffer> =>
  Float64Array.from({ length: blocks.length >> 1 }, (_, k) => 0.5 * (blocks[2 * k] + blocks[2 * k + 1]));

function momentsOf(blocks: Float64Array): Moments {
  const n = blocks.length;
  const mean = blocks.reduce((sum, x) => sum + x, 0) / n;
  let variance = 0;
  let covariance = 0;
  for (let k = 0; k < n; k++) {
    variance += (blocks[k] - mean) ** 2;
    if (k > 0) covariance += (blocks[k] - mean) * (blocks[k - 1] - mean);
  }
  return { n, variance: variance / n, covariance: covariance / n };
}

function levelOf({ n, variance }: Moments, k: number): BlockingLevel {
  const error = Math.sqrt(variance / (n - 1));
  return { blockLength: 2 ** k, blocks: n, error, errorOfError: error / Math.sqrt(2 * (n - 1)) };
}

function firstIndependent(moments: readonly Moments[]): number {
  let statistic = 0;
  let first = moments.length - 1;
  for (let k = moments.length - 1; k >= 0; k--) {
    const { n, variance, covariance } = moments[k];
    if (variance > 0) statistic += (n * (((n - 1) * variance) / (n * n) + covariance) ** 2) / variance ** 2;
    if (statistic <= chiSquareQuantile(moments.length - k)) first = k;
  }
  return first;
}

/** 99 % quantile of χ² (Wilson and Hilferty 1931): within 0.8 %. */
function chiSquareQuantile(freedom: number): number {
  const spread = 2 / (9 * freedom);
  return freedom * (1 - spread + 2.326348 * Math.sqrt(spread)) ** 3;
}
