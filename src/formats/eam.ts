/**
 * DYNAMO's tables of EAM potentials as LAMMPS reads them (https://docs.lammps.org/pair_eam.html): funcfl, one element a file
 * (`pair_style eam`), and setfl, several elements in one (`eam/alloy`, and `eam/fs` with a density for every ordered pair).
 */
import { InputError } from "../errors/index.js";
import { Eam, type EamRecord, resampled } from "../potentials/classical/index.js";
import { atomicNumber, elementSymbol, elementSymbols } from "../structure/index.js";
import { energyUnitOf } from "./lammps-potential-lines.js";
import { TableReader } from "./table-reader.js";

export interface TextFile {
  readonly text: string;
  /** Name in messages. */
  readonly file: string;
}

interface Funcfl {
  readonly symbol: string;
  readonly cutoff: number;
  readonly densityStep: number;
  readonly radiusStep: number;
  readonly embedding: Float64Array;
  /** Effective charge Z(r), (Hartree·Bohr)^½: rφ = 27.2·0.529 Z₁Z₂ eV Å. */
  readonly charge: Float64Array;
  readonly density: Float64Array;
}

/** Hartree·Bohr as DYNAMO has it, eV Å: the tables were fitted with it. */
const HARTREE_BOHR = 27.2 * 0.529;

/**
 * One funcfl file for each element. Their tables are brought to one grid, that of the widest steps and the largest range, and
 * lose their last point, as in LAMMPS; the cutoff is the largest. Throws InputError with file and line.
 */
export function readFuncfl(...files: readonly TextFile[]): EamRecord {
  if (files.length === 0)
    throw new InputError({
      code: "missing-file",
      problem: "No funcfl file was given.",
      remedy: "Give one file for each element.",
    });
  const parts = files.map(readFuncflFile);
  const most = (pick: (part: Funcfl) => number): number => Math.max(...parts.map(pick));
  const densityStep = most((part) => part.densityStep);
  const radiusStep = most((part) => part.radiusStep);
  const points = (range: number, step: number): number => Math.floor(range / step + 0.5);
  const onRadii = {
    newStep: radiusStep,
    points: points(
      most((part) => (part.density.length - 1) * part.radiusStep),
      radiusStep,
    ),
  };
  const onDensities = {
    newStep: densityStep,
    points: points(
      most((part) => (part.embedding.length - 1) * part.densityStep),
      densityStep,
    ),
  };
  const charges = parts.map((part) => resampled(part.charge, { ...onRadii, step: part.radiusStep }));
  const densities = parts.map((part) => resampled(part.density, { ...onRadii, step: part.radiusStep }));
  return checked(
    {
      kind: "eam",
      elements: parts.map((part) => part.symbol),
      cutoff: most((part) => part.cutoff),
      ...{ densityStep, radiusStep },
      embedding: parts.map((part) => resampled(part.embedding, { ...onDensities, step: part.densityStep })),
      density: densities.map((density) => parts.map(() => density)),
      pair: charges.map((a, i) => charges.slice(0, i + 1).map((b) => a.map((z, k) => HARTREE_BOHR * z * b[k]))),
      source: files.map(({ file }) => file).join(", "),
    },
    files[0].file,
  );
}

function readFuncflFile({ text, file }: TextFile): Funcfl {
  const unit = energyUnitOf(text, file);
  const reader = new TableReader(text, file);
  reader.line();
  const z = reader.count("atomic number");
  if (z >= elementSymbols.length) throw unknownElement(String(z), reader);
  reader.line();
  const grid = readGrid(reader);
  reader.line();
  const embedding = reader.numbers(grid.densities, "embedding energy").map((f) => f * unit);
  // rφ goes with the square of the charges.
  const charge = reader.numbers(grid.radii, "effective charge").map((q) => q * Math.sqrt(unit));
  const density = reader.numbers(grid.radii, "density");
  const { cutoff, densityStep, radiusStep } = grid;
  return { symbol: elementSymbol(z), cutoff, densityStep, radiusStep, embedding, charge, density };
}

export interface SetflOptions {
  /** Name of the file in messages. */
  readonly file: string;
  /** `eam/alloy` or `eam/fs`; with several elements their lengths differ. Default: by the length. */
  readonly form?: "alloy" | "fs";
}

/** Throws InputError with file and line. */
export function readSetfl(text: string, { file, form }: SetflOptions): EamRecord {
  const unit = energyUnitOf(text, file);
  const reader = new TableReader(text, file);
  for (let k = 0; k < 3; k++) reader.line();
  const elements = readElements(reader);
  const n = elements.length;
  const grid = readGrid(reader);
  reader.line();
  const densities = (form ?? guessedForm(reader, { n, ...grid })) === "fs" ? n : 1;
  const embedding: Float64Array[] = [];
  const density = elements.map((symbol) => {
    // Atomic number, mass, lattice constant, lattice: looked at to see that the tables are where they should be.
    reader.count(`atomic number of ${symbol}`);
    reader.line();
    embedding.push(reader.numbers(grid.densities, `embedding energy of ${symbol}`).map((f) => f * unit));
    const rows = Array.from({ length: densities }, () => reader.numbers(grid.radii, `density of ${symbol}`));
    reader.endLine();
    return elements.map((_, at) => rows[densities === 1 ? 0 : at]);
  });
  const pair = elements.map((a, i) =>
    elements.slice(0, i + 1).map((b) => reader.numbers(grid.radii, `rφ of ${a} and ${b}`).map((f) => f * unit)),
  );
  const { cutoff, densityStep, radiusStep } = grid;
  return checked(
    { kind: "eam", elements, cutoff, densityStep, radiusStep, embedding, density, pair, source: file },
    file,
  );
}

function readElements(reader: TableReader): string[] {
  const n = reader.count("number of elements");
  const symbols = Array.from({ length: n }, () => reader.word("symbol of an element"));
  const stranger = symbols.find((symbol) => atomicNumber(symbol) === undefined);
  if (stranger !== undefined) throw unknownElement(stranger, reader);
  reader.line();
  return symbols;
}

interface Grid {
  readonly densities: number;
  readonly densityStep: number;
  readonly radii: number;
  readonly radiusStep: number;
  readonly cutoff: number;
}

const readGrid = (reader: TableReader): Grid => ({
  densities: reader.count("number of densities"),
  densityStep: reader.number("step of the density"),
  radii: reader.count("number of radii"),
  radiusStep: reader.number("step of the radius"),
  cutoff: reader.number("cutoff"),
});

/** By the number of lines' words: `fs` has n densities for each element where `alloy` has one. */
function guessedForm(reader: TableReader, { n, densities, radii }: Grid & { readonly n: number }): "alloy" | "fs" {
  const pairs = (n * (n + 1)) / 2;
  const fs = n * (densities + n * radii) + pairs * radii;
  return reader.wordsLeft() >= fs ? "fs" : "alloy";
}

/** The record, once it has been seen to be a potential. */
function checked(record: EamRecord, file: string): EamRecord {
  new Eam(record, { file });
  return record;
}

function unknownElement(found: string, reader: TableReader): InputError {
  return new InputError({
    code: "unknown-element",
    where: reader.where(),
    problem: `There is no element ${JSON.stringify(found)}.`,
    expected: "Expected the symbols of elements in a setfl file, the atomic number in a funcfl file.",
    remedy: "Correct the file; is it of the other form?",
  });
}
