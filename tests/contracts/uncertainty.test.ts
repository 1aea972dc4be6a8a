/** Measures of predicted uncertainties against closed forms and hand-made examples. */
import { describe, expect, it } from "vitest";
import { RandomStream } from "../../src/math/index.js";
import {
  auroc,
  binnedCalibration,
  conformalBounds,
  conformalFactor,
  likeliestFloor,
  likeliestScale,
  midranks,
  negativeLogLikelihood,
  type Residuals,
  reliability,
  rescaled,
  sharpness,
  spearman,
  spreadFloor,
} from "../../src/uncertainty/index.js";
import { erf } from "../../src/uncertainty/normal.js";

const SEED = Number(process.env.POTLUCK_SEED ?? 61);
console.log(`uncertainty: seed ${SEED}`);

/** Gaussian errors whose standard deviations are `factor` times the predicted ones, which spread over a decade. */
function gaussian(name: string, n: number, factor = 1): Residuals {
  const random = new RandomStream(SEED, name);
  const sigmas = Float64Array.from({ length: n }, () => 10 ** random.between(-2, -1));
  return { errors: sigmas.map((sigma) => factor * sigma * random.normal()), sigmas };
}

const of = (errors: readonly number[], sigmas: readonly number[]): Residuals => ({
  errors: Float64Array.from(errors),
  sigmas: Float64Array.from(sigmas),
});

const code = (name: string) => expect.objectContaining({ name: "InputError", code: name });

describe("the error function", () => {
  it.each([
    [0, 0],
    [1e-8, 1.1283791670955126e-8],
    [0.1, 0.1124629160182849],
    [Math.SQRT1_2, 0.6826894921370859],
    [1, 0.8427007929497149],
    [2.4999, 0.9995928300996666],
    [2.5, 0.999593047982555],
    [4, 0.9999999845827421],
    [5.5, 0.9999999999999927],
    [Number.POSITIVE_INFINITY, 1],
  ])("of %d is %d", (x, expected) => {
    expect(Math.abs(erf(x) - expected)).toBeLessThan(3e-16 + 3e-16 * expected);
    expect(erf(-x) + erf(x)).toBe(0);
  });
});

describe(`reliability (seed ${SEED})`, () => {
  it("of a perfect forecast leaves the area that sampling leaves, 0.313/√n", () => {
    const n = 400;
    const areas = Array.from({ length: 200 }, (_, k) => reliability(gaussian(`area ${k}`, n)).area);
    const mean = areas.reduce((a, b) => a + b, 0) / areas.length;
    const expected = (Math.sqrt(2 / Math.PI) * (Math.PI / 8)) / Math.sqrt(n);
    // An area scatters by about half its mean; five deviations of the mean of 200.
    expect(Math.abs(mean / expected - 1)).toBeLessThan((5 * 0.5) / Math.sqrt(200));
  });

  it.each([0.25, 0.5, 2, 4])(
    "of errors %d times as wide as predicted has the area |½ − (2/π) atan(1/factor)|",
    (factor) => {
      const n = 40000;
      const { area, bias } = reliability(gaussian(`wide ${factor}`, n, factor));
      // P(|X| < |kZ|) of two Gaussians: c = erf(|kz|/√2) has the mean (2/π) atan k.
      const expected = 0.5 - (2 / Math.PI) * Math.atan(factor);
      expect(Math.abs(bias - expected)).toBeLessThan(5 / Math.sqrt(12 * n));
      expect(Math.abs(area - Math.abs(expected))).toBeLessThan(5 / Math.sqrt(12 * n));
    },
  );

  it("of the curve is the diagonal for a perfect forecast", () => {
    const n = 40000;
    const { expected, observed } = reliability(gaussian("curve", n));
    expected.forEach((p, k) => {
      expect(Math.abs(observed[k] - p)).toBeLessThan(5 * Math.sqrt((p * (1 - p)) / n) + 1e-12);
    });
  });

  it("integrates the steps exactly: one value, and values at the ends", () => {
    // c = erf(1/√2) = 0.6827: area = c²/2 + (1 − c)²/2
    const c = 0.6826894921370859;
    expect(reliability(of([1], [1])).area).toBeCloseTo((c * c + (1 - c) ** 2) / 2, 14);
    expect(reliability(of([0, 0], [1, 0])).area).toBeCloseTo(0.5, 14);
    expect(reliability(of([0, 0], [1, 0])).bias).toBeCloseTo(0.5, 14);
    expect(reliability(of([1, -2], [0, 0])).area).toBeCloseTo(0.5, 14);
    expect(reliability(of([1, -2], [0, 0])).bias).toBeCloseTo(-0.5, 14);
    expect(
      reliability(of([1, -2], [0, 0]))
        .observed.slice(0, -1)
        .every((x) => x === 0),
    ).toBe(true);
  });
});

