/** What is to be done next, from the state alone. */
import type { LearningConfiguration } from "./configuration.js";
import type { EndReason } from "./journal.js";
import {
  currentRound,
  isGivenUp,
  isWaiting,
  type LearningState,
  newWalker,
  type Order,
  ordersOf,
  type RoundState,
  type WalkerState,
} from "./state.js";
import { endOf } from "./stopping.js";

export type Task =
  /** Make the first structures. */
  | { readonly do: "draft" }
  /** All walkers that have something to do in this round. */
  | { readonly do: "explore"; readonly walkers: readonly string[] }
  | { readonly do: "select" }
  | { readonly do: "label"; readonly orders: readonly Order[] }
  | { readonly do: "check" }
  | { readonly do: "fit"; readonly kind: "given" | "scratch" | "warm" }
  | { readonly do: "references" }
  | { readonly do: "measure" }
  | { readonly do: "close" }
  | { readonly do: "end"; readonly reason: EndReason };

export interface Plan {
  readonly configuration: LearningConfiguration;
  /** Names of all walkers. */
  readonly walkers: readonly string[];
}

/** Undefined where the loop has ended. */
export function nextTask(state: LearningState, plan: Plan): Task | undefined {
  const { configuration } = plan;
  if (state.ended !== undefined) return undefined;
  const round = currentRound(state);
  const refused = ordersOf(state, round.round).some((order) => isGivenUp(order, configuration.label.retries));
  if (refused && configuration.label.onFailure === "stop") return { do: "end", reason: "label-failed" };
  return round.round === 0 ? beginning(state, plan) : within(state, plan, round);
}

const waitingOf = (state: LearningState, { configuration }: Plan): Order[] =>
  ordersOf(state, currentRound(state).round).filter((order) => isWaiting(order, configuration.label.retries));

/** Bought in this round. */
const newOnes = (state: LearningState): Order[] =>
  ordersOf(state, currentRound(state).round).filter(({ bought }) => bought);

/** Round 0: the first potential. */
function beginning(state: LearningState, plan: Plan): Task {
  const { data, start } = plan.configuration;
  const round = currentRound(state);
  const fromNothing = data === null && start === null;
  if (fromNothing && round.ordersFile === undefined) return { do: "draft" };
  const waiting = waitingOf(state, plan);
  if (waiting.length > 0) return { do: "label", orders: waiting };
  if (fromNothing && newOnes(state).length === 0) return { do: "end", reason: "label-failed" };
  if (round.fitted === undefined) return { do: "fit", kind: start === null ? "scratch" : "given" };
  return afterFit(state, plan, round);
}

function within(state: LearningState, plan: Plan, round: RoundState): Task {
  const begun = round.steps > 0 || round.handIns.length > 0 || round.ordersFile !== undefined || hasTurned(state);
  if (!begun) {
    const reason = endOf(state, plan);
    if (reason !== undefined) return { do: "end", reason };
  }
  const moving = plan.walkers.filter((name) => isMoving(state.walkers.get(name) ?? newWalker, plan));
  if (moving.length > 0 && round.ordersFile === undefined) return { do: "explore", walkers: moving };
  if (round.ordersFile === undefined && round.handIns.length > 0) return { do: "select" };
  const waiting = waitingOf(state, plan);
  if (waiting.length > 0) return { do: "label", orders: waiting };
  if (newOnes(state).length === 0) return { do: "close" };
  if (round.checked === undefined) return { do: "check" };
  if (round.fitted === undefined) return { do: "fit", kind: fitKind(state, plan) };
  return afterFit(state, plan, round);
}

/** Whether a walker has had a leg in this round, perhaps of no steps. */
const hasTurned = ({ walkers }: LearningState): boolean => [...walkers.values()].some(({ legs }) => legs > 0);

/** Whether a walker has more to do in this round. */
export const isMoving = ({ waits, done, roundSteps }: WalkerState, { configuration }: Plan): boolean =>
  !waits && !done && roundSteps < configuration.explore.stepsPerRound;

function afterFit({ references }: LearningState, { configuration }: Plan, { measured }: RoundState): Task {
  const { properties } = configuration.check;
  if (properties.length > 0 && references === undefined) return { do: "references" };
  if (properties.length > 0 && measured === undefined) return { do: "measure" };
  return { do: "close" };
}

/** From random weights every so many fits, and where there is far more to learn; not where what the first potential knows would be lost. */
function fitKind(state: LearningState, { configuration }: Plan): "scratch" | "warm" {
  const { data, start, refit } = configuration;
  const { fits, learned, learnedFromScratch } = state;
  if (data === null && start !== null) return "warm";
  const every = refit.fromScratchEvery;
  if (every === 1 || (every > 1 && fits > 0 && fits % every === 0)) return "scratch";
  const now = learned + newOnes(state).length;
  return every > 0 && learnedFromScratch > 0 && now >= refit.growth * learnedFromScratch ? "scratch" : "warm";
}
