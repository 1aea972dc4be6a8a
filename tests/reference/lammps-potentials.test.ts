/**
 * LAMMPS as judge of the classical potentials: energies, forces, stress and atomic energies from the same files on shaken
 * crystals, surfaces, liquids, clusters and cells smaller than the cutoff.
 *
 * Constants: LAMMPS's stress is compared as virial (its factor from eV/Å³ to bar is taken back); ZBL is given LAMMPS's e²/4πε₀
 * of 14.399645 eV Å, since CODATA's differs by 3·10⁻⁸; funcfl tables have DYNAMO's 27.2·0.529 eV Å in both.
 */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readFuncfl, readSetfl } from "../../src/formats/eam.js";
import { readStillingerWeber } from "../../src/formats/stillinger-weber.js";
import { readTersoff } from "../../src/formats/tersoff.js";
import { RandomStream } from "../../src/math/index.js";
import {
  type ClassicalRecord,
  classicalPotential,
  siliconStillingerWeber,
  siliconTersoff,
} from "../../src/potentials/classical/index.js";
import { elementSymbol, type Structure } from "../../src/structure/index.js";
import { bulk, type Crystal, cluster, type Liquid, liquid, slab } from "../physics/atomic-structures.js";
import { haveLammps, type LammpsCase, type LammpsResult, POTENTIALS, runLammps } from "./lammps-run.js";

const SEED = 20261121;
const RELATIVE = 1e-8;
const inCi = process.env.CI === "true";
if (!haveLammps && !inCi)
  console.warn("tests against LAMMPS are skipped: no lmp with its potentials (Debian: lammps, lammps-data)");
const WITHOUT = haveLammps ? "" : " (skipped: no lmp with its potentials; Debian: lammps, lammps-data)";

interface Subject {
  readonly name: string;
  readonly record: () => ClassicalRecord;
  readonly commands: (symbols: readonly string[]) => readonly string[];
  readonly files?: Readonly<Record<string, string>>;
  readonly crystal: Crystal;
  readonly liquid: Omit<Liquid, "elements" | "atoms">;
}

const file = (name: string) => ({ text: readFileSync(`${POTENTIALS}/${name}`, "utf8"), file: name });
const silicon: Crystal = { lattice: "diamond", constant: 5.43, elements: ["Si"] };
const argon: Crystal = { lattice: "fcc", constant: 5.3, elements: ["Ar", "Kr", "Ar"] };

const pairs = [
  { elements: ["Ar", "Ar"], epsilon: 0.0104, sigma: 3.4, cutoff: 8.5 },
  { elements: ["Kr", "Kr"], epsilon: 0.0141, sigma: 3.65, cutoff: 9 },
  { elements: ["Ar", "Kr"], epsilon: 0.0119, sigma: 3.52, cutoff: 7.5 },
] as const;

/** pair_coeff of every pair of types. */
const pairCoefficients = (symbols: readonly string[], of: (a: string, b: string) => string): string[] =>
  symbols.flatMap((a, i) => symbols.slice(i).map((b, j) => `pair_coeff ${i + 1} ${i + j + 1} ${of(a, b)}`));

function lennardJones(shift: "none" | "energy" | "force"): Subject {
  const style = shift === "force" ? "lj/smooth/linear" : "lj/cut";
  return {
    name: `Lennard-Jones, shift ${shift}`,
    record: () => ({ kind: "lennard-jones", pairs, shift }),
    commands: (symbols) => [
      `pair_style ${style} 9`,
      ...(shift === "energy" ? ["pair_modify shift yes"] : []),
      ...pairCoefficients(symbols, (a, b) => {
        const pair = pairs.find(({ elements: [x, y] }) => (x === a && y === b) || (x === b && y === a));
        return `${pair?.epsilon} ${pair?.sigma} ${pair?.cutoff}`;
      }),
    ],
    crystal: argon,
    liquid: { box: 12, apart: 2.8 },
  };
}

function ofFile(style: string, name: string, about: Pick<Subject, "record" | "crystal" | "liquid">): Subject {
  const commands = (symbols: readonly string[]): string[] => [
    `pair_style ${style}`,
    `pair_coeff * * ${POTENTIALS}/${name} ${symbols.join(" ")}`,
  ];
  return { name: `${style}, ${name}`, commands, ...about };
}

const sw = (name: string, crystal: Crystal, melt: Subject["liquid"]): Subject =>
  ofFile("sw", name, {
    record: () => readStillingerWeber(file(name).text, { file: name }),
    ...{ crystal, liquid: melt },
  });

