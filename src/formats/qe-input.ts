/**
 * Input of Quantum ESPRESSO's pw.x (https://www.quantum-espresso.org/Doc/INPUT_PW.html): written for calculations, and read as a
 * structure. Cells are read where the input gives their vectors (ibrav = 0) or is cubic (ibrav 1, 2, 3); others are refused.
 */
import { atomicNumber, elementSymbol, type Frame, type Structure, toCartesian } from "../structure/index.js";
import { bohr } from "../units/index.js";
import { atomicMasses } from "./atomic-masses.js";
import { checkedCell, everywhere } from "./cells.js";
import type { ReadOptions, StructureFormat } from "./format.js";
import { emptyFile, truncatedFrame } from "./frames.js";
import { LineReader, parseNumber } from "./line-reader.js";
import { tripleText } from "./numbers.js";
import { unknownElement } from "./species.js";

export type PwValue = string | number | boolean;

export interface PwInput {
  readonly structure: Structure;
  /** Sections and their variables ("system": {ecutwfc: 20}); nat, ntyp and ibrav are added. */
  readonly namelists: Readonly<Record<string, Readonly<Record<string, PwValue>>>>;
  /** File of each element. */
  readonly pseudopotentials: Readonly<Record<string, string>>;
  /** Points along each reciprocal vector, and shifts (0 or 1). */
  readonly kpoints: { readonly mesh: readonly number[]; readonly shift?: readonly number[] };
}

/** Namelists in the order that pw.x demands. */
const namelistOrder = ["control", "system", "electrons", "ions", "cell"];

/** The whole text. The structure must have a cell; pw.x repeats in all three directions, whatever `periodic` says. */
export function pwInputText({ structure, namelists, pseudopotentials, kpoints }: PwInput): string {
  const { species, positions, cell } = structure;
  if (cell === undefined) throw new RangeError("pw.x needs a cell");
  const elements = [...new Set(species)].sort((a, b) => a - b);
  const system = { ...namelists.system, ibrav: 0, nat: species.length, ntyp: elements.length };
  const all: PwInput["namelists"] = { control: {}, electrons: {}, ...namelists, system };
  const names = namelistOrder.filter((name) => all[name] !== undefined);
  const symbols = elements.map(elementSymbol);
  return [
    ...names.flatMap((name) => [`&${name}`, ...variableLines(all[name]!), "/"]),
    "ATOMIC_SPECIES",
    ...symbols.map(
      (symbol, i) => `${symbol} ${atomicMasses[elements[i]!]} ${pseudopotentials[symbol] ?? `${symbol}.UPF`}`,
    ),
    "CELL_PARAMETERS angstrom",
    ...[0, 1, 2].map((row) => tripleText(cell, row)),
    "ATOMIC_POSITIONS angstrom",
    ...Array.from(species, (z, i) => `${elementSymbol(z)} ${tripleText(positions, i)}`),
    ...(kpoints.mesh.every((n) => n === 1) && !kpoints.shift?.some((s) => s !== 0)
      ? ["K_POINTS gamma"]
      : ["K_POINTS automatic", `${kpoints.mesh.join(" ")} ${(kpoints.shift ?? [0, 0, 0]).join(" ")}`]),
    "",
  ].join("\n");
}

const variableLines = (variables: Readonly<Record<string, PwValue>>): string[] =>
  Object.entries(variables).map(([name, value]) => `  ${name} = ${valueText(value)}`);

function valueText(value: PwValue): string {
  if (typeof value === "boolean") return value ? ".true." : ".false.";
  return typeof value === "number" ? String(value) : `'${value.replaceAll("'", "''")}'`;
}

