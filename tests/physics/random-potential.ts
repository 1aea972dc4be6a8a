/** Random symmetry functions, structures and network potentials for the tests; all from a stream, so that a seed tells all. */
import type {
  CutoffType,
  ElementDescriptors,
  FunctionType,
  SymmetryFunction,
} from "../../src/descriptors/definition.js";
import { orderDescriptors } from "../../src/descriptors/order.js";
import { StatisticsGatherer } from "../../src/descriptors/scaling.js";
import type { Kernels } from "../../src/kernels/index.js";
import type { RandomStream } from "../../src/math/index.js";
import { neighborList } from "../../src/neighbors/index.js";
import { type Activation, parameterCount } from "../../src/networks/index.js";
import type { Member, NetworkPotential } from "../../src/potentials/definition.js";
import { NetworkEvaluator } from "../../src/potentials/network-evaluator.js";
import type { Structure } from "../../src/structure/index.js";

export const ELEMENTS: readonly number[] = [1, 8, 14];
export const functionTypes: readonly FunctionType[] = [2, 3, 9, 12, 13, 20, 21, 22, 23, 24, 25];
export const cutoffTypes: readonly CutoffType[] = [0, 1, 2, 3, 4, 5, 6, 7, 8];

export interface FunctionOptions {
  readonly elements: readonly number[];
  readonly types: readonly FunctionType[];
  readonly cutoffs: readonly CutoffType[];
}

const pick = <T>(random: RandomStream, items: readonly T[]): T => items[random.integer(items.length)];

/** Two functions of every type towards every element or pair of elements. */
export function randomFunctions(random: RandomStream, options: FunctionOptions): SymmetryFunction[] {
  return options.types.flatMap((type) =>
    neighborsOf(type, options.elements).flatMap((neighbors) => [
      randomFunction(random, { type, neighbors, cutoffs: options.cutoffs }),
      randomFunction(random, { type, neighbors, cutoffs: options.cutoffs }),
    ]),
  );
}

function neighborsOf(type: FunctionType, elements: readonly number[]): number[][] {
  if (type === 2 || type === 20) return elements.map((z) => [z]);
  if (type === 3 || type === 9 || type === 21 || type === 22)
    return elements.flatMap((z, i) => elements.slice(i).map((y) => [z, y]));
  return [[]];
}

function randomFunction(
  random: RandomStream,
  about: { type: FunctionType; neighbors: number[]; cutoffs: readonly CutoffType[] },
): SymmetryFunction {
  const { type, neighbors, cutoffs } = about;
  // Few different radii, so that tests can keep distances away from all of them.
  const rc = pick(random, [3.43, 4.12]);
  const gaussian = {
    eta: random.between(0.02, 0.5),
    rs: pick(random, [0, random.between(0, 2)]),
    rc,
    cutoff: { type: pick(random, cutoffs), alpha: pick(random, [0, 0.3]) },
  };
  const power = { lambda: pick(random, [-1, 1]), zeta: pick(random, [1, 2, 4, 2.5]) };
  const compact = {
    rl: pick(random, [-1.3, 0.8]),
    rc,
    core: pick(random, ["p1", "p2", "p3", "p4", "e"] as const),
    asymmetric: random.uniform() < 0.3,
  };
  const left = random.between(-60, 60);
  const window = { angleLeft: left, angleRight: left + random.between(100, 200) };
  if (type === 2 || type === 12) return { type, neighbors, ...gaussian };
  if (type === 3 || type === 9 || type === 13) return { type, neighbors, ...gaussian, ...power };
  if (type === 20 || type === 23) return { type, neighbors, ...compact };
  return { type, neighbors, ...compact, ...window };
}

export const randomDescriptors = (random: RandomStream, options: FunctionOptions): readonly ElementDescriptors[] =>
  orderDescriptors(options.elements.map((element) => ({ element, functions: randomFunctions(random, options) })));

