/**
 * The elementwise kernels against plain loops and `Math`: sizes around two lanes, canaries behind the end, NaN.
 */
import { describe, expect, it } from "vitest";
import { createKernels } from "../../src/hosts/node/kernels.js";
import { activationCodes } from "../../src/kernels/contracts/module.js";
import { type ActivationLetter, activation } from "../../src/kernels/reference/activations.js";
import { RandomStream } from "../../src/math/index.js";

const SEED = 43;
const kernels = createKernels();
const { run } = kernels;
const CANARY = -9876.54321;
const GUARD = 6;
const sizes = [0, 2, 4, 6, 10];

/** n numbers with canaries behind them. */
function place(values: ArrayLike<number>): number {
  const at = kernels.allocate(8 * (values.length + GUARD));
  const all = kernels.f64(at, values.length + GUARD).fill(CANARY);
  all.set(Array.from(values));
  return at;
}

const empty = (n: number): number => place(new Float64Array(n).fill(Number.NaN));

function read(at: number, n: number): Float64Array {
  const guard = kernels.f64(at + 8 * n, GUARD);
  expect(guard.every((x) => x === CANARY)).toBe(true);
  return kernels.f64(at, n).slice();
}

const random = new RandomStream(SEED, "elementwise");
const draw = (n: number): Float64Array => Float64Array.from({ length: n }, () => random.between(-2, 2));

/** Bits after the point of the fixed-point numbers below. */
const BITS = 220n;
const ONE = 1n << BITS;

/** The double as a fixed-point number; nothing is lost for 1e-10 < |x| < 1e3. */
function fixed(x: number): bigint {
  const scaled = x * 2 ** 86;
  return BigInt(scaled) << (BITS - 86n);
}

/** ln 2 = Σ 1/(k 2^k) */
const LN2 = ((): bigint => {
  let sum = 0n;
  for (let k = 1n; k <= BITS; k++) sum += (ONE >> k) / k;
  return sum;
})();

/** y/e^x − 1 with some 60 digits, by x = k ln2 + r and the Taylor series of e^r. */
function relativeError(x: number, y: number): number {
  const k = Math.round(x / Math.LN2);
  const r = fixed(x) - BigInt(k) * LN2;
  let term = ONE;
  let sum = ONE;
  for (let n = 1n; n < 50n; n++) {
    term = (term * r) / ONE / n;
    sum += term;
  }
  // Powers of two are taken out of y exactly, in two steps because 2^-k may overflow.
  const reduced = y * 2 ** -Math.trunc(k / 2) * 2 ** -(k - Math.trunc(k / 2));
  return Number(((fixed(reduced) - sum) * ONE) / sum) / Number(ONE);
}

describe(`exponential (seed ${SEED})`, () => {
  function worst(low: number, high: number): number {
    const n = 1000;
    const x = Float64Array.from({ length: n }, () => random.between(low, high));
    const y = empty(n);
    run.exponential(n, place(x), y);
    return read(y, n).reduce((most, e, i) => Math.max(most, Math.abs(relativeError(x[i], e))), 0);
  }

  it("the yardstick itself: Math.exp is right to a unit in the last place", () => {
    for (const x of [-699.3, -1.1, 0.3, 1, 0.3471, 600.1])
      expect(Math.abs(relativeError(x, Math.exp(x)))).toBeLessThan(2.3e-16);
    expect(relativeError(1, Math.E * (1 + 1e-10))).toBeCloseTo(1e-10, 15);
  });

  it.each([
    [-700, 700],
    [-40, 40],
    [-1, 1],
    [-1e-8, 1e-8],
  ])("relative error below 4e-16 on [%d, %d]", (low, high) => {
    expect(worst(low, high)).toBeLessThan(4e-16);
  });

  it("e^0 = 1; clamped, not infinite, far out", () => {
    const y = empty(6);
    run.exponential(6, place([0, -0, 1e4, -1e4, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]), y);
    const [one, alsoOne, huge, tiny, ofInfinity, ofMinusInfinity] = read(y, 6);
    expect([one, alsoOne]).toEqual([1, 1]);
    for (const x of [huge, ofInfinity]) expect(x).toBeGreaterThan(1e307);
    for (const x of [huge, ofInfinity]) expect(x).toBeLessThan(Number.MAX_VALUE);
    for (const x of [tiny, ofMinusInfinity]) expect(Math.abs(x)).toBeLessThan(1e-307);
  });

  it("sizes; the scalar is the same", () => {
    for (const n of sizes) {
      const x = draw(n);
      const y = empty(n);
      run.exponential(n, place(x), y);
      read(y, n).forEach((e, i) => {
        expect(e).toBe(run.exponentialScalar(x[i]));
        expect(Math.abs(relativeError(x[i], e))).toBeLessThan(4e-16);
      });
    }
  });
});

