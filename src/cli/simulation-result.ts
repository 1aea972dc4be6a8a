/** What every simulation ends with: its part of the record, of the text, and the exit code. */
import { join, resolve } from "node:path";
import type { Tally } from "../dynamics/index.js";
import type { FolderEnd } from "../hosts/node/simulate-folder.js";
import { significant } from "../reports/index.js";
import { EndedEarly } from "./ended-early.js";

/** As `result.json` and --json have it. */
export interface EndRecord {
  readonly directory: string;
  readonly reason: string;
  readonly message: string | null;
  readonly atoms: number;
  readonly seed: number;
  readonly thresholds: readonly Tally[];
  readonly advice: string | null;
  /** Absolute paths. */
  readonly files: Readonly<Record<string, string>>;
  readonly seconds: number;
}

export interface RunFacts {
  readonly directory: string;
  readonly atoms: number;
  readonly seed: number;
}

/** Without advice. */
export function endRecord(
  { message, tallies, files, seconds }: FolderEnd,
  { directory, atoms, seed }: RunFacts,
): Omit<EndRecord, "reason" | "advice"> {
  return {
    ...{ directory: resolve(directory), message: message ?? null, atoms, seed, thresholds: tallies },
    files: Object.fromEntries(Object.entries(files).map(([what, name]) => [what, resolve(directory, name)])),
    seconds,
  };
}

/** Lines for thresholds and files. */
export function endLines({ thresholds, files }: EndRecord, out: string): string[] {
  const passed = thresholds.map(
    ({ threshold: t, count, largest }) =>
      `${t.quantity} above ${t.above} (${t.action}): ${count} times, at most ${significant(largest)}`,
  );
  const written = Object.entries(files).map(([what, path]) =>
    labelled(titled(what), join(out, path.split(/[\\/]/).at(-1) ?? "")),
  );
  return [...passed, ...written];
}

export const GUESSED = "The run is so short that errors are guesses, probably too small.";

export const labelled = (label: string, value: string): string => `${label.padEnd(13)} ${value}`;

const titled = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

/** Throws where the run did not come to its end. */
export function checkEnded({ reason, message }: EndRecord): void {
  if (reason === "stopped") throw new EndedEarly(message ?? "stopped", 3);
  if (reason === "failed") throw new EndedEarly(message ?? "failed", 1);
}
