/** Distributions of distances, angles and neighbours, order parameters and structure factors, against closed forms. */
import { describe, expect, it } from "vitest";
import { RandomStream } from "../../src/math/index.js";
import {
  AngleDistribution,
  bondOrder,
  Coordination,
  coordinationNumbers,
  localCrystals,
  mergeAngleDistributions,
  mergeRadialDistributions,
  mergeSeries,
  RadialDistribution,
  StructureFactor,
  structureFactorFromRadial,
} from "../../src/properties/index.js";
import {
  bcc,
  diamond,
  fcc,
  hcp,
  inverseCell,
  primitiveCell,
  replicate,
  rocksalt,
  type Structure,
  simpleCubic,
  toCartesian,
  volume,
} from "../../src/structure/index.js";

const SEED = Number(process.env.POTLUCK_SEED ?? 20270305);
console.log(`analysis-distributions: seed ${SEED}`);

const TRICLINIC = Float64Array.of(10, 0, 0, 3, 9.5, 0, -2, 2.5, 9);

function gas(random: RandomStream, counts: readonly [number, number], cell = TRICLINIC): Structure {
  const n = counts[0] + counts[1];
  const fractional = Float64Array.from({ length: 3 * n }, () => random.between(-1, 2));
  const species = Uint8Array.from({ length: n }, (_, i) => (i < counts[0] ? 18 : 36));
  return { species, positions: toCartesian(fractional, cell), cell, periodic: [true, true, true] };
}

function rattled(structure: Structure, by: number): Structure {
  const random = new RandomStream(SEED, "rattled");
  return { ...structure, positions: structure.positions.map((x) => x + by * random.between(-1, 1)) };
}

function icosahedron(): Structure {
  const golden = (1 + Math.sqrt(5)) / 2;
  const corners = [-1, 1].flatMap((s) =>
    [-golden, golden].flatMap((t) => [
      [0, s, t],
      [s, t, 0],
      [t, 0, s],
    ]),
  );
  return {
    species: new Uint8Array(13).fill(18),
    positions: Float64Array.from([[0, 0, 0], ...corners].flat()),
    cell: undefined,
    periodic: [false, false, false],
  };
}

