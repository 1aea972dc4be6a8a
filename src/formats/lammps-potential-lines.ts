/** What LAMMPS's files of potential parameters share: the tag of units, comments, and entries by elements. */
import { InputError, type Place } from "../errors/index.js";
import { atomicNumber } from "../structure/index.js";
import { lammpsUnits } from "./lammps-types.js";
import { parseNumber } from "./line-reader.js";

export interface ParameterOptions {
  /** Name of the file in messages. */
  readonly file: string;
  /**
   * Elements to read, and under which name the file has each: `{ Si: "Si(C)", C: "C" }`. Default: every name that is the
   * symbol of an element.
   */
  readonly labels?: Readonly<Record<string, string>>;
}

/** Parameters of a triple of elements. */
export interface ParameterEntry {
  /** Symbols. */
  readonly elements: readonly [string, string, string];
  readonly values: readonly number[];
  /** Where the entry begins. */
  readonly where: Place;
}

/** eV per unit of energy of a file whose first line may say "UNITS: metal" or "UNITS: real"; metal where it says nothing. */
export function energyUnitOf(text: string, file: string): number {
  const [first] = text.split("\n", 1);
  const units = /\bUNITS:\s*(\S+)/.exec(first)?.[1] ?? "metal";
  // Lengths are Å in both, so that a unit of force is one of energy.
  if (units === "metal" || units === "real") return lammpsUnits[units].force;
  throw new InputError({
    code: "unknown-units",
    where: { file, line: 1 },
    problem: `The parameters are in LAMMPS's units ${JSON.stringify(units)}.`,
    expected: "Expected metal or real.",
    remedy: "Convert the parameters to metal units (eV and Å) and correct the tag.",
  });
}

/**
 * The entries of a file: three names and `names.length` numbers, over one line or more; `#` begins a comment. An entry begins
 * on a line of its own. Entries of other elements than those wanted are passed over.
 */
export function parameterEntries(
  text: string,
  names: readonly string[],
  { file, labels }: ParameterOptions,
): ParameterEntry[] {
  const symbolOf = symbolsByLabel(labels);
  const entries: ParameterEntry[] = [];
  let words: string[] = [];
  let begin = 0;
  text.split(/\r?\n/).forEach((raw, index) => {
    const found = raw.replace(/#.*/, "").split(/\s+/).filter(Boolean);
    if (found.length === 0) return;
    if (words.length === 0) begin = index + 1;
    words.push(...found);
    if (words.length < 3 + names.length) return;
    const entry = entryOf(words, names, { symbolOf, where: { file, line: begin } });
    if (entry !== undefined) entries.push(entry);
    words = [];
  });
  if (words.length > 0) throw wrongLength(words, names, { file, line: begin });
  checkFound(entries, { file, ...(labels === undefined ? {} : { labels }) });
  return entries;
}

/** A label's element; undefined where the entry is not wanted. */
type SymbolOf = (label: string) => string | undefined;

function symbolsByLabel(labels: ParameterOptions["labels"]): SymbolOf {
  if (labels === undefined) return (label) => (atomicNumber(label) === undefined ? undefined : label);
  const byLabel = new Map(Object.entries(labels).map(([symbol, label]) => [label, symbol]));
  return (label) => byLabel.get(label);
}

function entryOf(
  words: readonly string[],
  names: readonly string[],
  { symbolOf, where }: { symbolOf: SymbolOf; where: Place },
): ParameterEntry | undefined {
  if (words.length !== 3 + names.length) throw wrongLength(words, names, where);
  const [i, j, k] = words.slice(0, 3).map(symbolOf);
  const values = words.slice(3).map((word, at) => numberOf(word, { name: names[at], where }));
  if (i === undefined || j === undefined || k === undefined) return undefined;
  return { elements: [i, j, k], values, where };
}

function numberOf(word: string, { name, where }: { name: string; where: Place }): number {
  const value = parseNumber(word);
  if (value !== undefined && Number.isFinite(value)) return value;
  throw new InputError({
    code: "malformed-number",
    where,
    problem: `The parameter ${name} reads ${JSON.stringify(word)}.`,
    expected: "Expected a number.",
    remedy: "Correct the entry that begins here.",
  });
}

const wrongLength = (words: readonly string[], names: readonly string[], where: Place): InputError =>
  new InputError({
    code: "wrong-length",
    where,
    problem: `The entry that begins here has ${words.length} words.`,
    expected: `Expected three elements and ${names.length} numbers: ${names.join(", ")}.`,
    remedy: "Complete the entry, and begin every entry on a new line.",
  });

function checkFound(entries: readonly ParameterEntry[], { file, labels }: ParameterOptions): void {
  const found = new Set(entries.flatMap((entry) => entry.elements));
  const absent = Object.entries(labels ?? {}).find(([symbol]) => !found.has(symbol));
  if (found.size > 0 && absent === undefined) return;
  throw new InputError({
    code: "missing-element",
    where: { file },
    problem:
      absent === undefined
        ? "The file has no entry whose three names are symbols of elements."
        : `The file has no entry for ${absent[0]} under the name ${JSON.stringify(absent[1])}.`,
    remedy: 'Say under which names the file has the elements, such as { Si: "Si(C)" }.',
  });
}
