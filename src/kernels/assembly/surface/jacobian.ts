/**
 * Pulls of many gradients at once, for the forces of every member of a committee: the derivatives of each radial and wide function with
 * respect to each neighbour are made once, along its direction u and along t₁, t₂ across it,
 *
 *   along  A_f g′,   across  (g/r) t₁·B_f  and  (g/r) t₂·B_f,   A_f = Σ_lm c_lm Y_lm − self,   B_f = Σ_lm c_lm ∇Y_lm,   c = 2^(1−ζ) β M
 *
 * then multiplied by every member's dE/dG, and only the sums are turned to x, y, z. Radial functions are along u alone.
 */
import { harmonic, harmonicParts, imaginary, legendre, real } from "./harmonics";
import { add, div, fma, get, mul, product, put, splat, sub } from "./lanes";
import { inverse, partEnd, partStart, shapeSlope, shapeValue, stride, unitX, unitY, unitZ } from "./neighborhood";
import { moments } from "./wide";

const LISTS: usize = 8;
const LIST_BYTES: usize = 32;
const WIDE_COUNT: usize = 12;
const WIDE_TABLE: usize = 16;
const WIDE_BYTES: usize = 48;
const DEGREE: usize = 32;
const RADIAL_BYTES: usize = 16;

let frame: usize = 0; // rows: t₁ (xyz), t₂ (xyz)
let slopes1: usize = 0; // [lm] rows of t₁·∇Y
let slopes2: usize = 0;
let along: usize = 0; // [function] rows: A, then A g′
let across1: usize = 0; // [function] rows: t₁·B, then (g/r) t₁·B
let across2: usize = 0;
let coefficients: usize = 0; // T[function][lm]
let functionOf: usize = 0; // i32[row]
let weights: usize = 0; // T[member][row]

/** First byte behind what `jacobianPulls` needs. Pulls of member m are rows 3m, 3m + 1, 3m + 2 from the returned `pullRows` on. */
export function placeJacobian<T>(at: usize, degree: usize, functions: usize, members: usize): usize {
  const most = (degree + 1) * (degree + 1);
  pullRows = at;
  frame = pullRows + 3 * members * stride;
  slopes1 = frame + 6 * stride;
  slopes2 = slopes1 + most * stride;
  along = slopes2 + most * stride;
  across1 = along + functions * stride;
  across2 = across1 + functions * stride;
  coefficients = across2 + functions * stride;
  functionOf = coefficients + ((functions * most * sizeof<T>() + 63) & ~63);
  weights = functionOf + ((4 * functions + 63) & ~63);
  return (weights + members * functions * sizeof<T>() + 63) & ~63;
}

export let pullRows: usize = 0;

/** slopes: f64[member][most] dE/dG. */
export function jacobianPulls<T>(program: usize, elements: i32, slopes: usize, most: usize, members: i32): void {
  const degree = load<i32>(program, DEGREE);
  if (degree > 0) harmonicParts<T>(degree);
  for (let e: usize = 0; e < <usize>elements; e++) {
    const from = <usize>load<u32>(partStart + (e << 2));
    const to = <usize>load<u32>(partEnd + (e << 2));
    if (from == to) continue;
    frames<T>(from, to);
    if (degree > 0) harmonicSlopes<T>(degree, from, to);
    const radial = radialRows<T>(program, e, from, to);
    let rows = radial;
    for (let order = 2; order <= degree + 1; order++) rows = wideRows<T>(program, e, order * order, rows, from, to);
    for (let m = 0; m < members; m++)
      for (let r = 0; r < rows; r++) {
        const f = <usize>load<i32>(functionOf + (<usize>r << 2));
        put<T>(weights + <usize>(m * rows + r) * sizeof<T>(), load<f64>(slopes + ((<usize>m * most + f) << 3)));
      }
    const row = <usize>rows * sizeof<T>();
    const wide = weights + <usize>radial * sizeof<T>(), first = <usize>radial * stride + from, pull = pullRows + from;
    product<T>(members, to - from, rows, weights, row, sizeof<T>(), along + from, stride, pull, 3 * stride);
    product<T>(members, to - from, rows - radial, wide, row, sizeof<T>(), across1 + first, stride, pull + stride, 3 * stride);
    product<T>(members, to - from, rows - radial, wide, row, sizeof<T>(), across2 + first, stride, pull + 2 * stride, 3 * stride);
    for (let m = 0; m < members; m++) turn<T>(pullRows + 3 * <usize>m * stride, from, to);
  }
}

