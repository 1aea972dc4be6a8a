/** `potluck build`: what comes out is the crystal, slab, alloy or particle that was asked for. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { run } from "../../src/cli/program.js";
import { readAllFrames } from "../../src/hosts/node/index.js";
import { coordinationNumbers } from "../../src/properties/index.js";
import { type Structure, volume } from "../../src/structure/index.js";
import { memoryTerminal } from "./memory-terminal.js";

const folder = mkdtempSync(join(tmpdir(), "potluck-build-"));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string): string => join(folder, name);

async function potluck(...args: string[]) {
  const terminal = memoryTerminal();
  const code = await run(args, terminal);
  return { code, out: terminal.out.text, err: terminal.err.text };
}

async function built(name: string, words: string): Promise<Structure> {
  const { code, err } = await potluck("build", ...words.split(" "), "-o", file(name));
  expect(code, err).toBe(0);
  const frames = await readAllFrames(file(name));
  expect(frames.length).toBe(1);
  return frames[0]!.structure;
}

const count = ({ species }: Structure, z: number): number => species.filter((one) => one === z).length;

describe("build", () => {
  test.each([
    // Neighbours within a distance between the first shell and the second one.
    ["sc Po --a 3.35", 1, 3.35 ** 3, 6, 3.8],
    ["bcc Fe --a 2.87", 2, 2.87 ** 3, 8, 2.65],
    ["fcc Cu --a 3.61", 4, 3.61 ** 3, 12, 3.0],
    ["fcc Cu --a 3.61 --primitive", 1, 3.61 ** 3 / 4, 12, 3.0],
    ["diamond Si --a 5.43 --replicate 2,2,1", 32, 4 * 5.43 ** 3, 4, 3.0],
    ["hcp Mg --a 3.2", 2, (Math.sqrt(3) / 2) * Math.sqrt(8 / 3) * 3.2 ** 3, 12, 3.8],
    ["hcp Zn --a 2.66 --c 4.95", 2, (Math.sqrt(3) / 2) * 2.66 ** 2 * 4.95, 6, 2.8],
    ["rocksalt Na Cl --a 5.64", 8, 5.64 ** 3, 6, 3.2],
    ["zincblende Ga As --a 5.65", 8, 5.65 ** 3, 4, 3.0],
    ["caesium-chloride Cs Cl --a 4.12", 2, 4.12 ** 3, 8, 3.8],
  ])("%s", async (words, atoms, size, neighbours, within) => {
    const structure = await built("crystal.extxyz", words);
    expect(structure.species.length).toBe(atoms);
    expect(volume(structure.cell!)).toBeCloseTo(size, 6);
    expect(new Set(coordinationNumbers(structure, within))).toEqual(new Set([neighbours]));
  });

  test("slabs, of ours and of a file", async () => {
    const slab = await built("slab.extxyz", "fcc Cu --a 3.61 --slab 1,1,1 --layers 6 --vacuum 12 --replicate 2,3");
    expect(slab.species.length).toBe(6 * 6);
    expect(slab.periodic).toEqual([true, true, false]);
    // The outermost planes lack three neighbours.
    const numbers = coordinationNumbers(slab, 3);
    expect([9, 12].map((n) => numbers.filter((x) => x === n).length)).toEqual([12, 24]);
    await built("crystal.extxyz", "fcc Cu --a 3.61");
    expect(
      await built("same.extxyz", `${file("crystal.extxyz")} --slab 1,1,1 --layers 6 --vacuum 12 --replicate 2,3`),
    ).toEqual(slab);
  });

  test("alloys by share, the same ones for a seed", async () => {
    const words = "fcc Cu --a 3.75 --replicate 3,3,3 --alloy Cu=3,Au=1";
    const [one, same, other] = [
      await built("one.extxyz", `${words} --seed 4`),
      await built("same.extxyz", `${words} --seed 4`),
      await built("other.extxyz", `${words} --seed 5`),
    ];
    expect([count(one, 29), count(one, 79)]).toEqual([81, 27]);
    expect(same).toEqual(one);
    expect(other.species).not.toEqual(one.species);
    expect(count(other, 79)).toBe(27);
  });

  test("particles with core and shell", async () => {
    // A cuboctahedron of 147 atoms with 92 on its surface.
    const words = "wulff Cu --a 3.61 --energies 111=1,100=0.8660254 --atoms 150";
    const particle = await built("particle.extxyz", `${words} --shell Au --shell-layers 1`);
    expect(particle.periodic).toEqual([false, false, false]);
    expect([count(particle, 29), count(particle, 79)]).toEqual([55, 92]);
    expect(Math.max(...coordinationNumbers(particle, 3))).toBe(12);
    expect(count(await built("share.extxyz", `${words} --shell Au --shell-share 0.2`), 79)).toBe(29);
    expect(
      (await built("hollow.extxyz", "wulff Au --a 4.08 --energies 111=1,100=1.1 --atoms 38 --hollow")).species.length,
    ).toBe(38);
  });

  test("says what it has made", async () => {
    const { out } = await potluck("build", "fcc", "Cu", "--a", "3.61", "-o", file("POSCAR"));
    expect(out).toContain("4 atoms (4 Cu), 11.761 Å³ each");
    expect(readFileSync(file("POSCAR"), "utf8")).toContain("Cu");
    const { out: json } = await potluck("build", "fcc", "Cu", "--a", "3.61", "-o", file("cu.extxyz"), "--json");
    expect(JSON.parse(json)).toMatchObject({ atoms: 4, composition: "4 Cu" });
  });

  test.each([
    ["fcd Cu --a 3.61", "neither a shape nor a file"],
    ["fcc --a 3.61", "made of one element; given: none"],
    ["rocksalt Na --a 5.64", "made of two elements; given: Na"],
    ["fcc Cu", "The lattice constant is missing"],
    ["fcc Xx --a 3.61", 'no element "Xx"'],
    ["fcc Cu --a 3.61 --atoms 50", "It belongs to particles"],
    ["fcc Cu --a 3.61 --layers 5", "It belongs to slabs"],
    ["fcc Cu --a 3.61 --slab 1,1,1", "How many planes"],
    ["fcc Cu --a 3.61 --slab 1,1 --layers 5", "not a list of 3 whole numbers"],
    ["fcc Cu --a 3.61 --c 5", "Only hcp"],
    ["wulff Cu --a 3.61 --atoms 50", "The surface energies are missing"],
    ["wulff Cu --a 3.61 --energies 111=1 --atoms 50 --replicate 2,2,2", "means nothing for a particle"],
    ["wulff Cu --a 3.61 --energies 111=1 --atoms 50 --shell-layers 1", "missing: --shell"],
    ["fcc Cu --a 3.61 --alloy Cu=1,Au", "not a list of names with numbers"],
  ])("%s: refused", async (words, problem) => {
    const { code, err } = await potluck("build", ...words.split(" "), "-o", file("refused.extxyz"));
    expect(err).toContain(problem);
    expect(code).toBe(2);
    expect(existsSync(file("refused.extxyz"))).toBe(false);
  });
});
