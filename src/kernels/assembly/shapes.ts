/**
 * Functions of one variable: cutoffs, compact bumps, radial shapes, angular factors, each with its derivative. Results go
 * to the two globals below (AssemblyScript returns one value) or to tables.
 *
 * The layout of the tables is written in contracts/descriptors.ts.
 */
import { exp1, exp2lanes } from "./exponential";

/** Value and derivative of the last scalar function that was called. */
let value: f64 = 0;
let slope: f64 = 0;

/** Cores of compact functions on 0 ≤ x ≤ 1: kind 1–4 polynomials, 0 exponential (Bircher et al. 2021). */
function core(kind: i32, x: f64): void {
  if (kind == 1) {
    value = (2 * x - 3) * x * x + 1;
    slope = 6 * x * (x - 1);
  } else if (kind == 2) {
    value = ((15 - 6 * x) * x - 10) * x * x * x + 1;
    slope = -30 * x * x * (x - 1) * (x - 1);
  } else if (kind == 3) {
    value = (x * (x * (20 * x - 70) + 84) - 35) * x * x * x * x + 1;
    const y = x * (x - 1);
    slope = 140 * y * y * y;
  } else if (kind == 4) {
    const x2 = x * x;
    value = (x * (x * ((315 - 70 * x) * x - 540) + 420) - 126) * x2 * x2 * x + 1;
    const y = x * (x - 1);
    slope = -630 * y * y * y * y;
  } else {
    const t = 1 / (x * x - 1);
    value = x < 1 ? exp1(1 + t) : 0;
    slope = x < 1 ? -2 * x * t * t * value : 0;
  }
}

/** fc(r) and fc'(r) of a cutoff table row {type, alpha, rc, unused}. */
function cutoff(row: usize, r: f64): void {
  const type = <i32>load<f64>(row);
  const rc = load<f64>(row, 16);
  if (r >= rc) {
    value = 0;
    slope = 0;
    return;
  }
  if (type == 0) {
    value = 1;
    slope = 0;
    return;
  }
  if (type == 2 || type == 3) {
    const e = exp1(2 * (1 - r / rc));
    const t = 1 - 2 / (e + 1);
    const norm: f64 = type == 3 ? 2.2637537952253513 : 1; // 1/tanh³(1)
    value = norm * t * t * t;
    slope = (-3 * norm * t * t * (1 - t * t)) / rc;
    return;
  }
  const inner = rc * load<f64>(row, 8);
  if (r < inner) {
    value = 1;
    slope = 0;
    return;
  }
  const width = 1 / (rc - inner);
  const x = (r - inner) * width;
  if (type == 1) {
    value = 0.5 * (Math.cos(Math.PI * x) + 1);
    slope = -0.5 * Math.PI * Math.sin(Math.PI * x) * width;
  } else if (type == 4) {
    // exp(1 − 1/(1−x²)) is the exponential core.
    core(0, x);
    slope *= width;
  } else {
    core(type - 4, x);
    slope *= width;
  }
}

/** C(r; rl, rc) of a compact table row {rl, rc, core, asymmetric}. */
function bump(row: usize, r: f64): void {
  const left = load<f64>(row);
  const right = load<f64>(row, 8);
  if (r >= right || r <= left) {
    value = 0;
    slope = 0;
    return;
  }
  const width = 2 / (right - left);
  const signed = (r - 0.5 * (left + right)) * width;
  let x = Math.abs(signed);
  let inner = signed < 0 ? -width : width;
  if (load<f64>(row, 24) != 0) {
    inner *= 2 - 2 * x;
    x = (2 - x) * x;
  }
  core(<i32>load<f64>(row, 16), x);
  slope *= inner;
}

/**
 * All radial shapes at distance r: first `gaussians` (an even number) of exp(−η(r−rs)²) fc(r), then from index `compactAt`
 * on `compacts` bumps. Cutoffs are computed once each, exponentials two at a time.
 */
