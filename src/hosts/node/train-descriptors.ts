/** Which symmetry functions a fit uses, and their values for all structures in the memory that its threads share. */
import { existsSync, readFileSync } from "node:fs";
import { totalmem } from "node:os";
import { join } from "node:path";
import { chooseDescriptors } from "../../descriptors/automatic.js";
import type { CutoffType, ElementDescriptors } from "../../descriptors/definition.js";
import { orderDescriptors } from "../../descriptors/order.js";
import type { DescriptorProgram } from "../../descriptors/program.js";
import { InputError } from "../../errors/index.js";
import { parseInputNn } from "../../formats/n2p2-potential.js";
import { RandomStream } from "../../math/index.js";
import { NetworkEvaluator } from "../../potentials/network-evaluator.js";
import { elementSymbol, type Frame, type Structure } from "../../structure/index.js";
import { type CacheTask, planStructure } from "../../training/cache.js";
import { cutoffTypes } from "../../training/configuration.js";
import { cacheLabels } from "../../training/labels.js";
import type { Labelled } from "../../training/loss.js";
import { unitSystem } from "../../units/index.js";
import { writeFileSafely } from "./safe-file.js";
import { type FitRun, share } from "./train-run.js";
import type { TrainingData } from "./training-data.js";

/** Those that a fit on several machines has agreed on: another processor might choose others. */
const agreedName = join("checkpoints", "functions.json");

interface Agreed {
  readonly functions: readonly ElementDescriptors[];
  readonly choices: readonly string[];
}

/** Those of the run if it has agreed on them before, else those that the configuration names or an automatic set. */
export function fitDescriptors(run: FitRun, data: TrainingData): Agreed {
  const { options, choices } = run;
  const file = join(options.directory, agreedName);
  const agreed = options.resume && existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Agreed) : undefined;
  choices.push(...(agreed?.choices ?? []));
  const before = choices.length;
  return agreed ?? { functions: chosenDescriptors(run, data), choices: choices.slice(before) };
}

export function agreeOnDescriptors({ options }: FitRun, agreed: Agreed): void {
  writeFileSafely(join(options.directory, agreedName), JSON.stringify(agreed));
}

/** Those of the potential that the fit goes on from, of a file or of the configuration, or an automatic set. */
function chosenDescriptors(run: FitRun, data: TrainingData): readonly ElementDescriptors[] {
  if (run.start !== undefined) return run.start.potential.descriptors;
  const { file, functions, cutoffFunction } = run.configuration.descriptors;
  if (file !== null) return presentDescriptors(run, data, { text: readDescriptorFile(file), file });
  if (functions.length === 0) return automaticDescriptors(run, data);
  const { type, alpha } = cutoffFunction;
  const lines = functions.map((line) => (/^symfunction/.test(line) ? line : `symfunction_short ${line}`));
  const text = [
    `number_of_elements ${data.elements.length}`,
    `elements ${data.elements.map(elementSymbol).join(" ")}`,
    `cutoff_type ${cutoffTypes[type]} ${alpha}`,
    ...lines,
  ].join("\n");
  return presentDescriptors(run, data, { text, file: "descriptors.functions" });
}

function readDescriptorFile(file: string): string {
  if (existsSync(file)) return readFileSync(file, "utf8");
  throw new InputError({
    code: "no-such-file",
    where: { file },
    problem: "descriptors.file does not exist.",
    remedy: "Give the path of an input.nn, from the directory in which you call potluck.",
  });
}

/** Functions of the elements that the data contain. */
function presentDescriptors(
  { configuration, choices }: FitRun,
  data: TrainingData,
  { text, file }: { text: string; file: string },
): readonly ElementDescriptors[] {
  const units = unitSystem(configuration.units.length, configuration.units.energy);
  const { descriptors } = parseInputNn(text, { file, units });
  for (const z of data.elements) {
    const own = descriptors.find((d) => d.element === z);
    if (own === undefined || own.functions.length === 0)
      throw new InputError({
        code: "missing-functions",
        where: { file },
        problem: `There are no symmetry functions for ${elementSymbol(z)}, which the data contain.`,
        remedy: `Add symfunction_short lines for ${elementSymbol(z)}, or leave the choice to Potluck.`,
      });
  }
  const present = orderDescriptors(descriptors.filter((d) => data.elements.includes(d.element)));
  const counts = present.map((d) => `${elementSymbol(d.element)} ${d.functions.length}`);
  choices.push(`Symmetry functions from ${file}: ${counts.join(", ")}.`);
  return present;
}

