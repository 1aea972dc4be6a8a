/** What a thread that relaxes structures is started with, its jobs and what they end with; plain data only. */
import type { Relaxation, RelaxationStep, RelaxationTask } from "../../relaxation/index.js";
import type { PotentialSource } from "./potential-source.js";
import type { SimulationPotentialOptions } from "./simulate-potential.js";

export interface RelaxStart {
  readonly source: PotentialSource;
  readonly options: SimulationPotentialOptions;
  /** One number, shared by all threads: not 0 once the user wants to stop. */
  readonly stop: Int32Array;
}

export type RelaxJob = { readonly kind: "open" } | { readonly kind: "relax"; readonly task: RelaxationTask };

export interface RelaxOutcomes {
  readonly open: { readonly elements: readonly number[]; readonly warnings: readonly string[] };
  readonly relax: Relaxation;
}

export type RelaxNews = { readonly kind: "step"; readonly step: RelaxationStep };
