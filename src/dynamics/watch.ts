/**
 * The watch over a run: thresholds on the doubt of the potential (warn, collect, stop), guards against nonsense, and the last good
 * frames, so that an end before the time comes with what led to it.
 */
import { InputError, type Trouble } from "../errors/index.js";
import type { Demand } from "../potentials/potential.js";
import type { Frame } from "../structure/index.js";
import { frameOf } from "./frames.js";
import { type GuardOptions, Guards, type Nonsense } from "./guards.js";
import { checkCounts, type Motion } from "./motion.js";
import { BARE } from "./state.js";
import { checkThresholds, demandOf, type Finding, measure, type Tally, type Threshold, unitOf } from "./thresholds.js";
import type { Verdict } from "./verdict.js";

export interface WatchOptions {
  /** Default: none. */
  readonly thresholds?: readonly Threshold[];
  /** Thresholds are checked at steps that are multiples of this. Default 10. */
  readonly every?: number;
  /** Takes the structures of thresholds with the action "collect". */
  readonly collect?: (frame: Frame, finding: Finding) => void;
  /** Steps from one collected structure to the next, at least. Default 100. */
  readonly spacing?: number;
  /** Takes what thresholds with the action "warn" find; they are tallied in any case. */
  readonly warn?: (finding: Finding) => void;
  readonly guards?: GuardOptions;
  /** Good moments kept for the verdict: one every so many steps (default 10), so many of them (default 5). */
  readonly lastGood?: { readonly every?: number; readonly keep?: number };
}

export class Watch {
  readonly #options: WatchOptions;
  readonly #thresholds: readonly Threshold[];
  readonly #every: number;
  readonly #demand: Demand;
  readonly #guards: Guards;
  readonly #good: Frame[] = [];
  readonly #tallies: Tally[] = [];
  #lastCollected = Number.NEGATIVE_INFINITY;

  constructor(options: WatchOptions = {}) {
    const { thresholds = [], every = 10, spacing = 100, guards, lastGood = {} } = options;
    checkThresholds(thresholds);
    checkCounts({ "every of the watch": every, "spacing of collected structures": spacing });
    checkCounts({ "every of the guards": guards?.every ?? 1, "steps between good frames": lastGood.every ?? 1 });
    if (thresholds.some((t) => t.action === "collect") && options.collect === undefined)
      throw new InputError({
        code: "nowhere-to-collect",
        problem: "A threshold is to collect structures, but nothing takes them.",
        remedy: "Say where collected structures go, or choose the action warn or stop.",
      });
    this.#options = options;
    this.#thresholds = thresholds;
    this.#every = every;
    this.#demand = demandOf(thresholds);
    this.#guards = new Guards(guards);
  }

  /** What it needs of the evaluation at a step. */
  demandAt(step: number): Demand {
    return step % this.#every === 0 ? this.#demand : BARE;
  }

  /** What was found so far, one entry for each threshold that was passed. */
  get tallies(): readonly Tally[] {
    return this.#tallies;
  }

  /** Looks at a finished step; a verdict if the run must end. */
  look(motion: Motion): Verdict | undefined {
    const { state } = motion;
    const nonsense = this.#guards.look(motion);
    if (nonsense !== undefined) return this.#verdict(motion, nonsense);
    const { every = 10, keep = 5 } = this.#options.lastGood ?? {};
    const stop = state.step % this.#every === 0 ? this.#findings(motion) : undefined;
    if (stop !== undefined) return this.#verdict(motion, stop);
    if (keep > 0 && state.step % every === 0) {
      this.#good.push(frameOf(state));
      if (this.#good.length > keep) this.#good.shift();
    }
    return undefined;
  }

  /** The verdict on a step that could not be finished. */
  failed(motion: Motion, trouble: Trouble): Verdict {
    const atom = trouble.where?.atom;
    const nonsense: Nonsense = {
      reason: "evaluation-failed",
      value: Number.NaN,
      limit: Number.NaN,
      unit: "",
      atoms: atom === undefined ? [] : [atom - 1],
    };
    return { ...this.#verdict(motion, nonsense), step: motion.state.step + 1, trouble, frame: undefined };
  }

  /** Numbers that a resumed run needs to do what an unbroken one would have done. */
  save(): number[] {
    return [this.#lastCollected, ...this.#guards.save()];
  }

  restore([lastCollected = Number.NEGATIVE_INFINITY, ...guards]: readonly number[]): void {
    this.#lastCollected = lastCollected;
    this.#guards.restore(guards);
  }

  /** Tallies and acts on the thresholds that are passed; what stops the run, if anything. */
  #findings(motion: Motion): Nonsense | undefined {
    const { state } = motion;
    const { evaluation } = state;
    if (evaluation === undefined) return undefined;
    let stop: Nonsense | undefined;
    for (const threshold of this.#thresholds) {
      const { value, atom } = measure(evaluation, threshold.quantity);
      // Not "value > above": a spread that is not a number is a reason for doubt too.
      if (value <= threshold.above) continue;
      const finding: Finding = { threshold, step: state.step, time: state.time, value, atom };
      this.#tally(finding);
      if (threshold.action === "warn") this.#options.warn?.(finding);
      if (threshold.action === "collect") this.#collect(motion, finding);
      const { quantity: reason, above: limit } = threshold;
      if (threshold.action === "stop")
        stop ??= { reason, value, limit, unit: unitOf[reason], atoms: atom < 0 ? [] : [atom] };
    }
    return stop;
  }

  #collect({ state }: Motion, finding: Finding): void {
    if (state.step - this.#lastCollected < (this.#options.spacing ?? 100)) return;
    this.#lastCollected = state.step;
    this.#options.collect?.(frameOf(state), finding);
  }

  #tally({ threshold, step, value }: Finding): void {
    const k = this.#tallies.findIndex((t) => t.threshold === threshold);
    const old = k < 0 ? { count: 0, firstStep: step, largest: value } : this.#tallies[k];
    const { count, firstStep, largest } = old;
    const tally = { threshold, count: count + 1, firstStep, lastStep: step, largest: Math.max(largest, value) };
    this.#tallies.splice(k < 0 ? this.#tallies.length : k, 1, tally);
  }

  #verdict({ state }: Motion, nonsense: Nonsense): Verdict {
    const { step, time } = state;
    return { ...nonsense, step, time, trouble: undefined, lastGood: [...this.#good], frame: frameOf(state) };
  }
}
