/**
 * The one definition of the configuration of learning on the fly: types, defaults, units, ranges and help texts of every key.
 */
import { z } from "zod";
import { learningExecutionSchema } from "../training/configuration-execution.js";
import { measureSchema } from "./configuration-measures.js";
import { walkerSchema } from "./configuration-walkers.js";

const files = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]);

const count = (standard: number, description: string, unit: string) =>
  z.int().min(1).default(standard).meta({ description, unit });

const orNothing = <S extends z.ZodType>(schema: S, description: string, unit?: string) =>
  schema
    .nullable()
    .default(null)
    .meta(unit === undefined ? { description } : { description, unit });

const collectAndStop = (unit: string) => ({
  collect: orNothing(z.number().min(0), "Structures above this are in doubt.", unit),
  stop: orNothing(z.number().min(0), "A walker above this waits for the next potential.", unit),
});

const disagreement = z.strictObject({
  ...collectAndStop("eV/Å"),
  discard: orNothing(
    z.number().gt(0),
    "Structures above this are nonsense: neither labelled nor gone on from; null is four times `stop`.",
    "eV/Å",
  ),
});

const initial = z.strictObject({
  labels: count(10, "Structures that are labelled first: `structure` as it is, then copies in turn.", "structures"),
  displacement: z
    .number()
    .min(0)
    .default(0.1)
    .meta({ description: "Standard deviation of the displacements of the copies.", unit: "Å" }),
  strain: z.number().min(0).max(0.5).default(0.03).meta({ description: "Largest strain component of the copies." }),
});

const engine = z.strictObject({
  kind: z
    .enum(["embedded", "quantum-espresso", "cp2k", "lammps", "vasp", "ase"])
    .default("embedded")
    .meta({ description: "What labels structures. `engine: FILE` is short for the embedded one with that potential." }),
  settings: z
    .record(z.string(), z.json())
    .default({})
    .meta({
      description:
        "Those of the engine; embedded: {potential: FILE or the record of a classical potential}. Paths in them are relative to where " +
        "you are.",
    }),
  warm: z
    .boolean()
    .default(false)
    .meta({ description: "Whether the program is kept running between structures (i-PI)." }),
  seconds: orNothing(z.number().gt(0), "Time limit of one structure.", "s"),
  megabytes: orNothing(z.number().gt(0), "Memory limit of one structure.", "MB"),
});

const explore = z.strictObject({
  walkers: z
    .array(walkerSchema)
    .default([])
    .meta({
      description:
        "What looks for structures: {kind: dynamics | monte-carlo | relax | structures, …}. Lists of temperatures and pressures make a " +
        "walker for each. None: dynamics at 300, 600 and 1000 K, at pressure 0 where the cell repeats in three directions.",
    }),
  stepsPerRound: count(2000, "Steps of a walker before it waits for the others.", "steps"),
  checkpoint: count(500, "Steps of a walker between checkpoints.", "steps"),
  closest: orNothing(
    z.number().min(0),
    "Distance of two atoms below which a walker is lost; null is 0.6 of the shortest in data and structures.",
    "Å",
  ),
});

const doubt = z.strictObject({
  every: count(10, "Steps between two looks.", "steps"),
  spacing: count(50, "Steps between two structures in doubt of one walker, at least.", "steps"),
  disagreement: disagreement.prefault({}).meta({
    description:
      "γ, the largest spread of a force component. Null chooses: by `tolerance` or the calibration of the potential, else by its γ on " +
      "what it has learned.",
  }),
  energySpread: z
    .strictObject(collectAndStop("eV/atom"))
    .prefault({})
    .meta({ description: "The spread of the energy; null leaves it out." }),
  extrapolations: z
    .strictObject(collectAndStop("values"))
    .prefault({})
    .meta({ description: "Function values outside the range of the training data; null leaves them out." }),
  tolerance: orNothing(
    z.number().gt(0),
    "Force error that is tolerable: γ thresholds are set where it is exceeded with a probability of 0.1 and 0.5, by the errors of what " +
      "was labelled before it entered.",
    "eV/Å",
  ),
});

const select = z.strictObject({
  method: z.enum(["diverse", "random"]).default("diverse").meta({
    description:
      "Structures in doubt that are least like the data and each other; or any that walkers pass, as a baseline.",
  }),
  most: count(8, "Structures labelled in a round, at most.", "structures"),
  distance: z.enum(["environments", "mean"]).default("environments").meta({
    description: "What is compared: the least familiar of a structure's atoms, or the mean over them.",
  }),
  separation: z.number().min(0).default(0.1).meta({
    description:
      "Distance below which a structure is a near-duplicate, in standard deviations of the symmetry functions.",
  }),
});

const label = z.strictObject({
  parallel: count(1, "Structures labelled at the same time.", "structures"),
  retries: z.int().min(0).max(100).default(1).meta({
    description: "Times that a calculation that has crashed or been cut off is started again.",
  }),
  onFailure: z.enum(["continue", "stop"]).default("continue").meta({
    description: "Whether a structure that cannot be labelled is left out, or ends the loop.",
  }),
});

