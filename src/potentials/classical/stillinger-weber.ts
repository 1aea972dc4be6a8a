/**
 * Stillinger and Weber 1985, doi:10.1103/PhysRevB.31.5262, eqs. 2.3 to 2.5, for several elements as in LAMMPS's
 * `pair_style sw` (https://docs.lammps.org/pair_sw.html):
 *
 *   E = Σ_i Σ_{j>i} φ₂(r_ij) + Σ_i Σ_{j<k} φ₃(r_ij, r_ik, θ_jik)
 *   φ₂ = A ε [B (σ/r)^p − (σ/r)^q] exp(σ/(r − aσ)),   r < aσ
 *   φ₃ = λ ε (cos θ − cos θ₀)² exp(γσ/(r_ij − aσ)) exp(γσ/(r_ik − aσ))
 *
 * A, B, p, q, and σ, a, γ of the bond ij are those of the triplet i j j; λ, ε and cos θ₀ of an angle those of i j k. The
 * atomic energies are LAMMPS's: half of φ₂ to each atom, a third of φ₃.
 */
import type { Place } from "../../errors/index.js";
import { elementSymbol } from "../../structure/index.js";
import { requireParameter } from "./elements.js";
import type { Interaction, Sums, Surroundings } from "./interaction.js";
import { NearNeighbors } from "./near-neighbors.js";
import { agreed, type TripletEntry, type TripletTable, tripletTable } from "./triplets.js";

export interface StillingerWeberEntry extends TripletEntry {
  /** eV */
  readonly epsilon: number;
  /** Å */
  readonly sigma: number;
  /** Cutoff over σ. */
  readonly a: number;
  readonly lambda: number;
  readonly gamma: number;
  readonly cosTheta0: number;
  readonly A: number;
  readonly B: number;
  readonly p: number;
  readonly q: number;
  /** Above 0: the cutoff is where exp(σ/(r − aσ)), or with γ < 1 exp(γσ/(r − aσ)), has fallen to this (at most 0.01). */
  readonly tolerance: number;
}

export interface StillingerWeberRecord {
  readonly kind: "stillinger-weber";
  /** One for every ordered triple of the elements. */
  readonly triplets: readonly StillingerWeberEntry[];
  /** Where the parameters come from. */
  readonly source?: string;
}

/** Throws InputError (`bad-parameter`) where a number is not what LAMMPS accepts. */
export function checkStillingerWeberEntry(entry: StillingerWeberEntry, where: Place = {}): void {
  const { elements, cosTheta0, ...positive } = entry;
  const of = `of ${elements.join(" ")}`;
  for (const [name, value] of Object.entries(positive))
    requireParameter(
      value >= 0 && Number.isFinite(value),
      { name: `${name} ${of}`, value, expected: "0 or more" },
      where,
    );
  requireParameter(
    Number.isFinite(cosTheta0),
    { name: `cosTheta0 ${of}`, value: cosTheta0, expected: "a number" },
    where,
  );
}

/** Distance from which a pair does not count, Å. */
function reachOf({ sigma, a, gamma, tolerance }: StillingerWeberEntry): number {
  if (tolerance === 0) return a * sigma;
  return a * sigma + (Math.min(gamma, 1) * sigma) / Math.log(Math.min(tolerance, 0.01));
}

export class StillingerWeber implements Interaction {
  readonly title = "Stillinger–Weber potential";
  readonly elements: readonly number[];
  readonly cutoff: number;
  readonly #pairs: { readonly cutoffSquared: Float64Array; readonly types: number };
  /** [pair]: aσ Å, σ Å, γσ Å, AεB eV, Aε eV, p, q. */
  readonly #edge: Float64Array;
  readonly #sigma: Float64Array;
  readonly #gammaSigma: Float64Array;
  readonly #repulsion: Float64Array;
  readonly #attraction: Float64Array;
  readonly #p: Float64Array;
  readonly #q: Float64Array;
  /** [triplet]: λε eV, cos θ₀. */
  readonly #strength: Float64Array;
  readonly #cosTheta0: Float64Array;
  readonly #near = new NearNeighbors();
  /** exp(γσ/(r − aσ)) of each near neighbour and its derivative, 1/Å. */
  #bond = new Float64Array(0);
  #bondSlope = new Float64Array(0);

  /** Throws InputError: `unknown-element`, `bad-parameter`, `repeated-`, `missing-triplet`, `asymmetric-parameters`. */
  constructor(record: StillingerWeberRecord, where: Place = {}) {
    for (const entry of record.triplets) checkStillingerWeberEntry(entry, where);
    const table = tripletTable(record.triplets, where);
    const n = table.elements.length;
    this.elements = table.elements;
    const pairs = pairEntries(table, where);
    const column = (pick: (entry: StillingerWeberEntry) => number): Float64Array => Float64Array.from(pairs, pick);
    this.#pairs = { cutoffSquared: column((e) => reachOf(e) ** 2), types: n };
    this.cutoff = pairs.reduce((most, e) => Math.max(most, reachOf(e)), 0);
    this.#edge = column((e) => e.a * e.sigma);
    this.#sigma = column((e) => e.sigma);
    this.#gammaSigma = column((e) => e.gamma * e.sigma);
    this.#repulsion = column((e) => e.A * e.epsilon * e.B);
    this.#attraction = column((e) => e.A * e.epsilon);
    this.#p = column((e) => e.p);
    this.#q = column((e) => e.q);
    const angles = angleEntries(table, where);
    this.#strength = Float64Array.from(angles, (e) => e.strength);
    this.#cosTheta0 = Float64Array.from(angles, (e) => e.cosTheta0);
  }

