/** Particles of known numbers of atoms, and what makes a Wulff shape one. */
import { describe, expect, it } from "vitest";
import { atomicNumber } from "../../src/structure/index.js";
import { coreShell, randomAlloy, type WulffOptions, wulffParticle } from "../../src/structure/nanoparticle.js";

const gold = (more: Pick<WulffOptions, "surfaceEnergies"> & Partial<WulffOptions>) =>
  wulffParticle({ element: "Au", latticeConstant: 4, ...more });
const radius = (positions: Float64Array, i: number): number => Math.hypot(...positions.subarray(3 * i, 3 * i + 3));

/** Neighbours at the nearest distance, a/√2. */
function coordination(positions: Float64Array, a = 4): number[] {
  const atoms = positions.length / 3;
  return Array.from({ length: atoms }, (_, i) => {
    let count = 0;
    for (let j = 0; j < atoms; j++) {
      const d = Math.hypot(...[0, 1, 2].map((x) => positions[3 * i + x] - positions[3 * j + x]));
      if (j !== i && Math.abs(d - a / Math.SQRT2) < 1e-6) count++;
    }
    return count;
  });
}

describe("Wulff shapes", () => {
  const cuboctahedron = { "111": 1, "100": Math.sqrt(3) / 2 };
  it.each([
    // Whole shells: (10n³ + 15n² + 11n + 3)/3 for n = 0 … 5.
    ...[1, 13, 55, 147, 309, 561].map((n) => ["cuboctahedron", cuboctahedron, "atom", n] as const),
    // n(2n² + 1)/3 with n atoms along an edge: an atom at the centre for odd n, a hollow for even n.
    ...[1, 19, 85, 231].map((n) => ["octahedron", { "111": 1 }, "atom", n] as const),
    ...[6, 44, 146, 344].map((n) => ["octahedron", { "111": 1 }, "hollow", n] as const),
    // A cube of n cells: (n + 1)³ corners and 3 n² (n + 1) faces.
    ...[63, 365].map((n) => ["cube", { "100": 1 }, "atom", n] as const),
    ...[14, 172].map((n) => ["cube about a hollow", { "100": 1 }, "hollow", n] as const),
    // Truncated octahedra with square facets of 2 × 2 atoms.
    ...[38].map((n) => ["truncated octahedron", { "111": 1, "100": 1.1 }, "hollow", n] as const),
    ...[79, 201].map((n) => ["truncated octahedron", { "111": 1, "100": 1.1 }, "atom", n] as const),
  ])("%s %j about %s: %d atoms", (_, surfaceEnergies, centre, atoms) => {
    const { structure } = gold({ surfaceEnergies, centre, atoms });
    expect(structure.species.length).toBe(atoms);
    expect(new Set(structure.species)).toEqual(new Set([79]));
  });

  it("rhombic dodecahedra of {110} have as many atoms as a count of sites says, and their surface lacks neighbours as {110} does", () => {
    const { structure, distances } = gold({ surfaceEnergies: { "110": 1 }, atoms: 400 });
    let count = 0;
    for (let i = -20; i <= 20; i++)
      for (let j = -20; j <= 20; j++)
        for (let k = -20; k <= 20; k++) {
          if ((i + j + k) % 2 !== 0) continue;
          const pairs = [Math.abs(i) + Math.abs(j), Math.abs(j) + Math.abs(k), Math.abs(i) + Math.abs(k)];
          if (pairs.every((sum) => (2 * sum) / Math.SQRT2 < distances["110"] + 1e-6)) count++;
        }
    expect(structure.species.length).toBe(count);
    // In the first {110} layer atoms have 7 neighbours.
    expect(coordination(structure.positions).filter((n) => n === 7).length).toBeGreaterThan(50);
  });

  it("has all atoms within its facets, no site missing, and the facets that the energies give", () => {
    const surfaceEnergies = { "111": 1.28, "100": 1.63, "110": 1.7 };
    const { structure, distances, neighbours } = gold({ surfaceEnergies, diameter: 40 });
    const { positions } = structure;
    const atoms = positions.length / 3;
    // A sphere of 40 Å holds 2094 atoms.
    expect(Math.abs(atoms - 2094)).toBeLessThan(200);
    expect(neighbours[0]).toBeLessThan(atoms);
    expect(neighbours[1]).toBeGreaterThan(atoms);
    expect(distances["100"] / distances["111"]).toBeCloseTo(1.63 / 1.28, 12);
    const furthest = { "111": 0, "100": 0, "110": 0 };
    for (let i = 0; i < atoms; i++) {
      const [x, y, z] = [...positions.subarray(3 * i, 3 * i + 3)].map(Math.abs).sort((a, b) => b - a);
      furthest["100"] = Math.max(furthest["100"], x);
      furthest["110"] = Math.max(furthest["110"], (x + y) / Math.SQRT2);
      furthest["111"] = Math.max(furthest["111"], (x + y + z) / Math.sqrt(3));
    }
    for (const family of ["111", "100", "110"] as const) {
      expect(furthest[family]).toBeLessThan(distances[family] + 1e-6);
      // Not further out than one layer.
      expect(distances[family] - furthest[family]).toBeLessThan(4 / Math.sqrt(3));
    }
    // Symmetric: as many atoms on either side, the centre of mass at the origin.
    for (let x = 0; x < 3; x++) {
      let sum = 0;
      for (let k = x; k < positions.length; k += 3) sum += positions[k];
      expect(Math.abs(sum)).toBeLessThan(1e-9);
    }
  });

  it("takes the nearest size that exists", () => {
    const sizeOf = (atoms: number) => gold({ surfaceEnergies: cuboctahedron, atoms }).structure.species.length;
    expect([sizeOf(100), sizeOf(102), sizeOf(8)]).toEqual([55, 147, 13]);
    expect(gold({ surfaceEnergies: cuboctahedron, atoms: 55 }).neighbours).toEqual([13, 147]);
  });
});

