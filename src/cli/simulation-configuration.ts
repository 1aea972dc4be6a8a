/** A simulation's configuration from YAML, with every mistake at its file, line and column and the nearest key named. */
import type { z } from "zod";
import { describePlace, InputError, type Place, type Trouble } from "../errors/index.js";
import type { Override } from "../training/configuration.js";
import { kindOf } from "../training/configuration-keys.js";
import { nearest } from "../training/configuration-spelling.js";
import { parsePlacedYaml } from "../training/configuration-yaml.js";
import { simulationKeys, simulationSchemaAt } from "./simulation-keys.js";
import { type SimulationConfiguration, simulationSchema } from "./simulation-schema.js";

export type { SimulationConfiguration } from "./simulation-schema.js";

type Path = readonly PropertyKey[];

interface Mistake {
  readonly path: Path;
  /** Whether the place is the key itself rather than its value. */
  readonly atKey: boolean;
  readonly trouble: Omit<Trouble, "where">;
}

/** Reads a configuration file's text; overrides come last and win. */
export function parseSimulationConfiguration(
  text: string,
  file: string,
  overrides: readonly Override[] = [],
): SimulationConfiguration {
  const yaml = parsePlacedYaml(text, file);
  const input = overrides.reduce(
    (object, { path, value }) => withLongForms(withValue(object, path.split("."), value)),
    withLongForms(yaml.value),
  );
  const placeOf = ({ path, atKey }: Mistake): Place => {
    const name = path.join(".");
    const override = overrides.findLast(({ path: of }) => `${name}.`.startsWith(`${of}.`) || of.startsWith(`${name}.`));
    return override === undefined ? yaml.place(path, atKey) : { file: override.written };
  };
  const result = simulationSchema.safeParse(input);
  if (!result.success)
    throw firstOf(
      result.error.issues.flatMap((issue) => mistakesOf(issue, input)),
      placeOf,
    );
  const contradictions = contradictionsOf(result.data);
  if (contradictions.length > 0) throw firstOf(contradictions, placeOf);
  return result.data;
}

/** `ensemble: nve` and `structure: FILE` are short forms. */
function withLongForms(value: unknown): unknown {
  if (!isRecord(value)) return value;
  const { ensemble, structure } = value;
  return {
    ...value,
    ...(typeof ensemble === "string" ? { ensemble: { kind: ensemble } } : {}),
    ...(typeof structure === "string" ? { structure: { file: structure } } : {}),
  };
}

function withValue(object: unknown, [key, ...rest]: readonly string[], value: unknown): unknown {
  if (key === undefined) return value;
  const parent = isRecord(object) ? object : {};
  return { ...parent, [key]: withValue(parent[key], rest, value) };
}

function mistakesOf(issue: z.core.$ZodIssue, input: unknown): Mistake[] {
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownKey([...issue.path, key]));
  const absent = issue.path.length > 0 && valueAt(input, issue.path) === undefined;
  return [absent ? missingKey(issue.path) : wrongValue(issue.path, input)];
}

function unknownKey(path: Path): Mistake {
  const word = String(path.at(-1));
  const siblings = Object.keys(simulationSchemaAt(path.slice(0, -1))?.properties ?? {});
  const elsewhere = simulationKeys().find((key) => key.path.endsWith(`.${word}`))?.path;
  const similar = nearest(word, siblings);
  const meant = similar === undefined ? elsewhere : pathText([...path.slice(0, -1), similar]);
  const trouble = {
    code: "unknown-key",
    problem: `There is no key \`${pathText(path)}\`.`,
    remedy: meant === undefined ? `Known here: ${siblings.join(", ")}.` : `Did you mean \`${meant}\`?`,
  };
  return { path, atKey: true, trouble };
}

