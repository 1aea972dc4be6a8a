/** Plots as SVG text by Vega, without a page: deterministic, no fonts or images from elsewhere. */
import type { Config, TopLevelSpec } from "vega-lite";

export const colours = { train: "#3d6fb4", validation: "#2a9d8f", test: "#d9622b", ink: "#26303b", faint: "#8a94a0" };

const font = "Inter, 'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', sans-serif";

const style: Config = {
  background: "transparent",
  font,
  padding: 2,
  view: { stroke: "#cfd5dc" },
  // A name for every mark would double the file; the plot as a whole has one.
  mark: { aria: false },
  axis: {
    labelColor: "#4a5561",
    titleColor: colours.ink,
    titleFontWeight: 500,
    labelFontSize: 10.5,
    titleFontSize: 11.5,
    titlePadding: 7,
    gridColor: "#eceff3",
    domain: false,
    tickColor: "#cfd5dc",
    tickSize: 4,
  },
  legend: { labelFontSize: 11, titleFontSize: 11, titleFontWeight: 500, labelColor: colours.ink, symbolStrokeWidth: 2 },
  title: { fontSize: 12.5, fontWeight: 600, color: colours.ink, anchor: "start", offset: 8, subtitleColor: "#5b6672" },
};

/** Parts of a specification that all plots share; each plot adds data, mark and encoding. */
export type PlotSpec = TopLevelSpec;

/** `label` is what a screen reader says. */
export async function svgOf(spec: PlotSpec, label: string): Promise<string> {
  // Loaded when something is drawn: they take half a second, which a prediction should not wait for.
  const [{ parse, View }, { compile }] = await Promise.all([import("vega"), import("vega-lite")]);
  const view = new View(parse(compile({ ...spec, config: style }).spec), { renderer: "none" });
  try {
    return lean(await view.toSVG()).replace(/^<svg /, `<svg role="img" aria-label="${label.replaceAll('"', "'")}" `);
  } finally {
    view.finalize();
  }
}

/** A plot as a file of its own. */
export const standaloneSvg = (svg: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n${svg.replace(/^<svg /, '<svg xmlns="http://www.w3.org/2000/svg" ')}\n`;

/** Without what a page does not need. */
function lean(svg: string): string {
  return (
    svg
      .replaceAll(/ aria-[a-z]+="[^"]*"/g, "")
      .replaceAll(/ role="graphics-[a-z]+"/g, "")
      // Hundredths of a pixel will do; numbers in texts stay as they are.
      .replaceAll(/ (?:d|transform|x2|y2|width|height|x|y)="[^"]*"/g, (attribute) =>
        attribute.replaceAll(/(\.\d\d)\d+/g, "$1"),
      )
      .replace(/ xmlns(:xlink)?="[^"]*"/g, "")
  );
}

/**
 * Names for the clips of all plots in a page, by their order in it. Vega numbers them on its own: the same name in two
 * plots would cut one by the frame of the other, and numbers that go on from report to report would change its bytes.
 */
export function withOwnNames(html: string): string {
  let plot = 0;
  return html.replaceAll(/<svg [\s\S]*?<\/svg>/g, (svg) => {
    plot++;
    const names = new Map<string, string>();
    return svg.replaceAll(/\b(id="|url\(#)((?:clip|gradient)[^")]*)/g, (_, before: string, name: string) => {
      if (!names.has(name)) names.set(name, `p${plot}-${names.size + 1}`);
      return `${before}${names.get(name)}`;
    });
  });
}
