/** What the surface kernels share: one text for f64 (two lanes) and f32 (four), chosen by the type parameter T. */

// @ts-ignore: decorator
@inline
export function size<T>(): usize {
  return sizeof<T>();
}

// @ts-ignore: decorator
@inline
export function splat<T>(x: f64): v128 {
  return v128.splat<T>(<T>x);
}

// @ts-ignore: decorator
@inline
export function mul<T>(a: v128, b: v128): v128 {
  return v128.mul<T>(a, b);
}

// @ts-ignore: decorator
@inline
export function add<T>(a: v128, b: v128): v128 {
  return v128.add<T>(a, b);
}

// @ts-ignore: decorator
@inline
export function sub<T>(a: v128, b: v128): v128 {
  return v128.sub<T>(a, b);
}

// @ts-ignore: decorator
@inline
export function div<T>(a: v128, b: v128): v128 {
  return v128.div<T>(a, b);
}

/** a + b·c; in the module with relaxed SIMD in one instruction and with one rounding, where the processor has it. */
// @ts-ignore: decorator
@inline
export function fma<T>(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return v128.relaxed_madd<T>(b, c, a);
  return v128.add<T>(a, v128.mul<T>(b, c));
}

/** The number at `at` in all lanes. */
// @ts-ignore: decorator
@inline
export function spread<T>(at: usize): v128 {
  if (sizeof<T>() == 8) return v128.load64_splat(at);
  return v128.load32_splat(at);
}

/** Sum over the lanes. */
// @ts-ignore: decorator
@inline
export function total<T>(v: v128): f64 {
  if (sizeof<T>() == 8) return f64x2.extract_lane(v, 0) + f64x2.extract_lane(v, 1);
  return (
    <f64>f32x4.extract_lane(v, 0) + <f64>f32x4.extract_lane(v, 1) +
    (<f64>f32x4.extract_lane(v, 2) + <f64>f32x4.extract_lane(v, 3))
  );
}

/** Numbers at base + each of the next byte offsets of a list (i32, one per lane). */
// @ts-ignore: decorator
@inline
export function gather<T>(base: usize, list: usize): v128 {
  if (sizeof<T>() == 8)
    return v128.load64_lane(base + <usize>load<u32>(list, 4), v128.load64_splat(base + <usize>load<u32>(list)), 1);
  let v = v128.load32_splat(base + <usize>load<u32>(list));
  v = v128.load32_lane(base + <usize>load<u32>(list, 4), v, 1);
  v = v128.load32_lane(base + <usize>load<u32>(list, 8), v, 2);
  return v128.load32_lane(base + <usize>load<u32>(list, 12), v, 3);
}

// @ts-ignore: decorator
@inline
export function get<T>(at: usize): f64 {
  return <f64>load<T>(at);
}

// @ts-ignore: decorator
@inline
export function put<T>(at: usize, x: f64): void {
  store<T>(at, <T>x);
}

/** Root of the smallest normal number: what products of two are made of must not be smaller. */
// @ts-ignore: decorator
@inline
export function floorOf<T>(): v128 {
  return splat<T>(sizeof<T>() == 8 ? 1.5e-154 : 1.1e-19);
}

/** e^x in every lane; f64 as in exponential.ts, f32 to 1e-7 relative with arguments clamped to [−87, 88]. */
// @ts-ignore: decorator
@inline
export function exp<T>(x: v128): v128 {
  if (sizeof<T>() == 8) return exp64(x);
  return exp32(x);
}

/**
 * Constants of the exponentials, each in all lanes: as literals they would be built anew at every use (a fifth of the time).
 */
