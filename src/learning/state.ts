/**
 * Where a loop is: a fold over its journal. The same records give the same state, whatever the order in which walkers and labels of one
 * round have come in.
 */
import { type Cost, type Failure, type FailureKind, noCost, totalCost } from "../engines/index.js";
import type { SetErrors } from "../training/record.js";
import type { DoubtThresholds } from "./doubt.js";
import type { Candidate, EndReason, FitErrors, JournalLine, LearnRecord, Look, Measured, Pick } from "./journal.js";

export interface Order extends Pick {
  readonly round: number;
  readonly bought: boolean;
  /** That have failed. */
  readonly attempts: number;
  /** Of the last attempt; undefined once it is bought. */
  readonly failure: Failure | undefined;
}

export interface WalkerState {
  /** Of all rounds. */
  readonly steps: number;
  /** Of this round. */
  readonly roundSteps: number;
  readonly legs: number;
  /** Whether it has nothing more to do in this round, and in the whole loop. */
  readonly waits: boolean;
  readonly done: boolean;
  /** How often it has begun anew. */
  readonly restarts: number;
  readonly checkpoint: string | undefined;
  /** Round whose potential wrote the checkpoint. */
  readonly checkpointRound: number;
  /** Steps since it was last in doubt. */
  readonly quiet: number;
}

/** A leg's hand-in, for the selection. */
export interface HandIn {
  readonly walker: string;
  /** Of this walker in this round, from 0. */
  readonly leg: number;
  readonly file: string;
  readonly candidates: readonly Candidate[];
}

export interface FittedPotential {
  readonly round: number;
  readonly kind: "given" | "scratch" | "warm";
  readonly file: string;
  readonly digest: string;
  readonly elements: readonly number[];
  readonly errors: FitErrors;
  readonly thresholds: DoubtThresholds;
  readonly seconds: number;
}

/** What is known of a round; the first one, 0, has no walkers. */
export interface RoundState {
  readonly round: number;
  /** By walker, in the order of their steps. */
  readonly looks: ReadonlyMap<string, readonly Look[]>;
  readonly steps: number;
  readonly doubtful: number;
  readonly handIns: readonly HandIn[];
  readonly lost: readonly string[];
  /** Undefined before the selection. */
  readonly ordersFile: string | undefined;
  readonly checked: SetErrors | undefined;
  readonly fitted: FittedPotential | undefined;
  readonly measured: Measured | undefined;
  readonly closed: boolean;
}

export interface LearningState {
  readonly identity: string | undefined;
  readonly seed: number;
  /** The one that goes on is the last. */
  readonly rounds: readonly RoundState[];
  /** By id, in the order in which they were picked. */
  readonly orders: ReadonlyMap<string, Order>;
  readonly walkers: ReadonlyMap<string, WalkerState>;
  readonly potential: FittedPotential | undefined;
  /** Fits from random weights or from the last, given ones left out. */
  readonly fits: number;
  /** Structures that the last potential has learned, and the last one from random weights; 0 where that is not known. */
  readonly learned: number;
  readonly learnedFromScratch: number;
  readonly pairs: readonly (readonly [number, number])[];
  readonly references: Measured | undefined;
  /** Of all calculations, failed ones too. */
  readonly cost: Cost;
  /** Wall time of the parts before the last, and of the last up to its last record, s. */
  readonly earlierSeconds: number;
  readonly partSeconds: number;
  readonly ended: EndReason | undefined;
}

const newRound = (round: number): RoundState => ({
  ...{ round, looks: new Map(), steps: 0, doubtful: 0, handIns: [], lost: [] },
  ...{ ordersFile: undefined, checked: undefined, fitted: undefined, measured: undefined, closed: false },
});

export const newWalker: WalkerState = {
  ...{ steps: 0, roundSteps: 0, legs: 0, waits: false, done: false, restarts: 0 },
  ...{ checkpoint: undefined, checkpointRound: -1, quiet: 0 },
};

export const emptyState: LearningState = {
  ...{ identity: undefined, seed: 0, rounds: [newRound(0)], orders: new Map(), walkers: new Map() },
  ...{
    potential: undefined,
    fits: 0,
    learned: 0,
    learnedFromScratch: 0,
    pairs: [],
    references: undefined,
    cost: noCost,
  },
  ...{ earlierSeconds: 0, partSeconds: 0, ended: undefined },
};

export const replay = (lines: Iterable<JournalLine>): LearningState => {
  let state = emptyState;
  for (const line of lines) state = fold(state, line);
  return state;
};

export const currentRound = ({ rounds }: LearningState): RoundState => rounds[rounds.length - 1];

/** The state after a record. */
export function fold(before: LearningState, line: JournalLine): LearningState {
  const state = { ...before, partSeconds: line.wall };
  switch (line.event) {
    case "begin":
      return { ...state, identity: line.identity, seed: line.seed };
    case "part":
      return { ...afresh(state), earlierSeconds: before.earlierSeconds + before.partSeconds };
    case "ordered":
      return withOrders(state, line);
    case "leg":
      return withLeg(state, line);
    case "labelled":
    case "failed":
      return withOutcome(state, line);
    case "checked":
      return { ...inRound(state, { checked: line.errors }), pairs: [...state.pairs, ...line.pairs] };
    case "fitted":
      return withPotential(state, line);
    case "measured":
      return inRound(state, { measured: line.values });
    case "references":
      return { ...state, references: line.values };
    case "closed":
      return withNextRound(state);
    case "ended":
      return { ...state, ended: line.reason };
  }
}

