/** Energies, forces and stress as LAMMPS computes them (Debian: lammps, lammps-data), many structures in one run. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { elementSymbol, type Structure } from "../../src/structure/index.js";

export const POTENTIALS = "/usr/share/lammps/potentials";

/** `lmp` with its potentials, or not. */
export const haveLammps = ((): boolean => {
  try {
    execFileSync("lmp", ["-h"], { stdio: "pipe" });
    return existsSync(`${POTENTIALS}/Si.sw`);
  } catch {
    return false;
  }
})();

export interface LammpsCase {
  readonly structure: Structure;
  /** Symbols in the order of LAMMPS's types. */
  readonly elements: readonly string[];
  /** pair_style, pair_coeff, pair_modify. */
  readonly commands: readonly string[];
  /** Files that the commands name, text by name. */
  readonly files?: Readonly<Record<string, string>>;
}

export interface LammpsResult {
  readonly energy: number;
  readonly forces: Float64Array;
  /** eV/Å³, ASE's sign. */
  readonly stress: Float64Array;
  readonly atomicEnergies: Float64Array;
}

/** 1 eV/Å³ in bar as LAMMPS's `metal` units have it, 1.6021765·10⁶; with it the stress is exactly LAMMPS's virial. */
const BAR = 1 / 1.6021765e6;

export function runLammps(cases: readonly LammpsCase[]): LammpsResult[] {
  const folder = mkdtempSync(join(tmpdir(), "potluck-lammps-"));
  try {
    cases.forEach(({ structure, elements, files = {} }, k) => {
      writeFileSync(join(folder, `${k}.data`), dataOf(structure, elements));
      for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    });
    writeFileSync(join(folder, "in.lammps"), cases.map(scriptOf).join("clear\n"));
    execFileSync("lmp", ["-in", "in.lammps", "-log", "none", "-screen", "none"], {
      cwd: folder,
      stdio: "pipe",
      env: { ...process.env, OMP_NUM_THREADS: "1" },
    });
    return cases.map(({ structure }, k) => resultOf(folder, k, structure.species.length));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function scriptOf({ structure, commands }: LammpsCase, k: number): string {
  const boundary = structure.periodic.map((p) => (p ? "p" : "f")).join(" ");
  return `units metal
atom_style atomic
boundary ${boundary}
box tilt large
read_data ${k}.data
${commands.join("\n")}
compute pa all pe/atom
thermo_style custom step pe pxx pyy pzz pyz pxz pxy
dump d all custom 1 ${k}.dump id fx fy fz c_pa
dump_modify d sort id format float %.17g
run 0
print "$(pe:%.17g) $(pxx:%.17g) $(pyy:%.17g) $(pzz:%.17g) $(pyz:%.17g) $(pxz:%.17g) $(pxy:%.17g)" file ${k}.thermo
`;
}

/** Lattice vectors must be lower triangular; a box around the atoms where nothing repeats. */
function dataOf({ species, positions, cell, periodic }: Structure, elements: readonly string[]): string {
  const bounds = [0, 1, 2].map((d) => {
    if (cell !== undefined && periodic[d]) return [0, cell[4 * d]];
    const along = positions.filter((_, k) => k % 3 === d);
    return [Math.min(...along) - 5, Math.max(...along) + 5];
  });
  if (cell !== undefined && [1, 2, 5].some((k) => cell[k] !== 0)) throw new Error("the cell must be lower triangular");
  const tilts = cell === undefined ? [0, 0, 0] : [cell[3], cell[6], cell[7]];
  const atoms = Array.from(species, (z, i) => {
    const type = elements.indexOf(elementSymbol(z)) + 1;
    return `${i + 1} ${type} ${[...positions.subarray(3 * i, 3 * i + 3)].join(" ")}`;
  });
  const tilted = tilts.some((t) => t !== 0);
  return `made by a test

${species.length} atoms
${elements.length} atom types
${bounds.map(([low, high], d) => `${low} ${high} ${"xyz"[d]}lo ${"xyz"[d]}hi`).join("\n")}
${tilted ? `${tilts.join(" ")} xy xz yz\n` : ""}
Masses

${elements.map((_, t) => `${t + 1} 1.0`).join("\n")}

Atoms

${atoms.join("\n")}
`;
}

function resultOf(folder: string, k: number, atoms: number): LammpsResult {
  const [energy, ...pressure] = readFileSync(join(folder, `${k}.thermo`), "utf8")
    .trim()
    .split(/\s+/)
    .map(Number);
  const rows = readFileSync(join(folder, `${k}.dump`), "utf8")
    .trim()
    .split("\n")
    .slice(-atoms);
  const numbers = rows.map((row) => row.trim().split(/\s+/).map(Number));
  return {
    energy,
    stress: Float64Array.from(pressure, (p) => -p * BAR),
    forces: Float64Array.from(numbers.flatMap((row) => row.slice(1, 4))),
    atomicEnergies: Float64Array.from(numbers, (row) => row[4]),
  };
}
