/** Images of atoms as explicit ghosts. */
import { INVERSE, REPEATS, LOW, HIGH, CORNER, FAR_CORNER, IMAGES, ATOMS, ROWS, TYPES, REFERENCE, GHOSTS, TRANSLATIONS, pointer, real, times } from "./plan";

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
