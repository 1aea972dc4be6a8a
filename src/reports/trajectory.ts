/** The report of a trajectory: averages with their errors, and what the atoms did. */
import type { Average, Estimate, TableRow, ThermoAverages, TrajectoryAnalysis } from "../properties/index.js";
import { elementSymbol } from "../structure/index.js";
import { htmlList, htmlTable, section } from "./html.js";
import { grouped, significant, withError } from "./numbers.js";
import { htmlPage, type KeyNumber } from "./page.js";
import {
  anglePlot,
  coordinationPlot,
  displacementPlot,
  type Plot,
  radialPlot,
  seriesPlots,
} from "./trajectory-plots.js";

export interface AnalyzedTrajectory {
  readonly analysis: TrajectoryAnalysis;
  /** What was recorded along the way; empty where nothing was. */
  readonly records: readonly TableRow[];
  /** Of the records; undefined where averages mean nothing. */
  readonly averages: ThermoAverages | undefined;
  /** Files and choices of frames, for the line below the title. */
  readonly source: string;
}

/** Every plot that there is something for. */
export async function trajectoryPlots({ analysis, records, averages }: AnalyzedTrajectory): Promise<Plot[]> {
  const { radial, angles, coordination, displacement, species } = analysis;
  return [
    ...(await seriesPlots(records, { atoms: species.length, averages })),
    ...(radial === undefined ? [] : [await radialPlot(radial)]),
    ...(coordination === undefined ? [] : [await coordinationPlot(coordination)]),
    ...(angles === undefined ? [] : [await anglePlot(angles)]),
    ...(displacement === undefined ? [] : [await displacementPlot(displacement)]),
  ];
}

/** `plots` as `trajectoryPlots` has made them. */
export function trajectoryReport(trajectory: AnalyzedTrajectory, plots: readonly Plot[]): string {
  const { analysis, source } = trajectory;
  const own = new Set(["radial", "angles", "neighbours", "displacement"]);
  const figure = (name: string): string =>
    plots
      .filter((plot) => plot.name === name)
      .map(({ svg }) => `<figure>${svg}</figure>`)
      .join("");
  const panels = plots.filter(({ name }) => !own.has(name)).map(({ svg }) => `<figure>${svg}</figure>`);
  return htmlPage({
    title: "Trajectory",
    subtitle: source,
    numbers: keyNumbers(trajectory),
    sections: [
      section("Remarks", analysis.remarks.length === 0 ? "" : htmlList(analysis.remarks, "warnings")),
      section("Averages", averagesTable(trajectory)),
      section(
        "Course",
        panels.length === 0 ? "" : `<div class="panels">${panels.join("\n")}</div>${courseCaption(trajectory)}`,
      ),
      section("Radial distribution", figure("radial") + radialCaption(analysis)),
      section("Neighbours", figure("neighbours") + neighboursTable(analysis)),
      section("Angles", figure("angles") + anglesCaption(analysis)),
      section("Displacements", figure("displacement") + diffusionTable(analysis)),
    ],
    footer: "Made by potluck analyze. Errors are standard errors of means, from blocks of frames or records.",
  });
}

function keyNumbers({ analysis, averages }: AnalyzedTrajectory): KeyNumber[] {
  const { frames, species, density, interval, lindemann, shell } = analysis;
  const span = interval === undefined ? "times not known" : `${significant((interval * (frames - 1)) / 1000)} ps`;
  const composition = compositionOf(species);
  return [
    { label: "Frames", value: grouped(frames), unit: "", note: span },
    { label: "Atoms", value: grouped(species.length), unit: "", note: composition },
    ...(averages === undefined
      ? []
      : [{ label: "Temperature", value: significant(averages.temperature.mean, 4), unit: "K", note: "mean" }]),
    ...(density === undefined
      ? []
      : [{ label: "Density", value: significant(density, 4), unit: "g/cm³", note: "mean" }]),
    ...(shell === undefined
      ? []
      : [{ label: "First shell", value: shell.peak.toFixed(2), unit: "Å", note: `to ${shell.minimum.toFixed(2)} Å` }]),
    ...(lindemann === undefined
      ? []
      : [{ label: "Lindemann index", value: significant(lindemann.index), unit: "", note: "about 0.1 at melting" }]),
  ];
}

