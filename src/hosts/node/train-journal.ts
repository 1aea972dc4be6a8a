/**
 * `journal.jsonl` of a run directory: events, one a line. A line is on disk before what it says is told, so a killed run knows what
 * had been done, and how much time its parts took.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writing } from "./atomic.js";
import { appendLine } from "./safe-file.js";

const fileName = "journal.jsonl";

/** Marks a directory as a run before anything else is written there. */
export function startRunDirectory(directory: string): void {
  writing(directory, () => {
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, fileName), "", { flag: "a" });
  });
}

export class Journal {
  readonly #path: string;
  readonly #started: number;

  /** `started`: of this part of the run, as `performance.now` tells it. */
  constructor(directory: string, started: number, name = fileName) {
    this.#path = join(directory, name);
    this.#started = started;
  }

  /** Each line says how long this part has been going on, `wall` in s. */
  write(event: Readonly<Record<string, unknown>>): void {
    const wall = Math.round(performance.now() - this.#started) / 1000;
    appendLine(this.#path, JSON.stringify({ ...event, wall }), { flush: false });
  }

  /** Wall time of all earlier parts of the run, s: each counts up to its last line. */
  earlierSeconds(): number {
    if (!existsSync(this.#path)) return 0;
    let sum = 0;
    let part = 0;
    for (const line of readFileSync(this.#path, "utf8").split("\n")) {
      const { event, wall } = parsed(line);
      if (event === "start") {
        sum += part;
        part = 0;
      }
      if (typeof wall === "number") part = wall;
    }
    return sum + part;
  }
}

/** The last line may have been cut off by a kill. */
function parsed(line: string): { readonly event?: unknown; readonly wall?: unknown } {
  try {
    return JSON.parse(line) as { event?: unknown; wall?: unknown };
  } catch {
    return {};
  }
}
