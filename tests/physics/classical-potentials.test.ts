/**
 * What every potential must obey, for each of the classical ones: forces and stress are derivatives of the energy on crystals,
 * surfaces, liquids, clusters and cells smaller than the cutoff; nothing depends on where or how a structure is written down;
 * what is bound gives what is evaluated from scratch; two atoms have the energy of the formula.
 */
import { describe, expect, it } from "vitest";
import { InputError } from "../../src/errors/index.js";
import { RandomStream } from "../../src/math/index.js";
import { neighborList } from "../../src/neighbors/index.js";
import {
  argonLennardJones,
  type ClassicalRecord,
  classicalPotential,
  siliconStillingerWeber,
  siliconTersoff,
} from "../../src/potentials/classical/index.js";
import type { Evaluation, Potential } from "../../src/potentials/potential.js";
import { sum } from "../../src/potentials/sum.js";
import { atomicNumber, replicate, type Structure, volume } from "../../src/structure/index.js";
import { bohr, boltzmann, hartree } from "../../src/units/index.js";
import { bulk, cluster, liquid, slab, unitCell } from "./atomic-structures.js";
import { eamDensity, eamEmbedding, eamPair, eamRecord, type Subject, subjects } from "./classical-records.js";
import { apart, largest, slopeAtZero } from "./random-potential.js";

const SEED = 20261121;
const H = 1e-4;
const named = subjects.map((subject) => [subject.name, subject] as const);

function structuresOf({ name, crystal, liquid: melt, edges }: Subject): [string, Structure][] {
  const random = new RandomStream(SEED, name);
  const draws: [string, () => Structure][] = [
    ["crystal", () => bulk(random, crystal, [2, 1, 1])],
    ["surface", () => slab(random, crystal, [1, 1, 2])],
    ["liquid", () => liquid(random, { ...melt, elements: crystal.elements, atoms: 10 })],
    ["cluster", () => cluster(random, crystal, 0.8 * crystal.constant)],
    ["small cell", () => bulk(random, crystal, [1, 1, 1])],
  ];
  return draws.map(([kind, draw]) => [kind, smooth(draw, edges)]);
}

/** No distance so near to an edge that a finite difference would step over it. */
function smooth(draw: () => Structure, edges: readonly number[]): Structure {
  if (edges.length === 0) return draw();
  for (let trial = 0; trial < 2000; trial++) {
    const structure = draw();
    const { vectors, indices } = neighborList(structure, Math.max(...edges) + 0.1);
    const distances = Array.from(indices, (_, p) => Math.hypot(...vectors.subarray(3 * p, 3 * p + 3)));
    if (distances.every((r) => edges.every((edge) => Math.abs(r - edge) > 2.5 * H * r))) return structure;
  }
  throw new Error("every structure has a distance at an edge");
}

const rowsTimes = (rows: Float64Array, m: ArrayLike<number>): Float64Array =>
  rows.map((_, k) => [0, 1, 2].reduce((total, x) => total + rows[k - (k % 3) + x] * m[3 * x + (k % 3)], 0));
const transformed = (s: Structure, m: ArrayLike<number>): Structure => ({
  ...s,
  positions: rowsTimes(s.positions, m),
  cell: s.cell === undefined ? undefined : rowsTimes(s.cell, m),
});

function moved(structure: Structure, k: number, by: number): Structure {
  const positions = structure.positions.slice();
  positions[k] += by;
  return { ...structure, positions };
}

const VOIGT = [
  [0, 0],
  [1, 1],
  [2, 2],
  [1, 2],
  [0, 2],
  [0, 1],
] as const;

/** 1 + ε with ε_c = by; off the diagonal half of it on either side. */
function strain(c: number, by: number): number[] {
  const m = [1, 0, 0, 0, 1, 0, 0, 0, 1];
  const [a, b] = VOIGT[c];
  m[3 * a + b] += by / 2;
  m[3 * b + a] += by / 2;
  return m;
}

