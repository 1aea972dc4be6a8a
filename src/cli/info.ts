/** `potluck info`: what a file or directory is. */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { InputError } from "../errors/index.js";
import type { LearningResult } from "../learning/index.js";
import { dataSetInfo } from "./info-data-set.js";
import { configurationInfo, potentialInfo, runInfo } from "./info-potential.js";
import { learningDirectory } from "./learn-configuration.js";
import { learningText } from "./learn-result.js";
import { addCommonOptions, type CommonOptions, unitsOf } from "./options.js";
import { savedConfiguration } from "./run-directory.js";
import { simulationInfo } from "./simulation-info.js";
import { printLine, type Terminal } from "./terminal.js";
import { fitDirectory } from "./train-directory.js";
import { looksLikePotential, readText } from "./wiring.js";

/** What was found: text for people, and the same as plain data. */
export interface Info {
  readonly text: string;
  readonly record: Readonly<Record<string, unknown>>;
}

const example = `
Examples:
  potluck info silicon.extxyz
  potluck info OUTCAR                  what it is, its steps, and which of them have not converged
  potluck info calculations/           the same for every output below a directory
  potluck info runs/silicon --json`;

export function infoCommand(terminal: Terminal): Command {
  const command = new Command("info")
    .description("What is this file or directory: structures, data set, potential, run, configuration.")
    .argument("<anything>", "file or directory");
  return addCommonOptions(command)
    .addHelpText("after", example)
    .action(async (path: string, options: CommonOptions) => {
      const { text, record } = await infoOf(path, options);
      printLine(terminal.out, options.json ? JSON.stringify(record) : text);
    });
}

async function infoOf(path: string, options: CommonOptions): Promise<Info> {
  const units = unitsOf(options);
  // A pattern, or nothing at all, about which the reader of data knows what to say.
  if (!existsSync(path)) return dataSetInfo(path, units);
  const isDirectory = statSync(path).isDirectory();
  if (isDirectory) {
    const simulation = simulationInfo(path);
    if (simulation !== undefined) return simulation;
    if (savedConfiguration(path, learningDirectory) !== undefined) return learningInfo(path);
    if (savedConfiguration(path, fitDirectory) !== undefined) return runInfo(path, units);
  }
  if (looksLikePotential(path)) return potentialInfo(path, units);
  if (/\.ya?ml$/.test(path)) return configurationInfo(path);
  return dataSetInfo(path, units).catch((error: unknown) => {
    throw error instanceof InputError && error.code === "no-calculations" ? unknownDirectory(path) : error;
  });
}

function learningInfo(path: string): Info {
  const file = join(path, "result.json");
  if (!existsSync(file))
    return {
      text: `A run of learning that has not ended. To go on:\n  potluck learn --resume --out ${path}`,
      record: { kind: "learning", reason: null },
    };
  const result = JSON.parse(readText(file)) as LearningResult;
  const { configuration: _, ...record } = result;
  return { text: learningText(result, path), record: { kind: "learning", ...record } };
}

const unknownDirectory = (path: string): InputError =>
  new InputError({
    code: "unknown-directory",
    where: { file: path },
    problem: "This directory is neither a run nor a potential, and there is no output of a program below it.",
    expected: "Expected config.yaml and journal.jsonl, potential.json, input.nn, or outputs of VASP, pw.x or CP2K.",
    remedy: "Give the directory that holds them, or a file.",
  });
