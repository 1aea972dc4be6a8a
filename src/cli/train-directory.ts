/** What a fit leaves in its directory. */
import { type TrainingConfiguration, trainingFormat } from "../training/configuration.js";
import type { RunKind } from "./run-directory.js";
import { readText } from "./wiring.js";

export const fitDirectory: RunKind<TrainingConfiguration> = {
  name: "a run",
  files: ["config.yaml", "journal.jsonl", "checkpoints", "potential.json", "result.json", "report.html"],
  read: (path) => trainingFormat.parse(readText(path), path),
  essence: ({ out, threads, checkpoint, ...rest }) => rest,
};