function expectDerivatives(potential: Potential, structure: Structure, random: RandomStream): void {
  const energy = (s: Structure): number => potential.evaluate(s).energy;
  const { forces, stress, atomicEnergies, energy: total } = potential.evaluate(structure);
  const scale = Math.max(1, largest(forces));
  expect(largest(forces)).toBeGreaterThan(1e-3);
  const chosen = Array.from({ length: 8 }, () => random.integer(forces.length));
  const numerical = chosen.map((k) => -slopeAtZero((x) => energy(moved(structure, k, x)), H));
  const ours = chosen.map((k) => forces[k]);
  expect(apart(ours, numerical)).toBeLessThan(1e-6 * scale);
  expect(largest([0, 1, 2].map((x) => sumOf(forces.filter((_, k) => k % 3 === x))))).toBeLessThan(1e-11 * scale);
  expect(Math.abs(sumOf(atomicEnergies) - total)).toBeLessThan(1e-10 * Math.max(1, Math.abs(total)));
  if (structure.cell === undefined || !structure.periodic.every(Boolean)) {
    expect(stress).toBeUndefined();
    return;
  }
  const v = volume(structure.cell);
  const expected = VOIGT.map((_, c) => slopeAtZero((x) => energy(transformed(structure, strain(c, x))), H) / v);
  expect(largest(expected)).toBeGreaterThan(1e-4);
  expect(apart(stress!, expected)).toBeLessThan(1e-6 * Math.max(1, largest(expected)));
}

const sumOf = (a: ArrayLike<number>): number => Array.from(a).reduce((x, y) => x + y, 0);

describe(`forces and stress are derivatives of the energy (seed ${SEED})`, () => {
  describe.each(named)("%s", (name, subject) => {
    const random = new RandomStream(SEED, `${name}, derivatives`);
    const potential = classicalPotential(subject.record);
    it.each(structuresOf(subject))("%s", (_, structure) => expectDerivatives(potential, structure, random));
  });
});

/** Whether b says of its structure what a says of another, atom i there being atom `from(i)` here, vectors turned by m. */
function expectSame(
  a: Evaluation,
  b: Evaluation,
  change: { from?: (i: number) => number; m?: readonly number[] } = {},
) {
  const { from = (i) => i, m = [1, 0, 0, 0, 1, 0, 0, 0, 1] } = change;
  expect(Math.abs(a.energy - b.energy)).toBeLessThan(1e-10 * Math.max(1, Math.abs(a.energy)));
  const turned = rowsTimes(a.forces, m);
  const [ofForces, ofEnergies] = [Math.max(1, largest(turned)), Math.max(1, largest(a.atomicEnergies))];
  b.atomicEnergies.forEach((energy, i) => {
    expect(Math.abs(energy - a.atomicEnergies[from(i)])).toBeLessThan(1e-10 * ofEnergies);
    const expected = turned.subarray(3 * from(i), 3 * from(i) + 3);
    expect(apart(b.forces.subarray(3 * i, 3 * i + 3), expected)).toBeLessThan(1e-9 * ofForces);
  });
  if (a.stress === undefined) {
    expect(b.stress).toBeUndefined();
    return;
  }
  // mᵀ σ m
  const expected = rowsTimes(transpose(rowsTimes(matrixOf(a.stress), m)), m);
  expect(apart(matrixOf(b.stress!), expected)).toBeLessThan(1e-10 * Math.max(1, largest(a.stress)));
}

const matrixOf = ([xx, yy, zz, yz, xz, xy]: Float64Array): Float64Array =>
  Float64Array.of(xx, xy, xz, xy, yy, yz, xz, yz, zz);
const transpose = (m: Float64Array): Float64Array => m.map((_, k) => m[3 * (k % 3) + Math.floor(k / 3)]);

