/**
 * Radial functions, and wide angular ones by moments. With real harmonics normalised so that Σ_m Y_lm(u) Y_lm(u′) = P_l(u·u′) and
 * (1 + λc)^ζ = Σ_l β_l P_l(c),
 *
 *   Σ_{j∈a, k∈b} g_j g_k (1 + λ cosθ_jk)^ζ = Σ_lm β_l M^a_lm M^b_lm,   M_lm = Σ_j g_j Y_lm(u_j)
 *
 * so a function costs (ζ+1)² sums over neighbours instead of one over pairs. For a = b the sum over j < k is half of that less
 * half of the terms j = k. Y_lm = N_lm Q_l^m(z) {Re, Im}(x + iy)^m with Q_l^m = d^m P_l/dz^m; the N² are part of the tables of β.
 */
import { add, dots, fma, get, mul, product, put, splat, spread, sub, total } from "./lanes";
import {
  filled, inverse, partEnd, partStart, shapeSlope, shapeValue, stride, sumOf, unitX, unitY, unitZ,
} from "./neighborhood";

// Words of a program, its lists and wide functions, see contracts/surface.ts.
const LISTS: usize = 8;
const LIST_BYTES: usize = 32;
const WIDE_COUNT: usize = 12;
const WIDE_TABLE: usize = 16;
const WIDE_BYTES: usize = 48;
const MOMENTS: usize = 28;
const DEGREE: usize = 32;
const CLASS_BYTES: usize = 16;
const RADIAL_BYTES: usize = 16;

export let harmonic: usize = 0; // [lm] rows
export let legendre: usize = 0; // [l, m] rows
export let real: usize = 0; // [m] rows
export let imaginary: usize = 0;
export let moments: usize = 0; // T[], see the classes
let momentSlope: usize = 0; // dE/dM, same layout
let direction: usize = 0; // [lm] rows: Σ dE/dM g
let along: usize = 0; // [shape] rows: dE/dg of the moments
let shapeWeight: usize = 0; // f64[element][shape]: dE/dg of radial functions
let selfWeight: usize = 0; // f64[element][shape]
let shapesMost: usize = 0;

let ownPulls: usize = 0;
export let pullX: usize = 0;
export let pullY: usize = 0;
export let pullZ: usize = 0;

export function placeWide<T>(at: usize, degree: usize, shapes: usize, momentCount: usize, elements: usize): usize {
  const lm = (degree + 1) * (degree + 1);
  harmonic = at;
  legendre = harmonic + lm * stride;
  real = legendre + ((degree + 1) * (degree + 2) / 2) * stride;
  imaginary = real + (degree + 1) * stride;
  direction = imaginary + (degree + 1) * stride;
  along = direction + lm * stride;
  ownPulls = along + shapes * stride;
  pullX = ownPulls;
  pullY = pullX + stride;
  pullZ = pullY + stride;
  moments = pullZ + stride;
  momentSlope = moments + ((momentCount * sizeof<T>() + 63) & ~63);
  shapeWeight = momentSlope + ((momentCount * sizeof<T>() + 63) & ~63);
  selfWeight = shapeWeight + 8 * shapes * elements;
  shapesMost = shapes;
  return (selfWeight + 8 * shapes * elements + 63) & ~63;
}

/** Where `widePulls` leaves its results. */
export function pullsAtHome(): void {
  pullsAt(ownPulls);
}

function harmonics<T>(degree: i32): void {
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
    v128.store(harmonic + p, splat<T>(1));
    let diagonal: f64 = 1;
    for (let l = 1; l <= degree; l++) {
      const here = legendre + <usize>(l * (l + 1) / 2) * stride + p;
      const under = legendre + <usize>(l * (l - 1) / 2) * stride + p;
      const twoUnder = legendre + <usize>((l - 1) * (l - 2) / 2) * stride + p;
      const top = harmonic + <usize>(l * l) * stride + p;
      diagonal *= <f64>(2 * l - 1);
      for (let m = 0; m <= l; m++) {
        let q: v128;
        if (m == l) q = splat<T>(diagonal);
        else {
          q = mul<T>(splat<T>(<f64>(2 * l - 1) / <f64>(l - m)), mul<T>(z, v128.load(under + <usize>m * stride)));
          if (m <= l - 2)
            q = sub<T>(q, mul<T>(splat<T>(<f64>(l + m - 1) / <f64>(l - m)), v128.load(twoUnder + <usize>m * stride)));
        }
        v128.store(here + <usize>m * stride, q);
        if (m == 0) v128.store(top, q);
        else {
          const to = top + <usize>(2 * m - 1) * stride;
          v128.store(to, mul<T>(q, v128.load(real + <usize>m * stride + p)));
          v128.store(to + stride, mul<T>(q, v128.load(imaginary + <usize>m * stride + p)));
        }
      }
    }
  }
}

