/**
 * Angular functions by pairs of neighbours, G = Σ_{j<k} A(θ_jk) C(r_ij) C(r_ik) [C(r_jk)]: all compact ones, and those with powers of 1 + λ cosθ
 * that neither moments nor polynomials serve. They come in groups: each has all products of some angular factors A_a and some factors
 * C_w of the distance for one pair of elements. Neighbours are sorted by distance, and each is a row j that meets the columns k nearer
 * than itself: of the C_w, sorted by their outer end, only the last ones reach j. Over the columns
 *
 *   V_aw(j) = Σ_k A_a(θ_jk) C_w(k),     G_aw = Σ_j C_w(j) V_aw(j)
 *
 * and backwards, with u_aw = dE/dG_aw C_w(j),
 *
 *   dE/dθ_jk = Σ_a A_a′ Σ_w u_aw C_w(k),   dE/dr_k = Σ_a A_a Σ_w u_aw C_w′(k),   dE/dr_j = Σ_aw dE/dG_aw C_w′(j) V_aw(j)
 *
 * all of which are small products of matrices. Powers have cosθ in place of θ. For narrow functions C_w(k) stands for C_w(r_ik) C_w(r_jk),
 * different in each row.
 */
import { cutoffs } from "./cutoffs";
import { add, div, dots, exp, fma, get, mul, product, put, splat, spread, sub, total } from "./lanes";
import {
  besideX, besideY, besideZ, distance, inverse, order, partCount, partStart, shapeSlope, shapeValue, stride, unitX, unitY, unitZ,
} from "./neighborhood";
import { addPower, powerValues } from "./powers";
import { pullX, pullY, pullZ } from "./wide";
import { addWindow, angularValues, arccos, windows } from "./windows";

// Words of a program and of a group, see contracts/surface.ts.
const CUTOFF_TABLE: usize = 4;
const PAIR_COUNT: usize = 40;
const PAIR_TABLE: usize = 44;
const GROUP_BYTES: usize = 64;
const NARROW: usize = 8;
const ANGLES: usize = 12;
const SHAPES: usize = 16;
const FIRST_SHAPE: usize = 20; // of either side
const ANGLE_TABLE: usize = 28;
const SHAPE_TABLE: usize = 32;
const FUNCTIONS: usize = 36;
const POWERS: usize = 40;
const WEIGHT: usize = 48;
const KEPT: usize = 56; // V of either side's rows, then their θ or cosθ
const ROW_BYTES: usize = 32; // of an angular factor, of a shape

// Rows over the columns of the row at hand.
let angular: usize = 0; // [angle] A
let turn: usize = 0; // dE/dθ or dE/dcosθ = Σ_a A′_a H_a
let reach: usize = 0; // dE/dr_k
let across: usize = 0; // dE/dr_jk
let far: usize = 0; // r_jk
let turns: usize = 0; // [angle] H_a = Σ_w u_aw C_w
let reaches: usize = 0; // [angle] Σ_w u_aw C′_w
let acrosses: usize = 0; // [angle], narrow
let near: usize = 0; // [shape] C_w(r_ik) C_w(r_jk) and its derivatives, narrow
let nearSlope: usize = 0;
let nearFar: usize = 0;
let sums: usize = 0; // f64[angle][shape]
let drive: usize = 0; // T[angle][shape] u
let kept: usize = 0;

export function placePairs<T>(at: usize, angles: usize, shapeCount: usize): usize {
  turn = at;
  reach = turn + stride;
  across = reach + stride;
  far = across + stride;
  angular = far + stride;
  turns = angular + angles * stride;
  reaches = turns + angles * stride;
  acrosses = reaches + angles * stride;
  near = acrosses + angles * stride;
  nearSlope = near + shapeCount * stride;
  nearFar = nearSlope + shapeCount * stride;
  sums = nearFar + shapeCount * stride;
  drive = sums + 8 * angles * shapeCount;
  kept = (drive + 8 * angles * shapeCount + 63) & ~63;
  return kept;
}

