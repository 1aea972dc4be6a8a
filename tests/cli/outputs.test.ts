/** Outputs of quantum-mechanical programs wherever structures are accepted: what is read, and that nothing is left out in silence. */
import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { run } from "../../src/cli/program.js";
import { readAllFrames, readFrames } from "../../src/hosts/node/files.js";
import { memoryTerminal } from "./memory-terminal.js";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const sample = (name: string): string => here(`../formats/samples/outputs/${name}`);
const potential = here("samples/potential-version-1.json");
const python = "/usr/bin/python3";

const folder = mkdtempSync(join(tmpdir(), "potluck-outputs-"));
/** Three calculations of VASP, four outputs of pw.x (one unconverged, one with a wrong input), and what lies about beside them. */
const tree = join(folder, "calculations");

beforeAll(() => {
  for (const name of ["10", "2", "1"]) {
    mkdirSync(join(tree, "vasp", name), { recursive: true });
    cpSync(sample("synthetic.OUTCAR"), join(tree, "vasp", name, "OUTCAR"));
    cpSync(sample("synthetic.vasprun.xml"), join(tree, "vasp", name, "vasprun.xml"));
    writeFileSync(join(tree, "vasp", name, "INCAR"), "ENCUT = 300\n");
  }
  mkdirSync(join(tree, "pw"));
  for (const name of ["silicon-md", "silicon-smeared", "silicon-unconverged", "silicon-badinput"])
    cpSync(sample(`${name}.pwo`), join(tree, "pw", `${name}.out`));
  writeFileSync(join(tree, "pw", "packed.out.gz"), gzipSync(readFileSync(sample("silicon-vcrelax.pwo"))));
  writeFileSync(join(tree, "notes.txt"), "nothing to be read\n");
  mkdirSync(join(tree, "pw", "empty"));
  symlinkSync(".", join(tree, "pw", "circle"));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function potluck(...args: string[]) {
  const terminal = memoryTerminal();
  const code = await run(args, terminal);
  return { code, out: terminal.out.text, err: terminal.err.text };
}

describe("info", () => {
  test("of an output says what it is, its steps, and what is left out", async () => {
    const { code, out } = await potluck("info", sample("synthetic.OUTCAR"));
    expect(code).toBe(0);
    expect(out).toContain("VASP OUTCAR: 3 calculations, of which 2 structures, 4 atoms");
    expect(out).toMatch(/synthetic\.OUTCAR:\d+, structure 3: Ionic step 3: the electrons have not converged/);
    const record = JSON.parse((await potluck("info", sample("synthetic.OUTCAR"), "--json")).out);
    expect(record).toMatchObject({ formats: { "VASP OUTCAR": 1 }, structures: 2, refused: [{ code: "unconverged" }] });
  });

  test("of an output without anything to believe says that too", async () => {
    const { code, out } = await potluck("info", sample("silicon-unconverged.pwo"));
    expect(code).toBe(0);
    expect(out).toContain("1 calculation, of which 0 structures");
    expect(out).toContain("1 not converged");
  });

  test("of a directory counts every calculation once, in an order that does not depend on the disk", async () => {
    const record = JSON.parse((await potluck("info", tree, "--json")).out);
    // 3 × 2 steps of OUTCAR (vasprun.xml has the same), 3 of the dynamics, 1, and 3 of the packed relaxation.
    expect(record.structures).toBe(6 + 3 + 1 + 3);
    expect(record.formats).toEqual({ "Quantum ESPRESSO pw.x output": 5, "VASP OUTCAR": 3 });
    expect(record.refused.map(({ code }: { code: string }) => code).sort()).toEqual([
      "program-error",
      ...Array.from({ length: 4 }, () => "unconverged"),
    ]);
    const places = record.refused.map(({ where }: { where: { file: string } }) => where.file.slice(tree.length + 1));
    expect(places.slice(-3)).toEqual(["vasp/1/OUTCAR", "vasp/2/OUTCAR", "vasp/10/OUTCAR"]);
  });
});

describe("patterns", () => {
  test.each([
    ["vasp/*/OUTCAR", 6],
    ["vasp/1?/OUTCAR", 2],
    ["vasp/[12]/vasprun.xml", 4],
    ["**/OUTCAR", 6],
    ["*", 13],
  ])("%s", async (pattern, structures) => {
    const target = join(folder, "pattern.extxyz");
    const from = pattern === "*" ? join(folder, "calc*") : join(tree, pattern);
    const { code, out } = await potluck("convert", from, target, "--json");
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ structures });
    expect((await readAllFrames(target)).length).toBe(structures);
  });

  test("a file whose name looks like a pattern is that file", async () => {
    const odd = join(folder, "odd[1].OUTCAR");
    cpSync(sample("synthetic.OUTCAR"), odd);
    expect(JSON.parse((await potluck("info", odd, "--json")).out).structures).toBe(2);
  });

  test("that match nothing, directories with nothing", async () => {
    const none = await potluck("convert", join(tree, "*.cif"), join(folder, "x.extxyz"));
    expect(none.code).toBe(2);
    expect(none.err).toContain("No file matches this pattern");
    const empty = await potluck("convert", join(tree, "pw", "empty"), join(folder, "x.extxyz"));
    expect(empty.code).toBe(2);
    expect(empty.err).toContain("no output of a program below this directory");
    expect(existsSync(join(folder, "x.extxyz"))).toBe(false);
    expect((await potluck("info", join(tree, "pw", "empty"))).err).toContain("neither a run nor a potential");
  });
});

