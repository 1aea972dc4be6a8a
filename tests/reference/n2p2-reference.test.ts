/**
 * The plain column and the reader of n2p2's directories against what n2p2 itself computed. They agree only if functions,
 * their order, scaling, networks, offsets and normalisation are all n2p2's.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { extxyz, n2p2Data } from "../../src/formats/index.js";
import type { Structure } from "../../src/structure/index.js";
import { angstromElectronvolt, bohr, hartree, type UnitSystem, unitSystem } from "../../src/units/index.js";
import {
  compare,
  DATA,
  evaluatePlainly,
  folders,
  forceNeighborhood,
  framesOf,
  haveData,
  potentialOf,
  tableOf,
  WITHOUT_DATA,
} from "./n2p2-plain.js";

beforeAll(() => {
  if (!haveData) console.warn(`n2p2 reference tests are skipped: there is no ${DATA}`);
});

interface Reference {
  readonly energy: number;
  /** Without offsets, [atom]. */
  readonly contributions: readonly number[];
  /** [atom, xyz] */
  readonly forces: readonly number[];
}

/** What nnp-predict wrote, in eV and Å. */
function referenceOf(folder: string, { length, energy }: UnitSystem): Reference {
  return {
    energy: energy * tableOf(`${folder}/energy.out`)[0][3],
    contributions: tableOf(`${folder}/nnatoms.out`).map((row) => energy * row[row.length - 1]),
    forces: tableOf(`${folder}/nnforces.out`).flatMap((row) => row.slice(-3).map((f) => (f * energy) / length)),
  };
}

async function caseOf(folder: string, units: UnitSystem) {
  const { potential } = potentialOf(folder, units);
  const [{ structure }] = await framesOf(n2p2Data, `${folder}/input.data`, units);
  return { potential, structure, reference: referenceOf(folder, units) };
}

async function checkAll(folder: string, units: UnitSystem): Promise<void> {
  const { potential, structure, reference } = await caseOf(folder, units);
  const result = evaluatePlainly(potential, structure);
  const contributions = compare(result.contributions, reference.contributions);
  const forces = compare(result.forces, reference.forces);
  expect(Math.abs(result.energy / reference.energy - 1), "energy").toBeLessThan(1e-10);
  expect(contributions.difference, "atomic energies").toBeLessThan(1e-10 * contributions.scale);
  expect(forces.difference, "forces").toBeLessThan(1e-9 * forces.scale);
}

/** The forces on some atoms, and the energies of all atoms that these need. */
async function checkSome(folder: string, units: UnitSystem, chosen: (s: Structure) => number[]): Promise<void> {
  const { potential, structure, reference } = await caseOf(folder, units);
  const watched = chosen(structure);
  const atoms = [...new Set(watched.flatMap((i) => forceNeighborhood(potential, structure, i)))];
  const result = evaluatePlainly(potential, structure, atoms);
  const pick = (values: ArrayLike<number>): number[] => atoms.map((i) => values[i]);
  const contributions = compare(pick(result.contributions), pick(reference.contributions));
  expect(contributions.difference, "atomic energies").toBeLessThan(1e-10 * contributions.scale);
  const { scale } = compare(reference.forces, reference.forces);
  for (const i of watched) {
    const forces = compare(result.forces.subarray(3 * i, 3 * i + 3), reference.forces.slice(3 * i, 3 * i + 3));
    expect(forces.difference, `force on atom ${i + 1}`).toBeLessThan(1e-9 * scale);
  }
}

describe.skipIf(!haveData)(`n2p2's numbers, made-up potentials with everything in them${WITHOUT_DATA}`, () => {
  it.each(folders("n2p2/zoo"))("%s", (folder) => checkAll(folder, angstromElectronvolt));
});

describe.skipIf(!haveData)(`n2p2's numbers, published potentials${WITHOUT_DATA}`, () => {
  const units = unitSystem("bohr", "hartree");
  /** The first atom of each element. */
  const firsts = ({ species }: Structure): number[] => [...new Set(species)].map((z) => species.indexOf(z));

  it("Cu2S_PBE (Schiller et al.), types 2, 3 and 9", () => checkAll("n2p2/Cu2S_PBE", units));
  it("DMABN_SCAN (Bircher et al.), types 20 and 22", () => checkAll("n2p2/DMABN_SCAN", units));
  it("Ethylbenzene_SCAN (Bircher et al.), one atom of each element", () =>
    checkSome("n2p2/Ethylbenzene_SCAN", units, firsts));
  it("H2O_RPBE-D3 (Morawietz et al.), one atom of each element", () => checkSome("n2p2/H2O_RPBE-D3", units, firsts));
});

describe.skipIf(!haveData)(`n2p2's numbers as printed by others${WITHOUT_DATA}`, () => {
  it.each([1, 2, 3, 4, 5])("gold of LASP2, seed %i, to 8 decimals", async (seed) => {
    const { potential } = potentialOf(`gold-lasp2/committee/Seed${seed}`, angstromElectronvolt);
    const frames = await framesOf(extxyz, `gold-lasp2/n2p2-predictions-seed${seed}.extxyz`);
    const [{ structure, energy, forces }] = frames;
    const result = evaluatePlainly(potential, structure);
    expect(Math.abs(result.energy - energy!)).toBeLessThan(1e-6);
    expect(compare(result.forces, forces!).difference).toBeLessThan(1e-7);
  });

  it.each([
    ["Si", 0],
    ["Li", 0],
  ])("mlearn %s in Bohr and Hartree", async (symbol, index) => {
    const { potential } = potentialOf(`mlearn/${symbol}-nnp`, { length: bohr, energy: hartree });
    const frames = await framesOf(extxyz, `mlearn/${symbol}-test.extxyz`);
    const { structure } = frames[index];
    const result = evaluatePlainly(potential, structure);
    const energy = tableOf(`mlearn/${symbol}-nnp/energy.comp`)[index][3] * hartree;
    const rows = tableOf(`mlearn/${symbol}-nnp/forces.comp.gz`).filter((row) => row[0] === index);
    const forces = rows.map((row) => (row[3] * hartree) / bohr);
    console.log(symbol, result.energy, energy, compare(result.forces, forces));
    expect(Math.abs(result.energy / energy - 1)).toBeLessThan(1e-7);
    expect(compare(result.forces, forces).difference).toBeLessThan(1e-6);
  });
});
