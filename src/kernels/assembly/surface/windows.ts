/** Compact windows of distances and of angles: a core of |x − centre| over half the width, 0 outside. */
import { coreSlope, coreValue } from "./cores";
import { add, div, fma, mul, splat, sub } from "./lanes";

// A window (f64): its two ends; type of its core (cores.ts), plus 16 where the outer side is the steeper one.
const RIGHT: usize = 8;
const CORE: usize = 16;
const ASYMMETRIC: i32 = 16;

// @ts-ignore: decorator
@inline
function signBit<T>(): v128 {
  return sizeof<T>() == 8 ? i64x2.splat(i64.MIN_VALUE) : i32x4.splat(i32.MIN_VALUE);
}

/** Value and slope of a window for the distances from byte `from` to byte `to` of row `r`. With y = 1 − x, x → (2 − x)x is y → y². */
export function windows<T>(window: usize, r: usize, from: usize, to: usize, value: usize, slope: usize): void {
  const left = load<f64>(window), right = load<f64>(window, RIGHT);
  const core = <i32>load<f64>(window, CORE);
  const asymmetric = core >= ASYMMETRIC;
  const type = asymmetric ? core - ASYMMETRIC : core;
  const centre = splat<T>(0.5 * (left + right));
  const width = splat<T>(2 / (right - left));
  const one = splat<T>(1), sign = signBit<T>();
  for (let p = from; p < to; p += 16) {
    const signed = mul<T>(sub<T>(v128.load(r + p), centre), width);
    let x = v128.pmin<T>(v128.abs<T>(signed), one);
    let y = sub<T>(one, x);
    let inner = v128.xor(width, v128.and(signed, sign));
    if (asymmetric) {
      inner = mul<T>(inner, add<T>(y, y));
      x = mul<T>(add<T>(one, y), x);
      y = mul<T>(y, y);
    }
    v128.store(value + p, coreValue<T>(type, x, y));
    v128.store(slope + p, mul<T>(coreSlope<T>(type, x, y), inner));
  }
}

/** Values of an angular window. */
export function angularValues<T>(window: usize, theta: usize, from: usize, to: usize, value: usize): void {
  const left = load<f64>(window), right = load<f64>(window, RIGHT);
  const type = <i32>load<f64>(window, CORE);
  const centre = splat<T>(0.5 * (left + right));
  const width = splat<T>(2 / (right - left));
  const one = splat<T>(1);
  if (type == 6) {
    // The usual core, with its constants in registers.
    const three = splat<T>(3), six = splat<T>(6);
    for (let p = from; p < to; p += 16) {
      const x = v128.pmin<T>(v128.abs<T>(mul<T>(sub<T>(v128.load(theta + p), centre), width)), one);
      const y = sub<T>(one, x);
      v128.store(value + p, mul<T>(mul<T>(mul<T>(y, y), y), fma<T>(one, fma<T>(three, six, x), x)));
    }
    return;
  }
  for (let p = from; p < to; p += 16) {
    const x = v128.pmin<T>(v128.abs<T>(mul<T>(sub<T>(v128.load(theta + p), centre), width)), one);
    v128.store(value + p, coreValue<T>(type, x, sub<T>(one, x)));
  }
}

/** Adds A h to row `at` and dA/dθ h′ to row `slopeAt`; the rows h and h′ are one angular window's. */
export function addWindow<T>(
  window: usize, theta: usize, from: usize, to: usize, h: usize, at: usize, slopeH: usize, slopeAt: usize,
): void {
  const left = load<f64>(window), right = load<f64>(window, RIGHT);
  const type = <i32>load<f64>(window, CORE);
  const centre = splat<T>(0.5 * (left + right));
  const width = splat<T>(2 / (right - left));
  const one = splat<T>(1);
  if (type == 6) {
    const three = splat<T>(3), six = splat<T>(6), factor = splat<T>(-60 / (right - left));
    for (let p = from; p < to; p += 16) {
      const signed = mul<T>(sub<T>(v128.load(theta + p), centre), width);
      const x = v128.pmin<T>(v128.abs<T>(signed), one);
      const y = sub<T>(one, x);
      const y2 = mul<T>(y, y);
      const v = mul<T>(mul<T>(y2, y), fma<T>(one, fma<T>(three, six, x), x));
      // Outside, y is 0.
      const slope = mul<T>(mul<T>(mul<T>(signed, x), y2), factor);
      v128.store(at + p, fma<T>(v128.load(at + p), v, v128.load(h + p)));
      v128.store(slopeAt + p, fma<T>(v128.load(slopeAt + p), slope, v128.load(slopeH + p)));
    }
    return;
  }
  const sign = signBit<T>();
  for (let p = from; p < to; p += 16) {
    const signed = mul<T>(sub<T>(v128.load(theta + p), centre), width);
    const x = v128.pmin<T>(v128.abs<T>(signed), one);
    const y = sub<T>(one, x);
    const slope = mul<T>(coreSlope<T>(type, x, y), v128.xor(width, v128.and(signed, sign)));
    v128.store(at + p, fma<T>(v128.load(at + p), coreValue<T>(type, x, y), v128.load(h + p)));
    v128.store(slopeAt + p, fma<T>(v128.load(slopeAt + p), slope, v128.load(slopeH + p)));
  }
}

