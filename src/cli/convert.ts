/** `potluck convert`: structures and potentials between formats. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import { InputError, type Trouble } from "../errors/index.js";
import { structureFormats } from "../formats/index.js";
import { weightsName, writeN2p2Potential } from "../formats/n2p2-potential.js";
import { writePotentialJson } from "../formats/potential-json.js";
import type { NetworkPotential } from "../potentials/definition.js";
import type { UnitSystem } from "../units/index.js";
import { addCommonOptions, type CommonOptions, unitsOf } from "./options.js";
import { printLine, type Terminal } from "./terminal.js";
import {
  dataFrames,
  loadPotential,
  looksLikePotential,
  readableFormats,
  refusalsText,
  writeAtomically,
  writeFrames,
} from "./wiring.js";

interface ConvertOptions extends CommonOptions {
  readonly from?: string;
  readonly to?: string;
}

const readOnlyFormats = readableFormats.filter((name) => structureFormats.every((format) => format.name !== name));

const example = `
Examples:
  potluck convert POSCAR structure.extxyz
  potluck convert input.data data.extxyz --length-unit bohr --energy-unit hartree
  potluck convert OUTCAR steps.extxyz              its converged steps
  potluck convert calculations/ all.extxyz         everything that has converged below a directory
  potluck convert runs/silicon n2p2-silicon        a potential as an n2p2 directory, for LAMMPS
  potluck convert n2p2-silicon silicon.json

Structure formats: ${structureFormats.map(({ name }) => name).join(", ")}.
Read only: ${readOnlyFormats.join(", ")}.`;

export function convertCommand(terminal: Terminal): Command {
  const command = new Command("convert")
    .description("Structures and potentials between formats.")
    .argument("<in>", "structures (file, output of a program, directory of outputs, pattern), or potential")
    .argument("<out>", "file; for a potential a .json file or an n2p2 directory")
    .option("--from <format>", "format of IN (default: by its content)")
    .option("--to <format>", "format of OUT (default: by its name)");
  return addCommonOptions(command)
    .addHelpText("after", example)
    .action((from: string, to: string, options: ConvertOptions) => convert({ from, to, options }, terminal));
}

interface Task {
  readonly from: string;
  readonly to: string;
  readonly options: ConvertOptions;
}

async function convert(task: Task, terminal: Terminal): Promise<void> {
  const { from, to, options } = task;
  const isPotential = options.from === undefined && looksLikePotential(from);
  const record = isPotential ? await convertPotential(task, terminal) : await convertStructures(task, terminal);
  const text = isPotential ? `${from} → ${to}` : `${record.structures} structures → ${to}`;
  printLine(terminal.out, options.json ? JSON.stringify({ out: to, ...record }) : text);
}

async function convertStructures(
  { from, to, options }: Task,
  terminal: Terminal,
): Promise<{ structures: number; lost: string[]; refused: readonly Trouble[] }> {
  const units = unitsOf(options);
  const lost: string[] = [];
  const onLoss = (what: string): void => {
    lost.push(what);
    printLine(terminal.err, `Warning: ${to} cannot keep: ${what}.`);
  };
  let refused: readonly Trouble[] = [];
  const onRefusals = (refusals: readonly Trouble[], frames: number): void => {
    refused = refusals;
    printLine(terminal.err, `Warning: ${refusalsText(refusals, frames)}`);
  };
  const frames = dataFrames([from], {
    units,
    onRefusals,
    ...(options.from === undefined ? {} : { format: options.from }),
  });
  const format = options.to === undefined ? {} : { format: options.to };
  return { structures: await writeFrames(to, frames, { units, onLoss, ...format }), lost, refused };
}

async function convertPotential(
  { from, to, options }: Task,
  terminal: Terminal,
): Promise<{ structures?: number; files: string[] }> {
  const units = unitsOf(options);
  const { potential, record, warnings } = loadPotential(from, units);
  for (const warning of warnings) printLine(terminal.err, `Warning: ${warning}`);
  const asN2p2 = options.to === "n2p2" || !to.endsWith(".json");
  if (asN2p2 && potential.members.some((member) => member.dropout !== undefined))
    throw new InputError({
      code: "dropout-has-no-n2p2-form",
      where: { file: from },
      problem: "n2p2 knows no dropout, and the plain weights are another potential than the mean over the passes.",
      remedy: "Fit without dropout for n2p2 and LAMMPS, or keep the potential as JSON.",
    });
  if (asN2p2) return { files: await writeN2p2(potential, to, units) };
  await writeAtomically(to, [writePotentialJson(potential, record)]);
  return { files: [to] };
}

/** One directory; for a committee a directory of directories, which we read back as a committee. */
async function writeN2p2(potential: NetworkPotential, directory: string, units: UnitSystem): Promise<string[]> {
  const files: string[] = [];
  for (const member of potential.members.keys()) {
    const place = potential.members.length === 1 ? directory : join(directory, `member-${member + 1}`);
    const texts = writeN2p2Potential(potential, { units, member });
    await mkdir(place, { recursive: true });
    const named: [string, string][] = [
      ["input.nn", texts.inputNn],
      ["scaling.data", texts.scalingData],
      ...[...texts.weights].map(([z, text]): [string, string] => [weightsName(z), text]),
    ];
    for (const [name, text] of named) {
      await writeAtomically(join(place, name), [text]);
      files.push(join(place, name));
    }
  }
  return files;
}
