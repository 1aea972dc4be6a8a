/** What all readers share: the loop over frames, and the troubles that any format can have. */

import type { InputError } from "../errors/index.js";
import type { Frame } from "../structure/index.js";
import type { ByteSource, ReadOptions } from "./format.js";
import { LineReader } from "./line-reader.js";

/** Reads one frame whose first line that is not blank is the current one. */
export type FrameReader = (lines: LineReader, options: ReadOptions) => Promise<Frame>;

/** Frame after frame until the end of the file; blank lines between them do not count. */
export async function* eachFrame(
  source: ByteSource,
  options: ReadOptions,
  readFrame: FrameReader,
): AsyncGenerator<Frame> {
  const lines = new LineReader(source, options.file);
  try {
    while (await lines.filledLine()) {
      lines.structure++;
      yield await readFrame(lines, options);
    }
    if (lines.structure === 0) throw emptyFile(lines);
  } finally {
    await lines.close();
  }
}

/** The one frame of a file that starts with a free line, which may be blank. */
export async function* onlyFrame(
  source: ByteSource,
  options: ReadOptions,
  readFrame: FrameReader,
): AsyncGenerator<Frame> {
  const lines = new LineReader(source, options.file);
  try {
    if (!(await lines.line())) throw emptyFile(lines);
    lines.structure = 1;
    yield await readFrame(lines, options);
  } finally {
    await lines.close();
  }
}

export function emptyFile(lines: LineReader): InputError {
  return lines.trouble("empty-file", {
    problem: "The file is empty.",
    expected: "Expected at least one structure.",
    remedy: "Check the program that wrote it and the space on its disk.",
  });
}

/** The file ends, or a blank line comes, where more of the structure should be. */
export function truncatedFrame(lines: LineReader, missing: string): InputError {
  return lines.trouble("truncated-frame", {
    problem: `The structure breaks off before ${missing}.`,
    remedy: "The file has probably been cut while it was written or copied: fetch it again, or remove this structure.",
  });
}

/** Next line, or the structure is truncated. */
export async function requiredLine(lines: LineReader, missing: string): Promise<void> {
  if (!lines.advance() && !(await lines.refill())) throw truncatedFrame(lines, missing);
}

/** Next line that is not blank, or the structure is truncated. */
export async function requiredFilledLine(lines: LineReader, missing: string): Promise<void> {
  if (!(await lines.filledLine())) throw truncatedFrame(lines, missing);
}

/** `{ key: value }`, or nothing where the value is undefined (absent and undefined are different here). */
export function given<Key extends string, Value>(key: Key, value: Value | undefined): { [K in Key]?: Value } {
  return value === undefined ? {} : ({ [key]: value } as { [K in Key]: Value });
}
