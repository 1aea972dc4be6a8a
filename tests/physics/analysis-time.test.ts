/** Errors of correlated means, displacements and velocities in time, against processes with closed forms. */
import { describe, expect, it } from "vitest";
import { RandomStream } from "../../src/math/index.js";
import {
  BlockSums,
  blocking,
  Lindemann,
  MeanSquareDisplacement,
  meanOf,
  meanSquareDisplacement,
  Unwrapping,
  VelocityAutocorrelation,
  vibrationalSpectrum,
} from "../../src/properties/index.js";
import { replicate, type Structure, simpleCubic, toCartesian, wrap } from "../../src/structure/index.js";

const SEED = Number(process.env.POTLUCK_SEED ?? 20270406);
console.log(`analysis-time: seed ${SEED}`);

const CELL = Float64Array.of(9, 0, 0, 4, 8, 0, -3, 2, 7);

/** x_t = φ x_{t−1} + noise, stationary from the start, variance 1. */
function autoregressive(random: RandomStream, n: number, phi: number): Float64Array {
  const series = new Float64Array(n);
  let x = random.normal();
  for (let t = 0; t < n; t++) {
    series[t] = 7 + x;
    x = phi * x + Math.sqrt(1 - phi * phi) * random.normal();
  }
  return series;
}

describe("blocking", () => {
  it.each([0, 0.5, 0.9, 0.98])("of an AR(1) series with φ = %f gives its error, √((1+φ)/(1−φ)/n)", (phi) => {
    const random = new RandomStream(SEED, `blocking ${phi}`);
    const n = 20000;
    const expected = Math.sqrt((1 + phi) / (1 - phi) / n);
    const ratios = Array.from({ length: 12 }, () => {
      const { error, plateau, inefficiency, mean } = blocking(autoregressive(random, n, phi));
      expect(plateau).toBe(true);
      expect(inefficiency / ((1 + phi) / (1 - phi))).toBeGreaterThan(0.3);
      expect(Math.abs(mean - 7)).toBeLessThan(5 * error);
      return error / expected;
    });
    const average = meanOf(ratios).value;
    expect(average).toBeGreaterThan(0.8);
    expect(average).toBeLessThan(1.15);
    for (const ratio of ratios) expect(Math.abs(Math.log(ratio))).toBeLessThan(0.7);
  });

  it("has the naive error for independent values, and none for constant ones", () => {
    const random = new RandomStream(SEED, "white");
    const series = Float64Array.from({ length: 5000 }, () => random.normal());
    const { levels, error, deviation } = blocking(series);
    expect(levels[0].error).toBeCloseTo(deviation / Math.sqrt(5000), 12);
    expect(error / levels[0].error).toBeLessThan(1.2);
    expect(blocking([3, 3, 3, 3, 3])).toMatchObject({ mean: 3, error: 0, inefficiency: 1, plateau: true });
  });

  it("says when a series is too short for its correlation", () => {
    const random = new RandomStream(SEED, "short");
    expect(blocking(autoregressive(random, 200, 0.99)).plateau).toBe(false);
    expect(() => blocking([1, 2, 3])).toThrow(/3 values/);
    expect(() => blocking([1, 2, Number.NaN, 4])).toThrow(/Value 3/);
  });
});

describe("block sums", () => {
  it("have the mean of all and the error of the series, however many come", () => {
    const random = new RandomStream(SEED, "block sums");
    for (const n of [7, 100, 3001]) {
      const sums = new BlockSums(2);
      const all: number[] = [];
      for (let k = 0; k < n; k++) {
        all.push(random.normal());
        sums.add([all[k], 2 * all[k] + 1]);
      }
      const { values, errors, samples } = sums.result();
      const mean = all.reduce((s, x) => s + x, 0) / n;
      expect(samples).toBe(n);
      expect(values[0]).toBeCloseTo(mean, 12);
      expect(values[1]).toBeCloseTo(2 * mean + 1, 12);
      const [a, b] = errors as Float64Array;
      expect(b).toBeCloseTo(2 * a, 12);
      expect(Math.abs(Math.log(a * Math.sqrt(n)))).toBeLessThan(0.9);
    }
  });
});

function inCell(positions: Float64Array, kinds = 1): Structure {
  const n = positions.length / 3;
  const species = Uint8Array.from({ length: n }, (_, i) => (i % kinds === 0 ? 18 : 36));
  return wrap({ species, positions, cell: CELL, periodic: [true, true, true] });
}

