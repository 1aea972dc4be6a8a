/** Element symbols in files: fast on bytes, strict on spelling. */

import type { InputError } from "../errors/index.js";
import { atomicNumber, elementSymbols } from "../structure/index.js";
import type { LineReader } from "./line-reader.js";

/** Atomic number by first byte + 256 * second byte (0 for symbols of one letter); 0 where there is no such element. */
const numberOfBytes = new Uint8Array(65536);
for (let z = 1; z < elementSymbols.length; z++) {
  const symbol = elementSymbols[z];
  numberOfBytes[symbol.charCodeAt(0) + 256 * (symbol.length > 1 ? symbol.charCodeAt(1) : 0)] = z;
}

/** Next field of the line as an element: a symbol, or an atomic number in digits. */
export function readSpecies(lines: LineReader, atom: number): number {
  lines.field();
  const { bytes, fieldStart, cursor } = lines;
  const length = cursor - fieldStart;
  if (length === 1 || length === 2) {
    const z = numberOfBytes[bytes[fieldStart] + 256 * (length === 2 ? bytes[fieldStart + 1] : 0)];
    if (z > 0) return z;
  }
  return speciesOfText(lines.fieldText()) ?? fail(unknownElement(lines, lines.fieldText(), atom));
}

/** Atomic number of a symbol or of digits, undefined if there is no such element. */
export function speciesOfText(text: string): number | undefined {
  if (!/^\d+$/.test(text)) return atomicNumber(text);
  const z = Number(text);
  return z >= 1 && z < elementSymbols.length ? z : undefined;
}

/** The symbol that differs from `text` in nothing but case ("SI" → "Si"). */
export function symbolDespiteCase(text: string): string | undefined {
  const symbol = text.charAt(0).toUpperCase() + text.slice(1).toLowerCase();
  return atomicNumber(symbol) === undefined ? undefined : symbol;
}

export function unknownElement(lines: LineReader, found: string, atom?: number): InputError {
  const meant = symbolDespiteCase(found);
  return lines.trouble("unknown-element", {
    problem: found === "" ? "The element is missing." : `There is no element ${JSON.stringify(found)}.`,
    expected: "Expected a symbol such as Si.",
    remedy: meant === undefined ? "Correct the symbol." : `Write ${meant} if that is what is meant.`,
    ...(atom === undefined ? {} : { atom }),
  });
}

function fail(error: InputError): never {
  throw error;
}
