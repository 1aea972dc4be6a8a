/** The directory of a fit: whether it may be written to, and whether it holds a run to continue. */
import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../errors/index.js";
import { parseTrainingConfiguration, type TrainingConfiguration } from "../training/configuration.js";
import { readText } from "./wiring.js";

export interface DirectoryRules {
  readonly resume: boolean;
  readonly overwrite: boolean;
}

/** Whether to resume. Throws if the directory holds anything that a fit would spoil. */
export function prepareDirectory(
  directory: string,
  configuration: TrainingConfiguration,
  { resume, overwrite }: DirectoryRules,
): boolean {
  if (!isFilled(directory)) {
    if (resume) throw nothingToResume(directory);
    return false;
  }
  if (overwrite) {
    removeRun(directory);
    return false;
  }
  const before = savedConfiguration(directory);
  if (before === undefined) throw foreign(directory);
  const changed = changedKeys(before, configuration);
  if (changed.length > 0) throw otherRun(directory, changed);
  return true;
}

/** The configuration of a run directory; undefined where there is none. */
export function savedConfiguration(directory: string): TrainingConfiguration | undefined {
  const path = join(directory, "config.yaml");
  // The journal tells a run from a folder of somebody's that happens to have a config.yaml.
  if (!existsSync(path) || !existsSync(join(directory, "journal.jsonl"))) return undefined;
  return parseTrainingConfiguration(readText(path), path);
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

/** Files of ours only: a mistyped --out must not cost anybody's data. */
const runFiles = ["config.yaml", "journal.jsonl", "checkpoints", "potential.json", "result.json", "report.html"];

function removeRun(directory: string): void {
  for (const name of runFiles) rmSync(join(directory, name), { recursive: true, force: true });
}

/** Keys whose values differ, but for those that do not change the result or only where it goes. */
function changedKeys(before: TrainingConfiguration, now: TrainingConfiguration): string[] {
  const idle = new Set(["out", "threads", "checkpoint"]);
  return Object.keys(now).filter((key) => {
    const name = key as keyof TrainingConfiguration;
    return !idle.has(key) && JSON.stringify(before[name]) !== JSON.stringify(now[name]);
  });
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
    problem: "The directory holds files that are not a run of Potluck.",
    remedy: "Give an empty or new directory with --out; --overwrite puts the run beside these files.",
  });

const otherRun = (directory: string, changed: readonly string[]): InputError =>
  new InputError({
    code: "other-run",
    where: { file: directory },
    problem: `The directory holds a run with another configuration (different: ${changed.join(", ")}).`,
    remedy: "Give another --out, or --overwrite to replace that run.",
  });
