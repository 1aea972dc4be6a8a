/**
 * The cell as six numbers that do not know how it is turned: a along x, b in the plane of x and y,
 *
 *   h = (a_x, b_y, c_z, b_x, c_x, c_y)
 *
 * (in print, where lattice vectors are columns, the upper triangle h_11 h_22 h_33 h_12 h_13 h_23), and the force on them: G = F + PV changes
 * by −V (p − P):ε under a strain ε = h⁻¹ δh of rows, so that for component β of lattice vector k
 *
 *   −∂G/∂h_kβ = V Σ_α (h⁻¹)_αk (p − P)_αβ
 *
 * with the internal pressure p = −σ + Σ m v v/V. Martoňák, Laio and Parrinello, Phys. Rev. Lett. 90, 075503 (2003),
 * doi:10.1103/PhysRevLett.90.075503, equation 3.
 */
import { InputError } from "../../errors/index.js";
import { cross3, dot3, length3, rowOf, timesMatrix } from "../../math/matrix3.js";
import { inverseCell, type Structure, signedVolume, volume } from "../../structure/index.js";

/** Row and column of each of the six in the matrix of rows. */
const PLACES = [
  [0, 0],
  [1, 1],
  [2, 2],
  [1, 0],
  [2, 0],
  [2, 1],
] as const;

/** Names of the six. */
export const CELL_COMPONENTS = ["a_x", "b_y", "c_z", "b_x", "c_x", "c_y"] as const;

/** Of xx yy zz yz xz xy, the one at row and column. */
const VOIGT = [
  [0, 5, 4],
  [5, 1, 3],
  [4, 3, 2],
] as const;

/** The six numbers of a cell in standard orientation, Å. */
export const sixOf = (cell: Float64Array): Float64Array => Float64Array.from(PLACES, ([k, b]) => cell[3 * k + b]);

/** Lattice vectors as rows, Å, of the six numbers. */
export function cellOf(six: Float64Array): Float64Array {
  const cell = new Float64Array(9);
  PLACES.forEach(([k, b], c) => {
    cell[3 * k + b] = six[c];
  });
  return cell;
}

export const isStandard = (cell: Float64Array): boolean => cell[1] === 0 && cell[2] === 0 && cell[5] === 0;

/** The structure turned so that a is along x and b in the plane of x and y, with b_y above 0; c_z below 0 for left-handed cells. */
export function standardOrientation(structure: Structure): Structure {
  const { cell, positions } = structure;
  if (cell === undefined || isStandard(cell)) return structure;
  const unit = (v: Float64Array): Float64Array => v.map((x) => x / length3(v));
  const x = unit(rowOf(cell, 0));
  const z = unit(cross3(rowOf(cell, 0), rowOf(cell, 1)));
  const y = cross3(z, x);
  const turned = (rows: Float64Array): Float64Array => {
    const result = new Float64Array(rows.length);
    for (let k = 0; k < rows.length; k += 3)
      result.set(
        [x, y, z].map((axis) => dot3(rows, k, { other: axis, at: 0 })),
        k,
      );
    return result;
  };
  const standard = turned(cell);
  for (const at of [1, 2, 5]) standard[at] = 0;
  return { ...structure, cell: standard, positions: turned(positions) };
}

export interface CellForceOptions {
  /** Lattice vectors as rows, Å, in standard orientation. */
  readonly cell: Float64Array;
  /** P, eV/Å³ */
  readonly pressure: number;
}

/** −∂G/∂h, [component], eV/Å, of the internal pressure p (xx yy zz yz xz xy, eV/Å³). */
export function cellForce(internal: ArrayLike<number>, { cell, pressure }: CellForceOptions): Float64Array {
  const inverse = inverseCell(cell);
  const v = volume(cell);
  return Float64Array.from(PLACES, ([k, b]) => {
    let sum = 0;
    for (let a = 0; a < 3; a++) sum += inverse[3 * a + k] * (internal[VOIGT[a][b]] - (a === b ? pressure : 0));
    return v * sum;
  });
}

/** Positions that follow the cell from `before` to `after`. Throws an InputError (`collapsed-cell`) where the new one is turned inside out. */
export function carried(positions: Float64Array, before: Float64Array, after: Float64Array): Float64Array {
  if (!(signedVolume(after) * signedVolume(before) > 0))
    throw new InputError({
      code: "collapsed-cell",
      problem: `A step of metadynamics leads to the cell (${[...after].map((x) => Number(x.toPrecision(6))).join(" ")}) Å, which is inside out.`,
      remedy: "Take narrower hills, or a larger system.",
    });
  const inverse = inverseCell(before);
  const moved = new Float64Array(positions.length);
  for (let k = 0; k < positions.length; k += 3)
    moved.set(timesMatrix(timesMatrix(positions.subarray(k, k + 3), inverse), after), k);
  return moved;
}
