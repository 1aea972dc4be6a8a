/** One run of `potluck label`: its directory, its engines, its results. */
import { mkdirSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import { stringify } from "yaml";
import type { Limits } from "../engines/index.js";
import { InputError, type Place } from "../errors/index.js";
import { type Frame, frameName } from "../structure/index.js";
import { Interrupted } from "./failures.js";
import { type Interruption, interruptible } from "./interruption.js";
import { failedFrames, type LabelRecord, labelledFrames, labelRecord } from "./label-result.js";
import {
  createEngine,
  type EngineName,
  type KeepingEngine,
  type Labelling,
  labelStructures,
  lockDirectory,
  requireInstalled,
  type SlurmEvent,
  type SlurmExecutor,
  type SlurmSettings,
  SlurmStopped,
  slurmExecutor,
  slurmSentence,
} from "./label-wiring.js";
import { type CommonOptions, unitsOf } from "./options.js";
import type { Progress } from "./progress.js";
import { writeAtomically, writeFrames } from "./wiring.js";

export interface LabelOptions extends CommonOptions {
  readonly out: string;
  readonly engine: string;
  readonly settings?: string;
  readonly set?: readonly string[];
  readonly directory?: string;
  readonly jobs?: number;
  readonly timeLimit?: number;
  readonly memoryLimit?: number;
  readonly retries: number;
  readonly retryFailed?: true;
  readonly slurm?: string;
  readonly warm?: true;
}

export interface RunParts {
  readonly name: EngineName;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly frames: readonly Frame[];
  /** Where jobs go; undefined for this machine. */
  readonly cluster: SlurmSettings | undefined;
  readonly options: LabelOptions;
  readonly progress: Progress;
}

export class LabelRun {
  readonly #parts: RunParts;
  readonly #directory: string;
  readonly #jobs: number;
  readonly #interruption: Interruption;
  readonly #cluster: SlurmExecutor | undefined;

  constructor(parts: RunParts) {
    const { options, frames, progress, settings, cluster } = parts;
    this.#parts = parts;
    this.#directory = options.directory ?? join("runs", `${basename(options.out).split(".")[0] || "structures"}-label`);
    const usual = cluster !== undefined ? frames.length : startsMpi(settings) ? 1 : availableParallelism();
    this.#jobs = Math.max(1, Math.min(options.jobs ?? usual, frames.length));
    this.#interruption = interruptible(progress, cluster === undefined ? STOPPING : LEAVING);
    this.#cluster = cluster && this.#executorOf(cluster);
  }

  async execute(): Promise<LabelRecord> {
    const started = performance.now();
    const { frames, options } = this.#parts;
    const engines = await this.#engines();
    try {
      for (const frame of frames) checkStructure(engines[0]!, frame);
      const version = requireInstalled(await engines[0]!.check());
      const release = await this.#openDirectory();
      try {
        this.#introduce(engines[0]!.title, version);
        const labelling = await this.#label(engines);
        await this.#write(labelling);
        const seconds = (performance.now() - started) / 1000;
        const facts = { frames, labelling, out: options.out, directory: this.#directory, jobs: this.#jobs, seconds };
        return labelRecord({ ...facts, engine: engines[0]!.name, version });
      } finally {
        release();
      }
    } finally {
      this.#interruption.end();
      await Promise.all([...new Set(engines)].map((engine) => engine.close()));
      await this.#cluster?.close();
    }
  }

  #introduce(title: string, version: string | undefined): void {
    const name = version === undefined ? title : `${title} ${version}`;
    const where = this.#cluster === undefined ? `${this.#jobs} at a time` : "as jobs of Slurm";
    this.#parts.progress.note(`${name}, ${where}, in ${this.#directory}.`);
  }

  /** Nothing is asked of Slurm before the first calculation. */
  #executorOf(settings: SlurmSettings): SlurmExecutor {
    return slurmExecutor({
      directory: join(this.#directory, "slurm"),
      settings,
      signal: this.#interruption.signal,
      onEvent: (event) => this.#tell(event),
    });
  }

  #tell(event: SlurmEvent): void {
    const sentence = slurmSentence(event);
    if (sentence !== undefined) this.#parts.progress.note(`${sentence.isWarning ? "Warning: " : ""}${sentence.text}`);
  }

  /** As many as there are jobs: a program that is kept running does one structure at a time. */
  async #engines(): Promise<KeepingEngine[]> {
    const { name, settings, options } = this.#parts;
    const create = () =>
      createEngine(name, settings, {
        directory: join(this.#directory, "calculations"),
        limits: limitsOf(options),
        warm: options.warm === true,
        units: unitsOf(options),
        ...(this.#cluster === undefined ? {} : { executor: this.#cluster }),
      });
    const first = await create();
    const others = Array.from({ length: this.#jobs - 1 }, () => (options.warm ? create() : first));
    return [first, ...(await Promise.all(others))];
  }

  /** The configuration says to people what has been done here; the keys of calculations decide what is done again. */
  async #openDirectory(): Promise<() => void> {
    const { name, settings, options } = this.#parts;
    mkdirSync(this.#directory, { recursive: true });
    const release = lockDirectory(this.#directory);
    await writeAtomically(join(this.#directory, "label.yaml"), [
      stringify({ label: { out: options.out, engine: name, limits: limitsOf(options) }, settings }),
    ]);
    return release;
  }

  async #label(engines: readonly KeepingEngine[]): Promise<Labelling> {
    const { frames, options, progress } = this.#parts;
    progress.stage("labelling");
    try {
      const labelling = await labelStructures(
        engines,
        frames.map(({ structure }) => structure),
        {
          directory: this.#directory,
          retries: options.retries,
          retryFailed: options.retryFailed === true,
          limits: limitsOf(options),
          signal: this.#interruption.signal,
          onProgress: ({ done, total, failed }) => progress.update(done, total, failed === 0 ? "" : `${failed} failed`),
          onFailure: (failure, index) =>
            progress.note(`Warning: ${frameName(frames[index]!)}: ${failure.kind}: ${failure.problem}`),
        },
      );
      if (labelling.calculations.includes(undefined)) throw new Interrupted(INTERRUPTED);
      return labelling;
    } catch (error) {
      if (error instanceof SlurmStopped) throw new Interrupted(INTERRUPTED, { cause: error });
      throw error;
    } finally {
      progress.finish();
    }
  }

  async #write(labelling: Labelling): Promise<void> {
    const { frames, options, progress } = this.#parts;
    const labelled = labelledFrames(frames, labelling);
    const onLoss = (lost: string): void => progress.note(`Warning: ${options.out} cannot keep: ${lost}.`);
    if (labelled.length > 0) await writeFrames(options.out, labelled, { units: unitsOf(options), onLoss });
    const [failed, path] = [failedFrames(frames, labelling), join(this.#directory, "failed.extxyz")];
    if (failed.length > 0) await writeFrames(path, failed);
    else rmSync(path, { force: true });
  }
}

const STOPPING = "No new calculations; those that are running are waited for. Once more ends them at once.";
const LEAVING = "Leaving; the jobs in the queue of Slurm go on.";
const INTERRUPTED = "Interrupted; everything that was computed is kept. The same command again goes on.";

const limitsOf = ({ timeLimit, memoryLimit }: LabelOptions): Limits => ({ seconds: timeLimit, megabytes: memoryLimit });

const startsMpi = ({ command }: Readonly<Record<string, unknown>>): boolean =>
  Array.isArray(command) && /(^|\/)(mpirun|mpiexec|orterun|prun|srun|aprun)\b/.test(String(command[0]));

/** What the engine cannot do is told for every structure before any is paid for. */
function checkStructure(engine: KeepingEngine, { structure, source }: Frame): void {
  try {
    engine.keyOf(structure);
  } catch (error) {
    if (!(error instanceof InputError) || error.trouble.where !== undefined) throw error;
    const where: Place = { file: source.file, structure: source.structure, line: source.line };
    throw new InputError({ ...error.trouble, where }, { cause: error });
  }
}
