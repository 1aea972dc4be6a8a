/** Prediction against reference: points for few values, counts in a grid for many (a point costs 330 bytes of SVG). */
import { errorPair } from "../training/comparison-errors.js";
import type { StructureComparison } from "../training/record.js";
import { significant } from "./numbers.js";
import { colours, svgOf } from "./plots.js";
import { byGroup, eachPair, ofSet, type Quantity, type ShownSet, shownSet } from "./quantities.js";

const mostPoints = 600;
/** More panels than this help nobody; the table has them all. */
const mostGroups = 12;

interface Range {
  readonly low: number;
  readonly high: number;
}

interface Panel {
  readonly title: string;
  readonly quantity: Quantity;
  readonly size: number;
}

/** All values of each set, then each group. */
export async function paritySection(comparisons: readonly StructureComparison[], quantity: Quantity): Promise<string> {
  const shown = comparisons.filter((comparison) => comparison[quantity.key] !== undefined);
  if (shown.length === 0) return "";
  const large: string[] = [];
  for (const set of ["train", "test"] as const) {
    const members = ofSet(shown, set);
    if (members.length === 0) continue;
    const title = members.length === shown.length ? "All structures" : setTitle(set);
    large.push(await parityPanel(members, { title, quantity, size: 340 }));
  }
  return `<h3>${quantity.title}</h3><div class="pair">${large.join("\n")}</div>${await groupPanels(shown, quantity)}`;
}

const setTitle = (set: ShownSet): string => (set === "train" ? "Training" : "Test");

/** One small panel a group; six stress components a structure are too few to be worth it. */
async function groupPanels(comparisons: readonly StructureComparison[], quantity: Quantity): Promise<string> {
  const groups = [...byGroup(comparisons)];
  if (groups.length < 2 || quantity.key === "stress") return "";
  const panels: string[] = [];
  for (const [group, members] of groups.slice(0, mostGroups)) {
    panels.push(await parityPanel(members, { title: group, quantity, size: 152 }));
  }
  const left = groups.length - mostGroups;
  const note = left > 0 ? `<p class="caption">${left} more groups are in the table only.</p>` : "";
  return `<div class="panels">${panels.join("\n")}</div>${note}`;
}

async function parityPanel(comparisons: readonly StructureComparison[], panel: Panel): Promise<string> {
  const { quantity, size, title } = panel;
  const large = size > 250;
  const { few, shown } = choose(comparisons, quantity);
  const range = rangeOf(shown, quantity);
  const scale = { domain: [range.low, range.high], nice: false, zero: false };
  const channel = {
    type: "quantitative",
    scale,
    axis: { tickCount: large ? 6 : 4 },
  } as const;
  const axes = {
    x: { field: "x", ...channel, title: large ? `Reference / ${quantity.unit}` : null },
    // The same width for all labels, so that panels stand in columns.
    y: {
      field: "y",
      ...channel,
      axis: { ...channel.axis, minExtent: 44 },
      title: large ? `Prediction / ${quantity.unit}` : null,
    },
  };
  const diagonal = [{ x: range.low, y: range.low, x2: range.high, y2: range.high }];
  const values = few ? pointsOf(shown, quantity) : gridOf(shown, quantity, { range, cells: large ? 80 : 45 });
  const subtitle = rmseText(comparisons, quantity);
  const svg = await svgOf(
    {
      width: size,
      height: size,
      title: { text: title, subtitle, subtitleFontSize: 11, subtitlePadding: 3 },
      layer: [
        {
          data: { values: diagonal },
          mark: { type: "rule", color: colours.faint, strokeWidth: 1, strokeDash: [4, 3] },
          encoding: { ...axes, x2: { field: "x2" }, y2: { field: "y2" } },
        },
        few ? pointLayer(values, axes) : gridLayer(values, axes, { set: shownSet(shown[0]!), legend: large }),
      ],
    },
    `${title}: ${quantity.title}, prediction against reference, ${subtitle}`,
  );
  return `<figure>${svg}</figure>`;
}

/** Points show both sets; a grid of counts shows the test set where there is one. */
function choose(comparisons: readonly StructureComparison[], quantity: Quantity) {
  const few = (errorPair(comparisons, quantity.key)?.count ?? 0) <= mostPoints;
  const test = ofSet(comparisons, "test");
  return { few, shown: few || test.length === 0 ? comparisons : test };
}

