/** What the main thread and the workers say to each other; plain data only. */
import type { Scaling } from "../../descriptors/definition.js";
import type { DescriptorProgram } from "../../descriptors/program.js";
import type { Trouble } from "../../errors/index.js";
import type { CacheTask } from "../../training/cache.js";
import type { MemberPlan, MemberSnapshot } from "../../training/member.js";
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
  | { readonly kind: "assist"; readonly plan: MemberPlan; readonly team: TeamPlaces; readonly thread: number };

export interface FitOutcome {
  readonly snapshot: MemberSnapshot;
  readonly scalings: readonly Scaling[];
}

export type Reply =
  | { readonly kind: "filled"; readonly count: number }
  | { readonly kind: "epoch"; readonly record: EpochRecord }
  | { readonly kind: "done"; readonly outcome: FitOutcome | undefined }
  | { readonly kind: "failed"; readonly trouble: Trouble | undefined; readonly message: string };
