/**
 * Lennard-Jones (1931, doi:10.1088/0959-5309/43/5/301):
 *
 *   E(r) = 4ε((σ/r)¹² − (σ/r)⁶),  r < rc
 *
 * ε eV, σ Å, rc Å. Shift "energy" takes E(rc) off, so that the energy is continuous at rc; "force" takes
 * E(rc) + (r − rc) E′(rc) off, so that the force is too. LAMMPS calls these `lj/cut`, `pair_modify shift yes` and
 * `lj/smooth/linear`.
 */
import { InputError } from "../../errors/index.js";
import { elementSymbol } from "../../structure/index.js";
import { atomicNumbers, requireParameter } from "./elements.js";
import type { PairLaw } from "./pair-interaction.js";

export interface LennardJonesPair {
  /** Symbols, in any order. */
  readonly elements: readonly [string, string];
  /** eV */
  readonly epsilon: number;
  /** Å */
  readonly sigma: number;
  /** Å */
  readonly cutoff: number;
}

export interface LennardJonesRecord {
  readonly kind: "lennard-jones";
  readonly pairs: readonly LennardJonesPair[];
  /** Default: "none". */
  readonly shift?: "none" | "energy" | "force";
  /**
   * Unlike pairs that are not given: ε = √(ε₁ε₂), and σ and rc likewise (geometric) or as means (arithmetic,
   * Lorentz–Berthelot). Default: all pairs must be given.
   */
  readonly mixing?: "geometric" | "arithmetic";
  /** Where the parameters come from. */
  readonly source?: string;
}

/** Numbers of a pair: 4εσ¹², 4εσ⁶, shift of the energy, slope that is taken off, rc. */
const STRIDE = 5;

export class LennardJones implements PairLaw {
  readonly title = "Lennard-Jones potential";
  readonly elements: readonly number[];
  readonly cutoffSquared: Float64Array;
  readonly #numbers: Float64Array;

  /** Throws InputError: `unknown-element`, `bad-parameter`, `repeated-pair`, `missing-pair`. */
  constructor(record: LennardJonesRecord) {
    const symbols = [...new Set(record.pairs.flatMap((pair) => pair.elements))];
    this.elements = atomicNumbers(symbols).sort((a, b) => a - b);
    const n = this.elements.length;
    this.cutoffSquared = new Float64Array(n * n);
    this.#numbers = new Float64Array(STRIDE * n * n);
    const given = givenPairs(record);
    for (let a = 0; a < n; a++) {
      for (let b = 0; b < n; b++) {
        const pair = pairOf(record, given, [elementSymbol(this.elements[a]), elementSymbol(this.elements[b])]);
        this.cutoffSquared[a * n + b] = pair.cutoff * pair.cutoff;
        this.#numbers.set(numbersOf(pair, record.shift ?? "none"), STRIDE * (a * n + b));
      }
    }
  }

  at(pair: number, r2: number, out: Float64Array): void {
    const numbers = this.#numbers;
    const k = STRIDE * pair;
    const over2 = 1 / r2;
    const over6 = over2 * over2 * over2;
    const repulsion = numbers[k] * over6 * over6;
    const attraction = numbers[k + 1] * over6;
    out[0] = repulsion - attraction - numbers[k + 2];
    out[1] = (6 * attraction - 12 * repulsion) * over2;
    const slope = numbers[k + 3];
    if (slope === 0) return;
    const r = Math.sqrt(r2);
    out[0] -= (r - numbers[k + 4]) * slope;
    out[1] -= slope / r;
  }
}

function numbersOf({ epsilon, sigma, cutoff }: LennardJonesPair, shift: "none" | "energy" | "force"): number[] {
  const repulsion = 4 * epsilon * sigma ** 12;
  const attraction = 4 * epsilon * sigma ** 6;
  const edge = repulsion / cutoff ** 12 - attraction / cutoff ** 6;
  const slope = (6 * (attraction / cutoff ** 6) - 12 * (repulsion / cutoff ** 12)) / cutoff;
  return [repulsion, attraction, shift === "none" ? 0 : edge, shift === "force" ? slope : 0, cutoff];
}

const keyOf = (elements: readonly [string, string]): string => [...elements].sort().join("–");

function givenPairs(record: LennardJonesRecord): Map<string, LennardJonesPair> {
  const given = new Map<string, LennardJonesPair>();
  for (const pair of record.pairs) {
    const key = keyOf(pair.elements);
    const { epsilon, sigma, cutoff } = pair;
    requireParameter(epsilon >= 0, { name: `epsilon of ${key}`, value: epsilon, expected: "0 or more eV" });
    requireParameter(sigma > 0, { name: `sigma of ${key}`, value: sigma, expected: "a length above 0 Å" });
    requireParameter(cutoff > 0 && Number.isFinite(cutoff), {
      ...{ name: `cutoff of ${key}`, value: cutoff },
      expected: "a length above 0 Å",
    });
    if (given.has(key))
      throw new InputError({
        code: "repeated-pair",
        problem: `The Lennard-Jones parameters of ${key} are given twice.`,
        remedy: "Give every pair of elements once.",
      });
    given.set(key, pair);
  }
  return given;
}

function pairOf(
  { mixing }: LennardJonesRecord,
  given: ReadonlyMap<string, LennardJonesPair>,
  elements: readonly [string, string],
): LennardJonesPair {
  const pair = given.get(keyOf(elements));
  if (pair !== undefined) return pair;
  const [first, second] = elements.map((symbol) => given.get(keyOf([symbol, symbol])));
  if (mixing === undefined || first === undefined || second === undefined)
    throw new InputError({
      code: "missing-pair",
      problem: `The Lennard-Jones parameters of ${keyOf(elements)} are missing.`,
      remedy: "Give them, or give those of both elements and a rule of mixing (geometric or arithmetic).",
    });
  const mean = mixing === "geometric" ? geometric : arithmetic;
  return {
    elements,
    epsilon: geometric(first.epsilon, second.epsilon),
    sigma: mean(first.sigma, second.sigma),
    cutoff: mean(first.cutoff, second.cutoff),
  };
}

const geometric = (a: number, b: number): number => Math.sqrt(a * b);
const arithmetic = (a: number, b: number): number => (a + b) / 2;
