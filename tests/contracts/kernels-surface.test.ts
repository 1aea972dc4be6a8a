/**
 * The surface kernels against the general ones (which are held against the plain column in kernels-descriptors.test.ts): every type and
 * cutoff they know, committees, every activation, cells of all sizes; along a walk on which the neighbours are kept; in f32 too.
 */
import { describe, expect, it } from "vitest";
import type {
  CutoffType,
  ElementDescriptors,
  FunctionType,
  SymmetryFunction,
} from "../../src/descriptors/definition.js";
import { isAngular, isCompact } from "../../src/descriptors/definition.js";
import { InputError } from "../../src/errors/index.js";
import { createKernels } from "../../src/hosts/node/kernels.js";
import { RandomStream } from "../../src/math/index.js";
import { type Activation, activations, drawMasks } from "../../src/networks/index.js";
import type { NetworkPotential } from "../../src/potentials/definition.js";
import { NetworkEvaluator } from "../../src/potentials/network-evaluator.js";
import type { Evaluation } from "../../src/potentials/potential.js";
import { isSurface, SurfaceForceField } from "../../src/potentials/surface.js";
import { networkPotential } from "../../src/potentials/surface-potential.js";
import type { Structure } from "../../src/structure/index.js";
import {
  cutoffTypes,
  ELEMENTS,
  randomDescriptors,
  randomFunctions,
  randomPotential,
  randomStructure,
  tiny,
  triclinic,
} from "../physics/random-potential.js";

const SEED = Number(process.env.POTLUCK_SEED ?? 20261121);
console.log(`kernels-surface: seed ${SEED}`);
const kernels = createKernels();
const smooth = cutoffTypes.slice(1);

interface SubjectOptions {
  readonly types: readonly FunctionType[];
  readonly cutoffs?: readonly CutoffType[];
  readonly elements?: readonly number[];
  readonly members?: number;
  readonly activation?: Activation;
  readonly hidden?: readonly number[];
}

/** Angular windows such as n2p2 takes, within 0…180°: others have a kink there, where roundings of θ are large. */
function within180(descriptors: readonly ElementDescriptors[]): ElementDescriptors[] {
  const moved = (f: SymmetryFunction): SymmetryFunction => {
    if (!isAngular(f) || !isCompact(f)) return f;
    const width = Math.min(150, f.angleRight - f.angleLeft);
    const angleLeft = Math.max(0, Math.min(180 - width, f.angleLeft));
    return { ...f, angleLeft, angleRight: angleLeft + width };
  };
  return descriptors.map(({ element, functions }) => ({ element, functions: functions.map(moved) }));
}

function subject(name: string, options: SubjectOptions): { potential: NetworkPotential; structures: Structure[] } {
  const { types, cutoffs = smooth, elements = ELEMENTS, members = 1, activation = "t", hidden = [7, 6] } = options;
  const random = new RandomStream(SEED, name);
  const descriptors = within180(randomDescriptors(random, { elements, types, cutoffs }));
  const structures = [
    randomStructure(random, { atoms: 11, elements, cell: triclinic }),
    randomStructure(random, { atoms: 2, elements, cell: tiny }),
    randomStructure(random, { atoms: 9, elements }),
    randomStructure(random, { atoms: 1, elements, cell: triclinic }),
    randomStructure(random, { atoms: 1, elements }),
  ];
  const more = { members, hidden, activation };
  return { potential: randomPotential(kernels, random, { descriptors, structures, ...more }), structures };
}

const largest = (a: ArrayLike<number>): number => Array.from(a).reduce((m, x) => Math.max(m, Math.abs(x)), 0);
const difference = (a: ArrayLike<number>, b: ArrayLike<number>): number => largest(Array.from(a, (x, i) => x - b[i]!));

