/** Engines by name, with their settings checked, and the readers and writers of `formats/` handed in. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { z } from "zod";
import {
  ase,
  aseSchema,
  cp2k,
  cp2kSchema,
  type Limits,
  lammps,
  lammpsSchema,
  type OutputReader,
  type Program,
  quantumEspresso,
  quantumEspressoSchema,
  splitPotcar,
  type VaspInputs,
  vasp,
  vaspSchema,
} from "../../../engines/index.js";
import { InputError } from "../../../errors/index.js";
import {
  cp2kOutput,
  lammpsData,
  lammpsDump,
  type OutputFormat,
  outcar,
  poscar,
  pwInputText,
  pwOutput,
  readOutput,
  vasprun,
} from "../../../formats/index.js";
import { lammpsBox } from "../../../formats/lammps-box.js";
import type { AtomColumn, Frame, Structure } from "../../../structure/index.js";
import { angstromElectronvolt, type UnitSystem } from "../../../units/index.js";
import { readBytes } from "../bytes.js";
import { embeddedEngine, embeddedSchema } from "./embedded-engine.js";
import { type Executor, fileEngine, type KeepingEngine } from "./file-engine.js";
import { pseudopotentialsThere } from "./pseudopotentials.js";
import { warmEngine } from "./warm-engine.js";

export interface EngineOptions {
  /** Where calculations are kept, a directory each. */
  readonly directory: string;
  readonly limits?: Limits;
  /** Keep the program running between structures, where it speaks i-PI. Default false. */
  readonly warm?: boolean;
  /** Where programs run; default: this machine. Programs that are kept running always do so here. */
  readonly executor?: Executor;
  /** Of potentials that do not say their own (n2p2's). Default: Å and eV. */
  readonly units?: UnitSystem;
}

export const programNames = ["quantum-espresso", "cp2k", "lammps", "vasp", "ase"] as const;
export type ProgramName = (typeof programNames)[number];

/** The programs, and `embedded`, which is a potential of ours. */
export const engineNames = [...programNames, "embedded"] as const;
export type EngineName = (typeof engineNames)[number];

/** Schemas of the settings, for configurations and documentation. */
export const engineSchemas = {
  "quantum-espresso": quantumEspressoSchema,
  cp2k: cp2kSchema,
  lammps: lammpsSchema,
  vasp: vaspSchema,
  ase: aseSchema,
  embedded: embeddedSchema,
} as const;

/** An engine that is ready to work. Throws `InputError` where the settings are wrong. */
export async function createEngine(
  name: EngineName,
  settings: unknown,
  options: EngineOptions,
): Promise<KeepingEngine> {
  const { directory, units = angstromElectronvolt } = options;
  if (name === "embedded") return embeddedEngine(checked(embeddedSchema, settings, name), { directory, units });
  const program = await createProgram(name, settings);
  const requirement =
    name === "quantum-espresso" ? pseudopotentialsThere(checked(quantumEspressoSchema, settings, name)) : undefined;
  const parts = { ...options, requirement };
  return options.warm === true ? warmEngine(program, parts) : fileEngine(program, parts);
}

export async function createProgram(name: ProgramName, settings: unknown): Promise<Program> {
  if (name === "quantum-espresso") {
    const own = located(checked(quantumEspressoSchema, settings, name));
    const pseudopotentialDirectory = resolve(own.pseudopotentialDirectory);
    return quantumEspresso({ ...own, pseudopotentialDirectory }, { input: pwInputText, output: reader(pwOutput) });
  }
  if (name === "cp2k") return cp2k(located(checked(cp2kSchema, settings, name)), { output: reader(cp2kOutput) });
  if (name === "lammps") {
    const own = located(checked(lammpsSchema, settings, name));
    return lammps({ ...own, potentials: resolve(own.potentials) }, lammpsTexts);
  }
  if (name === "ase") return ase(located(checked(aseSchema, settings, name)));
  const own = located(checked(vaspSchema, settings, name));
  const texts = { poscar: (structure: Structure) => poscar.write(bare(structure)) };
  const readers = { outcar: reader(outcar), vasprun: reader(vasprun) };
  return vasp(own, { inputs: await vaspInputs(own.directory), texts: { ...texts, ...readers } });
}

/** Programs run in the directory of their calculation: a path to one is made absolute. */
function located<Settings extends { command: string[] }>(settings: Settings): Settings {
  const [program = "", ...rest] = settings.command;
  return program.includes("/") ? { ...settings, command: [resolve(program), ...rest] } : settings;
}

const reader =
  (format: OutputFormat): OutputReader =>
  (source, options) =>
    readOutput(format, source, options);

/** A structure as a frame with nothing else. */
const bare = (structure: Structure, columns: Frame["columns"] = new Map()): Frame => ({
  structure,
  info: new Map(),
  columns,
  source: { file: "", structure: 1, line: 1 },
});

const lammpsTexts: Parameters<typeof lammps>[1] = {
  box: lammpsBox,
  data: (structure, { elements, atomStyle }) => {
    const zeros: AtomColumn = { type: "R", width: 1, values: new Float64Array(structure.species.length) };
    const columns = new Map(atomStyle === "charge" ? [["charge", zeros]] : []);
    return lammpsData.write(bare(structure, columns), { elements });
  },
  dump: async (source, options) => {
    const frames: Frame[] = [];
    for await (const frame of lammpsDump.read(source, options)) frames.push(frame);
    return { frames, refusals: [] };
  },
};

function checked<Schema extends z.ZodType>(schema: Schema, settings: unknown, engine: string): z.output<Schema> {
  const result = schema.safeParse(settings ?? {});
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const key = issue?.path.join(".") ?? "";
  throw new InputError({
    code: "bad-engine-settings",
    problem: `Engine ${engine}${key === "" ? "" : `, \`${key}\``}: ${issue?.message ?? "the settings are wrong"}.`,
    remedy: `Correct it; the keys of ${engine} are ${Object.keys((schema as unknown as z.ZodObject).shape).join(", ")}.`,
  });
}

async function vaspInputs(directory: string): Promise<VaspInputs> {
  const potcar = join(directory, "POTCAR");
  const kpoints = join(directory, "KPOINTS");
  return {
    incar: await textOf(join(directory, "INCAR")),
    potcars: splitPotcar(await textOf(potcar), potcar),
    kpoints: existsSync(kpoints) ? await textOf(kpoints) : undefined,
  };
}

/** Plain or gzip; a file that is not there is named. */
async function textOf(path: string): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of readBytes(path)) pieces.push(piece);
  return Buffer.concat(pieces).toString("utf8");
}
