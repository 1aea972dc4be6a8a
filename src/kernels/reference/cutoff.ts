/**
 * Cutoff functions fc(r), n2p2's nine types. All vanish from r = rc on (r < rc counts).
 *
 *   0  hard          1
 *   1  cosine        ½(cos πx + 1)
 *   2  tanh³         tanh³(1 − r/rc)              fc(0) = tanh³(1) = 0.4417
 *   3  tanh³         tanh³(1 − r/rc)/tanh³(1)
 *   4  exponential   exp(1 − 1/(1−x²))
 *   5…8 polynomials  p1(x) … p4(x), see cores.ts
 *
 *   x = (r − α rc)/(rc − α rc), and fc = 1 below the inner radius α rc; types 0, 2 and 3 know no inner radius.
 *
 * Sources: Behler, JCP 134, 074106 (2011), eq. 4 (cosine), doi 10.1063/1.3553717; Singraber, Behler and Dellago, JCTC 15,
 * 1827 (2019), section 2.1.
 */
import { type Core, coreFunction } from "./cores.js";
import { ONE, type ValueSlope, ZERO } from "./value-slope.js";

export interface CutoffParameters {
  /** 0 … 8 */
  readonly type: number;
  /** Inner radius in units of rc, 0 ≤ α < 1. */
  readonly alpha: number;
  /** Length */
  readonly rc: number;
}

const cores: readonly Core[] = ["e", "p1", "p2", "p3", "p4"];

/** fc(r) and dfc/dr. */
export function cutoffFunction(r: number, { type, alpha, rc }: CutoffParameters): ValueSlope {
  if (r >= rc) return ZERO;
  if (type === 0) return ONE;
  if (type === 2) return tanhCubed(r, rc);
  if (type === 3) return times(tanhCubed(r, rc), 1 / Math.tanh(1) ** 3);
  const inner = alpha * rc;
  if (r <= inner) return ONE;
  const width = rc - inner;
  const { value, slope } = outerPart(type, (r - inner) / width);
  return { value, slope: slope / width };
}

/** The fall from the inner radius (x = 0) to rc (x = 1). */
function outerPart(type: number, x: number): ValueSlope {
  if (type === 1) return { value: 0.5 * (Math.cos(Math.PI * x) + 1), slope: -0.5 * Math.PI * Math.sin(Math.PI * x) };
  const core = cores[type - 4];
  if (core === undefined) throw new RangeError(`There is no cutoff type ${type}; the types are 0 to 8.`);
  return coreFunction(core, x);
}

function tanhCubed(r: number, rc: number): ValueSlope {
  const t = Math.tanh(1 - r / rc);
  return { value: t ** 3, slope: (-3 * t ** 2 * (1 - t ** 2)) / rc };
}

const times = ({ value, slope }: ValueSlope, factor: number): ValueSlope => ({
  value: factor * value,
  slope: factor * slope,
});
