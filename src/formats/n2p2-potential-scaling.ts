/**
 * n2p2's `scaling.data`: rows `element function min max mean sigma`, elements and functions counted from 1 in n2p2's
 * order. Older files have no header; RuNNer's have no sigma, and a last row of two energies, which says nothing here.
 */
import type { Scaling, ScalingMode } from "../descriptors/definition.js";
import { InputError, type Trouble } from "../errors/index.js";
import { parseNumber } from "./line-reader.js";
import { hasKeyword, type KeywordTable, lineOf, realAt } from "./n2p2-potential-lines.js";
import { exponentText } from "./n2p2-potential-numbers.js";

export type ScalingKind = Pick<Scaling, "mode" | "low" | "high">;

/** Mode and range from `input.nn`; n2p2's range is 0 to 1 where it is not given. */
export function scalingKind(table: KeywordTable): ScalingKind {
  const real = (keyword: string, standard: number): number => {
    const line = lineOf(table, keyword);
    return line === undefined ? standard : realAt(line, 0, table.file);
  };
  return { mode: scalingMode(table), low: real("scale_min_short", 0), high: real("scale_max_short", 1) };
}

function scalingMode(table: KeywordTable): ScalingMode {
  const scale = hasKeyword(table, "scale_symmetry_functions");
  const center = hasKeyword(table, "center_symmetry_functions");
  const sigma = lineOf(table, "scale_symmetry_functions_sigma");
  if (sigma === undefined) return scale ? (center ? "scale-center" : "scale") : center ? "center" : "none";
  if (!scale && !center) return "scale-sigma";
  throw new InputError({
    code: "conflicting-scaling",
    where: { file: table.file, line: sigma.line },
    problem: `"scale_symmetry_functions_sigma" is there together with "${scale ? "scale" : "center"}_symmetry_functions".`,
    remedy: "Keep the one that the potential was fitted with.",
  });
}

export interface ScalingFile {
  readonly scalings: readonly Scaling[];
  readonly warnings: readonly Trouble[];
}

/** Statistics of every element; `counts` are the numbers of functions, [element]. */
export function parseScaling(
  text: string,
  kind: ScalingKind,
  { file, counts }: { file: string; counts: readonly number[] },
): ScalingFile {
  const rows = numericRows(text, file);
  const places = counts.flatMap((count, e) => Array.from({ length: count }, (_, s) => ({ e, s })));
  const scalings = counts.map((count) => ({
    ...kind,
    min: new Float64Array(count),
    max: new Float64Array(count),
    mean: new Float64Array(count),
    sigma: new Float64Array(count),
  }));
  places.forEach(({ e, s }, i) => {
    const row = checkedRow(rows[i], { file, e, s, found: rows.length, expected: places.length });
    checkSigma(row, kind.mode, file);
    const [min, max, mean, sigma] = row.values.slice(2);
    scalings[e].min[s] = min;
    scalings[e].max[s] = max;
    scalings[e].mean[s] = mean;
    scalings[e].sigma[s] = sigma ?? 0;
  });
  const rest = rows[places.length];
  return {
    scalings,
    warnings: rest === undefined || rest.values.length === 2 ? [] : [tooManyRows(rest, { file, counts })],
  };
}

interface Row {
  readonly values: readonly number[];
  readonly line: number;
}

function numericRows(text: string, file: string): Row[] {
  const rows: Row[] = [];
  text.split(/\r?\n/).forEach((raw, index) => {
    const words = raw
      .replace(/[#!].*/, "")
      .split(/\s+/)
      .filter(Boolean);
    if (words.length === 0) return;
    const values = words.map((word) => parseNumber(word) ?? Number.NaN);
    const bad = values.findIndex(Number.isNaN);
    if (bad >= 0)
      throw new InputError({
        code: "malformed-number",
        where: { file, line: index + 1 },
        problem: `Column ${bad + 1} reads ${JSON.stringify(words[bad])}.`,
        expected: "Expected a number.",
        remedy: "A NaN comes of a fit that failed; otherwise repair the line, or write the file anew with nnp-scaling.",
      });
    rows.push({ values, line: index + 1 });
  });
  return rows;
}

interface Expectation {
  readonly file: string;
  readonly e: number;
  readonly s: number;
  readonly found: number;
  readonly expected: number;
}

function checkedRow(row: Row | undefined, { file, e, s, found, expected }: Expectation): Row {
  const remedy = "scaling.data, weights and input.nn must come from the same fit.";
  if (row === undefined)
    throw new InputError({
      code: "scaling-length",
      where: { file },
      problem: `There are ${found} rows for ${expected} symmetry functions.`,
      remedy,
    });
  const { values, line } = row;
  if (values[0] === e + 1 && values[1] === s + 1 && values.length >= 5) return row;
  throw new InputError({
    code: "scaling-order",
    where: { file, line },
    problem: `The row is for element ${values[0]}, function ${values[1]} and has ${values.length} columns.`,
    expected: `Expected element ${e + 1}, function ${s + 1} and at least 5 columns.`,
    remedy,
  });
}

function checkSigma({ values, line }: Row, mode: ScalingMode, file: string): void {
  if (mode !== "scale-sigma" || values.length >= 6) return;
  throw new InputError({
    code: "scaling-without-sigma",
    where: { file, line },
    problem: `The row has ${values.length} columns, but the functions are scaled by sigma (column 6).`,
    remedy: "Write the file anew with nnp-scaling, or use the file that belongs to this potential.",
  });
}

const tooManyRows = ({ line }: Row, { file, counts }: { file: string; counts: readonly number[] }): Trouble => ({
  code: "scaling-length",
  where: { file, line },
  problem: `There are more rows than the ${counts.reduce((a, b) => a + b, 0)} symmetry functions; the rest is ignored.`,
  remedy: "Check that scaling.data and input.nn come from the same fit.",
});

/** The file for statistics in n2p2's order, [element]. */
export function scalingText(scalings: readonly Scaling[]): string {
  const lines = [
    "# Statistics of the symmetry functions over the training data.",
    "# element function min max mean sigma",
  ];
  scalings.forEach(({ min, max, mean, sigma }, e) => {
    min.forEach((_, s) => {
      const numbers = [min[s], max[s], mean[s], sigma[s]].map(exponentText);
      lines.push(`${e + 1} ${s + 1} ${numbers.join(" ")}`);
    });
  });
  return `${lines.join("\n")}\n`;
}
