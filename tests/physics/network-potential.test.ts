/**
 * What every potential must obey, for random network potentials of every function and cutoff type: forces and stress are
 * derivatives of the energy, nothing depends on where or how a structure is written down, and a committee says how unsure
 * it is.
 */
import { describe, expect, it } from "vitest";
import { type FunctionType, isAngular, isCompact, type SymmetryFunction } from "../../src/descriptors/definition.js";
import { affineOf } from "../../src/descriptors/scaling.js";
import { InputError } from "../../src/errors/index.js";
import { createKernels } from "../../src/hosts/node/kernels.js";
import { RandomStream } from "../../src/math/index.js";
import { neighborList } from "../../src/neighbors/index.js";
import { referenceNetwork } from "../../src/networks/reference.js";
import type { NetworkPotential } from "../../src/potentials/definition.js";
import { NetworkEvaluator } from "../../src/potentials/network-evaluator.js";
import type { Evaluation } from "../../src/potentials/potential.js";
import { replicate, type Structure, volume, wrap } from "../../src/structure/index.js";
import {
  apart,
  cutoffTypes,
  ELEMENTS,
  type FunctionOptions,
  functionTypes,
  largest,
  randomDescriptors,
  randomPotential,
  randomStructure,
  slopeAtZero,
  tiny,
  triclinic,
} from "./random-potential.js";

const SEED = 20261121;
const kernels = createKernels();
const everything = { elements: ELEMENTS, types: functionTypes, cutoffs: cutoffTypes.slice(1) };

interface Subject {
  readonly potential: NetworkPotential;
  readonly evaluator: NetworkEvaluator;
  /** What scaling and ranges were taken from. */
  readonly known: readonly Structure[];
}

function subjectOf(random: RandomStream, options: FunctionOptions, members = 1): Subject {
  const descriptors = randomDescriptors(random, options);
  const { elements } = options;
  const known = [
    ...[triclinic, triclinic, undefined].map((cell) =>
      randomStructure(random, { atoms: 8, elements, ...(cell ? { cell } : {}) }),
    ),
    ...elements.map((z) => randomStructure(random, { atoms: 6, elements: [z], cell: triclinic })),
    ...elements.map((z) => randomStructure(random, { atoms: 2, elements: [z], cell: tiny })),
  ];
  const potential = randomPotential(kernels, random, { descriptors, structures: known, members });
  return { potential, evaluator: new NetworkEvaluator(kernels, potential), known };
}

function moved(structure: Structure, k: number, by: number): Structure {
  const positions = structure.positions.slice();
  positions[k] += by;
  return { ...structure, positions };
}

const rowsTimes = (rows: Float64Array, m: ArrayLike<number>): Float64Array =>
  rows.map((_, k) => [0, 1, 2].reduce((sum, x) => sum + rows[k - (k % 3) + x] * m[3 * x + (k % 3)], 0));

/** Positions and cell times a matrix, rows from the right. */
const transformed = (s: Structure, m: ArrayLike<number>): Structure => ({
  ...s,
  positions: rowsTimes(s.positions, m),
  cell: s.cell === undefined ? undefined : rowsTimes(s.cell, m),
});

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

const H = 2e-4;

/**
 * Straight pairs: an atom between two of its own images. There cos θ is −1 up to rounding, and acos makes 1e-8 of 1e-16, so
 * windows of the angle leave noise of some 1e-10 eV in the energy. Strain keeps such pairs straight, and a step of 2e-4 makes
 * up to 1e-6 eV of it.
 */
const STRAIGHT_NOISE = 5e-6;

