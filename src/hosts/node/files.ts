/** Structure files in Node: plain or gzip, read and written frame by frame, replaced all at once or not at all. */

import { InputError } from "../../errors/index.js";
import {
  type ByteSource,
  findFormat,
  formatOfName,
  losses,
  type ReadOptions,
  recognise,
  type StructureFormat,
  structureFormats,
  type WriteOptions,
} from "../../formats/index.js";
import type { Frame } from "../../structure/index.js";
import { writeAtomically } from "./atomic.js";
import { readBytes } from "./bytes.js";

export interface ReadFramesOptions extends Omit<ReadOptions, "file"> {
  /** Name of the format; by default the content says it. */
  readonly format?: string;
}

export interface WriteFramesOptions extends WriteOptions {
  /** Name of the format; by default the end of the file's name says it. */
  readonly format?: string;
  /** Called with what the format cannot keep, once per kind of loss ("stress", "info config_type"). */
  readonly onLoss?: (lost: string) => void;
}

const headBytes = 16384;

/** A file that has been opened: what it is in, and its bytes from the beginning. */
export interface OpenedFile {
  readonly format: StructureFormat;
  readonly bytes: ByteSource;
}

/** Frame after frame of a structure file; the file is closed when the loop ends, however it ends. */
export async function* readFrames(path: string, options: ReadFramesOptions = {}): AsyncGenerator<Frame> {
  const { format, bytes } = await openStructures(path, options.format);
  yield* format.read(bytes, { ...options, file: path });
}

/** All frames of a file, in memory. */
export async function readAllFrames(path: string, options: ReadFramesOptions = {}): Promise<Frame[]> {
  const frames: Frame[] = [];
  for await (const frame of readFrames(path, options)) frames.push(frame);
  return frames;
}

/** The format of a file, by its content, else by its name; undefined if it is none of ours. */
export async function formatOfFile(path: string): Promise<StructureFormat | undefined> {
  const { head, close } = await beginning(path);
  await close();
  return recognise(new TextDecoder().decode(head), path);
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

async function openStructures(path: string, name: string | undefined): Promise<OpenedFile> {
  const { head, bytes, close } = await beginning(path);
  const format = name === undefined ? recognise(new TextDecoder().decode(head), path) : findFormat(name);
  if (format !== undefined) return { format, bytes };
  await close();
  throw unknownFormat(path, name);
}

/** The first bytes of a file, and all of them, the first ones included. */
async function beginning(path: string): Promise<{ head: Uint8Array; bytes: ByteSource; close(): Promise<void> }> {
  const source = readBytes(path)[Symbol.asyncIterator]();
  const pieces: Uint8Array[] = [];
  let size = 0;
  while (size < headBytes) {
    const { value, done } = await source.next();
    if (done) break;
    pieces.push(value);
    size += value.length;
  }
  const head = Buffer.concat(pieces).subarray(0, headBytes);
  const close = async () => {
    await source.return?.(undefined);
  };
  return { head, bytes: continued(pieces, source), close };
}

async function* continued(pieces: Uint8Array[], rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    while (pieces.length > 0) yield pieces.shift()!;
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

function unknownFormat(path: string, name: string | undefined): InputError {
  const names = structureFormats.map((format) => format.name).join(", ");
  return new InputError({
    code: "unknown-format",
    where: { file: path },
    problem: name === undefined ? "This is no structure format that we know." : `There is no format "${name}".`,
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
