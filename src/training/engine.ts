/**
 * Predictions and gradients of one set of networks on cached structures, in one thread.
 *
 * For a loss L(E, F, σ) of a structure with E = c Σ N(G_i), F_a = −∂E/∂r_a, σ = ∂E/∂ε/V the gradient with respect to the
 * parameters is that of Σ_i (α N(G_i) + v_i·∇N(G_i)) with α = c ∂L/∂E and
 *
 *   v_i = c Σ_j (λ_i − λ_j)·∂G_i/∂r_j + (c/V) Σ_c μ_c ∂G_i/∂ε_c,   λ_a = ∂L/∂F_a,  μ_c = ∂L/∂σ_c
 *
 * so one more pass through the networks is enough (networks/batch.ts).
 */
import type { Kernels } from "../kernels/index.js";
import { NetworkBatch, type NetworkShape } from "../networks/index.js";
import type { CachedStructure } from "./cache.js";

export interface EngineLayout {
  /** Entries of a row of values. */
  readonly valueLength: number;
  /** Columns of the longest derivative row. */
  readonly rowLength: number;
  /** Most atoms of each element in one structure. */
  readonly mostAtoms: readonly number[];
}

/** What the networks say about a structure; arrays are views that the next prediction overwrites. */
export interface Prediction {
  /** Σ of network energies times the energy scale, reference energies left out, eV. */
  energy: number;
  /** [sorted atom, xyz], eV/Å */
  forces: Float64Array;
  /** xx yy zz yz xz xy, eV/Å³; only where strain derivatives are cached. */
  stress: Float64Array | undefined;
}

/** Derivatives of a structure's loss with respect to what was predicted. */
export interface LossSlope {
  readonly energy: number;
  /** Whether `Engine.lambda` holds ∂L/∂F. */
  readonly forces: boolean;
  readonly stress: Float64Array | undefined;
}

export class Engine {
  /** c, eV per unit of network output. */
  energyScale = 1;
  readonly #kernels: Kernels;
  readonly #layout: EngineLayout;
  readonly #networks: NetworkBatch[];
  /** [sorted atom][valueLength] */
  readonly #gradients: number;
  readonly #directions: number;
  readonly #forces: number;
  readonly #lambda: number;
  readonly #scratch: number;

  constructor(kernels: Kernels, shapes: readonly NetworkShape[], layout: EngineLayout) {
    this.#kernels = kernels;
    this.#layout = layout;
    this.#networks = shapes.map(
      (shape, e) =>
        new NetworkBatch(kernels, shape, {
          maxRows: Math.max(1, layout.mostAtoms[e]!),
          inputLength: layout.valueLength,
        }),
    );
    const atoms = layout.mostAtoms.reduce((a, b) => a + b, 0);
    this.#gradients = kernels.allocate(8 * atoms * layout.valueLength);
    this.#directions = kernels.allocate(8 * atoms * layout.valueLength);
    this.#forces = kernels.allocate(24 * atoms);
    this.#lambda = kernels.allocate(24 * atoms);
    this.#scratch = kernels.allocate(4 * (layout.rowLength + 8));
  }

  /** Parameters of the networks on raw inputs, one array per element. */
  load(parameters: readonly Float64Array[]): void {
    this.#networks.forEach((network, e) => {
      network.load(parameters[e]!);
    });
  }

  /** Energy alone, or with forces (and stress where strains are cached). */
  predict(s: CachedStructure, withForces: boolean): Prediction {
    const kernels = this.#kernels;
    const { valueLength } = this.#layout;
    let energy = 0;
    this.#each(s, (network, first, rows) => {
      const output = kernels.f64(network.forward(s.values + 8 * first * valueLength, rows), 2 * rows);
      for (let r = 0; r < rows; r++) energy += output[2 * r]!;
      if (!withForces) return;
      const from = kernels.f64(network.backward(), rows * valueLength);
      kernels.f64(this.#gradients + 8 * first * valueLength, rows * valueLength).set(from);
    });
    const forces = kernels.f64(this.#forces, 3 * s.atoms);
    if (withForces) this.#contract(s, forces);
    return {
      energy: energy * this.energyScale,
      forces,
      stress: withForces && s.strains !== 0 ? this.#stress(s) : undefined,
    };
  }

  #each(s: CachedStructure, visit: (network: NetworkBatch, first: number, rows: number) => void): void {
    this.#networks.forEach((network, e) => {
      const first = s.starts[e]!;
      const rows = s.starts[e + 1]! - first;
      if (rows > 0) visit(network, first, rows);
    });
  }

  #contract(s: CachedStructure, forces: Float64Array): void {
    forces.fill(0);
    this.#kernels.run.contractForces(
      ...([0, s.atoms, this.#networks.length, s.records, this.#gradients, 8 * this.#layout.valueLength] as const),
      ...([this.#forces, this.#scratch] as const),
    );
    for (let i = 0; i < forces.length; i++) forces[i]! *= this.energyScale;
  }

  #stress(s: CachedStructure): Float64Array {
    const { valueLength } = this.#layout;
    const gradients = this.#kernels.f64(this.#gradients, s.atoms * valueLength);
    const strains = this.#kernels.f64(s.strains, 6 * s.atoms * valueLength);
    const stress = new Float64Array(6);
    for (let i = 0; i < s.atoms; i++)
      for (let c = 0; c < 6; c++) {
        const at = (6 * i + c) * valueLength;
        let sum = 0;
        for (let k = 0; k < valueLength; k++) sum += gradients[i * valueLength + k]! * strains[at + k]!;
        stress[c]! += sum;
      }
    return stress.map((x) => (x * this.energyScale) / s.volume);
  }

  /** ∂L/∂F of the structure at hand, [sorted atom, xyz]: the caller writes it before `addGradient`. */
  lambda(s: CachedStructure): Float64Array {
    return this.#kernels.f64(this.#lambda, 3 * s.atoms);
  }

  clearGradient(): void {
    for (const network of this.#networks) network.clearGradient();
  }

  /** Adds the gradient of the loss of the structure that was predicted last (with forces). */
  addGradient(s: CachedStructure, slope: LossSlope): void {
    const { valueLength } = this.#layout;
    const directions = this.#kernels.f64(this.#directions, s.atoms * valueLength).fill(0);
    if (slope.forces)
      this.#kernels.run.contractTangent(
        ...([0, s.atoms, this.#networks.length, s.records, this.#lambda, this.#directions, 8 * valueLength] as const),
        this.#scratch,
      );
    if (slope.stress !== undefined) this.#addStrainDirections(s, slope.stress, directions);
    const scale = this.energyScale;
    for (let i = 0; i < directions.length; i++) directions[i]! *= scale;
    this.#each(s, (network, first) => {
      network.addGradient(this.#directions + 8 * first * valueLength, scale * slope.energy);
    });
  }

  #addStrainDirections(s: CachedStructure, mu: Float64Array, directions: Float64Array): void {
    const { valueLength } = this.#layout;
    const strains = this.#kernels.f64(s.strains, 6 * s.atoms * valueLength);
    for (let i = 0; i < s.atoms; i++)
      for (let c = 0; c < 6; c++) {
        const m = mu[c]! / s.volume;
        const at = (6 * i + c) * valueLength;
        for (let k = 0; k < valueLength; k++) directions[i * valueLength + k]! += m * strains[at + k]!;
      }
  }

  /** Adds each element's gradient with respect to its raw-input parameters to `out`. */
  readGradient(out: readonly Float64Array[]): void {
    this.#networks.forEach((network, e) => {
      network.readGradient(out[e]!);
    });
  }
}
