/** The directory of a simulation: whether it may be written to, and whether it holds a run to continue or one that has ended. */
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../errors/index.js";
import type { SimulationRecord } from "./md-result.js";
import { parseSimulationConfiguration, type SimulationConfiguration } from "./simulation-configuration.js";
import { readText } from "./wiring.js";

export interface Found {
  readonly resume: boolean;
  /** What an earlier call ended with, if it needs nothing more. */
  readonly ended: SimulationRecord | undefined;
}

/** Files of ours only: a mistyped --out must not cost anybody's data. */
const runFiles = [
  ...["config.yaml", "journal.jsonl", "checkpoints", "result.json", "thermo.csv", "thermo.jsonl"],
  ...["trajectory.extxyz", "trajectory.extxyz.gz", "trajectory.lammpstrj", "trajectory.lammpstrj.gz"],
  ...["collected.extxyz", "stopped.extxyz"],
];

/** Throws InputError if the directory holds anything that a run would spoil. */
export function lookInto(
  directory: string,
  configuration: SimulationConfiguration,
  { resume, overwrite }: { readonly resume: boolean; readonly overwrite: boolean },
): Found {
  if (!isFilled(directory)) {
    if (resume) throw nothingToResume(directory);
    return { resume: false, ended: undefined };
  }
  if (overwrite) {
    for (const name of runFiles) rmSync(join(directory, name), { recursive: true, force: true });
    return { resume: false, ended: undefined };
  }
  const before = savedSimulation(directory);
  if (before === undefined) throw foreign(directory);
  const changed = changedKeys(before, configuration);
  if (changed.length > 0) throw otherRun(directory, changed);
  return { resume: true, ended: endedRun(directory, configuration) };
}

/** The configuration of a run directory; undefined where there is none of a simulation. */
export function savedSimulation(directory: string): SimulationConfiguration | undefined {
  const path = join(directory, "config.yaml");
  if (!existsSync(path) || !existsSync(join(directory, "journal.jsonl"))) return undefined;
  try {
    return parseSimulationConfiguration(readText(path), path);
  } catch (error) {
    // A fit's directory, most likely.
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

/** A finished run may be asked for more steps; one that was stopped stays so. */
function endedRun(directory: string, { steps }: SimulationConfiguration): SimulationRecord | undefined {
  const path = join(directory, "result.json");
  if (!existsSync(path)) return undefined;
  const record = JSON.parse(readFileSync(path, "utf8")) as SimulationRecord;
  return record.reason === "finished" && record.step < steps ? undefined : record;
}

function isFilled(directory: string): boolean {
  if (!existsSync(directory)) return false;
  if (statSync(directory).isDirectory()) return readdirSync(directory).length > 0;
  throw new InputError({
    code: "not-a-directory",
    where: { file: directory },
    problem: "This is a file, and the run needs a directory.",
    remedy: "Give another --out.",
  });
}

/** Keys whose values differ; where files lie, how long it lasts and how many threads share it are no difference. */
function changedKeys(before: SimulationConfiguration, now: SimulationConfiguration): string[] {
  const idle = new Set(["out", "threads", "steps", "potential"]);
  const text = (c: SimulationConfiguration, key: string): string => {
    const value = c[key as keyof SimulationConfiguration];
    return JSON.stringify(key === "structure" ? { ...c.structure, file: "" } : value);
  };
  return Object.keys(now).filter((key) => !idle.has(key) && text(before, key) !== text(now, key));
}

const nothingToResume = (directory: string): InputError =>
  new InputError({
    code: "nothing-to-resume",
    where: { file: directory },
    problem: "There is no run here to resume.",
    remedy: "Leave --resume out, or give the directory of the run with --out.",
  });

const foreign = (directory: string): InputError =>
  new InputError({
    code: "directory-in-use",
    where: { file: directory },
    problem: "The directory holds files that are not a simulation of Potluck.",
    remedy: "Give an empty or new directory with --out; --overwrite puts the run beside these files.",
  });

const otherRun = (directory: string, changed: readonly string[]): InputError =>
  new InputError({
    code: "other-run",
    where: { file: directory },
    problem: `The directory holds a simulation with another configuration (different: ${changed.join(", ")}).`,
    remedy: "Give another --out, or --overwrite to replace that run.",
  });
