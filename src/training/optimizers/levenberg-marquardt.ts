/**
 * Levenberg–Marquardt: θ ← θ − (JᵀJ + μ 1)⁻¹ Jᵀr with residuals r = √w (prediction − label), so that the loss is Σ r²;
 * μ falls after a step that lowers the loss and rises after one that does not (Marquardt 1963). JᵀJ is gathered in blocks of
 * rows by a matrix kernel; a share of the force components, drawn anew each epoch and weighted up, stands for all. One epoch
 * is one step.
 */
import { RandomStream } from "../../math/index.js";
import type { FitProblem } from "../problem.js";
import type { EpochResult, Trainer } from "./trainer.js";

export interface LevenbergMarquardtOptions {
  /** μ at the start. */
  readonly damping: number;
  /** Factor of μ after a step that failed. */
  readonly increase: number;
  /** Divisor of μ after a step that succeeded. */
  readonly decrease: number;
  /** Steps tried before an epoch is given up. */
  readonly trials: number;
  readonly forceFraction: number;
  readonly seed: number;
}

/** Rows per block of JᵀJ. */
const BLOCK = 64;

export class LevenbergMarquardtTrainer implements Trainer {
  readonly parameters: Float64Array;
  readonly #problem: FitProblem;
  readonly #options: LevenbergMarquardtOptions;
  readonly #padded: number;
  readonly #rows: number;
  readonly #normal: number;
  readonly #factor: number;
  readonly #step: number;
  #random: RandomStream;
  #damping: number;

  constructor(problem: FitProblem, parameters: Float64Array, options: LevenbergMarquardtOptions) {
    const { kernels } = problem.parts;
    this.#problem = problem;
    this.parameters = parameters;
    this.#options = options;
    this.#random = new RandomStream(options.seed, "levenberg-marquardt");
    this.#damping = options.damping;
    this.#padded = 4 * Math.ceil(problem.count / 4);
    this.#rows = kernels.allocate(8 * BLOCK * this.#padded);
    this.#normal = kernels.allocate(8 * this.#padded * this.#padded);
    this.#factor = kernels.allocate(8 * this.#padded * this.#padded);
    this.#step = kernels.allocate(8 * this.#padded);
  }

  epoch(): EpochResult {
    const { train, kernels } = this.#problem.parts;
    const gradient = new Float64Array(this.#problem.count);
    const before = this.#problem.gradient(this.parameters, train, gradient);
    const start = before.meanLoss + this.#problem.penalty(this.parameters);
    this.#gatherNormalMatrix();
    for (let trial = 0; trial < this.#options.trials; trial++) {
      if (this.#solve(gradient)) {
        const step = kernels.f64(this.#step, this.#problem.count);
        const moved = this.parameters.map((x, i) => x - step[i]!);
        const after = this.#problem.errors(moved, train);
        if (after.meanLoss + this.#problem.penalty(moved) < start) {
          this.parameters.set(moved);
          this.#damping = Math.max(1e-16, this.#damping / this.#options.decrease);
          return { sums: after, step: { damping: this.#damping } };
        }
      }
      this.#damping *= this.#options.increase;
    }
    return { sums: before, step: { damping: this.#damping } };
  }

  /** JᵀJ of the loss, lower triangle; its gradient is 2 Jᵀr, so the step solves (JᵀJ + μ) δ = g/2. */
  #gatherNormalMatrix(): void {
    const { kernels, train, structures, weights } = this.#problem.parts;
    const n = this.#problem.count;
    const normal = kernels.f64(this.#normal, this.#padded * this.#padded).fill(0);
    const block = kernels.f64(this.#rows, BLOCK * this.#padded);
    this.#problem.load(this.parameters);
    let used = 0;
    const flush = (): void => {
      block.fill(0, used * this.#padded);
      kernels.run.symmetricUpdate(
        ...([0, this.#padded, used, 1, this.#rows, 8, 8 * this.#padded] as const),
        ...([this.#rows, 8 * this.#padded, this.#normal, 8 * this.#padded] as const),
      );
      used = 0;
    };
    const push = (fill: (row: Float64Array) => void, root: number): void => {
      const row = block.subarray(used * this.#padded, used * this.#padded + n);
      fill(row);
      for (let i = 0; i < n; i++) row[i]! *= root;
      if (++used === BLOCK) flush();
    };
    for (const s of train) {
      const { cached, labels } = structures[s]!;
      const weight = labels.weight / train.length;
      if (labels.energy !== undefined)
        push((row) => this.#problem.energyRow(s, row), Math.sqrt(weight * weights.energy) / cached.atoms);
      if (labels.forces === 0) continue;
      const root = Math.sqrt((weight * weights.forces) / (3 * cached.atoms) / this.#options.forceFraction);
      for (let c = 0; c < 3 * cached.atoms; c++)
        if (this.#random.uniform() < this.#options.forceFraction)
          push((row) => this.#problem.forceRow(s, c, row), root);
    }
    if (used > 0) flush();
    for (let i = n; i < this.#padded; i++) normal[i * this.#padded + i] = 1;
  }

  /** False where the damped matrix is not positive definite. */
  #solve(gradient: Float64Array): boolean {
    const { kernels } = this.#problem.parts;
    const n = this.#problem.count;
    const size = this.#padded * this.#padded;
    const factor = kernels.f64(this.#factor, size);
    factor.set(kernels.f64(this.#normal, size));
    for (let i = 0; i < n; i++) factor[i * this.#padded + i]! += this.#damping;
    if (kernels.run.choleskyFactor(n, this.#factor, 8 * this.#padded) !== 0) return false;
    const step = kernels.f64(this.#step, n);
    for (let i = 0; i < n; i++) step[i] = 0.5 * gradient[i]!;
    kernels.run.choleskySolve(n, this.#factor, 8 * this.#padded, this.#step);
    return true;
  }

  save(): Float64Array[] {
    return [Float64Array.of(this.#damping), Float64Array.from(this.#random.state)];
  }

  restore([damping, random]: readonly Float64Array[]): void {
    this.#damping = damping![0]!;
    this.#random = RandomStream.fromState([...random!]);
  }
}
