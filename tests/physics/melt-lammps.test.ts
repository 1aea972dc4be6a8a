/**
 * Molten silicon by LAMMPS and by us: the same potential, cell and schedule, several seeds each, radial distributions compared bin by bin
 * with the scatter of the seeds. A small version of benchmarks/melt.mjs; and a potential that is a little wrong is told from the right one.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { noseHoover, prepare, start } from "../../src/dynamics/index.js";
import { readStillingerWeber } from "../../src/formats/index.js";
import { readAllFrames } from "../../src/hosts/node/index.js";
import { classicalPotential, type StillingerWeberRecord } from "../../src/potentials/index.js";
import { RadialDistribution } from "../../src/properties/index.js";
import { diamond, replicate, type Structure } from "../../src/structure/index.js";
import { haveLammps, POTENTIALS } from "../reference/lammps-run.js";

if (!haveLammps) console.log("melt-lammps: skipped, lmp or its potentials are not there (Debian: lammps, lammps-data)");

/** Å, of the cubic cell of diamond: 2.48 g/cm³, the liquid at its melting point. */
const EDGE = 5.32;
const COPIES = 2;
/** K */
const [HOT, LIQUID] = [3500, 2000];
/** fs */
const TIMESTEP = 2;
/** Steps of melting, of coming to equilibrium, of sampling. */
const [MELT, SETTLE, SAMPLE] = [1500, 1000, 2500];
const EVERY = 25;
const SEEDS = [1, 2, 3, 4];

const crystal = replicate(diamond("Si", EDGE), [COPIES, COPIES, COPIES]);

/** g(r), [bin]. */
function distribution(structures: readonly Structure[]): Float64Array {
  expect(structures.length).toBe(SAMPLE / EVERY);
  const rdf = new RadialDistribution({ cutoff: 6, bins: 60 });
  for (const structure of structures) rdf.add(structure);
  return rdf.result().total.g.values;
}

function ours(record: StillingerWeberRecord, seed: number): Float64Array {
  const state = start(prepare(crystal, classicalPotential(record)), { seed, temperature: HOT });
  const go = (temperature: number, steps: number, look = (): void => {}): void => {
    const motion = noseHoover(state, { timestep: TIMESTEP, temperature, temperatureTime: 100 });
    for (let n = 1; n <= steps; n++) {
      motion.step();
      if (n % EVERY === 0) look();
    }
  };
  const seen: Structure[] = [];
  go(HOT, MELT);
  go(LIQUID, SETTLE);
  go(LIQUID, SAMPLE, () => seen.push(state.structure()));
  return distribution(seen);
}

async function theirs(folder: string, seed: number): Promise<Float64Array> {
  const nvt = (temperature: number, steps: number): string =>
    `fix move all nvt temp ${temperature} ${temperature} 0.1 tchain 3\nrun ${steps}\nunfix move`;
  const script = [
    `units metal\nlattice diamond ${EDGE}\nregion box block 0 ${COPIES} 0 ${COPIES} 0 ${COPIES}\ncreate_box 1 box`,
    `create_atoms 1 box\nmass 1 28.085\npair_style sw\npair_coeff * * ${POTENTIALS}/Si.sw Si`,
    `neigh_modify every 1 delay 0 check yes\nvelocity all create ${HOT} ${48271 * seed} mom yes dist gaussian`,
    `timestep ${TIMESTEP / 1000}\n${nvt(HOT, MELT)}\n${nvt(LIQUID, SETTLE)}`,
    `dump d all custom ${EVERY} melt.lammpstrj id element x y z\ndump_modify d element Si\n${nvt(LIQUID, SAMPLE)}\n`,
  ].join("\n");
  writeFileSync(join(folder, "in.lammps"), script);
  const env = { ...process.env, OMP_NUM_THREADS: "1" };
  execFileSync("lmp", ["-in", "in.lammps", "-log", "none", "-screen", "none"], { cwd: folder, env });
  const frames = await readAllFrames(join(folder, "melt.lammpstrj"));
  // The first is the last of the time before.
  return distribution(frames.slice(1).map(({ structure }) => structure));
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const squaredError = (values: readonly number[]): number => {
  const m = mean(values);
  return values.reduce((sum, x) => sum + (x - m) ** 2, 0) / (values.length - 1) / values.length;
};

/** Mean over the bins in which there are atoms. Around 1.5 for two sets of four from one distribution. */
function chiSquare(a: readonly Float64Array[], b: readonly Float64Array[]): number {
  const bins = Array.from(a[0], (_, k) => [a, b].map((curves) => curves.map((g) => g[k])));
  const filled = bins.filter(([x, y]) => mean([...x, ...y]) > 0.01);
  expect(filled.length).toBeGreaterThan(30);
  return mean(filled.map(([x, y]) => (mean(x) - mean(y)) ** 2 / (squaredError(x) + squaredError(y))));
}

describe.skipIf(!haveLammps && process.env.CI !== "true")("molten silicon", () => {
  it("has LAMMPS's radial distribution within the scatter of the seeds, and another one with weaker angles", async () => {
    const file = `${POTENTIALS}/Si.sw`;
    const right = readStillingerWeber(readFileSync(file, "utf8"), { file });
    const weaker = { ...right, triplets: right.triplets.map((t) => ({ ...t, lambda: 0.9 * t.lambda })) };
    const folder = mkdtempSync(join(tmpdir(), "potluck-melt-"));
    try {
      const lammps: Float64Array[] = [];
      for (const seed of SEEDS) lammps.push(await theirs(folder, seed));
      const same = chiSquare(
        SEEDS.map((seed) => ours(right, seed)),
        lammps,
      );
      const other = chiSquare(
        SEEDS.map((seed) => ours(weaker, seed)),
        lammps,
      );
      console.log(`melt: seeds ${SEEDS.join(" ")}, χ² per bin ${same.toFixed(2)}, with λ × 0.9 ${other.toFixed(2)}`);
      expect(same).toBeLessThan(4);
      expect(other).toBeGreaterThan(8);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }, 600_000);
});
