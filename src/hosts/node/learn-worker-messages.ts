/** What a loop and its workers say to each other; plain data only. */
import type { Trouble } from "../../errors/index.js";
import type { Leg, LegTask, Measure } from "../../learning/index.js";

/** A potential on disk. Its digest tells whether a worker has it open. */
export interface PotentialFile {
  readonly file: string;
  readonly digest: string;
}

export type LearnJob =
  | {
      readonly kind: "leg";
      readonly potential: PotentialFile;
      readonly task: LegTask;
      /** That share an evaluation of this walker. */
      readonly threads: number;
    }
  | { readonly kind: "measure"; readonly potential: PotentialFile; readonly measure: Measure };

export interface LearnOutcomes {
  readonly leg: Leg;
  readonly measure: number | null;
}

export type LearnReply =
  | { readonly done: LearnOutcomes[LearnJob["kind"]] }
  | { readonly trouble: Trouble | undefined; readonly message: string };
