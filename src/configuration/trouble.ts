/** What zod says about a configuration, as a sentence with the key, what was found and what was expected. */
import type { z } from "zod";
import type { Trouble } from "../errors/index.js";
import {
  chosenKind,
  discriminatorOf,
  type KeyDescription,
  type KeySchema,
  keysOf,
  kindOf,
  kindsOf,
  schemaAt,
  valueIn,
} from "./keys.js";
import { nearest } from "./spelling.js";

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** Trouble without its place, and the path of the key that it is about. */
export interface KeyTrouble {
  readonly path: Path;
  /** Whether the place is the key itself rather than its value. */
  readonly atKey: boolean;
  readonly trouble: Omit<Trouble, "where">;
}

/** What has been checked, and against what. */
interface Checked {
  readonly input: unknown;
  readonly schema: KeySchema;
}

/** One trouble per issue; a misspelt key gives one each. */
export function keyTroubles(issue: Issue, checked: Checked): KeyTrouble[] {
  const { path } = issue;
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownKey([...path, key], checked));
  if (issue.code === "invalid_key") return [badName(path, checked)];
  if (issue.code === "custom") return [contradiction(issue)];
  const missing = path.length > 0 && valueIn(checked.input, path) === undefined;
  return [missing ? missingKey(path, checked) : wrongValue(path, checked)];
}

function unknownKey(path: Path, { input, schema }: Checked): KeyTrouble {
  const word = String(path.at(-1));
  const parent = path.slice(0, -1);
  const union = schemaAt(schema, parent, input) ?? {};
  const kind = chosenKind(union, valueIn(input, parent));
  const siblings = Object.keys((kind ?? union).properties ?? {});
  const elsewhere = keysOf(schema).find((key) => key.path.endsWith(`.${word}`) || key.path === word);
  const similar = nearest(word, siblings);
  const chosen = kind && discriminatorOf(union);
  const of = chosen === undefined ? "" : ` for the ${chosen} ${String(valueIn(input, [...parent, chosen]))}`;
  const trouble = {
    code: "unknown-key",
    problem: `There is no key \`${pathText(path)}\`${of}.`,
    remedy: similar
      ? `Did you mean \`${pathText([...parent, similar])}\`?`
      : elsewhere
        ? `Did you mean \`${elsewhere.path}\`${onlyFor(elsewhere)}?`
        : `Known here: ${siblings.join(", ")}.`,
  };
  return { path, atKey: true, trouble };
}

const onlyFor = ({ only }: KeyDescription): string => (only === undefined ? "" : ` (${only.path} ${only.value})`);

/** A key of a map whose keys are the user's, such as symbols of elements. */
function badName(path: Path, { input, schema }: Checked): KeyTrouble {
  const map = schemaAt(schema, path.slice(0, -1), input);
  const trouble = {
    code: "bad-name",
    problem: `\`${String(path.at(-1))}\` cannot be a key of \`${pathText(path.slice(0, -1))}\`.`,
    remedy: map?.description ?? "Change it.",
  };
  return { path, atKey: true, trouble };
}

function missingKey(path: Path, { input, schema }: Checked): KeyTrouble {
  const key = schemaAt(schema, path, input);
  const kind = key === undefined ? undefined : kindOf(key);
  const trouble = {
    code: "missing-key",
    problem: `The key \`${pathText(path)}\` is missing.`,
    ...(kind === undefined || kind === "map" || kind === "anything" ? {} : { expected: `Expected ${kind}.` }),
    remedy: key?.description ? `Add it: ${key.description}` : "Add it.",
  };
  return { path, atKey: false, trouble };
}

function wrongValue(path: Path, { input, schema }: Checked): KeyTrouble {
  const key = schemaAt(schema, path, input) ?? {};
  const found = valueIn(input, path);
  const kinds = kindsOf(schemaAt(schema, path.slice(0, -1), input) ?? {});
  const choices = kinds.length > 0 ? kinds : choicesOf(key);
  const similar = typeof found === "string" ? nearest(found, choices) : undefined;
  const unit = key.unit === undefined ? "" : ` (${key.unit})`;
  const kind = kinds.length > 0 ? kinds.join(" | ") : kindOf(key);
  const trouble = {
    code: "bad-value",
    problem: `${path.length === 0 ? "The configuration" : `\`${pathText(path)}\``} is ${show(found)}.`,
    expected: path.length === 0 ? "Expected keys and values (a YAML map)." : `Expected ${kind}${unit}.`,
    remedy: similar ? `Did you mean \`${similar}\`?` : (key.description ?? "Change it."),
  };
  return { path, atKey: false, trouble };
}

const choicesOf = (key: KeySchema): string[] =>
  (key.enum ?? key.anyOf?.flatMap((choice) => choice.enum ?? choice.const ?? []) ?? []).map(String);

function contradiction(issue: Issue): KeyTrouble {
  const trouble = { code: "contradiction", problem: issue.message, remedy: "Change one of them." };
  return { path: issue.path, atKey: false, trouble };
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
