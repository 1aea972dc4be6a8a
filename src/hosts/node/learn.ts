/**
 * Learning on the fly in a run directory: taken up from its journal wherever it was when its process was killed, so that no label is
 * bought twice, none is lost, and the result is that of an unbroken run.
 */
import { availableParallelism } from "node:os";
import { stringify } from "yaml";
import { InputError } from "../../errors/index.js";
import {
  type Execution,
  ExecutionStopped,
  JOURNAL_VERSION,
  type JournalKeeper,
  type JournalLine,
  type LearnEvent,
  type LearningConfiguration,
  type LearningResult,
  type LearningState,
  type LearnRecord,
  learn,
  learningResult,
  replay,
} from "../../learning/index.js";
import type { Potential } from "../../potentials/index.js";
import { type UnitSystem, unitSystem } from "../../units/index.js";
import { createEngine, EventLog, type KeepingEngine, lockDirectory } from "./engines/index.js";
import { JobQueue } from "./job-queue.js";
import { LearnDirectory } from "./learn-directory.js";
import { executionFor } from "./learn-execution.js";
import { type LearnPlan, planLearning } from "./learn-plan.js";
import { reportOfRun } from "./learn-report.js";
import type { LearnJob, LearnOutcomes } from "./learn-worker-messages.js";
import { NodeWorkshop } from "./learn-workshop.js";
import type { PotentialSource } from "./potential-source.js";
import { openSimulationPotential } from "./simulate-potential.js";
import { startRunDirectory } from "./train-journal.js";

export { learnFiles } from "./learn-directory.js";
export { discardLearningJobs } from "./learn-execution.js";

export interface LearnOptions {
  /** Run directory; made if need be. */
  readonly directory: string;
  /** Whether a run that is there is gone on with; otherwise it is an error. */
  readonly resume: boolean;
  readonly onEvent: (event: LearnEvent) => void;
  /** Ends the run in order: what has been begun is cut off where that costs nothing. */
  readonly signal?: AbortSignal | undefined;
  /** Where labels and fits are computed. Default: here. */
  readonly execution?: (parts: { readonly engine: KeepingEngine; readonly plan: LearnPlan }) => Execution;
}

/** Throws InputError for what the user must mend; everything up to there is kept. `reason` is null where the signal ended it. */
export async function learnOnTheFly(
  configuration: LearningConfiguration,
  options: LearnOptions,
): Promise<LearningResult> {
  const plan = await planLearning(configuration);
  startRunDirectory(options.directory);
  const release = lockDirectory(options.directory);
  try {
    return await new LearningRun(plan, options).execute();
  } finally {
    release();
  }
}

class LearningRun {
  readonly #plan: LearnPlan;
  readonly #options: LearnOptions;
  readonly #directory: LearnDirectory;
  readonly #log: EventLog;
  readonly #started = performance.now();

  constructor(plan: LearnPlan, options: LearnOptions) {
    this.#plan = plan;
    this.#options = options;
    this.#directory = new LearnDirectory(options.directory);
    this.#log = new EventLog(this.#directory.path("journal.jsonl"));
  }

  async execute(): Promise<LearningResult> {
    const { configuration } = this.#plan;
    const state = this.#takeUp();
    const threads = configuration.threads ?? availableParallelism();
    const pool = new JobQueue<LearnJob, LearnOutcomes>({ size: threads, worker: "hosts/node/learn-worker.js" });
    const { engine, teacher, close } = await this.#engine();
    const { onEvent, signal } = this.#options;
    const parts = { engine, plan: this.#plan, directory: this.#directory.root, onEvent, signal };
    const execution = this.#options.execution?.(parts) ?? executionFor(parts);
    const workshop = new NodeWorkshop({
      ...{ plan: this.#plan, directory: this.#directory, engine, teacher, execution, pool, threads, onEvent, signal },
    });
    let last = state;
    try {
      const journal = this.#keeper();
      const plan = { configuration, walkers: this.#plan.walkers.map(({ name }) => name) };
      const hear = (event: LearnEvent): void => {
        if (event.kind === "record") last = event.state;
        onEvent(event);
      };
      last = await learn(state, { plan, workshop, journal, onEvent: hear, signal });
    } catch (error) {
      if (!(error instanceof ExecutionStopped)) throw error;
    } finally {
      await Promise.all([pool.close(), execution.close(), close()]);
    }
    return await this.#finish(last, threads);
  }

  /** The state so far, with this process written down as the part that goes on. */
  #takeUp(): LearningState {
    const { configuration, identity } = this.#plan;
    const earlier = this.#log.read() as unknown as JournalLine[];
    const state = replay(earlier);
    if (state.identity !== undefined) {
      if (!this.#options.resume) throw runExists(this.#options.directory);
      if (state.identity !== identity) throw otherRun(this.#options.directory);
    } else {
      this.#directory.write("config.yaml", stringify(configuration));
      this.#append({ event: "begin", version: JOURNAL_VERSION, identity, seed: configuration.seed });
    }
    this.#append({ event: "part" });
    return replay(this.#log.read() as unknown as JournalLine[]);
  }

  #append(record: LearnRecord, wall = 0): void {
    this.#log.write({ ...record, wall });
  }

  #keeper(): JournalKeeper {
    return {
      wall: () => Math.round(performance.now() - this.#started) / 1000,
      append: (record, wall) => this.#append(record, wall),
    };
  }

  async #engine(): Promise<{ engine: KeepingEngine; teacher: Potential | undefined; close: () => Promise<void> }> {
    const { engine: source, units } = this.#plan.configuration;
    const system = unitSystem(units.length, units.energy);
    const limits = {
      ...(source.seconds === null ? {} : { seconds: source.seconds }),
      ...(source.megabytes === null ? {} : { megabytes: source.megabytes }),
    };
    const directory = this.#directory.calculations;
    const engine = await createEngine(source.kind, source.settings, {
      directory,
      limits,
      warm: source.warm,
      units: system,
    });
    const asked = this.#plan.measures.some(({ configuration: { reference } }) => reference === "engine");
    if (!asked) return { engine, teacher: undefined, close: async () => {} };
    const teacher = await openTeacher(source.settings.potential, system);
    return { engine, teacher, close: () => teacher.close() };
  }

  async #finish(state: LearningState, threads: number): Promise<LearningResult> {
    const { configuration, references } = this.#plan;
    const result = learningResult(state, { configuration, references });
    this.#directory.write("result.json", `${JSON.stringify(result, null, 1)}\n`);
    const journal = this.#log.read() as unknown as JournalLine[];
    const parts = { plan: this.#plan, directory: this.#directory, journal, threads };
    this.#directory.write("report.html", await reportOfRun(result, parts));
    return result;
  }
}

const openTeacher = (potential: unknown, units: UnitSystem) =>
  openSimulationPotential(potential as PotentialSource, { units, threads: 1, atoms: 0 });

const runExists = (directory: string): InputError =>
  new InputError({
    code: "run-exists",
    where: { file: directory },
    problem: "There is a run in this directory already.",
    remedy: "Go on with it (--resume), or give another directory.",
  });

const otherRun = (directory: string): InputError =>
  new InputError({
    code: "other-run",
    where: { file: directory },
    problem: "The run in this directory was begun with another configuration, other data or other structures.",
    expected: "The same; budgets, stop rules, limits, threads and where it runs may change.",
    remedy: "Put them back as they were, or give another directory.",
  });