/**
 * Constants of the arc cosine, each in all lanes: as literals they would be built anew at every use. ½, 1, π/2, π, then the numerator's and
 * the denominator's coefficients.
 */
const CONSTANTS: usize = memory.data<f64>([
  0.5, 0.5, 1.0, 1.0, 1.57079632679489661923, 1.57079632679489661923, 3.14159265358979323846, 3.14159265358979323846,
  1.66666666666666657415e-1, 1.66666666666666657415e-1, -3.25565818622400915405e-1, -3.25565818622400915405e-1,
  2.01212532134862925881e-1, 2.01212532134862925881e-1, -4.00555345006794114027e-2, -4.00555345006794114027e-2,
  7.91534994289814532176e-4, 7.91534994289814532176e-4, 3.47933107596021167570e-5, 3.47933107596021167570e-5,
  -2.40339491173441421878, -2.40339491173441421878, 2.02094576023350569471, 2.02094576023350569471,
  -6.88283971605453293030e-1, -6.88283971605453293030e-1, 7.70381505559019352791e-2, 7.70381505559019352791e-2,
], 16);
/** The same for single precision, whose numerator has three coefficients and whose denominator one. */
const CONSTANTS32: usize = memory.data<f32>([
  0.5, 0.5, 0.5, 0.5, 1.0, 1.0, 1.0, 1.0, 1.57079632, 1.57079632, 1.57079632, 1.57079632, 3.14159265, 3.14159265, 3.14159265, 3.14159265,
  1.6666586697e-1, 1.6666586697e-1, 1.6666586697e-1, 1.6666586697e-1, -4.2743422091e-2, -4.2743422091e-2, -4.2743422091e-2, -4.2743422091e-2,
  -8.6563630030e-3, -8.6563630030e-3, -8.6563630030e-3, -8.6563630030e-3, -7.0662963390e-1, -7.0662963390e-1, -7.0662963390e-1, -7.0662963390e-1,
], 16);

/** R(z) of `arccos`. */
// @ts-ignore: decorator
@inline
function ratio<T>(z: v128): v128 {
  const one = constant<T>(1);
  if (sizeof<T>() == 8) {
    const z2 = mul<T>(z, z);
    const a01 = fma<T>(constant<T>(4), z, constant<T>(5)), a23 = fma<T>(constant<T>(6), z, constant<T>(7));
    const a45 = fma<T>(constant<T>(8), z, constant<T>(9));
    const b01 = fma<T>(one, z, constant<T>(10)), b23 = fma<T>(constant<T>(11), z, constant<T>(12));
    const above = mul<T>(z, fma<T>(a01, z2, fma<T>(a23, z2, a45)));
    return div<T>(above, fma<T>(b01, z2, fma<T>(b23, z2, constant<T>(13))));
  }
  const above = mul<T>(z, fma<T>(constant<T>(4), z, fma<T>(constant<T>(5), z, constant<T>(6))));
  return div<T>(above, fma<T>(one, z, constant<T>(7)));
}

// @ts-ignore: decorator
@inline
function constant<T>(k: usize): v128 {
  return v128.load((sizeof<T>() == 8 ? CONSTANTS : CONSTANTS32) + 16 * k);
}

/**
 * arccos of −1 ≤ c ≤ 1 by the rational approximations of fdlibm (Sun Microsystems 1993): asin s = s + s R(s²) for s ≤ ½, with s = |c|
 * or, for larger ones, s = √((1 − |c|)/2). Errs by an ulp or two of π.
 */
// @ts-ignore: decorator
@inline
export function arccos<T>(c: v128): v128 {
  const half = constant<T>(0), sign = signBit<T>();
  const a = v128.abs<T>(c);
  const far = v128.gt<T>(a, half);
  const z = v128.bitselect(mul<T>(half, sub<T>(constant<T>(1), a)), mul<T>(c, c), far);
  const s = v128.bitselect(v128.sqrt<T>(z), a, far);
  const arcsine = fma<T>(s, s, ratio<T>(z));
  // π/2 − asin c; or 2 asin s from the nearer end, 0 for c > 0 and π for c < 0: base ∓ multiple.
  const negative = v128.and(c, sign);
  const base = v128.bitselect(v128.and(constant<T>(3), v128.lt<T>(c, splat<T>(0))), constant<T>(2), far);
  const part = add<T>(arcsine, v128.and(arcsine, far));
  // Near the middle −asin c; near the ends +2 asin s at 0, −2 asin s at π.
  const turned = v128.xor(part, v128.xor(negative, v128.andnot(sign, far)));
  return add<T>(base, turned);
}
