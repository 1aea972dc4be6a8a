/**
 * One atom through a network: value and gradient with respect to the inputs. Layers are products of a row and a matrix, lanes
 * over the outputs; the weights of all atoms' networks stay in the cache, so nothing is gained by batches here.
 */
import { add, div, exp, fma, get, mul, put, splat, spread, sub } from "./lanes";

// Words of a layer, see contracts/surface.ts.
export const LAYER_BYTES: usize = 32;

/** −limit, limit (beyond 20, in f32 9.5, it is 1), 1, 2 in all lanes: as literals they would be built anew at every use. */
const TANH: usize = memory.data<f64>([-20, -20, 20, 20, 1, 1, 2, 2], 16);
const TANH32: usize = memory.data<f32>([-9.5, -9.5, -9.5, -9.5, 9.5, 9.5, 9.5, 9.5, 1, 1, 1, 1, 2, 2, 2, 2], 16);

// @ts-ignore: decorator
@inline
function tanh<T>(x: v128): v128 {
  const table = sizeof<T>() == 8 ? TANH : TANH32;
  const c = v128.pmin<T>(v128.pmax<T>(x, v128.load(table)), v128.load(table, 16));
  const e = exp<T>(add<T>(c, c));
  const one = v128.load(table, 32);
  const t = sub<T>(one, div<T>(v128.load(table, 48), add<T>(e, one)));
  // The clamp would hide a NaN.
  return v128.bitselect(t, x, v128.eq<T>(x, x));
}

/** A loop of its own, two vectors a turn: it is most of the time of dropout. */
function tanhs<T>(bytes: usize, x: usize, y: usize, d: usize): void {
  const table = sizeof<T>() == 8 ? TANH : TANH32;
  let p: usize = 0;
  for (; p + 32 <= bytes; p += 32) {
    const f0 = tanh<T>(v128.load(x + p)), f1 = tanh<T>(v128.load(x + p, 16));
    const one = v128.load(table, 32);
    v128.store(y + p, f0);
    v128.store(y + p, f1, 16);
    v128.store(d + p, sub<T>(one, mul<T>(f0, f0)));
    v128.store(d + p, sub<T>(one, mul<T>(f1, f1)), 16);
  }
  if (p == bytes) return;
  const f = tanh<T>(v128.load(x + p));
  v128.store(y + p, f);
  v128.store(d + p, sub<T>(v128.load(table, 32), mul<T>(f, f)));
}

// @ts-ignore: decorator
@inline
function logistic<T>(x: v128): v128 {
  return div<T>(splat<T>(1), add<T>(splat<T>(1), exp<T>(v128.pmin<T>(v128.neg<T>(x), splat<T>(80)))));
}

/** y = f(x), d = f′(x) over `bytes`; the codes are those of contracts/module.ts. */
export function activate<T>(kind: i32, bytes: usize, x: usize, y: usize, d: usize): void {
  if (kind == 1) return tanhs<T>(bytes, x, y, d);
  const one = splat<T>(1);
  for (let p: usize = 0; p < bytes; p += 16) {
    const v = v128.load(x + p);
    let f = v;
    let s = one;
    if (kind == 2) {
      f = logistic<T>(v);
      s = mul<T>(f, sub<T>(one, f));
    } else if (kind == 3 || kind == 6) {
      for (let q: usize = 0; q < 16; q += sizeof<T>()) {
        const z = get<T>(x + p + q);
        if (kind == 3) {
          const e = Math.exp(-Math.abs(z));
          put<T>(y + p + q, Math.max(z, 0) + Math.log1p(e));
          put<T>(d + p + q, z > 0 ? 1 / (1 + e) : e / (1 + e));
        } else {
          put<T>(y + p + q, Math.cos(z));
          put<T>(d + p + q, -Math.sin(z));
        }
      }
      continue;
    } else if (kind == 4) {
      const off = v128.le<T>(v, splat<T>(0));
      f = v128.andnot(v, off);
      s = v128.andnot(one, off);
    } else if (kind == 5) {
      f = exp<T>(mul<T>(splat<T>(-0.5), mul<T>(v, v)));
      s = v128.neg<T>(mul<T>(v, f));
    } else if (kind == 7) {
      const g = logistic<T>(v);
      f = sub<T>(one, g);
      s = v128.neg<T>(mul<T>(g, f));
    } else if (kind == 8) {
      f = exp<T>(v128.neg<T>(v));
      s = v128.neg<T>(f);
    } else if (kind == 9) {
      f = mul<T>(v, v);
      s = add<T>(v, v);
    } else if (kind == 10 || kind == 11) {
      const t = tanh<T>(mul<T>(splat<T>(2.0 / 3.0), v));
      f = mul<T>(splat<T>(1.7159), t);
      s = mul<T>(splat<T>((1.7159 * 2.0) / 3.0), sub<T>(one, mul<T>(t, t)));
      if (kind == 11) {
        f = fma<T>(f, splat<T>(0.1), v);
        s = add<T>(s, splat<T>(0.1));
      }
    }
    v128.store(y + p, f);
    v128.store(d + p, s);
  }
}

