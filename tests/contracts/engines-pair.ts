/** The pair potential of the pretended programs, as labels. */
import type { Labels } from "../../src/engines/index.js";
import { volume } from "../../src/structure/index.js";
// @ts-expect-error: plain JavaScript, since programs run it too
import { pairEnergy } from "./programs/pair-energy.mjs";

const rows = (values: Float64Array): number[][] =>
  Array.from({ length: values.length / 3 }, (_, i) => [...values.subarray(3 * i, 3 * i + 3)]);

export function pairLabels({ positions, cell }: { positions: Float64Array; cell: Float64Array }): Labels {
  const { energy, forces, strain } = pairEnergy(rows(cell), rows(positions)) as {
    energy: number;
    forces: number[][];
    strain: number[][];
  };
  const component = (i: number, j: number) => strain[i]![j]! / volume(cell);
  const stress = Float64Array.of(
    component(0, 0),
    component(1, 1),
    component(2, 2),
    component(1, 2),
    component(0, 2),
    component(0, 1),
  );
  return { energy, forces: Float64Array.from(forces.flat()), stress };
}
