/** The keys of a configuration as a list, read off its schema: for messages, `--help` and documentation. */

/** The part of JSON schema that `z.toJSONSchema` makes of our schemas. */
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
  /** Kinds of maps told apart by one key, the discriminator. */
  readonly oneOf?: readonly KeySchema[];
}

export interface KeyDescription {
  /** "optimizer.rate" */
  readonly path: string;
  /** The kind of map in which the key exists, optimizer.method "kalman"; undefined where it always does. */
  readonly only?: { readonly path: string; readonly value: string };
  /** "number from 0 to 1", "random | group", … */
  readonly kind: string;
  readonly required: boolean;
  /** As YAML, on one line. */
  readonly default?: string;
  readonly unit?: string;
  readonly help: string;
}

/** Every key that holds a value, in the order of the schema. */
export function keysOf(object: KeySchema, prefix = "", only?: KeyDescription["only"]): KeyDescription[] {
  return Object.entries(object.properties ?? {}).flatMap(([name, key]) => {
    const path = prefix + name;
    if (key.oneOf) return unionKeys(path, key);
    if (key.properties) return keysOf(key, `${path}.`, only);
    return [describeKey(path, key, { required: object.required?.includes(name) ?? false, only })];
  });
}

/** The key by which kinds of maps are told apart; undefined for what is no choice between maps. */
export function discriminatorOf({ oneOf = [] }: KeySchema): string | undefined {
  const [first, ...rest] = oneOf;
  return Object.entries(first?.properties ?? {}).find(
    ([name, { const: value }]) =>
      value !== undefined && rest.every(({ properties }) => properties?.[name]?.const !== undefined),
  )?.[0];
}

/** Values of the discriminator. */
export function kindsOf(union: KeySchema): string[] {
  const name = discriminatorOf(union);
  return name === undefined ? [] : (union.oneOf ?? []).map(({ properties }) => String(properties?.[name]?.const));
}

function unionKeys(path: string, union: KeySchema): KeyDescription[] {
  const name = discriminatorOf(union) ?? "kind";
  const standard = valueIn(union.default, [name]);
  const choice = {
    path: `${path}.${name}`,
    kind: kindsOf(union).join(" | "),
    required: false,
    help: union.description ?? "",
    ...(typeof standard === "string" ? { default: standard } : {}),
  };
  const branches = (union.oneOf ?? []).flatMap((branch) => {
    const { [name]: chosen, ...properties } = branch.properties ?? {};
    const required = branch.required === undefined ? {} : { required: branch.required };
    return keysOf({ properties, ...required }, `${path}.`, { path: choice.path, value: String(chosen?.const) });
  });
  return [choice, ...branches];
}

function describeKey(
  path: string,
  key: KeySchema,
  { required, only }: { required: boolean; only: KeyDescription["only"] },
): KeyDescription {
  return {
    path,
    kind: kindOf(key),
    required,
    help: key.description ?? "",
    ...(only === undefined ? {} : { only }),
    ...(key.default === undefined ? {} : { default: inlineYaml(key.default) }),
    ...(key.unit === undefined ? {} : { unit: key.unit }),
  };
}

/** "number from 0 to 1", "null or whole number ≥ 1", "random | group" */
export function kindOf(key: KeySchema): string {
  if (key.anyOf) return [...new Set(key.anyOf.map(kindOf))].join(" or ");
  if (key.oneOf) return "map";
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

const plural = (kind: string): string => kind.replace(/^(whole number|number|text|map)\b/, "$1s");

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

/** Schema of the key at a path of a configuration, whose values say which kinds of maps it has; undefined where there is none. */
export function schemaAt(root: KeySchema, path: readonly PropertyKey[], input: unknown): KeySchema | undefined {
  let key: KeySchema | undefined = root;
  for (const [depth, step] of path.entries())
    key = key && stepInto(key, String(step), valueIn(input, path.slice(0, depth)));
  return key;
}

function stepInto(key: KeySchema, step: string, value: unknown): KeySchema | undefined {
  const branch = chosenKind(key, value) ?? key;
  const inside = branch.properties?.[step];
  if (inside) return inside;
  if (typeof branch.additionalProperties === "object") return branch.additionalProperties;
  if (branch.items && /^\d+$/.test(step)) return branch.items;
  for (const choice of branch.anyOf ?? []) {
    const found = stepInto(choice, step, value);
    if (found) return found;
  }
  return undefined;
}

/** The kind of map that a value is; undefined where it does not say. */
export function chosenKind(union: KeySchema, value: unknown): KeySchema | undefined {
  const name = discriminatorOf(union);
  if (name === undefined) return undefined;
  const chosen = valueIn(value, [name]);
  return union.oneOf?.find(({ properties }) => properties?.[name]?.const === chosen);
}

/** What stands at a path; undefined where nothing does. */
export function valueIn(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const step of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[step];
  }
  return value;
}
