/**
 * Extended Kalman filter as in n2p2 (Singraber, Morawietz, Behler, Dellago, J. Chem. Theory Comput. 15, 3075, 2019): each
 * update takes a few energies or force components with errors ξ and derivatives H,
 *
 *   X = P H,  A = R + Hᵀ X,  K = X A⁻¹,  θ ← θ + K ξ,  P ← P − K Xᵀ + q 1        (standard, R = 1/η)
 *   X = P H,  A = λ + Hᵀ X,  K = X A⁻¹,  θ ← θ + K ξ,  P ← (P − K Xᵀ)/λ + q 1    (fading memory, λ ← ν λ + 1 − ν)
 *
 * Energies and forces are in units of the network's output (energies over the energy scale), energies are not divided by the
 * number of atoms, forces and their derivatives are multiplied by `forceWeight`. η and q change by exp(±τ/updates per epoch)
 * at each update.
 */
import { RandomStream } from "../../math/index.js";
import type { ErrorSums } from "../loss.js";
import type { FitProblem } from "../problem.js";
import { KalmanFilter } from "./kalman-filter.js";
import type { EpochResult, Trainer } from "./trainer.js";

export interface KalmanOptions {
  readonly type: "standard" | "fading-memory";
  /** P₀ = 1/ε. */
  readonly epsilon: number;
  readonly q0: number;
  readonly qtau: number;
  readonly qmin: number;
  readonly eta: number;
  readonly etatau: number;
  readonly etamax: number;
  readonly lambda: number;
  readonly nu: number;
  /** Shares of the energies and of the force components used in an epoch. */
  readonly energyFraction: number;
  readonly forceFraction: number;
  readonly forceWeight: number;
  readonly selection: "random" | "sort" | "threshold";
  /** Smallest errors worth an update, in units of the last epoch's RMSE. */
  readonly energyThreshold: number;
  readonly forceThreshold: number;
  readonly trials: number;
  /** Rows per update. */
  readonly batchEnergy: number;
  readonly batchForces: number;
  readonly seed: number;
}

type Kind = "energy" | "forces";
/** A structure, and a force component in it or −1 for its energy. */
interface Candidate {
  readonly structure: number;
  readonly component: number;
}

export class KalmanTrainer implements Trainer {
  readonly parameters: Float64Array;
  readonly #problem: FitProblem;
  readonly #options: KalmanOptions;
  readonly #filter: KalmanFilter;
  readonly #row: Float64Array;
  #random: RandomStream;
  #eta: number;
  #q: number;
  #lambda: number;
  /** Rows so far: with dropout each has masks of its own. */
  #rows = 0;
  /** Last epoch's RMSE of energies (eV a structure) and force components (eV/Å). */
  #rmse: Record<Kind, number> = { energy: 0, forces: 0 };

  constructor(problem: FitProblem, parameters: Float64Array, options: KalmanOptions) {
    this.#problem = problem;
    this.parameters = parameters;
    this.#options = options;
    this.#random = new RandomStream(options.seed, "kalman");
    this.#eta = options.eta;
    this.#q = options.q0;
    this.#lambda = options.lambda;
    this.#row = new Float64Array(problem.count);
    const rows = Math.max(options.batchEnergy, options.batchForces);
    this.#filter = new KalmanFilter(problem.parts.kernels, problem.count, { rows, epsilon: options.epsilon });
  }

  epoch(): EpochResult {
    const plan = this.#plan();
    if (this.#rmse.energy === 0 && this.#rmse.forces === 0) this.#measure();
    const sorted = this.#options.selection === "sort" ? this.#sorted() : undefined;
    for (const kind of plan) this.#update(kind, plan.length, sorted?.[kind]);
    return { sums: this.#measure(), step: { eta: this.#eta, q: this.#q, lambda: this.#lambda } };
  }

  /** Energy and force updates of an epoch, in random order. */
  #plan(): Kind[] {
    const { energyFraction, forceFraction, batchEnergy, batchForces } = this.#options;
    const { train, structures } = this.#problem.parts;
    let energies = 0;
    let components = 0;
    for (const s of train) {
      if (structures[s]!.labels.energy !== undefined) energies++;
      components += this.#problem.referenceForces(s)?.length ?? 0;
    }
    const count = (total: number, fraction: number, batch: number): number => Math.round((total * fraction) / batch);
    const plan: Kind[] = [
      ...Array<Kind>(count(energies, energyFraction, batchEnergy)).fill("energy"),
      ...Array<Kind>(count(components, forceFraction, batchForces)).fill("forces"),
    ];
    return this.#random.shuffle(plan);
  }

  /** Errors over the training set with the parameters as they are. */
  #measure(): ErrorSums {
    const { train, structures, engine } = this.#problem.parts;
    const sums = this.#problem.errors(this.parameters, train);
    let squares = 0;
    let count = 0;
    for (const s of train) {
      const { cached, labels } = structures[s]!;
      if (labels.energy === undefined) continue;
      squares += (engine.predict(cached, false).energy - labels.energy) ** 2;
      count++;
    }
    this.#rmse = { energy: Math.sqrt(squares / Math.max(1, count)), forces: sums.errors().forces?.rmse ?? 0 };
    return sums;
  }

