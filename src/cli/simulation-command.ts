/**
 * What `potluck md`, `mc` and `metadynamics` have in common: a configuration, a run directory, a run under watch that can be interrupted and
 * resumed, a result.
 */
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { Command } from "commander";
import { stringify } from "yaml";
import { type Override, parseOverride } from "../configuration/index.js";
import type { Finding } from "../dynamics/index.js";
import { InputError } from "../errors/index.js";
import { type PotentialSource, placeSource } from "../hosts/node/potential-source.js";
import { startRunDirectory } from "../hosts/node/train-journal.js";
import { significant } from "../reports/index.js";
import type { UnitSystem } from "../units/index.js";
import { Interrupted } from "./failures.js";
import { interruptible } from "./interruption.js";
import { addCommonOptions, type CommonOptions, collected, unitsOf, wholeNumber } from "./options.js";
import { Progress } from "./progress.js";
import { prepareDirectory, type RunKind, savedConfiguration } from "./run-directory.js";
import type { SharedSettings } from "./simulation-keys.js";
import { checkEnded, type EndRecord } from "./simulation-result.js";
import { printLine, type Terminal } from "./terminal.js";
import { readText, writeAtomically } from "./wiring.js";

export interface SimulationKind<C extends SharedSettings, R extends EndRecord> {
  /** Of the command. */
  readonly name: string;
  readonly description: string;
  /** Under the options of `--help`, before the keys. */
  readonly help: string;
  /** The key that says how long it is, and its option. */
  readonly length: { readonly key: keyof C & string; readonly help: string };
  readonly format: Format<C>;
  readonly directory: RunKind<C>;
  /** What an earlier call ended with, if it needs nothing more. */
  ended(directory: string, configuration: C): R | undefined;
  open(configuration: Placed<C>, units: UnitSystem): Promise<OpenedRun<R>>;
  text(record: R, out: string): string;
}

/** With a directory, and absolute paths. */
export type Placed<C> = C & { readonly out: string };

/** The part of a `ConfigurationFormat` that is used here. */
export interface Format<C> {
  readonly jsonSchema: object;
  readonly keysText: string;
  parse(text: string, file: string, overrides?: readonly Override[]): C;
  resolve(object: object, overrides?: readonly Override[]): C;
}

/** Ready to go. */
export interface OpenedRun<R> {
  readonly warnings: readonly string[];
  run(hooks: RunHooks): Promise<R>;
  close(): Promise<void>;
}

/** For the host. */
export interface RunHooks {
  readonly directory: string;
  readonly resume: boolean;
  readonly signal: AbortSignal;
  readonly onResumed: (step: number) => void;
  readonly onWarning: (finding: Finding) => void;
  /** How far it is, and what is worth knowing now. */
  progress(done: number, total: number, detail: string): void;
}

export interface SimulationOptions extends CommonOptions {
  readonly out?: string;
  readonly set?: readonly string[];
  readonly resume?: true;
  readonly overwrite?: true;
  readonly schema?: true;
}

export function simulationCommand<C extends SharedSettings, R extends EndRecord>(
  kind: SimulationKind<C, R>,
  terminal: Terminal,
): Command {
  const { key, help } = kind.length;
  const command = new Command(kind.name)
    .description(kind.description)
    .argument("[configuration]", "YAML file")
    .option("--out <directory>", "run directory (default: runs/NAME)")
    .option(`--${key} <n>`, help, wholeNumber(`--${key}`, 1))
    .option("--set <key=value>", "any key of the configuration; may be repeated", collected)
    .option("--resume", "continue a run; without it a run of the same configuration is continued too")
    .option("--overwrite", "start anew in a directory that holds a run")
    .option("--schema", "print the JSON schema of configurations, for editors");
  return addCommonOptions(command)
    .addHelpText("after", () => `\n${kind.help}\n\n${KEYS}\n${kind.format.keysText}`)
    .action((file: string | undefined, options: SimulationOptions) => new Call(kind, options, terminal).go(file));
}

const KEYS = "A configuration is YAML with these keys (a.b is the key b inside a):";

/** The configuration, with the files that it names beside it, and those of the command line where the user is. */
export function placedConfiguration<C extends SharedSettings, R extends EndRecord>(
  kind: SimulationKind<C, R>,
  file: string | undefined,
  options: SimulationOptions,
): Placed<C> {
  const overrides = overridesOf(kind, options);
  if (file === undefined) return resumedConfiguration(kind, options, overrides);
  const configuration = kind.format.parse(readText(file), file, overrides);
  const given = (key: string): boolean => overrides.some(({ path }) => path === key);
  const place = (name: string, key: string): string =>
    resolve(isAbsolute(name) || given(key) ? name : join(dirname(file), name));
  const { potential, structure } = configuration;
  return {
    ...configuration,
    potential: placeSource(potential as PotentialSource, (path) => place(path, "potential")),
    structure: {
      ...structure,
      file: place(structure.file, given("structure") ? "structure" : "structure.file"),
    },
    out: configuration.out ?? join("runs", runName(file, kind.name)),
  };
}

