/** Which structures leave the range of the training data, and through which functions. */
import type { Extrapolation } from "../potentials/potential.js";

/** A structure of which at least one value is out of range. */
export interface ExtrapolatingStructure {
  /** 0-based, in the list that was given. */
  readonly structure: number;
  readonly atoms: number;
  readonly values: number;
  /** Largest distance from the range, in widths of the range; absent where all ranges concerned have no width. */
  readonly excess?: number;
}

/** A function of an element that was seen out of range. */
export interface ExtrapolatingFunction {
  /** Atomic number of the element that the function belongs to. */
  readonly element: number;
  /** 0-based, in the potential's order. */
  readonly function: number;
  /** Atoms below and above the range, and structures with such an atom. */
  readonly below: number;
  readonly above: number;
  readonly structures: number;
  /** Range of the training data, and the extremes of what was seen outside. */
  readonly min: number;
  readonly max: number;
  readonly lowest: number;
  readonly highest: number;
  /** As above. */
  readonly excess?: number;
}

export interface ExtrapolationSummary {
  /** Structures looked at. */
  readonly structures: number;
  readonly atoms: number;
  /** Atoms with a value out of range. */
  readonly extrapolatingAtoms: number;
  /** In the order given. */
  readonly perStructure: readonly ExtrapolatingStructure[];
  /** Most frequent first. */
  readonly perFunction: readonly ExtrapolatingFunction[];
}

interface Looked {
  readonly species: ArrayLike<number>;
  readonly extrapolation: readonly Extrapolation[];
}

/** Distance from the range in widths of the range; undefined for a range without width. */
function excessOf({ value, min, max }: Extrapolation): number | undefined {
  return max > min ? Math.max(value - max, min - value) / (max - min) : undefined;
}

const larger = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || (b !== undefined && b > a) ? b : a;

const excessEntry = (excess: number | undefined): { excess?: number } => (excess === undefined ? {} : { excess });

export function summarizeExtrapolation(structures: readonly Looked[]): ExtrapolationSummary {
  const perStructure = structures.flatMap(({ extrapolation }, structure) =>
    extrapolation.length === 0 ? [] : [{ structure, ...countsOf(extrapolation) }],
  );
  return {
    structures: structures.length,
    atoms: structures.reduce((sum, { species }) => sum + species.length, 0),
    extrapolatingAtoms: perStructure.reduce((sum, { atoms }) => sum + atoms, 0),
    perStructure,
    perFunction: functionsOf(structures),
  };
}

function countsOf(extrapolation: readonly Extrapolation[]): Omit<ExtrapolatingStructure, "structure"> {
  return {
    atoms: new Set(extrapolation.map(({ atom }) => atom)).size,
    values: extrapolation.length,
    ...excessEntry(extrapolation.map(excessOf).reduce(larger, undefined)),
  };
}

type Tally = { -readonly [key in keyof ExtrapolatingFunction]: ExtrapolatingFunction[key] } & { last: number };

function functionsOf(structures: readonly Looked[]): ExtrapolatingFunction[] {
  const tallies = new Map<string, Tally>();
  structures.forEach(({ species, extrapolation }, s) => {
    for (const found of extrapolation) {
      const element = species[found.atom]!;
      const key = `${element} ${found.function}`;
      const tally = tallies.get(key) ?? emptyTally(element, found);
      tallies.set(key, tally);
      count(tally, found, s);
    }
  });
  return [...tallies.values()]
    .map(({ last: _, ...tally }) => tally)
    .sort((a, b) => b.below + b.above - a.below - a.above || a.element - b.element || a.function - b.function);
}

function emptyTally(element: number, { function: f, min, max, value }: Extrapolation): Tally {
  const none = { below: 0, above: 0, structures: 0, last: -1 };
  return { element, function: f, min, max, lowest: value, highest: value, ...none };
}

function count(tally: Tally, found: Extrapolation, structure: number): void {
  if (found.value < found.min) tally.below++;
  else tally.above++;
  if (tally.last !== structure) tally.structures++;
  tally.last = structure;
  tally.lowest = Math.min(tally.lowest, found.value);
  tally.highest = Math.max(tally.highest, found.value);
  const excess = larger(tally.excess, excessOf(found));
  if (excess !== undefined) tally.excess = excess;
}
