/** What simulations leave in their directories, and whether one has ended there. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../errors/index.js";
import type { RunKind } from "./run-directory.js";
import { readText } from "./wiring.js";

export const trajectoryNames = (stem: string): string[] =>
  [".extxyz", ".lammpstrj"].flatMap((end) => [`${stem}${end}`, `${stem}${end}.gz`]);

/** Of every simulation. */
const SHARED_FILES = [
  "config.yaml",
  "journal.jsonl",
  "checkpoints",
  "result.json",
  "collected.extxyz",
  "stopped.extxyz",
];

export interface SimulationDirectory<C extends object> {
  /** "a simulation" */
  readonly name: string;
  readonly format: { parse(text: string, file: string): C };
  /** Besides those of every simulation. */
  readonly files: readonly string[];
  readonly essence: RunKind<C>["essence"];
}

export const simulationRunKind = <C extends object>(directory: SimulationDirectory<C>): RunKind<C> => ({
  name: directory.name,
  files: [...SHARED_FILES, ...directory.files],
  read: (path) => {
    try {
      return directory.format.parse(readText(path), path);
    } catch (error) {
      // A directory of another kind, most likely.
      if (error instanceof InputError) return undefined;
      throw error;
    }
  },
  essence: directory.essence,
});

/** What an earlier call ended with, if it needs nothing more: a finished run may be asked for more; one that was stopped stays so. */
export function endedRecord<R extends { readonly reason: string }>(
  directory: string,
  wantsMore: (record: R) => boolean,
): R | undefined {
  const path = join(directory, "result.json");
  if (!existsSync(path)) return undefined;
  const record = JSON.parse(readFileSync(path, "utf8")) as R;
  return record.reason === "finished" && wantsMore(record) ? undefined : record;
}
