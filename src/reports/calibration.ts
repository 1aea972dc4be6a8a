/** How far uncertainties can be believed: measures, reliability, errors against uncertainties, thresholds. */
import type {
  Calibration,
  ExtrapolationQuality,
  HeldOut,
  SourceQuality,
  SpreadSource,
  UncertaintyReport,
} from "../uncertainty/index.js";
import { extrapolationPlot, reliabilityPlot, scatterPlot } from "./calibration-plots.js";
import { escapeHtml, htmlTable } from "./html.js";
import { grouped, significant } from "./numbers.js";
import { conformalText, optional, qualityRows } from "./quality-rows.js";

/** Labelled structures that a potential has not learned from, and what they say about its uncertainty. */
export interface Judged {
  readonly structures: readonly HeldOut[];
  readonly report: UncertaintyReport;
  /** Of the potential. */
  readonly calibration: Calibration | undefined;
}

export const sourceTitles: Readonly<Record<SpreadSource, string>> = {
  committee: "Spread of the committee",
  dropout: "Spread over dropout passes",
};
const sources = Object.keys(sourceTitles) as SpreadSource[];

export async function calibrationSection(judged: Judged): Promise<string> {
  const { structures, report } = judged;
  const parts: string[] = [];
  for (const source of sources) {
    const quality = report[source];
    if (quality !== undefined) parts.push(await sourcePart(source, quality, judged));
  }
  parts.push(await extrapolationPart(report.extrapolation, structures));
  return parts.filter((part) => part !== "").join("\n");
}

async function sourcePart(source: SpreadSource, quality: SourceQuality, judged: Judged): Promise<string> {
  const { structures } = judged;
  const plots = [
    await reliabilityPlot(quality),
    await scatterPlot(structures, source, "energy"),
    await scatterPlot(structures, source, "forces"),
  ].filter((plot) => plot !== "");
  return [
    `<h3>${sourceTitles[source]}</h3>`,
    `<div class="scroll">${measures(quality)}</div>`,
    `<p class="caption">${measuresCaption(quality)}</p>`,
    `<div class="panels">${plots.join("\n")}</div>`,
    ...thresholdSentences(quality, ownCalibration(judged, source)).map(
      (sentence) => `<p class="caption">${escapeHtml(sentence)}</p>`,
    ),
  ].join("\n");
}

function measures(quality: SourceQuality): string {
  const head = [
    "Quantity",
    "Uncertainty",
    "Values",
    "RMSE",
    "σ, rms",
    "Area",
    "ENCE",
    "NLL",
    "ρ",
    "AUROC",
    "95 % within",
  ];
  const rows = qualityRows(quality).map(({ title, uncertainty, quality: of, size, factor, isFirst }) => [
    isFirst ? title : "",
    uncertainty,
    ...(isFirst ? [grouped(of.values), optional(of.rmse, factor)] : ["", ""]),
    optional(size.sharpness.rms, factor),
    optional(size.reliability.area),
    optional(size.ence),
    optional(size.nll),
    ...(isFirst ? [optional(of.spearman), optional(of.auroc), conformalText(of)] : ["", "", ""]),
  ]);
  return htmlTable(head, rows, { text: [0, 1] });
}

const basisOf = (quality: SourceQuality): "potential" | "these values" | undefined =>
  (quality.energy ?? quality.forces ?? quality.disagreement)?.calibration?.from;

function measuresCaption(quality: SourceQuality): string {
  const basis = basisOf(quality);
  const scaled =
    basis === undefined
      ? ""
      : `The second line of each is after scaling, ${basis === "potential" ? "as the potential was calibrated when it was fitted" : "by the factor that fits these very structures best, so it flatters"}. `;
  return (
    `${scaled}Area between the reliability curve and its diagonal (0 is perfect, ½ the worst); ENCE, mean relative deviation of errors ` +
    "from uncertainties in bins (0 is perfect); NLL, mean negative log likelihood in eV (the smaller the better); ρ, rank correlation " +
    "of uncertainty and error; AUROC, how well the uncertainty finds the worst tenth (½ is chance); the last column is a conformal bound. As it is, " +
    "ENCE and NLL blow up where spreads vanish by symmetry."
  );
}

/** The potential's calibration, where it is of this source. */
export const ownCalibration = ({ calibration }: Judged, source: SpreadSource): Calibration | undefined =>
  calibration?.source === source ? calibration : undefined;

/** From which disagreement on a simulation should worry: the potential's own thresholds, or what these structures propose. */
export function thresholdSentences({ proposed }: SourceQuality, own: Calibration | undefined): string[] {
  const thresholds = own?.thresholds ?? proposed?.thresholds;
  const structures = own?.thresholds === undefined ? "these structures" : "the structures of its calibration";
  if (thresholds === undefined) return [];
  const { warn, stop } = thresholds;
  const how =
    warn.basis === "quantile"
      ? `${significant(100 * warn.probability)} % and ${significant(100 * stop.probability)} % of ${structures} are below`
      : `the tolerance is then exceeded with probability ${significant(warn.probability)} and ${significant(stop.probability)}`;
  return [
    `Simulations should warn above γ = ${significant(warn.disagreement)} eV/Å and stop above ${significant(stop.disagreement)} eV/Å (${how}).`,
  ];
}

async function extrapolationPart(quality: ExtrapolationQuality, structures: readonly HeldOut[]): Promise<string> {
  const plot = await extrapolationPlot(structures);
  return [
    "<h3>Range of the training data</h3>",
    `<p class="caption">${escapeHtml(extrapolationSentence(quality))}</p>`,
    ...(plot === "" ? [] : [`<div class="panels">${plot}</div>`]),
  ].join("\n");
}

export function extrapolationSentence({ summary, spearman, auroc }: ExtrapolationQuality): string {
  const { perStructure, structures, extrapolatingAtoms, atoms } = summary;
  if (perStructure.length === 0) return `No atom of ${grouped(structures)} structures is outside it.`;
  const ranks = [
    ...(spearman === undefined ? [] : [`rank correlation ${significant(spearman)}`]),
    ...(auroc === undefined ? [] : [`AUROC ${significant(auroc)}`]),
  ];
  const with_ =
    ranks.length === 0 ? "" : ` Values outside per atom against the largest force error: ${ranks.join(", ")}.`;
  return `${grouped(extrapolatingAtoms)} of ${grouped(atoms)} atoms, in ${perStructure.length} of ${grouped(structures)} structures, are outside it.${with_}`;
}
