/** What a file with structures is (a structure format, an output, a database, a calculation of ours), by its content. */
import { open } from "node:fs/promises";
import { InputError } from "../../errors/index.js";
import {
  type ByteSource,
  findFormat,
  findOutputFormat,
  looksLikeSqlite,
  type OutputFormat,
  type OutputOptions,
  outputFormats,
  recognise,
  recogniseOutput,
  type StructureFormat,
  structureFormats,
} from "../../formats/index.js";
import type { Frame } from "../../structure/index.js";
import { readAseDatabaseFile } from "./ase-database.js";
import { readBytes } from "./bytes.js";
import { readOpenedOutput } from "./engines/outputs.js";

/** Outputs say at their very beginning what they are, but a CP2K output its project only after some kilobytes. */
const headBytes = 65536;

/** What a file is. Files that are not structure formats can be read, not written, and may hold what must be refused. */
export interface FileKind {
  /** "extxyz", "outcar", "ase-db", … as a user names it. */
  readonly name: string;
  readonly title: string;
  readonly from: "format" | "output" | "database" | "calculation";
}

type Reader =
  | (FileKind & { readonly from: "format"; readonly format: StructureFormat })
  | (FileKind & { readonly from: "output"; readonly format: OutputFormat })
  | (FileKind & { readonly from: "database" | "calculation" });

const database = { name: "ase-db", title: "ASE database", from: "database" } as const;
const calculation = { name: "calculation", title: "Potluck calculation", from: "calculation" } as const;
const ofFormat = (format: StructureFormat): Reader => ({ ...namesOf(format), from: "format", format });
const ofOutput = (format: OutputFormat): Reader => ({ ...namesOf(format), from: "output", format });
const namesOf = ({ name, title }: { name: string; title: string }) => ({ name, title });

/** Names of everything that can be read. */
export const readableFormats: readonly string[] = [
  ...structureFormats.map(({ name }) => name),
  ...outputFormats.map(({ name }) => name),
  database.name,
  calculation.name,
];

/** Frames of any file that holds structures; `name` is the format where the user says it. */
export async function* framesOfFile(
  path: string,
  options: Omit<OutputOptions, "file">,
  name?: string,
): AsyncGenerator<Frame> {
  const { head, bytes, close } = await beginning(path);
  const reader = name === undefined ? readerByContent(head, path) : readerByName(name);
  const own = { ...options, file: path };
  if (reader?.from === "format") yield* reader.format.read(bytes, own);
  else if (reader?.from === "output")
    yield* readOpenedOutput(path, { format: reader.format, head: textOf(head), bytes }, options);
  else {
    await close();
    if (reader === undefined) throw unknownFormat(path, name);
    if (reader.from === "database") yield* readAseDatabaseFile(path, own);
    // Loaded when it is needed: a prediction should not wait for the schemas of the engines.
    else yield* (await import("./engines/record.js")).readCalculationFile(path, own);
  }
}

/** What a file is; undefined if it is none of ours. Looks at its beginning only. */
export async function kindOfFile(path: string): Promise<FileKind | undefined> {
  const reader = readerByContent(await headOfFile(path), path);
  return reader && { ...namesOf(reader), from: reader.from };
}

function readerByContent(head: Uint8Array, path: string): Reader | undefined {
  if (looksLikeSqlite(head)) return database;
  const text = textOf(head);
  if (looksLikeCalculation(text)) return calculation;
  const output = recogniseOutput(text);
  if (output !== undefined) return ofOutput(output);
  const format = recognise(text, path);
  return format && ofFormat(format);
}

function readerByName(name: string): Reader | undefined {
  if (name === database.name) return database;
  if (name === calculation.name) return calculation;
  const [format, output] = [findFormat(name), findOutputFormat(name)];
  return format ? ofFormat(format) : output && ofOutput(output);
}

/** Whether the beginning of a file is that of a record of engines/record.ts. */
const looksLikeCalculation = (head: string): boolean => /^\{\s*"format":\s*"potluck-calculation"/.test(head);

const textOf = (head: Uint8Array): string => new TextDecoder().decode(head);

/** The first bytes, unpacked; no more of the file is read than that where it is not packed. */
async function headOfFile(path: string): Promise<Uint8Array> {
  const file = await open(path).catch(() => undefined);
  const buffer = new Uint8Array(headBytes);
  const count = (await file?.read(buffer, 0, headBytes).catch(() => undefined))?.bytesRead ?? 0;
  await file?.close();
  const packed = buffer[0] === 0x1f && buffer[1] === 0x8b;
  if (count > 0 && !packed) return buffer.subarray(0, count);
  // Packed, empty or unreadable: the reader of bytes knows what to say.
  const { head, close } = await beginning(path);
  await close();
  return head;
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
  return new InputError({
    code: "unknown-format",
    where: { file: path },
    problem: name === undefined ? "This is no structure format that we know." : `There is no format "${name}".`,
    expected: `Expected one of ${readableFormats.join(", ")}.`,
    remedy: "Name the format explicitly, or give the file its usual extension.",
  });
}
