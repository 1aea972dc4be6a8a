/**
 * The passes of a dropout member over the atoms of a structure: mean of the energies and of dE/dG, and on demand the spread of
 * energy, forces and virial over the passes.
 *
 * A pass's force is linear in its slopes at the first layer's sums z (networks/dropout-batch.ts),
 *
 *   ∂N_t(i)/∂q = Σ_k s_t(i, k) ∂z_k(i)/∂q,
 *
 * so one adjoint for each neuron k of the first layer and a product of matrices give the forces of all passes: 15 adjoints in
 * place of 100.
 */
import { affineOf } from "../descriptors/scaling.js";
import { type Kernels, Scratch } from "../kernels/index.js";
import { DropoutBatch, foldInputs } from "../networks/index.js";
import type { Member, MemberDropout } from "./definition.js";

/** Atoms at a time: their passes stay in the cache. */
const ROWS = 16;

/** Variances over the passes. */
export interface PassVariances {
  /** eV² */
  readonly energy: number;
  /** [atom, xyz], eV²/Å² */
  readonly forces: Float64Array;
  /** Of the symmetric virial, xx yy zz yz xz xy, eV² */
  readonly virial: Float64Array;
}

/** What an atom does to those around it: views of arrays that are added to, and taken back to 0 by who reads them. */
export interface Pulls {
  /** [atom, xyz] */
  readonly forces: Float64Array;
  /** [a, b] row-major */
  readonly virial: Float64Array;
}

export interface PassInput {
  /** Raw values and the place for dE/dG, [atom][valueLength]. */
  readonly values: Float64Array;
  readonly gradients: Float64Array;
  /** Atoms of each element. */
  readonly atomsOf: readonly (readonly number[])[];
  readonly atoms: number;
}

/** What spreads need besides: who pulls on whom. */
export interface SpreadInput {
  /** Pulls of atom i for ∂E_i/∂G at `gradient` in the kernels' memory. */
  adjoint(i: number, gradient: number): Pulls;
  /** Distinct atoms within the cutoff of i, i itself included. */
  concerned(i: number): readonly number[];
}

interface ElementPasses {
  readonly batch: DropoutBatch;
  /** Of the first layer. */
  readonly neurons: number;
  /** f64[neuron][valueLength]: ∂z/∂G */
  readonly directions: number;
  /** f64[row][neuron][pass] */
  readonly slopes: number;
}

export class DropoutPasses {
  readonly passes: number;
  readonly #kernels: Kernels;
  readonly #valueLength: number;
  readonly #member: Member;
  readonly #elements: readonly ElementPasses[];
  readonly #input: number;
  readonly #scratch: Scratch;

  constructor(kernels: Kernels, member: Member & { readonly dropout: MemberDropout }, valueLength: number) {
    this.#kernels = kernels;
    this.#member = member;
    this.#valueLength = valueLength;
    this.passes = member.dropout.masks[0]!.passes;
    this.#input = kernels.allocate(8 * ROWS * valueLength);
    this.#scratch = new Scratch(kernels);
    this.#elements = member.elements.map(({ network, scaling }, e) => {
      const batch = new DropoutBatch(kernels, network, {
        maxRows: ROWS,
        inputLength: valueLength,
        passes: this.passes,
      });
      const folded = foldInputs(network, network.parameters, affineOf(scaling));
      batch.load(folded);
      batch.setMasks(member.dropout.masks[e]!);
      const neurons = network.nodes[1]!;
      return {
        batch,
        neurons,
        directions: kernels.place(directionsOf(folded, { ...network, neurons, valueLength })),
        slopes: kernels.allocate(8 * ROWS * neurons * this.passes),
      };
    });
  }

  /** Writes dE/dG of the mean to `gradients` and returns the mean atomic energies, and variances where a spread is wanted. */
  evaluate(
    input: PassInput,
    spread: SpreadInput | undefined,
  ): { atomicEnergies: Float64Array; variances: PassVariances | undefined } {
    const atomicEnergies = new Float64Array(input.atoms);
    const sums = spread === undefined ? undefined : new PassSums(input.atoms, this.passes);
    this.#elements.forEach((element, e) => {
      const atoms = input.atomsOf[e]!;
      for (let start = 0; start < atoms.length; start += ROWS) {
        const rows = atoms.slice(start, start + ROWS);
        this.#mean(element, rows, { ...input, atomicEnergies, e });
        if (spread === undefined || sums === undefined) continue;
        element.batch.addPassTotals(sums.energies);
        element.batch.passSlopes(element.slopes);
        rows.forEach((i, r) => {
          this.#responses(element, { i, r, spread, sums });
        });
      }
    });
    return { atomicEnergies, variances: sums?.variances(this.#member.energyScale) };
  }

  #mean(
    { batch }: ElementPasses,
    rows: readonly number[],
    { values, gradients, atomicEnergies, e }: PassInput & { atomicEnergies: Float64Array; e: number },
  ): void {
    const length = this.#valueLength;
    const scale = this.#member.energyScale;
    const input = this.#kernels.f64(this.#input, ROWS * length);
    rows.forEach((i, r) => {
      input.set(values.subarray(i * length, (i + 1) * length), r * length);
    });
    batch.forward(this.#input, rows.length);
    const slopes = this.#kernels.f64(batch.backward(), rows.length * length);
    rows.forEach((i, r) => {
      atomicEnergies[i] = this.#member.referenceEnergies[e]! + scale * batch.means[r]!;
      for (let s = 0; s < length; s++) gradients[i * length + s] = scale * slopes[r * length + s]!;
    });
  }

  /** Adds one atom's forces on its neighbours, and its virial, under every pass. */
  #responses(
    { neurons, directions, slopes }: ElementPasses,
    { i, r, spread, sums }: { i: number; r: number; spread: SpreadInput; sums: PassSums },
  ): void {
    const concerned = spread.concerned(i);
    const rows = 3 * concerned.length + VIRIAL_ROWS;
    const perNeuron = this.#scratch.take(8 * rows * (neurons + this.passes));
    const perPass = perNeuron + 8 * rows * neurons;
    const table = this.#kernels.f64(perNeuron, rows * neurons);
    for (let k = 0; k < neurons; k++) {
      const pulls = spread.adjoint(i, directions + 8 * k * this.#valueLength);
      takeColumn(table, pulls, { concerned, k, neurons });
    }
    const row = 8 * this.passes;
    this.#kernels.run.multiply(
      ...([rows, this.passes, neurons, perNeuron, 8 * neurons, 8] as const),
      ...([slopes + row * neurons * r, row, perPass, row, 0] as const),
    );
    sums.add(concerned, this.#kernels.f64(perPass, rows * this.passes));
  }
}

