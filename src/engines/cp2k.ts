/** CP2K: a single point per structure, or kept running as an i-PI client (RUN_TYPE DRIVER). */
import { z } from "zod";
import { elementSymbol, type Structure } from "../structure/index.js";
import { type Cp2kSection, cp2kInputText, merged } from "./cp2k-input.js";
import {
  type OutputReader,
  outputName,
  type Preparation,
  type Program,
  type SocketAddress,
  type WarmPreparation,
} from "./engine.js";
import { perElement, readOutcome, requireCell, sameAtoms } from "./outcome.js";
import { programKeys, warmStrain, wordsOf } from "./program-settings.js";

const section = z.custom<Cp2kSection>((value) => typeof value === "object" && value !== null && !Array.isArray(value));

export const cp2kSchema = z.strictObject({
  ...programKeys(["cp2k"]),
  kinds: z.record(z.string(), section).meta({
    description: "SUBSYS/KIND of each element: {Si: {BASIS_SET: DZVP-MOLOPT-SR-GTH, POTENTIAL: GTH-PBE-q4}}.",
  }),
  input: section.meta({
    description:
      "CP2K's input as sections in sections: {FORCE_EVAL: {DFT: {…}}}. What Potluck needs (run type, cell, coordinates, printing of forces and stress) is added.",
  }),
  warmStrain,
});
export type Cp2kSettings = z.infer<typeof cp2kSchema>;

export interface Cp2kTexts {
  readonly output: OutputReader;
}

const inputName = "cp2k.inp";

export function cp2k(settings: Cp2kSettings, texts: Cp2kTexts): Program {
  const words = wordsOf(settings.command);
  const { environment } = settings;
  const command = { words: wordsOf([...words, "-i", inputName]), environment };
  const filesOf = (structure: Structure, own: Cp2kSection) =>
    new Map([[inputName, inputText(structure, settings, own)]]);
  return {
    name: "cp2k",
    title: "CP2K",
    packages: ["cp2k", "cp2k-data"],
    executable: words[0],
    probe: { command: { words: [...words, "--version"], environment }, pattern: /CP2K version\s+(\S+)/ },
    prepare: (structure): Preparation => ({
      files: filesOf(structure, { GLOBAL: { RUN_TYPE: "ENERGY_FORCE" } }),
      command,
      read: (files) => readOutcome(files, outputName, { read: texts.output, structure }),
    }),
    prepareWarm: (structure, address): WarmPreparation => ({
      files: filesOf(structure, { GLOBAL: { RUN_TYPE: "DRIVER" }, MOTION: { DRIVER: driverOf(address) } }),
      command,
      outward: (next) => ({ cell: requireCell(next, "CP2K"), positions: next.positions }),
      inward: (_, labels) => labels,
      suits: (next) => sameAtoms(structure, next, settings.warmStrain),
      ...(hasElectrons(settings.input) ? { verdict } : {}),
    }),
  };
}

const driverOf = (address: SocketAddress): Cp2kSection =>
  "unix" in address ? { HOST: address.unix, UNIX: true } : { HOST: address.host, PORT: address.port };

function inputText(structure: Structure, settings: Cp2kSettings, own: Cp2kSection): string {
  const cell = requireCell(structure, "CP2K");
  const row = (i: number) => [cell[3 * i]!, cell[3 * i + 1]!, cell[3 * i + 2]!];
  const { species, positions, periodic } = structure;
  const atoms = Array.from(species, (z, i) => `${elementSymbol(z)} ${positions.slice(3 * i, 3 * i + 3).join(" ")}`);
  const kinds = perElement(structure, settings.kinds, "KIND").map(([symbol, kind]) => ({ _: symbol, ...kind }));
  const repeats = ["X", "Y", "Z"].filter((_, d) => periodic[d]).join("");
  const required: Cp2kSection = {
    // Medium prints the coordinates, by which the output is checked to be of this structure.
    GLOBAL: { PROJECT: "cp2k", PRINT_LEVEL: "MEDIUM" },
    FORCE_EVAL: {
      ...(periodic.every(Boolean) ? { STRESS_TENSOR: "ANALYTICAL" } : {}),
      SUBSYS: {
        CELL: { A: row(0), B: row(1), C: row(2), PERIODIC: repeats === "" ? "NONE" : repeats },
        COORD: { "*": atoms },
        KIND: kinds,
      },
      PRINT: { FORCES: { _: "ON", NDIGITS: 12 }, STRESS_TENSOR: { _: "ON" } },
    },
  };
  const defaults: Cp2kSection = { FORCE_EVAL: { METHOD: "QUICKSTEP" } };
  return cp2kInputText(merged(merged(merged(defaults, settings.input), required), own));
}

/** Force fields have nothing to converge. */
function hasElectrons({ FORCE_EVAL: force }: Cp2kSection): boolean {
  const method = typeof force === "object" && "METHOD" in force ? String(force.METHOD) : "QUICKSTEP";
  return !/^(FIST|EIP|EMBED|MIXED|NNP)$/i.test(method);
}

/** CP2K goes on after a cycle that has not converged, and sends the forces. */
function verdict(output: string): ReturnType<NonNullable<WarmPreparation["verdict"]>> {
  if (/SCF run NOT converged|outer SCF loop FAILED/.test(output)) {
    return {
      kind: "unconverged",
      problem: "The electrons have not converged.",
      remedy: "Allow more iterations (SCF/MAX_SCF), or use another mixing or minimiser.",
    };
  }
  return /SCF run converged|outer SCF loop converged/.test(output) ? "converged" : "silent";
}
