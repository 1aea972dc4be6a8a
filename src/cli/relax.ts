/** `potluck relax`: structures to their nearest minima. */
import { Command, Option } from "commander";
import { InputError } from "../errors/index.js";
import { relaxAll } from "../hosts/node/relaxations.js";
import {
  type CellFreedom,
  holdAtoms,
  type Relaxation,
  type RelaxationStep,
  type RelaxationTask,
} from "../relaxation/index.js";
import { significant } from "../reports/index.js";
import { type AtomColumn, atomCount, type Frame, frameName, type InfoValue, located } from "../structure/index.js";
import { gigapascal } from "../units/index.js";
import { EndedEarly } from "./ended-early.js";
import { Interrupted } from "./failures.js";
import { interruptible } from "./interruption.js";
import { atomList, realNumber } from "./numbers.js";
import { addCommonOptions, type CommonOptions, unitsOf, wholeNumber } from "./options.js";
import { Progress } from "./progress.js";
import { layOut } from "./table.js";
import { printLine, type Terminal } from "./terminal.js";
import { readAllFrames, writeFrames } from "./wiring.js";

type CellOption = "all" | "isotropic" | "fixed-volume";

interface RelaxOptions extends CommonOptions {
  readonly out?: string;
  readonly cell?: true | CellOption;
  readonly pressure?: number;
  readonly fmax: number;
  readonly smax: number;
  readonly steps: number;
  readonly optimizer: "lbfgs" | "fire";
  readonly fix?: number[];
}

const example = `
Examples:
  potluck relax runs/silicon POSCAR -o relaxed.extxyz --cell --fmax 0.001
  potluck relax silicon-stillinger-weber-1985 structures.extxyz -o relaxed.extxyz --cell isotropic --pressure 10

POTENTIAL is a potential.json, a run directory, an n2p2 directory, a LAMMPS file (.sw, .tersoff, .eam, .eam.alloy, .eam.fs), the
name of a published one, or a YAML file with a record: {kind: sum, parts: [runs/silicon, {kind: zbl, inner: 0.7, outer: 1.4}]}.
The relaxed structures carry energy, forces and stress, and relaxed, relaxation_steps and enthalpy. Exit code 1 says that not all of
them have come to their minimum; they are written all the same. Threads take a structure each; Ctrl-C writes how far they have come.
With --json there is one object a line: {"structure", "atoms", "converged", "reason", "message", "steps", "evaluations", "energy" and
"enthalpy" eV, "volume" Å³, "largestForce" eV/Å, "largestStress" GPa, "disagreement" eV/Å, "extrapolations"}.`;

export function relaxCommand(terminal: Terminal): Command {
  const command = new Command("relax")
    .description("Relax structures to their nearest minima.")
    .argument("<potential>", "potential, LAMMPS file, or name of a published potential")
    .argument("<structures...>", "files of structures")
    .option("-o, --out <file>", "write the relaxed structures (.extxyz and others)")
    .addOption(
      new Option("--cell [freedom]", "relax the cell too: any strain, a uniform one, or at fixed volume").choices([
        "all",
        "isotropic",
        "fixed-volume",
      ]),
    )
    .option("--pressure <GPa>", "external pressure", realNumber("--pressure", { unit: "GPa", any: true }))
    .option("--fmax <eV/Å>", "longest force that counts as none", realNumber("--fmax", { unit: "eV/Å" }), 0.01)
    .option("--smax <GPa>", "largest stress that counts as none", realNumber("--smax", { unit: "GPa" }), 0.02)
    .option("--steps <n>", "steps at most", wholeNumber("--steps", 0), 1000)
    .addOption(new Option("--optimizer <name>", "how").choices(["lbfgs", "fire"]).default("lbfgs"))
    .option("--fix <atoms>", "atoms that stay: 1,2,10-20", atomList("--fix"));
  return addCommonOptions(command)
    .addHelpText("after", example)
    .action((potential: string, files: string[], options: RelaxOptions) =>
      relaxFiles({ potential, files, options }, terminal),
    );
}

interface Task {
  readonly potential: string;
  readonly files: readonly string[];
  readonly options: RelaxOptions;
}

async function relaxFiles({ potential: path, files, options }: Task, terminal: Terminal): Promise<void> {
  if (options.pressure !== undefined && options.cell === undefined) throw pressureWithoutCell();
  const units = unitsOf(options);
  const progress = new Progress({ stream: terminal.err, silent: options.quiet === true });
  progress.stage("reading");
  const frames: Frame[] = [];
  for (const file of files) for (const frame of await readAllFrames(file, { units })) frames.push(frame);
  const tasks = frames.map((frame) => located(frame, () => taskOf(frame, options)));
  const interruption = interruptible(progress, STOPPING);
  try {
    progress.stage(frames.length === 1 ? "relaxing" : `relaxing ${frames.length} structures`);
    const relaxations = await relaxAll(path, tasks, {
      ...{ units, threads: options.threads, signal: interruption.signal, ...hear({ frames, progress, options }) },
      checking: (k, check) => located(frames[k]!, check),
    });
    progress.finish();
    const relaxed = frames.map((frame, k) => ({ frame, relaxation: relaxations[k]! }));
    if (options.out !== undefined) await writeRelaxed(options.out, relaxed, progress);
    tell(relaxed, { terminal, json: options.json === true });
    const missed = relaxed.filter(({ relaxation }) => !relaxation.converged).length;
    if (missed === 0) return;
    const text = `${missed} of ${relaxed.length} structures have not come to their minimum.`;
    if (interruption.signal.aborted) throw new Interrupted(`Interrupted: ${text}`);
    progress.note(text);
    throw new EndedEarly("not converged", 1);
  } finally {
    interruption.end();
  }
}

