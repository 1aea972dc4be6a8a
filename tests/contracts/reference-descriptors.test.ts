/** The plain symmetry functions: derivatives against finite differences, closed forms, and what must not matter. */
import { describe, expect, it } from "vitest";
import type {
  CompactCore,
  Cutoff,
  CutoffType,
  GaussianShape,
  SymmetryFunction,
} from "../../src/descriptors/definition.js";
import { type Environment, referenceDescriptors } from "../../src/descriptors/reference.js";
import { RandomStream } from "../../src/math/index.js";

const SEED = 20240611;
const RC = 5;
const cutoffs: Cutoff[] = ([0, 1, 2, 3, 4, 5, 6, 7, 8] as CutoffType[]).flatMap((type) => [
  { type, alpha: 0 },
  { type, alpha: 0.3 },
]);

/** Every Gaussian type, with and without a shift; λ of both signs, ζ whole and broken. */
function gaussians(cutoff: Cutoff): SymmetryFunction[] {
  const shape = (eta: number, rs: number): GaussianShape => ({ eta, rs, rc: RC, cutoff });
  return [
    { type: 2, neighbors: [8], ...shape(0.3, 0) },
    { type: 2, neighbors: [1], ...shape(0.8, 2.5) },
    { type: 12, neighbors: [], ...shape(0.2, 1) },
    ...([3, 9] as const).flatMap((type): SymmetryFunction[] => [
      { type, neighbors: [8, 8], ...shape(0.05, 0), lambda: 1, zeta: 4 },
      { type, neighbors: [1, 8], ...shape(0.1, 0.7), lambda: -1, zeta: 1 },
      { type, neighbors: [1, 1], ...shape(0.02, 0), lambda: -1, zeta: 2.5 },
    ]),
    { type: 13, neighbors: [], ...shape(0.04, 0.3), lambda: 1, zeta: 2 },
  ];
}

function compacts(core: CompactCore, asymmetric: boolean): SymmetryFunction[] {
  const inside = { rl: 0.5, rc: RC, core, asymmetric };
  const origin = { rl: -RC, rc: RC, core, asymmetric };
  return [
    { type: 20, neighbors: [8], ...inside },
    { type: 23, neighbors: [], ...origin },
    ...([21, 22] as const).flatMap((type): SymmetryFunction[] => [
      { type, neighbors: [1, 8], ...inside, angleLeft: 20, angleRight: 160 },
      { type, neighbors: [8, 8], ...inside, angleLeft: -120, angleRight: 120 },
      { type, neighbors: [1, 1], ...origin, angleLeft: 50, angleRight: 310 },
    ]),
    { type: 24, neighbors: [], ...inside, angleLeft: 0, angleRight: 180 },
    { type: 25, neighbors: [], ...origin, angleLeft: -180, angleRight: 180 },
  ];
}

/** Neighbours between 1 and 4.8 Å away, most of them near enough to each other for narrow functions; none where a function may have a kink (edges of cutoffs and inner radii). */
function environmentOf(random: RandomStream, n = 9): Environment {
  const vectors = new Float64Array(3 * n);
  for (let i = 0; i < n; i++) {
    const direction = [random.normal(), random.normal(), random.normal()];
    const length = Math.hypot(...direction);
    let r = random.between(1, i < 6 ? 3 : 4.8);
    if (Math.abs(r - 0.3 * RC) < 0.05) r += 0.1;
    direction.forEach((x, d) => {
      vectors[3 * i + d] = (r * x) / length;
    });
  }
  return { species: Uint8Array.from({ length: n }, (_, i) => (i % 2 === 0 ? 8 : 1)), vectors };
}

function checkDerivatives(functions: readonly SymmetryFunction[], name: string): void {
  const environment = environmentOf(new RandomStream(SEED, name));
  const { values, derivatives } = referenceDescriptors(functions, environment);
  const row = environment.vectors.length;
  const h = 1e-5;
  const shifted = (n: number, step: number): Float64Array => {
    const vectors = environment.vectors.slice();
    vectors[n] += step;
    return referenceDescriptors(functions, { ...environment, vectors }).values;
  };
  for (let n = 0; n < row; n++) {
    const [ahead, behind] = [shifted(n, h), shifted(n, -h)];
    functions.forEach((f, s) => {
      const expected = (ahead[s] - behind[s]) / (2 * h);
      const scale = Math.max(1e-2, Math.abs(values[s]));
      const message = `seed ${SEED}, ${name}, type ${f.type}, coordinate ${n}`;
      expect(Math.abs(derivatives[s * row + n] - expected), message).toBeLessThan(2e-7 * scale);
    });
  }
}

describe(`derivatives of the plain functions against finite differences, seed ${SEED}`, () => {
  it.each(cutoffs)("Gaussian functions, cutoff type $type, α $alpha", (cutoff) =>
    checkDerivatives(gaussians(cutoff), `gaussian ${cutoff.type} ${cutoff.alpha}`),
  );
  it.each(["p1", "p2", "p3", "p4", "e"] as const)("compact functions, core %s", (core) => {
    for (const asymmetric of [false, true])
      checkDerivatives(compacts(core, asymmetric), `compact ${core} ${asymmetric}`);
  });

  it("are not all zero", () => {
    const functions = [...gaussians({ type: 1, alpha: 0 }), ...compacts("p2", false)];
    const { values } = referenceDescriptors(functions, environmentOf(new RandomStream(SEED, "values")));
    expect([...values].filter((g) => Math.abs(g) > 1e-6).length).toBe(functions.length);
  });
});

