/** What the parts of a fit have in common: its options, what it tells, and what it writes down on the way. */
import { join } from "node:path";
import type { NetworkPotential } from "../../potentials/definition.js";
import type { TrainingConfiguration } from "../../training/configuration.js";
import type { EpochRecord } from "../../training/record.js";
import type { WorkerPool } from "./pool.js";
import type { SlurmEvent } from "./slurm/jobs.js";

export type TrainingEvent =
  | { readonly kind: "stage"; readonly name: string; readonly detail: string }
  | { readonly kind: "progress"; readonly name: string; readonly done: number; readonly total: number }
  | { readonly kind: "epoch"; readonly record: EpochRecord; readonly epochs: number; readonly members: number }
  | { readonly kind: "warning"; readonly text: string }
  /** Of members that are fitted as jobs. */
  | { readonly kind: "slurm"; readonly event: SlurmEvent };

export interface TrainOptions {
  /** Run directory; made if need be. */
  readonly directory: string;
  /** Whether checkpoints there are continued. */
  readonly resume: boolean;
  onEvent(event: TrainingEvent): void;
  /** Called once the data have been found good, before anything is written. */
  readonly onAccepted?: () => Promise<void>;
  readonly signal?: AbortSignal | undefined;
}

/** Of a member in the run directory of its fit, number from 0. */
export const memberFiles = {
  /** After every so many epochs. */
  checkpoint: (member: number): string => join("checkpoints", `member-${member + 1}.checkpoint`),
  /** Epochs of one that is fitted by a process of its own. */
  journal: (member: number): string => join("checkpoints", `member-${member + 1}.jsonl`),
  /** There once such a process has come to its end. */
  fitted: (member: number): string => join("checkpoints", `member-${member + 1}.fitted`),
};

/** Thrown when the signal stopped the fit; the directory can be resumed. */
export class TrainingStopped extends Error {}

/** The potential that a fit goes on from. */
export interface FitStart {
  readonly potential: NetworkPotential;
  /** Of its content. */
  readonly digest: string;
  readonly file: string;
}

/** A fit under way. */
export interface FitRun {
  readonly configuration: TrainingConfiguration;
  readonly options: TrainOptions;
  readonly pool: WorkerPool;
  readonly start: FitStart | undefined;
  /** What was chosen and why, a sentence each. */
  readonly choices: string[];
}

/** Every n-th task to worker n, so that parts are of like size. */
export function share<T>(items: readonly T[], parts: number): T[][] {
  return Array.from({ length: parts }, (_, p) => items.filter((_, i) => i % parts === p));
}

/** The reverse of `share`. */
export function gather<T>(parts: readonly (readonly T[])[]): T[] {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return Array.from({ length }, (_, i) => parts[i % parts.length]![Math.floor(i / parts.length)]!);
}