/** Random walks, wrapped; steps along x, y, z have the given deviations, atoms of the second element half of them. */
function walk(random: RandomStream, about: { frames: number; atoms: number; step: readonly number[] }): Structure[] {
  const { frames, atoms, step } = about;
  const positions = Float64Array.from({ length: 3 * atoms }, () => random.between(0, 9));
  return Array.from({ length: frames }, () => {
    for (let k = 0; k < positions.length; k++)
      positions[k] += step[k % 3] * (Math.floor(k / 3) % 2 === 0 ? 1 : 0.5) * random.normal();
    return inCell(positions.slice(), 2);
  });
}

describe("unwrapping", () => {
  it("follows atoms through the faces of any cell, and leaves what is unwrapped", () => {
    const random = new RandomStream(SEED, "unwrap");
    const [wrapped, given] = [new Unwrapping(), new Unwrapping()];
    const positions = Float64Array.from({ length: 30 }, () => random.between(0, 9));
    let first: Float64Array | undefined;
    for (let t = 0; t < 200; t++) {
      for (let k = 0; k < 30; k++) positions[k] += 0.5 * random.normal() + 0.3;
      const structure: Structure = { ...inCell(positions.slice()), positions: positions.slice() };
      const same = given.next(structure);
      const found = wrapped.next(wrap(structure));
      first ??= found.map((x, k) => x - positions[k]);
      const start = first;
      const apart = found.map((x, k) =>
        Math.max(Math.abs(x - positions[k] - start[k]), Math.abs(same[k] - positions[k])),
      );
      expect(Math.max(...apart)).toBeLessThan(1e-9);
    }
    expect(wrapped.largestStep).toBeLessThan(0.5);
  });

  it("does not scale what was travelled when the cell breathes", () => {
    const unwrapping = new Unwrapping();
    // An atom at rest at fractional (¼ ¼ ¼) of a cell that breathes, after two turns through it.
    let last = new Float64Array(3);
    for (let t = 0; t < 60; t++) {
      const a = 10 + (t < 20 ? 0 : 0.1 * Math.sin(t));
      const cell = Float64Array.of(a, 0, 0, 0, a, 0, 0, 0, a);
      const f = t < 20 ? 0.25 + t / 10 : 0.25;
      last = Float64Array.from(
        unwrapping.next(
          wrap({
            species: Uint8Array.of(1),
            positions: toCartesian(Float64Array.of(f, 0.25, 0.25), cell),
            cell,
            periodic: [true, true, true],
          }),
        ),
      );
    }
    const a = 10 + 0.1 * Math.sin(59);
    // 20 Å travelled stay 20 Å; unwrapped fractional coordinates would have made them 2a.
    expect(last[0]).toBeCloseTo(20 + 0.25 * a, 6);
  });
});

