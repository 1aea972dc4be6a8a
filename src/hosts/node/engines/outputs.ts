/** Outputs of programs on disk, as frames and refusals. */
import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { InputError } from "../../../errors/index.js";
import {
  cp2kOutput,
  type OutputOptions,
  type OutputReading,
  outputFormats,
  readCp2kRun,
  readOutput,
  recogniseOutput,
} from "../../../formats/index.js";
import { readBytes } from "../bytes.js";

const headBytes = 65536;

/** Options of reading; `cp2kProject` is where CP2K's trajectories are, if not beside the output under the name that it states. */
export interface ReadOutputsOptions extends Omit<OutputOptions, "file"> {
  readonly cp2kProject?: string;
}

/**
 * Converged frames of one output (OUTCAR, vasprun.xml, pw.x, CP2K; gzip or not), and what was refused. Of a CP2K run of many
 * steps the positions and cells come from PROJECT-pos-1.xyz and PROJECT-1.cell beside it.
 */
export async function readOutputFile(path: string, options: ReadOutputsOptions = {}): Promise<OutputReading> {
  const head = await headOf(path);
  const format = recogniseOutput(head);
  if (format === undefined) throw unknownOutput(path);
  const project = options.cp2kProject ?? join(dirname(path), projectOf(head) ?? basename(path));
  const positions = `${project}-pos-1.xyz`;
  if (format !== cp2kOutput || !existsSync(positions))
    return readOutput(format, readBytes(path), { ...options, file: path });
  const cell = `${project}-1.cell`;
  const files = {
    output: readBytes(path),
    positions: readBytes(positions),
    cell: existsSync(cell) ? readBytes(cell) : undefined,
  };
  const run = { ...cp2kOutput, read: (_: unknown, own: OutputOptions) => readCp2kRun(files, own) };
  return readOutput(run, [], { ...options, file: path });
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
