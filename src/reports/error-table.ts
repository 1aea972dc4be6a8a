/** RMSE and MAE per group and set as an HTML table. */
import type { ErrorPair, GroupedErrors, SetErrors } from "../training/record.js";
import { escapeHtml, htmlTable } from "./html.js";
import { significant } from "./numbers.js";

export interface NamedErrors {
  readonly name: string;
  readonly errors: GroupedErrors;
}

const units = { energy: "meV/atom", forces: "eV/Å", stress: "GPa" } as const;
const titles = { energy: "Energy", forces: "Forces", stress: "Stress" } as const;
type Key = keyof typeof units;

export function errorTable(sets: readonly NamedErrors[]): string {
  const keys = (["energy", "forces", "stress"] as const).filter((key) =>
    sets.some(({ errors }) => errors.total[key] !== undefined),
  );
  const groups = [...new Set(sets.flatMap(({ errors }) => Object.keys(errors.groups)))];
  const row = (name: string, of: (errors: GroupedErrors) => SetErrors | undefined): string[] => [
    name,
    ...sets.flatMap(({ errors }) => cells(of(errors), keys)),
  ];
  const groupRows = groups.map((group) => row(escapeHtml(group), (errors) => errors.groups[group]));
  const total = row("<b>Total</b>", (errors) => errors.total);
  const head = ["Group", ...sets.flatMap(() => ["Structures", ...keys.flatMap(() => ["RMSE", "MAE"])])];
  const rows = groups.length > 1 ? [total, ...groupRows] : [total];
  return htmlTable(head, rows, { topRow: topRows(sets, keys) });
}

function topRows(sets: readonly NamedErrors[], keys: readonly Key[]): string {
  const names = sets.map(({ name }) => `<th colspan="${1 + 2 * keys.length}" class="span">${escapeHtml(name)}</th>`);
  const quantities = keys.map((key) => `<th colspan="2" class="span">${titles[key]} <i>${units[key]}</i></th>`);
  const second = sets.map(() => `<th></th>${quantities.join("")}`);
  return `<tr><th></th>${names.join("")}</tr><tr><th></th>${second.join("")}</tr>`;
}

function cells(errors: SetErrors | undefined, keys: readonly Key[]): string[] {
  if (!errors || errors.structures === 0) return ["–", ...keys.flatMap(() => ["–", "–"])];
  return [String(errors.structures), ...keys.flatMap((key) => pairCells(errors[key]))];
}

const pairCells = (pair: ErrorPair | undefined): string[] =>
  pair ? [`<b>${significant(pair.rmse)}</b>`, significant(pair.mae)] : ["–", "–"];
