/** Events of a fit as progress: all members are one bar. */
import { significant } from "../reports/index.js";
import type { EpochRecord } from "../training/record.js";
import type { Progress } from "./progress.js";
import { type SlurmEvent, slurmSentence, type TrainingEvent } from "./train-wiring.js";

export class TrainingProgress {
  readonly #progress: Progress;
  /** Last epoch of each member. */
  readonly #epochs = new Map<number, number>();

  constructor(progress: Progress) {
    this.#progress = progress;
  }

  show(event: TrainingEvent): void {
    if (event.kind === "stage") this.#progress.stage(event.detail);
    else if (event.kind === "warning") this.#progress.note(`Warning: ${event.text}`);
    else if (event.kind === "progress") this.#progress.update(event.done, event.total);
    else if (event.kind === "slurm") this.#tell(event.event);
    else this.#epoch(event.record, event.epochs * event.members);
  }

  #tell(event: SlurmEvent): void {
    const sentence = slurmSentence(event);
    if (sentence !== undefined) this.#progress.note(sentence.isWarning ? `Warning: ${sentence.text}` : sentence.text);
  }

  #epoch(record: EpochRecord, total: number): void {
    this.#epochs.set(record.member, record.epoch);
    const done = [...this.#epochs.values()].reduce((sum, epoch) => sum + epoch, 0);
    this.#progress.update(done, total, `epochs  ${errorsText(record)}`);
  }
}

/** "validation E 3.1 meV/atom F 0.085 eV/Å" */
function errorsText({ train, validation }: EpochRecord): string {
  const errors = validation ?? train;
  const energy = errors.energy ? ` E ${significant(errors.energy.rmse)} meV/atom` : "";
  const forces = errors.forces ? ` F ${significant(errors.forces.rmse)} eV/Å` : "";
  return `${validation ? "validation" : "training"}${energy}${forces}`;
}
