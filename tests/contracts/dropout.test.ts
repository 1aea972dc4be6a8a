/**
 * Networks with dropout: masks, the plain passes against finite differences, masked parameters and their gradient, and the
 * batch in the kernels against the plain passes.
 */
import { describe, expect, it } from "vitest";
import { InputError } from "../../src/errors/index.js";
import { createKernels } from "../../src/hosts/node/kernels.js";
import { RandomStream } from "../../src/math/index.js";
import { referenceDropout, referencePass } from "../../src/networks/dropout-reference.js";
import {
  DropoutBatch,
  type DropoutMask,
  type DropoutMasks,
  drawMask,
  drawMasks,
  foldInputs,
  hiddenUnits,
  maskedParameters,
  maskOf,
  type Network,
  NetworkBatch,
  packKept,
  parameterCount,
  unmaskGradient,
  unpackKept,
} from "../../src/networks/index.js";
import { referenceNetwork } from "../../src/networks/reference.js";

const SEED = Number(process.env.POTLUCK_SEED ?? 53);
console.log(`dropout: seed ${SEED}`);
const kernels = createKernels();

type Letter = Network["activations"][number];

function randomNetwork(random: RandomStream, nodes: readonly number[], normalizeNodes = false): Network {
  const letters: Letter[] = nodes
    .slice(1)
    .map((_, l) => (l === nodes.length - 2 ? "l" : (["t", "p", "g"] as const)[l % 3]));
  const shape = { nodes, activations: letters, normalizeNodes };
  const spread = normalizeNodes ? 3 : 1;
  return {
    ...shape,
    parameters: Float64Array.from({ length: parameterCount(shape) }, () => random.between(-spread, spread)),
  };
}

const draw = (random: RandomStream, length: number): Float64Array =>
  Float64Array.from({ length }, () => random.between(-1, 1));

const largest = (a: ArrayLike<number>): number => Array.from(a).reduce((m, x) => Math.max(m, Math.abs(x)), 0);
const apart = (a: ArrayLike<number>, b: ArrayLike<number>): number => largest(Array.from(a, (x, i) => x - b[i]));

/** Fourth order: f′ = (8 (f₁−f₋₁) − (f₂−f₋₂))/12h. */
const slope = (f: (x: number) => number, x: number, h = 1e-3): number =>
  (8 * (f(x + h) - f(x - h)) - (f(x + 2 * h) - f(x - 2 * h))) / (12 * h);

describe(`dropout masks (seed ${SEED})`, () => {
  const shape = { nodes: [4, 15, 15, 1], activations: ["t", "t", "l"] as const, normalizeNodes: false };

  it("leave out every hidden neuron with probability p, and no other", () => {
    const masks = drawMasks(shape, new RandomStream(SEED, "share"), { probability: 0.1, passes: 2000 });
    expect(masks.kept.length).toBe(2000 * 30);
    const count = masks.kept.length;
    const left = masks.kept.reduce((sum, bit) => sum + 1 - bit, 0);
    // Five standard deviations of the binomial distribution.
    expect(Math.abs(left / count - 0.1)).toBeLessThan(5 * Math.sqrt((0.1 * 0.9) / count));
  });

  it("are the same for the same seed, others for another, and survive being written", () => {
    const of = (seed: number): Uint8Array =>
      drawMasks(shape, new RandomStream(seed, "masks"), { probability: 0.1, passes: 7, atoms: 3 }).kept;
    expect(of(SEED)).toEqual(of(SEED));
    expect(of(SEED)).not.toEqual(of(SEED + 1));
    expect(unpackKept(packKept(of(SEED)), 7 * 3 * 30)).toEqual(of(SEED));
    expect(packKept(Uint8Array.of(1, 0, 0, 0, 1, 0, 0, 0, 0, 1))).toBe("1102");
  });

  it("of one pass and atom are found where they were drawn", () => {
    const random = new RandomStream(SEED, "order");
    const own = drawMasks(shape, random, { probability: 0.5, passes: 3, atoms: 4 });
    expect(maskOf(own, 2, 3).kept).toEqual(own.kept.subarray((3 * 3 + 2) * 30, (3 * 3 + 2) * 30 + 30));
    const shared = drawMasks(shape, random, { probability: 0.5, passes: 3 });
    expect(maskOf(shared, 1, 3).kept).toEqual(shared.kept.subarray(30, 60));
  });

  it.each([
    [{ probability: 1, passes: 3 }, "dropout-probability"],
    [{ probability: -0.1, passes: 3 }, "dropout-probability"],
    [{ probability: Number.NaN, passes: 3 }, "dropout-probability"],
    [{ probability: 0.1, passes: 0 }, "dropout-passes"],
    [{ probability: 0.1, passes: 1.5 }, "dropout-passes"],
  ])("%j is refused as %s", (options, code) => {
    expect(() => drawMasks(shape, new RandomStream(1), options)).toThrow(expect.objectContaining({ code }));
  });

  it("are refused where there is no hidden layer, and where their text is cut", () => {
    const flat = { nodes: [4, 1], activations: ["l"] as const, normalizeNodes: false };
    expect(() => drawMasks(flat, new RandomStream(1), { probability: 0.1, passes: 3 })).toThrow(InputError);
    expect(() => unpackKept("11", 9)).toThrow(InputError);
    expect(() => unpackKept("1g", 8)).toThrow(InputError);
  });
});

