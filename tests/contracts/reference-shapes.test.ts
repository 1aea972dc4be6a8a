/** Cutoffs, cores and activations of the plain column: values at the ends, slopes against finite differences. */
import { describe, expect, it } from "vitest";
import {
  activation,
  angularPower,
  asymmetricCore,
  type Core,
  coreFunction,
  cutoffFunction,
  wholePower,
} from "../../src/kernels/reference/index.js";
import { RandomStream } from "../../src/math/index.js";
import { activations } from "../../src/networks/definition.js";

const SEED = 4711;
const cores: Core[] = ["p1", "p2", "p3", "p4", "e"];

describe(`cutoffs and cores, seed ${SEED}`, () => {
  it.each([0, 1, 2, 3, 4, 5, 6, 7, 8])("cutoff type %i: slope, inner radius, edge", (type) => {
    const random = new RandomStream(SEED, `cutoff ${type}`);
    for (const alpha of [0, 0.3]) {
      const parameters = { type, alpha, rc: 6 };
      const at = (r: number): number => cutoffFunction(r, parameters).value;
      for (let n = 0; n < 20; n++) {
        const r = random.between(1.9, 5.9);
        const expected = (at(r + 1e-5) - at(r - 1e-5)) / 2e-5;
        // p4 cancels terms of several hundred: 1e-13 in its value, 1e-8 in the difference.
        expect(Math.abs(cutoffFunction(r, parameters).slope - expected)).toBeLessThan(2e-8);
      }
      expect(at(6)).toBe(0);
      expect(at(0)).toBeCloseTo(type === 2 ? Math.tanh(1) ** 3 : 1, 14);
      if (![0, 2, 3].includes(type)) expect(at(1.7)).toBe(alpha === 0.3 ? 1 : at(1.7));
      if (![0, 2, 3].includes(type))
        expect(at(0.5 * (6 + 6 * alpha))).toBeCloseTo(type === 4 ? Math.exp(-1 / 3) : 0.5, 12);
    }
  });

  it("knows no other types", () => {
    expect(() => cutoffFunction(1, { type: 9, alpha: 0, rc: 6 })).toThrow(RangeError);
  });

  it.each(cores)("core %s falls from 1 to 0, with its slope", (core) => {
    for (const f of [coreFunction, asymmetricCore]) {
      expect(f(core, 0).value).toBe(1);
      expect(f(core, 1).value).toBe(0);
      for (let x = 0.02; x < 0.98; x += 0.03) {
        const expected = (f(core, x + 1e-5).value - f(core, x - 1e-5).value) / 2e-5;
        expect(Math.abs(f(core, x).slope - expected)).toBeLessThan(1e-7);
      }
      expect(f(core, 1 - 1e-12).slope).toBeCloseTo(0, 6);
    }
  });
});

describe("angular powers", () => {
  it("whole powers are products", () => {
    for (const n of [0, 1, 2, 3, 7, 64]) expect(wholePower(1.5, n)).toBe(1.5 ** n);
  });

  it("have the right slope for whole and broken ζ, and none below zero", () => {
    for (const zeta of [1, 2, 2.5, 16])
      for (const lambda of [-1, 1])
        for (const c of [-0.9, 0, 0.4]) {
          const at = (x: number): number => angularPower(x, { lambda, zeta }).value;
          const expected = (at(c + 1e-6) - at(c - 1e-6)) / 2e-6;
          expect(Math.abs(angularPower(c, { lambda, zeta }).slope - expected)).toBeLessThan(1e-8);
        }
    expect(angularPower(-1, { lambda: 1, zeta: 0.5 })).toEqual({ value: 0, slope: 0 });
    expect(angularPower(1, { lambda: 1, zeta: 3 }).value).toBe(2);
  });
});

describe("activations", () => {
  it.each(activations)("%s: f′ and f″ against finite differences", (letter) => {
    for (let x = -4.05; x < 4; x += 0.31) {
      const { first, second } = activation(letter, x);
      const [ahead, behind] = [activation(letter, x + 1e-5), activation(letter, x - 1e-5)];
      const scale = Math.max(1, Math.abs(ahead.value));
      expect(Math.abs(first - (ahead.value - behind.value) / 2e-5)).toBeLessThan(1e-9 * scale);
      expect(Math.abs(second - (ahead.first - behind.first) / 2e-5)).toBeLessThan(1e-9 * scale);
    }
  });

  it("do not overflow where their limits are finite", () => {
    for (const letter of ["t", "s", "p", "g", "S", "m"] as const)
      for (const x of [-800, 800]) {
        const { value, first, second } = activation(letter, x);
        for (const y of [value, first, second]) expect(Number.isFinite(y)).toBe(true);
      }
  });
});