/** `--resume --out DIR` alone: the directory knows its configuration. */
function resumedConfiguration<C extends SharedSettings, R extends EndRecord>(
  kind: SimulationKind<C, R>,
  { resume, out }: SimulationOptions,
  overrides: readonly Override[],
): Placed<C> {
  const saved = resume && out !== undefined ? savedConfiguration(out, kind.directory) : undefined;
  if (saved !== undefined && out !== undefined) return { ...kind.format.resolve(saved, overrides), out };
  throw new InputError({
    code: "no-configuration",
    problem: resume
      ? `There is no run to resume in ${out ?? "a directory that --out names"}.`
      : "There is nothing to simulate.",
    remedy: `Give a configuration file; \`potluck ${kind.name} --help\` has all its keys.`,
  });
}

function overridesOf<C extends SharedSettings, R extends EndRecord>(
  { length }: SimulationKind<C, R>,
  options: SimulationOptions,
): Override[] {
  const { out, seed, threads, set = [] } = options;
  const steps = (options as Readonly<Record<string, unknown>>)[length.key];
  const named = Object.entries({ out, [length.key]: steps, seed, threads })
    .filter(([, value]) => value !== undefined)
    .map(([path, value]) => ({ path, value, written: `--${path} ${value}` }));
  return [...named, ...set.map((text) => parseOverride(text))];
}

/** silicon.yaml → silicon-md; silicon/md.yaml → silicon-md */
function runName(file: string, command: string): string {
  const stem = basename(file).split(".")[0] ?? "";
  const folder = basename(dirname(resolve(file)));
  const idle = [command, "config", "configuration", "input", "simulation", "potluck"].includes(stem);
  return `${idle && folder !== "" ? folder : stem || "run"}-${command}`;
}

/** One call of the command. */
class Call<C extends SharedSettings, R extends EndRecord> {
  readonly #kind: SimulationKind<C, R>;
  readonly #options: SimulationOptions;
  readonly #terminal: Terminal;
  readonly #progress: Progress;

  constructor(kind: SimulationKind<C, R>, options: SimulationOptions, terminal: Terminal) {
    this.#kind = kind;
    this.#options = options;
    this.#terminal = terminal;
    this.#progress = new Progress({ stream: terminal.err, silent: options.quiet === true });
  }

  async go(file: string | undefined): Promise<void> {
    const { directory: kind, format, ended, text } = this.#kind;
    const { schema, json, resume, overwrite } = this.#options;
    const { out: stdout } = this.#terminal;
    if (schema) return printLine(stdout, JSON.stringify(format.jsonSchema, null, 2));
    const configuration = placedConfiguration(this.#kind, file, this.#options);
    const { out } = configuration;
    const resumes = prepareDirectory<C>(out, configuration, {
      ...{ kind, resume: resume === true, overwrite: overwrite === true },
    });
    const before = resumes ? ended(out, configuration) : undefined;
    if (before !== undefined) this.#progress.note(`The run in ${out} has ended already.`);
    const record = before ?? (await this.#carryOut(configuration, resumes));
    printLine(stdout, json ? JSON.stringify(record) : text(record, out));
    checkEnded(record);
  }

  async #carryOut(configuration: Placed<C>, resume: boolean): Promise<R> {
    const progress = this.#progress;
    progress.stage("reading");
    const opened = await this.#kind.open(configuration, unitsOf(this.#options));
    for (const warning of opened.warnings) progress.note(`Warning: ${warning}`);
    const { out } = configuration;
    try {
      startRunDirectory(out);
      await writeAtomically(join(out, "config.yaml"), [stringify(configuration)]);
      const record = await this.#watched(opened, { out, resume });
      progress.finish();
      if (record.reason === "interrupted") throw new Interrupted(howToResume(this.#kind.name, out));
      if (record.advice !== null) progress.note(`Warning: ${record.advice}`);
      await writeAtomically(join(out, "result.json"), [`${JSON.stringify(record, null, 2)}\n`]);
      return record;
    } finally {
      progress.finish();
      await opened.close();
    }
  }

  async #watched(opened: OpenedRun<R>, { out, resume }: { out: string; resume: boolean }): Promise<R> {
    const progress = this.#progress;
    const interruption = interruptible(progress, STOPPING);
    const warned = new Set<string>();
    progress.stage("simulating");
    try {
      return await opened.run({
        ...{ directory: out, resume, signal: interruption.signal },
        onResumed: (step) => progress.note(`Resuming the run in ${out} at step ${step}.`),
        progress: (done, total, detail) => progress.update(done, total, detail),
        onWarning: ({ threshold: { quantity, above }, step, value }) => {
          // The result says how often; here the first time is enough.
          if (warned.has(quantity)) return;
          warned.add(quantity);
          progress.note(`Warning: at step ${step} the ${quantity} is ${significant(value)}, above ${above}.`);
        },
      });
    } finally {
      interruption.end();
    }
  }
}

const STOPPING = "Stopping at the next checkpoint; once more ends at once, and the last checkpoint is kept.";

const howToResume = (name: string, out: string): string =>
  `Interrupted; everything up to the last checkpoint is kept. To go on:\n  potluck ${name} --resume --out ${out}`;
