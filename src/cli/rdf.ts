/** `potluck rdf`: radial distribution functions of trajectories. */
import { Command } from "commander";
import { InputError } from "../errors/index.js";
import { RadialDistribution } from "../properties/index.js";
import { realNumber } from "./numbers.js";
import { addCommonOptions, type CommonOptions, unitsOf, wholeNumber } from "./options.js";
import { Progress } from "./progress.js";
import { rdfPage, rdfSvg } from "./rdf-plot.js";
import { rdfRecord, rdfTable } from "./rdf-result.js";
import { printLine, type Terminal } from "./terminal.js";
import { readFrames, writeAtomically } from "./wiring.js";

interface RdfOptions extends CommonOptions {
  readonly cutoff: number;
  readonly bins?: number;
  readonly skip: number;
  readonly every: number;
  readonly volume?: number;
  readonly plot?: string;
}

const example = `
Examples:
  potluck rdf runs/silicon-md/trajectory.extxyz --skip 100 > rdf.txt
  potluck rdf trajectory.lammpstrj --cutoff 12 --plot rdf.svg

The table has g(r) of all atoms and of each pair of elements, and the number of neighbours within the edge of a bin. All images count,
so that the cutoff may exceed the cell. With --json there is one object: {"frames", "density" 1/Å³, "r" and "edges" Å, "total" and
"pairs": "g", its standard errors "gErrors" (null for few frames) and "coordination"}.`;

export function rdfCommand(terminal: Terminal): Command {
  const command = new Command("rdf")
    .description("Radial distribution functions of trajectories.")
    .argument("<trajectories...>", "files of structures with the same atoms, one after another")
    .option("--cutoff <Å>", "largest distance", realNumber("--cutoff", { unit: "Å" }), 8)
    .option("--bins <n>", "bins (default: of about 0.05 Å)", wholeNumber("--bins", 1))
    .option("--skip <n>", "frames to pass over at the beginning", wholeNumber("--skip", 0), 0)
    .option("--every <n>", "take every n-th frame of the rest", wholeNumber("--every", 1), 1)
    .option("--volume <Å³>", "of what does not repeat in three directions", realNumber("--volume", { unit: "Å³" }))
    .option("--plot <file>", "write a plot (.svg) or a page with it (.html)");
  return addCommonOptions(command)
    .addHelpText("after", example)
    .action((files: string[], options: RdfOptions) => rdf(files, options, terminal));
}

async function rdf(files: readonly string[], options: RdfOptions, terminal: Terminal): Promise<void> {
  const { cutoff, bins, volume, skip, every, plot } = options;
  if (plot !== undefined && !/\.(svg|html)$/i.test(plot)) throw unknownPlot(plot);
  const units = unitsOf(options);
  const progress = new Progress({ stream: terminal.err, silent: options.quiet === true });
  const distribution = new RadialDistribution({
    cutoff,
    ...(bins === undefined ? {} : { bins }),
    ...(volume === undefined ? {} : { volume }),
  });
  progress.stage("reading");
  let count = 0;
  for (const file of files)
    for await (const frame of readFrames(file, { units })) {
      const index = count++ - skip;
      if (index < 0 || index % every !== 0) continue;
      distribution.add(frame.structure);
    }
  progress.finish();
  if (count <= skip) throw nothingLeft(files, { count, skip });
  const result = distribution.result();
  if (plot !== undefined) {
    const page = /\.html$/i.test(plot);
    await writeAtomically(plot, [page ? await rdfPage(result, files.join(", ")) : await rdfSvg(result)]);
  }
  printLine(terminal.out, options.json ? JSON.stringify(rdfRecord(result)) : rdfTable(result));
}

const unknownPlot = (plot: string): InputError =>
  new InputError({
    code: "unknown-format",
    where: { file: plot },
    problem: "The name says neither SVG nor HTML.",
    remedy: "Let it end in .svg or .html.",
  });

const nothingLeft = (files: readonly string[], { count, skip }: { count: number; skip: number }): InputError =>
  new InputError({
    code: "no-frames",
    where: { file: files.join(", ") },
    problem: `There are ${count} frames, and --skip passes over ${skip}.`,
    remedy: "Skip fewer.",
  });
