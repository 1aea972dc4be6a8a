/** The same steps as LAMMPS: a cluster at constant energy, and under its Nosé–Hoover chain. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { noseHoover, prepare, type State, start, temperature, velocityVerlet } from "../../src/dynamics/index.js";
import type { Structure } from "../../src/structure/index.js";
import { argon } from "./dynamics-beds.js";

function lammpsIsThere(): boolean {
  try {
    execFileSync("lmp", ["-help"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

const there = lammpsIsThere();
if (!there) console.log("dynamics-lammps: skipped, there is no program lmp (Debian package lammps)");

/** A pentagonal bipyramid, a little out of shape. */
const places = [
  [0, 0, 1.9],
  [0.1, 0, -1.9],
  ...[0, 1, 2, 3, 4].map((k) => [
    3.2 * Math.cos((2 * Math.PI * k) / 5),
    3.2 * Math.sin((2 * Math.PI * k) / 5),
    0.02 * k,
  ]),
];
const cluster: Structure = {
  species: new Uint8Array(7).fill(18),
  positions: Float64Array.from(places.flat()),
  cell: undefined,
  periodic: [false, false, false],
};

/** Velocities in Å/fs, centre of mass at rest. */
const velocities = (() => {
  const raw = cluster.positions.map((_, k) => 0.0015 * Math.sin(7 * k + 1));
  return raw.map((v, k) => v - raw.reduce((sum, w, j) => sum + (j % 3 === k % 3 ? w / 7 : 0), 0));
})();

const STEPS = 1000;

/** Positions (Å) and temperature (K) after the steps. LAMMPS: metal units, ps. */
function lammps(fix: string, timestep: number): { positions: number[]; temperature: number } {
  const directory = mkdtempSync(join(tmpdir(), "potluck-lammps-"));
  try {
    const script = [
      "units metal",
      "boundary s s s",
      "atom_modify map array sort 0 0",
      "region box block -50 50 -50 50 -50 50",
      "create_box 1 box",
      "mass 1 39.948",
      ...places.map(([x, y, z]) => `create_atoms 1 single ${x} ${y} ${z}`),
      ...places.map((_, i) => {
        const [vx, vy, vz] = [0, 1, 2].map((x) => 1000 * velocities[3 * i + x]);
        return `set atom ${i + 1} vx ${vx} vy ${vy} vz ${vz}`;
      }),
      "pair_style lj/cut 60",
      "pair_coeff 1 1 0.0104 3.4",
      "comm_modify cutoff 70",
      `timestep ${timestep / 1000}`,
      `fix move all ${fix}`,
      `run ${STEPS}`,
      "variable t equal temp",
      'print "TEMPERATURE $(v_t:%.15g)"',
      ...places.map((_, i) => `print "ATOM $(x[${i + 1}]:%.15g) $(y[${i + 1}]:%.15g) $(z[${i + 1}]:%.15g)"`),
    ].join("\n");
    const output = execFileSync("lmp", ["-log", "none"], { cwd: directory, input: script, encoding: "utf8" });
    const rows = [...output.matchAll(/^ATOM (.*)$/gm)].map((m) => m[1].split(" ").map(Number));
    expect(rows.length).toBe(7);
    return { positions: rows.flat(), temperature: Number(/^TEMPERATURE (.*)$/m.exec(output)![1]) };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

describe.skipIf(!there && process.env.CI !== "true")("LAMMPS", () => {
  const begin = (): State => {
    const system = prepare(cluster, argon({ cutoff: 1e6, skin: 10 }));
    return start(system, { seed: 1, velocities });
  };
  const apart = (state: State, other: readonly number[]): number =>
    Math.max(...state.positions.map((x, k) => Math.abs(x - other[k])));

  it("moves the cluster to the same places at constant energy", () => {
    const state = begin();
    const motion = velocityVerlet(state, { timestep: 2 });
    for (let n = 0; n < STEPS; n++) motion.step();
    const theirs = lammps("nve", 2);
    expect(apart(state, [...cluster.positions])).toBeGreaterThan(0.5);
    // Their amu differs in the eighth digit.
    expect(apart(state, theirs.positions)).toBeLessThan(1e-4);
    expect(temperature(state) / theirs.temperature).toBeCloseTo(1, 4);
  });

  it("moves it to the same places under a Nosé–Hoover chain, but for the square of the step", () => {
    // The chain is split in another order there.
    const differences = [1, 0.5].map((timestep) => {
      const state = begin();
      const motion = noseHoover(state, { timestep, temperature: 40, temperatureTime: 50 });
      for (let n = 0; n < STEPS; n++) motion.step();
      const theirs = lammps("nvt temp 40 40 0.05 tchain 3", timestep);
      expect(temperature(state) / theirs.temperature).toBeCloseTo(1, 3);
      return apart(state, theirs.positions);
    });
    expect(differences[0]).toBeLessThan(2e-4);
    expect(differences[1]).toBeLessThan(0.4 * differences[0]);
    // The heat is not what it would be without a thermostat.
    const state = begin();
    const free = velocityVerlet(state, { timestep: 1 });
    for (let n = 0; n < STEPS; n++) free.step();
    expect(apart(state, lammps("nvt temp 40 40 0.05 tchain 3", 1).positions)).toBeGreaterThan(0.05);
  });
});
