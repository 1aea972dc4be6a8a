/**
 * The fast way through a network potential: neighbours kept from call to call in the kernels' memory, and one kernel from there to
 * the forces (kernels/assembly/surface). For potentials whose functions the kernel knows (`hasSurfaceProgram`).
 */
import { affineOf } from "../descriptors/scaling.js";
import { hasSurfaceProgram, placeSurfacePrograms, type SurfacePrograms } from "../descriptors/surface-program.js";
import { InputError } from "../errors/index.js";
import { CONTEXT_BYTES, contextAt, surfaceCapacity, surfaceScratchBytes } from "../kernels/contracts/surface.js";
import type { Kernels } from "../kernels/index.js";
import { Scratch } from "../kernels/index.js";
import { type ExtendedList, ExtendedNeighbors } from "../neighbors/extended.js";
import { type Precision, placeSurfaceNetwork, surfaceNetworkScratch } from "../networks/surface-network.js";
import { elementSymbol, type Structure, volume } from "../structure/index.js";
import type { NetworkPotential } from "./definition.js";
import type { Demand, Evaluation, Extrapolation, ForceField, Uncertainty } from "./potential.js";
import { RangeCheck } from "./ranges.js";

export interface SurfaceOptions {
  /** Of neighbours' factors, functions and networks; sums over atoms are always f64. Default f64. */
  readonly precision?: Precision;
  /** Å. Default 1. */
  readonly skin?: number;
}

/** Whether a potential can go this way. */
export const isSurface = (potential: NetworkPotential): boolean => hasSurfaceProgram(potential.descriptors);

export class SurfaceForceField implements ForceField {
  readonly #kernels: Kernels;
  readonly #potential: NetworkPotential;
  readonly #structure: Pick<Structure, "species" | "periodic">;
  readonly #precision: Precision;
  readonly #programs: SurfacePrograms;
  readonly #networkScratch: number;
  readonly #networks: number;
  readonly #neighbors: ExtendedNeighbors;
  readonly #context: number;
  readonly #memory: Scratch;
  readonly #scratch: Scratch;
  readonly #ranges: RangeCheck;
  readonly #valueRow: number;
  // Results, the caller's order.
  readonly #forces: Float64Array;
  readonly #atomicEnergies: Float64Array;
  readonly #spread: Float64Array;

