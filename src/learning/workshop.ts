/** What a loop needs done with files, threads and programs. Whatever a part returns is durable before it returns. */
import type { LearnRecord, Measured } from "./journal.js";
import type { LearningState, Order } from "./state.js";

type RecordOf<E extends LearnRecord["event"]> = Extract<LearnRecord, { event: E }>;

export type LegRecord = RecordOf<"leg">;
export type OutcomeRecord = RecordOf<"labelled" | "failed">;

export interface Workshop {
  /** The first structures, in a file. */
  draft(state: LearningState): Promise<RecordOf<"ordered">>;
  /**
   * The legs of these walkers, side by side, each until it waits, is done or has done its steps of the round. `tell` hears of every leg
   * when its checkpoint and candidates are on disk, and gives the state after it.
   */
  explore(state: LearningState, walkers: readonly string[], tell: (leg: LegRecord) => LearningState): Promise<void>;
  /** Which candidates of the round are labelled. */
  select(state: LearningState): Promise<RecordOf<"ordered">>;
  /** One attempt at each; `tell` hears of every outcome when its labels are on disk. */
  label(state: LearningState, orders: readonly Order[], tell: (outcome: OutcomeRecord) => void): Promise<void>;
  /** The present potential on the labels of the round. */
  check(state: LearningState): Promise<RecordOf<"checked">>;
  fit(state: LearningState, kind: "given" | "scratch" | "warm"): Promise<RecordOf<"fitted">>;
  references(state: LearningState): Promise<Measured>;
  measure(state: LearningState): Promise<Measured>;
  /** Takes away what nobody will need again. */
  tidy(state: LearningState): void;
}

/** Appends durably: when it returns, the record is on disk. */
export interface JournalKeeper {
  /** Of the present part of the run, s. */
  wall(): number;
  append(record: LearnRecord, wall: number): void;
}