function expectDerivatives(evaluator: NetworkEvaluator, structure: Structure): void {
  const energy = (s: Structure): number => evaluator.evaluate(s).energy;
  const { forces, stress } = evaluator.evaluate(structure);
  const numerical = forces.map((_, k) => -slopeAtZero((x) => energy(moved(structure, k, x)), H));
  expect(largest(forces)).toBeGreaterThan(1e-4);
  expect(apart(forces, numerical)).toBeLessThan(1e-6 * Math.max(1, largest(forces)));
  expect(largest([0, 1, 2].map((x) => sumOf(forces.filter((_, k) => k % 3 === x))))).toBeLessThan(1e-10);
  if (structure.cell === undefined) {
    expect(stress).toBeUndefined();
    return;
  }
  const v = volume(structure.cell);
  const expected = VOIGT.map((_, c) => slopeAtZero((x) => energy(transformed(structure, strain(c, x))), H) / v);
  const tolerance = structure.cell === tiny && hasWindows(evaluator.potential) ? STRAIGHT_NOISE : 1e-6;
  expect(largest(expected)).toBeGreaterThan(10 * tolerance);
  expect(apart(stress!, expected)).toBeLessThan(tolerance);
}

const functionsOf = (potential: NetworkPotential): SymmetryFunction[] =>
  potential.descriptors.flatMap((d) => d.functions);
const hasWindows = (potential: NetworkPotential): boolean =>
  functionsOf(potential).some((f) => isCompact(f) && isAngular(f));

/** No distance is so near to where a radial function is not smooth that a finite difference would step over it. */
function smoothStructure(potential: NetworkPotential, draw: () => Structure): Structure {
  const edges = functionsOf(potential).flatMap((f) => [f.rc, isCompact(f) ? f.rl : f.rc * f.cutoff.alpha]);
  const most = Math.max(...edges) + 0.1;
  for (let trial = 0; trial < 3000; trial++) {
    const structure = draw();
    const { vectors, indices } = neighborList(structure, most);
    const distances = Array.from(indices, (_, p) => Math.hypot(...vectors.subarray(3 * p, 3 * p + 3)));
    if (distances.every((r) => edges.every((edge) => Math.abs(r - edge) > 4 * H * r))) return structure;
  }
  throw new Error("every structure has a distance at an edge");
}

const sumOf = (a: ArrayLike<number>): number => Array.from(a).reduce((x, y) => x + y, 0);

describe(`forces and stress are derivatives of the energy (seed ${SEED})`, () => {
  const check = (name: string, options: FunctionOptions): void => {
    const random = new RandomStream(SEED, name);
    const { evaluator, potential } = subjectOf(random, options);
    const { elements } = options;
    const draws = [
      () => randomStructure(random, { atoms: 5, elements, cell: triclinic }),
      () => randomStructure(random, { atoms: 2, elements, cell: tiny }),
      () => randomStructure(random, { atoms: 4, elements }),
    ];
    for (const draw of draws) expectDerivatives(evaluator, smoothStructure(potential, draw));
  };

  it.each(functionTypes)("function type %i", (type) => {
    check(`function ${type}`, { ...everything, types: [type] });
  });

  it.each(cutoffTypes)("cutoff type %i", (type) => {
    check(`cutoff ${type}`, { elements: [8, 14], types: [2, 3, 9, 12, 13], cutoffs: [type] });
  });

  it("everything at once", () => check("everything", everything));
});

/** Whether b says of its structure what a says of another, atom i there being atom `from(i)` here, vectors turned by m. */
function expectSame(
  a: Evaluation,
  b: Evaluation,
  change: { from?: (i: number) => number; m?: ArrayLike<number> } = {},
) {
  const { from = (i) => i, m = [1, 0, 0, 0, 1, 0, 0, 0, 1] } = change;
  expect(Math.abs(a.energy - b.energy)).toBeLessThan(1e-10 * Math.max(1, Math.abs(a.energy)));
  const turned = rowsTimes(a.forces, m);
  const scale = Math.max(1, largest(turned));
  b.atomicEnergies.forEach((energy, i) => {
    expect(Math.abs(energy - a.atomicEnergies[from(i)])).toBeLessThan(1e-10);
    const expected = turned.subarray(3 * from(i), 3 * from(i) + 3);
    expect(apart(b.forces.subarray(3 * i, 3 * i + 3), expected)).toBeLessThan(1e-9 * scale);
  });
}

