/** What the parts of a loop's work share. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { InputError } from "../../errors/index.js";
import type { Execution, LearnEvent, LearningState } from "../../learning/index.js";
import type { Potential } from "../../potentials/potential.js";
import type { KeepingEngine } from "./engines/index.js";
import type { JobQueue } from "./job-queue.js";
import type { LearnDirectory } from "./learn-directory.js";
import type { LearnPlan } from "./learn-plan.js";
import type { LearnJob, LearnOutcomes, PotentialFile } from "./learn-worker-messages.js";

export interface LearnContext {
  readonly plan: LearnPlan;
  readonly directory: LearnDirectory;
  readonly engine: KeepingEngine;
  /** The engine as a potential, where it is one. */
  readonly teacher: Potential | undefined;
  readonly execution: Execution;
  readonly pool: JobQueue<LearnJob, LearnOutcomes>;
  readonly threads: number;
  readonly onEvent: (event: LearnEvent) => void;
  readonly signal: AbortSignal | undefined;
}

/** Throws InputError where it has been changed since it was fitted. */
export function presentPotential({ directory }: LearnContext, { potential }: LearningState): PotentialFile {
  if (potential === undefined) throw new Error("there is no potential yet");
  const file = directory.path(potential.file);
  if (digestOf(file) === potential.digest) return { file, digest: potential.digest };
  throw new InputError({
    code: "changed-potential",
    where: { file },
    problem: "This potential is not the one that the loop has fitted: its content has changed.",
    remedy: "Restore it from a copy, or start anew with --overwrite.",
  });
}

export const digestOf = (file: string): string => createHash("sha256").update(readFileSync(file)).digest("hex");
