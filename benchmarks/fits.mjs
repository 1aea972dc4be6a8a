/**
 * Fits of real data sets and their test errors: `node benchmarks/fits.mjs gold silicon lithium` (after `npm run build`).
 *
 * Each fit is a process of its own; its wall time and peak memory are the operating system's. Prints a line a fit, the machine
 * and its load.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const data = join(here, "../../shared/data");
const program = join(here, "../dist/cli/main.js");
const scratch = mkdtempSync(join(tmpdir(), "potluck-fits-"));

const mlearn = (element) => [
  "--data",
  join(data, `mlearn/${element}-train.extxyz.gz`),
  "--test",
  join(data, `mlearn/${element}-test.extxyz`),
];
/** name → [arguments, seeds]; why each is there is in README.md. */
const fits = {
  gold: [[join(here, "gold.yaml")], [1, 2, 3]],
  silicon: [mlearn("Si"), [1, 2, 3]],
  lithium: [mlearn("Li"), [1, 2, 3]],
};

const machine = `${cpus()[0].model}, ${cpus().length} cores, Node ${process.version}`;
console.log(`${new Date().toISOString()}  ${machine}  load ${loadavg()[0].toFixed(2)}`);
console.log("fit       seed  test E meV/atom rmse/mae  test F eV/Å rmse/mae    wall s  peak MB");
for (const name of process.argv.slice(2)) {
  if (!existsSync(data)) throw new Error("the reference data are not there (../shared/data)");
  const [args, seeds] = fits[name];
  const energies = [];
  const forces = [];
  for (const seed of seeds) {
    const out = join(scratch, `${name}-${seed}`);
    const started = performance.now();
    const time = [
      "-f",
      "%M",
      process.execPath,
      program,
      "train",
      ...args,
      "--seed",
      String(seed),
      "--out",
      out,
      "--json",
      "--quiet",
    ];
    const run = spawnSync(
      existsSync("/usr/bin/time") ? "/usr/bin/time" : process.execPath,
      existsSync("/usr/bin/time") ? time : time.slice(3),
      {
        encoding: "utf8",
        maxBuffer: 1 << 28,
      },
    );
    if (run.status !== 0) throw new Error(run.stderr);
    const { errors } = JSON.parse(run.stdout);
    const { energy, forces: force } = errors.test.total;
    energies.push(energy.rmse);
    forces.push(force.rmse);
    const peak = /^\d+$/m.exec(run.stderr)?.[0];
    console.log(
      [
        name.padEnd(9),
        String(seed).padStart(4),
        `${energy.rmse.toFixed(3)} / ${energy.mae.toFixed(3)}`.padStart(24),
        `${force.rmse.toFixed(4)} / ${force.mae.toFixed(4)}`.padStart(22),
        ((performance.now() - started) / 1000).toFixed(1).padStart(9),
        (peak === undefined ? "?" : (Number(peak) / 1024).toFixed(0)).padStart(8),
      ].join("  "),
    );
  }
  const mean = (list) => list.reduce((a, b) => a + b, 0) / list.length;
  if (seeds.length > 1)
    console.log(
      `${name}: mean over ${seeds.length} seeds ${mean(energies).toFixed(3)} meV/atom, ${(1000 * mean(forces)).toFixed(1)} meV/Å`,
    );
}
