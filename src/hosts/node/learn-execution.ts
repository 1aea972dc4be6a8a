/** Where the labels and fits of a loop are computed: on this machine with all its cores, or as jobs of a Slurm cluster. */
import { setMaxListeners } from "node:events";
import { InputError } from "../../errors/index.js";
import {
  type Execution,
  ExecutionStopped,
  type FitOrder,
  type FitProgress,
  type LabelOrder,
  type LabelOutcome,
  type LearnEvent,
} from "../../learning/index.js";
import { unitSystem } from "../../units/index.js";
import { createEngine, type KeepingEngine } from "./engines/index.js";
import { LearnDirectory } from "./learn-directory.js";
import type { LearnPlan } from "./learn-plan.js";
import { discardRun, type SlurmEvent, SlurmStopped, slurmExecutor, slurmSentence } from "./slurm/index.js";
import { startRunDirectory, TrainingStopped, trainPotential } from "./train.js";
import { clusterFolder } from "./train-slurm.js";

/** Takes everything that a run which is not to be gone on with has asked of Slurm out of the queue: labels and members of fits. */
export async function discardLearningJobs(directory: string): Promise<void> {
  const run = new LearnDirectory(directory);
  await discardRun(run.path("slurm"));
  for (const fit of run.fits()) await discardRun(clusterFolder(fit));
}

export interface ExecutionParts {
  /** Of this machine. */
  readonly engine: KeepingEngine;
  readonly plan: LearnPlan;
  /** Run directory of the loop. */
  readonly directory: string;
  readonly onEvent: (event: LearnEvent) => void;
  readonly signal?: AbortSignal | undefined;
}

/** As `execution` of the configuration says. */
export function executionFor(parts: ExecutionParts): Execution {
  const { engine, plan } = parts;
  const { execution, label } = plan.configuration;
  return execution.kind === "slurm" ? slurmExecution(parts) : localExecution({ engine, parallel: label.parallel });
}

export interface LocalOptions {
  readonly engine: KeepingEngine;
  /** Structures labelled at the same time. */
  readonly parallel: number;
}

export function localExecution({ engine, parallel }: LocalOptions): Execution {
  return {
    name: "local",
    label: (orders, tell, signal) => labelAll(orders, { engine, parallel, tell, signal }),
    fit: (order, tell, signal) => fitOrder(order, { tell, signal }),
    close: () => engine.close(),
  };
}

/**
 * All labels of a round are one array of jobs, in `slurm/` of the run; fits are told by their configuration to be jobs. A potential of
 * ours labels here: it needs no cluster.
 */
function slurmExecution({ engine, plan, directory, onEvent, signal }: ExecutionParts): Execution {
  const { execution, engine: source, units, label } = plan.configuration;
  if (execution.kind !== "slurm") throw new Error("this loop is not for a cluster");
  const warn = (event: SlurmEvent): void => {
    const text = event.kind === "submitted" ? undefined : slurmSentence(event)?.text;
    if (text !== undefined) onEvent({ kind: "warning", text });
  };
  const fit: Execution["fit"] = (order, tell, own) => fitOrder(order, { tell, signal: own, warn });
  if (source.kind === "embedded")
    return { ...localExecution({ engine, parallel: label.parallel }), name: "slurm", fit };
  const run = new LearnDirectory(directory);
  const executor = slurmExecutor({ directory: run.path("slurm"), settings: execution, signal, onEvent: warn });
  const options = { directory: run.calculations, units: unitSystem(units.length, units.energy), executor };
  let remote: Promise<KeepingEngine> | undefined;
  return {
    name: "slurm",
    label: async (orders, tell, own) => {
      remote ??= createEngine(source.kind, source.settings, options);
      await labelAll(orders, { engine: await remote, parallel: orders.length, tell, signal: own });
    },
    fit,
    close: async () => {
      await Promise.all([engine.close(), remote?.then((one) => one.close()), executor.close()]);
    },
  };
}

interface Labelling {
  readonly engine: KeepingEngine;
  readonly parallel: number;
  readonly tell: (outcome: LabelOutcome) => void;
  readonly signal: AbortSignal | undefined;
}

/** The engine finds what it has computed, and takes up what a killed process has left running. */
async function labelAll(orders: readonly LabelOrder[], how: Labelling): Promise<void> {
  const waiting = [...orders];
  const trouble = new AbortController();
  const signal = AbortSignal.any([trouble.signal, ...(how.signal === undefined ? [] : [how.signal])]);
  setMaxListeners(0, signal);
  const work = async (): Promise<void> => {
    for (let order = waiting.shift(); order !== undefined && !signal.aborted; order = waiting.shift())
      await labelOne(order, { ...how, signal });
  };
  const hands = Array.from({ length: Math.min(how.parallel, orders.length) }, work);
  // What the user must mend ends all of them, but only when each has ended the program that it had running.
  const ends = await Promise.allSettled(
    hands.map((hand) =>
      hand.catch((error: unknown) => {
        trouble.abort();
        throw error;
      }),
    ),
  );
  const failed = ends.find((end) => end.status === "rejected" && !(end.reason instanceof SlurmStopped));
  if (failed?.status === "rejected") throw failed.reason;
  if (how.signal?.aborted === true) throw new ExecutionStopped("stopped while structures were labelled");
}

async function labelOne({ id, structure }: LabelOrder, { engine, tell, signal }: Labelling): Promise<void> {
  const { outcome, cost, reused, version } = await engine.label(structure, signal === undefined ? {} : { signal });
  if (!outcome.converged && outcome.failure.kind === "cancelled") return;
  const result = outcome.converged ? { labels: outcome.labels } : { failure: outcome.failure };
  tell({ id, cost, reused, engine: version === undefined ? engine.name : `${engine.name} ${version}`, result });
}

interface Fitting {
  readonly tell: (progress: FitProgress) => void;
  readonly signal: AbortSignal | undefined;
  /** Hears of what happens to jobs. */
  readonly warn?: (event: SlurmEvent) => void;
}

async function fitOrder(order: FitOrder, how: Fitting): Promise<void> {
  try {
    await fitOnce(order, { ...how, resume: true });
  } catch (error) {
    // After a move of the directory, or on another number of cores, checkpoints do not fit: the fit is done again from its beginning.
    if (!(error instanceof InputError && error.code === "unusable-checkpoint")) throw error;
    await fitOnce(order, { ...how, resume: false });
  }
}

async function fitOnce(
  { configuration, directory }: FitOrder,
  { resume, tell, signal, warn }: Fitting & { readonly resume: boolean },
): Promise<void> {
  const epochs = new Map<number, number>();
  startRunDirectory(directory);
  try {
    await trainPotential(configuration, {
      ...{ directory, resume, signal },
      onEvent: (event) => {
        if (event.kind === "slurm") warn?.(event.event);
        if (event.kind !== "epoch") return;
        epochs.set(event.record.member, event.record.epoch);
        const done = [...epochs.values()].reduce((sum, epoch) => sum + epoch, 0);
        tell({ done, total: event.epochs * event.members });
      },
    });
  } catch (error) {
    if (error instanceof TrainingStopped) throw new ExecutionStopped(error.message, { cause: error });
    throw error;
  }
}
