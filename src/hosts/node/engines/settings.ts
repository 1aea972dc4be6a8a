/** Settings of engines as YAML, checked against their schemas, with files looked for beside the file that names them. */
import { dirname, isAbsolute, join } from "node:path";
import { z } from "zod";
import { ConfigurationFormat, nearest, type Override } from "../../../configuration/index.js";
import { InputError } from "../../../errors/index.js";
import { type EngineName, engineNames, engineSchemas } from "./wiring.js";

/** Of maps that the schema leaves to the program: JSON schema has no word for a check of ours. */
const anyMap = (description: string | undefined) =>
  z.record(z.string(), z.unknown()).meta({ description: description ?? "" });

const { cp2k, ...others } = engineSchemas;
const readable = {
  ...others,
  cp2k: cp2k.extend({
    kinds: z.record(z.string(), anyMap(undefined)).meta({ description: cp2k.shape.kinds.meta()?.description ?? "" }),
    input: anyMap(cp2k.shape.input.meta()?.description),
  }),
};

/** Keys that name files or directories. */
const placeKeys: Readonly<Record<EngineName, readonly string[]>> = {
  "quantum-espresso": ["pseudopotentialDirectory"],
  cp2k: [],
  lammps: ["potentials"],
  vasp: ["directory"],
  ase: [],
  embedded: ["potential"],
};

export const engineFormat = (name: EngineName): ConfigurationFormat<z.ZodType> =>
  new ConfigurationFormat({ schema: readable[name] });

/** The engine that a user names. */
export function engineNamed(name: string): EngineName {
  const found = engineNames.find((one) => one === name);
  if (found !== undefined) return found;
  const similar = nearest(name, engineNames);
  throw new InputError({
    code: "unknown-engine",
    problem: `There is no engine "${name}".`,
    expected: `Expected one of ${engineNames.join(", ")}.`,
    remedy: similar === undefined ? "Choose one of them." : `Did you mean ${similar}?`,
  });
}

export interface WrittenSettings {
  readonly text: string;
  readonly file: string;
  readonly overrides: readonly Override[];
}

/** Checked settings; files that `file` names are looked for beside it, those of overrides where the user is. */
export function engineSettings(
  name: EngineName,
  { text, file, overrides }: WrittenSettings,
): Readonly<Record<string, unknown>> {
  const settings = engineFormat(name).parse(text, file, overrides) as Record<string, unknown>;
  const beside = (key: string, value: unknown): unknown =>
    typeof value !== "string" || isAbsolute(value) || overrides.some(({ path }) => path === key)
      ? value
      : join(dirname(file), value);
  const placed = Object.fromEntries(placeKeys[name].map((key) => [key, beside(key, settings[key])]));
  const [program, ...rest] = Array.isArray(settings.command) ? (settings.command as string[]) : [];
  const command = program?.includes("/") === true ? { command: [beside("command", program), ...rest] } : {};
  return { ...settings, ...placed, ...command };
}
