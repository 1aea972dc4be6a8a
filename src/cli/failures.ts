/** Errors as text or JSON, and as exit codes: 0 done, 1 failed, 2 bad input, 3 stopped by an uncertainty threshold. */
import { CommanderError } from "commander";
import { InputError } from "../errors/index.js";
import { fullDiskTrouble } from "../hosts/node/atomic.js";
import { printLine, type Terminal } from "./terminal.js";

/** 128 + SIGINT, as shells have it. */
export const interruptedCode = 130;

/** The user stopped the command; the message says how to go on. */
export class Interrupted extends Error {}

export interface FailureStyle {
  readonly json: boolean;
  /** Whether to show where in the program it happened. */
  readonly debug: boolean;
}

/** Tells the user and returns the exit code. */
export function tellFailure(failure: unknown, terminal: Terminal, { json, debug }: FailureStyle): number {
  const error = fullDiskTrouble(".", failure);
  // Commander has printed its own message, or help.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : tellUsage(error, terminal, json);
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof Interrupted) {
    printLine(terminal.err, message);
    return interruptedCode;
  }
  const expected = error instanceof InputError;
  printLine(terminal.err, expected ? `Error: ${message}` : `Failed: ${firstLine(message)}`);
  if (debug && error instanceof Error) printLine(terminal.err, error.stack ?? "");
  else if (!expected) printLine(terminal.err, "This is not your input; --debug shows where it happened.");
  if (json) printLine(terminal.out, JSON.stringify({ error: errorRecord(error, message) }));
  return expected ? 2 : 1;
}

function tellUsage(error: CommanderError, terminal: Terminal, json: boolean): number {
  if (json) printLine(terminal.out, JSON.stringify({ error: { code: "usage", message: error.message } }));
  return 2;
}

const firstLine = (text: string): string => text.split("\n", 1)[0]!;

function errorRecord(error: unknown, message: string): Readonly<Record<string, unknown>> {
  return error instanceof InputError ? { ...error.trouble, message } : { code: "failed", message: firstLine(message) };
}
