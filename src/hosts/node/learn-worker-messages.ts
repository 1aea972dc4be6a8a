/** The jobs of a loop and what they end with; plain data only. */
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
