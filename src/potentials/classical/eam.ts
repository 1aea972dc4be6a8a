/**
 * The embedded-atom method (Daw and Baskes 1984, doi:10.1103/PhysRevB.29.6443) and Finnis–Sinclair potentials (1984,
 * doi:10.1080/01418618408244210) from tables:
 *
 *   E   = Σ_i F_i(ρ_i) + ½ Σ_i Σ_{j≠i} φ_ij(r_ij)
 *   ρ_i = Σ_{j≠i} ρ_ji(r_ij),  r < rc
 *
 * ρ_ji is what an atom of j's element adds at one of i's; in the plain method it depends on j alone. Tables hold rφ, not φ,
 * and are interpolated as LAMMPS does (`eam-spline.ts`). A density above its table continues F as a straight line.
 */
import type { Place } from "../../errors/index.js";
import { checkEamRecord, type EamRecord } from "./eam-record.js";
import { type Spline, splineAt, splineCoefficients } from "./eam-spline.js";
import { atomicNumbers } from "./elements.js";
import type { Interaction, Sums, Surroundings } from "./interaction.js";

/**
 * Pairs within the cutoff, each once (both directions of an atom and its own image, by halves), kept from the sum of the
 * densities to the forces.
 */
interface Pairs {
  count: number;
  readonly first: Int32Array;
  readonly second: Int32Array;
  /** From first to second, [pair, xyz], Å. */
  readonly vectors: Float64Array;
  /** Derivatives over the distance of the densities at the first and the second, and of φ; all over r, [pair, 3]. */
  readonly slopes: Float64Array;
}

/** Coefficients of one interval: the density of the lower type at the higher, that of the higher at the lower, rφ. */
const STRIDE = 12;

export class Eam implements Interaction {
  readonly title = "EAM potential";
  readonly elements: readonly number[];
  readonly cutoff: number;
  readonly #embedding: readonly Spline[];
  readonly #perDensity: number;
  readonly #perRadius: number;
  readonly #intervals: number;
  /** [pair of types, interval, STRIDE]: side by side because the caches feel it. */
  readonly #radial: Float64Array;
  /** Where a pair's intervals begin in `#radial`, [type·types + type]. */
  readonly #pairAt: Int32Array;
  /** ρ_i, then F′(ρ_i), [atom]. */
  #density = new Float64Array(0);
  #pairs: Pairs = roomFor(0);
  readonly #out = new Float64Array(2);

