/** The one definition of the configuration of `potluck mc`: types, defaults, units, ranges and help texts of every key. */
import { z } from "zod";
import { ConfigurationFormat, type KeyTrouble } from "../configuration/index.js";
import * as keys from "./simulation-keys.js";

const weight = keys.positive(1, "How often it is tried, relative to the other moves.");

const target = (standard: number) =>
  z
    .number()
    .gt(0)
    .lt(1)
    .default(standard)
    .meta({ description: "Share of attempts to be accepted, to which the size adapts during equilibration." });

const displacement = z.strictObject({
  kind: z.literal("displacement"),
  weight,
  size: keys.positive(0.1, "Half the edge of the cube to which an atom moves, at the start.", "Å"),
  largest: keys.positive(2, "Bound of the size.", "Å"),
  target: target(0.4),
});

const swap = z.strictObject({
  kind: z.literal("swap"),
  weight,
  elements: z
    .array(z.string().min(1))
    .min(2)
    .nullable()
    .default(null)
    .meta({ description: "Atoms of these elements change places; null for all." }),
});

const cell = z.strictObject({
  kind: z.literal("cell"),
  weight,
  pressure: z.number().default(0).meta({ description: "Pressure that is held.", unit: "GPa" }),
  cell: z
    .enum(["isotropic", "orthorhombic", "flexible"])
    .default("isotropic")
    .meta({ description: "How the cell may change." }),
  size: keys.positive(0.005, "Largest component of the strain, at the start."),
  largest: keys.positive(0.3, "Bound of the size."),
  target: target(0.4),
});

const hybrid = z.strictObject({
  kind: z.literal("hybrid"),
  weight,
  steps: keys.every(10, "Steps of dynamics of one attempt."),
  timestep: keys.positive(1, "Time step at the start.", "fs"),
  largest: keys.positive(100, "Bound of the time step.", "fs"),
  target: target(0.65),
});

const transmutation = z.strictObject({
  kind: z.literal("transmutation"),
  weight,
  chemicalPotentials: z.record(z.string().min(1), z.number()).meta({
    description: "Of each element that atoms may become: {Si: 0, Ge: 0.1}; only differences count.",
    unit: "eV",
  }),
});

const move = z
  .discriminatedUnion("kind", [displacement, swap, cell, hybrid, transmutation])
  .meta({ description: "What is tried." });

const record = z.strictObject({
  samples: z
    .strictObject({
      every: z.int().min(0).default(100).meta({
        description: "Attempts between records; 0 for none, and then there are no averages.",
        unit: "attempts",
      }),
      format: keys.tableFormat,
    })
    .prefault({}),
  trajectory: z
    .strictObject({
      every: z.int().min(0).default(1000).meta({
        description: "Attempts between frames, each of which costs an evaluation of all atoms; 0 for none.",
        unit: "attempts",
      }),
      format: keys.trajectoryFormat,
      gzip: keys.gzip,
      wrap: keys.wrap,
      uncertainty: keys.spread,
    })
    .prefault({}),
});

const watch = z.strictObject({
  every: keys.every(1000, "Attempts between two looks, each of which costs an evaluation of all atoms.", "attempts"),
  ...keys.doubts,
  spacing: keys.every(1000, "Attempts between two collected structures, at least.", "attempts"),
  closest: keys.closest(
    "Distance to which no move may bring two atoms, and below which they end the run; 0 to let it be.",
  ),
});

const schema = z.strictObject({
  potential: keys.potential,
  structure: keys.structure("File with the structure to start from."),
  out: keys.out,
  seed: keys.seed,
  steps: z.int().min(1).meta({
    description: "Attempts to make: a sweep is as many as there are atoms. A finished run goes on if there are more.",
    unit: "attempts",
  }),
  equilibration: z.int().min(0).nullable().default(null).meta({
    description: "Attempts during which sizes adapt and which no average counts; null is a hundred for each atom.",
    unit: "attempts",
  }),
  temperature: z
    .union([z.number().gt(0), z.array(z.strictObject({ step: z.number(), value: z.number().gt(0) })).min(1)])
    .default(300)
    .meta({ description: "A number, or points of a ramp {step: attempts, value: K} for annealing.", unit: "K" }),
  moves: z
    .array(move)
    .min(1)
    .prefault([{ kind: "displacement" }])
    .meta({ description: "What is tried, each {kind: …, weight: …} with its own settings; see the keys of moves." }),
  fixed: keys.fixed,
  record: record.prefault({}).meta({ description: "What is written." }),
  checkpoint: keys.checkpoint(10000, "Attempts between checkpoints.", "attempts"),
  watch: watch.prefault({}).meta({ description: "Doubt and nonsense that end a run." }),
  threads: keys.threads,
});

/** Resolved: every default is filled in. */
export type SamplingConfiguration = z.output<typeof schema>;
export type MoveConfiguration = SamplingConfiguration["moves"][number];

export const samplingFormat = new ConfigurationFormat({
  schema,
  longForm: keys.withStructureFile,
  contradictions: contradictionsOf,
});

/** The keys of one move, for help and guide: lists have no keys of their own. */
export const moveFormat = new ConfigurationFormat({ schema: z.strictObject({ move }) });

/** Sizes above their bounds. */
function contradictionsOf({ moves }: SamplingConfiguration): KeyTrouble[] {
  return moves.flatMap((one, k): KeyTrouble[] => {
    if (one.kind === "swap" || one.kind === "transmutation") return [];
    const [key, value] = one.kind === "hybrid" ? ["timestep", one.timestep] : ["size", one.size];
    if (value <= one.largest) return [];
    return [
      {
        path: ["moves", k, key],
        atKey: true,
        trouble: {
          code: "contradiction",
          problem: `\`moves[${k + 1}].${key}\` is ${value}, and its bound \`largest\` is ${one.largest}.`,
          remedy: "Make one of them fit the other.",
        },
      },
    ];
  });
}
