/**
 * XCrySDen's XSF, as aenet uses it and as ASE writes it; animated files are read. Å.
 *
 * Units of forces are a trap. aenet has eV/Å and always gives the energy in a comment (`# total energy = X eV`);
 * XCrySDen and ASE have hartree/Å and no energy. So a file with such a comment is in eV/Å, any other in hartree/Å.
 * Comments begin with #, ! or %.
 */

import { atomCount, elementSymbol, type Frame } from "../structure/index.js";
import { hartree } from "../units/index.js";
import { checkedCell, everywhere, nowhere } from "./cells.js";
import type { ByteSource, ReadOptions, StructureFormat } from "./format.js";
import { emptyFile, given, truncatedFrame } from "./frames.js";
import { LineReader } from "./line-reader.js";
import { numberText, tripleText } from "./numbers.js";
import { readSpecies } from "./species.js";

type Periodic = Frame["structure"]["periodic"];

const periodicityOf: Readonly<Record<string, Periodic>> = {
  CRYSTAL: [true, true, true],
  SLAB: [true, true, false],
  POLYMER: [true, false, false],
  MOLECULE: [false, false, false],
};

export const xsf: StructureFormat = {
  name: "xsf",
  title: "XSF",
  extensions: [".xsf", ".axsf"],
  multiFrame: false,
  holds: {
    energy: true,
    forces: true,
    stress: false,
    charge: false,
    periodicity: ["TTT", "TTF", "TFF", "FFF", "none"],
    info: ["energy_kind"],
    columns: [],
  },
  sniff: (head) =>
    /^(\s*([#!%][^\n]*)?\n)*\s*(ANIMSTEPS|CRYSTAL|SLAB|POLYMER|MOLECULE|PRIMVEC|ATOMS|DIM-GROUP)\b/.test(head),
  read: readXsf,
  write: writeFrame,
};

/** What has been read so far; in an animation the cell may be given once for all. */
interface Progress {
  readonly file: string;
  /** Undefined until a heading or a cell says it. */
  periodic: Periodic | undefined;
  cell: Float64Array | undefined;
  total?: number;
  cohesive?: number;
  firstLine: number;
}

async function* readXsf(source: ByteSource, options: ReadOptions): AsyncGenerator<Frame> {
  const lines = new LineReader(source, options.file);
  const progress: Progress = { file: options.file, periodic: undefined, cell: undefined, firstLine: 1 };
  lines.structure = 1;
  let frames = 0;
  try {
    while (await contentLine(lines, progress)) {
      const keyword = lines.word().toUpperCase();
      if (keyword.startsWith("BEGIN_")) break;
      if (keyword === "PRIMCOORD" || keyword === "ATOMS") {
        yield await readAtoms(lines, progress, keyword);
        lines.structure = ++frames + 1;
        progress.firstLine = lines.lineNumber + 1;
      } else await readSection(lines, keyword, progress);
    }
    if (frames === 0 && lines.lineNumber === 0) throw emptyFile(lines);
    if (frames === 0) throw truncatedFrame(lines, "PRIMCOORD or ATOMS");
  } finally {
    await lines.close();
  }
}

/** Next line that is neither blank nor a comment; comments may state the energy. */
async function contentLine(lines: LineReader, progress: Progress): Promise<boolean> {
  while (await lines.filledLine()) {
    const text = lines.text();
    if (!/^[#!%]/.test(text)) return true;
    const stated = /(total|cohesive)\s+energy\s*=\s*(\S+)/i.exec(text);
    if (stated === null) continue;
    const energy = energyOf(lines, stated[2]);
    if (stated[1].toLowerCase() === "total") progress.total = energy;
    else progress.cohesive = energy;
  }
  return false;
}

function energyOf(lines: LineReader, text: string): number {
  lines.cursor = lines.start + lines.text().indexOf(text);
  const value = Number(text.replace(/[dD]/, "e"));
  if (Number.isFinite(value)) return value;
  throw lines.trouble(/nan|inf/i.test(text) ? "not-finite" : "malformed-number", {
    problem: `The energy reads "${text}".`,
    expected: "Expected a finite number in eV.",
    remedy: "Correct the comment, or remove it if the energy is unknown.",
  });
}

async function readSection(lines: LineReader, keyword: string, progress: Progress): Promise<void> {
  const periodic = periodicityOf[keyword];
  if (periodic !== undefined) progress.periodic = periodic;
  else if (keyword === "PRIMVEC" || keyword === "CONVVEC") {
    const cell = await readVectors(lines, progress);
    if (keyword === "CONVVEC") return;
    progress.cell = checkedCell(lines, cell);
    progress.periodic ??= everywhere;
  } else if (keyword === "DIM-GROUP") {
    if (!(await contentLine(lines, progress))) throw truncatedFrame(lines, "its dimension");
    const dimension = lines.integer("dimension");
    progress.periodic = [dimension > 0, dimension > 1, dimension > 2];
  } else if (keyword !== "ANIMSTEPS") {
    throw lines.trouble("unknown-keyword", {
      problem: `The line reads "${lines.text()}".`,
      expected: "Expected CRYSTAL, SLAB, POLYMER, MOLECULE, PRIMVEC, CONVVEC, PRIMCOORD or ATOMS.",
      remedy: "Correct the line; if it is an atom, correct the number of atoms after PRIMCOORD.",
    });
  }
}

async function readVectors(lines: LineReader, progress: Progress): Promise<Float64Array> {
  const cell = new Float64Array(9);
  for (let i = 0; i < 9; i++) {
    if (i % 3 === 0 && !(await contentLine(lines, progress))) throw truncatedFrame(lines, `vector ${i / 3 + 1}`);
    cell[i] = lines.finite("lattice vector");
  }
  return cell;
}

interface Atoms {
  readonly species: number[];
  readonly positions: number[];
  readonly forces: number[];
}

async function readAtoms(lines: LineReader, progress: Progress, keyword: string): Promise<Frame> {
  const atoms: Atoms = { species: [], positions: [], forces: [] };
  const crystal = keyword === "PRIMCOORD";
  const count = crystal ? await readCount(lines, progress) : Number.POSITIVE_INFINITY;
  while (atoms.species.length < count && (await contentLine(lines, progress))) {
    if (/^[A-Za-z]{3}|^[A-Z]+[-_]/.test(lines.text())) {
      lines.unread();
      break;
    }
    readAtom(lines, atoms);
  }
  const found = atoms.species.length;
  if (crystal && found < count) throw truncatedFrame(lines, `atom ${found + 1} of ${count}`);
  if (found === 0) throw truncatedFrame(lines, "its first atom");
  return frameOf(lines, progress, { atoms, crystal });
}

async function readCount(lines: LineReader, progress: Progress): Promise<number> {
  if (progress.cell === undefined) {
    throw lines.trouble("missing-cell", {
      problem: "PRIMCOORD comes before any PRIMVEC.",
      remedy: "Add PRIMVEC and its three vectors, or use ATOMS for a molecule.",
    });
  }
  if (!(await contentLine(lines, progress))) throw truncatedFrame(lines, "its number of atoms");
  const count = lines.integer("number of atoms");
  if (count > 0) return count;
  throw lines.badNumber("number of atoms", undefined, "a positive integer");
}

function readAtom(lines: LineReader, atoms: Atoms): void {
  const atom = atoms.species.length + 1;
  atoms.species.push(readSpecies(lines, atom));
  for (let k = 0; k < 3; k++) atoms.positions.push(lines.finite("position", atom));
  if (lines.atEnd() && atoms.forces.length === 0) return;
  if (atoms.forces.length !== 3 * (atom - 1)) {
    throw lines.trouble("missing-number", {
      problem: "This atom has forces and the one before has none.",
      remedy: "Give the forces of all atoms or of none.",
      atom,
    });
  }
  for (let k = 0; k < 3; k++) atoms.forces.push(lines.finite("force", atom));
}

function frameOf(
  lines: LineReader,
  progress: Progress,
  read: { readonly atoms: Atoms; readonly crystal: boolean },
): Frame {
  const { species, positions, forces } = read.atoms;
  const { total, cohesive, file, firstLine } = progress;
  delete progress.total;
  delete progress.cohesive;
  // aenet: the cohesive energy wins unless it is zero.
  const isCohesive = cohesive !== undefined && (cohesive !== 0 || total === undefined);
  const energy = isCohesive ? cohesive : total;
  const unit = energy === undefined ? hartree : 1;
  return {
    structure: {
      species: Uint8Array.from(species),
      positions: Float64Array.from(positions),
      cell: read.crystal ? progress.cell : undefined,
      periodic: (read.crystal ? progress.periodic : undefined) ?? nowhere,
    },
    ...given("energy", energy),
    ...given("forces", forces.length === 0 ? undefined : Float64Array.from(forces, (f) => f * unit)),
    info: new Map(isCohesive ? [["energy_kind", "cohesive"]] : []),
    columns: new Map(),
    source: { file, structure: lines.structure, line: firstLine },
  };
}

function writeFrame(frame: Frame): string {
  const { species, positions, cell, periodic } = frame.structure;
  const lines: string[] = [];
  const kind = frame.info.get("energy_kind") === "cohesive" ? "cohesive" : "total";
  if (frame.energy !== undefined) lines.push(`# ${kind} energy = ${numberText(frame.energy)} eV`, "");
  if (cell === undefined) lines.push("ATOMS");
  else {
    lines.push(headingOf(periodic), "PRIMVEC", ...[0, 1, 2].map((row) => tripleText(cell, row)));
    lines.push("PRIMCOORD", `${atomCount(frame.structure)} 1`);
  }
  const forces = frame.energy === undefined ? frame.forces?.map((f) => f / hartree) : frame.forces;
  for (let i = 0; i < species.length; i++) {
    const force = forces === undefined ? "" : ` ${tripleText(forces, i)}`;
    lines.push(`${elementSymbol(species[i])} ${tripleText(positions, i)}${force}`);
  }
  return `${lines.join("\n")}\n`;
}

/** XSF repeats the first vectors; other patterns (only along c, say) cannot be said and become a crystal. */
function headingOf(periodic: Periodic): string {
  const key = periodic.map((p) => (p ? "T" : "F")).join("");
  return { FFF: "MOLECULE", TFF: "POLYMER", TTF: "SLAB" }[key] ?? "CRYSTAL";
}
