/** What labelled structures say about uncertainties, for a terminal. */
import {
  conformalText,
  extrapolationSentence,
  grouped,
  type Judged,
  optional,
  ownCalibration,
  qualityRows,
  sourceTitles,
  thresholdSentences,
} from "../reports/index.js";
import type { SourceQuality } from "../uncertainty/index.js";
import { layOut } from "./table.js";

const head = ["", "uncertainty", "values", "RMSE", "σ, rms", "area", "ENCE", "NLL", "ρ", "AUROC", "95 % within"];

/** Lines for every source of spread, and for the range of the training data. */
export function uncertaintyText(judged: Judged): string {
  const { report } = judged;
  const parts = (["committee", "dropout"] as const).flatMap((source) => {
    const quality = report[source];
    if (quality === undefined) return [];
    const own = ownCalibration(judged, source);
    const about =
      own === undefined
        ? "scaled to fit these very structures"
        : `scaled as calibrated on ${own.structures} structures`;
    return [
      `${sourceTitles[source]} against errors, as it is and ${about}`,
      measures(quality),
      ...thresholdSentences(quality, own),
      "",
    ];
  });
  return [...parts, `Range of the training data: ${extrapolationSentence(report.extrapolation)}`].join("\n");
}

function measures(quality: SourceQuality): string {
  const rows = qualityRows(quality).map(({ title, uncertainty, quality: of, size, factor, isFirst }) => [
    isFirst ? title.toLowerCase().replace("mev", "meV").replace("ev/å", "eV/Å") : "",
    uncertainty,
    ...(isFirst ? [grouped(of.values), optional(of.rmse, factor)] : ["", ""]),
    optional(size.sharpness.rms, factor),
    optional(size.reliability.area),
    optional(size.ence),
    optional(size.nll),
    ...(isFirst ? [optional(of.spearman), optional(of.auroc), conformalText(of)] : ["", "", ""]),
  ]);
  return layOut([head, ...rows], { text: 2 });
}
