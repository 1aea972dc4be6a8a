/**
 * Several threads on one member's gradient. The leader writes parameters and a batch into shared memory and wakes the others;
 * all go through the batch together, each with its slice of every structure's atoms (crew.ts), and leave their gradients and error
 * sums in places of their own; the leader adds them in the order of the threads, so that the same number of threads gives the
 * same bits.
 */
import type { Kernels } from "../kernels/index.js";
import type { DropoutMask } from "../networks/index.js";
import { Crew, type CrewPlaces, placeCrew, sliceOf } from "./crew.js";
import { masksOfTurn } from "./dropout.js";
import { addLoss, ErrorSums, needsForces } from "./loss.js";
import type { ProblemParts } from "./problem.js";

/** Pointers of a team in the kernels' memory. */
export interface TeamPlaces {
  readonly threads: number;
  /** i32: [0] round, [1] threads that have finished it, [2] command, [3] batch length, [4] step, [5…] batch. */
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
const STEP = 4;
const BATCH = 5;

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

interface Target {
  readonly parameters: Float64Array;
  /** Of each structure in the gradient; undefined where no gradient is wanted. */
  readonly share?: number;
  /** Receives ∂(sum of losses × share)/∂θ. */
  readonly gradient?: Float64Array;
  /** Updates so far; dropout's masks follow from it. */
  readonly step?: number;
  /** The other threads, where there are some. */
  readonly crew?: Crew | undefined;
}

/** Structures that see the same networks. */
interface Section {
  readonly structures: readonly number[];
  readonly masks?: readonly DropoutMask[];
}

/** With dropout each structure of a gradient has networks of its own. */
function sectionsOf(
  { dropout, model }: ProblemParts,
  batch: readonly number[],
  { share, step = 0 }: Target,
): Section[] {
  if (dropout === undefined || share === undefined) return [{ structures: batch }];
  return batch.map((structure) => ({
    structures: [structure],
    masks: masksOfTurn(dropout, model.shapes, { step, structure }),
  }));
}

/** Goes through a batch, alone or as one of a crew. */
function work(parts: ProblemParts, batch: readonly number[], target: Target): ErrorSums {
  const { engine, model } = parts;
  const { crew, gradient, share } = target;
  const sums = new ErrorSums();
  gradient?.fill(0);
  for (const { structures, masks } of sectionsOf(parts, batch, target)) {
    model.load(engine, target.parameters, masks);
    engine.clearGradient();
    if (crew === undefined) visitAlone(parts, structures, { sums, share });
    else
      for (let first = 0; first < structures.length; first += crew.chunk)
        visitChunk(parts, structures.slice(first, first + crew.chunk), { crew, sums, share });
    if (gradient !== undefined) model.addGradient(engine, gradient, masks);
  }
  return sums;
}

function visitAlone(
  { kernels, engine, structures, weights }: ProblemParts,
  visited: readonly number[],
  { sums, share }: { sums: ErrorSums; share: number | undefined },
): void {
  for (const s of visited) {
    const labelled = structures[s]!;
    const { cached } = labelled;
    const predicted = engine.predict(cached, needsForces(labelled, share !== undefined));
    const input = { kernels, weights, labelled, predicted, slice: sliceOf(cached.atoms, undefined) };
    const slope = addLoss(sums, { ...input, lambda: engine.lambda(cached), share: share ?? 0 });
    if (share !== undefined) engine.addGradient(slope);
  }
}

function visitChunk(
  parts: ProblemParts,
  chunk: readonly number[],
  { crew, sums, share }: { crew: Crew; sums: ErrorSums; share: number | undefined },
): void {
  const { kernels, engine, structures, weights } = parts;
  engine.clearVisits();
  const visited = chunk.map((s, index) => {
    const labelled = structures[s]!;
    const place = crew.place(index);
    const withForces = needsForces(labelled, share !== undefined);
    const { visit, part } = engine.visit(labelled.cached, { withForces, crew, place });
    crew.share(place, part);
    return { labelled, place, visit, withStress: part.stress !== undefined, withForces };
  });
  crew.barrier();
  const slopes = visited.map(({ labelled, place, visit, withStress, withForces }) => {
    const atoms = 3 * labelled.cached.atoms;
    if (withForces) crew.sumForces(place, visit.slice, engine.summedForces);
    const predicted = { ...crew.whole(place, withStress), forces: kernels.f64(engine.summedForces, atoms) };
    const lambda = kernels.f64(visit.lambda, atoms);
    return addLoss(sums, { kernels, weights, labelled, predicted, slice: visit.slice, lambda, share: share ?? 0 });
  });
  crew.barrier();
  if (share === undefined) return;
  visited.forEach(({ visit }, k) => {
    engine.addVisitGradient(visit, slopes[k]!);
  });
}

/** What the leader tells the others. */
interface Order {
  readonly parameters: Float64Array;
  readonly batch: readonly number[];
  readonly command: number;
  readonly step: number;
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

  /** Sums over `batch`; with `gradient`, also the derivative of the mean loss at this step of the fit. */
  run(
    parameters: Float64Array,
    batch: readonly number[],
    wanted?: { readonly gradient: Float64Array; readonly step: number },
  ): ErrorSums {
    const places = this.#places;
    const target = wanted === undefined ? { parameters } : { parameters, share: 1 / batch.length, ...wanted };
    const crew = this.#crew;
    if (places === undefined || crew === undefined) return work(this.#parts, batch, target);
    const command = wanted === undefined ? ERRORS : GRADIENT;
    this.#order(places, { parameters, batch, command, step: wanted?.step ?? 0 });
    const sums = work(this.#parts, batch, { ...target, crew });
    this.#wait(places);
    this.#collect(places, { sums, gradient: wanted?.gradient });
    return sums;
  }

  #order(places: TeamPlaces, order: Order): void {
    const { kernels } = this.#parts;
    const control = kernels.i32(places.control, BATCH + order.batch.length);
    kernels.f64(places.parameters, order.parameters.length).set(order.parameters);
    control.set(order.batch, BATCH);
    control[COMMAND] = order.command;
    control[LENGTH] = order.batch.length;
    control[STEP] = order.step;
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
      this.#order(this.#places, { parameters: new Float64Array(0), batch: [], command: STOP, step: 0 });
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
    const wanted = { share: 1 / length, gradient, step: control[STEP]! };
    const sums = work(parts, batch, { parameters, crew, ...(command === GRADIENT ? wanted : {}) });
    if (command === GRADIENT) result.set(gradient);
    result.set(sums.toArray(), model.count);
    Atomics.add(control, DONE, 1);
    Atomics.notify(control, DONE);
  }
}
