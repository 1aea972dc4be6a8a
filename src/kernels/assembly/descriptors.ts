/**
 * Symmetry functions of any n2p2 type around the atoms of a structure: values, the adjoint (forces from dE/dG) and the
 * derivatives themselves (for training). What the tables mean is written in contracts/descriptors.ts.
 *
 * Every type has the form of a radial sum Σ φ(r_ij) or of a sum over pairs Σ A(θ) φ(r_ij) φ(r_ik) [φ(r_jk)] with one radial
 * shape φ for all sides. So the factors of a neighbour are computed once per distinct shape, spread to one column per function,
 * and the loop over pairs runs over columns, two at a time.
 */
import { angularShapes, radialShapes } from "./shapes";

// Words of a program's header (i32), see contracts/descriptors.ts.
const ELEMENTS: usize = 0;
const GAUSSIANS: usize = 4;
const COMPACTS: usize = 8;
const CUTOFFS: usize = 12;
const POWERS: usize = 16;
const WINDOWS: usize = 20;
const GROUPS: usize = 24;
const FUNCTIONS: usize = 28;
const ETA: usize = 32;
const RS: usize = 36;
const CUTOFF_OF: usize = 40;
const COMPACT_TABLE: usize = 44;
const CUTOFF_TABLE: usize = 48;
const POWER_TABLE: usize = 52;
const WINDOW_TABLE: usize = 56;
const LISTS: usize = 60;
const GROUP_TABLE: usize = 64;
const NARROW_GAUSSIANS: usize = 68;
const NARROW_COMPACTS: usize = 72;
const NARROW_CUTOFFS: usize = 76;
const NARROW_RADIUS: usize = 80; // f64
const COMPACT_AT: usize = 88;

const LIST_WORDS: usize = 20;
const GROUP_WORDS: usize = 40;

// Scratch pointers of the atom at hand, set by `prepare`.
let program: usize = 0;
let neighbors: i32 = 0; // neighbours of the atom
let columns: usize = 0; // bytes of a row of columns
let starts: usize = 0; // i32[elements + 1], first neighbour of each element
let geometry: usize = 0; // f64[n][4]: unit vector and distance
let slots: usize = 0; // i32[n]: which derivative row
let original: usize = 0; // i32[n]: atom index
let phi: usize = 0; // f64[n][columns]
let dphi: usize = 0;
let shapeValue: usize = 0;
let shapeSlope: usize = 0;
let cutScratch: usize = 0;
let angleValue: usize = 0;
let angleSlope: usize = 0;
let farValue: usize = 0; // shapes at r_jk
let farSlope: usize = 0;
let spare: usize = 0; // first free byte of the scratch

// @ts-ignore: decorator
@inline
function word(at: usize): i32 {
  return load<i32>(program + at);
}
// @ts-ignore: decorator
@inline
function pointer(at: usize): usize {
  return load<u32>(program + at) as usize;
}
// @ts-ignore: decorator
@inline
function align(at: usize): usize {
  return (at + 15) & ~15;
}

/**
 * Gathers the neighbours of atom i by element (keeping their order within one) and tabulates their radial factors.
 * Neighbours of elements that the program does not know are the host's error and never come here.
 */
