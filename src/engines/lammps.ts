/**
 * LAMMPS as a source of labels, with any pair style: a single point per structure, or kept running over i-PI (`fix ipi`).
 *
 * LAMMPS has axes of its own: structures are turned on the way in, forces and stress on the way out. Its pressures are turned
 * into stress with its own constant (`nktv2p`), which is not CODATA's: that gives back the numbers that it has computed.
 */
import { z } from "zod";
import type { Structure } from "../structure/index.js";
import {
  type Labels,
  type Outcome,
  type OutputFiles,
  type OutputReading,
  outputName,
  type Preparation,
  type Program,
  type SocketAddress,
  type WarmPreparation,
} from "./engine.js";
import { type Failure, failed, lastLines } from "./failure.js";
import { outcomeOf, perElement, sameAtoms } from "./outcome.js";
import { programKeys, warmStrain, wordsOf } from "./program-settings.js";

export const lammpsSchema = z.strictObject({
  ...programKeys(["lmp"]),
  units: z.enum(["metal", "real"]).default("metal").meta({ description: "LAMMPS's units." }),
  atomStyle: z.enum(["atomic", "charge"]).default("atomic").meta({ description: "LAMMPS's atom_style." }),
  elements: z.array(z.string()).min(1).meta({ description: "Elements of types 1, 2, …, as pair_coeff has them." }),
  commands: z.array(z.string().min(1)).min(1).meta({
    description: "Commands after read_data: [pair_style sw, 'pair_coeff * * Si.sw Si'].",
  }),
  potentials: z.string().min(1).default("/usr/share/lammps/potentials").meta({
    description: "Where LAMMPS looks for potential files that are named without a path (LAMMPS_POTENTIALS).",
  }),
  warmStrain: warmStrain.default(0.5),
});
export type LammpsSettings = z.infer<typeof lammpsSchema>;

/** LAMMPS's axes and files, from `formats/`. */
export interface LammpsTexts {
  /** Rows of the cell in LAMMPS's axes, Å, and vectors [atom, xyz] turned into them. */
  box(structure: Structure): { readonly cell: Float64Array; turn(vectors: Float64Array): Float64Array };
  /** Data file with types in the order of the elements; charges, where the style has them, are zero until a command sets them. */
  data(
    structure: Structure,
    options: { readonly elements: readonly string[]; readonly atomStyle: LammpsSettings["atomStyle"] },
  ): string;
  dump(
    source: AsyncIterable<Uint8Array>,
    options: { readonly file: string; readonly typeToElement: readonly string[] },
  ): Promise<OutputReading>;
}

/** eV per unit of energy, and LAMMPS's constant from energy per volume to its pressure. */
const unitsOf = {
  metal: { energy: 1, pressure: 1.6021765e6 },
  real: { energy: 4184 / 96485.33212, pressure: 68568.415 },
} as const;

const names = { input: "lammps.in", data: "structure.data", dump: "forces.dump", labels: "labels" };

export function lammps(settings: LammpsSettings, texts: LammpsTexts): Program {
  const words = wordsOf(settings.command);
  const environment = { LAMMPS_POTENTIALS: settings.potentials, ...settings.environment };
  const command = { words: wordsOf([...words, "-in", names.input, "-log", "none"]), environment };
  const filesOf = (structure: Structure, tail: readonly string[]) => {
    const known = Object.fromEntries(settings.elements.map((symbol) => [symbol, symbol]));
    perElement(structure, known, "atom type");
    const data = texts.data(structure, { elements: settings.elements, atomStyle: settings.atomStyle });
    return new Map([
      [names.input, `${[...headLines(structure, settings), ...settings.commands, ...tail].join("\n")}\n`],
      [names.data, data],
    ]);
  };
  return {
    name: "lammps",
    title: "LAMMPS",
    packages: ["lammps", "lammps-data"],
    executable: words[0],
    probe: {
      command: { words: [...words, "-h"], environment },
      pattern: /Massively Parallel Simulator - (.+?)(?:\s+-|\s*$)/m,
    },
    prepare: (structure): Preparation => ({
      files: filesOf(structure, singlePoint),
      command,
      read: (files) => readLabels(files, { structure, settings, texts }),
    }),
    prepareWarm: (structure, address): WarmPreparation => ({
      files: filesOf(structure, warmLines(address)),
      command,
      outward: (next) => ({ cell: texts.box(next).cell, positions: texts.box(next).turn(next.positions) }),
      inward: (next, labels) => turnedBack(labels, axesOf(next, texts)),
      // The box must keep its shape as LAMMPS sees it: repeating in all directions, for i-PI sends no others.
      suits: (next) => structure.periodic.every(Boolean) && sameAtoms(structure, next, settings.warmStrain),
    }),
  };
}

