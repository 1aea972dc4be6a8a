/** From fitted members to a potential, its predictions of all structures, and the record of the fit. */
import { cpus } from "node:os";
import type { ElementDescriptors, Scaling } from "../../descriptors/definition.js";
import { RandomStream } from "../../math/index.js";
import { drawMasks, parameterCount } from "../../networks/index.js";
import type { Member, MemberDropout, NetworkPotential } from "../../potentials/definition.js";
import type { Frame } from "../../structure/index.js";
import { groupedErrors } from "../../training/comparison-errors.js";
import type { Labelled } from "../../training/loss.js";
import type { MemberPlan } from "../../training/member.js";
import type { MeanPrediction } from "../../training/predictions.js";
import type { StructureComparison, TrainingResult } from "../../training/record.js";
import { type FitRun, gather, share } from "./train-run.js";
import type { TrainingData } from "./training-data.js";
import type { FitOutcome } from "./worker-messages.js";

export interface ResultParts {
  readonly run: FitRun;
  readonly data: TrainingData;
  readonly structures: readonly Labelled[];
  readonly plans: readonly MemberPlan[];
  readonly outcomes: readonly FitOutcome[];
  readonly potential: NetworkPotential;
}

export function assemblePotential(
  { run, data, plans, outcomes }: Omit<ResultParts, "potential" | "structures">,
  descriptors: readonly ElementDescriptors[],
): NetworkPotential {
  const { passes } = run.configuration.network.dropout;
  const members = outcomes.map(({ snapshot, scalings }, m): Member => {
    const plan = plans[m]!;
    let at = 0;
    return {
      seed: plan.seed,
      energyScale: snapshot.energyScale,
      referenceEnergies: descriptors.map((d) => data.referenceEnergies.get(d.element)!),
      elements: plan.shapes.map((shape, e) => {
        const count = parameterCount(shape);
        const parameters = snapshot.best.slice(at, at + count);
        at += count;
        return { scaling: scalings[e] as Scaling, network: { ...shape, parameters } };
      }),
      ...(plan.dropout === undefined ? {} : { dropout: passMasks(plan, { probability: plan.dropout, passes }) }),
    };
  });
  return { descriptors, members };
}

function passMasks({ seed, shapes }: MemberPlan, how: { probability: number; passes: number }): MemberDropout {
  const masks = shapes.map((shape, e) => drawMasks(shape, new RandomStream(seed, `dropout passes ${e}`), how));
  return { seed, masks };
}

/** Predictions beside the labels, in the order of the frames. */
export async function compareStructures({ run, data, structures, plans, potential }: ResultParts) {
  const { pool, options } = run;
  const total = structures.length;
  let done = 0;
  const cached = structures.map((s) => s.cached);
  const predictions = await Promise.all(
    share(cached, pool.size).map((part, worker) => {
      const task = { potential, layout: plans[0]!.layout, structures: part };
      return pool.run(worker, { kind: "predict", task }, (reply) => {
        if (reply.kind !== "progress") return;
        done += reply.count;
        options.onEvent({ kind: "progress", name: "errors", done: Math.floor(done + 1e-6), total });
      });
    }),
  );
  const test = new Set(data.test);
  return gather(predictions).map((prediction, i) => {
    const set = test.has(i) ? "test" : "train";
    return comparison(data, i, { prediction, set, stress: structures[i]!.labels.stress });
  });
}

function comparison(
  data: TrainingData,
  i: number,
  about: { prediction: MeanPrediction; set: "train" | "test"; stress: Float64Array | undefined },
): StructureComparison {
  const { prediction, set, stress } = about;
  const { source, structure, energy, forces } = data.frames[i]!;
  const { uncertainty } = prediction;
  const predictedEnergy = prediction.energy + referenceOf(data.frames[i]!, data.referenceEnergies);
  return {
    file: source.file,
    structure: source.structure,
    group: data.groups[i]!,
    set,
    atoms: structure.species.length,
    ...(energy === undefined ? {} : { energy: { reference: energy, predicted: predictedEnergy } }),
    ...(forces === undefined ? {} : { forces: { reference: forces, predicted: prediction.forces } }),
    ...(stress === undefined || prediction.stress === undefined
      ? {}
      : { stress: { reference: stress, predicted: prediction.stress } }),
    ...(uncertainty === undefined ? {} : { uncertainty }),
  };
}

const referenceOf = ({ structure }: Frame, energies: ReadonlyMap<number, number>): number =>
  structure.species.reduce((sum, z) => sum + energies.get(z)!, 0);

/** What the caller knows of the run as a whole. */
export interface RunFacts {
  readonly warnings: readonly string[];
  readonly seconds: number;
  readonly parts: Readonly<Record<string, number>>;
}

export function resultOf(
  { run, plans, outcomes }: ResultParts,
  comparisons: readonly StructureComparison[],
  facts: RunFacts,
): TrainingResult {
  const test = comparisons.filter((c) => c.set === "test");
  return {
    seed: run.configuration.seed,
    configuration: run.configuration,
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
    choices: run.choices,
    ...facts,
    machine: {
      node: process.version,
      cpu: cpus()[0]?.model ?? "unknown",
      cores: cpus().length,
      threads: run.pool.size,
    },
  };
}
