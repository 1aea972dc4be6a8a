/** A run of LASP2 as a configuration. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { InputError } from "../../src/errors/index.js";
import { readLasp2Dynamics, readLasp2Ini } from "../../src/formats/lasp2-ini.js";
import { readLasp2Run } from "../../src/hosts/node/learn-lasp2.js";
import { learningFormat } from "../../src/learning/index.js";

const folder = mkdtempSync(join(tmpdir(), "potluck-lasp2-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ini = `[LASP2]
#Name of simulation (optional)
simName = Gold NVT simulation
numSeeds = 5
numProcs = 72
#procsVASP = 36
exec = srun
dirPotentials = PotentialsComplete
dirDatabase = completeinput.data

[LAMMPS]
totalSteps = 5000
checkSteps = 100
threshold = 0.02004575104

[N2P2]
epochsLong = 25

[VASP]
elements = Au`;

const input = `units metal
boundary p p p
read_data Bulk.data
pair_style hdnnp 6.0 dir Training/Potentials/Seed1
pair_coeff * * Au
neighbor\t0.3 bin
velocity\tall create 1000.0 87287
fix 1 all nvt temp 1000.0 1000.0 0.1
fix 2 all setforce 0 0 0   # holds everything
dump              myDump all custom 10  dump.lammpstrj id type x y z fx fy fz
thermo\t\t10`;

describe("LASP2's directory", () => {
  it("becomes a configuration that holds together", () => {
    writeFileSync(join(folder, "lasp2.ini"), ini);
    writeFileSync(join(folder, "input.lmp"), input);
    const { configuration, notes } = readLasp2Run(join(folder, "lasp2.ini"));
    const resolved = learningFormat.resolve(configuration);
    expect(resolved).toMatchObject({
      ...{ data: "completeinput.data", start: "PotentialsComplete", structure: "Bulk.data" },
      engine: {
        kind: "vasp",
        settings: { command: ["srun", "-n", "72", "vasp_std"], directory: join(folder, "vaspInput") },
      },
      doubt: { every: 100, spacing: 100, disagreement: { collect: 0.02004575104, stop: 0.02004575104 } },
      select: { most: 1 },
      refit: { epochs: 25, fromScratchEvery: 0 },
    });
    const [walker] = resolved.explore.walkers;
    expect(walker).toMatchObject({
      ensemble: "nvt",
      steps: 5000,
      temperature: 1000,
      temperatureTime: 100,
      timestep: 1,
    });
    expect(notes.join(" ")).toContain("Line 9 of input.lmp is left out: fix 2 all setforce 0 0 0");
  });

  it("reads pressure, time step and processes of its own", () => {
    const text = "units metal\ntimestep 0.002\nread_data a.data\nfix 1 all npt temp 500 500 0.2 iso 10000 10000 1.0\n";
    expect(readLasp2Dynamics(text, "input.lmp")).toMatchObject({
      ...{ ensemble: "npt", timestep: 2, temperature: 500, temperatureTime: 200, pressure: 1 },
    });
    expect(readLasp2Ini(ini.replace("#procsVASP", "procsVASP"), "lasp2.ini").processes).toBe(36);
  });

  it.each([
    ["a key that LASP2 does not have", ini.replace("checkSteps", "checkStep"), /lasp2.ini:13.*checkStep = 100/],
    ["a section that it does not have", `${ini}\n[QE]\n`, /section \[QE\]/],
    ["a number that is none", ini.replace("5000", "many"), /lasp2.ini:12.*totalSteps is "many"/],
    ["a missing key", ini.replace("numSeeds = 5", ""), /does not say numSeeds/],
  ])("%s is told with file and line", (_, text, message) => {
    expect(() => readLasp2Ini(text, "lasp2.ini")).toThrow(InputError);
    expect(() => readLasp2Ini(text, "lasp2.ini")).toThrow(message);
  });

  it("units other than metal, and a start that is not there, are refused", () => {
    expect(() => readLasp2Dynamics("units real\nread_data a", "input.lmp")).toThrow(/units are "real"/);
    expect(() => readLasp2Dynamics("units metal\n", "input.lmp")).toThrow(/do not say where dynamics starts/);
  });

  const shared = join(import.meta.dirname, "../../../shared/data/gold-lasp2/lasp2.ini");
  it.skipIf(!existsSync(shared))("its own example", () => {
    const own = readLasp2Ini(readFileSync(shared, "utf8"), shared);
    expect(own).toMatchObject({
      members: 5,
      processes: 72,
      launcher: "srun",
      totalSteps: 5000,
      checkSteps: 100,
      epochs: 25,
    });
    expect(own).toMatchObject({ threshold: 0.02004575104, elements: ["Au"], potentials: "PotentialsComplete" });
  });
});
