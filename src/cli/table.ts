/** Tables for a terminal. */
import { significant } from "../reports/numbers.js";
import type { ErrorPair, GroupedErrors, SetErrors } from "../training/record.js";

export interface NamedErrors {
  readonly name: string;
  readonly errors: GroupedErrors;
}

const columns = [
  { key: "energy", title: "energy, meV/atom" },
  { key: "forces", title: "forces, eV/Å" },
  { key: "stress", title: "stress, GPa" },
] as const;

/** RMSE and MAE per group and in total, a row for each set. Quantities without labels have no columns. */
export function errorTable(sets: readonly NamedErrors[]): string {
  const shown = columns.filter(({ key }) => sets.some(({ errors }) => errors.total[key] !== undefined));
  const groups = [...new Set(sets.flatMap(({ errors }) => Object.keys(errors.groups)))];
  const withSets = sets.length > 1;
  const rows = (label: string, of: (errors: GroupedErrors) => SetErrors | undefined): string[][] =>
    sets.flatMap(({ name, errors }) => {
      const found = of(errors);
      if (!found || found.structures === 0) return [];
      const pairs = shown.flatMap(({ key }) => pairCells(found[key]));
      return [[label, ...(withSets ? [name] : []), String(found.structures), ...pairs]];
    });
  const text = withSets ? 2 : 1;
  const first = ["", ...(withSets ? [""] : []), "", ...shown.flatMap(({ title }) => [title, ""])];
  const second = ["group", ...(withSets ? ["set"] : []), "structures", ...shown.flatMap(() => ["RMSE", "MAE"])];
  const groupRows = groups.length > 1 ? groups.flatMap((group) => rows(group, (errors) => errors.groups[group])) : [];
  return layOut([second, ...groupRows, ...rows("total", (errors) => errors.total)], { text, spans: first });
}

const pairCells = (pair: ErrorPair | undefined): string[] =>
  pair ? [significant(pair.rmse), significant(pair.mae)] : ["–", "–"];

/** Rows in columns, the first row with a rule below; the first `text` columns to the left, numbers to the right. */
export function layOut(
  rows: readonly (readonly string[])[],
  { text, spans }: { readonly text: number; readonly spans?: readonly string[] },
): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => width(row[column]!))));
  spans?.forEach((title, column) => {
    if (title === "") return;
    const missing = width(title) - (widths[column]! + 2 + widths[column + 1]!);
    if (missing > 0) widths[column]! += missing;
  });
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => (column < text ? padEnd(cell, widths[column]!) : padStart(cell, widths[column]!)))
      .join("  ")
      .trimEnd();
  const rule = "─".repeat(widths.reduce((sum, one) => sum + one + 2, -2));
  const [head, ...body] = rows.map(line);
  return [...(spans ? [spanLine(spans, widths)] : []), head!, rule, ...body].join("\n");
}

/** Each title ends where its second column ends. */
function spanLine(spans: readonly string[], widths: readonly number[]): string {
  const cells: string[] = [];
  for (let column = 0; column < spans.length; column++) {
    if (spans[column] === "") cells.push(" ".repeat(widths[column]!));
    else cells.push(padStart(spans[column]!, widths[column]! + 2 + widths[++column]!));
  }
  return cells.join("  ").trimEnd();
}

const width = (text: string): number => [...text].length;
const padEnd = (text: string, to: number): string => text + " ".repeat(Math.max(0, to - width(text)));
const padStart = (text: string, to: number): string => " ".repeat(Math.max(0, to - width(text))) + text;
