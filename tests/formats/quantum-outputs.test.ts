/** Outputs of quantum-mechanical programs: what is read, what is refused, and that nothing half-written is believed. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { InputError, type Trouble } from "../../src/errors/index.js";
import {
  cp2kOutput,
  looksLikeSqlite,
  type OutputFormat,
  type OutputOptions,
  type OutputReading,
  outcar,
  outputFormats,
  pwOutput,
  qeInput,
  readAseDatabase,
  readOutput,
  recognise,
  recogniseOutput,
  type SqlRows,
  structureFormats,
  vasprun,
} from "../../src/formats/index.js";
import { readOutputFile } from "../../src/hosts/node/engines/index.js";
import type { Frame } from "../../src/structure/index.js";
import { bohr, gigapascal, hartree, kilobar, rydberg } from "../../src/units/index.js";
import { contentOf, oneFrame, piecesOf, troubleOf } from "./reading.js";

const samples = join(import.meta.dirname, "samples", "outputs");
const pathOf = (name: string): string => join(samples, name);
const textOf = (name: string): string => readFileSync(pathOf(name), "utf8");

const reading = (format: OutputFormat, text: string, options: Partial<OutputOptions> & { pieceSize?: number } = {}) =>
  readOutput(format, piecesOf(text, options.pieceSize), { file: "test", ...options });

const files = [
  ["silicon-smeared.pwo", pwOutput, 1, []],
  ["silicon-md.pwo", pwOutput, 3, []],
  ["silicon-vcrelax.pwo", pwOutput, 3, []],
  ["silicon-unconverged.pwo", pwOutput, 0, ["unconverged"]],
  ["silicon-badinput.pwo", pwOutput, 0, ["program-error"]],
  ["hydrogen.cp2k.out", cp2kOutput, 1, []],
  ["hydrogen-unconverged.cp2k.out", cp2kOutput, 0, ["unconverged"]],
  ["synthetic.OUTCAR", outcar, 2, ["unconverged"]],
  ["synthetic.vasprun.xml", vasprun, 2, ["unconverged"]],
] as const;

describe.each(files)("%s", (name, format, frames, refusals) => {
  test("is recognised by its content, and taken for no structure format", () => {
    const head = textOf(name).slice(0, 16384);
    expect(recogniseOutput(head)?.name).toBe(format.name);
    expect(outputFormats.filter((other) => other.sniff(head)).length).toBe(1);
    expect(structureFormats.filter((other) => other.sniff(head)).map((other) => other.name)).toEqual([]);
  });

  test("gives what has converged and refuses the rest, counted and with place", async () => {
    const found = await readOutputFile(pathOf(name));
    expect(found.frames.length).toBe(frames);
    expect(found.refusals.map(({ code }) => code)).toEqual(refusals);
    for (const refusal of found.refusals) {
      expect(refusal.where?.file).toBe(pathOf(name));
      expect(refusal.where?.structure).toBe(frames + 1);
      expect(refusal.where?.line).toBeGreaterThan(0);
    }
    found.frames.forEach(({ source }, i) => void expect(source.structure).toBe(i + 1));
  });

  test("reads alike in pieces of any size and with any ends of lines", async () => {
    const whole = outline(await reading(format, textOf(name)));
    for (const pieceSize of [1, 7, 1000])
      expect(outline(await reading(format, textOf(name), { pieceSize }))).toEqual(whole);
    expect(outline(await reading(format, textOf(name).replaceAll("\n", "\r\n")))).toEqual(whole);
  });

  test("cut anywhere gives a part of the same frames, and says that it is cut", async () => {
    const text = textOf(name);
    const whole = (await reading(format, text)).frames.map(contentOf);
    // A prime step visits all kinds of places in a line.
    for (let length = 1; length < text.length; length += 97) {
      const part = text.slice(0, length);
      const { frames: found, refusals: refused } = await reading(format, part).catch(nothingButInputErrors);
      expect(found.map(contentOf), `cut after ${length} characters`).toEqual(whole.slice(0, found.length));
      if (found.length + refused.length === 0) throw new Error(`nothing said of ${length} characters`);
    }
  });
});

const outline = ({ frames, refusals }: OutputReading) => [
  frames.map(contentOf),
  refusals.map(({ code, problem }) => [code, problem]),
];

function nothingButInputErrors(error: unknown): OutputReading {
  if (!(error instanceof InputError)) throw error;
  return { frames: [], refusals: [error.trouble] };
}

test("without anybody to tell, the first refusal is an error that names file and step", async () => {
  const frames = outcar.read(piecesOf(textOf("synthetic.OUTCAR")), { file: "run/OUTCAR" });
  await frames.next();
  await frames.next();
  await expect(frames.next()).rejects.toThrow(
    /run\/OUTCAR:\d+, structure 3: Ionic step 3: the electrons have not converged in 12/,
  );
});

const only = async (name: string, options: Partial<OutputOptions> = {}): Promise<Frame> => {
  const { frames } = await readOutputFile(pathOf(name), options);
  expect(frames.length).toBe(1);
  return frames[0]!;
};

describe("units and signs", () => {
  test("of pw.x: Ry, Ry/bohr, Ry/bohr³ with compression positive", async () => {
    const frame = await only("silicon-smeared.pwo");
    const text = textOf("silicon-smeared.pwo");
    expect(text).toContain("!    total energy              =     -15.06682746 Ry");
    expect(frame.energy).toBeCloseTo(-15.06682746 * rydberg, 9);
    const force = Number(/atom +1 type +1 +force = +(\S+)/.exec(text)![1]);
    expect(frame.forces![0]).toBeCloseTo((force * rydberg) / bohr, 9);
    // Its own kbar, which have two decimals: 0.01 kbar is 6e-6 eV/Å³.
    const rows = /total +stress.*\n(.*)\n(.*)\n(.*)\n/.exec(text)!.slice(1);
    const kbar = rows.map((row) => row.trim().split(/\s+/).slice(3).map(Number));
    const expected = [kbar[0]![0]!, kbar[1]![1]!, kbar[2]![2]!, kbar[1]![2]!, kbar[0]![2]!, kbar[0]![1]!];
    frame.stress!.forEach((s, k) => void expect(s / kilobar).toBeCloseTo(-expected[k]!, 1));
    // −TS is −0.02214389 Ry; half of it is taken away.
    expect(frame.info.get("energy_zero")).toBeCloseTo((-15.06682746 + 0.02214389 / 2) * rydberg, 8);
    expect((await only("silicon-smeared.pwo", { energy: "zero" })).energy).toBe(frame.info.get("energy_zero"));
    expect(frame.structure.cell![1]).toBeCloseTo(2.7, 5);
    expect(frame.structure.positions[3]).toBeCloseTo(1.4, 6);
    expect([...frame.structure.species]).toEqual([14, 14]);
  });

  test("of CP2K: hartree, hartree/bohr, GPa with compression positive", async () => {
    const frame = await only("hydrogen.cp2k.out");
    expect(frame.energy).toBeCloseTo(-1.125669131412941 * hartree, 9);
    const text = textOf("hydrogen.cp2k.out");
    const force = Number(/^ +1 +1 +H +(-?\d\.\d{12})/m.exec(text)![1]);
    expect(frame.forces![0]).toBeCloseTo((force * hartree) / bohr, 10);
    const xx = Number(/STRESS\| +x +(-?\d\S+)/.exec(text)![1]);
    expect(frame.stress![0]).toBeCloseTo(-xx * gigapascal, 12);
    // Vectors are printed to 1e-3 Å only; lengths and angles bring them to 1e-6.
    const cell = [4, 0, 0, 0.5, 4, 0, 0.2, 0.3, 4.1];
    frame.structure.cell!.forEach((x, k) => void expect(x).toBeCloseTo(cell[k]!, 6));
    expect(frame.info.get("scf_iterations")).toBe(7);
  });

  test("of CP2K's stress in bar, as it prints since 2023.2, and its new table of forces", async () => {
    const old = await only("hydrogen.cp2k.out");
    const rows = [...textOf("hydrogen.cp2k.out").matchAll(/^ +(\d) +1 +H +(-?\d\.\S+) +(\S+) +(\S+)$/gm)];
    expect(rows.length).toBe(2);
    const table = rows.map(([, atom, x, y, z]) => ` FORCES| ${atom} ${x} ${y} ${z} 0.1`).join("\n");
    const text = textOf("hydrogen.cp2k.out")
      .replace(
        / ATOMIC FORCES in \[a\.u\.\][\s\S]*?SUM OF ATOMIC FORCES.*/,
        () => ` FORCES| Atomic forces [hartree/bohr]\n FORCES| Atom x y z |f|\n${table}\n FORCES| Sum 0 0 0 0`,
      )
      .replace("stress tensor [GPa]", "stress tensor [bar]")
      .replace(
        /^ STRESS\| +([xyz]) +(\S+) +(\S+) +(\S+)$/gm,
        (_, axis: string, ...n: string[]) =>
          ` STRESS| ${axis} ${n
            .slice(0, 3)
            .map((x) => Number(x) * 1e4)
            .join(" ")}`,
      );
    const { frames } = await reading(cp2kOutput, text);
    expect(frames[0]!.forces).toEqual(old.forces);
    frames[0]!.stress!.forEach((s, k) => void expect(s).toBeCloseTo(old.stress![k]!, 12));
  });

  test("of VASP: eV, kB with compression positive, xx yy zz xy yz zx", async () => {
    const line = /in kB +(.*)/.exec(textOf("synthetic.OUTCAR"))![1]!.trim().split(/\s+/).map(Number);
    for (const name of ["synthetic.OUTCAR", "synthetic.vasprun.xml"]) {
      const { frames } = await readOutputFile(pathOf(name));
      const [xx, yy, zz, xy, yz, zx] = line as [number, number, number, number, number, number];
      [xx, yy, zz, yz, zx, xy].forEach((kB, k) => void expect(frames[0]!.stress![k]! / kilobar).toBeCloseTo(-kB, 3));
      expect(frames[0]!.energy).toBe(0.00276338);
      expect(frames[0]!.info.get("energy_zero")).toBeCloseTo(0.01276338, 10);
      expect([...frames[0]!.structure.species]).toEqual([14, 32]);
      expect((await readOutputFile(pathOf(name), { energy: "zero" })).frames[1]!.energy).toBeCloseTo(0.01232418, 10);
    }
  });

  test("OUTCAR and vasprun.xml agree", async () => {
    const [a, b] = await Promise.all(
      ["synthetic.OUTCAR", "synthetic.vasprun.xml"].map((name) => readOutputFile(pathOf(name))),
    );
    for (const [i, frame] of a!.frames.entries()) {
      frame.forces!.forEach((f, k) => void expect(f).toBeCloseTo(b!.frames[i]!.forces![k]!, 5));
      frame.structure.positions.forEach((x, k) => void expect(x).toBeCloseTo(b!.frames[i]!.structure.positions[k]!, 4));
      frame.structure.cell!.forEach((x, k) => void expect(x).toBeCloseTo(b!.frames[i]!.structure.cell![k]!, 7));
    }
  });
});

