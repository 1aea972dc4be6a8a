/** The programs of Slurm: sbatch, squeue, scancel, and sacct where there is accounting. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { InputError } from "../../../errors/index.js";
import { batchFiles } from "./script.js";
import type { SlurmSettings } from "./settings.js";

/** A controller that does not answer for so long does not answer, ms. */
const patience = 60_000;

interface Answer {
  readonly code: number | undefined;
  readonly out: string;
  readonly errors: string;
}

function ask(words: readonly [string, ...string[]], directory?: string): Promise<Answer> {
  const [program, ...rest] = words;
  const options = { timeout: patience, maxBuffer: 1 << 28, ...(directory === undefined ? {} : { cwd: directory }) };
  return new Promise((resolve) => {
    execFile(program, rest, options, (error, out, errors) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : undefined;
      if (error !== null && String(error.code) === "ENOENT") errors = `There is no program ${program}.`;
      resolve({ code, out, errors: errors.trim() });
    });
  });
}

/** Throws `InputError` where this machine cannot submit jobs. */
export async function requireSlurm(): Promise<void> {
  const { code, errors } = await ask(["sinfo", "--version"]);
  if (code === 0) return;
  throw new InputError({
    code: "no-slurm",
    problem: `Slurm cannot be asked from here: ${lastLine(errors) || "sinfo does not answer"}`,
    remedy: "Run this where jobs are submitted (Debian: apt-get install slurm-client), or compute on this machine.",
  });
}

export type Submission =
  | { readonly kind: "submitted"; readonly id: string }
  /** Perhaps it has arrived, perhaps not: the queue will tell. */
  | { readonly kind: "uncertain"; readonly problem: string }
  /** Not now: too many jobs. */
  | { readonly kind: "later"; readonly problem: string };

const later =
  /QOSMax|AssocMax|AssocGrp|MaxJobCount|MaxSubmit|Slurm temporarily|Resource temporarily|Job violates accounting/i;
const uncertain = /timed out|Unable to contact|Zero Bytes|Connection|I\/O error|communication|ctl.*down/i;

/** Submits the batch in a directory as an array of so many tasks. Throws `InputError` for what Slurm will never take. */
export async function submitArray(
  batch: { readonly directory: string; readonly name: string; readonly tasks: number },
  settings: SlurmSettings,
): Promise<Submission> {
  const { directory, name, tasks } = batch;
  const limit = settings.simultaneous === null ? "" : `%${settings.simultaneous}`;
  const own = [
    "--parsable",
    "--requeue",
    `--job-name=${name}`,
    `--array=1-${tasks}${limit}`,
    // What a requeued job has said before is kept.
    "--open-mode=append",
    `--output=${join(directory.replaceAll("%", "%%"), "task-%a.out")}`,
  ];
  const words = ["sbatch", ...optionsOf(settings), ...own, join(directory, batchFiles.script)] as const;
  const { code, out, errors } = await ask([...words] as [string, ...string[]], directory);
  const id = /^(\d+)/m.exec(out)?.[1];
  if (code === 0 && id !== undefined) return { kind: "submitted", id };
  const problem = lastLine(errors) || "sbatch has not answered.";
  if (later.test(errors)) return { kind: "later", problem };
  if (code === undefined || code === 0 || uncertain.test(errors)) return { kind: "uncertain", problem };
  throw new InputError({
    code: "slurm-refuses",
    problem: `Slurm does not take the jobs: ${problem}`,
    remedy: "Correct the settings of Slurm (partition, time, memory, account); `sinfo` shows what there is.",
  });
}

function optionsOf(settings: SlurmSettings): string[] {
  const { partition, time, nodes, tasks, cpusPerTask, memory, account, qos, constraint, options } = settings;
  const named = {
    partition,
    time: typeof time === "number" ? Math.ceil(time) : time,
    nodes,
    ntasks: tasks,
    "cpus-per-task": cpusPerTask,
    mem: memory,
    account,
    qos,
    constraint,
  };
  const given = Object.entries(named).filter(([, value]) => value !== null);
  return [...given.map(([key, value]) => `--${key}=${value}`), ...options];
}

/** A task as the queue shows it. */
export interface QueueEntry {
  readonly job: string;
  readonly task: number;
  /** Slurm's letters: PD, R, CD, F, TO, … */
  readonly state: string;
  readonly reason: string;
  /** Name of the array. */
  readonly name: string;
}

/** Tasks of arrays with these names, ended ones for as long as Slurm remembers them; a sentence where it does not answer. */
export async function queueOf(names: readonly string[]): Promise<readonly QueueEntry[] | string> {
  const format = "%F|%K|%t|%j|%r";
  const words = ["squeue", "--noheader", "--array", "--states=all", `--name=${names.join(",")}`, `--format=${format}`];
  const { code, out, errors } = await ask(words as [string, ...string[]]);
  if (code !== 0) return lastLine(errors) || "squeue has not answered.";
  return out.split("\n").flatMap((line) => {
    const [job, task, state, name, reason = ""] = line.trim().split("|");
    return name === undefined ? [] : [{ job: job!, task: Number(task), state: state!, reason, name }];
  });
}

/** What accounting knows of a task that the queue has forgotten, in squeue's letters; undefined where there is none. */
export async function stateInAccounting(job: string, task: number): Promise<string | undefined> {
  const words = ["sacct", "--noheader", "--parsable2", "--allocations", "--format=State", `--jobs=${job}_${task}`];
  const { code, out } = await ask(words as [string, ...string[]]);
  const word = /^[A-Z_]+/m.exec(out)?.[0] ?? "";
  return code === 0 ? lettersOf[word] : undefined;
}

const lettersOf: Readonly<Record<string, string>> = {
  COMPLETED: "CD",
  FAILED: "F",
  TIMEOUT: "TO",
  OUT_OF_MEMORY: "OOM",
  CANCELLED: "CA",
  NODE_FAIL: "NF",
  PREEMPTED: "PR",
  BOOT_FAIL: "BF",
  DEADLINE: "DL",
};

/** States in which a task may still run, or run again. */
const active = ["PD", "R", "CF", "CG", "S", "ST", "SO", "RQ", "RH", "RD", "RF", "RS", "SE", "SI"];
export const isActive = ({ state }: QueueEntry): boolean => active.includes(state);

export async function cancelArrays(ids: readonly string[]): Promise<void> {
  if (ids.length > 0) await ask(["scancel", ...ids]);
}

/** Whether or not we know the numbers of the arrays. */
export async function cancelNamed(names: readonly string[]): Promise<void> {
  for (const name of names) await ask(["scancel", `--name=${name}`]);
}

const lastLine = (text: string): string =>
  (text.split("\n").at(-1) ?? "").replace(/^\w+: error: /, "").replace(/\.?$/, (end) => (text === "" ? end : "."));
