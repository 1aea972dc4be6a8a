/** What a trajectory shows, against crystals that vibrate and atoms that walk at random, and series that settle. */
import { describe, expect, it } from "vitest";
import { RandomStream } from "../../src/math/index.js";
import {
  analyzeTrajectory,
  equilibrated,
  firstShell,
  type TimedStructure,
  thermoAverages,
  thermoColumns,
} from "../../src/properties/index.js";
import { fcc, replicate, rocksalt, type Structure } from "../../src/structure/index.js";

const SEED = Number(process.env.POTLUCK_SEED ?? 20261121);
console.log(`analysis-trajectory: seed ${SEED}`);

/** Frames of one structure, moved by `move`, `interval` fs apart. */
const moving = (frames: number, interval: number | undefined, move: (frame: number) => Structure) =>
  async function* (): AsyncGenerator<TimedStructure> {
    for (let k = 0; k < frames; k++)
      yield { structure: move(k), time: interval === undefined ? undefined : 100 + k * interval };
  };

/** Each atom about its site, with independent normal displacements along each axis. */
function vibrating(crystal: Structure, { frames, sigma }: { frames: number; sigma: number }): Structure[] {
  const random = new RandomStream(SEED, "vibrating");
  return Array.from({ length: frames }, () => ({
    ...crystal,
    positions: crystal.positions.map((x) => x + sigma * random.normal()),
  }));
}

describe("a crystal that vibrates", () => {
  const a = 4.08;
  const sigma = 0.05;
  const gold = replicate(fcc("Au", a), [3, 3, 3]);
  const frames = vibrating(gold, { frames: 60, sigma });
  const all = moving(frames.length, 20, (k) => frames[k]!);

  it("has the shells, angles and neighbours of its lattice", async () => {
    const { shell, coordination, angles, density, bonds, interval, remarks } = await analyzeTrajectory(all);
    const d = a / Math.SQRT2;
    expect(shell!.peak).toBeGreaterThan(d - 0.06);
    expect(shell!.peak).toBeLessThan(d + 0.06);
    // Between the first shell and the second one.
    expect(shell!.minimum).toBeGreaterThan(d + 3 * sigma);
    expect(shell!.minimum).toBeLessThan(a - 3 * sigma);
    expect(shell!.depth).toBeLessThan(0.05);
    expect(bonds).toBe(shell!.minimum);
    expect(coordination!.coordination[0]!.mean.value).toBeCloseTo(12, 3);
    // 24, 12, 24 and 6 of the 66 pairs of neighbours meet at 60, 90, 120 and 180 degrees.
    const { perCenter } = angles!.total;
    const within = (from: number, to: number) => perCenter.values.slice(from, to).reduce((sum, x) => sum + x, 0);
    expect([within(45, 75), within(75, 105), within(105, 140), within(140, 180)].map((x) => Math.round(x))).toEqual([
      24, 12, 24, 6,
    ]);
    expect(density).toBeCloseTo(19.27, 1);
    expect(interval).toBeCloseTo(20, 9);
    expect(remarks).toEqual([]);
  });

  it("has a Lindemann index of √2 σ/d and displacements of 6 σ², and goes nowhere", async () => {
    const { lindemann, displacement } = await analyzeTrajectory(all);
    const expected = (Math.SQRT2 * sigma) / (a / Math.SQRT2);
    expect(lindemann!.index / expected).toBeGreaterThan(0.97);
    expect(lindemann!.index / expected).toBeLessThan(1.01);
    const { msd, diffusion } = displacement!.all;
    for (const value of msd.values.slice(1)) expect(value / (6 * sigma ** 2)).toBeCloseTo(1, 1);
    const { value, error } = diffusion.coefficient;
    expect(Math.abs(value)).toBeLessThan(5 * error! + 1e-6);
  });

  it("has the mean of each pair of elements: rock salt within the bonds of unlike atoms", async () => {
    const salt = replicate(rocksalt(["Na", "Cl"], 5.64), [2, 2, 2]);
    const shaken = vibrating(salt, { frames: 12, sigma });
    const { coordination, shell } = await analyzeTrajectory(moving(12, undefined, (k) => shaken[k]!));
    expect(shell!.peak).toBeCloseTo(2.82, 1);
    const of = (center: number, neighbor: number | undefined) =>
      coordination!.coordination.find((one) => one.center === center && one.neighbor === neighbor)!.mean.value;
    expect([of(11, 17), of(17, 11), of(11, undefined), of(11, 11)].map((x) => Math.round(1000 * x) / 1000)).toEqual([
      6, 6, 6, 0,
    ]);
  });
});

