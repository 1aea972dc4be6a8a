/** A made-up training result, with errors of known size. */
import { RandomStream } from "../../src/math/index.js";
import type { Uncertainty } from "../../src/potentials/potential.js";
import { groupedErrors } from "../../src/training/comparison-errors.js";
import { trainingFormat } from "../../src/training/configuration.js";
import type { EpochRecord, MemberRecord, StructureComparison, TrainingResult } from "../../src/training/record.js";

const groups = ["eos", "distorted", "liquid", "surface <111> & co"];

export interface SyntheticOptions {
  readonly structures?: number;
  readonly atoms?: number;
  readonly members?: number;
  readonly epochs?: number;
  readonly test?: boolean;
}

export function syntheticResult(options: SyntheticOptions = {}): TrainingResult {
  const { structures = 120, atoms = 16, members = 3, epochs = 60, test = true } = options;
  const random = new RandomStream(7, "synthetic");
  const comparisons = Array.from({ length: structures }, (_, k) => comparison(random, k, { atoms, test }));
  const train = comparisons.filter(({ set }) => set !== "test");
  return {
    seed: 1,
    configuration: {
      ...trainingFormat.resolve({ data: "examples/silicon/silicon.extxyz.gz" }),
      out: "runs/silicon",
    },
    members: Array.from({ length: members }, (_, member) => memberRecord(random, member, epochs)),
    errors: {
      train: groupedErrors(train),
      ...(test ? { test: groupedErrors(comparisons.filter(({ set }) => set === "test")) } : {}),
    },
    comparisons,
    choices: [
      "Cutoff 6.00 Å: three shells of neighbours at the density of the data.",
      "54 symmetry functions around Si: 12 radial, 42 angular (size medium).",
      "Reference energy of Si: −107.9231 eV, fitted to the training set.",
    ],
    warnings: [
      "Structures 12 and 98 of silicon.extxyz.gz are the same.",
      "Function 7 of Si is constant in the training data.",
    ],
    seconds: 312.4,
    parts: { reading: 1.2, descriptors: 22.1, fitting: 268.7, evaluation: 11, report: 1.4 },
    machine: { node: "v20.20.2", cpu: "Some CPU @ 2.50GHz", cores: 2, threads: 2 },
  };
}

function comparison(
  random: RandomStream,
  k: number,
  { atoms, test }: { readonly atoms: number; readonly test: boolean },
): StructureComparison {
  const group = groups[k % groups.length]!;
  const noise = (0.5 + (k % groups.length)) * 0.03;
  const reference = Float64Array.from({ length: 3 * atoms }, () => random.normal() * (1 + (k % groups.length)));
  const predicted = reference.map((force) => force + noise * random.normal() * (random.uniform() < 0.02 ? 5 : 1));
  const energy = atoms * (-107.9 + 0.3 * random.uniform() + 0.1 * (k % groups.length));
  const stress = Float64Array.from({ length: 6 }, () => 0.05 * random.normal());
  return {
    file: "examples/silicon/silicon.extxyz.gz",
    structure: k + 1,
    group,
    set: test && k % 5 === 0 ? "test" : k % 7 === 0 ? "validation" : "train",
    atoms,
    energy: { reference: energy, predicted: energy + atoms * 0.004 * random.normal() },
    forces: { reference, predicted },
    stress: { reference: stress, predicted: stress.map((s) => s + 0.002 * random.normal()) },
    uncertainty: spreadOf(random, reference.length, noise * (1 + random.uniform())),
  };
}

/** Force spreads around half of the disagreement, which one of them reaches. */
function spreadOf(random: RandomStream, components: number, disagreement: number): Uncertainty {
  const forces = Float64Array.from({ length: components }, (_, k) =>
    k === 0 ? disagreement : disagreement * random.between(0.2, 0.8),
  );
  return { energy: 0.05 * disagreement * components, forces, disagreement };
}

function memberRecord(random: RandomStream, member: number, epochs: number): MemberRecord {
  const history: EpochRecord[] = Array.from({ length: epochs }, (_, k) => {
    const size = 1 / (k + 1) + 0.04 * (1 + 0.1 * member);
    return {
      member,
      epoch: k + 1,
      seconds: k + 1,
      loss: size,
      train: errorsOfSize(size * (1 + 0.05 * random.normal())),
      validation: errorsOfSize(size * (1.25 + 0.08 * random.normal())),
      step: { rate: 1e-3 },
    };
  });
  return {
    seed: 1 + member,
    bestEpoch: epochs - 3 - member,
    epochs,
    history,
    trainStructures: 96,
    validationStructures: 10,
  };
}

const errorsOfSize = (size: number): EpochRecord["train"] => ({
  structures: 96,
  energy: { rmse: 80 * size, mae: 60 * size, count: 96 },
  forces: { rmse: 1.4 * size, mae: size, count: 4608 },
});
