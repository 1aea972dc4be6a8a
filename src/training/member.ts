/**
 * One member of a committee, from initial weights to the best epoch, in a thread of its own (or leading a team of them).
 * Everything it needs is in its plan, plain data that can be sent to a worker; everything it must remember is in its snapshot.
 */

import type { Scaling, ScalingMode } from "../descriptors/definition.js";
import { affineOf, StatisticsGatherer } from "../descriptors/scaling.js";
import type { Kernels } from "../kernels/index.js";
import { RandomStream } from "../math/index.js";
import { type NetworkShape, parameterCount } from "../networks/index.js";
import type { OptimizerConfiguration } from "./configuration.js";
import { Engine, type EngineLayout } from "./engine.js";
import type { ErrorSums, Labelled, LossWeights } from "./loss.js";
import { type InitialWeights, initialParameters, MemberModel } from "./model.js";
import { createTrainer, type EpochResult, type Trainer } from "./optimizers/index.js";
import { FitProblem, type ProblemParts } from "./problem.js";
import type { EpochRecord } from "./record.js";
import { TeamLeader, type TeamPlaces } from "./team.js";
import { continuedScaling, type MemberStart, rescaledInputs } from "./warm-start.js";

export interface MemberPlan {
  /** 0-based index in the committee. */
  readonly member: number;
  readonly seed: number;
  readonly structures: readonly Labelled[];
  readonly train: readonly number[];
  readonly validation: readonly number[];
  readonly shapes: readonly NetworkShape[];
  readonly layout: EngineLayout;
  readonly scaling: { readonly mode: ScalingMode; readonly low: number; readonly high: number };
  readonly initial: InitialWeights;
  /** The member from which the fit goes on; undefined: from random weights. `initial` and `scaling` are then of no meaning. */
  readonly start?: MemberStart | undefined;
  /** eV per unit of network output; undefined: so that the initial forces have the spread of the labels. */
  readonly energyScale: number | undefined;
  readonly weights: LossWeights;
  readonly l2: number;
  /** Probability of a hidden neuron being left out; undefined: no dropout. */
  readonly dropout?: number | undefined;
  readonly optimizer: OptimizerConfiguration;
  readonly epochs: number;
  /** Epochs without a better validation loss before the fit ends; undefined: never. */
  readonly patience: number | undefined;
}

/** All that a resumed fit needs; arrays are copies. */
export interface MemberSnapshot {
  readonly epoch: number;
  readonly seconds: number;
  readonly bestEpoch: number;
  readonly bestLoss: number;
  readonly history: readonly EpochRecord[];
  readonly energyScale: number;
  readonly parameters: Float64Array;
  readonly best: Float64Array;
  readonly optimizer: readonly Float64Array[];
}

/** Scaling of each element's functions by the member's own training structures, and by those of the member it goes on from. */
export function memberScalings(kernels: Kernels, plan: MemberPlan): Scaling[] {
  const { structures, train, shapes, layout, scaling, start } = plan;
  return shapes.map((shape, e) => {
    const gatherer = new StatisticsGatherer(shape.nodes[0]!);
    for (const s of train) {
      const { cached } = structures[s]!;
      const values = kernels.f64(cached.values, cached.atoms * layout.program.valueLength);
      for (let i = cached.starts[e]!; i < cached.starts[e + 1]!; i++)
        gatherer.add(values, i * layout.program.valueLength);
    }
    if (start === undefined) return { ...gatherer.statistics(), ...scaling };
    return continuedScaling(start.scalings[e], gatherer.count > 0 ? gatherer.statistics() : undefined);
  });
}

