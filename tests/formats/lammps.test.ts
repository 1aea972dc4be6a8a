import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { lammpsData, lammpsDump } from "../../src/formats/index.js";
import { type Frame, signedVolume, toCartesian, toFractional } from "../../src/structure/index.js";
import { cells, frames } from "./generated.js";
import { framesOf, oneFrame, troubleOf } from "./reading.js";

interface Parts {
  readonly title?: string;
  readonly masses?: string;
  readonly heading?: string;
  readonly atoms?: string;
  readonly tilt?: string;
  readonly rest?: string;
}

function data(parts: Parts = {}): string {
  const { title = "title", masses = "\nMasses\n\n1 28.085\n2 15.999\n", heading = "Atoms # atomic", tilt = "" } = parts;
  const atoms = parts.atoms ?? "2 2 1.5 2.5 3.5\n1 1 0 0 0\n";
  const box = `-1.0 9.0 xlo xhi\n0 11 ylo yhi\n0 12 zlo zhi\n${tilt}`;
  return `${title}\n\n2 atoms\n2 atom types\n${box}${masses}\n${heading}\n\n${atoms}${parts.rest ?? ""}`;
}

describe("data files", () => {
  test("atoms come in the order of their identifiers, elements by mass", async () => {
    const frame = await oneFrame(lammpsData, data());
    expect([...frame.structure.species]).toEqual([14, 8]);
    expect([...frame.structure.positions]).toEqual([0, 0, 0, 1.5, 2.5, 3.5]);
    expect([...frame.structure.cell!]).toEqual([10, 0, 0, 0, 11, 0, 0, 0, 12]);
    expect(frame.structure.periodic).toEqual([true, true, true]);
    expect(frame.info.get("comment")).toBe("title");
  });

  test("elements: the user's order, else the remark, else the label, else the mass", async () => {
    const elementsOf = async (text: string, options = {}) => [
      ...(await oneFrame(lammpsData, text, options)).structure.species,
    ];
    expect(await elementsOf(data(), { typeToElement: ["Ge", "S"] })).toEqual([32, 16]);
    expect(await elementsOf(data({ masses: "\nMasses\n\n1 1.0 # Cu\n2 1.0 # O2-\n" }))).toEqual([29, 1]);
    const labels = "\nAtom Type Labels\n\n1 Ga\n2 As\n";
    const atoms = "1 Ga 0 0 0\n2 As 1 1 1\n";
    expect(await elementsOf(data({ masses: labels, atoms }))).toEqual([31, 33]);
  });

  test("tilts", async () => {
    const { cell } = (await oneFrame(lammpsData, data({ tilt: "0.5 -0.25 0.75 xy xz yz\n" }))).structure;
    expect([...cell!]).toEqual([10, 0, 0, 0.5, 11, 0, -0.25, 0.75, 12]);
  });

  test.each([
    ["charge", "Atoms # charge", "1 1 -0.5 0 0 0\n2 2 0.5 1 1 1\n"],
    ["charge by its decimals", "Atoms", "1 1 -0.5 0 0 0\n2 2 0.5 1 1 1\n"],
    ["full", "Atoms", "1 7 1 -0.5 0 0 0 0 0 -1\n2 7 2 0.5 1 1 1 0 0 2\n"],
  ])("atom style %s", async (_, heading, atoms) => {
    const { columns } = await oneFrame(lammpsData, data({ heading, atoms }));
    expect([...columns.get("charge")!.values]).toEqual([-0.5, 0.5]);
    if (atoms.includes(" 7 ")) {
      expect([...columns.get("molecule")!.values]).toEqual([7, 7]);
      expect([...columns.get("image")!.values]).toEqual([0, 0, -1, 0, 0, 2]);
    }
  });

  test("velocities become Å/fs, and everything comes back", async () => {
    const text = data({
      heading: "Atoms # full",
      atoms: "1 7 1 -0.5 0 0 0 1 0 0\n2 7 2 0.5 1 1 1 0 0 -1\n",
      rest: "\nVelocities\n\n2 4 5 6\n1 1 2 3\n",
    });
    const frame = await oneFrame(lammpsData, text);
    expect([...frame.columns.get("velocities")!.values]).toEqual([0.001, 0.002, 0.003, 0.004, 0.005, 0.006]);
    const again = await oneFrame(lammpsData, lammpsData.write(frame));
    expect([...again.columns.keys()].sort()).toEqual(["charge", "image", "molecule", "type", "velocities"]);
    again.columns.get("velocities")!.values.forEach((v, i) => void expect(v).toBeCloseTo(0.001 * (i + 1), 15));
  });

  test("two types of one element stay two types", async () => {
    const frame = await oneFrame(lammpsData, data({ masses: "\nMasses\n\n1 15.999\n2 15.999\n" }));
    const again = await oneFrame(lammpsData, lammpsData.write(frame));
    expect([...again.columns.get("type")!.values]).toEqual([1, 2]);
  });

  test("the user's order of elements on writing", async () => {
    const frame = await oneFrame(lammpsData, data());
    const text = lammpsData.write(frame, { elements: ["H", "Si", "O"] });
    expect(text).toContain("3 atom types");
    expect(text).toMatch(/^1 2 0 0 0$/m);
    expect(() => lammpsData.write(frame, { elements: ["Si"] })).toThrow(/has O, which is not among/);
  });

  test.each([
    ["fewer atoms than announced", data({ atoms: "1 1 0 0 0\n" }), "truncated-frame"],
    ["more atoms than announced", data({ atoms: "1 1 0 0 0\n2 1 1 1 1\n3 1 2 2 2\n" }), "atom-count"],
    ["no masses", data({ masses: "" }), "unknown-type"],
    ["a mass of no element", data({ masses: "\nMasses\n\n1 5.5\n2 15.999\n" }), "unknown-type"],
    ["charge or molecule", data({ heading: "Atoms", atoms: "1 1 1 0 0 0\n2 1 1 1 1 1\n" }), "unknown-atom-style"],
    ["an unknown style", data({ heading: "Atoms # sphere" }), "unknown-atom-style"],
    ["position NaN", data({ atoms: "1 1 0 nan 0\n2 2 0 0 1\n" }), "not-finite"],
    ["flat box", data().replace("0 11", "0 0"), "zero-volume"],
    ["no box", data().replace("0 11 ylo yhi\n", ""), "truncated-frame"],
    ["units that we do not know", data({ title: "written by, units = lj" }), "unknown-units"],
  ])("error: %s", async (_, text, code) => {
    expect((await troubleOf(lammpsData, text)).code).toBe(code);
  });
});