/** Adds functions by pairs to the values, f64[function]; returns the first free byte behind what is kept for the pulls. */
export function pairValues<T>(program: usize, values: usize): usize {
  const count = load<i32>(program, PAIR_COUNT);
  let group = <usize>load<u32>(program, PAIR_TABLE);
  let free = kept;
  for (let g = 0; g < count; g++) {
    const cells = load<i32>(group, ANGLES) * load<i32>(group, SHAPES);
    memory.fill(sums, 0, <usize>cells << 3);
    free = valuesOfSide<T>(program, group, 0, free);
    if (load<i32>(group) != load<i32>(group, 4)) free = valuesOfSide<T>(program, group, 1, free);
    const weight = load<f64>(group, WEIGHT);
    const functions = <usize>load<u32>(group, FUNCTIONS);
    for (let c: usize = 0; c < <usize>cells; c++) {
      const f = load<i32>(functions + (c << 2));
      if (f < 0) continue;
      const at = values + (<usize>f << 3);
      store<f64>(at, load<f64>(at) + weight * load<f64>(sums + (c << 3)));
    }
    group += GROUP_BYTES;
  }
  return free;
}

/** Byte past the columns of a row: neighbours of the other element that are nearer, or as near and `orEqual`. */
// @ts-ignore: decorator
@inline
function columnsOf<T>(upto: usize, last: usize, own: usize, orEqual: bool): usize {
  // Ranks are of rounded distances, by which neighbours are sorted.
  const rank = load<u32>(order + (own / sizeof<T>()) * 8, 4) + (orEqual ? 1 : 0);
  while (upto < last && load<u32>(order + (upto / sizeof<T>()) * 8, 4) < rank) upto += sizeof<T>();
  return upto;
}

/** First of the shapes that reach as far as neighbour `own`. */
// @ts-ignore: decorator
@inline
function firstShape<T>(group: usize, own: usize): usize {
  const count = <usize>load<i32>(group, SHAPES);
  let window = <usize>load<u32>(group, SHAPE_TABLE);
  const r = get<T>(distance + own);
  let first: usize = 0;
  while (first < count && load<f64>(window, 8) <= r) {
    first++;
    window += ROW_BYTES;
  }
  return first;
}

function valuesOfSide<T>(program: usize, group: usize, side: usize, free: usize): usize {
  const eJ = <usize>load<i32>(group + 4 * side), eK = <usize>load<i32>(group + 4 - 4 * side);
  const angles = <usize>load<i32>(group, ANGLES), shapeCount = <usize>load<i32>(group, SHAPES);
  const rowsJ = shapeValue + <usize>load<i32>(group + 4 * side, FIRST_SHAPE) * stride;
  const shapesK = <usize>load<i32>(group + 4 - 4 * side, FIRST_SHAPE);
  const narrow = load<i32>(group, NARROW) != 0, powers = load<i32>(group, POWERS) != 0;
  const angleTable = <usize>load<u32>(group, ANGLE_TABLE), cutoffTable = <usize>load<u32>(program, CUTOFF_TABLE);
  const firstJ = <usize>load<u32>(partStart + (eJ << 2)), from = <usize>load<u32>(partStart + (eK << 2));
  const count = <usize>load<i32>(partCount + (eJ << 2));
  const last = from + <usize>load<i32>(partCount + (eK << 2)) * sizeof<T>();
  const cells = angles * shapeCount;
  const size = cells * sizeof<T>();
  store<u32>(group + 4 * side, <u32>free, KEPT);
  const rows = shapeValue + shapesK * stride;
  let at = anglesAt(free, count, size);
  let upto = from;
  for (let n: usize = 0; n < count; n++) {
    const own = firstJ + n * sizeof<T>();
    upto = eJ == eK ? own : columnsOf<T>(upto, last, own, side != 0);
    const first = firstShape<T>(group, own);
    if (upto == from || first == shapeCount) continue;
    const end = (upto + 15) & ~15;
    const V = free + n * size;
    const theta = at - from;
    at += end - from;
    fillAngles<T>(own, from, end, theta, powers);
    for (let a: usize = 0; a < angles; a++) {
      const row = angular + a * stride;
      const factor = angleTable + a * ROW_BYTES;
      if (powers) powerValues<T>(factor, theta, from, end, row);
      else angularValues<T>(factor, theta, from, end, row);
      for (let p = upto; p < end; p += sizeof<T>()) put<T>(row + p, 0);
    }
    if (narrow) nearRows<T>(group, cutoffTable, shapesK, first, own, from, end);
    dots<T>(
      <i32>angles, <i32>(shapeCount - first), end - from, angular + from, stride,
      (narrow ? near : rows) + first * stride + from, stride, V + first * sizeof<T>(), shapeCount * sizeof<T>(),
    );
    for (let w = first; w < shapeCount; w++) {
      const c = get<T>(rowsJ + w * stride + own);
      for (let k = w; k < cells; k += shapeCount)
        store<f64>(sums + (k << 3), load<f64>(sums + (k << 3)) + c * get<T>(V + k * sizeof<T>()));
    }
  }
  return at;
}

