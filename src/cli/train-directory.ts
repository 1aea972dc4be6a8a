/** What a fit leaves in its directory. */
import { InputError } from "../errors/index.js";
import { type TrainingConfiguration, trainingFormat } from "../training/configuration.js";
import type { RunKind } from "./run-directory.js";
import { readText } from "./wiring.js";

export const fitDirectory: RunKind<TrainingConfiguration> = {
  name: "a run",
  files: ["config.yaml", "journal.jsonl", "checkpoints", "potential.json", "result.json", "report.html"],
  read: (path) => {
    try {
      return trainingFormat.parse(readText(path), path);
    } catch (error) {
      // Another kind of run, most likely.
      if (error instanceof InputError) return undefined;
      throw error;
    }
  },
  essence: ({ out, threads, checkpoint, execution, ...rest }) => rest,
};
