/** Prediction against reference: points for few values, counts in a grid for many (a point costs 330 bytes of SVG). */
import type { StructureComparison } from "../training/record.js";
import { errorPair } from "./errors.js";
import { escapeHtml } from "./html.js";
import { significant } from "./numbers.js";
import { colours, svgOf } from "./plots.js";
import { byGroup, eachPair, ofSet, type Quantity, type ShownSet } from "./quantities.js";

const mostPoints = 600;
/** More panels than this help nobody; the table has them all. */
const mostGroups = 12;

interface Range {
  readonly low: number;
  readonly high: number;
}

interface Panel {
  readonly title: string;
  readonly set: ShownSet;
  readonly quantity: Quantity;
  readonly size: number;
}

/** All values of each set, then each group. */
export async function paritySection(comparisons: readonly StructureComparison[], quantity: Quantity): Promise<string> {
  const sets = (["train", "test"] as const).filter((set) => hasPairs(ofSet(comparisons, set), quantity));
  if (sets.length === 0) return "";
  const large: string[] = [];
  for (const set of sets) {
    const title = sets.length === 1 && set === "test" ? "All structures" : setTitle(set);
    large.push(await parityPanel(ofSet(comparisons, set), { title, set, quantity, size: 330 }));
  }
  return `<h3>${quantity.title}</h3><div class="pair">${large.join("\n")}</div>${await groupPanels(comparisons, quantity)}`;
}

const setTitle = (set: ShownSet): string => (set === "train" ? "Training" : "Test");

async function groupPanels(comparisons: readonly StructureComparison[], quantity: Quantity): Promise<string> {
  const groups = [...byGroup(comparisons)].filter(([, members]) => hasPairs(members, quantity));
  if (groups.length < 2) return "";
  const panels: string[] = [];
  for (const [group, members] of groups.slice(0, mostGroups)) {
    for (const set of ["train", "test"] as const) {
      const chosen = ofSet(members, set);
      if (!hasPairs(chosen, quantity)) continue;
      const title = `${group} · ${setTitle(set).toLowerCase()}`;
      panels.push(await parityPanel(chosen, { title, set, quantity, size: 172 }));
    }
  }
  const left = groups.length - mostGroups;
  const note = left > 0 ? `<p class="caption">${left} more groups are in the table only.</p>` : "";
  return `<div class="panels">${panels.join("\n")}</div>${note}`;
}

async function parityPanel(comparisons: readonly StructureComparison[], panel: Panel): Promise<string> {
  const { quantity, size, title, set } = panel;
  const errors = errorPair(comparisons, quantity);
  const range = rangeOf(comparisons, quantity);
  const subtitle = `RMSE ${significant(errors.rmse)} ${quantity.errorUnit}`;
  const few = errors.count <= mostPoints;
  const scale = { domain: [range.low, range.high], nice: false, zero: false };
  const axis = { tickCount: size > 250 ? 6 : 4, format: "~g", grid: true };
  const channel = { type: "quantitative", scale, axis } as const;
  const label = size > 250 ? [`Reference / ${quantity.unit}`, `Prediction / ${quantity.unit}`] : [null, null];
  const values = few
    ? pointsOf(comparisons, quantity)
    : gridOf(comparisons, quantity, { range, cells: size > 250 ? 80 : 48 });
  const marks = few ? pointMarks(set, channel, label) : gridMarks(set, channel, label);
  const diagonal = [{ x: range.low, y: range.low, x2: range.high, y2: range.high }];
  const svg = await svgOf(
    {
      width: size,
      height: size,
      title: { text: title, subtitle, subtitleFontSize: 11, subtitlePadding: 3 },
      layer: [
        {
          data: { values: diagonal },
          mark: { type: "rule", color: colours.faint, strokeWidth: 1, strokeDash: [4, 3] },
          encoding: {
            x: { field: "x", ...channel, title: label[0]! },
            y: { field: "y", ...channel, title: label[1]! },
            x2: { field: "x2" },
            y2: { field: "y2" },
          },
        },
        { data: { values }, ...marks },
      ],
    },
    `${title}: ${quantity.title}, prediction against reference, ${subtitle}`,
  );
  return `<figure title="${escapeHtml(title)}">${svg}</figure>`;
}

type Channel = {
  readonly type: "quantitative";
  readonly scale: { readonly domain: number[]; readonly nice: boolean; readonly zero: boolean };
  readonly axis: { readonly tickCount: number; readonly format: string; readonly grid: boolean };
};
type Labels = readonly (string | null)[];

function pointMarks(set: ShownSet, channel: Channel, [x, y]: Labels) {
  return {
    mark: { type: "circle", size: 17, opacity: 0.55, color: colours[set], clip: true },
    encoding: { x: { field: "x", ...channel, title: x! }, y: { field: "y", ...channel, title: y! } },
  } as const;
}

/** Pale to dark in the colour of the set, on a logarithmic scale: outliers must show beside millions. */
function gridMarks(set: ShownSet, channel: Channel, [x, y]: Labels) {
  const shades = { train: ["#c3d5ee", "#3d6fb4", "#0f2d57"], test: ["#f7cfb5", "#d9622b", "#6b2405"] }[set];
  return {
    mark: { type: "rect", clip: true },
    encoding: {
      x: { field: "x", ...channel, title: x! },
      y: { field: "y", ...channel, title: y! },
      x2: { field: "x2" },
      y2: { field: "y2" },
      color: {
        field: "n",
        type: "quantitative",
        scale: { type: "log", range: shades, interpolate: "lab" },
        legend: { title: "values", gradientLength: 70, gradientThickness: 9, tickCount: 3, format: "~s", offset: 6 },
      },
    },
  } as const;
}

function hasPairs(comparisons: readonly StructureComparison[], quantity: Quantity): boolean {
  return comparisons.some((comparison) => comparison[quantity.key] !== undefined);
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

function pointsOf(comparisons: readonly StructureComparison[], quantity: Quantity): { x: number; y: number }[] {
  const points: { x: number; y: number }[] = [];
  eachPair(comparisons, quantity, (x, y) => points.push({ x, y }));
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
