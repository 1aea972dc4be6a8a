/**
 * Jobs through Slurm. The files that tasks leave decide what is done; the queue decides what is still to come; the journal knows what
 * was asked for. Where Slurm does not answer nothing is decided. A submitter that is killed costs nothing: the jobs go on, and the
 * next one finds them by their names, even those whose number it was never told.
 */
import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { lockDirectory } from "../engines/directory-lock.js";
import {
  cancelArrays,
  cancelNamed,
  isActive,
  type QueueEntry,
  queueOf,
  requireSlurm,
  stateInAccounting,
  submitArray,
} from "./commands.js";
import { type Batch, endCodeOf, JobBook, journalName, ownerOf } from "./job-book.js";
import type { Job, JobOutcome, SlurmEvent } from "./jobs.js";
import { batchFiles } from "./script.js";
import type { SlurmSettings } from "./settings.js";
import { type Verdict, verdictOf } from "./verdict.js";

export interface SlurmOptions {
  /** For batches and journal, ours alone, on a disk that all nodes see. */
  readonly directory: string;
  readonly settings: SlurmSettings;
  readonly signal?: AbortSignal | undefined;
  /** Whether an abort takes the jobs out of the queue. Default: they go on, and a later run takes them up. */
  readonly cancelOnAbort?: boolean;
  /** Whether jobs that have failed in an earlier run are submitted again. */
  readonly retryFailed?: boolean;
  readonly onEvent?: (event: SlurmEvent) => void;
}

/** The signal has ended the wait; the jobs go on, unless they were to be cancelled. */
export class SlurmStopped extends Error {}

/** All outcomes, in the order of the jobs. Throws `InputError` for what Slurm will never take. */
export async function runJobs(jobs: readonly Job[], options: SlurmOptions): Promise<JobOutcome[]> {
  const run = await SlurmRun.open(options);
  try {
    return await Promise.all(jobs.map((job) => run.do(job)));
  } finally {
    await run.close();
  }
}

/** Takes the jobs of a run that is not to be gone on with out of the queue, waits for their end, and removes what is known of them. */
export async function discardRun(directory: string): Promise<void> {
  if (!existsSync(join(directory, journalName))) return;
  const release = lockDirectory(directory);
  const { arrays } = new JobBook(directory);
  await cancelNamed(arrays);
  for (let k = 0; arrays.length > 0 && k < PATIENCE; k++) {
    const queue = await queueOf(arrays);
    if (typeof queue === "string" || !queue.some(isActive)) break;
    await pause(500);
  }
  for (const name of readdirSync(directory))
    if (name === journalName || /^batch-\d+$/.test(name)) rmSync(join(directory, name), { recursive: true });
  release();
}

/** Looks at jobs that are to end, half a second each. */
const PATIENCE = 120;

interface Task {
  readonly name: string;
  /** Undefined where only the end of what was submitted before is wanted. */
  readonly job: Job | undefined;
  /** Since when neither queue nor files know it, ms. */
  missing: number | undefined;
  resolve(outcome: JobOutcome): void;
  reject(error: unknown): void;
}

/** Between the wish for a job and its submission, ms: others may come meanwhile, and go with it. */
const gathering = 100;

export class SlurmRun {
  readonly #options: SlurmOptions;
  readonly #book: JobBook;
  readonly #release: () => void;
  readonly #open = new Map<string, Task>();
  readonly #told = new Set<string>();
  /** Names of the arrays of earlier runs. */
  readonly #inherited: ReadonlySet<string>;
  readonly #closing = new AbortController();
  /** That nobody waits any longer: by the user, or because we are closed. */
  readonly #signal: AbortSignal;
  #ended = 0;
  #work: Promise<void> | undefined;

  /** Throws `InputError` where there is no Slurm, or another process is at work in the directory. */
  static async open(options: SlurmOptions): Promise<SlurmRun> {
    await requireSlurm();
    return new SlurmRun(options);
  }

  private constructor(options: SlurmOptions) {
    this.#options = options;
    this.#signal = AbortSignal.any([this.#closing.signal, ...(options.signal === undefined ? [] : [options.signal])]);
    this.#book = new JobBook(options.directory);
    this.#inherited = new Set(this.#book.arrays);
    this.#release = lockDirectory(options.directory);
  }