describe("closed forms of the plain functions", () => {
  const cutoff: Cutoff = { type: 1, alpha: 0 };
  const one = (f: SymmetryFunction, species: number[], vectors: number[]): number =>
    referenceDescriptors([f], { species: Uint8Array.from(species), vectors: Float64Array.from(vectors) }).values[0];

  it("one neighbour at rc/2 with the cosine cutoff gives exp(−η(r−rs)²)/2", () => {
    const f: SymmetryFunction = { type: 2, neighbors: [8], eta: 0.7, rs: 1, rc: 4, cutoff };
    expect(one(f, [8], [2, 0, 0])).toBeCloseTo(Math.exp(-0.7) / 2, 14);
  });

  it("a right angle gives 2^(1−ζ) g g, each pair counted once", () => {
    const f: SymmetryFunction = { type: 9, neighbors: [8, 8], eta: 0, rs: 0, rc: 4, cutoff, lambda: 1, zeta: 3 };
    expect(one(f, [8, 8], [2, 0, 0, 0, 2, 0])).toBeCloseTo(2 ** -2 / 4, 14);
  });

  it("narrow functions have a third factor", () => {
    const f: SymmetryFunction = { type: 3, neighbors: [8, 8], eta: 0, rs: 0, rc: 4, cutoff, lambda: 1, zeta: 1 };
    const third = 0.5 * (Math.cos((Math.PI * Math.SQRT2) / 2) + 1);
    expect(one(f, [8, 8], [2, 0, 0, 0, 2, 0])).toBeCloseTo(third / 4, 14);
  });

  it("weighted functions multiply by atomic numbers", () => {
    const shape = { eta: 0.1, rs: 0, rc: 4, cutoff };
    const plain = one({ type: 2, neighbors: [14], ...shape }, [14], [0, 1, 1]);
    expect(one({ type: 12, neighbors: [], ...shape }, [14], [0, 1, 1])).toBeCloseTo(14 * plain, 12);
    const angular = { ...shape, lambda: -1, zeta: 2 };
    const pair = [1, 0, 0.5, -1, 0.3, 0.5];
    const narrow = one({ type: 3, neighbors: [8, 14], ...angular }, [8, 14], pair);
    expect(one({ type: 13, neighbors: [], ...angular }, [8, 14], pair)).toBeCloseTo(8 * 14 * narrow, 11);
  });

  it("a straight pair counts in a window centred on 180°, whichever way its cosine is rounded", () => {
    const f: SymmetryFunction = {
      ...{ type: 22, neighbors: [8, 8], rl: 0, rc: 4, core: "e", asymmetric: false },
      ...{ angleLeft: 90, angleRight: 270 },
    };
    for (const v of [
      [1, 0, 0],
      [1.1, 1.3, 0.7],
      [0.3, 0.1, 1.9],
    ]) {
      const r = Math.hypot(...v);
      const x = Math.abs(r - 2) / 2;
      const bump = Math.exp(1 + 1 / (x * x - 1));
      expect(one(f, [8, 8], [...v, ...v.map((c) => -c)])).toBeCloseTo(bump * bump, 12);
    }
  });

  it("a pair at r = rc is outside", () => {
    const f: SymmetryFunction = { type: 2, neighbors: [8], eta: 0, rs: 0, rc: 3, cutoff: { type: 0, alpha: 0 } };
    expect(one(f, [8, 8], [3, 0, 0, 0, 2.999, 0])).toBe(1);
  });
});

describe(`what must not matter, seed ${SEED}`, () => {
  it("the order of neighbours, and a rotation", () => {
    const functions = [...gaussians({ type: 6, alpha: 0.2 }), ...compacts("p3", false)];
    const environment = environmentOf(new RandomStream(SEED, "symmetry"));
    const { values } = referenceDescriptors(functions, environment);
    const reversed = environment.species.length - 1;
    const [c, s] = [Math.cos(0.7), Math.sin(0.7)];
    const vectors = environment.vectors.map((_, n) => {
      const i = 3 * (reversed - Math.floor(n / 3));
      const [x, y, z] = environment.vectors.subarray(i, i + 3);
      return [c * x - s * y, s * x + c * y, z][n % 3];
    });
    const turned = referenceDescriptors(functions, { species: environment.species.slice().reverse(), vectors });
    values.forEach((g, n) => {
      expect(Math.abs(turned.values[n] - g)).toBeLessThan(1e-12 * Math.max(1, Math.abs(g)));
    });
  });

  it("no neighbours give zero", () => {
    const none = { species: new Uint8Array(0), vectors: new Float64Array(0) };
    expect(referenceDescriptors(gaussians({ type: 1, alpha: 0 }), none).values.every((g) => g === 0)).toBe(true);
  });
});