/** σ as a matrix. */
const matrixOf = ([xx, yy, zz, yz, xz, xy]: Float64Array): Float64Array =>
  Float64Array.of(xx, xy, xz, xy, yy, yz, xz, yz, zz);
const transpose = (m: ArrayLike<number>): number[] => Array.from(m, (_, k) => m[3 * (k % 3) + Math.floor(k / 3)]);

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
  const random = new RandomStream(SEED, "invariance");
  const { evaluator } = subjectOf(random, everything);
  const cases: [string, Structure][] = [
    ["triclinic", randomStructure(random, { atoms: 7, elements: ELEMENTS, cell: triclinic })],
    ["tiny cell", randomStructure(random, { atoms: 2, elements: [14, 8], cell: tiny })],
    ["cluster", randomStructure(random, { atoms: 6, elements: ELEMENTS })],
  ];
  const before = new Map(cases.map(([name, structure]) => [name, evaluator.evaluate(structure)]));

  it.each(cases)("translation, %s", (name, structure) => {
    const shift = [random.between(-9, 9), random.between(-9, 9), random.between(-9, 9)];
    const positions = structure.positions.map((x, k) => x + shift[k % 3]);
    const after = evaluator.evaluate({ ...structure, positions });
    expectSame(before.get(name)!, after);
    if (after.stress) expect(apart(after.stress, before.get(name)!.stress!)).toBeLessThan(1e-10);
  });

  it.each(cases)("rotation and reflection: forces and stress turn along, %s", (name, structure) => {
    const turn = rotation(random);
    for (const m of [turn, turn.map((x) => -x), turn.map((x, k) => (k % 3 === 0 ? -x : x))]) {
      const after = evaluator.evaluate(transformed(structure, m));
      const { stress } = before.get(name)!;
      expectSame(before.get(name)!, after, { m });
      if (stress === undefined) continue;
      // mᵀ σ m
      const expected = rowsTimes(Float64Array.from(transpose(rowsTimes(matrixOf(stress), m))), m);
      expect(apart(matrixOf(after.stress!), expected)).toBeLessThan(1e-10);
    }
  });

  it.each(cases)("permutation, %s", (name, structure) => {
    const order = random.shuffle([...structure.species.keys()]);
    const after = evaluator.evaluate({
      ...structure,
      species: structure.species.map((_, i) => structure.species[order[i]]),
      positions: structure.positions.map((_, k) => structure.positions[3 * order[Math.floor(k / 3)] + (k % 3)]),
    });
    expectSame(before.get(name)!, after, { from: (i) => order[i] });
  });

  it.each(cases.slice(0, 2))("atoms in any image, and wrapped into the cell, %s", (name, structure) => {
    const far = structure.positions.slice();
    structure.species.forEach((_, i) => {
      for (let d = 0; d < 3; d++) {
        const turns = random.integer(7) - 3;
        for (let x = 0; x < 3; x++) far[3 * i + x] += turns * structure.cell![3 * d + x];
      }
    });
    expectSame(before.get(name)!, evaluator.evaluate({ ...structure, positions: far }));
    expectSame(before.get(name)!, evaluator.evaluate(wrap({ ...structure, positions: far })));
  });

  it.each(cases.slice(0, 2))("other vectors of the same lattice, %s", (name, structure) => {
    // a, b + 2a, c − b
    const cell = rowsTimesLeft([1, 0, 0, 2, 1, 0, 0, -1, 1], structure.cell!);
    const after = evaluator.evaluate({ ...structure, cell });
    expectSame(before.get(name)!, after);
    expect(apart(after.stress!, before.get(name)!.stress!)).toBeLessThan(1e-10);
  });

  it.each(cases.slice(0, 2))(
    "a supercell has n times the energy, the same forces and stress, %s",
    (name, structure) => {
      const once = before.get(name)!;
      const atoms = structure.species.length;
      for (const times of [
        [2, 2, 2],
        [1, 3, 2],
      ] as const) {
        const many = evaluator.evaluate(replicate(structure, times));
        const n = times[0] * times[1] * times[2];
        expect(Math.abs(many.energy - n * once.energy)).toBeLessThan(1e-10 * Math.abs(n * once.energy));
        expect(apart(many.stress!, once.stress!)).toBeLessThan(1e-10);
        const expected = many.forces.map((_, k) => once.forces[k % (3 * atoms)]);
        expect(apart(many.forces, expected)).toBeLessThan(1e-9 * Math.max(1, largest(expected)));
      }
    },
  );
});