describe("CP2K's dynamics", () => {
  const md = pathOf("hydrogen-md.cp2k.out");
  const cp2kProject = pathOf("hydrogen-md");

  test("takes positions and cells from the trajectories, and stress without the kinetic part from the output", async () => {
    const { frames, refusals } = await readOutputFile(md, { cp2kProject });
    expect(refusals).toEqual([]);
    expect(frames.length).toBe(4);
    const positions = textOf("hydrogen-md-pos-1.xyz").split("\n");
    const forces = textOf("hydrogen-md-frc-1.xyz").split("\n");
    const cells = textOf("hydrogen-md-1.cell").split("\n");
    for (const [i, frame] of frames.entries()) {
      const [, ...r] = positions[4 * i + 3]!.trim().split(/\s+/);
      const [, ...f] = forces[4 * i + 3]!.trim().split(/\s+/);
      for (let k = 0; k < 3; k++) {
        expect(frame.structure.positions[3 + k]).toBe(Number(r[k]));
        expect(frame.forces![3 + k]).toBeCloseTo((Number(f[k]) * hartree) / bohr, 7);
      }
      expect([...frame.structure.cell!]).toEqual(cells[i + 1]!.trim().split(/\s+/).slice(2, 11).map(Number));
    }
    // The first step of the dynamics is the single point; the file of stresses has the motion of the atoms in it.
    const { stress } = await only("hydrogen.cp2k.out");
    frames[0]!.stress!.forEach((s, k) => void expect(s).toBeCloseTo(stress![k]!, 9));
    const kinetic = Number(textOf("hydrogen-md-1.stress").split("\n")[1]!.trim().split(/\s+/)[2]) / 1e4;
    expect(Math.abs(kinetic * gigapascal + stress![0]!)).toBeGreaterThan(1e-4);
  });

  test("without its trajectories is refused step by step", async () => {
    const { frames, refusals } = await reading(cp2kOutput, readFileSync(md, "utf8"));
    expect(frames).toEqual([]);
    expect(refusals.map(({ code, where }) => [code, where?.structure])).toEqual(
      [1, 2, 3, 4].map((n) => ["no-structure", n]),
    );
  });

  test("leaves out a step whose electrons have not converged", async () => {
    const folder = (text: string) =>
      text.replace(
        "*** SCF run converged in     4 steps ***",
        "*** WARNING in qs_scf.F:601 :: SCF run NOT converged ***",
      );
    const { readCp2kRun } = await import("../../src/formats/index.js");
    const run = {
      ...cp2kOutput,
      read: (_: unknown, options: OutputOptions) =>
        readCp2kRun(
          {
            output: piecesOf(folder(readFileSync(md, "utf8"))),
            positions: piecesOf(textOf("hydrogen-md-pos-1.xyz")),
            cell: piecesOf(textOf("hydrogen-md-1.cell")),
          },
          options,
        ),
    };
    const { frames, refusals } = await readOutput(run, [], { file: "md.out" });
    expect(frames.map(({ source }) => source.structure)).toEqual([1, 2, 4]);
    expect(refusals.map(({ code, where }) => [code, where?.file, where?.structure])).toEqual([
      ["unconverged", "md.out", 3],
    ]);
  });
});

