/**
 * The main job: from a configuration to a potential, its errors and its run directory.
 *
 * files → frames (checked, split) → reference energies → functions (given, or chosen on a sample) → descriptors of all
 * structures in shared memory, filled by all workers → members, each in a worker (or a team of them where there are more
 * threads than members) → committee → errors on every set.
 *
 * The directory: `config.yaml` (resolved), `journal.jsonl` (events, one a line), `checkpoints/`, `potential.json`,
 * `result.json`; the caller adds the report.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { dataHash } from "../../datasets/index.js";
import { chooseDescriptors } from "../../descriptors/automatic.js";
import type { CutoffType, ElementDescriptors, Scaling } from "../../descriptors/definition.js";
import { orderDescriptors } from "../../descriptors/order.js";
import { compileDescriptors, type DescriptorProgram } from "../../descriptors/program.js";
import { affineOf } from "../../descriptors/scaling.js";
import { InputError } from "../../errors/index.js";
import { parseInputNn } from "../../formats/n2p2-potential.js";
import { writePotentialJson } from "../../formats/potential-json.js";
import { RandomStream } from "../../math/index.js";
import { foldInputs, type NetworkShape } from "../../networks/index.js";
import type { Member, NetworkPotential } from "../../potentials/definition.js";
import { NetworkEvaluator } from "../../potentials/network-evaluator.js";
import { elementSymbol, type Frame, type Structure } from "../../structure/index.js";
import { planStructure } from "../../training/cache.js";
import { groupedErrors } from "../../training/comparison-errors.js";
import { activationLetters, cutoffTypes, type TrainingConfiguration } from "../../training/configuration.js";
import { Engine, type EngineLayout } from "../../training/engine.js";
import { cacheLabels } from "../../training/labels.js";
import type { Labelled } from "../../training/loss.js";
import type { MemberPlan } from "../../training/member.js";
import type { EpochRecord, StructureComparison, TrainingResult } from "../../training/record.js";
import { decodeSnapshot } from "../../training/snapshot.js";
import { placeTeam } from "../../training/team.js";
import { unitSystem } from "../../units/index.js";
import { WorkerPool } from "./pool.js";
import { writeFileSafely } from "./safe-file.js";
import { loadTrainingData, type TrainingData } from "./training-data.js";
import type { FitOutcome } from "./worker-messages.js";

export type TrainingEvent =
  | { readonly kind: "stage"; readonly name: string; readonly detail: string }
  | { readonly kind: "progress"; readonly name: string; readonly done: number; readonly total: number }
  | { readonly kind: "epoch"; readonly record: EpochRecord; readonly epochs: number; readonly members: number }
  | { readonly kind: "warning"; readonly text: string };

export interface TrainOptions {
  /** Run directory; made if need be. */
  readonly directory: string;
  /** Whether checkpoints there are continued. */
  readonly resume: boolean;
  onEvent(event: TrainingEvent): void;
  /** Called once the data have been found good, before anything is written. */
  readonly onAccepted?: () => Promise<void>;
  readonly signal?: AbortSignal | undefined;
}

/** Thrown when the signal stopped the fit; the directory can be resumed. */
export class TrainingStopped extends Error {}

export interface TrainOutcome {
  readonly result: TrainingResult;
  readonly potential: NetworkPotential;
}

export async function trainPotential(
  configuration: TrainingConfiguration,
  options: TrainOptions,
): Promise<TrainOutcome> {
  const run = new TrainingRun(configuration, options);
  try {
    return await run.execute();
  } finally {
    await run.close();
  }
}

/**
 * Atoms shown to a network in the whole fit. On mlearn's silicon (13,233 atoms) 100 to 120 epochs did better on the test set than
 * 340, which overfit its few surfaces.
 */
const ATOM_EPOCHS = 1.6e6;

/** Epochs where the configuration names none: a fixed amount of work for small sets, less per structure for large ones. */
export function automaticEpochs(atoms: number, method: string): number {
  if (method === "kalman") return 30;
  if (method === "lbfgs") return 500;
  if (method === "levenberg-marquardt") return 60;
  return Math.max(20, Math.min(1000, Math.round(ATOM_EPOCHS / Math.max(1, atoms))));
}