/** γ below 1 and a tolerance, which shortens the cutoff. */
const TOLERANT = "Si Si Si 2.1683 2.0951 1.80 21.0 0.85 -0.333333333333 7.049556277 0.6022245584 4.0 0.0 1e-3\n";
const tolerantSw: Subject = {
  ...sw("Si.sw", silicon, { box: 9.5, apart: 2 }),
  name: "sw with a tolerance",
  record: () => readStillingerWeber(TOLERANT, { file: "tolerant.sw" }),
  commands: () => ["pair_style sw", "pair_coeff * * tolerant.sw Si"],
  files: { "tolerant.sw": TOLERANT },
};

/** In the file Si(C) is a name of its own. */
const labelled: Subject = {
  ...ofFile("tersoff", "SiCGe.tersoff", {
    record: () => siliconTersoff,
    crystal: silicon,
    liquid: { box: 9.5, apart: 2 },
  }),
  name: "tersoff, the published silicon of 1988",
  commands: () => ["pair_style tersoff", `pair_coeff * * ${POTENTIALS}/SiCGe.tersoff Si(C)`],
};

const tersoff = (name: string, crystal: Crystal, melt: Subject["liquid"]): Subject =>
  ofFile("tersoff", name, {
    record: () => readTersoff(file(name).text, { file: name }),
    ...{ crystal, liquid: melt },
  });

const setfl = (style: "eam/alloy" | "eam/fs", name: string, about: Pick<Subject, "crystal" | "liquid">): Subject =>
  ofFile(style, name, { record: () => readSetfl(file(name).text, { file: name }), ...about });

const funcfl = (names: Readonly<Record<string, string>>, about: Pick<Subject, "crystal" | "liquid">): Subject => ({
  name: `eam, ${Object.values(names).join(" and ")}`,
  record: () => readFuncfl(...Object.values(names).map(file)),
  commands: (symbols) => [
    "pair_style eam",
    ...symbols.map((symbol, t) => `pair_coeff ${t + 1} ${t + 1} ${POTENTIALS}/${names[symbol]}`),
  ],
  ...about,
});

const zbl: Subject = {
  name: "zbl",
  record: () => ({ kind: "zbl", inner: 1.8, outer: 3, coulomb: 14.399645 }),
  commands: (symbols) => [
    "pair_style zbl 1.8 3.0",
    ...pairCoefficients(symbols, (a, b) => `${nuclear(a)} ${nuclear(b)}`),
  ],
  crystal: { lattice: "diamond", constant: 4.36, elements: ["Si", "C"] },
  liquid: { box: 7, apart: 0.7 },
};

const nuclear = (symbol: string): number => ({ Si: 14, C: 6 })[symbol] ?? 0;

const subjects: readonly Subject[] = [
  lennardJones("none"),
  lennardJones("energy"),
  lennardJones("force"),
  sw("Si.sw", silicon, { box: 9.5, apart: 2 }),
  sw("GaN.sw", { lattice: "diamond", constant: 4.5, elements: ["Ga", "N"] }, { box: 8, apart: 1.6 }),
  sw("CdTe.sw", { lattice: "diamond", constant: 6.5, elements: ["Cd", "Te"] }, { box: 11, apart: 2.3 }),
  {
    ...sw("Si.sw", silicon, { box: 9.5, apart: 2 }),
    name: "sw, the published silicon",
    record: () => siliconStillingerWeber,
  },
  tolerantSw,
  labelled,
  tersoff("BNC.tersoff", { lattice: "diamond", constant: 3.6, elements: ["B", "N", "C"] }, { box: 6.5, apart: 1.3 }),
  tersoff("Si.tersoff", silicon, { box: 9.5, apart: 2 }),
  tersoff("SiC.tersoff", { lattice: "diamond", constant: 4.36, elements: ["Si", "C"] }, { box: 7.5, apart: 1.4 }),
  tersoff("GaN.tersoff", { lattice: "diamond", constant: 4.5, elements: ["Ga", "N"] }, { box: 8, apart: 1.6 }),
  funcfl(
    { Au: "Au_u3.eam" },
    { crystal: { lattice: "fcc", constant: 4.08, elements: ["Au"] }, liquid: { box: 10, apart: 2.3 } },
  ),
  funcfl(
    { Cu: "Cu_u3.eam", Au: "Au_u3.eam" },
    { crystal: { lattice: "fcc", constant: 3.85, elements: ["Cu", "Au", "Au"] }, liquid: { box: 10, apart: 2.2 } },
  ),
  setfl("eam/alloy", "CuNi.eam.alloy", {
    crystal: { lattice: "fcc", constant: 3.56, elements: ["Cu", "Ni", "Ni"] },
    liquid: { box: 9, apart: 2 },
  }),
  setfl("eam/alloy", "AlCu.eam.alloy", {
    crystal: { lattice: "fcc", constant: 3.9, elements: ["Al", "Cu", "Cu"] },
    liquid: { box: 9.5, apart: 2 },
  }),
  setfl("eam/alloy", "NiAlH_jea.eam.alloy", {
    crystal: { lattice: "fcc", constant: 3.6, elements: ["Ni", "Al", "Ni", "H", "Ni"] },
    liquid: { box: 9, apart: 1.9 },
  }),
  setfl("eam/fs", "NiAlH_jea.eam.fs", {
    crystal: { lattice: "fcc", constant: 3.6, elements: ["Ni", "Al", "Ni", "H", "Ni"] },
    liquid: { box: 9, apart: 1.9 },
  }),
  setfl("eam/fs", "AlFe_mm.eam.fs", {
    crystal: { lattice: "bcc", constant: 2.89, elements: ["Al", "Fe"] },
    liquid: { box: 9, apart: 2 },
  }),
  setfl("eam/fs", "Fe_mm.eam.fs", {
    crystal: { lattice: "bcc", constant: 2.86, elements: ["Fe"] },
    liquid: { box: 9, apart: 2 },
  }),
  zbl,
];

