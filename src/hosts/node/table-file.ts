/** Tables that simulations write, read back: CSV with a line of titles, or one JSON object a line. */
import { readFileSync } from "node:fs";
import type { TableRow } from "../../properties/index.js";

/** Rows without what is not a finite number; a last line that was cut is left out. */
export function readTable(path: string): TableRow[] {
  const lines = readFileSync(path, "utf8").split("\n");
  // Behind the last line end there is nothing, or the beginning of a line.
  lines.pop();
  if (path.endsWith(".jsonl")) return lines.map((line) => numbersOf(Object.entries(JSON.parse(line) as object)));
  const [titles = [], ...rows] = lines.map((line) => line.split(","));
  return rows.map((cells) =>
    numbersOf(cells.map((cell, k) => [titles[k] ?? "", cell === "" ? undefined : Number(cell)])),
  );
}

const numbersOf = (entries: readonly (readonly [string, unknown])[]): TableRow =>
  new Map(entries.filter((entry): entry is [string, number] => Number.isFinite(entry[1])));
