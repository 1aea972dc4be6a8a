/** Means with their standard errors. */

export interface Estimate {
  readonly value: number;
  /** Standard error of the value; undefined where the data cannot tell. */
  readonly error: number | undefined;
}

/** A curve: one mean and one standard error at each point. */
export interface SeriesEstimate {
  readonly values: Float64Array;
  readonly errors: Float64Array | undefined;
  /** Frames (or other weights) behind the values. */
  readonly samples: number;
}

/** Mean and standard error of independent values of equal weight. */
export function meanOf(values: ArrayLike<number>): Estimate {
  const n = values.length;
  const mean = Array.from(values).reduce((sum, x) => sum + x, 0) / n;
  const squares = Array.from(values).reduce((sum, x) => sum + (x - mean) ** 2, 0);
  return { value: mean, error: n > 1 ? Math.sqrt(squares / (n * (n - 1))) : undefined };
}

/**
 * One curve from those of independent runs or successive blocks, weighted by their samples. Where each part brings errors,
 * they add in quadrature; else the spread of the parts gives them.
 */
export function mergeSeries(parts: readonly SeriesEstimate[]): SeriesEstimate {
  if (parts.length === 0) throw new RangeError("no series to merge");
  const length = parts[0].values.length;
  if (parts.some((part) => part.values.length !== length)) throw new RangeError("series of different lengths");
  const samples = parts.reduce((sum, part) => sum + part.samples, 0);
  const shares = parts.map((part) => part.samples / samples);
  const values = new Float64Array(length);
  for (const [k, part] of parts.entries()) for (let i = 0; i < length; i++) values[i] += shares[k] * part.values[i];
  const known = parts.every((part) => part.errors !== undefined);
  const errors = known ? quadrature(parts, shares) : parts.length > 1 ? spread(parts, { shares, values }) : undefined;
  return { values, errors, samples };
}

const quadrature = (parts: readonly SeriesEstimate[], shares: readonly number[]): Float64Array =>
  Float64Array.from(parts[0].values, (_, i) =>
    Math.sqrt(parts.reduce((sum, part, k) => sum + (shares[k] * (part.errors as Float64Array)[i]) ** 2, 0)),
  );

/** √(Σ w²(m − mean)² · n/(n − 1)): the usual standard error where the weights are equal. */
function spread(
  parts: readonly SeriesEstimate[],
  about: { shares: readonly number[]; values: Float64Array },
): Float64Array {
  const n = parts.length;
  return about.values.map((mean, i) => {
    const squares = parts.reduce((sum, part, k) => sum + (about.shares[k] * (part.values[i] - mean)) ** 2, 0);
    return Math.sqrt((squares * n) / (n - 1));
  });
}
