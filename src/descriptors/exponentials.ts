/**
 * How to make many Gaussians e^(−ηd²) of the same d with few exponentials: where an η is a sum of others, its Gaussian is a product. Sets
 * of functions are often arithmetic progressions (a step of 0.005 from 0.0004 to 0.0854) or multiples (0.15, 0.3, 0.6).
 */

/** A Gaussian: a product of two before it (`factors`), or an exponential of its own. */
export interface GaussianStep {
  readonly eta: number;
  readonly rs: number;
  readonly factors: readonly [number, number] | undefined;
}

export interface GaussianRecipe {
  readonly steps: readonly GaussianStep[];
  /** Step of each wanted Gaussian. */
  readonly rows: readonly number[];
}

/** Largest multiple of a step that is taken at once. */
const MOST_STEPS = 16;

/** k with gap = k·step, 1 ≤ k ≤ MOST_STEPS; `eta` is what the gap is a part of, whose rounding it carries. */
function multipleOf(gap: number, step: number, eta: number): number | undefined {
  const k = Math.round(gap / step);
  return k >= 1 && k <= MOST_STEPS && equal(gap, k * step, eta) ? k : undefined;
}

/** Whether two sums are the same but for what a few roundings of numbers as large as `eta` leave. */
const equal = (a: number, b: number, eta: number): boolean => Math.abs(a - b) <= 2e-15 * eta;

/** `mostFactors`: exponentials that may be multiplied into one Gaussian, each of which adds its rounding error. */
export function gaussianRecipe(
  wanted: readonly { readonly eta: number; readonly rs: number }[],
  mostFactors: number,
): GaussianRecipe {
  const steps: GaussianStep[] = [];
  const made = new Map<string, number>();
  for (const rs of new Set(wanted.map((g) => g.rs))) {
    const etas = [...new Set(wanted.filter((g) => g.rs === rs).map((g) => g.eta))].sort((a, b) => a - b);
    const chain = new GaussianChain(steps, { rs, mostFactors });
    const step = commonStep(etas);
    if (step !== undefined) chain.exponential(step);
    for (const eta of etas) made.set(`${eta} ${rs}`, chain.make(eta));
  }
  return { steps, rows: wanted.map(({ eta, rs }) => made.get(`${eta} ${rs}`)!) };
}

/**
 * The difference of neighbouring η that spares most exponentials when it is made once; undefined where none spares more than its own.
 */
function commonStep(etas: readonly number[]): number | undefined {
  const gaps = etas.slice(1).map((eta, k) => ({ eta, gap: eta - etas[k]! }));
  const spared = (step: number): number =>
    gaps.filter(({ eta, gap }) => multipleOf(gap, step, eta) !== undefined).length;
  const best = gaps.map(({ gap }) => gap).reduce((found, gap) => (spared(gap) > spared(found) ? gap : found), 0);
  return spared(best) > 2 && !etas.some((eta) => equal(eta, best, eta)) ? best : undefined;
}

interface Made {
  readonly eta: number;
  readonly row: number;
  /** Exponentials in it. */
  readonly factors: number;
}

/** Gaussians of one rs. */
class GaussianChain {
  readonly #steps: GaussianStep[];
  readonly #rs: number;
  readonly #most: number;
  readonly #made: Made[] = [];

  constructor(steps: GaussianStep[], { rs, mostFactors }: { rs: number; mostFactors: number }) {
    this.#steps = steps;
    this.#rs = rs;
    this.#most = mostFactors;
  }

  exponential(eta: number): Made {
    return this.#add(eta, { factors: undefined, count: 1 });
  }

  /** Row of e^(−ηd²); η in rising order. */
  make(eta: number): number {
    const known = this.#made.find((one) => equal(one.eta, eta, eta));
    return (known ?? this.#sum(eta) ?? this.#further(eta) ?? this.exponential(eta)).row;
  }

  #add(eta: number, { factors, count }: { factors: readonly [number, number] | undefined; count: number }): Made {
    const one = { eta, row: this.#steps.length, factors: count };
    this.#steps.push({ eta, rs: this.#rs, factors });
    this.#made.push(one);
    return one;
  }

  #product(eta: number, a: Made, b: Made): Made | undefined {
    const count = a.factors + b.factors;
    return count > this.#most ? undefined : this.#add(eta, { factors: [a.row, b.row], count });
  }

  /** η = a + b */
  #sum(eta: number): Made | undefined {
    for (const a of this.#made) {
      const b = this.#made.find((one) => equal(eta, a.eta + one.eta, eta));
      const product = b && this.#product(eta, a, b);
      if (product !== undefined) return product;
    }
    return undefined;
  }

  /** η = k a, or η = b + k a with the largest b. */
  #further(eta: number): Made | undefined {
    for (const a of [...this.#made]) {
      const base = this.#made.findLast((b) => multipleOf(eta - b.eta, a.eta, eta) !== undefined);
      const times = multipleOf(eta - (base?.eta ?? 0), a.eta, eta);
      const power = times === undefined ? undefined : this.#power(a, times);
      const made = power && base ? this.#product(eta, base, power) : power;
      if (made !== undefined) return made;
    }
    return undefined;
  }

  /** a to the k-th, by squares; those that are there already serve. */
  #power(a: Made, k: number): Made | undefined {
    const known = this.#made.find((one) => equal(one.eta, k * a.eta, one.eta));
    if (known !== undefined || k === 1) return known ?? a;
    const low = 2 ** Math.floor(Math.log2(k));
    const [first, second] = low === k ? [k / 2, k / 2] : [low, k - low];
    const one = this.#power(a, first);
    const two = this.#power(a, second);
    return one && two && this.#product(k * a.eta, one, two);
  }
}
