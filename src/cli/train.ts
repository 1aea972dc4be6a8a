/** `potluck train`: fit a potential. */
import { join, resolve } from "node:path";
import { Command, Option } from "commander";
import { stringify } from "yaml";
import { InputError } from "../errors/index.js";
import { duration, trainingReport } from "../reports/index.js";
import { trainingFormat } from "../training/configuration.js";
import type { TrainingResult } from "../training/record.js";
import { Interrupted } from "./failures.js";
import { interruptible } from "./interruption.js";
import { addCommonOptions, collected, wholeNumber } from "./options.js";
import { Progress } from "./progress.js";
import { prepareDirectory } from "./run-directory.js";
import { errorTable } from "./table.js";
import { printLine, type Terminal } from "./terminal.js";
import {
  checkFilesExist,
  type PlacedConfiguration,
  type TrainOptions,
  trainConfiguration,
} from "./train-configuration.js";
import { fitDirectory } from "./train-directory.js";
import { TrainingProgress } from "./train-progress.js";
import {
  clusterFolder,
  discardRun,
  startRunDirectory,
  type TrainingEvent,
  TrainingStopped,
  type TrainOutcome,
  trainMember,
  trainPotential,
} from "./train-wiring.js";
import { writeAtomically } from "./wiring.js";

const example = () => `
Examples:
  potluck train examples/silicon/train.yaml
  potluck train --data silicon.extxyz --test silicon-test.extxyz --out runs/silicon --members 4
  potluck train silicon.yaml --set optimizer.rate=0.002 --set network.hidden=[20,20]
  potluck train --resume --out runs/silicon
  potluck train silicon.yaml --set execution=slurm --set execution.cpusPerTask=8       every member a job

A configuration is YAML with these keys (a.b is the key b inside a):
${trainingFormat.keysText}`;

export function trainCommand(terminal: Terminal): Command {
  const command = new Command("train")
    .description("Fit a potential to labelled structures.")
    .argument("[configuration]", "YAML file, or n2p2's input.nn")
    .option("--data <file...>", "files of labelled structures")
    .option("--test <file...>", "files of the test set")
    .option("--out <directory>", "run directory (default: runs/NAME)")
    .option("--epochs <n>", "passes over the training set", wholeNumber("--epochs", 0))
    .option("--members <n>", "networks in the committee", wholeNumber("--members", 1))
    .option("--set <key=value>", "any key of the configuration; may be repeated", collected)
    .option("--resume", "continue a run; without it a run of the same configuration is continued too")
    .option("--overwrite", "start anew in a directory that holds a run")
    .addOption(
      new Option("--only-member <k>", "fit this member of a run alone: what jobs of a cluster do")
        .argParser(wholeNumber("--only-member", 1))
        .hideHelp(),
    )
    .option("--schema", "print the JSON schema of configurations, for editors");
  return addCommonOptions(command)
    .addHelpText("after", example)
    .action((file: string | undefined, options: TrainOptions) => train(file, options, terminal));
}

async function train(file: string | undefined, options: TrainOptions, terminal: Terminal): Promise<void> {
  if (options.schema) return printLine(terminal.out, JSON.stringify(trainingFormat.jsonSchema, null, 2));
  const progress = new Progress({ stream: terminal.err, silent: options.quiet === true });
  const configuration = trainConfiguration(file, options, (note) => progress.note(note));
  checkFilesExist(configuration);
  const rules = { kind: fitDirectory, resume: options.resume === true, overwrite: options.overwrite === true };
  // Their jobs would write between the new files.
  if (rules.overwrite) await discardRun(clusterFolder(configuration.out));
  const resume = prepareDirectory(configuration.out, configuration, rules);
  if (options.onlyMember !== undefined) return fitAlone(configuration, options.onlyMember, { resume, progress });
  if (resume) progress.note(`Resuming the run in ${configuration.out}.`);
  const { result, uncertainty } = await runFit(configuration, { resume, progress });
  progress.stage("writing the report");
  const report = join(configuration.out, "report.html");
  await writeAtomically(report, [await trainingReport(result, uncertainty.judged)]);
  progress.finish();
  printLine(
    terminal.out,
    options.json
      ? JSON.stringify({ ...summary(result, configuration), ...uncertaintySummary(uncertainty) })
      : resultText(result, configuration),
  );
}

