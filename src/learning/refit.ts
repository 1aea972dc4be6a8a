/** The configuration of the fit of a round: the user's own keys, the data so far, and for a fit that goes on a shorter and gentler course. */
import { InputError } from "../errors/index.js";
import { type TrainingConfiguration, trainingFormat } from "../training/configuration.js";
import type { LearningConfiguration } from "./configuration.js";

export interface FitSources {
  /** File of what has been labelled; undefined before there is any. */
  readonly learned: string | undefined;
  /** Potential to go on from; undefined: from random weights. */
  readonly start: string | undefined;
  readonly threads: number;
  /** Epochs of a fit from the beginning on these data, where the configuration names none. */
  automaticEpochs(configuration: TrainingConfiguration): number;
}

/** Every label counts: none is held out, unless the user says so. */
const NOTHING_HELD_OUT = { test: 0, validation: 0 };

/** Throws InputError for keys of `potential` that are wrong. */
export function fitConfiguration(configuration: LearningConfiguration, sources: FitSources): TrainingConfiguration {
  const { data, test, seed, units, refit, potential } = configuration;
  const files = [...(data === null ? [] : [data].flat()), ...(sources.learned === undefined ? [] : [sources.learned])];
  const own = { split: NOTHING_HELD_OUT, ...potential };
  const whole = resolved({ ...own, ...{ data: files, test, seed, units, threads: sources.threads } });
  if (sources.start === undefined) return whole;
  const { optimizer } = whole;
  return {
    ...whole,
    start: sources.start,
    epochs: refit.epochs ?? Math.max(1, Math.ceil((whole.epochs ?? sources.automaticEpochs(whole)) / 4)),
    optimizer: "rate" in optimizer ? { ...optimizer, rate: refit.rate * optimizer.rate } : optimizer,
  };
}

function resolved(keys: object): TrainingConfiguration {
  try {
    return trainingFormat.resolve(keys);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const { trouble } = error;
    throw new InputError({ ...trouble, problem: `In \`potential\`: ${trouble.problem}` }, { cause: error });
  }
}