const STOPPING = "Stopping: structures stay where they have come to. Once more ends at once, and nothing is written.";

interface Relaxed {
  readonly frame: Frame;
  readonly relaxation: Relaxation;
}

const taskOf = ({ structure }: Frame, options: RelaxOptions): RelaxationTask => ({
  structure,
  method: options.optimizer,
  forceTolerance: options.fmax,
  stressTolerance: options.smax * gigapascal,
  maxSteps: options.steps,
  pressure: (options.pressure ?? 0) * gigapascal,
  ...(options.cell === undefined ? {} : { cell: freedoms[options.cell === true ? "all" : options.cell] }),
  ...(options.fix === undefined ? {} : { fixed: holdAtoms(structure, options.fix) }),
});

interface Audience {
  readonly frames: readonly Frame[];
  readonly progress: Progress;
  readonly options: RelaxOptions;
}

/** Of one structure its steps are told, of many how many are done. */
function hear({ frames, progress, options }: Audience) {
  let done = 0;
  return {
    onWarning: (warning: string): void => progress.note(`Warning: ${warning}`),
    onStep: (_: number, { step, largestForce }: RelaxationStep): void => {
      if (frames.length === 1) progress.update(step, options.steps, `largest force ${significant(largestForce)} eV/Å`);
    },
    onDone: (k: number, { trouble }: Relaxation): void => {
      if (trouble !== undefined) progress.note(`Warning: ${frameName(frames[k]!)}: ${trouble.problem}`);
      if (frames.length > 1) progress.update(++done, frames.length);
    },
  };
}

const freedoms: Readonly<Record<CellOption, CellFreedom>> = {
  all: {},
  isotropic: { strain: "isotropic" },
  "fixed-volume": { fixedVolume: true },
};

async function writeRelaxed(path: string, relaxed: readonly Relaxed[], progress: Progress): Promise<void> {
  const onLoss = (lost: string): void => progress.note(`Not kept in ${path}: ${lost}.`);
  await writeFrames(path, relaxed.map(relaxedFrame), { onLoss });
}

/** The frame with the relaxed structure and its labels; what else it said stays, but for what moved. */
function relaxedFrame({ frame, relaxation }: Relaxed): Frame {
  const { structure, energy, enthalpy, forces, stress, converged, steps, uncertainty } = relaxation;
  const info = new Map<string, InfoValue>(frame.info);
  info.set("relaxed", converged);
  info.set("relaxation_steps", steps);
  if (Number.isFinite(enthalpy)) info.set("enthalpy", enthalpy);
  if (uncertainty !== undefined) info.set("disagreement", uncertainty.disagreement);
  const columns = new Map<string, AtomColumn>(
    [...frame.columns].filter(([name]) => !["velocities", "momenta", "image"].includes(name)),
  );
  const labels = Number.isFinite(energy) ? { energy, forces, ...(stress === undefined ? {} : { stress }) } : {};
  return { structure, ...labels, info, columns, source: frame.source };
}

function tell(relaxed: readonly Relaxed[], { terminal, json }: { terminal: Terminal; json: boolean }): void {
  if (json) for (const one of relaxed) printLine(terminal.out, JSON.stringify(relaxationRecord(one)));
  else {
    const titles = [
      "structure",
      "atoms",
      "",
      "steps",
      "energy, eV",
      "eV/atom",
      "largest force, eV/Å",
      "largest stress, GPa",
    ];
    printLine(terminal.out, layOut([titles, ...relaxed.map(row)], { text: 1 }));
  }
}

function row({ frame, relaxation }: Relaxed): string[] {
  const { reason, steps, energy, largestForce, largestStress } = relaxation;
  const atoms = atomCount(frame.structure);
  const stress = significant(largestStress / gigapascal);
  const numbers = [energy.toFixed(6), (energy / atoms).toFixed(6), significant(largestForce), stress];
  return [frameName(frame), String(atoms), reason, String(steps), ...numbers];
}

function relaxationRecord({ frame: { structure, source }, relaxation }: Relaxed): Readonly<Record<string, unknown>> {
  const { converged, reason, trouble, steps, evaluations, energy, enthalpy, history } = relaxation;
  const { largestForce, largestStress, uncertainty, extrapolation } = relaxation;
  return {
    structure: { file: source.file, structure: source.structure },
    ...{ atoms: atomCount(structure), converged, reason, message: trouble?.problem ?? null },
    ...{ steps, evaluations, energy, enthalpy, volume: history.at(-1)?.volume ?? null, largestForce },
    largestStress: largestStress / gigapascal,
    disagreement: uncertainty?.disagreement ?? null,
    extrapolations: extrapolation.length,
  };
}

const pressureWithoutCell = (): InputError =>
  new InputError({
    code: "contradiction",
    where: { file: "--pressure" },
    problem: "A pressure does nothing where the cell stays as it is.",
    remedy: "Add --cell.",
  });
