/** Several threads on one evaluation: the orders that a leader gives, and what the others do with them. */
import { follow, GangLeader, type GangPlaces, type Kernels } from "../kernels/index.js";
import { type NeighborTask, runNeighborTask } from "../neighbors/tasks.js";
import type { Precision } from "../networks/surface-network.js";
import type { NetworkPotential } from "./definition.js";
import { callOf, orderOf, type SurfaceCall, SurfaceHand } from "./surface-hand.js";

const SURFACE = 1;
const NEIGHBORS = 2;

// Tasks as numbers, TASK_WORDS each.
const TASK_WORDS = 8;
const kinds = ["fill", "refresh", "fold"] as const;
const fields = {
  fill: ["plan", "first", "last", "at", "capacity", "result"],
  refresh: ["plan", "first", "last", "firstGhost", "lastGhost", "result"],
  fold: ["plan", "firstGhost", "lastGhost", "rows"],
} as const;

function numbersOf(task: NeighborTask): number[] {
  const numbers = fields[task.kind].map((name) => (task as unknown as Record<string, number>)[name]!);
  const padding = new Array<number>(TASK_WORDS - 1 - numbers.length).fill(0);
  return [kinds.indexOf(task.kind), ...numbers, ...padding];
}

function taskOf(numbers: ArrayLike<number>, at: number): NeighborTask {
  const kind = kinds[numbers[at]!]!;
  const entries = fields[kind].map((name, k) => [name, numbers[at + 1 + k]! >>> 0] as const);
  return { kind, ...Object.fromEntries(entries) } as unknown as NeighborTask;
}

/** The leader's side. */
export class SurfaceTeam {
  readonly threads: number;
  readonly #kernels: Kernels;
  readonly #gang: GangLeader;

  constructor(kernels: Kernels, places: GangPlaces) {
    this.#kernels = kernels;
    this.threads = places.threads;
    this.#gang = new GangLeader(kernels, places);
  }

  neighbors(tasks: readonly NeighborTask[]): void {
    const own = (): void => {
      for (let k = 0; k < tasks.length; k += this.threads) runNeighborTask(this.#kernels.run, tasks[k]!);
    };
    if (tasks.length < 2) own();
    else this.#gang.run([NEIGHBORS, ...tasks.flatMap(numbersOf)], own);
  }

  surface(call: SurfaceCall, own: () => void): void {
    this.#gang.run([SURFACE, ...orderOf(call)], own);
  }

  stop(): void {
    this.#gang.stop();
  }
}

export interface SurfaceJob {
  readonly potential: NetworkPotential;
  readonly precision: Precision;
  readonly places: GangPlaces;
  readonly thread: number;
}

/** The other threads' side: works until the leader stops. */
export function followSurface(kernels: Kernels, { potential, precision, places, thread }: SurfaceJob): void {
  const hand = new SurfaceHand(kernels, potential, precision);
  const { threads } = places;
  follow(kernels, { places, thread }, (order) => {
    if (order[0] === SURFACE) hand.run(callOf(order.subarray(1)), { thread, threads });
    else
      for (let k = thread; 1 + TASK_WORDS * k < order.length; k += threads)
        runNeighborTask(kernels.run, taskOf(order, 1 + TASK_WORDS * k));
  });
}
