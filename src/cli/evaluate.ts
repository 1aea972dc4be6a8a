/** `potluck evaluate`: a potential against labelled structures. */
import { Command } from "commander";
import type { Trouble } from "../errors/index.js";
import { InputError } from "../errors/index.js";
import {
  type EvaluationResult,
  evaluationReport,
  significant,
  type WorstStructure,
  worstByEnergy,
  worstByForces,
} from "../reports/index.js";
import type { Frame } from "../structure/index.js";
import { groupedErrors } from "../training/comparison-errors.js";
import { type Compared, compareFrames } from "./comparisons.js";
import { addCommonOptions, type CommonOptions, unitsOf } from "./options.js";
import { Progress } from "./progress.js";
import { errorTable, layOut } from "./table.js";
import { printLine, type Terminal } from "./terminal.js";
import { uncertaintyText } from "./uncertainty-table.js";
import { type OpenedPotential, openPotential, readData, refusalsText, writeAtomically } from "./wiring.js";

interface EvaluateOptions extends CommonOptions {
  readonly report?: string;
}

const example = `
Examples:
  potluck evaluate runs/silicon test.extxyz --report report.html
  potluck evaluate runs/silicon calculations/          every OUTCAR, vasprun.xml, output of pw.x or CP2K below it
  potluck evaluate n2p2-directory input.data --length-unit bohr --energy-unit hartree --json

The table of uncertainties: area between the reliability curve and its diagonal (0 is perfect, 0.5 the worst), ENCE (mean relative
deviation of errors from uncertainties in bins), NLL (mean negative log likelihood), ρ (rank correlation of uncertainty and error),
AUROC (how well the worst tenth is found, 0.5 is chance), and the multiple of the spread within which 95 % of the errors are.
With --json the key "uncertainty" holds all of it, with the reliability curves and bins.`;

export function evaluateCommand(terminal: Terminal): Command {
  const command = new Command("evaluate")
    .description(
      "Errors of a potential on labelled structures, per group and in total, and how far its uncertainty can be believed.",
    )
    .argument("<potential>", "potential.json, run directory, or n2p2 directory")
    .argument("<data...>", "labelled structures: files, outputs of programs, directories of them, patterns")
    .option("--report <file>", "write a report with plots (HTML)");
  return addCommonOptions(command)
    .addHelpText("after", example)
    .action((potential: string, data: string[], options: EvaluateOptions) =>
      evaluate({ potential, data, options }, terminal),
    );
}

interface Task {
  readonly potential: string;
  readonly data: readonly string[];
  readonly options: EvaluateOptions;
}

async function evaluate({ potential: path, data, options }: Task, terminal: Terminal): Promise<void> {
  const started = performance.now();
  const units = unitsOf(options);
  const progress = new Progress({ stream: terminal.err, silent: options.quiet === true });
  const potential = openPotential(path, units);
  for (const warning of potential.warnings) progress.note(`Warning: ${warning}`);
  progress.stage("reading");
  const { frames, refusals } = await readData(data, { units });
  checkLabels(frames, data);
  progress.stage("evaluating");
  const compared = await compareFrames(potential, frames, {
    threads: options.threads,
    onDone: (done) => progress.update(done, frames.length),
  });
  const warnings = [
    ...potential.warnings,
    ...refusalsWarning(refusals, frames),
    ...unitsWarning(potential, compared, options),
  ];
  for (const warning of warnings.slice(potential.warnings.length)) progress.note(`Warning: ${warning}`);
  const result: EvaluationResult = {
    potential: path,
    data,
    errors: groupedErrors(compared.comparisons),
    ...compared,
    warnings,
    seconds: (performance.now() - started) / 1000,
  };
  if (options.report !== undefined) await writeAtomically(options.report, [await evaluationReport(result)]);
  progress.finish();
  printLine(
    terminal.out,
    options.json ? JSON.stringify({ ...summary(result), refused: refusals }) : resultText(result, options.report),
  );
}

const refusalsWarning = (refusals: readonly Trouble[], frames: readonly Frame[]): string[] =>
  refusals.length === 0 ? [] : [refusalsText(refusals, frames.length)];

/** An n2p2 potential does not say its units, and nothing else makes every structure extrapolate. */
function unitsWarning(
  { kind }: OpenedPotential,
  { comparisons, extrapolating }: Compared,
  { lengthUnit, energyUnit }: EvaluateOptions,
): string[] {
  if (kind !== "n2p2" || extrapolating < comparisons.length) return [];
  const units = `${lengthUnit ?? "angstrom"} and ${energyUnit ?? "eV"}`;
  return [
    `Every structure is outside the range of the training data. Is the potential really in ${units}? If not, say it with ` +
      "--length-unit and --energy-unit.",
  ];
}

function checkLabels(frames: readonly Frame[], data: readonly string[]): void {
  if (frames.some(({ energy, forces }) => energy !== undefined || forces !== undefined)) return;
  throw new InputError({
    code: "no-labels",
    where: { file: data.join(", ") },
    problem: "No structure has an energy or forces to compare with.",
    remedy: "Use `potluck predict` for structures without labels.",
  });
}

function resultText(result: EvaluationResult, report: string | undefined): string {
  const { errors, comparisons, judged } = result;
  const worst = [
    ["Worst by energy", worstByEnergy(comparisons, 5)],
    ["Worst by force", worstByForces(comparisons, 5)],
  ] as const;
  return [
    errorTable([{ name: "all", errors }]),
    "",
    ...worst.flatMap(([title, list]) => (list.length === 0 ? [] : [title, worstTable(list), ""])),
    ...(judged === undefined ? [] : [uncertaintyText(judged)]),
    ...(report === undefined ? [] : [`Report  ${report}`]),
  ].join("\n");
}

function worstTable(worst: readonly WorstStructure[]): string {
  const cell = (value: number | undefined): string => (value === undefined ? "–" : significant(value));
  const head = ["structure", "group", "energy, meV/atom", "largest force, eV/Å", "atom", "γ, eV/Å"];
  const rows = worst.map((one) => [
    `${one.file} #${one.structure}`,
    one.group,
    cell(one.energyError),
    cell(one.forceMax),
    one.forceMaxAtom === undefined ? "–" : String(one.forceMaxAtom),
    cell(one.disagreement),
  ]);
  return layOut([head, ...rows], { text: 2 });
}

function summary({ comparisons, judged, ...rest }: EvaluationResult): Readonly<Record<string, unknown>> {
  const worst = { energy: worstByEnergy(comparisons), forces: worstByForces(comparisons) };
  const uncertainty = judged?.report ?? null;
  return { ...rest, structures: comparisons.length, worst, uncertainty, calibration: judged?.calibration ?? null };
}
