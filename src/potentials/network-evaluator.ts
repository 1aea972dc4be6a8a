/**
 * Evaluates a network potential or a committee: neighbours → functions → networks → dE/dG → forces and stress.
 *
 * All members share the functions. Each member's scaling is folded into its first layer, so networks take raw values.
 */

import { compileDescriptors, type DescriptorProgram } from "../descriptors/program.js";
import { affineOf } from "../descriptors/scaling.js";
import { InputError } from "../errors/index.js";
import { descriptorScratchBytes, type Kernels, Scratch } from "../kernels/index.js";
import { type NeighborList, neighborList } from "../neighbors/index.js";
import { foldInputs, NetworkBatch } from "../networks/index.js";
import { atomCount, elementSymbol, type Structure, volume } from "../structure/index.js";
import type { Member, NetworkPotential } from "./definition.js";
import {
  bindPlainly,
  type Evaluation,
  type Extrapolation,
  type ForceField,
  type Potential,
  type Uncertainty,
} from "./potential.js";

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

interface MemberResult {
  readonly atomicEnergies: Float64Array;
  readonly forces: Float64Array;
  /** Σ t_a r_b, [a, b] row-major, eV */
  readonly virial: Float64Array;
}

export class NetworkEvaluator implements Potential {
  readonly potential: NetworkPotential;
  readonly elements: readonly number[];
  readonly cutoff: number;
  readonly #kernels: Kernels;
  readonly #program: DescriptorProgram;
  /** [member][element] */
  readonly #networks: NetworkBatch[][];
  readonly #scratch: Scratch;
  readonly #input: number;

  constructor(kernels: Kernels, potential: NetworkPotential) {
    this.#kernels = kernels;
    this.potential = potential;
    this.#program = compileDescriptors(kernels, potential.descriptors);
    this.elements = this.#program.elements;
    this.cutoff = this.#program.cutoff;
    this.#scratch = new Scratch(kernels);
    const inputLength = this.#program.valueLength;
    this.#networks = potential.members.map((member) =>
      member.elements.map(({ network, scaling }) => {
        const batch = new NetworkBatch(kernels, network, { maxRows: BATCH, inputLength });
        batch.load(foldInputs(network, network.parameters, affineOf(scaling)));
        return batch;
      }),
    );
    this.#input = kernels.allocate(8 * BATCH * inputLength);
  }

  evaluate(structure: Structure): Evaluation {
    const placed = this.#place(structure);
    this.#descriptors(placed);
    const extrapolation = this.#extrapolation(placed);
    const results = this.potential.members.map((_, m) => this.#member(m, placed));
    return combine(results, { structure, extrapolation });
  }

  bind(structure: Structure): ForceField {
    return bindPlainly(this, structure);
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
    const types = this.#typesOf(structure);
    const list = neighborList(structure, this.cutoff);
    return this.#copy(types, list);
  }

  #typesOf(structure: Structure): Uint8Array {
    const indexOf = new Map(this.elements.map((z, e) => [z, e]));
    return structure.species.map((z, i) => {
      const e = indexOf.get(z);
      if (e === undefined)
        throw new InputError({
          code: "element-not-in-potential",
          where: { atom: i + 1 },
          problem: `The structure contains ${elementSymbol(z)}, which the potential does not know.`,
          expected: `It knows ${this.elements.map(elementSymbol).join(", ")}.`,
          remedy: "Use a potential that was fitted with this element, or remove the structure.",
        });
      return e;
    });
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
  #extrapolation(placed: Placed): Extrapolation[] {
    const length = this.#program.valueLength;
    const values = this.#kernels.f64(placed.values, placed.atoms * length);
    const ranges = this.elements.map((_, e) => rangeOf(this.potential.members, e));
    const found: Extrapolation[] = [];
    for (let i = 0; i < placed.atoms; i++) {
      const { min, max } = ranges[placed.types[i]!]!;
      for (let s = 0; s < min.length; s++) {
        const value = values[i * length + s]!;
        // n2p2's tolerance: a thousand units in the last place.
        const slack = 1000 * Number.EPSILON * Math.max(Math.abs(min[s]!), Math.abs(max[s]!));
        if (value < min[s]! - slack || value > max[s]! + slack)
          found.push({ atom: i, function: s, value, min: min[s]!, max: max[s]! });
      }
    }
    return found;
  }
}

/** Union of the members' ranges. */
function rangeOf(members: readonly Member[], e: number): { min: Float64Array; max: Float64Array } {
  const first = members[0]!.elements[e]!.scaling;
  const min = Float64Array.from(first.min);
  const max = Float64Array.from(first.max);
  for (const member of members.slice(1)) {
    const { scaling } = member.elements[e]!;
    for (let s = 0; s < min.length; s++) {
      min[s] = Math.min(min[s]!, scaling.min[s]!);
      max[s] = Math.max(max[s]!, scaling.max[s]!);
    }
  }
  return { min, max };
}

interface Context {
  readonly structure: Structure;
  readonly extrapolation: readonly Extrapolation[];
}

/** Mean over members, and their spread. */
function combine(results: readonly MemberResult[], { structure, extrapolation }: Context): Evaluation {
  const atoms = atomCount(structure);
  const mean = (pick: (r: MemberResult) => Float64Array, length: number): Float64Array => {
    const sum = new Float64Array(length);
    for (const r of results)
      pick(r).forEach((x, i) => {
        sum[i]! += x;
      });
    return sum.map((x) => x / results.length);
  };
  const atomicEnergies = mean((r) => r.atomicEnergies, atoms);
  const forces = mean((r) => r.forces, 3 * atoms);
  return {
    energy: atomicEnergies.reduce((a, b) => a + b, 0),
    forces,
    stress: stressOf(
      mean((r) => r.virial, 9),
      structure,
    ),
    atomicEnergies,
    uncertainty: results.length > 1 ? spread(results, forces) : undefined,
    extrapolation,
  };
}

function stressOf(w: Float64Array, structure: Structure): Float64Array | undefined {
  if (structure.cell === undefined || !structure.periodic.every(Boolean)) return undefined;
  const v = Math.abs(volume(structure.cell));
  const pick = (a: number, b: number): number => (w[3 * a + b]! + w[3 * b + a]!) / (2 * v);
  return Float64Array.of(pick(0, 0), pick(1, 1), pick(2, 2), pick(1, 2), pick(0, 2), pick(0, 1));
}

function spread(results: readonly MemberResult[], meanForces: Float64Array): Uncertainty {
  const n = results.length;
  const forces = new Float64Array(meanForces.length);
  for (const r of results)
    for (let i = 0; i < forces.length; i++) forces[i]! += (r.forces[i]! - meanForces[i]!) ** 2 / n;
  for (let i = 0; i < forces.length; i++) forces[i] = Math.sqrt(forces[i]!);
  const energies = results.map((r) => r.atomicEnergies.reduce((a, b) => a + b, 0));
  const mean = energies.reduce((a, b) => a + b, 0) / n;
  const energy = Math.sqrt(energies.reduce((sum, e) => sum + (e - mean) ** 2, 0) / n);
  return { energy, forces, disagreement: forces.reduce((a, b) => Math.max(a, b), 0) };
}
