/**
 * The fast way through a network potential: neighbours kept from call to call in the kernels' memory, and one kernel from there to
 * the forces (kernels/assembly/surface). It knows every function; of dropout, what `isSurface` tells.
 */
import { InputError } from "../errors/index.js";
import { type Kernels, Scratch } from "../kernels/index.js";
import { type ExtendedList, ExtendedNeighbors } from "../neighbors/extended.js";
import type { Precision } from "../networks/surface-network.js";
import { type Structure, volume } from "../structure/index.js";
import type { NetworkPotential } from "./definition.js";
import { NetworkEvaluator } from "./network-evaluator.js";
import type { Demand, Evaluation, Extrapolation, ForceField, Uncertainty } from "./potential.js";
import { RangeCheck } from "./ranges.js";
import { cutoffOf, type SurfaceCall, SurfaceHand, statusOf, VIRIAL_WORDS } from "./surface-hand.js";
import type { SurfaceTeam } from "./surface-team.js";

export interface SurfaceOptions {
  /** Of neighbours' factors, functions and networks; sums over atoms are always f64. Default f64. */
  readonly precision?: Precision;
  /** Å. Default 1. */
  readonly skin?: number;
  /** Threads that share the work, of the same precision. Default: this one alone. */
  readonly team?: SurfaceTeam;
  /** Fewer atoms than this are not shared out: it would cost more than it saves. Default 200. */
  readonly fewest?: number;
}

/** Whether a potential can go this way: dropout in one network, whose atoms share masks, or none. */
export function isSurface({ members }: NetworkPotential): boolean {
  const masks = members.flatMap(({ dropout }) => dropout?.masks ?? []);
  return masks.length === 0 || (members.length === 1 && masks.every((m) => m.atoms === 1));
}

const FEWEST = 200;

export class SurfaceForceField implements ForceField {
  readonly #kernels: Kernels;
  readonly #members: number;
  readonly #potential: NetworkPotential;
  readonly #skin: number | undefined;
  #structure: Pick<Structure, "species" | "periodic">;
  readonly #hand: SurfaceHand;
  readonly #team: SurfaceTeam | undefined;
  readonly #neighbors: ExtendedNeighbors;
  readonly #memory: Scratch;
  readonly #ranges: RangeCheck;
  /** The general way, for the spread of forces over dropout's passes. */
  readonly #general: NetworkEvaluator | undefined;
  // Results, the caller's order.
  #forces: Float64Array = NONE;
  #atomicEnergies: Float64Array = NONE;
  #spread: Float64Array = NONE;

