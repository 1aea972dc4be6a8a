/** Does a potential know where it is wrong? Its spread against its errors, structure by structure and in measures. */
import type { StructureComparison } from "../training/record.js";
import { calibrationSection, type Judged } from "./calibration.js";
import { hiddenText, visible } from "./calibration-plots.js";
import { logAxis } from "./learning-curves.js";
import { colours, svgOf } from "./plots.js";
import { errorsOfStructure } from "./worst.js";

/** More points than this hide each other; every n-th is enough to see the trend. */
const mostPoints = 1500;

export async function uncertaintySection(
  comparisons: readonly StructureComparison[],
  judged: Judged | undefined,
): Promise<string> {
  return [await disagreementPlot(comparisons), judged === undefined ? "" : await calibrationSection(judged)]
    .join("\n")
    .trim();
}

/** Disagreement γ against the largest force error of each structure. */
async function disagreementPlot(comparisons: readonly StructureComparison[]): Promise<string> {
  const points = comparisons
    .map(errorsOfStructure)
    .flatMap(({ disagreement, forceMax, set }) =>
      disagreement !== undefined && forceMax !== undefined
        ? [{ sigma: disagreement, error: forceMax, set: set === "train" ? "training" : "test" }]
        : [],
    );
  const { shown, hidden } = visible(points);
  if (shown.length < 3) return "";
  const every = Math.ceil(shown.length / mostPoints);
  const values = shown.filter((_, k) => k % every === 0);
  const ends = values.flatMap(({ sigma, error }) => [sigma, error]);
  const low = Math.min(...ends);
  const high = Math.max(...ends);
  const scale = { type: "log", nice: true } as const;
  const title = ["Disagreement γ / eV per Å", "Largest force error / eV per Å"] as const;
  const x = { field: "sigma", type: "quantitative", title: title[0], scale, axis: logAxis } as const;
  const y = { field: "error", type: "quantitative", title: title[1], scale, axis: logAxis } as const;
  const svg = await svgOf(
    {
      width: 408,
      height: 260,
      layer: [
        {
          data: {
            values: [
              { sigma: low, error: low },
              { sigma: high, error: high },
            ],
          },
          mark: { type: "line", color: colours.faint, strokeWidth: 1, strokeDash: [4, 3] },
          encoding: { x, y },
        },
        {
          data: { values },
          mark: { type: "circle", size: 20, opacity: 0.6 },
          encoding: {
            x,
            y,
            color: {
              field: "set",
              type: "nominal",
              scale: { domain: ["training", "test"], range: [colours.train, colours.test] },
              legend: { title: null, orient: "top-left" },
            },
          },
        },
      ],
    },
    "Largest force error of a structure against the disagreement",
  );
  const caption =
    "One point a structure. Where γ is worth trusting, points rise from left to right; above the dashed line the error " +
    "is larger than the disagreement." +
    hiddenText(hidden);
  return `<figure>${svg}<figcaption class="caption">${caption}</figcaption></figure>`;
}
