/**
 * The one definition of the configuration of `potluck md`: types, defaults, units, ranges and help texts of every key. `--help`, the
 * guide and the messages about mistakes are made from it.
 */
import { z } from "zod";

const ramp = (value: z.ZodNumber) => z.union([value, z.array(z.strictObject({ time: z.number(), value })).min(1)]);

const limit = (unit: string) =>
  z.number().min(0).nullable().default(null).meta({ description: "Values above this count; null for none.", unit });

const thresholds = (unit: string, description: string) =>
  z
    .strictObject({ warn: limit(unit), collect: limit(unit), stop: limit(unit) })
    .prefault({})
    .meta({ description });

const every = (standard: number, description: string) =>
  z.int().min(1).default(standard).meta({ description, unit: "steps" });

const time = (description: string) => z.number().gt(0).nullable().default(null).meta({ description, unit: "fs" });

const structure = z.strictObject({
  file: z.string().min(1).meta({ description: "File with the structure to start from; velocities may be in it." }),
  frame: z
    .union([z.int().min(1), z.literal("last")])
    .default(1)
    .meta({ description: "Which structure of the file, from 1 on, or last." }),
  replicate: z
    .array(z.int().min(1))
    .length(3)
    .default([1, 1, 1])
    .meta({ description: "Copies along each lattice vector." }),
});

const ensemble = z.strictObject({
  kind: z.enum(["nve", "nvt", "npt"]).default("nvt").meta({
    description:
      "What is held besides the atoms: volume and energy, volume and temperature, or pressure and temperature.",
  }),
  thermostat: z
    .enum(["nose-hoover-chains", "langevin", "velocity-rescaling"])
    .nullable()
    .default(null)
    .meta({ description: "For nvt; null is nose-hoover-chains. velocity-rescaling is the stochastic one." }),
  barostat: z.enum(["martyna-tobias-klein", "cell-rescaling"]).nullable().default(null).meta({
    description:
      "For npt; null is martyna-tobias-klein. cell-rescaling is the stochastic one. Each brings its thermostat.",
  }),
  cell: z
    .enum(["isotropic", "orthorhombic", "flexible"])
    .nullable()
    .default(null)
    .meta({ description: "For npt, how the cell may change; null is isotropic." }),
  temperatureTime: time("Time of the thermostat; null is a hundred time steps."),
  pressureTime: time("Time of the barostat; null is a thousand time steps."),
  friction: z
    .number()
    .gt(0)
    .nullable()
    .default(null)
    .meta({ description: "Of langevin; null is 0.005.", unit: "1/fs" }),
  chain: z.int().min(1).nullable().default(null).meta({ description: "Thermostats in a chain; null is 3." }),
  compressibility: z
    .number()
    .gt(0)
    .nullable()
    .default(null)
    .meta({ description: "Of the material, for cell-rescaling; a guess will do; null is 0.01.", unit: "1/GPa" }),
});

const record = z.strictObject({
  thermo: z
    .strictObject({
      every: z.int().min(0).default(10).meta({ description: "Steps between records; 0 for none.", unit: "steps" }),
      format: z.enum(["csv", "jsonl"]).default("csv").meta({ description: "Table, or one JSON object a line." }),
      uncertainty: z
        .boolean()
        .default(false)
        .meta({ description: "Whether the disagreement and the extrapolations are recorded, which costs time." }),
    })
    .prefault({}),
  trajectory: z
    .strictObject({
      every: z.int().min(0).default(100).meta({ description: "Steps between frames; 0 for none.", unit: "steps" }),
      format: z.enum(["extxyz", "lammps-dump"]).default("extxyz").meta({ description: "Format of the trajectory." }),
      gzip: z.boolean().default(false).meta({ description: "Whether the trajectory is compressed." }),
      velocities: z.boolean().default(true).meta({ description: "Whether velocities are written (Å/fs in extxyz)." }),
      wrap: z
        .boolean()
        .default(false)
        .meta({ description: "Whether atoms are moved into the cell; unwrapped ones keep their displacements." }),
      uncertainty: z
        .boolean()
        .default(false)
        .meta({ description: "Whether the spread of the forces is written, which costs time." }),
    })
    .prefault({}),
});

