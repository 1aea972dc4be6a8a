/**
 * The networks in the kernels against the plain ones: value, gradient with respect to the inputs, and the gradient of
 * Σ (α N + v·∇N) with respect to the parameters, by finite differences of the plain network.
 */
import { describe, expect, it } from "vitest";
import { createKernels } from "../../src/hosts/node/kernels.js";
import { RandomStream } from "../../src/math/index.js";
import { foldInputs, unfoldGradient } from "../../src/networks/affine.js";
import { activations, type Network, NetworkBatch, parameterCount } from "../../src/networks/index.js";
import { referenceNetwork } from "../../src/networks/reference.js";

const SEED = 47;
const MOST_ROWS = 9;
const kernels = createKernels();

interface Case {
  readonly network: Network;
  /** [row][inputLength]; what lies past the inputs is no business of the network. */
  readonly inputs: Float64Array;
  readonly directions: Float64Array;
  readonly alpha: number;
  readonly inputLength: number;
  readonly rows: number;
}

interface CaseOptions {
  readonly hidden: readonly number[];
  readonly activations: Network["activations"];
  readonly normalizeNodes: boolean;
  readonly rows: number;
  readonly inputs: number;
}

function randomCase(random: RandomStream, options: CaseOptions): Case {
  const { hidden, normalizeNodes, rows, inputs } = options;
  const shape = { nodes: [inputs, ...hidden, 1], activations: options.activations, normalizeNodes };
  const spread = normalizeNodes ? 2 : 0.7;
  const parameters = Float64Array.from({ length: parameterCount(shape) }, () => random.between(-spread, spread));
  const inputLength = inputs + (inputs % 2) + 2;
  const draw = (): Float64Array => Float64Array.from({ length: rows * inputLength }, () => random.between(-1, 1));
  const alpha = random.between(-1, 1);
  return { network: { ...shape, parameters }, inputs: draw(), directions: draw(), alpha, inputLength, rows };
}

const inputsOf = ({ inputs, inputLength, network }: Case, r: number): Float64Array =>
  inputs.subarray(r * inputLength, r * inputLength + network.nodes[0]);

/** Σ_rows (α N + v·∇N) of the plain network. */
function combination(c: Case, parameters: Float64Array): number {
  let sum = 0;
  for (let r = 0; r < c.rows; r++) {
    const { value, gradient } = referenceNetwork({ ...c.network, parameters }, inputsOf(c, r));
    sum += c.alpha * value;
    gradient.forEach((g, j) => {
      sum += c.directions[r * c.inputLength + j] * g;
    });
  }
  return sum;
}

/** Fourth order: f′ = (8 (f₁−f₋₁) − (f₂−f₋₂))/12h. */
function slope(f: (x: number) => number, x: number, h: number): number {
  return (8 * (f(x + h) - f(x - h)) - (f(x + 2 * h) - f(x - 2 * h))) / (12 * h);
}

function finiteDifferences(c: Case): Float64Array {
  const { parameters } = c.network;
  return parameters.map((p, i) =>
    slope(
      (x) => {
        const moved = parameters.slice();
        moved[i] = x;
        return combination(c, moved);
      },
      p,
      1e-3,
    ),
  );
}

interface BatchResult {
  readonly values: Float64Array;
  /** [row][inputLength] */
  readonly inputGradient: Float64Array;
  readonly gradient: Float64Array;
}

/** The kernels' answer; `times` gradients are added up. */
function batchResult(c: Case, times = 1): BatchResult {
  const batch = new NetworkBatch(kernels, c.network, { maxRows: MOST_ROWS, inputLength: c.inputLength });
  batch.load(c.network.parameters);
  const input = kernels.place(c.inputs);
  const directions = kernels.place(c.directions);
  const output = kernels.f64(batch.forward(input, c.rows), 2 * c.rows);
  const values = Float64Array.from({ length: c.rows }, (_, r) => output[2 * r]);
  const inputGradient = kernels.f64(batch.backward(), c.rows * c.inputLength).slice();
  batch.clearGradient();
  for (let k = 0; k < times; k++) batch.addGradient(directions, c.alpha);
  const gradient = new Float64Array(c.network.parameters.length);
  batch.readGradient(gradient);
  return { values, inputGradient, gradient };
}

const largest = (a: Float64Array): number => a.reduce((m, x) => Math.max(m, Math.abs(x)), 0);
const apart = (a: Float64Array, b: Float64Array): number => largest(a.map((x, i) => x - b[i]));

function checkValues(c: Case, found: BatchResult): void {
  const length = c.inputLength;
  for (let r = 0; r < c.rows; r++) {
    const { value, gradient } = referenceNetwork(c.network, inputsOf(c, r));
    const row = found.inputGradient.subarray(r * length, (r + 1) * length);
    expect(Math.abs(found.values[r] - value)).toBeLessThan(1e-14 * Math.max(1, Math.abs(value)));
    expect(apart(row.slice(0, gradient.length), gradient)).toBeLessThan(1e-13 * Math.max(1, largest(gradient)));
    expect(row.slice(gradient.length).every((x) => x === 0)).toBe(true);
  }
}

