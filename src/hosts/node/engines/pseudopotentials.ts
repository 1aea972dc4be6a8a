/** Whether the pseudopotentials that pw.x is to use are there, and are of the elements that they are used for. */
import { closeSync, openSync, readdirSync, readSync } from "node:fs";
import { join } from "node:path";
import { nearest } from "../../../configuration/index.js";
import type { Requirement } from "./installation.js";

interface Pseudopotentials {
  readonly pseudopotentials: Readonly<Record<string, string>>;
  readonly pseudopotentialDirectory: string;
}

/** What is wrong with the first one that is not as it should be. */
export const pseudopotentialsThere =
  ({ pseudopotentials, pseudopotentialDirectory: directory }: Pseudopotentials): Requirement =>
  () => {
    for (const [element, name] of Object.entries(pseudopotentials)) {
      const head = headOf(join(directory, name));
      if (head === undefined) return absent(element, name, directory);
      const found = elementOf(head);
      if (found !== undefined && found !== element) return foreign(element, name, found);
    }
    return undefined;
  };

/** The element that a UPF file (version 1 or 2) is of; undefined where it does not say. */
const elementOf = (head: string): string | undefined =>
  (/<PP_HEADER[^>]*\belement\s*=\s*"\s*([A-Za-z]{1,2})\s*"/.exec(head) ??
    /^\s*([A-Za-z]{1,2})\s+Element\s*$/m.exec(head))?.[1];

/** Headers follow the text that a UPF file begins with, which may be some kilobytes. */
const headBytes = 1 << 16;

function headOf(path: string): string | undefined {
  try {
    const file = openSync(path, "r");
    try {
      const bytes = Buffer.alloc(headBytes);
      return bytes.toString("latin1", 0, readSync(file, bytes, 0, headBytes, 0));
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined;
  }
}

function absent(element: string, name: string, directory: string) {
  const problem = `The pseudopotential of ${element}, ${join(directory, name)}, cannot be read.`;
  const similar = nearest(name, namesIn(directory));
  return {
    problem,
    remedy:
      similar === undefined
        ? "Correct `pseudopotentials`, or `pseudopotentialDirectory`, in the settings of the engine."
        : `Did you mean ${similar}? Correct \`pseudopotentials\` in the settings of the engine.`,
  };
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

const foreign = (element: string, name: string, found: string) => ({
  problem: `The pseudopotential ${name} is one of ${found}, and it is given for ${element}.`,
  remedy: `Give one of ${element} in \`pseudopotentials\` of the settings of the engine.`,
});
