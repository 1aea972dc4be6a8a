/** `potluck analyze`: what trajectories and runs of molecular dynamics show, as numbers, a report and plots. */
import { existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { InputError } from "../errors/index.js";
import { readTable } from "../hosts/node/table-file.js";
import { analyzeTrajectory, type TimedStructure, thermoAverages } from "../properties/index.js";
import type { AnalyzedTrajectory } from "../reports/index.js";
import type { Frame } from "../structure/index.js";
import type { UnitSystem } from "../units/index.js";
import { analysisRecord, analysisText } from "./analyze-result.js";
import { steady } from "./md.js";
import { simulationDirectory } from "./md-directory.js";
import { realNumber } from "./numbers.js";
import { addCommonOptions, type CommonOptions, unitsOf, wholeNumber } from "./options.js";
import { Progress } from "./progress.js";
import { savedConfiguration } from "./run-directory.js";
import { labelled } from "./simulation-result.js";
import { printLine, type Terminal } from "./terminal.js";
import { readFrames, writeAtomically } from "./wiring.js";

interface AnalyzeOptions extends CommonOptions {
  readonly from?: number;
  readonly skip: number;
  readonly every: number;
  readonly cutoff: number;
  readonly bonds?: number;
  readonly interval?: number;
  readonly volume?: number;
  readonly out?: string;
  readonly svg?: string;
}

const example = `
Examples:
  potluck analyze runs/silicon-md -o report.html
  potluck analyze trajectory.lammpstrj --interval 50 --skip 100 --json
  potluck analyze runs/silicon-md --from 5000 --bonds 2.9 --svg figures

Averages of temperature, energy, pressure and volume (of a run of molecular dynamics that holds them), radial distribution functions,
neighbours, angles, mean square displacements and diffusion coefficients, Lindemann's index, with standard errors from blocks. Without
--from, averages begin where energy and volume have settled, and so do the frames of a run. Neighbours are atoms within the first
minimum of g(r), or --bonds. With --json there is one object with all curves: Å, fs, eV, GPa, K.`;

export function analyzeCommand(terminal: Terminal): Command {
  const command = new Command("analyze")
    .description("Averages, distributions, diffusion of a trajectory, and a report.")
    .argument("<runs...>", "a run directory, or files of structures with the same atoms, one after another")
    .option(
      "--from <fs>",
      "time from which on frames and records count",
      realNumber("--from", { unit: "fs", any: true }),
    )
    .option("--skip <n>", "frames to pass over at the beginning", wholeNumber("--skip", 0), 0)
    .option("--every <n>", "take every n-th frame of the rest", wholeNumber("--every", 1), 1)
    .option("--cutoff <Å>", "largest distance of g(r)", realNumber("--cutoff", { unit: "Å" }), 8)
    .option("--bonds <Å>", "distance within which atoms are neighbours", realNumber("--bonds", { unit: "Å" }))
    .option("--interval <fs>", "from frame to frame, where files do not say", realNumber("--interval", { unit: "fs" }))
    .option("--volume <Å³>", "of what does not repeat in three directions", realNumber("--volume", { unit: "Å³" }))
    .option("-o, --out <file>", "write a report (.html)")
    .option("--svg <directory>", "write every plot as a file");
  return addCommonOptions(command)
    .addHelpText("after", example)
    .action((names: string[], options: AnalyzeOptions) => analyze(names, options, terminal));
}

async function analyze(names: readonly string[], options: AnalyzeOptions, terminal: Terminal): Promise<void> {
  if (options.out !== undefined && !/\.html$/i.test(options.out)) throw notHtml(options.out);
  const progress = new Progress({ stream: terminal.err, silent: options.quiet === true });
  progress.stage("reading");
  const run = runOf(names);
  const records = run.thermo === undefined ? [] : readTable(run.thermo);
  const averages = run.steady ? thermoAverages(records, options.from) : undefined;
  const from = options.from ?? averages?.from ?? Number.NEGATIVE_INFINITY;
  const stages = ["measuring distances", "measuring bonds and displacements"];
  const frames = () => {
    progress.stage(stages.shift() ?? "measuring");
    const onFrame = (count: number): void => progress.status(`${count} frames`);
    return chosenFrames(run.files, { ...options, from, units: unitsOf(options), onFrame });
  };
  const { cutoff, bonds, interval, volume } = options;
  const analysis = await analyzeTrajectory(frames, {
    cutoff,
    ...(bonds === undefined ? {} : { bonds }),
    ...(interval === undefined ? {} : { interval: interval * options.every }),
    ...(volume === undefined ? {} : { volume }),
  }).catch((error: unknown) => {
    throw namingFiles(error, run.files);
  });
  progress.finish();
  const analyzed: AnalyzedTrajectory = { analysis, records, averages, source: sourceOf(names, options) };
  const written = await writePictures(analyzed, options);
  if (options.json === true) printLine(terminal.out, JSON.stringify(analysisRecord(analyzed)));
  else printLine(terminal.out, [analysisText(analyzed), ...written].join("\n"));
}

interface Run {
  readonly files: readonly string[];
  readonly thermo: string | undefined;
  /** Whether averages mean something: a run of molecular dynamics without ramps. */
  readonly steady: boolean;
}

/** A directory stands for its trajectory and its records. */
function runOf(names: readonly string[]): Run {
  const [name = ""] = names;
  if (!existsSync(name) || !statSync(name).isDirectory()) return { files: names, thermo: undefined, steady: false };
  const found = readdirSync(name);
  const files = found.filter((file) => /^(trajectory|frames)\.(extxyz|lammpstrj)(\.gz)?$/.test(file));
  if (names.length > 1 || files.length !== 1) throw notOneRun(names, files);
  const thermo = found.find((file) => /^thermo\.(csv|jsonl)$/.test(file));
  const configuration = thermo === undefined ? undefined : savedConfiguration(name, simulationDirectory);
  return {
    files: files.map((file) => join(name, file)),
    thermo: thermo === undefined ? undefined : join(name, thermo),
    steady: configuration !== undefined && steady(configuration),
  };
}

interface Choice {
  readonly from: number;
  readonly skip: number;
  readonly every: number;
  readonly units: UnitSystem;
  readonly onFrame: (count: number) => void;
}

async function* chosenFrames(
  files: readonly string[],
  { from, skip, every, units, onFrame }: Choice,
): AsyncGenerator<TimedStructure> {
  let count = 0;
  for (const file of files)
    for await (const frame of readFrames(file, { units })) {
      const time = timeOf(frame);
      if (time !== undefined && time < from) continue;
      const index = count++ - skip;
      onFrame(count);
      if (index >= 0 && index % every === 0) yield { structure: frame.structure, time };
    }
}

function timeOf({ info }: Frame): number | undefined {
  const time = info.get("time");
  return typeof time === "number" ? time : undefined;
}

const sourceOf = (names: readonly string[], { skip, every }: AnalyzeOptions): string =>
  [
    names.join(", "),
    ...(skip === 0 ? [] : [`without the first ${skip} frames`]),
    ...(every === 1 ? [] : [`one frame in ${every}`]),
  ].join(" · ");

/** Lines that say what was written. */
async function writePictures(analyzed: AnalyzedTrajectory, { out, svg }: AnalyzeOptions): Promise<string[]> {
  if (out === undefined && svg === undefined) return [];
  // They pull in what draws, which numbers alone do not need.
  const { trajectoryPlots, trajectoryReport } = await import("../reports/trajectory.js");
  const { standaloneSvg } = await import("../reports/plots.js");
  const plots = await trajectoryPlots(analyzed);
  if (out !== undefined) await writeAtomically(out, [trajectoryReport(analyzed, plots)]);
  if (svg !== undefined) {
    mkdirSync(svg, { recursive: true });
    for (const plot of plots) await writeAtomically(join(svg, `${plot.name}.svg`), [standaloneSvg(plot.svg)]);
  }
  return [
    ...(out === undefined ? [] : [labelled("Report", out)]),
    ...(svg === undefined ? [] : [labelled("Plots", plots.map(({ name }) => join(svg, `${name}.svg`)).join(", "))]),
  ];
}

function namingFiles(error: unknown, files: readonly string[]): unknown {
  if (!(error instanceof InputError)) return error;
  return new InputError(
    { ...error.trouble, where: { file: files.join(", "), ...error.trouble.where } },
    { cause: error },
  );
}

const notHtml = (out: string): InputError =>
  new InputError({
    code: "unknown-format",
    where: { file: out },
    problem: "A report is a page in HTML.",
    remedy: "Let its name end in .html; --svg DIRECTORY writes the plots alone.",
  });

const notOneRun = (names: readonly string[], files: readonly string[]): InputError =>
  new InputError({
    code: "not-a-run",
    where: { file: names.join(", ") },
    problem:
      names.length > 1
        ? "Several names were given, and the first is a directory."
        : `The directory holds ${files.length} trajectories.`,
    expected: "One run directory with a trajectory, or files.",
    remedy: "Name the files of the trajectory.",
  });