const headLines = (structure: Structure, { units, atomStyle }: LammpsSettings): string[] => [
  `units ${units}`,
  `atom_style ${atomStyle}`,
  "atom_modify map array",
  `boundary ${structure.periodic.map((p) => (p ? "p" : "f")).join(" ")}`,
  "box tilt large",
  `read_data ${names.data}`,
];

const singlePoint = [
  "compute virial all pressure NULL virial",
  "thermo_style custom step pe c_virial[1] c_virial[2] c_virial[3] c_virial[4] c_virial[5] c_virial[6]",
  `dump forces all custom 1 ${names.dump} id type x y z fx fy fz`,
  "dump_modify forces sort id format float %.17g",
  "run 0",
  'variable text string "$(pe:%.17g) $(c_virial[1]:%.17g) $(c_virial[2]:%.17g) $(c_virial[3]:%.17g) $(c_virial[6]:%.17g) $(c_virial[5]:%.17g) $(c_virial[4]:%.17g)"',
  `print "\${text}" file ${names.labels} screen no`,
];

function warmLines(address: SocketAddress): string[] {
  const where = "unix" in address ? `${address.unix} 1 unix` : `${address.host} ${address.port}`;
  return ["thermo 0", `fix server all ipi ${where}`, "run 1000000000"];
}

interface Context {
  readonly structure: Structure;
  readonly settings: LammpsSettings;
  readonly texts: LammpsTexts;
}

async function readLabels(files: OutputFiles, context: Context): Promise<Outcome> {
  const { structure, settings, texts } = context;
  const numbers = (await files.text(names.labels))?.trim().split(/\s+/).map(Number);
  const dump = files.bytes(names.dump);
  if (numbers?.length !== 7 || dump === undefined) return failed(await errorOf(files));
  const reading = await texts.dump(dump, { file: names.dump, typeToElement: settings.elements });
  const unit = unitsOf[settings.units];
  // Pressure is positive under compression.
  const stress = Float64Array.from(numbers.slice(1), (p) => (-p / unit.pressure) * unit.energy);
  const labelled = reading.frames.map((frame) => ({
    ...frame,
    energy: numbers[0]! * unit.energy,
    ...(structure.periodic.every(Boolean) ? { stress } : {}),
  }));
  const box = texts.box(structure);
  const turned = { ...structure, positions: box.turn(structure.positions), cell: box.cell };
  const outcome = outcomeOf({ ...reading, frames: labelled }, turned);
  if (!outcome.converged) return outcome;
  return { converged: true, labels: turnedBack(outcome.labels, axesOf(structure, texts)) };
}

/** LAMMPS says what is wrong on a line that begins with ERROR. */
async function errorOf(files: OutputFiles): Promise<Failure> {
  const output = (await files.text(outputName)) ?? "";
  const said = /^ERROR.*$/m.exec(output)?.[0];
  return {
    kind: said === undefined ? "cut-output" : "crashed",
    problem: said === undefined ? "LAMMPS has written no energy." : `LAMMPS says: ${said}`,
    remedy: "Correct the commands of the engine's settings, or see the output in the directory of the calculation.",
    excerpt: lastLines(output),
  };
}

/** LAMMPS's axes as rows: row k is what the unit vector k becomes, [vector, xyz]. */
const axesOf = (structure: Structure, texts: LammpsTexts): Float64Array =>
  texts.box(structure).turn(Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1));

/** With v′ = v·M: v = v′·Mᵀ, and σ = M·σ′·Mᵀ. */
function turnedBack({ energy, forces, stress }: Labels, m: Float64Array): Labels {
  const back = new Float64Array(forces.length);
  for (let i = 0; i < forces.length; i += 3)
    for (let k = 0; k < 3; k++)
      back[i + k] = forces[i]! * m[3 * k]! + forces[i + 1]! * m[3 * k + 1]! + forces[i + 2]! * m[3 * k + 2]!;
  return { energy, forces: back, stress: stress && turnedStress(stress, m) };
}

/** Places of the components xx yy zz yz xz xy. */
const pairs = [
  [0, 0],
  [1, 1],
  [2, 2],
  [1, 2],
  [0, 2],
  [0, 1],
] as const;

function turnedStress(stress: Float64Array, m: Float64Array): Float64Array {
  const voigt = [0, 5, 4, 5, 1, 3, 4, 3, 2];
  return Float64Array.from(pairs, ([i, j]) => {
    let sum = 0;
    for (let a = 0; a < 3; a++)
      for (let b = 0; b < 3; b++) sum += m[3 * i + a]! * stress[voigt[3 * a + b]!]! * m[3 * j + b]!;
    return sum;
  });
}
