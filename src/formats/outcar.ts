/**
 * VASP's OUTCAR (https://www.vasp.at/wiki/index.php/OUTCAR), versions 5 and 6, with any number of ionic steps.
 *
 * Units: eV, eV/Å, kB (kilobar, positive under compression; "in kB" has xx yy zz xy yz zx). The file gives positions to 1e-5 Å
 * and the lattice to 1e-9 Å; `vasprun.xml` has more digits. A step counts where VASP says that EDIFF was reached.
 */
import type { Frame } from "../structure/index.js";
import { kilobar } from "../units/index.js";
import { everywhere } from "./cells.js";
import type { ByteSource } from "./format.js";
import { LineReader, parseNumber } from "./line-reader.js";
import {
  cutOutput,
  frameOfStep,
  nextLine,
  notFinite,
  numbersIn,
  type OutputFormat,
  type OutputOptions,
  refuse,
  unconverged,
  whatIsNotFinite,
} from "./outputs.js";
import { speciesOfText } from "./species.js";

export const outcar: OutputFormat = {
  name: "outcar",
  title: "VASP OUTCAR",
  extensions: ["outcar"],
  sniff: (head) => /^\s*vasp\.\d/.test(head) && !head.startsWith("<"),
  read: readOutcar,
};

/** What holds for the whole file, and the step that is being read. */
interface Progress {
  readonly options: OutputOptions;
  version: string;
  readonly elements: number[];
  species: Uint8Array;
  cell: Float64Array | undefined;
  step: Step | undefined;
  steps: number;
  /** Whether lines until the next energy are of the ionic step and not of an electronic one. */
  ionicEnergy: boolean;
  /** Energy without smearing of a step that is complete if only its last line is: the next line will show that. */
  zero: number | undefined;
}

interface Step {
  readonly number: number;
  readonly line: number;
  iterations: number;
  reached: boolean;
  free: number;
  stress: Float64Array | undefined;
  positions: Float64Array | undefined;
  forces: Float64Array | undefined;
}

async function* readOutcar(source: ByteSource, options: OutputOptions): AsyncGenerator<Frame> {
  const lines = new LineReader(source, options.file);
  const progress: Progress = {
    options,
    version: "",
    elements: [],
    species: new Uint8Array(0),
    cell: undefined,
    step: undefined,
    steps: 0,
    ionicEnergy: false,
    zero: undefined,
  };
  try {
    while (await nextLine(lines)) {
      const complete = finishLast(lines, progress);
      if (complete !== undefined) yield complete;
      const text = lines.text();
      if (text === "") continue;
      await takeLine(lines, text, progress);
    }
    if (progress.step !== undefined) refuse(options, cutOutput(lines, progress.step.number, "its energy"));
    else if (progress.steps === 0) refuse(options, cutOutput(lines, 1, "its first iteration"));
  } finally {
    await lines.close();
  }
}

async function takeLine(lines: LineReader, text: string, progress: Progress): Promise<void> {
  const { step } = progress;
  if (step === undefined) takeHeader(lines, text, progress);
  const iteration = text.startsWith("-") ? /Iteration\s+(\d+)\(\s*(\d+)\)/.exec(text) : null;
  if (iteration !== null)
    takeIteration(lines, progress, { ionic: Number(iteration[1]), electronic: Number(iteration[2]) });
  else if (text.startsWith("direct lattice vectors")) progress.cell = await readVectors(lines);
  else if (step === undefined) return;
  else if (text.startsWith("-")) {
    if (text.includes("EDIFF is reached")) step.reached = true;
    if (text.includes("EDIFF was not reached")) step.reached = false;
  } else if (text.startsWith("in kB")) step.stress = stressOfLine(text);
  else if (/^POSITION\s+TOTAL-FORCE/.test(text)) await readForces(lines, progress, step);
  else if (text.startsWith("FREE ENERGIE OF THE ION-ELECTRON SYSTEM")) progress.ionicEnergy = true;
  else if (progress.ionicEnergy && /^free\s+energy\s+TOTEN/.test(text)) step.free = valueAfter(text);
  else if (progress.ionicEnergy && /^energy\s+without entropy/.test(text))
    progress.zero = valueAfter(text.slice(text.indexOf("(sigma")));
}

/** The number after the equals sign; NaN for stars. */
const valueAfter = (text: string): number => numbersIn(text.slice(text.indexOf("=") + 1))[0] ?? Number.NaN;

