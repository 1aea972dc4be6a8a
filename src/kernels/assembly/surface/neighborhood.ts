/**
 * What one atom sees: its neighbours within the cutoff as arrays, by element, each element's part padded to whole vectors with
 * atoms so far away that nothing reaches them; and the cutoff functions and radial shapes at their distances.
 */
import { cutoffs } from "./cutoffs";
import { add, div, exp, floorOf, fma, mul, put, splat, sub, total } from "./lanes";
import { windows } from "./windows";

// Words of a context and of a program, see contracts/surface.ts.
const ROWS: usize = 0;
const OFFSETS: usize = 8;
const INDICES: usize = 12;
const ELEMENTS: usize = 16;
const RADIUS_SQUARED: usize = 32;
const CAPACITY: usize = 84;
const GAUSSIANS_MOST: usize = 108;

const CUTOFF_COUNT: usize = 0;
const CUTOFF_TABLE: usize = 4;
const LISTS: usize = 8;
const LIST_BYTES: usize = 32;

/** Distance of padding atoms, Å. */
const FAR: f64 = 1000;

// Arrays of the atom at hand, `stride` bytes each.
export let stride: usize = 0;
export let unitX: usize = 0;
export let unitY: usize = 0;
export let unitZ: usize = 0;
/** Å */
export let besideX: usize = 0;
export let besideY: usize = 0;
export let besideZ: usize = 0;
export let distance: usize = 0;
export let inverse: usize = 0;
export let squared: usize = 0;
/** T[neighbour][4]: x y z 1, Å */
export let geometry: usize = 0;
/** i32[neighbour] */
export let atoms: usize = 0;
/** u64[neighbour]: upper half the squared distance (f32), lower half the place in the list, where neighbours are sorted. */
export let order: usize = 0;
/** Room to sort in. */
let spare: usize = 0;
/** i32[element]: first byte of each element's part and the byte past it (padded), and the number of its atoms. */
export let partStart: usize = 0;
export let partEnd: usize = 0;
export let partCount: usize = 0;
/** [cutoff] rows: f, f′ */
export let cutValue: usize = 0;
export let cutSlope: usize = 0;
/** [shape] rows: g, g′; each element has shapes of its own, which fill its part of the rows. */
export let shapeValue: usize = 0;
export let shapeSlope: usize = 0;
/** [Gaussian] rows of the element at hand. */
let gaussian: usize = 0;
/** Bytes of all parts. */
export let filled: usize = 0;

/** Lays the arrays out from `at` on; returns the first free byte. `shapes`, `cuts`: most of any program. */
export function place<T>(context: usize, at: usize, shapes: usize, cuts: usize): usize {
  const capacity = <usize>load<u32>(context, CAPACITY);
  const elements = <usize>load<u32>(context, ELEMENTS);
  // Not a multiple of 4096, where rows would compete for the same lines of the cache.
  stride = ((capacity * sizeof<T>() + 63) & ~63) + 64;
  partStart = at;
  partEnd = partStart + 4 * elements;
  partCount = partEnd + 4 * elements;
  at = (partCount + 4 * elements + 63) & ~63;
  atoms = at;
  order = at + ((4 * capacity + 63) & ~63);
  spare = (order + 8 * capacity + 63) & ~63;
  at = spare + 4 * stride + 4 * capacity;
  geometry = (at + 63) & ~63;
  unitX = geometry + 4 * stride;
  unitY = unitX + stride;
  unitZ = unitY + stride;
  besideX = unitZ + stride;
  besideY = besideX + stride;
  besideZ = besideY + stride;
  distance = besideZ + stride;
  inverse = distance + stride;
  squared = inverse + stride;
  cutValue = squared + stride;
  cutSlope = cutValue + cuts * stride;
  shapeValue = cutSlope + cuts * stride;
  shapeSlope = shapeValue + shapes * stride;
  gaussian = shapeSlope + shapes * stride;
  return gaussian + <usize>load<u32>(context, GAUSSIANS_MOST) * stride;
}

