/**
 * The loss of a structure with N atoms,
 *
 *   L = w [ w_E (ΔE/N)² + w_F/(3N) Σ_a |ΔF_a|² + w_σ/6 Σ_c (Δσ_c V/N)² ],
 *
 * energies per atom in eV, forces in eV/Å, stress as virial per atom in eV, so that weights compare like with like. The loss of a
 * batch is the mean over its structures.
 */
import type { Kernels } from "../kernels/index.js";
import type { CachedStructure } from "./cache.js";
import { type Crew, sliceOf } from "./crew.js";
import type { Engine } from "./engine.js";
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

/** 1 eV/Å³ in GPa. */
const GIGAPASCALS = 160.21766208;

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

export interface LossContext {
  readonly kernels: Kernels;
  readonly engine: Engine;
  readonly weights: LossWeights;
  /** Threads that share each structure's atoms; every one of them adds its part. */
  readonly crew?: Crew | undefined;
}

/** Adds a structure's loss and errors; with `share` also share × its gradient to the engine's. */
export function addStructure(
  context: LossContext,
  { cached, labels }: Labelled,
  { sums, share }: { sums: ErrorSums; share?: number },
): void {
  const { kernels, engine, weights, crew } = context;
  const n = cached.atoms;
  // What belongs to the structure as a whole is counted by the first thread.
  const counts = crew === undefined || crew.thread === 0;
  const withForces = share !== undefined || labels.forces !== 0 || labels.stress !== undefined;
  const predicted = engine.predict(cached, withForces, crew);
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
  const scale = labels.weight * (share ?? 0);
  if (labels.forces !== 0) {
    const reference = kernels.f64(labels.forces, 3 * n);
    const lambda = engine.lambda(cached, crew);
    const weight = weights.forces / (3 * n);
    const { first, last } = sliceOf(n, crew);
    let squares = 0;
    let absolute = 0;
    for (let i = 3 * first; i < 3 * last; i++) {
      const difference = predicted.forces[i]! - reference[i]!;
      squares += difference * difference;
      absolute += Math.abs(difference);
      lambda[i] = 2 * weight * scale * difference;
    }
    sums.addAll("forces", { squares, absolute, count: 3 * (last - first) });
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
      sums.add("stress", GIGAPASCALS * difference);
    }
  }
  sums.loss += labels.weight * loss;
  if (counts) sums.structures++;
  if (share !== undefined)
    engine.addGradient(cached, { energy: scale * energySlope, forces: labels.forces !== 0, stress: mu }, crew);
}
