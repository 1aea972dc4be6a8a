/**
 * LAMMPS's box: a along x, b in the xy plane, right-handed, tilts at most half a length.
 * https://docs.lammps.org/Howto_triclinic.html
 *
 * Any cell becomes one without changing the crystal: a left-handed cell has b and c exchanged (the same lattice; a
 * mirror would change the handedness of the atoms instead), then everything turns, then whole vectors that repeat are
 * subtracted to make the tilts small.
 */

import { type Structure, signedVolume, toCartesian, toFractional } from "../structure/index.js";
import { nowhere } from "./cells.js";

export interface LammpsBox {
  /** Lower triangular, rows a b c, Å. */
  readonly cell: Float64Array;
  /** Lower corner, Å. */
  readonly origin: readonly [number, number, number];
  readonly periodic: Structure["periodic"];
  /** Whether a, b, c are those of the structure, only turned: image flags keep their meaning. */
  readonly sameVectors: boolean;
  /** Vectors [atom, xyz] of the structure in LAMMPS's axes. */
  turn(vectors: Float64Array): Float64Array;
}

export function lammpsBox(structure: Structure): LammpsBox {
  const { cell, periodic, positions } = structure;
  if (cell === undefined) return boxAround(positions);
  const leftHanded = signedVolume(cell) < 0;
  const vectors = leftHanded ? Float64Array.of(...cell.slice(0, 3), ...cell.slice(6), ...cell.slice(3, 6)) : cell;
  const flags: Structure["periodic"] = leftHanded ? [periodic[0], periodic[2], periodic[1]] : periodic;
  const rotation = rotationOf(vectors);
  const turn = (v: Float64Array) => (rotation === undefined ? v : toCartesian(v, rotation));
  const turned = lowerTriangle(turn(vectors));
  const reduced = withSmallTilts(turned, flags);
  const sameVectors = !leftHanded && reduced.every((x, i) => x === turned[i]);
  return { ...aroundAtoms(reduced, flags, turn(positions)), periodic: flags, sameVectors, turn };
}

/** A molecule: 10 Å of vacuum on each side, periodic nowhere. */
function boxAround(positions: Float64Array): LammpsBox {
  const cell = new Float64Array(9);
  const origin: [number, number, number] = [0, 0, 0];
  for (let k = 0; k < 3; k++) {
    const axis = positions.filter((_, i) => i % 3 === k);
    origin[k] = axis.reduce((a, b) => Math.min(a, b)) - 10;
    cell[4 * k] = axis.reduce((a, b) => Math.max(a, b)) + 10 - origin[k];
  }
  return { cell, origin, periodic: nowhere, sameVectors: false, turn: (v) => v };
}

/** Matrix that turns rows into LAMMPS's axes; undefined where they are there already, so that no digit changes. */
function rotationOf(cell: Float64Array): Float64Array | undefined {
  if (cell[1] === 0 && cell[2] === 0 && cell[5] === 0 && cell[0] > 0 && cell[4] > 0) return undefined;
  const x = unit([cell[0], cell[1], cell[2]]);
  const z = unit(cross(x, [cell[3], cell[4], cell[5]]));
  const y = cross(z, x);
  return Float64Array.of(x[0], y[0], z[0], x[1], y[1], z[1], x[2], y[2], z[2]);
}

type Vector = readonly [number, number, number];

const cross = (a: Vector, b: Vector): Vector => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];

function unit(v: Vector): Vector {
  const length = Math.hypot(...v);
  return [v[0] / length, v[1] / length, v[2] / length];
}

/** What rounding has left above the diagonal goes. */
const lowerTriangle = (cell: Float64Array): Float64Array =>
  Float64Array.of(cell[0], 0, 0, cell[3], cell[4], 0, cell[6], cell[7], cell[8]);

/** Subtract whole vectors that repeat: yz first, since it changes xz. */
function withSmallTilts(cell: Float64Array, periodic: Structure["periodic"]): Float64Array {
  const result = Float64Array.from(cell);
  for (const [row, by] of [
    [2, 1],
    [2, 0],
    [1, 0],
  ] as const) {
    const ratio = result[3 * row + by] / result[4 * by];
    // Exactly half, as in hexagonal cells, is allowed and may be a rounding error above.
    if (!periodic[by] || Math.abs(ratio) <= 0.5 + 1e-9) continue;
    const times = Math.round(ratio);
    for (let k = 0; k <= by; k++) result[3 * row + k] -= times * result[3 * by + k];
  }
  return result;
}

/** LAMMPS loses atoms outside a direction that does not repeat: there the box grows to hold them. */
function aroundAtoms(
  cell: Float64Array,
  periodic: Structure["periodic"],
  positions: Float64Array,
): Pick<LammpsBox, "cell" | "origin"> {
  const fractional = toFractional(positions, cell);
  const result = Float64Array.from(cell);
  const origin: [number, number, number] = [0, 0, 0];
  for (let row = 0; row < 3; row++) {
    if (periodic[row]) continue;
    let [low, high] = [0, 1];
    for (let i = row; i < fractional.length; i += 3) {
      // A little more than the atoms' extent: on the face itself they would be outside.
      low = Math.min(low, fractional[i] < 0 ? fractional[i] - 0.01 : 0);
      high = Math.max(high, fractional[i] >= 1 ? fractional[i] + 0.01 : 1);
    }
    for (let k = 0; k < 3; k++) {
      origin[k] += low * cell[3 * row + k];
      result[3 * row + k] = (high - low) * cell[3 * row + k];
    }
  }
  return { cell: result, origin };
}