/** Structures only: what else the input says is not kept. */
export const qeInput: StructureFormat = {
  name: "qe-input",
  title: "Quantum ESPRESSO input",
  extensions: [".pwi"],
  multiFrame: false,
  holds: {
    energy: false,
    forces: false,
    stress: false,
    charge: false,
    periodicity: ["TTT"],
    info: [],
    columns: [],
  },
  sniff: (head) => /^(\s*([!#][^\n]*)?\n)*\s*&(control|system)\b/i.test(head),
  read: readInput,
  write: writeStructure,
};

/** With 10 Å of vacuum around it where there is no cell. */
function writeStructure({ structure }: Frame): string {
  const cell = structure.cell ?? boxAround(structure.positions);
  const system = { ecutwfc: 30 };
  const kpoints = { mesh: [1, 1, 1] };
  return pwInputText({ structure: { ...structure, cell }, namelists: { system }, pseudopotentials: {}, kpoints });
}

function boxAround(positions: Float64Array): Float64Array {
  const cell = new Float64Array(9);
  for (let k = 0; k < 3; k++) {
    const axis = positions.filter((_, i) => i % 3 === k);
    cell[4 * k] = axis.reduce((a, b) => Math.max(a, b)) - axis.reduce((a, b) => Math.min(a, b)) + 10;
  }
  return cell;
}

interface Parts {
  readonly variables: Map<string, string>;
  species: number[];
  coordinates: number[];
  positionUnit: string;
  vectors: number[];
  vectorUnit: string;
}

async function* readInput(source: Parameters<StructureFormat["read"]>[0], options: ReadOptions): AsyncGenerator<Frame> {
  const lines = new LineReader(source, options.file);
  lines.structure = 1;
  try {
    const parts = await readParts(lines);
    if (lines.lineNumber === 0) throw emptyFile(lines);
    if (parts.species.length === 0) throw truncatedFrame(lines, "ATOMIC_POSITIONS");
    checkCount(lines, parts);
    const cell = cellOf(lines, parts);
    yield {
      structure: {
        species: Uint8Array.from(parts.species),
        positions: positionsOf(lines, parts, cell),
        cell: cell.vectors,
        periodic: everywhere,
      },
      info: new Map(),
      columns: new Map(),
      source: { file: options.file, structure: 1, line: 1 },
    };
  } finally {
    await lines.close();
  }
}

async function readParts(lines: LineReader): Promise<Parts> {
  const parts: Parts = {
    variables: new Map(),
    species: [],
    coordinates: [],
    positionUnit: "alat",
    vectors: [],
    vectorUnit: "alat",
  };
  let card = "";
  let inside = false;
  while (await lines.filledLine()) {
    const text = lines
      .text()
      .replace(/[!#].*$/, "")
      .trim();
    if (text === "") continue;
    if (text.startsWith("&")) inside = true;
    else if (inside && text === "/") inside = false;
    else if (inside) takeVariables(text, parts.variables);
    else if (/^[A-Z_]{6,}\b/i.test(text)) card = beginCard(text, parts);
    else if (card === "ATOMIC_POSITIONS") takeAtom(lines, parts);
    else if (card === "CELL_PARAMETERS") for (let k = 0; k < 3; k++) parts.vectors.push(lines.finite("lattice vector"));
  }
  return parts;
}

/** "nat = 2, ibrav=0" */
function takeVariables(text: string, variables: Map<string, string>): void {
  for (const [, name, value] of text.matchAll(/([A-Za-z_]\w*(?:\(\d+\))?)\s*=\s*('[^']*'|"[^"]*"|[^,\s]+)/g))
    variables.set(name!.toLowerCase(), value!);
}

function beginCard(text: string, parts: Parts): string {
  const [card = "", unit = ""] = text
    .toUpperCase()
    .replace(/[(){}]/g, " ")
    .split(/\s+/);
  if (card === "ATOMIC_POSITIONS") parts.positionUnit = unit.toLowerCase() || "alat";
  if (card === "CELL_PARAMETERS") parts.vectorUnit = unit.toLowerCase() || "alat";
  return card;
}

/** "Si1" and "Si_a" are silicon. */
function takeAtom(lines: LineReader, parts: Parts): void {
  const atom = parts.species.length + 1;
  const label = lines.word();
  const letters = label.replace(/[^A-Za-z].*$/, "");
  const z = atomicNumber(letters);
  if (z === undefined) throw unknownElement(lines, letters, atom);
  parts.species.push(z);
  for (let k = 0; k < 3; k++) parts.coordinates.push(lines.finite("position", atom));
}

function checkCount(lines: LineReader, parts: Parts): void {
  const announced = Number(parts.variables.get("nat") ?? parts.species.length);
  if (announced === parts.species.length) return;
  throw lines.trouble("atom-count", {
    problem: `nat announces ${announced} atoms, and there are ${parts.species.length}.`,
    remedy: "Correct nat, or restore the lines that are missing.",
  });
}

interface Cell {
  readonly vectors: Float64Array;
  /** Å */
  readonly alat: number;
}

function cellOf(lines: LineReader, { variables, vectors, vectorUnit }: Parts): Cell {
  const celldm = parseNumber(variables.get("celldm(1)") ?? "");
  const edge = parseNumber(variables.get("a") ?? "");
  const stated = celldm === undefined ? edge : celldm * bohr;
  const ibrav = Number(variables.get("ibrav") ?? 0);
  if (ibrav !== 0) {
    const shape = cubicCells[ibrav];
    if (shape === undefined || stated === undefined) throw unknownCell(lines, ibrav);
    return { vectors: Float64Array.from(shape, (x) => x * stated), alat: stated };
  }
  if (vectors.length !== 9) throw truncatedFrame(lines, "CELL_PARAMETERS");
  const unit = vectorUnit === "angstrom" ? 1 : vectorUnit === "bohr" ? bohr : stated;
  if (unit === undefined) throw unknownCell(lines, ibrav);
  const cell = checkedCell(
    lines,
    Float64Array.from(vectors, (x) => x * unit),
  );
  return { vectors: cell, alat: stated ?? Math.hypot(cell[0]!, cell[1]!, cell[2]!) };
}

/** Simple, face-centred and body-centred cubic in units of a, as pw.x defines them. */
const cubicCells: Readonly<Record<number, readonly number[]>> = {
  1: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  2: [-0.5, 0, 0.5, 0, 0.5, 0.5, -0.5, 0.5, 0],
  3: [0.5, 0.5, 0.5, -0.5, 0.5, 0.5, -0.5, -0.5, 0.5],
};

const unknownCell = (lines: LineReader, ibrav: number) =>
  lines.trouble("unknown-cell", {
    problem: `The cell cannot be told: ibrav is ${ibrav}.`,
    expected: "Expected ibrav = 0 with CELL_PARAMETERS, or 1, 2, 3 with celldm(1) or A.",
    remedy: "Give the vectors in CELL_PARAMETERS angstrom, or read pw.x's output instead.",
  });

function positionsOf(lines: LineReader, parts: Parts, { vectors, alat }: Cell): Float64Array {
  const coordinates = Float64Array.from(parts.coordinates);
  if (parts.positionUnit === "crystal") return toCartesian(coordinates, vectors);
  const unit = { angstrom: 1, bohr, alat }[parts.positionUnit];
  if (unit !== undefined) return coordinates.map((x) => x * unit);
  throw lines.trouble("unknown-unit", {
    problem: `Positions are in "${parts.positionUnit}".`,
    expected: "Expected angstrom, bohr, alat or crystal.",
    remedy: "Convert the positions to one of them.",
  });
}