export function radialShapes(
  r: f64, cutoffs: i32, cutoffTable: usize, gaussians: i32, eta: usize, rs: usize, cutoffOf: usize,
  compacts: i32, compactAt: i32, compactTable: usize, scratch: usize, phi: usize, dphi: usize,
): void {
  for (let c: usize = 0; c < <usize>cutoffs; c++) {
    cutoff(cutoffTable + (c << 5), r);
    store<f64>(scratch + (c << 4), value);
    store<f64>(scratch + (c << 4), slope, 8);
  }
  const vr = f64x2.splat(r);
  for (let s: usize = 0; s < <usize>gaussians; s += 2) {
    const t = f64x2.sub(vr, v128.load(rs + (s << 3)));
    const et = f64x2.mul(v128.load(eta + (s << 3)), t);
    const e = exp2lanes(f64x2.neg(f64x2.mul(et, t)));
    const c0 = v128.load(scratch + (<usize>load<i32>(cutoffOf + (s << 2)) << 4));
    const c1 = v128.load(scratch + (<usize>load<i32>(cutoffOf + (s << 2), 4) << 4));
    const f = v128.shuffle<f64>(c0, c1, 0, 2);
    const d = v128.shuffle<f64>(c0, c1, 1, 3);
    v128.store(phi + (s << 3), f64x2.mul(e, f));
    v128.store(dphi + (s << 3), f64x2.mul(e, f64x2.sub(d, f64x2.mul(f64x2.add(et, et), f))));
  }
  for (let c: usize = 0; c < <usize>compacts; c++) {
    bump(compactTable + (c << 5), r);
    store<f64>(phi + ((<usize>compactAt + c) << 3), value);
    store<f64>(dphi + ((<usize>compactAt + c) << 3), slope);
  }
}

/** (1+λc)^ζ and its derivative in c of a row {λ, ζ, 1 if ζ is whole, unused}. */
function power(row: usize, c: f64): void {
  const lambda = load<f64>(row);
  const zeta = load<f64>(row, 8);
  const base = Math.max(0, 1 + lambda * c);
  let below: f64 = 1; // base^(ζ−1)
  if (load<f64>(row, 16) != 0) {
    let n = <i32>zeta - 1;
    let square = base;
    while (n > 0) {
      if (n & 1) below *= square;
      square *= square;
      n >>= 1;
    }
  } else if (base > 0) below = Math.pow(base, zeta - 1);
  else below = 0;
  value = below * base;
  slope = zeta * lambda * below;
}

/** Compact window in the angle of a row {left, right, core, unused}, radians; slope in cosθ. */
function window(row: usize, c: f64): void {
  const left = load<f64>(row);
  const right = load<f64>(row, 8);
  const theta = Math.acos(c);
  if (theta >= right || theta <= left) {
    value = 0;
    slope = 0;
    return;
  }
  const width = 2 / (right - left);
  const signed = (theta - 0.5 * (left + right)) * width;
  core(<i32>load<f64>(row, 16), Math.abs(signed));
  const sine = Math.sqrt(1 - c * c);
  // At θ = 0 and 180° the derivative multiplies a vanishing vector (∂cosθ/∂r = 0): any finite value serves.
  slope = sine > 1e-12 ? (signed < 0 ? slope : -slope) * (width / sine) : 0;
}

/** All angular factors at cosθ = c, first `powers`, then `windows`. Straight pairs count like any others. */
export function angularShapes(
  c: f64, powers: i32, powerTable: usize, windows: i32, windowTable: usize, a: usize, da: usize,
): void {
  for (let i: usize = 0; i < <usize>powers; i++) {
    power(powerTable + (i << 5), c);
    store<f64>(a + (i << 3), value);
    store<f64>(da + (i << 3), slope);
  }
  const at = <usize>powers << 3;
  for (let i: usize = 0; i < <usize>windows; i++) {
    window(windowTable + (i << 5), Math.max(-1, Math.min(1, c)));
    store<f64>(a + at + (i << 3), value);
    store<f64>(da + at + (i << 3), slope);
  }
}
