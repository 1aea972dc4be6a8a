/**
 * Products with the stored derivatives of the descriptors in training (contracts/cache.ts): forces from dE/dG, and the
 * direction v in descriptor space that belongs to a change of the forces.
 *
 * Derivatives are f32 (their rounding, 6e-8 relative, is far below the noise of the labels and halves the memory
 * traffic, which is what these loops are made of); sums over functions run in f32x4, sums over atoms in f64.
 *
 * An atom's record, i32 words: [0] pointer to its derivative rows, [1] pointer to the neighbours' atom indices (i32),
 * then per neighbour element: [2 + 3e] number of neighbours, [3 + 3e] padded row length L (functions), [4 + 3e] pointer to
 * the function index of each column (i32[L]). Rows are [neighbour][xyz][L].
 */

// @ts-ignore: decorator
@inline
function sumLanes(v: v128): f64 {
  return (
    <f64>f32x4.extract_lane(v, 0) + <f64>f32x4.extract_lane(v, 1) +
    (<f64>f32x4.extract_lane(v, 2) + <f64>f32x4.extract_lane(v, 3))
  );
}

/**
 * F_j −= t_j, F_i += t_j with t_j = Σ_s (dE_i/dG_s) ∂G_s/∂r_j, for the atoms first…last−1 of a structure.
 *
 * records: pointers to atom records, i32[atom]; gradients: dE/dG rows, f64[atom][gradientRow bytes]; forces: f64[atom][3];
 * scratch: one padded row of f32.
 */
export function contractForces(
  first: i32, last: i32, elements: i32, records: usize, gradients: usize, gradientRow: usize, forces: usize, scratch: usize,
): void {
  for (let i = first; i < last; i++) {
    const record = load<u32>(records + (<usize>i << 2)) as usize;
    const g = gradients + <usize>i * gradientRow;
    let row = load<u32>(record) as usize;
    let indices = load<u32>(record, 4) as usize;
    let fx: f64 = 0, fy: f64 = 0, fz: f64 = 0;
    for (let e = 0; e < elements; e++) {
      const block = record + 8 + <usize>(12 * e);
      const count = load<i32>(block);
      const length = load<i32>(block, 4);
      const columns = load<u32>(block, 8) as usize;
      if (count == 0) continue;
      for (let p: usize = 0; p < <usize>length; p++)
        store<f32>(scratch + (p << 2), <f32>load<f64>(g + (<usize>load<i32>(columns + (p << 2)) << 3)));
      const bytes = <usize>length << 2;
      for (let j = 0; j < count; j++) {
        let sx = f32x4.splat(0), sy = f32x4.splat(0), sz = f32x4.splat(0);
        const ry = row + bytes;
        const rz = ry + bytes;
        for (let p: usize = 0; p < bytes; p += 16) {
          const w = v128.load(scratch + p);
          sx = f32x4.add(sx, f32x4.mul(w, v128.load(row + p)));
          sy = f32x4.add(sy, f32x4.mul(w, v128.load(ry + p)));
          sz = f32x4.add(sz, f32x4.mul(w, v128.load(rz + p)));
        }
        const tx = sumLanes(sx);
        const ty = sumLanes(sy);
        const tz = sumLanes(sz);
        fx += tx; fy += ty; fz += tz;
        const f = forces + <usize>load<i32>(indices) * 24;
        store<f64>(f, load<f64>(f) - tx);
        store<f64>(f, load<f64>(f, 8) - ty, 8);
        store<f64>(f, load<f64>(f, 16) - tz, 16);
        indices += 4;
        row = rz + bytes;
      }
    }
    const f = forces + <usize>i * 24;
    store<f64>(f, load<f64>(f) + fx);
    store<f64>(f, load<f64>(f, 8) + fy, 8);
    store<f64>(f, load<f64>(f, 16) + fz, 16);
  }
}

/**
 * v_i[s] += Σ_j (λ_i − λ_j)·∂G_s/∂r_j for the atoms first…last−1: the direction along which dE/dG must be followed so that
 * Σ_a λ_a·F_a changes. λ: f64[atom][3]; directions: f64[atom][directionRow bytes], added to.
 */
export function contractTangent(
  first: i32, last: i32, elements: i32, records: usize, lambda: usize, directions: usize, directionRow: usize, scratch: usize,
): void {
  for (let i = first; i < last; i++) {
    const record = load<u32>(records + (<usize>i << 2)) as usize;
    const v = directions + <usize>i * directionRow;
    let row = load<u32>(record) as usize;
    let indices = load<u32>(record, 4) as usize;
    const li = lambda + <usize>i * 24;
    const lx = load<f64>(li), ly = load<f64>(li, 8), lz = load<f64>(li, 16);
    for (let e = 0; e < elements; e++) {
      const block = record + 8 + <usize>(12 * e);
      const count = load<i32>(block);
      const length = load<i32>(block, 4);
      const columns = load<u32>(block, 8) as usize;
      if (count == 0) continue;
      const bytes = <usize>length << 2;
      memory.fill(scratch, 0, bytes);
      for (let j = 0; j < count; j++) {
        const lj = lambda + <usize>load<i32>(indices) * 24;
        const wx = f32x4.splat(<f32>(lx - load<f64>(lj)));
        const wy = f32x4.splat(<f32>(ly - load<f64>(lj, 8)));
        const wz = f32x4.splat(<f32>(lz - load<f64>(lj, 16)));
        const ry = row + bytes;
        const rz = ry + bytes;
        for (let p: usize = 0; p < bytes; p += 16) {
          const s = f32x4.add(
            f32x4.add(v128.load(scratch + p), f32x4.mul(wx, v128.load(row + p))),
            f32x4.add(f32x4.mul(wy, v128.load(ry + p)), f32x4.mul(wz, v128.load(rz + p))),
          );
          v128.store(scratch + p, s);
        }
        indices += 4;
        row = rz + bytes;
      }
      for (let p: usize = 0; p < <usize>length; p++) {
        const at = v + (<usize>load<i32>(columns + (p << 2)) << 3);
        store<f64>(at, load<f64>(at) + <f64>load<f32>(scratch + (p << 2)));
      }
    }
  }
}