const CONSTANTS: usize = memory.data<f64>([
  -708.0, -708.0, 6755399441055744.0, 6755399441055744.0, 1.4426950408889634074, 1.4426950408889634074,
  6.93147180369123816490e-1, 6.93147180369123816490e-1, 1.90821492927058770002e-10, 1.90821492927058770002e-10,
  1.0, 1.0, 0.5, 0.5, 1.0 / 6.0, 1.0 / 6.0, 1.0 / 24.0, 1.0 / 24.0, 1.0 / 120.0, 1.0 / 120.0,
  1.0 / 720.0, 1.0 / 720.0, 1.0 / 5040.0, 1.0 / 5040.0, 1.0 / 40320.0, 1.0 / 40320.0, 1.0 / 362880.0, 1.0 / 362880.0,
  1.0 / 3628800.0, 1.0 / 3628800.0, 1.0 / 39916800.0, 1.0 / 39916800.0, 1.0 / 479001600.0, 1.0 / 479001600.0,
], 16);
const CONSTANTS32: usize = memory.data<f32>([
  -87.0, -87.0, -87.0, -87.0, 12582912.0, 12582912.0, 12582912.0, 12582912.0,
  1.44269504, 1.44269504, 1.44269504, 1.44269504, 0.693359375, 0.693359375, 0.693359375, 0.693359375,
  -2.12194440e-4, -2.12194440e-4, -2.12194440e-4, -2.12194440e-4, 1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.5,
  0.16666667, 0.16666667, 0.16666667, 0.16666667, 0.041666668, 0.041666668, 0.041666668, 0.041666668,
  0.008333334, 0.008333334, 0.008333334, 0.008333334, 0.0013888889, 0.0013888889, 0.0013888889, 0.0013888889,
], 16);

// @ts-ignore: decorator
@inline
function exp64(x: v128): v128 {
  x = f64x2.pmax(x, v128.load(CONSTANTS));
  // 1.5·2^52: adding it leaves the nearest whole number in the low mantissa bits.
  const MAGIC = v128.load(CONSTANTS, 16);
  const shifted = f64x2.add(f64x2.mul(x, v128.load(CONSTANTS, 32)), MAGIC);
  const k = f64x2.sub(shifted, MAGIC);
  const r = f64x2.sub(f64x2.sub(x, f64x2.mul(k, v128.load(CONSTANTS, 48))), f64x2.mul(k, v128.load(CONSTANTS, 64)));
  const r2 = f64x2.mul(r, r);
  const r4 = f64x2.mul(r2, r2);
  const p01 = f64x2.add(v128.load(CONSTANTS, 80), r);
  const p23 = fma<f64>(v128.load(CONSTANTS, 96), r, v128.load(CONSTANTS, 112));
  const p45 = fma<f64>(v128.load(CONSTANTS, 128), r, v128.load(CONSTANTS, 144));
  const p67 = fma<f64>(v128.load(CONSTANTS, 160), r, v128.load(CONSTANTS, 176));
  const p89 = fma<f64>(v128.load(CONSTANTS, 192), r, v128.load(CONSTANTS, 208));
  const pab = fma<f64>(v128.load(CONSTANTS, 224), r, v128.load(CONSTANTS, 240));
  const p0 = fma<f64>(p01, r2, p23);
  const p1 = fma<f64>(p45, r2, p67);
  const p2 = fma<f64>(p89, r2, fma<f64>(pab, r2, v128.load(CONSTANTS, 256)));
  const low = fma<f64>(p0, r4, p1);
  const e = fma<f64>(low, f64x2.mul(r4, r4), p2);
  return i64x2.add(e, i64x2.shl(shifted, 52));
}

// @ts-ignore: decorator
@inline
function exp32(x: v128): v128 {
  x = f32x4.pmax(x, v128.load(CONSTANTS32));
  const MAGIC = v128.load(CONSTANTS32, 16);
  const shifted = f32x4.add(f32x4.mul(x, v128.load(CONSTANTS32, 32)), MAGIC);
  const k = f32x4.sub(shifted, MAGIC);
  const r = f32x4.sub(f32x4.sub(x, f32x4.mul(k, v128.load(CONSTANTS32, 48))), f32x4.mul(k, v128.load(CONSTANTS32, 64)));
  const r2 = f32x4.mul(r, r);
  const p01 = f32x4.add(v128.load(CONSTANTS32, 80), r);
  const p23 = f32x4.add(v128.load(CONSTANTS32, 96), f32x4.mul(r, v128.load(CONSTANTS32, 112)));
  const p45 = f32x4.add(v128.load(CONSTANTS32, 128), f32x4.mul(r, v128.load(CONSTANTS32, 144)));
  const high = f32x4.add(p23, f32x4.mul(r2, f32x4.add(p45, f32x4.mul(r2, v128.load(CONSTANTS32, 160)))));
  const e = f32x4.add(p01, f32x4.mul(r2, high));
  return i32x4.add(e, i32x4.shl(shifted, 23));
}

