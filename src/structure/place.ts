/** Where a structure came from, in words and in errors. */
import { InputError, type Place } from "../errors/index.js";
import type { Frame } from "./structure.js";

/** "silicon.extxyz #3" */
export const frameName = ({ source }: Frame): string => `${source.file} #${source.structure}`;

/** What `action` returns; its InputErrors say which structure of which file it was about. */
export function located<T>({ source }: Frame, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const where: Place = { ...error.trouble.where, file: source.file, line: source.line, structure: source.structure };
    throw new InputError({ ...error.trouble, where }, { cause: error });
  }
}
