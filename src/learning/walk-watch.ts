/** The watch over a leg of dynamics or Monte Carlo, and what a leg was when its run has ended. */
import {
  type Checkpoint,
  describeVerdict,
  frameOf,
  type GuardOptions,
  isDoubt,
  type Motion,
  type Recorder,
  recorder,
  type Threshold,
  type Verdict,
  Watch,
} from "../dynamics/index.js";
import type { Frame } from "../structure/index.js";
import type { DoubtThresholds } from "./doubt.js";
import type { Candidate, LegEnd } from "./journal.js";
import { type HandedIn, handIn, type Leg, type LegRules, type LegTask, type LookBook } from "./walk.js";

export interface LegWatch {
  readonly rules: LegRules;
  /** Receives candidates. */
  readonly handedIn: HandedIn[];
  /** Step of the run at which the leg begins. */
  readonly first: number;
  readonly guards?: GuardOptions;
}

export function watchOfLeg({ rules, handedIn, first, guards }: LegWatch): Watch {
  const { thresholds, random, every, spacing, closest } = rules;
  return new Watch({
    ...{ thresholds: random ? [] : watched(thresholds), every, spacing },
    collect: (frame) => add(handedIn, frame, { first, why: "doubt", thresholds }),
    guards: { every, minimumDistance: closest, ...guards },
    lastGood: { every, keep: 1 },
  });
}

/** What a leg records: all looks, and for a random selection the structures that it passes. */
export function recordersOfLeg({ rules, handedIn, first }: LegWatch, book: LookBook): Recorder[] {
  const { every, spacing, thresholds, random } = rules;
  const demand = { uncertainty: true, extrapolation: true };
  const looks = recorder("doubt", ({ state }) => book.note(state.step - first, state.evaluation!), { every, demand });
  if (!random) return [looks];
  const pass = ({ state }: Motion): void => add(handedIn, frameOf(state), { first, why: "passed", thresholds });
  return [looks, recorder("passed", pass, { every: spacing, demand })];
}

function add(
  handedIn: HandedIn[],
  frame: Frame,
  { first, why, thresholds }: { first: number; why: Candidate["why"]; thresholds: DoubtThresholds },
): void {
  const one = handIn(frame, { step: Number(frame.info.get("step")) - first, why, thresholds });
  if (one !== undefined) handedIn.push(one);
}

function watched({ disagreement, energySpread, extrapolations }: DoubtThresholds): Threshold[] {
  const quantities = [
    ["disagreement", disagreement],
    ["energy-spread", energySpread],
    ["extrapolations", extrapolations],
  ] as const;
  return quantities.flatMap(([quantity, limits]) =>
    (["collect", "stop"] as const).flatMap((action): Threshold[] => {
      const above = limits[action];
      return above === null ? [] : [{ quantity, above, action }];
    }),
  );
}

export interface EndedRun {
  readonly steps: number;
  readonly verdict: Verdict | undefined;
}

export interface LegFacts {
  readonly task: LegTask;
  readonly book: LookBook;
  readonly handedIn: HandedIn[];
  readonly checkpoint: Checkpoint | undefined;
  readonly first: number;
}

/** The moment at which a walker stopped is handed in; of one that was lost the last sound one, if it is not nonsense itself. */
export function legOfRun({ steps, verdict }: EndedRun, facts: LegFacts): Leg {
  const { task, book, first, checkpoint } = facts;
  const handedIn = [...facts.handedIn];
  const end = endOf(verdict, task);
  const frame = end === "doubt" ? verdict?.frame : verdict?.lastGood.at(-1);
  const known = handedIn.some(({ candidate }) => candidate.step + first === frame?.info.get("step"));
  if (frame !== undefined && !known)
    add(handedIn, frame, { first, why: end === "doubt" ? "doubt" : "lost", thresholds: task.rules.thresholds });
  return {
    ...{ steps, end, handedIn, checkpoint: end === "lost" ? undefined : checkpoint },
    message: verdict === undefined ? undefined : describeVerdict(verdict),
    ...book.summary(steps),
  };
}

/** Doubt beyond what can be learned from has nothing to go on from. */
function endOf(verdict: Verdict | undefined, { rules }: LegTask): LegEnd {
  if (verdict === undefined) return "steps";
  const { discard } = rules.thresholds;
  const nonsense = verdict.reason === "disagreement" && discard !== null && !(verdict.value <= discard);
  return isDoubt(verdict) && !nonsense ? "doubt" : "lost";
}