  constructor(kernels: Kernels, potential: NetworkPotential, structure: Structure, options: SurfaceOptions = {}) {
    const { precision = "f64", skin, team, fewest = FEWEST } = options;
    const n = structure.species.length;
    this.#kernels = kernels;
    this.#potential = potential;
    this.#skin = skin;
    this.#members = potential.members.length;
    this.#structure = structure;
    this.#hand = new SurfaceHand(kernels, potential, precision);
    this.#team = n < fewest ? undefined : team;
    const shared = this.#team;
    this.#neighbors = new ExtendedNeighbors(
      kernels,
      shared === undefined ? {} : { parts: shared.threads, execute: (tasks) => shared.neighbors(tasks) },
    );
    this.#memory = new Scratch(kernels);
    this.#ranges = new RangeCheck(potential);
    this.#general = this.#hand.passes === 0 ? undefined : new NetworkEvaluator(kernels, potential);
    this.rebind(structure);
  }

  /** Turns to other atoms, in the same memory; results given before stay as they are. A team stays if it was there. */
  rebind(structure: Structure): void {
    const n = structure.species.length;
    this.#structure = structure;
    this.#neighbors.bind(structure, cutoffOf(this.#potential), {
      elements: this.#potential.descriptors.map((d) => d.element),
      ...(this.#skin === undefined ? {} : { skin: this.#skin }),
    });
    this.#forces = new Float64Array(3 * n);
    this.#atomicEnergies = new Float64Array(n);
    this.#spread = new Float64Array(this.#members > 1 ? 3 * n : 0);
  }

  /** How often the neighbours were listed anew. */
  get rebuilds(): number {
    return this.#neighbors.rebuilds;
  }

  /** Forgets the neighbours, so that what follows depends on the next positions alone. */
  relist(): void {
    this.#neighbors.forget();
  }

  /** All of dropout's spread goes the general way, many times slower; its energies' spread comes along with the mean. */
  evaluate(positions: Float64Array, cell: Float64Array | undefined, demand: Demand = {}): Evaluation {
    if (this.#general !== undefined && demand.uncertainty !== false)
      return this.#general.evaluate({ ...this.#structure, positions, cell }, demand);
    const kernels = this.#kernels;
    const list = this.#neighbors.update(positions, cell);
    const withSpread = this.#members > 1 && demand.uncertainty !== false;
    const withRanges = demand.extrapolation !== false;
    const call = this.#call(list, { withSpread, withRanges });
    this.#run(call);
    this.#check(call, list);
    const forces = withSpread ? this.#meanForces(call) : this.#total(call.forces, 32 * call.extended);
    this.#neighbors.fold(call.forces);
    this.#neighbors.scatter(forces.subarray(0, 4 * list.locals), this.#forces);
    const virial = withSpread ? this.#meanVirial(call) : this.#virial(call.virials, VIRIAL_WORDS);
    const stress = this.#stress(virial, cell);
    const totals = this.#energies(list, call.energies);
    return {
      energy: totals.reduce((a, b) => a + b, 0) / this.#members,
      ...{ forces: this.#forces, stress, atomicEnergies: this.#atomicEnergies },
      uncertainty: withSpread
        ? this.#uncertainty(list, { call, totals, cell })
        : this.#energySpread(call, { totals, demand }),
      extrapolation: withRanges ? this.#extrapolation(list, kernels.f64(call.values, list.locals * this.#width)) : [],
    };
  }

  get #width(): number {
    return this.#hand.valueWidth;
  }

  get #threads(): number {
    return this.#team?.threads ?? 1;
  }

  #call(list: ExtendedList, how: { withSpread: boolean; withRanges: boolean }): SurfaceCall {
    const { locals, extended } = list;
    const threads = this.#threads;
    const rows = 32 * extended;
    const members = how.withSpread ? this.#members : 0;
    const sizes = [
      threads * rows,
      8 * VIRIAL_WORDS * threads,
      8 * locals * this.#members,
      how.withRanges ? 8 * this.#width * locals : 0,
      threads * members * rows,
      48 * threads * members,
      8 * threads * this.#hand.passes,
    ];
    const align = (bytes: number): number => Math.ceil(bytes / 64) * 64;
    let at = this.#memory.take(sizes.reduce((sum, bytes) => sum + align(bytes), 0));
    const places = sizes.map((bytes) => {
      const here = at;
      at += align(bytes);
      return bytes === 0 ? 0 : here;
    }) as [number, number, number, number, number, number, number];
    const [forces, virials, energies, values, memberForces, memberVirials, passEnergies] = places;
    const { positions, types, offsets, indices, mostNeighbors } = list;
    return {
      ...{ positions, types, offsets, indices, locals, extended, mostNeighbors },
      ...{ forces, virials, energies, values, memberForces, memberVirials, passEnergies },
    };
  }

  #run(call: SurfaceCall): void {
    const own = (): void => this.#hand.run(call, { thread: 0, threads: this.#threads });
    if (this.#team === undefined) own();
    else this.#team.surface(call, own);
  }

  #check({ virials }: SurfaceCall, list: ExtendedList): void {
    const rows = this.#kernels.f64(virials, VIRIAL_WORDS * this.#threads);
    for (let thread = 0; thread < this.#threads; thread++) {
      const status = statusOf(rows, thread);
      if (status !== 0) throw nonsense(this.#kernels.i32(list.order, list.locals)[status - 1]!);
    }
  }

  /** Adds the threads' buffers of `bytes` up in the first one. */
  #total(at: number, bytes: number, between = bytes): Float64Array {
    const sum = this.#kernels.f64(at, bytes / 8);
    for (let thread = 1; thread < this.#threads; thread++) {
      const other = this.#kernels.f64(at + between * thread, bytes / 8);
      for (let i = 0; i < sum.length; i++) sum[i]! += other[i]!;
    }
    return sum;
  }

  /** Where every member's forces are asked for, the kernel leaves their mean to us; sums the threads' on the way. */
  #meanForces(call: SurfaceCall): Float64Array {
    const bytes = 32 * call.extended;
    const mean = this.#kernels.f64(call.forces, bytes / 8).fill(0);
    for (let m = 0; m < this.#members; m++) {
      const forces = this.#total(call.memberForces + m * bytes, bytes, bytes * this.#members);
      for (let i = 0; i < mean.length; i++) mean[i]! += forces[i]! / this.#members;
    }
    return mean;
  }

  #meanVirial(call: SurfaceCall): Float64Array {
    const mean = new Float64Array(6);
    for (let m = 0; m < this.#members; m++)
      this.#virial(call.memberVirials + 48 * m, 6 * this.#members).forEach((w, c) => {
        mean[c]! += w / this.#members;
      });
    return mean;
  }

  #virial(at: number, stride: number): Float64Array {
    return this.#total(at, 48, 8 * stride);
  }

  /** Energy of each member; fills the mean atomic energies. */
  #energies(list: ExtendedList, at: number): Float64Array {
    const members = this.#members;
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
    return Float64Array.from(virial, (w) => w / v);
  }

  #energySpread(
    { passEnergies }: SurfaceCall,
    { totals, demand }: { totals: Float64Array; demand: Demand },
  ): Uncertainty | undefined {
    const { passes } = this.#hand;
    if (demand.energySpread !== true || (passes === 0 && this.#members === 1)) return undefined;
    const energies = passes === 0 ? totals : this.#total(passEnergies, 8 * passes);
    return { energy: deviation([...energies]), forces: NONE, disagreement: Number.NaN };
  }

  #uncertainty(
    list: ExtendedList,
    { call, totals, cell }: { call: SurfaceCall; totals: Float64Array; cell: Float64Array | undefined },
  ): Uncertainty {
    const members = totals.length;
    const rows = 32 * list.extended;
    const mean = this.#kernels.f64(call.forces, 4 * list.locals);
    const squares = new Float64Array(4 * list.locals);
    for (let m = 0; m < members; m++) {
      const at = call.memberForces + m * rows;
      this.#neighbors.fold(at);
      const forces = this.#kernels.f64(at, 4 * list.locals);
      for (let i = 0; i < squares.length; i++) squares[i]! += (forces[i]! - mean[i]!) ** 2;
    }
    let disagreement = 0;
    for (let i = 0; i < squares.length; i++) {
      squares[i] = Math.sqrt(squares[i]! / members);
      if (i % 4 < 3 && !(squares[i]! <= disagreement)) disagreement = squares[i]!;
    }
    this.#neighbors.scatter(squares, this.#spread);
    const stresses = Array.from({ length: members }, (_, m) =>
      this.#stress(this.#kernels.f64(call.memberVirials + 48 * m, 6), cell),
    );
    const stress = stresses[0]?.map((_, c) => deviation(stresses.map((s) => s![c]!)));
    return { energy: deviation([...totals]), forces: this.#spread, disagreement, stress };
  }

  #extrapolation({ types, order, locals }: ExtendedList, values: Float64Array): Extrapolation[] {
    return this.#ranges.check({
      ...{ values, stride: this.#width },
      ...{ types: this.#kernels.u8(types, locals), order: this.#kernels.i32(order, locals) },
    });
  }
}

const NONE = new Float64Array(0);

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
