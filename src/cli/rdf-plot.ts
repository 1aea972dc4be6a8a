/** Radial distribution functions as a plot, alone or in a page. */
import type { RadialDistributionResult } from "../properties/index.js";
import { htmlPage } from "../reports/page.js";
import { type PlotSpec, svgOf } from "../reports/plots.js";
import { pairName, uniquePairs } from "./rdf-result.js";

/** A standalone SVG file. */
export async function rdfSvg(result: RadialDistributionResult): Promise<string> {
  const svg = await svgOf(specOf(result), "Radial distribution function");
  return `<?xml version="1.0" encoding="UTF-8"?>\n${svg.replace(/^<svg /, '<svg xmlns="http://www.w3.org/2000/svg" ')}\n`;
}

/** A self-contained page. */
export async function rdfPage(result: RadialDistributionResult, source: string): Promise<string> {
  const [first, height] = highest(result);
  return htmlPage({
    title: "Radial distribution function",
    subtitle: source,
    numbers: [
      { label: "Frames", value: String(result.frames), unit: "", note: "averaged" },
      { label: "Density", value: result.density.toPrecision(4), unit: "1/Å³", note: "mean over frames" },
      { label: "Highest peak", value: first.toFixed(2), unit: "Å", note: `g = ${height.toPrecision(3)}` },
    ],
    sections: [`<section><figure>${await svgOf(specOf(result), "Radial distribution function")}</figure></section>`],
    footer: "Potluck: potluck rdf",
  });
}

function highest({ r, total }: RadialDistributionResult): [number, number] {
  const { values } = total.g;
  let best = 0;
  for (let k = 1; k < values.length; k++) if ((values[k] ?? 0) > (values[best] ?? 0)) best = k;
  return [r[best] ?? 0, values[best] ?? 0];
}

function specOf(result: RadialDistributionResult): PlotSpec {
  const pairs = uniquePairs(result);
  const curves = [
    { pair: "all", values: result.total.g.values },
    ...(pairs.length > 1 ? pairs.map((pair) => ({ pair: pairName(pair), values: pair.g.values })) : []),
  ];
  const values = curves.flatMap((curve) =>
    Array.from(curve.values, (g, k) => ({ r: result.r[k] ?? 0, g, pair: curve.pair })),
  );
  return {
    data: { values },
    ...{ width: 620, height: 320 },
    mark: { type: "line", strokeWidth: 1.5 },
    encoding: {
      x: { field: "r", type: "quantitative", title: "r, Å" },
      y: { field: "g", type: "quantitative", title: "g(r)" },
      color: { field: "pair", type: "nominal", title: "pair", sort: null, legend: curves.length > 1 ? {} : null },
    },
  };
}
