/** A configuration's format: from YAML or from an object to one with every default filled in, and its keys as help and documentation. */
import { z } from "zod";
import { describePlace, InputError, type Place } from "../errors/index.js";
import { type KeyDescription, type KeySchema, keysOf } from "./keys.js";
import { isRecord, type Override, withOverride } from "./override.js";
import { keysTable, keysText } from "./reference.js";
import { type KeyTrouble, keyTroubles } from "./trouble.js";
import { type PlacedYaml, parsePlacedYaml } from "./yaml.js";

export { isRecord } from "./override.js";

export interface FormatParts<S extends z.ZodType> {
  readonly schema: S;
  /** Writes out short forms; what has none stays as it is. */
  longForm?(input: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>;
  /** Fills in what one key says of another, after all overrides. */
  complete?(input: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>;
  /** Keys that cannot stand together. */
  contradictions?(configuration: z.output<S>): readonly KeyTrouble[];
}

type PlaceFinder = (trouble: KeyTrouble) => Place;

/** `parse` and `resolve` throw an InputError that names the key, its file, line and column, and the nearest key. */
export class ConfigurationFormat<S extends z.ZodType> {
  readonly #parts: FormatParts<S>;
  #json: KeySchema | undefined;

  constructor(parts: FormatParts<S>) {
    this.#parts = parts;
  }

  /** JSON schema of a configuration file, for editors. */
  get jsonSchema(): KeySchema {
    this.#json ??= z.toJSONSchema(this.#parts.schema, { io: "input" }) as KeySchema;
    return this.#json;
  }

  /** Every key that holds a value, in the order of the schema. */
  get keys(): KeyDescription[] {
    return keysOf(this.jsonSchema);
  }

  /** For `--help`. */
  get keysText(): string {
    return keysText(this.keys);
  }

  /** For the guide, in Markdown. */
  get keysTable(): string {
    return keysTable(this.keys);
  }

  /** Reads a configuration file's text; overrides come last and win. */
  parse(text: string, file: string, overrides: readonly Override[] = []): z.output<S> {
    return this.#resolve(parsePlacedYaml(text, file), overrides);
  }

  /** Fills in the defaults of a configuration that is an object already. */
  resolve(object: object, overrides: readonly Override[] = []): z.output<S> {
    return this.#resolve({ value: object, place: () => ({}) }, overrides);
  }

  #resolve(yaml: PlacedYaml, overrides: readonly Override[]): z.output<S> {
    const { schema, longForm, complete, contradictions } = this.#parts;
    const written = (value: unknown): unknown => (longForm && isRecord(value) ? longForm(value) : value);
    const overridden = overrides.reduce(
      (value, override) => written(withOverride(value, override, this.jsonSchema)),
      written(yaml.value),
    );
    const input = complete && isRecord(overridden) ? complete(overridden) : overridden;
    const placeOf = placeFinder(yaml, overrides);
    const result = schema.safeParse(input);
    const troubles = result.success
      ? (contradictions?.(result.data) ?? [])
      : result.error.issues.flatMap((issue) => keyTroubles(issue, { input, schema: this.jsonSchema }));
    if (!result.success || troubles.length > 0) throw firstTrouble(troubles, placeOf);
    return result.data;
  }
}

/** The first by line; the text says how many more there are, so that nobody has to correct them one by one blindly. */
function firstTrouble(troubles: readonly KeyTrouble[], placeOf: PlaceFinder): InputError {
  const placed = troubles.map((one) => ({ ...one.trouble, where: placeOf(one) }));
  placed.sort((a, b) => (a.where.line ?? 0) - (b.where.line ?? 0));
  const [first, ...rest] = placed;
  const others = rest.map(({ where, problem }) => {
    const place = describePlace(where);
    return place === "" ? problem : `${place}: ${problem}`;
  });
  const more = others.length === 0 ? "" : ` Also: ${others.join(" ")}`;
  return new InputError({ ...first!, remedy: `${first!.remedy}${more}` });
}

function placeFinder(yaml: PlacedYaml, overrides: readonly Override[]): PlaceFinder {
  return ({ path, atKey }) => {
    const text = path.join(".");
    const override = overrides.findLast(
      ({ path: of }) => of === text || text.startsWith(`${of}.`) || of.startsWith(`${text}.`),
    );
    return override ? { file: override.written } : yaml.place(path, atKey);
  };
}
