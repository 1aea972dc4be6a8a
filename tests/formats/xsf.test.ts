import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { xsf } from "../../src/formats/index.js";
import { hartree } from "../../src/units/index.js";
import { frames } from "./generated.js";
import { framesOf, oneFrame, troubleOf } from "./reading.js";

const cell = "PRIMVEC\n 4 0 0\n 0 5 0\n 0 0 6\n";
const aenet = `# total energy = -39481.5 eV\n\nCRYSTAL\n${cell}PRIMCOORD\n2 1\nTi 0 0 0 0.1 0.2 0.3\nO 1 2 3 0.4 0.5 0.6\n`;

test("aenet's form: energy in the comment, forces in eV/Å", async () => {
  const frame = await oneFrame(xsf, aenet);
  expect([frame.energy, [...frame.forces!]]).toEqual([-39481.5, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]]);
  expect([...frame.structure.cell!]).toEqual([4, 0, 0, 0, 5, 0, 0, 0, 6]);
  expect([...frame.structure.species]).toEqual([22, 8]);
});

test("the cohesive energy wins unless it is zero, and says so on the way back", async () => {
  const both = await oneFrame(xsf, `# cohesive energy = -7.5 eV\n${aenet}`);
  expect([both.energy, both.info.get("energy_kind")]).toEqual([-7.5, "cohesive"]);
  expect(xsf.write(both)).toContain("# cohesive energy = -7.5 eV");
  expect((await oneFrame(xsf, `# cohesive energy = 0.0 eV\n${aenet}`)).energy).toBe(-39481.5);
});

test("without an energy forces are in hartree/Å, as XCrySDen and ASE have them", async () => {
  const frame = await oneFrame(xsf, aenet.replace(/^#.*\n/, ""));
  expect(frame.forces![5]).toBeCloseTo(0.6 * hartree, 12);
  expect((await oneFrame(xsf, xsf.write(frame))).forces![5]).toBeCloseTo(0.6 * hartree, 12);
});

test.each([
  ["CRYSTAL", [true, true, true]],
  ["SLAB", [true, true, false]],
  ["POLYMER", [true, false, false]],
  ["MOLECULE", [false, false, false]],
  ["DIM-GROUP\n 2 1", [true, true, false]],
])("%s", async (heading, periodic) => {
  expect((await oneFrame(xsf, aenet.replace("CRYSTAL", heading))).structure.periodic).toEqual(periodic);
});

test("atoms without a cell, numbers for symbols, comments of all kinds", async () => {
  const frame = await oneFrame(xsf, "! one\n% two\nATOMS\n22 0 0 0\n# three\n8 1 2 3\n");
  expect([...frame.structure.species]).toEqual([22, 8]);
  expect([frame.structure.cell, frame.forces, frame.energy]).toEqual([undefined, undefined, undefined]);
});

test("animations: a fixed cell, cells of their own, molecules", async () => {
  const atoms = (n: number) => `PRIMCOORD ${n}\n1 1\nSi ${n} 0 0\n`;
  const fixed = await framesOf(xsf, `ANIMSTEPS 2\nCRYSTAL\n${cell}${atoms(1)}${atoms(2)}`);
  expect(fixed.map((frame) => [frame.structure.cell![0], frame.structure.positions[0]])).toEqual([
    [4, 1],
    [4, 2],
  ]);
  const other = cell.replace("PRIMVEC\n 4", "PRIMVEC 2\n 9");
  const moving = await framesOf(xsf, `ANIMSTEPS 2\nCRYSTAL\n${cell}${atoms(1)}${other}${atoms(2)}`);
  expect(moving.map((frame) => frame.structure.cell![0])).toEqual([4, 9]);
  const molecules = await framesOf(xsf, "ANIMSTEPS 2\nATOMS 1\nH 0 0 0\nH 0 0 1\nATOMS 2\nH 0 0 2\n");
  expect(molecules.map((frame) => frame.structure.species.length)).toEqual([2, 1]);
});

test("data grids after the atoms are left alone", async () => {
  const grid = "BEGIN_BLOCK_DATAGRID_3D\n x\nEND_BLOCK_DATAGRID_3D\n";
  expect((await oneFrame(xsf, aenet + grid)).structure.species.length).toBe(2);
  expect((await oneFrame(xsf, `ATOMS\nH 0 0 0\n${grid}`)).structure.species.length).toBe(1);
});

test("round trip of what the format holds", async () => {
  await fc.assert(
    fc.asyncProperty(frames, async (frame) => {
      const read = await oneFrame(xsf, xsf.write(frame));
      expect(read.structure.positions).toEqual(frame.structure.positions);
      expect(read.structure.cell).toEqual(frame.structure.cell);
      expect(read.energy).toBe(frame.energy);
      read.forces?.forEach((f, i) => void expect(f).toBeCloseTo(frame.forces![i], 9));
      const pattern = frame.structure.periodic.map(Number).join("");
      if (["111", "110", "100", "000"].includes(pattern))
        expect(read.structure.periodic).toEqual(frame.structure.periodic);
    }),
  );
});

describe("errors", () => {
  test.each([
    ["fewer atoms than announced", aenet.replace("2 1", "3 1"), "truncated-frame", undefined],
    ["more atoms than announced", aenet.replace("2 1", "1 1"), "unknown-keyword", 11],
    ["forces of some atoms only", aenet.replace(" 0.1 0.2 0.3", ""), "missing-number", 11],
    ["force cut short", aenet.replace(" 0.6", ""), "missing-number", 11],
    ["unknown element", aenet.replace("Ti", "TI"), "unknown-element", 10],
    ["energy NaN", aenet.replace("-39481.5", "NaN"), "not-finite", 1],
    ["energy malformed", aenet.replace("-39481.5", "-39481.5.1"), "malformed-number", 1],
    ["position NaN", aenet.replace("O 1", "O nan"), "not-finite", 11],
    ["flat cell", aenet.replace("0 5 0", "8 0 0"), "zero-volume", 7],
    ["no cell", aenet.replace(cell, ""), "missing-cell", 4],
    ["no atoms", "CRYSTAL\n", "truncated-frame", undefined],
  ])("%s", async (_, text, code, line) => {
    const { trouble } = await troubleOf(xsf, text);
    expect(trouble.code).toBe(code);
    if (line !== undefined) expect(trouble.where?.line).toBe(line);
  });
});
