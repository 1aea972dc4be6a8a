/**
 * What the journal of a loop tells beyond its state, for its report: why each structure was chosen and what became of it, what the
 * calculations have cost, which of them failed, and where the time went.
 */
import type { Failure } from "../engines/index.js";
import type { StageName } from "./events.js";
import type { Candidate, JournalLine, LearnRecord } from "./journal.js";
import { isGivenUp, type Order, replay } from "./state.js";

/** Labelled; given up, because it cannot be labelled; or still to be labelled. */
export type PickOutcome = "labelled" | "refused" | "waiting";

export interface CoursePick {
  readonly id: string;
  /** Who found it; "initial" for the first ones. */
  readonly walker: string;
  readonly step: number;
  /** γ, eV/Å; null where it is not known. */
  readonly disagreement: number | null;
  readonly why: Candidate["why"] | "initial";
  readonly outcome: PickOutcome;
}

export interface CourseRound {
  readonly round: number;
  readonly picks: readonly CoursePick[];
  /** Calculations, failed ones and repetitions included. */
  readonly calls: number;
  readonly failedCalls: number;
  /** Of all of them, from start to end, s. */
  readonly seconds: number;
}

export interface FailedCalculation extends Pick<Failure, "kind" | "problem" | "remedy" | "excerpt"> {
  readonly id: string;
  readonly round: number;
  readonly walker: string;
  readonly step: number;
  /** Which calculation of this structure, from 1. */
  readonly attempt: number;
  readonly outcome: PickOutcome;
}

export interface LearningCourse {
  /** Those in which structures were chosen. */
  readonly rounds: readonly CourseRound[];
  /** In the order in which they failed. */
  readonly failed: readonly FailedCalculation[];
  /** Wall time of all parts of the run, s. */
  readonly stages: Readonly<Partial<Record<StageName, number>>>;
}

type RecordOf<E extends LearnRecord["event"]> = Extract<JournalLine, { event: E }>;

/** `retries`: `label.retries` of the configuration. */
export function learningCourse(lines: readonly JournalLine[], retries: number): LearningCourse {
  const { orders } = replay(lines);
  const outcomes = new Map([...orders].map(([id, order]) => [id, outcomeOf(order, retries)]));
  const ended = lines.filter((line) => line.event === "labelled" || line.event === "failed");
  const rounds = lines
    .filter((line) => line.event === "ordered")
    .map(({ round, picks }): CourseRound => {
      const own = ended.filter(({ id }) => orders.get(id)?.round === round);
      return {
        round,
        picks: picks.map(({ group, ...pick }) => ({
          ...{ ...pick, walker: group, why: reasonOf(lines, { round, group, step: pick.step }) },
          outcome: outcomes.get(pick.id)!,
        })),
        calls: own.length,
        failedCalls: own.filter(({ event }) => event === "failed").length,
        seconds: own.reduce((sum, { cost }) => sum + cost.wallSeconds, 0),
      };
    });
  return { rounds, failed: failedOf(lines, { orders, outcomes }), stages: stagesOf(lines) };
}

const outcomeOf = (order: Order, retries: number): PickOutcome =>
  order.bought ? "labelled" : isGivenUp(order, retries) ? "refused" : "waiting";

function reasonOf(
  lines: readonly JournalLine[],
  { round, group, step }: { readonly round: number; readonly group: string; readonly step: number },
): CoursePick["why"] {
  if (round === 0) return "initial";
  const legs = lines.filter((line) => line.event === "leg" && line.round === round && line.walker === group);
  const candidates = legs.flatMap((leg) => (leg as RecordOf<"leg">).candidates);
  const found = candidates.find((candidate) => candidate.step === step);
  if (found === undefined) throw new Error(`nobody has handed in what was chosen of ${group} at step ${step}`);
  return found.why;
}

interface Known {
  readonly orders: ReadonlyMap<string, Order>;
  readonly outcomes: ReadonlyMap<string, PickOutcome>;
}

function failedOf(lines: readonly JournalLine[], { orders, outcomes }: Known): FailedCalculation[] {
  const attempts = new Map<string, number>();
  const failed: FailedCalculation[] = [];
  for (const line of lines) {
    if (line.event !== "labelled" && line.event !== "failed") continue;
    const { id } = line;
    const attempt = (attempts.get(id) ?? 0) + 1;
    attempts.set(id, attempt);
    if (line.event === "labelled") continue;
    const { round, group, step } = orders.get(id)!;
    const { kind, problem, remedy, excerpt } = line.failure;
    const about = { id, round, walker: group, step, attempt, kind, problem, remedy, outcome: outcomes.get(id)! };
    failed.push({ ...about, ...(excerpt === undefined ? {} : { excerpt }) });
  }
  return failed;
}

/** At the end of which stage a record is written. */
const stageOf: Readonly<Partial<Record<LearnRecord["event"], StageName>>> = {
  ...{ leg: "explore", ordered: "select", labelled: "label", failed: "label" },
  ...{ checked: "check", fitted: "fit", references: "measure", measured: "measure" },
};

/**
 * Each record's time since the one before it, whichever walker or label it is of: together they are the wall time. A part of the run
 * begins with a record of its own, at 0.
 */
function stagesOf(lines: readonly JournalLine[]): LearningCourse["stages"] {
  const stages: Partial<Record<StageName, number>> = {};
  let before = 0;
  for (const line of lines) {
    const since = line.wall - before;
    before = line.wall;
    const stage = line.event === "ordered" && line.round === 0 ? "draft" : stageOf[line.event];
    if (stage !== undefined) stages[stage] = (stages[stage] ?? 0) + since;
  }
  return stages;
}
