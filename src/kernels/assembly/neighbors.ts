/**
 * Neighbours of many atoms: images as explicit ghosts, bins, lists for a range of atoms, and what keeps positions and
 * forces of ghosts in step with their atoms. What the table ("plan") means is written in contracts/neighbors.ts.
 */

// Bytes of the plan, see contracts/neighbors.ts.
const FRAME: usize = 0;
const INVERSE: usize = 72;
const REPEATS: usize = 144;
const LOW: usize = 168;
const HIGH: usize = 192;
const CORNER: usize = 216;
const FAR_CORNER: usize = 240;
const BINS_PER_LENGTH: usize = 264;
const RADIUS: usize = 288;
const DEFORMATION: usize = 296;
const TRUST: usize = 368;
const BINS: usize = 384;
const IMAGES: usize = 396;
const ATOMS: usize = 408;
const EXTENDED: usize = 412;
const ELEMENTS: usize = 416;
const POSITIONS: usize = 420;
const OWN_TYPES: usize = 424;
const ORDER: usize = 428;
const TURNS: usize = 432;
const ROWS: usize = 436;
const TYPES: usize = 440;
const REFERENCE: usize = 444;
const GHOSTS: usize = 448;
const TRANSLATIONS: usize = 452;
const BIN_STARTS: usize = 456;
const SLOT_X: usize = 460;
const SLOT_Y: usize = 464;
const SLOT_Z: usize = 468;
const SLOT_ATOMS: usize = 472;
const OFFSETS: usize = 476;
const INDICES: usize = 480;
const TYPE_SHIFT: usize = 484;

/** Whole cells an atom may be away from the first: what an i32 holds, with room to spare. */
const FARTHEST: f64 = 1073741824;

