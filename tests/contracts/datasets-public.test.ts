/** The checks on public data sets: never a false alarm, and every wrong unit is found. Skipped where they are absent. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import { checkFrames, energyScale, energyUnitTrouble, groupsOf } from "../../src/datasets/index.js";
import { extxyz, n2p2Data, type StructureFormat } from "../../src/formats/index.js";
import type { Frame } from "../../src/structure/index.js";

const DATA = fileURLToPath(new URL("../../../shared/data/", import.meta.url));
const sets: [string, StructureFormat][] = [
  ["mlearn/Si-train.extxyz.gz", extxyz],
  ["mlearn/Li-train.extxyz.gz", extxyz],
  ["mlearn/Li-test.extxyz", extxyz],
  ["gold-lasp2/completeinput.data", n2p2Data],
  ["silicon-qe-lda/silicon.extxyz.gz", extxyz],
  ["aenet/training/tio2-667.extxyz.gz", extxyz],
  ["maise/cuag-dft/cuag-dft.extxyz.gz", extxyz],
];

async function read(name: string, format: StructureFormat): Promise<Frame[]> {
  const bytes = readFileSync(DATA + name);
  const source = [new Uint8Array(name.endsWith(".gz") ? gunzipSync(bytes) : bytes)];
  const frames: Frame[] = [];
  for await (const frame of format.read(source, { file: name })) frames.push(frame);
  return frames;
}

if (!existsSync(DATA)) console.log(`datasets-public: skipped, ${DATA} is absent`);

describe.skipIf(!existsSync(DATA)).each(sets)("%s", (name, format) => {
  let frames: Frame[];
  beforeAll(async () => {
    frames = await read(name, format);
  });

  it("has no errors and no second level of energy", () => {
    const warnings = checkFrames(frames);
    const { ratio, agreement } = energyScale(frames)!;
    const groups = [...new Set(groupsOf(frames))].join(" ");
    console.log(`${name}: ratio ${ratio.toFixed(2)}, agreement ${agreement.toFixed(2)}, groups ${groups}`);
    expect(warnings.map((w) => w.code).filter((code) => code !== "duplicates")).toEqual([]);
  });

  const scaled = (factor: number): Frame[] => frames.map((frame) => ({ ...frame, energy: frame.energy! * factor }));
  it.each([
    ["kcal/mol", 23.061],
    ["kJ/mol", 96.485],
    ["Hartree", 1 / 27.2114],
  ])("is refused with energies in %s", (_, factor) => {
    expect(energyUnitTrouble(scaled(factor))?.code).toBe("energy-unit");
  });
});
