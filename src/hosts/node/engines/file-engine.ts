/** An engine of a program that is started once for each structure. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type {
  Calculation,
  Command,
  Engine,
  Failure,
  Installation,
  LabelOptions,
  Limits,
  Outcome,
  Preparation,
  Program,
} from "../../../engines/index.js";
import type { Structure } from "../../../structure/index.js";
import { adoptRun } from "./adoption.js";
import { excerptOf, freshDirectory, outputFilesOf, writeInputs } from "./directories.js";
import { checkProgram, type Requirement, requireInstalled } from "./installation.js";
import { type Ended, type RunOptions, runProgram } from "./processes.js";
import { inputHash, readRecord, writeRecord } from "./record.js";
import { removeNotes, runFiles } from "./run-files.js";

/** An engine that keeps what it has computed, each calculation under a key that is the same for the same input. */
export interface KeepingEngine extends Engine {
  /** Of everything that decides the result. Throws `InputError` for a structure that the engine cannot do. */
  keyOf(structure: Structure): string;
  /** What came of the same input before, converged or not; undefined where nothing is recorded. */
  earlier(structure: Structure): Calculation | undefined;
}

/** Where programs run: on this machine, or as jobs of a cluster. */
export interface Executor {
  /** Where this machine does not know the program: it may be there only once modules are loaded. */
  readonly elsewhere?: boolean;
  run(command: Command, options: RunOptions): Promise<Ended>;
  /** The end of the same run, started by a process of ours that was killed; undefined where there is none to take up. */
  adopt(input: string, options: RunOptions): Promise<Ended | undefined>;
}

export const localExecutor: Executor = { run: runProgram, adopt: adoptRun };

export interface FileEngineOptions {
  /** Calculations get directories in it. */
  readonly directory: string;
  readonly limits?: Limits | undefined;
  /** What must be there besides the program. */
  readonly requirement?: Requirement | undefined;
  /** Default: this machine. */
  readonly executor?: Executor | undefined;
}

/** Name of the directory of a calculation. */
export const directoryName = (key: string): string => key.slice(0, 16);

/** Several structures may be labelled at once; each is a process of its own. */
export const fileEngine = (program: Program, options: FileEngineOptions): KeepingEngine =>
  new FileEngine(program, options);

class FileEngine implements KeepingEngine {
  readonly name: string;
  readonly title: string;
  private readonly program: Program;
  private readonly options: FileEngineOptions;
  private readonly executor: Executor;
  private version: Promise<string | undefined> | undefined;

  constructor(program: Program, options: FileEngineOptions) {
    this.name = program.name;
    this.title = program.title;
    this.program = program;
    this.options = options;
    this.executor = options.executor ?? localExecutor;
  }

  async check(): Promise<Installation> {
    const { requirement } = this.options;
    if (this.executor.elsewhere !== true) return checkProgram(this.program, requirement);
    const missing = requirement?.();
    return missing === undefined ? { installed: true, version: undefined } : { installed: false, ...missing };
  }

  keyOf(structure: Structure): string {
    return inputHash(this.program.prepare(structure));
  }

  earlier(structure: Structure): Calculation | undefined {
    return earlierOf(this.program, structure, { input: this.keyOf(structure), root: this.options.directory });
  }

  async label(structure: Structure, how: LabelOptions = {}): Promise<Calculation> {
    const prepared = this.program.prepare(structure);
    const input = inputHash(prepared);
    const directory = join(this.options.directory, how.name ?? directoryName(input));
    const earlier = reuse(this.program, { structure, input, directory });
    if (earlier !== undefined) return earlier;
    this.version ??= this.check().then(requireInstalled);
    const version = await this.version;
    const run = { directory, limits: this.options.limits, signal: how.signal };
    // What has a record has been judged already: another try is a run of its own.
    const adopted = readRecord(directory, input) ? undefined : await this.executor.adopt(input, run);
    const ended = adopted ?? (await this.start(prepared, { input, run }));
    const read = () => prepared.read(outputFilesOf(directory));
    const outcome = await judge(ended, { directory, limits: run.limits, read });
    const rest = { cost: ended.cost, directory, reused: false };
    const calculation: Calculation = { engine: this.name, version, structure, outcome, ...rest };
    // What was cancelled has not failed: it is done again next time.
    if (ended.stopped !== "cancelled") writeRecord(calculation, directory, input);
    removeNotes(directory);
    return calculation;
  }

