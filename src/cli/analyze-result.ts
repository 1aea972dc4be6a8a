/** What a trajectory shows, as text and as a record. */
import type { Estimate, SeriesEstimate } from "../properties/index.js";
import { type AnalyzedTrajectory, compositionOf, estimateText, significant } from "../reports/index.js";
import { elementSymbol } from "../structure/index.js";
import { averageLines } from "./md-result.js";
import { rdfRecord } from "./rdf-result.js";
import { labelled } from "./simulation-result.js";

export function analysisText({ analysis, averages }: AnalyzedTrajectory): string {
  const { frames, species, interval, density, shell, coordination, bonds, angles, lindemann, displacement } = analysis;
  const span = interval === undefined ? "" : `, every ${significant(interval)} fs`;
  const any = coordination?.coordination.filter(({ neighbor }) => neighbor === undefined) ?? [];
  return [
    labelled("Frames", `${frames}${span}  (${compositionOf(species)})`),
    ...(averages === undefined ? [] : averageLines(averages, species.length)),
    ...(density === undefined ? [] : [labelled("Density", `${significant(density, 4)} g/cm³`)]),
    ...(shell === undefined
      ? []
      : [
          labelled(
            "First shell",
            `peak at ${shell.peak.toFixed(2)} Å (g = ${significant(shell.height)}), minimum at ${shell.minimum.toFixed(2)} Å (g = ${significant(shell.depth)})`,
          ),
        ]),
    ...any.map(({ center, mean }) =>
      labelled("Neighbours", `${elementSymbol(center)} ${estimateText(mean)} within ${bonds?.toFixed(2)} Å`),
    ),
    ...(angles === undefined
      ? []
      : [labelled("Angles", `most often ${mostOften(angles.angle, angles.total.density)}°`)]),
    ...(lindemann === undefined ? [] : [labelled("Lindemann", significant(lindemann.index))]),
    ...(displacement?.elements ?? []).map(({ element, diffusion }) =>
      labelled(
        "Diffusion",
        `${element === undefined ? "all" : elementSymbol(element)} ${estimateText(diffusion.squareCentimetresPerSecond)} cm²/s`,
      ),
    ),
    ...analysis.remarks,
  ].join("\n");
}

function mostOften(angle: Float64Array, density: Float64Array): string {
  const best = density.reduce((top, x, k) => (x > density[top]! ? k : top), 0);
  return angle[best]!.toFixed(0);
}

/** Plain numbers: Å, fs, eV, GPa, K, g/cm³, degrees; null where there is no such number. */
export function analysisRecord({ analysis, averages }: AnalyzedTrajectory) {
  const { frames, species, interval, density, shell, radial, coordination, bonds, angles, lindemann, displacement } =
    analysis;
  return {
    ...{ frames, atoms: species.length, composition: compositionOf(species), interval: interval ?? null },
    ...{ density: density ?? null, averages: averages ?? null, firstShell: shell ?? null, bonds: bonds ?? null },
    radial: radial === undefined ? null : rdfRecord(radial),
    neighbours:
      coordination?.coordination.map(({ center, neighbor, mean, distribution }) => ({
        ...{ center: elementSymbol(center), neighbor: neighbor === undefined ? null : elementSymbol(neighbor) },
        ...{ ...estimate(mean), distribution: [...distribution.values] },
      })) ?? null,
    angles:
      angles === undefined
        ? null
        : {
            angle: [...angles.angle],
            total: [...angles.total.density],
            triplets: angles.triplets.map(({ center, neighbors, density: curve }) => ({
              ...{ center: elementSymbol(center), neighbors: neighbors.map(elementSymbol), density: [...curve] },
            })),
          },
    lindemann: lindemann?.index ?? null,
    displacement:
      displacement === undefined
        ? null
        : {
            time: [...displacement.time],
            all: displacementRecord(displacement.all),
            elements: displacement.elements.map((one) => ({
              element: elementSymbol(one.element ?? 0),
              ...displacementRecord(one),
            })),
          },
    remarks: analysis.remarks,
  };
}

const estimate = ({ value, error }: Estimate) => ({ mean: value, error: error ?? null });

interface Displaced {
  readonly msd: SeriesEstimate;
  readonly diffusion: { readonly squareCentimetresPerSecond: Estimate; readonly window: readonly [number, number] };
}

const displacementRecord = ({ msd, diffusion }: Displaced) => ({
  ...{ msd: [...msd.values], msdErrors: msd.errors === undefined ? null : [...msd.errors] },
  diffusion: { unit: "cm²/s", ...estimate(diffusion.squareCentimetresPerSecond), window: diffusion.window },
});
