/**
 * Positions that follow each atom through the faces of the cell.
 *
 * From frame to frame each atom is taken to have gone the short way (less than half a cell vector), and that displacement,
 * measured in the cell of the new frame, is added up. In a cell that fluctuates this does not let the barostat scale what an
 * atom has travelled before (von Bülow et al. 2020, doi:10.1063/5.0008316). Atoms already unwrapped stay so.
 */
import { timesMatrix } from "../math/matrix3.js";
import { inverseCell, periodicFrame, type Structure } from "../structure/index.js";

export class Unwrapping {
  #wrapped: Float64Array | undefined;
  #unwrapped: Float64Array | undefined;
  /** Largest step along a vector that repeats, as a share of it; near ½ the short way is a guess. */
  largestStep = 0;

  /** Positions of the next frame, unwrapped, [atom, xyz], Å: its own array. The first frame's are as given. */
  next(structure: Structure): Float64Array {
    const { positions, cell, periodic } = structure;
    if (cell === undefined || !periodic.some(Boolean)) return positions.slice();
    const frame = periodicFrame(cell, periodic);
    const inverse = inverseCell(frame);
    const turnsOf = (r: ArrayLike<number>): number[] =>
      timesMatrix(r, inverse).map((f, d) => (periodic[d] ? Math.floor(f) : 0));
    const wrapped = minus(positions, { frame, turnsOf });
    if (this.#wrapped === undefined || this.#unwrapped === undefined) this.#unwrapped = positions.slice();
    else {
      const steps = wrapped.map((x, k) => x - (this.#wrapped as Float64Array)[k]);
      const short = minus(steps, { frame, turnsOf: (r) => this.#nearest(timesMatrix(r, inverse), periodic) });
      this.#unwrapped = this.#unwrapped.map((x, k) => x + short[k]);
    }
    this.#wrapped = wrapped;
    return this.#unwrapped.slice();
  }

  #nearest(fractional: readonly number[], periodic: Structure["periodic"]): number[] {
    return fractional.map((f, d) => {
      if (!periodic[d]) return 0;
      const turns = Math.round(f);
      this.largestStep = Math.max(this.largestStep, Math.abs(f - turns));
      return turns;
    });
  }
}

/** Rows less whole turns of the frame's vectors. */
function minus(
  rows: Float64Array,
  { frame, turnsOf }: { frame: Float64Array; turnsOf: (row: ArrayLike<number>) => number[] },
): Float64Array {
  const result = rows.slice();
  for (let i = 0; i < rows.length; i += 3) {
    const shift = timesMatrix(turnsOf(rows.subarray(i, i + 3)), frame);
    for (let x = 0; x < 3; x++) result[i + x] -= shift[x];
  }
  return result;
}
