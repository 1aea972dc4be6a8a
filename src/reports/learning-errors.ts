/** Errors round by round: on the new labels before they entered, on the test set, and on what was learned. */
import type { ErrorPair, SetErrors } from "../training/record.js";
import { htmlTable } from "./html.js";
import type { LearnedRound, LearnedRun } from "./learning-record.js";
import { figureOf, keyOf, logAxis, logScale, roundAxis } from "./learning-words.js";
import { duration, significant } from "./numbers.js";
import { colours, svgOf } from "./plots.js";

const quantities = [
  { key: "energy", title: "Energy", unit: "meV/atom", axis: "Energy RMSE / meV per atom" },
  { key: "forces", title: "Forces", unit: "eV/Å", axis: "Force RMSE / eV per Å" },
  { key: "stress", title: "Stress", unit: "GPa", axis: "Stress RMSE / GPa" },
] as const;
type Quantity = (typeof quantities)[number];

const series = [
  {
    title: "New labels, before they entered",
    colour: colours.validation,
    of: ({ before }: LearnedRound) => before,
  },
  { title: "Test set", colour: colours.test, of: ({ fit }: LearnedRound) => fit?.errors.test ?? null },
  { title: "Training set", colour: colours.train, of: ({ fit }: LearnedRound) => fit?.errors.train ?? null },
] as const;

/** With the quantities for which it has labels. */
type ShownSeries = (typeof series)[number] & { readonly measured: readonly Quantity[] };

export async function learningErrors({ result }: LearnedRun): Promise<string> {
  const rounds = result.rounds.filter(({ before, fit }) => before !== null || fit !== null);
  if (rounds.length === 0) return "";
  const shown = series.flatMap((one): ShownSeries[] => {
    const measured = quantities.filter(({ key }) => rounds.some((round) => one.of(round)?.[key] !== undefined));
    return measured.length === 0 ? [] : [{ ...one, measured }];
  });
  const measured = quantities.filter((quantity) => shown.some((one) => one.measured.includes(quantity)));
  const plots: string[] = [];
  for (const quantity of measured) plots.push(await errorPlot(rounds, quantity));
  const drawn = plots.filter((plot) => plot !== "");
  const key = keyOf(shown.map(({ colour, title }) => [colour, title.toLowerCase()]));
  const caption = "n: structures. Fits from scratch begin with random weights, warm ones with the last potential.";
  return (
    `${figureOf(key, drawn)}<div class="scroll">${errorsTable(rounds, shown)}</div>` +
    `<p class="caption">${caption}</p>`
  );
}

async function errorPlot(rounds: readonly LearnedRound[], { key, axis }: Quantity): Promise<string> {
  const values = series.flatMap(({ title, of }) =>
    rounds.flatMap((one) => {
      const error = of(one)?.[key]?.rmse;
      // A logarithmic axis has no place for zero.
      return error !== undefined && error > 0 && Number.isFinite(error) ? [{ round: one.round, error, title }] : [];
    }),
  );
  if (values.length === 0) return "";
  return svgOf(
    {
      ...{ width: 408, height: 230, data: { values } },
      mark: { type: "line", strokeWidth: 1.6, point: { size: 30 } },
      encoding: {
        x: roundAxis(rounds.map(({ round }) => round)),
        y: {
          ...{ field: "error", type: "quantitative", title: axis },
          ...{ scale: logScale(values.map(({ error }) => error)), axis: logAxis },
        },
        color: {
          ...{ field: "title", type: "nominal", legend: null },
          scale: { domain: series.map(({ title }) => title), range: series.map(({ colour }) => colour) },
        },
      },
    },
    `${axis} per round`,
  );
}

function errorsTable(rounds: readonly LearnedRound[], shown: readonly ShownSeries[]): string {
  const sets = shown.map(
    ({ title, measured }) => `<th colspan="${1 + 2 * measured.length}" class="span">${title}</th>`,
  );
  const units = shown.map(({ measured }) => {
    const names = measured.map(({ title, unit }) => `<th colspan="2" class="span">${title} <i>${unit}</i></th>`);
    return `<th></th>${names.join("")}`;
  });
  const topRow = [sets, units].map((cells) => `<tr><th colspan="3"></th>${cells.join("")}</tr>`).join("");
  const head = [
    ...["Round", "Fit", "Time"],
    ...shown.flatMap(({ measured }) => ["n", ...measured.flatMap(() => ["RMSE", "MAE"])]),
  ];
  const rows = rounds.map((one) => [
    String(one.round),
    ...(one.fit === null ? ["–", "–"] : [one.fit.kind, duration(one.fit.seconds)]),
    ...shown.flatMap(({ of, measured }) => cells(of(one), measured)),
  ]);
  return htmlTable(head, rows, { text: [], topRow });
}

function cells(errors: SetErrors | null, measured: readonly Quantity[]): string[] {
  if (errors === null || errors.structures === 0) return ["–", ...measured.flatMap(() => ["–", "–"])];
  return [String(errors.structures), ...measured.flatMap(({ key }) => pairCells(errors[key]))];
}

const pairCells = (pair: ErrorPair | undefined): string[] =>
  pair === undefined ? ["–", "–"] : [`<b>${significant(pair.rmse)}</b>`, significant(pair.mae)];
