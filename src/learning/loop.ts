/**
 * The loop: look at the state, do what is next, write down what has happened, fold it into the state. Killed at any moment it is taken
 * up from the journal and does what it would have done.
 */
import type { LearnEvent, StageName } from "./events.js";
import type { LearnRecord } from "./journal.js";
import { nextTask, type Plan, type Task } from "./next.js";
import { currentRound, fold, type LearningState, secondsOf } from "./state.js";
import type { JournalKeeper, Workshop } from "./workshop.js";

export interface LoopParts {
  readonly plan: Plan;
  readonly workshop: Workshop;
  readonly journal: JournalKeeper;
  readonly onEvent: (event: LearnEvent) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Goes on from a state to the end of the loop; returns early, with `ended` undefined, where the signal says so. */
export async function learn(from: LearningState, parts: LoopParts): Promise<LearningState> {
  const loop = new Loop(from, parts);
  return await loop.run();
}

class Loop {
  #state: LearningState;
  readonly #parts: LoopParts;

  constructor(state: LearningState, parts: LoopParts) {
    this.#state = state;
    this.#parts = parts;
  }

  async run(): Promise<LearningState> {
    const { plan, signal } = this.#parts;
    for (;;) {
      if (signal?.aborted === true) return this.#state;
      const task = this.#outOfTime() ?? nextTask(this.#state, plan);
      if (task === undefined) return this.#state;
      await this.#carryOut(task);
    }
  }

  /** Time is looked at between tasks: what has been begun is finished, and paid for. */
  #outOfTime(): Task | undefined {
    const { seconds } = this.#parts.plan.configuration.budget;
    const used = secondsOf({ ...this.#state, partSeconds: this.#parts.journal.wall() });
    if (seconds === null || used < seconds || this.#state.ended !== undefined) return undefined;
    return { do: "end", reason: "seconds" };
  }

  #write(record: LearnRecord): LearningState {
    const { journal, onEvent } = this.#parts;
    const wall = journal.wall();
    journal.append(record, wall);
    this.#state = fold(this.#state, { ...record, wall });
    onEvent({ kind: "record", record, state: this.#state });
    return this.#state;
  }

  #stage(stage: StageName, detail: string): void {
    this.#parts.onEvent({ kind: "stage", stage, round: currentRound(this.#state).round, detail });
  }

  async #carryOut(task: Task): Promise<void> {
    const { workshop } = this.#parts;
    const state = this.#state;
    const { round } = currentRound(state);
    const write = (record: LearnRecord): LearningState => this.#write(record);
    await this.#work(task, { workshop, state, round, write });
  }

  async #work(task: Task, { workshop, state, round, write }: Bench): Promise<unknown> {
    switch (task.do) {
      case "draft":
        this.#stage("draft", "making the first structures");
        return write(await workshop.draft(state));
      case "explore":
        this.#stage("explore", `${task.walkers.length} walker${task.walkers.length === 1 ? "" : "s"}`);
        return await workshop.explore(state, task.walkers, write);
      case "select":
        this.#stage("select", "choosing structures");
        return write(await workshop.select(state));
      case "label":
        this.#stage("label", `${task.orders.length} structure${task.orders.length === 1 ? "" : "s"}`);
        return await workshop.label(state, task.orders, write);
      case "check":
        this.#stage("check", "errors on the new labels before they enter");
        return write(await workshop.check(state));
      case "fit":
        this.#stage("fit", fitDetails[task.kind]);
        return write(await workshop.fit(state, task.kind));
      case "references":
        this.#stage("measure", "properties by the engine");
        return write({ event: "references", values: await workshop.references(state) });
      case "measure":
        this.#stage("measure", "properties");
        return write({ event: "measured", round, values: await workshop.measure(state) });
      case "close":
        write({ event: "closed", round });
        return workshop.tidy(this.#state);
      case "end":
        return write({ event: "ended", reason: task.reason });
    }
  }
}

/** What a task is worked on with. */
interface Bench {
  readonly workshop: Workshop;
  readonly state: LearningState;
  readonly round: number;
  readonly write: (record: LearnRecord) => LearningState;
}

const fitDetails = {
  given: "taking the given potential",
  scratch: "fitting from random weights",
  warm: "fitting on from the last potential",
} as const;
