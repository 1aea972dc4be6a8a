/** What a loop leaves behind, round by round: plain data for `result.json`, the live view and the report. */
import type { Cost } from "../engines/index.js";
import { countFailures } from "../engines/index.js";
import type { SetErrors } from "../training/record.js";
import type { LearningConfiguration } from "./configuration.js";
import type { DoubtThresholds } from "./doubt.js";
import type { EndReason, FitErrors, Look, Measured } from "./journal.js";
import { isGivenUp, type LearningState, type Order, ordersOf, type RoundState, secondsOf } from "./state.js";

export interface RoundResult {
  readonly round: number;
  /** γ against the walker's step, thinned. */
  readonly walkers: readonly { readonly name: string; readonly looks: readonly Look[] }[];
  readonly steps: number;
  readonly looks: number;
  readonly doubtful: number;
  /** eV/Å; null where nothing was looked at. */
  readonly largestDisagreement: number | null;
  /** Those that held for the walkers of this round. */
  readonly thresholds: DoubtThresholds | null;
  readonly lost: readonly string[];
  readonly bought: number;
  readonly failed: number;
  /** Bought up to here. */
  readonly labels: number;
  /** Of the potential of the round before on this round's labels. */
  readonly before: SetErrors | null;
  readonly fit: { readonly kind: string; readonly seconds: number; readonly errors: FitErrors } | null;
  readonly properties: Measured;
}

export interface LearningResult {
  readonly seed: number;
  /** Null where the loop was interrupted. */
  readonly reason: EndReason | null;
  readonly configuration: LearningConfiguration;
  readonly rounds: readonly RoundResult[];
  readonly labels: number;
  readonly failures: readonly { readonly kind: string; readonly count: number }[];
  readonly cost: Cost;
  /** By property; numbers that were given, and those of the engine. */
  readonly references: Measured;
  /** Wall time of all parts, s. */
  readonly seconds: number;
}

/** Looks of a walker in a round that are kept; more than a plot can show only make the file larger. */
const MOST_LOOKS = 200;

export function learningResult(
  state: LearningState,
  { configuration, references }: { readonly configuration: LearningConfiguration; readonly references: Measured },
): LearningResult {
  const orders = [...state.orders.values()];
  const { retries } = configuration.label;
  const failures = orders.flatMap((order) => (isGivenUp(order, retries) && order.failure ? [order.failure] : []));
  return {
    ...{ seed: state.seed, reason: state.ended ?? null, configuration },
    rounds: state.rounds.filter(hasContent).map((round) => roundResult(state, round, retries)),
    labels: orders.filter(({ bought }) => bought).length,
    failures: countFailures(failures).map(([kind, count]) => ({ kind, count })),
    ...{ cost: state.cost, references: { ...references, ...state.references }, seconds: secondsOf(state) },
  };
}

const hasContent = ({ closed, steps, handIns, fitted, ordersFile }: RoundState): boolean =>
  closed || steps > 0 || handIns.length > 0 || fitted !== undefined || ordersFile !== undefined;

function roundResult(state: LearningState, round: RoundState, retries: number): RoundResult {
  const all = [...round.looks.values()].flat();
  const gammas = all.flatMap(({ disagreement }) => (disagreement === null ? [] : [disagreement]));
  const own = ordersOf(state, round.round);
  const isBought = ({ bought }: Order): boolean => bought;
  const upToHere = [...state.orders.values()].filter((order) => order.round <= round.round && order.bought);
  const { fitted } = round;
  return {
    round: round.round,
    walkers: [...round.looks].map(([name, looks]) => ({ name, looks: thinned(looks) })),
    ...{ steps: round.steps, looks: all.length, doubtful: round.doubtful, lost: round.lost },
    largestDisagreement: gammas.length === 0 ? null : gammas.reduce((a, b) => Math.max(a, b)),
    thresholds: potentialBefore(state, round)?.thresholds ?? null,
    ...{ bought: own.filter(isBought).length, failed: own.filter((order) => isGivenUp(order, retries)).length },
    ...{ labels: upToHere.length, before: round.checked ?? null },
    fit: fitted === undefined ? null : { kind: fitted.kind, seconds: fitted.seconds, errors: fitted.errors },
    properties: round.measured ?? {},
  };
}

/** The potential with which a round's walkers went. */
const potentialBefore = ({ rounds }: LearningState, { round }: RoundState) =>
  rounds.findLast(({ round: other, fitted }) => other < round && fitted !== undefined)?.fitted;

/** Of each stretch the look in most doubt, so that no peak is lost. */
function thinned(looks: readonly Look[]): Look[] {
  const stretch = Math.ceil(looks.length / MOST_LOOKS);
  const size = ({ disagreement }: Look): number => disagreement ?? Number.POSITIVE_INFINITY;
  return Array.from({ length: Math.ceil(looks.length / Math.max(1, stretch)) }, (_, k) =>
    looks.slice(k * stretch, (k + 1) * stretch).reduce((a, b) => (size(b) > size(a) ? b : a)),
  );
}
