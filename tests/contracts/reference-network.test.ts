/** The plain network: a hand-made one, its gradient against finite differences, normalised nodes. */
import { describe, expect, it } from "vitest";
import { RandomStream } from "../../src/math/index.js";
import { activations, type Network, parameterCount } from "../../src/networks/definition.js";
import { referenceNetwork } from "../../src/networks/reference.js";

const SEED = 99;

function randomNetwork(random: RandomStream, letter: Network["activations"][number], normalizeNodes: boolean): Network {
  const shape = { nodes: [5, 4, 3, 1], activations: [letter, "t", "l"] as const, normalizeNodes };
  return { ...shape, parameters: Float64Array.from({ length: parameterCount(shape) }, () => random.between(-1, 1)) };
}

describe("the plain network", () => {
  it("reads parameters as w[j][k] by input j, then biases", () => {
    const network: Network = {
      nodes: [2, 2, 1],
      activations: ["l", "l"],
      normalizeNodes: false,
      parameters: Float64Array.of(1, 2, 3, 4, 10, 20, 5, 6, 100),
    };
    const { value, gradient } = referenceNetwork(network, [0.1, 0.2]);
    const hidden = [0.1 * 1 + 0.2 * 3 + 10, 0.1 * 2 + 0.2 * 4 + 20];
    expect(value).toBeCloseTo(hidden[0] * 5 + hidden[1] * 6 + 100, 12);
    expect([...gradient]).toEqual([1 * 5 + 2 * 6, 3 * 5 + 4 * 6]);
  });

  it("divides sums, biases included, by the number of inputs if nodes are normalised", () => {
    const parameters = Float64Array.of(1, 2, 3, 7);
    const network: Network = { nodes: [3, 1], activations: ["l"], normalizeNodes: true, parameters };
    expect(referenceNetwork(network, [1, 1, 1]).value).toBeCloseTo(13 / 3, 14);
  });

  it.each(activations)(`has the gradient of its value, activation %s, seed ${SEED}`, (letter) => {
    for (const normalizeNodes of [false, true]) {
      const random = new RandomStream(SEED, letter);
      const network = randomNetwork(random, letter, normalizeNodes);
      const inputs = Array.from({ length: 5 }, () => random.between(-1, 1));
      const { gradient } = referenceNetwork(network, inputs);
      inputs.forEach((_, j) => {
        const at = (step: number): number => referenceNetwork(network, inputs.with(j, inputs[j] + step)).value;
        expect(Math.abs(gradient[j] - (at(1e-6) - at(-1e-6)) / 2e-6)).toBeLessThan(1e-8);
      });
    }
  });

  it("refuses a wrong number of parameters", () => {
    const network: Network = {
      nodes: [2, 1],
      activations: ["l"],
      normalizeNodes: false,
      parameters: new Float64Array(4),
    };
    expect(() => referenceNetwork(network, [1, 2])).toThrow("4 parameters, 3 expected");
  });
});
