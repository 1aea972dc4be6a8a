/** What a loop tells while it goes on: every record of its journal, and what lies between them. */
import type { LearnRecord } from "./journal.js";
import type { LearningState } from "./state.js";

export type LearnEvent =
  /** Something has happened; `state` is what follows from it. */
  | { readonly kind: "record"; readonly record: LearnRecord; readonly state: LearningState }
  /** What is being done. */
  | { readonly kind: "stage"; readonly stage: StageName; readonly round: number; readonly detail: string }
  /** How far: labels of this order, epochs of all members. */
  | { readonly kind: "progress"; readonly stage: StageName; readonly done: number; readonly total: number }
  | { readonly kind: "warning"; readonly text: string };

export type StageName = "draft" | "explore" | "select" | "label" | "check" | "fit" | "measure";
