/** An engine of a program that is started once for each structure. */
import { join } from "node:path";
import type { Calculation, Engine, Failure, Limits, Outcome, Program } from "../../../engines/index.js";
import type { Structure } from "../../../structure/index.js";
import { excerptOf, freshDirectory, outputFilesOf, writeInputs } from "./directories.js";
import { checkProgram, requireProgram } from "./installation.js";
import { type Ended, runProgram } from "./processes.js";
import { inputHash, readRecord, writeRecord } from "./record.js";

export interface FileEngineOptions {
  /** Calculations get directories in it. */
  readonly directory: string;
  readonly limits?: Limits | undefined;
}

/** Several structures may be labelled at once; each is a process of its own. */
export function fileEngine(program: Program, options: FileEngineOptions): Engine {
  let version: Promise<string | undefined> | undefined;
  return {
    name: program.name,
    title: program.title,
    check: () => checkProgram(program),
    label: async (structure, how = {}) => {
      const prepared = program.prepare(structure);
      const input = inputHash(prepared);
      const name = how.name ?? input.slice(0, 16);
      const earlier = reuse(program, { structure, input, directory: join(options.directory, name) });
      if (earlier !== undefined) return earlier;
      version ??= requireProgram(program);
      const known = await version;
      const directory = freshDirectory(options.directory, name);
      writeInputs(directory, prepared.files);
      const { limits } = options;
      const ended = await runProgram(prepared.command, { directory, limits, signal: how.signal });
      const outcome = await judge(ended, { directory, limits, read: () => prepared.read(outputFilesOf(directory)) });
      const rest = { cost: ended.cost, directory, reused: false };
      const calculation: Calculation = { engine: program.name, version: known, structure, outcome, ...rest };
      // What was cancelled has not failed: it is done again next time.
      if (ended.stopped !== "cancelled") writeRecord(calculation, directory, input);
      return calculation;
    },
    close: async () => {},
  };
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
  return {
    kind: reason,
    problem: time
      ? `The calculation has been ended after ${limits?.seconds} s, its limit.`
      : `The calculation has been ended at ${limits?.megabytes} MB of memory, its limit.`,
    remedy: `Raise the limit (${time ? "seconds" : "megabytes"}), or make the calculation cheaper.`,
  };
}
