/**
 * What CP2K prints, and the files that it writes beside it (https://manual.cp2k.org). Hartree, bohr; stress in GPa, in bar since
 * 2023.2, positive under compression.
 *
 * A single point (print level medium or more, FORCE_EVAL/PRINT/FORCES and STRESS_TENSOR on) is whole in the output. It gives the
 * cell to 1e-3 Å and its lengths and angles to 1e-6: `cp2k-cell.ts` joins the two. Of many steps the output has no positions:
 * `readCp2kRun` takes them from PROJECT-pos-1.xyz and PROJECT-1.cell. PROJECT-1.stress is not read: in dynamics it holds the
 * kinetic part too, which is no label; the stress in the output does not.
 */
import type { Frame } from "../structure/index.js";
import { bohr, gigapascal, hartree } from "../units/index.js";
import { everywhere, nowhere } from "./cells.js";
import { cellOfLengthsAndAngles } from "./cp2k-cell.js";
import type { ByteSource } from "./format.js";
import { LineReader } from "./line-reader.js";
import {
  cutOutput,
  frameOfStep,
  nextLine,
  notFinite,
  numbersIn,
  type OutputFormat,
  type OutputOptions,
  programError,
  refuse,
  type StepDraft,
  stressOfMatrix,
  unconverged,
  whatIsNotFinite,
} from "./outputs.js";
import { speciesOfText } from "./species.js";

export const cp2kOutput: OutputFormat = {
  name: "cp2k-output",
  title: "CP2K output",
  extensions: [],
  sniff: (head) => /^ (CP2K\| version string|DBCSR\| )/m.test(head),
  read: readSinglePoints,
};

/** What the output says of one force evaluation. */
export interface Cp2kStep {
  readonly number: number;
  readonly line: number;
  /** eV */
  readonly energy: number;
  readonly converged: boolean;
  readonly iterations: number;
  /** Whether the table of forces that had begun has ended. */
  readonly cut: string | undefined;
  /** Symbols of the table of forces. */
  readonly species: Uint8Array | undefined;
  readonly forces: Float64Array | undefined;
  readonly stress: Float64Array | undefined;
  /** Printed since the step before; undefined where they were not. */
  readonly positions: Float64Array | undefined;
  readonly cell: Float64Array | undefined;
}

export interface Cp2kRun {
  readonly version: string;
  readonly steps: readonly Cp2kStep[];
  readonly periodic: Frame["structure"]["periodic"];
  /** What stopped it, if CP2K did so itself. */
  readonly abort: string | undefined;
  readonly ended: boolean;
}

interface Draft {
  energy: number;
  line: number;
  converged: boolean;
  iterations: number;
  cut: string | undefined;
  species: Uint8Array | undefined;
  forces: Float64Array | undefined;
  stress: Float64Array | undefined;
}

/** Everything that has been printed, before the files beside it are asked for positions. */
export async function readCp2kSteps(lines: LineReader): Promise<Cp2kRun> {
  const scanner = new Scanner(lines);
  while (await nextLine(lines)) {
    const text = lines.text();
    if (text !== "") await scanner.take(text);
  }
  return scanner.finish();
}

class Scanner {
  private readonly lines: LineReader;
  private version = "";
  private readonly steps: Cp2kStep[] = [];
  private readonly rough: number[] = [];
  private readonly lengths: number[] = [];
  private readonly angles: number[] = [];
  private periodic: Frame["structure"]["periodic"] = everywhere;
  private abort: string | undefined;
  private ended = false;
  private positions: Float64Array | undefined;
  private species: Uint8Array | undefined;
  /** State of the SCF cycle since the last energy; methods without one (force fields) converge by saying nothing. */
  private converged = true;
  private iterations = 0;
  private draft: Draft | undefined;

  constructor(lines: LineReader) {
    this.lines = lines;
  }

