/**
 * Training configurations: from YAML or from an object to one with every default filled in. The schema is in
 * `configuration-schema.ts`; whatever is wrong is an `InputError` that names the key, the place and the nearest key.
 */
import { describePlace, InputError, type Place } from "../errors/index.js";
import { defaultMethod } from "./configuration-optimizer.js";
import { type TrainingConfiguration, type TrainingConfigurationInput, trainingSchema } from "./configuration-schema.js";
import { type KeyTrouble, keyTroubles } from "./configuration-trouble.js";
import { type PlacedYaml, parsePlacedYaml, parseYamlValue } from "./configuration-yaml.js";

export { trainingJsonSchema, trainingKeys } from "./configuration-keys.js";
export { trainingKeysMarkdown, trainingKeysText } from "./configuration-reference.js";
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
export { nearest } from "./configuration-spelling.js";

/** A key that replaces one of the file. */
export interface Override {
  /** "optimizer.rate" */
  readonly path: string;
  readonly value: unknown;
  /** How the user wrote it: `--set optimizer.rate=0.01`; messages name it. */
  readonly written: string;
}

/** `optimizer.rate=0.01`, as written after an option such as --set. */
export function parseOverride(text: string, option = "--set"): Override {
  const equals = text.indexOf("=");
  const written = `${option} ${text}`;
  if (equals <= 0) {
    throw new InputError({
      code: "bad-override",
      where: { file: written },
      problem: "There is no key and value here.",
      expected: "Expected key.path=value.",
      remedy: "Write for example --set optimizer.rate=0.01.",
    });
  }
  return { path: text.slice(0, equals).trim(), value: parseYamlValue(text.slice(equals + 1), written), written };
}

/** Reads a configuration file's text; overrides come last and win. */
export function parseTrainingConfiguration(
  yamlText: string,
  fileName: string,
  { overrides = [] }: { overrides?: readonly Override[] } = {},
): TrainingConfiguration {
  const yaml = parsePlacedYaml(yamlText, fileName);
  return resolve(withOverrides(yaml.value, overrides), placeFinder(yaml, overrides));
}

/** Fills in the defaults of a configuration that is an object already. */
export function resolveTrainingConfiguration(
  object: TrainingConfigurationInput | Readonly<Record<string, unknown>>,
  { overrides = [] }: { overrides?: readonly Override[] } = {},
): TrainingConfiguration {
  const nowhere: PlacedYaml = { value: object, place: () => ({}) };
  return resolve(withOverrides(object, overrides), placeFinder(nowhere, overrides));
}

type PlaceFinder = (trouble: KeyTrouble) => Place;

function resolve(value: unknown, placeOf: PlaceFinder): TrainingConfiguration {
  const input = withDropoutAlone(withLongDropout(withDefaultMethod(value)));
  const result = trainingSchema.safeParse(input);
  if (!result.success)
    throw firstTrouble(
      result.error.issues.flatMap((issue) => keyTroubles(issue, input)),
      placeOf,
    );
  const contradictions = contradictionsOf(result.data);
  if (contradictions.length > 0) throw firstTrouble(contradictions, placeOf);
  return result.data;
}

/** A union needs its method to be chosen; `optimizer: {rate: 0.01}` means the default one. */
function withDefaultMethod(value: unknown): unknown {
  if (!isRecord(value)) return value;
  const { optimizer } = value;
  if (!isRecord(optimizer) || "method" in optimizer) return value;
  return { ...value, optimizer: { method: defaultMethod, ...optimizer } };
}

/** `network: {dropout: 0.1}` is short for the probability. */
function withLongDropout(value: unknown): unknown {
  if (!isRecord(value) || !isRecord(value.network) || typeof value.network.dropout !== "number") return value;
  return { ...value, network: { ...value.network, dropout: { probability: value.network.dropout } } };
}

/** A dropout potential is one network unless a committee is asked for. */
function withDropoutAlone(value: unknown): unknown {
  if (!isRecord(value) || !isRecord(value.network) || !isRecord(value.network.dropout)) return value;
  const { committee = {} } = value;
  if (!(Number(value.network.dropout.probability) > 0) || !isRecord(committee)) return value;
  return { ...value, committee: { members: 1, ...committee } };
}

/** The first by line; the text says how many more there are, so that nobody has to correct them one by one blindly. */
function firstTrouble(troubles: readonly KeyTrouble[], placeOf: PlaceFinder): InputError {
  const placed = troubles.map((one) => ({ ...one.trouble, where: placeOf(one) }));
  placed.sort((a, b) => (a.where.line ?? 0) - (b.where.line ?? 0));
  const [first, ...rest] = placed;
  const others = rest.map(({ where, problem }) => `${describePlace(where)}${where.line ? ": " : ""}${problem}`);
  const more = others.length === 0 ? "" : ` Also: ${others.join(" ")}`;
  return new InputError({ ...first!, remedy: `${first!.remedy}${more}` });
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

function placeFinder(yaml: PlacedYaml, overrides: readonly Override[]): PlaceFinder {
  return ({ path, atKey }) => {
    const text = path.join(".");
    const override = overrides.findLast(
      ({ path: of }) => of === text || text.startsWith(`${of}.`) || of.startsWith(`${text}.`),
    );
    return override ? { file: override.written } : yaml.place(path, atKey);
  };
}

function withOverrides(value: unknown, overrides: readonly Override[]): unknown {
  return overrides.reduce((object, override) => withOverride(withLongDropout(object), override), value);
}

function withOverride(value: unknown, override: Override): unknown {
  const replacesMethod = override.path === "optimizer.method" && methodOf(value) !== override.value;
  // Another method has other keys: those of the method that is replaced go.
  const base = replacesMethod && isRecord(value) ? { ...value, optimizer: {} } : value;
  return withValue(base, override.path.split("."), override.value);
}

const methodOf = (value: unknown): unknown =>
  isRecord(value) && isRecord(value.optimizer) ? (value.optimizer.method ?? defaultMethod) : defaultMethod;

function withValue(object: unknown, [key, ...rest]: readonly string[], value: unknown): unknown {
  if (key === undefined) return value;
  const parent = isRecord(object) ? object : {};
  return { ...parent, [key]: withValue(parent[key], rest, value) };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
