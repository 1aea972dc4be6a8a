import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { InputError } from "../../src/errors/index.js";
import { extxyz, recognise } from "../../src/formats/index.js";
import { writeTrouble } from "../../src/hosts/node/atomic.js";
import { kindOfFile, readAllFrames, readFrames, writeAtomically, writeFrames } from "../../src/hosts/node/index.js";
import type { Frame } from "../../src/structure/index.js";
import { contentOf } from "./reading.js";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "potluck-files-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function crystal(index: number, atoms = 2): Frame {
  const positions = Float64Array.from({ length: 3 * atoms }, (_, i) => Math.sin(i + index) * 5);
  return {
    structure: {
      species: new Uint8Array(atoms).fill(14),
      positions,
      cell: Float64Array.of(5, 0, 0, 0, 5, 0, 0, 0, 5),
      periodic: [true, true, true],
    },
    energy: -index,
    forces: positions.map((x) => x / 3),
    info: new Map([["index", index]]),
    columns: new Map(),
    source: { file: "", structure: 1, line: 1 },
  };
}

const codeOf = async (work: Promise<unknown>): Promise<string> => {
  const error = await work.then(
    () => undefined,
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(InputError);
  return (error as InputError).code;
};

test("plain and gzip, by content and not by name", async () => {
  const frames = [crystal(1), crystal(2), crystal(3)];
  const path = join(folder, "set.extxyz");
  expect(await writeFrames(path, frames)).toBe(3);
  await writeFrames(`${path}.gz`, frames);
  expect(gunzipSync(readFileSync(`${path}.gz`)).toString()).toBe(readFileSync(path, "utf8"));
  writeFileSync(join(folder, "misnamed.dat"), gzipSync(readFileSync(path)));
  for (const name of ["set.extxyz", "set.extxyz.gz", "misnamed.dat"]) {
    const read = await readAllFrames(join(folder, name));
    expect(read.map(contentOf)).toEqual(frames.map(contentOf));
    expect(read[2].source).toEqual({ file: join(folder, name), structure: 3, line: 9 });
  }
  expect((await kindOfFile(join(folder, "misnamed.dat")))?.name).toBe("extxyz");
});

test("units of n2p2 are those of the options", async () => {
  const path = join(folder, "input.data");
  const units = { length: 0.5, energy: 2 };
  await writeFrames(path, [crystal(1)], { units });
  expect(readFileSync(path, "utf8")).toContain("energy -0.5");
  expect((await readAllFrames(path, { units }))[0].energy).toBe(-1);
});

test("losses are told once", async () => {
  const lost: string[] = [];
  await writeFrames(join(folder, "a.lammpstrj"), [crystal(1), crystal(2)], { onLoss: (what) => lost.push(what) });
  expect(lost).toEqual(["energy", "info index"]);
});

describe("a file appears whole or not at all", () => {
  const old = "old content\n";
  async function* failing(error: Error): AsyncGenerator<Frame> {
    for (let i = 1; i < 2000; i++) yield crystal(i, 20);
    throw error;
  }

  test.each(["set.extxyz", "set.extxyz.gz"])("%s after a failure", async (name) => {
    const path = join(folder, name);
    writeFileSync(path, old);
    await expect(writeFrames(path, failing(new Error("broken off")))).rejects.toThrow("broken off");
    expect(readFileSync(path, "utf8")).toBe(old);
    expect(readdirSync(folder)).toEqual([name]);
  });

  test("a full disk has a name and a remedy", async () => {
    const path = join(folder, "set.extxyz");
    writeFileSync(path, old);
    const full = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
    expect(await codeOf(writeFrames(path, failing(full)))).toBe("disk-full");
    expect(readdirSync(folder)).toEqual(["set.extxyz"]);
    expect((writeTrouble(path, full) as InputError).message).toMatch(/The disk is full\..*Free some space/);
  });

  test("a second structure for a format that holds one", async () => {
    const path = join(folder, "POSCAR");
    expect(await codeOf(writeFrames(path, [crystal(1), crystal(2)]))).toBe("one-frame-only");
    expect(readdirSync(folder)).toEqual([]);
  });

  test("a link stays a link", async () => {
    const target = join(folder, "target.xyz");
    writeFileSync(target, old);
    symlinkSync(target, join(folder, "link.xyz"));
    await writeFrames(join(folder, "link.xyz"), [crystal(1)]);
    expect(readFileSync(target, "utf8")).toMatch(/^2\n/);
  });
});

describe("troubles with files", () => {
  test("no such file, directory, unknown format, no such folder", async () => {
    writeFileSync(join(folder, "note.txt"), "Dear diary,\ntoday\n");
    expect(await codeOf(readAllFrames(join(folder, "nothing.xyz")))).toBe("no-such-file");
    expect(await codeOf(readAllFrames(folder))).toBe("is-directory");
    expect(await codeOf(readAllFrames(join(folder, "note.txt")))).toBe("unknown-format");
    expect(await codeOf(readAllFrames(join(folder, "note.txt"), { format: "xzy" }))).toBe("unknown-format");
    expect(await codeOf(writeFrames(join(folder, "note.txt"), [crystal(1)]))).toBe("unknown-format");
    expect(await codeOf(writeFrames(join(folder, "no/such/set.xyz"), [crystal(1)]))).toBe("no-such-directory");
  });

  test("a gzip file that has been cut", async () => {
    const whole = gzipSync(Array.from({ length: 500 }, (_, i) => extxyz.write(crystal(i))).join(""));
    writeFileSync(join(folder, "cut.xyz.gz"), whole.subarray(0, whole.length - 100));
    expect(await codeOf(readAllFrames(join(folder, "cut.xyz.gz")))).toBe("damaged-gzip");
  });
});

test("frames come one at a time while a large file is being read", async () => {
  const path = join(folder, "large.extxyz");
  const text = extxyz.write(crystal(1, 400));
  const count = Math.ceil(20e6 / text.length);
  await writeAtomically(
    path,
    (function* () {
      for (let i = 0; i < count; i++) yield text;
    })(),
  );
  let read = 0;
  for await (const frame of readFrames(path)) {
    expect(frame.source.structure).toBe(++read);
    // What is appended while the third frame is in hand is read too: the end of the file had not been reached.
    if (read === 3) writeFileSync(path, text, { flag: "a" });
  }
  expect(read).toBe(count + 1);
}, 60_000);

test("leaving the loop early closes the file", async (context) => {
  const path = join(folder, "set.extxyz");
  await writeFrames(
    path,
    Array.from({ length: 2000 }, (_, i) => crystal(i, 20)),
  );
  for await (const frame of readFrames(path)) if (frame.source.structure === 2) break;
  if (!existsSync("/proc/self/fd")) return context.skip("only Linux lists its open files");
  const open = () =>
    readdirSync("/proc/self/fd").filter((fd) => {
      const link = `/proc/self/fd/${fd}`;
      return existsSync(link) && readlinkSync(link) === path;
    });
  // The stream closes a moment later.
  await expect.poll(open).toEqual([]);
});

test.each([
  ["POSCAR", "poscar"],
  ["CONTCAR.gz", "poscar"],
  ["run/POSCAR.0", "poscar"],
  ["Cu.POSCAR", "poscar"],
  ["my/input.data", "n2p2"],
  ["a.XYZ", "extxyz"],
  ["dump.lammpstrj", "lammps-dump"],
  ["b.axsf", "xsf"],
  ["notes.txt", undefined],
])("%s by its name", (name, format) => {
  expect(recognise("", name)?.name).toBe(format);
});
