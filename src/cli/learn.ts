/** `potluck learn`: a potential that labels what it does not know while it explores. */
import { Command } from "commander";
import { discardLearningJobs, learnOnTheFly } from "../hosts/node/learn.js";
import { learningFormat, measureUnits } from "../learning/index.js";
import { Interrupted } from "./failures.js";
import { interruptible } from "./interruption.js";
import {
  type LearnSources,
  learnConfiguration,
  learningDirectory,
  type PlacedLearning,
} from "./learn-configuration.js";
import { LearningProgress } from "./learn-progress.js";
import { checkLearned, learningText } from "./learn-result.js";
import { addCommonOptions, type CommonOptions, collected } from "./options.js";
import { Progress } from "./progress.js";
import { prepareDirectory } from "./run-directory.js";
import { printLine, type Terminal } from "./terminal.js";

interface LearnOptions extends Omit<CommonOptions, "seed" | "threads">, LearnSources {
  readonly overwrite?: true;
  readonly schema?: true;
}

const example = () => `
Examples:
  potluck learn gold.yaml
  potluck learn gold.yaml --set budget.labels=60 --out runs/gold
  potluck learn --resume --out runs/gold
  potluck learn lasp2.ini                     a directory of LASP2, with input.lmp and vaspInput beside it

A round: walkers explore until structures are in doubt, some of these are chosen and labelled by the engine, errors on them are told, the
potential is fitted again, the walkers go on. The same command again goes on where it was killed; no label is bought twice. Ctrl-C
ends the run in order, a second one at once.

A configuration is YAML with these keys (a.b is the key b inside a):
${learningFormat.keysText}`;

export function learnCommand(terminal: Terminal): Command {
  const command = new Command("learn")
    .description("Learn on the fly: explore, doubt, label by a quantum-mechanical program, fit again.")
    .argument("[configuration]", "YAML file, or a lasp2.ini")
    .option("--out <directory>", "run directory (default: runs/NAME)")
    .option("--set <key=value>", "any key of the configuration; may be repeated", collected)
    .option("--resume", "continue a run; without it a run of the same configuration is continued too")
    .option("--overwrite", "start anew in a directory that holds a run, whose labels are lost")
    .option("--schema", "print the JSON schema of configurations, for editors");
  return addCommonOptions(command)
    .addHelpText("after", example)
    .action((file: string | undefined, options: LearnOptions) => learn(file, options, terminal));
}

async function learn(file: string | undefined, options: LearnOptions, terminal: Terminal): Promise<void> {
  if (options.schema) return printLine(terminal.out, JSON.stringify(learningFormat.jsonSchema, null, 2));
  const progress = new Progress({ stream: terminal.err, silent: options.quiet === true });
  const configuration = learnConfiguration(file, options, (text) => progress.note(text));
  const { out } = configuration;
  const rules = { kind: learningDirectory, resume: options.resume === true, overwrite: options.overwrite === true };
  // Their jobs would write between the new files.
  if (rules.overwrite) await discardLearningJobs(out);
  const resume = prepareDirectory(out, configuration, rules);
  if (resume && options.quiet !== true) progress.note(`Going on with the run in ${out}.`);
  const view = new LearningProgress(progress, {
    budget: configuration.budget.labels,
    quiet: options.quiet === true,
    curves: terminal.err.isTTY === true,
    units: measureUnits(configuration.check.properties),
  });
  const result = await watched(configuration, { resume, progress, view });
  progress.finish();
  printLine(terminal.out, options.json ? JSON.stringify(result) : learningText(result, out));
  if (result.reason === null)
    throw new Interrupted(`Interrupted; everything bought is kept. To go on:\n  potluck learn --resume --out ${out}`);
  checkLearned(result);
}

interface Watching {
  readonly resume: boolean;
  readonly progress: Progress;
  readonly view: LearningProgress;
}

async function watched(configuration: PlacedLearning, { resume, progress, view }: Watching) {
  const interruption = interruptible(progress, "Stopping in order; once more ends at once, and nothing is lost.");
  try {
    return await learnOnTheFly(configuration, {
      ...{ directory: configuration.out, resume, signal: interruption.signal },
      onEvent: (event) => view.show(event),
    });
  } finally {
    interruption.end();
  }
}
