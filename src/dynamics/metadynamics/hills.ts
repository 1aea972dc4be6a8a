/** Gaussians in a few dimensions: what metadynamics puts where it has been. */

export class Hills {
  readonly dimensions: number;
  /** δs, in the unit of s. */
  readonly width: number;
  /** W, eV */
  readonly height: number;
  /** [hill][component] */
  readonly centres: Float64Array[] = [];

  constructor(dimensions: number, { width, height }: { readonly width: number; readonly height: number }) {
    this.dimensions = dimensions;
    this.width = width;
    this.height = height;
  }

  add(centre: Float64Array): void {
    this.centres.push(centre.slice());
  }

  /** Σ W exp(−|s − s_t|²/2δs²), eV */
  energy(s: Float64Array): number {
    return this.centres.reduce((sum, centre) => sum + this.#one(s, centre), 0);
  }

  /** −∂/∂s of it: away from where the hills are. */
  force(s: Float64Array): Float64Array {
    const force = new Float64Array(this.dimensions);
    for (const centre of this.centres) {
      const slope = this.#one(s, centre) / this.width ** 2;
      for (let d = 0; d < force.length; d++) force[d] += slope * (s[d] - centre[d]);
    }
    return force;
  }

  #one(s: Float64Array, centre: Float64Array): number {
    let squared = 0;
    for (let d = 0; d < s.length; d++) squared += (s[d] - centre[d]) ** 2;
    return this.height * Math.exp(-squared / (2 * this.width ** 2));
  }
}
