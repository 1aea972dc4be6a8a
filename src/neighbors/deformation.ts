/**
 * How far a neighbour list may be trusted after atoms and cell have moved (Verlet 1967, doi:10.1103/PhysRev.159.98, with
 * a cell that changes).
 *
 * Between two moments the lattice vectors that repeat go from h₀ to h = h₀F. With u_i = r_i − r_i⁰F a pair's vector is
 * v = v₀F + u_j − u_i, so |v| ≥ σ|v₀| − |u_i| − |u_j|, where σ is the smallest singular value of F. A pair that was not
 * listed, |v₀| ≥ rc + skin, is still outside rc while the two largest |u| together are at most σ(rc + skin) − rc.
 */
import { inverse3, timesMatrix } from "../math/matrix3.js";
import { type Periodic, periodicFrame } from "../structure/index.js";

const IDENTITY = Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1);

/** The cell of the moment at which a list was built, to which later cells are compared. */
export class ReferenceCell {
  readonly #periodic: Periodic;
  readonly #frame: Float64Array;
  /** Undefined where nothing repeats. */
  readonly #inverse: Float64Array | undefined;

  constructor(cell: Float64Array | undefined, periodic: Periodic) {
    this.#periodic = periodic;
    this.#frame = periodicFrame(cell, periodic);
    this.#inverse = periodic.some(Boolean) ? inverse3(this.#frame) : undefined;
  }

  /** F, row-major: what repeats goes from the cell of then to `cell`, what is at right angles to it stays. */
  deformationTo(cell: Float64Array | undefined): Float64Array {
    if (this.#inverse === undefined) return IDENTITY;
    const after = this.#frame.slice();
    for (let k = 0; k < 9; k++) if (this.#periodic[Math.floor(k / 3)]) after[k] = cell?.[k] ?? Number.NaN;
    const rows = [0, 3, 6].map((k) => timesMatrix(this.#inverse!.subarray(k, k + 3), after));
    return Float64Array.from(rows.flat());
  }
}

/**
 * A lower bound of the smallest factor by which F (row vectors, r → rF) changes a length: Gershgorin's for FFᵀ, exact for
 * rotations and for strains along the axes. NaN where F is.
 */
export function smallestStretch(f: Float64Array): number {
  const product = (i: number, j: number) =>
    f[3 * i]! * f[3 * j]! + f[3 * i + 1]! * f[3 * j + 1]! + f[3 * i + 2]! * f[3 * j + 2]!;
  const [xy, xz, yz] = [Math.abs(product(0, 1)), Math.abs(product(0, 2)), Math.abs(product(1, 2))];
  const least = Math.min(product(0, 0) - xy - xz, product(1, 1) - xy - yz, product(2, 2) - xz - yz);
  return Math.sqrt(Math.max(0, least));
}
