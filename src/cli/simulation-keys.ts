/** The keys of a simulation's configuration, read off the schema: for `--help`, the guide and messages about mistakes. */
import { z } from "zod";
import { type KeySchema, kindOf } from "../training/configuration-keys.js";
import { simulationSchema } from "./simulation-schema.js";

export interface SimulationKey {
  /** "ensemble.kind" */
  readonly path: string;
  readonly kind: string;
  readonly required: boolean;
  /** As YAML, on one line; undefined where there is none. */
  readonly standard: string | undefined;
  readonly unit: string | undefined;
  readonly help: string;
}

/** JSON schema of a configuration file, for editors. */
export const simulationJsonSchema = (): KeySchema => z.toJSONSchema(simulationSchema, { io: "input" }) as KeySchema;

export const simulationKeys = (): SimulationKey[] => keysOf(simulationJsonSchema(), "");

function keysOf(object: KeySchema, prefix: string): SimulationKey[] {
  return Object.entries(object.properties ?? {}).flatMap(([name, key]) => {
    const path = prefix + name;
    if (key.properties) return keysOf(key, `${path}.`);
    const required = object.required?.includes(name) === true;
    const standard = key.default === undefined ? undefined : inlineYaml(key.default);
    return [{ path, kind: kindOf(key), required, standard, unit: key.unit, help: key.description ?? "" }];
  });
}

const inlineYaml = (value: unknown): string =>
  typeof value === "string" ? value : JSON.stringify(value).replaceAll(/([:,])(?=\S)/g, "$1 ");

/** Schema of the key at a path; undefined where there is none, and inside lists and choices. */
export function simulationSchemaAt(path: readonly PropertyKey[]): KeySchema | undefined {
  let key: KeySchema | undefined = simulationJsonSchema();
  for (const step of path) key = key?.properties?.[String(step)] ?? (typeof step === "number" ? key?.items : undefined);
  return key;
}

/** One line or two a key, for a terminal. */
export function simulationKeysText(): string {
  return simulationKeys()
    .map((key) => `  ${key.path}: ${facts(key)}\n      ${key.help}`)
    .join("\n");
}

function facts({ kind, unit, required, standard }: SimulationKey): string {
  const value = required ? ", required" : standard === undefined ? "" : `, default ${standard}`;
  return `${kind}${unit === undefined ? "" : `, ${unit}`}${value}`;
}

/** The table of keys in docs/guide/simulation.md. */
export function simulationKeysMarkdown(): string {
  const inCell = (text: string): string => text.replaceAll("|", "\\|");
  const rows = simulationKeys().map((key) => {
    const standard = key.required ? "required" : key.standard === undefined ? "" : `\`${key.standard}\``;
    return `| \`${key.path}\` | ${inCell(key.kind)} | ${standard} | ${key.unit ?? ""} | ${inCell(key.help)} |`;
  });
  return `| key | value | default | unit | meaning |\n|---|---|---|---|---|\n${rows.join("\n")}\n`;
}