/** Two directions across u, with no division by what may be small (Duff et al., J. Comput. Graph. Tech. 6, 1, 2017). */
function frames<T>(from: usize, to: usize): void {
  const xs = unitX, ys = unitY, zs = unitZ, t = frame, row = stride;
  const one = splat<T>(1), sign = splat<T>(-0.0);
  for (let p = from; p < to; p += 16) {
    const x = v128.load(xs + p), y = v128.load(ys + p), z = v128.load(zs + p);
    const s = v128.or(v128.and(z, sign), one);
    const a = v128.neg<T>(div<T>(one, add<T>(s, z)));
    const ya = mul<T>(y, a), b = mul<T>(x, ya), sx = mul<T>(s, x);
    let at = t + p;
    v128.store(at, fma<T>(one, sx, mul<T>(x, a)));
    v128.store((at += row), mul<T>(s, b));
    v128.store((at += row), v128.neg<T>(sx));
    v128.store((at += row), b);
    v128.store((at += row), fma<T>(s, y, ya));
    v128.store(at + row, v128.neg<T>(y));
  }
}

/** Sums along u, t₁, t₂ become x, y, z. */
function turn<T>(pull: usize, from: usize, to: usize): void {
  const row = stride;
  const t = frame;
  for (let p = from; p < to; p += 16) {
    const a = v128.load(pull + p), b = v128.load(pull + row + p), c = v128.load(pull + 2 * row + p);
    const x = fma<T>(mul<T>(a, v128.load(unitX + p)), b, v128.load(t + p));
    const y = fma<T>(mul<T>(a, v128.load(unitY + p)), b, v128.load(t + row + p));
    const z = fma<T>(mul<T>(a, v128.load(unitZ + p)), b, v128.load(t + 2 * row + p));
    v128.store(pull + p, fma<T>(x, c, v128.load(t + 3 * row + p)));
    v128.store(pull + row + p, fma<T>(y, c, v128.load(t + 4 * row + p)));
    v128.store(pull + 2 * row + p, fma<T>(z, c, v128.load(t + 5 * row + p)));
  }
}

/** t·∇Y of l ≥ 1, as if x, y and z were independent: what that adds is along u. */
function harmonicSlopes<T>(degree: i32, from: usize, to: usize): void {
  const t = frame, row = stride;
  const xs1 = t, ys1 = t + row, zs1 = t + 2 * row, xs2 = t + 3 * row, ys2 = t + 4 * row, zs2 = t + 5 * row;
  for (let l = 1; l <= degree; l++) {
    const up = legendre + <usize>(l * (l + 1) / 2 + 1) * row;
    const at = <usize>(l * l) * row;
    for (let p = from; p < to; p += 16) {
      const q = v128.load(up + p);
      v128.store(slopes1 + at + p, mul<T>(q, v128.load(zs1 + p)));
      v128.store(slopes2 + at + p, mul<T>(q, v128.load(zs2 + p)));
    }
  }
  for (let m = 1; m <= degree; m++) {
    const re = real + <usize>m * row, im = imaginary + <usize>m * row;
    const factor = splat<T>(<f64>m);
    for (let p = from; p < to; p += 16) {
      // ∂(x+iy)^m along t₁ and t₂, and (x+iy)^m times their z.
      const c = mul<T>(factor, v128.load(re - row + p)), s = mul<T>(factor, v128.load(im - row + p));
      const x1 = v128.load(xs1 + p), y1 = v128.load(ys1 + p), x2 = v128.load(xs2 + p), y2 = v128.load(ys2 + p);
      const a1 = sub<T>(mul<T>(c, x1), mul<T>(s, y1)), b1 = fma<T>(mul<T>(s, x1), c, y1);
      const a2 = sub<T>(mul<T>(c, x2), mul<T>(s, y2)), b2 = fma<T>(mul<T>(s, x2), c, y2);
      const a = v128.load(re + p), b = v128.load(im + p), z1 = v128.load(zs1 + p), z2 = v128.load(zs2 + p);
      const za1 = mul<T>(a, z1), zb1 = mul<T>(b, z1), za2 = mul<T>(a, z2), zb2 = mul<T>(b, z2);
      for (let l = m; l <= degree; l++) {
        const place = legendre + <usize>(l * (l + 1) / 2 + m) * row + p;
        const at = <usize>(l * l + 2 * m - 1) * row + p;
        const q = v128.load(place);
        const up = m < l ? v128.load(place + row) : splat<T>(0);
        v128.store(slopes1 + at, fma<T>(mul<T>(q, a1), up, za1));
        v128.store(slopes1 + at + row, fma<T>(mul<T>(q, b1), up, zb1));
        v128.store(slopes2 + at, fma<T>(mul<T>(q, a2), up, za2));
        v128.store(slopes2 + at + row, fma<T>(mul<T>(q, b2), up, zb2));
      }
    }
  }
}

