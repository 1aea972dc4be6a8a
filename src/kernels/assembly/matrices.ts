/** Dense matrices of f64. All strides are in bytes. */

/**
 * C[i][j] = β C[i][j] + Σ_p A[i][p] B[p][j] for i < m, j < n, p < k.
 *
 * Rows of B and C are contiguous; A may have any strides (so A may be a transpose). β is 0 or 1. Blocks of 4×4 of C are
 * held in registers: eight products per six loads.
 */
export function multiply(
  m: i32, n: i32, k: i32,
  a: usize, aRow: usize, aColumn: usize,
  b: usize, bRow: usize,
  c: usize, cRow: usize,
  beta: i32,
): void {
  let i = 0;
  for (; i + 4 <= m; i += 4) {
    const a0 = a + <usize>i * aRow;
    const c0 = c + <usize>i * cRow;
    let j = 0;
    for (; j + 4 <= n; j += 4) block4x4(k, a0, aRow, aColumn, b + (<usize>j << 3), bRow, c0 + (<usize>j << 3), cRow, beta);
    for (; j + 2 <= n; j += 2) block4x2(k, a0, aRow, aColumn, b + (<usize>j << 3), bRow, c0 + (<usize>j << 3), cRow, beta);
    for (; j < n; j++)
      for (let q: usize = 0; q < 4; q++)
        single(k, a0 + q * aRow, aColumn, b + (<usize>j << 3), bRow, c0 + q * cRow + (<usize>j << 3), beta);
  }
  for (; i < m; i++) {
    const a0 = a + <usize>i * aRow;
    const c0 = c + <usize>i * cRow;
    let j = 0;
    for (; j + 2 <= n; j += 2) block1x2(k, a0, aColumn, b + (<usize>j << 3), bRow, c0 + (<usize>j << 3), beta);
    for (; j < n; j++) single(k, a0, aColumn, b + (<usize>j << 3), bRow, c0 + (<usize>j << 3), beta);
  }
}

// @ts-ignore: decorator
@inline
function block4x4(
  k: i32, a: usize, aRow: usize, aColumn: usize, b: usize, bRow: usize, c: usize, cRow: usize, beta: i32,
): void {
  const c1 = c + cRow;
  const c2 = c1 + cRow;
  const c3 = c2 + cRow;
  const zero = f64x2.splat(0);
  let s00 = zero, s01 = zero, s10 = zero, s11 = zero, s20 = zero, s21 = zero, s30 = zero, s31 = zero;
  if (beta) {
    s00 = v128.load(c); s01 = v128.load(c, 16);
    s10 = v128.load(c1); s11 = v128.load(c1, 16);
    s20 = v128.load(c2); s21 = v128.load(c2, 16);
    s30 = v128.load(c3); s31 = v128.load(c3, 16);
  }
  let a1 = a + aRow;
  let a2 = a1 + aRow;
  let a3 = a2 + aRow;
  for (let p = 0; p < k; p++) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let v = v128.load64_splat(a);
    s00 = f64x2.add(s00, f64x2.mul(v, b0));
    s01 = f64x2.add(s01, f64x2.mul(v, b1));
    v = v128.load64_splat(a1);
    s10 = f64x2.add(s10, f64x2.mul(v, b0));
    s11 = f64x2.add(s11, f64x2.mul(v, b1));
    v = v128.load64_splat(a2);
    s20 = f64x2.add(s20, f64x2.mul(v, b0));
    s21 = f64x2.add(s21, f64x2.mul(v, b1));
    v = v128.load64_splat(a3);
    s30 = f64x2.add(s30, f64x2.mul(v, b0));
    s31 = f64x2.add(s31, f64x2.mul(v, b1));
    a += aColumn; a1 += aColumn; a2 += aColumn; a3 += aColumn;
    b += bRow;
  }
  v128.store(c, s00); v128.store(c, s01, 16);
  v128.store(c1, s10); v128.store(c1, s11, 16);
  v128.store(c2, s20); v128.store(c2, s21, 16);
  v128.store(c3, s30); v128.store(c3, s31, 16);
}

