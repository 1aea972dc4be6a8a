/** From the command line of `potluck train` to one resolved configuration. */
import { existsSync } from "node:fs";
import { basename, dirname, isAbsolute, join } from "node:path";
import { type Override, parseOverride } from "../configuration/index.js";
import { InputError } from "../errors/index.js";
import { type TrainingConfiguration, trainingFormat } from "../training/configuration.js";
import type { CommonOptions } from "./options.js";
import { savedConfiguration } from "./run-directory.js";
import { fitDirectory } from "./train-directory.js";
import { configurationOfInputNn } from "./train-wiring.js";
import { readText } from "./wiring.js";

export interface TrainOptions extends CommonOptions {
  readonly data?: readonly string[];
  readonly test?: readonly string[];
  readonly out?: string;
  readonly epochs?: number;
  readonly members?: number;
  readonly set?: readonly string[];
  readonly resume?: true;
  /** From 1. */
  readonly onlyMember?: number;
  readonly overwrite?: true;
  readonly schema?: true;
}

/** A resolved configuration that says where its run goes. */
export type PlacedConfiguration = TrainingConfiguration & { readonly out: string };

/** `note` hears what an input.nn says that changes nothing here. */
export function trainConfiguration(
  file: string | undefined,
  options: TrainOptions,
  note: (text: string) => void,
): PlacedConfiguration {
  const overrides = overridesOf(options);
  const configuration = configurationOf(file, options, { overrides, note });
  return { ...configuration, out: configuration.out ?? join("runs", runName(file, configuration)) };
}

function configurationOf(
  file: string | undefined,
  options: TrainOptions,
  { overrides, note }: { readonly overrides: readonly Override[]; readonly note: (text: string) => void },
): TrainingConfiguration {
  if (file === undefined && options.data === undefined) return resumedConfiguration(options, overrides);
  if (file === undefined) return trainingFormat.parse("", "the command line", overrides);
  const given = (key: string): boolean => overrides.some(({ path }) => path === key);
  const configuration = isInputNn(file)
    ? inputNnConfiguration(file, { overrides, note })
    : trainingFormat.parse(readText(file), file, overrides);
  return relativeTo(dirname(file), configuration, given);
}

/** `--resume --out DIR` alone: the directory knows its configuration. */
function resumedConfiguration({ resume, out }: TrainOptions, overrides: readonly Override[]): TrainingConfiguration {
  const saved = resume && out !== undefined ? savedConfiguration(out, fitDirectory) : undefined;
  if (saved) return trainingFormat.resolve(saved, overrides);
  throw new InputError({
    code: "no-data",
    problem: resume
      ? `There is no run to resume in ${out ?? "a directory that --out names"}.`
      : "There is nothing to fit.",
    remedy: "Give a configuration file, or --data FILE; `potluck train --help` has an example.",
  });
}

function inputNnConfiguration(
  file: string,
  { overrides, note }: { readonly overrides: readonly Override[]; readonly note: (text: string) => void },
): TrainingConfiguration {
  const { configuration, notes } = configurationOfInputNn(file);
  notes.forEach(note);
  return trainingFormat.resolve(configuration, overrides);
}

const isInputNn = (file: string): boolean => file.endsWith(".nn");

/** Options that stand for keys of the configuration. */
function overridesOf(options: TrainOptions): Override[] {
  const keys: [string, unknown, string][] = [
    ["data", single(options.data), "--data"],
    ["test", single(options.test), "--test"],
    ["out", options.out, "--out"],
    ["epochs", options.epochs, "--epochs"],
    ["committee.members", options.members, "--members"],
    ["threads", options.threads, "--threads"],
    ["seed", options.seed, "--seed"],
    ["units.length", options.lengthUnit, "--length-unit"],
    ["units.energy", options.energyUnit, "--energy-unit"],
  ];
  const named = keys
    .filter(([, value]) => value !== undefined)
    .map(([path, value, option]) => ({ path, value, written: `${option} ${[value].flat().join(" ")}` }));
  return [...named, ...(options.set ?? []).map((text) => parseOverride(text))];
}

const single = (files: readonly string[] | undefined) => (files?.length === 1 ? files[0] : files);

/** Files that a configuration names are beside it; those of the command line are where the user is. */
function relativeTo(
  folder: string,
  configuration: TrainingConfiguration,
  given: (key: string) => boolean,
): TrainingConfiguration {
  const place = (file: string): string => (isAbsolute(file) ? file : join(folder, file));
  const places = <F extends string | string[] | null>(files: F, key: string): F =>
    given(key) || files === null ? files : ((Array.isArray(files) ? files.map(place) : place(files as string)) as F);
  const { data, test, start, descriptors } = configuration;
  return {
    ...configuration,
    data: places(data, "data"),
    test: places(test, "test"),
    start: places(start, "start"),
    descriptors: { ...descriptors, file: places(descriptors.file, "descriptors.file") },
  };
}

/** examples/silicon/train.yaml → silicon; silicon.yaml → silicon; --data silicon.extxyz.gz → silicon */
function runName(file: string | undefined, { data }: TrainingConfiguration): string {
  const first = Array.isArray(data) ? data[0]! : data;
  const stem = basename(file ?? first).split(".")[0]!;
  const folder = file === undefined ? "" : basename(dirname(file));
  const idle = ["train", "training", "config", "configuration", "input", "potluck"].includes(stem);
  return idle && folder !== "" && folder !== "." && folder !== ".." ? folder : stem || "run";
}

/** Complains about missing files before anything is computed. */
export function checkFilesExist({ data, test, start }: TrainingConfiguration): void {
  for (const file of [data, test ?? [], start ?? []].flat()) {
    // A pattern that matches nothing is told of by the reader of data.
    if (existsSync(file) || /[*?[]/.test(file)) continue;
    throw new InputError({
      code: "no-such-file",
      where: { file },
      problem: "There is no such file.",
      remedy:
        "Files named in a configuration are looked for beside it, those of the command line in the current directory.",
    });
  }
}
