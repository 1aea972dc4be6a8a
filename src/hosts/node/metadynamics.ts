/**
 * Metadynamics of a cell in a run directory: `metasteps.csv`, `frames.extxyz` and what every simulation keeps there. Killed and called
 * again it goes on from its last checkpoint, and ends with the same bytes as a run that was never killed.
 */
import type { Checkpoint, FrameOptions, Verdict, Watch, WatchOptions } from "../../dynamics/index.js";
import {
  type CellVariable,
  type ChangeDetector,
  Metadynamics,
  type MetadynamicsOptions,
  type MetadynamicsResult,
  metadynamicsCourse,
  restoreMetadynamics,
  type StructuralChange,
} from "../../dynamics/metadynamics/index.js";
import { FramedCell } from "./metadynamics-frames.js";
import { type MetastepRecord, metastepOf, metastepSink } from "./metadynamics-records.js";
import { frameSink, type TableFormat, type TrajectoryFormat, trajectoryName } from "./recorders.js";
import { type FolderEnd, type FolderOptions, SimulationFolder } from "./simulate-folder.js";
import type { PlannedFile } from "./simulate-outputs.js";

/** [component][component], eV/Å² */
export type Curvature = readonly ArrayLike<number>[];

export interface CellMetadynamics {
  /** The cell at its start; with a curvature it is scaled. Each call has atoms of its own. */
  readonly variable: (watch?: Watch, curvature?: Curvature) => CellVariable;
  /** Å, for which the curvature is measured; undefined: it is not. */
  readonly curvatureBy: number | undefined;
  readonly hills: MetadynamicsOptions;
  /** eV/Å³ */
  readonly pressure: number;
  readonly detector: ((observables: readonly string[]) => ChangeDetector) | undefined;
  readonly stopAfterChanges: number | undefined;
  /** Of configuration, potential and structure. */
  readonly identity: string;
  readonly metasteps: number;
  readonly table: { readonly format: TableFormat };
  /** Undefined: no such file. */
  readonly frames:
    | (FrameOptions & { readonly every: number; readonly format: TrajectoryFormat; readonly gzip: boolean })
    | undefined;
  readonly watch: Omit<WatchOptions, "collect" | "warn">;
  readonly checkpointEvery: number;
}

export interface MetadynamicsProgress {
  /** Metasteps that are done, and the share of the present one; −1 while the curvature is measured. */
  readonly metastep: number;
  readonly share: number;
}

export interface MetadynamicsRunOptions extends FolderOptions {
  readonly onProgress?: (progress: MetadynamicsProgress) => void;
}

export interface MetadynamicsEnd extends Omit<FolderEnd, "reason"> {
  /** "changed": the structure has, as often as was wanted. */
  readonly reason: FolderEnd["reason"] | "changed";
  readonly metastep: number;
  readonly changes: readonly StructuralChange[];
  readonly last: MetastepRecord | undefined;
  /** Where the enthalpy was lowest. */
  readonly lowest: MetastepRecord | undefined;
}

type Folder = SimulationFolder<"metasteps" | "frames">;

/** Throws InputError if the directory's checkpoints or outputs do not fit the run, or if the disk is full. */
export async function metadynamicsInDirectory(
  task: CellMetadynamics,
  options: MetadynamicsRunOptions,
): Promise<MetadynamicsEnd> {
  const { identity, watch } = task;
  const folder = new SimulationFolder({ identity, watch, files: filesOf(task) }, options);
  try {
    return await new CellRun(folder, task, options).go();
  } catch (error) {
    folder.abandon();
    throw error;
  }
}

class CellRun {
  readonly #folder: Folder;
  readonly #task: CellMetadynamics;
  readonly #onProgress: MetadynamicsRunOptions["onProgress"];

  constructor(folder: Folder, task: CellMetadynamics, { onProgress }: MetadynamicsRunOptions) {
    this.#folder = folder;
    this.#task = task;
    this.#onProgress = onProgress;
  }

