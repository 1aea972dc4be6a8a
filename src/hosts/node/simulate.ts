/**
 * A simulation in a run directory: `journal.jsonl`, `checkpoints/`, `thermo.csv`, `trajectory.extxyz`, and where there is reason for
 * them `collected.extxyz` and `stopped.extxyz`. Killed and called again it goes on from its last checkpoint, after cutting the output
 * files back to what that knows, and ends with the same bytes as a run that was never killed.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import {
  type Advice,
  describeVerdict,
  type Finding,
  isDoubt,
  type Motion,
  type Progress,
  type Recorder,
  type RunResult,
  restore,
  runWithPauses,
  type State,
  type System,
  type Tally,
  type ThermoRecord,
  thermo,
  type Verdict,
  Watch,
  type WatchOptions,
  watchOf,
} from "../../dynamics/index.js";
import { extxyz } from "../../formats/index.js";
import type { Frame, InfoValue } from "../../structure/index.js";
import { writeFrames } from "./files.js";
import {
  GrowingFile,
  type ThermoFileOptions,
  type TrajectoryFileOptions,
  thermoFile,
  trajectoryExtensions,
  trajectoryFile,
} from "./recorders.js";
import { CheckpointFolder, ledgerOf, mergedTallies } from "./simulate-checkpoints.js";
import { Journal, startRunDirectory } from "./train-journal.js";

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

export interface SimulateOptions {
  readonly directory: string;
  /** Go on from the last checkpoint, if there is one. */
  readonly resume: boolean;
  /** Called after every step. */
  readonly onProgress?: (progress: Progress) => void;
  readonly onWarning?: (finding: Finding) => void;
  /** Where a resumed run begins. */
  readonly onResumed?: (step: number) => void;
  /** Ends the run at the next checkpoint. */
  readonly signal?: AbortSignal;
}

export interface SimulationResult {
  /** "stopped": by doubt in the potential; "failed": by nonsense; "interrupted": by the user. */
  readonly reason: "finished" | "stopped" | "failed" | "interrupted";
  /** Why it ended before its time, in words. */
  readonly message: string | undefined;
  readonly step: number;
  /** At the last step that could be looked at. */
  readonly last: ThermoRecord | undefined;
  /** Thresholds that were passed, since step 0. */
  readonly tallies: readonly Tally[];
  readonly advice: Advice | undefined;
  /** Names in the run directory. */
  readonly files: SimulationFiles;
  /** Wall time of all parts of the run, s. */
  readonly seconds: number;
}

export interface SimulationFiles {
  readonly thermo?: string;
  readonly trajectory?: string;
  readonly collected?: string;
  readonly stopped?: string;
}

/** ms between two looks at what else happens: signals, most of all. */
const LISTEN_EVERY = 50;

const STOPPED = "stopped.extxyz";

/** Throws InputError if the directory's checkpoints or outputs do not fit the run, or if the disk is full. */
export async function simulate(simulation: Simulation, options: SimulateOptions): Promise<SimulationResult> {
  startRunDirectory(options.directory);
  const run = new SimulationRun(simulation, options);
  try {
    return await run.go();
  } catch (error) {
    run.abandon();
    throw error;
  }
}

class SimulationRun {
  readonly #simulation: Simulation;
  readonly #options: SimulateOptions;
  readonly #journal: Journal;
  readonly #started = performance.now();
  readonly #earlier: number;
  readonly #folder: CheckpointFolder;
  readonly #names: SimulationFiles;
  readonly #motion: Motion;
  readonly #watch: Watch;
  readonly #before: readonly Tally[];
  readonly #outputs: Outputs;
  #saved = -1;

