/** Why there are no labels. Failures are results, kept with the calculation and counted; they are never labels. */
import type { Place, Trouble } from "../errors/index.js";

export type FailureKind =
  /** The electrons have not converged. */
  | "unconverged"
  /** Ended by us after the limit. */
  | "time-limit"
  | "memory-limit"
  /** Ended by the user. */
  | "cancelled"
  /** The program ended with an error of its own. */
  | "crashed"
  /** It ended, and its output is not complete. */
  | "cut-output"
  /** Its output is of another structure than the one asked for. */
  | "wrong-structure"
  /** Energy or forces are not finite, or implausible. */
  | "not-finite"
  /** It left the socket. */
  | "disconnected"
  /** It cannot be started. */
  | "not-started";

export interface Failure {
  readonly kind: FailureKind;
  /** One sentence. */
  readonly problem: string;
  /** One sentence. */
  readonly remedy: string;
  readonly where?: Place | undefined;
  /** Last lines that the program printed. */
  readonly excerpt?: string | undefined;
  readonly exitCode?: number | undefined;
}

export const failed = (failure: Failure): { readonly converged: false; readonly failure: Failure } => ({
  converged: false,
  failure,
});

const kindOfCode: Readonly<Record<string, FailureKind>> = {
  unconverged: "unconverged",
  "not-finite": "not-finite",
  "program-error": "crashed",
};

/** What a reader has refused, as a failure. */
export const failureOf = ({ code, where, problem, remedy }: Trouble): Failure => ({
  kind: kindOfCode[code] ?? "cut-output",
  problem,
  remedy,
  where,
});

/** Last lines of a text, at most `count` that are not blank. */
export const lastLines = (text: string, count = 12): string =>
  text
    .split(/\r?\n/)
    .filter((line) => line.trim() !== "")
    .slice(-count)
    .join("\n");

/** How often each kind came, most frequent first. */
export function countFailures(failures: Iterable<Failure>): [FailureKind, number][] {
  const counts = new Map<FailureKind, number>();
  for (const { kind } of failures) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]);
}