function expectEqual(found: Evaluation, truth: Evaluation, tolerance: number): void {
  const size = 1 + largest(truth.forces);
  expect(Math.abs(found.energy - truth.energy)).toBeLessThan(tolerance * (1 + largest(truth.atomicEnergies)) * 10);
  expect(difference(found.forces, truth.forces)).toBeLessThan(tolerance * size);
  expect(difference(found.atomicEnergies, truth.atomicEnergies)).toBeLessThan(
    tolerance * (1 + largest(truth.atomicEnergies)),
  );
  expect(found.stress === undefined).toBe(truth.stress === undefined);
  if (truth.stress !== undefined) expect(difference(found.stress!, truth.stress)).toBeLessThan(tolerance * size);
  expect(found.uncertainty === undefined).toBe(truth.uncertainty === undefined);
  if (truth.uncertainty === undefined || found.uncertainty === undefined) return;
  expect(difference(found.uncertainty.forces, truth.uncertainty.forces)).toBeLessThan(10 * tolerance * size);
  expect(Math.abs(found.uncertainty.disagreement - truth.uncertainty.disagreement)).toBeLessThan(10 * tolerance * size);
}

function compare(name: string, options: SubjectOptions): void {
  const { potential, structures } = subject(name, options);
  expectAlike(potential, structures);
}

function expectAlike(potential: NetworkPotential, structures: readonly Structure[]): void {
  expect(isSurface(potential)).toBe(true);
  const general = new NetworkEvaluator(kernels, potential);
  for (const structure of structures) {
    const truth = general.evaluate(structure);
    for (const [precision, tolerance] of [
      ["f64", 1e-11],
      ["f32", 2e-4],
    ] as const) {
      const field = new SurfaceForceField(kernels, potential, structure, { precision });
      expectEqual(field.evaluate(structure.positions, structure.cell), truth, tolerance);
    }
  }
}

