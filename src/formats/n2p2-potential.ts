/**
 * n2p2's potentials: `input.nn`, `scaling.data`, `weights.NNN.data` ↔ one network potential.
 *
 *   E = Σ_i ( atom_energy + mean_energy + N(scaled G_i) / conv_energy )
 *
 * `conv_length` only says in which unit of length n2p2 does its arithmetic: it converts positions and symmetry functions
 * alike, so values do not change, and forces come back in the unit of the files. With mean_energy and conv_energy, and
 * lengths as in the files, everything is therefore said. Files have no units of their own: `options.units` states them.
 */
import type { Cutoff, CutoffType, ElementDescriptors } from "../descriptors/definition.js";
import { orderFunctions } from "../descriptors/order.js";
import { InputError, type Trouble } from "../errors/index.js";
import type { NetworkPotential } from "../potentials/definition.js";
import { atomicNumber, elementSymbol } from "../structure/index.js";
import { angstromElectronvolt, type UnitSystem } from "../units/index.js";
import { type CentralFunction, parseFunction, rescaleFunction } from "./n2p2-potential-functions.js";
import {
  badArgument,
  type KeywordTable,
  lineOf,
  linesOf,
  parseKeywordLines,
  realAt,
  requiredLine,
} from "./n2p2-potential-lines.js";
import { networkOf, networkShape, networkWarnings, parseWeights, weightsName } from "./n2p2-potential-networks.js";
import { asEvaluated, quirkWarnings } from "./n2p2-potential-quirks.js";
import { parseScaling, scalingKind } from "./n2p2-potential-scaling.js";
import { type TrainingSettings, trainingSettings } from "./n2p2-potential-training.js";

export { functionText, parseFunction, rescaleFunction } from "./n2p2-potential-functions.js";
export type { KeywordLine, KeywordTable } from "./n2p2-potential-lines.js";
export { weightsName } from "./n2p2-potential-networks.js";
export type { Interval, ScheduledMode, Setting, TrainingKeyword, TrainingSettings } from "./n2p2-potential-training.js";
export { type N2p2Files, type WriteN2p2Options, writeN2p2Potential } from "./n2p2-potential-write.js";

export interface N2p2Texts {
  readonly inputNn: string;
  readonly scalingData: string;
  /** By atomic number. */
  readonly weights: ReadonlyMap<number, string>;
}

export interface ReadN2p2Options {
  /** Names of the files in messages. Default: n2p2's. */
  readonly names?: {
    readonly inputNn?: string;
    readonly scalingData?: string;
    readonly weights?: (z: number) => string;
  };
  /** Units of the files. Default: Å and eV. */
  readonly units?: UnitSystem;
}

/** What `input.nn` says about a fit: everything but the numbers of scaling and weights. */
export interface InputNn {
  readonly table: KeywordTable;
  /** Elements by atomic number, functions in n2p2's order, in Å. */
  readonly descriptors: readonly ElementDescriptors[];
  readonly training: TrainingSettings;
  readonly warnings: readonly Trouble[];
}

export interface N2p2Potential {
  /** One member. */
  readonly potential: NetworkPotential;
  readonly settings: TrainingSettings;
  readonly warnings: readonly Trouble[];
}

/** Reads `input.nn` alone. */
export function parseInputNn(text: string, options: { file?: string; units?: UnitSystem } = {}): InputNn {
  const table = parseKeywordLines(text, options.file ?? "input.nn");
  checkSupported(table);
  const elements = elementsOf(table);
  const length = (options.units ?? angstromElectronvolt).length;
  return {
    table,
    descriptors: descriptorsOf(table, elements, length),
    training: trainingSettings(table),
    warnings: [...table.warnings, ...networkWarnings(table), ...quirkWarnings(table)],
  };
}

export function readN2p2Potential(files: N2p2Texts, options: ReadN2p2Options = {}): N2p2Potential {
  const { names = {}, units = angstromElectronvolt } = options;
  const input = parseInputNn(files.inputNn, { file: names.inputNn ?? "input.nn", units });
  const { table, descriptors } = input;
  const counts = descriptors.map((d) => d.functions.length);
  const file = names.scalingData ?? "scaling.data";
  const { scalings, warnings } = parseScaling(files.scalingData, scalingKind(table), { file, counts });
  const elements = descriptors.map(({ element, functions }, e) => {
    const name = (names.weights ?? weightsName)(element);
    const parameters = parseWeights(weightsOf(files, element, name), name);
    const shape = networkShape(table, { element, inputs: functions.length, weights: parameters.length });
    return { scaling: scalings[e], network: networkOf(shape, parameters, name) };
  });
  const energies = energiesOf(table, descriptors, units);
  return {
    potential: { descriptors, members: [{ elements, ...energies }] },
    settings: input.training,
    warnings: [...input.warnings, ...warnings],
  };
}

