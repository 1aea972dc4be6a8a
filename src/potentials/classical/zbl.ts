/**
 * Screened nuclear repulsion of Ziegler, Biersack and Littmark (The Stopping and Range of Ions in Solids, 1985):
 *
 *   E(r) = e²/4πε₀ · Z₁Z₂/r · φ(r/a) + S(r),  r < outer
 *   φ(x) = 0.18175 e^(−3.1998x) + 0.50986 e^(−0.94229x) + 0.28022 e^(−0.4029x) + 0.02817 e^(−0.20162x)
 *   a    = 0.4685 Å / (Z₁^0.23 + Z₂^0.23)
 *
 * S is that of LAMMPS's `pair_style zbl inner outer` (https://docs.lammps.org/pair_zbl.html): a constant C up to `inner`,
 * then C + A/3 t³ + B/4 t⁴ with t = r − inner, so that energy, force and its derivative vanish at `outer`.
 */
import { elementSymbols } from "../../structure/index.js";
import { bohr, hartree } from "../../units/index.js";
import { atomicNumbers, requireParameter } from "./elements.js";
import type { PairLaw } from "./pair-interaction.js";

export interface ZblRecord {
  readonly kind: "zbl";
  /** Symbols. Default: all elements. */
  readonly elements?: readonly string[];
  /** Where the switch begins, Å. */
  readonly inner: number;
  /** The cutoff, Å. */
  readonly outer: number;
  /** e²/4πε₀ in eV Å. Default 14.39964548 (CODATA 2018); LAMMPS's `metal` units have 14.399645. */
  readonly coulomb?: number;
  /** Where the parameters come from. */
  readonly source?: string;
}

const WEIGHTS = [0.18175, 0.50986, 0.28022, 0.02817] as const;
const RATES = [3.1998, 0.94229, 0.4029, 0.20162] as const;
const LENGTH = 0.4685;
const POWER = 0.23;

/** Numbers of a pair: Z₁Z₂e²/4πε₀; four rates in 1/Å; A, B, C. */
const STRIDE = 8;

export class Zbl implements PairLaw {
  readonly title = "ZBL potential";
  readonly elements: readonly number[];
  readonly cutoffSquared: Float64Array;
  readonly #inner: number;
  readonly #outer: number;
  readonly #coulomb: number;
  /** A pair's numbers are made when it is first met: there are 118² pairs. */
  readonly #numbers: Float64Array;

  /** Throws InputError: `unknown-element`, `repeated-element`, `bad-parameter`. */
  constructor({ elements, inner, outer, coulomb = hartree * bohr }: ZblRecord) {
    this.elements = atomicNumbers(elements ?? elementSymbols.slice(1));
    requireParameter(inner >= 0, { name: "inner", value: inner, expected: "0 or more Å" });
    requireParameter(outer > inner && Number.isFinite(outer), {
      ...{ name: "outer", value: outer },
      expected: `a length above inner, ${inner} Å`,
    });
    requireParameter(coulomb > 0, { name: "coulomb", value: coulomb, expected: "about 14.4 eV Å" });
    const pairs = this.elements.length ** 2;
    this.cutoffSquared = new Float64Array(pairs).fill(outer * outer);
    this.#inner = inner;
    this.#outer = outer;
    this.#coulomb = coulomb;
    this.#numbers = new Float64Array(STRIDE * pairs);
  }

  at(pair: number, r2: number, out: Float64Array): void {
    const numbers = this.#numbers;
    const k = STRIDE * pair;
    if (numbers[k] === 0) this.#prepare(pair);
    const r = Math.sqrt(r2);
    let screening = 0;
    let slope = 0;
    for (let m = 0; m < 4; m++) {
      const rate = numbers[k + 1 + m];
      const term = WEIGHTS[m] * Math.exp(-rate * r);
      screening += term;
      slope -= rate * term;
    }
    const bare = numbers[k] / r;
    out[0] = bare * screening + numbers[k + 7];
    let derivative = bare * (slope - screening / r);
    const t = r - this.#inner;
    if (t > 0) {
      const a = numbers[k + 5];
      const b = numbers[k + 6];
      out[0] += t * t * t * (a / 3 + (b / 4) * t);
      derivative += t * t * (a + b * t);
    }
    out[1] = derivative / r;
  }

  #prepare(pair: number): void {
    const n = this.elements.length;
    const [z1, z2] = [this.elements[Math.floor(pair / n)], this.elements[pair % n]];
    const over = (z1 ** POWER + z2 ** POWER) / LENGTH;
    const rates = RATES.map((rate) => rate * over);
    const charge = this.#coulomb * z1 * z2;
    const [e, d1, d2] = derivativesAt(this.#outer, charge, rates);
    const width = this.#outer - this.#inner;
    const a = (-3 * d1 + width * d2) / width ** 2;
    const b = (2 * d1 - width * d2) / width ** 3;
    const c = -e + (width * d1) / 2 - (width ** 2 * d2) / 12;
    this.#numbers.set([charge, ...rates, a, b, c], STRIDE * pair);
  }
}

/** Energy and its first two derivatives without the switch. */
function derivativesAt(r: number, charge: number, rates: readonly number[]): [number, number, number] {
  let [f, f1, f2] = [0, 0, 0];
  rates.forEach((rate, m) => {
    const term = WEIGHTS[m] * Math.exp(-rate * r);
    f += term;
    f1 -= rate * term;
    f2 += rate * rate * term;
  });
  return [(charge * f) / r, (charge * (f1 - f / r)) / r, (charge * (f2 - (2 * f1) / r + (2 * f) / r ** 2)) / r];
}
