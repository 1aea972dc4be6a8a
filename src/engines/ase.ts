/**
 * Any calculator of ASE (the Atomic Simulation Environment), in Python: a single point per structure, or kept running as a client
 * of i-PI. The script goes into the directory of the calculation, so that it can be run again by hand.
 */
import { z } from "zod";
import type { Structure } from "../structure/index.js";
import type { Outcome, OutputFiles, Preparation, Program, SocketAddress, WarmPreparation } from "./engine.js";
import { failed } from "./failure.js";
import { finiteLabels, requireCell, sameAtoms } from "./outcome.js";
import { programKeys, warmStrain, wordsOf } from "./program-settings.js";

export const aseSchema = z.strictObject({
  ...programKeys(["/usr/bin/python3"]),
  calculator: z
    .string()
    .regex(/^[\w.]+\.\w+$/)
    .meta({ description: "Module and class: ase.calculators.emt.EMT." }),
  arguments: z.record(z.string(), z.json()).default({}).meta({ description: "Named arguments of the class." }),
  stress: z.boolean().default(true).meta({ description: "Whether the calculator can give stress." }),
  warmStrain: warmStrain.default(10),
});
export type AseSettings = z.infer<typeof aseSchema>;

const names = { script: "label.py", task: "task.json", labels: "labels.json" };

const script = `"""Labels the structure in task.json with an ASE calculator, or serves as a client of i-PI."""
import importlib
import json

from ase import Atoms
from ase.calculators.calculator import PropertyNotImplementedError
from ase.calculators.socketio import SocketClient

with open("${names.task}") as file:
    task = json.load(file)
module, name = task["calculator"].rsplit(".", 1)
atoms = Atoms(**task["atoms"])
atoms.calc = getattr(importlib.import_module(module), name)(**task["arguments"])


def energy_of(atoms):
    """The free energy, of which the forces are the derivative, where the calculator has one."""
    try:
        return atoms.get_potential_energy(force_consistent=True)
    except PropertyNotImplementedError:
        return atoms.get_potential_energy()


class Client(SocketClient):
    def calculate(self, atoms, use_stress):
        _, forces, virial = super().calculate(atoms, use_stress)
        return energy_of(atoms), forces, virial


if "socket" in task:
    Client(**task["socket"]).run(atoms, use_stress=task["stress"])
else:
    labels = {"energy": float(energy_of(atoms)), "forces": atoms.get_forces().tolist()}
    if task["stress"]:
        labels["stress"] = atoms.get_stress().tolist()
    with open("${names.labels}", "w") as file:
        json.dump(labels, file)
`;

export function ase(settings: AseSettings): Program {
  const words = wordsOf(settings.command);
  const { environment } = settings;
  const command = { words: wordsOf([...words, names.script]), environment };
  const filesOf = (structure: Structure, socket?: object) =>
    new Map([
      [names.script, script],
      [names.task, taskText(structure, settings, socket)],
    ]);
  return {
    name: "ase",
    title: "ASE",
    packages: ["python3-ase"],
    executable: words[0],
    probe: {
      command: { words: [...words, "-c", "import ase; print('ASE', ase.__version__)"], environment },
      pattern: /^ASE (\S+)/m,
    },
    prepare: (structure): Preparation => ({
      files: filesOf(structure),
      command,
      read: (files) => readLabels(files, structure),
    }),
    prepareWarm: (structure, address): WarmPreparation => ({
      files: filesOf(structure, socketOf(address)),
      command,
      outward: (next) => ({ cell: requireCell(next, "i-PI"), positions: next.positions }),
      // The protocol has no way to say that there is no stress: zeros would come instead.
      inward: (next, labels) => (hasStress(next, settings) ? labels : { ...labels, stress: undefined }),
      suits: (next) => sameAtoms(structure, next, settings.warmStrain),
    }),
  };
}

const hasStress = ({ periodic }: Structure, { stress }: AseSettings): boolean => stress && periodic.every(Boolean);

const socketOf = (address: SocketAddress): object =>
  "unix" in address ? { unixsocket: address.unix } : { host: address.host, port: address.port };

const rows = (values: Float64Array): number[][] =>
  Array.from({ length: values.length / 3 }, (_, i) => [...values.subarray(3 * i, 3 * i + 3)]);

function taskText(structure: Structure, settings: AseSettings, socket: object | undefined): string {
  const { species, positions, cell, periodic } = structure;
  const task = {
    calculator: settings.calculator,
    arguments: settings.arguments,
    stress: hasStress(structure, settings),
    atoms: {
      numbers: [...species],
      positions: rows(positions),
      ...(cell === undefined ? {} : { cell: rows(cell) }),
      pbc: periodic,
    },
    ...(socket === undefined ? {} : { socket }),
  };
  return `${JSON.stringify(task, undefined, 1)}\n`;
}

const labelsSchema = z.object({
  energy: z.number(),
  forces: z.array(z.array(z.number())),
  stress: z.array(z.number()).optional(),
});

async function readLabels(files: OutputFiles, structure: Structure): Promise<Outcome> {
  const text = await files.text(names.labels);
  const read = text === undefined ? undefined : labelsSchema.safeParse(parsed(text)).data;
  if (read === undefined || read.forces.length !== structure.species.length) {
    return failed({
      kind: text === undefined ? "crashed" : "not-finite",
      problem: text === undefined ? "The script has ended without labels." : "The labels are not the numbers expected.",
      remedy: "See the file errors in the directory of the calculation: Python's message is at its end.",
    });
  }
  const { energy, forces, stress } = read;
  return finiteLabels({
    energy,
    forces: Float64Array.from(forces.flat()),
    stress: stress && Float64Array.from(stress),
  });
}

/** Python writes NaN, which is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
