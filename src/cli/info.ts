/** `potluck info`: what a file or directory is. */
import { existsSync, statSync } from "node:fs";
import { Command } from "commander";
import { InputError } from "../errors/index.js";
import { dataSetInfo } from "./info-data-set.js";
import { configurationInfo, potentialInfo, runInfo } from "./info-potential.js";
import { endedRun, simulationDirectory } from "./md-directory.js";
import { simulationText } from "./md-result.js";
import { addCommonOptions, type CommonOptions, unitsOf } from "./options.js";
import { savedConfiguration } from "./run-directory.js";
import type { SimulationConfiguration } from "./simulation-configuration.js";
import { printLine, type Terminal } from "./terminal.js";
import { fitDirectory } from "./train-directory.js";
import { looksLikePotential } from "./wiring.js";

/** What was found: text for people, and the same as plain data. */
export interface Info {
  readonly text: string;
  readonly record: Readonly<Record<string, unknown>>;
}

const example = `
Examples:
  potluck info silicon.extxyz
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
  if (!existsSync(path)) throw noSuchFile(path);
  const units = unitsOf(options);
  const isDirectory = statSync(path).isDirectory();
  if (isDirectory) {
    const simulation = savedConfiguration(path, simulationDirectory);
    if (simulation !== undefined) return simulationInfo(path, simulation);
    if (savedConfiguration(path, fitDirectory) !== undefined) return runInfo(path, units);
  }
  if (looksLikePotential(path)) return potentialInfo(path, units);
  if (/\.ya?ml$/.test(path)) return configurationInfo(path);
  if (isDirectory) throw unknownDirectory(path);
  return dataSetInfo(path, units);
}

function simulationInfo(path: string, configuration: SimulationConfiguration): Info {
  // Whatever it was asked for last: what it ended with.
  const result = endedRun(path, { ...configuration, steps: 0 });
  if (result !== undefined) return { text: simulationText(result, path), record: { kind: "simulation", ...result } };
  const { steps } = configuration;
  const text = `Simulation of ${steps} steps that has not ended; \`potluck md --resume --out ${path}\` goes on.`;
  return { text, record: { kind: "simulation", steps, reason: null } };
}

const noSuchFile = (path: string): InputError =>
  new InputError({
    code: "no-such-file",
    where: { file: path },
    problem: "There is no such file or directory.",
    remedy: "Check the name.",
  });

const unknownDirectory = (path: string): InputError =>
  new InputError({
    code: "unknown-directory",
    where: { file: path },
    problem: "This directory is neither a run nor a potential.",
    expected: "Expected config.yaml and journal.jsonl, potential.json, or input.nn.",
    remedy: "Give the directory that holds them, or a file.",
  });
