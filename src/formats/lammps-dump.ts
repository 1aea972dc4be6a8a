/**
 * LAMMPS text dumps (https://docs.lammps.org/dump.html), frame after frame. Units metal unless `ITEM: UNITS` says real;
 * velocities become Å/fs. Atoms are put in the order of their identifiers.
 *
 * Positions come from x y z, else xu, xs, xsu. Elements come from `element`, else `typeToElement`, else `mass`.
 * Columns: `velocities`, `image`, `charge` (q), `molecule` (mol), all others under their own names; info `timestep`, `time`.
 */

import type { AtomColumn, Frame, InfoValue } from "../structure/index.js";
import { elementSymbol, toCartesian } from "../structure/index.js";
import { elementOfMass } from "./atomic-masses.js";
import { checkedCell } from "./cells.js";
import type { ReadOptions, StructureFormat, WriteOptions } from "./format.js";
import { eachFrame, given, requiredFilledLine, requiredLine, truncatedFrame } from "./frames.js";
import { type LammpsBox, lammpsBox } from "./lammps-box.js";
import * as types from "./lammps-types.js";
import type { LineReader } from "./line-reader.js";
import { numberText, tripleText } from "./numbers.js";
import { readSpecies } from "./species.js";

export const lammpsDump: StructureFormat = {
  name: "lammps-dump",
  title: "LAMMPS dump",
  extensions: [".lammpstrj", ".dump"],
  multiFrame: true,
  holds: {
    energy: false,
    forces: true,
    stress: false,
    charge: false,
    periodicity: ["TTT", "TTF", "TFT", "FTT", "TFF", "FTF", "FFT", "FFF"],
    info: ["timestep", "time"],
    columns: ["charge", "molecule", "image", "velocities", "type"],
  },
  sniff: (head) => /^\s*ITEM:\s*(TIMESTEP|UNITS|TIME|NUMBER OF ATOMS)\b/.test(head),
  read: (source, options) => {
    const state = { units: "metal" };
    return eachFrame(source, options, (lines) => readFrame(lines, options, state));
  },
  write: writeFrame,
};

interface Box {
  readonly cell: Float64Array;
  readonly origin: readonly number[];
  readonly periodic: Frame["structure"]["periodic"];
}

async function readFrame(lines: LineReader, options: ReadOptions, state: { units: string }): Promise<Frame> {
  const line = lines.lineNumber;
  const info = new Map<string, InfoValue>();
  let count: number | undefined;
  let box: Box | undefined;
  for (;;) {
    const item = itemOf(lines);
    if (item.startsWith("ATOMS")) break;
    if (item.startsWith("BOX BOUNDS")) box = await readBox(lines, item);
    else {
      await requiredLine(lines, `the value of ${item}`);
      if (item === "TIMESTEP") info.set("timestep", lines.integer("time step"));
      else if (item === "TIME") info.set("time", lines.finite("time"));
      else if (item === "NUMBER OF ATOMS") count = lines.integer("number of atoms");
      else if (item === "UNITS") state.units = lines.text();
      else throw unknownItem(lines, item);
    }
    await requiredFilledLine(lines, '"ITEM: ATOMS"');
  }
  if (types.lammpsUnits[state.units] === undefined) throw types.unknownUnits(lines, state.units);
  if (count === undefined || box === undefined) throw missingItem(lines, count === undefined);
  const table = await readTable(lines, itemOf(lines).split(/\s+/).slice(1), count);
  return frameOf(lines, table, { box, info, line, options, units: types.lammpsUnits[state.units] });
}

function itemOf(lines: LineReader): string {
  const item = /^ITEM:\s*(.*)$/.exec(lines.text())?.[1];
  if (item !== undefined) return item;
  const more = lines.structure > 1;
  throw lines.trouble(more ? "atom-count" : "unknown-item", {
    problem: `The line reads "${lines.text()}".`,
    expected: 'Expected a line that begins with "ITEM:".',
    remedy: more ? "Correct the NUMBER OF ATOMS of the structure before." : "Remove the line.",
  });
}

const unknownItem = (lines: LineReader, item: string) =>
  lines.trouble("unknown-item", {
    problem: `The item "${item}" is not known.`,
    expected: "Expected UNITS, TIME, TIMESTEP, NUMBER OF ATOMS, BOX BOUNDS or ATOMS.",
    remedy: "Remove the item and its lines.",
  });

const missingItem = (lines: LineReader, isCount: boolean) =>
  lines.trouble("missing-item", {
    problem: `ITEM: ATOMS comes before ${isCount ? "NUMBER OF ATOMS" : "BOX BOUNDS"}.`,
    remedy: "Restore the missing item, or remove this structure.",
  });

