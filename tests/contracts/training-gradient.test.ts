/**
 * The gradient of the loss, and of single predictions, against finite differences of the same engine: what the optimisers see.
 *
 * Energies and stress are all f64. Forces go through stored derivatives and products in f32, whose rounding (1e-7 of a force)
 * a small step would blow up; so theirs is a large one, and less is asked.
 */
import { describe, expect, it } from "vitest";
import { RandomStream } from "../../src/math/index.js";
import type { LossWeights } from "../../src/training/loss.js";
import { problemParts } from "../../src/training/member.js";
import { FitProblem } from "../../src/training/problem.js";
import { apart, largest, slopeAtZero } from "../physics/random-potential.js";
import { type Fixture, type FixtureOptions, fixture } from "./training-fixtures.js";

const SEED = 53;
const base: FixtureOptions = { seed: SEED, elements: [1, 8], structures: 8, hidden: [4, 3] };

function problemOf({ kernels, plan }: Fixture): { problem: FitProblem; parameters: Float64Array } {
  const problem = new FitProblem(problemParts(kernels, plan));
  const random = new RandomStream(SEED, "parameters");
  return { problem, parameters: Float64Array.from({ length: problem.count }, () => random.between(-0.6, 0.6)) };
}

interface Precision {
  readonly step: number;
  /** Relative to the largest component. */
  readonly agreement: number;
}

const DOUBLE: Precision = { step: 1e-3, agreement: 1e-8 };
const SINGLE: Precision = { step: 8e-3, agreement: 1e-5 };

type OfParameters = (parameters: Float64Array) => number;

const numerical = (f: OfParameters, parameters: Float64Array, { step }: Precision): Float64Array =>
  parameters.map((_, i) =>
    slopeAtZero((x) => {
      const moved = parameters.slice();
      moved[i] += x;
      return f(moved);
    }, step),
  );

function checkLoss(made: Fixture, batch: readonly number[] = made.plan.train): void {
  const { problem, parameters } = problemOf(made);
  const loss = (p: Float64Array): number => problem.errors(p, batch).meanLoss + problem.penalty(p);
  const gradient = new Float64Array(problem.count);
  const sums = problem.gradient(parameters, batch, gradient);
  const precision = made.plan.weights.forces > 0 ? SINGLE : DOUBLE;
  const expected = numerical(loss, parameters, precision);
  expect(sums.meanLoss + problem.penalty(parameters)).toBeCloseTo(loss(parameters), 12);
  expect(largest(expected)).toBeGreaterThan(1e-3);
  expect(apart(gradient, expected)).toBeLessThan(precision.agreement * largest(expected));
}

