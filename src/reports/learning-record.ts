/**
 * What a report of learning is made from: plain data, the parts of a loop's result and of its journal that are shown. The result and the
 * course of `learning/` fit these interfaces as they are.
 */
import type { SetErrors } from "../training/record.js";

/** Null: the quantity does not count. */
export interface ShownLimits {
  readonly collect: number | null;
  readonly stop: number | null;
}

export interface ShownLook {
  readonly step: number;
  /** γ, eV/Å; null where it is not known. */
  readonly disagreement: number | null;
}

export interface LearnedRound {
  readonly round: number;
  readonly walkers: readonly { readonly name: string; readonly looks: readonly ShownLook[] }[];
  readonly steps: number;
  readonly looks: number;
  readonly doubtful: number;
  /** γ, eV/Å; null where nothing was looked at. */
  readonly largestDisagreement: number | null;
  /** Of γ, eV/Å, for the walkers of this round; null where nothing explores. */
  readonly thresholds: {
    readonly disagreement: ShownLimits;
    readonly discard: number | null;
    readonly basis: string;
  } | null;
  /** Walkers that were lost, once for each time. */
  readonly lost: readonly string[];
  /** Labels of this round, and of all rounds up to it. */
  readonly bought: number;
  readonly labels: number;
  /** On this round's labels, of the potential that did not know them. */
  readonly before: SetErrors | null;
  readonly fit: {
    readonly kind: string;
    readonly seconds: number;
    readonly errors: { readonly train: SetErrors | null; readonly test: SetErrors | null };
  } | null;
  readonly properties: Readonly<Record<string, number | null>>;
}

export interface LearnedResult {
  readonly seed: number;
  /** Why it ended; null where it was interrupted. */
  readonly reason: string | null;
  /** With every default filled in. */
  readonly configuration: unknown;
  readonly rounds: readonly LearnedRound[];
  readonly labels: number;
  /** Of all calculations: s, s, bytes. */
  readonly cost: {
    readonly wallSeconds: number;
    readonly cpuSeconds: number | undefined;
    readonly maxMemory: number | undefined;
  };
  readonly references: Readonly<Record<string, number | null>>;
  /** Wall time of all parts, s. */
  readonly seconds: number;
}

export type Outcome = "labelled" | "refused" | "waiting";
export type Reason = "initial" | "doubt" | "lost" | "passed";

export interface ShownPick {
  readonly walker: string;
  readonly step: number;
  /** γ, eV/Å */
  readonly disagreement: number | null;
  readonly why: Reason;
  readonly outcome: Outcome;
}

export interface ShownFailure {
  readonly round: number;
  readonly walker: string;
  readonly step: number;
  /** Which calculation of the structure, from 1. */
  readonly attempt: number;
  readonly kind: string;
  readonly problem: string;
  readonly remedy: string;
  readonly outcome: Outcome;
  /** Last lines that the program printed. */
  readonly excerpt?: string | undefined;
}

export interface LearnedCourse {
  readonly rounds: readonly {
    readonly round: number;
    readonly picks: readonly ShownPick[];
    readonly calls: number;
    readonly failedCalls: number;
    readonly seconds: number;
  }[];
  readonly failed: readonly ShownFailure[];
  /** s, by what was done. */
  readonly stages: Readonly<Record<string, number>>;
}

/** A run of learning as its report tells it. */
export interface LearnedRun {
  readonly name: string;
  readonly result: LearnedResult;
  readonly course: LearnedCourse;
  /** Of the properties, by name. */
  readonly units: Readonly<Record<string, string>>;
  /** Sources of labels with their versions. */
  readonly engines: readonly string[];
  /** Of Potluck. */
  readonly version: string;
  readonly machine: { readonly node: string; readonly cpu: string; readonly cores: number; readonly threads: number };
}
