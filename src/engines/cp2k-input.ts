/** CP2K's input, sections in sections, from records: {DFT: {MGRID: {CUTOFF: 400}}}. */

/** A keyword's value, a section, or a list of either: [1, 2] is one keyword with two words, [{…}, {…}] a section twice. */
export type Cp2kValue = string | number | boolean | readonly Cp2kValue[] | Cp2kSection;

/** `_` is the parameter of the section itself ("&XC_FUNCTIONAL PBE"), `*` are lines as they are. */
export interface Cp2kSection {
  readonly [key: string]: Cp2kValue;
}

const isSection = (value: Cp2kValue | undefined): value is Cp2kSection =>
  typeof value === "object" && !Array.isArray(value);

const isList = (value: Cp2kValue): value is readonly Cp2kValue[] => Array.isArray(value);

const scalarText = (value: Cp2kValue): string =>
  typeof value === "boolean" ? (value ? ".TRUE." : ".FALSE.") : String(value);

export const cp2kInputText = (input: Cp2kSection): string => `${linesOf(input, "").join("\n")}\n`;

function linesOf(section: Cp2kSection, indent: string): string[] {
  return Object.entries(section).flatMap(([key, value]) => {
    if (key === "_") return [];
    if (key === "*") return (isList(value) ? value : [value]).map((line) => indent + scalarText(line));
    return entryLines(key, value, indent);
  });
}

function entryLines(key: string, value: Cp2kValue, indent: string): string[] {
  if (isSection(value)) {
    const parameter = value._ === undefined ? "" : ` ${scalarText(value._)}`;
    return [`${indent}&${key}${parameter}`, ...linesOf(value, `${indent}  `), `${indent}&END ${key}`];
  }
  if (!isList(value)) return [`${indent}${key} ${scalarText(value)}`];
  if (value.every((item) => !isSection(item) && !isList(item)))
    return [`${indent}${key} ${value.map(scalarText).join(" ")}`];
  return value.flatMap((item) => entryLines(key, item, indent));
}

/** `over` wins; sections are merged, everything else is replaced. CP2K's names know no case. */
export function merged(under: Cp2kSection, over: Cp2kSection): Cp2kSection {
  const result: Record<string, Cp2kValue> = { ...under };
  for (const [key, value] of Object.entries(over)) {
    const name = key.toUpperCase();
    const old = result[name];
    result[name] = isSection(value) ? merged(isSection(old) ? old : {}, value) : value;
  }
  return result;
}
