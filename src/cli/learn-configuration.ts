/** From the command line of `potluck learn` to one configuration whose files are placed. */
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { type Override, parseOverride } from "../configuration/index.js";
import { InputError } from "../errors/index.js";
import { learnFiles } from "../hosts/node/learn.js";
import { readLasp2Run } from "../hosts/node/learn-lasp2.js";
import { type PotentialSource, placeSource } from "../hosts/node/potential-source.js";
import { type LearningConfiguration, learningFormat } from "../learning/index.js";
import { type RunKind, savedConfiguration } from "./run-directory.js";
import { readText } from "./wiring.js";

export interface LearnSources {
  readonly out?: string;
  readonly resume?: true;
  readonly seed?: number;
  readonly threads?: number;
  readonly set?: readonly string[];
}

export type PlacedLearning = LearningConfiguration & { readonly out: string };

/** What learning leaves in its directory. A budget, limits of time and the number of threads may change when it goes on. */
export const learningDirectory: RunKind<LearningConfiguration> = {
  name: "a run of learning",
  files: learnFiles,
  read: (path) => {
    try {
      return learningFormat.parse(readText(path), path);
    } catch (error) {
      if (error instanceof InputError) return undefined;
      throw error;
    }
  },
  // The run itself knows by its journal what identifies it; this says early which key has been changed.
  essence: ({ seed, data, structure, start, initial }) => ({ seed, data, structure, start, initial }),
};

/** `note` is told what a lasp2.ini says that has no place here. */
export function learnConfiguration(
  file: string | undefined,
  options: LearnSources,
  note: (text: string) => void,
): PlacedLearning {
  const overrides = overridesOf(options);
  if (file === undefined) return resumedConfiguration(options, overrides);
  const configuration = configurationIn(file, overrides, note);
  const given = (key: string): boolean => overrides.some(({ path }) => path === key);
  return { ...placed(configuration, dirname(file), given), out: configuration.out ?? join("runs", runName(file)) };
}

function configurationIn(
  file: string,
  overrides: readonly Override[],
  note: (text: string) => void,
): LearningConfiguration {
  if (!file.toLowerCase().endsWith(".ini")) return learningFormat.parse(readText(file), file, overrides);
  const { configuration, notes } = readLasp2Run(file);
  notes.forEach(note);
  return learningFormat.resolve(configuration, overrides);
}

function resumedConfiguration({ resume, out }: LearnSources, overrides: readonly Override[]): PlacedLearning {
  const saved = resume && out !== undefined ? savedConfiguration(out, learningDirectory) : undefined;
  if (saved !== undefined && out !== undefined) return { ...learningFormat.resolve(saved, overrides), out };
  throw new InputError({
    code: "no-configuration",
    problem: resume
      ? `There is no run to resume in ${out ?? "a directory that --out names"}.`
      : "There is nothing to learn.",
    remedy: "Give a configuration file; `potluck learn --help` has all its keys.",
  });
}

function overridesOf({ out, seed, threads, set = [] }: LearnSources): Override[] {
  const named = Object.entries({ out, seed, threads })
    .filter(([, value]) => value !== undefined)
    .map(([path, value]) => ({ path, value, written: `--${path} ${value}` }));
  return [...named, ...set.map((text) => parseOverride(text))];
}

type Files = string | string[] | null;

/** Files that a configuration names are beside it; those of the command line are where the user is. */
function placed(
  configuration: LearningConfiguration,
  folder: string,
  given: (key: string) => boolean,
): LearningConfiguration {
  const beside = (name: string): string => resolve(isAbsolute(name) ? name : join(folder, name));
  const place = <F extends Files>(files: F, key: string): F => {
    if (files === null) return files;
    const one = (name: string): string => (given(key) ? resolve(name) : beside(name));
    return (Array.isArray(files) ? files.map(one) : one(files)) as F;
  };
  const { data, test, structure, start, engine, explore, check } = configuration;
  const { potential } = engine.settings;
  const source = placeSource(potential as PotentialSource, (name) =>
    place(name, "engine.settings.potential"),
  ) as typeof potential;
  return {
    ...configuration,
    data: place(data, "data"),
    test: place(test, "test"),
    structure: place(structure, "structure"),
    start: place(start, "start"),
    engine: potential === undefined ? engine : { ...engine, settings: { ...engine.settings, potential: source } },
    explore: {
      ...explore,
      walkers: explore.walkers.map((walker) => ({ ...walker, structure: place(walker.structure, "explore.walkers") })),
    },
    check: {
      ...check,
      properties: check.properties.map((property) => ({ ...property, structure: beside(property.structure) })),
    },
  };
}

/** gold.yaml → gold-learn; gold/learn.yaml → gold-learn */
function runName(file: string): string {
  const stem = basename(file).split(".")[0] ?? "";
  const folder = basename(dirname(resolve(file)));
  const idle = ["learn", "learning", "lasp2", "config", "configuration", "input", "potluck"].includes(stem);
  return `${idle && folder !== "" ? folder : stem || "run"}-learn`;
}
