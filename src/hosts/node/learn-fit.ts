/** The fit of a round: its data file, its configuration, and what is told of the potential when it is done. */
import { existsSync, readFileSync } from "node:fs";
import { writePotentialJson } from "../../formats/potential-json.js";
import {
  currentRound,
  type FitErrors,
  fitConfiguration,
  type LearningState,
  type LearnRecord,
  thresholdsFor,
} from "../../learning/index.js";
import { type NetworkPotential, spreadSourceOf } from "../../potentials/definition.js";
import { networkPotential } from "../../potentials/surface-potential.js";
import type { Frame } from "../../structure/index.js";
import type { TrainingConfiguration } from "../../training/configuration.js";
import { fitExecutionOf } from "../../training/configuration-execution.js";
import type { GroupedErrors } from "../../training/record.js";
import { parseCalibration } from "../../uncertainty/index.js";
import { angstromElectronvolt, unitSystem } from "../../units/index.js";
import { createKernels } from "./kernels.js";
import { digestOf, type LearnContext, presentPotential } from "./learn-context.js";
import { loadPotential } from "./potentials.js";
import { automaticEpochs } from "./train-plan.js";

export interface FitParts {
  readonly kind: "given" | "scratch" | "warm";
  /** All that has been bought. */
  readonly labels: readonly Frame[];
}

type FittedRecord = Extract<LearnRecord, { event: "fitted" }>;

export async function fitRound(context: LearnContext, state: LearningState, parts: FitParts): Promise<FittedRecord> {
  const { directory } = context;
  const { round } = currentRound(state);
  const started = performance.now();
  const file = parts.kind === "given" ? takeGiven(context) : await newFit(context, state, parts);
  // For the user: the newest potential and all labels, under their own names.
  if (parts.labels.length > 0) directory.writeFrames("labels.extxyz", parts.labels);
  directory.write("potential.json", readFileSync(directory.path(file)));
  const { potential, record } = loadPotential(directory.path(file), angstromElectronvolt);
  return {
    ...{ event: "fitted", round, kind: parts.kind, file, digest: digestOf(directory.path(file)) },
    elements: potential.descriptors.map(({ element }) => element),
    errors: errorsOf(record.errors),
    thresholds: thresholdsFor(context.plan.configuration, {
      pairs: state.pairs,
      calibration: record.calibration === undefined ? undefined : parseCalibration(record.calibration),
      learned: disagreements(potential, [...context.plan.data, ...parts.labels]),
      hasSpread: spreadSourceOf(potential) !== undefined,
    }),
    seconds: (performance.now() - started) / 1000,
  };
}

/** The given potential as a file of the run, so that it stays what it is. */
function takeGiven({ plan, directory }: LearnContext): string {
  const { start, units } = plan.configuration;
  const { potential, record } = loadPotential(start!, unitSystem(units.length, units.energy));
  const file = directory.ofRound(0, "potential.json");
  directory.write(file, writePotentialJson(potential, record));
  return file;
}

async function newFit(context: LearnContext, state: LearningState, { kind, labels }: FitParts): Promise<string> {
  const { plan, directory, execution, threads, signal, onEvent } = context;
  const { round } = currentRound(state);
  const folder = directory.ofRound(round, "fit");
  const learned = labels.length === 0 ? undefined : directory.ofRound(round, "data.extxyz");
  if (learned !== undefined)
    directory.writeFrames(learned, weighted(labels, { kind, round, ...plan.configuration.refit }));
  const atoms = [...plan.data, ...labels].reduce((sum, { structure }) => sum + structure.species.length, 0);
  const configuration = fitConfiguration(plan.configuration, {
    learned: learned === undefined ? undefined : directory.path(learned),
    start: kind === "warm" ? presentPotential(context, state).file : undefined,
    threads,
    automaticEpochs: ({ optimizer }: TrainingConfiguration) => automaticEpochs(atoms, optimizer.method),
  });
  const tell = ({ done, total }: { done: number; total: number }): void =>
    onEvent({ kind: "progress", stage: "fit", done, total });
  const order = { ...configuration, execution: fitExecutionOf(plan.configuration.execution) };
  await execution.fit({ configuration: order, directory: directory.path(folder) }, tell, signal);
  const file = `${folder}/potential.json`;
  if (!existsSync(directory.path(file))) throw new Error(`the fit has left no ${file}`);
  return file;
}

/** In a fit that goes on, what is new counts more than what is known. */
function weighted(
  labels: readonly Frame[],
  { kind, round, emphasis }: { readonly kind: string; readonly round: number; readonly emphasis: number },
): Frame[] {
  return labels.map((frame) =>
    kind === "warm" && frame.info.get("round") === round
      ? { ...frame, info: new Map([...frame.info, ["loss_weight", emphasis]]) }
      : frame,
  );
}

function errorsOf(errors: unknown): FitErrors {
  const { train, test } = (errors ?? {}) as { readonly train?: GroupedErrors; readonly test?: GroupedErrors };
  return { train: train?.total ?? null, test: test?.total ?? null };
}

/** Structures that are looked at. */
const MOST = 200;

/** γ on what has been learned; nothing for a potential that does not know it. */
function disagreements(potential: NetworkPotential, frames: readonly Frame[]): number[] {
  if (spreadSourceOf(potential) === undefined) return [];
  const evaluator = networkPotential(createKernels(), potential);
  const stride = Math.max(1, Math.ceil(frames.length / MOST));
  return frames
    .filter((_, k) => k % stride === 0)
    .map(({ structure }) => evaluator.evaluate(structure).uncertainty!.disagreement);
}
