/** Classical potentials for tests that need no files, each with structures on which it makes sense. */
import type {
  ClassicalRecord,
  EamRecord,
  LennardJonesRecord,
  StillingerWeberEntry,
  TersoffEntry,
} from "../../src/potentials/classical/index.js";
import { siliconStillingerWeber, siliconTersoff } from "../../src/potentials/classical/index.js";
import type { Crystal, Liquid } from "./atomic-structures.js";

export interface Subject {
  readonly name: string;
  readonly record: ClassicalRecord;
  readonly crystal: Crystal;
  readonly liquid: Omit<Liquid, "elements" | "atoms">;
  /** Distances at which the energy has a jump or a kink in one of its first two derivatives, Å. */
  readonly edges: readonly number[];
}

const lennardJones = (shift: "none" | "energy" | "force"): LennardJonesRecord => ({
  kind: "lennard-jones",
  pairs: [
    { elements: ["Ar", "Ar"], epsilon: 0.0104, sigma: 3.4, cutoff: 6 },
    { elements: ["Kr", "Kr"], epsilon: 0.0141, sigma: 3.65, cutoff: 6.5 },
  ],
  mixing: "arithmetic",
  shift,
});

/** Zinc blende of two elements, every triple different; γ and λ₃ where they are not usual. */
const twoElementTersoff: readonly TersoffEntry[] = (["Si", "C"] as const).flatMap((i) =>
  (["Si", "C"] as const).flatMap((j) =>
    (["Si", "C"] as const).map((k): TersoffEntry => {
      const carbons = [i, j, k].filter((x) => x === "C").length;
      const mixed = i === j ? (i === "C" ? 1.4 : 2.9) : 2.3;
      const own = i === "C" ? 1 : 0;
      return {
        elements: [i, j, k],
        ...{ m: own === 1 ? 1 : 3, gamma: 1 + 0.1 * carbons, lambda3: 0.4 + 0.2 * carbons },
        ...{ c: 2 + own, d: 1.1, cosTheta0: -0.4 - 0.05 * carbons },
        ...{ n: 0.8, beta: 0.3 + 0.1 * own, lambda2: 1.6, B: i === j ? 300 : 260 },
        ...{ R: mixed + 0.02 * (j === k ? 0 : 1), D: 0.2, lambda1: 2.7, A: i === j ? 1200 : 1100 },
      };
    }),
  ),
);

const twoElementStillingerWeber: readonly StillingerWeberEntry[] = (["Ga", "N"] as const).flatMap((i) =>
  (["Ga", "N"] as const).flatMap((j) =>
    (["Ga", "N"] as const).map((k): StillingerWeberEntry => {
      const sigma = i === j ? (i === "Ga" ? 2.1 : 1.3) : 1.695;
      return {
        elements: [i, j, k],
        ...{ epsilon: i === j ? 1.2 : 2.17, sigma, a: 1.75, gamma: i === "Ga" ? 1.2 : 0.9 },
        ...{ lambda: (j === k ? 30 : 25) / (i === j ? 1.2 : 2.17), cosTheta0: i === "Ga" ? -1 / 3 : -0.2 },
        ...{ A: 7.917, B: 0.72, p: i === j ? 4 : 4.5, q: i === j ? 0 : 0.5, tolerance: 0 },
      };
    }),
  ),
);

/** A cubic; LAMMPS's interpolation keeps it exactly, away from the ends of its table. */
export const cubic =
  ([a, b, c, d]: readonly number[]) =>
  (x: number): number =>
    ((d * x + c) * x + b) * x + a;

const tabled = (f: (x: number) => number, step: number, points: number): Float64Array =>
  Float64Array.from({ length: points }, (_, k) => f(k * step));

/** Falls to zero at rc with zero slope and curvature. */
const fading = (rc: number, height: number): ((r: number) => number) =>
  cubic([height * rc ** 3, -3 * height * rc ** 2, 3 * height * rc, -height]);