/** C (m×n) = A (m×k) B (k×n): rows of B and C contiguous, of `bytes` (a multiple of 16); A with any strides. Strides in bytes. */
export function product<T>(
  m: i32, bytes: usize, k: i32, a: usize, aRow: usize, aColumn: usize, b: usize, bRow: usize, c: usize, cRow: usize,
): void {
  let i = 0;
  // A single last row would wait for its sums: the last five go together.
  const fours = m % 4 == 1 && m > 4 ? m - 5 : m - 3;
  for (; i < fours; i += 4) rows4<T>(bytes, k, a + <usize>i * aRow, aRow, aColumn, b, bRow, c + <usize>i * cRow, cRow);
  if (m - i == 5) return rows5<T>(bytes, k, a + <usize>i * aRow, aRow, aColumn, b, bRow, c + <usize>i * cRow, cRow);
  const left = m - i;
  const a0 = a + <usize>i * aRow;
  const c0 = c + <usize>i * cRow;
  if (left == 3) rows3<T>(bytes, k, a0, aRow, aColumn, b, bRow, c0, cRow);
  else if (left == 2) rows2<T>(bytes, k, a0, aRow, aColumn, b, bRow, c0, cRow);
  else if (left == 1) rows1<T>(bytes, k, a0, aColumn, b, bRow, c0);
}

function rows4<T>(bytes: usize, k: i32, a: usize, aRow: usize, aColumn: usize, b: usize, bRow: usize, c: usize, cRow: usize): void {
  let j: usize = 0;
  for (; j + 32 <= bytes; j += 32) {
    let s00 = splat<T>(0), s01 = s00, s10 = s00, s11 = s00, s20 = s00, s21 = s00, s30 = s00, s31 = s00;
    let ap = a, bp = b + j;
    for (let p = 0; p < k; p++) {
      const b0 = v128.load(bp);
      const b1 = v128.load(bp, 16);
      let v = spread<T>(ap);
      s00 = fma<T>(s00, v, b0); s01 = fma<T>(s01, v, b1);
      v = spread<T>(ap + aRow);
      s10 = fma<T>(s10, v, b0); s11 = fma<T>(s11, v, b1);
      v = spread<T>(ap + 2 * aRow);
      s20 = fma<T>(s20, v, b0); s21 = fma<T>(s21, v, b1);
      v = spread<T>(ap + 3 * aRow);
      s30 = fma<T>(s30, v, b0); s31 = fma<T>(s31, v, b1);
      ap += aColumn;
      bp += bRow;
    }
    const c1 = c + j;
    v128.store(c1, s00); v128.store(c1, s01, 16);
    v128.store(c1 + cRow, s10); v128.store(c1 + cRow, s11, 16);
    v128.store(c1 + 2 * cRow, s20); v128.store(c1 + 2 * cRow, s21, 16);
    v128.store(c1 + 3 * cRow, s30); v128.store(c1 + 3 * cRow, s31, 16);
  }
  for (; j < bytes; j += 16) {
    let s0 = splat<T>(0), s1 = s0, s2 = s0, s3 = s0;
    let ap = a, bp = b + j;
    for (let p = 0; p < k; p++) {
      const b0 = v128.load(bp);
      s0 = fma<T>(s0, spread<T>(ap), b0);
      s1 = fma<T>(s1, spread<T>(ap + aRow), b0);
      s2 = fma<T>(s2, spread<T>(ap + 2 * aRow), b0);
      s3 = fma<T>(s3, spread<T>(ap + 3 * aRow), b0);
      ap += aColumn;
      bp += bRow;
    }
    const c1 = c + j;
    v128.store(c1, s0);
    v128.store(c1 + cRow, s1);
    v128.store(c1 + 2 * cRow, s2);
    v128.store(c1 + 3 * cRow, s3);
  }
}

