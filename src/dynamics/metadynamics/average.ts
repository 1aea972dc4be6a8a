/** Averages over a stretch of dynamics. */

/** Blocks for the errors. */
const BLOCKS = 5;

/** Means of the pressure tensor with standard errors from blocks, of energy and of temperature. */
export class PressureAverage {
  readonly #steps: number;
  /** [block][component] */
  readonly #sums = Array.from({ length: BLOCKS }, () => new Float64Array(6));
  readonly #counts = new Float64Array(BLOCKS);
  #energy = 0;
  #temperature = 0;
  #count = 0;

  /** `steps`: how many will be added. */
  constructor(steps: number) {
    this.#steps = steps;
  }

  /** `tensor`: xx yy zz yz xz xy, eV/Å³; energy eV; temperature K. */
  add(tensor: Float64Array, energy: number, temperature: number): void {
    const block = Math.min(BLOCKS - 1, Math.floor((this.#count * BLOCKS) / this.#steps));
    for (let c = 0; c < 6; c++) this.#sums[block][c] += tensor[c];
    this.#counts[block]++;
    this.#energy += energy;
    this.#temperature += temperature;
    this.#count++;
  }

  /** xx yy zz yz xz xy, eV/Å³; NaN without samples. */
  pressure(): { readonly mean: Float64Array; readonly error: Float64Array } {
    const mean = Float64Array.from({ length: 6 }, (_, c) => this.#sums.reduce((sum, s) => sum + s[c], 0) / this.#count);
    const full = [...this.#counts.keys()].filter((b) => this.#counts[b] > 0);
    const error = mean.map((m, c) => {
      const squares = full.reduce((sum, b) => sum + (this.#sums[b][c] / this.#counts[b] - m) ** 2, 0);
      return Math.sqrt(squares / Math.max(1, full.length - 1) / full.length);
    });
    return { mean, error };
  }

  get energy(): number {
    return this.#energy / this.#count;
  }

  get temperature(): number {
    return this.#temperature / this.#count;
  }
}
