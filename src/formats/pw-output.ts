/**
 * What pw.x of Quantum ESPRESSO prints: scf, relax, vc-relax, md and vc-md, any number of steps.
 *
 * Units in it: rydberg, bohr, alat; forces Ry/bohr to 1e-8, stress Ry/bohr³ to 1e-8, positive under compression. The starting
 * positions are given to 1e-7 alat and the cell to 1e-6 alat; later ones have more digits. The energy on the line with "!" is the
 * free energy where the electrons are smeared; pw.x prints none that is extrapolated, only −TS ("smearing contrib."), from which
 * `energy: "zero"` is E − TS/2, right to second order for Gaussian and Fermi–Dirac smearing (Gillan, J. Phys.: Condens. Matter
 * 1, 689, 1989, doi 10.1088/0953-8984/1/4/005).
 */
import type { Trouble } from "../errors/index.js";
import { type Frame, toCartesian } from "../structure/index.js";
import { bohr, rydberg } from "../units/index.js";
import { everywhere } from "./cells.js";
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
  stressOfMatrix,
  unconverged,
  whatIsNotFinite,
} from "./outputs.js";
import { speciesOfText } from "./species.js";

export const pwOutput: OutputFormat = {
  name: "pw-output",
  title: "Quantum ESPRESSO pw.x output",
  extensions: [".pwo"],
  sniff: (head) => /^\s*Program PWSCF\b/m.test(head),
  read: readPwOutput,
};

interface Step {
  readonly number: number;
  readonly line: number;
  energy: number | undefined;
  smearing: number;
  iterations: number;
  converged: boolean | undefined;
  forces: Float64Array | undefined;
  stress: Float64Array | undefined;
  /** What the step lacks because the file ends inside one of its tables. */
  cut: string | undefined;
}

interface Progress {
  readonly options: OutputOptions;
  version: string;
  /** Å */
  alat: number;
  count: number;
  /** Label of an atom ("Si1") → atomic number. */
  readonly elements: Map<string, number>;
  species: Uint8Array;
  cell: Float64Array;
  positions: Float64Array;
  step: Step | undefined;
  steps: number;
  error: Trouble | undefined;
}

async function* readPwOutput(source: ByteSource, options: OutputOptions): AsyncGenerator<Frame> {
  const lines = new LineReader(source, options.file);
  const progress = start(options);
  try {
    while (await nextLine(lines)) {
      const text = lines.text();
      if (text === "") continue;
      // A step is whole when the next thing begins: what follows the last table shows that nothing is missing.
      if (progress.step !== undefined && endsStep(text)) yield* settle(lines, progress);
      await takeLine(lines, text, progress);
    }
    if (progress.step !== undefined) refuse(options, cutOutput(lines, progress.step.number, "the end of its output"));
    if (progress.error !== undefined) refuse(options, progress.error);
    else if (progress.step === undefined && progress.steps === 0)
      refuse(options, cutOutput(lines, 1, "its first energy"));
  } finally {
    await lines.close();
  }
}

const start = (options: OutputOptions): Progress => ({
  options,
  version: "",
  alat: Number.NaN,
  count: 0,
  elements: new Map(),
  species: new Uint8Array(0),
  cell: new Float64Array(9).fill(Number.NaN),
  positions: new Float64Array(0),
  step: undefined,
  steps: 0,
  error: undefined,
});

const endsStep = (text: string): boolean =>
  /^(ATOMIC_POSITIONS|CELL_PARAMETERS|Self-consistent Calculation|Writing |init_run |Entering Dynamics|BFGS Geometry|End of (BFGS|damped)|Begin final|A final scf|The maximum number of steps)/.test(
    text,
  );

async function takeLine(lines: LineReader, text: string, progress: Progress): Promise<void> {
  if (await takeStructure(lines, text, progress)) return;
  const { step } = progress;
  if (text.startsWith("Self-consistent Calculation")) progress.step = newStep(progress, lines.lineNumber);
  else if (text.startsWith("Error in routine")) await readError(lines, text, progress);
  else if (step === undefined) return;
  else if (text.startsWith("EXX: now go back")) dropInnerLoop(progress);
  else if (/^!+\s+total energy/.test(text)) step.energy = energyOf(text);
  else if (text.startsWith("smearing contrib.")) step.smearing = energyOf(text);
  else if (text.startsWith("convergence has been achieved in")) settleScf(step, true, text);
  else if (text.startsWith("convergence NOT achieved after")) settleScf(step, false, text);
  else if (text.startsWith("Forces acting on atoms")) await readForces(lines, progress, step);
  else if (/^total\s+stress\s+\(Ry\/bohr\*\*3\)/.test(text)) await readStress(lines, step);
}

