/** Plots as SVG text by Vega, without a page: deterministic, no fonts or images from elsewhere. */
import { parse, View } from "vega";
import { type Config, compile, type TopLevelSpec } from "vega-lite";

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

let plotNumber = 0;

/** `label` is what a screen reader says. */
export async function svgOf(spec: PlotSpec, label: string): Promise<string> {
  const view = new View(parse(compile({ ...spec, config: style }).spec), { renderer: "none" });
  try {
    const svg = await view.toSVG();
    return ownNames(svg, ++plotNumber).replace(/^<svg /, `<svg role="img" aria-label="${label.replaceAll('"', "'")}" `);
  } finally {
    view.finalize();
  }
}

/** Vega calls the clips of every plot clip0, clip1, …; in one page the first would cut all plots. */
function ownNames(svg: string, plot: number): string {
  return (
    svg
      .replaceAll(/\b(id="|url\(#)((?:clip|gradient)[^")]*)/g, `$1p${plot}-$2`)
      .replaceAll(/ aria-[a-z]+="[^"]*"/g, "")
      .replaceAll(/ role="graphics-[a-z]+"/g, "")
      // Hundredths of a pixel will do; numbers in texts stay as they are.
      .replaceAll(/ (?:d|transform|x2|y2|width|height|x|y)="[^"]*"/g, (attribute) =>
        attribute.replaceAll(/(\.\d\d)\d+/g, "$1"),
      )
      .replace(/ xmlns(:xlink)?="[^"]*"/g, "")
  );
}

/** Restarts the numbering, so that the same result gives the same bytes. */
export function restartPlotNumbers(): void {
  plotNumber = 0;
}