// @ts-ignore: decorator
@inline
function block4x2(
  k: i32, a: usize, aRow: usize, aColumn: usize, b: usize, bRow: usize, c: usize, cRow: usize, beta: i32,
): void {
  const c1 = c + cRow;
  const c2 = c1 + cRow;
  const c3 = c2 + cRow;
  const zero = f64x2.splat(0);
  let s0 = zero, s1 = zero, s2 = zero, s3 = zero;
  if (beta) {
    s0 = v128.load(c); s1 = v128.load(c1); s2 = v128.load(c2); s3 = v128.load(c3);
  }
  let a1 = a + aRow;
  let a2 = a1 + aRow;
  let a3 = a2 + aRow;
  for (let p = 0; p < k; p++) {
    const b0 = v128.load(b);
    s0 = f64x2.add(s0, f64x2.mul(v128.load64_splat(a), b0));
    s1 = f64x2.add(s1, f64x2.mul(v128.load64_splat(a1), b0));
    s2 = f64x2.add(s2, f64x2.mul(v128.load64_splat(a2), b0));
    s3 = f64x2.add(s3, f64x2.mul(v128.load64_splat(a3), b0));
    a += aColumn; a1 += aColumn; a2 += aColumn; a3 += aColumn;
    b += bRow;
  }
  v128.store(c, s0); v128.store(c1, s1); v128.store(c2, s2); v128.store(c3, s3);
}

// @ts-ignore: decorator
@inline
function block1x2(k: i32, a: usize, aColumn: usize, b: usize, bRow: usize, c: usize, beta: i32): void {
  let s = beta ? v128.load(c) : f64x2.splat(0);
  for (let p = 0; p < k; p++) {
    s = f64x2.add(s, f64x2.mul(v128.load64_splat(a), v128.load(b)));
    a += aColumn;
    b += bRow;
  }
  v128.store(c, s);
}

// @ts-ignore: decorator
@inline
function single(k: i32, a: usize, aColumn: usize, b: usize, bRow: usize, c: usize, beta: i32): void {
  let s: f64 = beta ? load<f64>(c) : 0;
  for (let p = 0; p < k; p++) {
    s += load<f64>(a) * load<f64>(b);
    a += aColumn;
    b += bRow;
  }
  store<f64>(c, s);
}

/**
 * Lower triangle of the n×n matrix C: C[i][j] += sign · Σ_p A[i][p] B[p][j] for j ≤ i, in blocks of 4 (blocks on the
 * diagonal are written whole). Rows first…last−1 only, so that threads can share the work; first is a multiple of 4. Rows of
 * A, B and C are contiguous and padded to multiples of 4.
 */
export function symmetricUpdate(
  first: i32, last: i32, k: i32, sign: f64,
  a: usize, aRow: usize, aColumn: usize, b: usize, bRow: usize, c: usize, cRow: usize,
): void {
  const factor = f64x2.splat(sign);
  for (let i = first; i < last; i += 4) {
    for (let j = 0; j <= i; j += 4) {
      let a0 = a + <usize>i * aRow;
      let a1 = a0 + aRow;
      let a2 = a1 + aRow;
      let a3 = a2 + aRow;
      let q = b + (<usize>j << 3);
      const zero = f64x2.splat(0);
      let s00 = zero, s01 = zero, s10 = zero, s11 = zero, s20 = zero, s21 = zero, s30 = zero, s31 = zero;
      for (let p = 0; p < k; p++) {
        const b0 = v128.load(q);
        const b1 = v128.load(q, 16);
        let v = v128.load64_splat(a0);
        s00 = f64x2.add(s00, f64x2.mul(v, b0));
        s01 = f64x2.add(s01, f64x2.mul(v, b1));
        v = v128.load64_splat(a1);
        s10 = f64x2.add(s10, f64x2.mul(v, b0));
        s11 = f64x2.add(s11, f64x2.mul(v, b1));
        v = v128.load64_splat(a2);
        s20 = f64x2.add(s20, f64x2.mul(v, b0));
        s21 = f64x2.add(s21, f64x2.mul(v, b1));
        v = v128.load64_splat(a3);
        s30 = f64x2.add(s30, f64x2.mul(v, b0));
        s31 = f64x2.add(s31, f64x2.mul(v, b1));
        a0 += aColumn; a1 += aColumn; a2 += aColumn; a3 += aColumn;
        q += bRow;
      }
      const c0 = c + <usize>i * cRow + (<usize>j << 3);
      addTo(c0, factor, s00, s01);
      addTo(c0 + cRow, factor, s10, s11);
      addTo(c0 + 2 * cRow, factor, s20, s21);
      addTo(c0 + 3 * cRow, factor, s30, s31);
    }
  }
}

// @ts-ignore: decorator
@inline
function addTo(c: usize, factor: v128, s0: v128, s1: v128): void {
  v128.store(c, f64x2.add(v128.load(c), f64x2.mul(factor, s0)));
  v128.store(c, f64x2.add(v128.load(c, 16), f64x2.mul(factor, s1)), 16);
}