describe("what is not a number", () => {
  const broken = [
    ["synthetic.OUTCAR", outcar, "0.141406", "********"],
    ["synthetic.vasprun.xml", vasprun, "0.14140555", "       NaN"],
    [
      "silicon-smeared.pwo",
      pwOutput,
      "!    total energy              =     -15.06682746",
      "!    total energy              =     ************",
    ],
    ["hydrogen.cp2k.out", cp2kOutput, "-1.125669131412941", "               NaN"],
  ] as const;
  test.each(broken)("in %s is refused", async (name, format, number, stars) => {
    const { frames, refusals } = await reading(format, textOf(name).replace(number, stars));
    expect(frames.map(({ source }) => source.structure)).not.toContain(1);
    expect(refusals[0]!.code).toBe("not-finite");
    expect(refusals[0]!.where?.structure).toBe(1);
  });
});

test("lattice vectors that run together in OUTCAR are told apart by their nine decimals", async () => {
  const text = textOf("synthetic.OUTCAR").replace(
    "  2.700000000  0.100000000  2.700000000",
    "-12.700000000-10.100000000-12.700000000",
  );
  const { frames } = await reading(outcar, text);
  expect([...frames[0]!.structure.cell!.slice(3, 6)]).toEqual([-12.7, -10.1, -12.7]);
});