/** Where the angles of a side's rows are, behind V. */
// @ts-ignore: decorator
@inline
function anglesAt(kept: usize, count: usize, size: usize): usize {
  return (kept + count * size + 15) & ~15;
}

/** θ, or cosθ, between neighbour `own` and the columns. */
function fillAngles<T>(own: usize, from: usize, end: usize, theta: usize, cosines: bool): void {
  const x = spread<T>(unitX + own), y = spread<T>(unitY + own), z = spread<T>(unitZ + own);
  const xs = unitX, ys = unitY, zs = unitZ;
  const one = splat<T>(1), minus = splat<T>(-1);
  for (let p = from; p < end; p += 16) {
    const c = fma<T>(fma<T>(mul<T>(x, v128.load(xs + p)), y, v128.load(ys + p)), z, v128.load(zs + p));
    const within = v128.pmax<T>(v128.pmin<T>(c, one), minus);
    v128.store(theta + p, cosines ? within : arccos<T>(within));
  }
}

/** C_w(r_ik) C_w(r_jk) and its derivatives with respect to both, from shape `first` on. */
function nearRows<T>(group: usize, cutoffTable: usize, shapes: usize, first: usize, own: usize, from: usize, end: usize): void {
  const x = spread<T>(besideX + own), y = spread<T>(besideY + own), z = spread<T>(besideZ + own);
  const xs = besideX, ys = besideY, zs = besideZ, sides = far;
  for (let p = from; p < end; p += 16) {
    const dx = sub<T>(x, v128.load(xs + p)), dy = sub<T>(y, v128.load(ys + p)), dz = sub<T>(z, v128.load(zs + p));
    v128.store(sides + p, v128.sqrt<T>(fma<T>(fma<T>(mul<T>(dx, dx), dy, dy), dz, dz)));
  }
  const count = <usize>load<i32>(group, SHAPES);
  const table = <usize>load<u32>(group, SHAPE_TABLE);
  for (let w = first; w < count; w++) {
    const value = near + w * stride, slope = nearSlope + w * stride, farSlope = nearFar + w * stride;
    const own = shapeValue + (shapes + w) * stride, ownSlope = shapeSlope + (shapes + w) * stride;
    const row = table + w * ROW_BYTES;
    if (load<i32>(group, POWERS)) {
      const cutoff = cutoffTable + <usize>load<f64>(row, 24) * ROW_BYTES;
      farGaussian<T>(row, cutoff, sides + from, end - from, value + from, farSlope + from);
    } else windows<T>(row, sides, from, end, value, farSlope);
    for (let p = from; p < end; p += 16) {
      const v = v128.load(value + p), c = v128.load(own + p);
      v128.store(slope + p, mul<T>(v, v128.load(ownSlope + p)));
      v128.store(farSlope + p, mul<T>(c, v128.load(farSlope + p)));
      v128.store(value + p, mul<T>(v, c));
    }
  }
}

/** g = e^(−η(r−rs)²) f and g′ of a shape (f64: η, rc, rs) for `bytes` of distances. */
function farGaussian<T>(row: usize, cutoff: usize, r: usize, bytes: usize, value: usize, slope: usize): void {
  cutoffs<T>(cutoff, bytes, r, value, slope);
  const minus = splat<T>(-load<f64>(row)), twice = splat<T>(-2 * load<f64>(row)), rs = splat<T>(load<f64>(row, 16));
  for (let p: usize = 0; p < bytes; p += 16) {
    const d = sub<T>(v128.load(r + p), rs);
    const e = exp<T>(mul<T>(minus, mul<T>(d, d)));
    const g = mul<T>(e, v128.load(value + p));
    v128.store(value + p, g);
    v128.store(slope + p, fma<T>(mul<T>(e, v128.load(slope + p)), mul<T>(twice, d), g));
  }
}

/** Adds the pulls of functions by pairs to those at hand, from dE/dG (f64[function]). */
export function pairPulls<T>(program: usize, gradient: usize): void {
  const count = load<i32>(program, PAIR_COUNT);
  let group = <usize>load<u32>(program, PAIR_TABLE);
  for (let g = 0; g < count; g++) {
    const cells = <usize>(load<i32>(group, ANGLES) * load<i32>(group, SHAPES));
    const weight = load<f64>(group, WEIGHT);
    const functions = <usize>load<u32>(group, FUNCTIONS);
    for (let c: usize = 0; c < cells; c++) {
      const f = load<i32>(functions + (c << 2));
      store<f64>(sums + (c << 3), f < 0 ? 0 : weight * load<f64>(gradient + (<usize>f << 3)));
    }
    pullsOfSide<T>(program, group, 0);
    if (load<i32>(group) != load<i32>(group, 4)) pullsOfSide<T>(program, group, 1);
    group += GROUP_BYTES;
  }
}

