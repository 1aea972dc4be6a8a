/**
 * e^x on two lanes. x = k ln2 + r with whole k and |r| ≤ ln2/2; e^r by its Taylor series to r^13 (truncation 4e-18),
 * summed in pairs (Estrin) because a Horner chain would wait for every product; 2^k by building its exponent bits.
 * Arguments are clamped to [-708, 709], so there is neither overflow nor denormal.
 */
// Constants stay inside the function: as globals they would be loaded from memory at every use.

// @ts-ignore: decorator
@inline
export function exp2lanes(x: v128): v128 {
  x = f64x2.pmin(f64x2.pmax(x, f64x2.splat(-708.0)), f64x2.splat(709.0));
  // 1.5·2^52: adding it leaves the nearest whole number in the low mantissa bits.
  const MAGIC = f64x2.splat(6755399441055744.0);
  const shifted = f64x2.add(f64x2.mul(x, f64x2.splat(1.4426950408889634074)), MAGIC);
  const k = f64x2.sub(shifted, MAGIC);
  const r = f64x2.sub(f64x2.sub(x, f64x2.mul(k, f64x2.splat(6.93147180369123816490e-1))), f64x2.mul(k, f64x2.splat(1.90821492927058770002e-10)));
  const r2 = f64x2.mul(r, r);
  const r4 = f64x2.mul(r2, r2);
  const r8 = f64x2.mul(r4, r4);
  const p01 = f64x2.add(f64x2.splat(1.0), r);
  const p23 = f64x2.add(f64x2.splat(0.5), f64x2.mul(r, f64x2.splat(1.0 / 6.0)));
  const p45 = f64x2.add(f64x2.splat(1.0 / 24.0), f64x2.mul(r, f64x2.splat(1.0 / 120.0)));
  const p67 = f64x2.add(f64x2.splat(1.0 / 720.0), f64x2.mul(r, f64x2.splat(1.0 / 5040.0)));
  const p89 = f64x2.add(f64x2.splat(1.0 / 40320.0), f64x2.mul(r, f64x2.splat(1.0 / 362880.0)));
  const pab = f64x2.add(f64x2.splat(1.0 / 3628800.0), f64x2.mul(r, f64x2.splat(1.0 / 39916800.0)));
  const pcd = f64x2.add(f64x2.splat(1.0 / 479001600.0), f64x2.mul(r, f64x2.splat(1.0 / 6227020800.0)));
  const p0 = f64x2.add(p01, f64x2.mul(r2, p23));
  const p1 = f64x2.add(p45, f64x2.mul(r2, p67));
  const p2 = f64x2.add(p89, f64x2.mul(r2, pab));
  const low = f64x2.add(p0, f64x2.mul(r4, p1));
  const high = f64x2.add(p2, f64x2.mul(r4, pcd));
  const e = f64x2.add(low, f64x2.mul(r8, high));
  // The low bits of `shifted` hold k (two's complement); adding it to the exponent of e multiplies by 2^k.
  return i64x2.add(e, i64x2.shl(shifted, 52));
}

// @ts-ignore: decorator
@inline
export function exp1(x: f64): f64 {
  return f64x2.extract_lane(exp2lanes(f64x2.splat(x)), 0);
}
