/** Elements of parameter records: symbols outside, types (indices) inside. */
import { InputError, type Place } from "../../errors/index.js";
import { atomicNumber } from "../../structure/index.js";

/** Atomic numbers of symbols, in their order; throws InputError (`unknown-element`, `repeated-element`). */
export function atomicNumbers(symbols: readonly string[], where: Place = {}): number[] {
  const numbers = symbols.map((symbol) => {
    const z = atomicNumber(symbol);
    if (z !== undefined) return z;
    throw new InputError({
      code: "unknown-element",
      where,
      problem: `There is no element ${JSON.stringify(symbol)}.`,
      expected: "Expected a symbol such as Si.",
      remedy: "Correct the symbol.",
    });
  });
  const repeated = symbols.find((symbol, k) => symbols.indexOf(symbol) < k);
  if (repeated === undefined) return numbers;
  throw new InputError({
    code: "repeated-element",
    where,
    problem: `The element ${repeated} is listed twice.`,
    remedy: "List every element once.",
  });
}

/** "Si, O" */

/** Throws InputError (`bad-parameter`) unless `holds`; `name` and `value` as the record has them. */
export function requireParameter(
  holds: boolean,
  parameter: { readonly name: string; readonly value: number; readonly expected: string },
  where: Place = {},
): void {
  if (holds) return;
  const { name, value, expected } = parameter;
  throw new InputError({
    code: "bad-parameter",
    where,
    problem: `The parameter ${name} is ${value}.`,
    expected: `Expected ${expected}.`,
    remedy: "Correct the parameter.",
  });
}