/** Adds radial and wide functions to the values, f64[function]. */
export function wideValues<T>(program: usize, elements: i32, values: usize): void {
  const degree = load<i32>(program, DEGREE);
  if (degree >= 0) harmonics<T>(degree);
  for (let e: usize = 0; e < <usize>elements; e++) {
    const list = <usize>load<u32>(program, LISTS) + e * LIST_BYTES;
    const from = <usize>load<u32>(partStart + (e << 2));
    const to = <usize>load<u32>(partEnd + (e << 2));
    const radial = load<i32>(list, 8);
    let row = <usize>load<u32>(list, 12);
    for (let k = 0; k < radial; k++) {
      const at = values + (<usize>load<i32>(row) << 3);
      const sum = sumOf<T>(shapeValue + <usize>load<i32>(row, 4) * stride, from, to);
      store<f64>(at, load<f64>(at) + load<f64>(row, 8) * sum);
      row += RADIAL_BYTES;
    }
    const classes = load<i32>(list, 16);
    let c = <usize>load<u32>(list, 20);
    for (let k = 0; k < classes; k++) {
      const order = load<i32>(c) + 1;
      const lm = order * order;
      dots<T>(
        load<i32>(c, 8), lm, to - from, shapeValue + <usize>load<i32>(c, 4) * stride + from, stride,
        harmonic + from, stride, moments + <usize>load<i32>(c, 12) * sizeof<T>(), <usize>load<u32>(list, 24) * sizeof<T>(),
      );
      c += CLASS_BYTES;
    }
  }
  const count = load<i32>(program, WIDE_COUNT);
  let w = <usize>load<u32>(program, WIDE_TABLE);
  for (let k = 0; k < count; k++) {
    const a = moments + <usize>load<i32>(w, 8) * sizeof<T>();
    const b = moments + <usize>load<i32>(w, 12) * sizeof<T>();
    const lm = load<i32>(w, 16);
    let beta = <usize>load<u32>(w, 20);
    let sum: f64 = 0;
    for (let p: usize = 0; p < <usize>lm * sizeof<T>(); p += sizeof<T>()) {
      sum += load<f64>(beta) * get<T>(a + p) * get<T>(b + p);
      beta += 8;
    }
    let value = load<f64>(w, 32) * sum;
    if (load<i32>(w, 4)) {
      const e = <usize>load<i32>(w, 24);
      const row = shapeValue + <usize>load<i32>(w, 28) * stride;
      value = 0.5 * (value - load<f64>(w, 40) * squares<T>(row, load<u32>(partStart + (e << 2)), load<u32>(partEnd + (e << 2))));
    }
    const at = values + (<usize>load<i32>(w) << 3);
    store<f64>(at, load<f64>(at) + value);
    w += WIDE_BYTES;
  }
}

function squares<T>(row: usize, from: usize, to: usize): f64 {
  let sum = splat<T>(0);
  for (let p = from; p < to; p += 16) {
    const g = v128.load(row + p);
    sum = fma<T>(sum, g, g);
  }
  return total<T>(sum);
}

/** Pulls dE/dr_j of all neighbours by radial and wide functions, from dE/dG (f64[function]). */
export function widePulls<T>(program: usize, elements: i32, gradient: usize): void {
  memory.fill(shapeWeight, 0, 16 * shapesMost * <usize>elements);
  const momentCount = <usize>load<u32>(program, MOMENTS);
  memory.fill(momentSlope, 0, momentCount * sizeof<T>());
  const count = load<i32>(program, WIDE_COUNT);
  let w = <usize>load<u32>(program, WIDE_TABLE);
  for (let k = 0; k < count; k++) {
    const slope = load<f64>(gradient + (<usize>load<i32>(w) << 3));
    const one = <usize>load<i32>(w, 8) * sizeof<T>();
    const two = <usize>load<i32>(w, 12) * sizeof<T>();
    const lm = <usize>load<i32>(w, 16) * sizeof<T>();
    let beta = <usize>load<u32>(w, 20);
    const factor = slope * load<f64>(w, 32);
    if (load<i32>(w, 4)) {
      for (let p: usize = 0; p < lm; p += sizeof<T>()) {
        const at = momentSlope + one + p;
        put<T>(at, get<T>(at) + factor * load<f64>(beta) * get<T>(moments + one + p));
        beta += 8;
      }
      const at = selfWeight + ((<usize>load<i32>(w, 24) * shapesMost + <usize>load<i32>(w, 28)) << 3);
      store<f64>(at, load<f64>(at) + slope * load<f64>(w, 40));
    } else {
      for (let p: usize = 0; p < lm; p += sizeof<T>()) {
        const f = factor * load<f64>(beta);
        put<T>(momentSlope + one + p, get<T>(momentSlope + one + p) + f * get<T>(moments + two + p));
        put<T>(momentSlope + two + p, get<T>(momentSlope + two + p) + f * get<T>(moments + one + p));
        beta += 8;
      }
    }
    w += WIDE_BYTES;
  }
  for (let e: usize = 0; e < <usize>elements; e++) pullsOf<T>(program, e, gradient);
}