describe("atoms that walk at random", () => {
  it("diffuse with half the variance of a step over its time, through the faces of the cell", async () => {
    const random = new RandomStream(SEED, "walk");
    const [step, interval] = [0.2, 50];
    const gas = replicate(fcc("Ar", 8), [3, 3, 3]);
    const positions = gas.positions.slice();
    const frames = Array.from({ length: 400 }, () => {
      for (let k = 0; k < positions.length; k++) positions[k] = (positions[k]! + step * random.normal() + 24) % 24;
      return { ...gas, positions: positions.slice() };
    });
    const { displacement, interval: found } = await analyzeTrajectory(moving(400, interval, (k) => frames[k]!));
    expect(found).toBeCloseTo(interval, 9);
    const expected = step ** 2 / (2 * interval);
    const { value, error } = displacement!.all.diffusion.coefficient;
    expect(Math.abs(value - expected)).toBeLessThan(4 * Math.max(error!, 0.02 * expected));
  });
});

describe("what is missing is said", () => {
  const gold = replicate(fcc("Au", 4.08), [2, 2, 2]);
  const [frame] = vibrating(gold, { frames: 1, sigma: 0.05 });
  const analyze = async (frames: number, times: number | undefined, more = {}, structure = frame!) =>
    await analyzeTrajectory(
      moving(frames, times, () => structure),
      more,
    );

  it("times that are not known, not even, or too few frames", async () => {
    expect((await analyze(12, undefined)).remarks[0]).toContain("give the interval");
    expect((await analyze(12, undefined, { interval: 10 })).displacement!.time[1]).toBe(10);
    expect((await analyze(5, 20)).remarks[0]).toContain("5 frames are too few");
    const uneven = async function* (): AsyncGenerator<TimedStructure> {
      for (let k = 0; k < 12; k++) yield { structure: frame!, time: k * k };
    };
    expect((await analyzeTrajectory(uneven)).interval).toBeUndefined();
    await expect(analyze(0, 20)).rejects.toThrow(/nothing to average/);
  });

  it("a cluster has its first shell, within the sphere around it or a given volume", async () => {
    const cluster: Structure = { ...frame!, cell: undefined, periodic: [false, false, false] };
    const { shell, coordination, density, radial } = await analyze(12, 20, {}, cluster);
    expect(shell!.peak).toBeCloseTo(4.08 / Math.SQRT2, 0);
    expect(coordination!.coordination[0]!.mean.value).toBeGreaterThan(4);
    expect(coordination!.coordination[0]!.mean.value).toBeLessThan(12);
    expect(density).toBeUndefined();
    const given = await analyze(12, 20, { volume: 600 }, cluster);
    expect(given.radial!.density).toBeCloseTo(32 / 600, 9);
    expect(radial!.density).toBeLessThan(32 / 600);
    expect(given.density).toBeGreaterThan(0);
  });

  it("a slab without a volume, and bonds that nobody knows", async () => {
    const slab: Structure = { ...frame!, periodic: [true, true, false] };
    const bare = await analyze(12, 20, {}, slab);
    expect(bare).toMatchObject({ radial: undefined, density: undefined, angles: undefined });
    expect(bare.remarks.join(" ")).toMatch(/needs a volume.*no bond length/);
    const { coordination, radial, density } = await analyze(12, 20, { bonds: 3.4, volume: 600 }, slab);
    expect(coordination!.coordination[0]!.mean.value).toBeLessThan(12);
    expect(radial!.frames).toBe(12);
    expect(density).toBeGreaterThan(0);
  });

  it("steps so long that their direction is a guess", async () => {
    const far = moving(12, 20, (k) => ({
      ...gold,
      positions: gold.positions.map((x, i) => x + (i === 0 ? 3.9 * k : 0)),
    }));
    expect((await analyzeTrajectory(far)).remarks[0]).toContain("a guess");
  });
});