describe("the radial distribution", () => {
  it("of an ideal gas in a triclinic cell is 1 − 1/N within the noise of counting, up to the first image", () => {
    const random = new RandomStream(SEED, "gas");
    const rdf = new RadialDistribution({ cutoff: 8.5, bins: 17 });
    const frames = 40;
    for (let k = 0; k < frames; k++) rdf.add(gas(random, [60, 90]));
    const result = rdf.result();
    const v = volume(TRICLINIC);
    expect(result.density).toBeCloseTo(150 / v, 12);
    const curves = [
      { n: [150, 150], same: true, g: result.total.g },
      ...result.partial.map(({ center, neighbor, g }) => ({
        n: [center, neighbor].map((z) => (z === 18 ? 60 : 90)),
        same: center === neighbor,
        g,
      })),
    ];
    for (const { n, same, g } of curves) {
      let chi = 0;
      g.values.forEach((value, bin) => {
        const shell = (4 / 3) * Math.PI * (result.edges[bin] ** 3 - (result.edges[bin] - 0.5) ** 3);
        const pairs = ((n[0] * n[1]) / (same ? 2 : 1)) * (shell / v) * frames;
        const expected = same ? 1 - 1 / n[0] : 1;
        chi += ((value - expected) * Math.sqrt(pairs)) ** 2;
        // Errors from blocks are those of counting, as far as a dozen blocks can tell.
        if (pairs > 100) expect((g.errors as Float64Array)[bin] * Math.sqrt(pairs)).toBeLessThan(2.2);
      });
      // χ² of 17 bins; 4 standard deviations are 17 ± 23.
      expect(chi).toBeLessThan(40);
      expect(chi).toBeGreaterThan(4);
    }
  });

  it("of fcc has its shells of 12, 6 and 24 where they belong, in any cell, far beyond the cell", () => {
    const a = 3.6;
    for (const crystal of [
      fcc("Cu", a),
      primitiveCell(fcc("Cu", a)),
      replicate(primitiveCell(fcc("Cu", a)), [1, 2, 3]),
    ]) {
      const rdf = new RadialDistribution({ cutoff: 10, bins: 1000 });
      rdf.add(rattled(crystal, 0));
      const { total, r, edges, density } = rdf.result();
      const shells = [0.5, 1, 1.5, 2].map((s) => a * Math.sqrt(s));
      const sizes = [12, 6, 24, 12];
      let within = 0;
      shells.forEach((radius, k) => {
        const bin = edges.findIndex((edge) => edge > radius);
        expect(Math.abs(r[bin] - radius)).toBeLessThan(0.0051);
        within += sizes[k];
        expect(total.coordination.values[bin]).toBeCloseTo(within, 10);
        expect(total.coordination.values[bin - 2]).toBeCloseTo(within - sizes[k], 10);
      });
      expect(density).toBeCloseTo(4 / a ** 3, 12);
      // Integral of 4πρ r² g over everything is the number of neighbours.
      const integral = total.g.values.reduce(
        (sum, g, bin) => sum + g * density * (4 / 3) * Math.PI * (edges[bin] ** 3 - (edges[bin] - 0.01) ** 3),
        0,
      );
      expect(integral).toBeCloseTo(total.coordination.values[999], 8);
      expect(Math.abs(total.coordination.values[999] / (density * (4 / 3) * Math.PI * 1000) - 1)).toBeLessThan(0.05);
    }
  });

  it("counts elements around elements", () => {
    const rdf = new RadialDistribution({ cutoff: 4.5, bins: 90 });
    rdf.add(rocksalt(["Na", "Cl"], 5.64));
    const { partial } = rdf.result();
    const found = partial.map(({ center, neighbor, coordination }) => [center, neighbor, coordination.values[89]]);
    expect(found).toEqual([
      [11, 11, 12],
      [11, 17, 6],
      [17, 11, 6],
      [17, 17, 12],
    ]);
  });

  it("merges from blocks to what one run gives", () => {
    const random = new RandomStream(SEED, "merge");
    const frames = Array.from({ length: 12 }, () => gas(random, [30, 30]));
    const measure = (some: readonly Structure[]) => {
      const rdf = new RadialDistribution({ cutoff: 6, bins: 12 });
      for (const frame of some) rdf.add(frame);
      return rdf.result();
    };
    const whole = measure(frames);
    const merged = mergeRadialDistributions([measure(frames.slice(0, 8)), measure(frames.slice(8))]);
    expect(merged.frames).toBe(12);
    merged.partial.forEach((part, k) => {
      part.g.values.forEach((g, bin) => {
        expect(g).toBeCloseTo(whole.partial[k].g.values[bin], 12);
      });
    });
    const [error, expected] = [merged.total.g.errors?.[11] as number, whole.total.g.errors?.[11] as number];
    expect(error / expected).toBeGreaterThan(0.4);
    expect(error / expected).toBeLessThan(2.5);
    const other = new RadialDistribution({ cutoff: 6, bins: 13 });
    other.add(frames[0]);
    expect(() => mergeRadialDistributions([whole, other.result()])).toThrow(/different bins/);
    expect(() => mergeRadialDistributions([])).toThrow(/no results/);
  });

  it("refuses what it cannot normalise", () => {
    const rdf = new RadialDistribution({ cutoff: 3 });
    expect(() => rdf.result()).toThrow(/no frame/);
    expect(() => rdf.add(icosahedron())).toThrow(/no density of its own/);
    const given = new RadialDistribution({ cutoff: 3, volume: 100 });
    given.add(icosahedron());
    expect(given.result().density).toBeCloseTo(0.13, 12);
    expect(() => given.add(fcc("Ar", 3))).toThrow(/structure 2.*not the 13 of the first/);
    expect(() => new RadialDistribution({ cutoff: -1 })).toThrow(/up to -1 Å/);
  });
});

describe("series of blocks", () => {
  it("merge with weights, errors in quadrature or from the spread", () => {
    const of = (value: number, samples: number, error?: number) => ({
      values: Float64Array.of(value),
      errors: error === undefined ? undefined : Float64Array.of(error),
      samples,
    });
    const both = mergeSeries([of(1, 10, 0.3), of(4, 20, 0.6)]);
    expect(both.values[0]).toBeCloseTo(3, 12);
    expect(both.errors?.[0]).toBeCloseTo(Math.hypot(0.1, 0.4), 12);
    const spread = mergeSeries([of(1, 5), of(2, 5), of(6, 5)]);
    // Standard deviation √7 over √3.
    expect(spread.errors?.[0]).toBeCloseTo(Math.sqrt(7 / 3), 12);
    expect(mergeSeries([of(1, 5)]).errors).toBeUndefined();
  });
});