function rows5<T>(bytes: usize, k: i32, a: usize, aRow: usize, aColumn: usize, b: usize, bRow: usize, c: usize, cRow: usize): void {
  for (let j: usize = 0; j < bytes; j += 32) {
    // A last vector without a partner is done twice, which costs less than another loop.
    const second: usize = j + 32 <= bytes ? 16 : 0;
    let s00 = splat<T>(0), s01 = s00, s10 = s00, s11 = s00, s20 = s00, s21 = s00, s30 = s00, s31 = s00, s40 = s00, s41 = s00;
    let ap = a, bp = b + j;
    for (let p = 0; p < k; p++) {
      const b0 = v128.load(bp);
      const b1 = v128.load(bp + second);
      let v = spread<T>(ap);
      s00 = fma<T>(s00, v, b0); s01 = fma<T>(s01, v, b1);
      v = spread<T>(ap + aRow);
      s10 = fma<T>(s10, v, b0); s11 = fma<T>(s11, v, b1);
      v = spread<T>(ap + 2 * aRow);
      s20 = fma<T>(s20, v, b0); s21 = fma<T>(s21, v, b1);
      v = spread<T>(ap + 3 * aRow);
      s30 = fma<T>(s30, v, b0); s31 = fma<T>(s31, v, b1);
      v = spread<T>(ap + 4 * aRow);
      s40 = fma<T>(s40, v, b0); s41 = fma<T>(s41, v, b1);
      ap += aColumn;
      bp += bRow;
    }
    let to = c + j;
    v128.store(to, s00); v128.store(to + second, s01);
    v128.store((to += cRow), s10); v128.store(to + second, s11);
    v128.store((to += cRow), s20); v128.store(to + second, s21);
    v128.store((to += cRow), s30); v128.store(to + second, s31);
    v128.store((to += cRow), s40); v128.store(to + second, s41);
  }
}

function rows3<T>(bytes: usize, k: i32, a: usize, aRow: usize, aColumn: usize, b: usize, bRow: usize, c: usize, cRow: usize): void {
  let j: usize = 0;
  for (; j < bytes; j += 32) {
    // A last vector without a partner is done twice, which costs less than another loop.
    const second: usize = j + 32 <= bytes ? 16 : 0;
    let s00 = splat<T>(0), s01 = s00, s10 = s00, s11 = s00, s20 = s00, s21 = s00;
    let ap = a, bp = b + j;
    for (let p = 0; p < k; p++) {
      const b0 = v128.load(bp);
      const b1 = v128.load(bp + second);
      let v = spread<T>(ap);
      s00 = fma<T>(s00, v, b0); s01 = fma<T>(s01, v, b1);
      v = spread<T>(ap + aRow);
      s10 = fma<T>(s10, v, b0); s11 = fma<T>(s11, v, b1);
      v = spread<T>(ap + 2 * aRow);
      s20 = fma<T>(s20, v, b0); s21 = fma<T>(s21, v, b1);
      ap += aColumn;
      bp += bRow;
    }
    const c1 = c + j;
    v128.store(c1, s00); v128.store(c1 + second, s01);
    v128.store(c1 + cRow, s10); v128.store(c1 + cRow + second, s11);
    v128.store(c1 + 2 * cRow, s20); v128.store(c1 + 2 * cRow + second, s21);
  }
}

function rows2<T>(bytes: usize, k: i32, a: usize, aRow: usize, aColumn: usize, b: usize, bRow: usize, c: usize, cRow: usize): void {
  let j: usize = 0;
  for (; j < bytes; j += 32) {
    const second: usize = j + 32 <= bytes ? 16 : 0;
    let s00 = splat<T>(0), s01 = s00, s10 = s00, s11 = s00;
    let ap = a, bp = b + j;
    for (let p = 0; p < k; p++) {
      const b0 = v128.load(bp);
      const b1 = v128.load(bp + second);
      let v = spread<T>(ap);
      s00 = fma<T>(s00, v, b0); s01 = fma<T>(s01, v, b1);
      v = spread<T>(ap + aRow);
      s10 = fma<T>(s10, v, b0); s11 = fma<T>(s11, v, b1);
      ap += aColumn;
      bp += bRow;
    }
    const c1 = c + j;
    v128.store(c1, s00); v128.store(c1 + second, s01);
    v128.store(c1 + cRow, s10); v128.store(c1 + cRow + second, s11);
  }
}