/** A rotation from a random unit quaternion. */
function rotation(random: RandomStream): number[] {
  const q = [random.normal(), random.normal(), random.normal(), random.normal()];
  const [w, x, y, z] = q.map((c) => c / Math.hypot(...q));
  return [
    ...[1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
    ...[2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
    ...[2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
  ];
}

describe(`invariance (seed ${SEED})`, () => {
  describe.each(named)("%s", (name, subject) => {
    const random = new RandomStream(SEED, `${name}, invariance`);
    const potential = classicalPotential(subject.record);
    const structures = structuresOf(subject);

    it("translation", () => {
      for (const [, structure] of structures) {
        const shift = [random.between(-9, 9), random.between(-9, 9), random.between(-9, 9)];
        const positions = structure.positions.map((x, k) => x + shift[k % 3]);
        expectSame(potential.evaluate(structure), potential.evaluate({ ...structure, positions }));
      }
    });

    it("rotation and reflection", () => {
      for (const [, structure] of structures) {
        const turn = rotation(random);
        for (const m of [turn, turn.map((x) => -x)])
          expectSame(potential.evaluate(structure), potential.evaluate(transformed(structure, m)), { m });
      }
    });

    it("permutation", () => {
      for (const [, structure] of structures) {
        const order = random.shuffle([...structure.species.keys()]);
        const after = potential.evaluate({
          ...structure,
          species: structure.species.map((_, i) => structure.species[order[i]]),
          positions: structure.positions.map((_, k) => structure.positions[3 * order[Math.floor(k / 3)] + (k % 3)]),
        });
        expectSame(potential.evaluate(structure), after, { from: (i) => order[i] });
      }
    });

    it("a supercell has n times the energy, the same forces and stress", () => {
      for (const [kind, structure] of structures) {
        if (kind === "cluster" || kind === "surface") continue;
        const once = potential.evaluate(structure);
        const many = potential.evaluate(replicate(structure, [2, 1, 2]));
        expect(Math.abs(many.energy - 4 * once.energy)).toBeLessThan(1e-10 * Math.abs(4 * once.energy));
        expect(apart(many.stress!, once.stress!)).toBeLessThan(1e-10 * Math.max(1, largest(once.stress!)));
        const expected = many.forces.map((_, k) => once.forces[k % once.forces.length]);
        expect(apart(many.forces, expected)).toBeLessThan(1e-9 * Math.max(1, largest(expected)));
      }
    });
  });
});

describe(`bound to atoms that move (seed ${SEED})`, () => {
  it.each(named)("%s: the same as from scratch, step after step, with jumps and strains", (name, subject) => {
    const random = new RandomStream(SEED, `${name}, moves`);
    const potential = classicalPotential(subject.record);
    for (const [, structure] of structuresOf(subject)) {
      const field = potential.bind(structure);
      let now = structure;
      for (let step = 0; step < 10; step++) {
        const found = field.evaluate(now.positions, now.cell);
        expectSame(potential.evaluate(now), found);
        now = { ...now, positions: now.positions.map((x) => x + random.between(-0.05, 0.05)) };
        if (step === 4) now = transformed(now, [1.01, 0.02, 0, 0.01, 0.99, 0, 0, -0.01, 1.02]);
        const { cell, positions } = now;
        if (cell === undefined) continue;
        const atom = random.integer(now.species.length);
        const jumped = positions.slice();
        for (let x = 0; x < 3; x++) jumped[3 * atom + x] += cell[x];
        now = { ...now, positions: jumped };
      }
    }
  });

  it("two fields of one potential do not disturb each other, and evaluations keep their arrays", () => {
    for (const { record, crystal } of subjects) {
      const potential = classicalPotential(record);
      const random = new RandomStream(SEED, "two fields");
      const [small, large] = [bulk(random, crystal, [1, 1, 1]), bulk(random, crystal, [2, 1, 1])];
      const [first, second] = [potential.bind(small), potential.bind(large)];
      const kept = potential.evaluate(small);
      const copy = structuredClone(kept);
      expectSame(kept, first.evaluate(small.positions, small.cell));
      second.evaluate(large.positions, large.cell);
      potential.evaluate(large);
      expectSame(kept, first.evaluate(small.positions, small.cell));
      expect(kept).toEqual(copy);
    }
  });
});

const inNoCell = (symbols: readonly string[], positions: readonly number[]): Structure => ({
  species: Uint8Array.from(symbols, (symbol) => atomicNumber(symbol) ?? 0),
  positions: Float64Array.from(positions),
  cell: undefined,
  periodic: [false, false, false],
});

const refusal = (act: () => unknown): InputError => {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return error as InputError;
  }
  throw new Error("nothing was refused");
};

describe("few atoms", () => {
  it.each(named)("%s: one atom has no energy and no force", (_, { record, crystal }) => {
    const potential = classicalPotential(record);
    for (const position of [
      [0, 0, 0],
      [3, -40, 500],
    ]) {
      const { energy, forces, stress } = potential.evaluate(inNoCell([crystal.elements[0]], position));
      expect([energy, ...forces.map(Math.abs)]).toEqual([0, 0, 0, 0]);
      expect(stress).toBeUndefined();
    }
    const none = potential.evaluate(inNoCell([], []));
    expect(none.energy).toBe(0);
  });

  it.each(named)("%s: an element that it does not know is refused, with the atom", (_, { record, crystal }) => {
    const potential = classicalPotential(record);
    const stranger = inNoCell([crystal.elements[0], "U"], [0, 0, 0, 0, 0, 2.5]);
    if (potential.elements.includes(92)) return;
    for (const act of [() => potential.evaluate(stranger), () => potential.bind(stranger)]) {
      const error = refusal(act);
      expect(error.code).toBe("element-not-in-potential");
      expect(error.trouble.where?.atom).toBe(2);
      expect(error.message).toContain("U");
    }
  });

  it.each(named)("%s: two atoms at one place are refused, bound or not", (_, { record, crystal }) => {
    const potential = classicalPotential(record);
    const [a, b] = [crystal.elements[0], crystal.elements[crystal.elements.length - 1]];
    const same = inNoCell([a, b], [1, 2, 3, 1, 2, 3]);
    expect(refusal(() => potential.evaluate(same)).code).toBe("coincident-atoms");
    const field = potential.bind(inNoCell([a, b], [1, 2, 3, 1, 2, 5]));
    expect(refusal(() => field.evaluate(same.positions, undefined)).code).toBe("coincident-atoms");
  });
});

/** Energy, and force on the second atom along the axis, at distances. */
function expectDimer(
  record: ClassicalRecord,
  symbols: readonly [string, string],
  energyAt: (r: number) => number,
): void {
  const potential = classicalPotential(record);
  for (const r of [1.1, 1.63, 2.2, 2.35, 2.85, 3.3, 3.6, 4.4, 5.9, 8.4]) {
    const { energy, forces } = potential.evaluate(inNoCell(symbols, [0.3, 0, 0, 0.3, r, 0]));
    const expected = energyAt(r);
    expect(Math.abs(energy - expected), `${r} Å`).toBeLessThan(1e-11 * Math.max(1, Math.abs(expected)));
    const slope = slopeAtZero((x) => energyAt(r + x), 1e-4);
    const scale = 1e-7 * Math.max(1, Math.abs(slope));
    expect(apart(forces, [0, slope, 0, 0, -slope, 0]), `force at ${r} Å`).toBeLessThan(scale);
  }
}

describe("two atoms have the energy of the formula", () => {
  it("Lennard-Jones, with its shifts and rules of mixing", () => {
    const bare = (epsilon: number, sigma: number) => (r: number) =>
      4 * epsilon * ((sigma / r) ** 12 - (sigma / r) ** 6);
    const argon = bare(120 * boltzmann, 3.4);
    expectDimer(argonLennardJones, ["Ar", "Ar"], (r) => argon(r) - argon(8.5));
    expectDimer({ ...argonLennardJones, shift: "none" }, ["Ar", "Ar"], argon);
    const slope = slopeAtZero((x) => argon(8.5 + x), 1e-3);
    expectDimer(
      { ...argonLennardJones, shift: "force" },
      ["Ar", "Ar"],
      (r) => argon(r) - argon(8.5) - (r - 8.5) * slope,
    );
    const pairs = [
      { elements: ["Ar", "Ar"], epsilon: 0.01, sigma: 3.4, cutoff: 9 },
      { elements: ["Ne", "Ne"], epsilon: 0.003, sigma: 2.7, cutoff: 12 },
    ] as const;
    const epsilon = Math.sqrt(0.01 * 0.003);
    expectDimer({ kind: "lennard-jones", pairs, mixing: "arithmetic" }, ["Ne", "Ar"], bare(epsilon, 3.05));
    expectDimer(
      { kind: "lennard-jones", pairs, mixing: "geometric" },
      ["Ar", "Ne"],
      bare(epsilon, Math.sqrt(3.4 * 2.7)),
    );
  });

  it("ZBL: the screened charges up to the switch but for a constant; energy, force and its slope are zero at the end", () => {
    const over = (14 ** 0.23 + 8 ** 0.23) / 0.4685;
    const terms = [
      [0.18175, 3.1998],
      [0.50986, 0.94229],
      [0.28022, 0.4029],
      [0.02817, 0.20162],
    ];
    const bare = (r: number): number =>
      ((hartree * bohr * 14 * 8) / r) * sumOf(terms.map(([c, d]) => c * Math.exp(-d * r * over)));
    const potential = classicalPotential({ kind: "zbl", inner: 1, outer: 2.5 });
    const at = (r: number) => potential.evaluate(inNoCell(["Si", "O"], [0, 0, 0, r, 0, 0]));
    const constant = at(0.3).energy - bare(0.3);
    for (const r of [0.05, 0.2, 0.7, 0.99]) {
      expect(Math.abs(at(r).energy - bare(r) - constant)).toBeLessThan(1e-10 * bare(r));
      expect(Math.abs(at(r).forces[0] / slopeAtZero((x) => bare(r + x), 1e-4) - 1)).toBeLessThan(1e-7);
    }
    // As the cube of the distance from the end.
    const [near, nearer] = [at(2.5 - 2e-3), at(2.5 - 1e-3)];
    expect(near.energy / nearer.energy).toBeCloseTo(8, 1);
    expect(near.forces[0] / nearer.forces[0]).toBeCloseTo(4, 1);
    expect(at(2.5).energy).toBe(0);
  });

  it("Stillinger–Weber", () => {
    const [{ epsilon, sigma, a, A, B }] = siliconStillingerWeber.triplets;
    expectDimer(siliconStillingerWeber, ["Si", "Si"], (r) =>
      r >= a * sigma ? 0 : A * epsilon * (B * (sigma / r) ** 4 - 1) * Math.exp(sigma / (r - a * sigma)),
    );
  });

  it("Tersoff: without a third atom the bond order is 1", () => {
    const fade = (r: number): number =>
      r > 3 ? 0 : r < 2.7 ? 1 : 0.5 * (1 - Math.sin((Math.PI / 2) * ((r - 2.85) / 0.15)));
    expectDimer(
      siliconTersoff,
      ["Si", "Si"],
      (r) => fade(r) * (1830.8 * Math.exp(-2.4799 * r) - 471.18 * Math.exp(-1.7322 * r)),
    );
  });

  it("EAM: which element feels whose density", () => {
    const within = (r: number, f: (r: number) => number): number => (r < 5 ? f(r) : 0);
    for (const form of ["alloy", "fs"] as const) {
      const atCu = form === "alloy" ? eamDensity.Ag.Ag : eamDensity.Ag.Cu;
      const atAg = form === "alloy" ? eamDensity.Cu.Cu : eamDensity.Cu.Ag;
      expectDimer(
        eamRecord(form),
        ["Ag", "Cu"],
        (r) =>
          eamEmbedding.Cu(within(r, atCu)) + eamEmbedding.Ag(within(r, atAg)) + within(r, (x) => eamPair.AgCu(x) / x),
      );
    }
  });
});

describe("the ends of tables and cutoffs", () => {
  it("EAM: above its table F goes on as a straight line, and the force with it", () => {
    const record = eamRecord("alloy");
    const points = 300;
    const potential = classicalPotential({
      ...record,
      embedding: record.embedding.map((f) => Array.from(f).slice(0, points)),
    });
    const whole = classicalPotential(record);
    const end = 0.001 * (points - 1);
    const slope = (eamEmbedding.Cu(end) - eamEmbedding.Cu(end - 0.001)) / 0.001;
    const at = (r: number): Structure => inNoCell(["Cu", "Cu"], [0, 0, 0, 0, 0, r]);
    expect(potential.evaluate(at(3.5)).energy).toBe(whole.evaluate(at(3.5)).energy);
    for (const r of [1.5, 2, 2.5]) {
      const density = eamDensity.Cu.Cu(r);
      expect(density).toBeGreaterThan(end);
      const expected = 2 * (eamEmbedding.Cu(end) + (density - end) * slope) + eamPair.CuCu(r) / r;
      const found = potential.evaluate(at(r));
      expect(found.energy).toBeCloseTo(expected, 11);
      const derivative = slopeAtZero((x) => potential.evaluate(at(r + x)).energy, 1e-4);
      expect(found.forces[5]).toBeCloseTo(-derivative, 8);
    }
  });

  it("EAM: between the end of its tables and the cutoff ρ and rφ go on as straight lines", () => {
    const record = eamRecord("alloy");
    const until = (values: ArrayLike<number>): number[] => Array.from(values).slice(0, 301);
    const [density, product] = [until(record.density[0][0]), until(record.pair[0][0])];
    const copper = { ...record, elements: ["Cu"], embedding: [record.embedding[0]] };
    const potential = classicalPotential({ ...copper, cutoff: 3.05, density: [[density]], pair: [[product]] });
    const along = (values: readonly number[], r: number): number =>
      values[300] + ((r - 3) / 0.01) * (values[300] - values[299]);
    for (const r of [3.004, 3.03]) {
      const expected = 2 * eamEmbedding.Cu(along(density, r)) + along(product, r) / r;
      expect(potential.evaluate(inNoCell(["Cu", "Cu"], [0, 0, 0, 0, 0, r])).energy).toBeCloseTo(expected, 11);
    }
  });

  it.each([
    [1.2, 1e-3, 1e-3],
    [0.8, 1e-3, 1e-3],
    [1.2, 0.5, 0.01],
  ])("Stillinger–Weber: γ %f with the tolerance %f cuts where the exponential is %f", (gamma, tolerance, expected) => {
    const [entry] = siliconStillingerWeber.triplets;
    const { cutoff } = classicalPotential({ kind: "stillinger-weber", triplets: [{ ...entry, gamma, tolerance }] });
    const length = Math.min(gamma, 1) * entry.sigma;
    expect(Math.exp(length / (cutoff - entry.a * entry.sigma))).toBeCloseTo(expected, 10);
  });
});

describe("three atoms", () => {
  it("Stillinger–Weber: the angle's energy, shared by three", () => {
    const [{ epsilon, sigma, a, lambda, gamma, cosTheta0 }] = siliconStillingerWeber.triplets;
    const potential = classicalPotential(siliconStillingerWeber);
    const [r, s, angle] = [2.3, 2.5, 1.9];
    const outer = [s * Math.cos(angle), s * Math.sin(angle), 0];
    const bonds = [
      [r, 0, 0],
      [s, 0, 0],
    ].map((at) => potential.evaluate(inNoCell(["Si", "Si"], [0, 0, 0, ...at])).energy);
    const found = potential.evaluate(inNoCell(["Si", "Si", "Si"], [0, 0, 0, r, 0, 0, ...outer]));
    const arm = (x: number): number => Math.exp((gamma * sigma) / (x - a * sigma));
    const expected = lambda * epsilon * (Math.cos(angle) - cosTheta0) ** 2 * arm(r) * arm(s);
    expect(found.energy - bonds[0] - bonds[1]).toBeCloseTo(expected, 12);
    expect(found.atomicEnergies[1]).toBeCloseTo(bonds[0] / 2 + expected / 3, 12);
  });

  it("Tersoff: the bond order of an angle", () => {
    const [t] = siliconTersoff.triplets;
    const potential = classicalPotential(siliconTersoff);
    const [r, s, angle] = [2.3, 2.5, 1.9];
    const { energy } = potential.evaluate(
      inNoCell(["Si", "Si", "Si"], [0, 0, 0, r, 0, 0, s * Math.cos(angle), s * Math.sin(angle), 0]),
    );
    // The outer atoms are farther apart than the cutoff, so that only bonds from the centre have an order other than 1.
    const g = 1 + t.c ** 2 / t.d ** 2 - t.c ** 2 / (t.d ** 2 + (Math.cos(angle) - t.cosTheta0) ** 2);
    const order = (x: number, y: number): number =>
      (1 + (t.beta * g * Math.exp((t.lambda3 * (x - y)) ** 3)) ** t.n) ** (-1 / (2 * t.n));
    const bond = (x: number, b: number): number => t.A * Math.exp(-t.lambda1 * x) - b * t.B * Math.exp(-t.lambda2 * x);
    const expected = (bond(r, order(r, s)) + bond(r, 1) + bond(s, order(s, r)) + bond(s, 1)) / 2;
    expect(energy).toBeCloseTo(expected, 9);
  });
});

describe("published potentials give what their papers say", () => {
  const diamond = (constant: number) => unitCell({ lattice: "diamond", constant, elements: ["Si"] });

  it.each([
    ["silicon-stillinger-weber-1985", 5.431, -4.3366, 1e-4],
    ["silicon-tersoff-1988", 5.432, -4.63, 1e-3],
  ] as const)("%s: lattice constant and cohesive energy of diamond", (name, constant, energy, within) => {
    const potential = classicalPotential({ kind: "published", name });
    const found = potential.evaluate(diamond(constant));
    expect(Math.abs(found.energy / 8 - energy)).toBeLessThan(within);
    // Less than the stress of one part in a thousand, about 0.3 GPa.
    expect(largest(found.stress!)).toBeLessThan(0.002);
    expect(potential.evaluate(diamond(0.98 * constant)).stress![0]).toBeLessThan(-0.01);
  });

  it("names that do not exist are refused with those that do", () => {
    const error = refusal(() => classicalPotential({ kind: "published", name: "gold" }));
    expect(error.code).toBe("unknown-name");
    expect(error.message).toContain("silicon-tersoff-1988");
    expect(refusal(() => classicalPotential({ kind: "morse" } as unknown as ClassicalRecord)).code).toBe(
      "unknown-kind",
    );
  });
});

describe("records that cannot be", () => {
  const [entry] = siliconTersoff.triplets;
  const [swEntry] = siliconStillingerWeber.triplets;
  const ar = { elements: ["Ar", "Ar"], epsilon: 0.01, sigma: 3.4, cutoff: 8 } as const;
  const kr = { ...ar, elements: ["Kr", "Kr"] } as const;
  const eam = eamRecord("fs");
  const both = (["Si", "C"] as const).flatMap((i) =>
    (["Si", "C"] as const).flatMap((j) => (["Si", "C"] as const).map((k) => [i, j, k] as const)),
  );

  it.each<[string, ClassicalRecord]>([
    ["bad-parameter", { kind: "tersoff", triplets: [{ ...entry, m: 2 }] }],
    ["bad-parameter", { kind: "tersoff", triplets: [{ ...entry, d: 0 }] }],
    ["repeated-triplet", { kind: "tersoff", triplets: [entry, entry] }],
    ["missing-triplet", { kind: "tersoff", triplets: [entry, { ...entry, elements: ["C", "C", "C"] }] }],
    ["unknown-element", { kind: "tersoff", triplets: [{ ...entry, elements: ["Q", "Q", "Q"] }] }],
    [
      "asymmetric-parameters",
      {
        kind: "tersoff",
        triplets: both.map((elements) => ({ ...entry, elements, A: elements[0] === "C" ? 900 : 1800 })),
      },
    ],
    ["bad-parameter", { kind: "stillinger-weber", triplets: [{ ...swEntry, epsilon: -1 }] }],
    ["bad-parameter", { kind: "stillinger-weber", triplets: [{ ...swEntry, sigma: 0 }] }],
    [
      "asymmetric-parameters",
      {
        kind: "stillinger-weber",
        triplets: both.map((elements) => ({ ...swEntry, elements, lambda: elements[1] === "C" ? 20 : 21 })),
      },
    ],
    ["missing-pair", { kind: "lennard-jones", pairs: [ar, kr] }],
    ["repeated-pair", { kind: "lennard-jones", pairs: [ar, ar] }],
    ["bad-parameter", { kind: "lennard-jones", pairs: [{ ...ar, cutoff: 0 }] }],
    ["bad-parameter", { kind: "zbl", inner: 2, outer: 2 }],
    ["repeated-element", { kind: "zbl", inner: 1, outer: 2, elements: ["Si", "Si"] }],
    ["bad-table", { ...eam, pair: eam.pair.slice(1) }],
    ["bad-parameter", { ...eam, radiusStep: 0 }],
    ["empty-sum", { kind: "sum", parts: [] }],
  ])("%s", (code, record) => {
    expect(refusal(() => classicalPotential(record)).code).toBe(code);
  });
});

describe("sums", () => {
  const sw = classicalPotential(siliconStillingerWeber);
  const zbl = classicalPotential({ kind: "zbl", inner: 1.5, outer: 2.4 });
  const argon = classicalPotential(argonLennardJones);

  it("add energies, forces, stress and atomic energies", () => {
    const random = new RandomStream(SEED, "sum");
    const structure = liquid(random, { elements: ["Si"], atoms: 10, box: 7.5, apart: 1.8 });
    const total = sum(sw, zbl).evaluate(structure);
    const [a, b] = [sw.evaluate(structure), zbl.evaluate(structure)];
    expect(Math.abs(b.energy)).toBeGreaterThan(1e-3);
    expect(total.energy).toBeCloseTo(a.energy + b.energy, 10);
    for (const key of ["forces", "stress", "atomicEnergies"] as const)
      expect(
        apart(
          total[key]!,
          a[key]!.map((x, k) => x + b[key]![k]),
        ),
      ).toBeLessThan(1e-12 * largest(total[key]!));
    expect(total.uncertainty).toBeUndefined();
    expect(sum(sw).evaluate(structure)).toEqual(a);
  });

  it("know the elements that all parts know, to the largest cutoff", () => {
    expect(sum(zbl, sw).elements).toEqual([14]);
    expect(sum(zbl, sw).cutoff).toBe(sw.cutoff);
    expect(sum(sum(zbl, sw), zbl).elements).toEqual([14]);
  });

  it("without an element in common are refused, and name both", () => {
    const { message, code } = refusal(() => sum(zbl, sw, argon));
    expect(code).toBe("no-common-element");
    expect(message).toContain("Stillinger–Weber potential (Si)");
    expect(message).toContain("Lennard-Jones potential (Ar)");
  });

  it("of an element that one part lacks name that part and one that has it", () => {
    const { message, trouble } = refusal(() => sum(sw, zbl).evaluate(inNoCell(["Si", "O"], [0, 0, 0, 0, 0, 2])));
    expect(trouble.code).toBe("element-not-in-potential");
    expect(trouble.where?.atom).toBe(2);
    expect(message).toContain("Stillinger–Weber potential (Si) does not know");
    expect(message).toContain("ZBL potential (H to Og) knows");
  });

  it("of uncertain parts add their spreads as squares, and put extrapolations one after the other", () => {
    const unsure = (size: number): Potential => {
      const part: Evaluation = {
        ...{ energy: size, forces: new Float64Array(3), atomicEnergies: Float64Array.of(size), stress: undefined },
        uncertainty: { energy: size, forces: Float64Array.of(0, size, 0), disagreement: size },
        extrapolation: [{ atom: 0, function: size, value: 2, min: 0, max: 1 }],
      };
      return { elements: [14], cutoff: 3, evaluate: () => part, bind: () => ({ evaluate: () => part }) };
    };
    const one = inNoCell(["Si"], [0, 0, 0]);
    const { uncertainty, extrapolation } = sum(unsure(3), sw, unsure(4)).evaluate(one);
    expect(uncertainty).toEqual({ energy: 5, forces: Float64Array.of(0, 5, 0), disagreement: 5 });
    expect(extrapolation.map((x) => x.function)).toEqual([3, 4]);
    expect(sum(sw, unsure(3)).evaluate(one).uncertainty?.energy).toBe(3);
    expect(refusal(() => sum(unsure(1), argon)).message).toContain("potential 1 (Si)");
  });
});