export function compositionOf(species: Uint8Array): string {
  const counts = new Map<number, number>();
  for (const z of species) counts.set(z, (counts.get(z) ?? 0) + 1);
  return [...counts].map(([z, count]) => `${count} ${elementSymbol(z)}`).join(", ");
}

function averagesTable({ averages, analysis }: AnalyzedTrajectory): string {
  if (averages === undefined) return "";
  const atoms = analysis.species.length;
  const { temperature, potential, pressure, volume } = averages;
  const rows: readonly (readonly [string, Average | null, string])[] = [
    ["Temperature", temperature, "K"],
    ["Potential energy", scaled(potential, 1 / atoms), "eV/atom"],
    ["Pressure", pressure, "GPa"],
    ["Volume", volume && scaled(volume, 1 / atoms), "Å³/atom"],
  ];
  const shown = rows.flatMap(([name, average, unit]) =>
    average === null
      ? []
      : [[name, withError(average), significant(average.deviation), unit, average.plateau ? "" : "guess"]],
  );
  const from = `${grouped(averages.records)} records from ${significant(averages.from / 1000)} to ${significant(averages.to / 1000)} ps`;
  return (
    `<div class="scroll">${htmlTable(["", "mean", "deviation", "", ""], shown, { text: [0, 3, 4] })}</div>` +
    `<p class="caption">${from}. A guess: the run is too short for its correlation, and the error probably too small.</p>`
  );
}

const scaled = ({ mean, error, deviation, plateau }: Average, factor: number): Average => ({
  ...{ mean: factor * mean, error: factor * error, deviation: factor * deviation, plateau },
});

const courseCaption = ({ averages }: AnalyzedTrajectory): string =>
  averages === undefined ? "" : `<p class="caption">Lines: means over the records that count.</p>`;

function radialCaption({ shell, radial }: TrajectoryAnalysis): string {
  if (radial === undefined || shell === undefined) return "";
  const { peak, height, minimum, depth } = shell;
  return (
    `<p class="caption">First peak at ${peak.toFixed(2)} Å (g = ${significant(height)}), first minimum at ${minimum.toFixed(2)} Å ` +
    `(g = ${significant(depth)}); ${significant(radial.density)} atoms/Å³.</p>`
  );
}

function neighboursTable({ coordination, bonds }: TrajectoryAnalysis): string {
  if (coordination === undefined || bonds === undefined) return "";
  const rows = coordination.coordination.map(({ center, neighbor, mean }) => [
    ...[elementSymbol(center), neighbor === undefined ? "any" : elementSymbol(neighbor)],
    estimateText(mean),
  ]);
  return (
    `<div class="scroll">${htmlTable(["atom", "neighbour", "mean number"], rows, { text: [0, 1] })}</div>` +
    `<p class="caption">Within ${bonds.toFixed(2)} Å.</p>`
  );
}

const anglesCaption = ({ angles, bonds }: TrajectoryAnalysis): string =>
  angles === undefined || bonds === undefined
    ? ""
    : `<p class="caption">Between neighbours within ${bonds.toFixed(2)} Å; the atom in the middle has the angle. Each curve's area is 1.</p>`;

function diffusionTable({ displacement }: TrajectoryAnalysis): string {
  if (displacement === undefined) return "";
  const { all, elements } = displacement;
  const rows = (elements.length > 1 ? [all, ...elements] : [all]).map(({ element, diffusion, msd }) => [
    element === undefined ? "all" : elementSymbol(element),
    estimateText(diffusion.squareCentimetresPerSecond),
    significant(msd.values.at(-1) ?? Number.NaN),
  ]);
  const [from, to] = all.diffusion.window;
  return (
    `<div class="scroll">${htmlTable(["", "D, cm²/s", "last, Å²"], rows)}</div>` +
    `<p class="caption">Diffusion coefficients are slopes from ${significant(from / 1000)} to ${significant(to / 1000)} ps over 6; the centre of mass is held. ` +
    "In a solid the curve is flat, and D is what noise leaves.</p>"
  );
}

/** "1.2e-4 ± 3e-5": three digits, with an error where there is one. */
export function estimateText({ value, error }: Estimate): string {
  if (error === undefined) return significant(value);
  if (Math.abs(value) < 1e-3 && value !== 0) return `${significant(value)} ± ${significant(error, 2)}`;
  return withError({ mean: value, error });
}