/** Vectors of 5 to 6 Å, far from right angles. */
export const triclinic = Float64Array.of(5.6, 0.3, 0, 1.2, 5.2, -0.4, -0.7, 0.9, 6.1);
/** Smaller than every cutoff, so that atoms see several of their own images. */
export const tiny = Float64Array.of(2.7, 0, 0.2, 0.6, 2.9, 0, -0.3, 0.4, 3.1);

export interface StructureOptions {
  readonly atoms: number;
  readonly elements: readonly number[];
  readonly cell?: Float64Array;
  /** Å */
  readonly closest?: number;
}

/** Atoms at random, none closer than `closest`; without a cell in a cube of the same density. */
export function randomStructure(random: RandomStream, options: StructureOptions): Structure {
  const { atoms, elements, cell, closest = 1.1 } = options;
  const species = Uint8Array.from({ length: atoms }, (_, i) => elements[i % elements.length]);
  const edge = 2.4 * Math.cbrt(atoms);
  for (let trial = 0; trial < 10000; trial++) {
    const positions = new Float64Array(3 * atoms);
    for (let i = 0; i < atoms; i++)
      for (let d = 0; d < 3; d++) {
        const f = random.between(-0.5, 1.5);
        if (cell === undefined) positions[3 * i + d] = edge * f * 0.5;
        else for (let x = 0; x < 3; x++) positions[3 * i + x] += f * cell[3 * d + x];
      }
    const repeats = cell !== undefined;
    const structure: Structure = { species, positions, cell, periodic: [repeats, repeats, repeats] };
    if (neighborList(structure, closest).indices.length === 0) return structure;
  }
  throw new Error("no room for the atoms");
}

export interface PotentialOptions {
  readonly descriptors: readonly ElementDescriptors[];
  /** Scaling and ranges come from these. */
  readonly structures: readonly Structure[];
  readonly members?: number;
  readonly hidden?: readonly number[];
  readonly activation?: Activation;
}

export function randomPotential(kernels: Kernels, random: RandomStream, options: PotentialOptions): NetworkPotential {
  const { descriptors, members = 1 } = options;
  return { descriptors, members: Array.from({ length: members }, () => randomMember(kernels, random, options)) };
}

function randomMember(kernels: Kernels, random: RandomStream, options: PotentialOptions): Member {
  const { descriptors, structures, hidden = [6, 5], activation = "t" } = options;
  const sampler = new NetworkEvaluator(kernels, { descriptors, members: [] });
  const gatherers = descriptors.map(({ functions }) => new StatisticsGatherer(functions.length));
  for (const structure of structures)
    sampler.descriptors(structure).forEach((row, i) => {
      gatherers[descriptors.findIndex((d) => d.element === structure.species[i])].add(row, 0);
    });
  return {
    energyScale: random.between(3, 6),
    referenceEnergies: descriptors.map(() => random.between(-3, 3)),
    elements: descriptors.map(({ functions }, e) => {
      const shape = {
        nodes: [functions.length, ...hidden, 1],
        activations: [...hidden.map(() => activation), "l" as const],
        normalizeNodes: false,
      };
      const statistics = gatherers[e].statistics();
      // A function that is hardly ever there would be blown up, rounding included.
      const sigma = statistics.sigma.map((x) => Math.max(x, 1e-3));
      const spread = 1.5 / Math.sqrt(functions.length);
      return {
        scaling: { ...statistics, sigma, mode: "scale-sigma" as const, low: 0, high: 0.3 },
        network: {
          ...shape,
          parameters: Float64Array.from({ length: parameterCount(shape) }, () => random.between(-spread, spread)),
        },
      };
    }),
  };
}

export const largest = (a: ArrayLike<number>): number =>
  Array.from(a).reduce((most, x) => (Math.abs(x) <= most ? most : Math.abs(x)), 0);
/** Largest |a − b|; NaN if anything is. */
export const apart = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  if (a.length !== b.length) return Number.NaN;
  return largest(Array.from(a, (x, i) => x - b[i]));
};

/** Fourth order: f′(0) = (8 (f₁−f₋₁) − (f₂−f₋₂))/12h. */
export const slopeAtZero = (f: (x: number) => number, h: number): number =>
  (8 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12 * h);