/** What has failed is tried again by a new part of the run: its user has perhaps mended something. */
function afresh(state: LearningState): LearningState {
  if (state.ended !== "label-failed") return { ...state, ended: undefined };
  const { round } = currentRound(state);
  const again = (order: Order): Order =>
    order.round === round ? { ...order, attempts: 0, failure: undefined } : order;
  return { ...state, orders: new Map([...state.orders].map(([id, order]) => [id, again(order)])), ended: undefined };
}

function inRound(state: LearningState, changes: Partial<RoundState>): LearningState {
  return { ...state, rounds: [...state.rounds.slice(0, -1), { ...currentRound(state), ...changes }] };
}

type RecordOf<E extends LearnRecord["event"]> = Extract<LearnRecord, { event: E }>;

function withOrders(state: LearningState, { round, file, picks }: RecordOf<"ordered">): LearningState {
  const orders = new Map(state.orders);
  for (const pick of picks) orders.set(pick.id, { ...pick, round, bought: false, attempts: 0, failure: undefined });
  return inRound({ ...state, orders }, { ordersFile: file });
}

function withOutcome(state: LearningState, line: RecordOf<"labelled" | "failed">): LearningState {
  const order = state.orders.get(line.id);
  if (order === undefined) throw new Error(`the journal has an outcome of ${line.id}, which was not ordered`);
  const cost = totalCost([state.cost, line.cost]);
  const outcome: Order =
    line.event === "labelled"
      ? { ...order, bought: true, failure: undefined }
      : { ...order, attempts: order.attempts + 1, failure: line.failure };
  return { ...state, cost, orders: new Map(state.orders).set(line.id, outcome) };
}

function withLeg(state: LearningState, line: RecordOf<"leg">): LearningState {
  const round = currentRound(state);
  const before = state.walkers.get(line.walker) ?? newWalker;
  const lost = line.end === "lost";
  const walker: WalkerState = {
    steps: before.steps + line.steps,
    roundSteps: before.roundSteps + line.steps,
    legs: before.legs + 1,
    waits: line.end !== "steps",
    done: line.end === "done",
    restarts: before.restarts + (lost ? 1 : 0),
    checkpoint: lost ? undefined : (line.checkpoint ?? before.checkpoint),
    checkpointRound: round.round,
    quiet: line.doubtful > 0 ? line.quiet : before.quiet + line.steps,
  };
  const looks = new Map(round.looks).set(line.walker, [...(round.looks.get(line.walker) ?? []), ...line.looks]);
  const handIn: HandIn[] =
    line.file === undefined
      ? []
      : [{ walker: line.walker, leg: before.legs, file: line.file, candidates: line.candidates }];
  return inRound(
    { ...state, walkers: new Map(state.walkers).set(line.walker, walker) },
    {
      looks,
      steps: round.steps + line.steps,
      doubtful: round.doubtful + line.doubtful,
      handIns: [...round.handIns, ...handIn],
      lost: lost ? [...round.lost, line.walker] : round.lost,
    },
  );
}

function withPotential(
  state: LearningState,
  { event: _, wall: __, ...potential }: RecordOf<"fitted"> & { wall: number },
): LearningState {
  const learned = potential.errors.train?.structures ?? 0;
  return {
    ...inRound(state, { fitted: potential }),
    ...{ potential, learned, fits: state.fits + (potential.kind === "given" ? 0 : 1) },
    learnedFromScratch: potential.kind === "warm" ? state.learnedFromScratch : learned,
  };
}

/** Walkers that waited go on. */
function withNextRound(state: LearningState): LearningState {
  const walkers = new Map(
    [...state.walkers].map(([name, w]) => [name, { ...w, roundSteps: 0, legs: 0, waits: w.done }]),
  );
  const closed = inRound(state, { closed: true });
  return { ...closed, walkers, rounds: [...closed.rounds, newRound(currentRound(state).round + 1)] };
}

/** Failures with which the same input may do better another time. */
const passing: readonly FailureKind[] = ["crashed", "cut-output", "disconnected"];

/** Whether an order that has failed is given up. */
export const isGivenUp = ({ attempts, failure }: Order, retries: number): boolean =>
  failure !== undefined && (attempts > retries || !passing.includes(failure.kind));

/** Neither bought nor given up. */
export const isWaiting = (order: Order, retries: number): boolean => !order.bought && !isGivenUp(order, retries);

export const ordersOf = (state: LearningState, round: number): Order[] =>
  [...state.orders.values()].filter((order) => order.round === round);

/** In the order in which they were picked. */
export const boughtOrders = (state: LearningState): Order[] =>
  [...state.orders.values()].filter(({ bought }) => bought);

/** Wall time of all parts up to the last record, s. */
export const secondsOf = ({ earlierSeconds, partSeconds }: LearningState): number => earlierSeconds + partSeconds;
