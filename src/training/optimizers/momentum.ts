/** Gradient descent with momentum (Polyak 1964): v ← μv + g, θ ← θ − ηv; n2p2's fixed-step descent with μ = 0. */
import type { FirstOrderOptimizer } from "./first-order.js";

export class Momentum implements FirstOrderOptimizer {
  readonly #momentum: number;
  readonly #v: Float64Array;

  constructor(count: number, momentum: number) {
    this.#momentum = momentum;
    this.#v = new Float64Array(count);
  }

  step(parameters: Float64Array, gradient: Float64Array, rate: number): void {
    for (let i = 0; i < parameters.length; i++) {
      this.#v[i] = this.#momentum * this.#v[i]! + gradient[i]!;
      parameters[i]! -= rate * this.#v[i]!;
    }
  }

  save(): Float64Array[] {
    return [this.#v.slice()];
  }

  restore(state: readonly Float64Array[]): void {
    this.#v.set(state[0]!);
  }
}