  add(surroundings: Surroundings, sums: Sums): void {
    const near = this.#near;
    if (near.reserve(surroundings.list.offsets)) {
      this.#bond = new Float64Array(near.atom.length);
      this.#bondSlope = new Float64Array(near.atom.length);
    }
    const { types } = surroundings;
    for (let i = 0; i < types.length; i++) {
      near.gather(i, surroundings, this.#pairs);
      this.#addBonds(i, types[i], sums.energies);
      this.#addAngles(i, types[i], sums.energies);
      near.scatter(i, sums);
    }
  }

  /** φ₂ with every neighbour of higher index, half of it with the atom's own images; the factors of φ₃. */
  #addBonds(i: number, type: number, energies: Float64Array): void {
    const near = this.#near;
    for (let a = 0; a < near.count; a++) {
      const pair = type * this.#pairs.types + near.type[a];
      const r = near.r[a];
      // Rounding of the square can let r = aσ through.
      const gap = 1 / Math.min(r - this.#edge[pair], -1e-15);
      const bond = Math.exp(this.#gammaSigma[pair] * gap);
      this.#bond[a] = bond;
      this.#bondSlope[a] = -this.#gammaSigma[pair] * gap * gap * bond;
      const j = near.atom[a];
      if (j < i) continue;
      const sigma = this.#sigma[pair];
      const repulsion = this.#repulsion[pair] * (sigma / r) ** this.#p[pair];
      const attraction = this.#attraction[pair] * (sigma / r) ** this.#q[pair];
      const factor = (j === i ? 0.5 : 1) * Math.exp(sigma * gap);
      const half = 0.5 * factor * (repulsion - attraction);
      energies[i] += half;
      energies[j] += half;
      const powers = (this.#q[pair] * attraction - this.#p[pair] * repulsion) / r;
      const slope = (factor * (powers - (repulsion - attraction) * sigma * gap * gap)) / r;
      near.gx[a] += slope * near.x[a];
      near.gy[a] += slope * near.y[a];
      near.gz[a] += slope * near.z[a];
    }
  }

  #addAngles(i: number, type: number, energies: Float64Array): void {
    const { count, x, y, z, r, gx, gy, gz, atom, type: typeOf } = this.#near;
    const n = this.#pairs.types;
    const bond = this.#bond;
    const bondSlope = this.#bondSlope;
    for (let a = 0; a < count; a++) {
      const row = (type * n + typeOf[a]) * n;
      const overA = 1 / r[a];
      for (let b = a + 1; b < count; b++) {
        const strength = this.#strength[row + typeOf[b]];
        if (strength === 0) continue;
        const overB = 1 / r[b];
        const cosine = (x[a] * x[b] + y[a] * y[b] + z[a] * z[b]) * overA * overB;
        const away = cosine - this.#cosTheta0[row + typeOf[b]];
        const energy = strength * away * away;
        const third = (energy * bond[a] * bond[b]) / 3;
        energies[i] += third;
        energies[atom[a]] += third;
        energies[atom[b]] += third;
        // ∂cos θ/∂r_a = (r̂_b − cos θ r̂_a)/r_a, and with a and b exchanged.
        const turning = 2 * strength * away * bond[a] * bond[b] * overA;
        const alongA = (energy * bondSlope[a] * bond[b] - turning * cosine) * overA;
        const alongB = (energy * bond[a] * bondSlope[b] - turning * cosine * r[a] * overB) * overB;
        const across = turning * overB;
        gx[a] += alongA * x[a] + across * x[b];
        gy[a] += alongA * y[a] + across * y[b];
        gz[a] += alongA * z[a] + across * z[b];
        gx[b] += alongB * x[b] + across * x[a];
        gy[b] += alongB * y[b] + across * y[a];
        gz[b] += alongB * z[b] + across * z[a];
      }
    }
  }
}

/** Entries i j j, [pair], with φ₂ the same both ways round; γ, which only φ₃ uses, stays with the centre. */
function pairEntries({ elements, entries }: TripletTable<StillingerWeberEntry>, where: Place): StillingerWeberEntry[] {
  const n = elements.length;
  const at = (i: number, j: number): StillingerWeberEntry => entries[(i * n + j) * n + j];
  return Array.from({ length: n * n }, (_, pair) => {
    const [i, j] = [Math.floor(pair / n), pair % n];
    const name = `of ${elementSymbol(elements[i])} and ${elementSymbol(elements[j])}`;
    const both = (key: "epsilon" | "sigma" | "a" | "A" | "B" | "p" | "q" | "tolerance"): number =>
      agreed(at(i, j)[key], at(j, i)[key], { name: `${key} ${name}`, where });
    return {
      ...at(i, j),
      ...{ epsilon: both("epsilon"), sigma: both("sigma"), a: both("a"), tolerance: both("tolerance") },
      ...{ A: both("A"), B: both("B"), p: both("p"), q: both("q") },
    };
  });
}

/** λε (eV) and cos θ₀, [triplet]; the same for i j k and i k j. */
function angleEntries({ elements, entries }: TripletTable<StillingerWeberEntry>, where: Place) {
  const n = elements.length;
  return entries.map(({ lambda, epsilon, elements: [i, j, k], cosTheta0 }, triplet) => {
    const [centre, rest] = [Math.floor(triplet / (n * n)), triplet % (n * n)];
    const mirror = entries[(centre * n + (rest % n)) * n + Math.floor(rest / n)];
    const name = `of ${i} with ${j} and ${k}`;
    return {
      strength: agreed(lambda * epsilon, mirror.lambda * mirror.epsilon, { name: `lambda·epsilon ${name}`, where }),
      cosTheta0: agreed(cosTheta0, mirror.cosTheta0, { name: `cosTheta0 ${name}`, where }),
    };
  });
}