/** out = start + x W for a row x of n numbers and W [n][bytes]; `start` 0: from nothing. */
export function rowTimes<T>(n: i32, x: usize, w: usize, bytes: usize, start: usize, out: usize): void {
  let j: usize = 0;
  for (; j + 64 <= bytes; j += 64) {
    let s0 = splat<T>(0), s1 = splat<T>(0), s2 = splat<T>(0), s3 = splat<T>(0);
    if (start) {
      s0 = v128.load(start + j); s1 = v128.load(start + j, 16);
      s2 = v128.load(start + j, 32); s3 = v128.load(start + j, 48);
    }
    let wp = w + j, xp = x;
    for (let i = 0; i < n; i++) {
      const v = spread<T>(xp);
      s0 = fma<T>(s0, v, v128.load(wp));
      s1 = fma<T>(s1, v, v128.load(wp, 16));
      s2 = fma<T>(s2, v, v128.load(wp, 32));
      s3 = fma<T>(s3, v, v128.load(wp, 48));
      wp += bytes;
      xp += sizeof<T>();
    }
    v128.store(out + j, s0); v128.store(out + j, s1, 16);
    v128.store(out + j, s2, 32); v128.store(out + j, s3, 48);
  }
  for (; j < bytes; j += 16) {
    let s0 = start ? v128.load(start + j) : splat<T>(0);
    let wp = w + j, xp = x;
    for (let i = 0; i < n; i++) {
      s0 = fma<T>(s0, spread<T>(xp), v128.load(wp));
      wp += bytes;
      xp += sizeof<T>();
    }
    v128.store(out + j, s0);
  }
}

/**
 * Network of `layers` layers at `table` on the row `input`; returns the value and leaves ∂N/∂input in `gradient` (row of the first
 * layer's padded inputs). scratch: three rows per layer.
 */
export function network<T>(table: usize, input: usize, gradient: usize, scratch: usize): f64 {
  const layers = load<i32>(table);
  const first = table + 16;
  let a = input;
  let at = scratch;
  for (let l = 0; l < layers; l++) {
    const layer = first + <usize>l * LAYER_BYTES;
    const inputs = load<i32>(layer);
    const bytes = <usize>load<u32>(layer, 8);
    const z = at, y = at + bytes, d = at + 2 * bytes;
    rowTimes<T>(inputs, a, <usize>load<u32>(layer, 16), bytes, <usize>load<u32>(layer, 24), z);
    activate<T>(load<i32>(layer, 12), bytes, z, y, d);
    a = y;
    at += 3 * bytes;
  }
  const value = get<T>(a);
  // δ of the top layer is f′ of its one output.
  let delta = at;
  const top = first + <usize>(layers - 1) * LAYER_BYTES;
  memory.fill(delta, 0, <usize>load<u32>(top, 8));
  put<T>(delta, get<T>(at - <usize>load<u32>(top, 8)));
  at += <usize>load<u32>(top, 8);
  let behind = delta;
  for (let l = layers - 1; l >= 0; l--) {
    const layer = first + <usize>l * LAYER_BYTES;
    const outputs = load<i32>(layer, 4);
    const inputBytes = <usize>load<u32>(layer, 28);
    const to = l == 0 ? gradient : at;
    rowTimes<T>(outputs, delta, <usize>load<u32>(layer, 20), inputBytes, 0, to);
    if (l == 0) break;
    // f′ of the layer below stands right before the rows of this one.
    behind -= 3 * <usize>load<u32>(layer, 8);
    const slope = behind - inputBytes;
    for (let p: usize = 0; p < inputBytes; p += 16) v128.store(to + p, mul<T>(v128.load(to + p), v128.load(slope + p)));
    delta = to;
    at += inputBytes;
  }
  return value;
}
