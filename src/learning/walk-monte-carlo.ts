/** Monte Carlo as a walker: moves of atoms, exchanges of elements, moves of the cell. */
import type { Checkpoint } from "../dynamics/index.js";
import {
  cellMove,
  displacement,
  MonteCarloState,
  type Move,
  restoreSampler,
  Sampler,
  sample,
  swap,
} from "../dynamics/monte-carlo/index.js";
import { RandomStream } from "../math/index.js";
import { gigapascal } from "../units/index.js";
import { type HandedIn, type Leg, type LegTask, LookBook, type WalkPotential } from "./walk.js";
import { legOfRun, recordersOfLeg, watchOfLeg } from "./walk-watch.js";
import type { WalkerOf } from "./walkers.js";

export function walkByMonteCarlo(potential: WalkPotential, walker: WalkerOf<"monte-carlo">, task: LegTask): Leg {
  const { checkpoint, rules, steps } = task;
  const sampler = samplerOf(potential, walker, task);
  if (checkpoint !== undefined) restoreSampler(sampler, checkpoint);
  if (task.otherPotential) sampler.state.recheck();
  const first = sampler.state.step;
  const book = new LookBook(rules);
  const handedIn: HandedIn[] = [];
  const watching = { rules, handedIn, first, guards: { runaway: false } as const };
  let last: Checkpoint | undefined;
  const result = sample(sampler, {
    ...{ steps, recorders: recordersOfLeg(watching, book) },
    watch: { watch: watchOfLeg(watching), every: rules.every },
    checkpoints: {
      every: steps,
      sink: (it) => {
        last = it;
      },
    },
  });
  return legOfRun(result, { task, book, handedIn, checkpoint: last, first });
}

function samplerOf(potential: WalkPotential, walker: WalkerOf<"monte-carlo">, { restarts, rules }: LegTask): Sampler {
  const seed = new RandomStream(walker.seed, `beginning ${restarts}`).integer(2 ** 31);
  const state = new MonteCarloState(walker.structures[0], potential, { seed, minimumDistance: rules.closest });
  const { temperature, pressure } = walker;
  // Sizes adapt for ever: what is wanted are many structures, not averages.
  return new Sampler(state, { temperature, moves: movesOf(walker, pressure), equilibration: Number.MAX_SAFE_INTEGER });
}

function movesOf(walker: WalkerOf<"monte-carlo">, pressure: number | undefined): Move[] {
  return [
    ...(walker.displacement > 0 ? [displacement({ weight: walker.displacement })] : []),
    ...(walker.swap > 0 ? [swap({ weight: walker.swap })] : []),
    ...(pressure !== undefined && walker.cell > 0
      ? [cellMove({ weight: walker.cell, pressure: pressure * gigapascal })]
      : []),
  ];
}