/** The parts of a problem that the leader and its assistants build alike. */
export function problemParts(
  kernels: Kernels,
  plan: MemberPlan,
  { energyScale, chunk }: { energyScale?: number | undefined; chunk?: number | undefined } = {},
): ProblemParts {
  const model = new MemberModel(plan.shapes, memberScalings(kernels, plan));
  const engine = new Engine(kernels, plan.shapes, plan.layout, chunk);
  const { structures, train, weights, l2 } = plan;
  const dropout = plan.dropout === undefined ? undefined : { probability: plan.dropout, seed: plan.seed };
  const parts = { kernels, engine, model, structures, train, weights, l2, dropout };
  engine.energyScale =
    energyScale ?? plan.start?.energyScale ?? plan.energyScale ?? naturalScale(parts, startParameters(plan, model));
  return parts;
}

/** Random, or those of the member that the fit goes on from, for the model's own scaling. */
function startParameters({ start, shapes, initial, seed }: MemberPlan, model: MemberModel): Float64Array {
  if (start === undefined) return initialParameters(shapes, initial, new RandomStream(seed, "weights"));
  const parameters = start.parameters.slice();
  let at = 0;
  shapes.forEach((shape, e) => {
    const own = parameters.subarray(at, at + parameterCount(shape));
    const maps = { from: affineOf(start.scalings[e]), to: affineOf(model.scalings[e]) };
    own.set(rescaledInputs(shape, own, maps));
    at += own.length;
  });
  return parameters;
}

/**
 * Energy scale that gives the initial networks forces of the labels' spread (n2p2's `normalize_data_set force`); without
 * forces, energies per atom of the labels' spread.
 */
function naturalScale(parts: ProblemParts, parameters: Float64Array): number {
  const { kernels, engine, model, structures, train } = parts;
  model.load(engine, parameters);
  engine.energyScale = 1;
  const force = [0, 0];
  const energies: [number, number][] = [];
  for (const s of train) {
    const { cached, labels } = structures[s]!;
    const predicted = engine.predict(cached, labels.forces !== 0);
    if (labels.energy !== undefined) energies.push([labels.energy / cached.atoms, predicted.energy / cached.atoms]);
    if (labels.forces === 0) continue;
    const reference = kernels.f64(labels.forces, 3 * cached.atoms);
    for (let i = 0; i < reference.length; i++) {
      force[0]! += reference[i]! ** 2;
      force[1]! += predicted.forces[i]! ** 2;
    }
  }
  if (force[0]! > 0 && force[1]! > 0) return Math.sqrt(force[0]! / force[1]!);
  const spread = (k: 0 | 1): number => {
    const mean = energies.reduce((sum, e) => sum + e[k], 0) / Math.max(1, energies.length);
    return Math.sqrt(energies.reduce((sum, e) => sum + (e[k] - mean) ** 2, 0));
  };
  const ratio = spread(0) / spread(1);
  return Number.isFinite(ratio) && ratio > 0 ? ratio : 1;
}

export interface FitOptions {
  readonly resume?: MemberSnapshot | undefined;
  readonly team?: TeamPlaces | undefined;
  /** Current time, s. */
  now(): number;
  /** Called after every epoch; returns whether to stop. `snapshot` copies the state. */
  onEpoch(record: EpochRecord, snapshot: () => MemberSnapshot): boolean;
}

export interface MemberFit {
  readonly snapshot: MemberSnapshot;
  readonly scalings: readonly Scaling[];
}

/** Runs the fit to its end, or until `onEpoch` stops it. */
export function fitMember(kernels: Kernels, plan: MemberPlan, options: FitOptions): MemberFit {
  const parts = problemParts(kernels, plan, {
    energyScale: options.resume?.energyScale,
    chunk: options.team?.crew.chunk,
  });
  const leader = new TeamLeader(parts, options.team);
  const problem = new FitProblem(parts, leader);
  const { resume } = options;
  const parameters = resume?.parameters.slice() ?? startParameters(plan, parts.model);
  const trainer = createTrainer(problem, plan.optimizer, { parameters, epochs: plan.epochs, seed: plan.seed });
  if (resume !== undefined) trainer.restore(resume.optimizer);
  const run = new MemberRun({ plan, problem, trainer, options });
  try {
    return { snapshot: run.finish(), scalings: parts.model.scalings };
  } finally {
    leader.stop();
  }
}

