/** γ against the walkers' steps and per round, against the limits that held. */
import { htmlTable, section } from "./html.js";
import type { LearnedRound, LearnedRun, ShownLook, ShownPick } from "./learning-record.js";
import { countAxis, figureOf, keyOf, logAxis, logScale, optionalNumber, roundAxis } from "./learning-words.js";
import { grouped } from "./numbers.js";
import { colours, svgOf } from "./plots.js";

const limitColours = { collect: "#d9a22b", stop: "#b3363f" } as const;
const gammaTitle = "Disagreement γ / eV per Å";

/** More points than a line of this width can show only make the file larger. */
const mostPoints = 400;
/** More panels than these tell nobody more. */
const mostPanels = 12;
/** Of the lowest limit (the largest γ, where there is none): what is below is cut off; in a perfect crystal γ is rounding. */
const leastShare = 1e-2;

export async function doubtSection({ result, course }: LearnedRun): Promise<string> {
  const explored = result.rounds.filter(({ looks, steps, lost }) => looks > 0 || steps > 0 || lost.length > 0);
  if (explored.length === 0) return "";
  const plots = [await roundPlot(explored), await sharePlot(explored)].filter((plot) => plot !== "");
  const perRound = figureOf(key(false), plots);
  const picks = course.rounds.flatMap((round) => round.picks);
  return [
    section("Disagreement γ against step", await walkerPlots(explored, picks)),
    section("Doubt per round", `${perRound}<div class="scroll">${doubtTable(explored)}</div>`),
  ].join("\n");
}

const key = (withPicks: boolean): string =>
  keyOf([
    [colours.train, withPicks ? "γ" : "largest γ of the round"],
    [limitColours.collect, "limit of doubt"],
    [limitColours.stop, "limit at which a walker waits"],
    ...(withPicks ? [[colours.test, "chosen, to be labelled"] as const] : []),
  ]);

/** A logarithmic axis has no place for zero. */
const isShown = (value: number | null): value is number => value !== null && Number.isFinite(value) && value > 0;

interface GammaPoint {
  readonly round: number;
  readonly step: number;
  readonly gamma: number;
}

interface Panel {
  readonly walker: string;
  readonly points: readonly GammaPoint[];
  readonly limits: readonly LimitPiece[];
  readonly picks: readonly Pick<GammaPoint, "step" | "gamma">[];
}

interface LimitPiece {
  readonly from: number;
  readonly to: number;
  readonly limit: number;
  readonly kind: keyof typeof limitColours;
}

/** As LASP2 plots it: one panel a walker. */
async function walkerPlots(rounds: readonly LearnedRound[], picks: readonly ShownPick[]): Promise<string> {
  const names = [...new Set(rounds.flatMap(({ walkers }) => walkers.map(({ name }) => name)))];
  const panels = names.map((name) => panelOf(name, rounds, picks)).filter(({ points }) => points.length > 0);
  if (panels.length === 0) return "";
  const shown = panels.slice(0, mostPanels);
  const scale = logScale(endsOf(shown));
  const svgs: string[] = [];
  for (const panel of shown) svgs.push(await walkerPlot(panel, scale, shown.length === 1));
  const left =
    panels.length > shown.length
      ? ` The first ${shown.length} of ${panels.length} walkers; all are in journal.jsonl.`
      : "";
  const caption =
    "One panel a walker, its steps through all rounds; a gap is a new potential. Limits change with the potential. Of " +
    `stretches of looks the one in most doubt is drawn.${left}`;
  return `${figureOf(key(true), svgs)}<p class="caption">${caption}</p>`;
}

/** What an axis must hold: all γ and limits, but for γ that are as good as nothing and would squeeze all that matters. */
function endsOf(panels: readonly Panel[]): number[] {
  const gammas = panels.flatMap(({ points }) => points.map(({ gamma }) => gamma));
  const limits = panels.flatMap((panel) => panel.limits.map(({ limit }) => limit));
  const usual = limits.length > 0 ? Math.min(...limits) : Math.max(...gammas);
  return [...gammas.filter((gamma) => gamma >= leastShare * usual), ...limits];
}

function panelOf(walker: string, rounds: readonly LearnedRound[], picks: readonly ShownPick[]): Panel {
  const all = rounds.flatMap((one) => {
    const looks = one.walkers.find(({ name }) => name === walker)?.looks ?? [];
    return looks.length === 0 ? [] : [{ one, looks }];
  });
  const total = all.reduce((sum, { looks }) => sum + looks.length, 0);
  const stretch = Math.ceil(total / mostPoints);
  return {
    walker,
    points: all.flatMap(({ one: { round }, looks }) =>
      thinned(looks, stretch).map(({ step, gamma }) => ({ round, step, gamma })),
    ),
    limits: all.flatMap(({ one: { thresholds }, looks }) =>
      (["collect", "stop"] as const).flatMap((kind): LimitPiece[] => {
        const limit = thresholds?.disagreement[kind] ?? null;
        return isShown(limit) ? [{ from: looks[0]!.step, to: looks.at(-1)!.step, limit, kind }] : [];
      }),
    ),
    picks: picks
      .filter((pick) => pick.walker === walker)
      .flatMap(({ step, disagreement }) => (isShown(disagreement) ? [{ step, gamma: disagreement }] : [])),
  };
}

