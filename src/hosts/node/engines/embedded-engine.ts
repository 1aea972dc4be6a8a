/** A potential of ours as an engine that keeps its calculations as programs do: a directory each, with a record. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";
import { type Calculation, embedded } from "../../../engines/index.js";
import { InputError } from "../../../errors/index.js";
import { elementSymbol, type Structure } from "../../../structure/index.js";
import type { UnitSystem } from "../../../units/index.js";
import type { PotentialSource } from "../potential-source.js";
import { openSimulationPotential, type SimulationPotential } from "../simulate-potential.js";
import { freshDirectory } from "./directories.js";
import { directoryName, type KeepingEngine } from "./file-engine.js";
import { readRecord, writeRecord } from "./record.js";

export const embeddedSchema = z.strictObject({
  potential: z.union([z.string().min(1), z.looseObject({ kind: z.string() })]).meta({
    description:
      "A potential of Potluck or n2p2 by its path, LAMMPS's file of one (.eam, .eam.alloy, .eam.fs, .sw, .tersoff), or a record of a classical potential: {kind: published, name: silicon-stillinger-weber-1985}.",
  }),
});
export type EmbeddedSettings = z.infer<typeof embeddedSchema>;

export interface EmbeddedOptions {
  readonly directory: string;
  /** Of n2p2's potentials. */
  readonly units: UnitSystem;
}

export async function embeddedEngine(settings: EmbeddedSettings, options: EmbeddedOptions): Promise<KeepingEngine> {
  const source = settings.potential as PotentialSource;
  // One thread: structures to be labelled are small, and other jobs want the others.
  const potential = await openSimulationPotential(source, { units: options.units, threads: 1, atoms: 0 });
  const plain = embedded({ evaluate: (structure) => evaluate(potential, structure) });
  const { fingerprint } = potential;
  const keyOf = (structure: Structure): string => {
    checkElements(potential, structure);
    return keyOfStructure(structure, fingerprint);
  };
  const earlier = (structure: Structure): Calculation | undefined => {
    const directory = join(options.directory, directoryName(keyOf(structure)));
    const found = readRecord(directory, keyOf(structure));
    return found && { engine: plain.name, structure, directory, reused: true, ...found };
  };
  return {
    ...plain,
    keyOf,
    earlier,
    label: async (structure, how = {}) => {
      const key = keyOf(structure);
      const directory = join(options.directory, how.name ?? directoryName(key));
      const found = readRecord(directory, key);
      if (found?.outcome.converged === true)
        return { engine: plain.name, structure, directory, reused: true, ...found };
      const calculation = { ...(await plain.label(structure, how)), directory };
      freshDirectory(directory);
      writeRecord(calculation, directory, key);
      return calculation;
    },
    close: () => potential.close(),
  };
}

function evaluate(potential: SimulationPotential, structure: Structure) {
  try {
    return potential.evaluate(structure);
  } finally {
    potential.forget();
  }
}

function keyOfStructure({ species, positions, cell, periodic }: Structure, fingerprint: string): string {
  const content = [fingerprint, [...species], [...positions], cell === undefined ? null : [...cell], periodic];
  return createHash("sha256").update(JSON.stringify(content)).digest("hex");
}

function checkElements({ elements }: SimulationPotential, { species }: Structure): void {
  const stranger = species.find((z) => !elements.includes(z));
  if (stranger === undefined) return;
  throw new InputError({
    code: "unknown-element",
    problem: `The potential does not know ${elementSymbol(stranger)}.`,
    expected: `It knows ${elements.map(elementSymbol).join(", ")}.`,
    remedy: "Take another potential, or leave the structure out.",
  });
}
