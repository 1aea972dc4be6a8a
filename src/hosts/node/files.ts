/** Structure files in Node: plain or gzip, read and written frame by frame, replaced all at once or not at all. */

import { InputError } from "../../errors/index.js";
import {
  findFormat,
  formatOfName,
  losses,
  type OutputOptions,
  type StructureFormat,
  structureFormats,
  type WriteOptions,
} from "../../formats/index.js";
import type { Frame } from "../../structure/index.js";
import { writeAtomically } from "./atomic.js";
import { framesOfFile, readableFormats } from "./frame-source.js";

/** Without `onRefusal` the first calculation of an output that may not be believed is thrown. */
export interface ReadFramesOptions extends Omit<OutputOptions, "file"> {
  /** Name of the format; by default the content says it. */
  readonly format?: string;
}

export interface WriteFramesOptions extends WriteOptions {
  /** Name of the format; by default the end of the file's name says it. */
  readonly format?: string;
  /** Called with what the format cannot keep, once per kind of loss ("stress", "info config_type"). */
  readonly onLoss?: (lost: string) => void;
}

/** Frame after frame of a file that holds structures; the file is closed when the loop ends, however it ends. */
export async function* readFrames(path: string, options: ReadFramesOptions = {}): AsyncGenerator<Frame> {
  const { format, ...rest } = options;
  yield* framesOfFile(path, rest, format);
}

/** All frames of a file, in memory. */
export async function readAllFrames(path: string, options: ReadFramesOptions = {}): Promise<Frame[]> {
  const frames: Frame[] = [];
  for await (const frame of readFrames(path, options)) frames.push(frame);
  return frames;
}

/** Write frames one by one, gzip if the name ends in .gz. The target appears or changes only when all is written. */
export async function writeFrames(
  path: string,
  frames: Iterable<Frame> | AsyncIterable<Frame>,
  options: WriteFramesOptions = {},
): Promise<number> {
  const format = options.format === undefined ? formatOfName(path) : findFormat(options.format);
  if (format === undefined) throw unknownFormat(path, options.format);
  const counter = { frames: 0 };
  await writeAtomically(path, texts(frames, { path, format, counter, options }));
  return counter.frames;
}

interface WriteJob {
  readonly path: string;
  readonly format: StructureFormat;
  readonly counter: { frames: number };
  readonly options: WriteFramesOptions;
}

async function* texts(frames: Iterable<Frame> | AsyncIterable<Frame>, job: WriteJob): AsyncGenerator<string> {
  const { format, counter, options } = job;
  const told = new Set<string>();
  for await (const frame of frames) {
    if (++counter.frames > 1 && !format.multiFrame) throw oneFrameOnly(job);
    if (options.onLoss !== undefined) {
      for (const lost of losses(frame, format)) if (!told.has(lost)) options.onLoss(lost);
      for (const lost of losses(frame, format)) told.add(lost);
    }
    yield format.write(frame, options);
  }
}

function unknownFormat(path: string, name: string | undefined): InputError {
  const names = structureFormats.map((format) => format.name).join(", ");
  const readOnly = name !== undefined && readableFormats.includes(name);
  return new InputError({
    code: "unknown-format",
    where: { file: path },
    problem:
      name === undefined
        ? "The end of this name belongs to no structure format that we know."
        : readOnly
          ? `Nothing is written as "${name}": it is only read.`
          : `There is no format "${name}".`,
    expected: `Expected one of ${names}.`,
    remedy: "Name the format explicitly, or give the file its usual extension.",
  });
}

function oneFrameOnly({ path, format }: WriteJob): InputError {
  const many = structureFormats.filter((other) => other.multiFrame).map((other) => other.name);
  return new InputError({
    code: "one-frame-only",
    where: { file: path, structure: 2 },
    problem: `A ${format.title} file holds one structure, and there are more.`,
    remedy: `Write one file per structure, or one of ${many.join(", ")}.`,
  });
}