/** Hidden layers where the configuration names none. */
export function automaticHidden(labels: number): number[] {
  if (labels < 300) return [10, 10];
  if (labels < 3000) return [15, 15];
  return labels < 15000 ? [20, 20] : [30, 30];
}

class TrainingRun {
  readonly #configuration: TrainingConfiguration;
  readonly #options: TrainOptions;
  readonly #pool: WorkerPool;
  readonly #parts: Record<string, number> = {};
  readonly #choices: string[] = [];
  readonly #warnings: string[] = [];
  readonly #started = performance.now();
  #partStarted = performance.now();

  constructor(configuration: TrainingConfiguration, options: TrainOptions) {
    this.#configuration = configuration;
    this.#options = options;
    this.#pool = new WorkerPool(configuration.threads ?? Math.max(1, cpus().length));
  }

  close(): Promise<void> {
    return this.#pool.close();
  }

  async execute(): Promise<TrainOutcome> {
    const { directory, onEvent } = this.#options;
    const configuration = this.#configuration;
    onEvent({ kind: "stage", name: "data", detail: "reading and checking the data" });
    const data = await loadTrainingData(configuration);
    for (const text of data.warnings) this.#warn(text);
    this.#choices.push(...data.choices);
    const hash = await dataHash(data.frames);
    this.#endPart("reading and checking");

    onEvent({ kind: "stage", name: "functions", detail: "choosing symmetry functions" });
    const descriptors = this.#descriptors(data);
    this.#endPart("choosing functions");

    onEvent({
      kind: "stage",
      name: "descriptors",
      detail: `computing descriptors of ${data.frames.length} structures`,
    });
    const program = compileDescriptors(this.#pool.kernels, descriptors);
    const structures = await this.#fill(data, program);
    this.#endPart("descriptors");

    await this.#options.onAccepted?.();
    mkdirSync(join(directory, "checkpoints"), { recursive: true });
    writeFileSafely(join(directory, "config.yaml"), stringify(configuration));
    const plans = this.#plans(data, { structures, program, descriptors });
    const identity = JSON.stringify({ hash, configuration: { ...configuration, threads: this.#pool.size, out: null } });
    onEvent({ kind: "stage", name: "fit", detail: this.#describeFit(plans, structures) });
    const outcomes = await this.#fit(plans, identity);
    this.#endPart("fit");

    const potential = assemble(plans, outcomes, { data, descriptors });
    const comparisons = this.#compare(data, { structures, program, potential, plans, outcomes });
    this.#endPart("errors");
    const result = this.#result({ plans, outcomes, comparisons });
    this.#save(result, { potential, hash });
    return { result, potential };
  }

  #warn(text: string): void {
    this.#warnings.push(text);
    this.#options.onEvent({ kind: "warning", text });
  }

  #endPart(name: string): void {
    const now = performance.now();
    this.#parts[name] = (now - this.#partStarted) / 1000;
    this.#partStarted = now;
  }

  #descriptors(data: TrainingData): readonly ElementDescriptors[] {
    const { descriptors: wanted, units } = this.#configuration;
    const system = unitSystem(units.length, units.energy);
    const elements = data.elements.map(elementSymbol).join(" ");
    if (wanted.file !== null) {
      if (!existsSync(wanted.file))
        throw new InputError({
          code: "no-such-file",
          where: { file: wanted.file },
          problem: "descriptors.file does not exist.",
          remedy: "Give the path of an input.nn, from the directory in which you call potluck.",
        });
      const { descriptors } = parseInputNn(readFileSync(wanted.file, "utf8"), { file: wanted.file, units: system });
      return this.#onlyPresent(descriptors, { data, source: wanted.file });
    }
    if (wanted.functions.length > 0) {
      const { type, alpha } = wanted.cutoffFunction;
      const lines = wanted.functions.map((line) => (/^symfunction/.test(line) ? line : `symfunction_short ${line}`));
      const text = [
        `number_of_elements ${data.elements.length}`,
        `elements ${elements}`,
        `cutoff_type ${cutoffTypes[type]} ${alpha}`,
        ...lines,
      ].join("\n");
      const { descriptors } = parseInputNn(text, { file: "descriptors.functions", units: system });
      return this.#onlyPresent(descriptors, { data, source: "descriptors.functions" });
    }
    return this.#automaticDescriptors(data);
  }

  #onlyPresent(descriptors: readonly ElementDescriptors[], { data, source }: { data: TrainingData; source: string }) {
    for (const z of data.elements) {
      const own = descriptors.find((d) => d.element === z);
      if (own === undefined || own.functions.length === 0)
        throw new InputError({
          code: "missing-functions",
          where: { file: source },
          problem: `There are no symmetry functions for ${elementSymbol(z)}, which the data contain.`,
          remedy: `Add symfunction_short lines for ${elementSymbol(z)}, or leave the choice to Potluck.`,
        });
    }
    const present = orderDescriptors(descriptors.filter((d) => data.elements.includes(d.element)));
    this.#choices.push(
      `Symmetry functions from ${source}: ${present.map((d) => `${elementSymbol(d.element)} ${d.functions.length}`).join(", ")}.`,
    );
    return present;
  }

  #automaticDescriptors(data: TrainingData): readonly ElementDescriptors[] {
    const { descriptors: wanted, seed } = this.#configuration;
    const structures = sampleStructures(data, new RandomStream(seed, "descriptor sample"));
    const { kernels } = this.#pool;
    const mark = kernels.mark();
    const choice = chooseDescriptors(
      structures,
      {
        cutoff: wanted.cutoff ?? undefined,
        size: wanted.size,
        cutoffFunction: {
          type: cutoffTypes[wanted.cutoffFunction.type] as CutoffType,
          alpha: wanted.cutoffFunction.alpha,
        },
      },
      (candidates) => {
        const evaluator = new NetworkEvaluator(kernels, { descriptors: candidates, members: [] });
        const rows: Float64Array[][] = candidates.map(() => []);
        for (const structure of structures)
          evaluator.descriptors(structure).forEach((row, i) => {
            rows[candidates.findIndex((c) => c.element === structure.species[i])]!.push(row);
          });
        return rows;
      },
    );
    kernels.release(mark);
    this.#choices.push(...choice.sentences);
    return choice.descriptors;
  }

