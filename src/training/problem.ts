/**
 * A member's fit as the optimisers see it: a loss over structures, its gradient, and single predictions with their
 * derivatives. Structures are named by their index in `structures`.
 */
import type { Kernels } from "../kernels/index.js";
import type { DropoutMask } from "../networks/index.js";
import { type FitDropout, masksOfTurn, type Turn } from "./dropout.js";
import type { Engine } from "./engine.js";
import type { ErrorSums, Labelled, LossWeights } from "./loss.js";
import type { MemberModel } from "./model.js";
import { TeamLeader } from "./team.js";

export interface ProblemParts {
  readonly kernels: Kernels;
  readonly engine: Engine;
  readonly model: MemberModel;
  readonly structures: readonly Labelled[];
  readonly train: readonly number[];
  readonly weights: LossWeights;
  /** Weight of the mean square of the weights. */
  readonly l2: number;
  /** Holds for gradients and rows; errors are those of the plain networks, which stand for the mean over masks. */
  readonly dropout?: FitDropout | undefined;
}

export class FitProblem {
  readonly parts: ProblemParts;
  readonly #team: TeamLeader;
  readonly #isWeight: Uint8Array;
  readonly #weightCount: number;
  /** Those that the engine was loaded with. */
  #masks: readonly DropoutMask[] | undefined;

  constructor(parts: ProblemParts, team: TeamLeader = new TeamLeader(parts, undefined)) {
    this.parts = parts;
    this.#team = team;
    this.#isWeight = new Uint8Array(parts.model.count);
    for (const { start, rows, columns } of parts.model.blocks)
      this.#isWeight.fill(1, start, start + (rows - 1) * columns);
    this.#weightCount = this.#isWeight.reduce((a, b) => a + b, 0);
  }

  get count(): number {
    return this.parts.model.count;
  }

  /**
   * Mean loss over `batch` and, in `gradient`, its derivative; the L2 term is in the derivative only, see `penalty`. `step`: updates so
   * far, by which dropout draws its masks.
   */
  gradient(parameters: Float64Array, batch: readonly number[], gradient: Float64Array, step = 0): ErrorSums {
    const sums = this.#team.run(parameters, batch, { gradient, step });
    this.#addPenalty(parameters, gradient);
    return sums;
  }

  /** Errors and loss of a set, without the L2 term. */
  errors(parameters: Float64Array, set: readonly number[]): ErrorSums {
    return this.#team.run(parameters, set);
  }

  /** The L2 term's value. */
  penalty(parameters: Float64Array): number {
    const { l2 } = this.parts;
    if (l2 === 0) return 0;
    let squares = 0;
    for (let i = 0; i < parameters.length; i++) if (this.#isWeight[i] === 1) squares += parameters[i]! ** 2;
    return (l2 * squares) / this.#weightCount;
  }

  #addPenalty(parameters: Float64Array, gradient: Float64Array): void {
    const factor = (2 * this.parts.l2) / this.#weightCount;
    if (factor === 0) return;
    for (let i = 0; i < parameters.length; i++) if (this.#isWeight[i] === 1) gradient[i]! += factor * parameters[i]!;
  }

  /** Energy of the structure (eV, reference energies left out) and ∂E/∂θ. Parameters must be loaded. */
  energyRow(s: number, row: Float64Array): number {
    const { engine, model, structures } = this.parts;
    const { cached } = structures[s]!;
    const { energy } = engine.predict(cached, true);
    engine.clearGradient();
    engine.addGradient({ energy: 1, forces: false, stress: undefined });
    model.addGradient(engine, row.fill(0), this.#masks);
    return energy;
  }

  /** Force component (3·sorted atom + xyz, eV/Å) and its derivative. Parameters must be loaded. */
  forceRow(s: number, component: number, row: Float64Array): number {
    const { engine, model, structures } = this.parts;
    const { cached } = structures[s]!;
    const force = engine.predict(cached, true).forces[component]!;
    const lambda = engine.lambda(cached);
    lambda.fill(0);
    lambda[component] = 1;
    engine.clearGradient();
    engine.addGradient({ energy: 0, forces: true, stress: undefined });
    model.addGradient(engine, row.fill(0), this.#masks);
    return force;
  }

  /** For `energyRow` and `forceRow`: the plain networks, or in a turn of a fit with dropout those that its masks leave. */
  load(parameters: Float64Array, turn?: Turn): void {
    const { engine, model, dropout } = this.parts;
    this.#masks = turn === undefined || dropout === undefined ? undefined : masksOfTurn(dropout, model.shapes, turn);
    model.load(engine, parameters, this.#masks);
  }

  /** Reference forces of a structure, [3·sorted atom + xyz], or undefined. */
  referenceForces(s: number): Float64Array | undefined {
    const { cached, labels } = this.parts.structures[s]!;
    return labels.forces === 0 ? undefined : this.parts.kernels.f64(labels.forces, 3 * cached.atoms);
  }
}