// @ts-ignore: decorator
@inline
function pointer(plan: usize, at: usize): usize {
  return load<u32>(plan + at) as usize;
}
// @ts-ignore: decorator
@inline
function real(plan: usize, at: usize, k: usize): f64 {
  return load<f64>(plan + at + (k << 3));
}
/** Component c of (v0 v1 v2) times the matrix at `at`. */
// @ts-ignore: decorator
@inline
function times(plan: usize, at: usize, c: usize, v0: f64, v1: f64, v2: f64): f64 {
  return v0 * real(plan, at, c) + v1 * real(plan, at, 3 + c) + v2 * real(plan, at, 6 + c);
}
/** How many vectors d are to be taken off an atom at (x y z). */
// @ts-ignore: decorator
@inline
function turnsOf(plan: usize, d: usize, x: f64, y: f64, z: f64): f64 {
  return real(plan, REPEATS, d) * Math.floor(times(plan, INVERSE, d, x, y, z));
}

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
function binOf(plan: usize, row: usize): usize {
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

// Images of the atom at hand that lie near enough, by vector: first and last.
let from0: i32 = 0;
let from1: i32 = 0;
let from2: i32 = 0;
let to0: i32 = 0;
let to1: i32 = 0;
let to2: i32 = 0;

/** Sets the range of images of a row; false where it is the atom alone. */
// @ts-ignore: decorator
@inline
function imagesOf(plan: usize, row: usize): bool {
  const x = load<f64>(row), y = load<f64>(row, 8), z = load<f64>(row, 16);
  const f0 = times(plan, INVERSE, 0, x, y, z);
  const f1 = times(plan, INVERSE, 1, x, y, z);
  const f2 = times(plan, INVERSE, 2, x, y, z);
  const r0 = real(plan, REPEATS, 0), r1 = real(plan, REPEATS, 1), r2 = real(plan, REPEATS, 2);
  from0 = <i32>(r0 * Math.ceil(real(plan, LOW, 0) - f0));
  from1 = <i32>(r1 * Math.ceil(real(plan, LOW, 1) - f1));
  from2 = <i32>(r2 * Math.ceil(real(plan, LOW, 2) - f2));
  to0 = <i32>(r0 * Math.floor(real(plan, HIGH, 0) - f0));
  to1 = <i32>(r1 * Math.floor(real(plan, HIGH, 1) - f1));
  to2 = <i32>(r2 * Math.floor(real(plan, HIGH, 2) - f2));
  return (from0 | from1 | from2 | to0 | to1 | to2) != 0;
}
/** Whether an image can be near any atom. */
// @ts-ignore: decorator
@inline
function isNear(plan: usize, x: f64, y: f64, z: f64): bool {
  return (
    x >= real(plan, CORNER, 0) && x <= real(plan, FAR_CORNER, 0) &&
    y >= real(plan, CORNER, 1) && y <= real(plan, FAR_CORNER, 1) &&
    z >= real(plan, CORNER, 2) && z <= real(plan, FAR_CORNER, 2)
  );
}
// @ts-ignore: decorator
@inline
function translationOf(plan: usize, m0: i32, m1: i32, m2: i32): i32 {
  const n0 = load<i32>(plan + IMAGES), n1 = load<i32>(plan + IMAGES, 4), n2 = load<i32>(plan + IMAGES, 8);
  return ((m0 + n0) * (2 * n1 + 1) + m1 + n1) * (2 * n2 + 1) + m2 + n2;
}

/** Ghosts that the rows from `row` on need, `n` of them; writes those of sorted atoms where `ghosts` is not 0. */
function eachGhost(plan: usize, row: usize, ghosts: usize): f64 {
  const n = load<i32>(plan + ATOMS);
  const translations = pointer(plan, TRANSLATIONS);
  const types = pointer(plan, TYPES);
  let to = pointer(plan, ROWS) + (<usize>n << 5);
  let typeTo = types + <usize>n;
  let found: f64 = 0;
  for (let i = 0; i < n; i++) {
    if (imagesOf(plan, row)) {
      const first = v128.load(row), second = v128.load(row, 16);
      for (let m0 = from0; m0 <= to0; m0++)
        for (let m1 = from1; m1 <= to1; m1++)
          for (let m2 = from2; m2 <= to2; m2++) {
            if ((m0 | m1 | m2) == 0) continue;
            const translation = translationOf(plan, m0, m1, m2);
            const t = translations + (<usize>translation << 5);
            const xy = f64x2.add(first, v128.load(t));
            const zw = f64x2.add(second, v128.load(t, 16));
            if (!isNear(plan, f64x2.extract_lane(xy, 0), f64x2.extract_lane(xy, 1), f64x2.extract_lane(zw, 0))) continue;
            found += 1;
            if (ghosts == 0) continue;
            v128.store(to, xy);
            v128.store(to, zw, 16);
            store<i32>(ghosts, i);
            store<i32>(ghosts, translation, 4);
            store<u8>(typeTo, load<u8>(types + <usize>i));
            to += 32;
            ghosts += 8;
            typeTo++;
          }
    }
    row += 32;
  }
  return found;
}

/** How many ghosts the wrapped atoms of the reference rows need. */
export function countGhosts(plan: usize): f64 {
  return eachGhost(plan, pointer(plan, REFERENCE), 0);
}

/** Writes the ghosts behind the sorted atoms, in the order of their atoms. As many as `countGhosts` has said. */
export function makeGhosts(plan: usize): f64 {
  return eachGhost(plan, pointer(plan, ROWS), pointer(plan, GHOSTS));
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
function packed(i: usize, type: u32, shift: i32): u32 {
  return <u32>i | (type << shift);
}

/** Row b: the bytes that bring the 32-bit lanes whose bits are set in b to the front. */
// prettier-ignore
const TO_FRONT = memory.data<u8>([
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
  0, 1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  4, 5, 6, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 1, 2, 3, 4, 5, 6, 7, 0, 0, 0, 0, 0, 0, 0, 0,
  8, 9, 10, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 1, 2, 3, 8, 9, 10, 11, 0, 0, 0, 0, 0, 0, 0, 0,
  4, 5, 6, 7, 8, 9, 10, 11, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0, 0, 0, 0,
  12, 13, 14, 15, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 1, 2, 3, 12, 13, 14, 15, 0, 0, 0, 0, 0, 0, 0, 0,
  4, 5, 6, 7, 12, 13, 14, 15, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 1, 2, 3, 4, 5, 6, 7, 12, 13, 14, 15, 0, 0, 0, 0,
  8, 9, 10, 11, 12, 13, 14, 15, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15, 0, 0, 0, 0,
  4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 0, 0, 0,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
], 16);

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
// @ts-ignore: decorator
@inline
function ones(bits: usize): usize {
  return <usize>popcnt<u32>(<u32>bits);
}
/** Those lanes of v whose bits are set, at the front. */
// @ts-ignore: decorator
@inline
function toFront(v: v128, bits: usize): v128 {
  return i8x16.swizzle(v, v128.load(TO_FRONT + (bits << 4)));
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
