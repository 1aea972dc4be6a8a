/** `potluck label`: structures in, labelled structures out, by a quantum-mechanical program or a potential. */
import { Command, CommanderError, Option } from "commander";
import { type Override, parseOverride } from "../configuration/index.js";
import { InputError, type Trouble } from "../errors/index.js";
import type { Frame } from "../structure/index.js";
import { EndedEarly } from "./ended-early.js";
import { labelText } from "./label-result.js";
import { type LabelOptions, LabelRun } from "./label-run.js";
import {
  type EngineName,
  engineFormat,
  engineNamed,
  engineNames,
  engineSettings,
  slurmFormat,
} from "./label-wiring.js";
import { realNumber } from "./numbers.js";
import { addCommonOptions, collected, unitsOf, wholeNumber } from "./options.js";
import { Progress } from "./progress.js";
import { printLine, type Terminal } from "./terminal.js";
import { dataFrames, readText, refusalsText } from "./wiring.js";

const example = `
Examples:
  potluck label new.extxyz -o labelled.extxyz --engine quantum-espresso --settings pw.yaml
  potluck label new.extxyz -o labelled.extxyz --engine vasp --set directory=vasp-inputs --set 'command=[mpirun, -np, "8", vasp_std]'
  potluck label new.extxyz -o labelled.extxyz --engine embedded --set potential=Au_u3.eam
  potluck label new.extxyz -o labelled.extxyz --engine cp2k --settings cp2k.yaml --slurm cluster.yaml
  potluck label --help-engine quantum-espresso         the keys of its settings; --help-engine slurm: those of the cluster

Calculations are kept in the run directory, each with its input and output. The same command again goes on where it was killed or
interrupted: what has been computed is taken from there, and a program that is still running is waited for. Failures are kept as
results: crashes are tried again (--retries), what has not converged is not, unless with other settings or --retry-failed.

Exit code 0 when something was labelled, though there may be failures (they are told, and in failed.extxyz of the run directory);
1 when nothing was.`;

export function labelCommand(terminal: Terminal): Command {
  const command = new Command("label")
    .description("Energies, forces and stress of structures from a quantum-mechanical program or a potential.")
    .argument("<structures...>", "structures: files, outputs of programs, directories of them, patterns")
    .requiredOption("-o, --out <file>", "labelled structures (.extxyz and others)")
    .requiredOption("--engine <name>", engineNames.join(", "))
    .option("--settings <file>", "settings of the engine (YAML)")
    .option("--set <key=value>", "any key of the settings; may be repeated", collected)
    .option("--directory <directory>", "run directory with all calculations (default: runs/NAME-label)")
    .option(
      "--jobs <n>",
      "calculations at a time (default: every core, or 1 where the command starts MPI)",
      wholeNumber("--jobs", 1),
    )
    .option("--time-limit <s>", "wall time of one calculation", realNumber("--time-limit", { unit: "s" }))
    .option("--memory-limit <MB>", "memory of one calculation", realNumber("--memory-limit", { unit: "MB" }))
    .option("--retries <n>", "how often a crash is tried again", wholeNumber("--retries", 0), 1)
    .option("--retry-failed", "try failures of earlier runs again")
    .option("--slurm <file>", "run them as Slurm jobs, with these settings of the cluster (YAML)")
    .option("--warm", "keep programs running between structures (i-PI), where they can")
    .addOption(helpEngine(terminal));
  return addCommonOptions(command)
    .addHelpText("after", example)
    .action((files: string[], options: LabelOptions) => label(files, options, terminal));
}

/** Prints the keys of an engine's settings and ends, as --help does. */
function helpEngine(terminal: Terminal): Option {
  return new Option("--help-engine <name>", "print the keys of an engine's settings").argParser((name: string) => {
    const { keysText } = name === "slurm" ? slurmFormat : engineFormat(engineNamed(name));
    printLine(terminal.out, `Settings of ${name} (a.b is the key b inside a):\n${keysText}`);
    throw new CommanderError(0, "commander.help", "help");
  });
}

async function label(files: readonly string[], options: LabelOptions, terminal: Terminal): Promise<void> {
  checkTogether(options);
  const progress = new Progress({ stream: terminal.err, silent: options.quiet === true });
  const name = engineNamed(options.engine);
  const settings = settingsOf(name, options);
  const cluster = options.slurm === undefined ? undefined : slurmFormat.parse(readText(options.slurm), options.slurm);
  progress.stage("reading");
  const frames = await framesOf(files, options, progress);
  const run = new LabelRun({ name, settings, cluster, frames, options, progress });
  const record = await run.execute();
  progress.finish();
  printLine(terminal.out, options.json ? JSON.stringify(record) : labelText(record));
  if (record.labelled === 0) throw new EndedEarly("nothing was labelled", 1);
}

/** Programs that are kept running speak through a socket of this machine, and a potential of ours needs no cluster. */
function checkTogether({ slurm, warm, engine, timeLimit, memoryLimit }: LabelOptions): void {
  if (slurm === undefined) return;
  const other = warm
    ? "--warm"
    : engine === "embedded"
      ? "--engine embedded"
      : timeLimit !== undefined
        ? "--time-limit"
        : memoryLimit !== undefined
          ? "--memory-limit"
          : undefined;
  if (other === undefined) return;
  throw new InputError({
    code: "contradiction",
    where: { file: `--slurm ${slurm}` },
    problem: `${other} has no meaning for jobs of Slurm.`,
    remedy: "Leave one of them out; `time` and `memory` of the settings of the cluster limit its jobs.",
  });
}

function settingsOf(name: EngineName, { settings, set = [] }: LabelOptions): Readonly<Record<string, unknown>> {
  const overrides: Override[] = set.map((text) => parseOverride(text));
  if (settings === undefined) return engineSettings(name, { text: "", file: "the command line", overrides });
  return engineSettings(name, { text: readText(settings), file: settings, overrides });
}

async function framesOf(files: readonly string[], options: LabelOptions, progress: Progress): Promise<Frame[]> {
  const frames: Frame[] = [];
  const onRefusals = (refusals: readonly Trouble[], read: number): void =>
    progress.note(`Warning: ${refusalsText(refusals, read)}`);
  for await (const frame of dataFrames(files, { units: unitsOf(options), onRefusals })) frames.push(frame);
  return frames;
}
