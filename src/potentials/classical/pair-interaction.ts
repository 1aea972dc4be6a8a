/** Energies that depend on the distance of two atoms alone. */
import type { Interaction, Sums, Surroundings } from "./interaction.js";

/** An energy of the distance for every pair of elements. */
export interface PairLaw {
  readonly title: string;
  /** Atomic numbers, in the order of the types. */
  readonly elements: readonly number[];
  /** [type·types + type], Å²; 0 where two elements do not interact. */
  readonly cutoffSquared: Float64Array;
  /**
   * Energy (eV) and its derivative over the distance, E′(r)/r (eV/Å²), of a pair at the squared distance r2 (Å²), written to
   * out[0] and out[1]: a result object per pair would cost more than the arithmetic.
   */
  at(pair: number, r2: number, out: Float64Array): void;
}

export class PairInteraction implements Interaction {
  readonly title: string;
  readonly elements: readonly number[];
  readonly cutoff: number;
  readonly #law: PairLaw;
  readonly #out = new Float64Array(2);

  constructor(law: PairLaw) {
    this.#law = law;
    this.title = law.title;
    this.elements = law.elements;
    this.cutoff = Math.sqrt(law.cutoffSquared.reduce((a, b) => Math.max(a, b), 0));
  }

  add({ list, types }: Surroundings, { energies, forces, virial }: Sums): void {
    const { offsets, indices, vectors } = list;
    const { cutoffSquared, elements } = this.#law;
    const law = this.#law;
    const out = this.#out;
    const n = elements.length;
    let xx = 0;
    let yy = 0;
    let zz = 0;
    let yz = 0;
    let xz = 0;
    let xy = 0;
    for (let i = 0; i < types.length; i++) {
      const row = types[i] * n;
      let fx = 0;
      let fy = 0;
      let fz = 0;
      for (let p = offsets[i]; p < offsets[i + 1]; p++) {
        const j = indices[p];
        // Each pair once; both directions of an atom and its own image, by halves.
        if (j < i) continue;
        const x = vectors[3 * p];
        const y = vectors[3 * p + 1];
        const z = vectors[3 * p + 2];
        const r2 = x * x + y * y + z * z;
        const pair = row + types[j];
        if (!(r2 < cutoffSquared[pair])) continue;
        law.at(pair, r2, out);
        const weight = j === i ? 0.5 : 1;
        const half = 0.5 * weight * out[0];
        const slope = weight * out[1];
        energies[i] += half;
        energies[j] += half;
        const gx = slope * x;
        const gy = slope * y;
        const gz = slope * z;
        fx += gx;
        fy += gy;
        fz += gz;
        forces[3 * j] -= gx;
        forces[3 * j + 1] -= gy;
        forces[3 * j + 2] -= gz;
        xx += gx * x;
        yy += gy * y;
        zz += gz * z;
        yz += gy * z;
        xz += gx * z;
        xy += gx * y;
      }
      forces[3 * i] += fx;
      forces[3 * i + 1] += fy;
      forces[3 * i + 2] += fz;
    }
    virial[0] += xx;
    virial[1] += yy;
    virial[2] += zz;
    virial[3] += yz;
    virial[4] += xz;
    virial[5] += xy;
  }
}
