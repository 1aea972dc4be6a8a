/**
 * The main job: from a configuration to a potential, its errors and its run directory.
 *
 * files → frames (checked, split) → reference energies → functions (given, or chosen on a sample) → descriptors of all
 * structures in shared memory, filled by all workers → members, each in a worker (or a team of them where there are more
 * threads than members) → potential → errors on every set → how far its spread can be believed.
 *
 * The directory: `config.yaml` (resolved), `journal.jsonl` (events, one a line), `checkpoints/`, `potential.json`,
 * `result.json`; the caller adds the report.
 *
 * On a cluster (`execution: slurm`) every member is fitted by `trainMember` in a process of its own, and found finished here.
 */
import { mkdirSync, rmSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { dataHash } from "../../datasets/index.js";
import { compileDescriptors } from "../../descriptors/program.js";
import { writePotentialJson } from "../../formats/potential-json.js";
import type { NetworkPotential } from "../../potentials/definition.js";
import type { TrainingConfiguration } from "../../training/configuration.js";
import type { TrainingResult } from "../../training/record.js";
import { encodeSnapshot } from "../../training/snapshot.js";
import { fullDiskTrouble } from "./atomic.js";
import { WorkerPool } from "./pool.js";
import { writeFileSafely } from "./safe-file.js";
import { requireSlurm } from "./slurm/commands.js";
import { discardRun } from "./slurm/run.js";
import { type FitUncertainty, judgeFit } from "./train-calibration.js";
import { agreeOnDescriptors, cacheStructures, fitDescriptors } from "./train-descriptors.js";
import { checkCheckpoints, describeFit, fitIdentity, fitMembers } from "./train-fit.js";
import { Journal } from "./train-journal.js";
import { planMembers } from "./train-plan.js";
import { assemblePotential, compareStructures, resultOf } from "./train-result.js";
import { type FitRun, memberFiles, type TrainOptions } from "./train-run.js";
import { clusterFolder, fitOnCluster, jobThreads } from "./train-slurm.js";
import { loadContinuedData, openStart } from "./train-start.js";
import { loadTrainingData, type TrainingData } from "./training-data.js";

export type { FitUncertainty } from "./train-calibration.js";
export { startRunDirectory } from "./train-journal.js";
export { type TrainingEvent, TrainingStopped, type TrainOptions } from "./train-run.js";

export interface TrainOutcome {
  readonly result: TrainingResult;
  readonly potential: NetworkPotential;
  readonly uncertainty: FitUncertainty;
}

/** Throws InputError for what the user must mend, `TrainingStopped` where the signal ended the fit. */
export function trainPotential(configuration: TrainingConfiguration, options: TrainOptions): Promise<TrainOutcome> {
  return carriedOut(new TrainingRun(configuration, options), (run) => run.execute());
}

/**
 * Fits one member (number from 0) of a run that is there, and leaves its checkpoint and the file that says that it is done. With
 * N threads it has the bits of that member in a fit of all with N threads for each.
 */
export function trainMember(
  configuration: TrainingConfiguration,
  options: TrainOptions,
  member: number,
): Promise<void> {
  return carriedOut(new TrainingRun(configuration, options, memberFiles.journal(member)), (run) =>
    run.executeMember(member),
  );
}

async function carriedOut<T>(run: TrainingRun, work: (run: TrainingRun) => Promise<T>): Promise<T> {
  try {
    return await work(run);
  } catch (error) {
    throw fullDiskTrouble(run.directory, error);
  } finally {
    await run.close();
  }
}

class TrainingRun {
  readonly directory: string;
  readonly #run: FitRun;
  readonly #journal: Journal;
  readonly #parts: Record<string, number> = {};
  readonly #warnings: string[] = [];
  readonly #started = performance.now();
  #partStarted = this.#started;

  constructor(configuration: TrainingConfiguration, options: TrainOptions, journal?: string) {
    const start = configuration.start === null ? undefined : openStart(configuration.start, configuration);
    const pool = new WorkerPool(configuration.threads ?? Math.max(1, cpus().length));
    this.directory = options.directory;
    this.#run = { configuration, options, pool, start, choices: [] };
    this.#journal = new Journal(options.directory, this.#started, journal);
  }

  close(): Promise<void> {
    return this.#run.pool.close();
  }

  async execute(): Promise<TrainOutcome> {
    const run = this.#run;
    const { configuration, options, pool } = run;
    if (configuration.execution.kind === "slurm" && !options.resume) await requireSlurm();
    const { data, hash, agreed, program, structures } = await this.#prepare();
    const descriptors = agreed.functions;

    await options.onAccepted?.();
    const earlier = await this.#startDirectory();
    const plans = planMembers(run, data, { structures, program, descriptors });
    const { execution } = configuration;
    this.#stage("fit", describeFit(run, plans, structures));
    const threads = execution.kind === "slurm" ? plans.length * jobThreads(execution) : pool.size;
    const places = { identity: this.#identity(hash, threads), journal: this.#journal };
    if (execution.kind === "slurm") {
      if (options.resume) checkCheckpoints(run, plans, places.identity);
      agreeOnDescriptors(run, agreed);
      await fitOnCluster(run, plans, { execution, journal: this.#journal });
    }
    // Members that others have fitted are found finished.
    const resume = options.resume || execution.kind === "slurm";
    const outcomes = await fitMembers({ ...run, options: { ...options, resume } }, plans, places);
    this.#endPart("fit");

    this.#stage("errors", `predicting ${data.frames.length} structures`);
    const potential = assemblePotential({ run, data, plans, outcomes }, descriptors);
    const parts = { run, data, structures, plans, outcomes, potential };
    const comparisons = await compareStructures(parts);
    const uncertainty = judgeFit(parts, comparisons);
    this.#endPart("errors");
    const result = resultOf(parts, comparisons, this.#facts(earlier));
    this.#save(result, { potential, hash, uncertainty });
    return { result, potential, uncertainty };
  }

  async executeMember(member: number): Promise<void> {
    const run = this.#run;
    const { data, hash, agreed, program, structures } = await this.#prepare();
    const plans = planMembers(run, data, { structures, program, descriptors: agreed.functions });
    const plan = plans[member]!;
    const identity = this.#identity(hash, plans.length * run.pool.size);
    mkdirSync(join(this.directory, "checkpoints"), { recursive: true });
    this.#journal.write({ event: "start" });
    this.#stage("fit", describeFit(run, plans, structures));
    const [outcome] = await fitMembers(run, [plan], { identity, journal: this.#journal });
    const path = (name: string): string => join(this.directory, name);
    // The last epoch of a member that has stopped before its time is not that of a checkpoint.
    writeFileSafely(path(memberFiles.checkpoint(member)), encodeSnapshot(outcome!.snapshot, identity));
    writeFileSafely(path(memberFiles.fitted(member)), "");
  }

  async #prepare() {
    const run = this.#run;
    this.#stage("data", "reading and checking the data");
    const data = await this.#load();
    const hash = await dataHash(data.frames);
    this.#endPart("reading and checking");

    this.#stage("functions", "choosing symmetry functions");
    const agreed = fitDescriptors(run, data);
    this.#endPart("choosing functions");

    this.#stage("descriptors", `computing descriptors of ${data.frames.length} structures`);
    const program = compileDescriptors(run.pool.kernels, agreed.functions);
    const structures = await cacheStructures(run, data, program);
    this.#endPart("descriptors");
    return { data, hash, agreed, program, structures };
  }

  /** `threads` of all members together. */
  #identity(hash: string, threads: number): string {
    const { configuration, start } = this.#run;
    return fitIdentity(configuration, { hash, threads, start: start?.digest });
  }

  #stage(name: string, detail: string): void {
    this.#run.options.onEvent({ kind: "stage", name, detail });
  }

  #endPart(name: string): void {
    const now = performance.now();
    this.#parts[name] = (now - this.#partStarted) / 1000;
    this.#partStarted = now;
  }

  async #load(): Promise<TrainingData> {
    const { configuration, start } = this.#run;
    const data = await (start === undefined
      ? loadTrainingData(configuration)
      : loadContinuedData(configuration, start));
    for (const text of data.warnings) {
      this.#warnings.push(text);
      this.#run.options.onEvent({ kind: "warning", text });
    }
    this.#run.choices.push(...data.choices);
    return data;
  }

  /** Returns the wall time of the parts that this run resumes, s. */
  async #startDirectory(): Promise<number> {
    const { configuration, options } = this.#run;
    const checkpoints = join(this.directory, "checkpoints");
    if (!options.resume) {
      await discardRun(clusterFolder(this.directory));
      rmSync(checkpoints, { recursive: true, force: true });
    }
    mkdirSync(checkpoints, { recursive: true });
    writeFileSafely(join(this.directory, "config.yaml"), stringify(configuration));
    const earlier = options.resume ? this.#journal.earlierSeconds() : 0;
    this.#journal.write({ event: "start" });
    return earlier;
  }

  #facts(earlier: number) {
    return {
      warnings: this.#warnings,
      seconds: earlier + (performance.now() - this.#started) / 1000,
      parts: { ...(earlier > 0 ? { "earlier runs": earlier } : {}), ...this.#parts },
    };
  }

  #save(
    result: TrainingResult,
    { potential, hash, uncertainty }: { potential: NetworkPotential; hash: string; uncertainty: FitUncertainty },
  ): void {
    const { directory } = this;
    const { comparisons: _c, members, ...summary } = result;
    const { calibration, judged } = uncertainty;
    const record = {
      errors: result.errors,
      ...(calibration === undefined ? {} : { calibration }),
      seed: result.seed,
      dataHash: hash,
      choices: result.choices,
      configuration: result.configuration,
    };
    writeFileSafely(join(directory, "potential.json"), writePotentialJson(potential, record));
    const whole = { ...summary, ...(judged === undefined ? {} : { uncertainty: judged.report }), members };
    writeFileSafely(join(directory, "result.json"), `${JSON.stringify(whole, null, 1)}\n`);
    this.#journal.write({ event: "done", seconds: result.seconds });
  }
}
