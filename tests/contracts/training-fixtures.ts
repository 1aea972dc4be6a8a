/** Small fits for the tests: random structures with labels of a random network potential, cached and planned. */

import { compileDescriptors } from "../../src/descriptors/program.js";
import { createKernels } from "../../src/hosts/node/kernels.js";
import { type Kernels, Scratch } from "../../src/kernels/index.js";
import { RandomStream } from "../../src/math/index.js";
import type { NetworkShape } from "../../src/networks/index.js";
import { NetworkEvaluator } from "../../src/potentials/network-evaluator.js";
import type { Frame } from "../../src/structure/index.js";
import { fillStructure, planStructure } from "../../src/training/cache.js";
import { type OptimizerConfiguration, trainingFormat } from "../../src/training/configuration.js";
import { cacheLabels } from "../../src/training/labels.js";
import type { Labelled, LossWeights } from "../../src/training/loss.js";
import type { FitOptions, MemberPlan } from "../../src/training/member.js";
import { randomDescriptors, randomPotential, randomStructure, triclinic } from "../physics/random-potential.js";

/** An optimiser's configuration with its defaults. */
export const optimizerOf = (input: Readonly<Record<string, unknown>>): OptimizerConfiguration =>
  trainingFormat.resolve({ data: "none.xyz", optimizer: input }).optimizer;

export interface Fixture {
  readonly kernels: Kernels;
  readonly plan: MemberPlan;
  readonly frames: readonly Frame[];
}

export interface FixtureOptions {
  readonly seed: number;
  readonly elements: readonly number[];
  readonly structures: number;
  readonly hidden: readonly number[];
  readonly weights?: LossWeights;
  readonly l2?: number;
  readonly normalizeNodes?: boolean;
  readonly optimizer?: Readonly<Record<string, unknown>>;
  readonly epochs?: number;
  readonly validation?: number;
  /** Bytes of derivatives that one structure may keep. */
  readonly budget?: number;
}

/** Frames differ in atoms, elements, cell and labels: some have no energy, some no forces, some no stress. */
export function fixture(options: FixtureOptions): Fixture {
  const { seed, elements, hidden, weights = { energy: 1, forces: 1, stress: 1 }, validation = 0 } = options;
  const random = new RandomStream(seed, "fixture");
  const kernels = createKernels();
  const descriptors = randomDescriptors(random, { elements, types: [2, 9, 22], cutoffs: [6] });
  const structures = Array.from({ length: options.structures }, (_, k) => {
    const some = k % 4 === 3 ? elements.slice(0, 1) : elements;
    return randomStructure(random, { atoms: 2 + (k % 4), elements: some, ...(k % 5 === 4 ? {} : { cell: triclinic }) });
  });
  const teacher = randomPotential(kernels, random, { descriptors, structures, hidden: [4] });
  const evaluator = new NetworkEvaluator(kernels, teacher);
  const frames = structures.map((structure, k): Frame => {
    const { energy, forces, stress } = evaluator.evaluate(structure);
    return {
      structure,
      ...(k % 6 === 5 ? {} : { energy }),
      ...(k % 7 === 6 ? {} : { forces }),
      ...(k % 3 === 2 || stress === undefined ? {} : { stress }),
      info: new Map(),
      columns: new Map(),
      source: { file: "random", structure: k + 1, line: 1 },
    };
  });
  const referenceEnergies = new Map(elements.map((z, e) => [z, teacher.members[0].referenceEnergies[e]]));
  const { labelled, program } = cacheAll(kernels, frames, {
    descriptors,
    referenceEnergies,
    stress: weights.stress > 0,
    budget: options.budget,
  });
  const shapes = descriptors.map(
    ({ functions }, e): NetworkShape => ({
      nodes: [functions.length, ...hidden.map((n) => n + e), 1],
      activations: [...hidden.map(() => "t" as const), "l"],
      normalizeNodes: options.normalizeNodes ?? false,
    }),
  );
  const all = frames.map((_, k) => k);
  const plan: MemberPlan = {
    member: 0,
    seed,
    structures: labelled,
    train: all.slice(validation),
    validation: all.slice(0, validation),
    shapes,
    layout: {
      program,
      mostAtoms: elements.map((_, e) => Math.max(...labelled.map((s) => s.cached.starts[e + 1] - s.cached.starts[e]))),
    },
    scaling: { mode: "scale-sigma", low: 0, high: 0.5 },
    initial: "nguyen-widrow",
    energyScale: undefined,
    weights,
    l2: options.l2 ?? 0,
    optimizer: optimizerOf(options.optimizer ?? { method: "adam" }),
    epochs: options.epochs ?? 5,
    patience: undefined,
  };
  return { kernels, plan, frames };
}

interface CacheAllOptions {
  readonly descriptors: ReturnType<typeof randomDescriptors>;
  readonly referenceEnergies: ReadonlyMap<number, number>;
  readonly stress: boolean;
  readonly budget?: number | undefined;
}

function cacheAll(kernels: Kernels, frames: readonly Frame[], options: CacheAllOptions) {
  const program = compileDescriptors(kernels, options.descriptors);
  const scratch = new Scratch(kernels);
  const labelled = frames.map((frame, k): Labelled => {
    const task = planStructure(kernels, program, {
      ...{ frame, strains: options.stress && frame.stress !== undefined },
      ...(options.budget === undefined ? {} : { budget: options.budget }),
    });
    fillStructure({ kernels, scratch }, program, task);
    const { cached } = task;
    const { referenceEnergies, stress } = options;
    const labels = cacheLabels(kernels, frame, {
      cached,
      referenceEnergies,
      forces: true,
      stress,
      weight: 1 + (k % 3),
    });
    return { cached, labels };
  });
  return { labelled, program };
}

/** Options of a fit that nobody watches, with a clock that stands still. */
export const unwatched: FitOptions = { now: () => 0, onEpoch: () => false };
