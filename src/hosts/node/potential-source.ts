/** What a potential is opened from: a path, the record of a classical one, or a sum of such. */
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { InputError } from "../../errors/index.js";
import { readFuncfl, readSetfl, readStillingerWeber, readTersoff } from "../../formats/index.js";
import type { ClassicalRecord } from "../../potentials/index.js";

/** Parts may be paths, where `SumRecord` has records alone. */
export interface SumOfSources {
  readonly kind: "sum";
  readonly parts: readonly PotentialSource[];
}

/**
 * A text is the name of a published potential, or the path of a network potential (file, run directory, n2p2 directory), of LAMMPS's file of a
 * classical one (.sw, .tersoff, .eam, .eam.alloy, .eam.fs), or of a record in YAML (.yaml, .yml).
 */
export type PotentialSource = string | ClassicalRecord | SumOfSources;

/** The source with every path as `place` has it; names of published potentials stay. */
export function placeSource(source: PotentialSource, place: (path: string) => string): PotentialSource {
  if (typeof source === "string") return isName(source) && !existsSync(place(source)) ? source : place(source);
  // What else a configuration may hold here is refused where the potential is opened.
  if (source?.kind !== "sum" || !Array.isArray(source.parts)) return source;
  return { ...source, parts: source.parts.map((part) => placeSource(part, place)) };
}

/** silicon-stillinger-weber-1985 */
const isName = (text: string): boolean => /^[a-z]+(-[a-z]+)+-\d{4}$/.test(text);

/** What a path or name stands for; undefined for network potentials. */
export async function recordOf(path: string): Promise<Exclude<PotentialSource, string> | undefined> {
  if (isName(path) && !existsSync(path)) return { kind: "published", name: path };
  const name = basename(path).toLowerCase();
  const reader = readers.find(({ end }) => name.endsWith(end));
  if (reader === undefined) return undefined;
  if (existsSync(path)) return await reader.read(readFileSync(path, "utf8"), path);
  throw new InputError({
    code: "no-such-file",
    where: { file: path },
    problem: "There is no such file.",
    remedy: "Check the path and its spelling.",
  });
}

interface Reader {
  readonly end: string;
  read(text: string, file: string): Exclude<PotentialSource, string> | Promise<Exclude<PotentialSource, string>>;
}

const readers: readonly Reader[] = [
  { end: ".sw", read: (text, file) => readStillingerWeber(text, { file }) },
  { end: ".tersoff", read: (text, file) => readTersoff(text, { file }) },
  { end: ".eam.alloy", read: (text, file) => readSetfl(text, { file, form: "alloy" }) },
  { end: ".eam.fs", read: (text, file) => readSetfl(text, { file, form: "fs" }) },
  { end: ".eam", read: (text, file) => readFuncfl({ text, file }) },
  { end: ".yaml", read: recordOfYaml },
  { end: ".yml", read: recordOfYaml },
];

/** Paths in it are beside the file. */
async function recordOfYaml(text: string, file: string): Promise<Exclude<PotentialSource, string>> {
  // Where it is not needed, it would slow down the start of every thread.
  const { parsePlacedYaml } = await import("../../configuration/yaml.js");
  const { value } = parsePlacedYaml(text, file);
  if (typeof (value as { readonly kind?: unknown }).kind === "string")
    return placeSource(value as SumOfSources, (path) => resolve(dirname(file), path)) as SumOfSources;
  throw new InputError({
    code: "not-a-potential",
    where: { file },
    problem: "The file has no `kind`, so it is no record of a potential.",
    expected: "For example {kind: sum, parts: [runs/silicon, {kind: zbl, elements: [Si], inner: 0.7, outer: 1.4}]}.",
    remedy: "Correct it, or give a run directory, a potential.json or a file of LAMMPS.",
  });
}
