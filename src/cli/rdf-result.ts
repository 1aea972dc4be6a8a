/** Radial distribution functions as a table and as a record. */
import { type PartialDistribution, type RadialDistributionResult, uniquePairs } from "../properties/index.js";
import { elementSymbol } from "../structure/index.js";

/** "Si-O", the lighter one first. */
export const pairName = ({ center, neighbor }: PartialDistribution): string =>
  `${elementSymbol(center)}-${elementSymbol(neighbor)}`;

/** Columns that any plotting program reads: r, g of all, g of each pair, and the neighbours within r. */
export function rdfTable(result: RadialDistributionResult): string {
  const { r, edges, total, density, frames } = result;
  const pairs = uniquePairs(result);
  const partial = pairs.length > 1 ? pairs : [];
  const titles = ["r/Å", "g", ...partial.map((pair) => `g(${pairName(pair)})`), "edge/Å", "n(edge)"];
  const rows = Array.from(r, (center, k) =>
    [
      center.toFixed(4),
      ...[total, ...partial].map(({ g }) => (g.values[k] ?? Number.NaN).toFixed(5)),
      (edges[k] ?? Number.NaN).toFixed(4),
      (total.coordination.values[k] ?? Number.NaN).toFixed(4),
    ].join("  "),
  );
  const head = `# ${frames} frames, density ${density.toPrecision(6)} 1/Å³; n(edge) atoms lie within the outer edge of a bin`;
  return [head, `# ${titles.join("  ")}`, ...rows].join("\n");
}

/** Plain numbers; errors are standard errors from blocks of frames, null where there are too few. */
export function rdfRecord({ r, edges, total, partial, density, frames, units }: RadialDistributionResult) {
  const curves = ({ g, coordination }: Pick<PartialDistribution, "g" | "coordination">) => ({
    g: [...g.values],
    gErrors: g.errors === undefined ? null : [...g.errors],
    coordination: [...coordination.values],
  });
  return {
    ...{ frames, density, units, r: [...r], edges: [...edges] },
    total: curves(total),
    pairs: partial.map((pair) => ({
      center: elementSymbol(pair.center),
      neighbor: elementSymbol(pair.neighbor),
      ...curves(pair),
    })),
  };
}
