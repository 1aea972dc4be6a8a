/** From files to what a fit needs: checked frames, sets, reference energies, and sentences about what was found. */
import { checkFrames, duplicates, groupsOf, referenceEnergies, splitFrames } from "../../datasets/index.js";
import { describe, InputError } from "../../errors/index.js";
import { atomicNumber, elementSymbol, type Frame } from "../../structure/index.js";
import type { TrainingConfiguration } from "../../training/configuration.js";
import { type UnitSystem, unitSystem } from "../../units/index.js";
import { readData, refusalsText } from "./data.js";

export interface TrainingData {
  /** Training (and validation) structures first, then the test set. */
  readonly frames: readonly Frame[];
  readonly groups: readonly string[];
  readonly train: readonly number[];
  readonly test: readonly number[];
  /** Atomic numbers, ascending. */
  readonly elements: readonly number[];
  /** eV per atom by atomic number. */
  readonly referenceEnergies: ReadonlyMap<number, number>;
  readonly useForces: boolean;
  readonly useStress: boolean;
  readonly choices: readonly string[];
  readonly warnings: readonly string[];
}

const listOf = (files: string | readonly string[] | null): readonly string[] =>
  files === null ? [] : typeof files === "string" ? [files] : files;

export async function loadTrainingData(configuration: TrainingConfiguration): Promise<TrainingData> {
  const units = unitSystem(configuration.units.length, configuration.units.energy);
  const [training, testing] = [await readAll(configuration.data, units), await readAll(configuration.test, units)];
  const [given, testFiles] = [training.frames, testing.frames];
  const { forcesUsed } = configuration.loss;
  const options = forcesUsed ? {} : { requireForces: false };
  const troubles = [
    ...checkFrames(given, options),
    ...(testFiles.length > 0 ? checkFrames(testFiles, { requireForces: false }) : []),
  ];
  const frames = [...given, ...testFiles];
  const { train, test } = divide(given, testFiles.length, configuration);
  troubles.push(
    ...duplicates(
      train.map((i) => frames[i]!),
      test.map((i) => frames[i]!),
    ),
  );
  const trainFrames = train.map((i) => frames[i]!);
  const elements = [...new Set(trainFrames.flatMap((f) => [...f.structure.species]))].sort((a, b) => a - b);
  checkTestElements(test, frames, elements);
  const reference = references(trainFrames, elements, configuration);
  const withForces = trainFrames.filter((f) => f.forces !== undefined).length;
  const useForces = forcesUsed && withForces > 0;
  const stress = stressChoice(trainFrames, configuration);
  const choices = [
    `${train.length} structures to learn from, ${test.length} to test (${atomsOf(trainFrames)} and ${atomsOf(test.map((i) => frames[i]!))} atoms).`,
    reference.explanation,
    useForces
      ? `Forces are fitted (${withForces} of ${train.length} structures have them).`
      : "Energies alone are fitted, no forces.",
    stress.sentence,
  ];
  return {
    frames,
    groups: groupsOf(frames),
    train,
    test,
    elements,
    referenceEnergies: reference.energies,
    useForces,
    useStress: stress.use,
    choices,
    warnings: [...training.warnings, ...testing.warnings, ...troubles.map(describe)],
  };
}

async function readAll(files: string | readonly string[] | null, units: UnitSystem) {
  const { frames, refusals } = await readData(listOf(files), { units });
  const warnings = refusals.length === 0 ? [] : [refusalsText(refusals, frames.length)];
  return { frames, warnings };
}

const atomsOf = (frames: readonly Frame[]): number => frames.reduce((sum, f) => sum + f.structure.species.length, 0);

function divide(given: readonly Frame[], testCount: number, { split, seed }: TrainingConfiguration) {
  const all = given.map((_, i) => i);
  if (testCount > 0) return { train: all, test: Array.from({ length: testCount }, (_, i) => given.length + i) };
  switch (split.method) {
    case "group":
      return splitFrames(given, { by: "groups", test: split.groups });
    case "set":
      return splitFrames(given, { by: "info" });
    case "interval":
      return splitFrames(given, { by: "nth", n: Math.max(2, Math.round(1 / Math.max(split.test, 1e-6))) });
    case "random":
      if (split.test === 0 || given.length < 3) return { train: all, test: [] };
      return splitFrames(given, { by: "stratified", fraction: split.test, seed });
  }
}

function checkTestElements(test: readonly number[], frames: readonly Frame[], elements: readonly number[]): void {
  for (const i of test) {
    const frame = frames[i]!;
    const stranger = frame.structure.species.find((z) => !elements.includes(z));
    if (stranger === undefined) continue;
    throw new InputError({
      code: "element-not-in-training",
      where: { file: frame.source.file, structure: frame.source.structure, line: frame.source.line },
      problem: `This test structure contains ${elementSymbol(stranger)}, which no training structure does.`,
      remedy: "Put structures with this element into the training set, or take this one out of the test set.",
    });
  }
}

function references(frames: readonly Frame[], elements: readonly number[], configuration: TrainingConfiguration) {
  const wanted = configuration.referenceEnergies;
  if (wanted === "none")
    return { energies: new Map(elements.map((z) => [z, 0])), explanation: "Reference energies: none (0 eV)." };
  const given = new Map<number, number>();
  if (wanted !== "fit")
    for (const [symbol, energy] of Object.entries(wanted)) {
      const z = atomicNumber(symbol);
      if (z === undefined)
        throw new InputError({
          code: "unknown-element",
          problem: `referenceEnergies names "${symbol}", which is no element.`,
          remedy: "Use element symbols such as Si.",
        });
      given.set(z, energy);
    }
  return referenceEnergies(frames, given);
}

function stressChoice(frames: readonly Frame[], { loss }: TrainingConfiguration): { use: boolean; sentence: string } {
  const periodic = frames.filter((f) => f.structure.periodic.every(Boolean));
  const labelled = periodic.filter((f) => f.stress !== undefined).length;
  const all = labelled > 0 && labelled === periodic.length;
  const use = loss.stressUsed === "auto" ? all : loss.stressUsed && labelled > 0;
  if (loss.stressUsed === true && labelled === 0)
    throw new InputError({
      code: "missing-stress",
      problem: "loss.stressUsed asks for stress, and no structure has any.",
      remedy: "Leave it at auto, or give data with stress.",
    });
  const sentence = use
    ? `Stress is fitted (${labelled} structures have it).`
    : labelled === 0
      ? "There is no stress to fit."
      : `Stress is not fitted (${labelled} of ${periodic.length} periodic structures have it).`;
  return { use, sentence };
}
