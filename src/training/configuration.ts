/**
 * Training configurations: from YAML or from an object to one with every default filled in. The schema is in
 * `configuration-schema.ts`; whatever is wrong is an `InputError` that names the key, the place and the nearest key.
 */
import { ConfigurationFormat, isRecord, type KeyTrouble } from "../configuration/index.js";
import { defaultMethod } from "./configuration-optimizer.js";
import { type TrainingConfiguration, trainingSchema } from "./configuration-schema.js";

export {
  type ActivationName,
  activationLetters,
  type CutoffName,
  cutoffTypes,
  type OptimizerConfiguration,
  type OptimizerOf,
  type TrainingConfiguration,
  type TrainingConfigurationInput,
} from "./configuration-schema.js";

type Input = Readonly<Record<string, unknown>>;

export const trainingFormat = new ConfigurationFormat({
  schema: trainingSchema,
  longForm: (input) => withLongExecution(withLongDropout(withDefaultMethod(input))),
  complete: withDropoutAlone,
  contradictions: contradictionsOf,
});

/** A union needs its method to be chosen; `optimizer: {rate: 0.01}` means the default one. */
function withDefaultMethod(input: Input): Input {
  const { optimizer } = input;
  if (!isRecord(optimizer) || "method" in optimizer) return input;
  return { ...input, optimizer: { method: defaultMethod, ...optimizer } };
}

/** `network: {dropout: 0.1}` is short for the probability. */
function withLongDropout(input: Input): Input {
  const { network } = input;
  if (!isRecord(network) || typeof network.dropout !== "number") return input;
  return { ...input, network: { ...network, dropout: { probability: network.dropout } } };
}

/** `execution: slurm` is short for its kind. */
function withLongExecution(input: Input): Input {
  const { execution } = input;
  return typeof execution === "string" ? { ...input, execution: { kind: execution } } : input;
}

/** A dropout potential is one network unless a committee is asked for. */
function withDropoutAlone(input: Input): Input {
  const { network, committee = {} } = input;
  if (!isRecord(network) || !isRecord(network.dropout) || !isRecord(committee)) return input;
  return Number(network.dropout.probability) > 0 ? { ...input, committee: { members: 1, ...committee } } : input;
}

function contradictionsOf(c: TrainingConfiguration): KeyTrouble[] {
  const found: KeyTrouble[] = [];
  const add = (path: string, problem: string, remedy: string) =>
    found.push({ path: path.split("."), atKey: false, trouble: { code: "contradiction", problem, remedy } });
  if (c.scaling.low >= c.scaling.high) {
    add(
      "scaling.low",
      `\`scaling.low\` ${c.scaling.low} is not below \`scaling.high\` ${c.scaling.high}.`,
      "Change one.",
    );
  }
  if (c.descriptors.functions.length > 0 && c.descriptors.file !== null) {
    add(
      "descriptors.file",
      "Both `descriptors.functions` and `descriptors.file` give functions.",
      "Remove one of them.",
    );
  }
  if (c.test === null && c.split.method === "group" && c.split.groups.length === 0) {
    add("split.method", "The split is by group, but `split.groups` names none.", "Name the groups of the test set.");
  }
  if (c.network.dropout.probability > 0 && isDeterministic(c.optimizer.method)) {
    add(
      "optimizer.method",
      `\`optimizer.method\` ${c.optimizer.method} needs one loss for all its steps, and dropout draws other neurons at each.`,
      "Fit with soap, adam, momentum or kalman, or without `network.dropout`.",
    );
  }
  const { energy, forces, forcesUsed } = c.loss;
  if (energy === 0 && (forces === 0 || !forcesUsed)) {
    add("loss.energy", "Neither energies nor forces have a weight.", "Give one of them a weight above 0.");
  }
  return found;
}

const isDeterministic = (method: string): boolean => method === "lbfgs" || method === "levenberg-marquardt";
