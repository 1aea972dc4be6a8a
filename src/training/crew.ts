/**
 * Threads that share the atoms of each structure. All of them walk through a batch in step: each computes its slice of the
 * atoms, leaves its part of energy, stress and forces where the others can read it, and waits; each then adds up, in the order of
 * the threads, the forces of its own slice. Atoms, not structures, are divided, because a batch holds too few structures to
 * divide evenly.
 */
import type { Kernels } from "../kernels/index.js";

/** Atoms first…last−1 of a structure, in sorted order. */
export interface Slice {
  readonly first: number;
  readonly last: number;
}

export function sliceOf(atoms: number, crew: Pick<Crew, "thread" | "threads"> | undefined): Slice {
  if (crew === undefined) return { first: 0, last: atoms };
  const edge = (thread: number): number => Math.floor((atoms * thread) / crew.threads);
  return { first: edge(crew.thread), last: edge(crew.thread + 1) };
}

/** Energy (eV) and stress (eV/Å³) of a slice, or of the whole. */
export interface Part {
  readonly energy: number;
  readonly stress: Float64Array | undefined;
}

/** Pointers of a crew in the kernels' memory. */
export interface CrewPlaces {
  readonly threads: number;
  readonly mostAtoms: number;
  /** i32: threads that have arrived, generation. */
  readonly barrier: number;
  /** f64[2][thread][SCALARS]: energy, stress. Two sets, used in turn: who is ahead must not overwrite what others still read. */
  readonly scalars: number;
  /** f64[2][thread][atom, xyz] */
  readonly forces: number;
  /** f64[atom, xyz] */
  readonly lambda: number;
}

const SCALARS = 8;
const ARRIVED = 0;
const GENERATION = 1;
/** Looks at the barrier before sleeping: a wait is mostly shorter than it takes to be woken. */
const LOOKS = 50_000;

export function placeCrew(kernels: Kernels, threads: number, mostAtoms: number): CrewPlaces {
  return {
    threads,
    mostAtoms,
    barrier: kernels.allocate(64),
    scalars: kernels.allocate(8 * 2 * threads * SCALARS),
    forces: kernels.allocate(8 * 2 * threads * 3 * mostAtoms),
    lambda: kernels.allocate(24 * mostAtoms),
  };
}

export class Crew {
  readonly thread: number;
  readonly threads: number;
  readonly lambda: number;
  readonly #kernels: Kernels;
  readonly #places: CrewPlaces;
  readonly #barrier: Int32Array;
  /** Which of the two sets is in use. */
  #turn = 0;

  constructor(kernels: Kernels, places: CrewPlaces, thread: number) {
    this.thread = thread;
    this.threads = places.threads;
    this.lambda = places.lambda;
    this.#kernels = kernels;
    this.#places = places;
    this.#barrier = kernels.i32(places.barrier, 2);
  }

  /** Where a thread's forces are, in the set that is in use. */
  forces(thread: number): number {
    return this.#places.forces + 24 * this.#places.mostAtoms * (this.#turn * this.threads + thread);
  }

  /** Returns when all threads have come. */
  barrier(): void {
    const control = this.#barrier;
    const generation = Atomics.load(control, GENERATION);
    if (Atomics.add(control, ARRIVED, 1) === this.threads - 1) {
      Atomics.store(control, ARRIVED, 0);
      Atomics.add(control, GENERATION, 1);
      Atomics.notify(control, GENERATION);
      return;
    }
    for (let look = 0; look < LOOKS; look++) if (Atomics.load(control, GENERATION) !== generation) return;
    while (Atomics.load(control, GENERATION) === generation) Atomics.wait(control, GENERATION, generation, 1000);
  }

  /** Shares this thread's part and returns the whole; forces of the slice are summed into `to`. */
  combine(part: Part, forces: { slice: Slice; to: number } | undefined): Part {
    const at = (thread: number): number => this.#places.scalars + 8 * SCALARS * (this.#turn * this.threads + thread);
    const own = this.#kernels.f64(at(this.thread), SCALARS);
    own[0] = part.energy;
    if (part.stress !== undefined) own.set(part.stress, 1);
    this.barrier();
    let energy = 0;
    const stress = part.stress === undefined ? undefined : new Float64Array(6);
    for (let thread = 0; thread < this.threads; thread++) {
      const other = this.#kernels.f64(at(thread), SCALARS);
      energy += other[0]!;
      if (stress !== undefined) for (let c = 0; c < 6; c++) stress[c]! += other[1 + c]!;
    }
    if (forces !== undefined) this.#addForces(forces);
    this.#turn = 1 - this.#turn;
    return { energy, stress };
  }

  #addForces({ slice: { first, last }, to }: { slice: Slice; to: number }): void {
    const length = 3 * (last - first);
    const sum = this.#kernels.f64(to + 24 * first, length);
    sum.set(this.#kernels.f64(this.forces(0) + 24 * first, length));
    for (let thread = 1; thread < this.threads; thread++) {
      const other = this.#kernels.f64(this.forces(thread) + 24 * first, length);
      for (let i = 0; i < length; i++) sum[i]! += other[i]!;
    }
  }
}
