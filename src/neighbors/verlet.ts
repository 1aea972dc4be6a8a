/**
 * A neighbour list that is kept while atoms move: built for the cutoff and a skin, built anew when a pair from outside
 * could have come in (`deformation.ts`); its vectors are made current at every call.
 */
import { timesMatrix } from "../math/matrix3.js";
import { inverseCell, periodicFrame, type Structure } from "../structure/index.js";
import { neighborList } from "./cell-list.js";
import { ReferenceCell, smallestStretch } from "./deformation.js";
import { PairVector } from "./geometry.js";
import { checkCutoff, type NeighborList } from "./neighbor-list.js";

export interface VerletOptions {
  /** Å beyond the cutoff. Default 1. */
  readonly skin?: number;
}

/** Å: at room temperature and steps of a femtosecond a list then lasts for 10 to 50 steps. */
export const SKIN = 1;

/** What held when the list was built. */
interface Built {
  readonly list: NeighborList & { readonly shifts: Int32Array };
  readonly positions: Float64Array;
  readonly reference: ReferenceCell;
  /** Å that rounding may cost. */
  readonly rounding: number;
}

/**
 * The neighbours of atoms that move, for the same species and periodicity throughout.
 *
 * Throws what `neighborList` throws: RangeError for the cutoff, InputError for an unusable structure. A failed update
 * leaves the list of the last build and says so at the next call again.
 */
export class VerletList {
  readonly cutoff: number;
  readonly skin: number;
  /** How often the list was built, the first time included. */
  rebuilds = 0;
  readonly #species: Uint8Array;
  readonly #periodic: Structure["periodic"];
  #built: Built;
  /** Positions as they are since the build, without jumps by lattice vectors, [atom, xyz], Å. */
  #followed: Float64Array;

  constructor(structure: Structure, cutoff: number, options: VerletOptions = {}) {
    const { skin = SKIN } = options;
    checkCutoff(cutoff);
    if (!(skin >= 0 && Number.isFinite(skin))) throw new RangeError(`skin ${skin} Å: finite and not below 0`);
    this.cutoff = cutoff;
    this.skin = skin;
    this.#species = structure.species;
    this.#periodic = structure.periodic;
    this.#built = this.#build(structure.positions, structure.cell);
    this.#followed = this.#built.positions.slice();
  }

  /**
   * All pairs within the cutoff and some beyond it, at most by the skin when built: full, both ways, in `neighborList`'s
   * order. The arrays belong to this object; `update` overwrites or replaces them.
   */
  get list(): NeighborList {
    const { offsets, indices, vectors } = this.#built.list;
    return { offsets, indices, vectors };
  }

  /**
   * Moves the atoms: positions [atom, xyz], Å, wrapped into the cell or not, a jump by lattice vectors included; lattice
   * vectors as rows, Å. Returns whether the list was built anew.
   */
  update(positions: Float64Array, cell: Float64Array | undefined): boolean {
    if (positions.length === this.#followed.length && this.#isComplete(positions, cell)) {
      this.#refresh(cell);
      return false;
    }
    this.#built = this.#build(positions, cell);
    this.#followed = this.#built.positions.slice();
    return true;
  }

  #build(positions: Float64Array, cell: Float64Array | undefined): Built {
    const structure: Structure = { species: this.#species, periodic: this.#periodic, positions, cell };
    const list = neighborList(structure, this.cutoff + this.skin, { shifts: true });
    this.rebuilds++;
    const size = [...(cell ?? []), this.cutoff + this.skin].reduce((m, x) => Math.max(m, Math.abs(x)), 0);
    const rounding = 1e-14 * positions.reduce((m, x) => Math.max(m, Math.abs(x)), size);
    return {
      list: { ...list, shifts: list.shifts ?? new Int32Array(0) },
      positions: positions.slice(),
      reference: new ReferenceCell(cell, this.#periodic),
      rounding,
    };
  }

  /** Follows the atoms to their new places; whether no pair outside the list can be within the cutoff. */
  #isComplete(positions: Float64Array, cell: Float64Array | undefined): boolean {
    const { reference, rounding, positions: before } = this.#built;
    const f = reference.deformationTo(cell);
    const allowed = smallestStretch(f) * (this.cutoff + this.skin) - this.cutoff - rounding;
    if (!(allowed >= 0)) return false;
    const unjump = new Unjump(cell, this.#periodic);
    const u = new Float64Array(3);
    let largest = 0;
    let second = 0;
    for (let i = 0; i < positions.length; i += 3) {
      const [x, y, z] = [before[i]!, before[i + 1]!, before[i + 2]!];
      for (let k = 0; k < 3; k++) u[k] = positions[i + k]! - (x * f[k]! + y * f[3 + k]! + z * f[6 + k]!);
      let moved = Math.sqrt(u[0]! * u[0]! + u[1]! * u[1]! + u[2]! * u[2]!);
      for (let k = 0; k < 3; k++) this.#followed[i + k] = positions[i + k]!;
      if (!(moved <= allowed)) moved = unjump.apply(u, this.#followed.subarray(i, i + 3));
      // Also where it is not a number: the build will say so.
      if (!(moved <= allowed)) return false;
      if (moved > largest) [largest, second] = [moved, largest];
      else if (moved > second) second = moved;
    }
    return largest + second <= allowed;
  }

  #refresh(cell: Float64Array | undefined): void {
    const { offsets, indices, vectors, shifts } = this.#built.list;
    const pair = new PairVector({
      species: this.#species,
      periodic: this.#periodic,
      positions: this.#followed,
      cell,
    });
    for (let i = 0; i + 1 < offsets.length; i++) {
      for (let p = offsets[i]!; p < offsets[i + 1]!; p++) {
        pair.between(i, indices[p]!);
        pair.shift(shifts, 3 * p);
        vectors[3 * p] = pair.x;
        vectors[3 * p + 1] = pair.y;
        vectors[3 * p + 2] = pair.z;
      }
    }
  }
}

/** Takes whole lattice vectors off a displacement: an atom that was wrapped into the cell has not moved. */
class Unjump {
  readonly #cell: Float64Array | undefined;
  readonly #periodic: Structure["periodic"];
  #inverse: Float64Array | undefined;

  constructor(cell: Float64Array | undefined, periodic: Structure["periodic"]) {
    this.#cell = cell;
    this.#periodic = periodic;
  }

  /** Changes displacement and position [xyz] by the same lattice vector; the length of what is left, Å. */
  apply(u: Float64Array, position: Float64Array): number {
    if (this.#cell !== undefined && this.#periodic.some(Boolean)) {
      this.#inverse ??= inverseCell(periodicFrame(this.#cell, this.#periodic));
      const turns = timesMatrix(u, this.#inverse).map((x, d) => (this.#periodic[d] ? Math.round(x) : 0));
      const jump = timesMatrix(turns, this.#cell);
      for (let k = 0; k < 3; k++) {
        u[k]! -= jump[k]!;
        position[k]! -= jump[k]!;
      }
    }
    return Math.hypot(u[0]!, u[1]!, u[2]!);
  }
}
