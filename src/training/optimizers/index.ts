/** Builds the optimiser that a configuration names. */
import type { OptimizerConfiguration } from "../configuration.js";
import type { FitProblem } from "../problem.js";
import { Adam } from "./adam.js";
import { BatchTrainer } from "./batches.js";
import type { FirstOrderOptimizer } from "./first-order.js";
import { KalmanTrainer } from "./kalman.js";
import { LbfgsTrainer } from "./lbfgs.js";
import { LevenbergMarquardtTrainer } from "./levenberg-marquardt.js";
import { Momentum } from "./momentum.js";
import { Soap } from "./soap.js";
import type { Trainer } from "./trainer.js";

export type { EpochResult, Trainer } from "./trainer.js";

export interface TrainerInput {
  readonly parameters: Float64Array;
  readonly epochs: number;
  readonly seed: number;
}

/** Structures per update where the configuration names none: about 25 updates an epoch, never more than 32 at a time. */
export const automaticBatch = (structures: number): number => Math.max(1, Math.min(32, Math.round(structures / 25)));

export function createTrainer(problem: FitProblem, optimizer: OptimizerConfiguration, input: TrainerInput): Trainer {
  const { parameters, epochs, seed } = input;
  switch (optimizer.method) {
    case "kalman":
      return new KalmanTrainer(problem, parameters, { ...optimizer, seed });
    case "lbfgs":
      return new LbfgsTrainer(problem, parameters, optimizer);
    case "levenberg-marquardt":
      return new LevenbergMarquardtTrainer(problem, parameters, { ...optimizer, seed });
    default: {
      const batch = optimizer.batch ?? automaticBatch(problem.parts.train.length);
      const options = { rate: optimizer.rate, rateEnd: optimizer.rateEnd, batch, epochs, seed };
      return new BatchTrainer(problem, firstOrder(problem, optimizer), { parameters, options });
    }
  }
}

function firstOrder(
  problem: FitProblem,
  optimizer: Extract<OptimizerConfiguration, { method: "adam" | "soap" | "momentum" }>,
): FirstOrderOptimizer {
  switch (optimizer.method) {
    case "adam":
      return new Adam(problem.count, optimizer);
    case "soap":
      return new Soap(problem.parts.kernels, problem.parts.model.blocks, { ...optimizer, frequency: optimizer.every });
    case "momentum":
      return new Momentum(problem.count, optimizer.momentum);
  }
}
