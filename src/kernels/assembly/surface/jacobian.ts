/**
 * Pulls of many gradients at once, for the forces of every member of a committee: the derivatives of each radial and wide function with
 * respect to each neighbour are made once,
 *
 *   J_f(j) = A_f g′ u + (g/r)(B_f − u (u·B_f)),   A_f = Σ_lm c_lm Y_lm − self,   B_f = Σ_lm c_lm ∇Y_lm,   c = 2^(1−ζ) β M
 *
 * and then multiplied by every member's dE/dG.
 */
import { harmonic, harmonicParts, imaginary, legendre, real } from "./harmonics";
import { add, fma, get, mul, product, put, splat, sub } from "./lanes";
import { inverse, partEnd, partStart, shapeSlope, shapeValue, stride, unitX, unitY, unitZ } from "./neighborhood";
import { moments } from "./wide";

const LISTS: usize = 8;
const LIST_BYTES: usize = 32;
const WIDE_COUNT: usize = 12;
const WIDE_TABLE: usize = 16;
const WIDE_BYTES: usize = 48;
const DEGREE: usize = 32;
const RADIAL_BYTES: usize = 16;

let slopeX: usize = 0; // [lm] rows of ∂Y/∂x, then y, z
let slopeY: usize = 0;
let slopeZ: usize = 0;
let along: usize = 0; // [function] rows: A
let rowX: usize = 0; // [function] rows: B, then J
let rowY: usize = 0;
let rowZ: usize = 0;
let coefficients: usize = 0; // T[function][lm]
let functionOf: usize = 0; // i32[row]
let weights: usize = 0; // T[member][row]
let lmMost: usize = 0;

/** First byte behind what `jacobianPulls` needs. Pulls of member m are rows 3m, 3m + 1, 3m + 2 from the returned `pullRows` on. */
export function placeJacobian<T>(at: usize, degree: usize, functions: usize, members: usize): usize {
  lmMost = (degree + 1) * (degree + 1);
  pullRows = at;
  slopeX = pullRows + 3 * members * stride;
  slopeY = slopeX + lmMost * stride;
  slopeZ = slopeY + lmMost * stride;
  along = slopeZ + lmMost * stride;
  rowX = along + functions * stride;
  rowY = rowX + functions * stride;
  rowZ = rowY + functions * stride;
  coefficients = rowZ + functions * stride;
  functionOf = coefficients + ((functions * lmMost * sizeof<T>() + 63) & ~63);
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
    if (degree > 0) harmonicSlopes<T>(degree, from, to);
    let rows = radialRows<T>(program, e, from, to);
    for (let order = 2; order <= degree + 1; order++) rows = wideRows<T>(program, e, order * order, rows, from, to);
    for (let m = 0; m < members; m++)
      for (let r = 0; r < rows; r++) {
        const f = <usize>load<i32>(functionOf + (<usize>r << 2));
        put<T>(weights + <usize>(m * rows + r) * sizeof<T>(), load<f64>(slopes + ((<usize>m * most + f) << 3)));
      }
    const row = <usize>rows * sizeof<T>();
    product<T>(members, to - from, rows, weights, row, sizeof<T>(), rowX + from, stride, pullRows + from, 3 * stride);
    product<T>(members, to - from, rows, weights, row, sizeof<T>(), rowY + from, stride, pullRows + stride + from, 3 * stride);
    product<T>(members, to - from, rows, weights, row, sizeof<T>(), rowZ + from, stride, pullRows + 2 * stride + from, 3 * stride);
  }
}

/** ∇Y as if x, y and z were independent; what points along u is taken out later. */
function harmonicSlopes<T>(degree: i32, from: usize, to: usize): void {
  for (let l = 0; l <= degree; l++)
    for (let m = 0; m <= l; m++) {
      const q = legendre + <usize>(l * (l + 1) / 2 + m) * stride;
      const at = <usize>(l * l + (m == 0 ? 0 : 2 * m - 1)) * stride;
      const a = real + <usize>m * stride;
      const b = imaginary + <usize>m * stride;
      const factor = splat<T>(<f64>m);
      for (let p = from; p < to; p += 16) {
        const up = m < l ? v128.load(q + stride + p) : splat<T>(0);
        v128.store(slopeZ + at + p, mul<T>(up, v128.load(a + p)));
        if (m == 0) {
          v128.store(slopeX + at + p, splat<T>(0));
          v128.store(slopeY + at + p, splat<T>(0));
          continue;
        }
        const here = mul<T>(factor, v128.load(q + p));
        const ax = mul<T>(here, v128.load(a - stride + p));
        const bx = mul<T>(here, v128.load(b - stride + p));
        v128.store(slopeX + at + p, ax);
        v128.store(slopeY + at + p, v128.neg<T>(bx));
        v128.store(slopeX + at + stride + p, bx);
        v128.store(slopeY + at + stride + p, ax);
        v128.store(slopeZ + at + stride + p, mul<T>(up, v128.load(b + p)));
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
    for (let p = from; p < to; p += 16) {
      const g = mul<T>(weight, v128.load(slope + p));
      v128.store(rowX + at + p, mul<T>(g, v128.load(unitX + p)));
      v128.store(rowY + at + p, mul<T>(g, v128.load(unitY + p)));
      v128.store(rowZ + at + p, mul<T>(g, v128.load(unitZ + p)));
    }
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
  product<T>(size, to - from, lm, c, row, sizeof<T>(), slopeX + from, stride, rowX + at, stride);
  product<T>(size, to - from, lm, c, row, sizeof<T>(), slopeY + from, stride, rowY + at, stride);
  product<T>(size, to - from, lm, c, row, sizeof<T>(), slopeZ + from, stride, rowZ + at, stride);
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
  for (let p = from; p < to; p += 16) {
    const g = v128.load(shapeValue + shape + p);
    const a = mul<T>(fma<T>(v128.load(along + at + p), less, g), v128.load(shapeSlope + shape + p));
    const across = mul<T>(g, v128.load(inverse + p));
    const x = v128.load(rowX + at + p), y = v128.load(rowY + at + p), z = v128.load(rowZ + at + p);
    const ux = v128.load(unitX + p), uy = v128.load(unitY + p), uz = v128.load(unitZ + p);
    const dot = fma<T>(fma<T>(mul<T>(x, ux), y, uy), z, uz);
    const radial = sub<T>(a, mul<T>(across, dot));
    v128.store(rowX + at + p, add<T>(mul<T>(across, x), mul<T>(radial, ux)));
    v128.store(rowY + at + p, add<T>(mul<T>(across, y), mul<T>(radial, uy)));
    v128.store(rowZ + at + p, add<T>(mul<T>(across, z), mul<T>(radial, uz)));
  }
}
