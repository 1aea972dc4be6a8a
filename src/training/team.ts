/**
 * Several threads on one member's gradient. The leader writes the parameters into shared memory and orders a batch (kernels/gang);
 * all go through the batch together, each with its slice of every structure's atoms (crew.ts), and leave their gradients and error
 * sums in places of their own; the leader adds them in the order of the threads, so that the same number of threads gives the
 * same bits.
 */
import { follow, GangLeader, type GangPlaces, type Kernels, placeGang } from "../kernels/index.js";
import type { DropoutMask } from "../networks/index.js";
import { Crew, type CrewPlaces, placeCrew, sliceOf } from "./crew.js";
import { masksOfTurn } from "./dropout.js";
import { addLoss, ErrorSums, needsForces } from "./loss.js";
import type { ProblemParts } from "./problem.js";

/** Pointers of a team in the kernels' memory. */
export interface TeamPlaces {
  /** An order is whether the gradient is wanted, the step of the fit, and the batch. */
  readonly gang: GangPlaces;
  /** f64[parameters] */
  readonly parameters: number;
  /** f64[thread][parameters + ERROR_SUMS] */
  readonly results: number;
  readonly crew: CrewPlaces;
}

/** Numbers of an order before the batch. */
const HEAD = 2;

/** Numbers of `ErrorSums.toArray`. */
const ERROR_SUMS = 11;

export function placeTeam(
  kernels: Kernels,
  threads: number,
  size: { parameters: number; structures: number; mostAtoms: number },
): TeamPlaces {
  return {
    gang: placeGang(kernels, threads, HEAD + size.structures),
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

/** The thread that runs the fit. With no places it works alone. */
export class TeamLeader {
  readonly #parts: ProblemParts;
  readonly #team: { places: TeamPlaces; gang: GangLeader; crew: Crew } | undefined;

  constructor(parts: ProblemParts, places: TeamPlaces | undefined) {
    const { kernels } = parts;
    this.#parts = parts;
    if (places !== undefined && places.gang.threads > 1)
      this.#team = { places, gang: new GangLeader(kernels, places.gang), crew: new Crew(kernels, places.crew, 0) };
  }

  /** Sums over `batch`; with `gradient`, also the derivative of the mean loss at this step of the fit. */
  run(
    parameters: Float64Array,
    batch: readonly number[],
    wanted?: { readonly gradient: Float64Array; readonly step: number },
  ): ErrorSums {
    const target = wanted === undefined ? { parameters } : { parameters, share: 1 / batch.length, ...wanted };
    if (this.#team === undefined) return work(this.#parts, batch, target);
    const { places, gang, crew } = this.#team;
    this.#parts.kernels.f64(places.parameters, parameters.length).set(parameters);
    const order = [wanted === undefined ? 0 : 1, wanted?.step ?? 0, ...batch];
    const sums = gang.run(order, () => work(this.#parts, batch, { ...target, crew }));
    this.#collect(places, { sums, gradient: wanted?.gradient });
    return sums;
  }

  #collect(places: TeamPlaces, { sums, gradient }: { sums: ErrorSums; gradient: Float64Array | undefined }): void {
    const count = this.#parts.model.count;
    for (let thread = 1; thread < places.gang.threads; thread++) {
      const at = places.results + 8 * thread * (count + ERROR_SUMS);
      const part = this.#parts.kernels.f64(at, count + ERROR_SUMS);
      sums.merge(ErrorSums.fromArray(part.subarray(count)));
      if (gradient !== undefined) for (let i = 0; i < count; i++) gradient[i]! += part[i]!;
    }
  }

  /** Lets the others go. */
  stop(): void {
    this.#team?.gang.stop();
  }
}

/** The other threads: works until the leader stops. */
export function assist(parts: ProblemParts, places: TeamPlaces, thread: number): void {
  const { kernels, model } = parts;
  const parameters = kernels.f64(places.parameters, model.count);
  const result = kernels.f64(places.results + 8 * thread * (model.count + ERROR_SUMS), model.count + ERROR_SUMS);
  const gradient = new Float64Array(model.count);
  const crew = new Crew(kernels, places.crew, thread);
  follow(kernels, { places: places.gang, thread }, ([withGradient, step, ...batch]) => {
    const wanted = withGradient === 1 ? { share: 1 / batch.length, gradient, step: step! } : {};
    const sums = work(parts, batch, { parameters, crew, ...wanted });
    if (withGradient === 1) result.set(gradient);
    result.set(sums.toArray(), model.count);
  });
}
