/** Walkers side by side, each in a thread of its own: leg after leg, until it waits for the others. */
import {
  currentRound,
  isMoving,
  type LearningState,
  type Leg,
  type LegRecord,
  newWalker,
  type Walker,
} from "../../learning/index.js";
import { wrap } from "../../structure/index.js";
import { type LearnContext, presentPotential } from "./learn-context.js";
import type { PotentialFile } from "./learn-worker-messages.js";

export interface Exploration {
  readonly walkers: readonly string[];
  readonly tell: (leg: LegRecord) => LearningState;
}

export async function exploreWith(
  context: LearnContext,
  state: LearningState,
  { walkers, tell }: Exploration,
): Promise<void> {
  const potential = presentPotential(context, state);
  const { pool, threads, signal } = context;
  // Of all walkers, not of those that move: a resumed round must share out the threads as an unbroken one.
  const side = Math.min(context.plan.walkers.length, pool.size);
  const hall: Hall = { context, potential, threads: Math.max(1, Math.floor(threads / side)), tell, now: state };
  const outcomes = await Promise.allSettled(
    walkers.map(async (name) => {
      const plan = { configuration: context.plan.configuration, walkers };
      while (signal?.aborted !== true && isMoving(hall.now.walkers.get(name) ?? newWalker, plan))
        await oneLeg(hall, name);
    }),
  );
  const failed = outcomes.find((outcome) => outcome.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

interface Hall {
  readonly context: LearnContext;
  readonly potential: PotentialFile;
  /** Of each walker. */
  readonly threads: number;
  readonly tell: Exploration["tell"];
  now: LearningState;
}

async function oneLeg(hall: Hall, name: string): Promise<void> {
  const { context, potential, threads } = hall;
  const { plan, directory, pool } = context;
  const { explore, doubt, select } = plan.configuration;
  const walker = plan.walkers.find((one) => one.name === name)!;
  const before = hall.now.walkers.get(name) ?? newWalker;
  const { checkpoint, restarts, checkpointRound } = before;
  const { round } = currentRound(hall.now);
  const leg = await pool.run({
    ...{ kind: "leg", potential, threads },
    task: {
      ...{ walker, restarts, steps: stepsOf(walker, before, explore) },
      checkpoint:
        checkpoint === undefined ? undefined : directory.readCheckpoint(checkpoint, `${plan.identity} ${name}`),
      otherPotential: checkpoint !== undefined && checkpointRound !== round,
      rules: {
        thresholds: hall.now.potential!.thresholds,
        ...{ every: doubt.every, spacing: doubt.spacing, closest: plan.closest, random: select.method === "random" },
      },
    },
  });
  hall.now = hall.tell(recordOf(leg, { context, round, walker, legs: before.legs, offset: before.steps }));
}

/** No more than a checkpoint's worth, what is left of the round, and of the walker's own steps. */
function stepsOf(
  { steps }: Walker,
  before: typeof newWalker,
  { stepsPerRound, checkpoint }: LearnContext["plan"]["configuration"]["explore"],
): number {
  return Math.max(1, Math.min(checkpoint, stepsPerRound - before.roundSteps, steps - before.steps));
}

interface Facts {
  readonly context: LearnContext;
  readonly round: number;
  readonly walker: Walker;
  /** Of this walker in this round before this one. */
  readonly legs: number;
  /** Steps of the walker before the leg. */
  readonly offset: number;
}

/** Files first, then the record that names them. */
function recordOf(leg: Leg, { context, round, walker, legs, offset }: Facts): LegRecord {
  const { directory, plan } = context;
  const name = directory.ofRound(round, `legs/${walker.name}-${legs + 1}`);
  const { handedIn, checkpoint, message } = leg;
  if (checkpoint !== undefined)
    directory.writeCheckpoint(`${name}.plmd`, checkpoint, `${plan.identity} ${walker.name}`);
  if (handedIn.length > 0)
    directory.writeFrames(
      `${name}.extxyz`,
      handedIn.map(({ frame }) => ({
        ...frame,
        structure: frame.structure.cell === undefined ? frame.structure : wrap(frame.structure),
      })),
    );
  const finished = leg.end === "steps" && offset + leg.steps >= walker.steps;
  return {
    ...{ event: "leg", round, walker: walker.name, steps: leg.steps, end: finished ? "done" : leg.end },
    ...(message === undefined ? {} : { message }),
    ...(checkpoint === undefined ? {} : { checkpoint: `${name}.plmd` }),
    ...(handedIn.length === 0 ? {} : { file: `${name}.extxyz` }),
    candidates: handedIn.map(({ candidate }) => ({ ...candidate, step: offset + candidate.step })),
    looks: leg.looks.map((look) => ({ ...look, step: offset + look.step })),
    ...{ doubtful: leg.doubtful, quiet: leg.quiet },
  };
}
