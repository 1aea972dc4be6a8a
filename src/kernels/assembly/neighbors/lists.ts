/** For each atom the list of its neighbours, by element. */
import { ones, toFront } from "../packing";
import { binOf, packed } from "./bins";
import { CORNER, BINS_PER_LENGTH, RADIUS, BINS, ELEMENTS, ROWS, TYPES, BIN_STARTS, SLOT_X, SLOT_Y, SLOT_Z, SLOT_ATOMS, OFFSETS, INDICES, TYPE_SHIFT, pointer, real } from "./plan";

// @ts-ignore: decorator
@inline
function inside(xs: usize, ys: usize, zs: usize, px: v128, py: v128, pz: v128, limit: v128): v128 {
  const x = f64x2.sub(v128.load(xs), px);
  const y = f64x2.sub(v128.load(ys), py);
  const z = f64x2.sub(v128.load(zs), pz);
  return f64x2.lt(f64x2.add(f64x2.add(f64x2.mul(x, x), f64x2.mul(y, y)), f64x2.mul(z, z)), limit);
}
/** Which of the four slots whose coordinates begin here are within the radius, as bits. */
// @ts-ignore: decorator
@inline
function insideBits(xs: usize, ys: usize, zs: usize, px: v128, py: v128, pz: v128, limit: v128): usize {
  const a = inside(xs, ys, zs, px, py, pz, limit);
  const b = inside(xs + 16, ys + 16, zs + 16, px, py, pz, limit);
  return <usize>i32x4.bitmask(v128.shuffle<i32>(a, b, 0, 2, 4, 6));
}

/** Appends the atoms of slots `s` to `end` − 1 that are within the radius; writes up to four words too many. */
// @ts-ignore: decorator
@inline
function collect(
  s: usize, end: usize, out: usize, xs: usize, ys: usize, zs: usize, atoms: usize, px: v128, py: v128, pz: v128, limit: v128,
): usize {
  let bits: usize = 0;
  for (; s < end; s += 4) {
    const at = s << 3;
    bits = insideBits(xs + at, ys + at, zs + at, px, py, pz, limit);
    v128.store(out, toFront(v128.load(atoms + (s << 2)), bits));
    out += ones(bits) << 2;
  }
  // The last lanes of the last four belong to the slots behind, and so do the last words.
  return out - (ones(bits >> (4 - (s - end))) << 2);
}
// @ts-ignore: decorator
@inline
function countInside(
  s: usize, end: usize, xs: usize, ys: usize, zs: usize, px: v128, py: v128, pz: v128, limit: v128,
): usize {
  let bits: usize = 0;
  let found: usize = 0;
  for (; s < end; s += 4) {
    const at = s << 3;
    bits = insideBits(xs + at, ys + at, zs + at, px, py, pz, limit);
    found += ones(bits);
  }
  return found - ones(bits >> (4 - (s - end)));
}

/** Distance of x, in bins, from the bin b; 0 inside. */
// @ts-ignore: decorator
@inline
function gap(x: f64, b: i32): f64 {
  const below = <f64>b - x;
  const above = x - <f64>(b + 1);
  const outside = below > above ? below : above;
  return outside > 0 ? outside : 0;
}

/** Nearest whole number, |x| < 2³¹: the low bits after adding 1.5·2⁵², which is quicker than a conversion. */
// @ts-ignore: decorator
@inline
function nearest(x: f64): i32 {
  return <i32>reinterpret<i64>(x + 6755399441055744);
}

/**
 * Lists the neighbours of sorted atoms first…last−1 in the words `at`…`at + capacity`−1 of the indices, and where each element's
 * begin in the offsets. `result`: words used, most neighbours of one atom, longest run of slots, 1 where the words were too few
 * (the first three hold all the same, and so do the offsets of atoms that were listed before).
 */