function missingKey(path: Path): Mistake {
  const key = simulationSchemaAt(path);
  const trouble = {
    code: "missing-key",
    problem: `The key \`${pathText(path)}\` is missing.`,
    ...(key?.type === undefined || key.type === "object" ? {} : { expected: `Expected ${kindOf(key)}.` }),
    remedy: key?.description === undefined ? "Add it." : `Add it: ${key.description}`,
  };
  return { path, atKey: false, trouble };
}

function wrongValue(path: Path, input: unknown): Mistake {
  const key = simulationSchemaAt(path);
  const found = valueAt(input, path);
  const choices = (key?.enum ?? key?.anyOf?.flatMap((choice) => choice.enum ?? choice.const ?? []) ?? []).map(String);
  const similar = typeof found === "string" ? nearest(found, choices) : undefined;
  const unit = key?.unit === undefined ? "" : ` (${key.unit})`;
  const trouble = {
    code: "bad-value",
    problem: `${path.length === 0 ? "The configuration" : `\`${pathText(path)}\``} is ${show(found)}.`,
    expected: path.length === 0 ? "Expected keys and values (a YAML map)." : `Expected ${kindOf(key ?? {})}${unit}.`,
    remedy: similar === undefined ? (key?.description ?? "Change it.") : `Did you mean \`${similar}\`?`,
  };
  return { path, atKey: false, trouble };
}

/** Keys that say something about what is not chosen. */
function contradictionsOf({ ensemble }: SimulationConfiguration): Mistake[] {
  const { kind } = ensemble;
  const thermostat = kind === "nvt" ? (ensemble.thermostat ?? "nose-hoover-chains") : undefined;
  const barostat = kind === "npt" ? (ensemble.barostat ?? "martyna-tobias-klein") : undefined;
  const chains = thermostat === "nose-hoover-chains" || barostat === "martyna-tobias-klein";
  const allowed: Readonly<Record<string, boolean>> = {
    thermostat: kind === "nvt",
    barostat: kind === "npt",
    cell: kind === "npt",
    temperatureTime: kind === "npt" || (thermostat !== undefined && thermostat !== "langevin"),
    pressureTime: kind === "npt",
    friction: thermostat === "langevin",
    chain: chains,
    compressibility: barostat === "cell-rescaling",
  };
  const given = Object.entries(ensemble).filter(([key, value]) => value !== null && allowed[key] === false);
  const chosen = [kind, thermostat ?? barostat].filter(Boolean).join(" with ");
  return given.map(([key]) => ({
    path: ["ensemble", key],
    atKey: true,
    trouble: {
      code: "contradiction",
      problem: `\`ensemble.${key}\` means nothing for ${chosen}.`,
      remedy: "Remove it, or choose the ensemble that it belongs to.",
    },
  }));
}

/** The first by line; the text says how many more there are. */
function firstOf(mistakes: readonly Mistake[], placeOf: (mistake: Mistake) => Place): InputError {
  const placed = mistakes.map((mistake) => ({ ...mistake.trouble, where: placeOf(mistake) }));
  placed.sort((a, b) => (a.where.line ?? 0) - (b.where.line ?? 0));
  const [first, ...rest] = placed;
  if (first === undefined) throw new Error("no mistakes");
  const others = rest.map(({ where, problem }) => `${describePlace(where)}${where.line ? ": " : ""}${problem}`);
  return new InputError({
    ...first,
    remedy: `${first.remedy}${others.length === 0 ? "" : ` Also: ${others.join(" ")}`}`,
  });
}

function valueAt(input: unknown, path: Path): unknown {
  let value = input;
  for (const step of path) value = isRecord(value) || Array.isArray(value) ? (value as never)[step] : undefined;
  return value;
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? "absent";
  const short = text.length > 60 ? `${text.slice(0, 57)}…` : text;
  return typeof value === "string" ? `the text ${short}` : short;
}

/** `fixed[2]`: items of lists count from 1. */
const pathText = (path: Path): string =>
  path
    .map((step) => (typeof step === "number" ? `[${step + 1}]` : `.${String(step)}`))
    .join("")
    .replace(/^\./, "");

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
