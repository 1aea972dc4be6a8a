/** What the main thread and the workers say to each other; plain data only. */
import type { Scaling } from "../../descriptors/definition.js";
import type { DescriptorProgram } from "../../descriptors/program.js";
import type { Trouble } from "../../errors/index.js";
import type { NetworkPotential } from "../../potentials/definition.js";
import type { Demand, Evaluation } from "../../potentials/potential.js";
import type { Structure } from "../../structure/index.js";
import type { CacheTask } from "../../training/cache.js";
import type { MemberPlan, MemberSnapshot } from "../../training/member.js";
import type { MeanPrediction, PredictionTask } from "../../training/predictions.js";
import type { EpochRecord } from "../../training/record.js";
import type { TeamPlaces } from "../../training/team.js";

export interface WorkerStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
}

export interface Checkpointing {
  readonly path: string;
  /** Epochs between checkpoints. */
  readonly every: number;
  readonly identity: string;
}

export type Job =
  | { readonly kind: "fill"; readonly program: DescriptorProgram; readonly tasks: readonly CacheTask[] }
  | {
      readonly kind: "fit";
      readonly plan: MemberPlan;
      readonly team: TeamPlaces | undefined;
      readonly checkpoint: Checkpointing | undefined;
      readonly resume: MemberSnapshot | undefined;
      /** i32 in the kernels' memory: not 0 once the user wants to stop. */
      readonly stopFlag: number;
    }
  | { readonly kind: "assist"; readonly plan: MemberPlan; readonly team: TeamPlaces; readonly thread: number }
  | { readonly kind: "predict"; readonly task: PredictionTask }
  /** The potential of the `evaluate` jobs that follow. */
  | { readonly kind: "open"; readonly potential: NetworkPotential }
  | { readonly kind: "evaluate"; readonly structures: readonly Structure[]; readonly demand: Demand };

export interface FitOutcome {
  readonly snapshot: MemberSnapshot;
  readonly scalings: readonly Scaling[];
}

/** Of one structure: what the potential says, or why it cannot. */
export type Evaluated = { readonly evaluation: Evaluation } | { readonly trouble: Trouble };

/** What each kind of job ends with. */
export interface Outcomes {
  readonly fill: undefined;
  readonly fit: FitOutcome;
  readonly assist: undefined;
  readonly predict: readonly MeanPrediction[];
  readonly open: undefined;
  readonly evaluate: readonly Evaluated[];
}

/** What workers say on the way. */
export type News =
  /** Structures that were done since the last time; may be a fraction. */
  { readonly kind: "progress"; readonly count: number } | { readonly kind: "epoch"; readonly record: EpochRecord };
