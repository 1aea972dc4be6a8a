/**
 * Potentials with dropout: forces and stress are derivatives of the mean energy over the passes, and the spread is that of a loop
 * over plain networks with masked parameters.
 */
import { describe, expect, it } from "vitest";
import { readPotentialJson, writePotentialJson } from "../../src/formats/potential-json.js";
import { createKernels } from "../../src/hosts/node/kernels.js";
import { RandomStream } from "../../src/math/index.js";
import { drawMasks } from "../../src/networks/index.js";
import { type NetworkPotential, spreadSourceOf } from "../../src/potentials/definition.js";
import { passesAsMembers } from "../../src/potentials/dropout-members.js";
import { NetworkEvaluator } from "../../src/potentials/network-evaluator.js";
import type { Evaluation } from "../../src/potentials/potential.js";
import { type Structure, volume } from "../../src/structure/index.js";
import {
  apart,
  largest,
  randomDescriptors,
  randomPotential,
  randomStructure,
  slopeAtZero,
  tiny,
  triclinic,
} from "./random-potential.js";

const SEED = Number(process.env.POTLUCK_SEED ?? 20261122);
console.log(`dropout potential: seed ${SEED}`);
const kernels = createKernels();
const elements = [8, 14];
const random = new RandomStream(SEED, "dropout potential");
const descriptors = randomDescriptors(random, { elements, types: [2, 9, 22], cutoffs: [2, 6] });

interface Options {
  readonly hidden?: readonly number[];
  readonly members?: number;
  readonly passes?: number;
  readonly normalizeNodes?: boolean;
}

function dropoutPotential({ hidden = [6, 5], members = 1, passes = 7, normalizeNodes = false }: Options = {}) {
  const known = [triclinic, tiny].map((cell) => randomStructure(random, { atoms: 4, elements, cell }));
  const plain = randomPotential(kernels, random, { descriptors, structures: known, hidden, members });
  const seeds = plain.members.map((_, m) => SEED + m);
  return {
    ...plain,
    members: plain.members.map((member, m) => {
      const shaped = member.elements.map(({ scaling, network }) => ({
        scaling,
        network: {
          ...network,
          normalizeNodes,
          parameters: network.parameters.map((w) => (normalizeNodes ? 5 : 1) * w),
        },
      }));
      const masks = shaped.map(({ network }, e) =>
        drawMasks(network, new RandomStream(seeds[m], `masks ${e}`), { probability: 0.3, passes }),
      );
      return { ...member, elements: shaped, dropout: { seed: seeds[m], masks } };
    }),
  };
}

const structures: readonly [string, Structure][] = [
  ["a cell", randomStructure(random, { atoms: 5, elements, cell: triclinic })],
  ["a cell smaller than the cutoff", randomStructure(random, { atoms: 2, elements, cell: tiny })],
  ["no cell", randomStructure(random, { atoms: 4, elements })],
  ["more atoms than a batch of one element", randomStructure(random, { atoms: 19, elements: [14], closest: 1 })],
];

const evaluated = (potential: NetworkPotential, structure: Structure): Evaluation =>
  new NetworkEvaluator(kernels, potential).evaluate(structure);

function expectSame(a: Evaluation, b: Evaluation): void {
  expect(Math.abs(a.energy - b.energy)).toBeLessThan(1e-11 * Math.max(1, Math.abs(b.energy)));
  expect(apart(a.atomicEnergies, b.atomicEnergies)).toBeLessThan(1e-11);
  expect(apart(a.forces, b.forces)).toBeLessThan(1e-11 * Math.max(1, largest(b.forces)));
  if (b.stress !== undefined) expect(apart(a.stress!, b.stress)).toBeLessThan(1e-11);
  const [found, expected] = [a.uncertainty!, b.uncertainty!];
  expect(Math.abs(found.energy - expected.energy)).toBeLessThan(1e-10 * Math.max(1, expected.energy));
  expect(apart(found.forces, expected.forces)).toBeLessThan(1e-10 * Math.max(1, largest(expected.forces)));
  expect(found.disagreement).toBe(largest(found.forces));
  expect(largest(expected.forces)).toBeGreaterThan(1e-3);
  if (expected.stress === undefined) expect(found.stress).toBeUndefined();
  else expect(apart(found.stress!, expected.stress)).toBeLessThan(1e-11);
}

describe(`dropout potential (seed ${SEED})`, () => {
  const potential = dropoutPotential();
  const evaluator = new NetworkEvaluator(kernels, potential);

  it.each(structures)("mean and spread are those of a loop over the passes: %s", (_, structure) => {
    expectSame(evaluator.evaluate(structure), evaluated(passesAsMembers(potential), structure));
  });

  it.each([
    ["one hidden layer", { hidden: [5] }],
    ["three hidden layers", { hidden: [4, 3, 4] }],
    ["normalised nodes", { normalizeNodes: true }],
    ["a committee of three", { members: 3 }],
    ["a single pass", { passes: 1, members: 2 }],
  ] satisfies [string, Options][])("%s", (_, options) => {
    const other = dropoutPotential(options);
    expectSame(evaluated(other, structures[0][1]), evaluated(passesAsMembers(other), structures[0][1]));
  });

  it("forces and stress are derivatives of the mean energy", () => {
    const [[, structure]] = structures;
    const { forces, stress } = evaluator.evaluate(structure);
    const energy = (s: Structure): number => evaluator.evaluate(s, { uncertainty: false, extrapolation: false }).energy;
    const numerical = forces.map((_, k) => {
      const moved = (by: number): Structure => ({
        ...structure,
        positions: structure.positions.map((x, i) => (i === k ? x + by : x)),
      });
      return -slopeAtZero((x) => energy(moved(x)), 2e-4);
    });
    expect(largest(forces)).toBeGreaterThan(1e-2);
    expect(apart(forces, numerical)).toBeLessThan(1e-6);
    const stretched = (by: number): Structure => ({
      ...structure,
      positions: structure.positions.map((x, i) => (i % 3 === 0 ? x * (1 + by) : x)),
      cell: structure.cell!.map((x, i) => (i % 3 === 0 ? x * (1 + by) : x)),
    });
    const slope = slopeAtZero((x) => energy(stretched(x)), 2e-4) / volume(structure.cell!);
    expect(Math.abs(slope)).toBeGreaterThan(1e-4);
    expect(Math.abs(stress![0] - slope)).toBeLessThan(1e-7);
  });

  it("says what is asked and no more; a bound potential says the same", () => {
    const [[, structure]] = structures;
    const whole = evaluator.evaluate(structure);
    const bound = evaluator.bind(structure);
    const short = bound.evaluate(structure.positions, structure.cell, { uncertainty: false, extrapolation: false });
    expect(short.uncertainty).toBeUndefined();
    expect(short.extrapolation).toEqual([]);
    expect(short.forces).toEqual(whole.forces);
    expect(bound.evaluate(structure.positions, structure.cell).uncertainty).toEqual(whole.uncertainty);
  });

  it("is the same after having been written and read, and one seed gives one surface", () => {
    const { potential: read } = readPotentialJson(writePotentialJson(potential), "memory");
    expect(read).toEqual(potential);
    expect(spreadSourceOf(read)).toBe("dropout");
    expect(evaluated(read, structures[0][1])).toEqual(evaluator.evaluate(structures[0][1]));
  });
});