  constructor(kernels: Kernels, potential: NetworkPotential, structure: Structure, options: SurfaceOptions = {}) {
    const { precision = "f64", skin } = options;
    this.#kernels = kernels;
    this.#potential = potential;
    this.#structure = structure;
    this.#precision = precision;
    this.#programs = placeSurfacePrograms(kernels, potential.descriptors);
    const tables = potential.members.flatMap(({ elements, energyScale, referenceEnergies }) =>
      elements.map(({ network, scaling }, e) =>
        placeSurfaceNetwork(kernels, network, {
          ...{ precision, map: affineOf(scaling), energyScale, referenceEnergy: referenceEnergies[e]! },
        }),
      ),
    );
    this.#networks = kernels.place(Int32Array.from(tables));
    this.#networkScratch = Math.max(
      ...potential.members.flatMap((m) => m.elements.map(({ network }) => surfaceNetworkScratch(network))),
    );
    this.#neighbors = new ExtendedNeighbors(kernels);
    const cutoff = cutoffOf(potential);
    this.#neighbors.bind(structure, cutoff, {
      elements: potential.descriptors.map((d) => d.element),
      ...(skin === undefined ? {} : { skin }),
    });
    this.#context = kernels.allocate(CONTEXT_BYTES);
    kernels.f64(this.#context + contextAt.radiusSquared, 1)[0] = cutoff * cutoff;
    this.#memory = new Scratch(kernels);
    this.#scratch = new Scratch(kernels);
    this.#ranges = new RangeCheck(potential);
    this.#valueRow = 8 * this.#programs.mostFunctions;
    const n = structure.species.length;
    this.#forces = new Float64Array(3 * n);
    this.#atomicEnergies = new Float64Array(n);
    this.#spread = new Float64Array(potential.members.length > 1 ? 3 * n : 0);
  }

  /** How often the neighbours were listed anew. */
  get rebuilds(): number {
    return this.#neighbors.rebuilds;
  }

  evaluate(positions: Float64Array, cell: Float64Array | undefined, demand: Demand = {}): Evaluation {
    const kernels = this.#kernels;
    const { members } = this.#potential;
    const list = this.#neighbors.update(positions, cell);
    const withSpread = members.length > 1 && demand.uncertainty !== false;
    const withRanges = demand.extrapolation !== false;
    const places = this.#place(list, { withSpread, withRanges });
    const run = this.#precision === "f64" ? kernels.run.surfaceF64 : kernels.run.surfaceF32;
    const status = run(this.#context, 0, list.locals);
    if (status !== 0) throw nonsense(kernels.i32(list.order, list.locals)[status - 1]!);
    this.#neighbors.fold(places.forces);
    this.#neighbors.scatter(kernels.f64(places.forces, 4 * list.locals), this.#forces);
    const stress = this.#stress(kernels.f64(places.virial, 6), cell);
    const totals = this.#energies(list, places.energies);
    const energy = totals.reduce((a, b) => a + b, 0) / members.length;
    return {
      ...{ energy, forces: this.#forces, stress, atomicEnergies: this.#atomicEnergies },
      uncertainty: withSpread ? this.#uncertainty(list, { places, totals, cell }) : undefined,
      extrapolation: withRanges ? this.#extrapolation(list, places.values) : [],
    };
  }

  #place(list: ExtendedList, how: { withSpread: boolean; withRanges: boolean }): Places {
    const kernels = this.#kernels;
    const members = this.#potential.members.length;
    const { locals, extended } = list;
    const rows = 32 * extended;
    const sizes = {
      forces: rows,
      memberForces: how.withSpread ? rows * members : 0,
      virial: 64,
      memberVirials: how.withSpread ? 48 * members : 0,
      energies: 8 * locals * members,
      values: how.withRanges ? this.#valueRow * locals : 0,
    };
    const align = (bytes: number): number => Math.ceil(bytes / 64) * 64;
    let at = this.#memory.take(Object.values(sizes).reduce((sum, bytes) => sum + align(bytes), 0));
    const take = (bytes: number): number => {
      const here = at;
      at += align(bytes);
      return bytes === 0 ? 0 : here;
    };
    const places = {
      forces: take(sizes.forces),
      memberForces: take(sizes.memberForces),
      virial: take(sizes.virial),
      memberVirials: take(sizes.memberVirials),
      energies: take(sizes.energies),
      values: take(sizes.values),
    };
    kernels.u8(places.forces, sizes.forces).fill(0);
    kernels.u8(places.virial, sizes.virial).fill(0);
    if (how.withSpread) {
      kernels.u8(places.memberForces, sizes.memberForces).fill(0);
      kernels.u8(places.memberVirials, sizes.memberVirials).fill(0);
    }
    this.#writeContext(list, places, rows);
    return places;
  }

  #writeContext(list: ExtendedList, places: Places, forceBytes: number): void {
    const { mostFunctions, mostShapes, mostCutoffs, mostDegree, mostMoments, ...groups } = this.#programs;
    const sizes = { mostFunctions, mostShapes, mostCutoffs, mostDegree, mostMoments, ...groups };
    const elements = this.#potential.descriptors.length;
    const members = this.#potential.members.length;
    const scratchBytes = surfaceScratchBytes(list.mostNeighbors, this.#precision === "f64" ? 8 : 4, {
      ...{ elements, members, networkScratch: this.#networkScratch },
      ...sizes,
    });
    const words: Partial<Record<keyof typeof contextAt, number>> = {
      ...{ rows: list.positions, types: list.types, offsets: list.offsets, indices: list.indices },
      ...{ elements, members, programs: this.#programs.at, networks: this.#networks },
      ...{ scratch: this.#scratch.take(scratchBytes), energies: places.energies, energyRow: 8 * members },
      ...{ forces: places.forces, virial: places.virial, values: places.values, valueRow: this.#valueRow },
      ...{ memberForces: places.memberForces, memberForceBytes: forceBytes, memberVirials: places.memberVirials },
      ...{ mostFunctions, mostShapes, mostCutoffs, mostDegree: Math.max(0, mostDegree), mostMoments },
      ...{ capacity: surfaceCapacity(list.mostNeighbors, elements), networkScratch: this.#networkScratch },
    };
    const context = this.#kernels.i32(this.#context, CONTEXT_BYTES / 4);
    for (const [name, value] of Object.entries(words)) context[contextAt[name as keyof typeof contextAt] / 4] = value;
  }

  /** Energy of each member; fills the mean atomic energies. */
  #energies(list: ExtendedList, at: number): Float64Array {
    const members = this.#potential.members.length;
    const energies = this.#kernels.f64(at, list.locals * members);
    const order = this.#kernels.i32(list.order, list.locals);
    const totals = new Float64Array(members);
    for (let i = 0; i < list.locals; i++) {
      let sum = 0;
      for (let m = 0; m < members; m++) {
        const e = energies[i * members + m]!;
        totals[m]! += e;
        sum += e;
      }
      this.#atomicEnergies[order[i]!] = sum / members;
    }
    return totals;
  }

  #stress(virial: Float64Array, cell: Float64Array | undefined): Float64Array | undefined {
    if (cell === undefined || !this.#structure.periodic.every(Boolean)) return undefined;
    const v = Math.abs(volume(cell));
    return virial.map((w) => w / v);
  }

  #uncertainty(
    list: ExtendedList,
    { places, totals, cell }: { places: Places; totals: Float64Array; cell: Float64Array | undefined },
  ): Uncertainty {
    const kernels = this.#kernels;
    const members = totals.length;
    const bytes = 32 * list.extended;
    const mean = kernels.f64(places.forces, 4 * list.locals);
    const squares = new Float64Array(4 * list.locals);
    for (let m = 0; m < members; m++) {
      this.#neighbors.fold(places.memberForces + m * bytes);
      const forces = kernels.f64(places.memberForces + m * bytes, 4 * list.locals);
      for (let i = 0; i < squares.length; i++) squares[i]! += (forces[i]! - mean[i]!) ** 2;
    }
    let disagreement = 0;
    for (let i = 0; i < squares.length; i++) {
      squares[i] = Math.sqrt(squares[i]! / members);
      if (i % 4 < 3 && !(squares[i]! <= disagreement)) disagreement = squares[i]!;
    }
    this.#neighbors.scatter(squares, this.#spread);
    const stresses = Array.from({ length: members }, (_, m) =>
      this.#stress(kernels.f64(places.memberVirials + 48 * m, 6), cell),
    );
    const stress = stresses[0]?.map((_, c) => deviation(stresses.map((s) => s![c]!)));
    return { energy: deviation([...totals]), forces: this.#spread, disagreement, stress };
  }

  #extrapolation(list: ExtendedList, at: number): Extrapolation[] {
    const { order, locals, types } = list;
    const stride = this.#valueRow / 8;
    return this.#ranges.check({
      ...{ values: this.#kernels.f64(at, locals * stride), stride },
      ...{ types: this.#kernels.u8(types, locals), order: this.#kernels.i32(order, locals) },
    });
  }
}

interface Places {
  readonly forces: number;
  readonly memberForces: number;
  readonly virial: number;
  readonly memberVirials: number;
  readonly energies: number;
  readonly values: number;
}

const cutoffOf = (potential: NetworkPotential): number =>
  Math.max(0, ...potential.descriptors.flatMap((d) => d.functions.map((f) => f.rc)));

/** Population standard deviation. */
function deviation(values: readonly number[]): number {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length);
}

function nonsense(atom: number): InputError {
  return new InputError({
    code: "impossible-surroundings",
    where: { atom: atom + 1 },
    problem: "This atom lies on another one, or a position near it is not a number.",
    remedy: "Look at the structure; in a simulation, use a shorter time step.",
  });
}

export function checkElements(potential: NetworkPotential, { species }: Pick<Structure, "species">): void {
  const known = potential.descriptors.map((d) => d.element);
  const atom = species.findIndex((z) => !known.includes(z));
  if (atom < 0) return;
  throw new InputError({
    code: "element-not-in-potential",
    where: { atom: atom + 1 },
    problem: `The structure contains ${elementSymbol(species[atom]!)}, which the potential does not know.`,
    expected: `It knows ${known.map(elementSymbol).join(", ")}.`,
    remedy: "Use a potential that was fitted with this element, or remove the structure.",
  });
}
