/**
 * Tersoff 1988, doi:10.1103/PhysRevB.37.6991 and doi:10.1103/PhysRevB.38.9902; for several elements Tersoff 1989,
 * doi:10.1103/PhysRevB.39.5566, in the form of LAMMPS's `pair_style tersoff` (https://docs.lammps.org/pair_tersoff.html), which
 * also holds that of Albe et al. (m = 1):
 *
 *   E    = ½ Σ_i Σ_{j≠i} f_C(r_ij) [A e^(−λ₁ r_ij) − b_ij B e^(−λ₂ r_ij)]
 *   b_ij = (1 + (βζ_ij)ⁿ)^(−1/2n)
 *   ζ_ij = Σ_{k≠i,j} f_C(r_ik) g(θ_ijk) exp[(λ₃ (r_ij − r_ik))^m]
 *   g(θ) = γ (1 + c²/d² − c²/(d² + (cos θ − cos θ₀)²))
 *   f_C  = 1 up to R − D, ½ − ½ sin(π/2 (r − R)/D), 0 from R + D
 *
 * A, B, λ₁, λ₂, β, n, and R, D of the bond ij are those of the triplet i j j; λ₃, m, γ, c, d, cos θ₀, and R, D of the bond ik in
 * ζ those of i j k. Each bond's half goes to its two atoms by halves, as in LAMMPS. LAMMPS caps the exponential in ζ at
 * e^±69; we do not.
 */
import type { Place } from "../../errors/index.js";
import { elementSymbol } from "../../structure/index.js";
import { requireParameter } from "./elements.js";
import type { Interaction, Sums, Surroundings } from "./interaction.js";
import { NearNeighbors } from "./near-neighbors.js";
import { bondOrder, taper } from "./tersoff-terms.js";
import { agreed, type TripletEntry, type TripletTable, tripletTable } from "./triplets.js";

export interface TersoffEntry extends TripletEntry {
  /** 1 or 3. */
  readonly m: number;
  readonly gamma: number;
  /** 1/Å */
  readonly lambda3: number;
  readonly c: number;
  readonly d: number;
  readonly cosTheta0: number;
  readonly n: number;
  readonly beta: number;
  /** 1/Å */
  readonly lambda2: number;
  /** eV */
  readonly B: number;
  /** Å */
  readonly R: number;
  /** Å */
  readonly D: number;
  /** 1/Å */
  readonly lambda1: number;
  /** eV */
  readonly A: number;
}

export interface TersoffRecord {
  readonly kind: "tersoff";
  /** One for every ordered triple of the elements. */
  readonly triplets: readonly TersoffEntry[];
  /** Where the parameters come from. */
  readonly source?: string;
}

/** Throws InputError (`bad-parameter`) where a number is not what LAMMPS accepts, or divides by zero. */
export function checkTersoffEntry(entry: TersoffEntry, where: Place = {}): void {
  const { elements, cosTheta0, lambda3, m, ...positive } = entry;
  const of = `of ${elements.join(" ")}`;
  const check = (holds: boolean, name: string, value: number, expected: string): void =>
    requireParameter(holds && Number.isFinite(value), { name: `${name} ${of}`, value, expected }, where);
  for (const [name, value] of Object.entries(positive)) check(value >= 0, name, value, "0 or more");
  check(true, "cosTheta0", cosTheta0, "a number");
  check(true, "lambda3", lambda3, "a number");
  check(m === 1 || m === 3, "m", m, "1 or 3");
  check(entry.d > 0, "d", entry.d, "a number above 0");
  check(entry.D <= entry.R, "D", entry.D, `at most R, ${entry.R} Å`);
  if (elements[1] === elements[2]) check(entry.n > 0, "n", entry.n, "a number above 0");
}

export class Tersoff implements Interaction {
  readonly title = "Tersoff potential";
  readonly elements: readonly number[];
  readonly cutoff: number;
  /** The largest cutoff that a pair has as a bond or in some ζ. */
  readonly #pairs: { readonly cutoffSquared: Float64Array; readonly types: number };
  readonly #entries: readonly TersoffEntry[];
  readonly #near = new NearNeighbors();
  readonly #out = new Float64Array(2);
  /** Of each near neighbour's term of ζ: ∂/∂r_ij, ∂/∂r_ik, ∂/∂cos θ; and cos θ. */
  #slopeJ = new Float64Array(0);
  #slopeK = new Float64Array(0);
  #slopeCosine = new Float64Array(0);
  #cosine = new Float64Array(0);

  /** Throws InputError: `unknown-element`, `bad-parameter`, `repeated-`, `missing-triplet`, `asymmetric-parameters`. */
  constructor(record: TersoffRecord, where: Place = {}) {
    for (const entry of record.triplets) checkTersoffEntry(entry, where);
    const table = tripletTable(record.triplets, where);
    checkSymmetry(table, where);
    this.elements = table.elements;
    this.#entries = table.entries;
    const n = table.elements.length;
    const cutoffSquared = new Float64Array(n * n);
    table.entries.forEach(({ R, D }, triplet) => {
      const pair = Math.floor(triplet / (n * n)) * n + (triplet % n);
      cutoffSquared[pair] = Math.max(cutoffSquared[pair], (R + D) ** 2);
    });
    this.#pairs = { cutoffSquared, types: n };
    this.cutoff = table.entries.reduce((most, { R, D }) => Math.max(most, R + D), 0);
  }

