/** The keys of the training configuration as a list, read off the schema: for messages, `--help` and documentation. */
import { z } from "zod";
import { trainingSchema } from "./configuration-schema.js";

/** The part of JSON schema that `z.toJSONSchema` makes of our schema. */
export interface KeySchema {
  readonly type?: string;
  readonly description?: string;
  readonly unit?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly properties?: Readonly<Record<string, KeySchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: KeySchema | boolean;
  readonly items?: KeySchema;
  readonly anyOf?: readonly KeySchema[];
  readonly oneOf?: readonly KeySchema[];
}

export interface KeyDescription {
  /** "optimizer.rate" */
  readonly path: string;
  /** Value of `optimizer.method` for which the key exists; undefined where it always does. */
  readonly method?: string;
  /** "number from 0 to 1", "random | group", … */
  readonly kind: string;
  readonly required: boolean;
  /** As YAML, on one line. */
  readonly default?: string;
  readonly unit?: string;
  readonly help: string;
}

/** JSON schema of a configuration file, for editors. */
export function trainingJsonSchema(): KeySchema {
  return z.toJSONSchema(trainingSchema, { io: "input" }) as KeySchema;
}

let schema: KeySchema | undefined;
const root = (): KeySchema => {
  schema ??= trainingJsonSchema();
  return schema;
};

/** Every key that holds a value, in the order of the schema. */
export function trainingKeys(): KeyDescription[] {
  return keysOf(root(), "");
}

function keysOf(object: KeySchema, prefix: string, method?: string): KeyDescription[] {
  return Object.entries(object.properties ?? {}).flatMap(([name, key]) => {
    const path = prefix + name;
    if (key.oneOf) return [methodKey(path, key), ...key.oneOf.flatMap((one) => branchKeys(one, path))];
    if (key.properties) return keysOf(key, `${path}.`, method);
    return [describeKey(path, key, { required: object.required?.includes(name) ?? false, method })];
  });
}

function methodKey(path: string, union: KeySchema): KeyDescription {
  const kind = (union.oneOf ?? []).map((one) => one.properties?.method?.const).join(" | ");
  const standard = (union.default as { method?: string } | undefined)?.method;
  return {
    path: `${path}.method`,
    kind,
    required: false,
    help: union.description ?? "",
    ...(standard === undefined ? {} : { default: standard }),
  };
}

function branchKeys(branch: KeySchema, path: string): KeyDescription[] {
  const { method, ...properties } = branch.properties ?? {};
  return keysOf({ properties }, `${path}.`, String(method?.const));
}

function describeKey(
  path: string,
  key: KeySchema,
  { required, method }: { required: boolean; method: string | undefined },
): KeyDescription {
  return {
    path,
    kind: kindOf(key),
    required,
    help: key.description ?? "",
    ...(method === undefined ? {} : { method }),
    ...(key.default === undefined ? {} : { default: inlineYaml(key.default) }),
    ...(key.unit === undefined ? {} : { unit: key.unit }),
  };
}

/** "number from 0 to 1", "null or whole number ≥ 1", "random | group" */
export function kindOf(key: KeySchema): string {
  if (key.anyOf) return [...new Set(key.anyOf.map(kindOf))].join(" or ");
  if (key.const !== undefined) return String(key.const);
  if (key.enum) return key.enum.join(" | ");
  if (key.type === "array") return `list of ${plural(kindOf(key.items ?? {}))}`;
  if (key.type === "object") return key.additionalProperties ? `map of ${valueKind(key)}` : "map";
  if (key.type === "number" || key.type === "integer") return numberKind(key);
  return { string: "text", boolean: "true | false", null: "null" }[key.type ?? ""] ?? "anything";
}

function valueKind(key: KeySchema): string {
  const value = key.additionalProperties;
  return typeof value === "object" && value.properties === undefined ? plural(kindOf(value)) : "maps";
}

const plural = (kind: string): string => kind.replace(/^(whole number|number|text)/, "$1s");

function numberKind(key: KeySchema): string {
  const word = key.type === "integer" ? "whole number" : "number";
  const low = key.minimum !== undefined && key.minimum > -1e15 ? `≥ ${key.minimum}` : undefined;
  const high = key.maximum !== undefined && key.maximum < 2 ** 53 - 1 ? `≤ ${key.maximum}` : undefined;
  const above = key.exclusiveMinimum === undefined ? low : `> ${key.exclusiveMinimum}`;
  const below = key.exclusiveMaximum === undefined ? high : `< ${key.exclusiveMaximum}`;
  return [word, [above, below].filter((bound) => bound !== undefined).join(" and ")].join(" ").trim();
}

const inlineYaml = (value: unknown): string =>
  typeof value === "string" ? value : JSON.stringify(value).replaceAll(/([:,])(?=\S)/g, "$1 ");

/** Schema of the key at a path, with the branch of `optimizer.method` where it matters; undefined where there is none. */
export function schemaAt(path: readonly PropertyKey[], method?: string): KeySchema | undefined {
  let key: KeySchema | undefined = root();
  for (const step of path) key = key && stepInto(key, String(step), method);
  return key;
}

function stepInto(key: KeySchema, step: string, method: string | undefined): KeySchema | undefined {
  const branch = key.oneOf?.find((one) => one.properties?.method?.const === method) ?? key;
  const inside = branch.properties?.[step];
  if (inside) return inside;
  if (typeof branch.additionalProperties === "object") return branch.additionalProperties;
  if (branch.items && /^\d+$/.test(step)) return branch.items;
  for (const choice of branch.anyOf ?? []) {
    const found = stepInto(choice, step, method);
    if (found) return found;
  }
  return undefined;
}