  async go(): Promise<MetadynamicsEnd> {
    if (this.#folder.checkpoint === undefined) this.#folder.begin(0);
    const known = this.#folder.checkpoint?.extras.curvature;
    const curvature = known === undefined ? await this.#curvature() : rowsOf(known);
    if (curvature === "interrupted") return await this.#end({ cancelled: true });
    if (curvature !== undefined && "reason" in curvature) return await this.#end({ verdict: curvature });
    return await this.#walk(curvature);
  }

  /** Measured on atoms of its own, so that a run that was killed meanwhile finds the same. */
  async #curvature(): Promise<Curvature | Verdict | undefined | "interrupted"> {
    const { variable, curvatureBy } = this.#task;
    if (curvatureBy === undefined) return undefined;
    const course = variable(this.#folder.watch, undefined).measureCurvature(curvatureBy);
    for (;;) {
      const next = course.next();
      if (next.done === true) return next.value;
      if (await this.#rest({ metastep: -1, share: next.value })) return "interrupted";
    }
  }

  /** All metasteps that are left. */
  async #walk(curvature: Curvature | undefined): Promise<MetadynamicsEnd> {
    const folder = this.#folder;
    const { hills, detector: detectorOf, metasteps, stopAfterChanges, checkpointEvery } = this.#task;
    const cell = this.#task.variable(folder.watch, curvature);
    const framed = new FramedCell(cell, this.#task.frames ?? {});
    const metadynamics = new Metadynamics(framed, hills);
    const run = { metadynamics, variable: cell, ...(detectorOf ? { detector: detectorOf(cell.observables) } : {}) };
    if (folder.checkpoint !== undefined) {
      restoreMetadynamics(run, folder.checkpoint);
      folder.begin(metadynamics.history.length);
    }
    const done = metadynamics.history.length;
    const changes = run.detector?.changes ?? [];
    const isChanged = changes.length >= (stopAfterChanges ?? Number.POSITIVE_INFINITY);
    if (isChanged || done >= metasteps)
      return await this.#end({ metadynamics, changes, reason: isChanged ? "changed" : "finished" });
    const course = metadynamicsCourse(run, {
      steps: metasteps - done,
      look: this.#writer(framed, metadynamics),
      ...(stopAfterChanges === undefined ? {} : { stopAfterChanges }),
      checkpoints: { every: checkpointEvery, sink: (checkpoint) => folder.save(withCurvature(checkpoint, curvature)) },
      cancelled: () => folder.isAborted,
    });
    for (;;) {
      const next = course.next();
      if (next.done === true) return await this.#end({ metadynamics, ...next.value });
      await this.#rest({ metastep: done + next.value.done, share: next.value.share });
    }
  }

  #writer(framed: FramedCell, metadynamics: Metadynamics): (record: Metadynamics["history"][number]) => void {
    const { pressure, table, frames } = this.#task;
    const { outputs } = this.#folder;
    const [tableOut, framesOut] = [outputs.file("metasteps"), outputs.file("frames")];
    const sink = tableOut && metastepSink(tableOut, { ...table, dimensions: framed.value.length });
    const frame = framesOut && frames && frameSink(framesOut, frames.format);
    return (record) => {
      const { hills } = metadynamics;
      // Its own hill is among them by now.
      const bias = hills.energy(record.value) - hills.height;
      sink?.({ ...metastepOf(record, pressure), cell: framed.frame?.structure.cell, bias });
      if (framed.frame !== undefined && frames !== undefined && (record.step + 1) % frames.every === 0)
        frame?.(framed.labelled(record));
    };
  }

  /** Whether the user wants it to end. */
  async #rest(progress: MetadynamicsProgress): Promise<boolean> {
    this.#onProgress?.(progress);
    await this.#folder.pause();
    return this.#folder.isAborted;
  }

  async #end(found: {
    readonly metadynamics?: Metadynamics;
    readonly verdict?: Verdict | undefined;
    readonly reason?: MetadynamicsResult["reason"];
    readonly cancelled?: boolean;
    readonly changes?: readonly StructuralChange[];
  }): Promise<MetadynamicsEnd> {
    const { verdict, reason, changes = [], cancelled = reason === "cancelled" } = found;
    const history = found.metadynamics?.history ?? [];
    const end = await this.#folder.end(history.length, { verdict, cancelled });
    const records = history.map((record) => metastepOf(record, this.#task.pressure));
    const lowest = records.reduce<MetastepRecord | undefined>(
      (best, one) => (best === undefined || one.enthalpy < best.enthalpy ? one : best),
      undefined,
    );
    const changed = reason === "changed" ? ({ reason } as const) : {};
    return { ...end, ...changed, metastep: history.length, changes, last: records.at(-1), lowest };
  }
}

const withCurvature = (checkpoint: Checkpoint, curvature: Curvature | undefined): Checkpoint =>
  curvature === undefined
    ? checkpoint
    : {
        ...checkpoint,
        extras: { ...checkpoint.extras, curvature: Float64Array.from(curvature.flatMap((row) => Array.from(row))) },
      };

const rowsOf = (numbers: Float64Array): Float64Array[] =>
  Array.from({ length: 6 }, (_, row) => numbers.slice(6 * row, 6 * row + 6));

function filesOf({ table, frames }: CellMetadynamics): Record<"metasteps" | "frames", PlannedFile | undefined> {
  const name = trajectoryName("frames", frames);
  return {
    metasteps: { name: `metasteps.${table.format}` },
    frames: name === undefined ? undefined : { name, gzip: frames?.gzip === true },
  };
}
