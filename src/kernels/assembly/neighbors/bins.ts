/** Atoms wrapped into the frame, sorted by place, and put into bins. */
import { FRAME, INVERSE, CORNER, BINS_PER_LENGTH, BINS, ATOMS, EXTENDED, POSITIONS, OWN_TYPES, ORDER, TURNS, ROWS, TYPES, REFERENCE, BIN_STARTS, SLOT_X, SLOT_Y, SLOT_Z, SLOT_ATOMS, TYPE_SHIFT, FARTHEST, pointer, real, times, turnsOf } from "./plan";

/**
 * Wraps the atoms into the frame, caller's order, into the reference rows. `bounds`: lowest fractional coordinates [3], lowest
 * positions [3], highest of both [6]. 0, or 1 + the first atom that is not finite or too far away.
 */
export function wrapAtoms(plan: usize, bounds: usize): i32 {
  const n = load<i32>(plan + ATOMS);
  let from = pointer(plan, POSITIONS);
  let to = pointer(plan, REFERENCE);
  for (let k: usize = 0; k < 6; k++) {
    store<f64>(bounds + (k << 3), Infinity);
    store<f64>(bounds + 48 + (k << 3), -Infinity);
  }
  for (let i = 0; i < n; i++) {
    const x = load<f64>(from), y = load<f64>(from, 8), z = load<f64>(from, 16);
    const t0 = turnsOf(plan, 0, x, y, z);
    const t1 = turnsOf(plan, 1, x, y, z);
    const t2 = turnsOf(plan, 2, x, y, z);
    const all = Math.abs(t0) + Math.abs(t1) + Math.abs(t2);
    // Not "≥", so that NaN is caught as well.
    if (!(all < FARTHEST) || !(Math.abs(x) + Math.abs(y) + Math.abs(z) < Infinity)) return i + 1;
    const px = x - times(plan, FRAME, 0, t0, t1, t2);
    const py = y - times(plan, FRAME, 1, t0, t1, t2);
    const pz = z - times(plan, FRAME, 2, t0, t1, t2);
    store<f64>(to, px);
    store<f64>(to, py, 8);
    store<f64>(to, pz, 16);
    store<f64>(to, 0, 24);
    bound(bounds, times(plan, INVERSE, 0, px, py, pz), times(plan, INVERSE, 1, px, py, pz));
    bound(bounds + 16, times(plan, INVERSE, 2, px, py, pz), px);
    bound(bounds + 32, py, pz);
    from += 24;
    to += 32;
  }
  return 0;
}

/** Widens two lowest values and, 48 bytes on, two highest. */
// @ts-ignore: decorator
@inline
function bound(at: usize, a: f64, b: f64): void {
  const v = f64x2.replace_lane(f64x2.splat(a), 1, b);
  v128.store(at, f64x2.pmin(v128.load(at), v));
  v128.store(at + 48, f64x2.pmax(v128.load(at + 48), v));
}

/** Bin along direction d of a coordinate; rounding at the faces does not lead outside. */
// @ts-ignore: decorator
@inline
function binAlong(plan: usize, d: usize, x: f64): i32 {
  const b = <i32>((x - real(plan, CORNER, d)) * real(plan, BINS_PER_LENGTH, d));
  const last = load<i32>(plan + BINS + (d << 2)) - 1;
  return b < 0 ? 0 : b > last ? last : b;
}
// @ts-ignore: decorator
@inline
export function binOf(plan: usize, row: usize): usize {
  const b0 = binAlong(plan, 0, load<f64>(row));
  const b1 = binAlong(plan, 1, load<f64>(row, 8));
  const b2 = binAlong(plan, 2, load<f64>(row, 16));
  return ((<usize>b0 * <usize>load<i32>(plan + BINS, 4) + <usize>b1) * <usize>load<i32>(plan + BINS, 8) + <usize>b2) << 2;
}
// @ts-ignore: decorator
@inline
function binBytes(plan: usize): usize {
  return (<usize>load<i32>(plan + BINS) * <usize>load<i32>(plan + BINS, 4) * <usize>load<i32>(plan + BINS, 8)) << 2;
}

