/** Plots of what a trajectory shows, as SVG. */
import {
  type AngleDistributionResult,
  type CoordinationResult,
  type DisplacementResult,
  type RadialDistributionResult,
  type TableRow,
  type ThermoAverages,
  thermoColumns,
  uniquePairs,
} from "../properties/index.js";
import { elementSymbol } from "../structure/index.js";
import { colours, type PlotSpec, svgOf } from "./plots.js";

export interface Plot {
  /** Of a file, without its end: "radial". */
  readonly name: string;
  readonly label: string;
  readonly svg: string;
}

/** More points than a line of this width can show only make the file larger. */
const mostPoints = 400;

const [width, height] = [620, 320];

interface Curve {
  readonly name: string;
  readonly values: ArrayLike<number>;
}

/** Lines over the same x, with a legend where there are several. */
function lines(
  x: ArrayLike<number>,
  curves: readonly Curve[],
  titles: { x: string; y: string; legend: string },
): PlotSpec {
  const values = curves.flatMap(({ name, values: y }) => Array.from(y, (value, k) => ({ x: x[k], y: value, name })));
  return {
    data: { values },
    ...{ width, height },
    mark: { type: "line", strokeWidth: 1.5 },
    encoding: {
      x: { field: "x", type: "quantitative", title: titles.x },
      y: { field: "y", type: "quantitative", title: titles.y },
      color: {
        ...{ field: "name", type: "nominal", title: titles.legend, sort: null },
        legend: curves.length > 1 ? {} : null,
        scale: {
          range: [colours.ink, colours.train, colours.test, colours.validation, "#8458b3", "#b08900", "#b3363f"],
        },
      },
    },
  };
}

/** g(r) of all atoms and of each pair of elements. */
export async function radialPlot(result: RadialDistributionResult): Promise<Plot> {
  const pairs = uniquePairs(result);
  const partial = pairs.length > 1 ? pairs : [];
  const curves = [
    { name: "all", values: result.total.g.values },
    ...partial.map(({ center, neighbor, g }) => ({ name: bond([center, neighbor]), values: g.values })),
  ];
  const label = "Radial distribution function";
  const spec = lines(result.r, curves, { x: "r, Å", y: "g(r)", legend: "pair" });
  return { name: "radial", label, svg: await svgOf(spec, label) };
}

const bond = (elements: readonly number[]): string => elements.map(elementSymbol).join("–");

/** Triplets whose angles are a smaller share than this of all are left to the numbers. */
const leastShare = 0.01;

export async function anglePlot({ angle, total, triplets }: AngleDistributionResult): Promise<Plot> {
  const weight = (values: Float64Array): number => values.reduce((sum, x) => sum + x, 0);
  const most = Math.max(...triplets.map(({ perCenter }) => weight(perCenter.values)));
  const shown = triplets.filter(({ perCenter }) => weight(perCenter.values) > leastShare * most);
  const curves = [
    ...(shown.length === 1 ? [] : [{ name: "all", values: total.density }]),
    ...shown.map(({ center, neighbors: [a, b], density }) => ({ name: bond([a, center, b]), values: density })),
  ];
  const label = "Distribution of angles";
  const spec = lines(angle, curves, { x: "Angle, degrees", y: "1/degree", legend: "angle" });
  return { name: "angles", label, svg: await svgOf(spec, label) };
}

/** Shares below a pixel. */
const leastShown = 0.002;

/** Shares of atoms by their number of neighbours of any element. */
export async function coordinationPlot({ coordination }: CoordinationResult): Promise<Plot> {
  const any = coordination.filter(({ neighbor }) => neighbor === undefined);
  const values = any.flatMap(({ center, distribution }) =>
    Array.from(distribution.values, (share, count) => ({ count, share, element: elementSymbol(center) })).filter(
      ({ share }) => share > leastShown,
    ),
  );
  const label = "Numbers of neighbours";
  const spec: PlotSpec = {
    data: { values },
    ...{ width, height: 220 },
    mark: { type: "bar", binSpacing: 1 },
    encoding: {
      x: { field: "count", type: "ordinal", title: "Neighbours", axis: { labelAngle: 0 } },
      y: { field: "share", type: "quantitative", title: "Share of atoms" },
      xOffset: { field: "element" },
      color: { field: "element", type: "nominal", title: "element", legend: any.length > 1 ? {} : null },
    },
  };
  return { name: "neighbours", label, svg: await svgOf(spec, label) };
}