  async take(text: string): Promise<void> {
    if (text.startsWith("CP2K| version string:")) this.version = /version\s+([\d.]+)\s*$/.exec(text)?.[1] ?? "";
    else if (text.startsWith("CELL| ")) this.takeCell(text);
    else if (/ATOMIC COORDINATES IN ANGSTROM/i.test(text)) await this.readCoordinates();
    else if (text.includes("SCF run converged in")) this.settleScf(true, text);
    else if (text.includes("SCF run NOT converged")) this.settleScf(false, "");
    else if (text.includes("outer SCF loop converged in")) this.settleScf(true, text);
    else if (text.includes("outer SCF loop FAILED")) this.settleScf(false, "");
    else if (text.startsWith("ENERGY| Total FORCE_EVAL")) this.begin(text);
    else if (/^(ATOMIC FORCES in \[a\.u\.\]|FORCES\| Atomic forces \[hartree\/bohr\])/.test(text))
      await this.readForces();
    else if (/^STRESS\| (Analytical|Numerical) stress tensor \[/.test(text)) await this.readStress(text);
    else if (text.includes("[ABORT]")) await this.readAbort(text);
    else if (text.includes("PROGRAM ENDED AT")) this.ended = true;
  }

  finish(): Cp2kRun {
    this.close();
    const { version, steps, periodic, abort, ended } = this;
    return { version, steps, periodic, abort, ended };
  }

  private takeCell(text: string): void {
    if (/^CELL\| Vector [abc]/.test(text)) {
      if (this.rough.length === 9) for (const list of [this.rough, this.lengths, this.angles]) list.length = 0;
      const numbers = numbersIn(text.slice(text.indexOf("]")));
      this.rough.push(...numbers.slice(0, 3));
      this.lengths.push(numbers[3] ?? Number.NaN);
    } else if (/^CELL\| Angle/.test(text)) this.angles.push(numbersIn(text.slice(text.indexOf("]")))[0] ?? Number.NaN);
    else if (/^CELL\| Periodicity/.test(text)) {
      const axes = text.trim().split(/\s+/).at(-1) ?? "XYZ";
      this.periodic = [axes.includes("X"), axes.includes("Y"), axes.includes("Z")];
      if (axes === "NONE") this.periodic = nowhere;
    }
  }

  private get cell(): Float64Array | undefined {
    const whole = this.rough.length === 9 && this.lengths.length === 3 && this.angles.length === 3;
    return whole ? cellOfLengthsAndAngles(this.rough, this.lengths, this.angles) : undefined;
  }

  /** "      1    1 Si   14      0.000000      0.000000      0.000000   4.0000  28.0855" */
  private async readCoordinates(): Promise<void> {
    const species: number[] = [];
    const rows: number[] = [];
    while (await nextLine(this.lines)) {
      const words = this.lines.words();
      if (/^\d+$/.test(words[0] ?? "")) {
        const z = Number(words[3]);
        species.push(Number.isInteger(z) && z > 0 ? z : (speciesOfText(words[2] ?? "") ?? 0));
        rows.push(...words.slice(4, 7).map(Number));
      } else if (species.length > 0) break;
    }
    this.species = Uint8Array.from(species);
    this.positions = Float64Array.from(rows);
  }

  private settleScf(converged: boolean, text: string): void {
    this.converged = converged;
    this.iterations = Number(/converged in\s+(\d+)/.exec(text)?.[1] ?? 0);
  }

  private begin(text: string): void {
    this.close();
    this.draft = {
      energy: (numbersIn(text.slice(text.lastIndexOf(":")))[0] ?? Number.NaN) * hartree,
      line: this.lines.lineNumber,
      converged: this.converged,
      iterations: this.iterations,
      cut: undefined,
      species: this.species,
      forces: undefined,
      stress: undefined,
    };
    this.converged = true;
  }

  private close(): void {
    if (this.draft === undefined) return;
    const { positions, cell } = this;
    this.steps.push({ ...this.draft, number: this.steps.length + 1, positions, cell });
    this.draft = undefined;
    this.positions = undefined;
  }

  /** Old: atom kind element x y z, and "SUM OF ATOMIC FORCES"; new: "FORCES| 1 x y z |f|" and "FORCES| Sum". */
  private async readForces(): Promise<void> {
    const species: number[] = [];
    const rows: number[] = [];
    let ended = false;
    while (!ended && (await nextLine(this.lines))) {
      const words = this.lines.words().filter((word) => word !== "FORCES|");
      ended = /^sum$/i.test(words[0] ?? "");
      if (ended || !/^\d+$/.test(words[0] ?? "")) continue;
      const named = /^[A-Z]/.test(words[2] ?? "");
      if (named) species.push(speciesOfText(words[2]!) ?? 0);
      rows.push(...words.slice(named ? 3 : 1, named ? 6 : 4).map((word) => (Number(word) * hartree) / bohr));
    }
    if (this.draft === undefined) return;
    if (!ended) this.draft.cut = "the end of its forces";
    if (species.length > 0) this.draft.species ??= Uint8Array.from(species);
    this.draft.forces = Float64Array.from(rows);
  }

  private async readStress(text: string): Promise<void> {
    const unit = /\[bar\]/.test(text) ? gigapascal / 1e4 : gigapascal;
    const rows: number[] = [];
    while (rows.length < 9 && (await nextLine(this.lines))) {
      const row = /^STRESS\|\s+[xyz]\s+(.*\d)\s*$/.exec(this.lines.text())?.[1];
      if (row !== undefined) rows.push(...numbersIn(row));
    }
    if (this.draft === undefined) return;
    if (rows.length === 9) this.draft.stress = stressOfMatrix(rows, unit);
    else this.draft.cut = "the end of its stress";
  }

  /** The message stands to the right of a drawing of a person. */
  private async readAbort(text: string): Promise<void> {
    const said = [text];
    while ((await nextLine(this.lines)) && /^\*/.test(this.lines.text())) said.push(this.lines.text());
    const words = said.map((line) => line.replace(/^\*\s?(\[ABORT\]|\\___\/|\||O\/\||\/\| \||\/ \\)?|\*$/g, "").trim());
    this.abort = words.filter((line) => line !== "" && !/^[*_/\\| ]+$/.test(line)).join(" ");
  }
}

async function* readSinglePoints(source: ByteSource, options: OutputOptions): AsyncGenerator<Frame> {
  const lines = new LineReader(source, options.file);
  try {
    const run = await readCp2kSteps(lines);
    for (const step of run.steps) {
      const frame = frameOf(lines, run, { step, geometry: step, options });
      if (frame !== undefined) yield frame;
    }
    refuseTheEnd(lines, run, options);
  } finally {
    await lines.close();
  }
}

/** What becomes of the run as a whole: an abort, or an end that is missing. */
function refuseTheEnd(lines: LineReader, run: Cp2kRun, options: OutputOptions): void {
  const next = run.steps.length + 1;
  if (run.abort !== undefined) refuse(options, programError(lines, next, run.abort));
  else if (!run.ended && run.steps.length === 0) refuse(options, cutOutput(lines, next, "its energy"));
}

interface Geometry {
  readonly positions: Float64Array | undefined;
  readonly cell: Float64Array | undefined;
  readonly species?: Uint8Array | undefined;
}

/** The frame of one step, or its refusal. */
export function frameOf(
  lines: LineReader,
  run: Cp2kRun,
  given: { readonly step: Cp2kStep; readonly geometry: Geometry; readonly options: OutputOptions },
): Frame | undefined {
  const { step, geometry, options } = given;
  const { number, line } = step;
  const at = { where: { file: lines.file, line, structure: number } };
  const species = geometry.species ?? step.species;
  const atoms = geometry.positions === undefined ? 0 : geometry.positions.length / 3;
  const last = number === run.steps.length && !run.ended;
  if (!step.converged) refuse(options, { ...unconverged(lines, number), ...at });
  else if (step.cut !== undefined) refuse(options, { ...cutOutput(lines, number, step.cut), ...at });
  // Only the next energy, or the end of the program, shows that forces and stress are all there.
  else if (last) refuse(options, { ...cutOutput(lines, number, "the end of the output"), ...at });
  else if (geometry.positions === undefined || species === undefined || lacksCell(run, geometry))
    refuse(options, noPositions(lines, step));
  else if (species.length !== atoms || (step.forces !== undefined && step.forces.length !== 3 * atoms))
    refuse(options, { ...cutOutput(lines, number, "all its atoms are there"), ...at });
  else {
    const draft = draftOf(run, step, { ...geometry, positions: geometry.positions, species });
    const bad = whatIsNotFinite(draft);
    if (bad === undefined) return frameOfStep(options.file, draft);
    refuse(options, { ...notFinite(lines, number, bad), ...at });
  }
  return undefined;
}

const lacksCell = ({ periodic }: Cp2kRun, { cell }: Geometry): boolean => periodic.some(Boolean) && cell === undefined;

function draftOf(
  run: Cp2kRun,
  step: Cp2kStep,
  { positions, cell, species }: { positions: Float64Array; cell: Float64Array | undefined; species: Uint8Array },
): StepDraft {
  const { number, line, energy, forces, stress, iterations } = step;
  const repeats = run.periodic.some(Boolean);
  const info = new Map<string, string | number>([["program", `cp2k ${run.version}`]]);
  if (iterations > 0) info.set("scf_iterations", iterations);
  const structure = { species, positions, cell: repeats ? cell : undefined, periodic: run.periodic };
  return { ...structure, energy, forces, stress: run.periodic.every(Boolean) ? stress : undefined, info, number, line };
}

const noPositions = (lines: LineReader, { number, line }: Cp2kStep) => ({
  code: "no-structure",
  where: { file: lines.file, line, structure: number },
  problem: `Step ${number}: the output does not say where the atoms are, and in which cell.`,
  expected: "Expected tables of both (print level medium), or PROJECT-pos-1.xyz and PROJECT-1.cell beside the output.",
  remedy: "Keep the trajectory of positions (and of the cell) with the output.",
});
