/** An append-only file of events, one line of JSON each. A line is on the disk before what it says counts. */
import { closeSync, fstatSync, fsyncSync, openSync, readFileSync, readSync, writeSync } from "node:fs";
import { writeTrouble } from "../atomic.js";

export type LoggedEvent = Readonly<Record<string, unknown>>;

export class EventLog {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  write(event: LoggedEvent): void {
    try {
      const file = openSync(this.path, "a+");
      try {
        writeSync(file, `${endsInLine(file) ? "" : "\n"}${JSON.stringify(event)}\n`);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
    } catch (error) {
      throw writeTrouble(this.path, error);
    }
  }

  /** All events so far; a line that a kill or a full disk has cut says nothing. */
  read(): LoggedEvent[] {
    return textOf(this.path).split("\n").flatMap(eventOf);
  }
}

/** Whether the last line is whole, so that the next one does not join it. */
function endsInLine(file: number): boolean {
  const { size } = fstatSync(file);
  if (size === 0) return true;
  const last = Buffer.alloc(1);
  readSync(file, last, 0, 1, size - 1);
  return last[0] === 0x0a;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
    throw error;
  }
}

function eventOf(line: string): LoggedEvent[] {
  try {
    const event: unknown = JSON.parse(line);
    return typeof event === "object" && event !== null ? [event as LoggedEvent] : [];
  } catch {
    return [];
  }
}
