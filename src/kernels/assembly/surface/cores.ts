/**
 * The bumps of which cutoffs, compact windows and angular windows are made, on vectors: 1 at x = 0, 0 at x = 1, by the numbers that
 * cutoffs have (5–8 polynomials, 4 exponential; Bircher et al. 2021). Written in factors of y = 1 − x, so that neither value nor slope loses
 * digits as they go to 0.
 */
import { add, div, exp, fma, mul, splat } from "./lanes";

// @ts-ignore: decorator
@inline
export function coreValue<T>(type: i32, x: v128, y: v128): v128 {
  const one = splat<T>(1);
  if (type == 6) return mul<T>(mul<T>(mul<T>(y, y), y), fma<T>(fma<T>(one, splat<T>(3), x), splat<T>(6), mul<T>(x, x)));
  if (type == 5) return mul<T>(mul<T>(y, y), fma<T>(one, splat<T>(2), x));
  const y2 = mul<T>(y, y);
  if (type == 7) {
    const g = fma<T>(one, x, fma<T>(splat<T>(4), x, fma<T>(splat<T>(10), x, splat<T>(20))));
    return mul<T>(mul<T>(y2, y2), g);
  }
  if (type == 8) {
    const g = fma<T>(one, x, fma<T>(splat<T>(5), x, fma<T>(splat<T>(15), x, fma<T>(splat<T>(35), x, splat<T>(70)))));
    return mul<T>(mul<T>(mul<T>(y2, y2), y), g);
  }
  return v128.and(exp<T>(v128.sub<T>(one, reciprocal<T>(x, y))), v128.gt<T>(y, splat<T>(0)));
}

/** d/dx */
// @ts-ignore: decorator
@inline
export function coreSlope<T>(type: i32, x: v128, y: v128): v128 {
  const xy = mul<T>(x, y);
  if (type == 6) return mul<T>(splat<T>(-30), mul<T>(xy, xy));
  if (type == 5) return mul<T>(splat<T>(-6), xy);
  if (type == 7) return mul<T>(splat<T>(-140), mul<T>(mul<T>(xy, xy), xy));
  if (type == 8) {
    const squared = mul<T>(xy, xy);
    return mul<T>(splat<T>(-630), mul<T>(squared, squared));
  }
  const t = reciprocal<T>(x, y);
  return mul<T>(mul<T>(mul<T>(splat<T>(-2), x), mul<T>(t, t)), coreValue<T>(4, x, y));
}

/** 1/(1 − x²), far enough from its pole that nothing overflows where e^(1 − …) is 0 anyway. */
// @ts-ignore: decorator
@inline
function reciprocal<T>(x: v128, y: v128): v128 {
  return div<T>(splat<T>(1), v128.pmax<T>(mul<T>(y, add<T>(splat<T>(1), x)), splat<T>(1e-3)));
}