test("XML with tags that do not match is damaged, not cut", async () => {
  const text = textOf("synthetic.vasprun.xml").replace("</crystal>", "</crystals>");
  await expect(reading(vasprun, text)).rejects.toThrow(/<\/crystals> closes <crystal>/);
});

describe("databases of ASE", () => {
  interface Sample {
    readonly tables: Record<string, Record<string, unknown>[]>;
    readonly expected: {
      numbers: number[];
      positions: number[][];
      cell: number[][];
      pbc: boolean[];
      forces: number[][] | null;
    }[];
  }
  const sample: Sample = JSON.parse(textOf("ase-db.json"));

  /** As much SQL as the reader needs. */
  const rowsOf = ({ tables }: Sample): SqlRows => ({
    query: (sql) => {
      const name = /FROM (\w+)/.exec(sql)![1]!;
      const above = Number(/id > (\d+)/.exec(sql)?.[1] ?? -1);
      const rows = tables[name]!.map((row) =>
        Object.fromEntries(
          Object.entries(row).map(([key, value]) => [key, isBlob(value) ? oddlyPlaced(value.base64) : value]),
        ),
      );
      return name === "systems" ? rows.filter((row) => Number(row.id) > above) : rows;
    },
  });
  const isBlob = (value: unknown): value is { base64: string } =>
    typeof value === "object" && value !== null && "base64" in value;
  /** Bytes that begin at an odd place of their buffer. */
  const oddlyPlaced = (base64: string) => new Uint8Array([0, ...Buffer.from(base64, "base64")]).subarray(1);

  function check(from: Sample): void {
    const refusals: Trouble[] = [];
    const frames = [...readAseDatabase(rowsOf(from), { file: "set.db", onRefusal: (r) => refusals.push(r) })];
    expect(frames.length).toBe(2);
    for (const [i, { structure, forces, source }] of frames.entries()) {
      const ase = from.expected[i]!;
      expect([...structure.species]).toEqual(ase.numbers);
      expect([...structure.positions]).toEqual(ase.positions.flat());
      expect([...(structure.cell ?? new Float64Array(9))]).toEqual(ase.cell.flat());
      expect(structure.periodic).toEqual(ase.pbc);
      expect(forces === undefined ? null : [...forces]).toEqual(ase.forces?.flat() ?? null);
      expect(source.structure).toBe(i + 1);
    }
    const [crystal, water] = frames as [Frame, Frame];
    expect([crystal.energy, crystal.info.get("energy_zero"), water.energy]).toEqual([-9.625, -9.5, undefined]);
    expect([...crystal.stress!]).toEqual([-0.01, 0.02, 0.03, -0.004, 0.005, 0.006]);
    expect([crystal.info.get("group"), crystal.info.get("step"), crystal.info.get("good")]).toEqual(["mixed", 3, true]);
    expect([...crystal.columns.get("tags")!.values]).toEqual([1, 2]);
    expect(refusals.map(({ code, where }) => [code, where?.structure])).toEqual([["not-finite", 3]]);
  }

  test("written by ASE some time ago", () => check(sample));

  test("written by ASE now", (context) => {
    if (!hasAse()) return context.skip(noAse);
    check(JSON.parse(execFileSync(python, ["-B", pathOf("make-ase-db.py")], { encoding: "utf8" })));
  });

  test("other databases, and damaged rows", () => {
    const other = { query: () => [{ name: "pages" }] };
    expect(() => [...readAseDatabase(other, { file: "a.db" })]).toThrow(/no table "systems"; it has pages/);
    const first = sample.tables.systems![0]!;
    const damaged = { ...sample, tables: { ...sample.tables, systems: [{ ...first, positions: { base64: "AAAA" } }] } };
    expect(() => [...readAseDatabase(rowsOf(damaged), { file: "a.db" })]).toThrow(
      /a\.db, structure 1: Row 1: its positions/,
    );
    expect(looksLikeSqlite(new TextEncoder().encode("SQLite format 3\0 and more"))).toBe(true);
    expect(looksLikeSqlite(new TextEncoder().encode("ITEM: TIMESTEP"))).toBe(false);
  });
});

