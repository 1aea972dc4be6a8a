/**
 * Relaxations of many structures over threads: each thread has the potential open and takes the next structure, large ones first, so that
 * none is left for the end. Where there are fewer structures than threads, several threads share the atoms of each.
 */
import { availableParallelism } from "node:os";
import { checkTask, type Relaxation, type RelaxationStep, type RelaxationTask } from "../../relaxation/index.js";
import { atomCount } from "../../structure/index.js";
import type { UnitSystem } from "../../units/index.js";
import { JobQueue } from "./job-queue.js";
import type { PotentialSource } from "./potential-source.js";
import type { RelaxJob, RelaxNews, RelaxOutcomes, RelaxStart } from "./relax-worker-messages.js";

export interface RelaxationsOptions {
  readonly units: UnitSystem;
  /** Default: every core. */
  readonly threads?: number | undefined;
  /** Ends what is under way at its next step, and all else at its first: `reason` is then "stopped". */
  readonly signal?: AbortSignal | undefined;
  /** Of the potential, before the first structure. */
  readonly onWarning?: (warning: string) => void;
  /** Some steps of a task on their way; the number of the task counts from 0. */
  readonly onStep?: (task: number, step: RelaxationStep) => void;
  readonly onDone?: (task: number, relaxation: Relaxation) => void;
  /** Around the check of each task, before the first begins: to say in errors which it was. Default: none. */
  readonly checking?: (task: number, check: () => void) => void;
}

/**
 * Relaxes with the potential of a path, a name or a record; results are in the order of the tasks. On one
 * thread each, they do not depend on the number of threads. Throws InputError if the potential cannot be read or a task cannot begin;
 * nothing is relaxed then.
 */
export async function relaxAll(
  source: PotentialSource,
  tasks: readonly RelaxationTask[],
  options: RelaxationsOptions,
): Promise<Relaxation[]> {
  const { onWarning, onStep, onDone, checking = (_, check) => check() } = options;
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const onAbort = (): void => void Atomics.store(stop, 0, 1);
  const queue = queueFor(source, tasks, { ...options, stop });
  try {
    options.signal?.addEventListener("abort", onAbort);
    if (options.signal?.aborted) onAbort();
    const { elements, warnings } = await queue.run({ kind: "open" });
    for (const warning of warnings) onWarning?.(warning);
    for (const [k, task] of tasks.entries()) checking(k, () => checkTask(task, elements));
    const results = new Array<Relaxation>(tasks.length);
    const relaxOne = async (k: number): Promise<void> => {
      results[k] = await queue.run({ kind: "relax", task: tasks[k]! }, ({ step }) => onStep?.(k, step));
      onDone?.(k, results[k]);
    };
    await Promise.all(largestFirst(tasks).map(relaxOne));
    return results;
  } finally {
    options.signal?.removeEventListener("abort", onAbort);
    await queue.close();
  }
}

const largestFirst = (tasks: readonly RelaxationTask[]): number[] =>
  [...tasks.keys()].sort((a, b) => atomCount(tasks[b]!.structure) - atomCount(tasks[a]!.structure));

function queueFor(
  source: PotentialSource,
  tasks: readonly RelaxationTask[],
  { units, threads = availableParallelism(), stop }: RelaxationsOptions & { readonly stop: Int32Array },
): JobQueue<RelaxJob, RelaxOutcomes, RelaxNews> {
  const size = Math.max(1, Math.min(threads, tasks.length));
  const atoms = tasks.reduce((most, { structure }) => Math.max(most, atomCount(structure)), 0);
  const start: RelaxStart = { source, options: { units, atoms, threads: Math.floor(threads / size) }, stop };
  return new JobQueue({ size, worker: "hosts/node/relax-worker.js", start });
}