const refit = z.strictObject({
  fromScratchEvery: z.int().min(0).default(5).meta({
    description: "Every n-th fit starts from random weights; 1 for all, 0 for none.",
    unit: "fits",
  }),
  growth: z.number().gt(1).default(1.5).meta({
    description:
      "So does a fit to this many times the structures of the last such fit: while there are few data it costs little and is better.",
  }),
  epochs: orNothing(
    z.int().min(1),
    "Of a fit that goes on from the last; null is a quarter of a fit from the beginning.",
    "epochs",
  ),
  rate: z.number().gt(0).max(1).default(0.3).meta({
    description: "Its learning rate at the start, as a share of `potential.optimizer.rate`.",
  }),
  emphasis: z.number().gt(0).default(2).meta({
    description: "Weight of the round's own structures in it; those of before, which are all replayed, have 1.",
  }),
});

const budget = z.strictObject({
  labels: orNothing(z.int().min(0), "Labels that may be bought, the first ones included.", "structures"),
  seconds: orNothing(z.number().gt(0), "Wall time of all parts of the run together.", "s"),
  rounds: orNothing(z.int().min(0), "Rounds after the first fit."),
});

const stop = z.strictObject({
  quiet: orNothing(z.int().min(1), "Steps of all walkers together without a structure in doubt.", "steps"),
  levelRounds: orNothing(
    z.int().min(1),
    "Rounds in which the force error (of the test set, else of new labels before they enter) has not become better.",
  ),
  improvement: z.number().min(0).lt(1).default(0.05).meta({ description: "What counts as better, as a share." }),
});

const keys = z.strictObject({
  data: orNothing(files, "File or files of labelled structures to begin with."),
  test: orNothing(files, "File or files of a test set, never learned from."),
  structure: orNothing(
    files,
    "File or files of structures where walkers start; without data and potential, copies of them are labelled first.",
  ),
  start: orNothing(z.string().min(1), "Potential or committee to begin with."),
  out: orNothing(z.string().min(1), "Run directory; null makes runs/NAME, after the configuration file."),
  seed: z.int().min(0).max(2147483647).default(1).meta({ description: "Seed of everything random." }),
  threads: orNothing(z.int().min(1).max(1024), "Threads; null for every core.", "threads"),
  units: z
    .strictObject({
      length: z
        .enum(["angstrom", "bohr"])
        .default("angstrom")
        .meta({ description: "Length unit of files that have none." }),
      energy: z.enum(["eV", "hartree", "rydberg"]).default("eV").meta({ description: "Energy unit of such files." }),
    })
    .prefault({})
    .meta({ description: "Units of files that have none of their own." }),
  initial: initial.prefault({}).meta({ description: "The first labels, where there are no data and no potential." }),
  engine: engine.prefault({}).meta({ description: "The source of labels." }),
  potential: z.record(z.string(), z.json()).default({}).meta({
    description: "Keys of `potluck train`: {descriptors: …, network: …, committee: {members: 4}, epochs: 200, …}.",
  }),
  explore: explore.prefault({}).meta({ description: "Where structures come from." }),
  doubt: doubt.prefault({}).meta({ description: "Which structures the potential does not know." }),
  select: select.prefault({}).meta({ description: "Which of them are labelled." }),
  label: label.prefault({}).meta({ description: "How they are labelled." }),
  refit: refit.prefault({}).meta({ description: "How the potential learns them." }),
  check: z
    .strictObject({
      properties: z.array(measureSchema).default([]).meta({
        description:
          "Measured with every potential: {kind: surface-energy | equation-of-state | vacancy, structure: FILE, …}.",
      }),
    })
    .prefault({})
    .meta({ description: "What is looked at in every round beside the errors." }),
  budget: budget.prefault({}).meta({ description: "What the loop may use." }),
  stop: stop
    .prefault({})
    .meta({ description: "When it has learned enough. It always ends when all walkers are done." }),
  execution: learningExecutionSchema,
});

export const learningSchema = keys.superRefine(({ engine, execution, potential }, { addIssue }) => {
  const contradict = (path: string[], message: string): void => addIssue({ code: "custom", path, message });
  if ("execution" in potential)
    contradict(["potential", "execution"], "Where fits are done is said by `execution` and `execution.fits`.");
  if (execution.kind === "local") return;
  if (engine.warm)
    contradict(["engine", "warm"], "A program that is kept running is on this machine, and `execution` is slurm.");
  if (engine.seconds !== null)
    contradict(["engine", "seconds"], "`execution.time` limits the jobs of Slurm, not `engine.seconds`.");
  if (engine.megabytes !== null)
    contradict(["engine", "megabytes"], "`execution.memory` limits the jobs of Slurm, not `engine.megabytes`.");
});

/** Resolved: every default is filled in. */
export type LearningConfiguration = z.output<typeof learningSchema>;
/** As written by a user. */
export type LearningConfigurationInput = z.input<typeof learningSchema>;