describe(`ENCE (seed ${SEED})`, () => {
  it("of a known construction", () => {
    // Bins by σ: errors ±2 at σ 1, ±2 at σ 2, ±1 at σ 4: |1−2|/1, 0, |4−1|/4.
    const { error, bins } = binnedCalibration(of([2, 1, -2, -2, 2, -1], [1, 4, 2, 1, 2, 4]), 3);
    expect(bins).toEqual([
      { count: 2, predicted: 1, found: 2 },
      { count: 2, predicted: 2, found: 2 },
      { count: 2, predicted: 4, found: 1 },
    ]);
    expect(error).toBeCloseTo((1 + 0 + 0.75) / 3, 14);
  });

  it.each([0.5, 3])("of errors %d times as wide as predicted is their distance from 1", (factor) => {
    expect(binnedCalibration(gaussian(`ence ${factor}`, 40000, factor), 10).error).toBeCloseTo(Math.abs(1 - factor), 1);
  });

  it("of a perfect forecast is what sampling leaves, 0.56 √(B/n)", () => {
    const [n, bins] = [3000, 10];
    const values = Array.from(
      { length: 60 },
      (_, k) => binnedCalibration(gaussian(`rest ${k}`, n), bins).error ?? Number.NaN,
    );
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    // 600 bins, each with a half-normal rest (deviation 0.756 of its mean).
    expect(Math.abs(mean / (0.564 * Math.sqrt(bins / n)) - 1)).toBeLessThan((5 * 0.756) / Math.sqrt(600) + 0.02);
  });

  it("with no spread is undefined where there is an error, else 0; bins are never empty", () => {
    expect(binnedCalibration(of([1, 1], [0, 0])).error).toBeUndefined();
    expect(binnedCalibration(of([0, 0], [0, 0])).error).toBe(0);
    expect(binnedCalibration(of([3], [1]), 10).bins).toEqual([{ count: 1, predicted: 1, found: 3 }]);
    const { bins } = binnedCalibration(of(Array(17).fill(1), Array(17).fill(2)), 5);
    expect(bins.map(({ count }) => count)).toEqual([4, 3, 4, 3, 3]);
  });
});

describe("ranking", () => {
  it("gives equal values the mean of their ranks", () => {
    expect([...midranks([1, 2, 2, 3, 5, 8, 8, 8])]).toEqual([1, 2.5, 2.5, 4, 5, 7, 7, 7]);
    expect([...midranks([-0, 0, -1])]).toEqual([2.5, 2.5, 1]);
  });

  it("by Spearman's ρ agrees with scipy, with and without ties", () => {
    const [iq, hours] = [
      [106, 100, 86, 101, 99, 103, 97, 113, 112, 110],
      [7, 27, 2, 50, 28, 29, 20, 12, 6, 17],
    ];
    expect(spearman(iq, hours)).toBeCloseTo(-0.17575757575757575, 14);
    expect(spearman([1, 2, 2, 3, 5, 8, 8, 8], [2, 1, 4, 4, 3, 9, 7, 7])).toBeCloseTo(0.8386549236063445, 14);
    expect(spearman([1, 2, 3], [10, 100, 1000])).toBeCloseTo(1, 14);
    expect(spearman([1, 2, 3], [3, 2, 1])).toBeCloseTo(-1, 14);
  });

  it("by AUROC counts ties half", () => {
    expect(auroc([1, 2, 3, 4], [0, 0, 1, 1])).toBe(1);
    expect(auroc([1, 2, 3, 4], [1, 1, 0, 0])).toBe(0);
    expect(auroc([1, 2, 3, 4], [0, 1, 0, 1])).toBe(0.75);
    // Pairs (positive, negative): 0.4 and 0.8 and 0.35 and 0.4 against 0.1 and 0.4.
    expect(auroc([0.1, 0.4, 0.4, 0.8, 0.35, 0.4], [0, 0, 1, 1, 1, 1])).toBe(0.75);
    expect(auroc([5, 5, 5, 5], [0, 1, 0, 1])).toBe(0.5);
  });

  it("is undefined where there is no order, and refuses what is not a number", () => {
    expect(spearman([1, 1, 1], [1, 2, 3])).toBeUndefined();
    expect(spearman([], [])).toBeUndefined();
    expect(spearman([1], [2])).toBeUndefined();
    expect(auroc([1, 2], [1, 1])).toBeUndefined();
    expect(auroc([1, 2], [0, 0])).toBeUndefined();
    expect(auroc([], [])).toBeUndefined();
    expect(() => spearman([1, Number.NaN], [1, 2])).toThrow(code("ranking-not-a-number"));
    expect(() => auroc([1], [1, 2])).toThrow(code("ranking-lengths"));
  });
});

