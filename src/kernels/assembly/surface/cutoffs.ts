/**
 * Cutoff functions of n2p2 on arrays. With x = (r − αrc)/(rc − αrc) and y = 1 − x they are written in factors of y, so that neither f
 * nor f′/f loses digits as f goes to 0.
 */
import { coreSlope, coreValue } from "./cores";
import { add, div, fma, mul, splat, sub } from "./lanes";

/**
 * tanh y = y A(y²)/B(y²) for 0 ≤ y ≤ 1: convergents of Lambert's continued fraction (f64: 9 terms, 7e-16; f32: 6, 4e-10). This is A.
 */
// @ts-ignore: decorator
@inline
function tanhAbove<T>(z: v128): v128 {
  if (sizeof<T>() == 8)
    return fma<T>(splat<T>(34459425), z, fma<T>(splat<T>(4729725), z, fma<T>(splat<T>(135135), z, add<T>(splat<T>(990), z))));
  // Divided by 10395, as B: products of both stay small.
  return fma<T>(splat<T>(1), z, fma<T>(splat<T>(1260.0 / 10395.0), z, splat<T>(21.0 / 10395.0)));
}

/** B of the same. */
// @ts-ignore: decorator
@inline
function tanhBelow<T>(z: v128): v128 {
  if (sizeof<T>() == 8)
    return fma<T>(splat<T>(34459425), z, fma<T>(splat<T>(16216200), z, fma<T>(splat<T>(945945), z, fma<T>(splat<T>(13860), z, splat<T>(45)))));
  return fma<T>(splat<T>(1), z, fma<T>(splat<T>(4725.0 / 10395.0), z, fma<T>(splat<T>(210.0 / 10395.0), z, splat<T>(1.0 / 10395.0))));
}

/** sin x for 0 ≤ x ≤ π/2 by its Taylor series. */
// @ts-ignore: decorator
@inline
function sinQuarter<T>(x: v128): v128 {
  const z = mul<T>(x, x);
  let p = splat<T>(-1.0 / 51090942171709440000.0);
  if (sizeof<T>() == 8) {
    p = fma<T>(splat<T>(-1.0 / 121645100408832000.0), z, mul<T>(splat<T>(-1), p));
    p = fma<T>(splat<T>(1.0 / 355687428096000.0), z, p);
    p = fma<T>(splat<T>(-1.0 / 1307674368000.0), z, p);
    p = fma<T>(splat<T>(1.0 / 6227020800.0), z, p);
    p = fma<T>(splat<T>(-1.0 / 39916800.0), z, p);
  } else {
    p = splat<T>(-1.0 / 39916800.0);
  }
  p = fma<T>(splat<T>(1.0 / 362880.0), z, p);
  p = fma<T>(splat<T>(-1.0 / 5040.0), z, p);
  p = fma<T>(splat<T>(1.0 / 120.0), z, p);
  p = fma<T>(splat<T>(-1.0 / 6.0), z, p);
  p = fma<T>(splat<T>(1), z, p);
  return mul<T>(x, p);
}

/**
 * f(r) and f′(r) of the cutoff in `row` (f64: type, α, rc) for `bytes` of distances; both 0 where r ≥ rc. Results may not overlap
 * the distances.
 */
export function cutoffs<T>(row: usize, bytes: usize, r: usize, f: usize, df: usize): void {
  const type = <i32>load<f64>(row);
  const rc = load<f64>(row, 16);
  const inner = type == 0 || type == 2 || type == 3 ? 0.0 : rc * load<f64>(row, 8);
  const width = 1.0 / (rc - inner);
  const vrc = splat<T>(rc);
  const vw = splat<T>(width);
  const one = splat<T>(1);
  const zero = splat<T>(0);
  for (let p: usize = 0; p < bytes; p += 16) {
    const d = v128.load(r + p);
    let y = v128.pmax<T>(mul<T>(sub<T>(vrc, d), vw), zero);
    if (inner > 0) y = v128.pmin<T>(y, one);
    const x = sub<T>(one, y);
    let v = one;
    let s = zero;
    if (type >= 4) {
      v = coreValue<T>(type, x, y);
      s = mul<T>(vw, coreSlope<T>(type, x, y));
    } else if (type == 2 || type == 3) {
      const norm: f64 = type == 3 ? 2.2637537952253513 : 1;
      const z = mul<T>(y, y);
      const t = mul<T>(y, div<T>(tanhAbove<T>(z), tanhBelow<T>(z)));
      const t2 = mul<T>(t, t);
      v = mul<T>(mul<T>(t2, t), splat<T>(norm));
      s = mul<T>(mul<T>(t2, sub<T>(one, t2)), splat<T>(-3 * norm * width));
    } else if (type == 1) {
      const q = splat<T>(0.5 * Math.PI);
      const sn = sinQuarter<T>(mul<T>(y, q));
      const cs = sinQuarter<T>(mul<T>(x, q));
      v = mul<T>(sn, sn);
      s = mul<T>(mul<T>(sn, cs), splat<T>(-Math.PI * width));
    }
    const inside = v128.lt<T>(d, vrc);
    v128.store(f + p, v128.and(v, inside));
    v128.store(df + p, v128.and(s, inside));
  }
}