describe("two elements", () => {
  const [silver, platinum] = ["Ag", "Pt"].map((symbol) => atomicNumber(symbol)!);
  const particle = gold({ surfaceEnergies: { "111": 1, "100": Math.sqrt(3) / 2 }, atoms: 309 }).structure;
  const count = (species: Uint8Array, z: number): number => species.filter((y) => y === z).length;

  it.each([
    [0, 309],
    [1, 147],
    [2, 55],
    [3, 13],
    [4, 1],
    [5, 0],
  ])("%d layers of shell leave a core of %d atoms: the smaller particles of the same kind", (layers, core) => {
    const { species } = coreShell(particle, { core: "Pt", shell: "Ag", layers });
    expect(count(species, platinum)).toBe(core);
    expect(count(species, silver)).toBe(309 - core);
    const inner = [...species.keys()].filter((i) => species[i] === platinum).map((i) => radius(particle.positions, i));
    // The core is what the smaller particle is.
    const smaller = gold({
      surfaceEnergies: { "111": 1, "100": Math.sqrt(3) / 2 },
      atoms: Math.max(1, core),
    }).structure;
    const known = Array.from({ length: core }, (_, i) => radius(smaller.positions, i));
    expect(inner.sort().map((r) => r.toFixed(6))).toEqual(known.sort().map((r) => r.toFixed(6)));
  });

  it("a share of shell is met exactly, outermost first, and drawn among equals by the seed", () => {
    const options = { core: "Pt", shell: "Ag", share: 0.37 };
    const { species } = coreShell(particle, options);
    expect(count(species, silver)).toBe(Math.round(0.37 * 309));
    const radii = (z: number) =>
      [...species.keys()].filter((i) => species[i] === z).map((i) => radius(particle.positions, i));
    expect(Math.min(...radii(silver))).toBeGreaterThan(Math.max(...radii(platinum)) - 1e-6);
    expect(coreShell(particle, options).species).toEqual(species);
    expect(coreShell(particle, { ...options, seed: 1 }).species).not.toEqual(species);
  });

  it("random alloys have their composition exactly, and the seed decides the rest", () => {
    const composition = { Ag: 1, Pt: 2, Au: 0.5 };
    const { species } = randomAlloy(particle, { composition, seed: 7 });
    // 309/3.5 = 88.29, 176.57, 44.14.
    expect([silver, platinum, 79].map((z) => count(species, z))).toEqual([88, 177, 44]);
    expect(randomAlloy(particle, { composition, seed: 7 }).species).toEqual(species);
    expect(randomAlloy(particle, { composition, seed: 8 }).species).not.toEqual(species);
    // Mixed: the elements do not care where they are.
    const mean = (z: number): number => {
      const radii = [...species.keys()].filter((i) => species[i] === z).map((i) => radius(particle.positions, i));
      return radii.reduce((a, b) => a + b, 0) / radii.length;
    };
    expect(Math.abs(mean(silver) / mean(platinum) - 1)).toBeLessThan(0.15);
  });

  it("says what is wrong", () => {
    const cases: readonly [string, () => unknown][] = [
      [
        "unknown-element",
        () => wulffParticle({ element: "Xx", latticeConstant: 4, surfaceEnergies: { "111": 1 }, atoms: 9 }),
      ],
      ["bad-lattice-constant", () => gold({ latticeConstant: -1, surfaceEnergies: { "111": 1 }, atoms: 9 })],
      ["bad-surface-energy", () => gold({ surfaceEnergies: {}, atoms: 9 })],
      ["bad-surface-energy", () => gold({ surfaceEnergies: { "111": -1 }, atoms: 9 })],
      ["bad-size", () => gold({ surfaceEnergies: { "111": 1 } })],
      ["bad-size", () => gold({ surfaceEnergies: { "111": 1 }, atoms: 9, diameter: 9 })],
      ["bad-shell", () => coreShell(particle, { core: "Pt", shell: "Ag" })],
      ["bad-shell", () => coreShell(particle, { core: "Pt", shell: "Ag", share: 1.1 })],
      [
        "periodic-particle",
        () => coreShell({ ...particle, periodic: [true, false, false] }, { core: "Pt", shell: "Ag", layers: 1 }),
      ],
      ["bad-composition", () => randomAlloy(particle, { composition: { Ag: -1, Pt: 2 }, seed: 1 })],
    ];
    for (const [code, act] of cases) expect(act, code).toThrowError(expect.objectContaining({ code }));
  });
});
