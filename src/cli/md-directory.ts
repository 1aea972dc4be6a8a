/** What a simulation leaves in its directory, and whether one has ended there. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../errors/index.js";
import type { SimulationRecord } from "./md-result.js";
import type { RunKind } from "./run-directory.js";
import { type SimulationConfiguration, simulationFormat } from "./simulation-configuration.js";
import { readText } from "./wiring.js";

export const simulationDirectory: RunKind<SimulationConfiguration> = {
  name: "a simulation",
  files: [
    ...["config.yaml", "journal.jsonl", "checkpoints", "result.json", "thermo.csv", "thermo.jsonl"],
    ...["trajectory.extxyz", "trajectory.extxyz.gz", "trajectory.lammpstrj", "trajectory.lammpstrj.gz"],
    ...["collected.extxyz", "stopped.extxyz"],
  ],
  read: (path) => {
    try {
      return simulationFormat.parse(readText(path), path);
    } catch (error) {
      // A fit's directory, most likely.
      if (error instanceof InputError) return undefined;
      throw error;
    }
  },
  // A potential is told by its content, and a run may be asked for more steps.
  essence: ({ out, threads, steps, potential, structure, ...rest }) => ({
    ...rest,
    structure: { ...structure, file: "" },
  }),
};

/** What an earlier call ended with, if it needs nothing more: a finished run may be asked for more steps; one that was stopped stays so. */
export function endedRun(directory: string, { steps }: SimulationConfiguration): SimulationRecord | undefined {
  const path = join(directory, "result.json");
  if (!existsSync(path)) return undefined;
  const record = JSON.parse(readFileSync(path, "utf8")) as SimulationRecord;
  return record.reason === "finished" && record.step < steps ? undefined : record;
}
