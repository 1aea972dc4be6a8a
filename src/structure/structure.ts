/**
 * A structure: which atoms, where, in which cell. A frame: a structure with what is known about it.
 */

/** Atoms in a cell, or in none. */
export interface Structure {
  /** Atomic numbers, [atom]. */
  readonly species: Uint8Array;
  /** Cartesian positions, [atom, xyz] row-major, Å. Atoms may lie outside the cell. */
  readonly positions: Float64Array;
  /** Lattice vectors as rows, [vector, xyz] row-major (9 numbers), Å; undefined where there is no cell. */
  readonly cell: Float64Array | undefined;
  /** Whether each lattice vector repeats. All false where there is no cell. */
  readonly periodic: readonly [boolean, boolean, boolean];
}

/** A value of a frame's comment line: scalar, or array (rows of equal length for matrices). */
export type InfoValue = string | number | boolean | readonly InfoValue[];

/** One extra column or group of columns per atom, of a type as in extended XYZ: R real, I integer, S string, L logical. */
export interface AtomColumn {
  readonly type: "R" | "I" | "S" | "L";
  /** Values per atom. */
  readonly width: number;
  /** [atom, component] row-major. */
  readonly values: readonly (string | number | boolean)[] | Float64Array;
}

/** A structure with its labels and everything else that its file said. */
export interface Frame {
  readonly structure: Structure;
  /** Total energy, eV. */
  readonly energy?: number;
  /** Forces, [atom, xyz] row-major, eV/Å. */
  readonly forces?: Float64Array;
  /** Stress dE/dε/V, xx yy zz yz xz xy, eV/Å³, negative under compression (the sign of ASE). */
  readonly stress?: Float64Array;
  /** Total charge, e. */
  readonly charge?: number;
  /** Everything else of the comment line, in file order. */
  readonly info: ReadonlyMap<string, InfoValue>;
  /** Everything else per atom, in file order. */
  readonly columns: ReadonlyMap<string, AtomColumn>;
  /** Where it came from: file, 1-based frame in it, 1-based first line. */
  readonly source: FrameSource;
}

export interface FrameSource {
  readonly file: string;
  readonly structure: number;
  readonly line: number;
}

export const atomCount = (structure: Structure): number => structure.species.length;

/** The group of a frame in tables and splits: `config_type` (as in most public sets), else `group`, else undefined. */
export function groupOf(frame: Frame): string | undefined {
  for (const key of ["config_type", "group"]) {
    const value = frame.info.get(key);
    if (value !== undefined) return String(value);
  }
  return undefined;
}
