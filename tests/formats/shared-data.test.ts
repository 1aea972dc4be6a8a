/** Reference data beside the project (../shared/data), where it is there. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readAllFrames } from "../../src/hosts/node/index.js";
import { atomCount } from "../../src/structure/index.js";

const data = join(import.meta.dirname, "../../../shared/data");

/** File, format, structures, atoms, structures with energies, with forces, with stress. */
const expected: readonly (readonly [string, number, number, number, number, number])[] = [
  ["mlearn/Li-train.extxyz.gz", 241, 11576, 241, 241, 0],
  ["mlearn/Li-test.extxyz", 29, 1320, 29, 29, 0],
  ["mlearn/Si-train.extxyz.gz", 214, 13233, 214, 214, 0],
  ["mlearn/Si-test.extxyz", 25, 1525, 25, 25, 0],
  ["gold-lasp2/completeinput.data", 105, 15080, 105, 105, 0],
  ["gold-lasp2/Bulk.data", 1, 128, 0, 0, 0],
  ["gold-lasp2/n2p2-predictions-seed1.extxyz", 15, 2148, 15, 15, 0],
  ["silicon-qe-lda/silicon.extxyz.gz", 322, 2644, 322, 322, 322],
  ["aenet/training/tio2-667.extxyz.gz", 667, 14214, 667, 667, 0],
  ["aenet/behler/structures/cluster24.xsf", 1, 24, 1, 1, 0],
  ["aenet/chebyshev/structures/structure7503.xsf", 1, 94, 1, 1, 0],
  ["maise/cuag-dft/cuag-dft.extxyz.gz", 424, 970, 424, 424, 424],
  ["maise/nn_Cu_d3_v1.extxyz", 6, 60, 6, 6, 5],
  ["maise/relax/Cu13_cluster.POSCAR", 1, 13, 0, 0, 0],
  ["maise/phonons/MgCa_C15_relaxed_6atoms.POSCAR", 1, 6, 0, 0, 0],
  ["n2p2/Cu2S_PBE/input.data", 1, 144, 1, 1, 0],
  ["n2p2/zoo/ct0_a0_cluster/input.data", 1, 14, 1, 1, 0],
  ["n2p2/zoo/ct5_a0_triclinic/input.data", 1, 9, 1, 1, 0],
];

test.for(expected)("%s", async ([name, structures, atoms, energies, forces, stresses], context) => {
  const path = join(data, name);
  if (!existsSync(path)) return context.skip(`${path} is not there`);
  const frames = await readAllFrames(path);
  const count = (label: "energy" | "forces" | "stress") => frames.filter((frame) => frame[label] !== undefined).length;
  expect(frames.length).toBe(structures);
  expect(frames.reduce((sum, { structure }) => sum + atomCount(structure), 0)).toBe(atoms);
  expect([count("energy"), count("forces"), count("stress")]).toEqual([energies, forces, stresses]);
});

test("numbers of gold-lasp2/completeinput.data", async (context) => {
  const path = join(data, "gold-lasp2/completeinput.data");
  if (!existsSync(path)) return context.skip(`${path} is not there`);
  const [frame] = await readAllFrames(path);
  expect(frame.info.get("comment")).toBe("Configuration from file Au100-a0-0.lammpstrj and TIMESTEP: 0");
  expect([...frame.structure.cell!]).toEqual([12.522, 0, 0, 0, 12.522, 0, 0, 0, 35.728673370000003]);
  expect(frame.structure.species.every((z) => z === 79)).toBe(true);
});