function prepare(
  i: i32, programs: usize, types: usize, offsets: usize, indices: usize, vectors: usize, rowLength: i32, scratch: usize,
): void {
  program = load<u32>(programs + (<usize>load<u8>(types + <usize>i) << 2)) as usize;
  const first = load<i32>(offsets + (<usize>i << 2));
  const last = load<i32>(offsets + (<usize>i << 2), 4);
  const elements = word(ELEMENTS);
  const n = last - first;
  neighbors = n;
  columns = <usize>rowLength << 3;

  starts = align(scratch);
  slots = align(starts + (<usize>(elements + 1) << 2));
  original = align(slots + (<usize>n << 2));
  geometry = align(original + (<usize>n << 2));
  phi = align(geometry + (<usize>n << 5));
  dphi = phi + <usize>n * columns;
  const shapes = <usize>(word(COMPACT_AT) + word(COMPACTS) + 2) << 3;
  const angles = <usize>(word(POWERS) + word(WINDOWS) + 2) << 3;
  shapeValue = align(dphi + <usize>n * columns);
  shapeSlope = shapeValue + align(shapes);
  farValue = shapeSlope + align(shapes);
  farSlope = farValue + align(shapes);
  angleValue = farSlope + align(shapes);
  angleSlope = angleValue + align(angles);
  cutScratch = angleSlope + align(angles);
  spare = align(cutScratch + (<usize>word(CUTOFFS) << 4));

  // Counting sort by element.
  memory.fill(starts, 0, <usize>(elements + 1) << 2);
  for (let p = first; p < last; p++) {
    const e = <usize>load<u8>(types + <usize>load<i32>(indices + (<usize>p << 2)));
    store<i32>(starts + ((e + 1) << 2), load<i32>(starts + ((e + 1) << 2)) + 1);
  }
  for (let e: usize = 0; e < <usize>elements; e++)
    store<i32>(starts + ((e + 1) << 2), load<i32>(starts + ((e + 1) << 2)) + load<i32>(starts + (e << 2)));
  for (let p = first; p < last; p++) {
    const j = load<i32>(indices + (<usize>p << 2));
    const e = <usize>load<u8>(types + <usize>j);
    const at = <usize>load<i32>(starts + (e << 2));
    store<i32>(starts + (e << 2), <i32>at + 1);
    store<i32>(original + (at << 2), j);
    const v = vectors + <usize>p * 24;
    const x = load<f64>(v), y = load<f64>(v, 8), z = load<f64>(v, 16);
    const r = Math.sqrt(x * x + y * y + z * z);
    const g = geometry + (at << 5);
    store<f64>(g, x / r);
    store<f64>(g, y / r, 8);
    store<f64>(g, z / r, 16);
    store<f64>(g, r, 24);
  }
  // The fill moved every start to its end: shift back.
  for (let e = elements; e > 0; e--) store<i32>(starts + (<usize>e << 2), load<i32>(starts + (<usize>(e - 1) << 2)));
  store<i32>(starts, 0);

  for (let e: usize = 0; e < <usize>elements; e++) {
    const list = pointer(LISTS) + e * LIST_WORDS;
    const length = <usize>load<i32>(list);
    const radial = <usize>load<i32>(list, 4);
    const shapeOf = load<u32>(list, 8) as usize;
    const weights = load<u32>(list, 12) as usize;
    const to = load<i32>(starts + ((e + 1) << 2));
    for (let j = load<i32>(starts + (e << 2)); j < to; j++) {
      const r = load<f64>(geometry + (<usize>j << 5), 24);
      radialShapes(
        r, word(CUTOFFS), pointer(CUTOFF_TABLE), word(GAUSSIANS), pointer(ETA), pointer(RS), pointer(CUTOFF_OF),
        word(COMPACTS), word(COMPACT_AT), pointer(COMPACT_TABLE), cutScratch, shapeValue, shapeSlope,
      );
      const rowValue = phi + <usize>j * columns;
      const rowSlope = dphi + <usize>j * columns;
      for (let p: usize = 0; p < radial; p++) {
        const s = <usize>load<i32>(shapeOf + (p << 2)) << 3;
        const w = load<f64>(weights + (p << 3));
        store<f64>(rowValue + (p << 3), w * load<f64>(shapeValue + s));
        store<f64>(rowSlope + (p << 3), w * load<f64>(shapeSlope + s));
      }
      for (let p = radial; p < length; p++) {
        const s = <usize>load<i32>(shapeOf + (p << 2)) << 3;
        store<f64>(rowValue + (p << 3), load<f64>(shapeValue + s));
        store<f64>(rowSlope + (p << 3), load<f64>(shapeSlope + s));
      }
    }
  }
}