  /** All candidates, largest error first. */
  #sorted(): Record<Kind, Candidate[]> {
    const { train, structures, engine } = this.#problem.parts;
    const energy: { c: Candidate; error: number }[] = [];
    const forces: { c: Candidate; error: number }[] = [];
    this.#problem.load(this.parameters);
    for (const structure of train) {
      const { cached, labels } = structures[structure]!;
      const predicted = engine.predict(cached, true);
      if (labels.energy !== undefined)
        energy.push({ c: { structure, component: -1 }, error: Math.abs(predicted.energy - labels.energy) });
      this.#problem.referenceForces(structure)?.forEach((f, component) => {
        forces.push({ c: { structure, component }, error: Math.abs(predicted.forces[component]! - f) });
      });
    }
    const order = (list: typeof energy): Candidate[] => list.sort((a, b) => b.error - a.error).map(({ c }) => c);
    return { energy: order(energy), forces: order(forces) };
  }

  #update(kind: Kind, updatesPerEpoch: number, sorted: Candidate[] | undefined): void {
    const { batchEnergy, batchForces, etatau, etamax, qtau, qmin, nu, type } = this.#options;
    const batch = kind === "energy" ? batchEnergy : batchForces;
    const hasDropout = this.#problem.parts.dropout !== undefined;
    for (let r = 0; r < batch; r++) {
      // Candidates are drawn by the plain networks.
      if (r === 0 || hasDropout) this.#problem.load(this.parameters);
      const candidate = sorted?.shift() ?? this.#draw(kind);
      this.#filter.setRow(r, this.#row, this.#evaluate(candidate));
    }
    if (type === "standard") {
      this.#filter.update(this.parameters, { rows: batch, noise: 1 / this.#eta, forget: 1, add: this.#q });
      this.#eta = Math.min(etamax, this.#eta * Math.exp(etatau / updatesPerEpoch));
    } else {
      this.#filter.update(this.parameters, { rows: batch, noise: this.#lambda, forget: this.#lambda, add: this.#q });
      this.#lambda = nu * this.#lambda + 1 - nu;
    }
    this.#q = Math.max(qmin, this.#q * Math.exp(-qtau / updatesPerEpoch));
  }

  /** A random candidate; with thresholds, the first of some that is badly predicted, else the worst of them. */
  #draw(kind: Kind): Candidate {
    const { selection, trials, energyThreshold, forceThreshold } = this.#options;
    if (selection !== "threshold") return this.#any(kind);
    const threshold = kind === "energy" ? energyThreshold : forceThreshold;
    let worst: Candidate | undefined;
    let worstError = -1;
    for (let t = 0; t < trials; t++) {
      const candidate = this.#any(kind);
      const error = this.#error(candidate) / Math.max(this.#rmse[kind], 1e-300);
      if (error > worstError) {
        worst = candidate;
        worstError = error;
      }
      if (error > threshold) break;
    }
    return worst!;
  }

  #any(kind: Kind): Candidate {
    const { train, structures } = this.#problem.parts;
    for (;;) {
      const structure = train[this.#random.integer(train.length)]!;
      if (kind === "energy") {
        if (structures[structure]!.labels.energy !== undefined) return { structure, component: -1 };
        continue;
      }
      const forces = this.#problem.referenceForces(structure);
      if (forces !== undefined) return { structure, component: this.#random.integer(forces.length) };
    }
  }

  /** |error| in eV or eV/Å. */
  #error({ structure, component }: Candidate): number {
    const { structures, engine } = this.#problem.parts;
    const { cached, labels } = structures[structure]!;
    const predicted = engine.predict(cached, component >= 0);
    if (component < 0) return Math.abs(predicted.energy - labels.energy!);
    return Math.abs(predicted.forces[component]! - this.#problem.referenceForces(structure)![component]!);
  }

  /** Leaves the derivative in `#row` and returns the error ξ, both in network units and weighted. */
  #evaluate({ structure, component }: Candidate): number {
    const { structures, engine } = this.#problem.parts;
    const isEnergy = component < 0;
    if (this.#problem.parts.dropout !== undefined) this.#problem.load(this.parameters, { step: this.#rows, structure });
    this.#rows++;
    const value = isEnergy
      ? this.#problem.energyRow(structure, this.#row)
      : this.#problem.forceRow(structure, component, this.#row);
    const reference = isEnergy
      ? structures[structure]!.labels.energy!
      : this.#problem.referenceForces(structure)![component]!;
    const weight = (isEnergy ? 1 : this.#options.forceWeight) / engine.energyScale;
    for (let i = 0; i < this.#row.length; i++) this.#row[i]! *= weight;
    return weight * (reference - value);
  }

  save(): Float64Array[] {
    return [
      Float64Array.of(this.#eta, this.#q, this.#lambda, this.#rmse.energy, this.#rmse.forces, this.#rows),
      Float64Array.from(this.#random.state),
      this.#filter.covariance(),
    ];
  }

  restore([numbers, random, covariance]: readonly Float64Array[]): void {
    [this.#eta, this.#q, this.#lambda] = numbers as unknown as [number, number, number];
    this.#rmse = { energy: numbers![3]!, forces: numbers![4]! };
    // Checkpoints from before dropout do not count rows.
    this.#rows = numbers![5] ?? 0;
    this.#random = RandomStream.fromState([...random!]);
    this.#filter.setCovariance(covariance!);
  }
}
