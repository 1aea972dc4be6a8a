/**
 * Monte Carlo in a run directory: `samples.csv`, `trajectory.extxyz` and what every simulation keeps there. Killed and called again it goes
 * on from its last checkpoint, and ends with the same bytes as a run that was never killed.
 */
import { type WatchOptions, watchOf } from "../../dynamics/index.js";
import {
  type MoveTally,
  restoreSampler,
  type SampleRecord,
  type Sampler,
  type SamplingResult,
  samplingCourse,
} from "../../dynamics/monte-carlo/index.js";
import { type TrajectoryFileOptions, trajectoryFile, trajectoryName } from "./recorders.js";
import { type SampleAverages, sampleAverages } from "./sample-averages.js";
import { type SamplesFileOptions, samplesFile, samplesName } from "./sample-file.js";
import { type FolderEnd, type FolderOptions, SimulationFolder } from "./simulate-folder.js";
import type { PlannedFile } from "./simulate-outputs.js";

export interface Sampling {
  /** At step 0. */
  readonly sampler: Sampler;
  /** Lets go of what the force field keeps from call to call, at every checkpoint. */
  readonly settle: () => void;
  /** Of configuration, potential and structure. */
  readonly identity: string;
  readonly steps: number;
  readonly equilibration: number;
  /** Atomic numbers that there may be. */
  readonly elements: readonly number[];
  /** Undefined: no such file. */
  readonly samples: SamplesFileOptions | undefined;
  readonly trajectory: (TrajectoryFileOptions & { readonly gzip: boolean }) | undefined;
  readonly watch: Omit<WatchOptions, "collect" | "warn"> & { readonly every: number };
  readonly checkpointEvery: number;
}

export interface SampleProgress {
  readonly step: number;
  /** eV */
  readonly energy: number;
}

export interface SampleOptions extends FolderOptions {
  /** Called after every attempt. */
  readonly onProgress?: (progress: SampleProgress) => void;
}

export interface SampleResult extends FolderEnd {
  readonly step: number;
  /** Since the end of equilibration. */
  readonly moves: readonly MoveTally[];
  /** eV: largest error of the energy kept from change to change that a look at all atoms has found. */
  readonly worstDrift: number;
  /** Now. */
  readonly last: Pick<SampleRecord, "energy" | "volume" | "composition">;
  /** Of what the file of samples has after equilibration; undefined where there is too little. */
  readonly averages: SampleAverages | undefined;
}

type Folder = SimulationFolder<"samples" | "trajectory">;

/** Throws InputError if the directory's checkpoints or outputs do not fit the run, or if the disk is full. */
export async function sampleInDirectory(sampling: Sampling, options: SampleOptions): Promise<SampleResult> {
  const { identity, watch } = sampling;
  const folder = new SimulationFolder({ identity, watch, files: filesOf(sampling) }, options);
  try {
    return await sampleIn(folder, sampling, options);
  } catch (error) {
    folder.abandon();
    throw error;
  }
}

async function sampleIn(folder: Folder, sampling: Sampling, options: SampleOptions): Promise<SampleResult> {
  const { sampler } = sampling;
  const { state } = sampler;
  if (folder.checkpoint !== undefined) {
    restoreSampler(sampler, folder.checkpoint);
    folder.watch.restore(watchOf(folder.checkpoint));
  }
  sampling.settle();
  folder.begin(state.step);
  const result = sampling.steps <= state.step ? undefined : await walk(folder, sampling, options);
  const end = await folder.end(state.step, { verdict: result?.verdict, cancelled: result?.reason === "cancelled" });
  return {
    ...{ ...end, step: state.step, moves: sampler.tallies, worstDrift: sampler.worstDrift },
    last: { energy: state.energy, volume: present(state.volume), composition: compositionOf(state.species) },
    averages: sampleAverages(options.directory, sampling),
  };
}

async function walk(
  folder: Folder,
  { sampler, settle, steps, checkpointEvery, watch, samples, trajectory, elements }: Sampling,
  { onProgress }: SampleOptions,
): Promise<SamplingResult> {
  const { state } = sampler;
  const [samplesOut, trajectoryOut] = [folder.outputs.file("samples"), folder.outputs.file("trajectory")];
  const course = samplingCourse(sampler, {
    steps: steps - state.step,
    observers: samplesOut && samples ? [samplesFile(samplesOut, { ...samples, elements, moves: sampler.moves })] : [],
    recorders: trajectoryOut && trajectory ? [trajectoryFile(trajectoryOut, trajectory)] : [],
    watch: { watch: folder.watch, every: watch.every },
    checkpoints: { every: checkpointEvery, sink: (checkpoint) => folder.save(checkpoint) && settle() },
    cancelled: () => folder.isAborted && state.step % checkpointEvery === 0,
    restEvery: 1,
  });
  for (;;) {
    const next = course.next();
    if (next.done === true) return next.value;
    onProgress?.(next.value);
    const pause = folder.pause();
    if (pause !== undefined) await pause;
  }
}

function filesOf({ samples, trajectory }: Sampling): Record<"samples" | "trajectory", PlannedFile | undefined> {
  const name = trajectoryName("trajectory", trajectory);
  return {
    samples: samples && { name: samplesName(samples) },
    trajectory: name === undefined ? undefined : { name, gzip: trajectory?.gzip === true },
  };
}

const present = (value: number): number | undefined => (Number.isNaN(value) ? undefined : value);

function compositionOf(species: Uint8Array): SampleRecord["composition"] {
  const counts = new Map<number, number>();
  for (const z of species) counts.set(z, (counts.get(z) ?? 0) + 1);
  return [...counts].sort(([a], [b]) => a - b);
}
