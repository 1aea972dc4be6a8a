/**
 * A CP2K run of many steps (dynamics, relaxation): the output, PROJECT-pos-1.xyz, and PROJECT-1.cell where the cell moves.
 *
 * The positions are matched to the output by their energies, which the trajectory repeats to 1e-10 hartree: a line search
 * evaluates structures that the trajectory does not have, and a restarted run has trajectories of several outputs.
 */
import type { Frame } from "../structure/index.js";
import { hartree } from "../units/index.js";
import { frameOf, readCp2kSteps } from "./cp2k-output.js";
import type { ByteSource } from "./format.js";
import { truncatedFrame } from "./frames.js";
import { LineReader } from "./line-reader.js";
import { nextLine, numbersIn, type OutputOptions } from "./outputs.js";
import { readSpecies } from "./species.js";

export interface Cp2kFiles {
  readonly output: ByteSource;
  /** PROJECT-pos-1.xyz */
  readonly positions: ByteSource;
  /** PROJECT-1.cell; where it is absent the cell is the one of the output. */
  readonly cell?: ByteSource | undefined;
}

interface Place {
  readonly species: Uint8Array;
  readonly positions: Float64Array;
  /** Step as CP2K counts. */
  readonly step: number;
  /** eV */
  readonly energy: number;
}

/** Frame after frame in the order of the output. */
export async function* readCp2kRun(files: Cp2kFiles, options: OutputOptions): AsyncGenerator<Frame> {
  const places = await readPositions(files.positions, options.file);
  const cells = files.cell === undefined ? undefined : await readCells(files.cell, options.file);
  const lines = new LineReader(files.output, options.file);
  try {
    const run = await readCp2kSteps(lines);
    const firstCell = run.steps[0]?.cell;
    let from = 0;
    for (const step of run.steps) {
      const found = places.findIndex((place, i) => i >= from && Math.abs(place.energy - step.energy) < 3e-9);
      if (found < 0 && step.converged) continue;
      const place = places[found];
      if (place !== undefined) from = found + 1;
      const cell =
        place === undefined ? firstCell : (cells?.get(place.step) ?? (cells === undefined ? firstCell : undefined));
      const geometry = { positions: place?.positions, species: place?.species, cell };
      const frame = frameOf(lines, run, { step, geometry, options });
      if (frame !== undefined) yield frame;
    }
  } finally {
    await lines.close();
  }
}

/** XYZ with " i = 3, time = 1.500, E = -1.1452562009" as its second line. */
async function readPositions(source: ByteSource, file: string): Promise<Place[]> {
  const lines = new LineReader(source, file);
  const places: Place[] = [];
  while (await lines.filledLine()) {
    const count = lines.integer("number of atoms");
    if (!(await nextLine(lines))) break;
    const comment = lines.text();
    const step = numbersIn(/i =\s*\d+/.exec(comment)?.[0] ?? "")[0] ?? places.length;
    const energy = (numbersIn(/E =\s*\S+/.exec(comment)?.[0] ?? "")[0] ?? Number.NaN) * hartree;
    const species = new Uint8Array(count);
    const positions = new Float64Array(3 * count);
    for (let i = 0; i < count; i++) {
      if (!(await nextLine(lines))) throw truncatedFrame(lines, `atom ${i + 1} of ${count}`);
      species[i] = readSpecies(lines, i + 1);
      for (let k = 0; k < 3; k++) positions[3 * i + k] = lines.finite("position", i + 1);
    }
    places.push({ species, positions, step, energy });
  }
  return places;
}

/** Columns: step, time, nine components, volume. */
async function readCells(source: ByteSource, file: string): Promise<Map<number, Float64Array>> {
  const lines = new LineReader(source, file);
  const cells = new Map<number, Float64Array>();
  while (await lines.filledLine()) {
    if (lines.text().startsWith("#")) continue;
    const [step, , ...rest] = lines.words().map(Number);
    if (rest.length >= 9 && rest.every(Number.isFinite)) cells.set(step!, Float64Array.from(rest.slice(0, 9)));
  }
  return cells;
}
