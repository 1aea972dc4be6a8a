/**
 * Outputs of programs that have computed something: converged frames, and what was refused.
 *
 * An output is not a structure format: nothing is written in it, and not everything in it may be believed. A calculation whose
 * electrons have not converged looks like any other in its numbers; it is refused, by file and ionic step. Without `onRefusal`
 * the first refusal is an error, so that nobody leaves out data without knowing it.
 */
import { InputError, type Trouble } from "../errors/index.js";
import { elementSymbol, type Frame, type InfoValue } from "../structure/index.js";
import { nowhere } from "./cells.js";
import type { ByteSource, ReadOptions } from "./format.js";
import { given } from "./frames.js";
import type { LineReader } from "./line-reader.js";

export interface OutputOptions extends ReadOptions {
  /** Told of each calculation that is left out; `where.structure` is the ionic step. Default: the first one is thrown. */
  readonly onRefusal?: (refusal: Trouble) => void;
  /**
   * Which energy of a smeared calculation becomes the label: "free" (default), of which the forces are the derivative, or "zero",
   * extrapolated to no smearing (VASP's energy(sigma->0)). The other one is in the frame's info.
   */
  readonly energy?: "free" | "zero";
}

export interface OutputFormat {
  /** "outcar", "vasprun", … as a user names it. */
  readonly name: string;
  readonly title: string;
  /** Ends of file names, lower case, as in `StructureFormat`. */
  readonly extensions: readonly string[];
  sniff(head: string): boolean;
  read(source: ByteSource, options: OutputOptions): AsyncGenerator<Frame>;
}

export interface OutputReading {
  /** Converged ones in file order; `source.structure` is the ionic step. */
  readonly frames: readonly Frame[];
  readonly refusals: readonly Trouble[];
}

/** A whole output: its converged frames, and what was refused and why. */
export async function readOutput(
  format: OutputFormat,
  source: ByteSource,
  options: OutputOptions,
): Promise<OutputReading> {
  const frames: Frame[] = [];
  const refusals: Trouble[] = [];
  const onRefusal = (refusal: Trouble) => {
    refusals.push(refusal);
    options.onRefusal?.(refusal);
  };
  for await (const frame of format.read(source, { ...options, onRefusal })) frames.push(frame);
  return { frames, refusals };
}

/** Leave something out, or stop where nobody listens. */
export function refuse(options: OutputOptions, refusal: Trouble): void {
  if (options.onRefusal === undefined) throw new InputError(refusal);
  options.onRefusal(refusal);
}

/** Next line; a promise only where the bytes at hand have run out. */
export const nextLine = (lines: LineReader): boolean | Promise<boolean> => lines.advance() || lines.refill();

const step = (number: number): string => `Ionic step ${number}`;

export const unconverged = (lines: LineReader, number: number, iterations?: number): Trouble => ({
  code: "unconverged",
  where: { file: lines.file, line: lines.lineNumber, structure: number },
  problem: `${step(number)}: the electrons have not converged${iterations === undefined ? "" : ` in ${iterations} iterations`}.`,
  remedy: "Repeat this structure with more iterations, another mixing or more smearing; its numbers are not labels.",
});

export const cutOutput = (lines: LineReader, number: number, missing: string): Trouble => ({
  code: "cut-output",
  where: { file: lines.file, line: lines.lineNumber, structure: number },
  problem: `${step(number)} breaks off before ${missing}.`,
  remedy: "The program has been stopped or the file cut: run it again if the step is needed.",
});

export const programError = (lines: LineReader, number: number, said: string): Trouble => ({
  code: "program-error",
  where: { file: lines.file, line: lines.lineNumber, structure: number },
  problem: `The program has stopped with: ${said}`,
  remedy: "Correct its input, or see its own documentation for this message.",
});

export const notFinite = (lines: LineReader, number: number, quantity: string): Trouble => ({
  code: "not-finite",
  where: { file: lines.file, line: lines.lineNumber, structure: number },
  problem: `${step(number)}: not every number of its ${quantity} is finite.`,
  remedy: "The calculation has failed: repeat it; its numbers are not labels.",
});

/** What a reader has gathered of one ionic step, in Å and eV. */
export interface StepDraft {
  readonly species: Uint8Array;
  readonly positions: Float64Array;
  readonly cell: Float64Array | undefined;
  readonly periodic: Frame["structure"]["periodic"];
  readonly energy: number;
  readonly forces: Float64Array | undefined;
  readonly stress: Float64Array | undefined;
  readonly info: ReadonlyMap<string, InfoValue>;
  readonly number: number;
  readonly line: number;
}

/** The name of what is not finite in a step, if anything. */
export function whatIsNotFinite({ energy, forces, stress, positions }: StepDraft): string | undefined {
  if (!Number.isFinite(energy)) return "energy";
  const arrays = { forces, stress, positions };
  return Object.entries(arrays).find(([, values]) => values?.some((value) => !Number.isFinite(value)))?.[0];
}

export function frameOfStep(file: string, draft: StepDraft): Frame {
  const { species, positions, cell, periodic, energy, forces, stress, info, number, line } = draft;
  return {
    structure: { species, positions, cell, periodic: cell === undefined ? nowhere : periodic },
    energy,
    ...given("forces", forces),
    ...given("stress", stress),
    info,
    columns: new Map(),
    source: { file, structure: number, line },
  };
}

/** −σ of a 3×3 matrix [row, column] in a unit of so many eV/Å³, as xx yy zz yz xz xy: programs count compression as positive. */
export const stressOfMatrix = (matrix: ArrayLike<number>, unit: number): Float64Array =>
  Float64Array.from([0, 4, 8, 5, 2, 1], (k) => -matrix[k]! * unit);

/** All numbers in a text. Fortran fills a field that is too narrow with stars, which become NaN. */
export const numbersIn = (text: string): number[] =>
  Array.from(
    text.matchAll(/[+-]?(?:\d+\.?\d*|\.\d+)(?:[eEdD][+-]?\d+)?|\*{2,}|\b[+-]?(?:NaN|Inf(?:inity)?)\b/gi),
    ([x]) => Number(x.replace(/[dD](?=[+-]?\d)/, "e")),
  );

/** "Si2 O4" for messages. */
export function compositionText(species: Uint8Array): string {
  const counts = new Map<number, number>();
  for (const z of species) counts.set(z, (counts.get(z) ?? 0) + 1);
  return [...counts].map(([z, count]) => `${elementSymbol(z)}${count}`).join(" ");
}
