/**
 * Narrow angular functions by triplets. With X = r_ij² + r_ik² + r_jk², L = r_ij + r_ik + r_jk, F = f_ij f_ik f_jk and c = cosθ, one
 * exponential per distinct (η, rs) serves all functions that have it:
 *
 *   e = F exp(−ηX + 2ηrs L − 3ηrs²),   G = 2^(1−ζ) Σ_jk (1 + λc)^ζ e = Σ_n a_n Σ_jk cⁿ e
 *
 * and for the forces their sum is one polynomial T(c) per (η, rs). With T e summed over the (η, rs) into S₀, ηTe into S₁, ηrsTe into
 * S₂ and T′e into S₃, the pulls are combinations of r_ij and r_ik with the coefficients of `pulls`.
 *
 * Pairs of neighbours farther apart than the cutoff (about half) are left out by packing the rest into lists, one run per j.
 */
import { ones, toFront } from "../packing";
import { farCutoffs } from "./cutoffs";
import { add, div, exp, fma, gather, get, mul, put, splat, spread, sub, total } from "./lanes";
import {
  besideX, besideY, besideZ, cutSlope, cutValue, filled, geometry, inverse, partCount, partEnd, partStart, squared, stride,
} from "./neighborhood";

// Words of a program, its groups, shapes and functions, see contracts/surface.ts.
const CUTOFF_TABLE: usize = 4;
const GROUP_COUNT: usize = 20;
const GROUP_TABLE: usize = 24;
const GROUP_BYTES: usize = 64;
const SHAPE_BYTES: usize = 48;

/** First byte of the lists; those of the groups follow each other. */
let lists: usize = 0;
/** T[neighbour][4]: Σ b r (xyz) and Σ a, the pull on a neighbour being a r + b. */
export let bends: usize = 0;
/** T[cutoff][neighbour][4]: r², 1/r, f, f′/(2 r f), so that what a triplet needs of one neighbour lies together. */
let quads: usize = 0;

export function placeNarrow<T>(at: usize, cuts: usize): usize {
  bends = at;
  quads = bends + 4 * stride;
  lists = (quads + 4 * cuts * stride + 63) & ~63;
  return lists;
}

// Where a group's lists are, kept in its row between values and pulls.
const RUNS: usize = 32; // run: i32 j (byte offset), i32 first byte, i32 bytes, –
const RUN_COUNT: usize = 36;
const KEYS: usize = 40; // i32 byte offset of k
const COSINES: usize = 44;
const RATIOS: usize = 48; // rows: f′/(2 r f) of the far side; the same of k; 1/r of k
const SIDES: usize = 52; // 1/r_jk, where rs are used
const FACTORS: usize = 56; // [shape] rows
const LENGTH: usize = 60; // bytes of a row

/** In a shape: 1, or of which power of the exponential before it (itself of power 1) its own is. */
const POWER: usize = 32;

/** Adds narrow functions to the values, f64[function]. */
export function narrowValues<T>(program: usize, values: usize): void {
  const groups = <usize>load<i32>(program, GROUP_COUNT);
  if (groups == 0) return;
  const table = <usize>load<u32>(program, GROUP_TABLE);
  const cuts = <usize>load<i32>(program);
  for (let c: usize = 0; c < cuts; c++) fillQuads<T>(c);
  let free = lists;
  for (let g: usize = 0; g < groups; g++) {
    const group = table + g * GROUP_BYTES;
    free = pack<T>(program, group, free);
    free = factors<T>(program, group, free);
    valuesOfGroup<T>(group, values);
  }
}

