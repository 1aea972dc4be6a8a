/** The one expression for the vector of a pair: every list uses it, so that all agree to the last bit. */
import type { Structure } from "../structure/index.js";

const NO_CELL = new Float64Array(9);

/**
 * (r_j − r_i) + (S₀a + S₁b + S₂c), Å. In this order of operations the vector of the opposite pair (j, i, −S) is the
 * exact negative. The result stays in `x`, `y`, `z`, because an object per pair would cost more than the arithmetic.
 */
export class PairVector {
  x = 0;
  y = 0;
  z = 0;
  readonly #positions: Float64Array;
  readonly #cell: Float64Array;

  constructor(structure: Structure) {
    this.#positions = structure.positions;
    this.#cell = structure.cell ?? NO_CELL;
  }

  /** Starts with r_j − r_i. */
  between(i: number, j: number): void {
    const r = this.#positions;
    this.x = r[3 * j]! - r[3 * i]!;
    this.y = r[3 * j + 1]! - r[3 * i + 1]!;
    this.z = r[3 * j + 2]! - r[3 * i + 2]!;
  }

  /** Adds the translation. */
  shift(shifts: Int32Array, at: number): void {
    const cell = this.#cell;
    const s0 = shifts[at]!;
    const s1 = shifts[at + 1]!;
    const s2 = shifts[at + 2]!;
    this.x += s0 * cell[0]! + s1 * cell[3]! + s2 * cell[6]!;
    this.y += s0 * cell[1]! + s1 * cell[4]! + s2 * cell[7]!;
    this.z += s0 * cell[2]! + s1 * cell[5]! + s2 * cell[8]!;
  }

  get squaredLength(): number {
    return this.x * this.x + this.y * this.y + this.z * this.z;
  }
}
