/**
 * Fits with dropout: the gradient is that of the loss under each structure's masks, which follow from the step alone; a fit that
 * was resumed ends with the same bits; what cannot be fitted so is refused.
 */
import { describe, expect, it } from "vitest";
import { parseOverride } from "../../src/configuration/index.js";
import { RandomStream } from "../../src/math/index.js";
import { trainingFormat } from "../../src/training/configuration.js";
import { masksOfTurn } from "../../src/training/dropout.js";
import { fitMember, type MemberPlan, type MemberSnapshot, problemParts } from "../../src/training/member.js";
import { FitProblem } from "../../src/training/problem.js";
import { decodeSnapshot, encodeSnapshot } from "../../src/training/snapshot.js";
import { apart, largest, slopeAtZero } from "../physics/random-potential.js";
import { fixture, optimizerOf, unwatched } from "./training-fixtures.js";

const SEED = Number(process.env.POTLUCK_SEED ?? 67);
console.log(`training with dropout: seed ${SEED}`);
const PROBABILITY = 0.3;

const made = fixture({ seed: SEED, elements: [1, 8], structures: 9, hidden: [5, 4], validation: 2 });
const plan: MemberPlan = { ...made.plan, dropout: PROBABILITY };

function problemOf(dropout: number | undefined) {
  const problem = new FitProblem(problemParts(made.kernels, { ...plan, dropout }, { energyScale: 2 }));
  const random = new RandomStream(SEED, "parameters");
  return { problem, parameters: Float64Array.from({ length: problem.count }, () => random.between(-0.6, 0.6)) };
}

/** Large, as forces are f32. */
const numerical = (f: (p: Float64Array) => number, at: Float64Array): Float64Array =>
  at.map((_, i) =>
    slopeAtZero((x) => {
      const moved = at.slice();
      moved[i] += x;
      return f(moved);
    }, 8e-3),
  );

describe(`gradient with dropout (seed ${SEED})`, () => {
  const { problem, parameters } = problemOf(PROBABILITY);
  const batch = plan.train;
  const gradientOf = (step: number, p: Float64Array = parameters) => {
    const gradient = new Float64Array(problem.count);
    return { loss: problem.gradient(p, batch, gradient, step).meanLoss, gradient };
  };

  it("is the derivative of the loss that it comes with, at any step", () => {
    for (const step of [0, 41]) {
      const { gradient } = gradientOf(step);
      const expected = numerical((p) => gradientOf(step, p).loss, parameters);
      expect(largest(expected)).toBeGreaterThan(1e-2);
      expect(apart(gradient, expected)).toBeLessThan(1e-5 * largest(expected));
    }
  });

  it("is the mean over structures, each with masks of its own", () => {
    const { gradient } = gradientOf(3);
    const sum = new Float64Array(problem.count);
    for (const s of batch) {
      const one = new Float64Array(problem.count);
      problem.gradient(parameters, [s], one, 3);
      one.forEach((g, i) => {
        sum[i] += g / batch.length;
      });
    }
    expect(apart(gradient, sum)).toBeLessThan(1e-6 * largest(sum));
    const [a, b] = [batch[0], batch[1]].map((structure) =>
      masksOfTurn({ probability: PROBABILITY, seed: SEED }, plan.shapes, { step: 3, structure }),
    );
    expect(a).not.toEqual(b);
  });

  it("steps differ; errors are those of the plain networks", () => {
    expect(gradientOf(1).loss).toBe(gradientOf(1).loss);
    expect(gradientOf(1).loss).not.toBe(gradientOf(2).loss);
    const plain = problemOf(undefined).problem;
    expect(problem.errors(parameters, batch).meanLoss).toBe(plain.errors(parameters, batch).meanLoss);
  });

  it("rows are derivatives under the turn's masks, and plain ones without a turn", () => {
    const row = new Float64Array(problem.count);
    const turn = { step: 5, structure: batch[1] };
    const energy = (p: Float64Array): number => {
      problem.load(p, turn);
      return problem.energyRow(turn.structure, new Float64Array(problem.count));
    };
    const value = energy(parameters);
    const expected = numerical(energy, parameters);
    problem.load(parameters, turn);
    problem.energyRow(turn.structure, row);
    expect(apart(row, expected)).toBeLessThan(1e-5 * largest(expected));
    problem.load(parameters);
    expect(problem.energyRow(turn.structure, row)).not.toBe(value);
  });
});

const throughBytes = (snapshot: MemberSnapshot): MemberSnapshot => {
  const decoded = decodeSnapshot(encodeSnapshot(snapshot, "dropout"), "dropout");
  if (typeof decoded === "string") throw new Error(decoded);
  return decoded;
};

describe(`fits with dropout (seed ${SEED})`, () => {
  it.each([
    ["soap", { method: "soap", batch: 3, rate: 0.01, every: 4 }],
    ["kalman", { method: "kalman", forceFraction: 0.2, batchForces: 2 }],
  ])("%s: learns, and ends with the same bits when it was resumed", (_, optimizer) => {
    const run = (options: Partial<Parameters<typeof fitMember>[2]> = {}): MemberSnapshot => {
      const mark = made.kernels.mark();
      const own = { ...plan, optimizer: optimizerOf(optimizer), epochs: 6 };
      const { snapshot } = fitMember(made.kernels, own, { ...unwatched, ...options });
      made.kernels.release(mark);
      return snapshot;
    };
    const unbroken = run();
    expect(unbroken.history.every(({ loss }) => Number.isFinite(loss))).toBe(true);
    expect(unbroken.bestEpoch).toBeGreaterThan(1);
    const stopped = run({ onEpoch: ({ epoch }) => epoch === 3 });
    expect(run({ resume: throughBytes(stopped) })).toEqual(unbroken);
  });
});

describe("configurations with dropout", () => {
  const data = "none.xyz";

  it("a number is short for the probability, and makes one network of a committee", () => {
    const { network, committee } = trainingFormat.resolve({ data, network: { dropout: 0.1 } });
    expect(network.dropout).toEqual({ probability: 0.1, passes: 100 });
    expect(committee.members).toBe(1);
    const two = trainingFormat.resolve({ data, network: { dropout: 0.1 }, committee: { members: 2 } });
    expect(two.committee.members).toBe(2);
    expect(trainingFormat.resolve({ data }).committee.members).toBe(4);
    expect(trainingFormat.resolve({ data, network: { dropout: 0 } }).committee.members).toBe(4);
  });

  it("can be overridden in part", () => {
    const overrides = [parseOverride("network.dropout.passes=20")];
    const yaml = `data: ${data}\nnetwork: {dropout: 0.2}\n`;
    const { network } = trainingFormat.parse(yaml, "a.yaml", overrides);
    expect(network.dropout).toEqual({ probability: 0.2, passes: 20 });
  });

  it.each(["lbfgs", "levenberg-marquardt"])("%s is refused", (method) => {
    const yaml = `data: ${data}\nnetwork: {dropout: 0.1}\noptimizer: {method: ${method}}\n`;
    expect(() => trainingFormat.parse(yaml, "a.yaml")).toThrow(/a\.yaml:3.*one loss for all its steps/);
  });

  it("a probability of 1 is refused with its place", () => {
    expect(() => trainingFormat.parse(`data: ${data}\nnetwork: {dropout: 1}\n`, "a.yaml")).toThrow(
      /a\.yaml:2:\d+: `network.dropout.probability` is 1/,
    );
  });
});