  async #fill(data: TrainingData, program: DescriptorProgram): Promise<Labelled[]> {
    const { kernels } = this.#pool;
    const { onEvent } = this.#options;
    const { loss } = this.#configuration;
    const tasks = data.frames.map((frame) =>
      planStructure(kernels, program, { frame, strains: data.useStress && frame.stress !== undefined }),
    );
    const labels = data.frames.map((frame, i) =>
      cacheLabels(kernels, frame, {
        cached: tasks[i]!.cached,
        referenceEnergies: data.referenceEnergies,
        forces: frame.forces !== undefined && (data.useForces || data.test.includes(i)),
        stress: data.useStress,
        weight: loss.groupWeights[data.groups[i]!] ?? 1,
      }),
    );
    let done = 0;
    await Promise.all(
      share(tasks, this.#pool.size).map((part, worker) =>
        this.#pool.run(worker, { kind: "fill", program, tasks: part }, (reply) => {
          if (reply.kind !== "filled") return;
          done += reply.count;
          onEvent({ kind: "progress", name: "descriptors", done, total: tasks.length });
        }),
      ),
    );
    return tasks.map(({ cached }, i) => ({ cached, labels: labels[i]! }));
  }

  #plans(
    data: TrainingData,
    parts: { structures: readonly Labelled[]; program: DescriptorProgram; descriptors: readonly ElementDescriptors[] },
  ): MemberPlan[] {
    const { structures, program, descriptors } = parts;
    const { committee, seed, epochs, optimizer, loss, stop, scaling, network } = this.#configuration;
    const mostAtoms = descriptors.map((_, e) =>
      Math.max(0, ...structures.map(({ cached }) => cached.starts[e + 1]! - cached.starts[e]!)),
    );
    const layout: EngineLayout = { valueLength: program.valueLength, rowLength: program.rowLength, mostAtoms };
    const shapes = this.#shapes(data, descriptors);
    const atoms = data.train.reduce((sum, i) => sum + structures[i]!.cached.atoms, 0);
    return Array.from({ length: committee.members }, (_, member) => {
      const own = committee.different === "split" ? seed : seed + member;
      const splitSeed = committee.different === "seed" ? seed : seed + member;
      const { train, validation } = this.#validation(data, splitSeed);
      return {
        member,
        seed: own,
        structures,
        train,
        validation,
        shapes,
        layout,
        scaling,
        initial: network.initial,
        energyScale: undefined,
        weights: { energy: loss.energy, forces: loss.forces, stress: loss.stress },
        l2: loss.l2,
        optimizer,
        epochs: epochs ?? automaticEpochs(atoms, optimizer.method),
        patience: stop.patience ?? undefined,
      };
    });
  }

  /** A share of every group, rounded down: a rare group is worth more in training. */
  #validation(data: TrainingData, seed: number): { train: number[]; validation: number[] } {
    const { validation: fraction } = this.#configuration.split;
    const groups = new Map<string, number[]>();
    for (const i of data.train) groups.set(data.groups[i]!, [...(groups.get(data.groups[i]!) ?? []), i]);
    const held = [...groups].flatMap(([group, indices]) =>
      new RandomStream(seed, `validation ${group}`)
        .shuffle([...indices])
        .slice(0, Math.floor(fraction * indices.length)),
    );
    // Small groups alone (every structure its own composition, say): a share of all of them.
    const wanted = Math.round(fraction * data.train.length);
    const drawn =
      held.length >= 0.5 * wanted
        ? held
        : new RandomStream(seed, "validation").shuffle([...data.train]).slice(0, wanted);
    const validation = new Set(drawn);
    return {
      train: data.train.filter((i) => !validation.has(i)),
      validation: data.train.filter((i) => validation.has(i)),
    };
  }

  #shapes(data: TrainingData, descriptors: readonly ElementDescriptors[]): NetworkShape[] {
    const { network } = this.#configuration;
    const labels = data.train.reduce((sum, i) => {
      const frame = data.frames[i]!;
      return sum + 1 + (data.useForces ? (frame.forces?.length ?? 0) : 0);
    }, 0);
    const shapes = descriptors.map(({ element, functions }) => {
      const own = network.elements[elementSymbol(element)];
      const hidden = own?.hidden ?? network.hidden ?? automaticHidden(labels);
      const letter = activationLetters[own?.activation ?? network.activation];
      return {
        nodes: [functions.length, ...hidden, 1],
        activations: [...hidden.map(() => letter), "l" as const],
        normalizeNodes: network.normalizeNodes,
      };
    });
    this.#choices.push(
      `Networks: ${shapes.map((s, e) => `${elementSymbol(descriptors[e]!.element)} ${s.nodes.join("-")}`).join(", ")}${network.hidden === null ? ` for ${labels} labels` : ""}.`,
    );
    return shapes;
  }

  #describeFit(plans: readonly MemberPlan[], structures: readonly Labelled[]): string {
    const { optimizer } = this.#configuration;
    const megabytes = structures.reduce((sum, s) => sum + s.cached.bytes, 0) / 1e6;
    const members = plans.length === 1 ? "one network" : `${plans.length} members`;
    return `${members}, ${plans[0]!.epochs} epochs of ${optimizer.method}, ${this.#pool.size} threads, ${megabytes.toFixed(0)} MB of descriptors`;
  }

  /** Rounds of as many members as there are threads; where fewer are left, each gets a team. */
  async #fit(plans: readonly MemberPlan[], identity: string): Promise<FitOutcome[]> {
    const { signal } = this.#options;
    const stopFlag = this.#pool.kernels.allocate(64);
    const flag = this.#pool.kernels.i32(stopFlag, 1);
    flag[0] = 0;
    const stop = (): void => {
      Atomics.store(flag, 0, 1);
    };
    if (signal?.aborted) stop();
    signal?.addEventListener("abort", stop);
    const outcomes: FitOutcome[] = [];
    for (let first = 0; first < plans.length; ) {
      const round = plans.slice(first, first + this.#pool.size);
      const threads = Math.floor(this.#pool.size / round.length);
      outcomes.push(
        ...(await Promise.all(
          round.map((plan, k) => this.#fitMember(plan, { first: k * threads, threads, stopFlag, identity })),
        )),
      );
      first += round.length;
      if (signal?.aborted)
        throw new TrainingStopped(`stopped; the checkpoints in ${this.#options.directory} can be resumed`);
    }
    return outcomes;
  }

  async #fitMember(
    plan: MemberPlan,
    place: { first: number; threads: number; stopFlag: number; identity: string },
  ): Promise<FitOutcome> {
    const { directory, onEvent } = this.#options;
    const { kernels } = this.#pool;
    const size = {
      parameters: plan.shapes.reduce((sum, s) => sum + countOf(s), 0),
      structures: plan.structures.length,
      mostAtoms: plan.structures.reduce((most, { cached }) => Math.max(most, cached.atoms), 0),
    };
    const team = place.threads > 1 ? placeTeam(kernels, place.threads, size) : undefined;
    const path = join(directory, "checkpoints", `member-${plan.member + 1}.checkpoint`);
    const checkpoint = { path, every: this.#configuration.checkpoint.every, identity: place.identity };
    const resume = this.#snapshot(path, place.identity);
    const { stopFlag } = place;
    const leader = this.#pool.run(place.first, { kind: "fit", plan, team, checkpoint, resume, stopFlag }, (reply) => {
      if (reply.kind !== "epoch") return;
      this.#journal({ event: "epoch", ...reply.record });
      onEvent({
        kind: "epoch",
        record: reply.record,
        epochs: plan.epochs,
        members: this.#configuration.committee.members,
      });
    });
    const helpers = Array.from({ length: place.threads - 1 }, (_, k) =>
      this.#pool.run(place.first + 1 + k, { kind: "assist", plan, team: team!, thread: k + 1 }),
    );
    const [outcome] = await Promise.all([leader, ...helpers]);
    return outcome!;
  }

  #snapshot(path: string, identity: string) {
    if (!this.#options.resume || !existsSync(path)) return undefined;
    const snapshot = decodeSnapshot(readFileSync(path), identity);
    if (typeof snapshot !== "string") return snapshot;
    throw new InputError({
      code: "unusable-checkpoint",
      where: { file: path },
      problem: `This checkpoint cannot be resumed: ${snapshot}.`,
      remedy: "Use the same configuration, data and number of threads, or start anew with --overwrite.",
    });
  }

  #journal(event: Readonly<Record<string, unknown>>): void {
    appendFileSync(join(this.#options.directory, "journal.jsonl"), `${JSON.stringify(event)}\n`);
  }

  #compare(
    data: TrainingData,
    parts: {
      structures: readonly Labelled[];
      program: DescriptorProgram;
      potential: NetworkPotential;
      plans: readonly MemberPlan[];
      outcomes: readonly FitOutcome[];
    },
  ): StructureComparison[] {
    const { structures, potential, plans } = parts;
    const engine = new Engine(this.#pool.kernels, plans[0]!.shapes, plans[0]!.layout);
    const accumulated = data.frames.map((frame, i) => new MeanPrediction(frame, structures[i]!));
    for (const member of potential.members) {
      engine.energyScale = member.energyScale;
      engine.load(
        member.elements.map(({ network, scaling }) => foldInputs(network, network.parameters, affineOf(scaling))),
      );
      structures.forEach(({ cached }, i) => {
        accumulated[i]!.add(engine.predict(cached, true));
      });
    }
    const test = new Set(data.test);
    const referenceOf = (frame: Frame): number =>
      frame.structure.species.reduce((sum, z) => sum + data.referenceEnergies.get(z)!, 0);
    return data.frames.map((frame, i) =>
      accumulated[i]!.comparison(frame, {
        group: data.groups[i]!,
        set: test.has(i) ? "test" : "train",
        reference: referenceOf(frame),
      }),
    );
  }

  #result(parts: {
    plans: readonly MemberPlan[];
    outcomes: readonly FitOutcome[];
    comparisons: readonly StructureComparison[];
  }): TrainingResult {
    const { plans, outcomes, comparisons } = parts;
    const test = comparisons.filter((c) => c.set === "test");
    return {
      seed: this.#configuration.seed,
      configuration: this.#configuration,
      members: outcomes.map(({ snapshot }, m) => ({
        seed: plans[m]!.seed,
        bestEpoch: snapshot.bestEpoch,
        epochs: snapshot.epoch,
        history: snapshot.history,
        trainStructures: plans[m]!.train.length,
        validationStructures: plans[m]!.validation.length,
      })),
      errors: {
        train: groupedErrors(comparisons.filter((c) => c.set !== "test")),
        ...(test.length > 0 ? { test: groupedErrors(test) } : {}),
      },
      comparisons,
      choices: this.#choices,
      warnings: this.#warnings,
      seconds: (performance.now() - this.#started) / 1000,
      parts: this.#parts,
      machine: {
        node: process.version,
        cpu: cpus()[0]?.model ?? "unknown",
        cores: cpus().length,
        threads: this.#pool.size,
      },
    };
  }

  #save(result: TrainingResult, { potential, hash }: { potential: NetworkPotential; hash: string }): void {
    const { directory } = this.#options;
    const { comparisons: _c, members, ...summary } = result;
    const record = {
      errors: result.errors,
      seed: result.seed,
      dataHash: hash,
      choices: result.choices,
      configuration: result.configuration,
    };
    writeFileSafely(join(directory, "potential.json"), writePotentialJson(potential, record));
    writeFileSafely(join(directory, "result.json"), `${JSON.stringify({ ...summary, members }, null, 1)}\n`);
    this.#journal({ event: "done", seconds: result.seconds });
  }
}

