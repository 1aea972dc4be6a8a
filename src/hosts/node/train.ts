/**
 * The main job: from a configuration to a potential, its errors and its run directory.
 *
 * files → frames (checked, split) → reference energies → functions (given, or chosen on a sample) → descriptors of all
 * structures in shared memory, filled by all workers → members, each in a worker (or a team of them where there are more
 * threads than members) → potential → errors on every set → how far its spread can be believed.
 *
 * The directory: `config.yaml` (resolved), `journal.jsonl` (events, one a line), `checkpoints/`, `potential.json`,
 * `result.json`; the caller adds the report.
 */
import { mkdirSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { dataHash } from "../../datasets/index.js";
import { compileDescriptors } from "../../descriptors/program.js";
import { writePotentialJson } from "../../formats/potential-json.js";
import type { NetworkPotential } from "../../potentials/definition.js";
import type { TrainingConfiguration } from "../../training/configuration.js";
import type { TrainingResult } from "../../training/record.js";
import { WorkerPool } from "./pool.js";
import { writeFileSafely } from "./safe-file.js";
import { type FitUncertainty, judgeFit } from "./train-calibration.js";
import { cacheStructures, fitDescriptors } from "./train-descriptors.js";
import { describeFit, fitIdentity, fitMembers } from "./train-fit.js";
import { Journal } from "./train-journal.js";
import { planMembers } from "./train-plan.js";
import { assemblePotential, compareStructures, resultOf } from "./train-result.js";
import type { FitRun, TrainOptions } from "./train-run.js";
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

export async function trainPotential(
  configuration: TrainingConfiguration,
  options: TrainOptions,
): Promise<TrainOutcome> {
  const run = new TrainingRun(configuration, options);
  try {
    return await run.execute();
  } finally {
    await run.close();
  }
}

class TrainingRun {
  readonly #run: FitRun;
  readonly #journal: Journal;
  readonly #parts: Record<string, number> = {};
  readonly #warnings: string[] = [];
  readonly #started = performance.now();
  #partStarted = this.#started;

  constructor(configuration: TrainingConfiguration, options: TrainOptions) {
    const start = configuration.start === null ? undefined : openStart(configuration.start, configuration);
    const pool = new WorkerPool(configuration.threads ?? Math.max(1, cpus().length));
    this.#run = { configuration, options, pool, start, choices: [] };
    this.#journal = new Journal(options.directory, this.#started);
  }

  close(): Promise<void> {
    return this.#run.pool.close();
  }

  async execute(): Promise<TrainOutcome> {
    const run = this.#run;
    const { configuration, options, pool } = run;
    this.#stage("data", "reading and checking the data");
    const data = await this.#load();
    const hash = await dataHash(data.frames);
    this.#endPart("reading and checking");

    this.#stage("functions", "choosing symmetry functions");
    const descriptors = fitDescriptors(run, data);
    this.#endPart("choosing functions");

    this.#stage("descriptors", `computing descriptors of ${data.frames.length} structures`);
    const program = compileDescriptors(pool.kernels, descriptors);
    const structures = await cacheStructures(run, data, program);
    this.#endPart("descriptors");

    await options.onAccepted?.();
    const earlier = this.#startDirectory();
    const plans = planMembers(run, data, { structures, program, descriptors });
    this.#stage("fit", describeFit(run, plans, structures));
    const identity = fitIdentity(configuration, { hash, threads: pool.size, start: run.start?.digest });
    const outcomes = await fitMembers(run, plans, { identity, journal: this.#journal });
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
  #startDirectory(): number {
    const { configuration, options } = this.#run;
    mkdirSync(join(options.directory, "checkpoints"), { recursive: true });
    writeFileSafely(join(options.directory, "config.yaml"), stringify(configuration));
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
    const { directory } = this.#run.options;
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