/** Three rows: bounds and tilts (of the box around a tilted one), or since 2024 vectors and origin ("abc origin"). */
async function readBox(lines: LineReader, item: string): Promise<Box> {
  const words = item.split(/\s+/).slice(2);
  const flags = words.filter((word) => /^[pfsm]{2}$/.test(word));
  const general = words[0] === "abc";
  const width = general ? 4 : words[0] === "xy" ? 3 : 2;
  const rows: number[][] = [];
  for (let row = 0; row < 3; row++) {
    await requiredLine(lines, "its box");
    rows.push(Array.from({ length: width }, () => lines.finite("box bound")));
  }
  const [a, b, c] = [0, 1, 2].map((k) => (flags.length === 3 ? flags[k] === "pp" : true));
  const { cell, origin } = general ? generalBox(rows) : boundedBox(rows);
  return { cell: checkedCell(lines, cell), origin, periodic: [a, b, c] };
}

const generalBox = (rows: readonly number[][]) => ({
  cell: Float64Array.from(rows.flatMap((row) => row.slice(0, 3))),
  origin: rows.map((row) => row[3]),
});

function boundedBox(rows: readonly number[][]) {
  const [xy, xz, yz] = rows.map((row) => row[2] ?? 0);
  const low = [rows[0][0] - Math.min(0, xy, xz, xy + xz), rows[1][0] - Math.min(0, yz), rows[2][0]];
  const high = [rows[0][1] - Math.max(0, xy, xz, xy + xz), rows[1][1] - Math.max(0, yz), rows[2][1]];
  const cell = Float64Array.of(high[0] - low[0], 0, 0, xy, high[1] - low[1], 0, xz, yz, high[2] - low[2]);
  return { cell, origin: low };
}

/** Columns of the atoms by name; of elements, the atomic numbers. */
interface Table {
  readonly count: number;
  readonly columns: ReadonlyMap<string, Float64Array>;
}

async function readTable(lines: LineReader, names: readonly string[], count: number): Promise<Table> {
  const columns = new Map(names.map((name) => [name, new Float64Array(count)]));
  for (let i = 0; i < count; i++) {
    if (!lines.advance() && !(await lines.refill())) throw truncatedFrame(lines, `atom ${i + 1} of ${count}`);
    if (lines.atEnd()) throw truncatedFrame(lines, `atom ${i + 1} of ${count}`);
    // The first byte first: the text costs more than the numbers of a line.
    if (lines.bytes[lines.cursor] === 73 && lines.text().startsWith("ITEM:")) throw fewerAtoms(lines, i, count);
    for (const [name, values] of columns) values[i] = readCell(lines, name, i + 1);
  }
  return { count, columns };
}

const fewerAtoms = (lines: LineReader, found: number, count: number) =>
  lines.trouble("atom-count", {
    problem: `The structure has ${found} atom lines and NUMBER OF ATOMS announces ${count}: the next one begins here.`,
    remedy: "Correct the number, or restore the lines that are missing.",
  });

function readCell(lines: LineReader, name: string, atom: number): number {
  if (name === "element") return readSpecies(lines, atom);
  const value = lines.real();
  if (Number.isFinite(value)) return value;
  throw lines.badNumber(`value of ${name}`, atom);
}

interface Context {
  readonly box: Box;
  readonly info: Map<string, InfoValue>;
  readonly line: number;
  readonly options: ReadOptions;
  readonly units: { readonly velocity: number; readonly force: number };
}

function frameOf(lines: LineReader, table: Table, context: Context): Frame {
  const ids = Array.from(table.columns.get("id") ?? Array.from({ length: table.count }, (_, i) => i + 1));
  const order = types.orderOf(ids);
  const rest = new Map([...table.columns].map(([name, values]) => [name, types.reordered(values, order, 1)]));
  const species = speciesOf(lines, rest, context.options);
  const positions = positionsOf(lines, rest, context.box);
  const forces = takeTriple(rest, ["fx", "fy", "fz"], context.units.force);
  rest.delete("id");
  const kept = rest.get("type");
  rest.delete("type");
  const columns = new Map<string, AtomColumn>(types.idColumn(order.map((i) => ids[i])));
  if (kept !== undefined) for (const [name, column] of types.typeColumn(species, [...kept])) columns.set(name, column);
  const velocities = takeTriple(rest, ["vx", "vy", "vz"], context.units.velocity);
  if (velocities !== undefined) columns.set("velocities", { type: "R", width: 3, values: velocities });
  const image = takeTriple(rest, ["ix", "iy", "iz"], 1);
  if (image !== undefined) columns.set("image", { type: "I", width: 3, values: image });
  for (const [name, values] of rest) columns.set(ourName[name] ?? name, { type: "R", width: 1, values });
  return {
    structure: { species, positions, cell: context.box.cell, periodic: context.box.periodic },
    ...given("forces", forces),
    info: context.info,
    columns,
    source: { file: context.options.file, structure: lines.structure, line: context.line },
  };
}

const ourName: Readonly<Record<string, string>> = { q: "charge", mol: "molecule" };