/** Hybrid functionals converge once for each exchange operator; only the last of these energies is one. */
function dropInnerLoop(progress: Progress): void {
  progress.step = undefined;
  progress.steps--;
}

const energyOf = (text: string): number => (numbersIn(text.slice(text.indexOf("=")))[0] ?? Number.NaN) * rydberg;

function settleScf(step: Step, converged: boolean, text: string): void {
  step.converged = converged;
  step.iterations = numbersIn(text)[0] ?? 0;
}

const newStep = (progress: Progress, line: number): Step => ({
  number: ++progress.steps,
  line,
  energy: undefined,
  smearing: 0,
  iterations: 0,
  converged: undefined,
  forces: undefined,
  stress: undefined,
  cut: undefined,
});

/** Heads and cards that say which atoms are where; whether the line was one. */
async function takeStructure(lines: LineReader, text: string, progress: Progress): Promise<boolean> {
  if (text.startsWith("Program PWSCF")) progress.version = /v\.\s*(\S+)/.exec(text)?.[1] ?? "";
  else if (text.startsWith("celldm(1)=")) progress.alat = (numbersIn(text.slice(10))[0] ?? Number.NaN) * bohr;
  else if (text.startsWith("number of atoms/cell")) progress.count = numbersIn(text.slice(text.indexOf("=")))[0] ?? 0;
  else if (text.startsWith("atomic species   valence")) await readSpecies(lines, progress);
  else if (text.startsWith("crystal axes:")) await readAxes(lines, progress);
  else if (/^site n\.\s+atom\s+positions \(alat units\)/.test(text)) await readSites(lines, progress);
  else if (text.startsWith("CELL_PARAMETERS")) await readCellCard(lines, text, progress);
  else if (text.startsWith("ATOMIC_POSITIONS")) await readPositionsCard(lines, text, progress);
  else return false;
  return true;
}

/** "Si1  4.00  28.08500  Si( 1.00)": the last column has the element, the first the user's label. */
async function readSpecies(lines: LineReader, progress: Progress): Promise<void> {
  while ((await nextLine(lines)) && lines.text() !== "") {
    const label = lines.text().split(/\s+/)[0]!;
    const element = /([A-Z][a-z]?)\s*\(\s*[\d.]+\s*\)\s*$/.exec(lines.text())?.[1];
    const z = speciesOfText(element ?? "") ?? speciesOfText(label.replace(/[^A-Za-z].*$/, ""));
    if (z !== undefined) progress.elements.set(label, z);
  }
}

async function readAxes(lines: LineReader, progress: Progress): Promise<void> {
  const rows: number[] = [];
  for (let row = 0; row < 3 && (await nextLine(lines)); row++) rows.push(...numbersIn(afterEquals(lines.text())));
  if (rows.length === 9) progress.cell = Float64Array.from(rows, (x) => x * progress.alat);
}

const afterEquals = (text: string): string => text.slice(text.indexOf("=") + 1);

async function readSites(lines: LineReader, progress: Progress): Promise<void> {
  const labels: string[] = [];
  const rows: number[] = [];
  for (let i = 0; i < progress.count && (await nextLine(lines)); i++) {
    labels.push(lines.text().split(/\s+/)[1] ?? "");
    rows.push(...numbersIn(afterEquals(lines.text())));
  }
  takePositions(lines, progress, { labels, positions: Float64Array.from(rows, (x) => x * progress.alat) });
}

function takePositions(
  lines: LineReader,
  progress: Progress,
  read: { readonly labels: readonly string[]; readonly positions: Float64Array },
): void {
  if (read.positions.length !== 3 * progress.count) return;
  progress.positions = read.positions;
  progress.species = Uint8Array.from(read.labels, (label, i) => {
    const z = progress.elements.get(label) ?? speciesOfText(label.replace(/[^A-Za-z].*$/, ""));
    if (z !== undefined) return z;
    throw lines.trouble("unknown-element", {
      problem: `The element of the atom "${label}" cannot be told.`,
      expected: "Expected its label in the table of atomic species at the head of the output.",
      remedy: "Restore the head of the file.",
      atom: i + 1,
    });
  });
}