const dump = (columns: string, rows: string, bounds = "pp pp ff\n-1 9\n0 11\n0 12") =>
  `ITEM: TIMESTEP\n500\nITEM: NUMBER OF ATOMS\n2\nITEM: BOX BOUNDS ${bounds}\nITEM: ATOMS ${columns}\n${rows}\n`;

describe("dumps", () => {
  test("many frames, sorted by identifier, forces and velocities", async () => {
    const columns = "id type element x y z vx vy vz fx fy fz q c_pe";
    const one = dump(columns, "2 2 O 4 5 6 4 5 6 .4 .5 .6 -1 7\n1 1 Si 1 2 3 1 2 3 .1 .2 .3 1 8");
    const [first, second] = await framesOf(lammpsDump, `ITEM: UNITS\nmetal\n${one}ITEM: TIME\n2.5\n${one}`, {
      pieceSize: 11,
    });
    expect([...first.structure.species]).toEqual([14, 8]);
    expect([...first.structure.positions]).toEqual([1, 2, 3, 4, 5, 6]);
    expect([...first.forces!]).toEqual([0.1, 0.2, 0.3, 0.4, 0.5, 0.6]);
    expect([...first.columns.get("velocities")!.values]).toEqual([0.001, 0.002, 0.003, 0.004, 0.005, 0.006]);
    expect([...first.columns.get("charge")!.values]).toEqual([1, -1]);
    expect([...first.columns.get("c_pe")!.values]).toEqual([8, 7]);
    expect(first.structure.periodic).toEqual([true, true, false]);
    expect(Object.fromEntries(second.info)).toEqual({ timestep: 500, time: 2.5 });
  });

  test("scaled and unwrapped positions", async () => {
    const scaled = await oneFrame(
      lammpsDump,
      dump("id element xs ys zs ix iy iz", "1 Si 0.5 0.5 0.5 1 0 0\n2 O 0 1 0.25 0 0 -2"),
    );
    expect([...scaled.structure.positions]).toEqual([4, 5.5, 6, -1, 11, 3]);
    expect([...scaled.columns.get("image")!.values]).toEqual([1, 0, 0, 0, 0, -2]);
    const unwrapped = await oneFrame(lammpsDump, dump("id element xu yu zu", "1 Si 50 0 0\n2 O 0 1 2"));
    expect(unwrapped.structure.positions[0]).toBe(50);
  });

  test("a tilted box from its bounds", async () => {
    const rows = "1 Si 0.5 0.5 0.5\n2 O 0 0 0";
    const bounds = "xy xz yz pp pp pp\n-3 10.5 1\n-0.5 11 -2\n0 12 -0.5";
    const { cell, positions } = (await oneFrame(lammpsDump, dump("id element xs ys zs", rows, bounds))).structure;
    expect([...cell!]).toEqual([10.5, 0, 0, 1, 11, 0, -2, -0.5, 12]);
    expect([...positions.slice(3)]).toEqual([-1, 0, 0]);
  });

  test("elements by the user's order or by mass", async () => {
    const rows = "1 2 0 0 0\n2 1 1 1 1";
    const frame = await oneFrame(lammpsDump, dump("id type x y z", rows), { typeToElement: ["O", "Si"] });
    expect([...frame.structure.species]).toEqual([14, 8]);
    const masses = await oneFrame(lammpsDump, dump("id mass x y z", "1 28.1 0 0 0\n2 16 1 1 1"));
    expect([...masses.structure.species]).toEqual([14, 8]);
  });

  test.each([
    ["types without elements", dump("id type x y z", "1 1 0 0 0\n2 1 1 1 1"), "unknown-type"],
    ["no positions", dump("id element fx fy fz", "1 Si 0 0 0\n2 O 1 1 1"), "missing-positions"],
    ["cut", dump("id element x y z", "1 Si 0 0 0"), "truncated-frame"],
    ["fewer atoms than announced", dump("element x y z", "Si 0 0 0") + dump("element x y z", "Si 0 0 0"), "atom-count"],
    ["more atoms than announced", dump("id element x y z", "1 Si 0 0 0\n2 Si 0 0 1\n3 Si 0 0 2"), "atom-count"],
    ["position NaN", dump("id element x y z", "1 Si 0 nan 0\n2 O 1 1 1"), "not-finite"],
    ["unknown element", dump("id element x y z", "1 si 0 0 0\n2 O 1 1 1"), "unknown-element"],
    ["flat box", dump("id element x y z", "1 Si 0 0 0\n2 O 1 1 1", "pp pp pp\n0 0\n0 1\n0 1"), "zero-volume"],
    ["no box", dump("id element x y z", "1 Si 0 0 0\n2 O 1 1 1").replace(/ITEM: BOX[^I]*/, ""), "missing-item"],
  ])("error: %s", async (_, text, code) => {
    expect((await troubleOf(lammpsDump, text)).code).toBe(code);
  });
});

