/**
 * Threads that share the atoms of each structure. All of them walk through a batch in step, a few structures at a time: each
 * computes its slice of the atoms, leaves its part of energy, stress and forces where the others can read it, and waits; each then
 * adds up, in the order of the threads, the forces of its own slice. Atoms, not structures, are divided, because a batch holds
 * too few structures to divide evenly.
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

/** Where one structure of a chunk has its numbers. */
export interface Place {
  readonly index: number;
  /** This thread's part of the forces, [sorted atom, xyz]. */
  readonly forces: number;
  /** ∂L/∂F, of all threads, [sorted atom, xyz] */
  readonly lambda: number;
}

/** Pointers of a crew in the kernels' memory. */
export interface CrewPlaces {
  readonly threads: number;
  readonly mostAtoms: number;
  /** Structures between two meetings. */
  readonly chunk: number;
  /** i32: threads that have arrived, generation. */
  readonly barrier: number;
  /** f64[thread][structure][SCALARS]: energy, stress */
  readonly scalars: number;
  /** f64[thread][structure][atom, xyz] */
  readonly forces: number;
  /** f64[structure][atom, xyz] */
  readonly lambda: number;
}

const SCALARS = 8;
const ARRIVED = 0;
const GENERATION = 1;
/** Looks at the barrier before sleeping: a wait is mostly shorter than it takes to be woken. */
const LOOKS = 50_000;
/** Structures between two meetings: the more, the less a thread that was held up holds up the others; … */
const MOST_STRUCTURES = 8;
/** … but what the gradient needs of all their atoms should stay in the cache. */
const MOST_ATOMS = 4096;

export const chunkOf = (mostAtoms: number): number =>
  Math.max(1, Math.min(MOST_STRUCTURES, Math.floor(MOST_ATOMS / Math.max(1, mostAtoms))));

export function placeCrew(kernels: Kernels, threads: number, mostAtoms: number): CrewPlaces {
  const chunk = chunkOf(mostAtoms);
  return {
    threads,
    mostAtoms,
    chunk,
    barrier: kernels.allocate(64),
    scalars: kernels.allocate(8 * threads * chunk * SCALARS),
    forces: kernels.allocate(24 * threads * chunk * mostAtoms),
    lambda: kernels.allocate(24 * chunk * mostAtoms),
  };
}

export class Crew {
  readonly thread: number;
  readonly threads: number;
  readonly #kernels: Kernels;
  readonly #places: CrewPlaces;
  readonly #barrier: Int32Array;

  constructor(kernels: Kernels, places: CrewPlaces, thread: number) {
    this.thread = thread;
    this.threads = places.threads;
    this.#kernels = kernels;
    this.#places = places;
    this.#barrier = kernels.i32(places.barrier, 2);
  }

  get chunk(): number {
    return this.#places.chunk;
  }

  place(index: number): Place {
    const { lambda, mostAtoms } = this.#places;
    return { index, forces: this.#forces(this.thread, index), lambda: lambda + 24 * mostAtoms * index };
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

  /** Lets the others see this thread's part; they may look after the next meeting. */
  share({ index }: Place, part: Part): void {
    const own = this.#scalars(this.thread, index);
    own[0] = part.energy;
    if (part.stress !== undefined) own.set(part.stress, 1);
  }

  /** The whole of what all threads shared. */
  whole({ index }: Place, withStress: boolean): Part {
    let energy = 0;
    const stress = withStress ? new Float64Array(6) : undefined;
    for (let thread = 0; thread < this.threads; thread++) {
      const part = this.#scalars(thread, index);
      energy += part[0]!;
      if (stress !== undefined) for (let c = 0; c < 6; c++) stress[c]! += part[1 + c]!;
    }
    return { energy, stress };
  }

  /** Forces of the slice, summed over the threads, in `to`. */
  sumForces({ index }: Place, { first, last }: Slice, to: number): void {
    const length = 3 * (last - first);
    const sum = this.#kernels.f64(to + 24 * first, length);
    sum.set(this.#kernels.f64(this.#forces(0, index) + 24 * first, length));
    for (let thread = 1; thread < this.threads; thread++) {
      const other = this.#kernels.f64(this.#forces(thread, index) + 24 * first, length);
      for (let i = 0; i < length; i++) sum[i]! += other[i]!;
    }
  }

  #scalars(thread: number, index: number): Float64Array {
    const { scalars, chunk } = this.#places;
    return this.#kernels.f64(scalars + 8 * SCALARS * (thread * chunk + index), SCALARS);
  }

  #forces(thread: number, index: number): number {
    const { forces, chunk, mostAtoms } = this.#places;
    return forces + 24 * mostAtoms * (thread * chunk + index);
  }
}
