/**
 * Real harmonics Y_lm = Q_l^m(z) {Re, Im}(x + iy)^m of the neighbours' directions, Q_l^m = d^m P_l/dz^m, in the order m = 0, then real and
 * imaginary part of m = 1, 2, … for l = 0, 1, …; and sums over them of numbers times ∇Y_lm, as if x, y and z were independent. Up to
 * l = 4 written out; beyond it by recursion.
 */
import { add, fma, mul, splat, sub } from "./lanes";
import { filled, stride, unitX, unitY, unitZ } from "./neighborhood";

export let harmonic: usize = 0; // [lm] rows
export let legendre: usize = 0; // [l, m] rows of Q_l^m
export let real: usize = 0; // [m] rows
export let imaginary: usize = 0;

/** Highest l that is written out. */
const WRITTEN: i32 = 4;

export function placeHarmonics(at: usize, degree: usize): usize {
  harmonic = at;
  legendre = harmonic + (degree + 1) * (degree + 1) * stride;
  real = legendre + ((degree + 1) * (degree + 2) / 2) * stride;
  imaginary = real + (degree + 1) * stride;
  return imaginary + (degree + 1) * stride;
}

/** Numbers of the written formulas, each in all lanes: literals would be built anew at every use. */
const NUMBERS: usize = memory.data<f64>([
  1.5, 1.5, -0.5, -0.5, 3.0, 3.0, 2.5, 2.5, -1.5, -1.5, 7.5, 7.5, 15.0, 15.0, 4.375, 4.375, -3.75, -3.75, 0.375, 0.375,
  17.5, 17.5, -7.5, -7.5, 52.5, 52.5, 105.0, 105.0, 6.0, 6.0, 30.0, 30.0, 45.0, 45.0, 315.0, 315.0, 420.0, 420.0,
], 16);
const NUMBERS32: usize = memory.data<f32>([
  1.5, 1.5, 1.5, 1.5, -0.5, -0.5, -0.5, -0.5, 3.0, 3.0, 3.0, 3.0, 2.5, 2.5, 2.5, 2.5, -1.5, -1.5, -1.5, -1.5,
  7.5, 7.5, 7.5, 7.5, 15.0, 15.0, 15.0, 15.0, 4.375, 4.375, 4.375, 4.375, -3.75, -3.75, -3.75, -3.75, 0.375, 0.375, 0.375, 0.375,
  17.5, 17.5, 17.5, 17.5, -7.5, -7.5, -7.5, -7.5, 52.5, 52.5, 52.5, 52.5, 105.0, 105.0, 105.0, 105.0, 6.0, 6.0, 6.0, 6.0,
  30.0, 30.0, 30.0, 30.0, 45.0, 45.0, 45.0, 45.0, 315.0, 315.0, 315.0, 315.0, 420.0, 420.0, 420.0, 420.0,
], 16);

// @ts-ignore: decorator
@inline
function number<T>(k: usize): v128 {
  return v128.load((sizeof<T>() == 8 ? NUMBERS : NUMBERS32) + 16 * k);
}

