/**
 * Energies, forces and virial of a network potential, atom by atom: neighbours → functions → networks of all members → dE/dG → pulls
 * on the neighbours. Everything that an atom needs stays in the cache between its values and its pulls. The tables are written in
 * contracts/surface.ts; the same text serves f64 and f32.
 */
import { dropoutNetwork } from "./dropout";
import { put } from "./lanes";
import { network } from "./network";
import { bends, narrowPulls, narrowValues, placeNarrow } from "./narrow";
import { atoms, filled, geometry, look, partCount, partStart, place, stride, tabulate } from "./neighborhood";
import { jacobianPulls, placeJacobian, pullRows } from "./jacobian";
import { pairPulls, pairValues, placePairs } from "./pairs";
import { placeWide, pullsAt, pullsAtHome, pullX, pullY, pullZ, widePulls, wideValues } from "./wide";

// Bytes of a context, see contracts/surface.ts.
const TYPES: usize = 4;
const ELEMENTS: usize = 16;
const PROGRAMS: usize = 20;
const MEMBERS: usize = 24;
const NETWORKS: usize = 28;
const SCRATCH: usize = 40;
const ENERGIES: usize = 44;
const ENERGY_ROW: usize = 48;
const FORCES: usize = 52;
const VIRIAL: usize = 56;
const VALUES: usize = 60;
const VALUE_ROW: usize = 64;
const MEMBER_FORCES: usize = 68;
const MEMBER_FORCE_BYTES: usize = 72;
const MEMBER_VIRIALS: usize = 76;
const FUNCTIONS_MOST: usize = 80;
const SHAPES_MOST: usize = 88;
const CUTOFFS_MOST: usize = 92;
const DEGREE_MOST: usize = 96;
const MOMENTS_MOST: usize = 100;
const NETWORK_SCRATCH: usize = 104;
const PASSES: usize = 112;
const MASKS: usize = 116;
const PASS_ENERGIES: usize = 120;
const ANGLES_MOST: usize = 124;
const PAIR_SHAPES_MOST: usize = 128;

const FUNCTIONS: usize = 36;
const PAIR_COUNT: usize = 40;

/** 0, or 1 + the first atom whose surroundings make no sense (two atoms in one place, a position that is not a number). */
function surface<T>(context: usize, first: i32, last: i32): i32 {
  const elements = load<i32>(context, ELEMENTS);
  const members = load<i32>(context, MEMBERS);
  const most = <usize>load<u32>(context, FUNCTIONS_MOST);
  let at = (<usize>load<u32>(context, SCRATCH) + 63) & ~63;
  const values = at; // f64
  const gradient = values + 8 * most; // f64, mean over the members
  const input = gradient + 8 * most; // T
  const slope = input + 8 * most; // T, of one member
  const slopes = slope + 8 * most; // f64[member], where each member's forces are wanted
  const layers = slopes + 8 * most * <usize>members;
  at = (layers + <usize>load<u32>(context, NETWORK_SCRATCH) + 63) & ~63;
  const shapes = <usize>load<u32>(context, SHAPES_MOST);
  const cuts = <usize>load<u32>(context, CUTOFFS_MOST);
  at = place<T>(context, at, shapes, cuts);
  at = placeWide<T>(at, <usize>load<u32>(context, DEGREE_MOST), shapes, <usize>load<u32>(context, MOMENTS_MOST), <usize>elements);
  const memberForces = <usize>load<u32>(context, MEMBER_FORCES);
  if (memberForces) at = placeJacobian<T>(at, <usize>load<u32>(context, DEGREE_MOST), most, <usize>members);
  at = placePairs<T>(at, <usize>load<u32>(context, ANGLES_MOST), <usize>load<u32>(context, PAIR_SHAPES_MOST));

  const types = <usize>load<u32>(context, TYPES);
  const energyRow = <usize>load<u32>(context, ENERGY_ROW);
  const passes = load<i32>(context, PASSES);
  for (let i = first; i < last; i++) {
    const e = <usize>load<u8>(types + <usize>i);
    const program = <usize>load<u32>(<usize>load<u32>(context, PROGRAMS) + (e << 2));
    if (!look<T>(context, i, load<i32>(program, PAIR_COUNT) > 0)) return i + 1;
    pullsAtHome();
    const functions = <usize>load<i32>(program, FUNCTIONS);
    tabulate<T>(context, program);
    memory.fill(values, 0, functions << 3);
    wideValues<T>(program, elements, values);
    placeNarrow<T>(pairValues<T>(program, values), cuts);
    narrowValues<T>(program, values);
    if (load<u32>(context, VALUES)) {
      const row = <usize>load<u32>(context, VALUES) + <usize>i * <usize>load<u32>(context, VALUE_ROW);
      memory.copy(row, values, functions << 3);
    }
    memory.fill(gradient, 0, functions << 3);
    const share = 1 / <f64>members;
    for (let m: usize = 0; m < <usize>members; m++) {
      const table = <usize>load<u32>(<usize>load<u32>(context, NETWORKS) + ((m * <usize>elements + e) << 2));
      const scale = load<f64>(table, 8);
      // Scaled in f64: the range of a function may be small beside its values.
      const map = <usize>load<u32>(table, 20);
      for (let s: usize = 0; s < functions; s++)
        put<T>(input + s * sizeof<T>(), load<f64>(map + (s << 4)) * load<f64>(values + (s << 3)) + load<f64>(map + (s << 4), 8));
      let value: f64;
      if (passes == 0) value = network<T>(table + 16, input, slope, layers);
      else {
        const masks = <usize>load<u32>(<usize>load<u32>(context, MASKS) + (e << 2));
        const sums = <usize>load<u32>(context, PASS_ENERGIES);
        value = dropoutNetwork<T>(table + 16, masks, passes, input, slope, layers, scale, sums);
      }
      const energy = <usize>load<u32>(context, ENERGIES) + <usize>i * energyRow + (m << 3);
      store<f64>(energy, load<f64>(table) + scale * value);
      for (let s: usize = 0; s < functions; s++) {
        const g = scale * load<f64>(map + (s << 4)) * <f64>load<T>(slope + s * sizeof<T>());
        store<f64>(gradient + (s << 3), load<f64>(gradient + (s << 3)) + share * g);
        if (memberForces) store<f64>(slopes + ((m * most + s) << 3), g);
      }
    }
    if (memberForces) {
      jacobianPulls<T>(program, elements, slopes, most, members);
      for (let m: usize = 0; m < <usize>members; m++) {
        pullsAt(pullRows + 3 * m * stride);
        bend<T>(program, slopes + 8 * m * most);
        scatter<T>(
          i, elements, memberForces + m * <usize>load<u32>(context, MEMBER_FORCE_BYTES),
          <usize>load<u32>(context, MEMBER_VIRIALS) + 48 * m,
        );
      }
    } else {
      widePulls<T>(program, elements, gradient);
      bend<T>(program, gradient);
      scatter<T>(i, elements, <usize>load<u32>(context, FORCES), <usize>load<u32>(context, VIRIAL));
    }
  }
  return 0;
}