/** The quads of a cutoff; f′/(2 r f) is 0 where f is 0. */
function fillQuads<T>(c: usize): void {
  // Globals are read from memory at every use: loops have copies.
  const end = filled + 16, squares = squared, inverses = inverse, values = cutValue + c * stride, slopes = cutSlope + c * stride;
  let to = quads + 4 * c * stride;
  for (let p: usize = 0; p < end; p += 16) {
    const r2 = v128.load(squares + p), inv = v128.load(inverses + p), f = v128.load(values + p);
    const r = mul<T>(r2, inv);
    const h = v128.andnot(div<T>(v128.load(slopes + p), mul<T>(add<T>(r, r), f)), v128.eq<T>(f, splat<T>(0)));
    if (sizeof<T>() == 8) {
      v128.store(to, v128.shuffle<f64>(r2, inv, 0, 2));
      v128.store(to, v128.shuffle<f64>(f, h, 0, 2), 16);
      v128.store(to, v128.shuffle<f64>(r2, inv, 1, 3), 32);
      v128.store(to, v128.shuffle<f64>(f, h, 1, 3), 48);
    } else {
      const a = v128.shuffle<f32>(r2, inv, 0, 4, 1, 5), b = v128.shuffle<f32>(f, h, 0, 4, 1, 5);
      const c = v128.shuffle<f32>(r2, inv, 2, 6, 3, 7), d = v128.shuffle<f32>(f, h, 2, 6, 3, 7);
      v128.store(to, v128.shuffle<f32>(a, b, 0, 1, 4, 5));
      v128.store(to, v128.shuffle<f32>(a, b, 2, 3, 6, 7), 16);
      v128.store(to, v128.shuffle<f32>(c, d, 0, 1, 4, 5), 32);
      v128.store(to, v128.shuffle<f32>(c, d, 2, 3, 6, 7), 48);
    }
    to += 64;
  }
}

/** Lists the pairs within the cutoff: −2 r_ij·r_ik (which becomes c in `factors`) and k, one padded run per j. */
function pack<T>(program: usize, group: usize, free: usize): usize {
  const e1 = <usize>load<i32>(group), e2 = <usize>load<i32>(group, 4);
  const same = e1 == e2;
  const rc = load<f64>(<usize>load<u32>(program, CUTOFF_TABLE) + <usize>load<i32>(group, 8) * 32, 16);
  const lanes: usize = 16 / sizeof<T>();
  const n1 = load<i32>(partCount + (e1 << 2));
  const first1 = <usize>load<u32>(partStart + (e1 << 2));
  const from = <usize>load<u32>(partStart + (e2 << 2));
  const to = <usize>load<u32>(partEnd + (e2 << 2));
  const runs = free;
  free = (runs + 16 * <usize>n1 + 63) & ~63;
  // Room for all pairs: cosines, then keys behind them.
  const most = <usize>n1 * ((to - from) / sizeof<T>() + lanes);
  const cosines = free;
  const keys = cosines + ((most * sizeof<T>() + 63) & ~63);
  let count: usize = 0;
  const xs = besideX, ys = besideY, zs = besideZ, squares = squared;
  for (let j = 0; j < n1; j++) {
    const own = first1 + <usize>j * sizeof<T>();
    const minusTwo = splat<T>(-2);
    const x = mul<T>(minusTwo, spread<T>(xs + own));
    const y = mul<T>(minusTwo, spread<T>(ys + own));
    const z = mul<T>(minusTwo, spread<T>(zs + own));
    const bound = splat<T>(rc * rc - get<T>(squares + own));
    const begin = count;
    let p = same ? (own + sizeof<T>()) & ~15 : from;
    // Lanes up to j itself do not count.
    let allowed = same ? (0xf << <i32>((own + sizeof<T>() - p) / sizeof<T>())) & 0xf : 0xf;
    for (; p < to; p += 16) {
      const cos = fma<T>(fma<T>(mul<T>(x, v128.load(xs + p)), y, v128.load(ys + p)), z, v128.load(zs + p));
      const within = v128.lt<T>(add<T>(cos, v128.load(squares + p)), bound);
      const near = <usize>((sizeof<T>() == 8 ? i64x2.bitmask(within) : i32x4.bitmask(within)) & allowed);
      allowed = 0xf;
      if (sizeof<T>() == 8) {
        v128.store64_lane(cosines + (count << 3), cos, 0);
        store<u32>(keys + (count << 2), <u32>p);
        count += near & 1;
        v128.store64_lane(cosines + (count << 3), cos, 1);
        store<u32>(keys + (count << 2), <u32>(p + 8));
        count += (near >> 1) & 1;
      } else {
        v128.store(cosines + (count << 2), toFront(cos, near));
        v128.store(keys + (count << 2), toFront(i32x4.add(i32x4.splat(<i32>p), i32x4(0, 4, 8, 12)), near));
        count += ones(near);
      }
    }
    while (count & (lanes - 1)) {
      put<T>(cosines + count * sizeof<T>(), 0);
      store<u32>(keys + (count << 2), <u32>filled);
      count++;
    }
    const run = runs + (<usize>j << 4);
    store<u32>(run, <u32>own);
    store<u32>(run, <u32>(begin * sizeof<T>()), 4);
    store<u32>(run, <u32>((count - begin) * sizeof<T>()), 8);
  }
  store<u32>(group + RUNS, <u32>runs);
  store<u32>(group + RUN_COUNT, <u32>n1);
  store<u32>(group + COSINES, <u32>cosines);
  store<u32>(group + LENGTH, <u32>(count * sizeof<T>()));
  // The keys move down to where the cosines end.
  const packed = (cosines + count * sizeof<T>() + 63) & ~63;
  memory.copy(packed, keys, count << 2);
  store<u32>(group + KEYS, <u32>packed);
  return (packed + (count << 2) + 63) & ~63;
}

