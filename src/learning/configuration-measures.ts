/** Keys of the properties that are measured with every potential. */
import { z } from "zod";

const common = {
  name: z.string().min(1).nullable().default(null).meta({ description: "What it is called in tables." }),
  structure: z.string().min(1).meta({ description: "File of the crystal." }),
  frame: z.int().min(1).default(1).meta({ description: "Which structure of the file." }),
  reference: z
    .union([z.number(), z.literal("engine")])
    .nullable()
    .default(null)
    .meta({ description: "What it should be: a number, or `engine` where the engine is the embedded one." }),
};

const relaxCell = z.boolean().default(true).meta({
  description: "Whether the cell of the crystal is relaxed with the potential first.",
});

const surfaceEnergy = z.strictObject({
  kind: z.literal("surface-energy"),
  ...common,
  miller: z
    .array(z.int())
    .length(3)
    .meta({ description: "Of the plane, for the crystal's lattice vectors: [1, 0, 0]." }),
  layers: z.int().min(1).default(8).meta({ description: "Atomic planes." }),
  vacuum: z.number().gt(0).default(15).meta({ description: "Between the slab and its image.", unit: "Å" }),
  relaxAtoms: z.boolean().default(true).meta({ description: "Whether the atoms of the slab relax." }),
  relaxCell,
});

const equationOfState = z.strictObject({
  kind: z.literal("equation-of-state"),
  ...common,
  range: z.number().gt(0).lt(0.5).default(0.06).meta({
    description: "Largest change of the volume of the structure, as a share.",
  }),
  quantity: z.enum(["bulk-modulus", "volume", "energy"]).default("bulk-modulus").meta({
    description: "Which number the reference is of: GPa, Å³/atom or eV/atom.",
  }),
});

const vacancy = z.strictObject({
  kind: z.literal("vacancy"),
  ...common,
  copies: z
    .array(z.int().min(1))
    .length(3)
    .default([1, 1, 1])
    .meta({ description: "Of the crystal along each vector." }),
  relaxCell,
});

export const measureSchema = z.discriminatedUnion("kind", [surfaceEnergy, equationOfState, vacancy]);
export type MeasureConfiguration = z.output<typeof measureSchema>;
