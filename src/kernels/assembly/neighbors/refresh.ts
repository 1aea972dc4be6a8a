/** What keeps positions and forces of ghosts in step with their atoms. */
import { FRAME, INVERSE, REPEATS, DEFORMATION, TRUST, ATOMS, POSITIONS, ORDER, TURNS, ROWS, REFERENCE, GHOSTS, TRANSLATIONS, FARTHEST, pointer, real, times } from "./plan";

/**
 * Moves sorted atoms first…last−1 to where the caller's positions say. `result`: the two largest squared displacements since
 * the reference, without what the deformation explains; infinite where a position is not a number. An atom that has jumped by
 * lattice vectors is followed.
 */
export function refreshAtoms(plan: usize, first: i32, last: i32, result: usize): void {
  const positions = pointer(plan, POSITIONS);
  let order = pointer(plan, ORDER) + (<usize>first << 2);
  let turns = pointer(plan, TURNS) + <usize>first * 12;
  let row = pointer(plan, ROWS) + (<usize>first << 5);
  let reference = pointer(plan, REFERENCE) + (<usize>first << 5);
  const trust = real(plan, TRUST, 0) * real(plan, TRUST, 0);
  let largest: f64 = 0;
  let second: f64 = 0;
  for (let s = first; s < last; s++) {
    const from = positions + <usize>load<i32>(order) * 24;
    const t0 = <f64>load<i32>(turns), t1 = <f64>load<i32>(turns, 4), t2 = <f64>load<i32>(turns, 8);
    let x = load<f64>(from) - times(plan, FRAME, 0, t0, t1, t2);
    let y = load<f64>(from, 8) - times(plan, FRAME, 1, t0, t1, t2);
    let z = load<f64>(from, 16) - times(plan, FRAME, 2, t0, t1, t2);
    const rx = load<f64>(reference), ry = load<f64>(reference, 8), rz = load<f64>(reference, 16);
    let ux = x - times(plan, DEFORMATION, 0, rx, ry, rz);
    let uy = y - times(plan, DEFORMATION, 1, rx, ry, rz);
    let uz = z - times(plan, DEFORMATION, 2, rx, ry, rz);
    let moved = ux * ux + uy * uy + uz * uz;
    if (!(moved <= trust)) {
      const j0 = t0 + jumpsOf(plan, 0, ux, uy, uz);
      const j1 = t1 + jumpsOf(plan, 1, ux, uy, uz);
      const j2 = t2 + jumpsOf(plan, 2, ux, uy, uz);
      if (Math.abs(j0) + Math.abs(j1) + Math.abs(j2) < FARTHEST) {
        store<i32>(turns, <i32>j0);
        store<i32>(turns, <i32>j1, 4);
        store<i32>(turns, <i32>j2, 8);
        x = load<f64>(from) - times(plan, FRAME, 0, j0, j1, j2);
        y = load<f64>(from, 8) - times(plan, FRAME, 1, j0, j1, j2);
        z = load<f64>(from, 16) - times(plan, FRAME, 2, j0, j1, j2);
        ux = x - times(plan, DEFORMATION, 0, rx, ry, rz);
        uy = y - times(plan, DEFORMATION, 1, rx, ry, rz);
        uz = z - times(plan, DEFORMATION, 2, rx, ry, rz);
        moved = ux * ux + uy * uy + uz * uz;
      }
      if (!(moved < Infinity)) moved = Infinity;
    }
    if (moved > largest) {
      second = largest;
      largest = moved;
    } else if (moved > second) second = moved;
    store<f64>(row, x);
    store<f64>(row, y, 8);
    store<f64>(row, z, 16);
    store<f64>(row, 0, 24);
    order += 4;
    turns += 12;
    row += 32;
    reference += 32;
  }
  store<f64>(result, largest);
  store<f64>(result, second, 8);
}

// @ts-ignore: decorator
@inline
function jumpsOf(plan: usize, d: usize, ux: f64, uy: f64, uz: f64): f64 {
  return real(plan, REPEATS, d) * Math.floor(times(plan, INVERSE, d, ux, uy, uz) + 0.5);
}

/** Moves ghosts first…last−1 to where their atoms are now. */
export function refreshGhosts(plan: usize, first: i32, last: i32): void {
  const rows = pointer(plan, ROWS);
  const translations = pointer(plan, TRANSLATIONS);
  let ghost = pointer(plan, GHOSTS) + (<usize>first << 3);
  let to = rows + (<usize>(load<i32>(plan + ATOMS) + first) << 5);
  for (let g = first; g < last; g++) {
    const from = rows + (<usize>load<i32>(ghost) << 5);
    const t = translations + (<usize>load<i32>(ghost, 4) << 5);
    v128.store(to, f64x2.add(v128.load(from), v128.load(t)));
    v128.store(to, f64x2.add(v128.load(from, 16), v128.load(t, 16)), 16);
    ghost += 8;
    to += 32;
  }
}

/** Adds rows of four of ghosts first…last−1 to those of their atoms, ghost by ghost. */
export function foldGhosts(plan: usize, first: i32, last: i32, rows: usize): void {
  let ghost = pointer(plan, GHOSTS) + (<usize>first << 3);
  let from = rows + (<usize>(load<i32>(plan + ATOMS) + first) << 5);
  for (let g = first; g < last; g++) {
    const to = rows + (<usize>load<i32>(ghost) << 5);
    v128.store(to, f64x2.add(v128.load(to), v128.load(from)));
    v128.store(to, f64x2.add(v128.load(to, 16), v128.load(from, 16)), 16);
    ghost += 8;
    from += 32;
  }
}