  /** Does a job, or takes up what an earlier run has done of it. */
  do(job: Job): Promise<JobOutcome> {
    if (job.done !== undefined && existsSync(join(job.directory, job.done)))
      return Promise.resolve(this.#outcome(job.name, { state: "done" }));
    const before = this.#book.outcomeOf(job.name);
    if (before?.state === "done" && job.done === undefined) return Promise.resolve(before);
    if (before?.state === "failed" && this.#options.retryFailed !== true) return Promise.resolve(before);
    if (before !== undefined) this.#book.forget(job.name);
    return this.#wait(job.name, job);
  }

  /** The end of a job that was submitted before, without another try; undefined where there is none. */
  earlier(name: string): Promise<JobOutcome> | undefined {
    const before = this.#book.outcomeOf(name);
    if (before !== undefined) return Promise.resolve(before);
    return this.#book.batchOf(name) === undefined ? undefined : this.#wait(name, undefined);
  }

  /** A job of that name from now on is another one. */
  forget(name: string): void {
    this.#book.forget(name);
  }

  /** Jobs that somebody still waits for go on, and are found by the next run. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#work?.catch(() => undefined);
    this.#release();
  }

  #wait(name: string, job: Job | undefined): Promise<JobOutcome> {
    return new Promise((resolve, reject) => {
      this.#open.set(name, { name, job, missing: undefined, resolve, reject });
      this.#work ??= this.#untilDone();
    });
  }

  async #untilDone(): Promise<void> {
    try {
      while (this.#open.size > 0) {
        await this.#rest(gathering);
        await this.#submit();
        await this.#look();
        if (this.#open.size > 0) await this.#rest(1000 * this.#options.settings.poll);
      }
    } catch (error) {
      await this.#fall(error);
    } finally {
      this.#work = undefined;
    }
  }

  async #rest(milliseconds: number): Promise<void> {
    await pause(milliseconds, undefined, { signal: this.#signal }).catch(() => undefined);
    if (this.#signal.aborted) throw new SlurmStopped("stopped; the jobs in the queue go on");
  }

  /** Nobody waits any longer; why, they are told. */
  async #fall(error: unknown): Promise<void> {
    if (error instanceof SlurmStopped && this.#options.cancelOnAbort === true)
      await cancelArrays(this.#batches().flatMap(({ id }) => id ?? []));
    for (const task of this.#open.values()) task.reject(error);
    this.#open.clear();
  }

  /** Batches in which somebody waits for a job. */
  #batches(): Batch[] {
    const batches = [...this.#open.keys()].map((name) => this.#book.batchOf(name));
    return [...new Set(batches)].filter((batch) => batch !== undefined);
  }

  async #submit(): Promise<void> {
    const { settings } = this.#options;
    const jobs = [...this.#open.values()].flatMap(({ name, job }) =>
      job === undefined || this.#book.batchOf(name) !== undefined ? [] : [job],
    );
    for (let from = 0; from < jobs.length; from += settings.arraySize)
      await this.#submitBatch(this.#book.begin(jobs.slice(from, from + settings.arraySize), settings));
  }

  async #submitBatch(batch: Batch): Promise<void> {
    const { directory, name, jobs } = batch;
    const array = { directory, name, tasks: jobs.length };
    const answer = await submitArray(array, this.#options.settings).catch((error: unknown) => {
      this.#book.refused(batch);
      throw error;
    });
    batch.asked = Date.now();
    if (answer.kind === "submitted") {
      this.#book.submitted(batch, answer.id);
      this.#tell({ kind: "submitted", id: answer.id, jobs: jobs.length });
    } else if (answer.kind === "later") this.#tellOnce({ kind: "waiting", reason: answer.problem });
    else this.#tellOnce({ kind: "unreachable", problem: answer.problem });
  }

  async #look(): Promise<void> {
    const batches = this.#batches();
    if (batches.length === 0) return;
    const queue = await queueOf(batches.map(({ name }) => name));
    if (typeof queue === "string") this.#tellOnce({ kind: "unreachable", problem: queue });
    for (const batch of batches) if (typeof queue !== "string") await this.#locate(batch, queue);
    for (const batch of batches) await this.#judgeBatch(batch, queue);
    this.#tellProgress(typeof queue === "string" ? [] : queue);
  }

  /** Finds out whether a batch whose number nobody has noted has reached Slurm; if not, it is submitted once more. */
  async #locate(batch: Batch, queue: readonly QueueEntry[]): Promise<void> {
    if (batch.id !== undefined) return;
    const found = ownerOf(batch) ?? queue.find(({ name }) => name === batch.name)?.job;
    if (found !== undefined) this.#book.submitted(batch, found);
    // Should both arrive after all, the second array finds an owner and does nothing.
    else if (Date.now() - batch.asked >= this.#grace) await this.#submitBatch(batch);
  }

