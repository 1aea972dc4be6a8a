/** `potluck predict`: energies, forces, stress and how sure the potential is. */
import { Command } from "commander";
import type { Evaluation, Uncertainty } from "../potentials/potential.js";
import { significant } from "../reports/numbers.js";
import {
  type AtomColumn,
  atomCount,
  elementSymbol,
  type Frame,
  frameName,
  type InfoValue,
} from "../structure/index.js";
import { applyCalibration, type CalibratedUncertainty } from "../uncertainty/calibration.js";
import { addCommonOptions, type CommonOptions, unitsOf } from "./options.js";
import { Progress } from "./progress.js";
import { layOut } from "./table.js";
import { printLine, type Terminal } from "./terminal.js";
import {
  dataFrames,
  type EvaluatedFrame,
  evaluateAll,
  type OpenedPotential,
  openPotential,
  refusalsText,
  writeFrames,
} from "./wiring.js";

interface PredictOptions extends CommonOptions {
  readonly out?: string;
}

const example = `
Examples:
  potluck predict runs/silicon structures.extxyz -o predicted.extxyz
  potluck predict runs/silicon POSCAR --json

With --json there is one object a line: {"energy": eV, "forces": [[x, y, z], …] eV/Å, "stress": [xx, yy, zz, yz, xz, xy] eV/Å³ or
null, "atomicEnergies": eV, "uncertainty": {"energy", "forces", "disagreement"} or null, "calibrated": the same in the size of
errors, and "expectedForceError" eV/Å, the root mean square of the largest force error of such structures; null where the potential
was not calibrated, "extrapolation": [{"atom", "element", "function", "value", "min", "max"}, …]}. Atoms and functions count
from 1.`;

export function predictCommand(terminal: Terminal): Command {
  const command = new Command("predict")
    .description("Energies, forces, stress and their uncertainty.")
    .argument("<potential>", "potential.json, run directory, or n2p2 directory")
    .argument("<structures...>", "structures: files, outputs of programs, directories of them, patterns")
    .option("-o, --out <file>", "write structures with the predictions as labels (.extxyz and others)");
  return addCommonOptions(command)
    .addHelpText("after", example)
    .action((potential: string, files: string[], options: PredictOptions) =>
      predict({ potential, files, options }, terminal),
    );
}

interface Task {
  readonly potential: string;
  readonly files: readonly string[];
  readonly options: PredictOptions;
}

async function predict({ potential: path, files, options }: Task, terminal: Terminal): Promise<void> {
  const units = unitsOf(options);
  const potential = openPotential(path, units);
  const progress = new Progress({ stream: terminal.err, silent: options.quiet === true });
  for (const warning of potential.warnings) progress.note(`Warning: ${warning}`);
  const rows: string[][] = [];
  const tell = (frame: Frame, evaluation: Evaluation): void => {
    if (options.json) printLine(terminal.out, JSON.stringify(predictionRecord(frame, evaluation, potential)));
    else rows.push(predictionRow(frame, evaluation));
  };
  const frames = dataFrames(files, {
    units,
    onRefusals: (refusals, read) => progress.note(`Warning: ${refusalsText(refusals, read)}`),
  });
  const predicted = predictions(evaluateAll(potential, frames, options.threads), tell);
  if (options.out === undefined) for await (const _ of predicted);
  else
    await writeFrames(options.out, predicted, {
      units,
      onLoss: (lost) => progress.note(`Not kept in ${options.out}: ${lost}.`),
    });
  if (!options.json) printLine(terminal.out, layOut([rowTitles, ...rows], { text: 1 }));
}

async function* predictions(
  evaluated: AsyncIterable<EvaluatedFrame>,
  tell: (frame: Frame, evaluation: Evaluation) => void,
): AsyncGenerator<Frame> {
  for await (const { frame, evaluation } of evaluated) {
    tell(frame, evaluation);
    yield labelled(frame, evaluation);
  }
}

const rowTitles = ["structure", "atoms", "energy, eV", "eV/atom", "largest force, eV/Å", "γ, eV/Å", "extrapolating"];

function predictionRow(frame: Frame, { energy, forces, uncertainty, extrapolation }: Evaluation): string[] {
  const atoms = atomCount(frame.structure);
  const outside = new Set(extrapolation.map(({ atom }) => atom)).size;
  return [
    frameName(frame),
    String(atoms),
    energy.toFixed(6),
    (energy / atoms).toFixed(6),
    significant(forces.reduce((most, force) => Math.max(most, Math.abs(force)), 0)),
    uncertainty ? significant(uncertainty.disagreement) : "–",
    outside === 0 ? "–" : `${outside} atoms`,
  ];
}

/** The frame with predictions in place of its labels; what else it said stays. */
function labelled(
  frame: Frame,
  { energy, forces, stress, atomicEnergies, uncertainty, extrapolation }: Evaluation,
): Frame {
  const { stress: _, ...rest } = frame;
  const info = new Map<string, InfoValue>(frame.info);
  const columns = new Map<string, AtomColumn>(frame.columns);
  columns.set("atomic_energies", { type: "R", width: 1, values: atomicEnergies });
  if (uncertainty) {
    info.set("energy_std", uncertainty.energy);
    info.set("disagreement", uncertainty.disagreement);
    columns.set("forces_std", { type: "R", width: 3, values: uncertainty.forces });
  }
  info.set("extrapolating_atoms", new Set(extrapolation.map(({ atom }) => atom)).size);
  return { ...rest, energy, forces, info, columns, ...(stress === undefined ? {} : { stress }) };
}

function predictionRecord(
  { structure }: Frame,
  evaluation: Evaluation,
  { definition, calibration }: OpenedPotential,
): Readonly<Record<string, unknown>> {
  const { energy, forces, stress, atomicEnergies, uncertainty, extrapolation } = evaluation;
  const functionsOf = new Map(definition.descriptors.map((d) => [d.element, d.functions]));
  return {
    energy,
    forces: triples(forces),
    stress: stress === undefined ? null : [...stress],
    atomicEnergies: [...atomicEnergies],
    uncertainty: uncertainty ? spreadRecord(uncertainty) : null,
    calibrated:
      uncertainty && calibration
        ? calibratedRecord(applyCalibration(calibration, uncertainty, { atoms: atomCount(structure) }))
        : null,
    extrapolation: extrapolation.map(({ atom, function: index, value, min, max }) => {
      const element = structure.species[atom]!;
      const type = functionsOf.get(element)?.[index]?.type;
      return { atom: atom + 1, element: elementSymbol(element), function: index + 1, type, value, min, max };
    }),
  };
}

const spreadRecord = ({ energy, forces, disagreement }: Uncertainty) => ({
  energy,
  forces: triples(forces),
  disagreement,
});

const calibratedRecord = (one: CalibratedUncertainty) => ({
  ...spreadRecord(one),
  expectedForceError: one.expectedForceError ?? null,
});

const triples = (flat: Float64Array): number[][] =>
  Array.from({ length: flat.length / 3 }, (_, i) => [...flat.subarray(3 * i, 3 * i + 3)]);