/** Neighbours of atom i, each element's by distance if `sorted`; false where two atoms coincide or a position is not a number. */
export function look<T>(context: usize, i: i32, sorted: bool): bool {
  const rows = <usize>load<u32>(context, ROWS);
  const elements = load<i32>(context, ELEMENTS);
  const offsets = <usize>load<u32>(context, OFFSETS) + <usize>(i * (elements + 1)) * 4;
  const indices = <usize>load<u32>(context, INDICES);
  const limit = load<f64>(context, RADIUS_SQUARED);
  const own = rows + (<usize>i << 5);
  const ox = load<f64>(own), oy = load<f64>(own, 8), oz = load<f64>(own, 16);
  const lanes: usize = 16 / sizeof<T>();
  // Globals are read from memory at every use: loops have copies.
  const places = geometry, names = atoms;
  let n: usize = 0;
  for (let e = 0; e < elements; e++) {
    const start = n;
    store<u32>(partStart + (<usize>e << 2), <u32>(n * sizeof<T>()));
    const last = load<i32>(offsets + (<usize>e << 2), 4);
    for (let p = load<i32>(offsets + (<usize>e << 2)); p < last; p++) {
      const j = load<i32>(indices + (<usize>p << 2));
      const row = rows + (<usize>j << 5);
      const x = load<f64>(row) - ox, y = load<f64>(row, 8) - oy, z = load<f64>(row, 16) - oz;
      const g = places + n * (4 * sizeof<T>());
      store<T>(g, <T>x);
      store<T>(g + sizeof<T>(), <T>y);
      store<T>(g + 2 * sizeof<T>(), <T>z);
      store<T>(g + 3 * sizeof<T>(), 1);
      store<i32>(names + (n << 2), j);
      // Kept by counting: branches here would be mispredicted.
      n += <usize>(x * x + y * y + z * z < limit);
    }
    if (sorted) sort<T>(start, n);
    store<i32>(partCount + (<usize>e << 2), <i32>(n - start));
    while (n & (lanes - 1)) {
      pad<T>(n);
      n++;
    }
    store<u32>(partEnd + (<usize>e << 2), <u32>(n * sizeof<T>()));
  }
  // One vector of padding that lists may point to.
  for (let l: usize = 0; l < lanes; l++) pad<T>(n + l);
  filled = n * sizeof<T>();
  return measure<T>(filled + 16);
}

/** Puts neighbours start…n in the order of their distances. By insertion: what needs the order costs far more than n²/4 moves. */
function sort<T>(start: usize, n: usize): void {
  const places = geometry, names = atoms, keys = order;
  const spareGeometry = spare, spareNames = spareGeometry + 4 * stride;
  for (let k = start; k < n; k++) {
    const g = places + k * (4 * sizeof<T>());
    const x = <f64>load<T>(g), y = <f64>load<T>(g + sizeof<T>()), z = <f64>load<T>(g + 2 * sizeof<T>());
    const key = (<u64>reinterpret<u32>(<f32>(x * x + y * y + z * z)) << 32) | <u64>k;
    let to = k;
    while (to > start) {
      const before = load<u64>(keys + ((to - 1) << 3));
      if (before <= key) break;
      store<u64>(keys + (to << 3), before);
      to--;
    }
    store<u64>(keys + (to << 3), key);
  }
  memory.copy(spareGeometry, places + start * (4 * sizeof<T>()), (n - start) * (4 * sizeof<T>()));
  memory.copy(spareNames, names + (start << 2), (n - start) << 2);
  for (let k = start; k < n; k++) {
    const from = <usize>load<u32>(keys + (k << 3)) - start;
    memory.copy(places + k * (4 * sizeof<T>()), spareGeometry + from * (4 * sizeof<T>()), 4 * sizeof<T>());
    store<i32>(names + (k << 2), load<i32>(spareNames + (from << 2)));
  }
}

function pad<T>(n: usize): void {
  const g = geometry + n * (4 * sizeof<T>());
  put<T>(g, FAR);
  put<T>(g + sizeof<T>(), 0);
  put<T>(g + 2 * sizeof<T>(), 0);
  put<T>(g + 3 * sizeof<T>(), 1);
  store<i32>(atoms + (n << 2), -1);
}

/** Distances and unit vectors of `bytes` of neighbours; the layout of the geometry is transposed on the way. */
function measure<T>(bytes: usize): bool {
  let smallest = splat<T>(FAR * FAR);
  let sane = v128.eq<T>(smallest, smallest);
  const places = geometry, to = squared, distances = distance, inverses = inverse;
  const xs = besideX, ys = besideY, zs = besideZ, uxs = unitX, uys = unitY, uzs = unitZ;
  for (let p: usize = 0; p < bytes; p += 16) {
    const g = places + 4 * p;
    let x: v128, y: v128, z: v128;
    if (sizeof<T>() == 8) {
      const a0 = v128.load(g), b0 = v128.load(g, 32);
      x = v128.shuffle<f64>(a0, b0, 0, 2);
      y = v128.shuffle<f64>(a0, b0, 1, 3);
      z = v128.load64_lane(g + 48, v128.load64_splat(g + 16), 1);
    } else {
      const a = v128.load(g), b = v128.load(g, 16), c = v128.load(g, 32), d = v128.load(g, 48);
      const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5), cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
      x = v128.shuffle<f32>(ab, cd, 0, 1, 4, 5);
      y = v128.shuffle<f32>(ab, cd, 2, 3, 6, 7);
      z = v128.shuffle<f32>(v128.shuffle<f32>(a, b, 2, 6, 2, 6), v128.shuffle<f32>(c, d, 2, 6, 2, 6), 0, 1, 4, 5);
    }
    const r2 = fma<T>(fma<T>(mul<T>(x, x), y, y), z, z);
    smallest = v128.pmin<T>(smallest, r2);
    sane = v128.and(sane, v128.eq<T>(r2, r2));
    const r = v128.sqrt<T>(r2);
    const inv = div<T>(splat<T>(1), r);
    v128.store(to + p, r2);
    v128.store(distances + p, r);
    v128.store(inverses + p, inv);
    v128.store(xs + p, x);
    v128.store(ys + p, y);
    v128.store(zs + p, z);
    v128.store(uxs + p, mul<T>(x, inv));
    v128.store(uys + p, mul<T>(y, inv));
    v128.store(uzs + p, mul<T>(z, inv));
  }
  // Closer than 10⁻⁴ Å is a coincidence.
  return !v128.any_true(v128.lt<T>(smallest, splat<T>(1e-8))) && i32x4.bitmask(sane) == 15;
}