describe("the first shell", () => {
  const r = Float64Array.from({ length: 160 }, (_, k) => 0.025 + 0.05 * k);
  const bell = (x: number, at: number, width: number) => Math.exp(-((x - at) ** 2) / (2 * width ** 2));

  it("of a liquid, through noise, is the peak and the valley behind it", () => {
    const random = new RandomStream(SEED, "shell");
    const g = r.map(
      (x) =>
        (x < 2.2 ? 0 : 1 + 1.6 * bell(x, 2.7, 0.2) - 0.35 * bell(x, 3.6, 0.3)) + (x < 2.2 ? 0 : 0.02 * random.normal()),
    );
    const shell = firstShell(r, g)!;
    expect(Math.abs(shell.peak - 2.7)).toBeLessThan(0.1);
    expect(Math.abs(shell.minimum - 3.6)).toBeLessThan(0.2);
  });

  it("of a crystal ends in the middle of the gap", () => {
    const g = r.map((x) => 30 * bell(x, 2.35, 0.03) + 20 * bell(x, 3.84, 0.03));
    expect(Math.abs(firstShell(r, g)!.minimum - 3.1)).toBeLessThan(0.1);
  });

  it("is not there in a gas, nor where the range ends", () => {
    expect(
      firstShell(
        r,
        r.map(() => 1),
      ),
    ).toBeUndefined();
    expect(
      firstShell(
        r.slice(0, 60),
        r.slice(0, 60).map((x) => 5 * bell(x, 2.5, 0.1)),
      ),
    ).toBeUndefined();
  });
});

describe("series that settle", () => {
  /** AR(1) about 0 with variance 1, and a drift that dies away. */
  function settling(random: RandomStream, { drift, time }: { drift: number; time: number }): Float64Array {
    let x = random.normal();
    return Float64Array.from({ length: 2000 }, (_, t) => {
      x = 0.7 * x + Math.sqrt(1 - 0.49) * random.normal();
      return x + drift * Math.exp(-t / time);
    });
  }

  it("count from where the drift has died away, all of them where there is none", () => {
    const random = new RandomStream(SEED, "settling");
    const starts = Array.from({ length: 20 }, () => equilibrated(settling(random, { drift: 20, time: 100 })));
    for (const start of starts) {
      // 20 exp(−t/100) is one standard deviation at t = 300.
      expect(start).toBeGreaterThanOrEqual(200);
      expect(start).toBeLessThanOrEqual(1000);
    }
    const still = Array.from({ length: 20 }, () => equilibrated(settling(random, { drift: 0, time: 100 })));
    expect(still.filter((start) => start <= 500).length).toBeGreaterThan(14);
    expect(equilibrated([5, 4, 3, 2, 1])).toBe(0);
  });

  it("have averages without the drift, from the later of energy and volume", () => {
    const random = new RandomStream(SEED, "averages");
    const [energy, volume] = [settling(random, { drift: 0, time: 1 }), settling(random, { drift: 30, time: 120 })];
    const rows = Array.from(
      energy,
      (e, k) =>
        new Map([
          [thermoColumns.time, 10 * k],
          [thermoColumns.temperature, 300 + e],
          [thermoColumns.potential, -100 + e],
          [thermoColumns.volume, 1000 + volume[k]!],
        ] as const),
    );
    const averages = thermoAverages(rows)!;
    expect(averages.from).toBeGreaterThan(2000);
    expect(averages.volume!.mean).toBeCloseTo(1000, 0);
    expect(averages.pressure).toBeNull();
    // √((1+φ)/(1−φ)/n) = 0.053 for φ = 0.7 and 2000 values, more where fewer count.
    expect(averages.temperature.error).toBeGreaterThan(0.03);
    expect(averages.temperature.error).toBeLessThan(0.2);
    expect(thermoAverages(rows, 5000)).toMatchObject({ from: 5000, to: 19990, records: 1500 });
    expect(thermoAverages(rows, 1e9)).toBeUndefined();
    expect(thermoAverages([])).toBeUndefined();
    const fixed = rows.map((row) => new Map([...row, [thermoColumns.volume, 1000.1] as const]));
    expect(thermoAverages(fixed)!.volume).toBeNull();
  });
});
