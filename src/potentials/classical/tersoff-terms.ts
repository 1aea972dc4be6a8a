/** The functions of Tersoff's potential and their derivatives, each written to out[0] and out[1]. */

/** f_C(r): 1 up to R − D, 0 from R + D, and ½ − ½ sin(π/2 (r − R)/D) between. */
export function taper(r: number, R: number, D: number, out: Float64Array): void {
  if (r <= R - D) {
    out[0] = 1;
    out[1] = 0;
  } else if (r < R + D) {
    const angle = (Math.PI / 2) * ((r - R) / D);
    out[0] = 0.5 * (1 - Math.sin(angle));
    out[1] = (-Math.PI / (4 * D)) * Math.cos(angle);
  } else {
    out[0] = 0;
    out[1] = 0;
  }
}

/**
 * b(ζ) = (1 + (βζ)ⁿ)^(−1/2n). LAMMPS takes series where (βζ)ⁿ is below 10⁻⁸ or above 10⁸; they agree with this to 10⁻¹⁶.
 */
export function bondOrder(zeta: number, beta: number, n: number, out: Float64Array): void {
  const x = beta * zeta;
  const power = x > 0 ? x ** n : 0;
  if (power === 0) {
    out[0] = 1;
    out[1] = 0;
  } else if (power === Number.POSITIVE_INFINITY) {
    out[0] = 1 / Math.sqrt(x);
    out[1] = (-0.5 * out[0]) / zeta;
  } else {
    out[0] = Math.exp(-Math.log1p(power) / (2 * n));
    out[1] = (-0.5 * out[0] * power) / ((1 + power) * zeta);
  }
}
