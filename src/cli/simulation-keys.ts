/** Keys that the configurations of all simulations share. */
import { z } from "zod";

export const every = (standard: number, description: string, unit = "steps") =>
  z.int().min(1).default(standard).meta({ description, unit });

export const positive = (standard: number, description: string, unit?: string) =>
  z
    .number()
    .gt(0)
    .default(standard)
    .meta({ description, ...(unit === undefined ? {} : { unit }) });

export const positiveOrNull = (description: string, unit?: string) =>
  z
    .number()
    .gt(0)
    .nullable()
    .default(null)
    .meta({ description, ...(unit === undefined ? {} : { unit }) });

export const potential = z.union([z.string().min(1), z.looseObject({ kind: z.string() })]).meta({
  description:
    "Potential file or run directory, n2p2 directory, LAMMPS file (.sw, .tersoff, .eam, .eam.alloy, .eam.fs), name of a published " +
    "potential (silicon-stillinger-weber-1985), record of a classical one, sum of any of these ({kind: sum, parts: [runs/silicon, {kind: zbl, " +
    "inner: 0.7, outer: 1.4}]}), or a YAML file with a record.",
});

/** `file`: what the file is for. */
export const structure = (file: string) =>
  z
    .strictObject({
      file: z.string().min(1).meta({ description: file }),
      frame: z
        .union([z.int().min(1), z.literal("last")])
        .default(1)
        .meta({ description: "Which structure of the file, from 1 on, or last." }),
      replicate: z
        .array(z.int().min(1))
        .length(3)
        .default([1, 1, 1])
        .meta({ description: "Copies along each lattice vector." }),
    })
    .meta({ description: "Where to start; `structure: FILE` is short for its file." });

export const out = z
  .string()
  .min(1)
  .nullable()
  .default(null)
  .meta({ description: "Run directory; null makes runs/NAME, after the configuration file." });

export const seed = z.int().min(0).max(2147483647).default(1).meta({ description: "Seed of everything random." });

export const fixed = z
  .array(z.union([z.int().min(1), z.string().regex(/^\d+-\d+$/)]))
  .default([])
  .meta({ description: "Atoms that do not move, from 1 on, in the replicated structure: [1, 2, 10-20]." });

export const tableFormat = z
  .enum(["csv", "jsonl"])
  .default("csv")
  .meta({ description: "Table, or one JSON object a line." });

export const trajectoryFormat = z
  .enum(["extxyz", "lammps-dump"])
  .default("extxyz")
  .meta({ description: "Format of the trajectory." });

export const gzip = z.boolean().default(false).meta({ description: "Whether the trajectory is compressed." });

export const wrap = z
  .boolean()
  .default(false)
  .meta({ description: "Whether atoms are moved into the cell; unwrapped ones keep their displacements." });

export const spread = z
  .boolean()
  .default(false)
  .meta({ description: "Whether the spread of the forces is written, which costs time." });

export const checkpoint = (standard: number, description: string, unit = "steps") =>
  z
    .strictObject({ every: every(standard, description, unit) })
    .prefault({})
    .meta({ description: "What a killed run goes on from." });

const limit = (unit: string) =>
  z.number().min(0).nullable().default(null).meta({ description: "Values above this count; null for none.", unit });

const thresholds = (unit: string, description: string) =>
  z
    .strictObject({ warn: limit(unit), collect: limit(unit), stop: limit(unit) })
    .prefault({})
    .meta({ description });

/** Of every `watch`, in the order of the guide. */
export const doubts = {
  disagreement: thresholds("eV/Å", "γ, the largest spread of a force component over committee or passes."),
  energySpread: thresholds("eV/atom", "The spread of the energy."),
  extrapolations: thresholds("values", "Function values outside the range of the training data."),
};

export const closest = (description: string) => z.number().min(0).default(0.4).meta({ description, unit: "Å" });

export const hottest = positiveOrNull("Temperature above which the run ends.", "K");

export const precision = z
  .enum(["f64", "f32"])
  .default("f64")
  .meta({ description: "Of the kernels of network potentials." });

export const threads = z.int().min(1).max(1024).nullable().default(null).meta({
  description: "Threads for network potentials with 200 atoms or more; null for every core.",
  unit: "threads",
});

/** `structure: FILE` is short for its file. */
export const withStructureFile = (input: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  typeof input.structure === "string" ? { ...input, structure: { file: input.structure } } : input;

/** What every simulation's configuration has. */
export interface SharedSettings {
  readonly potential: string | { readonly kind: string };
  readonly structure: {
    readonly file: string;
    readonly frame: number | "last";
    readonly replicate: readonly number[];
  };
  readonly out: string | null;
  readonly seed: number;
  readonly threads: number | null;
}

/** Where a doubt of the potential counts. */
export interface DoubtLimits {
  readonly disagreement: Limits;
  readonly energySpread: Limits;
  readonly extrapolations: Limits;
}

export interface Limits {
  readonly warn: number | null;
  readonly collect: number | null;
  readonly stop: number | null;
}