describe("the angle distribution", () => {
  const counts = (structure: Structure, cutoffs: number, angles: readonly number[]): number[] => {
    const adf = new AngleDistribution({ cutoffs, bins: 53 });
    adf.add(structure);
    const { perCenter, density } = adf.result().total;
    expect(density.reduce((sum, x) => sum + x, 0) * (180 / 53)).toBeCloseTo(1, 12);
    return angles.map((angle) => perCenter.values[Math.min(52, Math.floor((angle / 180) * 53))]);
  };

  it("of fcc has 24, 12, 24 and 6 angles of 60°, 90°, 120° and 180°", () => {
    for (const crystal of [fcc("Cu", 3.6), primitiveCell(fcc("Cu", 3.6))])
      counts(crystal, 2.8, [60, 90, 120, 180]).forEach((count, k) => {
        expect(count).toBeCloseTo([24, 12, 24, 6][k], 10);
      });
  });

  it("of diamond has six angles of arccos(−⅓)", () => {
    expect(counts(diamond("C", 3.57), 1.7, [109.47, 90])).toEqual([expect.closeTo(6, 10), 0]);
  });

  it("tells triplets of elements apart, with cutoffs of their own", () => {
    const adf = new AngleDistribution({
      bins: 53,
      cutoffs: [
        { elements: [11, 17], cutoff: 2.9 },
        { elements: [11, 11], cutoff: 1 },
        { elements: [17, 17], cutoff: 4.1 },
      ],
    });
    adf.add(rocksalt(["Na", "Cl"], 5.64));
    const { triplets } = adf.result();
    const sums = triplets.map(({ center, neighbors, perCenter }) => [
      center,
      ...neighbors,
      Math.round(perCenter.values.reduce((s, x) => s + x, 0)),
    ]);
    // Cl has 6 Na and 12 Cl: 15 pairs Na–Na, 72 Na–Cl, 66 Cl–Cl; Na has 6 Cl.
    expect(sums).toEqual([
      [11, 11, 11, 0],
      [11, 11, 17, 0],
      [11, 17, 17, 15],
      [17, 11, 11, 15],
      [17, 11, 17, 72],
      [17, 17, 17, 66],
    ]);
    const merged = mergeAngleDistributions([adf.result(), adf.result()]);
    expect(merged.triplets[5].perCenter.values).toEqual(triplets[5].perCenter.values);
    expect(() => new AngleDistribution({ cutoffs: [{ elements: [1, 1], cutoff: 3 }] }).add(fcc("Cu", 3))).toThrow(
      /no cutoff for Cu and Cu/,
    );
  });
});

describe("coordination", () => {
  it("is 12 in fcc, 8 in bcc, 4 in diamond, and 6 at the corners of an icosahedron", () => {
    expect([...coordinationNumbers(fcc("Cu", 3.6), 3)]).toEqual([12, 12, 12, 12]);
    expect([...coordinationNumbers(bcc("Fe", 2.8), 2.6)]).toEqual([8, 8]);
    expect(new Set(coordinationNumbers(diamond("C", 3.57), 1.7))).toEqual(new Set([4]));
    expect([...coordinationNumbers(icosahedron(), 2.2)]).toEqual([12, ...new Array(12).fill(6)]);
  });

  it("has means and shares of each element around each, over frames", () => {
    const measure = new Coordination({ cutoffs: 2.9, most: 8 });
    const perfect = rocksalt(["Na", "Cl"], 5.64);
    // One Na moved towards a Cl and away from the one behind.
    const moved = { ...perfect, positions: perfect.positions.with(0, 0.3) };
    for (let k = 0; k < 8; k++) measure.add(k < 4 ? perfect : moved);
    const { coordination, frames } = measure.result();
    expect(frames).toBe(8);
    const of = (center: number, neighbor: number | undefined) =>
      coordination.find((c) => c.center === center && c.neighbor === neighbor);
    expect(of(11, 11)?.mean.value).toBe(0);
    expect(of(11, 17)?.mean.value).toBeCloseTo(6 - 1 / 8, 10);
    expect(of(11, undefined)?.distribution.values[6]).toBeCloseTo(7 / 8, 10);
    expect(of(11, undefined)?.distribution.values[5]).toBeCloseTo(1 / 8, 10);
    expect(of(17, 11)?.distribution.values.reduce((s, x) => s + x, 0)).toBeCloseTo(1, 10);
    expect(of(11, 17)?.mean.error).toBeGreaterThan(0.03);
  });
});

