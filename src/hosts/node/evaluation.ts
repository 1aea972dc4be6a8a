/**
 * A potential on many structures, by several threads: results come in the order of the structures, as soon as they are there. Few
 * structures are done in this thread, as starting others takes longer.
 */
import { cpus } from "node:os";
import { InputError } from "../../errors/index.js";
import { type NetworkPotential, spreadSourceOf } from "../../potentials/definition.js";
import type { Demand, Evaluation } from "../../potentials/potential.js";
import { type Frame, located, type Structure } from "../../structure/index.js";
import { WorkerPool } from "./pool.js";
import type { Evaluated } from "./worker-messages.js";

export interface EvaluateOptions {
  /** Default: every core. */
  readonly threads?: number | undefined;
  readonly demand?: Demand;
  /** Of this thread; used where other threads are not worth while. */
  evaluate(structure: Structure, demand?: Demand): Evaluation;
}

export interface EvaluatedFrame {
  readonly frame: Frame;
  readonly evaluation: Evaluation;
}

/** Less than this is done before a worker has started; the spread over dropout passes takes far longer than all else. */
const fewAtoms = (potential: NetworkPotential, { uncertainty = true }: Demand): number =>
  uncertainty && spreadSourceOf(potential) === "dropout" ? 100 : 2000;
/** Atoms in a job: few, so that the last ones are soon done. */
const JOB_ATOMS = 128;
/** Jobs of each worker that are under way or waiting. */
const JOBS_AHEAD = 2;

/** InputError names file, line and structure. */
export async function* evaluateFrames(
  potential: NetworkPotential,
  frames: AsyncIterable<Frame> | Iterable<Frame>,
  options: EvaluateOptions,
): AsyncGenerator<EvaluatedFrame> {
  const { threads = cpus().length, demand = {} } = options;
  const source = new FrameSource(frames);
  const first = threads > 1 ? await source.take(fewAtoms(potential, demand)) : [];
  if (threads > 1 && !source.ended) {
    source.putBack(first);
    yield* evaluateTogether(potential, source, { threads, demand });
    return;
  }
  source.putBack(first);
  for (let batch = await source.take(1); batch.length > 0; batch = await source.take(1))
    for (const frame of batch)
      yield { frame, evaluation: located(frame, () => options.evaluate(frame.structure, demand)) };
}

async function* evaluateTogether(
  potential: NetworkPotential,
  source: FrameSource,
  { threads, demand }: { threads: number; demand: Demand },
): AsyncGenerator<EvaluatedFrame> {
  const workers = new EvaluationWorkers(potential, { threads, demand });
  const jobs: { readonly frames: readonly Frame[]; readonly results: Promise<readonly Evaluated[]> }[] = [];
  try {
    for (;;) {
      while (jobs.length < JOBS_AHEAD * threads) {
        const frames = await source.take(JOB_ATOMS);
        if (frames.length === 0) break;
        jobs.push({ frames, results: workers.submit(frames.map(({ structure }) => structure)) });
      }
      const job = jobs.shift();
      if (job === undefined) return;
      const results = await job.results;
      for (const [k, frame] of job.frames.entries())
        yield { frame, evaluation: located(frame, () => evaluationOf(results[k]!)) };
    }
  } finally {
    await workers.close();
  }
}

function evaluationOf(result: Evaluated): Evaluation {
  if ("trouble" in result) throw new InputError(result.trouble);
  return result.evaluation;
}

/** Workers that have opened a potential; each job goes to the one that has least to do. */
class EvaluationWorkers {
  readonly #pool: WorkerPool;
  readonly #demand: Demand;
  /** Ends with the last job of each worker. */
  readonly #ends: Promise<unknown>[];
  /** Jobs that each worker has not finished. */
  readonly #pending: number[];

  constructor(potential: NetworkPotential, { threads, demand }: { threads: number; demand: Demand }) {
    this.#pool = new WorkerPool(threads);
    this.#demand = demand;
    this.#ends = Array.from({ length: threads }, (_, w) => heard(this.#pool.run(w, { kind: "open", potential })));
    this.#pending = Array.from({ length: threads }, () => 0);
  }

  submit(structures: readonly Structure[]): Promise<readonly Evaluated[]> {
    const worker = this.#pending.indexOf(Math.min(...this.#pending));
    this.#pending[worker]!++;
    const results = this.#ends[worker]!.then(() =>
      this.#pool.run(worker, { kind: "evaluate", structures, demand: this.#demand }),
    ).finally(() => {
      this.#pending[worker]!--;
    });
    this.#ends[worker] = heard(results);
    return results;
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}

/** A failure is told when the result is asked for; until then nobody may think that it went unheard. */
function heard<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

/** Frames in pieces. */
class FrameSource {
  readonly #frames: AsyncIterator<Frame> | Iterator<Frame>;
  #back: Frame[] = [];
  #ended = false;

  constructor(frames: AsyncIterable<Frame> | Iterable<Frame>) {
    this.#frames = Symbol.asyncIterator in frames ? frames[Symbol.asyncIterator]() : frames[Symbol.iterator]();
  }

  /** Whether there is nothing left but what was put back. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Frames of at least so many atoms, fewer at the end. */
  async take(atoms: number): Promise<Frame[]> {
    const taken: Frame[] = [];
    for (let count = 0; count < atoms; ) {
      const frame = this.#back.shift() ?? (await this.#next());
      if (frame === undefined) break;
      taken.push(frame);
      count += Math.max(1, frame.structure.species.length);
    }
    return taken;
  }

  putBack(frames: readonly Frame[]): void {
    this.#back.unshift(...frames);
  }

  async #next(): Promise<Frame | undefined> {
    if (this.#ended) return undefined;
    const { done, value } = await this.#frames.next();
    if (done) this.#ended = true;
    return done ? undefined : value;
  }
}