/** The factors e of every shape, and f′/(2rf) (and 1/r) of the far side. */
function factors<T>(program: usize, group: usize, free: usize): usize {
  const length = <usize>load<u32>(group, LENGTH);
  const cutoff = <usize>load<i32>(group, 8);
  const shapes = <usize>load<i32>(group, 12);
  const table = <usize>load<u32>(group, 16);
  const withSides = load<i32>(group, 28) != 0;
  const cosines = <usize>load<u32>(group, COSINES);
  const keys = <usize>load<u32>(group, KEYS);
  // Lists are powers of two apart less often when they are padded.
  const row = ((length + 63) & ~63) + 64;
  const sides = free;
  const ratiosAt = sides + (withSides ? row : 0);
  const factorsAt = ratiosAt + 3 * row;
  const exponents = factorsAt + shapes * row;
  const near = exponents + row;
  const farValue = near + row;
  const perimeter = farValue + row;

  const runs = <usize>load<u32>(group, RUNS);
  const count = load<i32>(group, RUN_COUNT);
  const own = quads + 4 * cutoff * stride;
  for (let k = 0; k < count; k++) {
    const run = runs + (<usize>k << 4);
    const j = own + 4 * <usize>load<u32>(run);
    const first = <usize>load<u32>(run, 4);
    const last = first + <usize>load<u32>(run, 8);
    const p2 = spread<T>(j);
    const r = splat<T>(get<T>(j) * get<T>(j + sizeof<T>()));
    const half = splat<T>(-0.5 * get<T>(j + sizeof<T>()));
    const fj = spread<T>(j + 2 * sizeof<T>());
    let key = keys + (first / sizeof<T>()) * 4;
    for (let p = first; p < last; p += 16) {
      let q: v128, inv: v128, f: v128, h: v128;
      const k0 = own + (<usize>load<u32>(key) << 2), k1 = own + (<usize>load<u32>(key, 4) << 2);
      if (sizeof<T>() == 8) {
        const a0 = v128.load(k0), b0 = v128.load(k1), a1 = v128.load(k0, 16), b1 = v128.load(k1, 16);
        q = v128.shuffle<f64>(a0, b0, 0, 2);
        inv = v128.shuffle<f64>(a0, b0, 1, 3);
        f = v128.shuffle<f64>(a1, b1, 0, 2);
        h = v128.shuffle<f64>(a1, b1, 1, 3);
      } else {
        const k2 = own + (<usize>load<u32>(key, 8) << 2), k3 = own + (<usize>load<u32>(key, 12) << 2);
        const a = v128.load(k0), b = v128.load(k1), c = v128.load(k2), d = v128.load(k3);
        const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5), cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
        q = v128.shuffle<f32>(ab, cd, 0, 1, 4, 5);
        inv = v128.shuffle<f32>(ab, cd, 2, 3, 6, 7);
        const ef = v128.shuffle<f32>(a, b, 2, 6, 3, 7), gh = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
        f = v128.shuffle<f32>(ef, gh, 0, 1, 4, 5);
        h = v128.shuffle<f32>(ef, gh, 2, 3, 6, 7);
      }
      const dot = v128.load(cosines + p);
      const sum = add<T>(p2, q);
      const x = v128.pmax<T>(add<T>(sum, dot), splat<T>(1e-12));
      const d = v128.sqrt<T>(x);
      v128.store(cosines + p, mul<T>(mul<T>(dot, half), inv));
      v128.store(exponents + p, add<T>(sum, x));
      v128.store(ratiosAt + p, d);
      v128.store(ratiosAt + row + p, h);
      v128.store(ratiosAt + 2 * row + p, inv);
      v128.store(near + p, mul<T>(fj, f));
      if (withSides) {
        v128.store(sides + p, div<T>(splat<T>(1), d));
        v128.store(perimeter + p, add<T>(add<T>(r, mul<T>(q, inv)), d));
      }
      key += 4 * (16 / sizeof<T>());
    }
  }
  farCutoffs<T>(<usize>load<u32>(program, CUTOFF_TABLE) + cutoff * 32, length, ratiosAt, farValue, perimeter + (withSides ? row : 0));
  for (let s: usize = 0; s < shapes; s++) {
    const shape = table + s * SHAPE_BYTES;
    // Powers follow the exponential that they are powers of.
    let powers: usize = 0;
    while (s + powers + 1 < shapes && load<i32>(shape + (powers + 1) * SHAPE_BYTES, POWER) > 1) powers++;
    const to = factorsAt + s * row;
    const rs = load<f64>(shape, 8);
    const eta = splat<T>(-load<f64>(shape));
    const linear = splat<T>(2 * load<f64>(shape) * rs);
    const constant = splat<T>(-3 * load<f64>(shape) * rs * rs);
    for (let p: usize = 0; p < length; p += 16) {
      let argument = mul<T>(eta, v128.load(exponents + p));
      if (rs != 0) argument = add<T>(argument, fma<T>(constant, linear, v128.load(perimeter + p)));
      const e = exp<T>(argument);
      const f = mul<T>(v128.load(near + p), v128.load(farValue + p));
      v128.store(to + p, mul<T>(e, f));
      let at = to + p;
      for (let k: usize = 1; k <= powers; k++) {
        let n = load<i32>(shape + k * SHAPE_BYTES, POWER);
        let square = e;
        let result = f;
        for (;;) {
          if (n & 1) result = mul<T>(result, square);
          n >>= 1;
          if (n == 0) break;
          square = mul<T>(square, square);
        }
        at += row;
        v128.store(at, result);
      }
    }
    s += powers;
  }
  store<u32>(group + SIDES, <u32>sides);
  store<u32>(group + RATIOS, <u32>ratiosAt);
  store<u32>(group + FACTORS, <u32>factorsAt);
  return exponents;
}