function takeHeader(lines: LineReader, text: string, progress: Progress): void {
  if (progress.version === "" && text.startsWith("vasp.")) progress.version = text.split(/\s+/)[0]!.slice(5);
  else if (text.startsWith("TITEL")) {
    // "TITEL  = PAW_PBE Si_d 05Jan2001"
    const name = text.split("=")[1]?.trim().split(/\s+/)[1] ?? "";
    const z = speciesOfText(name.replace(/[^A-Za-z].*$/, ""));
    if (z === undefined) throw unknownTitle(lines, text);
    progress.elements.push(z);
  } else if (text.startsWith("ions per type")) {
    const counts = numbersIn(text.slice(text.indexOf("=") + 1));
    if (counts.length > progress.elements.length) throw unknownTitle(lines, text);
    progress.species = Uint8Array.from(counts.flatMap((n, i) => new Array<number>(n).fill(progress.elements[i]!)));
  }
}

const unknownTitle = (lines: LineReader, text: string) =>
  lines.trouble("unknown-element", {
    problem: `The elements cannot be told: the line reads "${text}".`,
    expected: "Expected a line such as TITEL = PAW_PBE Si 05Jan2001 for each of the types.",
    remedy: "Restore the head of the file, or read vasprun.xml instead.",
  });

function takeIteration(lines: LineReader, progress: Progress, at: { ionic: number; electronic: number }): void {
  if (progress.step?.number !== at.ionic) {
    if (progress.step !== undefined) refuse(progress.options, cutOutput(lines, progress.step.number, "its energy"));
    progress.step = {
      number: at.ionic,
      line: lines.lineNumber,
      iterations: 0,
      reached: false,
      free: Number.NaN,
      stress: undefined,
      positions: undefined,
      forces: undefined,
    };
  }
  progress.step.iterations = at.electronic;
  progress.ionicEnergy = false;
}

/** Three rows of six numbers with nine decimals, which run together where one is negative and long. */
async function readVectors(lines: LineReader): Promise<Float64Array | undefined> {
  const cell = new Float64Array(9);
  for (let row = 0; row < 3; row++) {
    if (!(await nextLine(lines))) return undefined;
    const numbers = lines.text().match(/-?\d+\.\d{9}/g) ?? [];
    for (let k = 0; k < 3; k++) cell[3 * row + k] = Number(numbers[k] ?? Number.NaN);
  }
  return cell;
}

function stressOfLine(text: string): Float64Array | undefined {
  const values = numbersIn(text.slice("in kB".length));
  if (values.length !== 6) return Float64Array.of(Number.NaN);
  return Float64Array.from([0, 1, 2, 4, 5, 3], (k) => -values[k]! * kilobar);
}

async function readForces(lines: LineReader, progress: Progress, step: Step): Promise<void> {
  const count = progress.species.length;
  const positions = new Float64Array(3 * count);
  const forces = new Float64Array(3 * count);
  if (!(await nextLine(lines))) return;
  for (let i = 0; i < count; i++) {
    if (!(await nextLine(lines))) return;
    const words = lines.words();
    if (words.length < 6) return;
    for (let k = 0; k < 3; k++) {
      positions[3 * i + k] = parseNumber(words[k]!) ?? Number.NaN;
      forces[3 * i + k] = parseNumber(words[3 + k]!) ?? Number.NaN;
    }
  }
  // A cut line may leave a shorter number that reads well; only the rule of dashes after the table shows that it is whole.
  if (!(await nextLine(lines)) || !lines.text().startsWith("---")) return;
  step.positions = positions;
  step.forces = forces;
}

/** The frame of the step that the line before has ended, or its refusal. */
function finishLast(lines: LineReader, progress: Progress): Frame | undefined {
  const { options, species, cell, version, step, zero } = progress;
  if (step === undefined || zero === undefined) return undefined;
  const { number, line, iterations, free, stress, positions, forces, reached } = step;
  progress.step = undefined;
  progress.zero = undefined;
  progress.ionicEnergy = false;
  progress.steps++;
  if (!reached) refuse(options, unconverged(lines, number, iterations));
  else if (positions === undefined || cell === undefined || species.length === 0)
    refuse(options, cutOutput(lines, number, positions === undefined ? "its forces" : "its lattice"));
  else {
    const byZero = options.energy === "zero";
    const draft = {
      ...{ species, positions, forces, stress, number, line },
      cell: cell.slice(),
      periodic: everywhere,
      energy: byZero ? zero : free,
      info: new Map<string, string | number>([
        ["program", `vasp ${version}`],
        [byZero ? "free_energy" : "energy_zero", byZero ? free : zero],
        ["scf_iterations", iterations],
      ]),
    };
    const bad = whatIsNotFinite(draft);
    if (bad === undefined) return frameOfStep(options.file, draft);
    refuse(options, notFinite(lines, number, bad));
  }
  return undefined;
}
