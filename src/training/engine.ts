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
import { type Crew, type Slice, sliceOf } from "./crew.js";

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

  /**
   * Energy alone, or with forces (and stress where strains are cached). With a crew each thread computes its slice of the atoms;
   * energy and stress are then whole in every thread, and forces within the slice.
   */
  predict(s: CachedStructure, withForces: boolean, crew?: Crew): Prediction {
    const kernels = this.#kernels;
    const { valueLength } = this.#layout;
    const slice = sliceOf(s.atoms, crew);
    let energy = 0;
    this.#each(s, slice, (network, first, rows) => {
      const output = kernels.f64(network.forward(s.values + 8 * first * valueLength, rows), 2 * rows);
      for (let r = 0; r < rows; r++) energy += output[2 * r]!;
      if (!withForces) return;
      const from = kernels.f64(network.backward(), rows * valueLength);
      kernels.f64(this.#gradients + 8 * first * valueLength, rows * valueLength).set(from);
    });
    const stress = withForces && s.strains !== 0 ? this.#stress(s, slice) : undefined;
    const at = crew?.forces(crew.thread) ?? this.#forces;
    if (withForces) this.#contract(s, slice, at);
    const part = { energy: energy * this.energyScale, stress };
    if (crew === undefined) return { ...part, forces: kernels.f64(at, 3 * s.atoms) };
    const whole = crew.combine(part, withForces ? { slice, to: this.#forces } : undefined);
    return { ...whole, forces: kernels.f64(this.#forces, 3 * s.atoms) };
  }

  /** Visits each element's rows within the slice. */
  #each(s: CachedStructure, slice: Slice, visit: (network: NetworkBatch, first: number, rows: number) => void): void {
    this.#networks.forEach((network, e) => {
      const first = Math.max(slice.first, s.starts[e]!);
      const rows = Math.min(slice.last, s.starts[e + 1]!) - first;
      if (rows > 0) visit(network, first, rows);
    });
  }

  #contract(s: CachedStructure, { first, last }: Slice, to: number): void {
    const forces = this.#kernels.f64(to, 3 * s.atoms).fill(0);
    this.#kernels.run.contractForces(
      ...([first, last, this.#networks.length, s.records, this.#gradients, 8 * this.#layout.valueLength] as const),
      ...([to, this.#scratch] as const),
    );
    for (let i = 0; i < forces.length; i++) forces[i]! *= this.energyScale;
  }

  #stress(s: CachedStructure, { first, last }: Slice): Float64Array {
    const { valueLength } = this.#layout;
    const gradients = this.#kernels.f64(this.#gradients, s.atoms * valueLength);
    const strains = this.#kernels.f64(s.strains, 6 * s.atoms * valueLength);
    const stress = new Float64Array(6);
    for (let i = first; i < last; i++)
      for (let c = 0; c < 6; c++) {
        const at = (6 * i + c) * valueLength;
        let sum = 0;
        for (let k = 0; k < valueLength; k++) sum += gradients[i * valueLength + k]! * strains[at + k]!;
        stress[c]! += sum;
      }
    return stress.map((x) => (x * this.energyScale) / s.volume);
  }

  /** ∂L/∂F of the structure at hand, [sorted atom, xyz]: the caller writes it (its slice of it) before `addGradient`. */
  lambda(s: CachedStructure, crew?: Crew): Float64Array {
    return this.#kernels.f64(crew?.lambda ?? this.#lambda, 3 * s.atoms);
  }

  clearGradient(): void {
    for (const network of this.#networks) network.clearGradient();
  }

  /** Adds the gradient of the loss of the structure that was predicted last (with forces), or the slice's part of it. */
  addGradient(s: CachedStructure, slope: LossSlope, crew?: Crew): void {
    const { valueLength } = this.#layout;
    const slice = sliceOf(s.atoms, crew);
    const { first, last } = slice;
    const directions = this.#kernels
      .f64(this.#directions + 8 * first * valueLength, (last - first) * valueLength)
      .fill(0);
    crew?.barrier();
    if (slope.forces)
      this.#kernels.run.contractTangent(
        ...([first, last, this.#networks.length, s.records, crew?.lambda ?? this.#lambda] as const),
        ...([this.#directions, 8 * valueLength, this.#scratch] as const),
      );
    if (slope.stress !== undefined) this.#addStrainDirections(s, slice, slope.stress);
    const scale = this.energyScale;
    for (let i = 0; i < directions.length; i++) directions[i]! *= scale;
    this.#each(s, slice, (network, from) => {
      network.addGradient(this.#directions + 8 * from * valueLength, scale * slope.energy);
    });
  }

  #addStrainDirections(s: CachedStructure, { first, last }: Slice, mu: Float64Array): void {
    const { valueLength } = this.#layout;
    const directions = this.#kernels.f64(this.#directions, s.atoms * valueLength);
    const strains = this.#kernels.f64(s.strains, 6 * s.atoms * valueLength);
    for (let i = first; i < last; i++)
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