/** Σ cⁿe for n = 0…degree of each shape, then the functions. */
function valuesOfGroup<T>(group: usize, values: usize): void {
  const length = <usize>load<u32>(group, LENGTH);
  const row = ((length + 63) & ~63) + 64;
  const shapes = <usize>load<i32>(group, 12);
  const table = <usize>load<u32>(group, 16);
  const cosines = <usize>load<u32>(group, COSINES);
  for (let s: usize = 0; s < shapes; s++) {
    const shape = table + s * SHAPE_BYTES;
    const sums = <usize>load<u32>(shape, 24);
    powerSums<T>(load<i32>(shape, 16), length, <usize>load<u32>(group, FACTORS) + s * row, cosines, sums);
    const functions = load<i32>(shape, 20);
    let f = <usize>load<u32>(shape, 28);
    for (let k = 0; k < functions; k++) {
      const terms = load<i32>(f, 4);
      let sum: f64 = 0;
      for (let n: usize = 0; n < <usize>terms; n++) sum += load<f64>(f + 8 + (n << 3)) * load<f64>(sums + (n << 3));
      const at = values + (<usize>load<i32>(f) << 3);
      store<f64>(at, load<f64>(at) + sum);
      f += 8 + (<usize>terms << 3);
    }
  }
}

function powerSums<T>(degree: i32, length: usize, factor: usize, cosines: usize, sums: usize): void {
  if (degree == 1) {
    let s0 = splat<T>(0), s1 = s0;
    for (let p: usize = 0; p < length; p += 16) {
      const e = v128.load(factor + p);
      s0 = add<T>(s0, e);
      s1 = fma<T>(s1, e, v128.load(cosines + p));
    }
    store<f64>(sums, total<T>(s0));
    store<f64>(sums, total<T>(s1), 8);
    return;
  }
  if (degree <= 4) {
    let s0 = splat<T>(0), s1 = s0, s2 = s0, s3 = s0, s4 = s0;
    for (let p: usize = 0; p < length; p += 16) {
      const e = v128.load(factor + p);
      const c = v128.load(cosines + p);
      const c2 = mul<T>(c, c);
      const ec = mul<T>(e, c);
      const ec2 = mul<T>(e, c2);
      s0 = add<T>(s0, e);
      s1 = add<T>(s1, ec);
      s2 = add<T>(s2, ec2);
      s3 = fma<T>(s3, ec, c2);
      s4 = fma<T>(s4, ec2, c2);
    }
    store<f64>(sums, total<T>(s0));
    store<f64>(sums, total<T>(s1), 8);
    store<f64>(sums, total<T>(s2), 16);
    if (degree > 2) store<f64>(sums, total<T>(s3), 24);
    if (degree > 3) store<f64>(sums, total<T>(s4), 32);
    return;
  }
  // Four powers at a time.
  for (let n = 0; n <= degree; n += 4) {
    let s0 = splat<T>(0), s1 = s0, s2 = s0, s3 = s0;
    for (let p: usize = 0; p < length; p += 16) {
      const c = v128.load(cosines + p);
      const c2 = mul<T>(c, c);
      const c4 = mul<T>(c2, c2);
      let e = v128.load(factor + p);
      for (let k = 0; k < n; k += 4) e = mul<T>(e, c4);
      s0 = add<T>(s0, e);
      s1 = fma<T>(s1, e, c);
      s2 = fma<T>(s2, e, c2);
      s3 = fma<T>(s3, mul<T>(e, c), c2);
    }
    const at = sums + (<usize>n << 3);
    store<f64>(at, total<T>(s0));
    if (n + 1 <= degree) store<f64>(at, total<T>(s1), 8);
    if (n + 2 <= degree) store<f64>(at, total<T>(s2), 16);
    if (n + 3 <= degree) store<f64>(at, total<T>(s3), 24);
  }
}

