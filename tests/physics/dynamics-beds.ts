/** Systems with known answers to try dynamics on. */
import { RandomStream } from "../../src/math/index.js";
import { timesMatrix } from "../../src/math/matrix3.js";
import { neighborList } from "../../src/neighbors/index.js";
import { bindPlainly, type Evaluation, type ForceField, type Potential } from "../../src/potentials/potential.js";
import { inverseCell, replicate, type Structure, volume } from "../../src/structure/index.js";

const ALL = Array.from({ length: 118 }, (_, z) => z + 1);

const evaluation = (
  energy: number,
  forces: Float64Array,
  stress?: Float64Array,
  more: Partial<Evaluation> = {},
): Evaluation => ({
  energy,
  forces,
  stress,
  atomicEnergies: new Float64Array(forces.length / 3),
  uncertainty: undefined,
  extrapolation: [],
  ...more,
});

const plain = (evaluate: (structure: Structure) => Evaluation): Potential => {
  const bind = (structure: Structure): ForceField => bindPlainly({ evaluate }, structure);
  return { elements: ALL, cutoff: 1, evaluate, bind };
};

/** Every coordinate on a spring of its own to where it was in `home`: U = ½ Σ k (r − r_0)². */
export function wells(home: Float64Array, springs: ArrayLike<number>): Potential {
  return plain(({ positions }) => {
    let energy = 0;
    const forces = positions.map((r, k) => {
      const d = r - home[k];
      energy += 0.5 * springs[k] * d * d;
      return -springs[k] * d;
    });
    return evaluation(energy, forces);
  });
}

/**
 * An ideal gas in a field that follows the cell, u (1 − cos 2πa cos 2πb cos 2πc) for each atom with fractional coordinates a, b, c:
 * no virial, so that volumes are distributed as those of an ideal gas, V^N exp(−PV/kT). A spring on the shape, κ/2 (Tr hᵀh/V^⅔ − 3),
 * keeps the cell from becoming a needle; its stress has no trace.
 */
export function followingField(u: number, kappa = 0): Potential {
  return plain(({ positions, cell }) => {
    const h = cell!;
    const inverse = inverseCell(h);
    const forces = new Float64Array(positions.length);
    let energy = 0;
    for (let k = 0; k < positions.length; k += 3) {
      const angles = [0, 1, 2].map(
        (d) => 2 * Math.PI * [0, 1, 2].reduce((sum, x) => sum + positions[k + x] * inverse[3 * x + d], 0),
      );
      const [ca, cb, cc] = angles.map(Math.cos);
      const [sa, sb, sc] = angles.map(Math.sin);
      energy += u * (1 - ca * cb * cc);
      const slopes = [sa * cb * cc, ca * sb * cc, ca * cb * sc];
      for (let x = 0; x < 3; x++)
        for (let d = 0; d < 3; d++) forces[k + x] -= 2 * Math.PI * u * slopes[d] * inverse[3 * x + d];
    }
    const v = volume(h);
    const product = (a: number, b: number): number => h[a] * h[b] + h[3 + a] * h[3 + b] + h[6 + a] * h[6 + b];
    const squared = (product(0, 0) + product(1, 1) + product(2, 2)) / v ** (2 / 3);
    const stress = Float64Array.from(
      [
        [0, 0],
        [1, 1],
        [2, 2],
        [1, 2],
        [0, 2],
        [0, 1],
      ],
      ([a, b]) => (kappa / v) * (product(a, b) / v ** (2 / 3) - (a === b ? squared / 3 : 0)),
    );
    return evaluation(energy + 0.5 * kappa * (squared - 3), forces, stress);
  });
}

interface ArgonOptions {
  /** eV, Å, Å, Å */
  readonly epsilon?: number;
  readonly sigma?: number;
  readonly cutoff?: number;
  readonly skin?: number;
}

/** Argon: 4ε((σ/r)¹² − (σ/r)⁶) (1 − r²/rc²)³, which ends smoothly at rc; every image within it counts. */
export function argon(options: ArgonOptions = {}): Potential {
  const bind = (structure: Structure): ForceField => {
    const field = new ArgonField(structure, options);
    return { evaluate: (positions, cell) => field.evaluate(positions, cell) };
  };
  return {
    elements: ALL,
    cutoff: options.cutoff ?? 6.5,
    bind,
    evaluate: (structure) => bind(structure).evaluate(structure.positions, structure.cell),
  };
}

class ArgonField {
  readonly #options: Required<ArgonOptions>;
  readonly #structure: Structure;
  readonly #forces: Float64Array;
  readonly #stress = new Float64Array(6);
  #built: Structure | undefined;
  #inverse: Float64Array = new Float64Array(9);
  /** Pairs within cutoff and skin, each once: first and second atom, then cell translation, five whole numbers each. */
  #pairs = new Int32Array(0);