/** The pair (j, k) at hand: cosine, distance, unit vector from k to j. */
let cosine: f64 = 0;
let far: f64 = 0;
let nx: f64 = 0;
let ny: f64 = 0;
let nz: f64 = 0;

/** Geometry and factors of a pair; false where a narrow function cannot reach it. */
// @ts-ignore: decorator
@inline
function pair(gj: usize, gk: usize, narrow: bool): bool {
  const rj = load<f64>(gj, 24);
  const rk = load<f64>(gk, 24);
  cosine = load<f64>(gj) * load<f64>(gk) + load<f64>(gj, 8) * load<f64>(gk, 8) + load<f64>(gj, 16) * load<f64>(gk, 16);
  if (narrow) {
    const x = rj * load<f64>(gj) - rk * load<f64>(gk);
    const y = rj * load<f64>(gj, 8) - rk * load<f64>(gk, 8);
    const z = rj * load<f64>(gj, 16) - rk * load<f64>(gk, 16);
    far = Math.sqrt(x * x + y * y + z * z);
    if (far >= load<f64>(program + NARROW_RADIUS)) return false;
    const inverse = 1 / far;
    nx = x * inverse;
    ny = y * inverse;
    nz = z * inverse;
    radialShapes(
      far, word(NARROW_CUTOFFS), pointer(CUTOFF_TABLE), word(NARROW_GAUSSIANS), pointer(ETA), pointer(RS), pointer(CUTOFF_OF),
      word(NARROW_COMPACTS), word(COMPACT_AT), pointer(COMPACT_TABLE), cutScratch, farValue, farSlope,
    );
  }
  angularShapes(
    cosine, word(POWERS), pointer(POWER_TABLE), word(WINDOWS), pointer(WINDOW_TABLE), angleValue, angleSlope,
  );
  return true;
}

/** Two table entries, chosen by the next two indices of a list, as lanes. */
// @ts-ignore: decorator
@inline
function gather(table: usize, list: usize): v128 {
  return v128.load64_lane(
    table + (<usize>load<i32>(list, 4) << 3),
    v128.load64_splat(table + (<usize>load<i32>(list) << 3)),
    1,
  );
}

// @ts-ignore: decorator
@inline
function lanes(v: v128): f64 {
  return f64x2.extract_lane(v, 0) + f64x2.extract_lane(v, 1);
}

/** Raw values G into rows f64[atom][rowBytes]; each row has one dummy entry past its functions. */
export function descriptorValues(
  first: i32, last: i32, programs: usize, types: usize, offsets: usize, indices: usize, vectors: usize,
  rowLength: i32, values: usize, valuesRow: usize, scratch: usize,
): void {
  for (let i = first; i < last; i++) {
    prepare(i, programs, types, offsets, indices, vectors, rowLength, scratch);
    valuesOf(values + <usize>i * valuesRow);
  }
}