/** Adds the pulls of functions by pairs and by triplets to those at hand. */
function bend<T>(program: usize, gradient: usize): void {
  pairPulls<T>(program, gradient);
  if (!narrowPulls<T>(program, gradient)) return;
  // Globals are read from memory at every use: loops have copies.
  const end = filled, xs = pullX, ys = pullY, zs = pullZ;
  let bend = bends, g = geometry;
  for (let p: usize = 0; p < end; p += sizeof<T>()) {
    const a = load<T>(bend + 3 * sizeof<T>());
    store<T>(xs + p, load<T>(xs + p) + load<T>(bend) + a * load<T>(g));
    store<T>(ys + p, load<T>(ys + p) + load<T>(bend + sizeof<T>()) + a * load<T>(g + sizeof<T>()));
    store<T>(zs + p, load<T>(zs + p) + load<T>(bend + 2 * sizeof<T>()) + a * load<T>(g + 2 * sizeof<T>()));
    bend += 4 * sizeof<T>();
    g += 4 * sizeof<T>();
  }
}

/** F_j −= t_j, F_i += t_j, W_ab += Σ t_j,a r_ij,b, in f64. */
function scatter<T>(i: i32, elements: i32, forces: usize, virial: usize): void {
  // Two components at a time: x with y.
  let fxy = f64x2.splat(0), squares = fxy, besideZ = fxy;
  let fz: f64 = 0, zz: f64 = 0, xy: f64 = 0;
  const xs = pullX, ys = pullY, zs = pullZ, places = geometry, names = atoms;
  for (let e: usize = 0; e < <usize>elements; e++) {
    let p = <usize>load<u32>(partStart + (e << 2));
    const last = p + <usize>load<i32>(partCount + (e << 2)) * sizeof<T>();
    for (; p < last; p += sizeof<T>()) {
      const tx = <f64>load<T>(xs + p), tz = <f64>load<T>(zs + p);
      const txy = f64x2.replace_lane(f64x2.splat(tx), 1, <f64>load<T>(ys + p));
      const g = places + 4 * p;
      const rxy = sizeof<T>() == 8 ? v128.load(g) : f64x2.promote_low_f32x4(v128.load64_zero(g));
      const z = <f64>load<T>(g + 2 * sizeof<T>());
      const f = forces + (<usize>load<i32>(names + (p / sizeof<T>()) * 4) << 5);
      v128.store(f, f64x2.sub(v128.load(f), txy));
      store<f64>(f, load<f64>(f, 16) - tz, 16);
      fxy = f64x2.add(fxy, txy);
      fz += tz;
      squares = f64x2.add(squares, f64x2.mul(txy, rxy));
      besideZ = f64x2.add(besideZ, f64x2.mul(txy, f64x2.splat(z)));
      zz += tz * z;
      xy += tx * f64x2.extract_lane(rxy, 1);
    }
  }
  const f = forces + (<usize>i << 5);
  v128.store(f, f64x2.add(v128.load(f), fxy));
  store<f64>(f, load<f64>(f, 16) + fz, 16);
  v128.store(virial, f64x2.add(v128.load(virial), squares));
  store<f64>(virial, load<f64>(virial, 16) + zz, 16);
  store<f64>(virial, load<f64>(virial, 24) + f64x2.extract_lane(besideZ, 1), 24);
  store<f64>(virial, load<f64>(virial, 32) + f64x2.extract_lane(besideZ, 0), 32);
  store<f64>(virial, load<f64>(virial, 40) + xy, 40);
}

export function surfaceF64(context: usize, first: i32, last: i32): i32 {
  return surface<f64>(context, first, last);
}

export function surfaceF32(context: usize, first: i32, last: i32): i32 {
  return surface<f32>(context, first, last);
}
