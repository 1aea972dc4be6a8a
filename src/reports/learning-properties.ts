/** Properties that the user has named, against the number of labels. */
import { escapeHtml, htmlTable } from "./html.js";
import type { LearnedRound, LearnedRun } from "./learning-record.js";
import { countAxis, figureOf, keyOf, optionalNumber } from "./learning-words.js";
import { colours, svgOf } from "./plots.js";

/** Small differences matter here. */
const digits = 4;

export async function propertiesSection({ result, units }: LearnedRun): Promise<string> {
  const rounds = result.rounds.filter(({ properties }) => Object.keys(properties).length > 0);
  const names = [...new Set(rounds.flatMap(({ properties }) => Object.keys(properties)))];
  if (names.length === 0) return "";
  const known = names.some((name) => typeof result.references[name] === "number");
  const plots: string[] = [];
  for (const name of names)
    plots.push(await propertyPlot(name, rounds, { reference: result.references[name] ?? null, unit: units[name] }));
  const drawn = plots.filter((plot) => plot !== "");
  const key = keyOf([[colours.train, "by the potential"], ...(known ? [[colours.test, "reference"] as const] : [])]);
  return `${figureOf(key, drawn, "panels")}<div class="scroll">${table(names, rounds, { references: result.references, units })}</div>`;
}

async function propertyPlot(
  name: string,
  rounds: readonly LearnedRound[],
  { reference, unit }: { readonly reference: number | null; readonly unit: string | undefined },
): Promise<string> {
  const values = rounds.flatMap(({ round, labels, properties }) => {
    const value = properties[name];
    return typeof value === "number" && Number.isFinite(value) ? [{ round, labels, value }] : [];
  });
  if (values.length === 0) return "";
  const near = { zero: false };
  const x = { field: "labels", type: "quantitative", title: "Labels", axis: countAxis, scale: near } as const;
  const title = unit === undefined ? name : unit.replace("/", " per ");
  const y = { field: "value", type: "quantitative", title, axis: { tickCount: 5 }, scale: near } as const;
  return svgOf(
    {
      ...{ title: name, width: 244, height: 180 },
      layer: [
        {
          data: { values: reference === null ? [] : [{ value: reference }] },
          mark: { type: "rule", color: colours.test, strokeWidth: 1.6, strokeDash: [5, 3] },
          encoding: { y },
        },
        {
          data: { values },
          mark: { type: "line", color: colours.train, strokeWidth: 1.7, point: { size: 30, color: colours.train } },
          encoding: { x, y, order: { field: "round", type: "quantitative" } },
        },
      ],
    },
    `${name} against the number of labels`,
  );
}

function table(
  names: readonly string[],
  rounds: readonly LearnedRound[],
  {
    references,
    units,
  }: { readonly references: LearnedRun["result"]["references"]; readonly units: LearnedRun["units"] },
): string {
  const head = [
    ...["Round", "Labels"],
    ...names.map(
      (name) => `${escapeHtml(name)}${units[name] === undefined ? "" : `<br><i>${escapeHtml(units[name])}</i>`}`,
    ),
  ];
  const rows = rounds.map(({ round, labels, properties }) => [
    ...[String(round), String(labels)],
    ...names.map((name) => optionalNumber(properties[name], digits)),
  ]);
  const known = names.some((name) => typeof references[name] === "number");
  const last = ["<b>Reference</b>", "", ...names.map((name) => `<b>${optionalNumber(references[name], digits)}</b>`)];
  return htmlTable(head, known ? [...rows, last] : rows, { text: [0] });
}
