/**
 * Writes that leave a file whole, for callers that cannot wait (a worker in its loop): replaced at once (written beside it, flushed,
 * renamed), or longer by a line.
 */
import { closeSync, fstatSync, fsyncSync, openSync, readSync, renameSync, rmSync, writeSync } from "node:fs";
import { runTrouble } from "./atomic.js";

/**
 * Without `flush` a killed program still leaves the old file or the new one; only a loss of power may lose the new one. It
 * saves some 20 ms, a tenth of an epoch.
 */
export function writeFileSafely(path: string, bytes: Uint8Array | string, { flush = true } = {}): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    inFile(temporary, "w", (file) => {
      writeWhole(file, typeof bytes === "string" ? Buffer.from(bytes) : bytes);
      if (flush) fsyncSync(file);
    });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw runTrouble(path, error);
  }
}

/**
 * A line that a kill or a full disk has cut stays cut: the next one begins anew, and readers pass over what is no whole line of theirs.
 */
export function appendLine(path: string, line: string, { flush = true } = {}): void {
  try {
    inFile(path, "a+", (file) => {
      writeWhole(file, Buffer.from(`${endsInLine(file) ? "" : "\n"}${line}\n`));
      if (flush) fsyncSync(file);
    });
  } catch (error) {
    throw runTrouble(path, error);
  }
}

function inFile(path: string, flags: string, work: (file: number) => void): void {
  const file = openSync(path, flags);
  try {
    work(file);
  } finally {
    closeSync(file);
  }
}

/** Where little space is left the system writes a part, and says so by a number only. */
function writeWhole(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
}

/** Whether the last line is whole, so that the next one does not join it. */
function endsInLine(file: number): boolean {
  const { size } = fstatSync(file);
  if (size === 0) return true;
  const last = Buffer.alloc(1);
  readSync(file, last, 0, 1, size - 1);
  return last[0] === 0x0a;
}