describe("bond-orientational order", () => {
  // Mickel et al. 2013, doi:10.1063/1.4774084, table I; simple sums over the neighbours' directions give the same digits.
  const known: [string, Structure, number, number, number][] = [
    ["fcc", fcc("Cu", 3.6), 2.8, 0.190941, 0.574524],
    ["hcp", hcp("Mg", 3.2), 3.4, 0.097222, 0.484762],
    ["bcc, 14 neighbours", bcc("Fe", 2.8), 3, 0.03637, 0.510688],
    ["simple cubic", simpleCubic("Po", 3), 3.3, 0.763763, 0.353553],
  ];
  it.each(known)("of %s has the values of the literature", (name, crystal, cutoffs, q4, q6) => {
    for (const [degree, expected] of [
      [4, q4],
      [6, q6],
    ] as const) {
      const { local, averaged, global } = bondOrder(crystal, { cutoffs, degree });
      for (const q of local) expect(q).toBeCloseTo(expected, 5);
      // The two atoms of hcp see their neighbours turned; elsewhere all atoms see the same.
      if (name !== "hcp") {
        for (const q of averaged) expect(q).toBeCloseTo(expected, 5);
        expect(global).toBeCloseTo(expected, 5);
      }
    }
  });

  it("of an icosahedron is 0 for degree 4 and 0.663 for 6, however it is turned, and 1 for degree 0", () => {
    const cluster = icosahedron();
    const turned = {
      ...cluster,
      positions: toCartesian(cluster.positions, Float64Array.of(0.36, 0.48, -0.8, -0.8, 0.6, 0, 0.48, 0.64, 0.6)),
    };
    for (const structure of [cluster, turned]) {
      expect(bondOrder(structure, { cutoffs: 2, degree: 4 }).local[0]).toBeCloseTo(0, 10);
      expect(bondOrder(structure, { cutoffs: 2, degree: 6 }).local[0]).toBeCloseTo(Math.sqrt(11) / 5, 10);
      expect(bondOrder(structure, { cutoffs: 2, degree: 0 }).local[3]).toBeCloseTo(1, 12);
    }
  });

  it("agrees with Legendre's addition theorem for any neighbours and degree", () => {
    const random = new RandomStream(SEED, "legendre");
    const positions = Float64Array.from({ length: 60 }, () => random.between(0, 8));
    const structure: Structure = { ...icosahedron(), species: new Uint8Array(20).fill(18), positions };
    const legendre = (l: number, x: number): number => {
      let [below, value] = [1, x];
      for (let k = 2; k <= l; k++) [below, value] = [value, ((2 * k - 1) * x * value - (k - 1) * below) / k];
      return value;
    };
    const directions = Array.from(structure.species, (_, i) =>
      Array.from(structure.species, (_, j) => [0, 1, 2].map((x) => positions[3 * j + x] - positions[3 * i + x]))
        .filter((v, j) => j !== i && Math.hypot(...v) < 4)
        .map((v) => v.map((x) => x / Math.hypot(...v))),
    );
    for (const degree of [1, 3, 4, 6, 11]) {
      const { local } = bondOrder(structure, { cutoffs: 4, degree });
      directions.forEach((around, i) => {
        let sum = 0;
        for (const a of around)
          for (const b of around) sum += legendre(degree, a[0] * b[0] + a[1] * b[1] + a[2] * b[2]);
        expect(local[i] ** 2 * Math.max(1, around.length) ** 2).toBeCloseTo(sum, 8);
      });
    }
  });
});

describe("common-neighbour analysis", () => {
  it.each([
    ["fcc", fcc("Cu", 3.6)],
    ["bcc", bcc("Fe", 2.87)],
    ["hcp", hcp("Mg", 3.2)],
    ["other", diamond("C", 3.57)],
    ["other", simpleCubic("Po", 3.3)],
  ] as const)("knows %s, heat included", (name, crystal) => {
    const big = replicate(crystal, [3, 3, 3]);
    expect(new Set(localCrystals(crystal))).toEqual(new Set([name]));
    expect(new Set(localCrystals(rattled(big, 0.08)))).toEqual(new Set([name]));
  });

  it("knows the middle of an icosahedron, and its corners as nothing", () => {
    expect(localCrystals(icosahedron(), 3)).toEqual(["icosahedral", ...new Array(12).fill("other")]);
  });
});

