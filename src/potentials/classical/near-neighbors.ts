/** The neighbours of one atom that matter to a many-body potential, and the gradients that it collects for them. */
import type { Sums, Surroundings } from "./interaction.js";

export class NearNeighbors {
  count = 0;
  /** Atom, type, vector from the centre (Å), distance (Å), of each neighbour. */
  atom = new Int32Array(0);
  type = new Uint8Array(0);
  x = new Float64Array(0);
  y = new Float64Array(0);
  z = new Float64Array(0);
  r = new Float64Array(0);
  /** ∂E/∂(vector), eV/Å; zeros after `gather`. */
  gx = new Float64Array(0);
  gy = new Float64Array(0);
  gz = new Float64Array(0);

  /** Makes room for the atom with the most neighbours; whether the arrays are new. */
  reserve(offsets: Int32Array): boolean {
    let most = 0;
    for (let i = 0; i + 1 < offsets.length; i++) most = Math.max(most, offsets[i + 1] - offsets[i]);
    if (most <= this.atom.length) return false;
    const length = most + 16;
    this.atom = new Int32Array(length);
    this.type = new Uint8Array(length);
    this.x = new Float64Array(length);
    this.y = new Float64Array(length);
    this.z = new Float64Array(length);
    this.r = new Float64Array(length);
    this.gx = new Float64Array(length);
    this.gy = new Float64Array(length);
    this.gz = new Float64Array(length);
    return true;
  }

  /** Takes the neighbours of atom i that are nearer than the cutoff of their pair, [type·types + type], Å². */
  gather(i: number, { list, types }: Surroundings, pairs: { cutoffSquared: Float64Array; types: number }): void {
    const { indices, vectors, offsets } = list;
    const { cutoffSquared } = pairs;
    const row = types[i] * pairs.types;
    let count = 0;
    for (let p = offsets[i]; p < offsets[i + 1]; p++) {
      const x = vectors[3 * p];
      const y = vectors[3 * p + 1];
      const z = vectors[3 * p + 2];
      const r2 = x * x + y * y + z * z;
      const type = types[indices[p]];
      if (!(r2 < cutoffSquared[row + type])) continue;
      this.atom[count] = indices[p];
      this.type[count] = type;
      this.x[count] = x;
      this.y[count] = y;
      this.z[count] = z;
      this.r[count] = Math.sqrt(r2);
      this.gx[count] = 0;
      this.gy[count] = 0;
      this.gz[count] = 0;
      count++;
    }
    this.count = count;
  }

  /** Hands the collected gradients to atom i, its neighbours and the virial. */
  scatter(i: number, { forces, virial }: Sums): void {
    for (let a = 0; a < this.count; a++) {
      const gx = this.gx[a];
      const gy = this.gy[a];
      const gz = this.gz[a];
      const at = 3 * this.atom[a];
      forces[3 * i] += gx;
      forces[3 * i + 1] += gy;
      forces[3 * i + 2] += gz;
      forces[at] -= gx;
      forces[at + 1] -= gy;
      forces[at + 2] -= gz;
      virial[0] += gx * this.x[a];
      virial[1] += gy * this.y[a];
      virial[2] += gz * this.z[a];
      virial[3] += gy * this.z[a];
      virial[4] += gx * this.z[a];
      virial[5] += gx * this.y[a];
    }
  }
}