/** Y_lm of all neighbours up to l = degree. */
export function harmonics<T>(degree: i32): void {
  if (degree > WRITTEN) {
    harmonicParts<T>(degree);
    productsOfParts<T>(degree);
    return;
  }
  // Globals are read from memory at every use: loops have copies.
  const end = filled, step = stride, first = harmonic, xs = unitX, ys = unitY, zs = unitZ;
  for (let p: usize = 0; p < end; p += 16) {
    const x = v128.load(xs + p), y = v128.load(ys + p), z = v128.load(zs + p);
    let to = first + p;
    v128.store(to, splat<T>(1));
    if (degree < 1) continue;
    v128.store(to += step, z);
    v128.store(to += step, x);
    v128.store(to += step, y);
    if (degree < 2) continue;
    const zz = mul<T>(z, z);
    const three = number<T>(2);
    const z3 = mul<T>(three, z);
    const a2 = sub<T>(mul<T>(x, x), mul<T>(y, y));
    const xy = mul<T>(x, y);
    const b2 = add<T>(xy, xy);
    v128.store(to += step, fma<T>(number<T>(1), number<T>(0), zz));
    v128.store(to += step, mul<T>(z3, x));
    v128.store(to += step, mul<T>(z3, y));
    v128.store(to += step, mul<T>(three, a2));
    v128.store(to += step, mul<T>(three, b2));
    if (degree < 3) continue;
    const q31 = fma<T>(number<T>(4), number<T>(5), zz);
    const fifteen = number<T>(6);
    const z15 = mul<T>(fifteen, z);
    const a3 = sub<T>(mul<T>(x, a2), mul<T>(y, b2));
    const b3 = fma<T>(mul<T>(x, b2), y, a2);
    v128.store(to += step, mul<T>(z, fma<T>(number<T>(4), number<T>(3), zz)));
    v128.store(to += step, mul<T>(q31, x));
    v128.store(to += step, mul<T>(q31, y));
    v128.store(to += step, mul<T>(z15, a2));
    v128.store(to += step, mul<T>(z15, b2));
    v128.store(to += step, mul<T>(fifteen, a3));
    v128.store(to += step, mul<T>(fifteen, b3));
    if (degree < 4) continue;
    const q41 = mul<T>(z, fma<T>(number<T>(11), number<T>(10), zz));
    const q42 = fma<T>(number<T>(11), number<T>(12), zz);
    const hundredFive = number<T>(13);
    const z105 = mul<T>(hundredFive, z);
    v128.store(to += step, fma<T>(number<T>(9), fma<T>(number<T>(8), number<T>(7), zz), zz));
    v128.store(to += step, mul<T>(q41, x));
    v128.store(to += step, mul<T>(q41, y));
    v128.store(to += step, mul<T>(q42, a2));
    v128.store(to += step, mul<T>(q42, b2));
    v128.store(to += step, mul<T>(z105, a3));
    v128.store(to += step, mul<T>(z105, b3));
    v128.store(to += step, mul<T>(hundredFive, sub<T>(mul<T>(a2, a2), mul<T>(b2, b2))));
    const ab = mul<T>(a2, b2);
    v128.store(to += step, mul<T>(hundredFive, add<T>(ab, ab)));
  }
}

/** Q_l^m and the powers of x + iy of all neighbours. */
export function harmonicParts<T>(degree: i32): void {
  for (let p: usize = 0; p < filled; p += 16) {
    const x = v128.load(unitX + p), y = v128.load(unitY + p), z = v128.load(unitZ + p);
    let a = splat<T>(1), b = splat<T>(0);
    v128.store(real + p, a);
    v128.store(imaginary + p, b);
    for (let m = 1; m <= degree; m++) {
      const next = sub<T>(mul<T>(x, a), mul<T>(y, b));
      b = fma<T>(mul<T>(x, b), y, a);
      a = next;
      v128.store(real + <usize>m * stride + p, a);
      v128.store(imaginary + <usize>m * stride + p, b);
    }
    v128.store(legendre + p, splat<T>(1));
    let diagonal: f64 = 1;
    for (let l = 1; l <= degree; l++) {
      const here = legendre + <usize>(l * (l + 1) / 2) * stride + p;
      const under = legendre + <usize>(l * (l - 1) / 2) * stride + p;
      const twoUnder = legendre + <usize>((l - 1) * (l - 2) / 2) * stride + p;
      diagonal *= <f64>(2 * l - 1);
      for (let m = 0; m < l; m++) {
        let q = mul<T>(splat<T>(<f64>(2 * l - 1) / <f64>(l - m)), mul<T>(z, v128.load(under + <usize>m * stride)));
        if (m <= l - 2)
          q = sub<T>(q, mul<T>(splat<T>(<f64>(l + m - 1) / <f64>(l - m)), v128.load(twoUnder + <usize>m * stride)));
        v128.store(here + <usize>m * stride, q);
      }
      v128.store(here + <usize>l * stride, splat<T>(diagonal));
    }
  }
}

