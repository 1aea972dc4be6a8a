/** `potluck build`: crystals, supercells, slabs, alloys and nanoparticles. */
import { existsSync } from "node:fs";
import { Command } from "commander";
import { InputError } from "../errors/index.js";
import { compositionOf } from "../reports/index.js";
import { atomCount, volume } from "../structure/index.js";
import { type BuildChoices, builtStructure, shapes } from "./build-structure.js";
import { integerList, realNumber, shareList } from "./numbers.js";
import { addCommonOptions, type CommonOptions, unitsOf, wholeNumber } from "./options.js";
import { printLine, type Terminal } from "./terminal.js";
import { readAllFrames, writeFrames } from "./wiring.js";

interface BuildOptions extends CommonOptions, Omit<BuildChoices, "seed"> {
  readonly out: string;
}

const example = `
Examples:
  potluck build fcc Cu --a 3.61 --replicate 4,4,4 -o copper.extxyz
  potluck build fcc Cu --a 3.75 --replicate 4,4,4 --alloy Cu=3,Au=1 --seed 1 -o alloy.extxyz
  potluck build rocksalt Na Cl --a 5.64 --primitive -o POSCAR
  potluck build diamond Si --a 5.43 --slab 1,1,1 --layers 8 --vacuum 12 -o slab.extxyz
  potluck build quartz.poscar --replicate 2,2,2 -o supercell.extxyz
  potluck build wulff Cu --a 3.61 --energies 111=1.95,100=2.17 --atoms 500 --shell Au --shell-layers 1 -o particle.extxyz

Shapes: ${shapes.join(", ")}, or a file with a crystal. Cubic crystals come in their conventional cells. A particle has the number of atoms nearest to
what is asked for that its shape can have; only ratios of surface energies count. --alloy draws elements for all sites in the given shares, by --seed.`;

export function buildCommand(terminal: Terminal): Command {
  const command = new Command("build")
    .description("Build crystals, supercells, slabs, alloys and nanoparticles.")
    .argument("<shape>", "fcc, bcc, … (below), or a file with a crystal")
    .argument("[elements...]", "symbols")
    .requiredOption("-o, --out <file>", "write the structure (.extxyz and others)")
    .option("--a <Å>", "lattice constant", realNumber("--a", { unit: "Å" }))
    .option("--c <Å>", "of hcp (default: √(8/3) a)", realNumber("--c", { unit: "Å" }))
    .option("--primitive", "the smallest cell")
    .option(
      "--replicate <n,n,n>",
      "copies along each vector",
      integerList("--replicate", { lengths: [2, 3], least: 1 }),
    )
    .option("--slab <h,k,l>", "cut a slab with this surface", integerList("--slab", { lengths: [3] }))
    .option("--layers <n>", "atomic planes of the slab", wholeNumber("--layers", 1))
    .option("--vacuum <Å>", "between slabs (default: 15)", realNumber("--vacuum", { unit: "Å" }))
    .option(
      "--energies <hkl=γ,…>",
      "surface energies of a particle: 111, 100, 110",
      shareList("--energies", "111=1,100=1.15"),
    )
    .option("--atoms <n>", "of a particle", wholeNumber("--atoms", 1))
    .option("--diameter <Å>", "of a particle, in the place of --atoms", realNumber("--diameter", { unit: "Å" }))
    .option("--hollow", "a particle around the hollow between six atoms")
    .option("--shell <element>", "of which a particle's shell is made")
    .option("--shell-layers <n>", "layers of the shell", wholeNumber("--shell-layers", 1))
    .option("--shell-share <x>", "share of atoms in the shell", realNumber("--shell-share", { unit: "1" }))
    .option("--alloy <element=share,…>", "draw elements for all sites", shareList("--alloy", "Cu=3,Au=1"));
  return addCommonOptions(command)
    .addHelpText("after", example)
    .action((shape: string, elements: string[], options: BuildOptions) =>
      build({ shape, elements, options }, terminal),
    );
}

interface Task {
  readonly shape: string;
  readonly elements: readonly string[];
  readonly options: BuildOptions;
}

async function build({ shape, elements, options }: Task, terminal: Terminal): Promise<void> {
  const { out, json, ...choices } = options;
  const crystal = shapes.includes(shape) ? undefined : await crystalOfFile(shape, { elements, options });
  const structure = builtStructure(shape, elements, { ...choices, crystal });
  const source = { file: out, structure: 1, line: 1 };
  await writeFrames(out, [{ structure, info: new Map(), columns: new Map(), source }], { units: unitsOf(options) });
  const [atoms, composition] = [atomCount(structure), compositionOf(structure.species)];
  const size = structure.cell === undefined || !structure.periodic.every(Boolean) ? null : volume(structure.cell);
  printLine(
    terminal.out,
    json === true
      ? JSON.stringify({ file: out, atoms, composition, volume: size })
      : `${atoms} atoms (${composition})${size === null ? "" : `, ${(size / atoms).toFixed(3)} Å³ each`}: ${out}`,
  );
}

async function crystalOfFile(file: string, { elements, options }: Omit<Task, "shape">) {
  if (!existsSync(file)) throw unknownShape(file);
  if (elements.length > 0 || options.a !== undefined)
    throw new InputError({
      code: "contradiction",
      where: { file: elements.length > 0 ? elements.join(" ") : "--a" },
      problem: "The crystal comes from a file, with its elements and lattice constants.",
      remedy: "Leave it out; --alloy draws elements for its sites.",
    });
  const frames = await readAllFrames(file, { units: unitsOf(options) });
  if (frames.length === 1) return frames[0]!.structure;
  throw new InputError({
    code: "one-structure-only",
    where: { file },
    problem: `The file has ${frames.length} structures.`,
    remedy: "Give a file with one crystal.",
  });
}

const unknownShape = (shape: string): InputError =>
  new InputError({
    code: "unknown-shape",
    where: { file: shape },
    problem: "This is neither a shape nor a file.",
    expected: `There are ${shapes.join(", ")}.`,
    remedy: "Choose one of these, or check the path.",
  });
