/**
 * Angular shapes: what the angle θ at the central atom contributes, with the derivative in cosθ.
 *
 *   power   A(c) = 2^(1−ζ) (1+λc)^ζ,  c = cosθ        dA/dc = 2^(1−ζ) ζλ (1+λc)^(ζ−1)
 *   window  C(θ) = f(|θ−m|/w)                          dC/dc = −C'(θ)/sinθ
 *
 *   λ  1 or −1 (any real number is taken)   ζ  sharpness, > 0   m, w  centre and half width of the window
 *
 * Sources: Behler, JCP 134, 074106 (2011), eqs. 8 and 9 (his sum counts ordered pairs, ours j < k); Bircher, Singraber and
 * Dellago, Mach. Learn.: Sci. Technol. 2, 035026 (2021).
 */
import type { Core } from "./cores.js";
import { bump } from "./radial.js";
import type { ValueSlope } from "./value-slope.js";

export interface PowerParameters {
  readonly lambda: number;
  readonly zeta: number;
}

/** A(c) and dA/dc. */
export function angularPower(cosine: number, { lambda, zeta }: PowerParameters): ValueSlope {
  // Rounding may put λ cosθ a little below −1.
  const base = Math.max(0, 1 + lambda * cosine);
  const norm = 2 ** (1 - zeta);
  if (Number.isInteger(zeta) && zeta >= 1) {
    const below = wholePower(base, zeta - 1);
    return { value: norm * below * base, slope: norm * zeta * lambda * below };
  }
  // For ζ < 1 the slope is infinite at base 0; there ∂cosθ/∂r vanishes, and the product is taken as 0.
  const slope = base > 0 ? norm * zeta * lambda * base ** (zeta - 1) : 0;
  return { value: norm * base ** zeta, slope };
}

/** xⁿ for whole n ≥ 0 by squaring: rounded only by multiplications. */
export function wholePower(x: number, n: number): number {
  let result = 1;
  let square = x;
  for (let rest = n; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result *= square;
    square *= square;
  }
  return result;
}

export interface WindowParameters {
  /** degrees; may be below 0 if the window is centred on 0. */
  readonly angleLeft: number;
  /** degrees; may be above 180 if the window is centred on 180. */
  readonly angleRight: number;
  readonly core: Core;
}

/** C(θ) and dC/dcosθ for −1 ≤ cosθ ≤ 1. Windows are never asymmetric. */
export function angularWindow(cosine: number, { angleLeft, angleRight, core }: WindowParameters): ValueSlope {
  const radians = Math.PI / 180;
  const theta = Math.acos(cosine);
  const shape = { left: angleLeft * radians, right: angleRight * radians, core, asymmetric: false };
  const { value, slope } = bump(theta, shape);
  const sine = Math.sqrt((1 - cosine) * (1 + cosine));
  // At 0 and 180° C'(θ) vanishes with sinθ; the quotient is finite and multiplies ∂cosθ/∂r = 0, so 0 serves.
  return { value, slope: sine > 0 ? -slope / sine : 0 };
}
