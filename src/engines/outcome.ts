/** From what a reader found in an output to labels or a failure. */
import { InputError } from "../errors/index.js";
import {
  elementSymbol,
  type Frame,
  inverseCell,
  type Structure,
  toCartesian,
  toFractional,
} from "../structure/index.js";
import type { Labels, Outcome, OutputFiles, OutputReader, OutputReading } from "./engine.js";
import { type FailureKind, failed, failureOf } from "./failure.js";

/** How far printed positions may be from those that were sent, Å: more than any program rounds by. */
const tolerance = 2e-3;

/**
 * The labels of a single point. `order[i]` is the place in the output of atom i of the structure; default: the same. Anything
 * that was refused is a failure, and so is an output of another structure.
 */
export function outcomeOf(reading: OutputReading, structure: Structure, order?: readonly number[]): Outcome {
  const refusal = reading.refusals[0];
  if (refusal !== undefined) return failed(failureOf(refusal));
  const frame = reading.frames.at(-1);
  if (frame?.energy === undefined || frame.forces === undefined)
    return problem("cut-output", `The output has no ${frame?.energy === undefined ? "energy" : "forces"}.`);
  const places = order ?? Array.from(structure.species, (_, i) => i);
  const difference = whatDiffers(frame, structure, places);
  if (difference !== undefined) return problem("wrong-structure", difference);
  const forces = new Float64Array(3 * places.length);
  for (const [i, place] of places.entries()) forces.set(frame.forces.subarray(3 * place, 3 * place + 3), 3 * i);
  return finiteLabels({ energy: frame.energy, forces, stress: frame.stress });
}

/** Labels, unless a number in them is none. */
export function finiteLabels(labels: Labels): Outcome {
  const { energy, forces, stress } = labels;
  const finite = Number.isFinite(energy) && forces.every(Number.isFinite) && (stress?.every(Number.isFinite) ?? true);
  return finite
    ? { converged: true, labels }
    : problem("not-finite", "The energy, a force or the stress is not finite.");
}

const problem = (kind: FailureKind, sentence: string): Outcome =>
  failed({ kind, problem: sentence, remedy: "See the output in the directory of the calculation." });

/** One sentence where species or positions (up to lattice vectors) are not those asked for. */
function whatDiffers({ structure: found }: Frame, asked: Structure, places: readonly number[]): string | undefined {
  if (found.species.length !== asked.species.length)
    return `The output has ${found.species.length} atoms instead of ${asked.species.length}.`;
  for (const [i, place] of places.entries()) {
    const [z, expected] = [found.species[place]!, asked.species[i]!];
    if (z !== expected)
      return `Atom ${i + 1} is ${elementSymbol(z)} in the output instead of ${elementSymbol(expected)}.`;
    const away = distance(
      found.positions.subarray(3 * place, 3 * place + 3),
      asked.positions.subarray(3 * i, 3 * i + 3),
      asked,
    );
    if (away > tolerance) return `Atom ${i + 1} is ${away.toPrecision(3)} Å from where it was put.`;
  }
  return undefined;
}

/** Distance up to lattice vectors, Å, for positions that are nearly the same. */
function distance(a: Float64Array, b: Float64Array, { cell }: Structure): number {
  const d = a.map((x, k) => x - b[k]!);
  if (cell === undefined) return Math.hypot(...d);
  const apart = toFractional(d, cell).map((f) => f - Math.round(f));
  return Math.hypot(...toCartesian(apart, cell));
}

/** The reader at work on one file of a calculation. */
export async function readOutcome(
  files: OutputFiles,
  name: string,
  given: { readonly read: OutputReader; readonly structure: Structure; readonly order?: readonly number[] },
): Promise<Outcome> {
  const bytes = files.bytes(name);
  if (bytes === undefined) return problem("cut-output", `There is no file ${name}.`);
  return outcomeOf(await given.read(bytes, { file: name }), given.structure, given.order);
}

/** A structure in a cell with a volume, or an error that says what the engine needs. */
export function requireCell(structure: Structure, title: string): Float64Array {
  if (structure.cell !== undefined && structure.species.length > 0) return structure.cell;
  throw new InputError({
    code: structure.species.length === 0 ? "no-atoms" : "no-cell",
    problem:
      structure.species.length === 0
        ? "The structure has no atoms."
        : `${title} works in a periodic cell, and the structure has none.`,
    remedy: "Give it a cell, with vacuum around a molecule or a film.",
  });
}

/** The user's entry for each element of a structure, by symbol. */
export function perElement<T>(structure: Structure, entries: Readonly<Record<string, T>>, what: string): [string, T][] {
  const symbols = [...new Set(structure.species)].sort((a, b) => a - b).map(elementSymbol);
  return symbols.map((symbol) => {
    const entry = entries[symbol];
    if (entry !== undefined) return [symbol, entry];
    const known = Object.keys(entries).join(", ") || "none";
    throw new InputError({
      code: "unknown-element",
      problem: `There is no ${what} for ${symbol}.`,
      expected: `Expected one for each element; there are ${known}.`,
      remedy: `Add one for ${symbol} to the settings of the engine.`,
    });
  });
}

/** Whether a running program that was started for `first` can go on with `next`: the same atoms, and a cell not strained more. */
export function sameAtoms(first: Structure, next: Structure, maxStrain: number): boolean {
  const same = first.species.length === next.species.length && first.species.every((z, i) => z === next.species[i]);
  if (!same || first.periodic.some((p, d) => p !== next.periodic[d])) return false;
  if (first.cell === undefined || next.cell === undefined) return first.cell === next.cell;
  // next = first·(1 + strain)
  const inverse = inverseCell(first.cell);
  const deformation = (i: number, j: number) =>
    [0, 1, 2].reduce((sum, k) => sum + inverse[3 * i + k]! * next.cell![3 * k + j]!, 0) - (i === j ? 1 : 0);
  return [0, 1, 2].every((i) => [0, 1, 2].every((j) => Math.abs(deformation(i, j)) <= maxStrain + 1e-12));
}
