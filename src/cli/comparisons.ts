/** A potential on labelled structures, and what they say about its uncertainty. */
import { groupsOf } from "../datasets/index.js";
import { spreadSourceOf } from "../potentials/definition.js";
import type { Evaluation } from "../potentials/potential.js";
import type { Judged } from "../reports/index.js";
import { atomCount, type Frame } from "../structure/index.js";
import type { StructureComparison } from "../training/record.js";
import { isAllFinite } from "../uncertainty/held-out.js";
import { type HeldOut, uncertaintyReport } from "../uncertainty/index.js";
import { evaluateAll, type OpenedPotential } from "./wiring.js";

export interface Compared {
  readonly comparisons: readonly StructureComparison[];
  /** Structures with an atom outside the range of the training data. */
  readonly extrapolating: number;
  /** Undefined where no prediction is finite. */
  readonly judged: Judged | undefined;
}

export interface CompareOptions {
  readonly threads: number | undefined;
  onDone(done: number): void;
}

export async function compareFrames(
  potential: OpenedPotential,
  frames: readonly Frame[],
  { threads, onDone }: CompareOptions,
): Promise<Compared> {
  const groups = groupsOf(frames);
  const source = spreadSourceOf(potential.definition);
  const comparisons: StructureComparison[] = [];
  const structures: HeldOut[] = [];
  for await (const { frame, evaluation } of evaluateAll(potential, frames, threads)) {
    const compared = comparison(frame, evaluation, groups[comparisons.length]!);
    const { energy, forces, uncertainty } = compared;
    const spreads = source === undefined ? {} : { [source]: uncertainty };
    const { extrapolation } = evaluation;
    structures.push({ species: frame.structure.species, energy, forces, spreads, extrapolation });
    comparisons.push(compared);
    onDone(comparisons.length);
  }
  const extrapolating = structures.filter(({ extrapolation }) => extrapolation.length > 0).length;
  const { calibration } = potential;
  const judged = structures.some(isAllFinite)
    ? { structures, report: uncertaintyReport(structures, { calibration }), calibration }
    : undefined;
  return { comparisons, extrapolating, judged };
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
    ...(uncertainty === undefined ? {} : { uncertainty }),
  };
}