/** A crystal with a few atoms: what LAMMPS must get the same of, however its box lies. */
const crystals = fc
  .record({
    cell: cells,
    fractions: fc.array(fc.double({ min: -1, max: 2, noNaN: true }), { minLength: 12, maxLength: 12 }),
  })
  .map(({ cell, fractions }): Frame => {
    const positions = toCartesian(Float64Array.from(fractions), cell);
    return {
      structure: { species: Uint8Array.of(6, 7, 8, 9), positions, cell, periodic: [true, true, true] },
      forces: Float64Array.from({ length: 12 }, (_, i) => Math.sin(i + fractions[i])),
      info: new Map(),
      columns: new Map(),
      source: { file: "", structure: 1, line: 1 },
    };
  });

/** Vectors from atom 0 to all images of the others that are near, sorted by length. */
function neighbours({ structure }: Frame): { readonly atom: number; readonly vector: readonly number[] }[] {
  const { positions } = structure;
  const cell = structure.cell!;
  const fractional = toFractional(positions, cell);
  const found: { atom: number; vector: number[]; length: number }[] = [];
  for (let atom = 1; atom < 4; atom++) {
    const d = [0, 1, 2].map((k) => fractional[3 * atom + k] - fractional[k]);
    for (let n = 0; n < 343; n++) {
      const shift = [n % 7, Math.floor(n / 7) % 7, Math.floor(n / 49)].map((x) => x - 3);
      const vector = [
        ...toCartesian(
          Float64Array.from(d, (x, k) => x - Math.round(x) + shift[k]),
          cell,
        ),
      ];
      const length = Math.hypot(...vector);
      if (length < 7) found.push({ atom, vector, length });
    }
  }
  return found.sort((a, b) => a.length - b.length);
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

describe.each([lammpsData, lammpsDump])("$name turned into LAMMPS's axes", (format) => {
  test("is the same crystal: distances, force components along them, handedness", async () => {
    await fc.assert(
      fc.asyncProperty(crystals, async (frame) => {
        const read = await oneFrame(format, format.write(frame));
        const cell = read.structure.cell!;
        expect([cell[1], cell[2], cell[5]]).toEqual([0, 0, 0]);
        expect(Math.abs(cell[3] / cell[0])).toBeLessThanOrEqual(0.5 + 1e-6);
        expect(signedVolume(cell)).toBeCloseTo(Math.abs(signedVolume(frame.structure.cell!)), 6);
        const [before, after] = [neighbours(frame), neighbours(read)];
        const near = before.filter(({ vector }) => Math.hypot(...vector) < 6.9);
        near.forEach(
          ({ vector }, i) => void expect(Math.hypot(...after[i].vector)).toBeCloseTo(Math.hypot(...vector), 6),
        );
        expect(handedness(read)).toBeCloseTo(handedness(frame), 5);
        if (frame.forces === undefined || read.forces === undefined) return;
        const along = (f: Frame) => [1, 2, 3].map((j) => dot(f.forces!, displacement(f, j)));
        along(read).forEach((x, i) => void expect(x).toBeCloseTo(along(frame)[i], 6));
      }),
    );
  });

  test("keeps the periodicity and holds all atoms of directions that do not repeat", async () => {
    await fc.assert(
      fc.asyncProperty(crystals, fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()), async (frame, periodic) => {
        const read = await oneFrame(format, format.write({ ...frame, structure: { ...frame.structure, periodic } }));
        const flags = read.structure.periodic;
        const leftHanded = signedVolume(frame.structure.cell!) < 0;
        expect(flags).toEqual(leftHanded ? [periodic[0], periodic[2], periodic[1]] : periodic);
      }),
    );
  });

  test("a molecule comes with a box that repeats nowhere", async () => {
    await fc.assert(
      fc.asyncProperty(frames, async (frame) => {
        const molecule = { ...frame, structure: { ...frame.structure, cell: undefined } };
        const read = await oneFrame(format, format.write(molecule));
        expect(read.structure.periodic).toEqual([false, false, false]);
        expect(read.structure.positions).toEqual(frame.structure.positions);
      }),
    );
  });
});

/** Positions are written without wrapping, so plain differences must turn as the forces do. */
const displacement = ({ structure: { positions } }: Frame, j: number) =>
  [0, 1, 2].map((k) => positions[3 * j + k] - positions[k]);

/** Triple product of the displacements: a mirror changes its sign. */
function handedness(frame: Frame): number {
  return signedVolume(Float64Array.from([1, 2, 3].flatMap((j) => displacement(frame, j))));
}
