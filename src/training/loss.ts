/**
 * The loss of a structure with N atoms,
 *
 *   L = w [ w_E (ΔE/N)² + w_F/(3N) Σ_a |ΔF_a|² + w_σ/6 Σ_c (Δσ_c V/N)² ],
 *
 * energies per atom in eV, forces in eV/Å, stress as virial per atom in eV, so that weights compare like with like. The loss of a
 * batch is the mean over its structures.
 */
import type { Kernels } from "../kernels/index.js";
import { gigapascal } from "../units/index.js";
import type { CachedStructure } from "./cache.js";
import type { Slice } from "./crew.js";
import type { LossSlope, Prediction } from "./engine.js";
import type { CachedLabels } from "./labels.js";
import type { SetErrors } from "./record.js";

export interface LossWeights {
  readonly energy: number;
  readonly forces: number;
  readonly stress: number;
}

export interface Labelled {
  readonly cached: CachedStructure;
  readonly labels: CachedLabels;
}

/** Sums of errors over structures. */
export class ErrorSums {
  loss = 0;
  structures = 0;
  readonly #sums = { energy: [0, 0, 0], forces: [0, 0, 0], stress: [0, 0, 0] };

  /** Adds one difference, in the table's unit. */
  add(kind: "energy" | "forces" | "stress", difference: number): void {
    this.addAll(kind, { squares: difference * difference, absolute: Math.abs(difference), count: 1 });
  }

  /** Adds sums over several differences. */
  addAll(kind: "energy" | "forces" | "stress", part: { squares: number; absolute: number; count: number }): void {
    const sums = this.#sums[kind];
    sums[0]! += part.squares;
    sums[1]! += part.absolute;
    sums[2]! += part.count;
  }

  /** Adds the sums of another part of the same set. */
  merge(other: ErrorSums): void {
    this.loss += other.loss;
    this.structures += other.structures;
    for (const kind of ["energy", "forces", "stress"] as const)
      for (let i = 0; i < 3; i++) this.#sums[kind][i]! += other.#sums[kind][i]!;
  }

  /** As plain numbers: loss, structures, then squares, absolutes and count of energies, forces and stress. */
  toArray(): Float64Array {
    const { energy, forces, stress } = this.#sums;
    return Float64Array.of(this.loss, this.structures, ...energy, ...forces, ...stress);
  }

  static fromArray(values: Float64Array): ErrorSums {
    const sums = new ErrorSums();
    sums.loss = values[0]!;
    sums.structures = values[1]!;
    (["energy", "forces", "stress"] as const).forEach((kind, k) => {
      for (let i = 0; i < 3; i++) sums.#sums[kind][i] = values[2 + 3 * k + i]!;
    });
    return sums;
  }

  errors(): SetErrors {
    const pair = ([squares, absolute, count]: readonly number[]) => ({
      rmse: Math.sqrt(squares! / count!),
      mae: absolute! / count!,
      count: count!,
    });
    const { energy, forces, stress } = this.#sums;
    return {
      structures: this.structures,
      ...(energy[2]! > 0 ? { energy: pair(energy) } : {}),
      ...(forces[2]! > 0 ? { forces: pair(forces) } : {}),
      ...(stress[2]! > 0 ? { stress: pair(stress) } : {}),
    };
  }

  get meanLoss(): number {
    return this.structures === 0 ? 0 : this.loss / this.structures;
  }
}

/** What a structure's loss is computed from. */
export interface LossInput {
  readonly kernels: Kernels;
  readonly weights: LossWeights;
  readonly labelled: Labelled;
  /** Whole energy and stress; forces of the slice. */
  readonly predicted: Prediction;
  /** Atoms whose forces count here; what belongs to the structure as a whole counts where the slice begins with its first atom. */
  readonly slice: Slice;
  /** Receives share × ∂L/∂F of the slice, [sorted atom, xyz]. */
  readonly lambda: Float64Array;
  /** Of the structure in the gradient; 0 where none is wanted. */
  readonly share: number;
}

/** Adds a structure's (or a slice's) loss and errors to `sums`; returns share × the slope of the structure's loss. */
export function addLoss(sums: ErrorSums, input: LossInput): LossSlope {
  const { kernels, weights, predicted, slice, lambda } = input;
  const { cached, labels } = input.labelled;
  const n = cached.atoms;
  const counts = slice.first === 0;
  const scale = labels.weight * input.share;
  let loss = 0;
  let energySlope = 0;
  if (labels.energy !== undefined) {
    const difference = (predicted.energy - labels.energy) / n;
    energySlope = (2 * weights.energy * difference) / n;
    if (counts) {
      loss += weights.energy * difference * difference;
      sums.add("energy", 1000 * difference);
    }
  }
  if (labels.forces !== 0) {
    const reference = kernels.f64(labels.forces, 3 * n);
    const weight = weights.forces / (3 * n);
    let squares = 0;
    let absolute = 0;
    for (let i = 3 * slice.first; i < 3 * slice.last; i++) {
      const difference = predicted.forces[i]! - reference[i]!;
      squares += difference * difference;
      absolute += Math.abs(difference);
      lambda[i] = 2 * weight * scale * difference;
    }
    sums.addAll("forces", { squares, absolute, count: 3 * (slice.last - slice.first) });
    loss += weight * squares;
  }
  let mu: Float64Array | undefined;
  if (labels.stress !== undefined && predicted.stress !== undefined) {
    const perAtom = cached.volume / n;
    const weight = (weights.stress / 6) * perAtom * perAtom;
    mu = new Float64Array(6);
    for (let c = 0; c < 6; c++) {
      const difference = predicted.stress[c]! - labels.stress[c]!;
      mu[c] = 2 * weight * scale * difference;
      if (!counts) continue;
      loss += weight * difference * difference;
      sums.add("stress", difference / gigapascal);
    }
  }
  sums.loss += labels.weight * loss;
  if (counts) sums.structures++;
  return { energy: scale * energySlope, forces: labels.forces !== 0, stress: mu };
}

/** Whether a structure's forces must be predicted. */
export const needsForces = ({ labels }: Labelled, withGradient: boolean): boolean =>
  withGradient || labels.forces !== 0 || labels.stress !== undefined;
