/** The one definition of the configuration of `potluck metadynamics`: types, defaults, units, ranges and help texts of every key. */
import { z } from "zod";
import { ConfigurationFormat, type KeyTrouble } from "../configuration/index.js";
import { CELL_COMPONENTS } from "../dynamics/metadynamics/index.js";
import * as keys from "./simulation-keys.js";

const hills = z
  .strictObject({
    width: z.number().gt(0).meta({
      description: "δs, the width of a hill and the step from one to the next: Å, or √eV where `scaled`.",
    }),
    height: keys.positiveOrNull("W; null is the width squared, for `scaled` alone.", "eV"),
  })
  .meta({ description: "What is left at each place." });

const variable = z.strictObject({
  components: z
    .array(z.enum(CELL_COMPONENTS))
    .min(1)
    .default([...CELL_COMPONENTS])
    .meta({
      description: "Components of the lattice vectors that take part, with a along x and b in the plane of x and y.",
    }),
  scaled: z.boolean().default(false).meta({
    description:
      "Whether the curvature of the well is measured first, and the variable scaled so that the well is round.",
  }),
  displacement: keys.positive(0.02, "Change of a component with which the curvature is measured.", "Å"),
});

const detector = z.strictObject({
  volume: keys.positiveOrNull("Change of the volume that counts, as a share; null for none."),
  coordination: keys.positiveOrNull("Change of the mean coordination that counts; null for none.", "neighbours"),
  cutoff: keys.positiveOrNull("Distance within which neighbours are counted; null: none are.", "Å"),
  window: keys.every(3, "Metasteps whose mean is the reference.", "metasteps"),
  persist: keys.every(3, "Metasteps in a row that must be away from it.", "metasteps"),
  stopAfter: z.int().min(1).nullable().default(null).meta({
    description: "Changes after which the run ends; null: none ends it.",
    unit: "changes",
  }),
});

const record = z.strictObject({
  metasteps: z.strictObject({ format: keys.tableFormat }).prefault({}),
  frames: z
    .strictObject({
      every: z
        .int()
        .min(0)
        .default(1)
        .meta({ description: "Metasteps between frames; 0 for none.", unit: "metasteps" }),
      format: keys.trajectoryFormat,
      gzip: keys.gzip,
      wrap: keys.wrap,
    })
    .prefault({}),
});

const watch = z.strictObject({
  every: keys.every(10, "Steps of dynamics between two looks."),
  ...keys.doubts,
  spacing: keys.every(100, "Steps between two collected structures, at least."),
  closest: keys.closest("Distance below which two atoms end the run; 0 to let it be."),
  hottest: keys.hottest,
});

const schema = z.strictObject({
  potential: keys.potential,
  structure: keys.structure(
    "File with the crystal to start from; it is turned so that a is along x, b in the plane of x and y.",
  ),
  out: keys.out,
  seed: keys.seed,
  metasteps: z
    .int()
    .min(1)
    .meta({ description: "Steps of metadynamics; a finished run goes on if there are more.", unit: "metasteps" }),
  temperature: keys.positive(300, "Temperature of the atoms.", "K"),
  pressure: z.number().default(0).meta({ description: "Pressure at which the cell is free.", unit: "GPa" }),
  timestep: keys.positive(1, "Length of a step of dynamics.", "fs"),
  equilibration: keys.every(200, "Steps of dynamics at each metastep before averaging."),
  averaging: keys.every(500, "Steps of dynamics over which the pressure is averaged."),
  thermostat: z
    .enum(["langevin", "velocity-rescaling"])
    .default("langevin")
    .meta({ description: "Both are stochastic: langevin by friction, velocity-rescaling by temperatureTime." }),
  friction: keys.positiveOrNull("Of langevin; null is 0.01.", "1/fs"),
  temperatureTime: keys.positiveOrNull("Of velocity-rescaling; null is a hundred time steps.", "fs"),
  hills,
  variable: variable.prefault({}).meta({ description: "What is driven." }),
  detector: detector.prefault({}).meta({ description: "When the structure counts as changed." }),
  record: record.prefault({}).meta({ description: "What is written." }),
  checkpoint: keys.checkpoint(1, "Metasteps between checkpoints.", "metasteps"),
  watch: watch.prefault({}).meta({ description: "Doubt and nonsense that end a run." }),
  precision: keys.precision,
  threads: keys.threads,
});

/** Resolved: every default is filled in. */
export type MetadynamicsConfiguration = z.output<typeof schema>;

export const metadynamicsFormat = new ConfigurationFormat({
  schema,
  longForm: keys.withStructureFile,
  contradictions: contradictionsOf,
});

function contradictionsOf(configuration: MetadynamicsConfiguration): KeyTrouble[] {
  const { hills, variable, detector, thermostat, friction, temperatureTime } = configuration;
  const found: (KeyTrouble | false)[] = [
    hills.height === null &&
      !variable.scaled &&
      trouble(["hills"], "`hills.height` is missing, and only for a scaled variable is there a standard.", {
        remedy:
          "Give a height in eV, about what the cell's energy changes by in a step of the width, or `variable: {scaled: true}`.",
      }),
    detector.coordination !== null &&
      detector.cutoff === null &&
      trouble(["detector", "coordination"], "`detector.coordination` needs a distance within which neighbours count.", {
        remedy: "Give `detector.cutoff`, between the first and the second shell.",
      }),
    detector.stopAfter !== null &&
      detector.volume === null &&
      detector.coordination === null &&
      trouble(
        ["detector", "stopAfter"],
        "`detector.stopAfter` waits for a change, and nothing says what counts as one.",
        {
          remedy: "Give `detector.volume` or `detector.coordination`.",
        },
      ),
    friction !== null && thermostat !== "langevin" && notFor("friction", thermostat),
    temperatureTime !== null && thermostat !== "velocity-rescaling" && notFor("temperatureTime", thermostat),
  ];
  return found.filter((one) => one !== false);
}

const trouble = (path: readonly string[], problem: string, { remedy }: { readonly remedy: string }): KeyTrouble => ({
  ...{ path, atKey: true },
  trouble: { code: "contradiction", problem, remedy },
});

const notFor = (key: string, thermostat: string): KeyTrouble =>
  trouble([key], `\`${key}\` means nothing for ${thermostat}.`, {
    remedy: "Remove it, or choose the other thermostat.",
  });
