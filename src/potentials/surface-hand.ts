/**
 * One thread's part in evaluating a potential by the surface kernels: tables and scratch of its own (the kernels write into
 * both), and a range of the atoms. Forces go into a buffer of its own, which the leader adds up.
 */
import { affineOf } from "../descriptors/scaling.js";
import { placeSurfacePrograms, type SurfacePrograms } from "../descriptors/surface-program.js";
import { CONTEXT_BYTES, contextAt, surfaceCapacity, surfaceScratchBytes } from "../kernels/contracts/surface.js";
import { type Kernels, Scratch } from "../kernels/index.js";
import {
  type Precision,
  placeSurfaceMasks,
  placeSurfaceNetwork,
  surfaceNetworkScratch,
} from "../networks/surface-network.js";
import type { NetworkPotential } from "./definition.js";

/** What all threads must know of a call; counts and pointers, so that it can be sent as numbers (`orderOf`). */
export interface SurfaceCall {
  readonly positions: number;
  readonly types: number;
  readonly offsets: number;
  readonly indices: number;
  readonly locals: number;
  readonly extended: number;
  readonly mostNeighbors: number;
  /** f64[thread][extended, 4] */
  readonly forces: number;
  /** f64[thread][8]: virial, then the status */
  readonly virials: number;
  /** f64[local][member] */
  readonly energies: number;
  /** f64[local][function], or 0 */
  readonly values: number;
  /** f64[thread][member][extended, 4], or 0 */
  readonly memberForces: number;
  /** f64[thread][member][6], or 0 */
  readonly memberVirials: number;
  /** f64[thread][pass], or 0 without dropout */
  readonly passEnergies: number;
}

const callFields = [
  ...(["positions", "types", "offsets", "indices", "locals", "extended", "mostNeighbors"] as const),
  ...(["forces", "virials", "energies", "values", "memberForces", "memberVirials", "passEnergies"] as const),
] as const;

export const orderOf = (call: SurfaceCall): number[] => callFields.map((name) => call[name]);

export function callOf(order: ArrayLike<number>): SurfaceCall {
  const entries = callFields.map((name, k) => [name, order[k]! >>> 0] as const);
  return Object.fromEntries(entries) as unknown as SurfaceCall;
}

/** Words of a row of `virials`. */
export const VIRIAL_WORDS = 8;
const STATUS = 6;

export class SurfaceHand {
  /** f64 per atom in `values`. */
  readonly valueWidth: number;
  /** Of dropout; 0 without. */
  readonly passes: number;
  readonly #kernels: Kernels;
  readonly #precision: Precision;
  readonly #elements: number;
  readonly #members: number;
  readonly #programs: SurfacePrograms;
  readonly #networks: number;
  readonly #masks: number;
  readonly #networkScratch: number;
  readonly #context: number;
  readonly #scratch: Scratch;

  constructor(kernels: Kernels, potential: NetworkPotential, precision: Precision) {
    this.#kernels = kernels;
    this.#precision = precision;
    this.#elements = potential.descriptors.length;
    this.#members = potential.members.length;
    this.#programs = placeSurfacePrograms(kernels, potential.descriptors);
    this.valueWidth = this.#programs.mostFunctions;
    const tables = potential.members.flatMap(({ elements, energyScale, referenceEnergies }) =>
      elements.map(({ network, scaling }, e) =>
        placeSurfaceNetwork(kernels, network, {
          ...{ precision, map: affineOf(scaling), energyScale, referenceEnergy: referenceEnergies[e]! },
        }),
      ),
    );
    this.#networks = kernels.place(Int32Array.from(tables));
    const dropout = potential.members[0]?.dropout;
    this.passes = dropout?.masks[0]?.passes ?? 0;
    const networks = potential.members.flatMap((m) => m.elements.map(({ network }) => network));
    this.#masks = kernels.place(
      Int32Array.from(dropout?.masks ?? [], (masks, e) =>
        placeSurfaceMasks(kernels, networks[e]!, { masks, precision }),
      ),
    );
    this.#networkScratch = Math.max(...networks.map((network) => surfaceNetworkScratch(network, this.passes)));
    this.#context = kernels.allocate(CONTEXT_BYTES);
    const cutoff = cutoffOf(potential);
    kernels.f64(this.#context + contextAt.radiusSquared, 1)[0] = cutoff * cutoff;
    this.#scratch = new Scratch(kernels);
  }

