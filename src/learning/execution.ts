/**
 * Where labels and fits are computed. The loop hands in many at once and hears of each as it is done; how they are spread over cores,
 * machines and a queue is the execution's own affair. All of it can be killed at any moment and asked again for the same: what has been
 * computed must then be found, not computed anew.
 */
import type { Cost, Failure, Labels } from "../engines/index.js";
import type { Structure } from "../structure/index.js";
import type { TrainingConfiguration } from "../training/configuration.js";

export interface LabelOrder {
  /** Names the structure and the settings of the engine: the same id is the same calculation. */
  readonly id: string;
  readonly structure: Structure;
}

export interface LabelOutcome {
  readonly id: string;
  readonly cost: Cost;
  /** Found done, not computed now. */
  readonly reused: boolean;
  /** As the engine gives it. */
  readonly engine: string;
  readonly result: { readonly labels: Labels } | { readonly failure: Failure };
}

export interface FitOrder {
  /** Complete but for `out`: the directory says that. */
  readonly configuration: TrainingConfiguration;
  /** Run directory of the fit; `potential.json` and `result.json` are there when it is done. */
  readonly directory: string;
}

export interface FitProgress {
  /** Epochs of all members that are done, and all of them. */
  readonly done: number;
  readonly total: number;
}

/** Throws `ExecutionStopped` when the signal ended the work; InputError for what the user must mend. */
export interface Execution {
  readonly name: string;
  /** One attempt at each; `tell` hears of every outcome once. What was cancelled is not told. */
  label(
    orders: readonly LabelOrder[],
    tell: (outcome: LabelOutcome) => void,
    signal: AbortSignal | undefined,
  ): Promise<void>;
  fit(order: FitOrder, tell: (progress: FitProgress) => void, signal: AbortSignal | undefined): Promise<void>;
  close(): Promise<void>;
}

/** The user has ended the work; the run can be taken up again. */
export class ExecutionStopped extends Error {}