export function fillNeighbors(plan: usize, first: i32, last: i32, at: i32, capacity: i32, result: usize): void {
  const radius = real(plan, RADIUS, 0);
  const limit = f64x2.splat(radius * radius);
  // Whole bins are chosen by rounded numbers: with a little to spare.
  const sparing = radius * 1.000000001;
  const n0 = load<i32>(plan + BINS), n1 = load<i32>(plan + BINS, 4), n2 = load<i32>(plan + BINS, 8);
  const c0 = real(plan, CORNER, 0), c1 = real(plan, CORNER, 1), c2 = real(plan, CORNER, 2);
  const p0 = real(plan, BINS_PER_LENGTH, 0), p1 = real(plan, BINS_PER_LENGTH, 1), p2 = real(plan, BINS_PER_LENGTH, 2);
  const w0 = 1 / p0, w1 = 1 / p1;
  const starts = pointer(plan, BIN_STARTS);
  const rows = pointer(plan, ROWS);
  const types = pointer(plan, TYPES);
  const elements = <usize>load<i32>(plan + ELEMENTS);
  const shift = load<i32>(plan + TYPE_SHIFT);
  const xs = pointer(plan, SLOT_X), ys = pointer(plan, SLOT_Y), zs = pointer(plan, SLOT_Z);
  const atoms = pointer(plan, SLOT_ATOMS);
  const base = pointer(plan, INDICES);
  const end = base + ((<usize>at + <usize>capacity) << 2);
  let offsets = pointer(plan, OFFSETS) + <usize>first * ((elements + 1) << 2);
  let out = base + (<usize>at << 2);
  let full = false;
  let found: f64 = 0;
  let most: usize = 0;
  let longest: usize = 0;
  for (let i = first; i < last; i++) {
    const row = rows + (<usize>i << 5);
    const px = v128.load64_splat(row), py = v128.load64_splat(row, 8), pz = v128.load64_splat(row, 16);
    const x = (load<f64>(row) - c0) * p0, y = (load<f64>(row, 8) - c1) * p1, z = (load<f64>(row, 16) - c2) * p2 - 0.5;
    const own = starts + binOf(plan, row);
    const ownWord = packed(<usize>i, load<u8>(types + <usize>i), shift);
    const begin = out;
    let count: usize = 0;
    const low0 = max(0, nearest(x - sparing * p0 - 0.5)), high0 = min(n0 - 1, nearest(x + sparing * p0 - 0.5));
    const low1 = max(0, nearest(y - sparing * p1 - 0.5)), high1 = min(n1 - 1, nearest(y + sparing * p1 - 0.5));
    for (let b0 = low0; b0 <= high0; b0++) {
      const d0 = gap(x, b0) * w0;
      const rest0 = sparing * sparing - d0 * d0;
      for (let b1 = low1; b1 <= high1; b1++) {
        const d1 = gap(y, b1) * w1;
        const rest = rest0 - d1 * d1;
        if (rest <= 0) continue;
        const reach = Math.sqrt(rest) * p2;
        const low2 = max(0, nearest(z - reach)), high2 = min(n2 - 1, nearest(z + reach));
        const line = starts + (<usize>((b0 * n1 + b1) * n2) << 2);
        let s = <usize>load<i32>(line + (<usize>low2 << 2));
        const stop = <usize>load<i32>(line + (<usize>high2 << 2), 4);
        longest = max(longest, stop - s);
        if (full || out + ((stop - s + 4) << 2) > end) {
          full = true;
          count += countInside(s, stop, xs, ys, zs, px, py, pz, limit);
          // The atom itself is not its neighbour.
          if (own - line < <usize>n2 << 2) count -= 1;
          continue;
        }
        if (own - line < <usize>n2 << 2) {
          let self = <usize>load<i32>(own);
          while (load<u32>(atoms + (self << 2)) != ownWord) self++;
          out = collect(s, self, out, xs, ys, zs, atoms, px, py, pz, limit);
          s = self + 1;
        }
        out = collect(s, stop, out, xs, ys, zs, atoms, px, py, pz, limit);
      }
    }
    count += (out - begin) >> 2;
    found += <f64>count;
    most = max(most, count);
    if (elements > 1 && out + ((count + 8) << 2) > end) full = true;
    if (!full) {
      const word = <i32>((begin - base) >> 2);
      store<i32>(offsets, word);
      if (elements == 1) store<i32>(offsets, word + <i32>count, 4);
      else groupByElement(begin, count, elements, shift, offsets, word);
    }
    offsets += (elements + 1) << 2;
  }
  store<f64>(result, found);
  store<f64>(result, <f64>most, 8);
  store<f64>(result, <f64>longest, 16);
  store<f64>(result, full ? 1 : 0, 24);
}

/**
 * Brings packed words into the order of their types and unpacks them, element by element: those of the element move to their
 * place, the rest close up behind the list. As many words behind the list are overwritten, and eight more.
 */
function groupByElement(list: usize, count: usize, elements: usize, shift: i32, offsets: usize, word: i32): void {
  const mask = i32x4.splat(<i32>((<u32>1 << shift) - 1));
  // Stores of four may run three words over.
  const held = list + ((count + 4) << 2);
  let from = list;
  let left = count;
  let out = list;
  for (let e: usize = 0; e + 1 < elements; e++) {
    const element = i32x4.splat(<i32>e);
    let rest = held;
    let last: usize = 0;
    let p: usize = 0;
    for (; p < left; p += 4) {
      const v = v128.load(from + (p << 2));
      last = <usize>i32x4.bitmask(i32x4.eq(i32x4.shr_u(v, shift), element));
      v128.store(out, toFront(v128.and(v, mask), last));
      v128.store(rest, toFront(v, last ^ 15));
      out += ones(last) << 2;
      rest += ones(last ^ 15) << 2;
    }
    // What was counted behind the end.
    const kept: usize = 4 - (p - left);
    out -= ones(last >> kept) << 2;
    rest -= ones((last ^ 15) >> kept) << 2;
    from = held;
    left = (rest - held) >> 2;
    store<i32>(offsets + ((e + 1) << 2), word + <i32>((out - list) >> 2));
  }
  for (let p: usize = 0; p < left; p += 4) v128.store(out + (p << 2), v128.and(v128.load(from + (p << 2)), mask));
  store<i32>(offsets + (elements << 2), word + <i32>count);
}
