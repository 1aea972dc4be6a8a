/**
 * Tables on a uniform grid and LAMMPS's cubic through them (`pair_style eam`): the slope at a point is that of the five-point
 * formula (f₋₂ − 8f₋₁ + 8f₊₁ − f₊₂)/12, of three points next to an end and of two at it, and between two points runs the cubic
 * with their values and slopes. Beyond the last point the table goes on as a straight line, below the first as its cubic.
 */

/** Coefficients of ((c₃ t + c₂) t + c₁) t + c₀ with t from 0 to 1, [interval][4], for `values.length` − 1 intervals. */
export function splineCoefficients(values: ArrayLike<number>): Float64Array {
  const n = values.length;
  const slopes = slopesOf(values);
  const coefficients = new Float64Array(4 * (n - 1));
  for (let k = 0; k + 1 < n; k++) {
    const step = values[k + 1] - values[k];
    const [left, right] = [slopes[k], slopes[k + 1]];
    coefficients.set([left + right - 2 * step, 3 * step - 2 * left - right, left, values[k]], 4 * k);
  }
  return coefficients;
}

/** Slope at each point, per interval. */
function slopesOf(f: ArrayLike<number>): Float64Array {
  const n = f.length;
  const slopes = new Float64Array(n);
  for (let k = 2; k < n - 2; k++) slopes[k] = (f[k - 2] - f[k + 2] + 8 * (f[k + 1] - f[k - 1])) / 12;
  slopes[0] = f[1] - f[0];
  slopes[1] = (f[2] - f[0]) / 2;
  slopes[n - 2] = (f[n - 1] - f[n - 3]) / 2;
  slopes[n - 1] = f[n - 1] - f[n - 2];
  return slopes;
}

export interface Spline {
  readonly coefficients: Float64Array;
  readonly intervals: number;
}

/** Value and slope (per interval) at a position counted in intervals, written to out[0] and out[1]. */
export function splineAt({ coefficients, intervals }: Spline, position: number, out: Float64Array): void {
  const k = Math.max(0, Math.min(Math.floor(position), intervals - 1));
  const t = Math.min(position - k, 1);
  const c3 = coefficients[4 * k];
  const c2 = coefficients[4 * k + 1];
  const c1 = coefficients[4 * k + 2];
  out[0] = ((c3 * t + c2) * t + c1) * t + coefficients[4 * k + 3];
  out[1] = (3 * c3 * t + 2 * c2) * t + c1;
  const beyond = position - k - t;
  if (beyond > 0) out[0] += beyond * out[1];
}

/**
 * A table on another grid by Lagrange's cubic through four points, as LAMMPS brings several funcfl files to one grid.
 * Beyond the table's end the last cubic goes on for up to two points and then stays.
 */
export function resampled(
  values: ArrayLike<number>,
  options: { readonly step: number; readonly newStep: number; readonly points: number },
): Float64Array {
  const { step, newStep, points } = options;
  const last = values.length - 3;
  return Float64Array.from({ length: points }, (_, m) => {
    const position = (m * newStep) / step;
    const k = Math.max(1, Math.min(Math.floor(position), last));
    const t = Math.min(position - k, 2);
    return (
      (-t * (t - 1) * (t - 2) * values[k - 1]) / 6 +
      ((t * t - 1) * (t - 2) * values[k]) / 2 -
      (t * (t + 1) * (t - 2) * values[k + 1]) / 2 +
      (t * (t * t - 1) * values[k + 2]) / 6
    );
  });
}