  add(surroundings: Surroundings, sums: Sums): void {
    const near = this.#near;
    if (near.reserve(surroundings.list.offsets)) this.#reserve(near.atom.length);
    const { types } = surroundings;
    for (let i = 0; i < types.length; i++) {
      near.gather(i, surroundings, this.#pairs);
      for (let a = 0; a < near.count; a++) this.#addBond(i, types[i], a, sums.energies);
      near.scatter(i, sums);
    }
  }

  #reserve(length: number): void {
    this.#slopeJ = new Float64Array(length);
    this.#slopeK = new Float64Array(length);
    this.#slopeCosine = new Float64Array(length);
    this.#cosine = new Float64Array(length);
  }

  /** Atom i's half of its bond with the near neighbour a. */
  #addBond(i: number, type: number, a: number, energies: Float64Array): void {
    const near = this.#near;
    const out = this.#out;
    const types = this.#pairs.types;
    const row = (type * types + near.type[a]) * types;
    const entry = this.#entries[row + near.type[a]];
    const r = near.r[a];
    if (r >= entry.R + entry.D) return;
    bondOrder(this.#sumZeta(row, a), entry.beta, entry.n, out);
    const order = out[0];
    const orderSlope = out[1];
    taper(r, entry.R, entry.D, out);
    const factor = 0.5 * out[0];
    const factorSlope = 0.5 * out[1];
    const repulsion = entry.A * Math.exp(-entry.lambda1 * r);
    const attraction = -entry.B * Math.exp(-entry.lambda2 * r);
    const whole = repulsion + order * attraction;
    const half = 0.5 * factor * whole;
    energies[i] += half;
    energies[near.atom[a]] += half;
    const wholeSlope = -entry.lambda1 * repulsion - entry.lambda2 * order * attraction;
    const slope = (factorSlope * whole + factor * wholeSlope) / r;
    near.gx[a] += slope * near.x[a];
    near.gy[a] += slope * near.y[a];
    near.gz[a] += slope * near.z[a];
    const perZeta = factor * attraction * orderSlope;
    if (perZeta !== 0) this.#spread(a, perZeta);
  }

  /** ζ of the bond with near neighbour a; keeps the derivatives of its terms. */
  #sumZeta(row: number, a: number): number {
    const { count, x, y, z, r, type } = this.#near;
    const out = this.#out;
    let zeta = 0;
    for (let b = 0; b < count; b++) {
      this.#slopeJ[b] = 0;
      this.#slopeK[b] = 0;
      this.#slopeCosine[b] = 0;
      if (b === a) continue;
      const entry = this.#entries[row + type[b]];
      taper(r[b], entry.R, entry.D, out);
      const taperSlope = out[1];
      if (out[0] === 0) continue;
      const cosine = (x[a] * x[b] + y[a] * y[b] + z[a] * z[b]) / (r[a] * r[b]);
      const away = entry.cosTheta0 - cosine;
      const c2 = entry.c * entry.c;
      const d2 = entry.d * entry.d;
      const width = d2 + away * away;
      // 1 + c²/d² − c²/(d² + …) with the large numbers cancelled: for carbon c²/d² is 10⁸.
      const angular = entry.gamma * (1 + (c2 * away * away) / (d2 * width));
      const angularSlope = (-2 * entry.gamma * c2 * away) / (width * width);
      const delta = entry.lambda3 * (r[a] - r[b]);
      const cubic = entry.m === 3;
      const growth = delta === 0 ? 1 : Math.exp(cubic ? delta * delta * delta : delta);
      const growthSlope = growth * entry.lambda3 * (cubic ? 3 * delta * delta : 1);
      const tapered = out[0] * angular;
      zeta += tapered * growth;
      this.#slopeJ[b] = tapered * growthSlope;
      this.#slopeK[b] = taperSlope * angular * growth - tapered * growthSlope;
      this.#slopeCosine[b] = out[0] * angularSlope * growth;
      this.#cosine[b] = cosine;
    }
    return zeta;
  }

  /** ∂E/∂ζ times the gradient of ζ. */
  #spread(a: number, perZeta: number): void {
    const { count, x, y, z, r, gx, gy, gz } = this.#near;
    const overA = 1 / r[a];
    for (let b = 0; b < count; b++) {
      const slopeK = this.#slopeK[b];
      const slopeCosine = this.#slopeCosine[b];
      const slopeJ = this.#slopeJ[b];
      if (slopeK === 0 && slopeCosine === 0 && slopeJ === 0) continue;
      const overB = 1 / r[b];
      const turning = slopeCosine * this.#cosine[b];
      const alongA = perZeta * (slopeJ - turning * overA) * overA;
      const alongB = perZeta * (slopeK - turning * overB) * overB;
      const across = perZeta * slopeCosine * overA * overB;
      gx[a] += alongA * x[a] + across * x[b];
      gy[a] += alongA * y[a] + across * y[b];
      gz[a] += alongA * z[a] + across * z[b];
      gx[b] += alongB * x[b] + across * x[a];
      gy[b] += alongB * y[b] + across * y[a];
      gz[b] += alongB * z[b] + across * z[a];
    }
  }
}

/** Throws InputError unless the repulsion of a bond is the same seen from both ends. */
function checkSymmetry({ elements, entries }: TripletTable<TersoffEntry>, where: Place): void {
  const n = elements.length;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      const [one, other] = [entries[(i * n + j) * n + j], entries[(j * n + i) * n + i]];
      const name = `of ${elementSymbol(elements[i])} and ${elementSymbol(elements[j])}`;
      for (const key of ["A", "lambda1", "R", "D"] as const)
        agreed(one[key], other[key], { name: `${key} ${name}`, where });
    }
  }
}
