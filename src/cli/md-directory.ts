/** What molecular dynamics leaves in its directory, and whether it has ended there. */
import type { SimulationRecord } from "./md-result.js";
import type { RunKind } from "./run-directory.js";
import { type SimulationConfiguration, simulationFormat } from "./simulation-configuration.js";
import { endedRecord, simulationRunKind, trajectoryNames } from "./simulation-directory.js";

export const simulationDirectory: RunKind<SimulationConfiguration> = simulationRunKind({
  name: "a simulation",
  format: simulationFormat,
  files: ["thermo.csv", "thermo.jsonl", ...trajectoryNames("trajectory")],
  // A potential is told by its content, and a run may be asked for more steps.
  essence: ({ out, threads, steps, potential, structure, ...rest }) => ({
    ...rest,
    structure: { ...structure, file: "" },
  }),
});

export const endedRun = (directory: string, { steps }: SimulationConfiguration): SimulationRecord | undefined =>
  endedRecord<SimulationRecord>(directory, ({ step }) => step < steps);