  /** Does this thread's range of atoms. */
  run(call: SurfaceCall, { thread, threads }: { thread: number; threads: number }): void {
    const kernels = this.#kernels;
    const rows = 32 * call.extended;
    const members = this.#members;
    const forces = call.forces + rows * thread;
    const virial = call.virials + 8 * VIRIAL_WORDS * thread;
    kernels.u8(forces, rows).fill(0);
    const sums = kernels.f64(virial, VIRIAL_WORDS).fill(0);
    const passEnergies = call.passEnergies + 8 * this.passes * thread;
    kernels.f64(passEnergies, this.passes).fill(0);
    const memberForces = call.memberForces === 0 ? 0 : call.memberForces + rows * members * thread;
    const memberVirials = call.memberVirials === 0 ? 0 : call.memberVirials + 48 * members * thread;
    if (memberForces !== 0) {
      kernels.u8(memberForces, rows * members).fill(0);
      kernels.f64(memberVirials, 6 * members).fill(0);
    }
    this.#write(call, { forces, virial, memberForces, memberVirials, passEnergies });
    const edge = (t: number): number => Math.floor((call.locals * t) / threads);
    const run = this.#precision === "f64" ? kernels.run.surfaceF64 : kernels.run.surfaceF32;
    sums[STATUS] = run(this.#context, edge(thread), edge(thread + 1));
  }

  #write(
    call: SurfaceCall,
    own: Record<"forces" | "virial" | "memberForces" | "memberVirials" | "passEnergies", number>,
  ): void {
    const { at, ...sizes } = this.#programs;
    const elements = this.#elements;
    const members = this.#members;
    const networkScratch = this.#networkScratch;
    const all = { ...sizes, elements, members, networkScratch };
    const bytes = surfaceScratchBytes(call.mostNeighbors, this.#precision === "f64" ? 8 : 4, all);
    const words: Partial<Record<keyof typeof contextAt, number>> = {
      ...{ rows: call.positions, types: call.types, offsets: call.offsets, indices: call.indices },
      ...{ elements, members, programs: at, networks: this.#networks, ...own },
      ...{ scratch: this.#scratch.take(bytes), energies: call.energies, energyRow: 8 * members },
      ...{ values: call.values, valueRow: 8 * this.valueWidth, memberForceBytes: 32 * call.extended },
      ...{
        mostFunctions: sizes.mostFunctions,
        mostShapes: sizes.mostShapes,
        mostGaussians: sizes.mostGaussians,
        mostCutoffs: sizes.mostCutoffs,
        mostAngles: sizes.mostAngles,
        mostPairShapes: sizes.mostPairShapes,
      },
      ...{ mostDegree: Math.max(0, sizes.mostDegree), mostMoments: sizes.mostMoments, networkScratch },
      ...{ passes: this.passes, masks: this.#masks },
      ...{ capacity: surfaceCapacity(call.mostNeighbors, elements) },
    };
    const context = this.#kernels.i32(this.#context, CONTEXT_BYTES / 4);
    for (const [name, value] of Object.entries(words)) context[contextAt[name as keyof typeof contextAt] / 4] = value;
  }
}

/** What the kernel said of a thread's range: 0, or 1 + a sorted atom. */
export const statusOf = (virials: Float64Array, thread: number): number => virials[VIRIAL_WORDS * thread + STATUS]!;

export const cutoffOf = (potential: NetworkPotential): number =>
  Math.max(0, ...potential.descriptors.flatMap((d) => d.functions.map((f) => f.rc)));
