/** The one place where commands meet the rest of Potluck. */
import { readFileSync } from "node:fs";
import { InputError } from "../errors/index.js";
import type { PotentialRecord } from "../formats/potential-json.js";
import { type EvaluatedFrame, evaluateFrames } from "../hosts/node/evaluation.js";
import { createEvaluator, loadPotential } from "../hosts/node/potentials.js";
import type { NetworkPotential } from "../potentials/definition.js";
import type { Potential } from "../potentials/potential.js";
import type { Frame } from "../structure/index.js";
import { type Calibration, parseCalibration } from "../uncertainty/calibration-record.js";
import type { UnitSystem } from "../units/index.js";

export { writeAtomically } from "../hosts/node/atomic.js";
export { dataFrames, type ReadData, readData, refusalKinds, refusalsText } from "../hosts/node/data.js";
export type { EvaluatedFrame } from "../hosts/node/evaluation.js";
export { readAllFrames, readFrames, writeFrames } from "../hosts/node/files.js";
export { kindOfFile, readableFormats } from "../hosts/node/frame-source.js";
export { loadPotential, looksLikePotential } from "../hosts/node/potentials.js";

export interface OpenedPotential extends Potential {
  readonly definition: NetworkPotential;
  readonly kind: "potluck" | "n2p2";
  readonly record: PotentialRecord;
  readonly warnings: readonly string[];
  /** How its spread compared with its errors when it was fitted. */
  readonly calibration: Calibration | undefined;
}

/** A potential ready to evaluate. */
export function openPotential(path: string, units: UnitSystem): OpenedPotential {
  const { potential, kind, record, warnings } = loadPotential(path, units);
  const evaluator = createEvaluator(potential);
  return {
    definition: potential,
    kind,
    record,
    warnings,
    calibration: record.calibration === undefined ? undefined : parseCalibration(record.calibration, { file: path }),
    elements: evaluator.elements,
    cutoff: evaluator.cutoff,
    evaluate: (structure) => evaluator.evaluate(structure),
    bind: (structure) => evaluator.bind(structure),
  };
}

/** Evaluations in the order of the frames, by several threads where there are many. */
export const evaluateAll = (
  potential: OpenedPotential,
  frames: AsyncIterable<Frame> | Iterable<Frame>,
  threads: number | undefined,
): AsyncGenerator<EvaluatedFrame> =>
  evaluateFrames(potential.definition, frames, { threads, evaluate: (structure) => potential.evaluate(structure) });

/** Text of a file that the user named. */
export function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unreadable";
    const problem = code === "ENOENT" ? "There is no such file." : `The file cannot be read (${code}).`;
    const trouble = {
      code: "unreadable-file",
      where: { file: path },
      problem,
      remedy: "Check its name and its rights.",
    };
    throw new InputError(trouble, { cause });
  }
}
