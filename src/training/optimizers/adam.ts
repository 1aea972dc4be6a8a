/**
 * Adam (Kingma and Ba, ICLR 2015, Algorithm 1):
 *   m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², θ ← θ − η (m/(1−β₁ᵗ)) / (√(v/(1−β₂ᵗ)) + ε).
 */
import type { FirstOrderOptimizer } from "./first-order.js";

export interface AdamOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

export class Adam implements FirstOrderOptimizer {
  readonly #options: AdamOptions;
  readonly #m: Float64Array;
  readonly #v: Float64Array;
  #t = 0;

  constructor(count: number, options: AdamOptions) {
    this.#options = options;
    this.#m = new Float64Array(count);
    this.#v = new Float64Array(count);
  }

  step(parameters: Float64Array, gradient: Float64Array, rate: number): void {
    const { beta1, beta2, epsilon } = this.#options;
    this.#t++;
    const mean = 1 / (1 - beta1 ** this.#t);
    const square = 1 / (1 - beta2 ** this.#t);
    for (let i = 0; i < parameters.length; i++) {
      const g = gradient[i]!;
      this.#m[i] = beta1 * this.#m[i]! + (1 - beta1) * g;
      this.#v[i] = beta2 * this.#v[i]! + (1 - beta2) * g * g;
      parameters[i]! -= (rate * this.#m[i]! * mean) / (Math.sqrt(this.#v[i]! * square) + epsilon);
    }
  }

  save(): Float64Array[] {
    return [this.#m.slice(), this.#v.slice(), Float64Array.of(this.#t)];
  }

  restore(state: readonly Float64Array[]): void {
    this.#m.set(state[0]!);
    this.#v.set(state[1]!);
    this.#t = state[2]![0]!;
  }
}
