/**
 * FIRE: molecular dynamics that turns its velocity towards the force and stops dead whenever it goes uphill (Bitzek et al.
 * 2006, doi:10.1103/PhysRevLett.97.170201), in the form of Guénolé et al. 2020 (doi:10.1016/j.commatsci.2020.109584):
 *
 *   P = F·v
 *   P > 0: after `delay` such steps, Δt ← min(Δt f_inc, Δt_max), α ← α f_α
 *   P ≤ 0: Δt ← max(Δt f_dec, Δt_min) unless the run has just begun, α ← α_start,
 *          x ← x − ½ Δt v (half of the last step), v ← 0
 *   v ← v + Δt F;  v ← (1 − α) v + α F |v|/|F|;  x ← x + Δt v        (semi-implicit Euler, unit masses)
 *
 * The step back undoes part of the overshoot; the force is not computed again there. Deviation: a place that cannot be
 * evaluated (atoms too close, not finite) is not taken; the atoms stop and the time step is halved.
 */
import { type Advance, type Minimizer, noDescent } from "./minimizer.js";
import { isRejection, type Objective, type Point } from "./objective.js";
import type { FireSettings } from "./settings.js";
import { dot, norm, sum } from "./vectors.js";

/** Halvings of the time step in one step before it gives up. */
const HALVINGS = 12;
/** Steps of a run that may need any: a potential that breaks down draws the atoms back to the same edge for ever. */
const RETREATS = 8;

export class Fire implements Minimizer {
  readonly #objective: Objective;
  readonly #settings: FireSettings;
  #velocity: Float64Array;
  /** What the last step moved, its limit included. */
  #moved: Float64Array;
  #timeStep: number;
  #mixing: number;
  #steps = 0;
  #downhill = 0;
  #uphill = 0;
  #retreats = 0;

  constructor(objective: Objective, settings: FireSettings) {
    this.#objective = objective;
    this.#settings = settings;
    this.#velocity = new Float64Array(objective.start.length);
    this.#moved = new Float64Array(objective.start.length);
    this.#timeStep = settings.timeStep;
    this.#mixing = settings.mixing;
  }

  advance(from: Point): Advance {
    const base = this.#adapt(from);
    if (this.#uphill > this.#settings.uphillLimit)
      return { trouble: noDescent(`FIRE went uphill ${this.#uphill} times in a row.`) };
    this.#accelerate(from.gradient);
    return this.#move(from, base);
  }

  /** Changes the time step by the power; returns the place from which the next step starts. */
  #adapt(from: Point): Float64Array {
    const { timeStep, growthLimit, shrinkLimit, delay, grow, shrink, mixing, mixingDecay } = this.#settings;
    const settled = this.#steps++ >= delay;
    if (-dot(from.gradient, this.#velocity) > 0) {
      this.#uphill = 0;
      if (++this.#downhill > delay) {
        this.#timeStep = Math.min(this.#timeStep * grow, timeStep * growthLimit);
        this.#mixing *= mixingDecay;
      }
      return from.x;
    }
    this.#downhill = 0;
    this.#uphill++;
    if (settled) this.#timeStep = Math.max(this.#timeStep * shrink, timeStep * shrinkLimit);
    this.#mixing = mixing;
    this.#velocity.fill(0);
    return sum(from.x, this.#moved, -0.5);
  }

  #accelerate(gradient: Float64Array): void {
    const v = sum(this.#velocity, gradient, -this.#timeStep);
    const length = norm(gradient);
    const towards = length === 0 ? 0 : (this.#mixing * norm(v)) / length;
    for (let k = 0; k < v.length; k++) v[k] = (1 - this.#mixing) * v[k] - towards * gradient[k];
    this.#velocity = v;
  }

  #move(from: Point, base: Float64Array): Advance {
    let result = this.#objective.at(sum(base, this.#step(), 1));
    if (isRejection(result) && ++this.#retreats > RETREATS) return result;
    for (let halving = 0; isRejection(result) && !result.final && halving < HALVINGS; halving++) {
      this.#timeStep *= 0.5;
      this.#velocity = from.gradient.map((g) => -g * this.#timeStep);
      result = this.#objective.at(sum(from.x, this.#step(), 1));
    }
    return isRejection(result) ? result : { point: result };
  }

  /** Δt v, no longer than a step may be. */
  #step(): Float64Array {
    const step = this.#velocity.map((v) => v * this.#timeStep);
    const limit = this.#objective.limit(step);
    this.#moved = step.map((x) => x * limit);
    return this.#moved;
  }
}