/** Cutoffs and shapes at the neighbours' distances; a shape without a Gaussian is a compact window. */
export function tabulate<T>(context: usize, program: usize): void {
  const cuts = load<i32>(program, CUTOFF_COUNT);
  const table = <usize>load<u32>(program, CUTOFF_TABLE);
  for (let c: usize = 0; c < <usize>cuts; c++)
    cutoffs<T>(table + c * 32, filled + 16, distance, cutValue + c * stride, cutSlope + c * stride);
  const elements = load<i32>(context, ELEMENTS);
  for (let e: usize = 0; e < <usize>elements; e++) {
    const list = <usize>load<u32>(program, LISTS) + e * LIST_BYTES;
    const from = <usize>load<u32>(partStart + (e << 2));
    const to = <usize>load<u32>(partEnd + (e << 2));
    const count = load<i32>(list);
    const shapes = <usize>load<u32>(list, 4);
    gaussians<T>(<usize>load<u32>(list, 28), from, to);
    for (let s: usize = 0; s < <usize>count; s++) {
      const row = shapes + s * 32, at = s * stride;
      if (load<f64>(row, 24) < 0) windows<T>(row, distance, from, to, shapeValue + at, shapeSlope + at);
      else shape<T>(row, at, from, to);
    }
  }
}

/** The exponentials of an element's shapes, many of them as products of others. None is so small that products would be denormal. */
function gaussians<T>(table: usize, from: usize, to: usize): void {
  const count = <usize>load<u32>(table);
  const least = floorOf<T>();
  const distances = distance, step = stride, rows = gaussian;
  let row = table + 8;
  let at = rows;
  for (let k: usize = 0; k < count; k++) {
    const first = load<i32>(row);
    if (first < 0) {
      const minus = splat<T>(-load<f64>(row, 8));
      const rs = splat<T>(load<f64>(row, 16));
      for (let p = from; p < to; p += 16) {
        const d = sub<T>(v128.load(distances + p), rs);
        v128.store(at + p, v128.pmax<T>(exp<T>(mul<T>(minus, mul<T>(d, d))), least));
      }
    } else {
      const a = rows + <usize>first * step;
      const b = rows + <usize>load<u32>(row, 4) * step;
      for (let p = from; p < to; p += 16)
        v128.store(at + p, v128.pmax<T>(mul<T>(v128.load(a + p), v128.load(b + p)), least));
    }
    row += 24;
    at += step;
  }
}

/** g = e^(−η(r−rs)²) f and g′ of one shape (f64: η, rs, cutoff, Gaussian). */
function shape<T>(row: usize, at: usize, from: usize, to: usize): void {
  const eta = load<f64>(row);
  const rs = splat<T>(load<f64>(row, 8));
  const c = <usize>load<f64>(row, 16) * stride;
  const ev = gaussian + <usize>load<f64>(row, 24) * stride;
  const twice = splat<T>(-2 * eta);
  const fv = cutValue + c, fs = cutSlope + c;
  const gv = shapeValue + at, gs = shapeSlope + at;
  const distances = distance;
  for (let p = from; p < to; p += 16) {
    const d = sub<T>(v128.load(distances + p), rs);
    const e = v128.load(ev + p);
    const g = mul<T>(e, v128.load(fv + p));
    v128.store(gv + p, g);
    v128.store(gs + p, add<T>(mul<T>(e, v128.load(fs + p)), mul<T>(mul<T>(twice, d), g)));
  }
}

/** Sum of row `s` over one element's part. */
export function sumOf<T>(row: usize, from: usize, to: usize): f64 {
  let sum = splat<T>(0);
  for (let p = from; p < to; p += 16) sum = add<T>(sum, v128.load(row + p));
  return total<T>(sum);
}