/** "RMSE 12.3 meV/atom", or "RMSE 11.2 training, 12.3 test" */
function rmseText(comparisons: readonly StructureComparison[], quantity: Quantity): string {
  const sets = (["train", "test"] as const).map((set) => ({ set, members: ofSet(comparisons, set) }));
  const filled = sets.filter(({ members }) => members.length > 0);
  const rmse = (members: readonly StructureComparison[]): string =>
    significant(errorPair(members, quantity.key)?.rmse ?? Number.NaN);
  if (filled.length === 1) return `RMSE ${rmse(filled[0]!.members)} ${quantity.errorUnit}`;
  return `RMSE ${filled.map(({ set, members }) => `${rmse(members)} ${setTitle(set).toLowerCase()}`).join(", ")}`;
}

type Axis = { readonly field: string; readonly type: "quantitative"; readonly title: string | null };
type Axes = { readonly x: Axis; readonly y: Axis };

function pointLayer(values: readonly object[], axes: Axes) {
  return {
    data: { values: [...values] },
    mark: { type: "circle", size: 18, opacity: 0.6, clip: true },
    encoding: {
      ...axes,
      color: {
        field: "set",
        type: "nominal",
        scale: { domain: ["train", "test"], range: [colours.train, colours.test] },
        legend: null,
      },
    },
  } as const;
}

/** Pale to dark in the colour of the set, on a logarithmic scale: outliers must show beside millions. */
function gridLayer(
  values: readonly object[],
  axes: Axes,
  { set, legend }: { readonly set: ShownSet; readonly legend: boolean },
) {
  const range = { train: ["#c3d5ee", "#3d6fb4", "#0f2d57"], test: ["#f7cfb5", "#d9622b", "#6b2405"] }[set];
  const shown = { title: "values", gradientLength: 80, gradientThickness: 9, tickCount: 3, format: "~s", offset: 8 };
  return {
    data: { values: [...values] },
    mark: { type: "rect", clip: true },
    encoding: {
      ...axes,
      x2: { field: "x2" },
      y2: { field: "y2" },
      color: {
        field: "n",
        type: "quantitative",
        scale: { type: "log", range, interpolate: "lab" },
        legend: legend ? shown : null,
      },
    },
  } as const;
}

/** The same for both axes, with a margin. */
function rangeOf(comparisons: readonly StructureComparison[], quantity: Quantity): Range {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  eachPair(comparisons, quantity, (reference, predicted) => {
    if (reference < low) low = reference;
    if (predicted < low) low = predicted;
    if (reference > high) high = reference;
    if (predicted > high) high = predicted;
  });
  if (!(low <= high)) return { low: 0, high: 1 };
  const margin = 0.04 * (high - low) || Math.abs(high) * 1e-3 || 1;
  return { low: low - margin, high: high + margin };
}

interface Point {
  readonly x: number;
  readonly y: number;
  readonly set: ShownSet;
}

function pointsOf(comparisons: readonly StructureComparison[], quantity: Quantity): Point[] {
  const points: Point[] = [];
  for (const comparison of comparisons) {
    const set = shownSet(comparison);
    eachPair([comparison], quantity, (x, y) => points.push({ x, y, set }));
  }
  return points;
}

interface GridCell {
  readonly x: number;
  readonly x2: number;
  readonly y: number;
  readonly y2: number;
  readonly n: number;
}

function gridOf(
  comparisons: readonly StructureComparison[],
  quantity: Quantity,
  { range: { low, high }, cells }: { readonly range: Range; readonly cells: number },
): GridCell[] {
  const counts = new Float64Array(cells * cells);
  const perCell = (high - low) / cells;
  eachPair(comparisons, quantity, (reference, predicted) => {
    const column = Math.min(cells - 1, Math.floor((reference - low) / perCell));
    const row = Math.min(cells - 1, Math.floor((predicted - low) / perCell));
    counts[row * cells + column]!++;
  });
  const filled: GridCell[] = [];
  counts.forEach((n, k) => {
    if (n === 0) return;
    const x = low + (k % cells) * perCell;
    const y = low + Math.floor(k / cells) * perCell;
    filled.push({ x, x2: x + perCell, y, y2: y + perCell, n });
  });
  return filled;
}