/** "(angstrom)", "(bohr)", "(alat= 7.2)", "{alat}" … in Å. */
function unitOf(text: string, progress: Progress): number {
  if (/angstrom/i.test(text)) return 1;
  if (/bohr/i.test(text)) return bohr;
  const stated = /alat\s*=\s*([\d.]+)/i.exec(text)?.[1];
  return stated === undefined ? progress.alat : Number(stated) * bohr;
}

async function readCellCard(lines: LineReader, text: string, progress: Progress): Promise<void> {
  const rows: number[] = [];
  for (let row = 0; row < 3 && (await nextLine(lines)); row++) rows.push(...numbersIn(lines.text()));
  if (rows.length === 9) progress.cell = Float64Array.from(rows, (x) => x * unitOf(text, progress));
}

async function readPositionsCard(lines: LineReader, text: string, progress: Progress): Promise<void> {
  const labels: string[] = [];
  const rows: number[] = [];
  for (let i = 0; i < progress.count && (await nextLine(lines)); i++) {
    const [label = "", ...rest] = lines.words();
    labels.push(label);
    rows.push(...rest.slice(0, 3).map(Number));
  }
  const positions = /crystal/i.test(text)
    ? toCartesian(Float64Array.from(rows), progress.cell)
    : Float64Array.from(rows, (x) => x * unitOf(text, progress));
  takePositions(lines, progress, { labels, positions });
}

/** The first table has the total; with high verbosity its parts follow in the same form. */
async function readForces(lines: LineReader, progress: Progress, step: Step): Promise<void> {
  if (step.forces !== undefined) return;
  const rows: number[] = [];
  while (rows.length < 3 * progress.count && (await nextLine(lines))) {
    if (lines.text() === "") continue;
    rows.push(...numbersIn(afterEquals(lines.text())));
  }
  if (rows.length === 3 * progress.count) step.forces = Float64Array.from(rows, (x) => (x * rydberg) / bohr);
  else step.cut = "its forces";
}

/** Rows of six: Ry/bohr³, then the same in kbar with fewer digits. */
async function readStress(lines: LineReader, step: Step): Promise<void> {
  const matrix: number[] = [];
  for (let row = 0; row < 3 && (await nextLine(lines)); row++) matrix.push(...numbersIn(lines.text()).slice(0, 3));
  if (matrix.length === 9) step.stress = stressOfMatrix(matrix, rydberg / bohr ** 3);
  else step.cut = "its stress";
}

async function readError(lines: LineReader, text: string, progress: Progress): Promise<void> {
  const more = (await nextLine(lines)) ? lines.text() : "";
  progress.error ??= programError(lines, Math.max(1, progress.steps), `${text} ${more}`);
}

/** The end of a step: its frame, or its refusal. */
function* settle(lines: LineReader, progress: Progress): Generator<Frame> {
  const { options } = progress;
  const step = progress.step!;
  progress.step = undefined;
  const { number, converged, energy, cut, iterations } = step;
  if (converged === false) refuse(options, unconverged(lines, number, iterations));
  else if (energy === undefined || cut !== undefined) refuse(options, cutOutput(lines, number, cut ?? "its energy"));
  else {
    const draft = draftOf(progress, step, energy);
    const bad = whatIsNotFinite(draft);
    if (bad === undefined) yield frameOfStep(options.file, draft);
    else refuse(options, notFinite(lines, number, bad));
  }
}

function draftOf(progress: Progress, step: Step, free: number) {
  const { number, line, forces, stress, iterations, smearing } = step;
  const zero = free - smearing / 2;
  const byZero = progress.options.energy === "zero";
  const other: [string, number][] =
    smearing === 0 ? [] : [[byZero ? "free_energy" : "energy_zero", byZero ? free : zero]];
  return {
    species: progress.species,
    positions: progress.positions.slice(),
    cell: progress.cell.slice(),
    periodic: everywhere,
    energy: byZero ? zero : free,
    info: new Map<string, string | number>([
      ["program", `pw.x ${progress.version}`],
      ...other,
      ["scf_iterations", iterations],
    ]),
    ...{ forces, stress, number, line },
  };
}