  close = async (): Promise<void> => {};

  private start(
    { files, command }: Preparation,
    { input, run }: { readonly input: string; readonly run: RunOptions },
  ): Promise<Ended> {
    freshDirectory(run.directory);
    writeInputs(run.directory, files);
    writeFileSync(join(run.directory, runFiles.input), input);
    return this.executor.run(command, run);
  }
}

/** What is recorded of an input in its usual place. */
export function earlierOf(
  { name }: Program,
  structure: Structure,
  { input, root }: { readonly input: string; readonly root: string },
): Calculation | undefined {
  const directory = join(root, directoryName(input));
  const found = readRecord(directory, input);
  return found && { engine: name, structure, directory, reused: true, ...found };
}

/** The converged result of the same input, if the directory has one. */
export function reuse(
  { name }: Program,
  at: { readonly structure: Structure; readonly input: string; readonly directory: string },
): Calculation | undefined {
  const found = readRecord(at.directory, at.input);
  if (found?.outcome.converged !== true) return undefined;
  return { engine: name, structure: at.structure, directory: at.directory, reused: true, ...found };
}

/** What came of a run: why we have ended it, else what its files say. */
async function judge(
  ended: Ended,
  given: { readonly directory: string; readonly limits: Limits | undefined; read(): Promise<Outcome> },
): Promise<Outcome> {
  const { directory, limits } = given;
  const { exitCode } = ended;
  const excerpt = async () => ({ excerpt: await excerptOf(directory), exitCode });
  if (ended.stopped !== undefined)
    return { converged: false, failure: { ...stoppedFailure(ended.stopped, limits), ...(await excerpt()) } };
  if (exitCode === undefined || exitCode === 126 || exitCode === 127)
    return { converged: false, failure: { ...notStarted, ...(await excerpt()) } };
  const outcome = await given.read();
  // Some programs end with an error after all is done (MPI's farewell): their labels count.
  if (outcome.converged) return outcome;
  const { failure } = outcome;
  const crashed = exitCode !== 0 && failure.kind === "cut-output";
  const kind = crashed ? "crashed" : failure.kind;
  const problem = crashed ? `The program has ended with code ${exitCode}. ${failure.problem}` : failure.problem;
  return { converged: false, failure: { ...failure, kind, problem, ...(await excerpt()) } };
}

const notStarted: Failure = {
  kind: "not-started",
  problem: "The program could not be started.",
  remedy: "Check the command in the settings of the engine.",
};

/** The failure of what we have ended ourselves. */
export function stoppedFailure(reason: NonNullable<Ended["stopped"]>, limits: Limits | undefined): Failure {
  if (reason === "cancelled")
    return { kind: reason, problem: "The calculation was cancelled.", remedy: "Start again: nothing of it is kept." };
  const time = reason === "time-limit";
  const [limit, unit, what] = time ? [limits?.seconds, "s", "time"] : [limits?.megabytes, "MB of memory", "memory"];
  // A cluster has limits of its own.
  if (limit === undefined)
    return {
      kind: reason,
      problem: `The job of the calculation has been ended at its limit of ${what}.`,
      remedy: `Raise \`${what}\` in the settings of the cluster, or make the calculation cheaper.`,
    };
  return {
    kind: reason,
    problem: `The calculation has been ended ${time ? "after" : "at"} ${limit} ${unit}, its limit.`,
    remedy: `Raise the limit (${time ? "seconds" : "megabytes"}), or make the calculation cheaper.`,
  };
}
