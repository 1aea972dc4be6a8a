/** `potluck md`: molecular dynamics. */
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { Command } from "commander";
import { stringify } from "yaml";
import { type Override, parseOverride } from "../configuration/index.js";
import { InputError } from "../errors/index.js";
import { type SimulationResult, simulate } from "../hosts/node/simulate.js";
import { startRunDirectory } from "../hosts/node/train-journal.js";
import { significant } from "../reports/index.js";
import { Interrupted } from "./failures.js";
import { interruptible } from "./interruption.js";
import { endedRun, simulationDirectory } from "./md-directory.js";
import { type OpenedSimulation, openSimulation } from "./md-plan.js";
import { checkEnded, type SimulationRecord, simulationRecord, simulationText } from "./md-result.js";
import { addCommonOptions, type CommonOptions, collected, unitsOf, wholeNumber } from "./options.js";
import { Progress } from "./progress.js";
import { prepareDirectory, savedConfiguration } from "./run-directory.js";
import { type SimulationConfiguration, simulationFormat } from "./simulation-configuration.js";
import { printLine, type Terminal } from "./terminal.js";
import { readText, writeAtomically } from "./wiring.js";

interface MdOptions extends CommonOptions {
  readonly out?: string;
  readonly steps?: number;
  readonly set?: readonly string[];
  readonly resume?: true;
  readonly overwrite?: true;
  readonly schema?: true;
}

type Placed = SimulationConfiguration & { readonly out: string };

const example = () => `
Examples:
  potluck md silicon.yaml
  potluck md silicon.yaml --steps 100000 --set temperature=600 --out runs/hot
  potluck md --resume --out runs/hot

The same command again goes on from the last checkpoint. Ctrl-C ends the run at the next checkpoint, a second one at once. Exit code 3
says that an uncertainty threshold has stopped the run, 1 that something physically impossible has; stopped.extxyz then holds the
frames that led there.

A configuration is YAML with these keys (a.b is the key b inside a):
${simulationFormat.keysText}`;

export function mdCommand(terminal: Terminal): Command {
  const command = new Command("md")
    .description("Molecular dynamics with a potential, under watch.")
    .argument("[configuration]", "YAML file")
    .option("--out <directory>", "run directory (default: runs/NAME)")
    .option("--steps <n>", "steps to take", wholeNumber("--steps", 1))
    .option("--set <key=value>", "any key of the configuration; may be repeated", collected)
    .option("--resume", "continue a run; without it a run of the same configuration is continued too")
    .option("--overwrite", "start anew in a directory that holds a run")
    .option("--schema", "print the JSON schema of configurations, for editors");
  return addCommonOptions(command)
    .addHelpText("after", example)
    .action((file: string | undefined, options: MdOptions) => md(file, options, terminal));
}

async function md(file: string | undefined, options: MdOptions, terminal: Terminal): Promise<void> {
  if (options.schema) return printLine(terminal.out, JSON.stringify(simulationFormat.jsonSchema, null, 2));
  const progress = new Progress({ stream: terminal.err, silent: options.quiet === true });
  const configuration = mdConfiguration(file, options);
  const { out } = configuration;
  const rules = { kind: simulationDirectory, resume: options.resume === true, overwrite: options.overwrite === true };
  const resume = prepareDirectory(out, configuration, rules);
  const ended = resume ? endedRun(out, configuration) : undefined;
  if (ended !== undefined) progress.note(`The run in ${out} has ended already.`);
  const record = ended ?? (await carryOut(configuration, { resume, progress, options }));
  printLine(terminal.out, options.json ? JSON.stringify(record) : simulationText(record, out));
  checkEnded(record);
}

