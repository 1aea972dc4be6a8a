/** Energy, stress, charge, cell and periodicity among the pairs of an extended XYZ comment line. */

import { type InfoValue, type Structure, volume } from "../structure/index.js";
import { checkedCell, everywhere, nowhere } from "./cells.js";
import type { LabelKeys } from "./format.js";
import type { LineReader } from "./line-reader.js";
import { numberText } from "./numbers.js";

type Info = Map<string, InfoValue>;

/** Take `key` out of `info`. */
function take(info: Info, key: string): InfoValue | undefined {
  const value = info.get(key);
  info.delete(key);
  return value;
}

/** All numbers of a value, flat; undefined if there is anything else in it. */
function numbersOf(value: InfoValue): number[] | undefined {
  if (typeof value === "number") return [value];
  if (typeof value !== "object") return undefined;
  const parts = value.map(numbersOf);
  return parts.every((part) => part !== undefined) ? parts.flat() : undefined;
}

/** `count` finite numbers, or an error that names the key. */
function finiteNumbers(lines: LineReader, key: string, value: InfoValue, counts: readonly number[]): number[] {
  const numbers = numbersOf(value);
  if (numbers?.some((x) => !Number.isFinite(x))) {
    throw lines.trouble("not-finite", {
      problem: `${key} is ${shown(value)}.`,
      expected: "Expected finite numbers.",
      remedy: "The calculation behind it has probably failed: repeat it, or remove the structure.",
    });
  }
  if (numbers !== undefined && counts.includes(numbers.length)) return numbers;
  throw lines.trouble("malformed-number", {
    problem: `${key} is ${shown(value)}.`,
    expected: `Expected ${counts.join(" or ")} number${counts[0] === 1 ? "" : "s"}.`,
    remedy: "Correct the comment line of this structure.",
  });
}

function shown(value: InfoValue): string {
  if (typeof value === "object") return `[${value.map(shown).join(", ")}]`;
  return typeof value === "number" ? numberText(value) : JSON.stringify(value);
}

export function takeCell(lines: LineReader, info: Info): Float64Array | undefined {
  const value = take(info, "Lattice");
  if (value === undefined) return undefined;
  const cell = Float64Array.from(finiteNumbers(lines, "Lattice", value, [9]));
  // ASE writes nine zeros for a molecule.
  if (cell.every((x) => x === 0) && !periodicKey(lines, info)?.includes(true)) return undefined;
  return checkedCell(lines, cell);
}

/** `pbc`, or what ASE assumes without it: periodic if there is a Lattice. */
export function takePeriodic(lines: LineReader, info: Info, cell: Float64Array | undefined): Structure["periodic"] {
  const periodic = periodicKey(lines, info);
  info.delete("pbc");
  if (periodic === undefined) return cell === undefined ? nowhere : everywhere;
  if (cell !== undefined || !periodic.includes(true)) return periodic;
  throw lines.trouble("missing-cell", {
    problem: `pbc is "${periodic.map((p) => (p ? "T" : "F")).join(" ")}" and there is no Lattice.`,
    remedy: 'Add Lattice="ax ay az bx by bz cx cy cz" in Å to the comment line, or write pbc="F F F".',
  });
}

function periodicKey(lines: LineReader, info: Info): [boolean, boolean, boolean] | undefined {
  const value = info.get("pbc");
  if (value === undefined) return undefined;
  const items: readonly InfoValue[] = typeof value === "object" ? value : [value, value, value];
  const flags = items.map((item) => (item === 1 || item === true ? true : item === 0 || item === false ? false : null));
  const [a, b, c] = flags;
  if (flags.length === 3 && a !== null && b !== null && c !== null) return [a, b, c];
  throw lines.trouble("bad-pbc", {
    problem: `pbc is ${shown(value)}.`,
    expected: 'Expected three logicals such as pbc="T T F".',
    remedy: "Correct the comment line of this structure.",
  });
}

/** Total energy, eV. `free_energy` serves where there is no other and stays among the info. */
export function takeEnergy(lines: LineReader, info: Info, keys: LabelKeys | undefined): number | undefined {
  const key = keys?.energy ?? ["energy", "Energy", "free_energy"].find((name) => info.has(name));
  const value = key === undefined ? undefined : key === "free_energy" ? info.get(key) : take(info, key);
  if (keys?.energy !== undefined) setAside(info, "energy");
  return key === undefined || value === undefined ? undefined : finiteNumbers(lines, key, value, [1])[0];
}

/** Stress, Voigt xx yy zz yz xz xy, eV/Å³. A virial (minus stress times volume) also stays among the info. */
export function takeStress(
  lines: LineReader,
  info: Info,
  options: { readonly cell: Float64Array | undefined; readonly keys: LabelKeys | undefined },
): Float64Array | undefined {
  const named = options.keys?.stress;
  const key = named ?? ["stress", "virial"].find((name) => info.has(name));
  const isVirial = key !== undefined && /virial/i.test(key);
  const value = key === undefined ? undefined : isVirial ? info.get(key) : take(info, key);
  if (named !== undefined) setAside(info, "stress");
  if (key === undefined || value === undefined) return undefined;
  const numbers = finiteNumbers(lines, key, value, [9, 6]);
  const voigt = Float64Array.from(numbers.length === 6 ? numbers : voigtOrder.map((i) => numbers[i]));
  if (!isVirial) return voigt;
  if (options.cell === undefined) return undefined;
  const cubicAngstrom = volume(options.cell);
  return voigt.map((x) => -x / cubicAngstrom);
}

/** ASE reads nine numbers column by column and takes the upper triangle. */
const voigtOrder = [0, 4, 8, 7, 6, 3];

/** The user named another key: what is under the usual one must not come back as the label. */
function setAside(info: Info, key: string): void {
  const value = take(info, key);
  if (value !== undefined) info.set(`file_${key}`, value);
}

/** Total charge, e; a value that is no number stays among the info. */
export function takeCharge(info: Info): number | undefined {
  const value = info.get("charge");
  if (typeof value !== "number" || !Number.isFinite(value)) return undefined;
  info.delete("charge");
  return value;
}

/** Keys that a reader always takes for itself. */
export const reservedKeys: readonly string[] = ["Lattice", "Properties", "pbc", "energy", "stress"];
