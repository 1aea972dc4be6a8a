/** The work of a loop on this machine: its parts, and what they share. */
import {
  boughtOrders,
  currentRound,
  initialStructures,
  type LabelOutcome,
  type LearningState,
  type LegRecord,
  labelErrors,
  type Measured,
  measure as measureProperty,
  type Order,
  type OutcomeRecord,
  ordersOf,
  type Workshop,
} from "../../learning/index.js";
import type { Potential } from "../../potentials/potential.js";
import { networkPotential } from "../../potentials/surface-potential.js";
import type { Frame } from "../../structure/index.js";
import { angstromElectronvolt } from "../../units/index.js";
import { fullDiskTrouble } from "./atomic.js";
import { createKernels } from "./kernels.js";
import { type LearnContext, presentPotential } from "./learn-context.js";
import { exploreWith } from "./learn-explore.js";
import { type FitParts, fitRound } from "./learn-fit.js";
import { orderFrames, ordersRecord } from "./learn-orders.js";
import { selectRound } from "./learn-select.js";
import type { PotentialFile } from "./learn-worker-messages.js";
import { loadPotential } from "./potentials.js";

export class NodeWorkshop implements Workshop {
  readonly #context: LearnContext;

  constructor(context: LearnContext) {
    this.#context = context;
  }

  async draft() {
    const { plan, directory, engine } = this.#context;
    const { initial, seed, budget } = plan.configuration;
    const given = plan.structures.map(({ structure }) => structure);
    const labels = Math.min(initial.labels, budget.labels ?? Number.POSITIVE_INFINITY);
    const structures = initialStructures(given, { ...initial, labels, seed });
    const drafts = structures.map((structure) => ({ structure, group: "initial", step: 0, disagreement: null }));
    return await this.#writing(async () => ordersRecord(drafts, { round: 0, directory, engine, known: new Set() }));
  }

  explore(state: LearningState, walkers: readonly string[], tell: (leg: LegRecord) => LearningState): Promise<void> {
    return this.#writing(() => exploreWith(this.#context, state, { walkers, tell }));
  }

  select(state: LearningState) {
    return this.#writing(() => selectRound(this.#context, state));
  }

  async label(state: LearningState, orders: readonly Order[], tell: (outcome: OutcomeRecord) => void): Promise<void> {
    const { execution, directory, signal, onEvent } = this.#context;
    await this.#context.pool.close();
    const frames = await orderFrames(directory, state);
    let done = 0;
    const waiting = orders.map(({ id }) => ({ id, structure: frameOf(frames, id).structure }));
    const hear = (outcome: LabelOutcome): void => {
      tell(this.#kept(outcome, frameOf(frames, outcome.id)));
      onEvent({ kind: "progress", stage: "label", done: ++done, total: orders.length });
    };
    await this.#writing(() => execution.label(waiting, hear, signal));
  }

  /** A label is a file before it is a record. */
  #kept({ id, cost, reused, engine, result }: LabelOutcome, ordered: Frame): OutcomeRecord {
    const { directory } = this.#context;
    if ("failure" in result) return { event: "failed", id, cost, failure: result.failure };
    const { energy, forces, stress } = result.labels;
    const info = new Map([...ordered.info, ["engine", engine] as const]);
    const labelled: Frame = { ...ordered, energy, forces, ...(stress === undefined ? {} : { stress }), info };
    directory.writeFrames(directory.labelName(id), [{ ...labelled, columns: new Map() }]);
    return { event: "labelled", id, cost, reused };
  }

  async check(state: LearningState) {
    const { round } = currentRound(state);
    const frames = await this.#labels(ordersOf(state, round).filter(({ bought }) => bought));
    const evaluator = this.#evaluator(presentPotential(this.#context, state));
    const { errors, pairs } = labelErrors(frames, ({ structure }) => evaluator.evaluate(structure));
    return { event: "checked", round, errors, pairs } as const;
  }

  async fit(state: LearningState, kind: FitParts["kind"]) {
    await this.#context.pool.close();
    const labels = await this.#labels(boughtOrders(state));
    return await this.#writing(() => fitRound(this.#context, state, { kind, labels }));
  }

  async references(): Promise<Measured> {
    const { plan, teacher } = this.#context;
    return Object.fromEntries(
      plan.measures.flatMap((one) =>
        one.configuration.reference === "engine" && teacher !== undefined
          ? [[one.name, measureProperty(teacher, one)]]
          : [],
      ),
    );
  }

  async measure(state: LearningState): Promise<Measured> {
    const { plan, pool } = this.#context;
    const potential = presentPotential(this.#context, state);
    const values = plan.measures.map(async (measure) => [
      measure.name,
      await pool.run({ kind: "measure", potential, measure }),
    ]);
    return Object.fromEntries(await Promise.all(values));
  }

  tidy(state: LearningState): void {
    const kept = [...state.walkers.values()].flatMap(({ checkpoint }) =>
      checkpoint === undefined ? [] : [checkpoint],
    );
    this.#context.directory.tidy(currentRound(state).round, new Set(kept));
  }

  /** A full disk is told as one, whoever has met it; the run goes on from its journal when there is space. */
  async #writing<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw fullDiskTrouble(this.#context.directory.root, error);
    }
  }

  async #labels(orders: readonly Order[]): Promise<Frame[]> {
    const { directory } = this.#context;
    const lists = await Promise.all(orders.map(({ id }) => directory.readFrames(directory.labelName(id))));
    return lists.flat();
  }

  #evaluator({ file }: PotentialFile): Potential {
    return networkPotential(createKernels(), loadPotential(file, angstromElectronvolt).potential);
  }
}

function frameOf(frames: ReadonlyMap<string, Frame>, id: string): Frame {
  const frame = frames.get(id);
  if (frame === undefined) throw new Error(`no structure was kept of order ${id}`);
  return frame;
}