describe("the structure factor", () => {
  it("of a crystal is the number of atoms at the reciprocal lattice and 0 between", () => {
    const crystal = replicate(fcc("Cu", 3.6), [3, 3, 3]);
    const b = (2 * Math.PI) / 3.6;
    const factor = new StructureFactor({ longest: 2.05 * b, bins: 2000 });
    factor.add(crystal);
    const { q, s, vectors } = factor.result();
    q.forEach((length, bin) => {
      const bragg = [Math.sqrt(3), 2].find((m) => Math.abs(length / b - m) < 1e-6);
      // Four pairs ±q of (1 1 1), three of (2 0 0).
      if (bragg !== undefined) expect(s.values[bin] * vectors[bin]).toBeGreaterThan(108 * (bragg === 2 ? 2.99 : 3.99));
    });
    const sum = s.values.reduce((t, x, bin) => t + x * vectors[bin], 0);
    expect(sum).toBeCloseTo(108 * (4 + 3), 6);
  });

  it("is the sum over atoms that defines it, in a triclinic cell", () => {
    const structure = gas(new RandomStream(SEED, "definition"), [5, 4]);
    const factor = new StructureFactor({ longest: 1.5, bins: 1, weights: { 36: 2 }, vectorsPerBin: 1e6 });
    factor.add(structure);
    const { s, vectors, q } = factor.result();
    const inverse = inverseCell(TRICLINIC);
    let [sum, count, lengths] = [0, 0, 0];
    for (let h = -4; h <= 4; h++)
      for (let k = -4; k <= 4; k++)
        for (let l = -4; l <= 4; l++) {
          const vector = [0, 1, 2].map(
            (x) => 2 * Math.PI * (inverse[3 * x] * h + inverse[3 * x + 1] * k + inverse[3 * x + 2] * l),
          );
          const length = Math.hypot(...vector);
          if (length === 0 || length > 1.5) continue;
          let [re, im] = [0, 0];
          structure.species.forEach((z, i) => {
            const phase = [0, 1, 2].reduce((t, x) => t + vector[x] * structure.positions[3 * i + x], 0);
            re += (z === 36 ? 2 : 1) * Math.cos(phase);
            im += (z === 36 ? 2 : 1) * Math.sin(phase);
          });
          sum += (re * re + im * im) / (5 + 4 * 4);
          lengths += length;
          count++;
        }
    expect(vectors[0]).toBe(count / 2);
    expect(s.values[0]).toBeCloseTo(sum / count, 10);
    expect(q[0]).toBeCloseTo(lengths / count, 10);
  });

  it("of an ideal gas is 1", () => {
    const random = new RandomStream(SEED, "factor");
    const factor = new StructureFactor({ longest: 5, bins: 5, weights: { 18: 2, 36: 0.5 } });
    for (let k = 0; k < 40; k++) factor.add(gas(random, [40, 40]));
    const { s, vectors } = factor.result();
    expect(vectors.length).toBe(5);
    s.values.forEach((value, bin) => {
      // |Σ b exp(iq·r)|² is exponentially distributed: its deviation is its mean.
      const noise = 1 / Math.sqrt(40 * vectors[bin]);
      expect(Math.abs(value - 1)).toBeLessThan(5 * noise);
      expect((s.errors as Float64Array)[bin] / noise).toBeGreaterThan(0.3);
      expect((s.errors as Float64Array)[bin] / noise).toBeLessThan(2.5);
    });
  });

  it("from g(r) is that of a Gaussian hole", () => {
    const [width, density] = [1.3, 0.02];
    const r = Float64Array.from({ length: 2000 }, (_, k) => (k + 0.5) * 0.01);
    const g = r.map((x) => 1 - Math.exp((-x * x) / (2 * width * width)));
    const q = [0.3, 1, 2, 4];
    const s = structureFactorFromRadial({ r, g, density }, { q, window: "none" });
    q.forEach((each, k) => {
      const hole = density * (2 * Math.PI * width ** 2) ** 1.5 * Math.exp((-each * each * width * width) / 2);
      expect(s[k]).toBeCloseTo(1 - hole, 6);
    });
    const damped = structureFactorFromRadial({ r, g, density }, { q });
    expect(Math.abs(damped[1] - s[1])).toBeLessThan(0.02);
  });

  it("agrees between both routes for a fluid of pairs", () => {
    // Dumbbells of length 1.5 at random: S = 1 + sin(qd)/(qd).
    const random = new RandomStream(SEED, "dumbbells");
    const factor = new StructureFactor({ longest: 6, bins: 12 });
    for (let k = 0; k < 60; k++) {
      const centres = gas(random, [50, 0]);
      const others = centres.positions.slice();
      for (let i = 0; i < others.length; i += 3) {
        const v = [random.normal(), random.normal(), random.normal()];
        for (let x = 0; x < 3; x++) others[i + x] += (1.5 * v[x]) / Math.hypot(...v);
      }
      const positions = Float64Array.of(...centres.positions, ...others);
      factor.add({ ...centres, species: new Uint8Array(100).fill(7), positions });
    }
    const { s, q } = factor.result();
    q.forEach((each, bin) => {
      const expected = 1 + Math.sin(1.5 * each) / (1.5 * each);
      expect(Math.abs(s.values[bin] - expected)).toBeLessThan(5 * (s.errors as Float64Array)[bin] + 0.02);
    });
  });
});
