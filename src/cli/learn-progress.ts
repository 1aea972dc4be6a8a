/** Events of learning as a live view: the stage with its bar, labels bought and left, and a line for what has come out of it. */
import {
  currentRound,
  type LearnEvent,
  type LearningState,
  type LearnRecord,
  type Look,
  type Measured,
  type RoundState,
} from "../learning/index.js";
import { duration, significant } from "../reports/numbers.js";
import type { SetErrors } from "../training/record.js";
import type { Progress } from "./progress.js";

export interface LearningViewOptions {
  /** `budget.labels`; null is no limit. */
  readonly budget: number | null;
  /** Warnings only. */
  readonly quiet: boolean;
  /** Whether γ against step is drawn: on a terminal, not in a log. */
  readonly curves: boolean;
  /** Of the properties, by name. */
  readonly units: Readonly<Record<string, string>>;
}

type RecordEvent = Extract<LearnEvent, { kind: "record" }>;

export class LearningProgress {
  readonly #progress: Progress;
  readonly #options: LearningViewOptions;
  #labels = "";

  constructor(progress: Progress, options: LearningViewOptions) {
    this.#progress = progress;
    this.#options = options;
  }

  show(event: LearnEvent): void {
    if (event.kind === "stage") this.#progress.stage(`round ${event.round}, ${event.stage}: ${event.detail}`);
    else if (event.kind === "progress") this.#progress.update(event.done, event.total, this.#labels);
    else if (event.kind === "warning") this.#progress.note(`Warning: ${event.text}`);
    else this.#record(event);
  }

  #record({ record, state }: RecordEvent): void {
    this.#labels = labelsText(state, this.#options.budget);
    const warning = warningOf(record);
    if (warning !== undefined) this.#progress.note(`Warning: ${warning}`);
    if (this.#options.quiet) return;
    for (const line of linesOf(record, state, this.#options)) this.#progress.note(line);
    if (record.event === "leg" && record.end !== "lost")
      this.#progress.status(`${this.#labels}; ${doubtText(currentRound(state), state)}`);
  }
}

/** "24 labels, 36 left" */
function labelsText({ orders }: LearningState, budget: number | null): string {
  const bought = [...orders.values()].filter((order) => order.bought).length;
  return `${bought} labels${budget === null ? "" : `, ${Math.max(0, budget - bought)} left`}`;
}

/** "1000 steps, 15 of 100 looks in doubt, γ up to 0.134 eV/Å (limit 0.101)" */
function doubtText({ steps, looks, doubtful }: RoundState, { potential }: LearningState): string {
  const all = [...looks.values()].flat();
  const gammas = gammasOf(all);
  const limit = potential?.thresholds.disagreement.collect ?? null;
  const limited = limit === null ? "" : ` (limit ${significant(limit)})`;
  const gamma = gammas.length === 0 ? "" : `, γ up to ${significant(largest(gammas))} eV/Å${limited}`;
  return `${steps} steps, ${doubtful} of ${all.length} looks in doubt${gamma}`;
}

const gammasOf = (looks: readonly Look[]): number[] =>
  looks.flatMap(({ disagreement }) => (disagreement === null ? [] : [disagreement]));

const largest = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b));

function warningOf(record: LearnRecord): string | undefined {
  if (record.event === "failed") return `a calculation has failed (${record.failure.kind}): ${record.failure.problem}`;
  if (record.event === "leg" && record.end === "lost")
    return `walker ${record.walker} is lost. ${record.message ?? ""}`.trimEnd();
  return undefined;
}

