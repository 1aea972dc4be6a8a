/** What happens to jobs, in words. */
import type { SlurmEvent } from "./jobs.js";

/** Undefined where there is nothing to say. A warning is what somebody may have to do something about. */
export function slurmSentence(event: SlurmEvent): { readonly text: string; readonly isWarning: boolean } | undefined {
  switch (event.kind) {
    case "submitted":
      return { text: `Slurm: ${event.jobs} jobs submitted, array ${event.id}.`, isWarning: false };
    case "again":
      return { text: `Slurm: ${event.reason} ${event.name} is submitted again.`, isWarning: false };
    case "waiting":
      return { text: `jobs wait in Slurm: ${event.reason}`, isWarning: true };
    case "unreachable":
      return { text: `Slurm does not answer: ${event.problem}`, isWarning: true };
    case "progress":
      return undefined;
  }
}
