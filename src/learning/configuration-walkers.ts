/** Keys of walkers, one strict object per kind. */
import { z } from "zod";

const files = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]);

const place = {
  name: z
    .string()
    .regex(/^[\w.+-]+$/)
    .nullable()
    .default(null)
    .meta({
      description: "What it is called in tables; null makes a name of what it does.",
    }),
  structure: files.nullable().default(null).meta({
    description: "Where it starts; null is `structure`, else the structure of lowest energy of each group of `data`.",
  }),
  frame: z
    .union([z.int().min(1), z.enum(["last", "all"])])
    .default("all")
    .meta({
      description: "Which structure of a file: a walker each for all of them.",
    }),
};

const several = (description: string, unit: string) =>
  z.union([z.number(), z.array(z.number()).min(1)]).meta({ description, unit });

const steps = (standard: number) =>
  z.int().min(1).default(standard).meta({ description: "Steps in the whole loop.", unit: "steps" });

const dynamics = z.strictObject({
  kind: z.literal("dynamics"),
  ...place,
  steps: steps(20000),
  ensemble: z.enum(["nve", "nvt", "npt"]).nullable().default(null).meta({
    description: "Null is npt where a pressure is given, else nvt.",
  }),
  thermostat: z.enum(["nose-hoover-chains", "langevin", "velocity-rescaling"]).default("langevin").meta({
    description: "For nvt.",
  }),
  cell: z.enum(["isotropic", "orthorhombic", "flexible"]).default("isotropic").meta({
    description: "For npt, how the cell may change (stochastic cell rescaling).",
  }),
  timestep: z.number().gt(0).default(1).meta({ description: "Length of a step.", unit: "fs" }),
  temperature: several("One walker for each.", "K").default(300),
  pressure: several("One walker for each.", "GPa").nullable().default(null),
  temperatureTime: z.number().gt(0).nullable().default(null).meta({
    description: "Time of the thermostat; null is a hundred time steps.",
    unit: "fs",
  }),
  hottest: z.number().gt(0).nullable().default(null).meta({
    description: "Temperature above which the walker is lost; null is four times its own, 2000 K at least.",
    unit: "K",
  }),
});

const monteCarlo = z.strictObject({
  kind: z.literal("monte-carlo"),
  ...place,
  steps: steps(100000),
  temperature: several("One walker for each.", "K").default(300),
  pressure: several("One walker for each, with moves of the cell.", "GPa").nullable().default(null),
  displacement: z.number().min(0).default(1).meta({ description: "Weight of moves of one atom." }),
  swap: z.number().min(0).default(0).meta({ description: "Weight of exchanges of two atoms of different elements." }),
  cell: z
    .number()
    .min(0)
    .default(0.05)
    .meta({ description: "Weight of moves of the cell, where there is a pressure." }),
});

const relax = z.strictObject({
  kind: z.literal("relax"),
  ...place,
  steps: steps(500),
  pressure: several("With a pressure the cell relaxes too; one walker for each.", "GPa").nullable().default(null),
});

const structures = z.strictObject({
  kind: z.literal("structures"),
  ...place,
});

export const walkerSchema = z.discriminatedUnion("kind", [dynamics, monteCarlo, relax, structures]);
export type WalkerConfiguration = z.output<typeof walkerSchema>;
