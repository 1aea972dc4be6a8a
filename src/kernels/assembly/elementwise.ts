/** Elementwise functions on arrays of f64: the exponential and the activations with two derivatives. */
import { exp1, exp2lanes } from "./exponential";

/** y[i] = e^x[i]; n even. */
export function exponential(n: i32, x: usize, y: usize): void {
  for (let i: usize = 0; i < <usize>n << 3; i += 16) v128.store(y + i, exp2lanes(v128.load(x + i)));
}

// @ts-ignore: decorator
@inline
function splat(x: f64): v128 {
  return f64x2.splat(x);
}

/** tanh x = 1 − 2/(e^2x + 1): absolute error below 2e-16. */
// @ts-ignore: decorator
@inline
function tanh2(x: v128): v128 {
  const e = exp2lanes(f64x2.add(x, x));
  return f64x2.sub(splat(1), f64x2.div(splat(2), f64x2.add(e, splat(1))));
}

// @ts-ignore: decorator
@inline
function logistic2(x: v128): v128 {
  return f64x2.div(splat(1), f64x2.add(splat(1), exp2lanes(f64x2.neg(x))));
}

/** y = f(x), d = f'(x), s = f''(x); n even; kind is the index in contracts/activations. */
export function activate(kind: i32, n: i32, x: usize, y: usize, d: usize, s: usize): void {
  const bytes = <usize>n << 3;
  for (let i: usize = 0; i < bytes; i += 16) {
    const v = v128.load(x + i);
    let f = v;
    let f1 = splat(1);
    let f2 = splat(0);
    switch (kind) {
      case 1: {
        f = tanh2(v);
        f1 = f64x2.sub(splat(1), f64x2.mul(f, f));
        f2 = f64x2.mul(f64x2.mul(splat(-2), f), f1);
        break;
      }
      case 2: {
        f = logistic2(v);
        f1 = f64x2.mul(f, f64x2.sub(splat(1), f));
        f2 = f64x2.mul(f1, f64x2.sub(splat(1), f64x2.add(f, f)));
        break;
      }
      case 3: {
        // ln(1+e^x) = max(x,0) + ln(1+e^-|x|)
        const t = exp2lanes(f64x2.neg(f64x2.abs(v)));
        f = f64x2.add(f64x2.pmax(v, splat(0)), log1p2(t));
        f1 = logistic2(v);
        f2 = f64x2.mul(f1, f64x2.sub(splat(1), f1));
        break;
      }
      case 4: {
        // Not "where v > 0", so that NaN stays NaN.
        const off = f64x2.le(v, splat(0));
        f = v128.andnot(v, off);
        f1 = v128.andnot(splat(1), off);
        break;
      }
      case 5: {
        f = exp2lanes(f64x2.mul(splat(-0.5), f64x2.mul(v, v)));
        f1 = f64x2.neg(f64x2.mul(v, f));
        f2 = f64x2.mul(f64x2.sub(f64x2.mul(v, v), splat(1)), f);
        break;
      }
      case 6: {
        const a = f64x2.extract_lane(v, 0);
        const b = f64x2.extract_lane(v, 1);
        f = f64x2.replace_lane(splat(Math.cos(a)), 1, Math.cos(b));
        f1 = f64x2.neg(f64x2.replace_lane(splat(Math.sin(a)), 1, Math.sin(b)));
        f2 = f64x2.neg(f);
        break;
      }
      case 7: {
        const g = logistic2(v);
        f = f64x2.sub(splat(1), g);
        f1 = f64x2.neg(f64x2.mul(g, f));
        f2 = f64x2.mul(f1, f64x2.sub(splat(1), f64x2.add(g, g)));
        break;
      }
      case 8: {
        f = exp2lanes(f64x2.neg(v));
        f1 = f64x2.neg(f);
        f2 = f;
        break;
      }
      case 9: {
        f = f64x2.mul(v, v);
        f1 = f64x2.add(v, v);
        f2 = splat(2);
        break;
      }
      case 10:
      case 11: {
        const t = tanh2(f64x2.mul(splat(2.0 / 3.0), v));
        const c = f64x2.sub(splat(1), f64x2.mul(t, t));
        f = f64x2.mul(splat(1.7159), t);
        f1 = f64x2.mul(splat((1.7159 * 2.0) / 3.0), c);
        f2 = f64x2.mul(f64x2.mul(splat((-1.7159 * 8.0) / 9.0), t), c);
        if (kind == 11) {
          f = f64x2.add(f, f64x2.mul(splat(0.1), v));
          f1 = f64x2.add(f1, splat(0.1));
        }
        break;
      }
      default:
        break;
    }
    v128.store(y + i, f);
    v128.store(d + i, f1);
    v128.store(s + i, f2);
  }
}

/** ln(1+t) for 0 ≤ t ≤ 1, by lane: only the softplus activation needs it. */
// @ts-ignore: decorator
@inline
function log1p2(t: v128): v128 {
  return f64x2.replace_lane(splat(Math.log1p(f64x2.extract_lane(t, 0))), 1, Math.log1p(f64x2.extract_lane(t, 1)));
}

/** Kept for parity tests of the scalar path. */
export function exponentialScalar(x: f64): f64 {
  return exp1(x);
}

/** c = a ∘ b; n even. */
export function hadamard(n: i32, a: usize, b: usize, c: usize): void {
  for (let i: usize = 0; i < <usize>n << 3; i += 16) v128.store(c + i, f64x2.mul(v128.load(a + i), v128.load(b + i)));
}

/** out = d ∘ p + s ∘ q ∘ r: the reverse of a tangent pass through an activation (f' ā + f'' ż ǡ); n even. */
export function reverseTangent(n: i32, d: usize, p: usize, s: usize, q: usize, r: usize, out: usize): void {
  for (let i: usize = 0; i < <usize>n << 3; i += 16)
    v128.store(
      out + i,
      f64x2.add(
        f64x2.mul(v128.load(d + i), v128.load(p + i)),
        f64x2.mul(v128.load(s + i), f64x2.mul(v128.load(q + i), v128.load(r + i))),
      ),
    );
}

/** Copies one row of n (even) values to `rows` rows. */
export function broadcastRows(rows: i32, n: i32, from: usize, to: usize): void {
  const bytes = <usize>n << 3;
  for (let i = 0; i < rows; i++) {
    memory.copy(to, from, bytes);
    to += bytes;
  }
}

/** out[c] += Σ_rows a[row][c]; n even. */
export function columnSums(rows: i32, n: i32, a: usize, out: usize): void {
  const bytes = <usize>n << 3;
  for (let c: usize = 0; c < bytes; c += 16) {
    let sum = v128.load(out + c);
    let at = a + c;
    for (let i = 0; i < rows; i++) {
      sum = f64x2.add(sum, v128.load(at));
      at += bytes;
    }
    v128.store(out + c, sum);
  }
}
