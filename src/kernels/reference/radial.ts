/**
 * Radial shapes: what a distance contributes to a symmetry function.
 *
 *   Gaussian  g(r) = exp(−η(r−rs)²) fc(r)
 *   compact   C(r) = f(|r−m|/w),  m = (rl+rc)/2,  w = (rc−rl)/2,  zero outside rl < r < rc
 *
 *   η  1/length²   rs, rl, rc  length   f  core or asymmetric core (cores.ts)
 *
 * Sources: Behler, JCP 134, 074106 (2011), eq. 6; Bircher, Singraber and Dellago, Mach. Learn.: Sci. Technol. 2, 035026
 * (2021). Any unit of length will do if all lengths are in it.
 */
import { asymmetricCore, type Core, coreFunction } from "./cores.js";
import { type CutoffParameters, cutoffFunction } from "./cutoff.js";
import { ONE, type ValueSlope, ZERO } from "./value-slope.js";

export interface GaussianParameters {
  readonly eta: number;
  readonly rs: number;
  readonly cutoff: CutoffParameters;
}

/** g(r) and dg/dr. */
export function gaussian(r: number, { eta, rs, cutoff }: GaussianParameters): ValueSlope {
  const fc = cutoffFunction(r, cutoff);
  const exponential = Math.exp(-eta * (r - rs) ** 2);
  return {
    value: exponential * fc.value,
    slope: exponential * (fc.slope - 2 * eta * (r - rs) * fc.value),
  };
}

export interface BumpParameters {
  readonly left: number;
  readonly right: number;
  readonly core: Core;
  readonly asymmetric: boolean;
}

/** C(x) between `left` and `right`, and its derivative. The variable may be a distance or an angle. */
export function bump(x: number, { left, right, core, asymmetric }: BumpParameters): ValueSlope {
  if (x <= left || x >= right) return ZERO;
  const middle = 0.5 * (left + right);
  if (x === middle) return ONE;
  const width = 0.5 * (right - left);
  const distance = Math.abs(x - middle) / width;
  const { value, slope } = asymmetric ? asymmetricCore(core, distance) : coreFunction(core, distance);
  return { value, slope: (x < middle ? -slope : slope) / width };
}
