/** Parameter sets of the literature, so that an example needs no file. */
import { boltzmann } from "../../units/index.js";
import type { LennardJonesRecord } from "./lennard-jones.js";
import type { StillingerWeberRecord } from "./stillinger-weber.js";
import type { TersoffRecord } from "./tersoff.js";

/** Silicon; diamond is stable at 5.431 Å with −4.3366 eV/atom. ε is 50 kcal/mol; its last digits are LAMMPS's (Si.sw). */
export const siliconStillingerWeber: StillingerWeberRecord = {
  kind: "stillinger-weber",
  source: "Stillinger and Weber, Phys. Rev. B 31, 5262 (1985), doi:10.1103/PhysRevB.31.5262",
  triplets: [
    {
      elements: ["Si", "Si", "Si"],
      ...{ epsilon: 2.1683, sigma: 2.0951, a: 1.8, lambda: 21, gamma: 1.2, cosTheta0: -0.333333333333 },
      ...{ A: 7.049556277, B: 0.6022245584, p: 4, q: 0, tolerance: 0 },
    },
  ],
};

/** Silicon, the parameters called T3 or Si(C); diamond is stable at 5.432 Å with −4.63 eV/atom. */
export const siliconTersoff: TersoffRecord = {
  kind: "tersoff",
  source: "Tersoff, Phys. Rev. B 38, 9902 (1988), doi:10.1103/PhysRevB.38.9902",
  triplets: [
    {
      elements: ["Si", "Si", "Si"],
      ...{ m: 3, gamma: 1, lambda3: 1.7322, c: 1.0039e5, d: 16.218, cosTheta0: -0.59826 },
      ...{ n: 0.78734, beta: 1.0999e-6, lambda2: 1.7322, B: 471.18, R: 2.85, D: 0.15, lambda1: 2.4799, A: 1830.8 },
    },
  ],
};

/** Liquid argon, ε/kB = 120 K, σ = 3.4 Å; we cut at 2.5 σ, where Rahman cut at 2.25 σ, and shift the energy. */
export const argonLennardJones: LennardJonesRecord = {
  kind: "lennard-jones",
  source: "Rahman, Phys. Rev. 136, A405 (1964), doi:10.1103/PhysRev.136.A405",
  pairs: [{ elements: ["Ar", "Ar"], epsilon: 120 * boltzmann, sigma: 3.4, cutoff: 8.5 }],
  shift: "energy",
};

/** By the names under which a configuration may ask for them. */
export const publishedPotentials = {
  "argon-lennard-jones-rahman-1964": argonLennardJones,
  "silicon-stillinger-weber-1985": siliconStillingerWeber,
  "silicon-tersoff-1988": siliconTersoff,
} as const;
