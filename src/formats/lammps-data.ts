/**
 * LAMMPS data files (https://docs.lammps.org/read_data.html) with atom styles atomic, charge, molecular and full. Units
 * metal unless the first line says `units = real`; velocities become Å/fs.
 *
 * Elements come from `typeToElement`, else the remark after a mass (`1 28.085 # Si`) or the type labels, else the nearest
 * mass. Columns: `charge`, `molecule`, `image`, `velocities`, and `id`, `type` where they cannot be made up again.
 * The file does not say which directions repeat: we write that at the end of the first line.
 */

import type { AtomColumn, Frame, InfoValue } from "../structure/index.js";
import { elementSymbol } from "../structure/index.js";
import { atomicMasses, elementOfMass } from "./atomic-masses.js";
import { checkedCell, everywhere, nowhere } from "./cells.js";
import type { LammpsAtomStyle, ReadOptions, StructureFormat, WriteOptions } from "./format.js";
import { onlyFrame, truncatedFrame } from "./frames.js";
import { type LammpsBox, lammpsBox } from "./lammps-box.js";
import * as types from "./lammps-types.js";
import { type LineReader, parseNumber } from "./line-reader.js";
import { numberText, tripleText } from "./numbers.js";
import { speciesOfText } from "./species.js";

export const lammpsData: StructureFormat = {
  name: "lammps-data",
  title: "LAMMPS data",
  extensions: [".lmp", ".lammps", ".lammps-data"],
  multiFrame: false,
  holds: {
    energy: false,
    forces: false,
    stress: false,
    charge: false,
    periodicity: "all",
    info: ["comment"],
    columns: ["charge", "molecule", "image", "velocities", "type"],
  },
  sniff: (head) => /^\s*\d+\s+atoms\s*(#.*)?$/m.test(head) && /\batom\s+types\b|\bxlo\s+xhi\b/.test(head),
  read: (source, options) => onlyFrame(source, options, readFrame),
  write: writeFrame,
};

/** A file under way. */
interface Draft {
  readonly header: Map<string, number[]>;
  readonly masses: Map<number, { readonly mass: number; readonly remark: string }>;
  /** Type of a label. */
  readonly labels: Map<string, number>;
  style: string;
  readonly ids: number[];
  readonly types: number[];
  readonly molecules: number[];
  readonly charges: number[];
  readonly positions: number[];
  readonly images: number[];
  /** By identifier. */
  readonly velocities: Map<number, readonly number[]>;
}

async function readFrame(lines: LineReader, options: ReadOptions): Promise<Frame> {
  const title = lines.text();
  const units = /\bunits\s*=\s*(\w+)/.exec(title)?.[1] ?? "metal";
  if (types.lammpsUnits[units] === undefined) throw types.unknownUnits(lines, units);
  const draft: Draft = {
    header: new Map(),
    masses: new Map(),
    labels: new Map(),
    style: options.atomStyle ?? "",
    ids: [],
    types: [],
    molecules: [],
    charges: [],
    positions: [],
    images: [],
    velocities: new Map(),
  };
  let section = "";
  while (await lines.filledLine()) section = readLine(lines, section, draft);
  checkCount(lines, draft);
  return frameOf(lines, draft, { title, options, velocityUnit: types.lammpsUnits[units].velocity });
}

/** One line of the header or of a section; returns the section that the next line is in. */
function readLine(lines: LineReader, section: string, draft: Draft): string {
  const [content, remark] = splitRemark(lines.text());
  if (/^[A-Za-z]/.test(content) && !(section === "Atom Type Labels" && /^\d/.test(content))) {
    if (content === "Atoms" && draft.style === "" && remark !== "") draft.style = remark.split(/\s+/)[0];
    return content;
  }
  if (content === "") return section;
  if (section === "") readHeader(lines, content, draft);
  else if (section === "Masses") readMass(lines, draft, remark);
  else if (section === "Atom Type Labels")
    draft.labels.set(content.split(/\s+/)[1] ?? "", Number.parseInt(content, 10));
  else if (section === "Atoms") readAtom(lines, content.split(/\s+/).length, draft);
  else if (section === "Velocities") {
    const id = lines.integer("atom identifier");
    draft.velocities.set(id, [lines.finite("velocity"), lines.finite("velocity"), lines.finite("velocity")]);
  }
  return section;
}

function splitRemark(text: string): [string, string] {
  const at = text.indexOf("#");
  return at < 0 ? [text, ""] : [text.slice(0, at).trim(), text.slice(at + 1).trim()];
}

/** "0.0 12.5 xlo xhi": numbers, then what they are. */
function readHeader(lines: LineReader, content: string, draft: Draft): void {
  const words = content.split(/\s+/);
  const named = words.findIndex((word) => parseNumber(word) === undefined);
  const key = words.slice(named < 0 ? words.length : named).join(" ");
  draft.header.set(
    key,
    Array.from({ length: words.length - key.split(" ").length }, () => lines.finite(key)),
  );
}

function readMass(lines: LineReader, draft: Draft, remark: string): void {
  const type = readType(lines, draft);
  draft.masses.set(type, { mass: lines.finite("mass"), remark });
}

function readType(lines: LineReader, draft: Draft): number {
  const word = lines.word();
  const type = draft.labels.get(word) ?? Number(word);
  if (Number.isSafeInteger(type) && type > 0) return type;
  throw lines.badNumber("atom type", undefined, "a positive integer");
}

/** Number of fields of an atom line without its three optional image flags. */
const fieldsOf: Readonly<Record<LammpsAtomStyle, number>> = { atomic: 5, charge: 6, molecular: 6, full: 7 };
const sameAs: Readonly<Record<string, LammpsAtomStyle>> = { bond: "molecular", angle: "molecular" };

function readAtom(lines: LineReader, fields: number, draft: Draft): void {
  if (draft.style === "") draft.style = guessStyle(lines, fields);
  const style = (sameAs[draft.style] ?? draft.style) as LammpsAtomStyle;
  const expected = fieldsOf[style];
  if (expected === undefined) throw unknownStyle(lines, `The atom style is "${style}".`);
  if (fields !== expected && fields !== expected + 3) {
    throw unknownStyle(lines, `The atom line has ${fields} fields, and the style ${style} has ${expected}.`);
  }
  const atom = draft.ids.length + 1;
  draft.ids.push(lines.integer("atom identifier", atom));
  if (style === "molecular" || style === "full") draft.molecules.push(lines.integer("molecule", atom));
  draft.types.push(readType(lines, draft));
  if (style === "charge" || style === "full") draft.charges.push(lines.finite("charge", atom));
  for (let k = 0; k < 3; k++) draft.positions.push(lines.finite("position", atom));
  if (fields > expected) for (let k = 0; k < 3; k++) draft.images.push(lines.integer("image flag", atom));
}

/** Without a remark the number of fields decides, where it can: six are a charge or a molecule. */
function guessStyle(lines: LineReader, fields: number): LammpsAtomStyle {
  if (fields === 5 || fields === 8) return "atomic";
  if (fields === 7 || fields === 10) return "full";
  const third = lines.text().split(/\s+/)[2] ?? "";
  if ((fields === 6 || fields === 9) && /[.eE]/.test(third)) return "charge";
  throw unknownStyle(lines, `The atom line has ${fields} fields.`);
}

const unknownStyle = (lines: LineReader, problem: string) =>
  lines.trouble("unknown-atom-style", {
    problem,
    expected: "Expected atomic, charge, molecular or full.",
    remedy: 'Write the style after the word Atoms ("Atoms # charge"), or name it (atomStyle).',
  });

function checkCount(lines: LineReader, draft: Draft): void {
  const announced = draft.header.get("atoms")?.[0];
  const found = draft.ids.length;
  if (announced === undefined) throw truncatedFrame(lines, 'its number of atoms ("64 atoms")');
  if (found < announced) throw truncatedFrame(lines, `atom ${found + 1}; the header announces ${announced}`);
  if (draft.images.length !== 0 && draft.images.length !== 3 * found) {
    throw unknownStyle(lines, "Some atom lines have image flags and some have none.");
  }
  if (found === announced && found > 0) return;
  throw lines.trouble("atom-count", {
    problem: `The header announces ${announced} atoms, and there are ${found}.`,
    remedy: "Correct the header.",
  });
}

function frameOf(
  lines: LineReader,
  draft: Draft,
  at: { readonly title: string; readonly options: ReadOptions; readonly velocityUnit: number },
): Frame {
  const order = types.orderOf(draft.ids);
  const ids = order.map((i) => draft.ids[i]);
  const ofAtom = order.map((i) => draft.types[i]);
  const elementOfType = typeElements(lines, draft, at.options);
  const species = Uint8Array.from(ofAtom, elementOfType);
  const { periodic, hasCell, comment } = parseTitle(at.title);
  const velocities = ids.flatMap((id) => draft.velocities.get(id) ?? [0, 0, 0]).map((v) => v * at.velocityUnit);
  return {
    structure: {
      species,
      positions: types.reordered(draft.positions, order, 3),
      cell: hasCell ? cellOf(lines, draft.header) : undefined,
      periodic,
    },
    info: new Map<string, InfoValue>(comment === "" ? [] : [["comment", comment]]),
    columns: new Map([
      ...types.idColumn(ids),
      ...types.typeColumn(species, ofAtom),
      ...column("molecule", "I", types.reordered(draft.molecules, order, draft.molecules.length === 0 ? 0 : 1)),
      ...column("charge", "R", types.reordered(draft.charges, order, draft.charges.length === 0 ? 0 : 1)),
      ...column("image", "I", types.reordered(draft.images, order, draft.images.length === 0 ? 0 : 3), 3),
      ...column("velocities", "R", Float64Array.from(draft.velocities.size === 0 ? [] : velocities), 3),
    ]),
    source: { file: at.options.file, structure: 1, line: 1 },
  };
}

function column(name: string, type: "R" | "I", values: Float64Array, width = 1): [string, AtomColumn][] {
  return values.length === 0 ? [] : [[name, { type, width, values }]];
}

/** Element of each type: the user's word, the remark after its mass, its label, its mass, in this order. */
function typeElements(lines: LineReader, draft: Draft, options: ReadOptions): (type: number) => number {
  const named = types.elementsOfOption(lines, options.typeToElement);
  const labels = new Map([...draft.labels].map(([label, type]) => [type, speciesOfText(label)]));
  return (type) => {
    const mass = draft.masses.get(type);
    const found =
      named === undefined
        ? (speciesOfText(mass?.remark.split(/\s+/)[0] ?? "") ?? labels.get(type) ?? elementOfMass(mass?.mass ?? 0))
        : named[type - 1];
    if (found !== undefined) return found;
    const reason = mass === undefined ? "the file gives no mass for it" : `no element has the mass ${mass.mass}`;
    throw types.unknownType(lines, type, reason);
  };
}

function cellOf(lines: LineReader, header: ReadonlyMap<string, readonly number[]>): Float64Array {
  const cell = new Float64Array(9);
  for (const [k, key] of ["xlo xhi", "ylo yhi", "zlo zhi"].entries()) {
    const bounds = header.get(key);
    if (bounds?.length !== 2) throw truncatedFrame(lines, `its box (${key})`);
    cell[4 * k] = bounds[1] - bounds[0];
  }
  const [xy, xz, yz] = header.get("xy xz yz") ?? [0, 0, 0];
  cell[3] = xy;
  cell[6] = xz;
  cell[7] = yz;
  return checkedCell(lines, cell);
}

const ownTitle = "LAMMPS data file by Potluck";

/** What we have put at the end of the first line; files of others are periodic. */
function parseTitle(title: string): { periodic: Frame["structure"]["periodic"]; hasCell: boolean; comment: string } {
  const [whole, flags, none] = /\s*pbc="([TF] [TF] [TF])"( cell="none")?$/.exec(title) ?? [];
  const rest = whole === undefined ? title : title.slice(0, -whole.length);
  const comment = rest === ownTitle ? "" : rest.replace(/^#\s*/, "");
  if (whole === undefined) return { periodic: everywhere, hasCell: true, comment };
  const [a, b, c] = flags.split(" ").map((flag) => flag === "T");
  return { periodic: none === undefined ? [a, b, c] : nowhere, hasCell: none === undefined, comment };
}

function titleText(frame: Frame, box: LammpsBox): string {
  const comment = String(frame.info.get("comment") ?? ownTitle).replace(/[\r\n]+/g, " ");
  const cell = frame.structure.cell === undefined ? ' cell="none"' : "";
  return `${comment} pbc="${box.periodic.map((p) => (p ? "T" : "F")).join(" ")}"${cell}`;
}

function writeFrame(frame: Frame, options: WriteOptions = {}): string {
  const box = lammpsBox(frame.structure);
  const { elements, ofAtom } = types.typesOf(frame, options.elements);
  const lines = [
    titleText(frame, box),
    "",
    `${ofAtom.length} atoms`,
    `${elements.length} atom types`,
    "",
    ...boxLines(box),
    "",
    "Masses",
    "",
    ...elements.map((z, i) => `${i + 1} ${atomicMasses[z]} # ${elementSymbol(z)}`),
    "",
    ...atomLines(frame, box, ofAtom),
    ...velocityLines(frame, box),
  ];
  return `${lines.join("\n")}\n`;
}

function boxLines({ cell, origin }: LammpsBox): string[] {
  const lines = ["x", "y", "z"].map((axis, k) => {
    return `${numberText(origin[k])} ${numberText(origin[k] + cell[4 * k])} ${axis}lo ${axis}hi`;
  });
  const tilts = [cell[3], cell[6], cell[7]];
  if (tilts.some((tilt) => tilt !== 0)) lines.push(`${tilts.map(numberText).join(" ")} xy xz yz`);
  return lines;
}

function atomLines(frame: Frame, box: LammpsBox, ofAtom: readonly number[]): string[] {
  const charge = types.columnOf(frame, "charge", 1);
  const molecule = types.columnOf(frame, "molecule", 1);
  const image = box.sameVectors ? types.columnOf(frame, "image", 3) : undefined;
  const style = molecule === undefined ? (charge === undefined ? "atomic" : "charge") : charge ? "full" : "molecular";
  const positions = box.turn(frame.structure.positions);
  const lines = ofAtom.map((type, i) => {
    const fields = [`${i + 1}`, ...(molecule ? [numberText(molecule[i])] : []), `${type}`];
    if (charge !== undefined) fields.push(numberText(charge[i]));
    fields.push(tripleText(positions, i), ...(image ? [tripleText(image, i)] : []));
    return fields.join(" ");
  });
  return [`Atoms # ${style}`, "", ...lines];
}

function velocityLines(frame: Frame, box: LammpsBox): string[] {
  const velocities = types.columnOf(frame, "velocities", 3);
  if (velocities === undefined) return [];
  const turned = box.turn(velocities).map((v) => v / types.lammpsUnits.metal.velocity);
  return ["", "Velocities", "", ...Array.from(frame.structure.species, (_, i) => `${i + 1} ${tripleText(turned, i)}`)];
}