function checkGradient(c: Case, found: BatchResult): void {
  const expected = finiteDifferences(c);
  expect(apart(found.gradient, expected)).toBeLessThan(1e-9 * Math.max(1, largest(expected)));
}

function check(c: Case): void {
  const mark = kernels.mark();
  const found = batchResult(c);
  checkValues(c, found);
  checkGradient(c, found);
  kernels.release(mark);
}

describe(`networks in the kernels (seed ${SEED})`, () => {
  it.each(activations)("activation %s, with and without normalised nodes", (letter) => {
    const random = new RandomStream(SEED, letter);
    for (const normalizeNodes of [false, true])
      for (const hidden of [[3], [5, 4]]) {
        const layers = [...hidden.map(() => letter), "l" as const];
        check(randomCase(random, { hidden, activations: layers, normalizeNodes, rows: 5, inputs: 3 }));
      }
  });

  it.each([[[]], [[1]], [[2]], [[7]], [[4, 4]], [[5, 3]], [[1, 1, 1]], [[3, 5, 2, 7]]])(
    "hidden layers %j",
    (hidden) => {
      const random = new RandomStream(SEED, JSON.stringify(hidden));
      for (const inputs of [1, 2, 5])
        for (const last of ["l", "t"] as const) {
          const layers = [...hidden.map((_, l) => (["t", "g", "s"] as const)[l % 3]), last];
          check(randomCase(random, { hidden, activations: layers, normalizeNodes: inputs === 2, rows: 3, inputs }));
        }
    },
  );

  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9])("%i rows", (rows) => {
    const random = new RandomStream(SEED, `rows ${rows}`);
    check(randomCase(random, { hidden: [5, 6], activations: ["t", "p", "l"], normalizeNodes: false, rows, inputs: 6 }));
  });

  const plain = { hidden: [5, 6], activations: ["t", "p", "l"] as const, normalizeNodes: true, rows: 4, inputs: 6 };

  it("gradients add up until they are cleared", () => {
    const c = randomCase(new RandomStream(SEED, "sums"), plain);
    const once = batchResult(c);
    const thrice = batchResult(c, 3);
    expect(
      apart(
        thrice.gradient,
        once.gradient.map((x) => 3 * x),
      ),
    ).toBeLessThan(1e-13 * largest(once.gradient));
  });

  it("a batch can be used again with fewer rows and other parameters", () => {
    const random = new RandomStream(SEED, "again");
    const first = randomCase(random, { ...plain, rows: 9 });
    const second = {
      ...first,
      rows: 2,
      network: { ...first.network, parameters: first.network.parameters.map((p) => p + 0.1) },
    };
    const batch = new NetworkBatch(kernels, first.network, { maxRows: MOST_ROWS, inputLength: first.inputLength });
    const gradients = [first, second].map((c) => {
      batch.load(c.network.parameters);
      batch.forward(kernels.place(c.inputs), c.rows);
      batch.backward();
      batch.clearGradient();
      batch.addGradient(kernels.place(c.directions), c.alpha);
      const gradient = new Float64Array(c.network.parameters.length);
      batch.readGradient(gradient);
      return gradient;
    });
    expect(apart(gradients[0], finiteDifferences(first))).toBeLessThan(1e-9 * largest(gradients[0]));
    expect(apart(gradients[1], finiteDifferences(second))).toBeLessThan(1e-9 * largest(gradients[1]));
  });

  it("more rows than it was made for are refused", () => {
    const batch = new NetworkBatch(kernels, randomCase(new RandomStream(SEED, ""), plain).network, {
      maxRows: 2,
      inputLength: 6,
    });
    expect(() => batch.forward(0, 3)).toThrow("3 rows");
  });
});

describe(`scaling folded into the first layer (seed ${SEED})`, () => {
  const random = new RandomStream(SEED, "fold");

  it.each([false, true])("value and parameter gradient, normalised nodes %s", (normalizeNodes) => {
    const c = randomCase(random, { hidden: [5], activations: ["t", "l"], normalizeNodes, rows: 3, inputs: 4 });
    const draw = (low: number): Float64Array => Float64Array.from({ length: 4 }, () => random.between(low, 2));
    const map = { factor: draw(0.5), shift: draw(-1), offset: draw(-1) };
    const folded = (parameters: Float64Array): Float64Array => foldInputs(c.network, parameters, map);
    const mapped = (r: number): Float64Array =>
      inputsOf(c, r).map((g, s) => map.factor[s] * (g - map.shift[s]) + map.offset[s]);
    for (let r = 0; r < c.rows; r++) {
      const direct = referenceNetwork(c.network, mapped(r)).value;
      const network = { ...c.network, parameters: folded(c.network.parameters) };
      expect(referenceNetwork(network, inputsOf(c, r)).value).toBeCloseTo(direct, 13);
    }
    const { gradient } = batchResult({ ...c, network: { ...c.network, parameters: folded(c.network.parameters) } });
    unfoldGradient(c.network, gradient, map);
    const expected = c.network.parameters.map((p, i) =>
      slope(
        (x) => {
          const moved = c.network.parameters.slice();
          moved[i] = x;
          return combination(c, folded(moved));
        },
        p,
        1e-3,
      ),
    );
    expect(apart(gradient, expected)).toBeLessThan(1e-9 * largest(expected));
  });
});
