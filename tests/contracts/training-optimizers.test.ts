/**
 * The optimisers on a small problem whose labels a random network made: every one lowers the loss; and the Kalman filter
 * does, step by step, what the textbook does with dense matrices.
 */
import { describe, expect, it } from "vitest";
import { RandomStream } from "../../src/math/index.js";
import type { OptimizerOf } from "../../src/training/configuration.js";
import { fitMember, type MemberPlan, problemParts } from "../../src/training/member.js";
import { initialParameters } from "../../src/training/model.js";
import { KalmanTrainer } from "../../src/training/optimizers/kalman.js";
import { FitProblem } from "../../src/training/problem.js";
import { apart, largest } from "../physics/random-potential.js";
import { type Fixture, fixture, optimizerOf, unwatched } from "./training-fixtures.js";

const SEED = 59;

describe(`every optimiser lowers the loss (seed ${SEED})`, () => {
  const made = fixture({ seed: SEED, elements: [1, 8], structures: 16, hidden: [5], l2: 1e-6 });

  /** Loss of the parameters at the start, and after the fit (best epoch), over the training set. */
  function runFit(plan: MemberPlan): { before: number; after: number; history: readonly number[] } {
    const { kernels } = made;
    const mark = kernels.mark();
    const problem = new FitProblem(problemParts(kernels, plan));
    const start = initialParameters(plan.shapes, plan.initial, new RandomStream(plan.seed, "weights"));
    const { snapshot } = fitMember(kernels, plan, unwatched);
    const [before, after] = [start, snapshot.best].map((p) => problem.errors(p, plan.train).meanLoss);
    kernels.release(mark);
    return { before, after, history: snapshot.history.map((h) => h.loss) };
  }

  it.each([
    ["momentum", { method: "momentum", rate: 0.01, batch: 4 }, 60, 0.5],
    ["adam", { method: "adam", rate: 0.02, batch: 4 }, 60, 0.2],
    ["soap", { method: "soap", rate: 0.02, batch: 4 }, 60, 0.1],
    ["lbfgs", { method: "lbfgs" }, 60, 0.05],
    ["levenberg-marquardt", { method: "levenberg-marquardt" }, 20, 0.3],
    ["levenberg-marquardt, all forces", { method: "levenberg-marquardt", forceFraction: 1 }, 20, 0.02],
    ["kalman", { method: "kalman", forceFraction: 0.5 }, 6, 0.1],
    // Small force weight: the data determine few directions, P grows along the others (it is not bounded in this filter).
    [
      "kalman, fading memory",
      { method: "kalman", type: "fading-memory", forceFraction: 0.5, forceWeight: 1 },
      12,
      0.05,
    ],
    ["kalman, sorted, in batches", { method: "kalman", selection: "sort", batchEnergy: 2, batchForces: 6 }, 12, 0.3],
  ])("%s", (_, optimizer, epochs, factor) => {
    const { before, after, history } = runFit({ ...made.plan, optimizer: optimizerOf(optimizer), epochs });
    expect(history).toHaveLength(epochs);
    expect(after).toBeLessThan(factor * before);
  });

  it.each(["lbfgs", "levenberg-marquardt"])("%s never lets the loss rise", (method) => {
    const optimizer = optimizerOf(method === "lbfgs" ? { method } : { method, forceFraction: 1 });
    const { history } = runFit({ ...made.plan, optimizer, epochs: 12, l2: 0 });
    history.slice(1).forEach((loss, k) => {
      expect(loss).toBeLessThanOrEqual(history[k]);
    });
  });

  it("Levenberg–Marquardt with all forces and no damping lands on the minimum of a linear model at once", () => {
    const linear = fixture({
      ...{ seed: SEED, elements: [14], structures: 8, hidden: [] },
      weights: { energy: 1, forces: 1, stress: 0 },
    });
    const optimizer = optimizerOf({ method: "levenberg-marquardt", damping: 1e-9, forceFraction: 1 });
    const { snapshot } = fitMember(linear.kernels, { ...linear.plan, optimizer, epochs: 1 }, unwatched);
    const problem = new FitProblem(problemParts(linear.kernels, linear.plan));
    const gradient = new Float64Array(problem.count);
    const start = initialParameters(linear.plan.shapes, linear.plan.initial, new RandomStream(SEED, "weights"));
    problem.gradient(start, linear.plan.train, gradient);
    const before = largest(gradient);
    problem.gradient(snapshot.best, linear.plan.train, gradient);
    expect(largest(gradient)).toBeLessThan(1e-4 * before);
  });
});