function productsOfParts<T>(degree: i32): void {
  for (let l = 0; l <= degree; l++)
    for (let m = 0; m <= l; m++) {
      const q = legendre + <usize>(l * (l + 1) / 2 + m) * stride;
      const to = harmonic + <usize>(l * l + (m == 0 ? 0 : 2 * m - 1)) * stride;
      const a = real + <usize>m * stride, b = imaginary + <usize>m * stride;
      for (let p: usize = 0; p < filled; p += 16) {
        const here = v128.load(q + p);
        v128.store(to + p, mul<T>(here, v128.load(a + p)));
        if (m > 0) v128.store(to + stride + p, mul<T>(here, v128.load(b + p)));
      }
    }
}

/**
 * Σ_lm D_lm ∇Y_lm of neighbours `from` to `to` − 16, with D in rows from `direction` on, into the rows x, y and z. Above l = WRITTEN
 * `harmonicParts` must be there.
 */
export function sumOfSlopes<T>(degree: i32, direction: usize, from: usize, to: usize, toX: usize, toY: usize, toZ: usize): void {
  if (degree > WRITTEN) return slopesOfParts<T>(degree, direction, from, to, toX, toY, toZ);
  const step = stride, xs = unitX, ys = unitY, zs = unitZ;
  for (let p = from; p < to; p += 16) {
    let d = direction + p + step;
    let vz = v128.load(d), vx = v128.load(d += step), vy = v128.load(d += step);
    if (degree > 1) {
      const x = v128.load(xs + p), y = v128.load(ys + p), z = v128.load(zs + p);
      // 3 z, 3 and 3 are Q_2^1, Q_2^2 and the derivative of the former.
      const three = number<T>(2), six = number<T>(14);
      const z3 = mul<T>(three, z);
      const d0 = v128.load(d += step), d1 = v128.load(d += step), d2 = v128.load(d += step);
      const d3 = v128.load(d += step), d4 = v128.load(d += step);
      vz = fma<T>(fma<T>(vz, z3, d0), three, fma<T>(mul<T>(d1, x), d2, y));
      vx = fma<T>(fma<T>(vx, z3, d1), six, fma<T>(mul<T>(x, d3), y, d4));
      vy = fma<T>(fma<T>(vy, z3, d2), six, sub<T>(mul<T>(x, d4), mul<T>(y, d3)));
      if (degree > 2) {
        const zz = mul<T>(z, z);
        const q31 = fma<T>(number<T>(4), number<T>(5), zz);
        const fifteen = number<T>(6), z30 = mul<T>(number<T>(15), z);
        const a2 = sub<T>(mul<T>(x, x), mul<T>(y, y));
        const xy = mul<T>(x, y);
        const b2 = add<T>(xy, xy);
        const e0 = v128.load(d += step), e1 = v128.load(d += step), e2 = v128.load(d += step);
        const e3 = v128.load(d += step), e4 = v128.load(d += step);
        const e5 = v128.load(d += step), e6 = v128.load(d += step);
        // 15 (z (e1 x + e2 y) + e3 a2 + e4 b2)
        const across = fma<T>(fma<T>(mul<T>(e3, a2), e4, b2), z, fma<T>(mul<T>(e1, x), e2, y));
        vz = fma<T>(fma<T>(vz, q31, e0), fifteen, across);
        vx = fma<T>(fma<T>(vx, q31, e1), z30, fma<T>(mul<T>(x, e3), y, e4));
        vy = fma<T>(fma<T>(vy, q31, e2), z30, sub<T>(mul<T>(x, e4), mul<T>(y, e3)));
        vx = fma<T>(vx, number<T>(16), fma<T>(mul<T>(a2, e5), b2, e6));
        vy = fma<T>(vy, number<T>(16), sub<T>(mul<T>(a2, e6), mul<T>(b2, e5)));
        if (degree > 3) {
          const q41 = mul<T>(z, fma<T>(number<T>(11), number<T>(10), zz));
          const q42 = fma<T>(number<T>(11), number<T>(12), zz);
          const twice = add<T>(q42, q42), z315 = mul<T>(number<T>(17), z);
          const a3 = sub<T>(mul<T>(x, a2), mul<T>(y, b2));
          const b3 = fma<T>(mul<T>(x, b2), y, a2);
          const f0 = v128.load(d += step), f1 = v128.load(d += step), f2 = v128.load(d += step);
          vz = fma<T>(fma<T>(vz, q41, f0), q42, fma<T>(mul<T>(f1, x), f2, y));
          vx = fma<T>(vx, q41, f1);
          vy = fma<T>(vy, q41, f2);
          const f3 = v128.load(d += step), f4 = v128.load(d += step);
          const f5 = v128.load(d += step), f6 = v128.load(d += step);
          // 105 (z (f3 a2 + f4 b2) + f5 a3 + f6 b3)
          vz = fma<T>(vz, number<T>(13), fma<T>(fma<T>(mul<T>(f5, a3), f6, b3), z, fma<T>(mul<T>(f3, a2), f4, b2)));
          vx = fma<T>(vx, twice, fma<T>(mul<T>(x, f3), y, f4));
          vy = fma<T>(vy, twice, sub<T>(mul<T>(x, f4), mul<T>(y, f3)));
          vx = fma<T>(vx, z315, fma<T>(mul<T>(a2, f5), b2, f6));
          vy = fma<T>(vy, z315, sub<T>(mul<T>(a2, f6), mul<T>(b2, f5)));
          const f7 = v128.load(d += step), f8 = v128.load(d += step);
          vx = fma<T>(vx, number<T>(18), fma<T>(mul<T>(a3, f7), b3, f8));
          vy = fma<T>(vy, number<T>(18), sub<T>(mul<T>(a3, f8), mul<T>(b3, f7)));
        }
      }
    }
    v128.store(toX + p, vx);
    v128.store(toY + p, vy);
    v128.store(toZ + p, vz);
  }
}

