/**
 * What was asked of Slurm, in `slurm.jsonl`: a line is on the disk before what it says happens (`submitting`) or counts (the others),
 * so that whoever comes after a killed submitter knows which arrays to look for.
 */
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { writing } from "../atomic.js";
import { EventLog, type LoggedEvent } from "../engines/event-log.js";
import type { Job, JobOutcome } from "./jobs.js";
import { batchFiles, batchScript, taskScript } from "./script.js";
import type { SlurmSettings } from "./settings.js";

export const journalName = "slurm.jsonl";

/** Jobs that were submitted together, as one array. */
export interface Batch {
  readonly directory: string;
  /** Of the array, by which the queue is asked for it. */
  readonly name: string;
  /** Task K is the K-th of them. */
  readonly jobs: readonly string[];
  /** Number of the array; undefined where it is not known whether Slurm has it. */
  id: string | undefined;
  /** When it was last submitted, ms; 0 by an earlier process. */
  asked: number;
}

interface Entry {
  attempts: number;
  /** How far the job had come when it was last given up, and how many attempts had been made before it came that far. */
  mark: string | undefined;
  before: number;
  batch: Batch | undefined;
  outcome: JobOutcome | undefined;
}

export class JobBook {
  readonly #directory: string;
  readonly #log: EventLog;
  readonly #entries = new Map<string, Entry>();
  readonly #batches: Batch[] = [];
  #token = "";

  constructor(directory: string) {
    this.#directory = resolve(directory);
    writing(this.#directory, () => mkdirSync(this.#directory, { recursive: true }));
    this.#log = new EventLog(join(this.#directory, journalName));
    for (const event of this.#log.read()) this.#take(event);
    // Runs in other directories have arrays of their own.
    if (this.#token === "") this.#note({ event: "run", token: randomBytes(4).toString("hex") });
  }

  /** Names of all arrays. */
  get arrays(): string[] {
    return this.#batches.map(({ name }) => name);
  }

  attempts(name: string): number {
    return this.#entries.get(name)?.attempts ?? 0;
  }

  /** Attempts of a job that have not brought it further; `mark` tells how far it is now. */
  fruitless(name: string, mark: string | undefined): number {
    const entry = this.#entries.get(name);
    return entry === undefined || entry.mark !== mark ? 0 : entry.attempts - entry.before;
  }

  /** Where a job was submitted last, if it has not ended or been given up there. */
  batchOf(name: string): Batch | undefined {
    return this.#entries.get(name)?.batch;
  }

  outcomeOf(name: string): JobOutcome | undefined {
    return this.#entries.get(name)?.outcome;
  }

  /** A new batch: its files first, then the line in the journal. Nothing has been submitted yet. */
  begin(jobs: readonly Job[], settings: SlurmSettings): Batch {
    const number = this.#batches.length + 1;
    const directory = join(this.#directory, `batch-${number}`);
    writing(directory, () => {
      rmSync(directory, { recursive: true, force: true });
      mkdirSync(directory);
      writeFileSync(join(directory, batchFiles.name), `${this.#arrayName(number)}\n`);
      writeFileSync(join(directory, batchFiles.script), batchScript(directory, settings));
      for (const [k, job] of jobs.entries())
        writeFileSync(
          join(directory, batchFiles.task(k + 1)),
          taskScript({ ...job, directory: resolve(job.directory) }, settings),
        );
    });
    this.#note({ event: "submitting", batch: number, jobs: jobs.map(({ name }) => name) });
    return this.#batches.at(-1)!;
  }

  submitted(batch: Batch, id: string): void {
    this.#note({ event: "submitted", batch: this.#batches.indexOf(batch) + 1, id });
  }

  /** Slurm will never take the batch: its jobs are as if they had not been submitted. */
  refused(batch: Batch): void {
    this.#note({ event: "refused", batch: this.#batches.indexOf(batch) + 1 });
  }

  /** The job is to be submitted anew, and is left alone where it was. */
  again(name: string, reason: string, mark?: string): void {
    const batch = this.batchOf(name);
    if (batch !== undefined) {
      const left = join(batch.directory, batchFiles.left(batch.jobs.indexOf(name) + 1));
      writing(left, () => writeFileSync(left, ""));
    }
    this.#note({ event: "again", job: name, reason, ...(mark === undefined ? {} : { mark }) });
  }

  ended(outcome: JobOutcome): void {
    this.#note({ event: "ended", job: outcome.name, outcome });
  }

  /** A job of that name from now on has nothing to do with those before. */
  forget(name: string): void {
    if (this.#entries.has(name)) this.#note({ event: "forgotten", job: name });
  }

  #note(event: LoggedEvent): void {
    this.#log.write(event);
    this.#take(event);
  }

  #take(event: LoggedEvent): void {
    const name = String(event.job);
    if (event.event === "run") this.#token = String(event.token);
    else if (event.event === "submitting") this.#takeBatch(event.jobs as string[]);
    else if (event.event === "submitted") this.#batches[Number(event.batch) - 1]!.id = String(event.id);
    else if (event.event === "refused") this.#takeRefusal(this.#batches[Number(event.batch) - 1]!);
    else if (event.event === "again") this.#takeAgain(this.#entryOf(name), event.mark as string | undefined);
    else if (event.event === "forgotten") this.#entries.delete(name);
    else if (event.event === "ended") {
      const entry = this.#entryOf(name);
      entry.batch = undefined;
      entry.outcome = event.outcome as JobOutcome;
    }
  }

  #takeAgain(entry: Entry, mark: string | undefined): void {
    entry.batch = undefined;
    if (entry.mark === mark) return;
    entry.mark = mark;
    entry.before = entry.attempts;
  }

  #arrayName(number: number): string {
    return `potluck-${this.#token}-${number}`;
  }

  #takeBatch(jobs: readonly string[]): void {
    const number = this.#batches.length + 1;
    const directory = join(this.#directory, `batch-${number}`);
    const batch: Batch = { directory, name: this.#arrayName(number), jobs, id: undefined, asked: 0 };
    this.#batches.push(batch);
    for (const job of jobs) {
      const entry = this.#entryOf(job);
      entry.attempts++;
      entry.batch = batch;
      entry.outcome = undefined;
    }
  }

  #takeRefusal({ jobs }: Batch): void {
    for (const job of jobs) {
      const entry = this.#entryOf(job);
      entry.attempts--;
      entry.batch = undefined;
    }
  }

  #entryOf(name: string): Entry {
    const entry = this.#entries.get(name) ?? {
      ...{ attempts: 0, mark: undefined, before: 0 },
      ...{ batch: undefined, outcome: undefined },
    };
    this.#entries.set(name, entry);
    return entry;
  }
}

/** The array that a batch belongs to, once a task of it has started. */
export function ownerOf({ directory }: Batch): string | undefined {
  return textIn(directory, batchFiles.owner)?.trim() || undefined;
}

/** Exit code of a task; undefined where it has not come to its end. */
export function endCodeOf({ directory }: Batch, index: number): number | undefined {
  const text = textIn(directory, batchFiles.end(index));
  return text === undefined || !/^\d+\n$/.test(text) ? undefined : Number(text);
}

function textIn(directory: string, name: string): string | undefined {
  try {
    return readFileSync(join(directory, name), "latin1");
  } catch {
    return undefined;
  }
}