function rows1<T>(bytes: usize, k: i32, a: usize, aColumn: usize, b: usize, bRow: usize, c: usize): void {
  let j: usize = 0;
  for (; j < bytes; j += 32) {
    const second: usize = j + 32 <= bytes ? 16 : 0;
    let s0 = splat<T>(0), s1 = s0;
    let ap = a, bp = b + j;
    for (let p = 0; p < k; p++) {
      const v = spread<T>(ap);
      s0 = fma<T>(s0, v, v128.load(bp));
      s1 = fma<T>(s1, v, v128.load(bp + second));
      ap += aColumn;
      bp += bRow;
    }
    v128.store(c + j, s0); v128.store(c + j + second, s1);
  }
}

/** C[i][j] = Σ_p A[i][p] B[j][p] for rows of `bytes` (a multiple of 16); C contiguous, cRow bytes a row. */
export function dots<T>(m: i32, n: i32, bytes: usize, a: usize, aRow: usize, b: usize, bRow: usize, c: usize, cRow: usize): void {
  let i = 0;
  for (; i + 3 <= m; i += 3) {
    const a0 = a + <usize>i * aRow;
    const c0 = c + <usize>i * cRow;
    let j = 0;
    for (; j + 3 <= n; j += 3) {
      const b0 = b + <usize>j * bRow;
      let s00 = splat<T>(0), s01 = splat<T>(0), s02 = splat<T>(0);
      let s10 = splat<T>(0), s11 = splat<T>(0), s12 = splat<T>(0);
      let s20 = splat<T>(0), s21 = splat<T>(0), s22 = splat<T>(0);
      for (let p: usize = 0; p < bytes; p += 16) {
        const x0 = v128.load(b0 + p), x1 = v128.load(b0 + bRow + p), x2 = v128.load(b0 + 2 * bRow + p);
        let v = v128.load(a0 + p);
        s00 = fma<T>(s00, v, x0); s01 = fma<T>(s01, v, x1); s02 = fma<T>(s02, v, x2);
        v = v128.load(a0 + aRow + p);
        s10 = fma<T>(s10, v, x0); s11 = fma<T>(s11, v, x1); s12 = fma<T>(s12, v, x2);
        v = v128.load(a0 + 2 * aRow + p);
        s20 = fma<T>(s20, v, x0); s21 = fma<T>(s21, v, x1); s22 = fma<T>(s22, v, x2);
      }
      const c1 = c0 + <usize>j * sizeof<T>();
      put<T>(c1, total<T>(s00)); put<T>(c1 + sizeof<T>(), total<T>(s01)); put<T>(c1 + 2 * sizeof<T>(), total<T>(s02));
      const c2 = c1 + cRow;
      put<T>(c2, total<T>(s10)); put<T>(c2 + sizeof<T>(), total<T>(s11)); put<T>(c2 + 2 * sizeof<T>(), total<T>(s12));
      const c3 = c2 + cRow;
      put<T>(c3, total<T>(s20)); put<T>(c3 + sizeof<T>(), total<T>(s21)); put<T>(c3 + 2 * sizeof<T>(), total<T>(s22));
    }
    for (; j < n; j++) {
      const b0 = b + <usize>j * bRow;
      let s0 = splat<T>(0), s1 = splat<T>(0), s2 = splat<T>(0);
      for (let p: usize = 0; p < bytes; p += 16) {
        const x = v128.load(b0 + p);
        s0 = fma<T>(s0, v128.load(a0 + p), x);
        s1 = fma<T>(s1, v128.load(a0 + aRow + p), x);
        s2 = fma<T>(s2, v128.load(a0 + 2 * aRow + p), x);
      }
      const c1 = c0 + <usize>j * sizeof<T>();
      put<T>(c1, total<T>(s0));
      put<T>(c1 + cRow, total<T>(s1));
      put<T>(c1 + 2 * cRow, total<T>(s2));
    }
  }
  for (; i < m; i++) {
    const a0 = a + <usize>i * aRow;
    for (let j = 0; j < n; j++) {
      const b0 = b + <usize>j * bRow;
      let s = splat<T>(0);
      for (let p: usize = 0; p < bytes; p += 16) s = fma<T>(s, v128.load(a0 + p), v128.load(b0 + p));
      put<T>(c + <usize>i * cRow + <usize>j * sizeof<T>(), total<T>(s));
    }
  }
}
