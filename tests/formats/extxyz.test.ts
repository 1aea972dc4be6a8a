import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { extxyz } from "../../src/formats/index.js";
import { frames } from "./generated.js";
import { contentOf, framesOf, oneFrame, troubleOf } from "./reading.js";

const silicon = (comment: string, atoms = "Si 0 0 0\nSi 1.5 1.5 1.5") => `2\n${comment}\n${atoms}\n`;
const lattice = 'Lattice="5 0 0 0 6 0 0 0 7"';
const infoOf = async (comment: string) => (await oneFrame(extxyz, silicon(`x=0 ${comment}`))).info;

describe("round trip", () => {
  test("loses nothing, to the last bit, whatever the pieces in which the bytes come", async () => {
    await fc.assert(
      fc.asyncProperty(frames, frames, fc.integer({ min: 1, max: 200 }), async (a, b, pieceSize) => {
        const text = extxyz.write(a) + extxyz.write(b);
        const read = await framesOf(extxyz, text, { pieceSize });
        expect(read.map(contentOf)).toEqual([contentOf(a), contentOf(b)]);
      }),
      { numRuns: 300 },
    );
  });

  test("a second trip gives the same text", async () => {
    const text = silicon(`${lattice} Properties=species:S:1:pos:R:3 energy=-1.5 name="a b" virial="1 2 3 4 5 6 7 8 9"`);
    const once = extxyz.write(await oneFrame(extxyz, text));
    expect(extxyz.write(await oneFrame(extxyz, once))).toBe(once);
  });
});

describe("numbers", () => {
  test("read from bytes are those that the language reads", async () => {
    const texts = fc.oneof(
      fc.double({ min: -1e300, max: 1e300, noNaN: true }).map(String),
      fc.double({ min: -1e4, max: 1e4, noNaN: true }).map((x) => x.toFixed(8)),
      fc.double({ min: -1e4, max: 1e4, noNaN: true }).map((x) => x.toExponential(16)),
      fc.tuple(fc.bigInt({ min: 0n, max: 10n ** 25n }), fc.integer({ min: -30, max: 30 })).map(([m, e]) => `${m}e${e}`),
      fc.constantFrom(".5", "5.", "+1", "-0", "00012.50", "1e+02", "1E-2", "9007199254740993", "4.35", "0.1"),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(texts, { minLength: 3, maxLength: 3 }), async (words) => {
        const frame = await oneFrame(extxyz, `1\n\nH ${words.join(" ")}\n`);
        expect([...frame.structure.positions]).toEqual(words.map(Number));
      }),
      { numRuns: 500 },
    );
  });

  test("with Fortran's exponents are understood", async () => {
    const frame = await oneFrame(extxyz, "1\n\nH 1.5D+01 2d-1 0.D0\n");
    expect([...frame.structure.positions]).toEqual([15, 0.2, 0]);
  });

  test.each(["1.5.2", "1-2", "0x10", "1e", "e5", "--1", "1,5", "-", "."])("%s is malformed", async (word) => {
    const trouble = await troubleOf(extxyz, silicon("x=1", `Si 0 0 0\nSi 1 ${word} 0`));
    expect(trouble.code).toBe("malformed-number");
    expect(trouble.trouble.where).toEqual({ file: "test", line: 4, structure: 1, atom: 2 });
    expect(trouble.message).toContain(JSON.stringify(word));
  });
});

