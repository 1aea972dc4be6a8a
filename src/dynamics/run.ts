/**
 * A run: the explicit loop with recorders, watch and checkpoints around it. Whoever wants another loop writes it:
 *
 *   for (let n = 0; n < 1000; n++) motion.step();
 *
 * `course` goes step by step and rests now and then; `run` goes through at once; `runWithPauses` lets others work in between.
 */
import { InputError } from "../errors/index.js";
import { allOf, type Demand } from "../potentials/potential.js";
import { type Advice, adviseTimestep } from "./advice.js";
import { type Checkpoint, save } from "./checkpoint.js";
import { checkCounts, type Motion } from "./motion.js";
import { temperature } from "./observables.js";
import { checkRecorders, type Recorder } from "./recorders.js";
import type { Tally } from "./thresholds.js";
import { isDoubt, type Verdict } from "./verdict.js";
import { Watch } from "./watch.js";

export interface RunOptions {
  /** Steps to take. */
  readonly steps: number;
  readonly recorders?: readonly Recorder[];
  /** Default: guards against nonsense, and no thresholds. */
  readonly watch?: Watch;
  /** Takes checkpoints: every so many steps, at the end, and when cancelled; never of a state that a guard has condemned. */
  readonly checkpoints?: { readonly every: number; readonly sink: (checkpoint: Checkpoint) => void };
  /** Whether the state at the start is looked at too. Default: at step 0 it is, later (a resumed run) not. */
  readonly lookAtStart?: boolean;
  /** Asked at every rest: true ends the run there. */
  readonly cancelled?: () => boolean;
  /** Steps between two rests. Default 100. */
  readonly restEvery?: number;
}

/** Where a run is, at a rest. */
export interface Progress {
  /** Steps of this run that are done, and all of them. */
  readonly done: number;
  readonly steps: number;
  readonly step: number;
  /** fs */
  readonly time: number;
  /** K */
  readonly temperature: number;
}

export interface RunResult {
  /** All steps done; ended by the watch (see `verdict`); cancelled. */
  readonly reason: "finished" | "stopped" | "cancelled";
  readonly verdict: Verdict | undefined;
  /** Steps of this run that were done. */
  readonly steps: number;
  /** Thresholds that were passed. */
  readonly tallies: readonly Tally[];
  /** On the length of the time step. */
  readonly advice: Advice | undefined;
}

/** The run to its end. */
export function run(motion: Motion, options: RunOptions): RunResult {
  const walk = course(motion, options);
  for (;;) {
    const next = walk.next();
    if (next.done === true) return next.value;
  }
}

/** The run to its end, with `pause` awaited at every rest, so that a page stays alive and an interruption is heard. */
export async function runWithPauses(
  motion: Motion,
  options: RunOptions,
  pause: (progress: Progress) => Promise<void>,
): Promise<RunResult> {
  const walk = course(motion, options);
  for (;;) {
    const next = walk.next();
    if (next.done === true) return next.value;
    await pause(next.value);
  }
}

/** The run as a generator that rests now and then. Throws an InputError if two recorders have one name. */
export function* course(motion: Motion, options: RunOptions): Generator<Progress, RunResult, void> {
  const { recorders = [], watch = new Watch(), restEvery = 100, steps, checkpoints } = options;
  const { state } = motion;
  checkRecorders(recorders);
  checkCounts({
    "steps of the run": steps,
    "steps between rests": restEvery,
    "steps between checkpoints": checkpoints?.every ?? 1,
  });
  const scene: Scene = { motion, recorders, watch, checkpoints };
  const ended = (reason: RunResult["reason"], done: number, verdict?: Verdict): RunResult => {
    if (verdict === undefined || isDoubt(verdict)) saveTo(scene);
    const advice = adviseTimestep(state.system, motion.timestep);
    return { reason, verdict, steps: done, tallies: watch.tallies, advice };
  };
  if (options.lookAtStart ?? state.step === 0) {
    state.evaluate(demandAt(scene, state.step));
    const verdict = lookAround(scene);
    if (verdict !== undefined) return ended("stopped", 0, verdict);
  }
  for (let done = 1; done <= steps; done++) {
    const verdict = stepOnce(scene);
    if (verdict !== undefined) return ended("stopped", done, verdict);
    if (done < steps && checkpoints !== undefined && state.step % checkpoints.every === 0) saveTo(scene);
    if (done % restEvery !== 0 && done < steps) continue;
    yield { done, steps, step: state.step, time: state.time, temperature: temperature(state) };
    if (done < steps && options.cancelled?.() === true) return ended("cancelled", done);
  }
  return ended("finished", steps);
}

/** All that takes part in a run. */
interface Scene {
  readonly motion: Motion;
  readonly recorders: readonly Recorder[];
  readonly watch: Watch;
  readonly checkpoints: RunOptions["checkpoints"];
}

/** What a resumed run gives back to its watch: `watch.restore(watchOf(checkpoint))`. */
export const watchOf = (checkpoint: Checkpoint): readonly number[] => [...(checkpoint.extras.watch ?? [])];

function saveTo({ motion, watch, checkpoints }: Scene): void {
  checkpoints?.sink(save(motion.state, { watch: watch.save() }));
}

/** One step and a look around; a potential that gives up ends the run, it does not crash it. */
function stepOnce(scene: Scene): Verdict | undefined {
  const { motion, watch } = scene;
  try {
    motion.step(demandAt(scene, motion.state.step + 1));
  } catch (error) {
    if (error instanceof InputError) return watch.failed(motion, error.trouble);
    throw error;
  }
  return lookAround(scene);
}

/** Watch first: what a guard condemns is not recorded, what only raises doubt is. */
function lookAround({ motion, watch, recorders }: Scene): Verdict | undefined {
  const verdict = watch.look(motion);
  if (verdict !== undefined && !isDoubt(verdict)) return verdict;
  for (const recorder of recorders) if (motion.state.step % recorder.every === 0) recorder.look(motion);
  return verdict;
}

/** All that somebody wants to know of the evaluation at a step. */
function demandAt({ watch, recorders }: Scene, step: number): Demand {
  const due = recorders.filter(({ every }) => step % every === 0).map(({ demand }) => demand);
  return due.length === 0 ? watch.demandAt(step) : allOf([watch.demandAt(step), ...due]);
}