function valuesOf(out: usize): void {
  memory.fill(out, 0, <usize>(word(FUNCTIONS) + 1) << 3);
  const elements = word(ELEMENTS);
  for (let e: usize = 0; e < <usize>elements; e++) {
    const list = pointer(LISTS) + e * LIST_WORDS;
    const radial = <usize>load<i32>(list, 4);
    const functionOf = load<u32>(list, 16) as usize;
    const to = load<i32>(starts + ((e + 1) << 2));
    for (let j = load<i32>(starts + (e << 2)); j < to; j++) {
      const row = phi + <usize>j * columns;
      for (let p: usize = 0; p < radial; p++) {
        const at = out + (<usize>load<i32>(functionOf + (p << 2)) << 3);
        store<f64>(at, load<f64>(at) + load<f64>(row + (p << 3)));
      }
    }
  }
  const groups = word(GROUPS);
  for (let g: usize = 0; g < <usize>groups; g++) {
    const group = pointer(GROUP_TABLE) + g * GROUP_WORDS;
    const e1 = <usize>load<i32>(group);
    const e2 = <usize>load<i32>(group, 4);
    const count = <usize>load<i32>(group, 8);
    const at1 = <usize>load<i32>(group, 12) << 3;
    const at2 = <usize>load<i32>(group, 16) << 3;
    const narrow = load<i32>(group, 20) != 0;
    const angleOf = load<u32>(group, 24) as usize;
    const shapeOf = load<u32>(group, 28) as usize;
    const weights = load<u32>(group, 32) as usize;
    const functionOf = load<u32>(group, 36) as usize;
    const sums = spare;
    memory.fill(sums, 0, count << 3);
    const toJ = load<i32>(starts + ((e1 + 1) << 2));
    const toK = load<i32>(starts + ((e2 + 1) << 2));
    for (let j = load<i32>(starts + (e1 << 2)); j < toJ; j++) {
      const pj = phi + <usize>j * columns + at1;
      for (let k = e1 == e2 ? j + 1 : load<i32>(starts + (e2 << 2)); k < toK; k++) {
        if (!pair(geometry + (<usize>j << 5), geometry + (<usize>k << 5), narrow)) continue;
        const pk = phi + <usize>k * columns + at2;
        for (let f: usize = 0; f < count; f += 2) {
          let v = f64x2.mul(f64x2.mul(v128.load(pj + (f << 3)), v128.load(pk + (f << 3))), gather(angleValue, angleOf + (f << 2)));
          if (narrow) v = f64x2.mul(v, gather(farValue, shapeOf + (f << 2)));
          v128.store(sums + (f << 3), f64x2.add(v128.load(sums + (f << 3)), v));
        }
      }
    }
    for (let f: usize = 0; f < count; f++) {
      const at = out + (<usize>load<i32>(functionOf + (f << 2)) << 3);
      store<f64>(at, load<f64>(at) + load<f64>(weights + (f << 3)) * load<f64>(sums + (f << 3)));
    }
  }
}

/**
 * F_j −= t_j, F_i += t_j and the virial W_ab += Σ t_j,a r_ij,b (xx xy xz yx yy yz zx zy zz) with
 * t_j = Σ_s (dE_i/dG_s) ∂G_s/∂r_ij. gradients: dE/dG rows, with a dummy entry as in `values`.
 */
export function descriptorAdjoint(
  first: i32, last: i32, programs: usize, types: usize, offsets: usize, indices: usize, vectors: usize,
  rowLength: i32, gradients: usize, gradientsRow: usize, forces: usize, virial: usize, scratch: usize,
): void {
  for (let i = first; i < last; i++) {
    prepare(i, programs, types, offsets, indices, vectors, rowLength, scratch);
    const pulls = spare; // f64[n][4]: t_j
    spare = align(pulls + (<usize>neighbors << 5));
    memory.fill(pulls, 0, <usize>neighbors << 5);
    adjointOf(gradients + <usize>i * gradientsRow, pulls);
    scatter(i, pulls, forces, virial);
  }
}

function scatter(i: i32, pulls: usize, forces: usize, virial: usize): void {
  let fx: f64 = 0, fy: f64 = 0, fz: f64 = 0;
  for (let j: usize = 0; j < <usize>neighbors; j++) {
    const t = pulls + (j << 5);
    const tx = load<f64>(t), ty = load<f64>(t, 8), tz = load<f64>(t, 16);
    const g = geometry + (j << 5);
    const r = load<f64>(g, 24);
    const f = forces + <usize>load<i32>(original + (j << 2)) * 24;
    store<f64>(f, load<f64>(f) - tx);
    store<f64>(f, load<f64>(f, 8) - ty, 8);
    store<f64>(f, load<f64>(f, 16) - tz, 16);
    fx += tx; fy += ty; fz += tz;
    for (let b: usize = 0; b < 24; b += 8) {
      const d = r * load<f64>(g + b);
      const w = virial + b;
      store<f64>(w, load<f64>(w) + tx * d);
      store<f64>(w, load<f64>(w, 24) + ty * d, 24);
      store<f64>(w, load<f64>(w, 48) + tz * d, 48);
    }
  }
  const f = forces + <usize>i * 24;
  store<f64>(f, load<f64>(f) + fx);
  store<f64>(f, load<f64>(f, 8) + fy, 8);
  store<f64>(f, load<f64>(f, 16) + fz, 16);
}