describe("the comment line", () => {
  test("values have the types that ASE gives them", async () => {
    const info = await infoOf('i=3 r=-1.5e-3 t=T f=F s=word v="1 2.5 3" w={1 2} u=[1,2,3] b="T F" bare one=[5]');
    expect(Object.fromEntries(info)).toEqual({
      x: 0,
      i: 3,
      r: -1.5e-3,
      t: true,
      f: false,
      s: "word",
      v: [1, 2.5, 3],
      w: [1, 2],
      u: [1, 2, 3],
      b: [true, false],
      bare: true,
      one: 5,
    });
  });

  test("quotes, escapes and blanks around equals signs", async () => {
    const info = await infoOf(`a="say \\"x\\"" b='it is' "a key"=2 c = 3 d="p=q" e=p=q f="" g="back\\\\slash"`);
    expect(Object.fromEntries(info)).toEqual({
      x: 0,
      a: 'say "x"',
      b: "it is",
      "a key": 2,
      c: 3,
      d: "p=q",
      e: "p=q",
      f: "",
      g: "back\\slash",
    });
  });

  test("nested arrays, JSON and arrays of strings", async () => {
    const info = await infoOf(
      `m=[[1, 2], [3, 4]] j="_JSON [[1, 2.5], [true, \\"a\\"]]" s=["a", "b c"] o="_JSON {\\"k\\": 1}"`,
    );
    expect(info.get("m")).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(info.get("j")).toEqual([
      [1, 2.5],
      [true, "a"],
    ]);
    expect(info.get("s")).toEqual(["a", "b c"]);
    // Objects have no place among the values; the text stays, and goes back as it was.
    expect(info.get("o")).toBe('_JSON {"k": 1}');
  });

  test("integers that a double cannot hold stay text", async () => {
    expect((await infoOf("id=12345678901234567890")).get("id")).toBe("12345678901234567890");
  });

  test("free text is kept as comment", async () => {
    const frame = await oneFrame(extxyz, silicon("Cubic silicon, 2 atoms"));
    expect(frame.info.get("comment")).toBe("Cubic silicon, 2 atoms");
    expect(frame.structure.cell).toBeUndefined();
    expect(contentOf(await oneFrame(extxyz, extxyz.write(frame)))).toEqual(contentOf(frame));
  });
});

describe("cell and periodicity", () => {
  test("Lattice vectors are rows, in the order of the file", async () => {
    const { structure } = await oneFrame(extxyz, silicon('Lattice="5 0.1 0.2 1 6 0.3 2 3 7"'));
    expect([...structure.cell!]).toEqual([5, 0.1, 0.2, 1, 6, 0.3, 2, 3, 7]);
    expect(structure.periodic).toEqual([true, true, true]);
  });

  test.each([
    ['pbc="T T F"', [true, true, false]],
    ["pbc=[T, F, F]", [true, false, false]],
    ['pbc="1 1 0"', [true, true, false]],
    ["pbc=F", [false, false, false]],
  ])("%s", async (pbc, expected) => {
    expect((await oneFrame(extxyz, silicon(`${lattice} ${pbc}`))).structure.periodic).toEqual(expected);
  });

  test("a 3×3 Lattice and the nine zeros that ASE writes for molecules", async () => {
    const nested = await oneFrame(extxyz, silicon("Lattice=[[5, 0, 0], [1, 6, 0], [0, 0, 7]]"));
    expect([...nested.structure.cell!]).toEqual([5, 0, 0, 1, 6, 0, 0, 0, 7]);
    const zeros = await oneFrame(extxyz, silicon('Lattice="0 0 0 0 0 0 0 0 0" pbc="F F F"'));
    expect(zeros.structure.cell).toBeUndefined();
  });

  test("VEC pseudo-atoms give the cell", async () => {
    const vectors = "VEC1 5 0 0\nVEC2 0 6 0\nVEC3 0 0 7\n";
    const text = `${silicon("free text")}${vectors}${silicon("more")}${vectors}`;
    const read = await framesOf(extxyz, text, { pieceSize: 7 });
    expect(read.map((frame) => [...frame.structure.cell!])).toEqual(Array(2).fill([5, 0, 0, 0, 6, 0, 0, 0, 7]));
  });
});