/** What a record is worth telling for good; `state` is that after it. */
function linesOf(record: LearnRecord, state: LearningState, { budget, curves, units }: LearningViewOptions): string[] {
  const { round } = currentRound(state);
  switch (record.event) {
    case "ordered":
      return orderedLines(state, { count: record.picks.length, curves });
    case "checked": {
      const errors = errorsText(record.errors);
      const before = errors === "" ? "" : `; on the new ones before learning: ${errors}`;
      return [`Round ${round}: ${labelsText(state, budget)}${before}.`];
    }
    case "fitted": {
      const { train, test } = record.errors;
      const errors = errorsText(test ?? train);
      const where = test === null ? "training set" : "test set";
      const found = errors === "" ? "" : `; ${where}: ${errors}`;
      return [`Round ${round}: fitted (${record.kind}, ${duration(record.seconds)})${found}.`];
    }
    case "measured":
      return [`Round ${round}: ${propertiesText(record.values, state.references ?? {}, units)}.`];
    case "closed":
      return closedLines(state, record.round);
    default:
      return [];
  }
}

function orderedLines(
  state: LearningState,
  { count, curves }: { readonly count: number; readonly curves: boolean },
): string[] {
  const now = currentRound(state);
  const chosen = `${count} structure${count === 1 ? "" : "s"} to label`;
  if (now.round === 0) return [`Round 0: ${chosen}.`];
  return [
    ...(curves ? curvesOf(now, state.potential?.thresholds.disagreement.stop ?? null) : []),
    `Round ${now.round}: ${doubtText(now, state)}; ${chosen}.`,
  ];
}

/** A round in which nothing was to be labelled has no other line. */
function closedLines(state: LearningState, round: number): string[] {
  const closed = state.rounds.find((one) => one.round === round);
  const silent = closed === undefined || round === 0 || closed.ordersFile !== undefined;
  return silent ? [] : [`Round ${round}: ${doubtText(closed, state)}; nothing to label.`];
}

/** "E 3.1 meV/atom, F 0.085 eV/Å" */
function errorsText(errors: SetErrors | null): string {
  const { energy, forces } = errors ?? {};
  return [
    ...(energy === undefined ? [] : [`E ${significant(energy.rmse)} meV/atom`]),
    ...(forces === undefined ? [] : [`F ${significant(forces.rmse)} eV/Å`]),
  ].join(", ");
}

/** "surface-energy 100 0.914 J/m² (reference 0.915)" */
const propertiesText = (values: Measured, references: Measured, units: LearningViewOptions["units"]): string =>
  Object.entries(values)
    .map(([name, value]) => {
      const reference = references[name] ?? null;
      return `${name} ${value === null ? "–" : `${significant(value)} ${units[name] ?? ""}`.trim()}${reference === null ? "" : ` (reference ${significant(reference)})`}`;
    })
    .join(", ");

/** Walkers whose curves are drawn; more would scroll everything else away. */
const MOST_CURVES = 6;
const CURVE_WIDTH = 40;
const blocks = "▁▂▃▄▅▆▇█";

/** γ against step, a line a walker, from 0 to the larger of its largest γ and the limit at which it waits. */
function curvesOf({ looks }: RoundState, stop: number | null): string[] {
  const known = [...looks].filter(([, own]) => gammasOf(own).length > 0);
  const width = Math.max(...known.map(([name]) => name.length));
  return known.slice(0, MOST_CURVES).map(([name, own]) => {
    const gammas = gammasOf(own);
    const top = Math.max(largest(gammas), stop ?? 0);
    const [first, last] = [own[0].step, own[own.length - 1].step];
    return `  γ ${name.padEnd(width)}  ${curve(gammas, top)}  up to ${significant(largest(gammas))} eV/Å, steps ${first} to ${last}`;
  });
}

/** The largest of each stretch. */
function curve(values: readonly number[], top: number): string {
  const stretch = Math.ceil(values.length / CURVE_WIDTH);
  return Array.from({ length: Math.ceil(values.length / stretch) }, (_, k) => {
    const share = top > 0 ? largest(values.slice(k * stretch, (k + 1) * stretch)) / top : 0;
    return blocks[Math.min(blocks.length - 1, Math.floor(share * blocks.length))];
  }).join("");
}
