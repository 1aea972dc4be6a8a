/** Factors of angular functions that are powers, 2^(1−ζ) (1 + λc)^ζ with any ζ > 0 and λ, of rows of c = cosθ. */
import { fma, mul, splat } from "./lanes";

// A factor (f64): λ, ζ, 2^(1−ζ), 1 where ζ is whole.
const ZETA: usize = 8;
const SCALE: usize = 16;
const WHOLE: usize = 24;

/** base^(ζ−1); 0 where the base is. */
// @ts-ignore: decorator
@inline
function below<T>(base: v128, zeta: f64, whole: bool): v128 {
  if (whole) {
    let result = splat<T>(1), square = base;
    for (let n = <i32>zeta - 1; n > 0; n >>= 1) {
      if (n & 1) result = mul<T>(result, square);
      square = mul<T>(square, square);
    }
    return result;
  }
  if (sizeof<T>() == 8) return f64x2(root(f64x2.extract_lane(base, 0), zeta), root(f64x2.extract_lane(base, 1), zeta));
  return f32x4(
    <f32>root(f32x4.extract_lane(base, 0), zeta), <f32>root(f32x4.extract_lane(base, 1), zeta),
    <f32>root(f32x4.extract_lane(base, 2), zeta), <f32>root(f32x4.extract_lane(base, 3), zeta),
  );
}

function root(base: f64, zeta: f64): f64 {
  return base > 0 ? Math.pow(base, zeta - 1) : 0;
}

/** Values of a factor. */
export function powerValues<T>(factor: usize, cosine: usize, from: usize, to: usize, value: usize): void {
  const lambda = splat<T>(load<f64>(factor)), zeta = load<f64>(factor, ZETA);
  const scale = splat<T>(load<f64>(factor, SCALE)), whole = load<f64>(factor, WHOLE) != 0;
  const one = splat<T>(1), zero = splat<T>(0);
  for (let p = from; p < to; p += 16) {
    const base = v128.pmax<T>(fma<T>(one, lambda, v128.load(cosine + p)), zero);
    v128.store(value + p, mul<T>(mul<T>(scale, base), below<T>(base, zeta, whole)));
  }
}

/** Adds A h to row `at` and dA/dc h′ to row `slopeAt`; the rows h and h′ are one factor's. */
export function addPower<T>(
  factor: usize, cosine: usize, from: usize, to: usize, h: usize, at: usize, slopeH: usize, slopeAt: usize,
): void {
  const lambda = splat<T>(load<f64>(factor)), zeta = load<f64>(factor, ZETA);
  const scale = splat<T>(load<f64>(factor, SCALE)), whole = load<f64>(factor, WHOLE) != 0;
  const turn = splat<T>(load<f64>(factor) * zeta);
  const one = splat<T>(1), zero = splat<T>(0);
  for (let p = from; p < to; p += 16) {
    const base = v128.pmax<T>(fma<T>(one, lambda, v128.load(cosine + p)), zero);
    const power = mul<T>(scale, below<T>(base, zeta, whole));
    v128.store(at + p, fma<T>(v128.load(at + p), mul<T>(power, base), v128.load(h + p)));
    v128.store(slopeAt + p, fma<T>(v128.load(slopeAt + p), mul<T>(power, turn), v128.load(slopeH + p)));
  }
}
