/**
 * ASE as judge: files that ASE 3.22 wrote, with what it reads from them itself (samples/make-with-ase.py), and, where
 * ASE is installed (Debian: python3-ase), our own files read by it.
 */

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { extxyz, lammpsData, poscar, type StructureFormat, xsf } from "../../src/formats/index.js";
import { readAllFrames } from "../../src/hosts/node/index.js";
import type { Frame } from "../../src/structure/index.js";
import { frames } from "./generated.js";

interface AseFrame {
  readonly numbers: number[];
  readonly positions: number[][];
  readonly cell: number[][];
  readonly pbc: boolean[];
  readonly info: Record<string, unknown>;
  readonly arrays: Record<string, unknown[]>;
  readonly results: { energy?: number; forces?: number[][]; stress?: number[] };
  readonly fixed: number[];
}

const samples = join(import.meta.dirname, "samples");
const python = "/usr/bin/python3";

const rows = (values: ArrayLike<number>, width = 3): number[][] =>
  Array.from({ length: values.length / width }, (_, i) =>
    Array.from({ length: width }, (_, k) => values[i * width + k]),
  );

const noCell = [
  [0, 0, 0],
  [0, 0, 0],
  [0, 0, 0],
];

/** Within rounding, and within CODATA: ASE 3.22 has the hartree of 2014, which differs by 8e-9 (forces in XSF). */
function expectNear(found: number[][], expected: number[][]): void {
  expect(found.length).toBe(expected.length);
  found.flat().forEach((x, i) => void expect(Math.abs(x - expected.flat()[i])).toBeLessThan(1e-8 * (1 + Math.abs(x))));
}

function expectSameStructure({ structure }: Frame, ase: AseFrame): void {
  expect([...structure.species]).toEqual(ase.numbers);
  expectNear(rows(structure.positions), ase.positions);
  expectNear(structure.cell === undefined ? noCell : rows(structure.cell), ase.cell);
  expect(structure.periodic).toEqual(ase.pbc);
}

function expectSameLabels(frame: Frame, { results }: AseFrame): void {
  expect(frame.energy).toBe(results.energy);
  expect(frame.stress === undefined ? undefined : [...frame.stress]).toEqual(results.stress);
  expect(frame.forces === undefined).toBe(results.forces === undefined);
  if (frame.forces !== undefined) expectNear(rows(frame.forces), results.forces!);
}

describe("files that ASE has written", () => {
  const names = [
    "ase.extxyz",
    "ase-plain.xyz",
    "ase-vasp5.POSCAR",
    "ase-vasp4.POSCAR",
    "ase.xsf",
    "ase-molecules.axsf",
  ];
  test.each(names)("%s is read as ASE reads it", async (name) => {
    const expected: AseFrame[] = JSON.parse(readFileSync(join(samples, `${name}.json`), "utf8"));
    const found = await readAllFrames(join(samples, name));
    expect(found.length).toBe(expected.length);
    for (const [i, frame] of found.entries()) {
      expectSameStructure(frame, expected[i]);
      expectSameLabels(frame, expected[i]);
      const mask = frame.columns.get("move_mask")?.values ?? [];
      const fixed = expected[i].numbers.map((_, a) => a).filter((a) => mask[3 * a] === false);
      expect(fixed).toEqual(expected[i].fixed);
    }
  });

  test("ase.extxyz: info and columns", async () => {
    const [ase]: AseFrame[] = JSON.parse(readFileSync(join(samples, "ase.extxyz.json"), "utf8"));
    const [frame] = await readAllFrames(join(samples, "ase.extxyz"));
    const { nested: _, virial, energy: __, stress: ___, ...plain } = ase.info;
    for (const [key, value] of Object.entries(plain)) expect([key, frame.info.get(key)]).toEqual([key, value]);
    // ASE's matrix is the transpose of the order in the file, as for Lattice.
    expect(frame.info.get("virial")).toEqual(
      (virial as number[][])[0].flatMap((_, k) => (virial as number[][]).map((row) => row[k])),
    );
    for (const name of ["tags", "label", "mask"])
      expect([...frame.columns.get(name)!.values]).toEqual(ase.arrays[name]);
    expect(rows(frame.columns.get("tensor")!.values as Float64Array, 9)).toEqual(ase.arrays.tensor);
  });
});