/** Bulk, surface, liquid, cluster, and a cell smaller than the cutoff. */
function structuresOf({ name, crystal, liquid: melt }: Subject): Record<string, Structure> {
  const random = new RandomStream(SEED, name);
  const times = crystal.lattice === "bcc" ? ([4, 3, 3] as const) : ([3, 2, 2] as const);
  return {
    bulk: bulk(random, crystal, times),
    surface: slab(random, crystal, times),
    liquid: liquid(random, { ...melt, elements: crystal.elements, atoms: 32 }),
    cluster: cluster(random, crystal, 1.1 * crystal.constant),
    "small cell": bulk(random, crystal, [1, 1, 1]),
  };
}

interface Comparison {
  readonly subject: Subject;
  readonly kind: string;
  readonly structure: Structure;
  readonly input: LammpsCase;
}

const comparisons: readonly Comparison[] = haveLammps
  ? subjects.flatMap((subject) =>
      Object.entries(structuresOf(subject)).map(([kind, structure]) => {
        const elements = [...new Set(structure.species)].map(elementSymbol);
        const { files = {} } = subject;
        const input = { structure, elements, files, commands: subject.commands(elements) };
        return { subject, kind, structure, input };
      }),
    )
  : [];

const largest = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((most, x) => Math.max(most, Math.abs(x)), 0);

/** Largest difference over largest value. */
const apart = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  largest(Array.from(a, (x, k) => x - b[k])) / largest(b);

describe.skipIf(!haveLammps && !inCi)(`LAMMPS's numbers (seed ${SEED})${WITHOUT}`, () => {
  let results: readonly LammpsResult[] = [];
  const lines: string[] = [];

  beforeAll(() => {
    if (!haveLammps) throw new Error("no lmp with its potentials: install the Debian packages lammps and lammps-data");
    results = runLammps(comparisons.map(({ input }) => input));
  });
  afterAll(() => {
    const heading = "largest relative difference from LAMMPS: energy, forces, stress, atomic energies";
    console.log([heading, ...lines].join("\n"));
  });

  it.each(subjects.map((subject) => [subject.name, subject] as const))("%s", (name, subject) => {
    const potential = classicalPotential(subject.record());
    const worst = { energy: 0, forces: 0, stress: 0, atoms: 0 };
    comparisons.forEach((comparison, k) => {
      if (comparison.subject !== subject) return;
      const { structure, kind } = comparison;
      const ours = potential.evaluate(structure);
      const theirs = results[k];
      const found = {
        energy: Math.abs(ours.energy / theirs.energy - 1),
        forces: apart(ours.forces, theirs.forces),
        stress: ours.stress === undefined ? 0 : apart(ours.stress, theirs.stress),
        atoms: apart(ours.atomicEnergies, theirs.atomicEnergies),
      };
      expect(largest(theirs.forces), `${kind}: LAMMPS's forces`).toBeGreaterThan(1e-3);
      expect(ours.stress !== undefined).toBe(structure.periodic.every(Boolean));
      for (const key of ["energy", "forces", "stress", "atoms"] as const) {
        expect(found[key], `${kind}, ${structure.species.length} atoms: ${key}`).toBeLessThan(RELATIVE);
        worst[key] = Math.max(worst[key], found[key]);
      }
    });
    const digits = Object.values(worst).map((x) => x.toExponential(1).padStart(8));
    lines.push(`${digits.join("  ")}  ${name}`);
  });
});
