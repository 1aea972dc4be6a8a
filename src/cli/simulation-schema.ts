/**
 * The one definition of the configuration of `potluck md`: types, defaults, units, ranges and help texts of every key. `--help`, the
 * guide and the messages about mistakes are made from it.
 */
import { z } from "zod";
import * as keys from "./simulation-keys.js";

const ramp = (value: z.ZodNumber) => z.union([value, z.array(z.strictObject({ time: z.number(), value })).min(1)]);

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
  temperatureTime: keys.positiveOrNull("Time of the thermostat; null is a hundred time steps.", "fs"),
  pressureTime: keys.positiveOrNull("Time of the barostat; null is a thousand time steps.", "fs"),
  friction: keys.positiveOrNull("Of langevin; null is 0.005.", "1/fs"),
  chain: z.int().min(1).nullable().default(null).meta({ description: "Thermostats in a chain; null is 3." }),
  compressibility: keys.positiveOrNull("Of the material, for cell-rescaling; a guess will do; null is 0.01.", "1/GPa"),
});

const record = z.strictObject({
  thermo: z
    .strictObject({
      every: z.int().min(0).default(10).meta({ description: "Steps between records; 0 for none.", unit: "steps" }),
      format: keys.tableFormat,
      uncertainty: z
        .boolean()
        .default(false)
        .meta({ description: "Whether the disagreement and the extrapolations are recorded, which costs time." }),
    })
    .prefault({}),
  trajectory: z
    .strictObject({
      every: z.int().min(0).default(100).meta({ description: "Steps between frames; 0 for none.", unit: "steps" }),
      format: keys.trajectoryFormat,
      gzip: keys.gzip,
      velocities: z.boolean().default(true).meta({ description: "Whether velocities are written (Å/fs in extxyz)." }),
      wrap: keys.wrap,
      uncertainty: keys.spread,
    })
    .prefault({}),
});

const watch = z.strictObject({
  every: keys.every(10, "Steps between two looks."),
  ...keys.doubts,
  spacing: keys.every(100, "Steps between two collected structures, at least."),
  closest: keys.closest("Distance below which two atoms end the run; 0 to let it be."),
  hottest: keys.hottest,
  drift: keys.positiveOrNull("Change of the conserved quantity with which the run ends.", "eV/atom"),
});

export const simulationSchema = z.strictObject({
  potential: keys.potential,
  structure: keys.structure("File with the structure to start from; velocities may be in it."),
  out: keys.out,
  seed: keys.seed,
  steps: z
    .int()
    .min(1)
    .meta({ description: "Steps to take; a finished run goes on if there are more.", unit: "steps" }),
  timestep: keys.positive(1, "Length of a step.", "fs"),
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
  fixed: keys.fixed,
  record: record.prefault({}).meta({ description: "What is written." }),
  checkpoint: keys.checkpoint(1000, "Steps between checkpoints."),
  watch: watch.prefault({}).meta({ description: "Doubt and nonsense that end a run." }),
  precision: keys.precision,
  threads: keys.threads,
});

/** Resolved: every default is filled in. */
export type SimulationConfiguration = z.output<typeof simulationSchema>;
