/** Outputs of programs on disk, as frames and refusals. */
import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { InputError, type Trouble } from "../../../errors/index.js";
import {
  type ByteSource,
  cp2kOutput,
  type OutputFormat,
  type OutputOptions,
  type OutputReading,
  outputFormats,
  readCp2kRun,
  recogniseOutput,
} from "../../../formats/index.js";
import type { Frame } from "../../../structure/index.js";
import { readBytes } from "../bytes.js";

const headBytes = 65536;

/** Options of reading; `cp2kProject` is where CP2K's trajectories are, if not beside the output under the name that it states. */
export interface ReadOutputsOptions extends Omit<OutputOptions, "file"> {
  readonly cp2kProject?: string;
}

/** An output that has been opened: what it is, how it begins, and its bytes from the beginning. */
export interface OpenedOutput {
  readonly format: OutputFormat;
  readonly head: string;
  readonly bytes: ByteSource;
}

/**
 * Converged frames of one output (OUTCAR, vasprun.xml, pw.x, CP2K; gzip or not), and what was refused. Of a CP2K run of many
 * steps the positions and cells come from PROJECT-pos-1.xyz and PROJECT-1.cell beside it.
 */
export async function readOutputFile(path: string, options: ReadOutputsOptions = {}): Promise<OutputReading> {
  const head = await headOf(path);
  const format = recogniseOutput(head);
  if (format === undefined) throw unknownOutput(path);
  const frames: Frame[] = [];
  const refusals: Trouble[] = [];
  const onRefusal = (refusal: Trouble): void => {
    refusals.push(refusal);
    options.onRefusal?.(refusal);
  };
  const opened = { format, head, bytes: readBytes(path) };
  for await (const frame of readOpenedOutput(path, opened, { ...options, onRefusal })) frames.push(frame);
  return { frames, refusals };
}

/** Frame after frame of an output; what is refused is told to `onRefusal`, or thrown. */
export async function* readOpenedOutput(
  path: string,
  { format, head, bytes }: OpenedOutput,
  options: ReadOutputsOptions,
): AsyncGenerator<Frame> {
  const project = options.cp2kProject ?? join(dirname(path), projectOf(head) ?? basename(path));
  const positions = `${project}-pos-1.xyz`;
  const own = { ...options, file: path };
  if (format !== cp2kOutput || !existsSync(positions)) yield* format.read(bytes, own);
  else {
    const cell = `${project}-1.cell`;
    const trajectories = {
      positions: readBytes(positions),
      cell: existsSync(cell) ? readBytes(cell) : undefined,
    };
    yield* readCp2kRun({ output: bytes, ...trajectories }, own);
  }
}

const projectOf = (head: string): string | undefined => /^ GLOBAL\| Project name\s+(\S+)\s*$/m.exec(head)?.[1];

async function headOf(path: string): Promise<string> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of readBytes(path)) {
    pieces.push(piece);
    size += piece.length;
    if (size >= headBytes) break;
  }
  return new TextDecoder().decode(Buffer.concat(pieces).subarray(0, headBytes));
}

const unknownOutput = (path: string): InputError =>
  new InputError({
    code: "unknown-format",
    where: { file: path },
    problem: "This is no output that we know.",
    expected: `Expected one of ${outputFormats.map(({ title }) => title).join(", ")}.`,
    remedy: "Check the path; the output of a program that has just been started may not have its head yet.",
  });
