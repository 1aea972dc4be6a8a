/**
 * Many structures labelled by an engine, several at a time, and nothing bought twice: what has a record is taken from there, what
 * a killed process has left running is taken up, and failures are results that are kept.
 *
 * The journal says of every attempt that it was begun and what came of it; the records in the directories of the calculations
 * hold the numbers. An attempt whose end is missing in the journal was cut off: its record, if there is one, still counts.
 */
import { join } from "node:path";
import {
  type Calculation,
  type Cost,
  type Failure,
  type FailureKind,
  type Limits,
  totalCost,
} from "../../../engines/index.js";
import type { Structure } from "../../../structure/index.js";
import { writeTrouble } from "../atomic.js";
import { EventLog, type LoggedEvent } from "./event-log.js";
import { directoryName, type KeepingEngine } from "./file-engine.js";

export interface LabellingOptions {
  /** Run directory, which exists and is ours alone; the journal is in it. */
  readonly directory: string;
  /** How often what may have been an accident is tried again. */
  readonly retries: number;
  /** Whether failures of earlier runs are tried again. */
  readonly retryFailed?: boolean;
  /** Of the engine: what ended at a lower limit before is worth another try. */
  readonly limits?: Limits | undefined;
  /** When aborted, nothing new is begun; what runs is waited for. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (progress: LabellingProgress) => void;
  /** A failure that will not be tried again. */
  readonly onFailure?: (failure: Failure, index: number) => void;
}

export interface LabellingProgress {
  readonly done: number;
  readonly total: number;
  readonly failed: number;
}

export interface Labelling {
  /** [structure]; undefined where the run was stopped before. */
  readonly calculations: readonly (Calculation | undefined)[];
  /** Calculations that were computed now, not found. */
  readonly computed: number;
  /** Of all attempts, of earlier runs in this directory too. */
  readonly cost: Cost;
}

/** Accidents; the others come again however often one tries. */
const transient: readonly FailureKind[] = ["crashed", "cut-output", "disconnected"];

/** Each engine does one structure at a time; give the same one several times if it can do more at once. */
export async function labelStructures(
  engines: readonly KeepingEngine[],
  structures: readonly Structure[],
  options: LabellingOptions,
): Promise<Labelling> {
  const run = new LabellingRun(engines, structures, options);
  return await run.execute();
}

/** The same structure, given several times, is one task. */
interface Task {
  readonly key: string;
  readonly structure: Structure;
  readonly indices: number[];
}

class LabellingRun {
  readonly #engines: readonly KeepingEngine[];
  readonly #options: LabellingOptions;
  readonly #journal: EventLog;
  readonly #calculations: (Calculation | undefined)[];
  readonly #tasks: readonly Task[];
  readonly #history: History;
  readonly #fatal = new AbortController();
  #done = 0;
  #failed = 0;
  #computed = 0;

  constructor(engines: readonly KeepingEngine[], structures: readonly Structure[], options: LabellingOptions) {
    this.#engines = engines;
    this.#options = options;
    this.#journal = new EventLog(join(options.directory, "journal.jsonl"));
    this.#history = new History(this.#journal.read());
    this.#calculations = structures.map(() => undefined);
    this.#tasks = tasksOf(engines[0]!, structures);
  }