  constructor(structure: Structure, { epsilon = 0.0104, sigma = 3.4, cutoff = 6.5, skin = 1.4 }: ArgonOptions) {
    this.#options = { epsilon, sigma, cutoff, skin };
    this.#structure = structure;
    this.#forces = new Float64Array(3 * structure.species.length);
  }

  evaluate(positions: Float64Array, cell: Float64Array | undefined): Evaluation {
    if (this.#stale(positions, cell)) this.#build({ ...this.#structure, positions, cell });
    this.#forces.fill(0);
    this.#stress.fill(0);
    const energy = this.#sum(positions, cell ?? new Float64Array(9));
    if (cell === undefined || !this.#structure.periodic.every(Boolean)) return evaluation(energy, this.#forces);
    const v = volume(cell);
    for (let c = 0; c < 6; c++) this.#stress[c] /= v;
    return evaluation(energy, this.#forces, this.#stress);
  }

  /** Whether a pair may have come within the cutoff since the list was made: by moving in the cell, or with it. */
  #stale(positions: Float64Array, cell: Float64Array | undefined): boolean {
    const built = this.#built;
    if (built === undefined) return true;
    const { cutoff, skin } = this.#options;
    // r = r_built·M if an atom only moves with the cell.
    const m = Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1);
    if (cell !== undefined)
      for (let row = 0; row < 3; row++) m.set(timesMatrix(this.#inverse.subarray(3 * row, 3 * row + 3), cell), 3 * row);
    const strain = Math.hypot(m[0] - 1, m[1], m[2], m[3], m[4] - 1, m[5], m[6], m[7], m[8] - 1);
    let moved = 0;
    for (let k = 0; k < positions.length; k += 3) {
      const [u, v, w] = [built.positions[k], built.positions[k + 1], built.positions[k + 2]];
      const x = positions[k] - u * m[0] - v * m[3] - w * m[6];
      const y = positions[k + 1] - u * m[1] - v * m[4] - w * m[7];
      const z = positions[k + 2] - u * m[2] - v * m[5] - w * m[8];
      moved = Math.max(moved, x * x + y * y + z * z);
    }
    return !(2 * Math.sqrt(moved) + strain * (cutoff + skin) < skin);
  }

  #build({ species, periodic, positions, cell }: Structure): void {
    this.#built = { species, periodic, positions: positions.slice(), cell: cell?.slice() };
    if (cell !== undefined) this.#inverse = inverseCell(cell);
    const list = neighborList(this.#built, this.#options.cutoff + this.#options.skin, { shifts: true });
    const pairs: number[] = [];
    for (let i = 0; i < species.length; i++)
      for (let p = list.offsets[i]; p < list.offsets[i + 1]; p++) {
        const [a, b, c] = list.shifts!.subarray(3 * p, 3 * p + 3);
        // Of i→j and j→i the one whose first of j − i and S that is not zero is positive.
        if ((list.indices[p] - i || a || b || c) > 0) pairs.push(i, list.indices[p], a, b, c);
      }
    this.#pairs = Int32Array.from(pairs);
  }

  #sum(positions: Float64Array, h: Float64Array): number {
    const { epsilon, sigma, cutoff } = this.#options;
    const [h0, h1, h2, h3, h4, h5, h6, h7, h8] = h;
    const forces = this.#forces;
    const stress = this.#stress;
    const pairs = this.#pairs;
    const edgeSquared = cutoff * cutoff;
    const six = sigma ** 6;
    let energy = 0;
    for (let p = 0; p < pairs.length; p += 5) {
      const i = 3 * pairs[p];
      const j = 3 * pairs[p + 1];
      const a = pairs[p + 2];
      const b = pairs[p + 3];
      const c = pairs[p + 4];
      const x = positions[j] - positions[i] + a * h0 + b * h3 + c * h6;
      const y = positions[j + 1] - positions[i + 1] + a * h1 + b * h4 + c * h7;
      const z = positions[j + 2] - positions[i + 2] + a * h2 + b * h5 + c * h8;
      const squared = x * x + y * y + z * z;
      if (squared >= edgeSquared) continue;
      const s6 = six / (squared * squared * squared);
      const edge = 1 - squared / edgeSquared;
      const bare = 4 * epsilon * (s6 * s6 - s6);
      energy += bare * edge * edge * edge;
      // (dU/dr)/r
      const steep = (24 * epsilon * (s6 - 2 * s6 * s6) * edge * edge * edge) / squared;
      const slope = steep - (6 * bare * edge * edge) / edgeSquared;
      forces[i] += slope * x;
      forces[i + 1] += slope * y;
      forces[i + 2] += slope * z;
      forces[j] -= slope * x;
      forces[j + 1] -= slope * y;
      forces[j + 2] -= slope * z;
      stress[0] += slope * x * x;
      stress[1] += slope * y * y;
      stress[2] += slope * z * z;
      stress[3] += slope * y * z;
      stress[4] += slope * x * z;
      stress[5] += slope * x * y;
    }
    return energy;
  }
}

/** Face-centred cubic argon, 4n³ atoms. */
export function crystal(n: number, a = 5.3): Structure {
  const cube: Structure = {
    species: new Uint8Array(4).fill(18),
    positions: Float64Array.of(0, 0, 0, 0, a / 2, a / 2, a / 2, 0, a / 2, a / 2, a / 2, 0),
    cell: Float64Array.of(a, 0, 0, 0, a, 0, 0, 0, a),
    periodic: [true, true, true],
  };
  return replicate(cube, [n, n, n]);
}

/** Atoms anywhere in a slightly skew cell. */
export function gas(atoms: number, options: { readonly volume: number; readonly seed: number }): Structure {
  const a = Math.cbrt(options.volume);
  const random = new RandomStream(options.seed, "gas");
  return {
    species: new Uint8Array(atoms).fill(18),
    positions: Float64Array.from({ length: 3 * atoms }, () => random.between(0, a)),
    cell: Float64Array.of(a, 0, 0, 0.02 * a, a, 0, 0.03 * a, -0.01 * a, a),
    periodic: [true, true, true],
  };
}

/** Atoms without a cell, at places that do not matter. */
export function loose(atoms: number, species = 18): Structure {
  return {
    species: new Uint8Array(atoms).fill(species),
    positions: Float64Array.from({ length: 3 * atoms }, (_, k) => 4 * (k % 7) + k),
    cell: undefined,
    periodic: [false, false, false],
  };
}

export interface Estimate {
  readonly mean: number;
  readonly error: number;
}

/** Mean, and its standard error from `blocks` averages that are taken to be independent. */
export function blocked(values: ArrayLike<number>, blocks = 20): Estimate {
  const size = Math.floor(values.length / blocks);
  const means = Array.from({ length: blocks }, (_, b) => {
    let sum = 0;
    for (let k = b * size; k < (b + 1) * size; k++) sum += values[k];
    return sum / size;
  });
  return spreadOf(means);
}

/** Mean and standard error of independent numbers. */
export function spreadOf(values: readonly number[]): Estimate {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const squares = values.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  return { mean, error: Math.sqrt(squares / (values.length - 1) / values.length) };
}

/** Slope of a straight line through log–log points. */
export function exponent(x: readonly number[], y: readonly number[]): number {
  const lx = x.map(Math.log);
  const ly = y.map(Math.log);
  const mx = lx.reduce((a, b) => a + b) / lx.length;
  const my = ly.reduce((a, b) => a + b) / ly.length;
  return lx.reduce((sum, v, k) => sum + (v - mx) * (ly[k] - my), 0) / lx.reduce((sum, v) => sum + (v - mx) ** 2, 0);
}

/**
 * The slope b of ln p₂(x)/p₁(x) = a + b x with the greatest likelihood, from samples of both (Shirts, J. Chem. Theory Comput. 9,
 * 909 (2013), doi:10.1021/ct300688p), by Newton's method for the logistic of which sample a value is from.
 */
export function logRatioSlope(first: readonly number[], second: readonly number[]): number {
  const centre = [...first, ...second].reduce((a, b) => a + b) / (first.length + second.length);
  const width = Math.sqrt(
    [...first, ...second].reduce((sum, x) => sum + (x - centre) ** 2, 0) / (first.length + second.length),
  );
  let [a, b] = [0, 0];
  for (let round = 0; round < 50; round++) {
    let [ga, gb, haa, hab, hbb] = [0, 0, 0, 0, 0];
    const add = (x: number, label: number): void => {
      const z = (x - centre) / width;
      const p = 1 / (1 + Math.exp(-a - b * z));
      ga += label - p;
      gb += (label - p) * z;
      haa += p * (1 - p);
      hab += p * (1 - p) * z;
      hbb += p * (1 - p) * z * z;
    };
    for (const x of first) add(x, 0);
    for (const x of second) add(x, 1);
    const determinant = haa * hbb - hab * hab;
    const [da, db] = [(hbb * ga - hab * gb) / determinant, (haa * gb - hab * ga) / determinant];
    a += da;
    b += db;
    if (Math.abs(da) + Math.abs(db) < 1e-10) break;
  }
  return b / width;
}

/** `logRatioSlope` with an error: the jackknife over as many pairs of blocks. */
export function jackknifedSlope(first: readonly number[], second: readonly number[], blocks = 16): Estimate {
  const without = (values: readonly number[], b: number): readonly number[] => {
    const size = Math.floor(values.length / blocks);
    return values.filter((_, k) => k < b * size || k >= (b + 1) * size);
  };
  const slopes = Array.from({ length: blocks }, (_, b) => logRatioSlope(without(first, b), without(second, b)));
  const { error } = spreadOf(slopes);
  return { mean: logRatioSlope(first, second), error: error * (blocks - 1) };
}