/**
 * f(r) and h = f′(r)/(2 r f(r)) for `bytes` of distances in `r`; both 0 where r ≥ rc. h replaces the distances: what a triplet's third
 * side needs, with one division. `spare`: room for as many.
 */
export function farCutoffs<T>(row: usize, bytes: usize, r: usize, f: usize, spare: usize): void {
  const type = <i32>load<f64>(row);
  const rc = load<f64>(row, 16);
  const inner = type == 0 || type == 2 || type == 3 ? 0.0 : rc * load<f64>(row, 8);
  const width = 1.0 / (rc - inner);
  const vrc = splat<T>(rc);
  const vw = splat<T>(width);
  const one = splat<T>(1);
  const zero = splat<T>(0);
  if (type == 2 || type == 3) {
    // t = a/b = tanh y: f = t³, f′/f = −3w (b² − a²)/(ab).
    const norm = splat<T>(type == 3 ? 2.2637537952253513 : 1);
    const slope = splat<T>(-1.5 * width);
    for (let p: usize = 0; p < bytes; p += 16) {
      const d = v128.load(r + p);
      const y = v128.pmax<T>(mul<T>(sub<T>(vrc, d), vw), zero);
      const z = mul<T>(y, y);
      const a = mul<T>(y, tanhAbove<T>(z));
      const b = tanhBelow<T>(z);
      const ad = mul<T>(a, d);
      const inv = div<T>(one, mul<T>(ad, b));
      const t = mul<T>(mul<T>(a, ad), inv);
      const inside = v128.gt<T>(y, zero);
      v128.store(f + p, v128.and(mul<T>(mul<T>(mul<T>(t, t), t), norm), inside));
      v128.store(r + p, v128.and(mul<T>(slope, mul<T>(sub<T>(mul<T>(b, b), mul<T>(a, a)), inv)), inside));
    }
    return;
  }
  if (type >= 5) {
    // f = yⁿ g(x), f′ = −c w (xy)ⁿ⁻¹ with n = type − 3.
    const n = type - 3;
    const c: f64 = type == 5 ? 6 : type == 6 ? 30 : type == 7 ? 140 : 630;
    const slope = splat<T>(-0.5 * c * width);
    for (let p: usize = 0; p < bytes; p += 16) {
      const d = v128.load(r + p);
      let y = v128.pmax<T>(mul<T>(sub<T>(vrc, d), vw), zero);
      if (inner > 0) y = v128.pmin<T>(y, one);
      const x = sub<T>(one, y);
      let g = fma<T>(one, splat<T>(2), x);
      let x2 = x;
      let y2 = y;
      if (n == 3) {
        g = fma<T>(one, x, fma<T>(splat<T>(3), x, splat<T>(6)));
        x2 = mul<T>(x, x);
        y2 = mul<T>(y, y);
      } else if (n == 4) {
        g = fma<T>(one, x, fma<T>(splat<T>(4), x, fma<T>(splat<T>(10), x, splat<T>(20))));
        x2 = mul<T>(mul<T>(x, x), x);
        y2 = mul<T>(mul<T>(y, y), y);
      } else if (n == 5) {
        g = fma<T>(one, x, fma<T>(splat<T>(5), x, fma<T>(splat<T>(15), x, fma<T>(splat<T>(35), x, splat<T>(70)))));
        const xx = mul<T>(x, x), yy = mul<T>(y, y);
        x2 = mul<T>(xx, xx);
        y2 = mul<T>(yy, yy);
      }
      const yg = mul<T>(y, g);
      const inside = v128.gt<T>(y, zero);
      v128.store(f + p, mul<T>(y2, yg));
      v128.store(r + p, v128.and(div<T>(mul<T>(slope, x2), mul<T>(yg, d)), inside));
    }
    return;
  }
  // The rest through the plain form.
  cutoffs<T>(row, bytes, r, f, spare);
  for (let p: usize = 0; p < bytes; p += 16) {
    const d = v128.load(r + p);
    const v = v128.load(f + p);
    const h = div<T>(v128.load(spare + p), mul<T>(add<T>(d, d), v));
    v128.store(r + p, v128.andnot(h, v128.eq<T>(v, zero)));
  }
}
