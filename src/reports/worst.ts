/** The structures with the largest errors: the first place to look for bad labels and missing data. */
import type { StructureComparison } from "../training/record.js";
import { escapeHtml, htmlTable } from "./html.js";
import { significant } from "./numbers.js";
import { type ShownSet, shownSet } from "./quantities.js";

export interface WorstStructure {
  readonly file: string;
  /** 1-based frame in the file. */
  readonly structure: number;
  readonly group: string;
  readonly set: ShownSet;
  readonly atoms: number;
  /** meV/atom, prediction minus reference. */
  readonly energyError?: number;
  /** Root mean square over the structure's components, eV/Å. */
  readonly forceRmse?: number;
  /** Largest component, eV/Å, and its atom, 1-based. */
  readonly forceMax?: number;
  readonly forceMaxAtom?: number;
  /** eV/Å */
  readonly disagreement?: number;
}

export function worstByEnergy(comparisons: readonly StructureComparison[], count = 10): WorstStructure[] {
  return worstBy(comparisons, count, ({ energyError }) => energyError && Math.abs(energyError));
}

export function worstByForces(comparisons: readonly StructureComparison[], count = 10): WorstStructure[] {
  return worstBy(comparisons, count, ({ forceMax }) => forceMax);
}

function worstBy(
  comparisons: readonly StructureComparison[],
  count: number,
  size: (one: WorstStructure) => number | undefined,
): WorstStructure[] {
  // NaN is the worst of all.
  const rank = (one: WorstStructure): number => {
    const value = size(one)!;
    return Number.isNaN(value) ? Number.POSITIVE_INFINITY : value;
  };
  return comparisons
    .map(errorsOfStructure)
    .filter((one) => size(one) !== undefined)
    .sort((a, b) => rank(b) - rank(a) || 0)
    .slice(0, count);
}

export function errorsOfStructure(comparison: StructureComparison): WorstStructure {
  const { file, structure, group, atoms, energy, forces, uncertainty } = comparison;
  return {
    file,
    structure,
    group,
    set: shownSet(comparison),
    atoms,
    ...(energy ? { energyError: (1000 * (energy.predicted - energy.reference)) / atoms } : {}),
    ...(forces ? forceErrors(forces) : {}),
    ...(uncertainty === undefined ? {} : { disagreement: uncertainty.disagreement }),
  };
}

function forceErrors({ reference, predicted }: { reference: Float64Array; predicted: Float64Array }) {
  let squares = 0;
  let largest = -1;
  let where = 0;
  for (let k = 0; k < reference.length; k++) {
    const error = Math.abs(predicted[k]! - reference[k]!);
    squares += error * error;
    if (error > largest || Number.isNaN(error)) {
      largest = error;
      where = k;
    }
  }
  const forceRmse = Math.sqrt(squares / reference.length);
  return { forceRmse, forceMax: largest, forceMaxAtom: Math.floor(where / 3) + 1 };
}

export function worstSection(comparisons: readonly StructureComparison[]): string {
  const byEnergy = worstByEnergy(comparisons);
  const byForces = worstByForces(comparisons);
  const tables = [
    byEnergy.length === 0 ? "" : `<h3>By energy</h3>${worstTable(byEnergy)}`,
    byForces.length === 0 ? "" : `<h3>By largest force error</h3>${worstTable(byForces)}`,
  ];
  return tables.join("\n");
}

function worstTable(worst: readonly WorstStructure[]): string {
  const sets = new Set(worst.map(({ set }) => set));
  const columns: [string, boolean, (one: WorstStructure) => string][] = [
    ["File and structure", true, (one) => `${escapeHtml(one.file)} <b>#${one.structure}</b>`],
    ["Group", true, (one) => escapeHtml(one.group)],
    ...(sets.has("train")
      ? [["Set", true, (one: WorstStructure) => setName(one.set)] as [string, boolean, (one: WorstStructure) => string]]
      : []),
    ["Atoms", false, (one) => String(one.atoms)],
    ["Energy error<br><i>meV/atom</i>", false, (one) => number(one.energyError)],
    ["Force RMSE<br><i>eV/Å</i>", false, (one) => number(one.forceRmse)],
    ["Largest force error<br><i>eV/Å</i>", false, (one) => number(one.forceMax)],
    ["at atom", false, (one) => (one.forceMaxAtom === undefined ? "–" : String(one.forceMaxAtom))],
    ["Disagreement γ<br><i>eV/Å</i>", false, (one) => number(one.disagreement)],
  ];
  const shown = columns.filter(
    ([title]) => !title.startsWith("Disagreement") || worst.some((one) => one.disagreement !== undefined),
  );
  const text = shown.flatMap(([, isText], column) => (isText ? [column] : []));
  return htmlTable(
    shown.map(([title]) => title),
    worst.map((one) => shown.map(([, , cell]) => cell(one))),
    { text },
  );
}

const setName = (set: ShownSet): string => (set === "train" ? "training" : "test");
const number = (value: number | undefined): string =>
  value === undefined ? "–" : significant(value).replace("-", "−");
