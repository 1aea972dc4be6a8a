/**
 * Errors that a user can act on: what was expected, what was found, where, and what to do about it.
 *
 * They are data with a stable code; the command line and the pages turn them into text. A program error (a bug of
 * ours) stays an ordinary `Error`.
 */

/** Where the trouble is. Every field is optional; give all that are known. */
export interface Place {
  readonly file?: string;
  /** 1-based line in `file`. */
  readonly line?: number;
  /** 1-based column in `line`. */
  readonly column?: number;
  /** 1-based index of the structure in its file or data set. */
  readonly structure?: number;
  /** 1-based index of the atom in its structure. */
  readonly atom?: number;
}

export interface Trouble {
  /** Stable, machine-readable: "truncated-frame", "unknown-element", … */
  readonly code: string;
  readonly where?: Place;
  /** One sentence: what is wrong, with the value that was found and its unit. */
  readonly problem: string;
  /** One sentence: what would have been right. */
  readonly expected?: string;
  /** One sentence: what to do about it. */
  readonly remedy: string;
}

/** The user's input is wrong; the command line exits with code 2. */
export class InputError extends Error {
  readonly trouble: Trouble;

  constructor(trouble: Trouble, options?: ErrorOptions) {
    super(describe(trouble), options);
    this.name = "InputError";
    this.trouble = trouble;
  }

  get code(): string {
    return this.trouble.code;
  }
}

/** "data.xyz:17:3, structure 4, atom 2" */
export function describePlace(where: Place | undefined): string {
  if (where === undefined) return "";
  const parts: string[] = [];
  if (where.file !== undefined) {
    const line =
      where.line === undefined ? "" : `:${where.line}${where.column === undefined ? "" : `:${where.column}`}`;
    parts.push(`${where.file}${line}`);
  } else if (where.line !== undefined) parts.push(`line ${where.line}`);
  if (where.structure !== undefined) parts.push(`structure ${where.structure}`);
  if (where.atom !== undefined) parts.push(`atom ${where.atom}`);
  return parts.join(", ");
}

/** The whole trouble in one text, place first, remedy last. */
export function describe(trouble: Trouble): string {
  const place = describePlace(trouble.where);
  const expected = trouble.expected === undefined ? "" : ` ${trouble.expected}`;
  return `${place === "" ? "" : `${place}: `}${trouble.problem}${expected} ${trouble.remedy}`;
}