function hasAse(): boolean {
  try {
    execFileSync(python, ["-c", "import ase.io"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** What ASE reads from our file. */
function readByAse(format: StructureFormat, text: string, options: readonly string[]): AseFrame[] {
  const folder = mkdtempSync(join(tmpdir(), "potluck-ase-"));
  try {
    const path = join(folder, "file");
    writeFileSync(path, text);
    const script = join(samples, "read_with_ase.py");
    return JSON.parse(execFileSync(python, ["-B", script, path, ...options], { encoding: "utf8", stdio: "pipe" }));
  } catch (error) {
    throw new Error(`ASE has not read what we wrote as ${format.name}:\n${text}`, { cause: error });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const noAse = "ASE is not installed for /usr/bin/python3 (apt-get install python3-ase)";

describe("files for ASE", () => {
  // Some dozens of frames in one file: starting Python costs a second. ASE gives no more than plain keys and no NaN.
  const plain = frames.map((frame) => ({
    ...frame,
    info: new Map<string, string>([["name", 'a "b" {c}']]),
    columns: new Map(),
  }));
  const seed = 20240229;

  test("extended XYZ", (context) => {
    if (!hasAse()) return context.skip(noAse);
    const written = fc.sample(plain, { seed, numRuns: 60 });
    const read = readByAse(extxyz, written.map((frame) => extxyz.write(frame)).join(""), ["extxyz"]);
    expect(read.length).toBe(60);
    for (const [i, frame] of written.entries()) {
      expectSameStructure(frame, read[i]);
      expectSameLabels(frame, read[i]);
      expect(read[i].info.name).toBe('a "b" {c}');
    }
  });

  test("info and columns of extended XYZ", (context) => {
    if (!hasAse()) return context.skip(noAse);
    const info = new Map<string, string | number | boolean | readonly (number | string | readonly number[])[]>([
      ["word", "T"],
      ["digits", "12"],
      ["lines", "a\nb"],
      ["back", "a\\b"],
      ["empty list", []],
      ["one", [5]],
      ["vector", [1.5, 2]],
      [
        "matrix",
        [
          [1, 2],
          [3, 4],
        ],
      ],
      ["names", ["a", "b c"]],
      ["flag", false],
      ["unicode", "Å³ 水"],
    ]);
    const columns = new Map([["tag", { type: "I" as const, width: 1, values: Float64Array.of(7) }]]);
    const frame: Frame = { ...fc.sample(plain, { seed, numRuns: 1 })[0], info, columns };
    const one = {
      ...frame,
      structure: { ...frame.structure, species: Uint8Array.of(14), positions: Float64Array.of(1, 2, 3) },
    };
    const { forces: _, ...unlabelled } = one;
    const [read] = readByAse(extxyz, extxyz.write(unlabelled), ["extxyz"]);
    for (const [key, value] of info) expect([key, read.info[key]]).toEqual([key, value]);
    expect(read.arrays.tag).toEqual([7]);
  });

  const others = [
    ["POSCAR", poscar, ["vasp"]],
    ["XSF", xsf, ["xsf"]],
    ["LAMMPS data", lammpsData, ["lammps-data", "style=atomic"]],
  ] as const;
  test.for(others)("%s", ([_, format, options], context) => {
    if (!hasAse()) return context.skip(noAse);
    const periodic = [true, true, true] as const;
    const cell = Float64Array.of(5, 0, 0, 1, 6, 0, 0.5, -0.25, 7);
    for (const frame of fc.sample(plain, { seed, numRuns: 2 })) {
      const { energy: __, ...crystal } = { ...frame, structure: { ...frame.structure, cell, periodic } };
      const [read] = readByAse(format, format.write(crystal), options);
      const types = [...new Set(frame.structure.species)].sort((a, b) => a - b);
      // ASE takes LAMMPS's types for atomic numbers.
      const numbers = format === lammpsData ? read.numbers.map((type) => types[type - 1]) : read.numbers;
      expectSameStructure(crystal, { ...read, numbers });
      if (format === xsf && crystal.forces !== undefined) expectNear(rows(crystal.forces), read.results.forces!);
    }
  });
});
