/** What it means that a task is no longer in the queue. */
import type { Job, JobTrouble } from "./jobs.js";

export interface Verdict {
  readonly trouble: JobTrouble;
  readonly problem: string;
  /** Whether it is worth another try. */
  readonly again: boolean;
}

interface Ending {
  /** Slurm's letters; undefined where nobody remembers. */
  readonly state: string | undefined;
  /** Exit code that the task has written; undefined where it has not come that far. */
  readonly code: number | undefined;
  readonly job: Pick<Job, "done" | "continues">;
}

const lost = (problem: string): Verdict => ({ trouble: "lost", problem, again: true });

const lostBecause: Readonly<Record<string, string>> = {
  NF: "A node of the job has failed.",
  BF: "The node of the job did not start.",
  PR: "The job had to make room for another one.",
  CA: "The job was cancelled.",
  DL: "The job has missed its deadline.",
  RV: "The job was taken away by another cluster.",
};

/** SIGKILL and SIGTERM as exit codes: what Slurm ends jobs with, and seldom what a program dies of by itself. */
const slurmsOwn = [128 + 9, 128 + 15];

/** For tasks without a result. */
export function verdictOf({ state, code, job }: Ending): Verdict {
  if (state === "TO")
    return {
      trouble: "time-limit",
      problem: "The job has run out of time.",
      again: job.continues === true,
    };
  if (state === "OOM") return { trouble: "memory-limit", problem: "The job has run out of memory.", again: false };
  if (state !== undefined && lostBecause[state] !== undefined) return lost(lostBecause[state]);
  if (code === undefined)
    return lost(
      state === undefined
        ? "Slurm does not know the job any more, and it has not come to its end."
        : "The job could not be started on its node.",
    );
  if (state === undefined && slurmsOwn.includes(code)) return lost(`The job was killed (exit code ${code}).`);
  if (code === 0)
    return { trouble: "no-result", problem: `The program has ended well, but there is no ${job.done}.`, again: false };
  return { trouble: "exit-code", problem: `The program has ended with code ${code}.`, again: false };
}