const watch = z.strictObject({
  every: every(10, "Steps between two looks."),
  disagreement: thresholds("eV/Å", "γ, the largest spread of a force component over committee or passes."),
  energySpread: thresholds("eV/atom", "The spread of the energy."),
  extrapolations: thresholds("values", "Function values outside the range of the training data."),
  spacing: every(100, "Steps between two collected structures, at least."),
  closest: z
    .number()
    .min(0)
    .default(0.4)
    .meta({ description: "Distance below which two atoms end the run; 0 to let it be.", unit: "Å" }),
  hottest: z
    .number()
    .gt(0)
    .nullable()
    .default(null)
    .meta({ description: "Temperature above which the run ends.", unit: "K" }),
  drift: z
    .number()
    .gt(0)
    .nullable()
    .default(null)
    .meta({ description: "Change of the conserved quantity with which the run ends.", unit: "eV/atom" }),
});

export const simulationSchema = z.strictObject({
  potential: z.union([z.string().min(1), z.looseObject({ kind: z.string() })]).meta({
    description:
      "Potential file or run directory, n2p2 directory, LAMMPS file (.sw, .tersoff, .eam, .eam.alloy, .eam.fs), or the record of a " +
      "classical potential: {kind: published, name: silicon-stillinger-weber-1985}.",
  }),
  structure: structure.meta({ description: "Where to start; `structure: FILE` is short for its file." }),
  out: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .meta({ description: "Run directory; null makes runs/NAME, after the configuration file." }),
  seed: z.int().min(0).max(2147483647).default(1).meta({ description: "Seed of everything random." }),
  steps: z
    .int()
    .min(1)
    .meta({ description: "Steps to take; a finished run goes on if there are more.", unit: "steps" }),
  timestep: z.number().gt(0).default(1).meta({ description: "Length of a step.", unit: "fs" }),
  ensemble: ensemble.prefault({}).meta({ description: "What is held; `ensemble: nve` is short for its kind." }),
  temperature: ramp(z.number().min(0)).default(300).meta({
    description: "Of the start and of the thermostat: a number, or points of a ramp {time: fs, value: K}.",
    unit: "K",
  }),
  pressure: ramp(z.number())
    .default(0)
    .meta({ description: "Of npt: a number, or points of a ramp {time: fs, value: GPa}.", unit: "GPa" }),
  velocities: z.enum(["draw", "exact", "file", "rest"]).default("draw").meta({
    description:
      "At the start: drawn for the temperature; drawn and rescaled to meet it exactly; the column `velocities` of the file; or none.",
  }),
  fixed: z
    .array(z.union([z.int().min(1), z.string().regex(/^\d+-\d+$/)]))
    .default([])
    .meta({ description: "Atoms that do not move, from 1 on, in the replicated structure: [1, 2, 10-20]." }),
  record: record.prefault({}).meta({ description: "What is written." }),
  checkpoint: z
    .strictObject({ every: every(1000, "Steps between checkpoints.") })
    .prefault({})
    .meta({ description: "What a killed run goes on from." }),
  watch: watch.prefault({}).meta({ description: "Doubt and nonsense that end a run." }),
  precision: z.enum(["f64", "f32"]).default("f64").meta({ description: "Of the kernels of network potentials." }),
  threads: z.int().min(1).max(1024).nullable().default(null).meta({
    description: "Threads for network potentials with 200 atoms or more; null for every core.",
    unit: "threads",
  }),
});

/** Resolved: every default is filled in. */
export type SimulationConfiguration = z.output<typeof simulationSchema>;