/** The configuration, with the files that it names beside it, and those of the command line where the user is. */
export function mdConfiguration(file: string | undefined, options: MdOptions): Placed {
  const overrides = overridesOf(options);
  if (file === undefined) return resumedConfiguration(options, overrides);
  const configuration = simulationFormat.parse(readText(file), file, overrides);
  const given = (key: string): boolean => overrides.some(({ path }) => path === key);
  const place = (name: string, key: string): string =>
    resolve(isAbsolute(name) || given(key) ? name : join(dirname(file), name));
  const { potential, structure } = configuration;
  return {
    ...configuration,
    potential: typeof potential === "string" ? place(potential, "potential") : potential,
    structure: {
      ...structure,
      file: place(structure.file, given("structure") ? "structure" : "structure.file"),
    },
    out: configuration.out ?? join("runs", runName(file)),
  };
}

/** `--resume --out DIR` alone: the directory knows its configuration. */
function resumedConfiguration({ resume, out }: MdOptions, overrides: readonly Override[]): Placed {
  const saved = resume && out !== undefined ? savedConfiguration(out, simulationDirectory) : undefined;
  if (saved !== undefined && out !== undefined) return { ...simulationFormat.resolve(saved, overrides), out };
  throw new InputError({
    code: "no-configuration",
    problem: resume
      ? `There is no run to resume in ${out ?? "a directory that --out names"}.`
      : "There is nothing to simulate.",
    remedy: "Give a configuration file; `potluck md --help` has all its keys.",
  });
}

function overridesOf({ out, steps, seed, threads, set = [] }: MdOptions): Override[] {
  const named = Object.entries({ out, steps, seed, threads })
    .filter(([, value]) => value !== undefined)
    .map(([path, value]) => ({ path, value, written: `--${path} ${value}` }));
  return [...named, ...set.map((text) => parseOverride(text))];
}

/** silicon.yaml → silicon; silicon/md.yaml → silicon */
function runName(file: string): string {
  const stem = basename(file).split(".")[0] ?? "";
  const folder = basename(dirname(resolve(file)));
  const idle = ["md", "config", "configuration", "input", "simulation", "potluck"].includes(stem);
  return `${idle && folder !== "" ? folder : stem || "run"}-md`;
}

interface Task {
  readonly resume: boolean;
  readonly progress: Progress;
  readonly options: MdOptions;
}

async function carryOut(configuration: Placed, { resume, progress, options }: Task): Promise<SimulationRecord> {
  progress.stage("reading");
  const opened = await openSimulation(configuration, unitsOf(options));
  for (const warning of opened.potential.warnings) progress.note(`Warning: ${warning}`);
  const { out, seed, steps } = configuration;
  try {
    startRunDirectory(out);
    await writeAtomically(join(out, "config.yaml"), [stringify(configuration)]);
    const result = await watched(configuration, { opened, resume, progress });
    progress.finish();
    if (result.reason === "interrupted") throw new Interrupted(howToResume(out));
    const record = simulationRecord(result, { directory: out, atoms: opened.atoms, seed, steps });
    if (record.advice !== null) progress.note(`Warning: ${record.advice}`);
    await writeAtomically(join(out, "result.json"), [`${JSON.stringify(record, null, 2)}\n`]);
    return record;
  } finally {
    progress.finish();
    await opened.potential.close();
  }
}

interface Watched {
  readonly opened: OpenedSimulation;
  readonly resume: boolean;
  readonly progress: Progress;
}

async function watched(configuration: Placed, { opened, resume, progress }: Watched): Promise<SimulationResult> {
  const { out, steps } = configuration;
  const interruption = interruptible(progress, STOPPING);
  const warned = new Set<string>();
  progress.stage("simulating");
  try {
    return await simulate(opened.simulation, {
      ...{ directory: out, resume, signal: interruption.signal },
      onResumed: (step) => progress.note(`Resuming the run in ${out} at step ${step}.`),
      onProgress: ({ step, temperature }) => progress.update(step, steps, `T ${significant(temperature)} K`),
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

const STOPPING = "Stopping at the next checkpoint; once more ends at once, and the last checkpoint is kept.";

const howToResume = (out: string): string =>
  `Interrupted; everything up to the last checkpoint is kept. To go on:\n  potluck md --resume --out ${out}`;
