/** The first shell of neighbours in a radial distribution function. */

export interface FirstShell {
  /** Of the first peak, Å, and g there. */
  readonly peak: number;
  readonly height: number;
  /** The first minimum behind it, Å, and g there: up to where atoms count as neighbours. */
  readonly minimum: number;
  readonly depth: number;
}

/** Half widths, Å: of the mean that takes out noise, and of what a peak and a minimum must dominate. */
const SMOOTH = 0.1;
const AROUND = 0.35;

/**
 * Of g over evenly spaced r (Å). Where g vanishes between two shells, as in a crystal, the minimum is the middle of the gap. Undefined where
 * there is no peak above 1, or no minimum within the range.
 */
export function firstShell(r: Float64Array, g: Float64Array): FirstShell | undefined {
  const width = r.length > 1 ? r[1] - r[0] : 1;
  const smooth = means(g, Math.round(SMOOTH / width));
  const around = Math.max(1, Math.round(AROUND / width));
  const peak = smooth.findIndex((x, k) => x > 1 && largest(smooth.subarray(k + 1, k + 1 + around)) <= x);
  if (peak < 0) return undefined;
  for (let k = peak + 1; k + around < smooth.length; k++) {
    const [here, ahead] = [smooth[k], smooth.subarray(k + 1, k + 1 + around)];
    if (here >= 0.9 * smooth[peak] || ahead.some((x) => x < here)) continue;
    const minimum = gapBehind(smooth, k);
    if (minimum === undefined) return undefined;
    const top = indexOfLargest(g, Math.max(0, peak - around), peak + around + 1);
    return { peak: r[top], height: g[top], minimum: r[minimum], depth: g[minimum] };
  }
  return undefined;
}

/** The middle of the stretch over which the curve is no higher; undefined where it does not end within the range. */
function gapBehind(curve: Float64Array, from: number): number | undefined {
  let to = from;
  while (to + 1 < curve.length && curve[to + 1] <= curve[from]) to++;
  return to + 1 === curve.length ? undefined : (from + to) >> 1;
}

const largest = (values: Float64Array): number =>
  values.reduce((most, x) => Math.max(most, x), Number.NEGATIVE_INFINITY);

function indexOfLargest(values: Float64Array, from: number, to: number): number {
  let best = from;
  for (let k = from; k < Math.min(to, values.length); k++) if (values[k] > values[best]) best = k;
  return best;
}

/** Over `half` values on either side, fewer at the ends. */
const means = (values: Float64Array, half: number): Float64Array =>
  values.map((_, k) => {
    const window = values.subarray(Math.max(0, k - half), k + half + 1);
    return window.reduce((sum, x) => sum + x, 0) / window.length;
  });
