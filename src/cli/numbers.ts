/** Numbers after options of the command line. */
import { InputError } from "../errors/index.js";

/** Parser of a finite number, above 0 unless any will do. */
export function realNumber(option: string, { unit, any = false }: { unit: string; any?: boolean }) {
  return (text: string): number => {
    const value = text.trim() === "" ? Number.NaN : Number(text);
    if (Number.isFinite(value) && (any || value > 0)) return value;
    throw new InputError({
      code: "bad-option",
      where: { file: option },
      problem: `"${text}" is not a number${any ? "" : " above 0"}.`,
      expected: `Expected a number in ${unit}.`,
      remedy: `Write for example ${option} 1.5.`,
    });
  };
}

/** Parser of atoms such as 1,2,10-20: 0-based. */
export function atomList(option: string): (text: string) => number[] {
  return (text) =>
    text.split(",").flatMap((part) => {
      const [, first, last = first] = /^\s*(\d+)(?:-(\d+))?\s*$/.exec(part) ?? [];
      const count = Number(last) - Number(first) + 1;
      if (Number(first) >= 1 && count >= 1) return Array.from({ length: count }, (_, k) => Number(first) - 1 + k);
      throw new InputError({
        code: "bad-option",
        where: { file: option },
        problem: `"${part}" names no atoms.`,
        expected: "Expected numbers from 1 on and ranges.",
        remedy: `Write for example ${option} 1,2,10-20.`,
      });
    });
}

/** Parser of whole numbers such as 2,2,2. */
export function integerList(option: string, { lengths, least }: { lengths: readonly number[]; least?: number }) {
  return (text: string): number[] => {
    const values = text.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
    const fits = (x: number): boolean => Number.isSafeInteger(x) && x >= (least ?? Number.NEGATIVE_INFINITY);
    if (lengths.includes(values.length) && values.every(fits)) return values;
    throw new InputError({
      code: "bad-option",
      where: { file: option },
      problem: `"${text}" is not a list of ${lengths.join(" or ")} whole numbers${least === undefined ? "" : ` ≥ ${least}`}.`,
      remedy: `Write for example ${option} ${new Array(lengths.at(-1)).fill(2).join(",")}.`,
    });
  };
}

/** Parser of names with numbers above 0, such as Cu=3,Au=1. */
export function shareList(option: string, example: string) {
  return (text: string): Readonly<Record<string, number>> => {
    const entries = text.split(",").map((part) => {
      const [, name, value] = /^\s*(\w+)\s*=\s*(\S+)\s*$/.exec(part) ?? [];
      return [name ?? "", Number(value)] as const;
    });
    const named = new Set(entries.map(([name]) => name));
    if (entries.every(([, value]) => Number.isFinite(value) && value > 0) && named.size === entries.length)
      return Object.fromEntries(entries);
    throw new InputError({
      code: "bad-option",
      where: { file: option },
      problem: `"${text}" is not a list of names with numbers above 0, each once.`,
      remedy: `Write for example ${option} ${example}.`,
    });
  };
}
