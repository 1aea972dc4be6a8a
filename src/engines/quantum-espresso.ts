/** Quantum ESPRESSO's pw.x: a single point per structure, or kept running over i-PI. */
import { z } from "zod";
import type { Structure } from "../structure/index.js";
import { rydberg } from "../units/index.js";
import {
  type OutputReader,
  outputName,
  type Preparation,
  type Program,
  type SocketAddress,
  type WarmPreparation,
} from "./engine.js";
import { kpointMesh, kpointsSchema } from "./kpoints.js";
import { perElement, readOutcome, requireCell, sameAtoms } from "./outcome.js";
import { programKeys, warmStrain, wordsOf } from "./program-settings.js";

const value = z.union([z.string(), z.number(), z.boolean()]);
const variables = z.record(z.string(), value);

export const quantumEspressoSchema = z.strictObject({
  ...programKeys(["pw.x"]),
  pseudopotentials: z
    .record(z.string(), z.string().min(1))
    .meta({ description: "File of each element: {Si: Si.pz-vbc.UPF}." }),
  pseudopotentialDirectory: z
    .string()
    .min(1)
    .default("/usr/share/espresso/pseudo")
    .meta({ description: "Where they are." }),
  cutoff: z.number().gt(0).meta({ description: "Kinetic energy of the plane waves (ecutwfc).", unit: "Ry" }),
  densityCutoff: z
    .number()
    .gt(0)
    .optional()
    .meta({ description: "ecutrho; default: four times the cutoff.", unit: "Ry" }),
  kpoints: kpointsSchema,
  smearing: z
    .strictObject({
      kind: z.enum(["gaussian", "methfessel-paxton", "marzari-vanderbilt", "fermi-dirac"]),
      width: z.number().gt(0).meta({ unit: "eV" }),
    })
    .optional()
    .meta({ description: "Occupation of the bands, for metals; the energy is then the free energy." }),
  convergence: z
    .number()
    .gt(0)
    .default(1e-9)
    .meta({ description: "Estimated error of the energy per atom.", unit: "Ry" }),
  maxIterations: z.int().min(1).default(100).meta({ description: "electron_maxstep; more is a failure." }),
  variables: z
    .strictObject({ control: variables.optional(), system: variables.optional(), electrons: variables.optional() })
    .default({})
    .meta({ description: "Any other variables of pw.x, which also win over those above: {system: {nspin: 2}}." }),
  warmStrain,
});
export type QuantumEspressoSettings = z.infer<typeof quantumEspressoSchema>;

/** Text of an input and reader of an output, from `formats/`. */
export interface QuantumEspressoTexts {
  input(parts: {
    readonly structure: Structure;
    readonly namelists: Readonly<Record<string, z.infer<typeof variables>>>;
    readonly pseudopotentials: Readonly<Record<string, string>>;
    readonly kpoints: { readonly mesh: readonly number[] };
  }): string;
  readonly output: OutputReader;
}

const title = "Quantum ESPRESSO";
const inputName = "pw.in";

export function quantumEspresso(settings: QuantumEspressoSettings, texts: QuantumEspressoTexts): Program {
  const words = wordsOf(settings.command);
  const { environment } = settings;
  const filesOf = (structure: Structure) => new Map([[inputName, inputText(structure, settings, texts)]]);
  return {
    name: "quantum-espresso",
    title,
    packages: ["quantum-espresso", "quantum-espresso-data"],
    executable: words[0],
    // pw.x has no option for it: with an empty input it says its name and stops.
    probe: { command: { words, environment }, pattern: /Program PWSCF v\.?\s*(\S+)/ },
    prepare: (structure): Preparation => ({
      files: filesOf(structure),
      command: { words: [...words, "-in", inputName], environment },
      read: (files) => readOutcome(files, outputName, { read: texts.output, structure }),
    }),
    prepareWarm: (structure, address): WarmPreparation => ({
      files: filesOf(structure),
      command: { words: [...words, "--ipi", addressText(address), "-in", inputName], environment },
      outward: (next) => ({ cell: requireCell(next, title), positions: next.positions }),
      inward: (_, labels) => labels,
      suits: (next) =>
        sameAtoms(structure, next, settings.warmStrain) &&
        kpointMesh(next, settings.kpoints).every((n, d) => n === kpointMesh(structure, settings.kpoints)[d]),
      verdict,
    }),
  };
}

const addressText = (address: SocketAddress): string =>
  "unix" in address ? `${address.unix}:UNIX` : `${address.host}:${address.port}`;

function inputText(structure: Structure, settings: QuantumEspressoSettings, texts: QuantumEspressoTexts): string {
  requireCell(structure, title);
  const pseudopotentials = Object.fromEntries(perElement(structure, settings.pseudopotentials, "pseudopotential"));
  return texts.input({
    structure,
    namelists: namelistsOf(structure, settings),
    pseudopotentials,
    kpoints: { mesh: kpointMesh(structure, settings.kpoints) },
  });
}

function namelistsOf(structure: Structure, settings: QuantumEspressoSettings) {
  const { cutoff, densityCutoff, smearing, convergence, maxIterations, variables: own } = settings;
  return {
    control: {
      calculation: "scf",
      tprnfor: true,
      tstress: true,
      pseudo_dir: settings.pseudopotentialDirectory,
      outdir: "./",
      prefix: "pw",
      disk_io: "none",
      ...own.control,
    },
    system: {
      ecutwfc: cutoff,
      ...(densityCutoff === undefined ? {} : { ecutrho: densityCutoff }),
      ...(smearing === undefined
        ? {}
        : { occupations: "smearing", smearing: smearing.kind, degauss: smearing.width / rydberg }),
      ...own.system,
    },
    electrons: { conv_thr: convergence * structure.species.length, electron_maxstep: maxIterations, ...own.electrons },
  };
}

/** pw.x sends nothing for electrons that have not converged: it stops. */
function verdict(output: string): ReturnType<NonNullable<WarmPreparation["verdict"]>> {
  const iterations = /convergence NOT achieved after\s+(\d+) iterations/.exec(output)?.[1];
  if (iterations === undefined) return output.includes("convergence has been achieved") ? "converged" : "silent";
  return {
    kind: "unconverged",
    problem: `The electrons have not converged in ${iterations} iterations.`,
    remedy: "Allow more iterations, mix more carefully, or smear the occupations.",
  };
}
