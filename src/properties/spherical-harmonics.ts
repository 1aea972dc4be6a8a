/** Spherical harmonics of unit vectors. */

/**
 * Y_lm for m = 0 … l with the phase of Condon and Shortley, real and imaginary parts alternating, [m, 2]; Y_l,−m follows as
 * (−1)^m times the conjugate. By recursion in l from Y_mm (Press et al., Numerical Recipes, 3rd ed., section 6.7), with
 * (x + iy)^m in the place of sin^m θ e^imφ, so that the poles are ordinary points.
 */
export function sphericalHarmonics(l: number, [x, y, z]: readonly [number, number, number]): Float64Array {
  const result = new Float64Array(2 * (l + 1));
  let [re, im] = [1, 0];
  let diagonal = Math.sqrt(1 / (4 * Math.PI));
  for (let m = 0; m <= l; m++) {
    if (m > 0) {
      diagonal *= -Math.sqrt((2 * m + 1) / (2 * m));
      [re, im] = [re * x - im * y, re * y + im * x];
    }
    const value = climb({ l, m, z, diagonal });
    result[2 * m] = value * re;
    result[2 * m + 1] = value * im;
  }
  return result;
}

/** Normalised associated Legendre function over sin^m θ, from degree m up to l. */
function climb({ l, m, z, diagonal }: { l: number; m: number; z: number; diagonal: number }): number {
  let [below, value] = [0, diagonal];
  let factorBelow = 0;
  for (let k = m + 1; k <= l; k++) {
    const factor = Math.sqrt((4 * k * k - 1) / (k * k - m * m));
    [below, value] = [value, factor * (z * value - factorBelow * below)];
    factorBelow = 1 / factor;
  }
  return value;
}
