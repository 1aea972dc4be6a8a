/** Crystals under a homogeneous strain. */
import { timesMatrix } from "../math/matrix3.js";
import type { Structure } from "../structure/index.js";

/** The structure with r → r·(1 + strain), atoms and cell alike; strain is 3×3, row-major. */
export function deformed(structure: Structure, strain: Float64Array): Structure {
  const map = strain.map((x, k) => x + (k % 4 === 0 ? 1 : 0));
  const turned = (rows: Float64Array): Float64Array => {
    const result = new Float64Array(rows.length);
    for (let i = 0; i < rows.length; i += 3) result.set(timesMatrix(rows.subarray(i, i + 3), map), i);
    return result;
  };
  const { positions, cell } = structure;
  return { ...structure, positions: turned(positions), cell: cell === undefined ? undefined : turned(cell) };
}

/** Scaled to `ratio` times its volume. */
export function expanded(structure: Structure, ratio: number): Structure {
  const stretch = Math.cbrt(ratio) - 1;
  return deformed(structure, Float64Array.of(stretch, 0, 0, 0, stretch, 0, 0, 0, stretch));
}
