/** How many neighbours atoms have, as a sign of another structure. */
import type { Structure } from "../../structure/index.js";
import { Vicinity } from "../monte-carlo/vicinity.js";

/** Mean number of neighbours within `cutoff` (Å), images counted. */
export function meanCoordination(structure: Structure, cutoff: number): number {
  const { positions, species } = structure;
  const vicinity = new Vicinity(structure, cutoff);
  let count = 0;
  for (let i = 0; i < species.length; i++)
    count += vicinity.around(positions.subarray(3 * i, 3 * i + 3), cutoff).length - 1;
  return count / species.length;
}
