/** An append-only file of events, one line of JSON each. A line is on the disk before what it says counts. */
import { readFileSync } from "node:fs";
import { appendLine } from "../safe-file.js";

export type LoggedEvent = Readonly<Record<string, unknown>>;

export class EventLog {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  write(event: LoggedEvent): void {
    appendLine(this.path, JSON.stringify(event));
  }

  /** All events so far; a line that a kill or a full disk has cut says nothing. */
  read(): LoggedEvent[] {
    return textOf(this.path).split("\n").flatMap(eventOf);
  }
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