  async execute(): Promise<Labelling> {
    this.#journal.write({ event: "start", engine: this.#engines[0]!.name, calculations: this.#tasks.length });
    const open = this.#tasks.filter((task) => !this.#found(task));
    let next = 0;
    const work = async (engine: KeepingEngine): Promise<void> => {
      while (next < open.length && !this.#stopped) await this.#label(engine, open[next++]!);
    };
    const results = await Promise.allSettled(this.#engines.map((engine) => work(engine).catch(this.#fall)));
    const error = results.find((result) => result.status === "rejected");
    if (error !== undefined) throw writeTrouble(this.#options.directory, error.reason);
    const complete = this.#calculations.every((calculation) => calculation !== undefined);
    this.#journal.write({ event: complete ? "done" : "stopped", failed: this.#failed });
    return { calculations: this.#calculations, computed: this.#computed, cost: this.#history.cost };
  }

  get #stopped(): boolean {
    return this.#options.signal?.aborted === true || this.#fatal.signal.aborted;
  }

  /** Something that is no result of a calculation (a full disk, a mistake of ours): the others are ended, and the user is told. */
  readonly #fall = (error: unknown): never => {
    this.#fatal.abort();
    throw error;
  };

  /** Whether an earlier run has left a result that stands. */
  #found(task: Task): boolean {
    const earlier = this.#engines[0]!.earlier(task.structure);
    if (earlier === undefined) return false;
    const name = directoryName(task.key);
    // Killed between record and journal.
    if (!this.#history.knows(name, earlier)) this.#note(endOf(name, earlier, this.#options.limits));
    if (!earlier.outcome.converged && this.#worthAnother(earlier.outcome.failure, name)) return false;
    this.#settle(task, earlier);
    return true;
  }

  async #label(engine: KeepingEngine, task: Task): Promise<void> {
    const name = directoryName(task.key);
    for (;;) {
      this.#note({ event: "begin", calculation: name });
      const calculation = await engine.label(task.structure, { name, signal: this.#fatal.signal });
      const { outcome } = calculation;
      if (!outcome.converged && outcome.failure.kind === "cancelled") return;
      this.#computed++;
      this.#note(endOf(name, calculation, this.#options.limits));
      if (outcome.converged || !this.#mayRetry(outcome.failure, name) || this.#stopped)
        return this.#settle(task, calculation);
    }
  }

  #worthAnother(failure: Failure, name: string): boolean {
    const { retryFailed = false, limits } = this.#options;
    if (retryFailed || this.#mayRetry(failure, name)) return true;
    const before = this.#history.limitsOf(name);
    const raised = (now: number | undefined, then: unknown) => typeof then === "number" && (now ?? Infinity) > then;
    if (failure.kind === "time-limit") return raised(limits?.seconds, before.seconds);
    return failure.kind === "memory-limit" && raised(limits?.megabytes, before.megabytes);
  }

  #mayRetry({ kind }: Failure, name: string): boolean {
    return transient.includes(kind) && this.#history.failures(name) <= this.#options.retries;
  }

  #note(event: LoggedEvent): void {
    this.#journal.write(event);
    this.#history.take(event);
  }

  #settle({ indices }: Task, calculation: Calculation): void {
    for (const index of indices) this.#calculations[index] = calculation;
    const { outcome } = calculation;
    this.#done += indices.length;
    if (!outcome.converged) {
      this.#failed += indices.length;
      for (const index of indices) this.#options.onFailure?.(outcome.failure, index);
    }
    this.#options.onProgress?.({ done: this.#done, total: this.#calculations.length, failed: this.#failed });
  }
}

function tasksOf(engine: KeepingEngine, structures: readonly Structure[]): Task[] {
  const tasks = new Map<string, Task>();
  for (const [index, structure] of structures.entries()) {
    const key = engine.keyOf(structure);
    const task = tasks.get(key) ?? { key, structure, indices: [] };
    task.indices.push(index);
    tasks.set(key, task);
  }
  return [...tasks.values()];
}

function endOf(calculation: string, { outcome, cost }: Calculation, limits: Limits | undefined): LoggedEvent {
  if (outcome.converged) return { event: "labelled", calculation, cost };
  const { kind, problem } = outcome.failure;
  return { event: "failed", calculation, kind, problem, limits: limits ?? {}, cost };
}

/** What the journal says of each calculation. */
class History {
  readonly #ends = new Map<string, LoggedEvent[]>();

  constructor(events: readonly LoggedEvent[]) {
    for (const event of events) this.take(event);
  }

  take(event: LoggedEvent): void {
    if (event.event !== "labelled" && event.event !== "failed") return;
    const name = String(event.calculation);
    this.#ends.set(name, [...(this.#ends.get(name) ?? []), event]);
  }

  /** Whether the last end of that calculation is this one. */
  knows(name: string, { outcome }: Calculation): boolean {
    return this.#ends.get(name)?.at(-1)?.event === (outcome.converged ? "labelled" : "failed");
  }

  failures(name: string): number {
    return (this.#ends.get(name) ?? []).filter(({ event }) => event === "failed").length;
  }

  limitsOf(name: string): Limits {
    return (this.#ends.get(name)?.at(-1)?.limits ?? {}) as Limits;
  }

  get cost(): Cost {
    return totalCost([...this.#ends.values()].flat().map(({ cost }) => costOf(cost as Partial<Cost>)));
  }
}

/** JSON leaves out what is undefined. */
const costOf = ({ wallSeconds = 0, cpuSeconds, maxMemory }: Partial<Cost>): Cost => ({
  wallSeconds,
  cpuSeconds,
  maxMemory,
});