  async #judgeBatch(batch: Batch, queue: readonly QueueEntry[] | string): Promise<void> {
    const owner = ownerOf(batch);
    const entries = new Map<number, QueueEntry>();
    for (const entry of typeof queue === "string" ? [] : queue)
      if (entry.name === batch.name && (owner === undefined || entry.job === owner)) entries.set(entry.task, entry);
    for (const [k, name] of batch.jobs.entries()) {
      const task = this.#open.get(name);
      if (task === undefined || this.#book.batchOf(name) !== batch) continue;
      const known = typeof queue === "string" ? undefined : { entry: entries.get(k + 1), owner: owner ?? batch.id };
      await this.#judge(task, { batch, index: k + 1 }, known);
    }
  }

  /** `known` is what the queue says; undefined where Slurm does not answer. */
  async #judge(
    task: Task,
    place: { readonly batch: Batch; readonly index: number },
    known: { readonly entry: QueueEntry | undefined; readonly owner: string | undefined } | undefined,
  ): Promise<void> {
    const code = endCodeOf(place.batch, place.index);
    const { name, job } = task;
    const output = join(place.batch.directory, batchFiles.output(place.index));
    const succeeded = job?.done === undefined ? code === 0 : existsSync(join(job.directory, job.done));
    if (succeeded) return this.#end(task, this.#outcome(name, { state: "done", exitCode: code, output }));
    if (known === undefined || known.owner === undefined) return;
    if (known.entry !== undefined && isActive(known.entry)) {
      task.missing = undefined;
      if (known.entry.state === "PD") this.#tellReason(known.entry.reason);
      return;
    }
    // Files may be seen later than the queue forgets, and Slurm may requeue what it shows as lost.
    const settled = this.#isGone(task);
    if (known.entry === undefined && !settled) return;
    const state = known.entry?.state ?? (await stateInAccounting(known.owner, place.index));
    const verdict = verdictOf({ state, code, job: job ?? {} });
    if (verdict.again && !settled) return;
    if (this.#tryAgain(task, verdict)) return;
    const forgiven = this.#options.retryFailed === true && this.#inherited.has(place.batch.name) && job !== undefined;
    if (forgiven) this.#forgive(task, verdict);
    else this.#end(task, this.#outcome(name, { ...verdict, state: "failed", exitCode: code, output }));
  }

  /** Whether it has not been under way for a while. */
  #isGone(task: Task): boolean {
    task.missing ??= Date.now();
    return Date.now() - task.missing >= this.#grace;
  }

  get #grace(): number {
    return 2500 * this.#options.settings.poll;
  }

  #tryAgain(task: Task, { again, problem }: Verdict): boolean {
    const { name, job } = task;
    if (!again || job === undefined) return false;
    const mark = markOf(job);
    if (this.#book.fruitless(name, mark) >= this.#options.settings.attempts) return false;
    this.#book.again(name, problem, mark);
    task.missing = undefined;
    this.#tell({ kind: "again", name, reason: problem, attempt: this.#book.attempts(name) + 1 });
    return true;
  }

  /** What an earlier run has submitted and has failed since: the user may have mended the cause, so it counts for nothing. */
  #forgive(task: Task, { problem }: Verdict): void {
    const { name } = task;
    this.#book.again(name, problem);
    this.#book.forget(name);
    task.missing = undefined;
    this.#tell({ kind: "again", name, reason: problem, attempt: 1 });
  }

  #end(task: Task, outcome: JobOutcome): void {
    this.#book.ended(outcome);
    this.#open.delete(task.name);
    this.#ended++;
    task.resolve(outcome);
  }

  #outcome(name: string, facts: Partial<JobOutcome> & Pick<JobOutcome, "state">): JobOutcome {
    const { state, trouble, problem = "", exitCode, output } = facts;
    return { name, state, trouble, problem, exitCode, output, attempts: this.#book.attempts(name) };
  }

  #tellProgress(queue: readonly QueueEntry[]): void {
    const running = queue.filter(({ state }) => state === "R" || state === "CG").length;
    this.#tell({ kind: "progress", pending: this.#open.size - running, running, ended: this.#ended });
  }

  /** Why jobs wait is worth a word where waiting alone does not help. */
  #tellReason(reason: string): void {
    if (/held|Held|BadConstraints|PartitionTimeLimit|PartitionNodeLimit|Dependency|Invalid|DOWN/.test(reason))
      this.#tellOnce({ kind: "waiting", reason });
  }

  #tellOnce(event: SlurmEvent): void {
    const text = JSON.stringify(event);
    if (this.#told.has(text)) return;
    this.#told.add(text);
    this.#tell(event);
  }

  #tell(event: SlurmEvent): void {
    this.#options.onEvent?.(event);
  }
}

/** How far a job with checkpoints has come; undefined where that cannot be told. */
function markOf({ directory, checkpoint }: Job): string | undefined {
  const about = checkpoint === undefined ? undefined : statSync(join(directory, checkpoint), { throwIfNoEntry: false });
  return about && `${about.mtimeMs} ${about.size}`;
}
