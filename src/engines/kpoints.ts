/** Meshes of k-points. */
import { z } from "zod";
import { heights, type Structure } from "../structure/index.js";

const triple = z.tuple([z.int().min(1), z.int().min(1), z.int().min(1)]);

/** Either a distance, from which each structure gets its own mesh, or a mesh. */
export const kpointsSchema = z
  .union([
    z.strictObject({
      spacing: z.number().gt(0).meta({
        description: "Largest distance between neighbouring k-points, the factor 2π included (as VASP's KSPACING).",
        unit: "1/Å",
      }),
    }),
    z.strictObject({ mesh: triple.meta({ description: "Points along each reciprocal vector." }) }),
  ])
  .meta({ description: "The mesh of k-points: by distance (the same for cells of any size), or as given." });

export type KPoints = z.infer<typeof kpointsSchema>;

/** Points along each reciprocal vector: nᵢ = ⌈2π / (hᵢ·spacing)⌉ with the height hᵢ of the cell; 1 where it does not repeat. */
export function kpointMesh(structure: Structure, kpoints: KPoints): [number, number, number] {
  if ("mesh" in kpoints) return [...kpoints.mesh];
  const { cell, periodic } = structure;
  if (cell === undefined) return [1, 1, 1];
  const high = heights(cell);
  // A hair below a whole number is rounding, not a reason for another point.
  const points = (d: number) => Math.max(1, Math.ceil((2 * Math.PI) / (high[d]! * kpoints.spacing) - 1e-6));
  return [0, 1, 2].map((d) => (periodic[d] ? points(d) : 1)) as [number, number, number];
}
