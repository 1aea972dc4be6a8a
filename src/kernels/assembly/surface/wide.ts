/**
 * Radial functions, and wide angular ones by moments. With real harmonics normalised so that Σ_m Y_lm(u) Y_lm(u′) = P_l(u·u′) and
 * (1 + λc)^ζ = Σ_l β_l P_l(c),
 *
 *   Σ_{j∈a, k∈b} g_j g_k (1 + λ cosθ_jk)^ζ = Σ_lm β_l M^a_lm M^b_lm,   M_lm = Σ_j g_j Y_lm(u_j)
 *
 * so a function costs (ζ+1)² sums over neighbours instead of one over pairs. For a = b the sum over j < k is half of that less
 * half of the terms j = k. The harmonics of harmonics.ts lack their norms N_lm; the N² are part of the tables of β.
 */
import { harmonic, harmonics, placeHarmonics, sumOfSlopes } from "./harmonics";
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
  direction = placeHarmonics(at, degree);
  along = direction + (degree + 1) * (degree + 1) * stride;
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
  if (top > 0) sumOfSlopes<T>(top, direction, from, to, pullX, pullY, pullZ);
  const step = stride, values = shapeValue, radialSlopes = shapeSlope, alongs = along;
  for (let p = from; p < to; p += 32) {
    // Two vectors share the weights; a last one without a partner is done twice.
    const second: usize = p + 32 <= to ? 16 : 0;
    let one = splat<T>(0), two = one;
    let at = p;
    let s: usize = 0;
    for (; s < wideFrom; s++) {
      const weight = spread<T>(weights + s * sizeof<T>());
      one = fma<T>(one, weight, v128.load(radialSlopes + at));
      two = fma<T>(two, weight, v128.load(radialSlopes + at + second));
      at += step;
    }
    for (; s < wideTo; s++) {
      const weight = spread<T>(weights + s * sizeof<T>());
      const self = spread<T>(selves + s * sizeof<T>());
      const g1 = add<T>(weight, sub<T>(v128.load(alongs + at), mul<T>(self, v128.load(values + at))));
      one = fma<T>(one, g1, v128.load(radialSlopes + at));
      const g2 = add<T>(weight, sub<T>(v128.load(alongs + at + second), mul<T>(self, v128.load(values + at + second))));
      two = fma<T>(two, g2, v128.load(radialSlopes + at + second));
      at += step;
    }
    pullAlong<T>(p, top, one);
    if (second) pullAlong<T>(p + second, top, two);
  }
}

/** The pull of a vector of neighbours: `radial` along u, and what the rows of pulls hold of the slopes of harmonics across it. */
// @ts-ignore: decorator
@inline
function pullAlong<T>(p: usize, top: i32, radial: v128): void {
  const ux = v128.load(unitX + p), uy = v128.load(unitY + p), uz = v128.load(unitZ + p);
  if (top <= 0) {
    v128.store(pullX + p, mul<T>(radial, ux));
    v128.store(pullY + p, mul<T>(radial, uy));
    v128.store(pullZ + p, mul<T>(radial, uz));
    return;
  }
  const vx = v128.load(pullX + p), vy = v128.load(pullY + p), vz = v128.load(pullZ + p);
  const inv = v128.load(inverse + p);
  const rest = sub<T>(radial, mul<T>(inv, fma<T>(fma<T>(mul<T>(vx, ux), vy, uy), vz, uz)));
  v128.store(pullX + p, fma<T>(mul<T>(rest, ux), inv, vx));
  v128.store(pullY + p, fma<T>(mul<T>(rest, uy), inv, vy));
  v128.store(pullZ + p, fma<T>(mul<T>(rest, uz), inv, vz));
}

/** Where the pulls are from now on: rows of x, y and z. */
export function pullsAt(row: usize): void {
  pullX = row;
  pullY = row + stride;
  pullZ = pullY + stride;
}