/** Fills `bends` from dE/dG (f64[function]). False where there are no narrow functions: the bends are then not written. */
export function narrowPulls<T>(program: usize, gradient: usize): bool {
  const groups = <usize>load<i32>(program, GROUP_COUNT);
  if (groups == 0) return false;
  memory.fill(bends, 0, 4 * (filled + 16));
  const table = <usize>load<u32>(program, GROUP_TABLE);
  for (let g: usize = 0; g < groups; g++) {
    const group = table + g * GROUP_BYTES;
    polynomials<T>(group, gradient);
    pulls<T>(group);
  }
  return true;
}

// A term of the pulls, one for each shape, lines (degree 1) before the others.
const TERM_BYTES: usize = 48; // u32 row of factors, i32 degree, u32 coefficients T[2 degree + 1] (T, then T′), –
const ETA: usize = 16; // T η, ηrs
const COEFFICIENTS: usize = 32; // T[2] of a line

/** T(c) of each shape: coefficients behind the sums of powers, and the terms of the group. */
function polynomials<T>(group: usize, gradient: usize): void {
  const row = ((<usize>load<u32>(group, LENGTH) + 63) & ~63) + 64;
  const shapes = <usize>load<i32>(group, 12);
  const table = <usize>load<u32>(group, 16);
  let line = <usize>load<u32>(group, 20);
  let other = line + <usize>load<i32>(group, 24) * TERM_BYTES;
  for (let s: usize = 0; s < shapes; s++) {
    const shape = table + s * SHAPE_BYTES;
    const degree = <usize>load<i32>(shape, 16);
    const at = <usize>load<u32>(shape, 24) + ((degree + 1) << 3);
    summedCoefficients(shape, at, gradient);
    // In T, then those of the derivative.
    for (let n: usize = 0; n <= degree; n++) put<T>(at + n * sizeof<T>(), load<f64>(at + (n << 3)));
    const slopes = at + (degree + 1) * sizeof<T>();
    for (let n: usize = 1; n <= degree; n++) put<T>(slopes + (n - 1) * sizeof<T>(), <f64>n * get<T>(at + n * sizeof<T>()));
    const term = degree == 1 ? line : other;
    store<u32>(term, <u32>(<usize>load<u32>(group, FACTORS) + s * row));
    store<i32>(term, <i32>degree, 4);
    store<u32>(term, <u32>at, 8);
    put<T>(term + ETA, load<f64>(shape));
    put<T>(term + ETA + sizeof<T>(), load<f64>(shape) * load<f64>(shape, 8));
    if (degree == 1) {
      put<T>(term + COEFFICIENTS, get<T>(at));
      put<T>(term + COEFFICIENTS + sizeof<T>(), get<T>(at + sizeof<T>()));
      line += TERM_BYTES;
    } else other += TERM_BYTES;
  }
}

