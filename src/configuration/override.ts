/** Keys given on the command line, in place of those of the file. */
import { InputError } from "../errors/index.js";
import { discriminatorOf, type KeySchema, valueIn } from "./keys.js";
import { parseYamlValue } from "./yaml.js";

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
      remedy: "Write for example --set seed=2.",
    });
  }
  return { path: text.slice(0, equals).trim(), value: parseYamlValue(text.slice(equals + 1), written), written };
}

/** The object with one key replaced. Where the key chooses between kinds of maps, the keys of another kind go. */
export function withOverride(object: unknown, { path, value }: Override, schema: KeySchema): unknown {
  const keys = path.split(".");
  return withValue(withoutOtherKind(object, keys, { value, schema }), keys, value);
}

function withoutOtherKind(
  object: unknown,
  keys: readonly string[],
  { value, schema }: { value: unknown; schema: KeySchema },
): unknown {
  const parents = keys.slice(0, -1);
  const union = parents.reduce<KeySchema | undefined>((key, name) => key?.properties?.[name], schema);
  const discriminator = union && discriminatorOf(union);
  if (discriminator === undefined || discriminator !== keys.at(-1)) return object;
  const before = valueIn(object, keys) ?? valueIn(union?.default, [discriminator]);
  return before === value ? object : withValue(object, parents, {});
}

function withValue(object: unknown, [key, ...rest]: readonly string[], value: unknown): unknown {
  if (key === undefined) return value;
  const parent = isRecord(object) ? object : {};
  return { ...parent, [key]: withValue(parent[key], rest, value) };
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
