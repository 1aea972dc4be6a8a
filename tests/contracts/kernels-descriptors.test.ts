/**
 * The descriptor kernels against the plain reference, for every type of function and cutoff: values, the adjoint (forces) and
 * the stored derivatives (training).
 */
import { describe, expect, it } from "vitest";
import type { CutoffType, ElementDescriptors, Scaling, SymmetryFunction } from "../../src/descriptors/definition.js";
import { compileDescriptors } from "../../src/descriptors/program.js";
import { referenceDescriptors } from "../../src/descriptors/reference.js";
import { createKernels } from "../../src/hosts/node/kernels.js";
import { Scratch } from "../../src/kernels/index.js";
import { RandomStream } from "../../src/math/index.js";
import { neighborList } from "../../src/neighbors/index.js";
import type { NetworkPotential } from "../../src/potentials/definition.js";
import { NetworkEvaluator } from "../../src/potentials/network-evaluator.js";
import type { Frame, Structure } from "../../src/structure/index.js";
import { fillStructure, planStructure } from "../../src/training/cache.js";
import { Engine } from "../../src/training/engine.js";

const ELEMENTS = [1, 8, 14];
const SEED = 20261121;

/** One function of every type towards every element or pair, with random parameters; narrow and wide, whole ζ and not. */
function everyFunction(
  random: RandomStream,
  cutoffs: readonly { type: CutoffType; alpha: number }[],
): SymmetryFunction[] {
  const functions: SymmetryFunction[] = [];
  const cores = ["p1", "p2", "p3", "p4", "e"] as const;
  const gauss = () => ({
    eta: random.between(0.01, 0.5),
    rs: random.uniform() < 0.5 ? 0 : random.between(0, 2),
    rc: random.between(3.5, 4.5),
    cutoff: cutoffs[random.integer(cutoffs.length)]!,
  });
  const power = () => ({
    lambda: random.uniform() < 0.5 ? 1 : -1,
    zeta: [1, 2, 3, 4, 7, 16, 2.5][random.integer(7)]!,
  });
  const compact = () => ({
    rl: random.between(-2, 1.5),
    rc: random.between(3.5, 4.5),
    core: cores[random.integer(5)]!,
    asymmetric: random.uniform() < 0.3,
  });
  const windows = [
    { angleLeft: -90, angleRight: 90 },
    { angleLeft: 40, angleRight: 160 },
    { angleLeft: 90, angleRight: 270 },
  ];
  const window = () => windows[random.integer(3)]!;
  ELEMENTS.forEach((z, i) => {
    functions.push({ type: 2, neighbors: [z], ...gauss() }, { type: 20, neighbors: [z], ...compact() });
    for (const y of ELEMENTS.slice(i)) {
      functions.push(
        { type: 3, neighbors: [z, y], ...gauss(), ...power() },
        { type: 9, neighbors: [z, y], ...gauss(), ...power() },
        { type: 21, neighbors: [z, y], ...compact(), ...window() },
        { type: 22, neighbors: [z, y], ...compact(), ...window() },
      );
    }
  });
  functions.push(
    { type: 12, neighbors: [], ...gauss() },
    { type: 13, neighbors: [], ...gauss(), ...power() },
    { type: 23, neighbors: [], ...compact() },
    { type: 24, neighbors: [], ...compact(), ...window() },
    { type: 25, neighbors: [], ...compact(), ...window() },
  );
  return functions;
}

/** A crowded triclinic cell smaller than the cutoff in one direction, so that there are self-images. */
function smallCell(random: RandomStream, atoms: number): Structure {
  const positions = Float64Array.from({ length: 3 * atoms }, () => random.between(-1, 6));
  return {
    species: Uint8Array.from({ length: atoms }, (_, i) => ELEMENTS[i % ELEMENTS.length]!),
    positions,
    cell: Float64Array.of(5.1, 0, 0, 1.2, 3.9, 0, -0.7, 0.9, 6.3),
    periodic: [true, true, true],
  };
}

/** A network without hidden layers: E = Σ c_s G_s, so that forces are sums of derivatives. */
function linearPotential(descriptors: readonly ElementDescriptors[], random: RandomStream): NetworkPotential {
  return {
    descriptors,
    members: [
      {
        energyScale: 1,
        referenceEnergies: descriptors.map(() => 0),
        elements: descriptors.map(({ functions }) => {
          const n = functions.length;
          const scaling: Scaling = {
            mode: "none",
            low: 0,
            high: 1,
            min: new Float64Array(n).fill(Number.NEGATIVE_INFINITY),
            max: new Float64Array(n).fill(Number.POSITIVE_INFINITY),
            mean: new Float64Array(n),
            sigma: new Float64Array(n).fill(1),
          };
          const parameters = Float64Array.from({ length: n + 1 }, (_, i) => (i < n ? random.between(-1, 1) : 0));
          return {
            scaling,
            network: { nodes: [n, 1], activations: ["l" as const], normalizeNodes: false, parameters },
          };
        }),
      },
    ],
  };
}

