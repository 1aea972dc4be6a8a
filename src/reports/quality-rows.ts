/** Measures of uncertainties as rows of a table. */
import type { QuantityQuality, SizeQuality, SourceQuality } from "../uncertainty/index.js";
import { significant } from "./numbers.js";

/** A line of the table of measures: a quantity with its uncertainty as it is, or in the size of errors. */
export interface QualityRow {
  readonly quantity: "energy" | "forces" | "disagreement";
  readonly title: string;
  /** "as it is", "× 1.83" */
  readonly uncertainty: string;
  readonly quality: QuantityQuality;
  readonly size: SizeQuality;
  /** From eV/atom to meV/atom, say. */
  readonly factor: number;
  readonly isFirst: boolean;
}

const titles = {
  energy: "Energy, meV/atom",
  forces: "Force component, eV/Å",
  disagreement: "Largest force error, eV/Å",
};

export function qualityRows(source: SourceQuality): QualityRow[] {
  return (["energy", "forces", "disagreement"] as const).flatMap((quantity) => {
    const quality = source[quantity];
    if (quality === undefined) return [];
    const { raw, calibrated, calibration } = quality;
    const row = { quantity, title: titles[quantity], quality, factor: quantity === "energy" ? 1000 : 1 };
    const first = { ...row, uncertainty: "as it is", size: raw, isFirst: true };
    if (calibrated === undefined || calibration === undefined) return [first];
    return [first, { ...row, uncertainty: `× ${significant(calibration.scale)}`, size: calibrated, isFirst: false }];
  });
}

/** q: errors are below q times the spread for 95 in 100 values. */
export const conformalText = ({ calibration }: QuantityQuality): string => {
  const bound = calibration?.conformal.find(({ level }) => level === 0.95);
  return bound === undefined ? "–" : `${significant(bound.factor)} σ`;
};

export const optional = (value: number | undefined, factor = 1): string =>
  value === undefined ? "–" : significant(factor * value).replace("-", "−");