export const EAM_CUTOFF = 5;
export const eamEmbedding = { Cu: cubic([0, -1.1, 0.12, 0.004]), Ag: cubic([0, -0.9, 0.08, 0.006]) };
/** [source][at] */
export const eamDensity = {
  Cu: { Cu: fading(EAM_CUTOFF, 0.024), Ag: fading(EAM_CUTOFF, 0.029) },
  Ag: { Cu: fading(EAM_CUTOFF, 0.021), Ag: fading(EAM_CUTOFF, 0.026) },
};
/** rφ(r) */
export const eamPair = {
  CuCu: fading(EAM_CUTOFF, 0.18),
  AgCu: fading(EAM_CUTOFF, 0.2),
  AgAg: fading(EAM_CUTOFF, 0.22),
};

const onRadii = (f: (r: number) => number): Float64Array => tabled(f, 0.01, 510);

/** `fs`: the density depends on both elements. */
export function eamRecord(form: "alloy" | "fs"): EamRecord {
  const { Cu, Ag } = eamDensity;
  const [cuCu, agAg] = [onRadii(Cu.Cu), onRadii(Ag.Ag)];
  return {
    kind: "eam",
    elements: ["Cu", "Ag"],
    cutoff: EAM_CUTOFF,
    densityStep: 0.001,
    radiusStep: 0.01,
    embedding: [tabled(eamEmbedding.Cu, 0.001, 10_000), tabled(eamEmbedding.Ag, 0.001, 10_000)],
    density:
      form === "alloy"
        ? [
            [cuCu, cuCu],
            [agAg, agAg],
          ]
        : [
            [cuCu, onRadii(Cu.Ag)],
            [onRadii(Ag.Cu), agAg],
          ],
    pair: [[onRadii(eamPair.CuCu)], [onRadii(eamPair.AgCu), onRadii(eamPair.AgAg)]],
  };
}

const silicon: Crystal = { lattice: "diamond", constant: 5.43, elements: ["Si"] };
const siliconMelt = { box: 7.5, apart: 2 };
const argon: Crystal = { lattice: "fcc", constant: 5.3, elements: ["Ar", "Kr", "Ar"] };
const alloy: Crystal = { lattice: "fcc", constant: 3.8, elements: ["Cu", "Ag", "Ag"] };
const carbide: Crystal = { lattice: "diamond", constant: 4.36, elements: ["Si", "C"] };

const ljSubject = (shift: "none" | "energy" | "force"): Subject => ({
  name: `Lennard-Jones, shift ${shift}`,
  record: lennardJones(shift),
  crystal: argon,
  liquid: { box: 10, apart: 2.9 },
  edges: [6, 6.25, 6.5],
});

const eamSubject = (form: "alloy" | "fs"): Subject => ({
  name: form === "fs" ? "Finnis–Sinclair" : "EAM",
  record: eamRecord(form),
  crystal: alloy,
  liquid: { box: 8, apart: 2.1 },
  edges: [],
});

const zbl: ClassicalRecord = { kind: "zbl", inner: 1.7, outer: 3 };

export const subjects: readonly Subject[] = [
  ljSubject("none"),
  ljSubject("energy"),
  ljSubject("force"),
  { name: "ZBL", record: zbl, crystal: carbide, liquid: { box: 6, apart: 0.8 }, edges: [] },
  {
    name: "Stillinger–Weber",
    record: siliconStillingerWeber,
    crystal: silicon,
    liquid: siliconMelt,
    edges: [],
  },
  {
    name: "Stillinger–Weber of two elements",
    record: { kind: "stillinger-weber", triplets: twoElementStillingerWeber },
    crystal: { lattice: "diamond", constant: 4.5, elements: ["Ga", "N"] },
    liquid: { box: 6.5, apart: 1.6 },
    edges: [],
  },
  { name: "Tersoff", record: siliconTersoff, crystal: silicon, liquid: siliconMelt, edges: [2.7, 3] },
  {
    name: "Tersoff of two elements",
    record: { kind: "tersoff", triplets: twoElementTersoff },
    crystal: carbide,
    liquid: { box: 6, apart: 1.3 },
    edges: [2.9, 2.92, 1.4, 1.42, 2.3, 2.32].flatMap((r) => [r - 0.2, r + 0.2]),
  },
  eamSubject("alloy"),
  eamSubject("fs"),
  {
    name: "Stillinger–Weber + ZBL",
    record: { kind: "sum", parts: [siliconStillingerWeber, zbl] },
    crystal: silicon,
    liquid: siliconMelt,
    edges: [],
  },
];