describe(`plain passes (seed ${SEED})`, () => {
  it("divide what a kept neuron hands on by 1 − p: a hand-made network", () => {
    const network: Network = {
      nodes: [1, 2, 1],
      activations: ["l", "l"],
      normalizeNodes: false,
      parameters: Float64Array.of(2, 3, 10, 20, 5, 7, 100),
    };
    const mask = (a: number, b: number): DropoutMask => ({ probability: 0.2, kept: Uint8Array.of(a, b) });
    const at = (a: number, b: number): readonly number[] => {
      const { value, gradient } = referencePass(network, [0.5], mask(a, b));
      return [value, gradient[0]];
    };
    expect(at(1, 1)).toEqual([(11 * 5 + 21.5 * 7) / 0.8 + 100, (2 * 5 + 3 * 7) / 0.8]);
    expect(at(1, 0)).toEqual([(11 * 5) / 0.8 + 100, 10 / 0.8]);
    expect(at(0, 1)[0]).toBeCloseTo((21.5 * 7) / 0.8 + 100, 12);
    expect(at(0, 0)).toEqual([100, 0]);
  });

  it("have on average, over all masks of a linear network, the value without dropout", () => {
    const nodes = [3, 3, 2, 1];
    const random = new RandomStream(SEED, "unbiased");
    const shape = { ...randomNetwork(random, nodes), activations: ["l", "l", "l"] as const };
    const inputs = draw(random, 3);
    const p = 0.3;
    let mean = 0;
    for (let bits = 0; bits < 32; bits++) {
      const kept = Uint8Array.from({ length: 5 }, (_, i) => (bits >> i) & 1);
      const probability = kept.reduce((product, bit) => product * (bit === 1 ? 1 - p : p), 1);
      mean += probability * referencePass(shape, inputs, { probability: p, kept }).value;
    }
    expect(mean).toBeCloseTo(referenceNetwork(shape, inputs).value, 12);
  });

  it.each([false, true])("have the gradient of their value, normalised nodes %s", (normalizeNodes) => {
    const random = new RandomStream(SEED, `gradient ${normalizeNodes}`);
    const network = randomNetwork(random, [5, 6, 4, 3, 1], normalizeNodes);
    const masks = drawMasks(network, random, { probability: 0.3, passes: 4 });
    const inputs = Array.from(draw(random, 5));
    const { gradients, meanGradient, values, mean, spread } = referenceDropout(network, inputs, { masks });
    inputs.forEach((x, i) => {
      const moved = (to: number) => referenceDropout(network, inputs.with(i, to), { masks });
      gradients.forEach((g, t) => {
        expect(Math.abs(g[i] - slope((to) => moved(to).values[t], x))).toBeLessThan(1e-9 * Math.max(1, largest(g)));
      });
      expect(Math.abs(meanGradient[i] - slope((to) => moved(to).mean, x))).toBeLessThan(1e-9);
    });
    expect(mean).toBeCloseTo((values[0] + values[1] + values[2] + values[3]) / 4, 12);
    expect(spread).toBeCloseTo(Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / 4), 12);
    expect(spread).toBeGreaterThan(1e-3);
  });

  it("without dropout are the plain network", () => {
    const random = new RandomStream(SEED, "none");
    const network = randomNetwork(random, [5, 6, 4, 1], true);
    const inputs = draw(random, 5);
    const masks = drawMasks(network, random, { probability: 0, passes: 3 });
    const { mean, spread, meanGradient } = referenceDropout(network, inputs, { masks });
    const plain = referenceNetwork(network, inputs);
    expect(mean).toBeCloseTo(plain.value, 13);
    expect(spread).toBeLessThan(1e-14);
    expect(apart(meanGradient, plain.gradient)).toBeLessThan(1e-13);
  });
});

