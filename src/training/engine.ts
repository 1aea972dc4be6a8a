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
import { NetworkBatch, type NetworkShape, type RowSet } from "../networks/index.js";
import type { CachedStructure } from "./cache.js";
import { type Crew, type Part, type Place, type Slice, sliceOf } from "./crew.js";
import { Recomputation, type RecomputationProgram } from "./recomputation.js";

export interface EngineLayout {
  /** Most atoms of each element in one structure. */
  readonly mostAtoms: readonly number[];
  /** By which derivatives that are not kept are made. */
  readonly program: RecomputationProgram;
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

/** A structure that was predicted, and where what its gradient needs is kept. */
export interface Visit {
  readonly structure: CachedStructure;
  readonly slice: Slice;
  /** Rows of each element's network, and the sorted atom of the first. */
  readonly sets: readonly { readonly element: number; readonly atom: number; readonly rows: RowSet }[];
  /** Pointer to [sorted atom, xyz]: forces of the slice alone. */
  readonly forces: number;
  /** Pointer to ∂L/∂F, [sorted atom, xyz]. */
  readonly lambda: number;
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
  readonly #valueLength: number;
  readonly #recomputation: Recomputation;
  readonly #networks: NetworkBatch[];
  /** [sorted atom][valueLength] */
  readonly #gradients: number;
  readonly #directions: number;
  readonly #forces: number;
  readonly #lambda: number;
  readonly #scratch: number;
  /** Rows that are in use in each element's network. */
  readonly #filled: number[];
  #last: Visit | undefined;

  /** `structures`: most structures that are visited before `clearVisits`. */
  constructor(kernels: Kernels, shapes: readonly NetworkShape[], layout: EngineLayout, structures = 1) {
    this.#kernels = kernels;
    const { valueLength, rowLength } = layout.program;
    this.#valueLength = valueLength;
    this.#recomputation = new Recomputation(kernels, layout.program);
    this.#networks = shapes.map(
      (shape, e) =>
        new NetworkBatch(kernels, shape, {
          maxRows: Math.max(1, structures * layout.mostAtoms[e]!),
          inputLength: valueLength,
        }),
    );
    const atoms = layout.mostAtoms.reduce((a, b) => a + b, 0);
    this.#gradients = kernels.allocate(8 * atoms * valueLength);
    this.#directions = kernels.allocate(8 * atoms * valueLength);
    this.#forces = kernels.allocate(24 * atoms);
    this.#lambda = kernels.allocate(24 * atoms);
    this.#scratch = kernels.allocate(4 * (rowLength + 8));
    this.#filled = shapes.map(() => 0);
  }

  /** Parameters of the networks on raw inputs, one array per element. */
  load(parameters: readonly Float64Array[]): void {
    this.#networks.forEach((network, e) => {
      network.load(parameters[e]!);
    });
  }

  /** Energy alone, or with forces (and stress where strains are cached). */
  predict(s: CachedStructure, withForces: boolean): Prediction {
    this.clearVisits();
    const { visit, part } = this.visit(s, { withForces });
    this.#last = visit;
    return { ...part, forces: this.#kernels.f64(visit.forces, 3 * s.atoms) };
  }

  /** Forgets the structures visited so far. */
  clearVisits(): void {
    this.#filled.fill(0);
  }

  /**
   * Energy and stress of a slice of the atoms (of all, without a crew), and what the slice adds to the forces of all atoms. What
   * the gradient needs is kept until `clearVisits`.
   */
  visit(s: CachedStructure, how: { withForces: boolean; crew?: Crew; place?: Place }): { visit: Visit; part: Part } {
    const kernels = this.#kernels;
    const valueLength = this.#valueLength;
    const { withForces, crew, place } = how;
    const slice = sliceOf(s.atoms, crew);
    let energy = 0;
    const sets: Visit["sets"][number][] = [];
    this.#networks.forEach((network, element) => {
      const atom = Math.max(slice.first, s.starts[element]!);
      const rows = Math.min(slice.last, s.starts[element + 1]!) - atom;
      if (rows <= 0) return;
      const output = kernels.f64(
        network.forward(s.values + 8 * atom * valueLength, rows, this.#filled[element]!),
        2 * rows,
      );
      for (let r = 0; r < rows; r++) energy += output[2 * r]!;
      this.#filled[element]! += rows;
      sets.push({ element, atom, rows: network.set });
      if (!withForces) return;
      const from = kernels.f64(network.backward(), rows * valueLength);
      kernels.f64(this.#gradients + 8 * atom * valueLength, rows * valueLength).set(from);
    });
    const stress = withForces && s.strains !== 0 ? this.#stress(s, slice) : undefined;
    const forces = place?.forces ?? this.#forces;
    if (withForces) this.#contract(s, slice, forces);
    const visit = { structure: s, slice, sets, forces, lambda: place?.lambda ?? this.#lambda };
    return { visit, part: { energy: energy * this.energyScale, stress } };
  }

  #contract(s: CachedStructure, slice: Slice, to: number): void {
    const { first, last } = slice;
    const records = this.#recomputation.records(s, slice);
    const forces = this.#kernels.f64(to, 3 * s.atoms).fill(0);
    this.#kernels.run.contractForces(
      ...([first, last, this.#networks.length, records, this.#gradients, 8 * this.#valueLength] as const),
      ...([to, this.#scratch] as const),
    );
    for (let i = 0; i < forces.length; i++) forces[i]! *= this.energyScale;
  }

  #stress(s: CachedStructure, { first, last }: Slice): Float64Array {
    const valueLength = this.#valueLength;
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

  /** Where a crew sums the forces of a slice, [sorted atom, xyz]. */
  get summedForces(): number {
    return this.#forces;
  }

  /** ∂L/∂F of the structure that was predicted last, [sorted atom, xyz]: the caller writes it before `addGradient`. */
  lambda(s: CachedStructure): Float64Array {
    return this.#kernels.f64(this.#lambda, 3 * s.atoms);
  }

  clearGradient(): void {
    for (const network of this.#networks) network.clearGradient();
  }

  /** Adds the gradient of the loss of the structure that was predicted last (with forces). */
  addGradient(slope: LossSlope): void {
    this.addVisitGradient(this.#last!, slope);
  }

  /** Adds what a visit's slice has in the gradient of its structure's loss. */
  addVisitGradient({ structure: s, slice, sets, lambda }: Visit, slope: LossSlope): void {
    const valueLength = this.#valueLength;
    const { first, last } = slice;
    const directions = this.#kernels
      .f64(this.#directions + 8 * first * valueLength, (last - first) * valueLength)
      .fill(0);
    if (slope.forces)
      this.#kernels.run.contractTangent(
        ...([first, last, this.#networks.length, this.#recomputation.records(s, slice), lambda] as const),
        ...([this.#directions, 8 * valueLength, this.#scratch] as const),
      );
    if (slope.stress !== undefined) this.#addStrainDirections(s, slice, slope.stress);
    const scale = this.energyScale;
    for (let i = 0; i < directions.length; i++) directions[i]! *= scale;
    for (const { element, atom, rows } of sets) {
      const network = this.#networks[element]!;
      network.resume(rows);
      network.addGradient(this.#directions + 8 * atom * valueLength, scale * slope.energy);
    }
  }

  #addStrainDirections(s: CachedStructure, { first, last }: Slice, mu: Float64Array): void {
    const valueLength = this.#valueLength;
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