interface RunParts {
  readonly plan: MemberPlan;
  readonly problem: FitProblem;
  readonly trainer: Trainer;
  readonly options: FitOptions;
}

/** The loop over epochs and what it remembers. */
class MemberRun {
  readonly #parts: RunParts;
  readonly #started: number;
  readonly #history: EpochRecord[];
  #epoch: number;
  #best: Float64Array;
  #bestEpoch: number;
  #bestLoss: number;

  constructor(parts: RunParts) {
    const { resume, now } = parts.options;
    this.#parts = parts;
    this.#started = now() - (resume?.seconds ?? 0);
    this.#history = [...(resume?.history ?? [])];
    this.#epoch = resume?.epoch ?? 0;
    this.#best = resume?.best.slice() ?? parts.trainer.parameters.slice();
    this.#bestEpoch = resume?.bestEpoch ?? 0;
    this.#bestLoss = resume?.bestLoss ?? Number.POSITIVE_INFINITY;
  }

  finish(): MemberSnapshot {
    const { plan, options } = this.#parts;
    if (plan.start !== undefined && this.#history.length === 0) {
      const record = this.#recordStart();
      if (options.onEpoch(record, () => this.snapshot())) return this.snapshot();
    }
    while (this.#epoch < plan.epochs) {
      if (plan.patience !== undefined && this.#epoch - this.#bestEpoch >= plan.patience) break;
      const record = this.#runEpoch();
      if (options.onEpoch(record, () => this.snapshot())) break;
    }
    return this.snapshot();
  }

  /** Epoch 0: the errors of the member that the fit goes on from, which is kept unless an epoch does better. */
  #recordStart(): EpochRecord {
    const { plan, problem, trainer } = this.#parts;
    const train = problem.errors(trainer.parameters, plan.train);
    const held = plan.validation.length > 0 ? problem.errors(trainer.parameters, plan.validation) : undefined;
    this.#bestLoss = (held ?? train).meanLoss;
    return this.#record({ sums: train, held, step: {} });
  }

  #runEpoch(): EpochRecord {
    const { plan, problem, trainer } = this.#parts;
    this.#epoch++;
    const { sums, step } = trainer.epoch(this.#epoch);
    const held = plan.validation.length > 0 ? problem.errors(trainer.parameters, plan.validation) : undefined;
    const judged = held ?? sums;
    if (!Number.isFinite(sums.meanLoss))
      throw new Error(
        `member ${plan.member + 1}, epoch ${this.#epoch}: the loss is not a number; a smaller learning rate may help`,
      );
    if (judged.meanLoss < this.#bestLoss) {
      this.#bestLoss = judged.meanLoss;
      this.#bestEpoch = this.#epoch;
      this.#best = trainer.parameters.slice();
    }
    return this.#record({ sums, held, step });
  }

  #record({ sums, held, step }: EpochResult & { readonly held: ErrorSums | undefined }): EpochRecord {
    const { plan, options } = this.#parts;
    const record: EpochRecord = {
      member: plan.member,
      epoch: this.#epoch,
      seconds: options.now() - this.#started,
      loss: sums.meanLoss,
      train: sums.errors(),
      ...(held === undefined ? {} : { validation: held.errors() }),
      step,
    };
    this.#history.push(record);
    return record;
  }

  snapshot(): MemberSnapshot {
    const { trainer, options, problem } = this.#parts;
    return {
      epoch: this.#epoch,
      seconds: options.now() - this.#started,
      bestEpoch: this.#bestEpoch,
      bestLoss: this.#bestLoss,
      history: [...this.#history],
      energyScale: problem.parts.engine.energyScale,
      parameters: trainer.parameters.slice(),
      best: this.#best.slice(),
      optimizer: trainer.save(),
    };
  }
}
