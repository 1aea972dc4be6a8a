/**
 * The plain column and the reader of n2p2's directories against what n2p2 itself computed. They agree only if functions,
 * their order, scaling, networks, offsets and normalisation are all n2p2's.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { isAngular, isCompact } from "../../src/descriptors/definition.js";
import { referenceDescriptors } from "../../src/descriptors/reference.js";
import { extxyz, n2p2Data } from "../../src/formats/index.js";
import { neighborList } from "../../src/neighbors/index.js";
import type { NetworkPotential } from "../../src/potentials/definition.js";
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
  type PlainResult,
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
  agree(evaluatePlainly(potential, structure), reference);
}

function agree(result: PlainResult, reference: Reference): void {
  const contributions = compare(result.contributions, reference.contributions);
  const forces = compare(result.forces, reference.forces);
  expect(Math.abs(result.energy / reference.energy - 1), "energy").toBeLessThan(1e-10);
  expect(contributions.difference, "atomic energies").toBeLessThan(1e-10 * contributions.scale);
  expect(forces.difference, "forces").toBeLessThan(1e-9 * forces.scale);
}

/** Energies of some atoms only. */
async function checkEnergies(folder: string, units: UnitSystem, chosen: (s: Structure) => number[]): Promise<void> {
  const { potential, structure, reference } = await caseOf(folder, units);
  const atoms = chosen(structure);
  const { contributions } = evaluatePlainly(potential, structure, { atoms });
  const pick = (values: ArrayLike<number>): number[] => atoms.map((i) => values[i]);
  const { difference, scale } = compare(pick(contributions), pick(reference.contributions));
  expect(difference).toBeLessThan(1e-10 * scale);
}

/**
 * In a cell smaller than the cutoff an atom's own images lie on straight lines through it, and n2p2 2.3.0 does two things
 * that we do not:
 *
 * 1. It leaves such a pair out of compact angular functions if its cosine is rounded to −1 or below, and keeps it if not.
 *    So, for every atom, some subset of its straight pairs must give n2p2's energy.
 * 2. Its forces take an atom's own images as fixed when the atom moves. They are not the gradient of its energy, and do not
 *    add up to zero; ours are and do, as the finite difference shows.
 *
 * With both, energies and forces must be n2p2's.
 */
async function checkTinyCell(folder: string): Promise<void> {
  const { potential, structure, reference } = await caseOf(folder, angstromElectronvolt);
  const left = new Map<number, readonly Change[]>();
  for (const i of structure.species.keys()) {
    const subset = straightSubsets(potential, structure, i).find((changes) => {
      const { contributions } = evaluatePlainly(potential, structure, { atoms: [i], adjust: applying(changes) });
      return Math.abs(contributions[i] - reference.contributions[i]) < 1e-10 * Math.abs(reference.contributions[i]);
    });
    expect(subset, `no subset of the straight pairs of atom ${i + 1} gives n2p2's energy`).toBeDefined();
    left.set(i, subset!);
  }
  const adjust = (i: number, values: Float64Array): void => applying(left.get(i)!)(i, values);
  agree(evaluatePlainly(potential, structure, { adjust, ownImagesFixed: true }), reference);
}

interface Change {
  /** 0-based function. */
  readonly s: number;
  readonly amount: number;
}

const applying = (changes: readonly Change[]) => (_: number, values: Float64Array) => {
  for (const { s, amount } of changes) values[s] += amount;
};

/** For every subset of the pairs (S, −S) of an atom's own images: what leaving them out changes. */
function straightSubsets(potential: NetworkPotential, structure: Structure, i: number): Change[][] {
  const { functions } = potential.descriptors.find((d) => d.element === structure.species[i])!;
  const { offsets, indices, vectors } = neighborList(structure, 6);
  const images: number[][] = [];
  for (let n = offsets[i]; n < offsets[i + 1]; n++) {
    const vector = [...vectors.subarray(3 * n, 3 * n + 3)];
    const first = vector.find((x) => Math.abs(x) > 1e-9)!;
    if (indices[n] === i && first > 0) images.push(vector);
  }
  const changes = images.map((vector) => {
    const both = { species: Uint8Array.of(structure.species[i], structure.species[i]), vectors: withOpposite(vector) };
    const pair = referenceDescriptors(functions, both).values;
    return functions.flatMap((f, s) =>
      isCompact(f) && isAngular(f) && pair[s] !== 0 ? [{ s, amount: -pair[s] }] : [],
    );
  });
  return Array.from({ length: 2 ** changes.length }, (_, chosen) =>
    changes.flatMap((c, n) => ((chosen >> n) & 1 ? c : [])),
  );
}

const withOpposite = (vector: readonly number[]): Float64Array =>
  Float64Array.from([...vector, ...vector.map((x) => -x)]);

/** The forces on some atoms, and the energies of all atoms that these need. */
async function checkSome(folder: string, units: UnitSystem, chosen: (s: Structure) => number[]): Promise<void> {
  const { potential, structure, reference } = await caseOf(folder, units);
  const watched = chosen(structure);
  const atoms = [...new Set(watched.flatMap((i) => forceNeighborhood(potential, structure, i)))];
  const result = evaluatePlainly(potential, structure, { atoms });
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
  const all = folders("n2p2/zoo");
  const tiny = all.filter((folder) => folder.endsWith("tiny-cell"));

  it("are all there", () => expect([all.length, tiny.length]).toEqual([24, 6]));
  it.each(all.filter((folder) => !tiny.includes(folder)))("%s", (folder) => checkAll(folder, angstromElectronvolt));
  it.each(tiny)("%s, but for straight pairs and an atom's own images", (folder) => checkTinyCell(folder));
  it("in a tiny cell our forces are the gradient of the energy", async () => {
    const { potential, structure } = await caseOf("n2p2/zoo/ct8_a3_tiny-cell", angstromElectronvolt);
    const { forces } = evaluatePlainly(potential, structure);
    const energyAt = (x: number): number => {
      const positions = structure.positions.slice();
      positions[0] += x;
      return evaluatePlainly(potential, { ...structure, positions }).energy;
    };
    const slope = (energyAt(1e-5) - energyAt(-1e-5)) / 2e-5;
    expect(Math.abs(forces[0] + slope)).toBeLessThan(1e-6 * Math.abs(slope));
  });
});

describe.skipIf(!haveData)(`n2p2's numbers, published potentials${WITHOUT_DATA}`, () => {
  const units = unitSystem("bohr", "hartree");
  /** The first atom of each element. */
  const firsts = ({ species }: Structure): number[] => [...new Set(species)].map((z) => species.indexOf(z));

  it("Cu2S_PBE (Schiller et al.), types 2, 3 and 9", () => checkAll("n2p2/Cu2S_PBE", units));
  it("DMABN_SCAN (Bircher et al.), types 20 and 22", () => checkAll("n2p2/DMABN_SCAN", units));
  // 886 functions and 288 atoms: the forces of these functions are in DMABN_SCAN.
  it("Ethylbenzene_SCAN (Bircher et al.), energies of one atom of each element", () =>
    checkEnergies("n2p2/Ethylbenzene_SCAN", units, firsts));
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
    expect(Math.abs(result.energy / energy - 1)).toBeLessThan(1e-7);
    expect(compare(result.forces, forces).difference).toBeLessThan(1e-6);
  });
});
