/**
 * Evaluates a network potential, a committee or a dropout potential: neighbours → functions → networks → dE/dG → forces and stress.
 *
 * All members share the functions. Each member's scaling is folded into its first layer, so networks take raw values. With
 * dropout, energy and forces are those of the mean over passes.
 */

import { compileDescriptors, type DescriptorProgram } from "../descriptors/program.js";
import { affineOf } from "../descriptors/scaling.js";
import { descriptorScratchBytes, type Kernels, Scratch } from "../kernels/index.js";
import { type NeighborList, neighborList } from "../neighbors/index.js";
import { foldInputs, NetworkBatch } from "../networks/index.js";
import { elementIndices, type Structure } from "../structure/index.js";
import { combineMembers, type MemberResult } from "./combination.js";
import type { Member, NetworkPotential } from "./definition.js";
import { DropoutPasses, type SpreadInput } from "./dropout-passes.js";
import type { Demand, Evaluation, Extrapolation, ForceField, Potential } from "./potential.js";
import { RangeCheck } from "./ranges.js";

/** Atoms per network batch: long enough for the matrix products, short enough for the second-level cache. */
const BATCH = 64;

/** Pointers of one structure in the kernels' memory. */
interface Placed {
  readonly atoms: number;
  readonly types: Uint8Array;
  readonly typesAt: number;
  readonly offsets: number;
  readonly indices: number;
  readonly vectors: number;
  /** [atom][valueLength] */
  readonly values: number;
  readonly gradients: number;
  readonly forces: number;
  readonly virial: number;
  readonly scratch: number;
  /** Atoms of each element. */
  readonly atomsOf: readonly number[][];
}

export class NetworkEvaluator implements Potential {
  readonly potential: NetworkPotential;
  readonly elements: readonly number[];
  readonly cutoff: number;
  readonly #kernels: Kernels;
  readonly #program: DescriptorProgram;
  /** [member][element] */
  readonly #networks: NetworkBatch[][];
  /** [member], where it has dropout */
  readonly #passes: (DropoutPasses | undefined)[];
  readonly #scratch: Scratch;
  readonly #input: number;
  #ranges: RangeCheck | undefined;