function rowsTimesLeft(m: readonly number[], rows: Float64Array): Float64Array {
  return rows.map((_, k) =>
    [0, 1, 2].reduce((sum, d) => sum + m[3 * Math.floor(k / 3) + d] * rows[3 * d + (k % 3)], 0),
  );
}

const cluster = (species: readonly number[], positions: readonly number[]): Structure => ({
  species: Uint8Array.from(species),
  positions: Float64Array.from(positions),
  cell: undefined,
  periodic: [false, false, false],
});

describe(`few atoms (seed ${SEED})`, () => {
  const random = new RandomStream(SEED, "few");
  const { evaluator, potential } = subjectOf(random, everything);

  it.each(ELEMENTS)("one atom of element %i: the network of zeros, no force", (z) => {
    const e = ELEMENTS.indexOf(z);
    const { energyScale, referenceEnergies, elements } = potential.members[0];
    const { factor, shift, offset } = affineOf(elements[e].scaling);
    const inputs = factor.map((f, s) => -f * shift[s] + offset[s]);
    const expected = referenceEnergies[e] + energyScale * referenceNetwork(elements[e].network, inputs).value;
    for (const position of [
      [0, 0, 0],
      [3, -40, 500],
    ]) {
      const found = evaluator.evaluate(cluster([z], position));
      expect(found.energy).toBeCloseTo(expected, 11);
      expect(Array.from(found.forces, Math.abs)).toEqual([0, 0, 0]);
      expect(found.stress).toBeUndefined();
    }
    const cell = Float64Array.of(50, 0, 0, 0, 50, 0, 0, 0, 50);
    const inBox = evaluator.evaluate({ ...cluster([z], [1, 2, 3]), cell, periodic: [true, true, true] });
    expect(inBox.energy).toBeCloseTo(expected, 11);
    expect(largest(inBox.stress!)).toBe(0);
  });

  it.each([
    [1, 1],
    [1, 14],
    [14, 8],
  ])("a dimer of %i and %i: energy by distance alone, opposite forces along the axis", (a, b) => {
    for (const r of [0.9, 1.7, 3.1]) {
      const found = evaluator.evaluate(cluster([a, b], [0, 0, 0, 0, 0, r]));
      const swapped = evaluator.evaluate(cluster([b, a], [0, 0, 0, 0, 0, r]));
      const turned = evaluator.evaluate(cluster([a, b], [2, 2, 2, 2 + r, 2, 2]));
      expect(swapped.energy).toBeCloseTo(found.energy, 12);
      expect(turned.energy).toBeCloseTo(found.energy, 12);
      const f = found.forces[5];
      expect(Math.abs(f)).toBeGreaterThan(1e-5);
      expect(apart(found.forces, [0, 0, -f, 0, 0, f])).toBeLessThan(1e-13);
      expect(apart(turned.forces, [-f, 0, 0, f, 0, 0])).toBeLessThan(1e-12);
      expect(apart(swapped.forces, found.forces)).toBeLessThan(1e-12);
    }
  });

  it("atoms farther apart than the cutoff do not feel each other", () => {
    const alone = [1, 14].map((z) => evaluator.evaluate(cluster([z], [0, 0, 0])).energy);
    const both = evaluator.evaluate(cluster([1, 14], [0, 0, 0, evaluator.cutoff, 0, 0]));
    expect(both.energy).toBeCloseTo(alone[0] + alone[1], 12);
    expect(largest(both.forces)).toBe(0);
  });

  it("elements of the potential may be absent from the structure", () => {
    for (const elements of [[1], [14], [1, 14]]) {
      const draws = [
        () => randomStructure(random, { atoms: 4, elements, cell: triclinic }),
        () => randomStructure(random, { atoms: 3, elements }),
      ];
      for (const draw of draws) expectDerivatives(evaluator, smoothStructure(potential, draw));
    }
  });

  it("an element that the potential does not know is refused, with the atom", () => {
    const stranger = cluster([1, 8, 6, 14], [0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2]);
    const refusal = (() => {
      try {
        evaluator.evaluate(stranger);
      } catch (error) {
        return error;
      }
      return undefined;
    })();
    expect(refusal).toBeInstanceOf(InputError);
    expect((refusal as InputError).code).toBe("element-not-in-potential");
    expect((refusal as InputError).trouble.where?.atom).toBe(3);
    expect((refusal as InputError).message).toContain("H, O, Si");
  });

  it("one evaluator for structures of all sizes, one after the other", () => {
    const small = randomStructure(random, { atoms: 3, elements: ELEMENTS });
    const large = replicate(randomStructure(random, { atoms: 7, elements: ELEMENTS, cell: triclinic }), [3, 3, 3]);
    const first = evaluator.evaluate(small);
    evaluator.evaluate(large);
    const again = evaluator.evaluate(small);
    expect(again.energy).toBe(first.energy);
    expect(again.forces).toEqual(first.forces);
  });
});

