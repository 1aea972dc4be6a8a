/**
 * What every simulation keeps in its run directory: `journal.jsonl`, `checkpoints/`, files that grow, and where there is reason for them
 * `collected.extxyz` and `stopped.extxyz`. Opened again after a kill it cuts the files back to what the last checkpoint knows.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import {
  type Checkpoint,
  describeVerdict,
  type Finding,
  isDoubt,
  type Tally,
  type Verdict,
  Watch,
  type WatchOptions,
} from "../../dynamics/index.js";
import type { Frame, InfoValue } from "../../structure/index.js";
import { writeFrames } from "./files.js";
import { CheckpointFolder, ledgerOf, mergedTallies } from "./simulate-checkpoints.js";
import { Outputs, type PlannedFile, writeCollected } from "./simulate-outputs.js";
import { Journal, startRunDirectory } from "./train-journal.js";

/** Of all kinds of simulations. */
export interface FolderPlan<N extends string> {
  /** Of configuration, potential and structure. */
  readonly identity: string;
  readonly files: Readonly<Record<N, PlannedFile | undefined>>;
  readonly watch: Omit<WatchOptions, "collect" | "warn">;
}

export interface FolderOptions {
  readonly directory: string;
  /** Go on from the last checkpoint, if there is one. */
  readonly resume: boolean;
  readonly onWarning?: (finding: Finding) => void;
  /** Where a resumed run begins. */
  readonly onResumed?: (step: number) => void;
  /** Ends the run at the next checkpoint. */
  readonly signal?: AbortSignal;
}

/** What every simulation ends with. */
export interface FolderEnd {
  /** "stopped": by doubt in the potential; "failed": by nonsense; "interrupted": by the user. */
  readonly reason: "finished" | "stopped" | "failed" | "interrupted";
  /** Why it ended before its time, in words. */
  readonly message: string | undefined;
  /** Thresholds that were passed, since step 0. */
  readonly tallies: readonly Tally[];
  /** Names in the run directory. */
  readonly files: Readonly<Record<string, string>>;
  /** Wall time of all parts of the run, s. */
  readonly seconds: number;
}

/** ms between two looks at what else happens: signals, most of all. */
const LISTEN_EVERY = 50;

const STOPPED = "stopped.extxyz";

export class SimulationFolder<N extends string> {
  readonly outputs: Outputs<Readonly<Record<N | "collected", PlannedFile | undefined>>>;
  readonly watch: Watch;
  /** To go on from. */
  readonly checkpoint: Checkpoint | undefined;
  readonly #options: FolderOptions;
  readonly #journal: Journal;
  readonly #started = performance.now();
  readonly #earlier: number;
  readonly #folder: CheckpointFolder;
  readonly #files: Readonly<Record<string, string>>;
  readonly #before: readonly Tally[];
  #saved: number;
  #heard = performance.now();

  /** Throws InputError if the directory's checkpoints or outputs do not fit the run. */
  constructor({ identity, files, watch }: FolderPlan<N>, options: FolderOptions) {
    const { directory, resume, onWarning } = options;
    startRunDirectory(directory);
    this.#options = options;
    this.#journal = new Journal(directory, this.#started);
    this.#earlier = resume ? this.#journal.earlierSeconds() : 0;
    this.#folder = new CheckpointFolder(directory, identity);
    if (!resume) this.#folder.clear();
    this.checkpoint = resume ? this.#folder.newest() : undefined;
    this.#saved = this.checkpoint?.step ?? -1;
    const { lengths, tallies } =
      this.checkpoint === undefined ? { lengths: [], tallies: [] } : ledgerOf(this.checkpoint);
    this.#before = tallies;
    rmSync(join(directory, STOPPED), { force: true });
    const collects = watch.thresholds?.some(({ action }) => action === "collect") === true;
    const planned = { ...files, collected: collects ? { name: "collected.extxyz" } : undefined };
    this.outputs = new Outputs(directory, planned, lengths);
    this.#files = Object.fromEntries(
      Object.entries<PlannedFile | undefined>(planned).flatMap(([what, file]) => (file ? [[what, file.name]] : [])),
    );
    this.watch = new Watch({
      ...watch,
      collect: (frame, finding) => writeCollected(this.outputs.file("collected"), frame, finding),
      ...(onWarning === undefined ? {} : { warn: onWarning }),
    });
  }

  /** The run begins, or goes on, at `step`. */
  begin(step: number): void {
    if (this.checkpoint !== undefined) this.#options.onResumed?.(step);
    this.#journal.write({ event: "start", step });
  }

  /** Whether the user wants it to end. */
  get isAborted(): boolean {
    return this.#options.signal?.aborted === true;
  }

  /** Whether the checkpoint was written; at the end of an interrupted run the same moment may come a second time. */
  save(checkpoint: Checkpoint): boolean {
    if (checkpoint.step === this.#saved) return false;
    this.#saved = checkpoint.step;
    const lengths = this.outputs.sync();
    this.#folder.write(checkpoint, { lengths, tallies: this.#tallies() });
    this.#journal.write({ event: "checkpoint", step: checkpoint.step });
    return true;
  }

  /** A promise now and then, for signals to be heard and files to be read by others. */
  pause(): Promise<void> | undefined {
    if (performance.now() - this.#heard < LISTEN_EVERY) return undefined;
    this.outputs.flush();
    return new Promise((resolve) =>
      setImmediate(() => {
        this.#heard = performance.now();
        resolve();
      }),
    );
  }

  /** Closes the files. */
  async end(
    step: number,
    { verdict, cancelled }: { verdict?: Verdict | undefined; cancelled: boolean },
  ): Promise<FolderEnd> {
    this.outputs.close();
    if (verdict !== undefined) await writeStopped(join(this.#options.directory, STOPPED), verdict);
    const reason = reasonOf(verdict, cancelled);
    const message = verdict === undefined ? undefined : describeVerdict(verdict);
    this.#journal.write({ event: "end", reason, step, ...(message === undefined ? {} : { message }) });
    return {
      ...{ reason, message, tallies: this.#tallies() },
      files: { ...this.#files, ...(verdict === undefined ? {} : { stopped: STOPPED }) },
      seconds: this.#earlier + (performance.now() - this.#started) / 1000,
    };
  }

  /** After a failure: what has not been written stays so. */
  abandon(): void {
    this.outputs.abandon();
  }

  #tallies(): Tally[] {
    return mergedTallies(this.#before, this.watch.tallies);
  }
}

const reasonOf = (verdict: Verdict | undefined, cancelled: boolean): FolderEnd["reason"] => {
  if (verdict === undefined) return cancelled ? "interrupted" : "finished";
  return isDoubt(verdict) ? "stopped" : "failed";
};

/** The frames that led there, and the moment itself if a file can hold it. */
async function writeStopped(path: string, { lastGood, frame, reason }: Verdict): Promise<void> {
  const moment = frame === undefined ? undefined : finiteFrame(frame, reason);
  await writeFrames(path, [...lastGood, ...(moment === undefined ? [] : [moment])]);
}

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
