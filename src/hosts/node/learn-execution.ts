/** Labels and fits on this machine, with all its cores. */
import { InputError } from "../../errors/index.js";
import {
  type Execution,
  ExecutionStopped,
  type FitOrder,
  type FitProgress,
  type LabelOrder,
  type LabelOutcome,
} from "../../learning/index.js";
import type { KeepingEngine } from "./engines/index.js";
import { startRunDirectory, TrainingStopped, trainPotential } from "./train.js";

export interface LocalOptions {
  readonly engine: KeepingEngine;
  /** Structures labelled at the same time. */
  readonly parallel: number;
}

export function localExecution({ engine, parallel }: LocalOptions): Execution {
  return {
    name: "local",
    label: (orders, tell, signal) => labelAll(orders, { engine, parallel, tell, signal }),
    fit: fitHere,
    close: () => engine.close(),
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
  const signal = how.signal === undefined ? trouble.signal : AbortSignal.any([how.signal, trouble.signal]);
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
  const failed = ends.find((end) => end.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  if (how.signal?.aborted === true) throw new ExecutionStopped("stopped while structures were labelled");
}

async function labelOne({ id, structure }: LabelOrder, { engine, tell, signal }: Labelling): Promise<void> {
  const { outcome, cost, reused, version } = await engine.label(structure, signal === undefined ? {} : { signal });
  if (!outcome.converged && outcome.failure.kind === "cancelled") return;
  const result = outcome.converged ? { labels: outcome.labels } : { failure: outcome.failure };
  tell({ id, cost, reused, engine: version === undefined ? engine.name : `${engine.name} ${version}`, result });
}

async function fitHere(
  order: FitOrder,
  tell: (progress: FitProgress) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await fitOnce(order, { resume: true, tell, signal });
  } catch (error) {
    // After a move of the directory, or on another number of cores, checkpoints do not fit: the fit is done again from its beginning.
    if (!(error instanceof InputError && error.code === "unusable-checkpoint")) throw error;
    await fitOnce(order, { resume: false, tell, signal });
  }
}

async function fitOnce(
  { configuration, directory }: FitOrder,
  how: { resume: boolean; tell: (progress: FitProgress) => void; signal: AbortSignal | undefined },
): Promise<void> {
  const epochs = new Map<number, number>();
  startRunDirectory(directory);
  try {
    await trainPotential(configuration, {
      ...{ directory, resume: how.resume, signal: how.signal },
      onEvent: (event) => {
        if (event.kind !== "epoch") return;
        epochs.set(event.record.member, event.record.epoch);
        const done = [...epochs.values()].reduce((sum, epoch) => sum + epoch, 0);
        how.tell({ done, total: event.epochs * event.members });
      },
    });
  } catch (error) {
    if (error instanceof TrainingStopped) throw new ExecutionStopped(error.message, { cause: error });
    throw error;
  }
}