describe("the mean square displacement", () => {
  const options = { interval: 2, lags: 60, blocks: 4 };

  it("of atoms in free flight is v²t²", () => {
    const random = new RandomStream(SEED, "flight");
    const velocities = Float64Array.from({ length: 30 }, () => 0.05 * random.normal());
    const msd = new MeanSquareDisplacement(options);
    for (let t = 0; t < 150; t++) msd.add(inCell(velocities.map((v) => v * 2 * t)));
    const { all, time } = msd.result();
    const squared = velocities.reduce((sum, v) => sum + v * v, 0) / 10;
    time.forEach((t, lag) => {
      expect(all.msd.values[lag]).toBeCloseTo(squared * t * t, 9);
    });
  });

  it("of a random walk is 2dDt, with D and its error for each element and direction", () => {
    const random = new RandomStream(SEED, "walk");
    const step = [0.3, 0.2, 0.4];
    const msd = new MeanSquareDisplacement({ interval: 2, lags: 20, blocks: 5 });
    for (const frame of walk(random, { frames: 1500, atoms: 40, step })) msd.add(frame);
    const { all, elements, units, largestStep } = msd.result();
    expect(largestStep).toBeLessThan(0.4);
    expect(units).toEqual({ time: "fs", msd: "Å²", diffusion: "Å²/fs" });
    const full = (0.3 ** 2 + 0.2 ** 2 + 0.4 ** 2) / (6 * 2);
    for (const [of, factor] of [
      [elements[0], 1],
      [elements[1], 0.25],
      [all, 0.625],
    ] as const) {
      const { coefficient, squareCentimetresPerSecond, components } = of.diffusion;
      const error = coefficient.error as number;
      expect(Math.abs(coefficient.value - factor * full)).toBeLessThan(4.5 * error);
      expect(error / coefficient.value).toBeLessThan(0.05);
      expect(error / coefficient.value).toBeGreaterThan(0.002);
      expect(squareCentimetresPerSecond.value).toBeCloseTo(coefficient.value * 0.1, 15);
      components.forEach((d, x) => {
        expect(Math.abs(d / ((factor * step[x] ** 2) / 4) - 1)).toBeLessThan(0.1);
      });
    }
    expect(elements.map(({ element }) => element)).toEqual([18, 36]);
  });

  it("has errors that cover the spread of independent runs", () => {
    const random = new RandomStream(SEED, "spread");
    const runs = Array.from({ length: 24 }, () => {
      const msd = new MeanSquareDisplacement({ interval: 1, lags: 10, blocks: 6 });
      for (const frame of walk(random, { frames: 300, atoms: 6, step: [0.3, 0.3, 0.3] })) msd.add(frame);
      return msd.result().all.diffusion.coefficient;
    });
    const values = runs.map(({ value }) => value);
    const deviation = (meanOf(values).error as number) * Math.sqrt(24);
    const claimed = meanOf(runs.map(({ error }) => error as number)).value;
    expect(claimed / deviation).toBeGreaterThan(0.6);
    expect(claimed / deviation).toBeLessThan(1.6);
  });

  it("is the same by Fourier transforms, by streaming and by the definition", () => {
    const random = new RandomStream(SEED, "three ways");
    const frames = walk(random, { frames: 130, atoms: 5, step: [0.4, 0.3, 0.5] });
    const streaming = new MeanSquareDisplacement(options);
    const unwrapping = new Unwrapping();
    const positions = frames.map((frame) => {
      streaming.add(frame);
      return unwrapping.next(frame);
    });
    const [one, two] = [streaming.result(), meanSquareDisplacement(frames, options)];
    for (const lag of [0, 1, 7, 60]) {
      let sum = 0;
      for (let t = 0; t + lag < 130; t++)
        for (let k = 0; k < 15; k++) sum += (positions[t + lag][k] - positions[t][k]) ** 2;
      const expected = sum / (5 * (130 - lag));
      expect(one.all.msd.values[lag]).toBeCloseTo(expected, 9);
      expect(two.all.msd.values[lag]).toBeCloseTo(expected, 9);
    }
    expect(two.elements[1].diffusion.coefficient.value).toBeCloseTo(one.elements[1].diffusion.coefficient.value, 10);
    expect(two.all.msd.errors).toBeUndefined();
    const long = meanSquareDisplacement(frames, { ...options, lags: 10 });
    expect(long.all.diffusion.coefficient.error).toBeGreaterThan(0);
  });

  it("can take origins more rarely, and holds the centre of mass on request", () => {
    const random = new RandomStream(SEED, "rarely");
    const frames = walk(random, { frames: 400, atoms: 10, step: [0.3, 0.3, 0.3] });
    const rare = new MeanSquareDisplacement({ ...options, originEvery: 7 });
    const drifting = new MeanSquareDisplacement({ ...options, masses: new Float64Array(10).fill(40) });
    const held = new MeanSquareDisplacement({ ...options, masses: new Float64Array(10).fill(40) });
    frames.forEach((frame, t) => {
      rare.add(frame);
      held.add(frame);
      drifting.add(wrap({ ...frame, positions: frame.positions.map((x) => x + 0.4 * t) }));
    });
    const slope = meanSquareDisplacement(frames, options).all.diffusion.coefficient.value;
    expect(Math.abs(rare.result().all.diffusion.coefficient.value / slope - 1)).toBeLessThan(0.25);
    const [a, b] = [held.result().all.msd.values, drifting.result().all.msd.values];
    a.forEach((x, lag) => {
      expect(b[lag]).toBeCloseTo(x, 7);
    });
  });

  it("refuses senseless times", () => {
    expect(() => new MeanSquareDisplacement({ interval: 0, lags: 5 })).toThrow(/5 lags of 0 fs/);
    expect(() => new MeanSquareDisplacement({ interval: 1, lags: 5, fit: [0.5, 0.2] })).toThrow(/fit from 0.5/);
    expect(() => new MeanSquareDisplacement({ interval: 1, lags: 5 }).result()).toThrow(/no frame/);
  });
});

