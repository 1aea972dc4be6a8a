/** The tables of an EAM potential as data, and whether they are complete. */
import { InputError, type Place } from "../../errors/index.js";
import { requireParameter } from "./elements.js";

export interface EamRecord {
  readonly kind: "eam";
  /** Symbols. */
  readonly elements: readonly string[];
  /** Å */
  readonly cutoff: number;
  /** Between the points of `embedding`, which begins at a density of 0. */
  readonly densityStep: number;
  /** Between the points of `density` and `pair`, which begin at 0 Å; Å. */
  readonly radiusStep: number;
  /** F(ρ), eV, [element][point]. */
  readonly embedding: readonly ArrayLike<number>[];
  /** ρ(r) of an atom of the first element at one of the second, [element][element][point]. */
  readonly density: readonly (readonly ArrayLike<number>[])[];
  /** rφ(r), eV Å, [element][element up to the first][point]: 1 1, 2 1, 2 2, 3 1, … */
  readonly pair: readonly (readonly ArrayLike<number>[])[];
  /** Where the parameters come from. */
  readonly source?: string;
}

/** The points that slopes by five points need. */
const FEWEST_POINTS = 5;

/** Throws InputError: `bad-parameter`, `bad-table`. */
export function checkEamRecord(record: EamRecord, where: Place): void {
  const { elements, cutoff, densityStep, radiusStep, embedding, density, pair } = record;
  const positive = { cutoff, densityStep, radiusStep };
  for (const [name, value] of Object.entries(positive))
    requireParameter(value > 0 && Number.isFinite(value), { name, value, expected: "a number above 0" }, where);
  const complete =
    [embedding, density, pair].every((rows) => rows.length === elements.length) &&
    density.every((row) => row.length === elements.length) &&
    pair.every((row, i) => row.length === i + 1);
  const radial = [...density.flat(), ...pair.flat()];
  const long = [...embedding, ...radial].every((values) => values.length >= FEWEST_POINTS);
  const alike = radial.every((values) => values.length === radial[0].length);
  if (complete && long && alike) return;
  throw new InputError({
    code: "bad-table",
    where,
    problem: `The EAM tables of ${elements.join(", ")} are not complete or not of equal length.`,
    expected: `Expected F for each element, ρ for each ordered pair and rφ for each pair, of ${FEWEST_POINTS} points or more.`,
    remedy: "Correct the tables.",
  });
}