describe(`extrapolation (seed ${SEED})`, () => {
  const types: readonly FunctionType[] = [2, 9, 20];
  const options = { elements: [1, 8], types, cutoffs: [6] as const };
  const random = new RandomStream(SEED, "extrapolation");
  const { evaluator, potential, known } = subjectOf(random, options);

  const reported = (structure: Structure): string[] =>
    evaluator.evaluate(structure).extrapolation.map((x) => `${x.atom}:${x.function}`);

  it("nothing in what the ranges came from", () => {
    for (const structure of known) expect(reported(structure)).toEqual([]);
  });

  it("two atoms pushed together, others in peace far away: these two, with functions, values and ranges", () => {
    const peaceful = known[2];
    const n = peaceful.species.length;
    const pushed = cluster([...peaceful.species, 8, 1], [...peaceful.positions, 60, 0, 0, 60.4, 0, 0]);
    const { extrapolation } = evaluator.evaluate(pushed);
    const values = evaluator.descriptors(pushed);
    const expected = [n, n + 1].flatMap((atom) => {
      const { min, max } = potential.members[0].elements[options.elements.indexOf(pushed.species[atom])].scaling;
      return Array.from(values[atom], (value, s) => ({ atom, function: s, value, min: min[s], max: max[s] }));
    });
    const out = expected.filter(({ value, min, max }) => value < min - 1e-12 || value > max + 1e-12);
    expect(out.length).toBeGreaterThan(4);
    expect(out.length).toBeLessThan(expected.length);
    expect(extrapolation).toEqual(out);
  });

  it("one function narrowed: its number is named", () => {
    for (const [element, s] of [
      [0, 3],
      [1, 5],
    ]) {
      const narrowed = structuredClone(potential);
      const { scaling } = narrowed.members[0].elements[element];
      scaling.max[s] = scaling.min[s] - 1;
      const found = new NetworkEvaluator(kernels, narrowed).evaluate(known[0]).extrapolation;
      const atoms = [...known[0].species.keys()].filter((i) => known[0].species[i] === options.elements[element]);
      expect(found.map((x) => [x.atom, x.function])).toEqual(atoms.map((i) => [i, s]));
    }
  });

  it("a committee knows what one of its members knows", () => {
    const wide = structuredClone(potential.members[0]);
    for (const { scaling } of wide.elements) {
      scaling.min.fill(-1e6);
      scaling.max.fill(1e6);
    }
    const committee = new NetworkEvaluator(kernels, { ...potential, members: [potential.members[0], wide] });
    const odd = cluster([1, 8], [0, 0, 0, 0.3, 0, 0]);
    expect(reported(odd).length).toBeGreaterThan(0);
    expect(committee.evaluate(odd).extrapolation).toEqual([]);
  });
});

