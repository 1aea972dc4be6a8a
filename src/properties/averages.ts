/** Averages of recorded series, with standard errors from blocks. */
import { type Blocking, blocking } from "./blocking.js";

/** Numbers by the names of their columns. */
export type TableRow = ReadonlyMap<string, number>;

export interface Average {
  readonly mean: number;
  /** Standard error of the mean. */
  readonly error: number;
  /** Standard deviation of the samples. */
  readonly deviation: number;
  /** False where the run is so short that the error is a guess, probably too small. */
  readonly plateau: boolean;
}

/** Fewer values have no error. */
export const FEWEST_SAMPLES = 4;

export function averageOf(series: ArrayLike<number>): Average {
  const { mean, error, deviation, plateau }: Blocking = blocking(series);
  return { mean, error, deviation, plateau };
}