function pullsOfSide<T>(program: usize, group: usize, side: usize): void {
  const eJ = <usize>load<i32>(group + 4 * side), eK = <usize>load<i32>(group + 4 - 4 * side);
  const angles = <usize>load<i32>(group, ANGLES), shapeCount = <usize>load<i32>(group, SHAPES);
  const shapesJ = <usize>load<i32>(group + 4 * side, FIRST_SHAPE) * stride;
  const shapesK = <usize>load<i32>(group + 4 - 4 * side, FIRST_SHAPE);
  const narrow = load<i32>(group, NARROW) != 0, powers = load<i32>(group, POWERS) != 0;
  const angleTable = <usize>load<u32>(group, ANGLE_TABLE), cutoffTable = <usize>load<u32>(program, CUTOFF_TABLE);
  const firstJ = <usize>load<u32>(partStart + (eJ << 2)), from = <usize>load<u32>(partStart + (eK << 2));
  const count = <usize>load<i32>(partCount + (eJ << 2));
  const last = from + <usize>load<i32>(partCount + (eK << 2)) * sizeof<T>();
  const cells = angles * shapeCount;
  const size = cells * sizeof<T>();
  const free = <usize>load<u32>(group + 4 * side, KEPT);
  const row = shapeCount * sizeof<T>();
  let at = anglesAt(free, count, size);
  let upto = from;
  for (let n: usize = 0; n < count; n++) {
    const own = firstJ + n * sizeof<T>();
    upto = eJ == eK ? own : columnsOf<T>(upto, last, own, side != 0);
    const first = firstShape<T>(group, own);
    if (upto == from || first == shapeCount) continue;
    const end = (upto + 15) & ~15;
    const V = free + n * size;
    const theta = at - from;
    at += end - from;
    let radial: f64 = 0;
    for (let w = first; w < shapeCount; w++) {
      const c = get<T>(shapeValue + shapesJ + w * stride + own), slope = get<T>(shapeSlope + shapesJ + w * stride + own);
      for (let k = w; k < cells; k += shapeCount) {
        const g = load<f64>(sums + (k << 3));
        radial += g * slope * get<T>(V + k * sizeof<T>());
        put<T>(drive + k * sizeof<T>(), g * c);
      }
    }
    if (narrow) nearRows<T>(group, cutoffTable, shapesK, first, own, from, end);
    const values = (narrow ? near : shapeValue + shapesK * stride) + first * stride + from;
    const slopes = (narrow ? nearSlope : shapeSlope + shapesK * stride) + first * stride + from;
    const u = drive + first * sizeof<T>();
    const left = <i32>(shapeCount - first);
    product<T>(<i32>angles, end - from, left, u, row, sizeof<T>(), values, stride, turns + from, stride);
    product<T>(<i32>angles, end - from, left, u, row, sizeof<T>(), slopes, stride, reaches + from, stride);
    if (narrow)
      product<T>(<i32>angles, end - from, left, u, row, sizeof<T>(), nearFar + first * stride + from, stride, acrosses + from, stride);
    memory.fill(turn + from, 0, end - from);
    memory.fill(reach + from, 0, end - from);
    for (let a: usize = 0; a < angles; a++) {
      const factor = angleTable + a * ROW_BYTES, row = a * stride;
      if (powers) addPower<T>(factor, theta, from, end, reaches + row, reach, turns + row, turn);
      else addWindow<T>(factor, theta, from, end, reaches + row, reach, turns + row, turn);
    }
    pullColumns<T>(own, from, upto, radial, powers);
    if (!narrow) continue;
    // The slopes with respect to the angle that come along are not wanted again: nothing reads them.
    memory.fill(across + from, 0, end - from);
    for (let a: usize = 0; a < angles; a++) {
      const factor = angleTable + a * ROW_BYTES, row = a * stride;
      if (powers) addPower<T>(factor, theta, from, end, acrosses + row, across, turns + row, turn);
      else addWindow<T>(factor, theta, from, end, acrosses + row, across, turns + row, turn);
    }
    pullAcross<T>(own, from, upto);
  }
}

