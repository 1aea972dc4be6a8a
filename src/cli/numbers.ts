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
