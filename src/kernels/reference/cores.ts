/**
 * Cores: functions that fall from f(0) = 1 to f(1) = 0. Cutoff functions and compact functions are made of them.
 *
 *   p1  (2x−3)x² + 1                                     f' = 6x(x−1)
 *   p2  ((15−6x)x−10)x³ + 1                              f' = −30x²(x−1)²
 *   p3  (x(x(20x−70)+84)−35)x⁴ + 1                       f' = 140x³(x−1)³
 *   p4  (x(x((315−70x)x−540)+420)−126)x⁵ + 1             f' = −630x⁴(x−1)⁴
 *   e   exp(1 + 1/(x²−1))                                f' = −2x/(x²−1)² f
 *
 * pN has N vanishing derivatives at both ends; e has all of them at x = 1. The asymmetric variant takes (2−x)x instead
 * of x and so moves the fall toward x = 0.
 *
 * Sources: Singraber, Behler and Dellago, JCTC 15, 1827 (2019), doi 10.1021/acs.jctc.8b00770 (polynomials as cutoff
 * functions); Bircher, Singraber and Dellago, Mach. Learn.: Sci. Technol. 2, 035026 (2021), doi
 * 10.1088/2632-2153/abf817 (compact functions).
 */
import { ONE, type ValueSlope, ZERO } from "./value-slope.js";

export type Core = "p1" | "p2" | "p3" | "p4" | "e";

/** f(x) and f'(x); 1 below x = 0 and 0 from x = 1 on. */
export function coreFunction(core: Core, x: number): ValueSlope {
  if (x <= 0) return ONE;
  if (x >= 1) return ZERO;
  const y = x * (x - 1);
  switch (core) {
    case "p1":
      return { value: (2 * x - 3) * x ** 2 + 1, slope: 6 * y };
    case "p2":
      return { value: ((15 - 6 * x) * x - 10) * x ** 3 + 1, slope: -30 * y ** 2 };
    case "p3":
      return { value: (x * (x * (20 * x - 70) + 84) - 35) * x ** 4 + 1, slope: 140 * y ** 3 };
    case "p4":
      return { value: (x * (x * ((315 - 70 * x) * x - 540) + 420) - 126) * x ** 5 + 1, slope: -630 * y ** 4 };
    case "e": {
      const t = 1 / (x * x - 1);
      const value = Math.exp(1 + t);
      // Next to x = 1 the exponential underflows before t² overflows the product, but 0·∞ must not become NaN.
      return { value, slope: value === 0 ? 0 : -2 * x * t * t * value };
    }
  }
}

/** f((2−x)x) and its derivative in x. */
export function asymmetricCore(core: Core, x: number): ValueSlope {
  const { value, slope } = coreFunction(core, (2 - x) * x);
  return { value, slope: slope * (2 - 2 * x) };
}
