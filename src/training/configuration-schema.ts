/**
 * The one definition of a training configuration. Types, defaults, units, ranges and help texts of every key are here
 * and only here; `--help`, the documentation and the JSON schema for editors are made from it.
 */
import { z } from "zod";
import { fitExecutionSchema } from "./configuration-execution.js";
import { optimizerSchema } from "./configuration-optimizer.js";

const files = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]);
const symbol = z.string().regex(/^[A-Z][a-z]?$/);

/** Names of n2p2's and aenet's activation functions and their letters in files. */
export const activationLetters = {
  linear: "l",
  tanh: "t",
  logistic: "s",
  softplus: "p",
  relu: "r",
  gaussian: "g",
  cosine: "c",
  revlogistic: "S",
  exponential: "e",
  harmonic: "h",
  mtanh: "m",
  twist: "w",
} as const;
export type ActivationName = keyof typeof activationLetters;
const activationNames = Object.keys(activationLetters) as [ActivationName, ...ActivationName[]];

/** Names of n2p2's cutoff functions and their numbers in files. */
export const cutoffTypes = {
  hard: 0,
  cosine: 1,
  tanhu: 2,
  tanh: 3,
  exponential: 4,
  poly1: 5,
  poly2: 6,
  poly3: 7,
  poly4: 8,
} as const;
export type CutoffName = keyof typeof cutoffTypes;
const cutoffNames = Object.keys(cutoffTypes) as [CutoffName, ...CutoffName[]];

const split = z.strictObject({
  method: z
    .enum(["random", "group", "set", "interval"])
    .default("random")
    .meta({
      description:
        "How test structures are chosen where `test` names no files: at random (each group in proportion), whole groups " +
        "(`split.groups`), as the files say (`set=test`), or every n-th.",
    }),
  test: z
    .number()
    .min(0)
    .lt(1)
    .default(0.1)
    .meta({ description: "Share held out for the test; 0 for none. Ignored where `test` names files." }),
  validation: z
    .number()
    .min(0)
    .lt(1)
    .default(0.05)
    .meta({ description: "Share of the rest that chooses the best epoch; never trained on." }),
  groups: z.array(z.string()).default([]).meta({ description: "Groups that make the test set (method group)." }),
});

const units = z.strictObject({
  length: z.enum(["angstrom", "bohr"]).default("angstrom").meta({
    description: "Length unit of files that have none of their own (n2p2's input.data and input.nn).",
  }),
  energy: z.enum(["eV", "hartree", "rydberg"]).default("eV").meta({ description: "Energy unit of such files." }),
});

const descriptors = z.strictObject({
  cutoff: z
    .number()
    .gt(0)
    .max(30)
    .nullable()
    .default(null)
    .meta({ description: "Cutoff radius; null chooses by the nearest-neighbour distances of the data.", unit: "Å" }),
  size: z.enum(["small", "medium", "large"]).default("medium").meta({
    description: "Size of the automatic set of symmetry functions.",
  }),
  cutoffFunction: z
    .strictObject({
      type: z.enum(cutoffNames).default("poly2").meta({ description: "n2p2's cutoff functions by name." }),
      alpha: z.number().min(0).lt(1).default(0).meta({
        description: "Inner radius below which the cutoff function is 1, as a share of the cutoff radius.",
      }),
    })
    .prefault({})
    .meta({ description: "How functions go to zero at the cutoff." }),
  functions: z.array(z.string().min(1)).default([]).meta({
    description: "n2p2's `symfunction_short` lines, with or without that word, in place of the automatic set.",
  }),
  file: z.string().min(1).nullable().default(null).meta({
    description: "An input.nn whose symmetry functions and cutoff type are taken.",
  }),
});

const hidden = z.array(z.int().min(1).max(1000)).min(1).max(10).nullable().default(null);
const activation = z.union([z.enum(activationNames), z.array(z.enum(activationNames)).min(1)]);

const network = z.strictObject({
  hidden: hidden.meta({
    description: "Neurons per hidden layer; null chooses by the amount of data.",
    unit: "neurons",
  }),
  activation: activation.default("tanh").meta({
    description: "Activation of the hidden layers, or a list with one for each.",
  }),
  initial: z.enum(["glorot", "nguyen-widrow"]).default("glorot").meta({ description: "Weights at the start." }),
  normalizeNodes: z.boolean().default(false).meta({
    description: "Divide a neuron's sum by the number of its inputs (n2p2's normalize_nodes).",
  }),
  dropout: z
    .strictObject({
      probability: z
        .number()
        .min(0)
        .max(0.9)
        .default(0)
        .meta({
          description:
            "Probability that a hidden neuron is left out; 0 for no dropout, 0.1 is usual. `network.dropout: 0.1` is short for it. A " +
            "dropout potential says how unsure it is without a committee, so `committee.members` is then 1 unless it is given.",
        }),
      passes: z.int().min(2).max(10000).default(100).meta({
        description: "Sets of masks whose mean is the prediction and whose spread is the uncertainty.",
        unit: "passes",
      }),
    })
    .prefault({})
    .meta({ description: "Leaving out neurons at random." }),
  elements: z
    .record(symbol, z.strictObject({ hidden: hidden.optional(), activation: activation.optional() }))
    .default({})
    .meta({ description: "Other networks for some elements: {Si: {hidden: [30, 30], activation: softplus}}." }),
});

