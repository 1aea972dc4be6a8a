/** What a cluster is asked to do, and what came of it. */

export interface Job {
  /** Tells it from all others of the run; part of file names: letters, digits, dot, dash and underscore. */
  readonly name: string;
  /** Program and its words; no shell reads them. */
  readonly words: readonly [string, ...string[]];
  /** Where it runs. */
  readonly directory: string;
  /** Variables on top of those of the submitting process. */
  readonly environment?: Readonly<Record<string, string>>;
  /**
   * File, in the directory, that is there when the job has succeeded, put there at once and last; where there is one already,
   * nothing is run. Default: the exit code decides.
   */
  readonly done?: string;
  /** Whether a job that ran out of time goes on where it was when it is started again (a fit with checkpoints). Default false. */
  readonly continues?: boolean;
  /** File, in the directory, that changes as the job gets on: attempts after which it has changed are not counted. */
  readonly checkpoint?: string;
}

export type JobTrouble =
  /** The program has ended with an error. */
  | "exit-code"
  /** It has ended well, without the file that says so. */
  | "no-result"
  | "time-limit"
  | "memory-limit"
  /** Node failure, preemption, cancellation, a job that nobody knows any more; as often as it may be tried again. */
  | "lost";

export interface JobOutcome {
  readonly name: string;
  readonly state: "done" | "failed";
  /** Why it has failed. */
  readonly trouble: JobTrouble | undefined;
  /** One sentence; empty where it is done. */
  readonly problem: string;
  readonly exitCode: number | undefined;
  /** How often it was submitted. */
  readonly attempts: number;
  /** File with what it printed the last time; undefined where it was done before. */
  readonly output: string | undefined;
}

export type SlurmEvent =
  | { readonly kind: "submitted"; readonly id: string; readonly jobs: number }
  | { readonly kind: "progress"; readonly pending: number; readonly running: number; readonly ended: number }
  | { readonly kind: "again"; readonly name: string; readonly reason: string; readonly attempt: number }
  /** Slurm says why jobs wait, in its own words: worth telling once. */
  | { readonly kind: "waiting"; readonly reason: string }
  | { readonly kind: "unreachable"; readonly problem: string };