/** Lanes that belong to columns. */
// @ts-ignore: decorator
@inline
function within<T>(p: usize, upto: usize): v128 {
  const left = splat<T>(<f64>(upto - p) / <f64>sizeof<T>());
  return v128.lt<T>(sizeof<T>() == 8 ? f64x2(0, 1) : f32x4(0, 1, 2, 3), left);
}

/** From dE/dθ (or dE/dcosθ) and dE/dr_k of the columns, and dE/dr_j, to pulls on both ends. */
function pullColumns<T>(own: usize, from: usize, upto: usize, radial: f64, cosines: bool): void {
  const jx = spread<T>(unitX + own), jy = spread<T>(unitY + own), jz = spread<T>(unitZ + own);
  let sx = splat<T>(0), sy = sx, sz = sx, sc = sx;
  const one = splat<T>(1), minus = splat<T>(-1);
  const xs = unitX, ys = unitY, zs = unitZ, inverses = inverse, turnAt = turn, reachAt = reach;
  const toX = pullX, toY = pullY, toZ = pullZ;
  for (let p = from; p < upto; p += 16) {
    const lanes = within<T>(p, upto);
    const kx = v128.load(xs + p), ky = v128.load(ys + p), kz = v128.load(zs + p);
    const dot = fma<T>(fma<T>(mul<T>(jx, kx), jy, ky), jz, kz);
    const c = v128.pmax<T>(v128.pmin<T>(dot, one), minus);
    let t = v128.and(v128.load(turnAt + p), lanes);
    if (!cosines) {
      // dθ/dcosθ; at 0° and 180° it multiplies a vanishing vector, and any finite value serves.
      const sine = v128.sqrt<T>(v128.pmax<T>(mul<T>(sub<T>(one, c), add<T>(one, c)), splat<T>(1e-24)));
      t = mul<T>(t, div<T>(minus, sine));
    }
    const q = v128.and(v128.load(reachAt + p), lanes);
    sx = fma<T>(sx, t, kx);
    sy = fma<T>(sy, t, ky);
    sz = fma<T>(sz, t, kz);
    sc = fma<T>(sc, t, c);
    const b = mul<T>(t, v128.load(inverses + p));
    const a = sub<T>(q, mul<T>(b, c));
    v128.store(toX + p, fma<T>(fma<T>(v128.load(toX + p), b, jx), a, kx));
    v128.store(toY + p, fma<T>(fma<T>(v128.load(toY + p), b, jy), a, ky));
    v128.store(toZ + p, fma<T>(fma<T>(v128.load(toZ + p), b, jz), a, kz));
  }
  const inv = get<T>(inverse + own);
  const along = radial - inv * total<T>(sc);
  put<T>(toX + own, get<T>(toX + own) + inv * total<T>(sx) + along * get<T>(unitX + own));
  put<T>(toY + own, get<T>(toY + own) + inv * total<T>(sy) + along * get<T>(unitY + own));
  put<T>(toZ + own, get<T>(toZ + own) + inv * total<T>(sz) + along * get<T>(unitZ + own));
}

/** Pulls along the third side. */
function pullAcross<T>(own: usize, from: usize, upto: usize): void {
  const x = spread<T>(besideX + own), y = spread<T>(besideY + own), z = spread<T>(besideZ + own);
  let sx = splat<T>(0), sy = sx, sz = sx;
  const xs = besideX, ys = besideY, zs = besideZ;
  const toX = pullX, toY = pullY, toZ = pullZ;
  for (let p = from; p < upto; p += 16) {
    const d = v128.pmax<T>(v128.load(far + p), splat<T>(1e-4));
    const s = v128.and(div<T>(v128.load(across + p), d), within<T>(p, upto));
    const dx = mul<T>(s, sub<T>(x, v128.load(xs + p)));
    const dy = mul<T>(s, sub<T>(y, v128.load(ys + p)));
    const dz = mul<T>(s, sub<T>(z, v128.load(zs + p)));
    sx = add<T>(sx, dx);
    sy = add<T>(sy, dy);
    sz = add<T>(sz, dz);
    v128.store(toX + p, sub<T>(v128.load(toX + p), dx));
    v128.store(toY + p, sub<T>(v128.load(toY + p), dy));
    v128.store(toZ + p, sub<T>(v128.load(toZ + p), dz));
  }
  put<T>(toX + own, get<T>(toX + own) + total<T>(sx));
  put<T>(toY + own, get<T>(toY + own) + total<T>(sy));
  put<T>(toZ + own, get<T>(toZ + own) + total<T>(sz));
}