describe(`masked parameters (seed ${SEED})`, () => {
  const cases = [[[4, 5, 1]], [[3, 7, 5, 1]], [[2, 4, 1, 3, 1]]] as const;

  it.each(cases)("make the plain network equal to the pass, %j", (nodes) => {
    for (const normalizeNodes of [false, true]) {
      const random = new RandomStream(SEED, `masked ${nodes} ${normalizeNodes}`);
      const network = randomNetwork(random, nodes, normalizeNodes);
      const mask = drawMask(network, random, 0.4);
      const inputs = draw(random, nodes[0]);
      const before = network.parameters.slice();
      const masked = { ...network, parameters: maskedParameters(network, network.parameters, mask) };
      const [plain, pass] = [referenceNetwork(masked, inputs), referencePass(network, inputs, mask)];
      expect(network.parameters).toEqual(before);
      expect(Math.abs(plain.value - pass.value)).toBeLessThan(1e-13 * Math.max(1, Math.abs(pass.value)));
      expect(apart(plain.gradient, pass.gradient)).toBeLessThan(1e-13 * Math.max(1, largest(pass.gradient)));
    }
  });

  /** ∂/∂θ Σ_rows (α N + v·∇N) under a mask, through the kernels' gradient of the masked network. */
  function gradientThroughKernels(network: Network, mask: DropoutMask, terms: Terms): Float64Array {
    const { rows, inputLength, inputs, directions, alpha } = terms;
    const batch = new NetworkBatch(kernels, network, { maxRows: rows, inputLength });
    batch.load(maskedParameters(network, network.parameters, mask));
    batch.forward(kernels.place(inputs), rows);
    batch.backward();
    batch.clearGradient();
    batch.addGradient(kernels.place(directions), alpha);
    const gradient = new Float64Array(network.parameters.length);
    batch.readGradient(gradient);
    unmaskGradient(network, gradient, mask);
    return gradient;
  }

  interface Terms {
    readonly rows: number;
    readonly inputLength: number;
    readonly inputs: Float64Array;
    readonly directions: Float64Array;
    readonly alpha: number;
  }

  function combination(network: Network, mask: DropoutMask, terms: Terms): number {
    const { rows, inputLength, inputs, directions, alpha } = terms;
    let sum = 0;
    for (let r = 0; r < rows; r++) {
      const { value, gradient } = referencePass(
        network,
        inputs.subarray(r * inputLength, r * inputLength + network.nodes[0]),
        mask,
      );
      sum += alpha * value;
      gradient.forEach((g, j) => {
        sum += directions[r * inputLength + j] * g;
      });
    }
    return sum;
  }

  it.each(cases)("and their gradient that of the pass, %j, energies and forces", (nodes) => {
    for (const normalizeNodes of [false, true]) {
      const mark = kernels.mark();
      const random = new RandomStream(SEED, `unmask ${nodes} ${normalizeNodes}`);
      const network = randomNetwork(random, nodes, normalizeNodes);
      const mask = drawMask(network, random, 0.4);
      const [rows, inputLength] = [3, nodes[0] + (nodes[0] % 2) + 2];
      const terms = {
        rows,
        inputLength,
        inputs: draw(random, rows * inputLength),
        directions: draw(random, rows * inputLength),
        alpha: 0.7,
      };
      const found = gradientThroughKernels(network, mask, terms);
      const expected = network.parameters.map((p, i) =>
        slope((x) => combination({ ...network, parameters: network.parameters.with(i, x) }, mask, terms), p),
      );
      expect(apart(found, expected)).toBeLessThan(1e-9 * Math.max(1, largest(expected)));
      kernels.release(mark);
    }
  });

  it("commute with folding a scaling into the first layer", () => {
    const random = new RandomStream(SEED, "fold");
    const network = randomNetwork(random, [4, 5, 3, 1], true);
    const mask = drawMask(network, random, 0.3);
    const map = { factor: draw(random, 4), shift: draw(random, 4), offset: draw(random, 4) };
    const foldedFirst = maskedParameters(network, foldInputs(network, network.parameters, map), mask);
    const maskedFirst = foldInputs(network, maskedParameters(network, network.parameters, mask), map);
    expect(foldedFirst).toEqual(maskedFirst);
  });
});