/** Turns counts, [bin + 1], into first slots. */
function accumulate(starts: usize, bytes: usize): void {
  let sum = 0;
  for (let b: usize = 0; b <= bytes; b += 4) {
    sum += load<i32>(starts + b);
    store<i32>(starts + b, sum);
  }
}

/** Sorts the wrapped atoms by bin, ascending within one: order, rows, turns, types; the reference becomes a copy of the rows. */
export function sortAtoms(plan: usize): void {
  const n = <usize>load<i32>(plan + ATOMS);
  const starts = pointer(plan, BIN_STARTS);
  const bins = binBytes(plan);
  const reference = pointer(plan, REFERENCE);
  // The slots are filled later: until then they hold the bin of each atom.
  const held = pointer(plan, SLOT_ATOMS);
  memory.fill(starts, 0, bins + 4);
  for (let i: usize = 0; i < n; i++) {
    const bin = binOf(plan, reference + (i << 5));
    store<u32>(held + (i << 2), <u32>bin);
    store<i32>(starts + bin, load<i32>(starts + bin, 4) + 1, 4);
  }
  accumulate(starts, bins);
  const order = pointer(plan, ORDER);
  const turns = pointer(plan, TURNS);
  const rows = pointer(plan, ROWS);
  const types = pointer(plan, TYPES);
  const ownTypes = pointer(plan, OWN_TYPES);
  let from = pointer(plan, POSITIONS);
  for (let i: usize = 0; i < n; i++) {
    const cursor = starts + <usize>load<u32>(held + (i << 2));
    const s = <usize>load<i32>(cursor);
    store<i32>(cursor, <i32>s + 1);
    store<i32>(order + (s << 2), <i32>i);
    store<u8>(types + s, load<u8>(ownTypes + i));
    v128.store(rows + (s << 5), v128.load(reference + (i << 5)));
    v128.store(rows + (s << 5), v128.load(reference + (i << 5), 16), 16);
    const x = load<f64>(from), y = load<f64>(from, 8), z = load<f64>(from, 16);
    store<i32>(turns + s * 12, <i32>turnsOf(plan, 0, x, y, z));
    store<i32>(turns + s * 12, <i32>turnsOf(plan, 1, x, y, z), 4);
    store<i32>(turns + s * 12, <i32>turnsOf(plan, 2, x, y, z), 8);
    from += 24;
  }
  memory.copy(reference, rows, n << 5);
}

/** Sorts atoms and ghosts into bins: first slots of the bins, coordinates and index in each slot. */
export function binExtended(plan: usize): void {
  const n = <usize>load<i32>(plan + EXTENDED);
  const starts = pointer(plan, BIN_STARTS);
  const bins = binBytes(plan);
  const rows = pointer(plan, ROWS);
  memory.fill(starts, 0, bins + 8);
  // Counted two further on, placing moves the first slot of the next bin to where it belongs.
  for (let i: usize = 0; i < n; i++) {
    const count = starts + binOf(plan, rows + (i << 5));
    store<i32>(count, load<i32>(count, 8) + 1, 8);
  }
  accumulate(starts, bins + 4);
  const xs = pointer(plan, SLOT_X), ys = pointer(plan, SLOT_Y), zs = pointer(plan, SLOT_Z);
  const atoms = pointer(plan, SLOT_ATOMS);
  const types = pointer(plan, TYPES);
  const shift = load<i32>(plan + TYPE_SHIFT);
  for (let i: usize = 0; i < n; i++) {
    const row = rows + (i << 5);
    const cursor = starts + binOf(plan, row);
    const slot = <usize>load<i32>(cursor, 4);
    store<i32>(cursor, <i32>slot + 1, 4);
    store<f64>(xs + (slot << 3), load<f64>(row));
    store<f64>(ys + (slot << 3), load<f64>(row, 8));
    store<f64>(zs + (slot << 3), load<f64>(row, 16));
    store<u32>(atoms + (slot << 2), packed(i, load<u8>(types + i), shift));
  }
}

/** Index of an atom and, above it, its type. */
// @ts-ignore: decorator
@inline
export function packed(i: usize, type: u32, shift: i32): u32 {
  return <u32>i | (type << shift);
}
