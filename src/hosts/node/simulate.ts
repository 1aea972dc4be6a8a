/**
 * Molecular dynamics in a run directory: `thermo.csv`, `trajectory.extxyz` and what every simulation keeps there. Killed and called again
 * it goes on from its last checkpoint, and ends with the same bytes as a run that was never killed.
 */
import {
  type Advice,
  type Motion,
  type Progress,
  type Recorder,
  restore,
  runWithPauses,
  type State,
  type System,
  type ThermoRecord,
  thermo,
  type WatchOptions,
  watchOf,
} from "../../dynamics/index.js";
import {
  type ThermoFileOptions,
  type TrajectoryFileOptions,
  thermoFile,
  trajectoryFile,
  trajectoryName,
} from "./recorders.js";
import { type FolderEnd, type FolderOptions, SimulationFolder } from "./simulate-folder.js";
import type { PlannedFile } from "./simulate-outputs.js";

export interface Simulation {
  readonly system: System;
  /** The state at step 0. */
  readonly begin: () => State;
  /** The ensemble around a state. */
  readonly motion: (state: State) => Motion;
  /** Makes the force field forget its neighbours, at every checkpoint. */
  readonly relist: () => void;
  /** Of configuration, potential and structure. */
  readonly identity: string;
  readonly steps: number;
  /** Undefined: no such file. */
  readonly thermo: ThermoFileOptions | undefined;
  readonly trajectory: (TrajectoryFileOptions & { readonly gzip: boolean }) | undefined;
  readonly watch: Omit<WatchOptions, "collect" | "warn">;
  readonly checkpointEvery: number;
}

export interface SimulateOptions extends FolderOptions {
  /** Called after every step. */
  readonly onProgress?: (progress: Progress) => void;
}

export interface SimulationResult extends FolderEnd {
  readonly step: number;
  /** At the last step that could be looked at. */
  readonly last: ThermoRecord | undefined;
  readonly advice: Advice | undefined;
}

/** Throws InputError if the directory's checkpoints or outputs do not fit the run, or if the disk is full. */
export async function simulate(simulation: Simulation, options: SimulateOptions): Promise<SimulationResult> {
  const { identity, watch } = simulation;
  const folder = new SimulationFolder({ identity, watch, files: filesOf(simulation) }, options);
  try {
    return await simulateIn(folder, simulation, options);
  } catch (error) {
    folder.abandon();
    throw error;
  }
}

type Folder = SimulationFolder<"thermo" | "trajectory">;

async function simulateIn(
  folder: Folder,
  simulation: Simulation,
  { onProgress }: SimulateOptions,
): Promise<SimulationResult> {
  const { steps, checkpointEvery } = simulation;
  const motion = startingMotion(folder, simulation);
  const { state } = motion;
  folder.begin(state.step);
  const result =
    steps <= state.step
      ? undefined
      : await runWithPauses(
          motion,
          {
            steps: steps - state.step,
            recorders: recordersOf(folder, simulation),
            watch: folder.watch,
            checkpoints: {
              every: checkpointEvery,
              sink: (checkpoint) => folder.save(checkpoint) && simulation.relist(),
            },
            cancelled: () => folder.isAborted && state.step % checkpointEvery === 0,
            restEvery: 1,
          },
          async (progress) => {
            onProgress?.(progress);
            await folder.pause();
          },
        );
  const end = await folder.end(state.step, { verdict: result?.verdict, cancelled: result?.reason === "cancelled" });
  return { ...end, step: state.step, last: lastRecord(motion), advice: result?.advice };
}

function startingMotion({ checkpoint, watch }: Folder, simulation: Simulation): Motion {
  if (checkpoint === undefined) return simulation.motion(simulation.begin());
  const state = restore(simulation.system, checkpoint);
  watch.restore(watchOf(checkpoint));
  simulation.relist();
  return simulation.motion(state);
}

function filesOf({ thermo, trajectory }: Simulation): Record<"thermo" | "trajectory", PlannedFile | undefined> {
  const name = trajectoryName("trajectory", trajectory);
  return {
    thermo: thermo && { name: `thermo.${thermo.format}` },
    trajectory: name === undefined ? undefined : { name, gzip: trajectory?.gzip === true },
  };
}

function recordersOf({ outputs }: Folder, { thermo, trajectory }: Simulation): Recorder[] {
  const [thermoOut, trajectoryOut] = [outputs.file("thermo"), outputs.file("trajectory")];
  return [
    ...(thermoOut && thermo ? [thermoFile(thermoOut, thermo)] : []),
    ...(trajectoryOut && trajectory ? [trajectoryFile(trajectoryOut, trajectory)] : []),
  ];
}

function lastRecord(motion: Motion): ThermoRecord | undefined {
  const series = thermo({ every: 1 });
  series.look(motion);
  return series.records[0];
}
