/**
 * The error function, erf(x) = 2/√π ∫₀ˣ e^{−t²} dt, to about 1e-15: the probability that a Gaussian value lies within x√2
 * standard deviations of its mean.
 *
 * Below 2.5 the series e^{−x²} Σ (2x²)ⁿ x/(2n+1)!!, whose terms are all positive; above, erfc by its continued fraction.
 * Source: NIST Digital Library of Mathematical Functions, 7.6.2 and 7.9.1.
 */
export function erf(x: number): number {
  if (Number.isNaN(x)) return x;
  const size = Math.abs(x);
  const value = size < 2.5 ? series(size) : size > 6 ? 1 : 1 - continuedFraction(size);
  return x < 0 ? -value : value;
}

function series(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; term > 1e-17 * sum; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** erfc(x) = e^{−x²}/√π · 1/(x + ½/(x + 1/(x + 3/2/(x + …)))), from the far end. */
function continuedFraction(x: number): number {
  let tail = x;
  for (let n = 60; n >= 1; n--) tail = x + (0.5 * n) / tail;
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * tail);
}