describe("the velocity autocorrelation", () => {
  const atoms = inCell(new Float64Array(60), 2);

  it("of oscillators is a cosine, with their frequency as spectrum", () => {
    const random = new RandomStream(SEED, "oscillators");
    const phases = Float64Array.from({ length: 60 }, () => random.between(0, 2 * Math.PI));
    // 5 THz, sampled every 4 fs.
    const omega = 2 * Math.PI * 5e-3;
    const vacf = new VelocityAutocorrelation({ interval: 4, lags: 300 });
    for (let t = 0; t < 1500; t++)
      vacf.add(
        atoms,
        phases.map((phase) => 0.1 * Math.cos(omega * 4 * t + phase)),
      );
    const { all, time } = vacf.result();
    time.forEach((t, lag) => {
      expect(all.correlation.values[lag]).toBeCloseTo(0.015 * Math.cos(omega * t), 3);
    });
    const { frequency, density } = vibrationalSpectrum(all, { interval: 4, highest: 10, points: 1001 });
    expect(frequency[density.indexOf(Math.max(...density))]).toBeCloseTo(5, 1);
    expect(density.reduce((sum, x) => sum + x, 0) * 0.01).toBeCloseTo(1, 2);
  });

  it("of an Ornstein–Uhlenbeck process decays with its friction, and its integral is D = kT/(mγ)", () => {
    const random = new RandomStream(SEED, "friction");
    const [friction, interval, deviation] = [0.05, 2, 0.01];
    const keep = Math.exp(-friction * interval);
    const velocities = Float64Array.from({ length: 60 }, () => deviation * random.normal());
    const vacf = new VelocityAutocorrelation({ interval, lags: 60, blocks: 8 });
    for (let t = 0; t < 4000; t++) {
      for (let k = 0; k < 60; k++)
        velocities[k] = keep * velocities[k] + deviation * Math.sqrt(1 - keep * keep) * random.normal();
      vacf.add(atoms, velocities);
    }
    const { all, elements } = vacf.result();
    expect(elements.length).toBe(2);
    [0, 5, 20].forEach((lag) => {
      const expected = 3 * deviation ** 2 * Math.exp(-friction * interval * lag);
      expect(Math.abs(all.correlation.values[lag] - expected)).toBeLessThan(
        5 * (all.correlation.errors as Float64Array)[lag],
      );
    });
    const expected = deviation ** 2 / friction;
    expect(Math.abs(all.diffusion.value - expected)).toBeLessThan(5 * (all.diffusion.error as number));
    expect((all.diffusion.error as number) / expected).toBeLessThan(0.06);
  });
});

describe("Lindemann's index", () => {
  it("of a vibrating pair is amplitude/(√2·length), and does not see rotation", () => {
    const lindemann = new Lindemann();
    const frames = 400;
    for (let t = 0; t < frames; t++) {
      const [angle, r] = [0.37 * t, 2 + 0.1 * Math.cos((2 * Math.PI * 7 * t) / frames)];
      const positions = Float64Array.of(1, 2, 3, 1 + r * Math.cos(angle), 2 + r * Math.sin(angle), 3);
      lindemann.add({ species: Uint8Array.of(6, 6), positions, cell: undefined, periodic: [false, false, false] });
    }
    const { index, perAtom, pairs } = lindemann.result();
    expect(pairs).toBe(1);
    expect(index).toBeCloseTo(0.1 / Math.SQRT2 / 2, 10);
    expect([...perAtom]).toEqual([index, index]);
  });

  it("of a crystal that drifts through its cell is 0, and that of an Einstein crystal is √2·u/d", () => {
    const random = new RandomStream(SEED, "lindemann");
    const crystal = replicate(simpleCubic("Po", 3), [4, 4, 4]);
    const [still, hot] = [new Lindemann({ cutoff: 3.5 }), new Lindemann({ cutoff: 3.5 })];
    for (let t = 0; t < 300; t++) {
      const drifting = { ...crystal, positions: crystal.positions.map((x) => x + 0.3 * t) };
      still.add(wrap(drifting));
      hot.add(wrap({ ...drifting, positions: drifting.positions.map((x) => x + 0.06 * random.normal()) }));
    }
    expect(still.result().index).toBeLessThan(1e-9);
    expect(still.result().pairs).toBe(64 * 3);
    expect(hot.result().index / ((Math.SQRT2 * 0.06) / 3)).toBeCloseTo(1, 1);
    expect(() => new Lindemann().add(crystal)).toThrow(/needs a cutoff/);
  });
});
