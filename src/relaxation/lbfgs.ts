/**
 * Limited-memory BFGS: the direction from the two-loop recursion (Nocedal and Wright, Numerical Optimization, 2nd ed.,
 * algorithm 7.4), of limited length, and a step along it that lowers the energy.
 *
 * A step is taken if H falls by a share c₁ of what the slope promised (Armijo). Near the minimum that difference drowns in
 * the rounding of H; there the slope at the end decides, g₁·d ≤ (2c₁ − 1) g₀·d (the approximate Wolfe condition of Hager and
 * Zhang 2005, doi:10.1137/030601880). A direction that leads uphill or nowhere clears the memory, and steepest descent starts
 * anew.
 */
import type { Trouble } from "../errors/index.js";
import { type Advance, type Minimizer, noDescent } from "./minimizer.js";
import { isRejection, type Objective, type Point } from "./objective.js";
import type { LbfgsSettings } from "./settings.js";
import { addTo, dot, norm, sum } from "./vectors.js";

interface Pair {
  /** Step and difference of gradients. */
  readonly s: Float64Array;
  readonly y: Float64Array;
}

/**
 * Below this share of the step, any change of the energy would pass for noise: it must fall, or forces that are not its gradient
 * would lead on for ever.
 */
const SHORTEST_BY_SLOPE = 0.01;

export class Lbfgs implements Minimizer {
  readonly #objective: Objective;
  readonly #settings: LbfgsSettings;
  #pairs: Pair[] = [];
  /** Compliance before curvature is known, Å²/eV. */
  #compliance: number;
  #trouble: Trouble | undefined;

  constructor(objective: Objective, settings: LbfgsSettings) {
    this.#objective = objective;
    this.#settings = settings;
    this.#compliance = 1 / settings.stiffness;
  }

  advance(from: Point): Advance {
    this.#trouble = undefined;
    for (;;) {
      const point = this.#along(from, this.#direction(from.gradient));
      if (point !== undefined) {
        this.#remember(from, point);
        return { point };
      }
      if (this.#pairs.length === 0) break;
      this.#pairs = [];
    }
    return { trouble: this.#trouble ?? noDescent("No step along the forces lowers the energy.") };
  }

  /** −H·g. */
  #direction(gradient: Float64Array): Float64Array {
    const q = gradient.slice();
    const alphas = new Float64Array(this.#pairs.length);
    for (let k = this.#pairs.length - 1; k >= 0; k--) {
      const { s, y } = this.#pairs[k];
      alphas[k] = dot(s, q) / dot(s, y);
      addTo(q, y, -alphas[k]);
    }
    const last = this.#pairs[this.#pairs.length - 1];
    const scale = last === undefined ? this.#compliance : dot(last.s, last.y) / dot(last.y, last.y);
    for (let i = 0; i < q.length; i++) q[i] *= scale;
    this.#pairs.forEach(({ s, y }, k) => {
      addTo(q, s, alphas[k] - dot(y, q) / dot(s, y));
    });
    return q.map((x) => -x);
  }

  #along(from: Point, direction: Float64Array): Point | undefined {
    const longest = this.#objective.limit(direction);
    const d = direction.map((x) => x * longest);
    const slope = dot(from.gradient, d);
    if (!(slope < 0)) return undefined;
    let step = 1;
    for (let trial = 0; trial < this.#settings.trials; trial++) {
      const point = this.#objective.at(sum(from.x, d, step));
      if (isRejection(point)) {
        this.#trouble = point.trouble;
        if (point.final) return undefined;
        step *= 0.25;
        continue;
      }
      this.#trouble = undefined;
      const end = dot(point.gradient, d);
      if (this.#accepts(from, point, { step, slope, end })) return point;
      step *= shortening({ rise: point.value - from.value, slope: slope * step, end: end * step });
    }
    return undefined;
  }

  #accepts(from: Point, to: Point, along: { step: number; slope: number; end: number }): boolean {
    const { sufficientDecrease, energyNoise } = this.#settings;
    const { step, slope, end } = along;
    const rise = to.value - from.value;
    if (rise <= sufficientDecrease * step * slope) return true;
    const noise = energyNoise * Math.abs(from.value) + 1e-14;
    return step > SHORTEST_BY_SLOPE && rise <= noise && end <= (2 * sufficientDecrease - 1) * slope;
  }

  #remember(from: Point, to: Point): void {
    const s = sum(to.x, from.x, -1);
    const y = sum(to.gradient, from.gradient, -1);
    // No curvature upwards: the minimum is far, and longer steps are in order.
    if (!(dot(s, y) > 1e-10 * norm(s) * norm(y))) {
      if (this.#pairs.length === 0) this.#compliance *= 2;
      return;
    }
    this.#pairs.push({ s, y });
    if (this.#pairs.length > this.#settings.memory) this.#pairs.shift();
  }
}

/**
 * Where the cubic through both ends, with their slopes, has its minimum, as a share of the step (Nocedal and Wright, eq.
 * 3.59), between a tenth and a half.
 */
function shortening(along: { rise: number; slope: number; end: number }): number {
  const { rise, slope, end } = along;
  const d1 = slope + end - 3 * rise;
  const d2 = Math.sqrt(Math.max(0, d1 * d1 - slope * end));
  const share = 1 - (end + d2 - d1) / (end - slope + 2 * d2);
  return Number.isFinite(share) ? Math.min(0.5, Math.max(0.1, share)) : 0.5;
}
