/** First-order optimisers over shuffled batches, the rate falling along a half cosine after a short warm-up. */
import { RandomStream } from "../../math/index.js";
import { ErrorSums } from "../loss.js";
import type { FitProblem } from "../problem.js";
import type { FirstOrderOptimizer } from "./first-order.js";
import type { EpochResult, Trainer } from "./trainer.js";

export interface BatchOptions {
  readonly rate: number;
  readonly rateEnd: number;
  /** Structures per update. */
  readonly batch: number;
  /** Of the whole fit: the schedule needs them. */
  readonly epochs: number;
  readonly seed: number;
}

/** Updates over which the rate rises from 0. */
const WARM_UP = 50;

export class BatchTrainer implements Trainer {
  readonly parameters: Float64Array;
  readonly #problem: FitProblem;
  readonly #optimizer: FirstOrderOptimizer;
  readonly #options: BatchOptions;
  readonly #order: number[];
  readonly #gradient: Float64Array;
  #random: RandomStream;
  #updates = 0;

  constructor(
    problem: FitProblem,
    optimizer: FirstOrderOptimizer,
    { parameters, options }: { parameters: Float64Array; options: BatchOptions },
  ) {
    this.#problem = problem;
    this.#optimizer = optimizer;
    this.#options = options;
    this.parameters = parameters;
    this.#order = [...problem.parts.train];
    this.#gradient = new Float64Array(problem.count);
    this.#random = new RandomStream(options.seed, "batches");
  }

  epoch(): EpochResult {
    const { batch, epochs, rate, rateEnd } = this.#options;
    const total = Math.ceil(this.#order.length / batch) * epochs;
    this.#random.shuffle(this.#order);
    const sums = new ErrorSums();
    let current = 0;
    for (let first = 0; first < this.#order.length; first += batch) {
      const structures = this.#order.slice(first, first + batch);
      sums.merge(this.#problem.gradient(this.parameters, structures, this.#gradient, this.#updates));
      const warm = Math.min(1, (this.#updates + 1) / WARM_UP);
      const cosine = 0.5 * (1 + Math.cos((Math.PI * this.#updates) / total));
      current = warm * (rateEnd + (rate - rateEnd) * cosine);
      this.#optimizer.step(this.parameters, this.#gradient, current);
      this.#updates++;
    }
    return { sums, step: { rate: current } };
  }

  save(): Float64Array[] {
    return [
      Float64Array.of(this.#updates),
      Float64Array.from(this.#order),
      Float64Array.from(this.#random.state),
      ...this.#optimizer.save(),
    ];
  }

  restore([updates, order, random, ...rest]: readonly Float64Array[]): void {
    this.#updates = updates![0]!;
    this.#order.splice(0, this.#order.length, ...order!);
    this.#random = RandomStream.fromState([...random!]);
    this.#optimizer.restore(rest);
  }
}