describe("labels", () => {
  test("energy: energy, else Energy, else free_energy, which stays", async () => {
    const energyOf = async (comment: string) => (await oneFrame(extxyz, silicon(comment))).energy;
    expect(await energyOf("energy=1 Energy=2 free_energy=3")).toBe(1);
    expect(await energyOf("Energy=2 free_energy=3")).toBe(2);
    const frame = await oneFrame(extxyz, silicon("free_energy=3"));
    expect([frame.energy, frame.info.get("free_energy")]).toEqual([3, 3]);
  });

  test("stress of nine numbers or six, in Voigt order xx yy zz yz xz xy", async () => {
    const nine = await oneFrame(extxyz, silicon(`${lattice} stress="1 6 5 6 2 4 5 4 3"`));
    const six = await oneFrame(extxyz, silicon(`${lattice} stress="1 2 3 4 5 6"`));
    expect([...nine.stress!]).toEqual([1, 2, 3, 4, 5, 6]);
    expect([...six.stress!]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test("virial = -stress × volume; it stays, and stress wins where both are given", async () => {
    const frame = await oneFrame(extxyz, silicon(`${lattice} virial="210 0 0 0 420 0 0 0 630"`));
    expect([...frame.stress!]).toEqual([-1, -2, -3, -0, -0, -0]);
    expect(frame.info.has("virial")).toBe(true);
    const both = await oneFrame(extxyz, silicon(`${lattice} virial="1 0 0 0 1 0 0 0 1" stress="1 2 3 4 5 6"`));
    expect([...both.stress!]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test("keys named by the user win, and what they displace does not come back as a label", async () => {
    const text = silicon(
      `${lattice} Properties=species:S:1:pos:R:3:REF_forces:R:3:forces:R:3 REF_energy=-7 energy=-1 REF_virial="-210 0 0 0 0 0 0 0 0"`,
      "Si 0 0 0 1 2 3 9 9 9\nSi 1 1 1 4 5 6 9 9 9",
    );
    const keys = { energy: "REF_energy", forces: "REF_forces", stress: "REF_virial" };
    const frame = await oneFrame(extxyz, text, { keys });
    expect(frame.energy).toBe(-7);
    expect([...frame.forces!]).toEqual([1, 2, 3, 4, 5, 6]);
    expect(frame.stress![0]).toBe(1);
    const again = await oneFrame(extxyz, extxyz.write(frame));
    expect([again.energy, [...again.forces!]]).toEqual([-7, [1, 2, 3, 4, 5, 6]]);
    expect(again.columns.get("file_forces")?.width).toBe(3);
    expect(again.info.get("file_energy")).toBe(-1);
  });
});

describe("Properties", () => {
  test("columns in any order, of all types, species as symbols or numbers", async () => {
    const properties = "force:R:3:tag:I:1:pos:R:3:Z:I:1:name:S:1:move:L:2";
    const frame = await oneFrame(
      extxyz,
      silicon(`Properties=${properties}`, "1 2 3 7 0 0 0 14 a T F\n4 5 6 8 1 1 1 8 b F T"),
    );
    expect([...frame.structure.species]).toEqual([14, 8]);
    expect([...frame.forces!]).toEqual([1, 2, 3, 4, 5, 6]);
    expect([...frame.columns.keys()]).toEqual(["tag", "name", "move"]);
    expect([...frame.columns.get("move")!.values]).toEqual([true, false, false, true]);
    expect([...frame.columns.get("tag")!.values]).toEqual([7, 8]);
  });

  test.each([
    ["species:S:1:pos:R", "triplets"],
    ["species:S:1:pos:R:2", "R:3"],
    ["species:S:1:pos:Q:3", "not R, I, S or L"],
    ["species:S:1:pos:R:3:tag:I:x", "width"],
    ["pos:R:3", "species"],
    ["species:S:1", "pos"],
    ["species:S:1:pos:R:3:pos:R:3", "twice"],
  ])("%s is refused", async (properties, word) => {
    const trouble = await troubleOf(extxyz, silicon(`Properties=${properties}`));
    expect(trouble.code).toBe("bad-properties");
    expect(trouble.message).toContain(word);
    expect(trouble.trouble.where?.line).toBe(2);
  });

  test("an atom line longer than Properties is refused", async () => {
    const trouble = await troubleOf(extxyz, silicon("Properties=species:S:1:pos:R:3", "Si 0 0 0\nSi 1 1 1 5"));
    expect([trouble.code, trouble.trouble.where?.line]).toEqual(["column-count", 4]);
  });

  test("what is not computed with may be NaN", async () => {
    const text = silicon("Properties=species:S:1:pos:R:3:magmom:R:1", "Si 0 0 0 nan\nSi 1 1 1 inf");
    expect([...(await oneFrame(extxyz, text)).columns.get("magmom")!.values]).toEqual([Number.NaN, Infinity]);
  });
});

describe("errors name file, line, structure, atom and remedy", () => {
  const good = silicon("energy=1");
  const cases: readonly (readonly [string, string, string, object])[] = [
    [
      "position NaN",
      good + silicon("energy=1", "Si 0 0 0\nSi nan 0 0"),
      "not-finite",
      { line: 8, structure: 2, atom: 2 },
    ],
    [
      "force Inf",
      silicon("Properties=species:S:1:pos:R:3:forces:R:3", "Si 0 0 0 0 0 Inf\nSi 1 1 1 0 0 0"),
      "not-finite",
      { line: 3, atom: 1 },
    ],
    ["energy NaN", silicon("energy=nan"), "not-finite", { line: 2, structure: 1 }],
    ["energy as text", silicon("energy=unknown"), "malformed-number", { line: 2 }],
    ["Lattice NaN", silicon('Lattice="nan 0 0 0 5 0 0 0 5"'), "not-finite", { line: 2 }],
    ["Lattice of six", silicon('Lattice="1 2 3 4 5 6"'), "malformed-number", { line: 2 }],
    ["flat cell", silicon('Lattice="5 0 0 0 5 0 5 5 0"'), "zero-volume", { line: 2 }],
    ["zero cell, periodic", silicon('Lattice="0 0 0 0 0 0 0 0 0" pbc="T T T"'), "zero-volume", { line: 2 }],
    ["pbc without Lattice", silicon('pbc="T T T"'), "missing-cell", { line: 2 }],
    ["odd pbc", silicon(`${lattice} pbc="yes"`), "bad-pbc", { line: 2 }],
    ["stress NaN", silicon(`${lattice} stress="nan 0 0 0 0 0 0 0 0"`), "not-finite", { line: 2 }],
    ["case of the element", silicon("x=1", "SI 0 0 0\nSi 1 1 1"), "unknown-element", { line: 3, atom: 1 }],
    ["no such element", silicon("x=1", "Si 0 0 0\nXq 1 1 1"), "unknown-element", { line: 4, atom: 2 }],
    ["cut within a frame", good + good.slice(0, -15), "truncated-frame", { structure: 2 }],
    ["cut within a line", silicon("x=1", "Si 0 0 0\nSi 1 1"), "missing-number", { line: 4, atom: 2 }],
    ["only a count", "2\n", "truncated-frame", { structure: 1 }],
    ["blank line within a frame", silicon("x=1", "Si 0 0 0\n\nSi 1 1 1"), "truncated-frame", { line: 4 }],
    ["too few atoms", silicon("x=1", "Si 0 0 0") + good, "atom-count", { line: 4, structure: 1 }],
    ["too many atoms", silicon("x=1", "Si 0 0 0\nSi 1 1 1\nSi 2 2 2") + good, "atom-count", { line: 5, structure: 2 }],
    ["no count", "hello\nworld\n", "atom-count", { line: 1 }],
    ["no atoms", "0\n\n", "atom-count", { line: 1 }],
    ["empty file", "\n \n", "empty-file", {}],
  ];
  test.each(cases)("%s", async (_, text, code, where) => {
    const trouble = await troubleOf(extxyz, text);
    expect(trouble.code).toBe(code);
    expect(trouble.trouble.where).toMatchObject({ file: "test", ...where });
    expect(trouble.trouble.remedy).toMatch(/\w.*\.$/);
  });

  test("a symbol in the wrong case is told the right one", async () => {
    expect((await troubleOf(extxyz, silicon("x=1", "SI 0 0 0\nSi 1 1 1"))).message).toContain("Write Si");
  });
});