const scaling = z.strictObject({
  mode: z.enum(["scale-sigma", "scale", "center", "scale-center", "none"]).default("scale-sigma").meta({
    description: "How symmetry functions become network inputs (n2p2's five modes).",
  }),
  low: z.number().default(0).meta({ description: "Lower end of the scaled range (scale_min_short)." }),
  high: z.number().default(1).meta({ description: "Upper end of the scaled range (scale_max_short)." }),
});

const weight = (standard: number, what: string) =>
  z
    .number()
    .min(0)
    .default(standard)
    .meta({ description: `Weight of the mean square error of ${what}.` });

const loss = z.strictObject({
  energy: weight(30, "energies per atom (eV)"),
  forces: weight(1, "force components (eV/Å)"),
  stress: weight(10, "stress components, as virial per atom (eV)"),
  groupWeights: z.record(z.string(), z.number().min(0)).default({}).meta({
    description: "Factors of the errors of some groups: {liquid: 0.5, eos: 4}; 1 for the others.",
  }),
  forcesUsed: z.boolean().default(true).meta({ description: "Whether forces are fitted where there are any." }),
  stressUsed: z
    .union([z.boolean(), z.literal("auto")])
    .default("auto")
    .meta({ description: "Whether stress is fitted; auto does where every periodic structure has it." }),
  l2: z.number().min(0).default(0).meta({ description: "Weight of the mean square of the weights (not the biases)." }),
});

const committee = z.strictObject({
  members: z.int().min(1).max(64).default(4).meta({ description: "Networks in the committee; 1 for a single one." }),
  different: z.enum(["seed+split", "seed", "split"]).default("seed+split").meta({
    description: "What tells members apart: initial weights, validation structures, or both.",
  }),
});

export const trainingSchema = z.strictObject({
  data: files.meta({ description: "File or files of labelled structures." }),
  test: files
    .nullable()
    .default(null)
    .meta({ description: "File or files of the test set; none of it is trained on." }),
  start: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .meta({
      description:
        "Potential, run directory or n2p2 directory to go on from: its functions, networks, reference energies and weights in place of new " +
        "ones. Ranges and scaling follow the new data. Null starts from random weights.",
    }),
  out: z.string().min(1).nullable().default(null).meta({
    description: "Run directory; null makes runs/NAME, after the configuration file.",
  }),
  seed: z.int().min(0).max(2147483647).default(1).meta({ description: "Seed of everything random." }),
  threads: z
    .int()
    .min(1)
    .max(1024)
    .nullable()
    .default(null)
    .meta({ description: "Threads; null for every core.", unit: "threads" }),
  memory: z
    .number()
    .min(0)
    .nullable()
    .default(null)
    .meta({
      description:
        "What descriptors and their derivatives may take; derivatives beyond it are made anew at each visit, which takes several times " +
        "as long. null for half of the machine's memory, at most 3000.",
      unit: "MB",
    }),
  epochs: z
    .int()
    .min(0)
    .nullable()
    .default(null)
    .meta({ description: "Passes over the training set; null chooses by the size of the data.", unit: "epochs" }),
  split: split.prefault({}).meta({ description: "Which structures are for training, validation and test." }),
  units: units.prefault({}).meta({ description: "Units of files that have none of their own." }),
  descriptors: descriptors.prefault({}).meta({ description: "How an atom's surroundings become numbers." }),
  network: network.prefault({}).meta({ description: "The atomic networks." }),
  scaling: scaling.prefault({}).meta({ description: "Scaling of the network inputs." }),
  loss: loss.prefault({}).meta({ description: "What is minimised." }),
  optimizer: optimizerSchema,
  stop: z
    .strictObject({
      patience: z
        .int()
        .min(1)
        .nullable()
        .default(null)
        .meta({ description: "Epochs without a better validation error before a member stops.", unit: "epochs" }),
    })
    .prefault({})
    .meta({ description: "When to stop before the last epoch." }),
  committee: committee
    .prefault({})
    .meta({ description: "Several networks on the same functions tell the uncertainty." }),
  referenceEnergies: z
    .union([z.enum(["fit", "none"]), z.record(symbol, z.number())])
    .default("fit")
    .meta({
      description: "Energies of the free atoms: fitted to the data, none, or given: {Si: -107.9}.",
      unit: "eV/atom",
    }),
  checkpoint: z
    .strictObject({
      every: z.int().min(1).default(1).meta({ description: "Epochs between checkpoints.", unit: "epochs" }),
    })
    .prefault({})
    .meta({ description: "What a killed run can resume from." }),
  execution: fitExecutionSchema,
});

/** Resolved: every default is filled in. */
export type TrainingConfiguration = z.output<typeof trainingSchema>;
/** As written by a user: everything but `data` may be absent. */
export type TrainingConfigurationInput = z.input<typeof trainingSchema>;
export type OptimizerConfiguration = TrainingConfiguration["optimizer"];
/** Configuration of one optimiser, by method. */
export type OptimizerOf<M extends OptimizerConfiguration["method"]> = Extract<OptimizerConfiguration, { method: M }>;