interface Truth {
  readonly values: Float64Array[];
  readonly energy: number;
  readonly forces: Float64Array;
}

function truth(potential: NetworkPotential, structure: Structure): Truth {
  const cutoff = Math.max(...potential.descriptors.flatMap((d) => d.functions.map((f) => f.rc)));
  const list = neighborList(structure, cutoff);
  const forces = new Float64Array(structure.positions.length);
  let energy = 0;
  const values = Array.from(structure.species, (z, i) => {
    const e = ELEMENTS.indexOf(z);
    const [first, last] = [list.offsets[i]!, list.offsets[i + 1]!];
    const neighbors = list.indices.slice(first, last);
    const environment = {
      species: Uint8Array.from(neighbors, (j) => structure.species[j]!),
      vectors: list.vectors.slice(3 * first, 3 * last),
    };
    const result = referenceDescriptors(potential.descriptors[e]!.functions, environment);
    const weights = potential.members[0]!.elements[e]!.network.parameters;
    result.values.forEach((g, s) => {
      energy += weights[s]! * g;
      neighbors.forEach((j, p) => {
        for (let x = 0; x < 3; x++) {
          const t = weights[s]! * result.derivatives[(s * neighbors.length + p) * 3 + x]!;
          forces[3 * j + x]! -= t;
          forces[3 * i + x]! += t;
        }
      });
    });
    return result.values;
  });
  return { values, energy, forces };
}

const largest = (a: ArrayLike<number>): number => Array.from(a).reduce((m, x) => Math.max(m, Math.abs(x)), 0);
const apart = (a: ArrayLike<number>, b: ArrayLike<number>): number => largest(Array.from(a, (x, i) => x - b[i]!));

const cases = ([0, 1, 2, 3, 4, 5, 6, 7, 8] as const).flatMap((type) =>
  (type === 0 || type === 2 || type === 3 ? [0] : [0, 0.3]).map((alpha) => ({ type, alpha })),
);

describe(`descriptor kernels equal the reference (seed ${SEED})`, () => {
  const kernels = createKernels();
  it.each([
    ...cases.map((c) => ({ name: `cutoff ${c.type}, α ${c.alpha}`, cutoffs: [c] })),
    { name: "mixed cutoffs", cutoffs: cases },
  ])("$name", ({ name, cutoffs }) => {
    const random = new RandomStream(SEED, name);
    const descriptors = ELEMENTS.map((element) => ({ element, functions: everyFunction(random, cutoffs) }));
    const potential = linearPotential(descriptors, random);
    for (const atoms of [1, 2, 3, 7]) {
      const structure = smallCell(random, atoms);
      const expected = truth(potential, structure);
      const evaluator = new NetworkEvaluator(kernels, potential);
      const found = evaluator.evaluate(structure);
      const values = evaluator.descriptors(structure);
      values.forEach((row, i) => {
        row.forEach((g, s) => {
          expect(Math.abs(g - expected.values[i]![s]!)).toBeLessThan(1e-11 * Math.max(1, Math.abs(g)));
        });
      });
      const scale = Math.max(1, largest(expected.forces));
      expect(Math.abs(found.energy - expected.energy)).toBeLessThan(1e-10 * Math.max(1, Math.abs(expected.energy)));
      expect(apart(found.forces, expected.forces)).toBeLessThan(1e-10 * scale);

      // The same forces and stress from the stored derivatives, to the precision of f32.
      const program = compileDescriptors(kernels, descriptors);
      const frame: Frame = {
        structure,
        info: new Map(),
        columns: new Map(),
        source: { file: "", structure: 1, line: 1 },
      };
      const task = planStructure(kernels, program, { frame, strains: true });
      fillStructure({ kernels, scratch: new Scratch(kernels) }, program, task);
      const member = potential.members[0]!;
      const engine = new Engine(
        kernels,
        member.elements.map((e) => e.network),
        { program, mostAtoms: [7, 7, 7] },
      );
      engine.load(member.elements.map((e) => e.network.parameters));
      const predicted = engine.predict(task.cached, true);
      const forces = new Float64Array(3 * atoms);
      task.cached.order.forEach((to, from) => {
        forces.set(predicted.forces.subarray(3 * from, 3 * from + 3), 3 * to);
      });
      expect(Math.abs(predicted.energy - expected.energy)).toBeLessThan(1e-10 * Math.max(1, Math.abs(expected.energy)));
      expect(apart(forces, expected.forces)).toBeLessThan(1e-4 * scale);
      expect(apart(predicted.stress!, found.stress!)).toBeLessThan(1e-9 * Math.max(1, largest(found.stress!)));
    }
  });
});