/** Mean square displacements, with the lines whose slopes are diffusion coefficients. */
export async function displacementPlot({ time, all, elements }: DisplacementResult): Promise<Plot> {
  const shown = elements.length > 1 ? elements : [all];
  const every = Math.ceil(time.length / mostPoints);
  const name = (element: number | undefined): string => (element === undefined ? "all" : elementSymbol(element));
  const curves = shown.flatMap(({ element, msd }) =>
    Array.from(msd.values, (y, k) => ({ x: (time[k] ?? 0) / 1000, y, name: name(element) })).filter(
      (_, k) => k % every === 0,
    ),
  );
  const fits = shown.flatMap(({ element, diffusion }) =>
    diffusion.window.map((t) => ({
      ...{ x: t / 1000, name: name(element) },
      y: diffusion.intercept + 6 * diffusion.coefficient.value * t,
    })),
  );
  const color = { field: "name", type: "nominal", title: "element", legend: shown.length > 1 ? {} : null } as const;
  const encoding = {
    x: { field: "x", type: "quantitative", title: "Time, ps" },
    y: { field: "y", type: "quantitative", title: "Mean square displacement, Å²", scale: { zero: true } },
    color,
  } as const;
  const label = "Mean square displacement";
  const spec: PlotSpec = {
    ...{ width, height: 280 },
    layer: [
      { data: { values: curves }, mark: { type: "line", strokeWidth: 1.5 }, encoding },
      { data: { values: fits }, mark: { type: "line", strokeWidth: 1.2, strokeDash: [5, 3], opacity: 0.9 }, encoding },
    ],
  };
  return { name: "displacement", label, svg: await svgOf(spec, label) };
}

interface Series {
  readonly name: string;
  readonly title: string;
  readonly value: (row: TableRow) => number | undefined;
  /** Of the records that count. */
  readonly mean?: number | undefined;
}

/** What was recorded against time, a panel each; what does not change is left out. */
export async function seriesPlots(
  rows: readonly TableRow[],
  { atoms, averages }: { readonly atoms: number; readonly averages: ThermoAverages | undefined },
): Promise<Plot[]> {
  const start = rows[0]?.get(thermoColumns.conserved) ?? 0;
  const all: Series[] = [
    { name: "temperature", title: "Temperature, K", value: of("temperature"), mean: averages?.temperature.mean },
    {
      ...{ name: "energy", title: "Energy, eV/atom", value: of("potential", (x) => x / atoms) },
      mean: averages && averages.potential.mean / atoms,
    },
    { name: "pressure", title: "Pressure, GPa", value: of("pressure"), mean: averages?.pressure?.mean },
    {
      ...{ name: "volume", title: "Volume, Å³/atom", value: of("volume", (x) => x / atoms) },
      mean: averages?.volume ? averages.volume.mean / atoms : undefined,
    },
    {
      name: "conserved",
      title: "Conserved, meV/atom",
      value: of("conserved", (x) => (1000 * (x - start)) / atoms),
    },
    { name: "disagreement", title: "Disagreement γ, eV/Å", value: of("disagreement") },
    { name: "extrapolations", title: "Values out of range", value: of("extrapolations") },
  ];
  const plots: Plot[] = [];
  for (const series of all) {
    const values = points(rows, series.value);
    if (new Set(values.map(({ y }) => y)).size < 2) continue;
    const svg = await svgOf(panel(values, series, averages), series.title);
    plots.push({ name: series.name, label: series.title, svg });
  }
  return plots;
}

const of =
  (column: keyof typeof thermoColumns, unit: (x: number) => number = (x) => x) =>
  (row: TableRow): number | undefined => {
    const value = row.get(thermoColumns[column]);
    return value === undefined ? undefined : unit(value);
  };

interface Point {
  /** ps */
  readonly x: number;
  readonly y: number;
}

function points(rows: readonly TableRow[], value: Series["value"]): Point[] {
  const every = Math.ceil(rows.length / mostPoints);
  return rows.flatMap((row, k) => {
    const [time, y] = [row.get(thermoColumns.time), value(row)];
    const shown = k % every === 0 || k === rows.length - 1;
    return shown && time !== undefined && y !== undefined ? [{ x: time / 1000, y }] : [];
  });
}

function panel(values: readonly Point[], { title, mean }: Series, averages: ThermoAverages | undefined): PlotSpec {
  const rule =
    mean === undefined || averages === undefined ? [] : [{ x: averages.from / 1000, x2: averages.to / 1000, y: mean }];
  return {
    ...{ width: 244, height: 165 },
    layer: [
      {
        data: { values: [...values] },
        mark: { type: "line", strokeWidth: 1, color: colours.train },
        encoding: {
          x: { field: "x", type: "quantitative", title: "Time, ps", axis: { tickCount: 5 } },
          // Room for the longest labels, so that panels stand in columns.
          y: { field: "y", type: "quantitative", title, scale: { zero: false }, axis: { tickCount: 5, minExtent: 38 } },
        },
      },
      {
        data: { values: rule },
        mark: { type: "rule", strokeWidth: 1.5, color: colours.test },
        encoding: {
          x: { field: "x", type: "quantitative" },
          x2: { field: "x2" },
          y: { field: "y", type: "quantitative", scale: { zero: false } },
        },
      },
    ],
  };
}
