/** What zod says about a configuration, as a sentence with the key, what was found and what was expected. */
import type { z } from "zod";
import type { Trouble } from "../errors/index.js";
import { type KeyDescription, kindOf, schemaAt, trainingKeys } from "./configuration-keys.js";
import { nearest } from "./configuration-spelling.js";

export type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** Trouble without its place, and the path of the key that it is about. */
export interface KeyTrouble {
  readonly path: Path;
  /** Whether the place is the key itself rather than its value. */
  readonly atKey: boolean;
  readonly trouble: Omit<Trouble, "where">;
}

/** One trouble per issue; a misspelt key gives one each. */
export function keyTroubles(issue: Issue, input: unknown): KeyTrouble[] {
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownKey([...issue.path, key], input));
  if (issue.code === "invalid_key") return [badElement(issue.path)];
  const missing = issue.path.length > 0 && valueAt(input, issue.path) === undefined;
  if (issue.code === "custom") return [contradiction(issue)];
  return [missing ? missingKey(issue.path, input) : wrongValue(issue.path, input)];
}

function unknownKey(path: Path, input: unknown): KeyTrouble {
  const word = String(path.at(-1));
  const siblings = Object.keys(propertiesAt(path.slice(0, -1), input));
  const elsewhere = trainingKeys().find((key) => key.path.endsWith(`.${word}`) || key.path === word);
  const similar = nearest(word, siblings);
  const trouble = {
    code: "unknown-key",
    problem: `There is no key \`${pathText(path)}\`${methodOf(input, path)}.`,
    remedy: similar
      ? `Did you mean \`${pathText([...path.slice(0, -1), similar])}\`?`
      : elsewhere
        ? `Did you mean \`${elsewhere.path}\`${onlyFor(elsewhere)}?`
        : `Known here: ${siblings.join(", ")}.`,
  };
  return { path, atKey: true, trouble };
}

const onlyFor = (key: KeyDescription): string => (key.method === undefined ? "" : ` (optimizer.method ${key.method})`);

function methodOf(input: unknown, path: Path): string {
  return path[0] === "optimizer" && path.length > 1 ? ` for the method ${String(methodIn(input))}` : "";
}

function badElement(path: Path): KeyTrouble {
  const trouble = {
    code: "unknown-element",
    problem: `\`${String(path.at(-1))}\` in \`${pathText(path.slice(0, -1))}\` is not the symbol of an element.`,
    remedy: "Write symbols like Si or O.",
  };
  return { path, atKey: true, trouble };
}

function missingKey(path: Path, input: unknown): KeyTrouble {
  const key = schemaAt(path, methodIn(input));
  const trouble = {
    code: "missing-key",
    problem: `The key \`${pathText(path)}\` is missing.`,
    ...(key ? { expected: `Expected ${kindOf(key)}.` } : {}),
    remedy: key?.description ? `Add it: ${key.description}` : "Add it.",
  };
  return { path, atKey: false, trouble };
}

function wrongValue(path: Path, input: unknown): KeyTrouble {
  const key = schemaAt(path, methodIn(input));
  const found = valueAt(input, path);
  const choices = key?.enum ?? key?.anyOf?.flatMap((choice) => choice.enum ?? []) ?? methodsAt(path);
  const similar = typeof found === "string" ? nearest(found, choices.map(String)) : undefined;
  const unit = key?.unit === undefined ? "" : ` (${key.unit})`;
  const kind = choices.length > 0 && !key ? choices.join(" | ") : kindOf(key ?? {});
  const trouble = {
    code: "bad-value",
    problem: `${path.length === 0 ? "The configuration" : `\`${pathText(path)}\``} is ${show(found)}.`,
    expected: path.length === 0 ? "Expected keys and values (a YAML map)." : `Expected ${kind}${unit}.`,
    remedy: similar ? `Did you mean \`${similar}\`?` : "Change it, or remove it to take the default.",
  };
  return { path, atKey: false, trouble };
}

function contradiction(issue: Issue): KeyTrouble {
  const trouble = { code: "contradiction", problem: issue.message, remedy: "Change one of them." };
  return { path: issue.path, atKey: false, trouble };
}

function methodsAt(path: Path): unknown[] {
  if (path.at(-1) !== "method") return [];
  return (schemaAt(path.slice(0, -1))?.oneOf ?? []).map((one) => one.properties?.method?.const);
}

function propertiesAt(path: Path, input: unknown): Readonly<Record<string, unknown>> {
  const method = methodIn(input);
  const key = schemaAt(path, method);
  return (key?.oneOf?.find((one) => one.properties?.method?.const === method) ?? key)?.properties ?? {};
}

function methodIn(input: unknown): string | undefined {
  const method = valueAt(input, ["optimizer", "method"]);
  return typeof method === "string" ? method : undefined;
}

function valueAt(input: unknown, path: Path): unknown {
  let value = input;
  for (const step of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[step];
  }
  return value;
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? "absent";
  const short = text.length > 60 ? `${text.slice(0, 57)}…` : text;
  return typeof value === "string" ? `the text ${short}` : short;
}

/** `network.hidden[2]`: items of lists count from 1. */
function pathText(path: Path): string {
  return path
    .map((step) => (typeof step === "number" ? `[${step + 1}]` : `.${String(step)}`))
    .join("")
    .replace(/^\./, "");
}
