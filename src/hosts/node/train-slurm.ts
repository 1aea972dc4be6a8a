/**
 * The members of a fit as jobs of a cluster: each is `potluck train --only-member K` in the run directory, with as many threads as
 * the job has cores, and leaves its checkpoint there. Whoever waits for them may die; whoever comes next finds them.
 */
import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { InputError } from "../../errors/index.js";
import type { FitExecution } from "../../training/configuration-execution.js";
import type { MemberPlan } from "../../training/member.js";
import type { EpochRecord } from "../../training/record.js";
import { fullDiskAt } from "./atomic.js";
import { builtFile } from "./built.js";
import type { Job, JobOutcome, JobTrouble } from "./slurm/jobs.js";
import { SlurmRun, SlurmStopped } from "./slurm/run.js";
import type { Journal } from "./train-journal.js";
import { type FitRun, memberFiles, TrainingStopped } from "./train-run.js";

export type ClusterExecution = Extract<FitExecution, { kind: "slurm" }>;

/** Threads of a member's job. */
export const jobThreads = ({ cpusPerTask }: ClusterExecution): number => cpusPerTask ?? 1;

/** Where jobs and their journal are in a run directory. */
export const clusterFolder = (directory: string): string => join(directory, "slurm");

/** Resolves when every member has come to its end. Throws InputError for one that cannot be fitted; the others go on. */
export async function fitOnCluster(
  { options }: FitRun,
  plans: readonly MemberPlan[],
  { execution, journal }: { readonly execution: ClusterExecution; readonly journal: Journal },
): Promise<void> {
  const { directory, signal, onEvent } = options;
  const open = plans.filter(({ member }) => !existsSync(join(directory, memberFiles.fitted(member))));
  if (open.length === 0) return;
  const settings = { ...execution, nodes: null, tasks: null };
  const news = new EpochNews(plans, { directory, journal, onEvent });
  const jobs = await SlurmRun.open({
    ...{ directory: clusterFolder(directory), settings, signal, retryFailed: true },
    onEvent: (event) => {
      onEvent({ kind: "slurm", event });
      if (event.kind === "progress") news.look();
    },
  });
  const fit = async ({ member }: MemberPlan): Promise<void> => {
    const outcome = await jobs.do(jobOf(member, directory, jobThreads(execution)));
    if (outcome.state === "failed") throw fitTrouble(member, outcome, directory);
  };
  try {
    await Promise.all(open.map(fit));
    news.look();
  } catch (error) {
    if (!(error instanceof SlurmStopped)) throw error;
    throw new TrainingStopped("stopped; the jobs in the queue of Slurm go on", { cause: error });
  } finally {
    await jobs.close();
  }
}

/** Runs where we are, so that relative paths of the configuration mean the same. */
function jobOf(member: number, directory: string, threads: number): Job {
  const here = process.cwd();
  const fromHere = (name: string): string => relative(here, join(directory, name));
  const task = ["--resume", "--out", directory, "--only-member", String(member + 1), "--threads", String(threads)];
  return {
    name: `member-${member + 1}`,
    directory: here,
    words: [process.execPath, builtFile("cli/main.js"), "train", ...task, "--quiet"],
    done: fromHere(memberFiles.fitted(member)),
    checkpoint: fromHere(memberFiles.checkpoint(member)),
    continues: true,
  };
}

interface NewsParts extends Pick<FitRun["options"], "directory" | "onEvent"> {
  readonly journal: Journal;
}

/** Members tell of their epochs in journals of their own; the newest of each is told on. */
class EpochNews {
  readonly #plans: readonly MemberPlan[];
  readonly #parts: NewsParts;
  readonly #told = new Map<number, number>();

  constructor(plans: readonly MemberPlan[], parts: NewsParts) {
    this.#plans = plans;
    this.#parts = parts;
  }

  look(): void {
    const { directory, journal, onEvent } = this.#parts;
    for (const { member, epochs } of this.#plans) {
      const record = lastEpochIn(join(directory, memberFiles.journal(member)));
      if (record === undefined || record.epoch === this.#told.get(member)) continue;
      this.#told.set(member, record.epoch);
      journal.write({ event: "epoch", ...record });
      onEvent({ kind: "epoch", record, epochs, members: this.#plans.length });
    }
  }
}

function lastEpochIn(path: string): EpochRecord | undefined {
  if (!existsSync(path)) return undefined;
  // The last line is whole where it has an end.
  const lines = readFileSync(path, "utf8").split("\n").slice(0, -1);
  const line = lines.findLast((text) => text.startsWith('{"event":"epoch"') && text.endsWith("}"));
  if (line === undefined) return undefined;
  const { event: _, wall: __, ...record } = JSON.parse(line) as EpochRecord & { event: string; wall: number };
  return record;
}

const remedies: Readonly<Record<JobTrouble, string>> = {
  "exit-code": "Mend it and give the same command again: what has been fitted is kept.",
  "no-result": "Give the same command again: what has been fitted is kept.",
  "time-limit": "Not one epoch was done in `execution.time`: raise it, or give the job more cores (`cpusPerTask`).",
  "memory-limit": "Raise `execution.memory`; the same command goes on from the checkpoints.",
  lost: "Give the same command again when the cluster is well: it goes on from the checkpoints.",
};

function fitTrouble(member: number, { trouble, problem, output }: JobOutcome, directory: string): InputError {
  const said = output === undefined ? undefined : complaintIn(output);
  return (
    fullDiskAt(directory, said) ??
    new InputError({
      code: "member-failed",
      where: { file: output ?? clusterFolder(directory) },
      problem: `Member ${member + 1} could not be fitted: ${problem}${said === undefined ? "" : ` It says: ${said.replace(/\.?$/, ".")}`}`,
      remedy: remedies[trouble ?? "exit-code"],
    })
  );
}

/** What a job said last that was an error, or at all. */
function complaintIn(output: string): string | undefined {
  if (!existsSync(output)) return undefined;
  const lines = readFileSync(output, "utf8").split("\n").filter(Boolean);
  return lines.findLast((line) => /^(Error|Failed|slurmstepd: error): /.test(line)) ?? lines.at(-1);
}
