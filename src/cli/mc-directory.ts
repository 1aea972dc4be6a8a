/** What Monte Carlo leaves in its directory, and whether it has ended there. */
import type { SamplingRecord } from "./mc-result.js";
import { type SamplingConfiguration, samplingFormat } from "./mc-schema.js";
import type { RunKind } from "./run-directory.js";
import { endedRecord, simulationRunKind, trajectoryNames } from "./simulation-directory.js";

export const samplingDirectory: RunKind<SamplingConfiguration> = simulationRunKind({
  name: "a Monte Carlo run",
  format: samplingFormat,
  files: ["samples.csv", "samples.jsonl", ...trajectoryNames("trajectory")],
  // A potential is told by its content, and a run may be asked for more steps.
  essence: ({ out, threads, steps, potential, structure, ...rest }) => ({
    ...rest,
    structure: { ...structure, file: "" },
  }),
});

export const endedSampling = (directory: string, { steps }: SamplingConfiguration): SamplingRecord | undefined =>
  endedRecord<SamplingRecord>(directory, ({ step }) => step < steps);
