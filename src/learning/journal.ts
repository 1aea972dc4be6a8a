/**
 * What can happen in a loop. The journal of a run is these records in their order, and the run's state follows from them alone
 * (`state.ts`): a record is on disk before it counts, and whatever is not in the journal has not happened.
 */
import type { Cost, Failure } from "../engines/index.js";
import type { SetErrors } from "../training/record.js";
import type { DoubtThresholds } from "./doubt.js";

export const JOURNAL_VERSION = 1;

/** A moment of a walker that was looked at. */
export interface Look {
  readonly step: number;
  /** γ, eV/Å; null where the potential does not know it. */
  readonly disagreement: number | null;
  /** Function values outside the training data. */
  readonly extrapolations: number;
}

/** A structure that a walker has handed in; its place is that in the file of its leg. */
export interface Candidate {
  readonly step: number;
  /** γ, eV/Å; null where the potential does not know it. */
  readonly disagreement: number | null;
  /** In doubt, the last sound moment of a walker that was lost, or one of many (random selection). */
  readonly why: "doubt" | "lost" | "passed";
}

/**
 * How a leg ended: after its steps; in doubt, so that the walker waits for the next potential; lost, so that it starts again from its
 * beginning; or with nothing left to do.
 */
export type LegEnd = "steps" | "doubt" | "lost" | "done";

/** A structure that is to be labelled; its place is that in the file of the orders. */
export interface Pick {
  /** Hash of the structure and of everything that decides what the engine says of it. */
  readonly id: string;
  /** Who found it; "initial" for the first ones. */
  readonly group: string;
  readonly step: number;
  readonly disagreement: number | null;
}

export interface FitErrors {
  readonly train: SetErrors | null;
  readonly test: SetErrors | null;
}

/** A property by its name; null where it could not be measured. */
export type Measured = Readonly<Record<string, number | null>>;

export type EndReason =
  /** All walkers have done their steps. */
  | "explored"
  /** Nothing was in doubt for long enough. */
  | "quiet"
  /** Errors have become no better. */
  | "level"
  | "labels"
  | "seconds"
  | "rounds"
  /** A structure could not be labelled, and the configuration says that this ends the loop. */
  | "label-failed"
  /** No walker moves, and there is nothing to label. */
  | "stalled";

export type LearnRecord =
  | { readonly event: "begin"; readonly version: number; readonly identity: string; readonly seed: number }
  /** A process has taken the run up. */
  | { readonly event: "part" }
  | { readonly event: "ordered"; readonly round: number; readonly file: string; readonly picks: readonly Pick[] }
  | {
      readonly event: "leg";
      readonly round: number;
      readonly walker: string;
      readonly steps: number;
      readonly end: LegEnd;
      /** Why it ended before its time, in words. */
      readonly message?: string;
      /** File to go on from; absent where the walker begins anew. */
      readonly checkpoint?: string;
      /** File with the candidates; absent without any. */
      readonly file?: string;
      readonly candidates: readonly Candidate[];
      readonly looks: readonly Look[];
      readonly doubtful: number;
      /** Steps since the last look in doubt, at most those of the leg. */
      readonly quiet: number;
    }
  | { readonly event: "labelled"; readonly id: string; readonly cost: Cost; readonly reused: boolean }
  | { readonly event: "failed"; readonly id: string; readonly cost: Cost; readonly failure: Failure }
  | {
      readonly event: "checked";
      readonly round: number;
      /** Of the potential of the round before on the round's labels. */
      readonly errors: SetErrors;
      /** γ and largest force error of each, eV/Å. */
      readonly pairs: readonly (readonly [number, number])[];
    }
  | {
      readonly event: "fitted";
      readonly round: number;
      readonly kind: "given" | "scratch" | "warm";
      readonly file: string;
      /** SHA-256 of the potential's file. */
      readonly digest: string;
      readonly elements: readonly number[];
      readonly errors: FitErrors;
      readonly thresholds: DoubtThresholds;
      readonly seconds: number;
    }
  | { readonly event: "measured"; readonly round: number; readonly values: Measured }
  /** What the engine itself says of the properties. */
  | { readonly event: "references"; readonly values: Measured }
  | { readonly event: "closed"; readonly round: number }
  | { readonly event: "ended"; readonly reason: EndReason };

/** As it stands in the journal: `wall` is the time since its process took the run up, s. */
export type JournalLine = LearnRecord & { readonly wall: number };