describe("what may not be believed is named and counted", () => {
  test("by convert, whose file has the rest", async () => {
    const target = join(folder, "all.extxyz");
    const { code, err, out } = await potluck("convert", tree, target, "--json");
    expect(code).toBe(0);
    expect(err).toContain("5 of 18 calculations are left out (");
    expect(err).toContain("4 not converged");
    expect(err).toMatch(/vasp\/10\/OUTCAR:\d+, structure 3/);
    expect(JSON.parse(out)).toMatchObject({ structures: 13, refused: { length: 5 } });
    const frames = await readAllFrames(target);
    expect(frames.every(({ energy, forces }) => energy !== undefined && forces !== undefined)).toBe(true);
  });

  test("by evaluate and predict", async () => {
    const evaluated = await potluck("evaluate", potential, join(tree, "pw"), "--json");
    expect(evaluated.code).toBe(0);
    const result = JSON.parse(evaluated.out);
    expect(result.structures).toBe(7);
    expect(result.refused.length).toBe(2);
    expect(result.warnings[0]).toContain("2 of 9 calculations are left out");
    const predicted = await potluck("predict", potential, join(tree, "pw"), "--json");
    expect(predicted.out.trim().split("\n").length).toBe(7);
    expect(predicted.err).toContain("2 of 9 calculations are left out");
  });

  test("by train, for data and test set alike", async () => {
    const args = ["--data", join(tree, "pw"), "--test", sample("silicon-md.pwo"), sample("silicon-unconverged.pwo")];
    const out = join(folder, "fit");
    const set = ["--set", "network.hidden=[3]", "--epochs", "1", "--members", "1", "--threads", "1"];
    const { code, out: said, err } = await potluck("train", ...args, "--out", out, ...set, "--json");
    expect(err).toContain("2 of 9 calculations are left out");
    expect(err).toContain("1 of 4 calculations is left out (1 not converged)");
    expect(code).toBe(0);
    expect(JSON.parse(said).warnings.join("\n")).toContain("silicon-unconverged.out");
  });

  const commands = [
    ["convert", "FILE", join(folder, "nothing.extxyz")],
    ["evaluate", potential, "FILE"],
    ["predict", potential, "FILE"],
    ["train", "--data", "FILE", "--out", join(folder, "nothing")],
  ];
  test.each(commands)("%s: nothing left is an error", async (...words) => {
    const { code, out } = await potluck(
      ...words.map((w) => (w === "FILE" ? sample("silicon-unconverged.pwo") : w)),
      "--json",
    );
    expect(code).toBe(2);
    expect(JSON.parse(out.trim().split("\n").at(-1)!).error).toMatchObject({ code: "nothing-left" });
    expect(existsSync(join(folder, "nothing.extxyz"))).toBe(false);
  });

  test("where nobody counts, the first one is an error", async () => {
    const frames = readFrames(sample("synthetic.OUTCAR"));
    await frames.next();
    await frames.next();
    await expect(frames.next()).rejects.toThrow(/structure 3: Ionic step 3: the electrons have not converged/);
  });
});

test("formats that are only read can be named, and are not written", async () => {
  const target = join(folder, "named.extxyz");
  expect((await potluck("convert", sample("synthetic.vasprun.xml"), target, "--from", "vasprun")).code).toBe(0);
  expect((await readAllFrames(target)).length).toBe(2);
  const { code, err } = await potluck("convert", target, join(folder, "OUT"), "--to", "outcar");
  expect(code).toBe(2);
  expect(err).toContain('Nothing is written as "outcar": it is only read.');
});

describe("databases of ASE", () => {
  const script = `
import sys
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.db import connect
with connect(sys.argv[1]) as db:
    for i in range(3):
        atoms = Atoms("Si2", positions=[[0, 0, 0], [2.3 + 0.1 * i, 0, 0]], cell=[9, 9, 9], pbc=True)
        forces = [[float("nan") if i == 2 else 0.125, 0, 0], [-0.125, 0, 0]]
        atoms.calc = SinglePointCalculator(atoms, energy=-5.5 - i, forces=forces)
        db.write(atoms, group="pair")
`;
  const database = join(folder, "set.db");

  test("are read where nothing may be written, beside locks of the dead", async (context) => {
    try {
      execFileSync(python, ["-c", "import ase.db"], { stdio: "ignore" });
    } catch {
      return context.skip("ASE is not installed for /usr/bin/python3 (apt-get install python3-ase)");
    }
    execFileSync(python, ["-c", script, database]);
    mkdirSync(`${database}.lock`);
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith("potluck-database-"));
    const record = JSON.parse((await potluck("info", database, "--json")).out);
    expect(record).toMatchObject({ formats: { "ASE database": 1 }, structures: 2, refused: [{ code: "not-finite" }] });
    const [first, second] = await readAllFrames(database, { onRefusal: () => {} });
    expect([first!.energy, second!.energy, second!.forces![0], first!.info.get("group")]).toEqual([
      -5.5,
      -6.5,
      0.125,
      "pair",
    ]);
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith("potluck-database-"))).toEqual(before);
    writeFileSync(`${database}-journal`, "half a transaction");
    const { code, err } = await potluck("info", database);
    expect(code).toBe(2);
    expect(err).toContain("its writer was killed");
    rmSync(`${database}-journal`);
  });

  test("that are damaged, and databases of others", async () => {
    const damaged = join(folder, "damaged.db");
    writeFileSync(damaged, Buffer.concat([Buffer.from("SQLite format 3\0"), Buffer.alloc(5000, 7)]));
    const { code, err } = await potluck("info", damaged);
    expect(code).toBe(2);
    expect(err).toContain("SQLite cannot read the database");
  });
});
