/**
 * Limited-memory BFGS on the whole training set: two-loop recursion and a line search for the strong Wolfe conditions by
 * bracketing and bisection (Nocedal and Wright, Numerical Optimization, 2nd ed., algorithms 7.4, 3.5, 3.6). One epoch is one
 * step.
 */
import type { ErrorSums } from "../loss.js";
import type { FitProblem } from "../problem.js";
import type { EpochResult, Trainer } from "./trainer.js";

export interface LbfgsOptions {
  /** Pairs of steps and gradient differences that are kept. */
  readonly memory: number;
  readonly lineSearchTrials: number;
  /** c₁ and c₂ of the Wolfe conditions. */
  readonly armijo: number;
  readonly curvature: number;
}

interface Point {
  readonly parameters: Float64Array;
  readonly loss: number;
  readonly gradient: Float64Array;
  readonly sums: ErrorSums;
}

export class LbfgsTrainer implements Trainer {
  parameters: Float64Array;
  readonly #problem: FitProblem;
  readonly #options: LbfgsOptions;
  #pairs: { s: Float64Array; y: Float64Array }[] = [];
  #here: Point | undefined;

  constructor(problem: FitProblem, parameters: Float64Array, options: LbfgsOptions) {
    this.#problem = problem;
    this.parameters = parameters;
    this.#options = options;
  }

  epoch(): EpochResult {
    const here = this.#here ?? this.#at(this.parameters);
    const direction = this.#direction(here.gradient);
    const first = this.#pairs.length === 0 ? Math.min(1, 1 / norm(here.gradient)) * 0.1 : 1;
    const found = this.#search(here, direction, first);
    if (found === undefined) {
      // No descent along this direction: forget the curvature and start again from the gradient.
      this.#pairs = [];
      this.#here = here;
      return { sums: here.sums, step: { step: 0 } };
    }
    this.#remember(here, found.point);
    this.#here = found.point;
    this.parameters = found.point.parameters;
    return { sums: found.point.sums, step: { step: found.step } };
  }

  #at(parameters: Float64Array): Point {
    const gradient = new Float64Array(parameters.length);
    const sums = this.#problem.gradient(parameters, this.#problem.parts.train, gradient);
    return { parameters, loss: sums.meanLoss + this.#problem.penalty(parameters), gradient, sums };
  }

  /** −H g by the two-loop recursion. */
  #direction(gradient: Float64Array): Float64Array {
    const q = gradient.slice();
    const alphas = new Float64Array(this.#pairs.length);
    for (let i = this.#pairs.length - 1; i >= 0; i--) {
      const { s, y } = this.#pairs[i]!;
      alphas[i] = dot(s, q) / dot(s, y);
      add(q, y, -alphas[i]!);
    }
    const last = this.#pairs.at(-1);
    if (last !== undefined) {
      const scale = dot(last.s, last.y) / dot(last.y, last.y);
      for (let i = 0; i < q.length; i++) q[i]! *= scale;
    }
    this.#pairs.forEach(({ s, y }, i) => {
      add(q, s, alphas[i]! - dot(y, q) / dot(s, y));
    });
    return q.map((x) => -x);
  }

  #search(here: Point, direction: Float64Array, first: number): { point: Point; step: number } | undefined {
    const { armijo, curvature, lineSearchTrials } = this.#options;
    const slope = dot(here.gradient, direction);
    if (!(slope < 0)) return undefined;
    let low = 0;
    let high = Number.POSITIVE_INFINITY;
    let step = first;
    let best: { point: Point; step: number } | undefined;
    for (let trial = 0; trial < lineSearchTrials; trial++) {
      const moved = here.parameters.slice();
      add(moved, direction, step);
      const point = this.#at(moved);
      const along = dot(point.gradient, direction);
      if (!(point.loss <= here.loss + armijo * step * slope)) high = step;
      else {
        if (best === undefined || point.loss < best.point.loss) best = { point, step };
        if (Math.abs(along) <= -curvature * slope) break;
        if (along >= 0) high = step;
        else low = step;
      }
      step = Number.isFinite(high) ? 0.5 * (low + high) : 2 * step;
    }
    return best;
  }

  #remember(from: Point, to: Point): void {
    const s = to.parameters.map((x, i) => x - from.parameters[i]!);
    const y = to.gradient.map((x, i) => x - from.gradient[i]!);
    if (dot(s, y) <= 1e-12 * norm(s) * norm(y)) return;
    this.#pairs.push({ s, y });
    if (this.#pairs.length > this.#options.memory) this.#pairs.shift();
  }

  save(): Float64Array[] {
    return this.#pairs.flatMap(({ s, y }) => [s.slice(), y.slice()]);
  }

  restore(state: readonly Float64Array[]): void {
    this.#pairs = [];
    for (let i = 0; i + 1 < state.length; i += 2) this.#pairs.push({ s: state[i]!.slice(), y: state[i + 1]!.slice() });
    // The point is computed again from the parameters: the same bits as before.
    this.#here = undefined;
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

const norm = (a: Float64Array): number => Math.sqrt(dot(a, a));

function add(a: Float64Array, b: Float64Array, factor: number): void {
  for (let i = 0; i < a.length; i++) a[i]! += factor * b[i]!;
}