describe(`gradient of the loss (seed ${SEED})`, () => {
  const only = (weights: Partial<LossWeights>): LossWeights => ({ energy: 0, forces: 0, stress: 0, ...weights });

  it.each([
    ["energies", only({ energy: 1 })],
    ["forces", only({ forces: 1 })],
    ["stress", only({ stress: 1 })],
    ["everything, weighted", { energy: 3, forces: 0.7, stress: 11 }],
  ])("%s", (_, weights) => {
    checkLoss(fixture({ ...base, weights }));
  });

  it.each([[[1]], [[14]], [[1, 8, 14]]])("elements %j", (elements) => {
    checkLoss(fixture({ ...base, elements, hidden: [3], structures: 6 }));
  });

  it.each([[[]], [[1]], [[5]], [[3, 4, 2]]])("hidden layers %j", (hidden) => {
    checkLoss(fixture({ ...base, hidden }));
  });

  it("normalised nodes", () => checkLoss(fixture({ ...base, normalizeNodes: true })));

  it("L2", () => {
    const made = fixture({ ...base, l2: 0.5 });
    checkLoss(made);
    const { problem, parameters } = problemOf(made);
    // Mean square of the weights; biases do not count.
    let [sum, count, at] = [0, 0, 0];
    for (const { nodes } of made.plan.shapes)
      for (let l = 1; l < nodes.length; l++) {
        for (let k = 0; k < nodes[l - 1] * nodes[l]; k++, count++) sum += parameters[at++] ** 2;
        at += nodes[l];
      }
    expect(at).toBe(parameters.length);
    expect(problem.penalty(parameters)).toBeCloseTo((0.5 * sum) / count, 13);
  });

  it("of some structures, in any order, and of one twice", () => {
    const made = fixture(base);
    checkLoss(made, [5, 2, 3]);
    checkLoss(made, [4, 4]);
  });

  it("the same bits where derivatives are not kept, of all structures or of the larger ones", () => {
    const batch = [5, 2, 3, 2, 0, 1, 4];
    const kept = fixture(base);
    const sizes = kept.plan.structures.map(({ cached }) => cached.bytes);
    const gradientOf = (made: Fixture): Float64Array => {
      const { problem, parameters } = problemOf(made);
      const gradient = new Float64Array(parameters.length);
      problem.gradient(parameters, batch, gradient);
      return gradient;
    };
    const truth = gradientOf(kept);
    expect(Math.max(...truth.map(Math.abs))).toBeGreaterThan(1e-3);
    for (const budget of [0, 0.15 * Math.max(...sizes)]) {
      const made = fixture({ ...base, budget });
      const anew = made.plan.structures.filter(({ cached }) => cached.anew !== undefined).length;
      expect(anew).toBeGreaterThan(0);
      if (budget > 0) expect(anew).toBeLessThan(made.plan.structures.length);
      expect(gradientOf(made)).toEqual(truth);
    }
  });

  it("the loss is what its definition says", () => {
    const made = fixture({ ...base, weights: { energy: 3, forces: 0.7, stress: 11 } });
    const { problem, parameters } = problemOf(made);
    const { engine, structures } = problem.parts;
    made.plan.train.forEach((s) => {
      const { cached, labels } = structures[s];
      problem.load(parameters);
      const { energy, forces, stress } = engine.predict(cached, true);
      const n = cached.atoms;
      let loss = labels.energy === undefined ? 0 : 3 * ((energy - labels.energy) / n) ** 2;
      const reference = problem.referenceForces(s);
      if (reference !== undefined)
        loss += (0.7 / (3 * n)) * reference.reduce((sum, f, k) => sum + (forces[k] - f) ** 2, 0);
      if (labels.stress !== undefined)
        loss += (11 / 6) * labels.stress.reduce((sum, x, c) => sum + (((stress![c] - x) * cached.volume) / n) ** 2, 0);
      expect(problem.errors(parameters, [s]).meanLoss).toBeCloseTo(labels.weight * loss, 12);
    });
    const mean = made.plan.train.reduce((sum, s) => sum + problem.errors(parameters, [s]).loss, 0) / 8;
    expect(problem.errors(parameters, made.plan.train).meanLoss).toBeCloseTo(mean, 12);
  });
});

describe(`derivatives of single predictions (seed ${SEED})`, () => {
  const { problem, parameters } = problemOf(fixture(base));
  const row = new Float64Array(problem.count);
  const predict = (p: Float64Array, s: number) => {
    problem.load(p);
    return problem.parts.engine.predict(problem.parts.structures[s].cached, true);
  };

  it("energies", () => {
    for (const s of [0, 3, 4]) {
      problem.load(parameters);
      expect(problem.energyRow(s, row)).toBe(predict(parameters, s).energy);
      const expected = numerical((p) => predict(p, s).energy, parameters, DOUBLE);
      expect(apart(row, expected)).toBeLessThan(DOUBLE.agreement * Math.max(1, largest(expected)));
    }
  });

  it("force components", () => {
    for (const [s, c] of [
      [0, 0],
      [1, 7],
      [2, 11],
      [4, 3],
    ]) {
      problem.load(parameters);
      expect(problem.forceRow(s, c, row)).toBe(predict(parameters, s).forces[c]);
      const expected = numerical((p) => predict(p, s).forces[c], parameters, SINGLE);
      expect(largest(expected)).toBeGreaterThan(1e-4);
      expect(apart(row, expected)).toBeLessThan(SINGLE.agreement * largest(expected));
    }
  });
});