const countOf = (shape: NetworkShape): number =>
  shape.nodes.slice(1).reduce((sum, n, l) => sum + (shape.nodes[l]! + 1) * n, 0);

/** Every n-th task to worker n, so that parts are of like size. */
function share<T>(items: readonly T[], parts: number): T[][] {
  return Array.from({ length: parts }, (_, p) => items.filter((_, i) => i % parts === p));
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

function assemble(
  plans: readonly MemberPlan[],
  outcomes: readonly FitOutcome[],
  { data, descriptors }: { data: TrainingData; descriptors: readonly ElementDescriptors[] },
): NetworkPotential {
  const members = outcomes.map(({ snapshot, scalings }, m): Member => {
    const plan = plans[m]!;
    let at = 0;
    return {
      seed: plan.seed,
      energyScale: snapshot.energyScale,
      referenceEnergies: descriptors.map((d) => data.referenceEnergies.get(d.element)!),
      elements: plan.shapes.map((shape, e) => {
        const parameters = snapshot.best.slice(at, at + countOf(shape));
        at += countOf(shape);
        return { scaling: scalings[e] as Scaling, network: { ...shape, parameters } };
      }),
    };
  });
  return { descriptors, members };
}

/** Mean and spread of the members' predictions of one structure. */
class MeanPrediction {
  readonly #labelled: Labelled;
  readonly #forces: Float64Array;
  readonly #squares: Float64Array;
  readonly #stress = new Float64Array(6);
  #energy = 0;
  #members = 0;

  constructor(frame: Frame, labelled: Labelled) {
    this.#labelled = labelled;
    this.#forces = new Float64Array(frame.structure.positions.length);
    this.#squares = new Float64Array(frame.structure.positions.length);
  }

  add(predicted: { energy: number; forces: Float64Array; stress: Float64Array | undefined }): void {
    const { order } = this.#labelled.cached;
    this.#members++;
    this.#energy += predicted.energy;
    order.forEach((to, from) => {
      for (let x = 0; x < 3; x++) {
        const f = predicted.forces[3 * from + x]!;
        this.#forces[3 * to + x]! += f;
        this.#squares[3 * to + x]! += f * f;
      }
    });
    predicted.stress?.forEach((s, c) => {
      this.#stress[c]! += s;
    });
  }

  comparison(frame: Frame, about: { group: string; set: "train" | "test"; reference: number }): StructureComparison {
    const n = this.#members;
    const forces = this.#forces.map((f) => f / n);
    let largest = 0;
    for (let i = 0; i < forces.length; i++)
      largest = Math.max(largest, Math.max(0, this.#squares[i]! / n - forces[i]! ** 2));
    const { labels } = this.#labelled;
    return {
      file: frame.source.file,
      structure: frame.source.structure,
      group: about.group,
      set: about.set,
      atoms: frame.structure.species.length,
      ...(frame.energy === undefined
        ? {}
        : { energy: { reference: frame.energy, predicted: this.#energy / n + about.reference } }),
      ...(frame.forces === undefined ? {} : { forces: { reference: frame.forces, predicted: forces } }),
      ...(labels.stress === undefined
        ? {}
        : { stress: { reference: labels.stress, predicted: this.#stress.map((s) => s / n) } }),
      ...(n > 1 ? { disagreement: Math.sqrt(largest) } : {}),
    };
  }
}

/** Marks a directory as a run before anything else is written there. */
export function startRunDirectory(directory: string): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "journal.jsonl"), "", { flag: "a" });
}