// @ts-ignore: decorator
@inline
function push(t: usize, a: f64, g: usize): void {
  store<f64>(t, load<f64>(t) + a * load<f64>(g));
  store<f64>(t, load<f64>(t, 8) + a * load<f64>(g, 8), 8);
  store<f64>(t, load<f64>(t, 16) + a * load<f64>(g, 16), 16);
}

function adjointOf(gradient: usize, pulls: usize): void {
  const elements = word(ELEMENTS);
  for (let e: usize = 0; e < <usize>elements; e++) {
    const list = pointer(LISTS) + e * LIST_WORDS;
    const radial = <usize>load<i32>(list, 4);
    const functionOf = load<u32>(list, 16) as usize;
    const to = load<i32>(starts + ((e + 1) << 2));
    for (let j = load<i32>(starts + (e << 2)); j < to; j++) {
      const row = dphi + <usize>j * columns;
      let sum: f64 = 0;
      for (let p: usize = 0; p < radial; p++)
        sum += load<f64>(gradient + (<usize>load<i32>(functionOf + (p << 2)) << 3)) * load<f64>(row + (p << 3));
      push(pulls + (<usize>j << 5), sum, geometry + (<usize>j << 5));
    }
  }
  const groups = word(GROUPS);
  for (let g: usize = 0; g < <usize>groups; g++) adjointOfGroup(pointer(GROUP_TABLE) + g * GROUP_WORDS, gradient, pulls);
}

function adjointOfGroup(group: usize, gradient: usize, pulls: usize): void {
  const e1 = <usize>load<i32>(group);
  const e2 = <usize>load<i32>(group, 4);
  const count = <usize>load<i32>(group, 8);
  const at1 = <usize>load<i32>(group, 12) << 3;
  const at2 = <usize>load<i32>(group, 16) << 3;
  const narrow = load<i32>(group, 20) != 0;
  const angleOf = load<u32>(group, 24) as usize;
  const shapeOf = load<u32>(group, 28) as usize;
  const weights = load<u32>(group, 32) as usize;
  const functionOf = load<u32>(group, 36) as usize;
  const coefficients = spare;
  for (let f: usize = 0; f < count; f++)
    store<f64>(
      coefficients + (f << 3),
      load<f64>(weights + (f << 3)) * load<f64>(gradient + (<usize>load<i32>(functionOf + (f << 2)) << 3)),
    );
  const toJ = load<i32>(starts + ((e1 + 1) << 2));
  const toK = load<i32>(starts + ((e2 + 1) << 2));
  for (let j = load<i32>(starts + (e1 << 2)); j < toJ; j++) {
    const pj = phi + <usize>j * columns + at1;
    const dj = dphi + <usize>j * columns + at1;
    const gj = geometry + (<usize>j << 5);
    const tj = pulls + (<usize>j << 5);
    for (let k = e1 == e2 ? j + 1 : load<i32>(starts + (e2 << 2)); k < toK; k++) {
      const gk = geometry + (<usize>k << 5);
      if (!pair(gj, gk, narrow)) continue;
      const pk = phi + <usize>k * columns + at2;
      const dk = dphi + <usize>k * columns + at2;
      let alongJ = f64x2.splat(0), alongK = f64x2.splat(0), alongAngle = f64x2.splat(0), alongFar = f64x2.splat(0);
      for (let f: usize = 0; f < count; f += 2) {
        const c = v128.load(coefficients + (f << 3));
        const vj = v128.load(pj + (f << 3));
        const vk = v128.load(pk + (f << 3));
        let ca = f64x2.mul(c, gather(angleValue, angleOf + (f << 2)));
        let cd = f64x2.mul(c, gather(angleSlope, angleOf + (f << 2)));
        const both = f64x2.mul(vj, vk);
        if (narrow) {
          alongFar = f64x2.add(alongFar, f64x2.mul(f64x2.mul(ca, both), gather(farSlope, shapeOf + (f << 2))));
          const v = gather(farValue, shapeOf + (f << 2));
          ca = f64x2.mul(ca, v);
          cd = f64x2.mul(cd, v);
        }
        alongJ = f64x2.add(alongJ, f64x2.mul(f64x2.mul(ca, vk), v128.load(dj + (f << 3))));
        alongK = f64x2.add(alongK, f64x2.mul(f64x2.mul(ca, vj), v128.load(dk + (f << 3))));
        alongAngle = f64x2.add(alongAngle, f64x2.mul(cd, both));
      }
      const angle = lanes(alongAngle);
      const perJ = angle / load<f64>(gj, 24);
      const perK = angle / load<f64>(gk, 24);
      const tk = pulls + (<usize>k << 5);
      push(tj, lanes(alongJ) - perJ * cosine, gj);
      push(tj, perJ, gk);
      push(tk, lanes(alongK) - perK * cosine, gk);
      push(tk, perK, gj);
      if (narrow) {
        const s = lanes(alongFar);
        store<f64>(tj, load<f64>(tj) + s * nx);
        store<f64>(tj, load<f64>(tj, 8) + s * ny, 8);
        store<f64>(tj, load<f64>(tj, 16) + s * nz, 16);
        store<f64>(tk, load<f64>(tk) - s * nx);
        store<f64>(tk, load<f64>(tk, 8) - s * ny, 8);
        store<f64>(tk, load<f64>(tk, 16) - s * nz, 16);
      }
    }
  }
}

