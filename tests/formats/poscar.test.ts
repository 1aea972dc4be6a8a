import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { poscar } from "../../src/formats/index.js";
import { frames } from "./generated.js";
import { contentOf, oneFrame, troubleOf } from "./reading.js";

interface Parts {
  readonly comment?: string;
  readonly scale?: string;
  readonly elements?: string;
  readonly counts?: string;
  readonly mode?: string;
  readonly atoms?: string;
  readonly rest?: string;
}

function file(parts: Parts = {}): string {
  const { comment = "title", scale = "1.0", elements = "Cu Ag\n", counts = "1 2", mode = "Direct", rest = "" } = parts;
  const atoms = parts.atoms ?? "0 0 0\n0.5 0.5 0\n0.25 0.5 0.75";
  return `${comment}\n${scale}\n4 0 0\n1 5 0\n0 0 6\n${elements}${counts}\n${mode}\n${atoms}\n${rest}`;
}

test("VASP 5, fractional coordinates", async () => {
  const { structure, info } = await oneFrame(poscar, file());
  expect([...structure.species]).toEqual([29, 47, 47]);
  expect([...structure.positions]).toEqual([0, 0, 0, 2.5, 2.5, 0, 1.5, 2.5, 4.5]);
  expect(structure.periodic).toEqual([true, true, true]);
  expect(info.get("comment")).toBe("title");
});

test("VASP 4 takes the elements from the comment", async () => {
  const { structure } = await oneFrame(poscar, file({ comment: "Cu Ag", elements: "" }));
  expect([...structure.species]).toEqual([29, 47, 47]);
});

test("VASP 4 without elements in the comment says what to insert", async () => {
  const error = await troubleOf(poscar, file({ comment: "cu ag", elements: "" }));
  expect([error.code, error.trouble.where?.line]).toEqual(["unknown-element", 6]);
  expect(error.message).toContain("perhaps Cu Ag");
});

test("names of potentials and remarks after the elements", async () => {
  const { structure } = await oneFrame(poscar, file({ elements: "Cu_pv Ag/0a1b2c ! comment\n" }));
  expect([...structure.species]).toEqual([29, 47, 47]);
});

describe("the scale factor", () => {
  const cartesian = { mode: "Cartesian", atoms: "0 0 0\n1 1 1\n2 2 2" };
  test.each([
    ["2.0", [8, 0, 0, 2, 10, 0, 0, 0, 12], [4, 4, 4]],
    ["-960", [8, 0, 0, 2, 10, 0, 0, 0, 12], [4, 4, 4]],
    ["1 2 3", [4, 0, 0, 1, 10, 0, 0, 0, 18], [2, 4, 6]],
    ["2.0 ! remark", [8, 0, 0, 2, 10, 0, 0, 0, 12], [4, 4, 4]],
  ])("%s", async (scale, cell, last) => {
    const { structure } = await oneFrame(poscar, file({ ...cartesian, scale }));
    structure.cell!.forEach((x, i) => void expect(x).toBeCloseTo(cell[i], 12));
    structure.positions.slice(6).forEach((x, i) => void expect(x).toBeCloseTo(last[i], 12));
  });

  test.each(["0", "x", "1 2", "-1 2 3", "nan"])("%s is refused", async (scale) => {
    expect((await troubleOf(poscar, file({ scale }))).code).toBe("bad-scale");
  });
});

test("selective dynamics and velocities go there and back", async () => {
  const text = file({
    mode: "Selective dynamics\nDirect",
    atoms: "0 0 0 T F T\n0.5 0.5 0 .TRUE. .FALSE. F\n0.25 0.5 0.75 F F F",
    rest: "\n0.5 0 0\n0 0.25 0\n0 0 0.125\n\n1\n predictor 1 2 3\n",
  });
  const frame = await oneFrame(poscar, text);
  expect(frame.columns.get("move_mask")).toEqual({
    type: "L",
    width: 3,
    values: [true, false, true, true, false, false, false, false, false],
  });
  expect([...frame.columns.get("velocities")!.values]).toEqual([0.5, 0, 0, 0, 0.25, 0, 0, 0, 0.125]);
  expect(contentOf(await oneFrame(poscar, poscar.write(frame)))).toEqual(contentOf(frame));
});

test("velocities in fractions of the cell per step are marked as such", async () => {
  const frame = await oneFrame(poscar, file({ rest: "Direct\n1 0 0\n0 0 0\n0 0 0\n" }));
  expect(frame.info.get("velocity_mode")).toBe("Direct");
  expect((await oneFrame(poscar, poscar.write(frame))).info.get("velocity_mode")).toBe("Direct");
});

test("lattice velocities before those of the atoms are passed over", async () => {
  const lattice = "Lattice velocities and vectors\n1\n0 0 0\n0 0 0\n0 0 0\n4 0 0\n1 5 0\n0 0 6\n\n";
  const frame = await oneFrame(poscar, file({ rest: `${lattice}1 0 0\n0 2 0\n0 0 3\n` }));
  expect([...frame.columns.get("velocities")!.values]).toEqual([1, 0, 0, 0, 2, 0, 0, 0, 3]);
});

test("a blank comment line", async () => {
  expect((await oneFrame(poscar, file({ comment: "" }))).structure.species.length).toBe(3);
});

test("round trip to the last bit, the order of the atoms included", async () => {
  await fc.assert(
    fc.asyncProperty(frames, async (frame) => {
      const { structure } = await oneFrame(poscar, poscar.write(frame));
      expect([...structure.species]).toEqual([...frame.structure.species]);
      expect(structure.positions).toEqual(frame.structure.positions);
      if (frame.structure.cell !== undefined) expect(structure.cell).toEqual(frame.structure.cell);
    }),
  );
});

describe("errors", () => {
  test.each([
    ["fewer atoms than announced", file({ counts: "1 3" }), "truncated-frame", undefined],
    ["fewer atoms, then velocities", file({ counts: "1 3", rest: "\n0 0 0\n" }), "atom-count", 12],
    ["more atoms than announced", file({ counts: "1 1" }), "atom-count", 11],
    ["numbers of atoms and elements differ", file({ counts: "1 1 1" }), "atom-count", 7],
    ["unknown element", file({ elements: "Cu Xx\n" }), "unknown-element", 6],
    ["case of an element", file({ elements: "CU Ag\n" }), "unknown-element", 6],
    ["position NaN", file({ atoms: "0 0 0\n0 nan 0\n0 0 0.5" }), "not-finite", 10],
    ["no mode", file({ mode: "0.1 0.2 0.3" }), "bad-mode", 8],
    ["flat cell", file().replace("1 5 0", "8 0 0"), "zero-volume", 5],
    [
      "bad flag",
      file({ mode: "Selective\nDirect", atoms: "0 0 0 T T 1\n0 0 0 T T T\n0 0 0 T T T" }),
      "malformed-number",
      10,
    ],
    ["cut in the lattice", file().slice(0, 22), "truncated-frame", undefined],
  ])("%s", async (_, text, code, line) => {
    const { trouble } = await troubleOf(poscar, text);
    expect(trouble.code).toBe(code);
    if (line !== undefined) expect(trouble.where?.line).toBe(line);
  });
});
