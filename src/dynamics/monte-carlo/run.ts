/** A Monte Carlo run: the explicit loop with recorders, watch and checkpoints around it, in the shape of the run of dynamics. */
import { allOf, type Demand } from "../../potentials/potential.js";
import type { Checkpoint } from "../checkpoint.js";
import { checkCounts } from "../motion.js";
import { checkRecorders, type Recorder } from "../recorders.js";
import type { Tally } from "../thresholds.js";
import { isDoubt, type Verdict } from "../verdict.js";
import type { Watch } from "../watch.js";
import { saveSampler } from "./checkpoint.js";
import type { MoveTally, Sampler } from "./sampler.js";
import { View } from "./view.js";

/** A look at a sampler that costs no evaluation. */
export interface Observer {
  readonly every: number;
  look(sampler: Sampler): void;
}

export interface SamplingOptions {
  /** Attempts to make. */
  readonly steps: number;
  readonly observers?: readonly Observer[];
  /** Recorders of dynamics ("trajectory" and others): each look costs an evaluation; velocities and time are 0. */
  readonly recorders?: readonly Recorder[];
  /** Looks every so many steps, which are also multiples of its own, at thresholds and distances; each look costs an evaluation. */
  readonly watch?: { readonly watch: Watch; readonly every: number };
  /** Takes checkpoints: every so many steps, at the end, and when cancelled; never of a state that a guard has condemned. */
  readonly checkpoints?: { readonly every: number; readonly sink: (checkpoint: Checkpoint) => void };
  /** Asked at every rest: true ends the run there. */
  readonly cancelled?: () => boolean;
  /** Steps between two rests. Default 100. */
  readonly restEvery?: number;
}

/** Where a run is, at a rest. */
export interface SamplingProgress {
  readonly done: number;
  readonly steps: number;
  readonly step: number;
  /** eV */
  readonly energy: number;
}

export interface SamplingResult {
  readonly reason: "finished" | "stopped" | "cancelled";
  readonly verdict: Verdict | undefined;
  /** Attempts of this run that were made. */
  readonly steps: number;
  /** Since the end of equilibration. */
  readonly moves: readonly MoveTally[];
  /** Thresholds that were passed. */
  readonly tallies: readonly Tally[];
  /** Largest error of the kept energy that was found, eV. */
  readonly worstDrift: number;
}

/** The run to its end. */
export function sample(sampler: Sampler, options: SamplingOptions): SamplingResult {
  const walk = samplingCourse(sampler, options);
  for (;;) {
    const next = walk.next();
    if (next.done === true) return next.value;
  }
}

/** The run as a generator that rests now and then. Throws an InputError for counts that are none and recorders of one name. */
export function* samplingCourse(
  sampler: Sampler,
  options: SamplingOptions,
): Generator<SamplingProgress, SamplingResult, void> {
  const { steps, observers = [], recorders = [], watch, checkpoints, restEvery = 100 } = options;
  checkRecorders(recorders);
  checkCounts({ "steps of the run": steps, "steps between rests": restEvery });
  checkCounts({
    "steps between checkpoints": checkpoints?.every ?? 1,
    "steps between looks of the watch": watch?.every ?? 1,
  });
  for (const { every } of observers) checkCounts({ "every of an observer": every });
  const { state } = sampler;
  const view = new View(sampler);
  const save = (): void =>
    checkpoints?.sink(saveSampler(sampler, watch === undefined ? {} : { watch: watch.watch.save() }));
  const ended = (reason: SamplingResult["reason"], done: number, verdict?: Verdict): SamplingResult => {
    if (verdict === undefined || isDoubt(verdict)) save();
    const { tallies: moves, worstDrift } = sampler;
    return { reason, verdict, steps: done, moves, tallies: watch?.watch.tallies ?? [], worstDrift };
  };
  for (let done = 1; done <= steps; done++) {
    sampler.step();
    for (const observer of observers) if (state.step % observer.every === 0) observer.look(sampler);
    const verdict = lookAround(view, state.step, { recorders, watch });
    if (verdict !== undefined) return ended("stopped", done, verdict);
    if (done < steps && checkpoints !== undefined && state.step % checkpoints.every === 0) save();
    if (done % restEvery !== 0 && done < steps) continue;
    yield { done, steps, step: state.step, energy: state.energy };
    if (done < steps && options.cancelled?.() === true) return ended("cancelled", done);
  }
  return ended("finished", steps);
}

/** Watch first: what a guard condemns is not recorded. */
function lookAround(
  view: View,
  step: number,
  {
    recorders,
    watch,
  }: { readonly recorders: readonly Recorder[]; readonly watch: SamplingOptions["watch"] | undefined },
): Verdict | undefined {
  const due = recorders.filter(({ every }) => step % every === 0);
  const watching = watch !== undefined && step % watch.every === 0;
  if (due.length === 0 && !watching) return undefined;
  const demands: Demand[] = due.map(({ demand }) => demand);
  if (watching) demands.push(watch.watch.demandAt(step));
  const motion = view.look(allOf(demands));
  const verdict = watching ? watch.watch.look(motion) : undefined;
  if (verdict !== undefined && !isDoubt(verdict)) return verdict;
  for (const recorder of due) recorder.look(motion);
  return verdict;
}