/**
 * Values as above and the derivative rows of each atom's record (contracts/cache.ts) as f32: one row [xyz][L] per distinct
 * neighbour atom, the images of one atom summed, an atom's own images left out (they cancel in the forces). Where
 * strains is not 0, also ∂G_s/∂ε for xx yy zz yz xz xy into f64[atom][6][valuesRow bytes].
 */
export function descriptorJacobian(
  first: i32, last: i32, programs: usize, types: usize, offsets: usize, indices: usize, vectors: usize,
  rowLength: i32, values: usize, valuesRow: usize, records: usize, strains: usize, scratch: usize,
): void {
  for (let i = first; i < last; i++) {
    prepare(i, programs, types, offsets, indices, vectors, rowLength, scratch);
    valuesOf(values + <usize>i * valuesRow);
    const rows = spare; // f64[n][3][columns]
    spare = align(rows + <usize>neighbors * 3 * columns);
    memory.fill(rows, 0, <usize>neighbors * 3 * columns);
    jacobianOf(rows);
    if (strains) strainOf(rows, strains + <usize>i * 6 * valuesRow, valuesRow);
    pack(i, rows, load<u32>(records + (<usize>i << 2)) as usize);
  }
}

/** row[xyz][p] += a[p]·g_xyz */
// @ts-ignore: decorator
@inline
function spread(row: usize, a: v128, g: usize): void {
  v128.store(row, f64x2.add(v128.load(row), f64x2.mul(a, v128.load64_splat(g))));
  const y = row + columns;
  v128.store(y, f64x2.add(v128.load(y), f64x2.mul(a, v128.load64_splat(g, 8))));
  const z = y + columns;
  v128.store(z, f64x2.add(v128.load(z), f64x2.mul(a, v128.load64_splat(g, 16))));
}