function thinned(looks: readonly ShownLook[], stretch: number): { step: number; gamma: number }[] {
  const points = looks.flatMap(({ step, disagreement }) =>
    isShown(disagreement) ? [{ step, gamma: disagreement }] : [],
  );
  return Array.from({ length: Math.ceil(points.length / stretch) }, (_, k) =>
    points.slice(k * stretch, (k + 1) * stretch).reduce((a, b) => (b.gamma > a.gamma ? b : a)),
  );
}

function walkerPlot(
  { walker, points, limits, picks }: Panel,
  scale: ReturnType<typeof logScale>,
  alone: boolean,
): Promise<string> {
  const x = { field: "step", type: "quantitative", title: "Step of the walker", axis: countAxis } as const;
  const y = { field: "gamma", type: "quantitative", title: gammaTitle, axis: logAxis, scale } as const;
  return svgOf(
    {
      ...{ title: walker, width: alone ? 910 : 408, height: 190 },
      layer: [
        {
          data: { values: [...limits] },
          mark: { type: "rule", strokeWidth: 1.6, strokeDash: [5, 3] },
          encoding: {
            x: { ...x, field: "from" },
            x2: { field: "to" },
            y: { ...y, field: "limit" },
            color: {
              ...{ field: "kind", type: "nominal", legend: null },
              scale: { domain: Object.keys(limitColours), range: Object.values(limitColours) },
            },
          },
        },
        {
          data: { values: [...points] },
          mark: {
            ...{ type: "line", clip: true, strokeWidth: 1.2, color: colours.train },
            point: { size: 9, clip: true },
          },
          encoding: { x, y, detail: { field: "round" } },
        },
        {
          data: { values: [...picks] },
          mark: { type: "point", size: 42, strokeWidth: 1.7, color: colours.test, fill: "white", opacity: 1 },
          encoding: { x, y },
        },
      ],
    },
    `Disagreement of walker ${walker} against its step`,
  );
}

/** The largest γ of each round, and the limits that held. */
async function roundPlot(rounds: readonly LearnedRound[]): Promise<string> {
  const series = rounds.flatMap(({ round, largestDisagreement, thresholds }) => [
    { round, value: largestDisagreement, series: "largest γ" },
    { round, value: thresholds?.disagreement.collect ?? null, series: "collect" },
    { round, value: thresholds?.disagreement.stop ?? null, series: "stop" },
  ]);
  const values = series.filter(({ value }) => isShown(value));
  if (!values.some((one) => one.series === "largest γ")) return "";
  const x = roundAxis(rounds.map(({ round }) => round));
  const scale = logScale(values.map(({ value }) => value as number));
  const y = { field: "value", type: "quantitative", title: gammaTitle, scale, axis: logAxis } as const;
  const limits = { field: "series", type: "nominal", legend: null } as const;
  return svgOf(
    {
      ...{ width: 408, height: 230, data: { values } },
      layer: [
        {
          transform: [{ filter: "datum.series != 'largest γ'" }],
          mark: { type: "line", strokeDash: [5, 3], strokeWidth: 1.6, point: { size: 14 } },
          encoding: {
            ...{ x, y },
            color: {
              ...limits,
              scale: { domain: Object.keys(limitColours), range: Object.values(limitColours) },
            },
          },
        },
        {
          transform: [{ filter: "datum.series == 'largest γ'" }],
          mark: { type: "line", color: colours.train, strokeWidth: 1.8, point: { size: 34, color: colours.train } },
          encoding: { x, y },
        },
      ],
    },
    "Largest disagreement per round, and its limits",
  );
}

/** How much of what the walkers passed was in doubt. */
async function sharePlot(rounds: readonly LearnedRound[]): Promise<string> {
  const values = rounds.flatMap(({ round, looks, doubtful }) =>
    looks > 0 ? [{ round, share: (100 * doubtful) / looks }] : [],
  );
  if (values.length === 0) return "";
  return svgOf(
    {
      ...{ width: 408, height: 230, data: { values } },
      mark: { type: "bar", color: colours.train, width: { band: 0.6 } },
      encoding: {
        x: roundAxis(rounds.map(({ round }) => round)),
        y: { field: "share", type: "quantitative", title: "Looks in doubt / %", axis: { tickCount: 5 } },
      },
    },
    "Share of looks in doubt per round",
  );
}

function doubtTable(rounds: readonly LearnedRound[]): string {
  const head = [
    ...["Round", "Steps", "Looks", "in doubt", "Walkers lost", "Largest γ<br><i>eV/Å</i>"],
    ...[
      "Limit of doubt<br><i>eV/Å</i>",
      "Walkers wait at<br><i>eV/Å</i>",
      "Discarded above<br><i>eV/Å</i>",
      "Limits from",
    ],
  ];
  const rows = rounds.map((one) => [
    ...[one.round, one.steps, one.looks, one.doubtful, one.lost.length].map(grouped),
    `<b>${optionalNumber(one.largestDisagreement)}</b>`,
    optionalNumber(one.thresholds?.disagreement.collect),
    optionalNumber(one.thresholds?.disagreement.stop),
    optionalNumber(one.thresholds?.discard),
    one.thresholds === null ? "–" : (bases[one.thresholds.basis] ?? one.thresholds.basis),
  ]);
  return htmlTable(head, rows, { text: [9] });
}

const bases: Readonly<Record<string, string>> = {
  given: "the configuration",
  tolerance: "the tolerance",
  calibration: "the calibration",
  learned: "γ on what was learned",
};
