/** What holds for every format, written once. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { losses, recognise, type StructureFormat, structureFormats } from "../../src/formats/index.js";
import type { Frame } from "../../src/structure/index.js";
import { frames as anyFrames } from "./generated.js";
import { contentOf, framesOf, oneFrame, troubleOf } from "./reading.js";

/** Atoms in LAMMPS's orientation, where every format keeps positions as they are. */
const crystal: Frame = {
  structure: {
    species: Uint8Array.of(8, 14, 14),
    positions: Float64Array.of(0.125, 0.25, 0.5, 1.5, 1.75, 1.875, 3, 2, -1),
    cell: Float64Array.of(5, 0, 0, 1, 6, 0, 0.5, 0.25, 7),
    periodic: [true, true, true],
  },
  energy: -12.5,
  forces: Float64Array.of(0.5, 0.25, -0.125, 1, 2, 3, -1.5, -2.25, -2.875),
  info: new Map(),
  columns: new Map(),
  source: { file: "", structure: 1, line: 1 },
};

const frames = anyFrames.filter((frame) => !frame.info.has("comment") && !frame.info.has("set"));

describe.each(structureFormats.map((format) => [format.name, format] as const))("%s", (_, format: StructureFormat) => {
  test("keeps what it says that it keeps", async () => {
    const read = await oneFrame(format, format.write(crystal));
    expect([...read.structure.species]).toEqual([8, 14, 14]);
    expect([...read.structure.positions]).toEqual([...crystal.structure.positions]);
    expect([...read.structure.cell!]).toEqual([...crystal.structure.cell!]);
    expect(read.structure.periodic).toEqual([true, true, true]);
    expect(read.energy).toBe(format.holds.energy ? -12.5 : undefined);
    expect(read.forces && [...read.forces]).toEqual(format.holds.forces ? [...crystal.forces!] : undefined);
  });

  test("names what it loses", () => {
    const expected = ["energy", "forces"].filter((label) => !format.holds[label as "energy" | "forces"]);
    expect(losses(crystal, format)).toEqual(expected);
  });

  test("recognises what it writes, by content alone and by name alone", () => {
    fc.assert(
      fc.property(frames, (frame) => {
        expect(recognise(format.write(frame).slice(0, 16384), "nameless")?.name).toBe(format.name);
      }),
    );
    for (const extension of format.extensions)
      expect(recognise("", `some${extension.replace(/^(?!\.)/, ".")}.gz`)?.name).toBe(format.name);
  });

  test("says where a frame comes from", async () => {
    const { source } = await oneFrame(format, format.write(crystal));
    expect(source).toEqual({ file: "test", structure: 1, line: 1 });
  });

  test("does not mind the ends of lines, blank lines after it, or the pieces in which bytes come", async () => {
    const text = format.write(crystal);
    const plain = contentOf(await oneFrame(format, text));
    expect(contentOf(await oneFrame(format, text.replaceAll("\n", "\r\n")))).toEqual(plain);
    expect(contentOf(await oneFrame(format, `${text}\n \n\r\n`))).toEqual(plain);
    expect(contentOf(await oneFrame(format, text.trimEnd()))).toEqual(plain);
    expect(contentOf(await oneFrame(format, `\ufeff${text}`))).toEqual(plain);
    for (const pieceSize of [1, 2, 7, 64])
      expect(contentOf(await oneFrame(format, text, { pieceSize }))).toEqual(plain);
  });

  test("refuses NaN in positions and in the cell, naming the line", async () => {
    for (const value of ["1.875", "7"]) {
      const lines = format.write(crystal).split("\n");
      const at = lines.findIndex((line) => new RegExp(`(^|[ "])${value}($|[ "])`).test(line));
      lines[at] = lines[at].replace(new RegExp(`(?<=^|[ "])${value}(?=$|[ "])`), "NaN");
      const trouble = await troubleOf(format, lines.join("\n"));
      expect(trouble.code).toBe("not-finite");
      expect(trouble.trouble.where?.line).toBe(at + 1);
    }
  });

  test("refuses a file cut anywhere among its atoms", async () => {
    const text = format.write(crystal);
    const last = text.indexOf("-1", text.indexOf("1.875"));
    const end = text.lastIndexOf("\n", last);
    for (let cut = text.indexOf("1.75"); cut <= end; cut++) {
      const { code } = await troubleOf(format, text.slice(0, cut));
      expect([
        "truncated-frame",
        "atom-count",
        "missing-number",
        "unknown-element",
        "malformed-number",
        "unknown-atom-style",
      ]).toContain(code);
    }
  });

  test("refuses an empty file", async () => {
    expect((await troubleOf(format, "")).code).toBe("empty-file");
  });

  test("never writes a number that cannot be read back, whatever the frame", async () => {
    await fc.assert(
      fc.asyncProperty(frames, async (frame) => {
        const read = await oneFrame(format, format.write(frame));
        expect([...read.structure.species]).toEqual([...frame.structure.species]);
        if (format.holds.energy) expect(read.energy).toBe(frame.energy);
      }),
    );
  });

  if (format.multiFrame) {
    test("reads many frames, with blank lines between them, and counts them", async () => {
      const text = format.write(crystal);
      const lines = text.split("\n").length - 1;
      const read = await framesOf(format, `${text}\n\n${text}${text}`, { pieceSize: 50 });
      expect(read.map((frame) => frame.source.line)).toEqual([1, lines + 3, 2 * lines + 3]);
      expect(read.map((frame) => frame.source.structure)).toEqual([1, 2, 3]);
      expect(contentOf(read[2])).toEqual(contentOf(read[0]));
    });
  }
});
