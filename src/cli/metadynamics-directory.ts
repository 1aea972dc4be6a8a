/** What metadynamics leaves in its directory, and whether it has ended there. */
import type { MetadynamicsEndRecord } from "./metadynamics-result.js";
import { type MetadynamicsConfiguration, metadynamicsFormat } from "./metadynamics-schema.js";
import type { RunKind } from "./run-directory.js";
import { endedRecord, simulationRunKind, trajectoryNames } from "./simulation-directory.js";

export const metadynamicsDirectory: RunKind<MetadynamicsConfiguration> = simulationRunKind({
  name: "a metadynamics run",
  format: metadynamicsFormat,
  files: ["metasteps.csv", "metasteps.jsonl", ...trajectoryNames("frames")],
  // A potential is told by its content, and a run may be asked for more steps.
  essence: ({ out, threads, metasteps, potential, structure, ...rest }) => ({
    ...rest,
    structure: { ...structure, file: "" },
  }),
});

export const endedMetadynamics = (
  directory: string,
  { metasteps }: MetadynamicsConfiguration,
): MetadynamicsEndRecord | undefined =>
  endedRecord<MetadynamicsEndRecord>(directory, ({ metastep }) => metastep < metasteps);