/** row[xyz][p] += a[p]·g_xyz + b[p]·h_xyz, and ± c[p]·n_xyz for narrow functions. */
// @ts-ignore: decorator
@inline
function spreadPair(row: usize, a: v128, g: usize, b: v128, h: usize, c: v128, narrow: bool): void {
  let x = f64x2.add(f64x2.mul(a, v128.load64_splat(g)), f64x2.mul(b, v128.load64_splat(h)));
  let y = f64x2.add(f64x2.mul(a, v128.load64_splat(g, 8)), f64x2.mul(b, v128.load64_splat(h, 8)));
  let z = f64x2.add(f64x2.mul(a, v128.load64_splat(g, 16)), f64x2.mul(b, v128.load64_splat(h, 16)));
  if (narrow) {
    x = f64x2.add(x, f64x2.mul(c, f64x2.splat(nx)));
    y = f64x2.add(y, f64x2.mul(c, f64x2.splat(ny)));
    z = f64x2.add(z, f64x2.mul(c, f64x2.splat(nz)));
  }
  v128.store(row, f64x2.add(v128.load(row), x));
  row += columns;
  v128.store(row, f64x2.add(v128.load(row), y));
  row += columns;
  v128.store(row, f64x2.add(v128.load(row), z));
}

function jacobianOf(rows: usize): void {
  const elements = word(ELEMENTS);
  for (let e: usize = 0; e < <usize>elements; e++) {
    const list = pointer(LISTS) + e * LIST_WORDS;
    const radial = <usize>load<i32>(list, 4);
    const to = load<i32>(starts + ((e + 1) << 2));
    for (let j = load<i32>(starts + (e << 2)); j < to; j++)
      for (let p: usize = 0; p < radial; p += 2)
        spread(
          rows + <usize>j * 3 * columns + (p << 3),
          v128.load(dphi + <usize>j * columns + (p << 3)),
          geometry + (<usize>j << 5),
        );
  }
  const groups = word(GROUPS);
  for (let g: usize = 0; g < <usize>groups; g++) jacobianOfGroup(pointer(GROUP_TABLE) + g * GROUP_WORDS, rows);
}

function jacobianOfGroup(group: usize, rows: usize): void {
  const e1 = <usize>load<i32>(group);
  const e2 = <usize>load<i32>(group, 4);
  const count = <usize>load<i32>(group, 8);
  const at1 = <usize>load<i32>(group, 12) << 3;
  const at2 = <usize>load<i32>(group, 16) << 3;
  const narrow = load<i32>(group, 20) != 0;
  const angleOf = load<u32>(group, 24) as usize;
  const shapeOf = load<u32>(group, 28) as usize;
  const weights = load<u32>(group, 32) as usize;
  const toJ = load<i32>(starts + ((e1 + 1) << 2));
  const toK = load<i32>(starts + ((e2 + 1) << 2));
  for (let j = load<i32>(starts + (e1 << 2)); j < toJ; j++) {
    const pj = phi + <usize>j * columns + at1;
    const dj = dphi + <usize>j * columns + at1;
    const gj = geometry + (<usize>j << 5);
    const rowJ = rows + <usize>j * 3 * columns + at1;
    const inverseJ = f64x2.splat(1 / load<f64>(gj, 24));
    for (let k = e1 == e2 ? j + 1 : load<i32>(starts + (e2 << 2)); k < toK; k++) {
      const gk = geometry + (<usize>k << 5);
      if (!pair(gj, gk, narrow)) continue;
      const pk = phi + <usize>k * columns + at2;
      const dk = dphi + <usize>k * columns + at2;
      const rowK = rows + <usize>k * 3 * columns + at2;
      const inverseK = f64x2.splat(1 / load<f64>(gk, 24));
      const minusCosine = f64x2.splat(-cosine);
      for (let f: usize = 0; f < count; f += 2) {
        const w = v128.load(weights + (f << 3));
        const vj = v128.load(pj + (f << 3));
        const vk = v128.load(pk + (f << 3));
        let a = f64x2.mul(w, gather(angleValue, angleOf + (f << 2)));
        let d = f64x2.mul(w, gather(angleSlope, angleOf + (f << 2)));
        const both = f64x2.mul(vj, vk);
        let farther = f64x2.splat(0);
        if (narrow) {
          farther = f64x2.mul(f64x2.mul(a, both), gather(farSlope, shapeOf + (f << 2)));
          const v = gather(farValue, shapeOf + (f << 2));
          a = f64x2.mul(a, v);
          d = f64x2.mul(d, v);
        }
        const angle = f64x2.mul(d, both);
        const perJ = f64x2.mul(angle, inverseJ);
        const perK = f64x2.mul(angle, inverseK);
        const alongJ = f64x2.add(f64x2.mul(f64x2.mul(a, vk), v128.load(dj + (f << 3))), f64x2.mul(perJ, minusCosine));
        const alongK = f64x2.add(f64x2.mul(f64x2.mul(a, vj), v128.load(dk + (f << 3))), f64x2.mul(perK, minusCosine));
        spreadPair(rowJ + (f << 3), alongJ, gj, perJ, gk, farther, narrow);
        spreadPair(rowK + (f << 3), alongK, gk, perK, gj, f64x2.neg(farther), narrow);
      }
    }
  }
}