function slopesOfParts<T>(degree: i32, direction: usize, from: usize, to: usize, toX: usize, toY: usize, toZ: usize): void {
  for (let p = from; p < to; p += 16) {
    let vx = splat<T>(0), vy = vx, vz = vx;
    for (let m = 0; m <= degree; m++) {
      // Sums over l of D·Q_l^m and D·Q_l^(m+1), for the real and the imaginary part.
      let da = splat<T>(0), db = da, ea = da, eb = da;
      for (let l = m; l <= degree; l++) {
        const q = legendre + <usize>(l * (l + 1) / 2 + m) * stride + p;
        const d = direction + <usize>(l * l + (m == 0 ? 0 : 2 * m - 1)) * stride + p;
        const dq = v128.load(d);
        da = fma<T>(da, dq, v128.load(q));
        if (l > m) ea = fma<T>(ea, dq, v128.load(q + stride));
        if (m > 0) {
          const di = v128.load(d + stride);
          db = fma<T>(db, di, v128.load(q));
          if (l > m) eb = fma<T>(eb, di, v128.load(q + stride));
        }
      }
      vz = fma<T>(vz, ea, v128.load(real + <usize>m * stride + p));
      if (m > 0) {
        vz = fma<T>(vz, eb, v128.load(imaginary + <usize>m * stride + p));
        const a = v128.load(real + <usize>(m - 1) * stride + p);
        const b = v128.load(imaginary + <usize>(m - 1) * stride + p);
        const f = splat<T>(<f64>m);
        vx = fma<T>(vx, f, fma<T>(mul<T>(a, da), b, db));
        vy = fma<T>(vy, f, sub<T>(mul<T>(a, db), mul<T>(b, da)));
      }
    }
    v128.store(toX + p, vx);
    v128.store(toY + p, vy);
    v128.store(toZ + p, vz);
  }
}
