/** Radial distribution functions as a plot, alone or in a page. */
import type { RadialDistributionResult } from "../properties/index.js";
import { htmlPage } from "../reports/page.js";
import { standaloneSvg } from "../reports/plots.js";
import { radialPlot } from "../reports/trajectory-plots.js";

/** A standalone SVG file. */
export async function rdfSvg(result: RadialDistributionResult): Promise<string> {
  return standaloneSvg((await radialPlot(result)).svg);
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
    sections: [`<section><figure>${(await radialPlot(result)).svg}</figure></section>`],
    footer: "Potluck: potluck rdf",
  });
}

function highest({ r, total }: RadialDistributionResult): [number, number] {
  const { values } = total.g;
  let best = 0;
  for (let k = 1; k < values.length; k++) if ((values[k] ?? 0) > (values[best] ?? 0)) best = k;
  return [r[best] ?? 0, values[best] ?? 0];
}