describe(`activate (seed ${SEED})`, () => {
  const letters = Object.keys(activationCodes) as ActivationLetter[];

  it.each(letters)("%s and its two derivatives", (letter) => {
    for (const n of [...sizes, 400]) {
      const x = n === 400 ? Float64Array.from({ length: n }, (_, i) => -20 + i / 10 + 0.003) : draw(n);
      const [y, d, s] = [empty(n), empty(n), empty(n)];
      const at = place(x);
      run.activate(activationCodes[letter], n, at, y, d, s);
      expect(read(at, n)).toEqual(x);
      const results = [read(y, n), read(d, n), read(s, n)];
      x.forEach((xi, i) => {
        const { value, first, second } = activation(letter, xi);
        [value, first, second].forEach((expected, k) => {
          const tolerance = 2e-15 * Math.max(1, Math.abs(expected));
          expect(Math.abs(results[k][i] - expected), `derivative ${k} at ${xi}`).toBeLessThan(tolerance);
        });
      });
    }
  });

  it.each(letters)("%s of NaN is NaN, and the other lane does not see it", (letter) => {
    for (const bad of [0, 1]) {
      const x = [0.3, 0.3, 0.3, 0.3];
      x[bad] = Number.NaN;
      const [y, d, s] = [empty(4), empty(4), empty(4)];
      run.activate(activationCodes[letter], 4, place(x), y, d, s);
      read(y, 4).forEach((value, i) => {
        if (i === bad) expect(value).toBeNaN();
        else expect(Math.abs(value - activation(letter, 0.3).value)).toBeLessThan(1e-15);
      });
    }
  });

  it.each(letters)("%s is finite far out, where it should be", (letter) => {
    for (const x of [-300, 300]) {
      const [y, d, s] = [empty(2), empty(2), empty(2)];
      run.activate(activationCodes[letter], 2, place([x, x]), y, d, s);
      for (const at of [y, d, s]) expect(read(at, 2).every(Number.isFinite)).toBe(true);
    }
  });
});

describe(`products and sums (seed ${SEED})`, () => {
  it("hadamard", () => {
    for (const n of sizes) {
      const [a, b, c] = [draw(n), draw(n), empty(n)];
      run.hadamard(n, place(a), place(b), c);
      expect(read(c, n)).toEqual(a.map((x, i) => x * b[i]));
    }
  });

  it("reverseTangent", () => {
    for (const n of sizes) {
      const [d, p, s, q, r, out] = [draw(n), draw(n), draw(n), draw(n), draw(n), empty(n)];
      run.reverseTangent(...([n, place(d), place(p), place(s), place(q), place(r), out] as const));
      expect(read(out, n)).toEqual(d.map((x, i) => x * p[i] + s[i] * (q[i] * r[i])));
    }
  });

  it("broadcastRows", () => {
    for (const rows of [0, 1, 3])
      for (const n of sizes) {
        const row = draw(n);
        const to = empty(rows * n);
        run.broadcastRows(rows, n, place(row), to);
        read(to, rows * n).forEach((x, i) => {
          expect(x).toBe(row[i % n]);
        });
      }
  });

  it("columnSums adds to what is there", () => {
    for (const rows of [0, 1, 2, 3, 5])
      for (const n of sizes) {
        const [a, before] = [draw(rows * n), draw(n)];
        const out = place(before);
        run.columnSums(rows, n, place(a), out);
        read(out, n).forEach((x, c) => {
          let sum = before[c];
          for (let r = 0; r < rows; r++) sum += a[r * n + c];
          expect(x).toBe(sum);
        });
      }
  });
});