describe("pw.x inputs", () => {
  test("in the units that pw.x knows", async () => {
    const head =
      "&control\n/\n&SYSTEM\n  ibrav = 0, nat=2, ntyp=1 ! two\n  celldm(1) = 10.2d0\n/\nATOMIC_SPECIES\nSi 28 Si.UPF\n";
    const cell = "CELL_PARAMETERS alat\n0 .5 .5\n.5 0 .5\n.5 .5 0\n";
    const a = 10.2 * bohr;
    for (const [card, x] of [
      ["alat", 0.25],
      ["crystal", 0.25],
      ["angstrom", a / 4],
      ["bohr", 10.2 / 4],
    ] as const) {
      const frame = await oneFrame(
        qeInput,
        `${head}${cell}ATOMIC_POSITIONS (${card})\nSi 0 0 0\nSi_b ${x} ${x} ${x} 0 0 1\nK_POINTS gamma\n`,
      );
      expect(frame.structure.positions[3]).toBeCloseTo(a / 4, 10);
      expect(frame.structure.cell![1]).toBeCloseTo(a / 2, 10);
      expect([...frame.structure.species]).toEqual([14, 14]);
    }
    const cubic = await oneFrame(
      qeInput,
      `${head.replace("ibrav = 0", "ibrav = 2")}ATOMIC_POSITIONS crystal\nSi 0 0 0\nSi .25 .25 .25\n`,
    );
    expect([...cubic.structure.cell!]).toEqual([-a / 2, 0, a / 2, 0, a / 2, a / 2, -a / 2, a / 2, 0]);
  });

  test("that cannot be understood", async () => {
    const text = (ibrav: number, nat = 1) =>
      `&system\nibrav=${ibrav}, nat=${nat}, celldm(1)=10\n/\nATOMIC_POSITIONS bohr\nSi 0 0 0\n`;
    expect((await troubleOf(qeInput, text(4))).code).toBe("unknown-cell");
    expect((await troubleOf(qeInput, text(1, 2))).code).toBe("atom-count");
    expect(recognise(text(1), "nameless")?.name).toBe("qe-input");
  });
});