  constructor(simulation: Simulation, options: SimulateOptions) {
    this.#simulation = simulation;
    this.#options = options;
    const { directory, resume } = options;
    this.#journal = new Journal(directory, this.#started);
    this.#earlier = resume ? this.#journal.earlierSeconds() : 0;
    this.#folder = new CheckpointFolder(directory, simulation.identity);
    if (!resume) this.#folder.clear();
    const checkpoint = resume ? this.#folder.newest() : undefined;
    const { lengths, tallies } = checkpoint === undefined ? { lengths: [], tallies: [] } : ledgerOf(checkpoint);
    this.#before = tallies;
    this.#names = namesOf(simulation);
    rmSync(join(directory, STOPPED), { force: true });
    this.#outputs = new Outputs(directory, { simulation, names: this.#names, lengths });
    this.#watch = new Watch({
      ...simulation.watch,
      collect: (frame, finding) => this.#outputs.collect(frame, finding),
      ...(options.onWarning === undefined ? {} : { warn: options.onWarning }),
    });
    const state = checkpoint === undefined ? simulation.begin() : restore(simulation.system, checkpoint);
    if (checkpoint !== undefined) {
      this.#watch.restore(watchOf(checkpoint));
      simulation.relist();
      this.#saved = state.step;
      options.onResumed?.(state.step);
    }
    this.#motion = simulation.motion(state);
    this.#journal.write({ event: "start", step: state.step });
  }

  async go(): Promise<SimulationResult> {
    const { steps, checkpointEvery } = this.#simulation;
    const { state } = this.#motion;
    const { signal } = this.#options;
    const left = steps - state.step;
    if (left < 1) return await this.#end(undefined);
    const result = await runWithPauses(
      this.#motion,
      {
        steps: left,
        recorders: this.#outputs.recorders,
        watch: this.#watch,
        checkpoints: { every: checkpointEvery, sink: (checkpoint) => this.#save(checkpoint) },
        cancelled: () => signal?.aborted === true && state.step % checkpointEvery === 0,
        restEvery: 1,
      },
      this.#pause(),
    );
    return await this.#end(result);
  }

  abandon(): void {
    this.#outputs.abandon();
  }

  #pause(): (progress: Progress) => Promise<void> {
    let heard = performance.now();
    return async (progress) => {
      this.#options.onProgress?.(progress);
      const now = performance.now();
      if (now - heard < LISTEN_EVERY) return;
      this.#outputs.flush();
      await new Promise((resolve) => setImmediate(resolve));
      heard = now;
    };
  }

  #save(checkpoint: Parameters<CheckpointFolder["write"]>[0]): void {
    // At the end of an interrupted run the same moment comes a second time.
    if (checkpoint.step === this.#saved) return;
    this.#saved = checkpoint.step;
    const lengths = this.#outputs.sync();
    this.#folder.write(checkpoint, { lengths, tallies: this.#tallies() });
    this.#journal.write({ event: "checkpoint", step: checkpoint.step });
    this.#simulation.relist();
  }

  #tallies(): Tally[] {
    return mergedTallies(this.#before, this.#watch.tallies);
  }

  async #end(result: RunResult | undefined): Promise<SimulationResult> {
    const verdict = result?.verdict;
    this.#outputs.close();
    if (verdict !== undefined) await this.#writeStopped(verdict);
    const reason = reasonOf(result);
    const message = verdict === undefined ? undefined : describeVerdict(verdict);
    const { step } = this.#motion.state;
    this.#journal.write({ event: "end", reason, step, ...(message === undefined ? {} : { message }) });
    return {
      ...{ reason, message, step },
      last: lastRecord(this.#motion),
      tallies: this.#tallies(),
      advice: result?.advice,
      files: { ...this.#names, ...(verdict === undefined ? {} : { stopped: STOPPED }) },
      seconds: this.#earlier + (performance.now() - this.#started) / 1000,
    };
  }

  /** The frames that led there, and the moment itself if a file can hold it. */
  async #writeStopped({ lastGood, frame, reason }: Verdict): Promise<void> {
    const moment = frame === undefined ? undefined : finiteFrame(frame, reason);
    const frames = [...lastGood, ...(moment === undefined ? [] : [moment])];
    await writeFrames(join(this.#options.directory, STOPPED), frames);
  }
}

const reasonOf = (result: RunResult | undefined): SimulationResult["reason"] => {
  if (result?.reason === "cancelled") return "interrupted";
  if (result?.verdict === undefined) return "finished";
  return isDoubt(result.verdict) ? "stopped" : "failed";
};

/** Undefined where positions are not numbers; labels that are not numbers are left out. */
function finiteFrame(frame: Frame, reason: string): Frame | undefined {
  const finite = (values: ArrayLike<number> | undefined): boolean =>
    values !== undefined && Array.from(values).every(Number.isFinite);
  const { energy, forces, stress, ...rest } = frame;
  if (!finite(frame.structure.positions) || (frame.structure.cell && !finite(frame.structure.cell))) return undefined;
  const info = new Map<string, InfoValue>(frame.info);
  info.set("stopped_by", reason);
  const columns = new Map(
    [...frame.columns].filter(([, { values }]) => !(values instanceof Float64Array) || finite(values)),
  );
  return {
    ...{ ...rest, info, columns },
    ...(energy !== undefined && Number.isFinite(energy) ? { energy } : {}),
    ...(forces !== undefined && finite(forces) ? { forces } : {}),
    ...(stress !== undefined && finite(stress) ? { stress } : {}),
  };
}

function lastRecord(motion: Motion): ThermoRecord | undefined {
  const series = thermo({ every: 1 });
  series.look(motion);
  return series.records[0];
}

function namesOf({ thermo, trajectory, watch }: Simulation): SimulationFiles {
  const collects = watch.thresholds?.some(({ action }) => action === "collect") === true;
  const end = trajectory && `${trajectoryExtensions[trajectory.format]}${trajectory.gzip ? ".gz" : ""}`;
  return {
    ...(thermo === undefined ? {} : { thermo: `thermo.${thermo.format}` }),
    ...(end === undefined ? {} : { trajectory: `trajectory${end}` }),
    ...(collects ? { collected: "collected.extxyz" } : {}),
  };
}

/** The files that grow, always in the same order: thermo, trajectory, collected. */
class Outputs {
  readonly recorders: readonly Recorder[];
  readonly #files: readonly (GrowingFile | undefined)[];
  readonly #collected: GrowingFile | undefined;
  #open = true;

  constructor(
    directory: string,
    about: { simulation: Simulation; names: SimulationFiles; lengths: readonly number[] },
  ) {
    const { simulation, names, lengths } = about;
    const opened = (name: string | undefined, at: number, gzip = false): GrowingFile | undefined =>
      name === undefined ? undefined : new GrowingFile(join(directory, name), { gzip, keep: lengths[at] ?? 0 });
    const thermoOut = opened(names.thermo, 0);
    const trajectoryOut = opened(names.trajectory, 1, simulation.trajectory?.gzip);
    this.#collected = opened(names.collected, 2);
    this.#files = [thermoOut, trajectoryOut, this.#collected];
    this.recorders = [
      ...(thermoOut && simulation.thermo ? [thermoFile(thermoOut, simulation.thermo)] : []),
      ...(trajectoryOut && simulation.trajectory ? [trajectoryFile(trajectoryOut, simulation.trajectory)] : []),
    ];
  }

  collect(frame: Frame, { threshold, value }: Finding): void {
    const info = new Map<string, InfoValue>(frame.info);
    info.set("collected_for", threshold.quantity);
    info.set("collected_value", value);
    this.#collected?.write(extxyz.write({ ...frame, info }));
  }

  flush(): void {
    for (const file of this.#files) file?.flush();
  }

  /** Bytes of each. */
  sync(): number[] {
    return this.#files.map((file) => file?.sync() ?? 0);
  }

  close(): void {
    this.#open = false;
    for (const file of this.#files) file?.close();
  }

  abandon(): void {
    if (!this.#open) return;
    this.#open = false;
    for (const file of this.#files) file?.abandon();
  }
}