function radialRows<T>(program: usize, e: usize, from: usize, to: usize): i32 {
  const list = <usize>load<u32>(program, LISTS) + e * LIST_BYTES;
  const count = load<i32>(list, 8);
  let row = <usize>load<u32>(list, 12);
  for (let k = 0; k < count; k++) {
    store<i32>(functionOf + (<usize>k << 2), load<i32>(row));
    const at = <usize>k * stride;
    const slope = shapeSlope + <usize>load<i32>(row, 4) * stride;
    const weight = splat<T>(load<f64>(row, 8));
    for (let p = from; p < to; p += 16) v128.store(along + at + p, mul<T>(weight, v128.load(slope + p)));
    row += RADIAL_BYTES;
  }
  return count;
}

/** Rows of the wide functions with `lm` moments in which neighbours of element e take part; a function of two elements has one. */
function wideRows<T>(program: usize, e: usize, lm: i32, first: i32, from: usize, to: usize): i32 {
  const count = load<i32>(program, WIDE_COUNT);
  const table = <usize>load<u32>(program, WIDE_TABLE);
  let rows = first;
  for (let k = 0; k < count; k++) {
    const w = table + <usize>k * WIDE_BYTES;
    const side = load<i32>(w, 16) == lm ? sideOf(w, e) : 0;
    if (side == 0) continue;
    const other = moments + <usize>load<i32>(w + <usize>(side == 1 ? 12 : 8)) * sizeof<T>();
    const beta = <usize>load<u32>(w, 20);
    const factor = load<f64>(w, 32);
    const to = coefficients + <usize>(rows * lm) * sizeof<T>();
    for (let p: usize = 0; p < <usize>lm; p++)
      put<T>(to + p * sizeof<T>(), factor * load<f64>(beta + (p << 3)) * get<T>(other + p * sizeof<T>()));
    store<i32>(functionOf + (<usize>rows << 2), load<i32>(w));
    rows++;
  }
  if (rows == first) return rows;
  const size = rows - first;
  const c = coefficients + <usize>(first * lm) * sizeof<T>();
  const row = <usize>lm * sizeof<T>();
  const at = <usize>first * stride + from;
  product<T>(size, to - from, lm, c, row, sizeof<T>(), harmonic + from, stride, along + at, stride);
  // Y₀₀ is the same everywhere.
  const bent = c + sizeof<T>(), slopeRow = stride + from;
  product<T>(size, to - from, lm - 1, bent, row, sizeof<T>(), slopes1 + slopeRow, stride, across1 + at, stride);
  product<T>(size, to - from, lm - 1, bent, row, sizeof<T>(), slopes2 + slopeRow, stride, across2 + at, stride);
  let r = <usize>first;
  for (let k = 0; k < count; k++) {
    const w = table + <usize>k * WIDE_BYTES;
    const side = load<i32>(w, 16) == lm ? sideOf(w, e) : 0;
    if (side == 0) continue;
    const shape = <usize>load<i32>(w + <usize>(side == 1 ? 28 : 44)) * stride;
    finish<T>(r * stride, shape, load<i32>(w, 4) ? load<f64>(w, 40) : 0, from, to);
    r++;
  }
  return rows;
}

/** 1 or 2, the side on which element e is; 0: none. Of two equal sides the first. */
function sideOf(w: usize, e: usize): i32 {
  if (<usize>load<i32>(w, 24) == e) return 1;
  if (!load<i32>(w, 4) && <usize>load<i32>(w, 40) == e) return 2;
  return 0;
}

function finish<T>(at: usize, shape: usize, self: f64, from: usize, to: usize): void {
  const less = splat<T>(-self);
  const a = along + at, b1 = across1 + at, b2 = across2 + at, inverses = inverse;
  const values = shapeValue + shape, slopes = shapeSlope + shape;
  for (let p = from; p < to; p += 16) {
    const g = v128.load(values + p);
    v128.store(a + p, mul<T>(fma<T>(v128.load(a + p), less, g), v128.load(slopes + p)));
    const across = mul<T>(g, v128.load(inverses + p));
    v128.store(b1 + p, mul<T>(across, v128.load(b1 + p)));
    v128.store(b2 + p, mul<T>(across, v128.load(b2 + p)));
  }
}
