/** When a loop ends: it has learned enough, or used what it may. Asked between rounds. */
import type { SetErrors } from "../training/record.js";
import type { LearningConfiguration } from "./configuration.js";
import type { EndReason } from "./journal.js";
import { boughtOrders, type LearningState, newWalker, type RoundState } from "./state.js";

/** Rounds in a row in which nothing moved and nothing was labelled. */
const STALLED = 3;

/** Undefined: on to the next round. `walkers`: names of all. */
export function endOf(
  state: LearningState,
  { configuration, walkers }: { readonly configuration: LearningConfiguration; readonly walkers: readonly string[] },
): EndReason | undefined {
  const { budget, stop } = configuration;
  const closed = state.rounds.filter((round) => round.closed);
  const states = walkers.map((name) => state.walkers.get(name) ?? newWalker);
  // What is learned comes before what is used: a loop that ends for both reasons has done its work.
  if (states.every(({ done }) => done)) return "explored";
  if (stop.quiet !== null && isQuiet(states, stop.quiet)) return "quiet";
  if (stop.levelRounds !== null && isLevel(errorSeries(closed), { rounds: stop.levelRounds, ...stop })) return "level";
  if (closed.length > STALLED && closed.slice(-STALLED).every((round) => isIdle(round, state))) return "stalled";
  if (budget.labels !== null && boughtOrders(state).length >= budget.labels) return "labels";
  if (budget.rounds !== null && closed.length - 1 >= budget.rounds) return "rounds";
  return undefined;
}

/** Together, and each walker that is not done by its share: what one has not met for long another may meet all the time. */
function isQuiet(states: readonly { readonly quiet: number; readonly done: boolean }[], steps: number): boolean {
  const share = steps / states.length;
  const together = states.reduce((sum, { quiet }) => sum + quiet, 0);
  return together >= steps && states.every(({ quiet, done }) => done || quiet >= share);
}

function isIdle({ round, steps }: RoundState, { orders }: LearningState): boolean {
  return steps === 0 && ![...orders.values()].some((order) => order.round === round && order.bought);
}

/** Force errors, energies where there are no forces: of the test set, else of the labels of a round before they entered. */
export function errorSeries(rounds: readonly RoundState[]): number[] {
  const tests = rounds.flatMap(({ fitted }) => sizeOf(fitted?.errors.test ?? undefined));
  return tests.length > 0 ? tests : rounds.flatMap(({ checked }) => sizeOf(checked));
}

const sizeOf = (errors: SetErrors | undefined): number[] => {
  const size = errors?.forces?.rmse ?? errors?.energy?.rmse;
  return size === undefined ? [] : [size];
};

/** Whether the best of the last `rounds` is no better, by the share `improvement`, than the best before them. */
export function isLevel(
  series: readonly number[],
  { rounds, improvement }: { readonly rounds: number; readonly improvement: number },
): boolean {
  if (series.length <= rounds) return false;
  const before = Math.min(...series.slice(0, -rounds));
  return Math.min(...series.slice(-rounds)) > (1 - improvement) * before;
}
