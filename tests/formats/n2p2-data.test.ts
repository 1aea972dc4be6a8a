import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { n2p2Data } from "../../src/formats/index.js";
import { bohr, hartree, unitSystem } from "../../src/units/index.js";
import { frames } from "./generated.js";
import { contentOf, framesOf, oneFrame, troubleOf } from "./reading.js";

const block = `begin set=test
comment from file A and TIMESTEP: 0
lattice 1.0E+01 0 0
lattice 0 11 0
lattice 0 0 1.2D+01

atom 1 2 3 Au 0.0 0.0 0.1 0.2 0.3
atom   4.0E+00   5.0E+00 6 O -0.5 0.0 0.4 0.5 0.6
energy -454.25
charge 1.0
end
`;

test("a block with everything", async () => {
  const frame = await oneFrame(n2p2Data, block);
  expect(contentOf(frame)).toEqual({
    species: [79, 8],
    positions: [1, 2, 3, 4, 5, 6],
    cell: [10, 0, 0, 0, 11, 0, 0, 0, 12],
    periodic: [true, true, true],
    energy: -454.25,
    forces: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6],
    stress: undefined,
    charge: 1,
    info: [
      ["set", "test"],
      ["comment", "from file A and TIMESTEP: 0"],
    ],
    columns: [{ name: "charge", type: "R", width: 1, values: [0, -0.5] }],
  });
});

test("units are converted: bohr and hartree to Å, eV and eV/Å, and back", async () => {
  const units = unitSystem("bohr", "hartree");
  const frame = await oneFrame(n2p2Data, block, { units });
  expect(frame.energy).toBe(-454.25 * hartree);
  expect(frame.structure.positions[5]).toBe(6 * bohr);
  expect(frame.structure.cell![8]).toBe(12 * bohr);
  expect(frame.forces![5]).toBeCloseTo((0.6 * hartree) / bohr, 12);
  // The charge is in e in every unit system.
  expect(frame.charge).toBe(1);
  const again = await oneFrame(n2p2Data, n2p2Data.write(frame, { units }));
  expect(again.energy).toBeCloseTo(-454.25, 12);
  expect(again.forces![5]).toBeCloseTo(0.6, 14);
});

test("no lattice means no cell and no periodicity", async () => {
  const frame = await oneFrame(n2p2Data, block.replace(/lattice.*\n/g, ""));
  expect([frame.structure.cell, frame.structure.periodic]).toEqual([undefined, [false, false, false]]);
});

test("the unused number is kept where it is not zero", async () => {
  const frame = await oneFrame(n2p2Data, block.replace("Au 0.0 0.0", "Au 0.0 7.5"));
  expect([...frame.columns.get("unused")!.values]).toEqual([7.5, 0]);
  expect(n2p2Data.write(frame)).toContain("Au 0 7.5 0.1");
});

test("a bare structure stays without labels", async () => {
  const frame = await oneFrame(n2p2Data, block);
  const { energy: _, forces: __, ...bare } = frame;
  const again = await oneFrame(n2p2Data, n2p2Data.write(bare));
  expect([again.energy, again.forces]).toEqual([undefined, undefined]);
});

test("a box around a molecule does not become periodic", async () => {
  const frame = await oneFrame(n2p2Data, block);
  const boxed = { ...frame, structure: { ...frame.structure, periodic: [false, false, false] as const } };
  expect(n2p2Data.write(boxed)).not.toContain("lattice");
});

test("round trip to the last bit of all that the format holds", async () => {
  await fc.assert(
    fc.asyncProperty(frames, frames, fc.integer({ min: 1, max: 99 }), async (a, b, pieceSize) => {
      const text = n2p2Data.write(a) + n2p2Data.write(b);
      const read = await framesOf(n2p2Data, text, { pieceSize });
      for (const [i, frame] of [a, b].entries()) {
        const periodic = frame.structure.periodic.includes(true);
        expect(contentOf(read[i])).toMatchObject({
          species: [...frame.structure.species],
          positions: [...frame.structure.positions],
          cell: periodic ? [...frame.structure.cell!] : undefined,
          energy: frame.energy,
          charge: frame.charge,
        });
        const labelled = frame.energy !== undefined || frame.forces?.some((f) => f !== 0);
        if (frame.forces !== undefined && labelled) expect(read[i].forces).toEqual(frame.forces);
      }
    }),
  );
});

describe("errors", () => {
  const twice = block + block;
  test.each([
    ["an atom cut short", twice.replace(/0.6\nenergy -454.25\ncharge 1.0\nend\n$/, "\nend\n"), "missing-number", 19],
    ["end missing", block.replace("end\n", "") + block, "truncated-frame", 11],
    ["cut", block.slice(0, block.indexOf("energy")), "truncated-frame", 8],
    ["a word n2p2 does not know", block.replace("energy", "enrgy"), "unknown-keyword", 9],
    ["text between blocks", `${block}hello\n${block}`, "no-begin", 12],
    ["an unknown element", block.replace("Au", "Ax"), "unknown-element", 7],
    ["energy NaN", block.replace("-454.25", "NaN"), "not-finite", 9],
    ["force inf", block.replace("0.3", "-inf"), "not-finite", 7],
    ["position malformed", block.replace("atom 1 2", "atom 1 2,5"), "malformed-number", 7],
    ["lattice NaN", block.replace("1.0E+01", "NaN"), "not-finite", 3],
    ["two lattice vectors", block.replace("lattice 0 11 0\n", ""), "bad-lattice", 10],
    ["flat lattice", block.replace("lattice 0 11 0", "lattice 1 0 0"), "zero-volume", 11],
    ["no atoms", block.replace(/atom .*\n/g, ""), "atom-count", 9],
  ])("%s", async (_, text, code, line) => {
    const { trouble } = await troubleOf(n2p2Data, text);
    expect([trouble.code, trouble.where?.line, trouble.where?.file]).toEqual([code, line, "test"]);
  });
});