type Kalman = OptimizerOf<"kalman">;
type Matrix = number[][];

const columns = (m: Matrix): Matrix => m[0].map((_, j) => m.map((row) => row[j]));
const product = (a: Matrix, b: Matrix): Matrix =>
  a.map((row) => columns(b).map((column) => row.reduce((sum, x, k) => sum + x * column[k], 0)));

/** By cofactors: the matrices are 1×1 to 3×3. */
function inverse(m: Matrix): Matrix {
  const minor = (a: Matrix, i: number, j: number): Matrix =>
    a.filter((_, r) => r !== i).map((row) => row.filter((_, c) => c !== j));
  const determinant = (a: Matrix): number =>
    a.length === 0 ? 1 : a[0].reduce((sum, x, j) => sum + (-1) ** j * x * determinant(minor(a, 0, j)), 0);
  return m.map((row, i) => row.map((_, j) => ((-1) ** (i + j) * determinant(minor(m, j, i))) / determinant(m)));
}

/** The filter with dense matrices, straight from the equations. */
class Textbook {
  p: Matrix;
  eta: number;
  q: number;
  lambda: number;

  constructor(
    readonly parameters: Float64Array,
    readonly options: Kalman,
  ) {
    this.p = Array.from(parameters, (_, i) => Array.from(parameters, (_, j) => (i === j ? 1 / options.epsilon : 0)));
    this.eta = options.eta;
    this.q = options.q0;
    this.lambda = options.lambda;
  }

  /** h: [parameter][row]; xi: [row]. */
  update(h: Matrix, xi: readonly number[], updatesPerEpoch: number): void {
    const standard = this.options.type === "standard";
    const x = product(this.p, h);
    const a = product(columns(h), x);
    a.forEach((row, r) => {
      row[r] += standard ? 1 / this.eta : this.lambda;
    });
    const k = product(x, inverse(a));
    k.forEach((row, i) => {
      this.parameters[i] += row.reduce((sum, g, r) => sum + g * xi[r], 0);
    });
    const less = product(k, columns(x));
    this.p = this.p.map((row, i) => row.map((value, j) => value - less[i][j]));
    if (!standard) this.p = this.p.map((row) => row.map((value) => value / this.lambda));
    this.p.forEach((row, i) => {
      row[i] += this.q;
    });
    this.#anneal(updatesPerEpoch);
  }

  #anneal(updatesPerEpoch: number): void {
    const { type, qmin, qtau, etamax, etatau, nu } = this.options;
    this.q = Math.max(qmin, this.q * Math.exp(-qtau / updatesPerEpoch));
    if (type === "standard") this.eta = Math.min(etamax, this.eta * Math.exp(etatau / updatesPerEpoch));
    else this.lambda = nu * this.lambda + 1 - nu;
  }

  get lowerTriangle(): number[] {
    return this.p.flatMap((row, i) => row.slice(0, i + 1));
  }
}

type Kind = "energy" | "forces";

/** Structures or force components of an epoch, largest error first: what the selection "sort" takes. */
function sortedCandidates(problem: FitProblem, parameters: Float64Array, kind: Kind): [number, number][] {
  const { engine, structures, train } = problem.parts;
  problem.load(parameters);
  const found = train.flatMap((s) => {
    const { cached, labels } = structures[s];
    const { energy, forces } = engine.predict(cached, true);
    if (kind === "energy")
      return labels.energy === undefined ? [] : [{ s, c: -1, error: Math.abs(energy - labels.energy) }];
    const reference = problem.referenceForces(s);
    return Array.from(reference ?? [], (f, c) => ({ s, c, error: Math.abs(forces[c] - f) }));
  });
  return found.sort((a, b) => b.error - a.error).map(({ s, c }) => [s, c]);
}

/** Error and derivative of a candidate in units of the network. */
function candidateRow(problem: FitProblem, [s, c]: readonly [number, number], forceWeight: number) {
  const row = new Float64Array(problem.count);
  const value = c < 0 ? problem.energyRow(s, row) : problem.forceRow(s, c, row);
  const reference = c < 0 ? problem.parts.structures[s].labels.energy! : problem.referenceForces(s)![c];
  const unit = (c < 0 ? 1 : forceWeight) / problem.parts.engine.energyScale;
  return { xi: unit * (reference - value), h: Array.from(row, (x) => unit * x) };
}