/** ∂G_s/∂ε_ab = Σ_j ½(∂G/∂r_a r_b + ∂G/∂r_b r_a), all images counted. */
function strainOf(rows: usize, out: usize, outRow: usize): void {
  memory.fill(out, 0, 6 * outRow);
  const elements = word(ELEMENTS);
  for (let e: usize = 0; e < <usize>elements; e++) {
    const list = pointer(LISTS) + e * LIST_WORDS;
    const length = <usize>load<i32>(list);
    const functionOf = load<u32>(list, 16) as usize;
    const to = load<i32>(starts + ((e + 1) << 2));
    for (let j = load<i32>(starts + (e << 2)); j < to; j++) {
      const g = geometry + (<usize>j << 5);
      const r = load<f64>(g, 24);
      const x = r * load<f64>(g), y = r * load<f64>(g, 8), z = r * load<f64>(g, 16);
      const row = rows + <usize>j * 3 * columns;
      for (let p: usize = 0; p < length; p++) {
        const dx = load<f64>(row + (p << 3));
        const dy = load<f64>(row + columns + (p << 3));
        const dz = load<f64>(row + 2 * columns + (p << 3));
        const at = out + (<usize>load<i32>(functionOf + (p << 2)) << 3);
        add(at, dx * x);
        add(at + outRow, dy * y);
        add(at + 2 * outRow, dz * z);
        add(at + 3 * outRow, 0.5 * (dy * z + dz * y));
        add(at + 4 * outRow, 0.5 * (dx * z + dz * x));
        add(at + 5 * outRow, 0.5 * (dx * y + dy * x));
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function add(at: usize, x: f64): void {
  store<f64>(at, load<f64>(at) + x);
}

/** Sums the images of each neighbour atom and stores its row as f32 in the atom's record. */
function pack(i: i32, rows: usize, record: usize): void {
  let to = load<u32>(record) as usize;
  let indices = load<u32>(record, 4) as usize;
  const elements = word(ELEMENTS);
  for (let e: usize = 0; e < <usize>elements; e++) {
    const list = pointer(LISTS) + e * LIST_WORDS;
    const length = <usize>load<i32>(list);
    const padded = <usize>load<i32>(record + 8 + 12 * e, 4);
    const end = load<i32>(starts + ((e + 1) << 2));
    let count = 0;
    let j = load<i32>(starts + (e << 2));
    while (j < end) {
      const atom = load<i32>(original + (<usize>j << 2));
      let next = j + 1;
      while (next < end && load<i32>(original + (<usize>next << 2)) == atom) next++;
      if (atom != i) {
        for (let x: usize = 0; x < 3; x++) {
          for (let p: usize = 0; p < padded; p++) {
            let sum: f64 = 0;
            if (p < length)
              for (let q = j; q < next; q++) sum += load<f64>(rows + (<usize>q * 3 + x) * columns + (p << 3));
            store<f32>(to + (p << 2), <f32>sum);
          }
          to += padded << 2;
        }
        store<i32>(indices, atom);
        indices += 4;
        count++;
      }
      j = next;
    }
    store<i32>(record + 8 + 12 * e, count);
  }
}