/** Moves the pulls for neuron k, [row], into the table [row][neuron], and leaves zeros behind. */
function takeColumn(
  table: Float64Array,
  { forces, virial }: Pulls,
  { concerned, k, neurons }: { concerned: readonly number[]; k: number; neurons: number },
): void {
  let at = k;
  const put = (value: number): void => {
    table[at] = value;
    at += neurons;
  };
  for (const j of concerned)
    for (let x = 3 * j; x < 3 * j + 3; x++) {
      put(forces[x]!);
      forces[x] = 0;
    }
  for (const [a, b] of VOIGT) put(0.5 * (virial[3 * a + b]! + virial[3 * b + a]!));
  virial.fill(0);
}

const VOIGT = [
  [0, 0],
  [1, 1],
  [2, 2],
  [1, 2],
  [0, 2],
  [0, 1],
] as const;
const VIRIAL_ROWS = VOIGT.length;

/** ∂z_k/∂G of the first layer as rows of values with their dummy entry, [neuron][valueLength]. */
function directionsOf(
  folded: Float64Array,
  about: { nodes: readonly number[]; normalizeNodes: boolean; neurons: number; valueLength: number },
): Float64Array {
  const { nodes, normalizeNodes, neurons, valueLength } = about;
  const inputs = nodes[0]!;
  const divisor = normalizeNodes ? inputs : 1;
  const rows = new Float64Array(neurons * valueLength);
  for (let k = 0; k < neurons; k++)
    for (let s = 0; s < inputs; s++) rows[k * valueLength + s] = folded[s * neurons + k]! / divisor;
  return rows;
}

/** Energy, forces and virial of every pass, without energy scale and reference energies. */
class PassSums {
  /** [pass] */
  readonly energies: Float64Array;
  readonly #passes: number;
  /** [atom, xyz][pass] */
  readonly #forces: Float64Array;
  /** [component][pass] */
  readonly #virial: Float64Array;

  constructor(atoms: number, passes: number) {
    this.#passes = passes;
    this.energies = new Float64Array(passes);
    this.#forces = new Float64Array(3 * atoms * passes);
    this.#virial = new Float64Array(VIRIAL_ROWS * passes);
  }

  /** Adds what one atom does to those around it, [atom, xyz][pass], and its virial behind. */
  add(concerned: readonly number[], responses: Float64Array): void {
    const block = 3 * this.#passes;
    concerned.forEach((j, k) => {
      for (let at = 0; at < block; at++) this.#forces[j * block + at]! += responses[k * block + at]!;
    });
    const from = concerned.length * block;
    for (let at = 0; at < this.#virial.length; at++) this.#virial[at]! += responses[from + at]!;
  }

  variances(scale: number): PassVariances {
    const square = scale * scale;
    return {
      energy: square * this.#variance(this.energies, 0),
      forces: this.#variances(this.#forces, square),
      virial: this.#variances(this.#virial, square),
    };
  }

  #variances(values: Float64Array, square: number): Float64Array {
    return Float64Array.from({ length: values.length / this.#passes }, (_, k) => square * this.#variance(values, k));
  }

  /** Of the k-th row of [row][pass]. */
  #variance(values: Float64Array, k: number): number {
    const [first, last] = [k * this.#passes, (k + 1) * this.#passes];
    let mean = 0;
    for (let at = first; at < last; at++) mean += values[at]! / this.#passes;
    let variance = 0;
    for (let at = first; at < last; at++) variance += (values[at]! - mean) ** 2 / this.#passes;
    return variance;
  }
}