describe(`likelihood (seed ${SEED})`, () => {
  it.each([0.1, 1, 7])("recovers errors %d times as wide as predicted", (factor) => {
    const n = 20000;
    const scale = likeliestScale(gaussian(`scale ${factor}`, n, factor));
    // The deviation of s/factor is 1/√(2n).
    expect(Math.abs(scale / factor - 1)).toBeLessThan(5 / Math.sqrt(2 * n));
  });

  it("is largest at the likeliest scale", () => {
    const residuals = gaussian("minimum", 500, 3);
    const floor = spreadFloor(residuals.sigmas);
    const scale = likeliestScale(residuals, floor);
    const nll = (s: number): number => negativeLogLikelihood(rescaled(residuals, { scale: s, floor })) ?? Number.NaN;
    expect(nll(scale)).toBeLessThan(nll(1.01 * scale));
    expect(nll(scale)).toBeLessThan(nll(0.99 * scale));
    // d NLL/d ln s = 1 − ⟨e²/σ²⟩/s² = 0
    expect(Math.abs(nll(scale * 1.0001) - nll(scale / 1.0001))).toBeLessThan(1e-10);
  });

  it("has the closed form ½ ln 2πσ² + e²/2σ²", () => {
    expect(negativeLogLikelihood(of([0], [1]))).toBeCloseTo(0.9189385332046727, 14);
    expect(negativeLogLikelihood(of([2, 0], [1, Math.E]))).toBeCloseTo(0.9189385332046727 + (2 + 1) / 2, 14);
  });

  it("does not let a spread of 0 decide the scale", () => {
    const { errors, sigmas } = gaussian("zeros", 1000, 2);
    const zeros = { errors: Float64Array.of(...errors, 1e-5, 0), sigmas: Float64Array.of(...sigmas, 0, 0) };
    expect(likeliestScale(zeros) / likeliestScale({ errors, sigmas })).toBeCloseTo(1, 2);
    expect(negativeLogLikelihood(zeros)).toBeUndefined();
    expect(negativeLogLikelihood(rescaled(zeros, { scale: 1, floor: 1e-4 }))).toBeTypeOf("number");
    expect(() => likeliestScale(of([1, 2], [0, 0]))).toThrow(code("uncertainty-all-zero"));
    expect(spreadFloor(Float64Array.of(0, 4, 2, 6))).toBeCloseTo(0.04, 14);
  });

  it("finds the spread below which errors shrink no further", () => {
    const random = new RandomStream(SEED, "floor");
    const sigmas = Float64Array.from({ length: 20000 }, () => 10 ** random.between(-4, 0));
    const errors = sigmas.map((sigma) => 3 * Math.max(sigma, 2e-3) * random.normal());
    // The median is 0.01, so floors from 1e-4 to 1e-2 are tried, 21 % apart.
    const floor = likeliestFloor({ errors, sigmas });
    expect(Math.abs(Math.log(floor / 2e-3))).toBeLessThan(Math.log(1.22));
    expect(Math.abs(likeliestScale({ errors, sigmas }, floor) / 3 - 1)).toBeLessThan(0.05);
    // Without such spreads, as low as may be; where spreads mean nothing, the median.
    const flat = errors.map(() => random.normal());
    expect(likeliestFloor({ errors: flat, sigmas })).toBeCloseTo(100 * spreadFloor(sigmas), 10);
    const proportional = sigmas.map((sigma) => sigma * random.normal());
    expect(likeliestFloor({ errors: proportional, sigmas })).toBeLessThan(3 * spreadFloor(sigmas));
  });

  it("sharpness is the size and the variety of the uncertainties", () => {
    expect(sharpness(Float64Array.of(3, 3, 3))).toEqual({ rms: 3, dispersion: 0 });
    const { rms, dispersion } = sharpness(Float64Array.of(1, 3));
    expect(rms).toBeCloseTo(Math.sqrt(5), 14);
    expect(dispersion).toBeCloseTo(0.5, 14);
    expect(sharpness(Float64Array.of(0, 0))).toEqual({ rms: 0, dispersion: 0 });
  });
});