describe("the surface kernels equal the general ones", () => {
  for (const type of [2, 3, 9, 12, 13] as const)
    for (const cutoff of smooth)
      it(`type ${type}, cutoff ${cutoff}`, () => {
        compare(`${type} ${cutoff}`, { types: [type], cutoffs: [cutoff], elements: [1, 8] });
      });

  for (const type of [20, 21, 22, 23, 24, 25] as const)
    for (const elements of [[8], [1, 8]])
      it(`type ${type}, ${elements.length === 1 ? "one element" : "two elements"}`, () => {
        compare(`${type} ${elements.join()}`, { types: [type], elements });
      });

  for (const type of [3, 9, 13] as const)
    for (const zeta of [0.7, 1.5, 12, 90])
      it(`type ${type}, ζ = ${zeta} by pairs`, () => {
        const random = new RandomStream(SEED, `powers ${type} ${zeta}`);
        const elements = [1, 8];
        const functions = randomFunctions(random, { elements, types: [type], cutoffs: smooth }).map(
          (f, k): SymmetryFunction => ({ ...f, zeta, lambda: [1, -1, 0.8][k % 3]! }) as SymmetryFunction,
        );
        const descriptors = elements.map((element) => ({ element, functions }));
        const structures = [
          randomStructure(random, { atoms: 14, elements, cell: triclinic }),
          randomStructure(random, { atoms: 9, elements }),
        ];
        expectAlike(randomPotential(kernels, random, { descriptors, structures }), structures);
      });

  for (const type of [21, 22, 24, 25] as const)
    it(`type ${type}, products of windows with holes, some functions twice, many neighbours`, () => {
      const random = new RandomStream(SEED, `products ${type}`);
      const elements = [1, 8];
      const pairs =
        type > 22
          ? [[]]
          : [
              [1, 1],
              [1, 8],
              [8, 8],
            ];
      const windows = [
        [-2, 3],
        [0.5, 4],
        [-5, 5],
        [1, 5.5],
        [-5.5, 5.5],
      ] as const;
      const angles = [
        [0, 120],
        [60, 180],
        [-90, 90],
        [90, 270],
      ] as const;
      const functions = pairs.flatMap((neighbors) =>
        windows.flatMap(([rl, rc], w) =>
          angles.flatMap(([angleLeft, angleRight], a) => {
            const core = w === 4 ? "p3" : "p2";
            const f = { type, neighbors, ...{ rl, rc, core, asymmetric: w === 3 }, ...{ angleLeft, angleRight } };
            return Array<SymmetryFunction>((w + a) % 7 === 3 ? 0 : (w + a) % 6 === 1 ? 2 : 1).fill(
              f as SymmetryFunction,
            );
          }),
        ),
      );
      const descriptors = elements.map((element) => ({ element, functions }));
      const structures = [
        randomStructure(random, { atoms: 14, elements, cell: triclinic }),
        randomStructure(random, { atoms: 2, elements, cell: tiny }),
        randomStructure(random, { atoms: 9, elements }),
      ];
      expectAlike(randomPotential(kernels, random, { descriptors, structures, members: 2 }), structures);
    });

  it("with the hard cutoff", () => {
    compare("hard", { types: [2, 3, 9], cutoffs: [0], elements: [8] });
  });

  it("all types and cutoffs at once, three elements, a committee", () => {
    compare("all", { types: [2, 3, 9, 12, 13, 20, 21, 22, 23, 24, 25], members: 3 });
  });

  for (const activation of activations)
    it(`activation ${activation}`, () => {
      compare(`activation ${activation}`, { types: [2, 9], elements: [8], activation, members: 2 });
    });

  for (const hidden of [[1], [2], [3, 5], [4, 4, 4], [17, 9], [33]])
    it(`hidden layers ${hidden.join("-")}`, () => {
      compare(`hidden ${hidden.join(" ")}`, { types: [2, 3], elements: [1, 8], hidden });
    });

  it("along a walk, whether neighbours are kept or not", () => {
    const { potential, structures } = subject("walk", { types: [2, 3, 9], members: 2 });
    const general = new NetworkEvaluator(kernels, potential);
    const random = new RandomStream(SEED, "steps");
    for (const structure of structures.slice(0, 3)) {
      const field = new SurfaceForceField(kernels, potential, structure, { skin: 0.3 });
      const positions = structure.positions.slice();
      for (let step = 0; step < 40; step++) {
        for (let i = 0; i < positions.length; i++) positions[i]! += random.between(-0.02, 0.02);
        const truth = general.evaluate({ ...structure, positions });
        expectEqual(field.evaluate(positions, structure.cell), truth, 1e-11);
      }
      expect(field.rebuilds).toBeLessThan(40);
    }
  });

  for (const hidden of [[4], [6, 5], [15, 15], [3, 4, 5]])
    for (const [passes, probability] of [
      [1, 0.3],
      [7, 0.8],
      [100, 0.3],
    ] as const)
      it(`dropout in hidden layers ${hidden.join("-")}, ${passes} passes: mean and the energy's spread`, () => {
        const types = [2, 3, 9] as const;
        const { potential: plain, structures } = subject(`dropout ${hidden} ${passes}`, {
          types,
          hidden,
          elements: [1, 8],
        });
        // Sums that are divided, and an output that is not linear, on one of the elements.
        const elements = plain.members[0]!.elements.map(({ network, ...rest }, e) => {
          const activations = [...network.activations.slice(0, -1), e === 0 ? "l" : "t"] as const;
          return { ...rest, network: { ...network, activations, normalizeNodes: e === 1 } };
        });
        const member = { ...plain.members[0]!, elements };
        const masks = member.elements.map(({ network }, e) =>
          drawMasks(network, new RandomStream(SEED, `masks ${e} ${hidden}`), { probability, passes }),
        );
        const potential = { ...plain, members: [{ ...member, dropout: { seed: SEED, masks } }] };
        expect(isSurface(potential)).toBe(true);
        const general = new NetworkEvaluator(kernels, potential);
        for (const structure of structures.slice(0, 4))
          for (const [precision, tolerance] of [
            ["f64", 1e-11],
            ["f32", 2e-4],
          ] as const) {
            const truth = general.evaluate(structure);
            const field = new SurfaceForceField(kernels, potential, structure, { precision });
            const { positions, cell } = structure;
            const found = field.evaluate(positions, cell, { uncertainty: false, energySpread: true });
            expectEqual({ ...found, uncertainty: undefined }, { ...truth, uncertainty: undefined }, tolerance);
            const size = 1 + largest(truth.atomicEnergies);
            expect(Math.abs(found.uncertainty!.energy - truth.uncertainty!.energy)).toBeLessThan(10 * tolerance * size);
            // All of it goes the general way.
            expectEqual(field.evaluate(positions, cell), truth, 1e-13);
          }
      });

  it("relisted, gives the bits of one that has just been made", () => {
    const { potential, structures } = subject("relist", { types: [2, 3, 9], members: 2 });
    const random = new RandomStream(SEED, "relist");
    for (const structure of structures.slice(0, 3)) {
      const field = new SurfaceForceField(kernels, potential, structure);
      field.evaluate(structure.positions, structure.cell);
      const positions = structure.positions.map((x) => x + random.between(-0.3, 0.3));
      // At other positions, so that lists of theirs would be kept.
      field.evaluate(positions, structure.cell);
      const later = positions.map((x) => x + random.between(-0.1, 0.1));
      field.relist();
      const { energy, forces } = field.evaluate(later, structure.cell);
      const fresh = new SurfaceForceField(kernels, potential, structure).evaluate(later, structure.cell);
      expect([energy, ...forces]).toEqual([fresh.energy, ...fresh.forces]);
    }
  });

  it("as a potential: structures in any order, results that stay, bound atoms one after another and in turns", () => {
    const { potential, structures } = subject("in turns", { types: [2, 3, 9, 22], members: 2 });
    const general = new NetworkEvaluator(kernels, potential);
    const fast = networkPotential(kernels, potential);
    expect(fast).not.toBeInstanceOf(NetworkEvaluator);
    expect([fast.elements, fast.cutoff]).toEqual([general.elements, general.cutoff]);
    const results = structures.map((structure) => fast.evaluate(structure));
    structures.forEach((structure, k) => {
      expectEqual(results[k]!, general.evaluate(structure), 1e-11);
    });
    const fields = structures.map((structure) => fast.bind(structure));
    for (let turn = 0; turn < 3; turn++)
      structures.forEach((structure, k) => {
        const positions = structure.positions.map((x) => x + 0.1 * turn * Math.sin(7 * x));
        const truth = general.evaluate({ ...structure, positions });
        expectEqual(fields[k]!.evaluate(positions, structure.cell), truth, 1e-11);
      });
  });

  it("says which values leave the training range, as the general ones do", () => {
    const { potential, structures } = subject("range", { types: [2, 9], elements: [8] });
    const general = new NetworkEvaluator(kernels, potential);
    const structure = structures[0]!;
    const positions = structure.positions.map((x, i) => (i === 0 ? x + 0.4 : x));
    const truth = general.evaluate({ ...structure, positions }).extrapolation;
    const field = new SurfaceForceField(kernels, potential, structure);
    const found = field.evaluate(positions, structure.cell).extrapolation;
    expect(truth.length).toBeGreaterThan(0);
    expect(found.map(({ atom, function: s }) => [atom, s])).toEqual(truth.map(({ atom, function: s }) => [atom, s]));
    expect(field.evaluate(positions, structure.cell, { extrapolation: false }).extrapolation).toEqual([]);
  });

  it("refuses atoms in one place and positions that are not numbers", () => {
    const { potential, structures } = subject("bad", { types: [2, 3], elements: [8] });
    const structure = structures[0]!;
    const field = new SurfaceForceField(kernels, potential, structure);
    const together = structure.positions.slice();
    together.copyWithin(0, 3, 6);
    expect(() => field.evaluate(together, structure.cell)).toThrow(InputError);
    const nowhere = structure.positions.slice();
    nowhere[4] = Number.NaN;
    expect(() => field.evaluate(nowhere, structure.cell)).toThrow();
    // And goes on afterwards.
    const truth = new NetworkEvaluator(kernels, potential).evaluate(structure);
    expectEqual(field.evaluate(structure.positions, structure.cell), truth, 1e-11);
  });
});
