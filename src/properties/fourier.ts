/** Fast Fourier transform of a length that is a power of two, and what it is here for: sums over all pairs of times. */

/** In place, forward (e^−iωt), unscaled; radix 2 (Cooley and Tukey 1965). */
export function fourierTransform(re: Float64Array, im: Float64Array): void {
  const n = re.length;
  if ((n & (n - 1)) !== 0 || im.length !== n) throw new RangeError(`length ${n}: a power of two`);
  reverseBits(re, im);
  for (let half = 1; half < n; half *= 2) {
    for (let k = 0; k < half; k++) {
      const angle = (-Math.PI * k) / half;
      const [c, s] = [Math.cos(angle), Math.sin(angle)];
      for (let a = k; a < n; a += 2 * half) {
        const b = a + half;
        const x = re[b] * c - im[b] * s;
        const y = re[b] * s + im[b] * c;
        re[b] = re[a] - x;
        im[b] = im[a] - y;
        re[a] += x;
        im[a] += y;
      }
    }
  }
}

function reverseBits(re: Float64Array, im: Float64Array): void {
  const n = re.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; (j & bit) !== 0; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i >= j) continue;
    [re[i], re[j]] = [re[j], re[i]];
    [im[i], im[j]] = [im[j], im[i]];
  }
}

/** Σ_t a(t) a(t + lag) for lag 0 … lags, by the theorem of Wiener and Khinchin: n log n instead of n². */
export function lagProducts(series: Float64Array, lags: number): Float64Array {
  let length = 1;
  while (length < 2 * series.length) length *= 2;
  const re = new Float64Array(length);
  const im = new Float64Array(length);
  re.set(series);
  fourierTransform(re, im);
  for (let k = 0; k < length; k++) {
    re[k] = re[k] * re[k] + im[k] * im[k];
    im[k] = 0;
  }
  // The power spectrum is even, so the transform back is the transform forth.
  fourierTransform(re, im);
  return re.subarray(0, lags + 1).map((x) => x / length);
}

/**
 * Σ_t (a(t + lag) − a(t))² for lag 0 … lags: squares of both ends, less twice the products (Calandrini et al. 2011,
 * doi:10.1051/sfn/201112010).
 */
export function lagSquaredDifferences(series: Float64Array, lags: number): Float64Array {
  const n = series.length;
  const mean = series.reduce((sum, x) => sum + x, 0) / n;
  // Differences do not change, and less is lost when large numbers cancel.
  const centered = series.map((x) => x - mean);
  const products = lagProducts(centered, lags);
  let squares = 2 * centered.reduce((sum, x) => sum + x * x, 0);
  return products.map((product, lag) => {
    if (lag > 0) squares -= centered[lag - 1] ** 2 + centered[n - lag] ** 2;
    return Math.max(0, squares - 2 * product);
  });
}