interface BatchCase {
  readonly network: Network;
  readonly masks: DropoutMasks;
  readonly rows: number;
  readonly inputLength: number;
  readonly inputs: Float64Array;
}

interface CaseOptions {
  readonly nodes: readonly number[];
  readonly rows: number;
  readonly passes: number;
  readonly normalizeNodes?: boolean;
  readonly ownMasks?: boolean;
}

function batchCase(options: CaseOptions): BatchCase {
  const { nodes, rows, passes, normalizeNodes = false, ownMasks = false } = options;
  const random = new RandomStream(SEED, JSON.stringify(options));
  const network = randomNetwork(random, nodes, normalizeNodes);
  const masks = drawMasks(network, random, { probability: 0.2, passes, atoms: ownMasks ? rows : 1 });
  const inputLength = nodes[0] + (nodes[0] % 2) + 2;
  return { network, masks, rows, inputLength, inputs: draw(random, rows * inputLength) };
}

const inputsOf = ({ inputs, inputLength, network }: BatchCase, r: number): Float64Array =>
  inputs.subarray(r * inputLength, r * inputLength + network.nodes[0]);

function batchOf({ network, masks, inputLength }: BatchCase, maxRows = 6): DropoutBatch {
  const options = { maxRows, inputLength, passes: masks.passes, maskedAtoms: masks.atoms };
  const batch = new DropoutBatch(kernels, network, options);
  batch.load(network.parameters);
  batch.setMasks(masks);
  return batch;
}

function checkBatch(c: BatchCase): void {
  const mark = kernels.mark();
  const { network, masks, rows, inputLength } = c;
  const batch = batchOf(c);
  batch.forward(kernels.place(c.inputs), rows);
  const gradient = kernels.f64(batch.backward(), rows * inputLength).slice();
  const size = rows * batch.slopeWidth * masks.passes;
  const slopes = kernels.allocate(8 * size + 16);
  kernels.f64(slopes + 8 * size, 2).fill(-7);
  batch.passSlopes(slopes);
  expect([...kernels.f64(slopes + 8 * size, 2)]).toEqual([-7, -7]);
  const passGradients = Array.from({ length: masks.passes }, (_, t) =>
    kernels.f64(batch.passGradient(slopes, rows, t), rows * inputLength).slice(),
  );
  const totals = new Float64Array(masks.passes);
  batch.addPassTotals(totals);
  for (let r = 0; r < rows; r++) {
    const expected = referenceDropout(network, inputsOf(c, r), { masks, atom: r });
    const scale = Math.max(1, largest(expected.values));
    const rowOf = (of: Float64Array) => of.subarray(r * inputLength, r * inputLength + network.nodes[0]);
    expect(apart(batch.values.subarray(r * masks.passes, (r + 1) * masks.passes), expected.values)).toBeLessThan(
      2e-14 * scale,
    );
    expect(Math.abs(batch.means[r] - expected.mean)).toBeLessThan(2e-14 * scale);
    expect(apart(rowOf(gradient), expected.meanGradient)).toBeLessThan(
      1e-13 * Math.max(1, largest(expected.meanGradient)),
    );
    expected.gradients.forEach((g, t) => {
      expect(apart(rowOf(passGradients[t]), g)).toBeLessThan(1e-13 * Math.max(1, largest(g)));
      totals[t] -= expected.values[t];
    });
    expect(gradient.subarray(r * inputLength + network.nodes[0], (r + 1) * inputLength).every((x) => x === 0)).toBe(
      true,
    );
  }
  expect(largest(totals)).toBeLessThan(1e-12);
  checkResponses(c, { batch, slopes });
  kernels.release(mark);
}

/** ∂N_t/∂q for random ∂x/∂q. */
function checkResponses(c: BatchCase, { batch, slopes }: { batch: DropoutBatch; slopes: number }): void {
  const { network, masks, rows, inputLength } = c;
  const count = 5;
  const random = new RandomStream(SEED, "responses");
  const derivatives = draw(random, count * inputLength);
  const to = kernels.allocate(8 * count * masks.passes);
  const scratch = kernels.allocate(8 * count * (batch.slopeWidth + 1));
  const r = rows - 1;
  batch.passResponses(slopes + 8 * r * batch.slopeWidth * masks.passes, kernels.place(derivatives), {
    count,
    scratch,
    to,
  });
  const found = kernels.f64(to, count * masks.passes);
  const { gradients } = referenceDropout(network, inputsOf(c, r), { masks, atom: r });
  for (let q = 0; q < count; q++)
    gradients.forEach((g, t) => {
      const expected = g.reduce((sum, x, i) => sum + x * derivatives[q * inputLength + i], 0);
      expect(Math.abs(found[q * masks.passes + t] - expected)).toBeLessThan(1e-12 * Math.max(1, largest(g)));
    });
}

