/**
 * Several threads on one member's gradient. The leader writes parameters and a batch into shared memory and wakes the others;
 * all go through the batch together, each with its slice of every structure's atoms (crew.ts), and leave their gradients and error
 * sums in places of their own; the leader adds them in the order of the threads, so that the same number of threads gives the
 * same bits.
 */
import type { Kernels } from "../kernels/index.js";
import { Crew, type CrewPlaces, placeCrew } from "./crew.js";
import { addStructure, ErrorSums } from "./loss.js";
import type { ProblemParts } from "./problem.js";

/** Pointers of a team in the kernels' memory. */
export interface TeamPlaces {
  readonly threads: number;
  /** i32: [0] round, [1] threads that have finished it, [2] command, [3] batch length, [4…] batch. */
  readonly control: number;
  /** f64[parameters] */
  readonly parameters: number;
  /** f64[thread][parameters + ERROR_SUMS] */
  readonly results: number;
  readonly crew: CrewPlaces;
}

const ROUND = 0;
const DONE = 1;
const COMMAND = 2;
const LENGTH = 3;
const BATCH = 4;

const GRADIENT = 1;
const ERRORS = 2;
const STOP = 3;

/** Looks at a word before sleeping until it changes: an optimiser's step is mostly shorter than it takes to be woken. */
const LOOKS = 200_000;

/** Numbers of `ErrorSums.toArray`. */
const ERROR_SUMS = 11;

export function placeTeam(
  kernels: Kernels,
  threads: number,
  size: { parameters: number; structures: number; mostAtoms: number },
): TeamPlaces {
  return {
    threads,
    control: kernels.allocate(4 * (BATCH + size.structures)),
    parameters: kernels.allocate(8 * size.parameters),
    results: kernels.allocate(8 * threads * (size.parameters + ERROR_SUMS)),
    crew: placeCrew(kernels, threads, size.mostAtoms),
  };
}

/** What one thread does with a batch, alone or as one of a crew; `gradient` receives ∂(sum of losses × share)/∂θ or is undefined. */
function work(
  parts: ProblemParts,
  batch: readonly number[],
  target: { parameters: Float64Array; share?: number; gradient?: Float64Array; crew?: Crew | undefined },
): ErrorSums {
  const { kernels, engine, model, structures, weights } = parts;
  const sums = new ErrorSums();
  model.load(engine, target.parameters);
  if (target.gradient !== undefined) engine.clearGradient();
  const context = { kernels, engine, weights, crew: target.crew };
  for (const s of batch)
    addStructure(context, structures[s]!, target.share === undefined ? { sums } : { sums, share: target.share });
  if (target.gradient !== undefined) model.readGradient(engine, target.gradient);
  return sums;
}

/** The thread that runs the fit. With no places it works alone. */
export class TeamLeader {
  readonly #parts: ProblemParts;
  readonly #places: TeamPlaces | undefined;
  readonly #crew: Crew | undefined;

  constructor(parts: ProblemParts, places: TeamPlaces | undefined) {
    this.#parts = parts;
    this.#places = places;
    this.#crew = places === undefined || places.threads === 1 ? undefined : new Crew(parts.kernels, places.crew, 0);
  }

  /** Sums over `batch`; with `gradient`, also the derivative of the mean loss. */
  run(parameters: Float64Array, batch: readonly number[], gradient?: Float64Array): ErrorSums {
    const share = 1 / batch.length;
    const places = this.#places;
    const target = gradient === undefined ? { parameters } : { parameters, share, gradient };
    if (places === undefined || places.threads === 1) return work(this.#parts, batch, target);
    this.#order(places, { parameters, batch, command: gradient === undefined ? ERRORS : GRADIENT });
    const sums = work(this.#parts, batch, { ...target, crew: this.#crew });
    this.#wait(places);
    this.#collect(places, { sums, gradient });
    return sums;
  }

  #order(places: TeamPlaces, order: { parameters: Float64Array; batch: readonly number[]; command: number }): void {
    const { kernels } = this.#parts;
    const control = kernels.i32(places.control, BATCH + order.batch.length);
    kernels.f64(places.parameters, order.parameters.length).set(order.parameters);
    control.set(order.batch, BATCH);
    control[COMMAND] = order.command;
    control[LENGTH] = order.batch.length;
    Atomics.store(control, DONE, 0);
    Atomics.add(control, ROUND, 1);
    Atomics.notify(control, ROUND);
  }

  #wait(places: TeamPlaces): void {
    const control = this.#parts.kernels.i32(places.control, BATCH);
    for (let look = 0; look < LOOKS; look++) if (Atomics.load(control, DONE) === places.threads - 1) return;
    for (;;) {
      const done = Atomics.load(control, DONE);
      if (done === places.threads - 1) return;
      Atomics.wait(control, DONE, done, 1000);
    }
  }

  #collect(places: TeamPlaces, { sums, gradient }: { sums: ErrorSums; gradient: Float64Array | undefined }): void {
    const count = this.#parts.model.count;
    for (let thread = 1; thread < places.threads; thread++) {
      const at = places.results + 8 * thread * (count + ERROR_SUMS);
      const part = this.#parts.kernels.f64(at, count + ERROR_SUMS);
      sums.merge(ErrorSums.fromArray(part.subarray(count)));
      if (gradient !== undefined) for (let i = 0; i < count; i++) gradient[i]! += part[i]!;
    }
  }

  /** Lets the others go. */
  stop(): void {
    if (this.#places !== undefined && this.#places.threads > 1)
      this.#order(this.#places, { parameters: new Float64Array(0), batch: [], command: STOP });
  }
}

/** The other threads: works until the leader stops. */
export function assist(parts: ProblemParts, places: TeamPlaces, thread: number): void {
  const { kernels, model } = parts;
  const control = kernels.i32(places.control, BATCH + parts.structures.length);
  const parameters = kernels.f64(places.parameters, model.count);
  const result = kernels.f64(places.results + 8 * thread * (model.count + ERROR_SUMS), model.count + ERROR_SUMS);
  const gradient = new Float64Array(model.count);
  const crew = new Crew(kernels, places.crew, thread);
  for (let round = 0; ; ) {
    for (let look = 0; look < LOOKS && Atomics.load(control, ROUND) === round; look++);
    Atomics.wait(control, ROUND, round);
    const now = Atomics.load(control, ROUND);
    if (now === round) continue;
    round = now;
    const command = control[COMMAND];
    if (command === STOP) return;
    const length = control[LENGTH]!;
    const batch = [...control.subarray(BATCH, BATCH + length)];
    const target = command === GRADIENT ? { parameters, share: 1 / length, gradient, crew } : { parameters, crew };
    const sums = work(parts, batch, target);
    if (command === GRADIENT) result.set(gradient);
    result.set(sums.toArray(), model.count);
    Atomics.add(control, DONE, 1);
    Atomics.notify(control, DONE);
  }
}
