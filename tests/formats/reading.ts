/** Read texts as files, in pieces of any size. */

import { expect } from "vitest";
import { InputError } from "../../src/errors/index.js";
import type { ReadOptions, StructureFormat } from "../../src/formats/index.js";
import type { Frame } from "../../src/structure/index.js";

export function piecesOf(text: string, size = 1 << 16): Uint8Array[] {
  const bytes = new TextEncoder().encode(text);
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.slice(i * size, (i + 1) * size));
}

export interface TextOptions extends Partial<ReadOptions> {
  /** Bytes per piece. */
  readonly pieceSize?: number;
}

export async function framesOf(format: StructureFormat, text: string, options: TextOptions = {}): Promise<Frame[]> {
  const frames: Frame[] = [];
  const source = piecesOf(text, options.pieceSize);
  for await (const frame of format.read(source, { file: "test", ...options })) frames.push(frame);
  return frames;
}

export async function oneFrame(format: StructureFormat, text: string, options: TextOptions = {}): Promise<Frame> {
  const frames = await framesOf(format, text, options);
  expect(frames.length).toBe(1);
  return frames[0];
}

/** The `InputError` that reading must throw. */
export async function troubleOf(format: StructureFormat, text: string, options: TextOptions = {}): Promise<InputError> {
  try {
    await framesOf(format, text, options);
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return error as InputError;
  }
  throw new Error("Reading has not failed.");
}

/** Everything of a frame but its source, as plain data for `toEqual`. */
export function contentOf(frame: Frame) {
  const { structure, energy, forces, stress, charge, info, columns } = frame;
  return {
    species: [...structure.species],
    positions: [...structure.positions],
    cell: structure.cell === undefined ? undefined : [...structure.cell],
    periodic: structure.periodic,
    energy,
    forces: forces === undefined ? undefined : [...forces],
    stress: stress === undefined ? undefined : [...stress],
    charge,
    info: [...info],
    columns: [...columns].map(([name, { type, width, values }]) => ({ name, type, width, values: [...values] })),
  };
}
