/** How errors are distributed: a histogram per set, as shares, so that sets of different size compare. */
import { errorPair } from "../training/comparison-errors.js";
import type { StructureComparison } from "../training/record.js";
import { significant } from "./numbers.js";
import { colours, svgOf } from "./plots.js";
import { eachPair, energyQuantity, forceQuantity, ofSet, type Quantity, type ShownSet } from "./quantities.js";

/** The axis ends here; what is beyond is counted in the caption. */
const endInRmse = 4;

/** The line steps to `share` at `error`. */
interface Bin {
  readonly error: number;
  readonly share: number;
  readonly set: string;
}

export async function errorDistributions(comparisons: readonly StructureComparison[]): Promise<string> {
  const energy = await distribution(comparisons, energyQuantity);
  const forces = await distribution(comparisons, forceQuantity);
  const plots = [energy, forces].filter((plot) => plot !== "");
  return plots.length === 0 ? "" : `<div class="pair">${plots.join("\n")}</div>`;
}

async function distribution(comparisons: readonly StructureComparison[], quantity: Quantity): Promise<string> {
  const sets = (["train", "test"] as const).map((set) => ({ set, members: ofSet(comparisons, set) }));
  const errors = sets.flatMap(({ members }) => errorPair(members, quantity.key) ?? []);
  const end = endInRmse * Math.max(0, ...errors.map(({ rmse }) => (Number.isFinite(rmse) ? rmse : 0)));
  const least = Math.min(...errors.map(({ count }) => count));
  if (end === 0 || !Number.isFinite(least)) return "";
  const bins = Math.max(15, Math.min(61, 2 * Math.round(Math.sqrt(least)) + 1));
  const shown = sets.map(({ set, members }) => histogram(members, quantity, { set, end, bins }));
  // With many values the tails are worth seeing.
  const many = least > 2000;
  const title = `${quantity.title}: prediction − reference / ${quantity.errorUnit}`;
  const svg = await svgOf(
    {
      width: 408,
      height: 210,
      data: { values: shown.flatMap((one) => one.bins) },
      mark: { type: "area", interpolate: "step-after", line: { strokeWidth: 1.5 }, fillOpacity: 0.18, clip: true },
      encoding: {
        x: { field: "error", type: "quantitative", title, scale: { domain: [-end, end], nice: false } },
        y: {
          field: "share",
          type: "quantitative",
          stack: null,
          title: "Share of values",
          axis: { format: many ? "~g" : "~%", tickCount: 5 },
          scale: many ? { type: "log", domainMin: lowestShare(shown) } : { domainMin: 0 },
        },
        color: {
          field: "set",
          type: "nominal",
          scale: { domain: ["training", "test"], range: [colours.train, colours.test] },
          legend: { title: null, orient: "top-right" },
        },
      },
    },
    title,
  );
  return `<figure>${svg}<figcaption class="caption">${beyond(shown, end, quantity)}</figcaption></figure>`;
}

function beyond(shown: readonly Histogram[], end: number, quantity: Quantity): string {
  const parts = shown
    .filter(({ count }) => count > 0)
    .map(({ outside, count, set }) => `${outside} of ${count} (${set === "train" ? "training" : "test"})`);
  return `Beyond ±${significant(end)} ${quantity.errorUnit}: ${parts.join(", ")}.`;
}

interface Histogram {
  readonly set: ShownSet;
  readonly bins: readonly Bin[];
  readonly count: number;
  readonly outside: number;
}

const lowestShare = (shown: readonly Histogram[]): number =>
  Math.min(...shown.map(({ count }) => (count === 0 ? 1 : 0.7 / count)));

function histogram(
  comparisons: readonly StructureComparison[],
  quantity: Quantity,
  { set, end, bins }: { readonly set: ShownSet; readonly end: number; readonly bins: number },
): Histogram {
  const counts = new Float64Array(bins);
  let count = 0;
  let outside = 0;
  eachPair(comparisons, quantity, (reference, predicted) => {
    const bin = Math.floor((((predicted - reference) * quantity.errorFactor + end) / (2 * end)) * bins);
    count++;
    if (bin < 0 || bin >= bins) outside++;
    else counts[bin]!++;
  });
  const width = (2 * end) / bins;
  // A logarithmic axis has no place for zero: empty bins sit below its end.
  const empty = 0.1 / Math.max(1, count);
  const steps = [...counts, counts[bins - 1]!].map((n, k) => ({
    error: -end + k * width,
    share: n === 0 ? empty : n / count,
    set: set === "train" ? "training" : "test",
  }));
  return { set, bins: count === 0 ? [] : steps, count, outside };
}
