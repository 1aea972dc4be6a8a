/** A potential on labelled structures, one by one. */
import { groupsOf } from "../datasets/index.js";
import { InputError, type Place } from "../errors/index.js";
import type { Evaluation } from "../potentials/potential.js";
import { atomCount, type Frame } from "../structure/index.js";
import type { StructureComparison } from "../training/record.js";
import type { OpenedPotential } from "./wiring.js";

export interface Compared {
  readonly comparisons: readonly StructureComparison[];
  /** Structures with an atom outside the range of the training data. */
  readonly extrapolating: number;
}

export function compareFrames(
  potential: OpenedPotential,
  frames: readonly Frame[],
  onDone: (done: number) => void,
): Compared {
  const groups = groupsOf(frames);
  let extrapolating = 0;
  const comparisons = frames.map((frame, k) => {
    const evaluation = evaluateFrame(potential, frame);
    if (evaluation.extrapolation.length > 0) extrapolating++;
    onDone(k + 1);
    return comparison(frame, evaluation, groups[k]!);
  });
  return { comparisons, extrapolating };
}

/** Errors say which structure of which file it was. */
export function evaluateFrame(potential: OpenedPotential, { structure, source }: Frame): Evaluation {
  try {
    return potential.evaluate(structure);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const where: Place = { ...error.trouble.where, file: source.file, line: source.line, structure: source.structure };
    throw new InputError({ ...error.trouble, where }, { cause: error });
  }
}

function comparison(frame: Frame, evaluation: Evaluation, group: string): StructureComparison {
  const { structure, energy, forces, stress, source } = frame;
  const { uncertainty } = evaluation;
  return {
    file: source.file,
    structure: source.structure,
    group,
    set: "test",
    atoms: atomCount(structure),
    ...(energy === undefined ? {} : { energy: { reference: energy, predicted: evaluation.energy } }),
    ...(forces === undefined ? {} : { forces: { reference: forces, predicted: evaluation.forces } }),
    ...(stress === undefined || evaluation.stress === undefined
      ? {}
      : { stress: { reference: stress, predicted: evaluation.stress } }),
    ...(uncertainty === undefined ? {} : { disagreement: uncertainty.disagreement }),
  };
}
