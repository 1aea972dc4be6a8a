/** Plots of uncertainties: reliability, and errors against what was predicted of them. */
import {
  type HeldOut,
  largestForceError,
  residualsOf,
  type SourceQuality,
  type SpreadSource,
} from "../uncertainty/index.js";
import { logAxis } from "./learning-curves.js";
import { colours, svgOf } from "./plots.js";
import { qualityRows } from "./quality-rows.js";

/** Titles of more than some 25 letters would widen these: how wide letters are is guessed from above, for want of fonts. */
const size = { width: 252, height: 230 };
/** More points than this hide each other; every n-th is enough to see the trend. */
const mostPoints = 1500;

const quantityColour = {
  field: "quantity",
  type: "nominal",
  scale: { domain: ["energy", "forces"], range: [colours.train, colours.test] },
  legend: { title: null, orient: "top-left", fillColor: "#ffffffcc", padding: 4 },
} as const;

/** Share of errors within an interval against the probability that was predicted for it. */
export async function reliabilityPlot(quality: SourceQuality): Promise<string> {
  const points = qualityRows(quality)
    .filter(({ quantity }) => quantity !== "disagreement")
    .flatMap(({ quantity, size: { reliability }, isFirst }) =>
      reliability.expected.map((expected, k) => ({
        expected,
        observed: reliability.observed[k]!,
        quantity,
        kind: isFirst ? "as it is" : "scaled",
      })),
    );
  if (points.length === 0) return "";
  const scale = { domain: [0, 1] };
  const x = { field: "expected", type: "quantitative", title: "Predicted share", scale } as const;
  const y = { field: "observed", type: "quantitative", title: "Found share", scale } as const;
  const dash = {
    field: "kind",
    type: "nominal",
    scale: {
      domain: ["as it is", "scaled"],
      range: [
        [4, 3],
        [1, 0],
      ],
    },
    legend: { title: null, orient: "bottom-right", fillColor: "#ffffffcc", padding: 4 },
  } as const;
  const ends = [
    { expected: 0, observed: 0 },
    { expected: 1, observed: 1 },
  ];
  const svg = await svgOf(
    {
      ...size,
      layer: [
        { data: { values: ends }, mark: { type: "line", color: colours.faint, strokeWidth: 1 }, encoding: { x, y } },
        {
          data: { values: points },
          mark: { type: "line", strokeWidth: 1.6 },
          encoding: { x, y, color: quantityColour, strokeDash: dash },
        },
      ],
    },
    "Share of errors within predicted intervals",
  );
  return figure(
    svg,
    "Share of errors within predicted intervals; below the diagonal uncertainties are too small, above it too large.",
  );
}

/** |error| against uncertainty of single values. */
export async function scatterPlot(
  structures: readonly HeldOut[],
  source: SpreadSource,
  quantity: "energy" | "forces",
): Promise<string> {
  const { errors, sigmas } = residualsOf(structures, source, quantity);
  const factor = quantity === "energy" ? 1000 : 1;
  const all = Array.from(errors, (error, i) => ({ error: factor * Math.abs(error), sigma: factor * sigmas[i]! }));
  const unit = quantity === "energy" ? "meV per atom" : "eV per Å";
  const points = quantity === "energy" ? "Energies per atom, one point a structure" : "Force components";
  return errorScatter(all, {
    xTitle: `Spread / ${unit}`,
    yTitle: `|Error| / ${unit}`,
    caption: `${points}; on the dashed line error and spread are equal.`,
    diagonal: true,
  });
}

/** Largest force error of structures that leave the range of the training data. */
export async function extrapolationPlot(structures: readonly HeldOut[]): Promise<string> {
  const points = structures.flatMap((structure) => {
    const error = largestForceError(structure);
    const { extrapolation, species } = structure;
    return error === undefined ? [] : [{ error, sigma: extrapolation.length / species.length }];
  });
  return errorScatter(points, {
    xTitle: "Values outside / atom",
    yTitle: "|Error| / eV per Å",
    caption: "Largest force error of structures with a value outside the range of the training data.",
    diagonal: false,
  });
}

interface Scatter {
  readonly xTitle: string;
  readonly yTitle: string;
  readonly caption: string;
  readonly diagonal: boolean;
}

async function errorScatter(all: readonly Point[], { xTitle, yTitle, caption, diagonal }: Scatter): Promise<string> {
  const { shown, hidden } = visible(all);
  if (shown.length < 3) return "";
  const every = Math.ceil(shown.length / mostPoints);
  const values = shown.filter((_, k) => k % every === 0);
  const scale = { type: "log", nice: true } as const;
  const x = { field: "sigma", type: "quantitative", title: xTitle, scale, axis: logAxis } as const;
  const y = { field: "error", type: "quantitative", title: yTitle, scale, axis: logAxis } as const;
  const sigmas = values.map(({ sigma }) => sigma);
  const ends = [Math.min(...sigmas), Math.max(...sigmas)].map((sigma) => ({ sigma, error: sigma }));
  const svg = await svgOf(
    {
      ...size,
      layer: [
        {
          data: { values: diagonal ? ends : [] },
          mark: { type: "line", color: colours.faint, strokeWidth: 1, strokeDash: [4, 3] },
          encoding: { x, y },
        },
        {
          data: { values },
          mark: { type: "circle", size: 16, opacity: 0.5, color: colours.test },
          encoding: { x, y },
        },
      ],
    },
    `${caption} ${yTitle} against ${xTitle}`,
  );
  const part = every > 1 ? ` One in ${every} of ${shown.length} is shown.` : "";
  return figure(svg, `${caption}${part}${hiddenText(hidden)}`);
}

interface Point {
  readonly error: number;
  readonly sigma: number;
}

/**
 * Points for logarithmic axes: without zeros, and without those so far below the others (forces that vanish by symmetry) that the
 * axis would have room for little else.
 */
export function visible<P extends Point>(all: readonly P[]): { readonly shown: P[]; readonly hidden: number } {
  const finite = all.filter(({ error, sigma }) => Number.isFinite(error + sigma));
  const [mostError, mostSigma] = finite.reduce(
    ([e, s], { error, sigma }) => [Math.max(e, error), Math.max(s, sigma)],
    [0, 0],
  );
  const shown = finite.filter(({ error, sigma }) => error > depth * mostError && sigma > depth * mostSigma);
  return { shown, hidden: all.length - shown.length };
}

/** Share of the largest value that is still shown. */
const depth = 1e-5;

export const hiddenText = (hidden: number): string =>
  hidden === 0 ? "" : ` ${hidden} with errors or spreads near 0 (by symmetry, mostly) are not shown.`;

const figure = (svg: string, caption: string): string =>
  `<figure>${svg}<figcaption class="caption">${caption}</figcaption></figure>`;
