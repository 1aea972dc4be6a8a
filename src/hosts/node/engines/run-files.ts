/** What the shell around a program notes in its directory, for whoever comes later. */
import { readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";

export const runFiles = {
  /** Of everything that decides the result; written before the start. */
  input: ".input",
  /** Number of the shell's process, which is that of its session. */
  session: ".session",
  /** What its children have used. */
  times: ".times",
  /** Code with which the program has ended; the last thing written. */
  exit: ".exit",
} as const;

export function noteIn(directory: string, name: keyof typeof runFiles): string | undefined {
  try {
    return readFileSync(join(directory, runFiles[name]), "latin1");
  } catch {
    return undefined;
  }
}

/** When a note was written, ms since 1970. */
export const noteTime = (directory: string, name: keyof typeof runFiles): number | undefined =>
  statSync(join(directory, runFiles[name]), { throwIfNoEntry: false })?.mtimeMs;

/** Second line of the shell's `times`: user and system time of its children, "0m1.250000s 0m0.040000s". */
export function cpuSecondsIn(directory: string): number | undefined {
  const line = noteIn(directory, "times")?.split("\n")[1] ?? "";
  const parts = [...line.matchAll(/(\d+)m([\d.]+)s/g)].map(
    ([, minutes, seconds]) => 60 * Number(minutes) + Number(seconds),
  );
  return parts.length === 2 ? parts[0]! + parts[1]! : undefined;
}

/** Once the result is recorded the notes are of no more use. */
export function removeNotes(directory: string): void {
  for (const name of Object.values(runFiles)) rmSync(join(directory, name), { force: true });
}
