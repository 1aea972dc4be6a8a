/** Parameters that are given for every ordered triple of elements: centre, first neighbour, second neighbour. */
import { InputError, type Place } from "../../errors/index.js";
import { elementSymbol } from "../../structure/index.js";
import { atomicNumbers } from "./elements.js";

export interface TripletEntry {
  /** Symbols of centre, first and second neighbour. */
  readonly elements: readonly [string, string, string];
}

export interface TripletTable<Entry> {
  /** Ascending atomic numbers; types are indices in this. */
  readonly elements: readonly number[];
  /** [(centre·types + first)·types + second] */
  readonly entries: readonly Entry[];
}

/** Throws InputError: `unknown-element`, `repeated-triplet`, `missing-triplet`. */
export function tripletTable<Entry extends TripletEntry>(
  given: readonly Entry[],
  where: Place = {},
): TripletTable<Entry> {
  const elements = atomicNumbers([...new Set(given.flatMap((entry) => entry.elements))], where).sort((a, b) => a - b);
  const symbols = elements.map(elementSymbol);
  const byName = new Map<string, Entry>();
  for (const entry of given) {
    const name = entry.elements.join(" ");
    if (byName.has(name)) throw repeatedTriplet(name, where);
    byName.set(name, entry);
  }
  const names = symbols.flatMap((a) => symbols.flatMap((b) => symbols.map((c) => `${a} ${b} ${c}`)));
  return { elements, entries: names.map((name) => byName.get(name) ?? missing(name, { symbols, where })) };
}

const repeatedTriplet = (name: string, where: Place): InputError =>
  new InputError({
    code: "repeated-triplet",
    where,
    problem: `The parameters of ${name} are given twice.`,
    remedy: "Give every ordered triple of elements once.",
  });

function missing(name: string, { symbols, where }: { symbols: readonly string[]; where: Place }): never {
  throw new InputError({
    code: "missing-triplet",
    where,
    problem: `The parameters of ${name} are missing.`,
    expected: `With ${symbols.join(", ")} there are ${symbols.length ** 3} ordered triples, and each needs its own.`,
    remedy: "Add them, or leave out the elements that are not complete.",
  });
}

/** How far two rows of a file may differ where they should say the same: published files are rounded to 4 or 5 digits. */
const ROUNDED = 1e-3;

/**
 * The mean of two numbers that should be one. Throws InputError (`asymmetric-parameters`) where they differ by more than
 * rounding: the energy would depend on the order in which the atoms are written down.
 */
export function agreed(a: number, b: number, about: { readonly name: string; readonly where?: Place }): number {
  if (Math.abs(a - b) <= ROUNDED * Math.max(Math.abs(a), Math.abs(b))) return (a + b) / 2;
  throw new InputError({
    code: "asymmetric-parameters",
    ...(about.where === undefined ? {} : { where: about.where }),
    problem: `The parameter ${about.name} is ${a} one way round and ${b} the other.`,
    expected: "Expected the same number.",
    remedy: "Correct the parameters: the energy must not depend on the order of the atoms.",
  });
}
