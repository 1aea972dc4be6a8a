/** A run of cell metadynamics: the explicit loop with a detector and checkpoints around it. */

import type { Checkpoint } from "../checkpoint.js";
import { checkCounts } from "../motion.js";
import { isDoubt, type Verdict } from "../verdict.js";
import type { CellVariable } from "./cell-variable.js";
import type { ChangeDetector, StructuralChange } from "./detector.js";
import type { Metadynamics, MetadynamicsRecord } from "./metadynamics.js";

export interface MetadynamicsRun {
  readonly metadynamics: Metadynamics;
  readonly variable: CellVariable;
  readonly detector?: ChangeDetector;
}

export interface MetadynamicsRunOptions {
  /** Steps of metadynamics to make. */
  readonly steps: number;
  /** Called after every step. */
  readonly look?: (record: MetadynamicsRecord, run: MetadynamicsRun) => void;
  /** Ends the run after so many changes of the structure. Default: never. */
  readonly stopAfterChanges?: number;
  /** Takes a checkpoint after every so many steps and at the end. */
  readonly checkpoints?: { readonly every: number; readonly sink: (checkpoint: Checkpoint) => void };
  /** Asked at every rest: true ends the run; what is not measured to its end is measured again after a resume. */
  readonly cancelled?: () => boolean;
}

export interface MetadynamicsProgress {
  readonly done: number;
  readonly steps: number;
  /** Share of the present step, 0 to 1. */
  readonly share: number;
}

export interface MetadynamicsResult {
  readonly reason: "finished" | "changed" | "stopped" | "cancelled";
  readonly verdict: Verdict | undefined;
  /** Steps of this run that were made. */
  readonly steps: number;
  /** Changes of the structure, those before a resume included. */
  readonly changes: readonly StructuralChange[];
}

/** The run to its end. */
export function runMetadynamics(run: MetadynamicsRun, options: MetadynamicsRunOptions): MetadynamicsResult {
  const walk = metadynamicsCourse(run, options);
  for (;;) {
    const next = walk.next();
    if (next.done === true) return next.value;
  }
}

/** The run as a generator that rests now and then. */
export function* metadynamicsCourse(
  run: MetadynamicsRun,
  options: MetadynamicsRunOptions,
): Generator<MetadynamicsProgress, MetadynamicsResult, void> {
  const { metadynamics, detector } = run;
  const { steps, checkpoints } = options;
  checkCounts({ "steps of metadynamics": steps, "steps between checkpoints": checkpoints?.every ?? 1 });
  const ended = (reason: MetadynamicsResult["reason"], done: number, verdict?: Verdict): MetadynamicsResult => ({
    ...{ reason, verdict, steps: done, changes: detector?.changes ?? [] },
  });
  // Between two measurements only: a cancelled run goes on from the last.
  const save = (): void => checkpoints?.sink(saveMetadynamics(run));
  for (let done = 1; done <= steps; done++) {
    const walk = metadynamics.stepWithRests();
    let next = walk.next();
    for (; next.done !== true; next = walk.next()) {
      yield { done: done - 1, steps, share: next.value };
      if (options.cancelled?.() === true) return ended("cancelled", done - 1);
    }
    const record = next.value;
    if ("reason" in record) {
      if (isDoubt(record)) save();
      return ended("stopped", done - 1, record);
    }
    options.look?.(record, run);
    const change = detector?.look(record);
    const enough = change !== undefined && (detector?.changes.length ?? 0) >= (options.stopAfterChanges ?? Infinity);
    if (
      done === steps ||
      enough ||
      (checkpoints !== undefined && metadynamics.history.length % checkpoints.every === 0)
    )
      save();
    if (enough) return ended("changed", done);
  }
  return ended("finished", steps);
}

/** A run between two steps as a checkpoint. */
export const saveMetadynamics = ({ metadynamics, variable, detector }: MetadynamicsRun): Checkpoint =>
  variable.save({ ...metadynamics.save(), ...detector?.save() });

/** Puts a run that was made with the same options to where a checkpoint is. Throws an InputError (`wrong-checkpoint`) if it is another's. */
export function restoreMetadynamics(
  { metadynamics, variable, detector }: MetadynamicsRun,
  checkpoint: Checkpoint,
): void {
  variable.restore(checkpoint);
  metadynamics.restore(checkpoint.extras);
  detector?.restore(checkpoint.extras);
}