function weightsOf({ weights }: N2p2Texts, element: number, name: string): string {
  const text = weights.get(element);
  if (text !== undefined) return text;
  throw new InputError({
    code: "missing-weights",
    where: { file: name },
    problem: `There are no weights for ${elementSymbol(element)}.`,
    remedy: `Put ${weightsName(element)} beside input.nn; n2p2 writes weights.NNN.EEEEEE.out while it fits: rename one.`,
  });
}

function checkSupported(table: KeywordTable): void {
  const line = lineOf(table, "nnp_type");
  if (line === undefined || line.args[0] === "2" || /^2G/.test(line.args[0] ?? "")) return;
  throw new InputError({
    code: "unsupported-network-type",
    where: { file: table.file, line: line.line },
    problem: `The potential is of type ${line.args[0]}, with charges.`,
    expected: "Potluck reads 2G-HDNNP (short-range) potentials.",
    remedy: "Use a potential without electrostatics.",
  });
}

/** Atomic numbers, ascending. */
function elementsOf(table: KeywordTable): number[] {
  const line = requiredLine(table, "elements");
  const where = { file: table.file, line: line.line };
  const elements = line.args.map((symbol, index) => {
    const z = atomicNumber(symbol);
    if (z !== undefined) return z;
    throw badArgument(where, { keyword: "elements", index, found: symbol, expected: "an element's symbol" });
  });
  const count = lineOf(table, "number_of_elements");
  const expected = count === undefined ? elements.length : realAt(count, 0, table.file);
  if (new Set(elements).size !== elements.length || expected !== elements.length || expected === 0)
    throw new InputError({
      code: "elements-count",
      where,
      problem: `The elements are "${line.args.join(" ")}".`,
      expected: `Expected ${expected === elements.length ? "each once" : `${expected}, as "number_of_elements" says`}.`,
      remedy: "Correct one of the two lines.",
    });
  return elements.sort((a, b) => a - b);
}

function descriptorsOf(table: KeywordTable, elements: readonly number[], length: number): ElementDescriptors[] {
  const context = { file: table.file, cutoff: cutoffOf(table), elements };
  const functions = linesOf(table, "symfunction_short").map((line) => parseFunction(line, context));
  return elements.map((element) => ({ element, functions: functionsOf(table, element, { functions, length }) }));
}

/** In n2p2's order, which is that of the file's units. */
function functionsOf(
  table: KeywordTable,
  element: number,
  { functions, length }: { functions: readonly CentralFunction[]; length: number },
) {
  const own = functions.filter(([z]) => z === element).map(([, f]) => f);
  if (own.length > 0) return orderFunctions(own).map((f) => rescaleFunction(asEvaluated(f), length));
  throw new InputError({
    code: "no-functions",
    where: { file: table.file },
    problem: `There are no symmetry functions around ${elementSymbol(element)}.`,
    remedy: `Add lines "symfunction_short ${elementSymbol(element)} …", or remove the element.`,
  });
}

function cutoffOf(table: KeywordTable): Cutoff {
  const line = requiredLine(table, "cutoff_type");
  const where = { file: table.file, line: line.line };
  const type = realAt(line, 0, table.file);
  const alpha = line.args[1] === undefined ? 0 : realAt(line, 1, table.file);
  const fault = (index: number, expected: string): InputError =>
    badArgument(where, { keyword: "cutoff_type", index, found: line.args[index], expected });
  if (!(Number.isInteger(type) && type >= 0 && type <= 8)) throw fault(0, "a type from 0 to 8");
  if (!(alpha >= 0 && alpha < 1)) throw fault(1, "0 ≤ α < 1");
  return { type: type as CutoffType, alpha };
}

/** Scale and offsets that turn network outputs into eV. */
function energiesOf(table: KeywordTable, descriptors: readonly ElementDescriptors[], { energy }: UnitSystem) {
  const real = (keyword: string, standard: number): number => {
    const line = lineOf(table, keyword);
    return line === undefined ? standard : realAt(line, 0, table.file);
  };
  const mean = real("mean_energy", 0);
  const offsets = new Map<string, number>();
  for (const line of linesOf(table, "atom_energy")) offsets.set(line.args[0], realAt(line, 1, table.file));
  return {
    energyScale: energy / real("conv_energy", 1),
    referenceEnergies: descriptors.map((d) => energy * (mean + (offsets.get(elementSymbol(d.element)) ?? 0))),
  };
}