describe(`dropout in the kernels against the plain passes (seed ${SEED})`, () => {
  it.each([[[1]], [[2]], [[7]], [[15, 15]], [[1, 1]], [[5, 3]], [[4, 7, 2]], [[3, 5, 2, 6]]])(
    "hidden layers %j",
    (hidden) => {
      for (const inputs of [1, 2, 5])
        checkBatch(batchCase({ nodes: [inputs, ...hidden, 1], rows: 3, passes: 5, normalizeNodes: inputs === 2 }));
    },
  );

  it.each([1, 2, 3, 4, 5, 6])("%i rows", (rows) => {
    checkBatch(batchCase({ nodes: [6, 5, 4, 1], rows, passes: 3 }));
  });

  it.each([1, 2, 3, 4, 5, 8, 9, 100])("%i passes", (passes) => {
    checkBatch(batchCase({ nodes: [6, 5, 7, 1], rows: 2, passes }));
  });

  it.each([[[3]], [[15, 15]], [[5, 3, 2]]])("masks of their own for every atom, hidden layers %j", (hidden) => {
    checkBatch(batchCase({ nodes: [4, ...hidden, 1], rows: 5, passes: 6, ownMasks: true }));
  });

  it("atoms with masks of their own may come in parts", () => {
    const c = batchCase({ nodes: [4, 5, 3, 1], rows: 5, passes: 4, ownMasks: true });
    const batch = batchOf(c, 3);
    const at = kernels.place(c.inputs);
    batch.forward(at + 8 * 2 * c.inputLength, 3, 2);
    for (let r = 2; r < 5; r++)
      expect(batch.means[r - 2]).toBeCloseTo(
        referenceDropout(c.network, inputsOf(c, r), { masks: c.masks, atom: r }).mean,
        12,
      );
    expect(() => batch.forward(at, 3, 3)).toThrow("masks for 5");
  });

  it("gives the same bits again with the same masks, after others too", () => {
    const c = batchCase({ nodes: [6, 15, 15, 1], rows: 4, passes: 20 });
    const batch = batchOf(c);
    const at = kernels.place(c.inputs);
    const result = (): number[] => {
      batch.forward(at, c.rows);
      return [...batch.means.subarray(0, c.rows), ...kernels.f64(batch.backward(), c.rows * c.inputLength)];
    };
    const first = result();
    expect(result()).toEqual(first);
    batch.setMasks(drawMasks(c.network, new RandomStream(SEED, "again"), { probability: 0.2, passes: 20 }));
    expect(result()).not.toEqual(first);
    batch.setMasks(c.masks);
    expect(result()).toEqual(first);
  });

  it("has no spread where p is 0 and equals the network without dropout", () => {
    const c = batchCase({ nodes: [6, 5, 4, 1], rows: 3, passes: 7 });
    const batch = batchOf({ ...c, masks: drawMasks(c.network, new RandomStream(1), { probability: 0, passes: 7 }) });
    batch.forward(kernels.place(c.inputs), 3);
    for (let r = 0; r < 3; r++) {
      expect(new Set(batch.values.subarray(7 * r, 7 * r + 7)).size).toBe(1);
      expect(batch.means[r]).toBeCloseTo(referenceNetwork(c.network, inputsOf(c, r)).value, 12);
    }
  });

  it("refuses more rows than it was made for, masks that do not fit, and to run without masks", () => {
    const c = batchCase({ nodes: [6, 5, 4, 1], rows: 3, passes: 7 });
    const batch = new DropoutBatch(kernels, c.network, { maxRows: 2, inputLength: 6, passes: 7 });
    expect(() => batch.forward(0, 1)).toThrow("without masks");
    expect(() => batch.setMasks({ ...c.masks, passes: 6 })).toThrow("6 passes");
    expect(() =>
      batch.setMasks(drawMasks(c.network, new RandomStream(1), { probability: 0.1, passes: 7, atoms: 2 })),
    ).toThrow("2 atoms");
    batch.setMasks(c.masks);
    expect(() => batch.forward(0, 3)).toThrow("3 rows");
    expect(hiddenUnits(c.network)).toBe(9);
  });
});