  constructor(kernels: Kernels, potential: NetworkPotential) {
    this.#kernels = kernels;
    this.potential = potential;
    this.#program = compileDescriptors(kernels, potential.descriptors);
    this.elements = this.#program.elements;
    this.cutoff = this.#program.cutoff;
    this.#scratch = new Scratch(kernels);
    const inputLength = this.#program.valueLength;
    this.#passes = potential.members.map((member) =>
      member.dropout === undefined
        ? undefined
        : new DropoutPasses(kernels, { ...member, dropout: member.dropout }, inputLength),
    );
    this.#networks = potential.members.map((member) =>
      (member.dropout === undefined ? member.elements : []).map(({ network, scaling }) => {
        const batch = new NetworkBatch(kernels, network, { maxRows: BATCH, inputLength });
        batch.load(foldInputs(network, network.parameters, affineOf(scaling)));
        return batch;
      }),
    );
    this.#input = kernels.allocate(8 * BATCH * inputLength);
  }

  /** The spread of forces over dropout passes costs several times the forces themselves: leave it out where it is not needed. */
  evaluate(structure: Structure, demand: Demand = {}): Evaluation {
    const placed = this.#place(structure);
    this.#descriptors(placed);
    const withSpread = demand.uncertainty !== false || demand.energySpread === true;
    const extrapolation = demand.extrapolation === false ? [] : this.#extrapolation(placed);
    const results = this.potential.members.map((_, m) =>
      this.#passes[m] === undefined
        ? this.#member(m, placed)
        : this.#dropoutMember(this.#passes[m], placed, withSpread),
    );
    return combineMembers(results, { structure, extrapolation, withSpread });
  }

  bind({ species, periodic }: Structure): ForceField {
    return {
      evaluate: (positions, cell, demand) => this.evaluate({ species, periodic, positions, cell }, demand),
    };
  }

  /** Raw function values, [atom][function of its element], for those who look at descriptors. */
  descriptors(structure: Structure): Float64Array[] {
    const placed = this.#place(structure);
    this.#descriptors(placed);
    const length = this.#program.valueLength;
    const values = this.#kernels.f64(placed.values, placed.atoms * length);
    return Array.from({ length: placed.atoms }, (_, i) =>
      values.slice(i * length, i * length + this.#program.functionCounts[placed.types[i]!]!),
    );
  }

  #place(structure: Structure): Placed {
    const types = elementIndices(structure.species, this.elements);
    const list = neighborList(structure, this.cutoff);
    return this.#copy(types, list);
  }

  #copy(types: Uint8Array, list: NeighborList): Placed {
    const atoms = types.length;
    const length = this.#program.valueLength;
    let most = 0;
    for (let i = 0; i < atoms; i++) most = Math.max(most, list.offsets[i + 1]! - list.offsets[i]!);
    const align = (bytes: number): number => Math.ceil(bytes / 16) * 16;
    const sizes = [
      align(atoms),
      align(list.offsets.byteLength),
      align(list.indices.byteLength),
      align(list.vectors.byteLength),
      8 * atoms * length,
      8 * atoms * length,
      align(24 * atoms),
      80,
      descriptorScratchBytes(most, this.#program),
    ];
    let at = this.#scratch.take(sizes.reduce((a, b) => a + b, 0));
    const pointers = sizes.map((bytes) => {
      const here = at;
      at += bytes;
      return here;
    }) as [number, number, number, number, number, number, number, number, number];
    const [typesAt, offsets, indices, vectors, values, gradients, forces, virial, scratch] = pointers;
    this.#kernels.u8(typesAt, atoms).set(types);
    this.#kernels.i32(offsets, atoms + 1).set(list.offsets);
    this.#kernels.i32(indices, list.indices.length).set(list.indices);
    this.#kernels.f64(vectors, list.vectors.length).set(list.vectors);
    const atomsOf: number[][] = this.elements.map(() => []);
    types.forEach((e, i) => {
      atomsOf[e]!.push(i);
    });
    return { atoms, types, typesAt, offsets, indices, vectors, values, gradients, forces, virial, scratch, atomsOf };
  }

  #descriptors(p: Placed): void {
    const { programs, rowLength, valueLength } = this.#program;
    this.#kernels.run.descriptorValues(
      ...([0, p.atoms, programs, p.typesAt, p.offsets, p.indices, p.vectors, rowLength] as const),
      ...([p.values, 8 * valueLength, p.scratch] as const),
    );
  }

  #member(m: number, placed: Placed): MemberResult {
    const kernels = this.#kernels;
    const length = this.#program.valueLength;
    const values = kernels.f64(placed.values, placed.atoms * length);
    const gradients = kernels.f64(placed.gradients, placed.atoms * length);
    const input = kernels.f64(this.#input, BATCH * length);
    const member = this.potential.members[m] as Member;
    const scale = member.energyScale;
    const atomicEnergies = new Float64Array(placed.atoms);
    placed.atomsOf.forEach((atoms, e) => {
      const network = this.#networks[m]![e]!;
      for (let start = 0; start < atoms.length; start += BATCH) {
        const rows = Math.min(BATCH, atoms.length - start);
        for (let r = 0; r < rows; r++) {
          const at = atoms[start + r]! * length;
          input.set(values.subarray(at, at + length), r * length);
        }
        const output = kernels.f64(network.forward(this.#input, rows), 2 * rows);
        const inputGradient = kernels.f64(network.backward(), rows * length);
        for (let r = 0; r < rows; r++) {
          const i = atoms[start + r]!;
          atomicEnergies[i] = member.referenceEnergies[e]! + scale * output[2 * r]!;
          for (let s = 0; s < length; s++) gradients[i * length + s] = scale * inputGradient[r * length + s]!;
        }
      }
    });
    return { atomicEnergies, ...this.#adjoint(placed) };
  }

  #dropoutMember(passes: DropoutPasses, placed: Placed, withSpread: boolean): MemberResult {
    const size = placed.atoms * this.#program.valueLength;
    const input = {
      ...placed,
      values: this.#kernels.f64(placed.values, size),
      gradients: this.#kernels.f64(placed.gradients, size),
    };
    const found = passes.evaluate(input, withSpread ? this.#pullsOf(placed) : undefined);
    return { ...found, ...this.#adjoint(placed) };
  }

  /** What each atom does to its neighbours, one atom at a time. */
  #pullsOf(p: Placed): SpreadInput {
    const { programs, rowLength } = this.#program;
    const forces = this.#kernels.f64(p.forces, 3 * p.atoms).fill(0);
    const virial = this.#kernels.f64(p.virial, 9).fill(0);
    const offsets = this.#kernels.i32(p.offsets, p.atoms + 1);
    return {
      adjoint: (i, gradient) => {
        this.#kernels.run.descriptorAdjoint(
          ...([i, i + 1, programs, p.typesAt, p.offsets, p.indices, p.vectors, rowLength] as const),
          // No stride: the row of the only atom is where it is.
          ...([gradient, 0, p.forces, p.virial, p.scratch] as const),
        );
        return { forces, virial };
      },
      concerned: (i) => [
        ...new Set(this.#kernels.i32(p.indices + 4 * offsets[i]!, offsets[i + 1]! - offsets[i]!)).add(i),
      ],
    };
  }

  #adjoint(p: Placed): { forces: Float64Array; virial: Float64Array } {
    const { programs, rowLength, valueLength } = this.#program;
    const forces = this.#kernels.f64(p.forces, 3 * p.atoms).fill(0);
    const virial = this.#kernels.f64(p.virial, 9).fill(0);
    this.#kernels.run.descriptorAdjoint(
      ...([0, p.atoms, programs, p.typesAt, p.offsets, p.indices, p.vectors, rowLength] as const),
      ...([p.gradients, 8 * valueLength, p.forces, p.virial, p.scratch] as const),
    );
    return { forces: forces.slice(), virial: virial.slice() };
  }

  /** Values outside the range of every member's training data, beyond rounding. */
  #extrapolation({ atoms, types, values }: Placed): readonly Extrapolation[] {
    const stride = this.#program.valueLength;
    this.#ranges ??= new RangeCheck(this.potential);
    const order = Int32Array.from({ length: atoms }, (_, i) => i);
    return this.#ranges.check({ values: this.#kernels.f64(values, atoms * stride), stride, types, order });
  }
}
