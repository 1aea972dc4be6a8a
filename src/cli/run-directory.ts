/** The directory of a run, fit or simulation: whether it may be written to, and whether it holds a run to continue. */
import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../errors/index.js";

/** What a kind of run leaves in its directory. */
export interface RunKind<C extends object> {
  /** "a fit" */
  readonly name: string;
  /** Files of ours only: a mistyped --out must not cost anybody's data. */
  readonly files: readonly string[];
  /** The configuration in a file `config.yaml`; undefined where it is none of this kind. */
  read(path: string): C | undefined;
  /** What must stay the same for a run to be continued: no threads, no places of files. */
  essence(configuration: C): Readonly<Record<string, unknown>>;
}

export interface DirectoryRules<C extends object> {
  readonly kind: RunKind<C>;
  readonly resume: boolean;
  readonly overwrite: boolean;
}

/** Whether to resume. Throws InputError if the directory holds anything that the run would spoil. */
export function prepareDirectory<C extends object>(
  directory: string,
  configuration: C,
  { kind, resume, overwrite }: DirectoryRules<C>,
): boolean {
  if (!isFilled(directory)) {
    if (resume) throw nothingToResume(directory);
    return false;
  }
  if (overwrite) {
    for (const name of kind.files) rmSync(join(directory, name), { recursive: true, force: true });
    return false;
  }
  const before = savedConfiguration(directory, kind);
  if (before === undefined) throw foreign(directory, kind.name);
  const changed = changedKeys(kind.essence(before), kind.essence(configuration));
  if (changed.length > 0) throw otherRun(directory, kind.name, changed);
  return true;
}

/** The configuration of a run directory; undefined where there is none of this kind. */
export function savedConfiguration<C extends object>(directory: string, kind: RunKind<C>): C | undefined {
  const path = join(directory, "config.yaml");
  // The journal tells a run from a folder of somebody's that happens to have a config.yaml.
  return existsSync(path) && existsSync(join(directory, "journal.jsonl")) ? kind.read(path) : undefined;
}

function isFilled(directory: string): boolean {
  if (!existsSync(directory)) return false;
  if (statSync(directory).isDirectory()) return readdirSync(directory).some((name) => !isBeginning(directory, name));
  throw new InputError({
    code: "not-a-directory",
    where: { file: directory },
    problem: "This is a file, and the run needs a directory.",
    remedy: "Give another --out.",
  });
}

/** What a run leaves that is killed before its configuration is on the disk: a journal without a line, half a configuration. */
const isBeginning = (directory: string, name: string): boolean =>
  (name === "journal.jsonl" && statSync(join(directory, name)).size === 0) || /^\.config\.yaml\..*\.tmp$/.test(name);

const changedKeys = (before: Readonly<Record<string, unknown>>, now: Readonly<Record<string, unknown>>): string[] =>
  Object.keys(now).filter((key) => JSON.stringify(before[key]) !== JSON.stringify(now[key]));

const nothingToResume = (directory: string): InputError =>
  new InputError({
    code: "nothing-to-resume",
    where: { file: directory },
    problem: "There is no run here to resume.",
    remedy: "Leave --resume out, or give the directory of the run with --out.",
  });

const foreign = (directory: string, name: string): InputError =>
  new InputError({
    code: "directory-in-use",
    where: { file: directory },
    problem: `The directory holds files that are not ${name} of Potluck.`,
    remedy: "Give an empty or new directory with --out; --overwrite puts the run beside these files.",
  });

const otherRun = (directory: string, name: string, changed: readonly string[]): InputError =>
  new InputError({
    code: "other-run",
    where: { file: directory },
    problem: `The directory holds ${name} with another configuration (different: ${changed.join(", ")}).`,
    remedy: "Give another --out, or --overwrite to replace that run.",
  });