  /** Throws InputError: `unknown-element`, `repeated-element`, `bad-parameter`, `bad-table`. */
  constructor(record: EamRecord, where: Place = {}) {
    this.elements = atomicNumbers(record.elements, where);
    checkEamRecord(record, where);
    this.cutoff = record.cutoff;
    this.#perDensity = 1 / record.densityStep;
    this.#perRadius = 1 / record.radiusStep;
    this.#embedding = record.embedding.map((values) => ({
      coefficients: splineCoefficients(values),
      intervals: values.length - 1,
    }));
    this.#intervals = record.density[0][0].length - 1;
    const n = this.elements.length;
    this.#pairAt = new Int32Array(n * n);
    this.#radial = new Float64Array((STRIDE * this.#intervals * n * (n + 1)) / 2);
    let at = 0;
    record.pair.forEach((row, high) => {
      row.forEach((product, low) => {
        this.#pairAt[high * n + low] = at;
        this.#pairAt[low * n + high] = at;
        const tables = [record.density[low][high], record.density[high][low], product];
        this.#radial.set(sideBySide(tables.map(splineCoefficients)), at);
        at += STRIDE * this.#intervals;
      });
    });
  }

  add(surroundings: Surroundings, sums: Sums): void {
    const { list, types } = surroundings;
    const most = list.indices.length;
    if (this.#pairs.first.length < most) this.#pairs = roomFor(most + (most >> 3));
    if (this.#density.length !== types.length) this.#density = new Float64Array(types.length);
    this.#density.fill(0);
    this.#pairs.count = 0;
    for (let i = 0; i < types.length; i++) this.#lookUp(i, surroundings, sums.energies);
    this.#embed(types, sums.energies);
    this.#addForces(sums);
  }

  /** Everything about the pairs of atom i but the embedding: densities, φ, slopes. */
  #lookUp(i: number, { list, types }: Surroundings, energies: Float64Array): void {
    const { offsets, indices, vectors: from } = list;
    const { first, second, vectors, slopes } = this.#pairs;
    const radial = this.#radial;
    const density = this.#density;
    const perRadius = this.#perRadius;
    const intervals = this.#intervals;
    const reach = this.cutoff * this.cutoff;
    const type = types[i];
    const row = type * this.elements.length;
    let count = this.#pairs.count;
    let ownDensity = 0;
    let ownEnergy = 0;
    for (let p = offsets[i]; p < offsets[i + 1]; p++) {
      const j = indices[p];
      if (j < i) continue;
      const x = from[3 * p];
      const y = from[3 * p + 1];
      const z = from[3 * p + 2];
      const r2 = x * x + y * y + z * z;
      if (!(r2 < reach)) continue;
      const r = Math.sqrt(r2);
      const over = 1 / r;
      const position = r * perRadius;
      const k = Math.min(Math.floor(position), intervals - 1);
      // Above 1 in the last interval only, where the table goes on as a straight line.
      const t = Math.min(position - k, 1);
      const beyond = position - k - t;
      const at = this.#pairAt[row + types[j]] + STRIDE * k;
      const atI = at + (type > types[j] ? 0 : 4);
      const slopeI = slopeAt(radial, atI, t);
      const densityI = valueAt(radial, atI, t) + beyond * slopeI;
      let slopeJ = slopeI;
      let densityJ = densityI;
      if (types[j] !== type) {
        const atJ = at + (type > types[j] ? 4 : 0);
        slopeJ = slopeAt(radial, atJ, t);
        densityJ = valueAt(radial, atJ, t) + beyond * slopeJ;
      }
      const productSlope = slopeAt(radial, at + 8, t);
      const phi = (valueAt(radial, at + 8, t) + beyond * productSlope) * over;
      // The other direction of an atom and its own image brings the other half.
      const weight = j === i ? 0.5 : 1;
      ownDensity += densityI;
      if (j !== i) density[j] += densityJ;
      ownEnergy += 0.5 * weight * phi;
      energies[j] += 0.5 * weight * phi;
      first[count] = i;
      second[count] = j;
      vectors[3 * count] = x;
      vectors[3 * count + 1] = y;
      vectors[3 * count + 2] = z;
      const scale = weight * over;
      slopes[3 * count] = slopeI * perRadius * scale;
      slopes[3 * count + 1] = slopeJ * perRadius * scale;
      slopes[3 * count + 2] = (productSlope * perRadius - phi) * over * scale;
      count++;
    }
    density[i] += ownDensity;
    energies[i] += ownEnergy;
    this.#pairs.count = count;
  }

  /** Adds F(ρ_i) and replaces the densities by F′(ρ_i). */
  #embed(types: Uint8Array, energies: Float64Array): void {
    const density = this.#density;
    const out = this.#out;
    for (let i = 0; i < types.length; i++) {
      splineAt(this.#embedding[types[i]], density[i] * this.#perDensity, out);
      energies[i] += out[0];
      density[i] = out[1] * this.#perDensity;
    }
  }

  #addForces({ forces, virial }: Sums): void {
    const { count, first, second, vectors, slopes } = this.#pairs;
    const embedding = this.#density;
    let xx = 0;
    let yy = 0;
    let zz = 0;
    let yz = 0;
    let xz = 0;
    let xy = 0;
    for (let q = 0; q < count; q++) {
      const i = first[q];
      const j = second[q];
      const slope = embedding[i] * slopes[3 * q] + embedding[j] * slopes[3 * q + 1] + slopes[3 * q + 2];
      const x = vectors[3 * q];
      const y = vectors[3 * q + 1];
      const z = vectors[3 * q + 2];
      const gx = slope * x;
      const gy = slope * y;
      const gz = slope * z;
      forces[3 * i] += gx;
      forces[3 * i + 1] += gy;
      forces[3 * i + 2] += gz;
      forces[3 * j] -= gx;
      forces[3 * j + 1] -= gy;
      forces[3 * j + 2] -= gz;
      xx += gx * x;
      yy += gy * y;
      zz += gz * z;
      yz += gy * z;
      xz += gx * z;
      xy += gx * y;
    }
    virial[0] += xx;
    virial[1] += yy;
    virial[2] += zz;
    virial[3] += yz;
    virial[4] += xz;
    virial[5] += xy;
  }
}

/** The cubic whose coefficients begin at `at`, and its slope per interval. */
const valueAt = (c: Float64Array, at: number, t: number): number =>
  ((c[at] * t + c[at + 1]) * t + c[at + 2]) * t + c[at + 3];
const slopeAt = (c: Float64Array, at: number, t: number): number => (3 * c[at] * t + 2 * c[at + 1]) * t + c[at + 2];

/** Four coefficients an interval of each table → those of an interval of all tables together. */
function sideBySide(tables: readonly Float64Array[]): Float64Array {
  const width = 4 * tables.length;
  return Float64Array.from({ length: tables.length * tables[0].length }, (_, at) => {
    const within = at % width;
    return tables[within >> 2][4 * Math.floor(at / width) + (within & 3)];
  });
}

const roomFor = (pairs: number): Pairs => ({
  count: 0,
  first: new Int32Array(pairs),
  second: new Int32Array(pairs),
  vectors: new Float64Array(3 * pairs),
  slopes: new Float64Array(3 * pairs),
});
