/** Programs of engines as jobs of a cluster: each in the directory of its calculation, with the notes that runs on this machine leave. */
import { basename } from "node:path";
import type { Command } from "../../../engines/index.js";
import type { Executor } from "../engines/file-engine.js";
import { type Ended, type RunOptions, type StopReason, shellWords } from "../engines/processes.js";
import { cpuSecondsIn, noteIn, noteTime } from "../engines/run-files.js";
import type { Job, JobOutcome } from "./jobs.js";
import { type SlurmOptions, SlurmRun } from "./run.js";

export interface SlurmExecutor extends Executor {
  close(): Promise<void>;
}

/**
 * Limits of time and memory are those of Slurm's settings. A signal ends the wait, not the job: the next run of the same input
 * finds it in the queue, or its result. Nothing is touched before the first program is to run.
 */
export function slurmExecutor(options: SlurmOptions): SlurmExecutor {
  let opened: Promise<SlurmRun> | undefined;
  const open = (): Promise<SlurmRun> => {
    opened ??= SlurmRun.open(options);
    return opened;
  };
  return {
    elsewhere: true,
    run: async (command, own) => {
      const [run, name] = [await open(), nameOf(own)];
      run.forget(name);
      return endOf(await unlessAborted(run.do(jobOf(name, command, own)), own.signal), own);
    },
    adopt: async (input, own) => {
      if (noteIn(own.directory, "input") !== input) return undefined;
      const earlier = (await open()).earlier(nameOf(own));
      if (earlier === undefined) return undefined;
      const outcome = await unlessAborted(earlier, own.signal);
      return outcome?.trouble === "lost" ? undefined : endOf(outcome, own);
    },
    close: async () => (await opened)?.close(),
  };
}

const nameOf = ({ directory }: RunOptions): string => basename(directory);

const jobOf = (name: string, command: Command, { directory }: RunOptions): Job => ({
  name,
  directory,
  words: shellWords(command),
  ...(command.environment === undefined ? {} : { environment: command.environment }),
});

/** Undefined once the signal says so; the work goes on without us. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T | undefined> {
  if (signal === undefined) return await work;
  let stop = (): void => undefined;
  const aborted = new Promise<undefined>((resolve) => {
    stop = () => resolve(undefined);
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop);
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** `outcome` is undefined where nobody waits for it any longer. */
function endOf(outcome: JobOutcome | undefined, { directory }: RunOptions): Ended {
  const cost = costIn(directory);
  if (outcome === undefined) return { exitCode: undefined, stopped: "cancelled", cost };
  const stopped = stopReason(outcome);
  // What was lost for good has ended as a program that was killed.
  return { exitCode: outcome.exitCode ?? (outcome.trouble === "lost" ? 128 + 9 : undefined), stopped, cost };
}

const stopReason = ({ trouble }: JobOutcome): StopReason | undefined =>
  trouble === "time-limit" || trouble === "memory-limit" ? trouble : undefined;

/** From the notes of the shell on the node. */
function costIn(directory: string): Ended["cost"] {
  const [started, ended] = [noteTime(directory, "session"), noteTime(directory, "exit")];
  const wallSeconds = started === undefined || ended === undefined ? 0 : Math.max(0, ended - started) / 1000;
  return { wallSeconds, cpuSeconds: cpuSecondsIn(directory), maxMemory: undefined };
}