function automaticDescriptors({ configuration, pool, choices }: FitRun, data: TrainingData) {
  const { descriptors: wanted, seed } = configuration;
  const structures = sampleStructures(data, new RandomStream(seed, "descriptor sample"));
  const { kernels } = pool;
  const mark = kernels.mark();
  const options = {
    cutoff: wanted.cutoff ?? undefined,
    size: wanted.size,
    cutoffFunction: { type: cutoffTypes[wanted.cutoffFunction.type] as CutoffType, alpha: wanted.cutoffFunction.alpha },
  };
  const choice = chooseDescriptors(structures, options, (candidates) => {
    const evaluator = new NetworkEvaluator(kernels, { descriptors: candidates, members: [] });
    const rows: Float64Array[][] = candidates.map(() => []);
    for (const structure of structures)
      evaluator.descriptors(structure).forEach((row, i) => {
        rows[candidates.findIndex((c) => c.element === structure.species[i])]!.push(row);
      });
    return rows;
  });
  kernels.release(mark);
  choices.push(...choice.sentences);
  return choice.descriptors;
}

/** Structures of every group, about 3000 atoms in all. */
function sampleStructures(data: TrainingData, random: RandomStream): Structure[] {
  const order = random.shuffle([...data.train]);
  const seen = new Set<string>();
  const first = order.filter((i) => {
    const fresh = !seen.has(data.groups[i]!);
    seen.add(data.groups[i]!);
    return fresh;
  });
  const sample: Structure[] = [];
  let atoms = 0;
  for (const i of new Set([...first, ...order])) {
    const { structure } = data.frames[i]!;
    if (atoms > 3000 && sample.length >= first.length) break;
    sample.push(structure);
    atoms += structure.species.length;
  }
  return sample;
}

/** `loss_weight` in the comment line of a structure: a factor of its errors beside that of its group. */
function ownWeight({ info, source: { file, structure, line } }: Frame): number {
  const weight = info.get("loss_weight") ?? 1;
  if (typeof weight === "number" && weight >= 0 && Number.isFinite(weight)) return weight;
  throw new InputError({
    code: "bad-weight",
    where: { file, structure, line },
    problem: `The loss_weight of this structure is ${JSON.stringify(weight)}.`,
    expected: "A finite number, not below 0.",
    remedy: "Correct it, or leave it out for 1.",
  });
}

/** Megabytes of descriptors and derivatives where the configuration says nothing; what the kernels can have is 4 GB. */
const MOST_MEGABYTES = 3000;

/** Reserves the memory of all structures; where it does not suffice, derivatives are not kept. */
function planStructures({ configuration, pool, choices }: FitRun, data: TrainingData, program: DescriptorProgram) {
  const megabytes = configuration.memory ?? Math.min(MOST_MEGABYTES, totalmem() / 2e6);
  let left = 1e6 * megabytes;
  const tasks: CacheTask[] = [];
  // Those that every epoch visits come first.
  for (const i of new Set([...data.train, ...data.frames.keys()])) {
    const frame = data.frames[i]!;
    const strains = data.useStress && frame.stress !== undefined;
    tasks[i] = planStructure(pool.kernels, program, { frame, strains, budget: left });
    left -= tasks[i]!.cached.bytes;
  }
  const anew = tasks.filter(({ cached }) => cached.anew !== undefined).length;
  if (anew > 0)
    choices.push(
      `Derivatives of ${anew} of ${tasks.length} structures are made anew at each visit: ` +
        `${megabytes.toFixed(0)} MB (memory) do not hold them.`,
    );
  return tasks;
}

/** Descriptors and labels of all structures, computed by all workers. */
export async function cacheStructures(
  run: FitRun,
  data: TrainingData,
  program: DescriptorProgram,
): Promise<Labelled[]> {
  const { configuration, options, pool } = run;
  const { kernels } = pool;
  const tasks = planStructures(run, data, program);
  const labels = data.frames.map((frame, i) =>
    cacheLabels(kernels, frame, {
      cached: tasks[i]!.cached,
      referenceEnergies: data.referenceEnergies,
      forces: frame.forces !== undefined && (data.useForces || data.test.includes(i)),
      stress: data.useStress,
      weight: (configuration.loss.groupWeights[data.groups[i]!] ?? 1) * ownWeight(frame),
    }),
  );
  let done = 0;
  await Promise.all(
    share(tasks, pool.size).map((part, worker) =>
      pool.run(worker, { kind: "fill", program, tasks: part }, (reply) => {
        if (reply.kind !== "progress") return;
        done += reply.count;
        options.onEvent({ kind: "progress", name: "descriptors", done, total: tasks.length });
      }),
    ),
  );
  return tasks.map(({ cached }, i) => ({ cached, labels: labels[i]! }));
}