function speciesOf(lines: LineReader, rest: Map<string, Float64Array>, options: ReadOptions): Uint8Array {
  const elements = rest.get("element");
  rest.delete("element");
  if (elements !== undefined) return Uint8Array.from(elements);
  const named = types.elementsOfOption(lines, options.typeToElement);
  const ofAtom = rest.get("type");
  const masses = rest.get("mass");
  const count = [...rest.values()][0]?.length ?? 0;
  return Uint8Array.from({ length: count }, (_, i) => {
    const type = ofAtom?.[i] ?? 1;
    const z = named === undefined ? elementOfMass(masses?.[i] ?? 0) : named[type - 1];
    if (z !== undefined) return z;
    throw types.unknownType(lines, type, 'the dump has no column "element" (dump_modify … element Si O)');
  });
}

const positionNames = [
  ["x", "y", "z"],
  ["xu", "yu", "zu"],
  ["xs", "ys", "zs"],
  ["xsu", "ysu", "zsu"],
] as const;

function positionsOf(lines: LineReader, rest: Map<string, Float64Array>, box: Box): Float64Array {
  for (const names of positionNames) {
    const values = takeTriple(rest, names, 1);
    if (values === undefined) continue;
    if (!names[0].startsWith("xs")) return values;
    return toCartesian(values, box.cell).map((x, i) => x + box.origin[i % 3]);
  }
  throw lines.trouble("missing-positions", {
    problem: "The dump has no positions.",
    expected: "Expected columns x y z, xu yu zu, xs ys zs or xsu ysu zsu.",
    remedy: "Dump them: dump 1 all custom 100 dump.lammpstrj id element x y z fx fy fz.",
  });
}

/** Take three columns out of the table as one, [atom, xyz]; undefined unless all are there. */
function takeTriple(
  rest: Map<string, Float64Array>,
  names: readonly string[],
  factor: number,
): Float64Array | undefined {
  const parts = names.map((name) => rest.get(name));
  if (!parts.every((part) => part !== undefined)) return undefined;
  for (const name of names) rest.delete(name);
  return Float64Array.from({ length: 3 * parts[0].length }, (_, i) => parts[i % 3][Math.floor(i / 3)] * factor);
}

function writeFrame(frame: Frame, options: WriteOptions = {}): string {
  const box = lammpsBox(frame.structure);
  const { ofAtom } = types.typesOf(frame, options.elements);
  const groups = columnGroups(frame, box);
  const positions = box.turn(frame.structure.positions);
  const time = frame.info.get("time");
  const lines = [
    ...(typeof time === "number" ? ["ITEM: TIME", numberText(time)] : []),
    "ITEM: TIMESTEP",
    numberText(Number(frame.info.get("timestep") ?? 0)),
    "ITEM: NUMBER OF ATOMS",
    `${ofAtom.length}`,
    ...boundLines(box),
    `ITEM: ATOMS id type element x y z${groups.map((group) => ` ${group.names}`).join("")}`,
  ];
  for (let i = 0; i < ofAtom.length; i++) {
    const start = `${i + 1} ${ofAtom[i]} ${elementSymbol(frame.structure.species[i])} ${tripleText(positions, i)}`;
    lines.push(start + groups.map((group) => ` ${group.text(i)}`).join(""));
  }
  return `${lines.join("\n")}\n`;
}

interface ColumnGroup {
  readonly names: string;
  text(atom: number): string;
}

function columnGroups(frame: Frame, box: LammpsBox): ColumnGroup[] {
  const groups: ColumnGroup[] = [];
  const addTriple = (names: string, values: Float64Array | undefined) => {
    if (values !== undefined) groups.push({ names, text: (i) => tripleText(values, i) });
  };
  const addSingle = (names: string, values: Float64Array | undefined) => {
    if (values !== undefined) groups.push({ names, text: (i) => numberText(values[i]) });
  };
  const velocities = types.columnOf(frame, "velocities", 3);
  addTriple("ix iy iz", box.sameVectors ? types.columnOf(frame, "image", 3) : undefined);
  addTriple("vx vy vz", velocities && box.turn(velocities).map((v) => v / types.lammpsUnits.metal.velocity));
  addTriple("fx fy fz", frame.forces && box.turn(frame.forces));
  addSingle("q", types.columnOf(frame, "charge", 1));
  addSingle("mol", types.columnOf(frame, "molecule", 1));
  return groups;
}

function boundLines({ cell, origin, periodic }: LammpsBox): string[] {
  const [xy, xz, yz] = [cell[3], cell[6], cell[7]];
  const flags = periodic.map((p) => (p ? "pp" : "ff")).join(" ");
  const low = [...origin];
  const high = origin.map((x, k) => x + cell[4 * k]);
  if (xy === 0 && xz === 0 && yz === 0) {
    return [`ITEM: BOX BOUNDS ${flags}`, ...low.map((x, k) => `${numberText(x)} ${numberText(high[k])}`)];
  }
  low[0] += Math.min(0, xy, xz, xy + xz);
  high[0] += Math.max(0, xy, xz, xy + xz);
  low[1] += Math.min(0, yz);
  high[1] += Math.max(0, yz);
  const rows = low.map((x, k) => `${numberText(x)} ${numberText(high[k])} ${numberText([xy, xz, yz][k])}`);
  return [`ITEM: BOX BOUNDS xy xz yz ${flags}`, ...rows];
}