/** Σ dE/dG × coefficients of a shape's functions, f64[degree + 1]. */
function summedCoefficients(shape: usize, at: usize, gradient: usize): void {
  memory.fill(at, 0, <usize>(load<i32>(shape, 16) + 1) << 3);
  const functions = load<i32>(shape, 20);
  let f = <usize>load<u32>(shape, 28);
  for (let k = 0; k < functions; k++) {
    const slope = load<f64>(gradient + (<usize>load<i32>(f) << 3));
    const terms = <usize>load<i32>(f, 4);
    for (let n: usize = 0; n < terms; n++)
      store<f64>(at + (n << 3), load<f64>(at + (n << 3)) + slope * load<f64>(f + 8 + (n << 3)));
    f += 8 + (terms << 3);
  }
}

function pulls<T>(group: usize): void {
  const length = <usize>load<u32>(group, LENGTH);
  const row = ((length + 63) & ~63) + 64;
  const cutoff = <usize>load<i32>(group, 8);
  const lines = load<i32>(group, 24);
  const shapes = load<i32>(group, 12);
  const terms = <usize>load<u32>(group, 20);
  const withSides = load<i32>(group, 28) != 0;
  const cosines = <usize>load<u32>(group, COSINES);
  const keys = <usize>load<u32>(group, KEYS);
  const runs = <usize>load<u32>(group, RUNS);
  const count = load<i32>(group, RUN_COUNT);
  const sides = <usize>load<u32>(group, SIDES);
  const farRatios = <usize>load<u32>(group, RATIOS);
  const nearRatios = farRatios + row, nearInverses = nearRatios + row;
  const own = quads + 4 * cutoff * stride;
  const places = geometry, bent = bends;
  const zero = splat<T>(0);
  const two = splat<T>(2);
  for (let k = 0; k < count; k++) {
    const run = runs + (<usize>k << 4);
    const j = <usize>load<u32>(run);
    const first = <usize>load<u32>(run, 4);
    const last = first + <usize>load<u32>(run, 8);
    if (first == last) continue;
    const ij = spread<T>(own + 4 * j + sizeof<T>());
    const hj = spread<T>(own + 4 * j + 3 * sizeof<T>());
    const rowJ = places + 4 * j;
    const xyJ = v128.load(rowJ);
    const zwJ = sizeof<T>() == 8 ? v128.load(rowJ, 16) : xyJ;
    let pullJ = zero, bendXY = zero, bendZ = zero;
    let key = keys + (first / sizeof<T>()) * 4;
    for (let p = first; p < last; p += 16) {
      const c = v128.load(cosines + p);
      let s0 = zero, s1 = zero, s2 = zero, s3 = zero;
      let term = terms;
      for (let s = 0; s < lines; s++) {
        const e = v128.load(<usize>load<u32>(term) + p);
        const dt = spread<T>(term + COEFFICIENTS + sizeof<T>());
        const te = mul<T>(fma<T>(spread<T>(term + COEFFICIENTS), dt, c), e);
        s0 = add<T>(s0, te);
        s1 = fma<T>(s1, spread<T>(term + ETA), te);
        if (withSides) s2 = fma<T>(s2, spread<T>(term + ETA + sizeof<T>()), te);
        s3 = fma<T>(s3, dt, e);
        term += TERM_BYTES;
      }
      for (let s = lines; s < shapes; s++) {
        const e = v128.load(<usize>load<u32>(term) + p);
        const degree = load<i32>(term, 4);
        let a = <usize>load<u32>(term, 8);
        let t: v128, dt: v128;
        if (degree == 4) {
          const c2 = mul<T>(c, c);
          const low = fma<T>(spread<T>(a), spread<T>(a + sizeof<T>()), c);
          const mid = fma<T>(spread<T>(a + 2 * sizeof<T>()), spread<T>(a + 3 * sizeof<T>()), c);
          t = fma<T>(low, c2, fma<T>(mid, c2, spread<T>(a + 4 * sizeof<T>())));
          const dLow = fma<T>(spread<T>(a + 5 * sizeof<T>()), spread<T>(a + 6 * sizeof<T>()), c);
          dt = fma<T>(dLow, c2, fma<T>(spread<T>(a + 7 * sizeof<T>()), spread<T>(a + 8 * sizeof<T>()), c));
        } else {
          // Horner, both from their highest coefficients down.
          a += <usize>degree * sizeof<T>();
          t = spread<T>(a);
          let slope = a + <usize>degree * sizeof<T>();
          dt = spread<T>(slope);
          for (let n = degree - 1; n > 0; n--) {
            a -= sizeof<T>();
            slope -= sizeof<T>();
            t = fma<T>(spread<T>(a), t, c);
            dt = fma<T>(spread<T>(slope), dt, c);
          }
          t = fma<T>(spread<T>(a - sizeof<T>()), t, c);
        }
        const te = mul<T>(t, e);
        s0 = add<T>(s0, te);
        s1 = fma<T>(s1, spread<T>(term + ETA), te);
        if (withSides) s2 = fma<T>(s2, spread<T>(term + ETA + sizeof<T>()), te);
        s3 = fma<T>(s3, dt, e);
        term += TERM_BYTES;
      }
      const ik = v128.load(nearInverses + p);
      const hk = v128.load(nearRatios + p);
      let x = sub<T>(mul<T>(s0, v128.load(farRatios + p)), s1);
      let aj = sub<T>(mul<T>(s0, hj), s1);
      let ak = sub<T>(mul<T>(s0, hk), s1);
      if (withSides) {
        x = fma<T>(x, s2, v128.load(sides + p));
        aj = fma<T>(aj, s2, ij);
        ak = fma<T>(ak, s2, ik);
      }
      const s3c = mul<T>(s3, c);
      aj = sub<T>(mul<T>(two, add<T>(aj, x)), mul<T>(s3c, mul<T>(ij, ij)));
      ak = sub<T>(mul<T>(two, add<T>(ak, x)), mul<T>(s3c, mul<T>(ik, ik)));
      const b = sub<T>(mul<T>(s3, mul<T>(ij, ik)), mul<T>(two, x));
      pullJ = add<T>(pullJ, aj);
      // On k: b r_j and a_k; on j: b r_k. Lane 3 of the latter gathers what belongs to k and is overwritten below.
      if (sizeof<T>() == 8) {
        const k0 = <usize>load<u32>(key) << 2;
        const k1 = <usize>load<u32>(key, 4) << 2;
        const b0 = v128.shuffle<f64>(b, b, 0, 0), b1 = v128.shuffle<f64>(b, b, 1, 1);
        const c0 = v128.shuffle<f64>(b, ak, 0, 2), c1 = v128.shuffle<f64>(b, ak, 1, 3);
        bendXY = fma<T>(fma<T>(bendXY, b0, v128.load(places + k0)), b1, v128.load(places + k1));
        bendZ = fma<T>(fma<T>(bendZ, c0, v128.load(places + k0, 16)), c1, v128.load(places + k1, 16));
        v128.store(bent + k0, fma<T>(v128.load(bent + k0), b0, xyJ));
        v128.store(bent + k0, fma<T>(v128.load(bent + k0, 16), c0, zwJ), 16);
        v128.store(bent + k1, fma<T>(v128.load(bent + k1), b1, xyJ));
        v128.store(bent + k1, fma<T>(v128.load(bent + k1, 16), c1, zwJ), 16);
      } else {
        const k0 = <usize>load<u32>(key) << 2;
        const k1 = <usize>load<u32>(key, 4) << 2;
        const k2 = <usize>load<u32>(key, 8) << 2;
        const k3 = <usize>load<u32>(key, 12) << 2;
        const v0 = v128.shuffle<f32>(b, ak, 0, 0, 0, 4), v1 = v128.shuffle<f32>(b, ak, 1, 1, 1, 5);
        const v2 = v128.shuffle<f32>(b, ak, 2, 2, 2, 6), v3 = v128.shuffle<f32>(b, ak, 3, 3, 3, 7);
        bendXY = fma<T>(bendXY, v0, v128.load(places + k0));
        v128.store(bent + k0, fma<T>(v128.load(bent + k0), v0, xyJ));
        bendXY = fma<T>(bendXY, v1, v128.load(places + k1));
        v128.store(bent + k1, fma<T>(v128.load(bent + k1), v1, xyJ));
        bendXY = fma<T>(bendXY, v2, v128.load(places + k2));
        v128.store(bent + k2, fma<T>(v128.load(bent + k2), v2, xyJ));
        bendXY = fma<T>(bendXY, v3, v128.load(places + k3));
        v128.store(bent + k3, fma<T>(v128.load(bent + k3), v3, xyJ));
      }
      key += 4 * (16 / sizeof<T>());
    }
    const at = bent + 4 * j;
    const sum = total<T>(pullJ);
    if (sizeof<T>() == 8) {
      v128.store(at, add<T>(v128.load(at), bendXY));
      v128.store(at, add<T>(v128.load(at, 16), v128.replace_lane<T>(bendZ, 1, <T>sum)), 16);
    } else v128.store(at, add<T>(v128.load(at), v128.replace_lane<T>(bendXY, 3, <T>sum)));
  }
}
