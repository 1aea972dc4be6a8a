/**
 * The table ("plan") that says where everything of a neighbour list is; contracts/neighbors.ts says what it means.
 */

// Its bytes.
export const FRAME: usize = 0;
export const INVERSE: usize = 72;
export const REPEATS: usize = 144;
export const LOW: usize = 168;
export const HIGH: usize = 192;
export const CORNER: usize = 216;
export const FAR_CORNER: usize = 240;
export const BINS_PER_LENGTH: usize = 264;
export const RADIUS: usize = 288;
export const DEFORMATION: usize = 296;
export const TRUST: usize = 368;
export const BINS: usize = 384;
export const IMAGES: usize = 396;
export const ATOMS: usize = 408;
export const EXTENDED: usize = 412;
export const ELEMENTS: usize = 416;
export const POSITIONS: usize = 420;
export const OWN_TYPES: usize = 424;
export const ORDER: usize = 428;
export const TURNS: usize = 432;
export const ROWS: usize = 436;
export const TYPES: usize = 440;
export const REFERENCE: usize = 444;
export const GHOSTS: usize = 448;
export const TRANSLATIONS: usize = 452;
export const BIN_STARTS: usize = 456;
export const SLOT_X: usize = 460;
export const SLOT_Y: usize = 464;
export const SLOT_Z: usize = 468;
export const SLOT_ATOMS: usize = 472;
export const OFFSETS: usize = 476;
export const INDICES: usize = 480;
export const TYPE_SHIFT: usize = 484;

/** Whole cells an atom may be away from the first: what an i32 holds, with room to spare. */
export const FARTHEST: f64 = 1073741824;

// @ts-ignore: decorator
@inline
export function pointer(plan: usize, at: usize): usize {
  return load<u32>(plan + at) as usize;
}
// @ts-ignore: decorator
@inline
export function real(plan: usize, at: usize, k: usize): f64 {
  return load<f64>(plan + at + (k << 3));
}
/** Component c of (v0 v1 v2) times the matrix at `at`. */
// @ts-ignore: decorator
@inline
export function times(plan: usize, at: usize, c: usize, v0: f64, v1: f64, v2: f64): f64 {
  return v0 * real(plan, at, c) + v1 * real(plan, at, 3 + c) + v2 * real(plan, at, 6 + c);
}
/** How many vectors d are to be taken off an atom at (x y z). */
// @ts-ignore: decorator
@inline
export function turnsOf(plan: usize, d: usize, x: f64, y: f64, z: f64): f64 {
  return real(plan, REPEATS, d) * Math.floor(times(plan, INVERSE, d, x, y, z));
}
