/** What a potential says of labelled structures, against their labels. */
import type { Evaluation } from "../potentials/potential.js";
import type { Frame } from "../structure/index.js";
import { ErrorSums } from "../training/loss.js";
import type { SetErrors } from "../training/record.js";
import { gigapascal } from "../units/index.js";

export interface LabelErrors {
  readonly errors: SetErrors;
  /** γ and largest force error of each structure with forces, where the potential knows its spread, eV/Å. */
  readonly pairs: readonly (readonly [number, number])[];
}

/** `evaluate` may give the same arrays every time. */
export function labelErrors(frames: readonly Frame[], evaluate: (frame: Frame) => Evaluation): LabelErrors {
  const sums = new ErrorSums();
  const pairs: [number, number][] = [];
  for (const frame of frames) {
    const { energy, forces, stress, uncertainty } = evaluate(frame);
    const atoms = frame.structure.species.length;
    sums.structures++;
    if (frame.energy !== undefined) sums.add("energy", (1000 * (energy - frame.energy)) / atoms);
    frame.stress?.forEach((label, c) => {
      if (stress !== undefined) sums.add("stress", (stress[c] - label) / gigapascal);
    });
    if (frame.forces === undefined) continue;
    let largest = 0;
    frame.forces.forEach((label, k) => {
      sums.add("forces", forces[k] - label);
      largest = Math.max(largest, Math.abs(forces[k] - label));
    });
    if (uncertainty !== undefined) pairs.push([uncertainty.disagreement, largest]);
  }
  return { errors: sums.errors(), pairs };
}