const python = "/usr/bin/python3";
const noAse = "ASE is not installed for /usr/bin/python3 (apt-get install python3-ase)";

function hasAse(): boolean {
  try {
    execFileSync(python, ["-c", "import ase.io"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

test("ASE reads the same", (context) => {
  if (!hasAse()) return context.skip(noAse);
  return compareWithAse();
});

interface AseStep {
  readonly energy: number;
  readonly forces: number[][];
  readonly stress: number[];
  readonly positions: number[][];
  readonly cell: number[][];
  readonly numbers: number[];
}

async function compareWithAse(): Promise<void> {
  const cases = [
    ["silicon-smeared.pwo", "espresso-out"],
    ["silicon-md.pwo", "espresso-out"],
    ["silicon-vcrelax.pwo", "espresso-out"],
    ["synthetic.OUTCAR", "vasp-out"],
    ["synthetic.vasprun.xml", "vasp-xml"],
  ] as const;
  const words = cases.map(([name, style]) => `${pathOf(name)}=${style}`);
  const said = execFileSync(python, ["-B", pathOf("read_with_ase.py"), ...words], { encoding: "utf8" });
  const ase: AseStep[][] = JSON.parse(said);
  for (const [c, [name]] of cases.entries()) {
    const { frames } = await readOutputFile(pathOf(name));
    expect(frames.length).toBeGreaterThan(0);
    for (const [i, frame] of frames.entries()) expectSame(frame, ase[c]![i]!);
  }
}

function expectSame(frame: Frame, ase: AseStep): void {
  expect([...frame.structure.species]).toEqual(ase.numbers);
  // ASE has CODATA 2006 for pw.x: 9e-8 in energies.
  expect(Math.abs(frame.energy! / ase.energy - 1)).toBeLessThan(2e-7);
  frame.forces!.forEach((f, k) => void expect(f).toBeCloseTo(ase.forces.flat()[k]!, 5));
  frame.stress!.forEach((s, k) => void expect(s).toBeCloseTo(ase.stress[k]!, 5));
  frame.structure.positions.forEach((x, k) => void expect(x).toBeCloseTo(ase.positions.flat()[k]!, 6));
  frame.structure.cell!.forEach((x, k) => void expect(x).toBeCloseTo(ase.cell.flat()[k]!, 6));
}