/**
 * Cholesky factor L of the lower triangle of the n×n matrix C, in place, row by row. Returns 0, or 1 + the index of the
 * first pivot that is not positive.
 */
export function choleskyFactor(n: i32, c: usize, cRow: usize): i32 {
  for (let i = 0; i < n; i++) {
    const ri = c + <usize>i * cRow;
    for (let j = 0; j <= i; j++) {
      const rj = c + <usize>j * cRow;
      let s = f64x2.splat(0);
      let p = 0;
      for (; p + 2 <= j; p += 2) s = f64x2.add(s, f64x2.mul(v128.load(ri + (<usize>p << 3)), v128.load(rj + (<usize>p << 3))));
      let dot = f64x2.extract_lane(s, 0) + f64x2.extract_lane(s, 1);
      if (p < j) dot += load<f64>(ri + (<usize>p << 3)) * load<f64>(rj + (<usize>p << 3));
      const rest = load<f64>(ri + (<usize>j << 3)) - dot;
      if (i == j) {
        if (!(rest > 0)) return i + 1;
        store<f64>(ri + (<usize>j << 3), Math.sqrt(rest));
      } else store<f64>(ri + (<usize>j << 3), rest / load<f64>(rj + (<usize>j << 3)));
    }
  }
  return 0;
}

/** Solves L Lᵀ x = b in place, b of length n. */
export function choleskySolve(n: i32, c: usize, cRow: usize, b: usize): void {
  for (let i = 0; i < n; i++) {
    const row = c + <usize>i * cRow;
    let s = load<f64>(b + (<usize>i << 3));
    for (let p = 0; p < i; p++) s -= load<f64>(row + (<usize>p << 3)) * load<f64>(b + (<usize>p << 3));
    store<f64>(b + (<usize>i << 3), s / load<f64>(row + (<usize>i << 3)));
  }
  for (let i = n - 1; i >= 0; i--) {
    const row = c + <usize>i * cRow;
    const x = load<f64>(b + (<usize>i << 3)) / load<f64>(row + (<usize>i << 3));
    store<f64>(b + (<usize>i << 3), x);
    for (let p = 0; p < i; p++) {
      const at = b + (<usize>p << 3);
      store<f64>(at, load<f64>(at) - x * load<f64>(row + (<usize>p << 3)));
    }
  }
}

/**
 * y (n×m) = C x (n×m) for a symmetric C of which only the lower triangle is there. Rows of x and y are contiguous with m
 * even; each element of C is read once and used for both halves.
 */
export function symmetricMultiply(n: i32, m: i32, c: usize, cRow: usize, x: usize, y: usize): void {
  const bytes = <usize>m << 3;
  memory.fill(y, 0, <usize>n * bytes);
  for (let i = 0; i < n; i++) {
    const row = c + <usize>i * cRow;
    const xi = x + <usize>i * bytes;
    const yi = y + <usize>i * bytes;
    for (let q: usize = 0; q < bytes; q += 16) {
      const own = v128.load(xi + q);
      let s0 = f64x2.splat(0);
      let s1 = f64x2.splat(0);
      let j = 0;
      let at = q;
      for (; j + 2 <= i; j += 2) {
        const c0 = v128.load64_splat(row + (<usize>j << 3));
        const c1 = v128.load64_splat(row + (<usize>j << 3), 8);
        s0 = f64x2.add(s0, f64x2.mul(c0, v128.load(x + at)));
        s1 = f64x2.add(s1, f64x2.mul(c1, v128.load(x + at + bytes)));
        v128.store(y + at, f64x2.add(v128.load(y + at), f64x2.mul(c0, own)));
        v128.store(y + at + bytes, f64x2.add(v128.load(y + at + bytes), f64x2.mul(c1, own)));
        at += 2 * bytes;
      }
      if (j < i) {
        const c0 = v128.load64_splat(row + (<usize>j << 3));
        s0 = f64x2.add(s0, f64x2.mul(c0, v128.load(x + at)));
        v128.store(y + at, f64x2.add(v128.load(y + at), f64x2.mul(c0, own)));
      }
      const diagonal = f64x2.mul(v128.load64_splat(row + (<usize>i << 3)), own);
      v128.store(yi + q, f64x2.add(v128.load(yi + q), f64x2.add(diagonal, f64x2.add(s0, s1))));
    }
  }
}