describe(`committees (seed ${SEED})`, () => {
  const random = new RandomStream(SEED, "committee");
  const { evaluator, potential } = subjectOf(random, { ...everything, types: [2, 9] }, 3);
  const structure = randomStructure(random, { atoms: 6, elements: ELEMENTS, cell: triclinic });
  const alone = potential.members.map((member) =>
    new NetworkEvaluator(kernels, { ...potential, members: [member] }).evaluate(structure),
  );
  const together = evaluator.evaluate(structure);
  const mean = (pick: (e: Evaluation) => number): number => sumOf(alone.map(pick)) / 3;
  const spread = (pick: (e: Evaluation) => number): number =>
    Math.sqrt(sumOf(alone.map((e) => (pick(e) - mean(pick)) ** 2)) / 3);

  it("mean energy, forces and stress", () => {
    expect(together.energy).toBeCloseTo(
      mean((e) => e.energy),
      11,
    );
    together.forces.forEach((f, k) => {
      expect(f).toBeCloseTo(
        mean((e) => e.forces[k]),
        12,
      );
    });
    together.atomicEnergies.forEach((energy, i) => {
      expect(energy).toBeCloseTo(
        mean((e) => e.atomicEnergies[i]),
        12,
      );
    });
    together.stress!.forEach((s, c) => {
      expect(s).toBeCloseTo(
        mean((e) => e.stress![c]),
        12,
      );
    });
  });

  it("spread is the population standard deviation, disagreement its largest force component", () => {
    const { energy, forces, disagreement } = together.uncertainty!;
    expect(energy).toBeCloseTo(
      spread((e) => e.energy),
      10,
    );
    expect(energy).toBeGreaterThan(0.01);
    const expected = Array.from(forces, (_, k) => spread((e) => e.forces[k]));
    expect(apart(forces, expected)).toBeLessThan(1e-12);
    expect(disagreement).toBeCloseTo(Math.max(...expected), 12);
  });

  it("one member has no spread; equal members have none to show", () => {
    expect(alone[0].uncertainty).toBeUndefined();
    const twice = { ...potential, members: [potential.members[1], potential.members[1]] };
    const { uncertainty, energy } = new NetworkEvaluator(kernels, twice).evaluate(structure);
    expect(energy).toBeCloseTo(alone[1].energy, 12);
    expect(uncertainty!.energy).toBeLessThan(1e-12);
    expect(uncertainty!.disagreement).toBeLessThan(1e-12);
  });
});

describe("scaling", () => {
  it.each(["scale", "scale-center", "scale-sigma"] as const)(
    "%s: a function without range gets the factor 0",
    (mode) => {
      const [min, max] = [Float64Array.of(1, 2), Float64Array.of(3, 2)];
      const scaling = { mode, low: 0, high: 1, min, max, mean: Float64Array.of(2, 2), sigma: Float64Array.of(0.5, 0) };
      const { factor } = affineOf(scaling);
      expect(factor[0]).toBeGreaterThan(0);
      expect(factor[1]).toBe(0);
    },
  );

  it(`a function without range has no part in the energy (seed ${SEED})`, () => {
    const random = new RandomStream(SEED, "zero range");
    const { potential } = subjectOf(random, { elements: [14], types: [2, 9], cutoffs: [6] });
    const flat = structuredClone(potential);
    flat.members[0].elements[0].scaling.sigma[1] = 0;
    const other = structuredClone(flat);
    const { network } = other.members[0].elements[0];
    for (let k = 0; k < network.nodes[1]; k++) network.parameters[network.nodes[1] + k] += 10;
    const structure = randomStructure(random, { atoms: 4, elements: [14], cell: triclinic });
    const [a, b] = [flat, other].map((p) => new NetworkEvaluator(kernels, p).evaluate(structure));
    expect(b.energy).toBe(a.energy);
    expect(b.forces).toEqual(a.forces);
    expect(Number.isFinite(a.energy)).toBe(true);
  });
});