function pullsOf<T>(program: usize, e: usize, gradient: usize): void {
  const list = <usize>load<u32>(program, LISTS) + e * LIST_BYTES;
  const from = <usize>load<u32>(partStart + (e << 2));
  const to = <usize>load<u32>(partEnd + (e << 2));
  if (from == to) return;
  const shapes = <usize>load<i32>(list);
  const radial = load<i32>(list, 8);
  const weights = shapeWeight + e * shapesMost * 8;
  const selves = selfWeight + e * shapesMost * 8;
  let row = <usize>load<u32>(list, 12);
  for (let k = 0; k < radial; k++) {
    const at = weights + (<usize>load<i32>(row, 4) << 3);
    store<f64>(at, load<f64>(at) + load<f64>(row, 8) * load<f64>(gradient + (<usize>load<i32>(row) << 3)));
    row += RADIAL_BYTES;
  }
  // In T, where the loop below spreads them.
  for (let s: usize = 0; s < shapes; s++) {
    put<T>(weights + s * sizeof<T>(), load<f64>(weights + (s << 3)));
    put<T>(selves + s * sizeof<T>(), load<f64>(selves + (s << 3)));
  }
  const classes = load<i32>(list, 16);
  const classTable = <usize>load<u32>(list, 20);
  const slopeRow = <usize>load<u32>(list, 24) * sizeof<T>();
  // Classes come in falling order of their degree, so moments of order l are those of the first so many shapes.
  const wideFrom = classes > 0 ? <usize>load<i32>(classTable, 4) : shapes;
  const wideTo = shapes;
  const top = classes > 0 ? load<i32>(classTable) : -1;
  const slopes = momentSlope + (classes > 0 ? <usize>load<i32>(classTable, 12) * sizeof<T>() : 0);
  let done = 0;
  for (let k = classes - 1; k >= 0; k--) {
    const c = classTable + <usize>k * CLASS_BYTES;
    const order = load<i32>(c) + 1;
    const lm = order * order;
    const first = <usize>load<i32>(c, 4);
    const size = load<i32>(c, 8);
    const sharing = <i32>(first - wideFrom) + size;
    product<T>(
      lm - done, to - from, sharing, slopes + <usize>done * sizeof<T>(), sizeof<T>(), slopeRow,
      shapeValue + wideFrom * stride + from, stride, direction + <usize>done * stride + from, stride,
    );
    product<T>(
      size, to - from, lm, momentSlope + <usize>load<i32>(c, 12) * sizeof<T>(), slopeRow, sizeof<T>(),
      harmonic + from, stride, along + first * stride + from, stride,
    );
    done = lm;
  }
  for (let p = from; p < to; p += 16) {
    let radialPull = splat<T>(0);
    let at = p;
    let s: usize = 0;
    for (; s < wideFrom; s++) {
      radialPull = fma<T>(radialPull, spread<T>(weights + s * sizeof<T>()), v128.load(shapeSlope + at));
      at += stride;
    }
    for (; s < wideTo; s++) {
      const own = fma<T>(v128.load(along + at), v128.neg<T>(spread<T>(selves + s * sizeof<T>())), v128.load(shapeValue + at));
      radialPull = fma<T>(radialPull, add<T>(own, spread<T>(weights + s * sizeof<T>())), v128.load(shapeSlope + at));
      at += stride;
    }
    const ux = v128.load(unitX + p), uy = v128.load(unitY + p), uz = v128.load(unitZ + p);
    let tx = mul<T>(radialPull, ux), ty = mul<T>(radialPull, uy), tz = mul<T>(radialPull, uz);
    if (top > 0) {
      let vx = splat<T>(0), vy = vx, vz = vx;
      for (let m = 0; m <= top; m++) {
        // Sums over l of D·Q_l^m and D·Q_l^(m+1), for the real and the imaginary part.
        let da = splat<T>(0), db = da, ea = da, eb = da;
        for (let l = m; l <= top; l++) {
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
        const am = v128.load(real + <usize>m * stride + p);
        vz = fma<T>(vz, ea, am);
        if (m > 0) {
          vz = fma<T>(vz, eb, v128.load(imaginary + <usize>m * stride + p));
          const a = v128.load(real + <usize>(m - 1) * stride + p);
          const b = v128.load(imaginary + <usize>(m - 1) * stride + p);
          const f = splat<T>(<f64>m);
          vx = fma<T>(vx, f, fma<T>(mul<T>(a, da), b, db));
          vy = fma<T>(vy, f, sub<T>(mul<T>(a, db), mul<T>(b, da)));
        }
      }
      const dot = fma<T>(fma<T>(mul<T>(vx, ux), vy, uy), vz, uz);
      const inv = v128.load(inverse + p);
      tx = fma<T>(tx, inv, sub<T>(vx, mul<T>(dot, ux)));
      ty = fma<T>(ty, inv, sub<T>(vy, mul<T>(dot, uy)));
      tz = fma<T>(tz, inv, sub<T>(vz, mul<T>(dot, uz)));
    }
    v128.store(pullX + p, tx);
    v128.store(pullY + p, ty);
    v128.store(pullZ + p, tz);
  }
}

/** Where the pulls are from now on: rows of x, y and z. */
export function pullsAt(row: usize): void {
  pullX = row;
  pullY = row + stride;
  pullZ = pullY + stride;
}