/** The configuration is there from the first moment, so that a killed run can be told from a foreign folder. */
async function startRun(configuration: PlacedConfiguration): Promise<void> {
  startRunDirectory(configuration.out);
  await writeAtomically(join(configuration.out, "config.yaml"), [stringify(configuration)]);
}

interface FitHow {
  readonly resume: boolean;
  readonly progress: Progress;
}

async function runFit(configuration: PlacedConfiguration, { resume, progress }: FitHow): Promise<TrainOutcome> {
  const interruption = interruptible(progress, stopping[configuration.execution.kind]);
  try {
    return await trainPotential(configuration, {
      directory: configuration.out,
      resume,
      onEvent: shownBy(progress),
      onAccepted: () => startRun(configuration),
      signal: interruption.signal,
    });
  } catch (error) {
    progress.finish();
    if (error instanceof TrainingStopped) throw new Interrupted(howToResume(configuration), { cause: error });
    throw error;
  } finally {
    interruption.end();
  }
}

const stopping = {
  local: "Stopping at the next checkpoint; once more ends at once.",
  slurm: "Leaving; the jobs in the queue of Slurm go on.",
};

function shownBy(progress: Progress): (event: TrainingEvent) => void {
  const shown = new TrainingProgress(progress);
  return (event) => shown.show(event);
}

/** A member, from 1, of a run that is there. Slurm ends jobs by SIGTERM: the last epoch is kept, and the end is that of a killed process. */
async function fitAlone(configuration: PlacedConfiguration, k: number, { resume, progress }: FitHow): Promise<void> {
  const { members } = configuration.committee;
  if (k > members || !resume) throw noSuchMember(k, configuration);
  const interruption = interruptible(progress, "Ended from outside; the epoch that is under way is finished and kept.");
  try {
    const { signal } = interruption;
    const options = { directory: configuration.out, resume, onEvent: shownBy(progress), signal };
    await trainMember(configuration, options, k - 1);
  } catch (error) {
    if (!(error instanceof TrainingStopped)) throw error;
    interruption.end();
    process.kill(process.pid, "SIGTERM");
  } finally {
    interruption.end();
    progress.finish();
  }
}

const noSuchMember = (k: number, { out, committee }: PlacedConfiguration): InputError =>
  new InputError({
    code: "no-such-member",
    where: { file: `--only-member ${k}` },
    problem: `There is no run with such a member in ${out} (members: ${committee.members}).`,
    remedy: "Begin the run first; --resume --out DIRECTORY --only-member K then fits one of its members.",
  });

const howToResume = ({ out }: PlacedConfiguration): string =>
  `Interrupted; everything up to the last checkpoint is kept. To go on:\n  potluck train --resume --out ${out}`;

const uncertaintySummary = ({ calibration, judged }: TrainOutcome["uncertainty"]) => ({
  calibration: calibration ?? null,
  uncertainty: judged?.report ?? null,
});

function resultText(result: TrainingResult, { out }: PlacedConfiguration): string {
  const { errors, members, seconds, seed } = result;
  const sets = [
    { name: "train", errors: errors.train },
    ...(errors.test ? [{ name: "test", errors: errors.test }] : []),
  ];
  const count = members.length === 1 ? "one network" : `a committee of ${members.length}`;
  return [
    errorTable(sets),
    "",
    `Potential  ${join(out, "potential.json")}  (${count}, seed ${seed}, ${duration(seconds)})`,
    `Report     ${join(out, "report.html")}`,
  ].join("\n");
}

function summary(result: TrainingResult, { out }: PlacedConfiguration): Readonly<Record<string, unknown>> {
  const { errors, members, choices, warnings, seed, seconds, parts, machine } = result;
  return {
    directory: resolve(out),
    potential: resolve(out, "potential.json"),
    report: resolve(out, "report.html"),
    seed,
    errors,
    members: members.map(({ history: _, ...member }) => member),
    choices,
    warnings,
    seconds,
    parts,
    machine,
  };
}