function textbookEpoch(problem: FitProblem, book: Textbook, kind: Kind): void {
  const { batchEnergy, batchForces, energyFraction, forceFraction, forceWeight } = book.options;
  const [batch, fraction] = kind === "energy" ? [batchEnergy, energyFraction] : [batchForces, forceFraction];
  const candidates = sortedCandidates(problem, book.parameters, kind);
  const updates = Math.round((candidates.length * fraction) / batch);
  expect(updates).toBeGreaterThan(1);
  for (let u = 0; u < updates; u++) {
    problem.load(book.parameters);
    const rows = candidates.splice(0, batch).map((candidate) => candidateRow(problem, candidate, forceWeight));
    const h = columns(rows.map((r) => r.h));
    const xi = rows.map((r) => r.xi);
    book.update(h, xi, updates);
  }
}

describe(`Kalman filter against dense matrices (seed ${SEED})`, () => {
  const small: Fixture = fixture({ seed: SEED, elements: [8], structures: 4, hidden: [2] });
  const energies = { energyFraction: 1, forceFraction: 0 };
  const forces = { energyFraction: 0, forceFraction: 0.4, forceWeight: 2 };

  it.each([
    ["standard, energies one by one", "energy", { ...energies }],
    ["standard, energies in pairs", "energy", { ...energies, batchEnergy: 2 }],
    ["standard, forces in threes", "forces", { ...forces, batchForces: 3 }],
    ["standard, eta at its ceiling and q at its floor", "energy", { ...energies, etatau: 9, qtau: 30 }],
    ["fading memory, energies", "energy", { ...energies, type: "fading-memory" }],
    ["fading memory, forces in threes", "forces", { ...forces, batchForces: 3, type: "fading-memory" }],
  ] as const)("%s", (_, kind, input) => {
    const options = optimizerOf({ method: "kalman", selection: "sort", ...input }) as Kalman;
    const problem = new FitProblem(problemParts(small.kernels, small.plan));
    const random = new RandomStream(SEED, "parameters");
    const start = Float64Array.from({ length: problem.count }, () => random.between(-0.5, 0.5));
    const trainer = new KalmanTrainer(problem, start.slice(), { ...options, seed: SEED });
    const book = new Textbook(start.slice(), options);
    for (let epoch = 1; epoch <= 3; epoch++) {
      const { step } = trainer.epoch();
      textbookEpoch(problem, book, kind);
      expect(apart(trainer.parameters, book.parameters)).toBeLessThan(1e-8);
      const p = trainer.save()[2];
      expect(apart(p, book.lowerTriangle)).toBeLessThan(1e-9 * largest(p));
      const expected = { eta: book.eta, q: book.q, lambda: book.lambda };
      for (const key of ["eta", "q", "lambda"] as const) expect(step[key]).toBeCloseTo(expected[key], 14);
    }
    expect(apart(trainer.parameters, start)).toBeGreaterThan(1e-2);
  });
});

/** Whether a symmetric matrix, given as its lower triangle, is positive definite: Cholesky goes through. */
function isPositive(lower: Float64Array, n: number): boolean {
  const l = lower.slice();
  const at = (i: number, j: number): number => (i * (i + 1)) / 2 + j;
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let rest = l[at(i, j)];
      for (let p = 0; p < j; p++) rest -= l[at(i, p)] * l[at(j, p)];
      if (i === j && !(rest > 0)) return false;
      l[at(i, j)] = i === j ? Math.sqrt(rest) : rest / l[at(j, j)];
    }
  return true;
}

describe(`the covariance stays positive (seed ${SEED})`, () => {
  it("the yardstick knows what is not", () => {
    expect(isPositive(Float64Array.of(1, 0.5, 1), 2)).toBe(true);
    expect(isPositive(Float64Array.of(1, 1.5, 1), 2)).toBe(false);
  });

  it.each([
    ["standard", { type: "standard" }],
    ["standard, without noise", { type: "standard", q0: 0, qmin: 0 }],
    ["fading memory", { type: "fading-memory" }],
    ["in batches", { type: "standard", batchEnergy: 3, batchForces: 5, epsilon: 1e-3 }],
  ])("%s, over thousands of updates", (_, input) => {
    const optimizer = optimizerOf({ method: "kalman", forceFraction: 1, ...input });
    const made = fixture({ seed: SEED, elements: [1, 8], structures: 12, hidden: [4] });
    const { snapshot } = fitMember(made.kernels, { ...made.plan, optimizer, epochs: 10 }, unwatched);
    expect(snapshot.parameters.every(Number.isFinite)).toBe(true);
    expect(isPositive(snapshot.optimizer[2], snapshot.parameters.length)).toBe(true);
  });
});
