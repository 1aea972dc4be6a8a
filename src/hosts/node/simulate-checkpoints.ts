/** Checkpoints of a simulation on disk, each with the lengths of the output files at its moment. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import {
  type Checkpoint,
  decodeCheckpoint,
  encodeCheckpoint,
  type Tally,
  type Threshold,
} from "../../dynamics/index.js";
import { InputError } from "../../errors/index.js";
import { writeFileSafely } from "./safe-file.js";

/** What a run knows beside its state. */
export interface Ledger {
  /** Bytes of each output file. */
  readonly lengths: readonly number[];
  readonly tallies: readonly Tally[];
}

/** The last ones are kept: the newest, and one before it in case a disk has damaged that. */
const KEPT = 2;

export class CheckpointFolder {
  readonly #folder: string;
  readonly #identity: string;

  /** `identity` names the run: its configuration, potential and structure. */
  constructor(directory: string, identity: string) {
    this.#folder = join(directory, "checkpoints");
    this.#identity = identity;
    mkdirSync(this.#folder, { recursive: true });
  }

  write(checkpoint: Checkpoint, { lengths, tallies }: Ledger): void {
    const extras = { ...checkpoint.extras, lengths: Float64Array.from(lengths), tallies: packed(tallies) };
    writeFileSafely(
      join(this.#folder, nameOf(checkpoint.step)),
      encodeCheckpoint({ ...checkpoint, extras }, this.#identity),
    );
    for (const old of this.#names().slice(KEPT)) rmSync(join(this.#folder, old), { force: true });
  }

  /** The newest that is whole; undefined where there is none. Throws InputError (`other-run`) where all are of another run. */
  newest(): Checkpoint | undefined {
    const refusals: string[] = [];
    for (const name of this.#names()) {
      const found = decodeCheckpoint(readFileSync(join(this.#folder, name)), this.#identity);
      if (typeof found !== "string") return found;
      refusals.push(`${name}: ${found}`);
    }
    if (refusals.length === 0) return undefined;
    throw new InputError({
      code: "other-run",
      where: { file: this.#folder },
      problem: `No checkpoint fits this run (${refusals.join("; ")}).`,
      expected: "The potential, the structure and the settings with which the run was begun.",
      remedy: "Put them back as they were, give another --out, or start anew with --overwrite.",
    });
  }

  clear(): void {
    rmSync(this.#folder, { recursive: true, force: true });
    mkdirSync(this.#folder, { recursive: true });
  }

  /** Newest first. */
  #names(): string[] {
    if (!existsSync(this.#folder)) return [];
    return readdirSync(this.#folder)
      .filter((name) => /^step-\d+\.plmd$/.test(name))
      .sort()
      .reverse();
  }
}

const nameOf = (step: number): string => `step-${String(step).padStart(12, "0")}.plmd`;

const packed = (tallies: readonly Tally[]): Float64Array =>
  Float64Array.from(
    tallies.flatMap((t) => [codeOf(t.threshold), t.threshold.above, t.count, t.firstStep, t.lastStep, t.largest]),
  );

const quantities = ["disagreement", "energy-spread", "extrapolations"] as const;
const actions = ["warn", "stop", "collect"] as const;
const codeOf = ({ quantity, action }: Threshold): number =>
  quantities.indexOf(quantity) * actions.length + actions.indexOf(action);

/** What a checkpoint knows beside the state. */
export function ledgerOf({ extras }: Checkpoint): Ledger {
  const numbers = extras.tallies ?? new Float64Array(0);
  const tallies = Array.from({ length: numbers.length / 6 }, (_, k): Tally => {
    const [code = 0, above = 0, count = 0, firstStep = 0, lastStep = 0, largest = 0] = numbers.subarray(
      6 * k,
      6 * k + 6,
    );
    const quantity = quantities[Math.floor(code / actions.length)] ?? "disagreement";
    return {
      threshold: { quantity, above, action: actions[code % actions.length] ?? "warn" },
      count,
      firstStep,
      lastStep,
      largest,
    };
  });
  return { lengths: [...(extras.lengths ?? [])], tallies };
}

/** Those of an earlier part of a run and those of a later one. */
export function mergedTallies(before: readonly Tally[], after: readonly Tally[]): Tally[] {
  const same = (a: Threshold, b: Threshold): boolean => codeOf(a) === codeOf(b) && a.above === b.above;
  const rest = after.filter((b) => !before.some((a) => same(a.threshold, b.threshold)));
  const joined = before.map((a) => {
    const b = after.find((t) => same(a.threshold, t.threshold));
    if (b === undefined) return a;
    return { ...a, count: a.count + b.count, lastStep: b.lastStep, largest: Math.max(a.largest, b.largest) };
  });
  return [...joined, ...rest];
}