describe(`conformal bounds (seed ${SEED})`, () => {
  /** Errors of a distribution with heavy tails, not Gaussian at all, over σ. */
  const heavy = (random: RandomStream, n: number): Residuals => {
    const sigmas = Float64Array.from({ length: n }, () => random.between(0.5, 2));
    return { errors: sigmas.map((sigma) => (sigma * random.normal()) / (0.05 + random.uniform())), sigmas };
  };

  it.each([0.5, 0.9, 0.95])("hold for the share %d of fresh values", (level) => {
    const random = new RandomStream(SEED, `coverage ${level}`);
    const [sets, n, fresh] = [400, 99, 20];
    let covered = 0;
    for (let k = 0; k < sets; k++) {
      const factor = conformalFactor(heavy(random, n), level) ?? Number.NaN;
      const { errors, sigmas } = heavy(random, fresh);
      covered += errors.filter((e, i) => Math.abs(e) <= factor * sigmas[i]).length;
    }
    // (n + 1)·level is whole, so the coverage is the level itself. Over sets it has a beta distribution of variance
    // level(1−level)/(n+2), then binomial over the fresh values.
    const variance = (level * (1 - level) * (1 / (n + 2) + 1 / fresh)) / sets;
    expect(Math.abs(covered / (sets * fresh) - level)).toBeLessThan(4.5 * Math.sqrt(variance));
  });

  it("are the k-th smallest of |e|/σ, k = ⌈(n+1)·level⌉", () => {
    const nine = of([1, -2, 3, -4, 5, -6, 7, -8, 9], [1, 1, 1, 1, 1, 1, 1, 1, 1]);
    expect(conformalFactor(nine, 0.5)).toBe(5);
    expect(conformalFactor(nine, 0.51)).toBe(6);
    // 10 · 0.9 is 9, whatever rounding says, and no bound of nine values holds above.
    expect(conformalFactor(nine, 0.9)).toBe(9);
    expect(conformalFactor(nine, 0.91)).toBeUndefined();
    // 100 · 0.55 is 55.00000000000001 in floating point.
    const many = Array.from({ length: 99 }, (_, k) => k + 1);
    expect(conformalFactor(of(many, Array(99).fill(1)), 0.55)).toBe(55);
    expect(conformalFactor(of([1], [2]), 0.5)).toBe(0.5);
    expect(conformalFactor(of([1, 1, 1], [0, 1, 0]), 0.5)).toBeUndefined();
    expect(conformalBounds(nine, [0.5, 0.9, 0.99])).toEqual([
      { level: 0.5, factor: 5 },
      { level: 0.9, factor: 9 },
    ]);
    expect(() => conformalFactor(nine, 1)).toThrow(code("confidence-level"));
  });
});

describe("residuals", () => {
  const measures = {
    reliability,
    binnedCalibration,
    likeliestScale: (r: Residuals) => likeliestScale(r, 1),
    negativeLogLikelihood,
  };
  it.each(Object.entries(measures))("that make no sense are refused by %s", (_, measure) => {
    expect(() => measure(of([], []))).toThrow(code("uncertainty-no-data"));
    expect(() => measure(of([1, 2], [1]))).toThrow(code("uncertainty-lengths"));
    expect(() => measure(of([1, Number.NaN], [1, 1]))).toThrow(code("uncertainty-not-finite"));
    expect(() => measure(of([1, 1], [1, Number.POSITIVE_INFINITY]))).toThrow(code("uncertainty-not-finite"));
    expect(() => measure(of([1, 1], [1, -1]))).toThrow("number 2");
  });

  it("of one value, and of a constant uncertainty, give results", () => {
    expect(likeliestScale(of([3], [2]))).toBe(1.5);
    const constant = of([1, -1, 1, -1], [2, 2, 2, 2]);
    expect(likeliestScale(constant)).toBe(0.5);
    expect(binnedCalibration(constant).error).toBe(0.5);
    expect(reliability(constant).area).toBeGreaterThan(0.1);
  });
});
