/**
 * The real programs, where they are installed: Quantum ESPRESSO, CP2K, LAMMPS, ASE (Debian's packages of these names). Energies,
 * forces and stress against finite differences, and a program that stays running against one that is started anew.
 *
 * A program that is absent is skipped, unless POTLUCK_REQUIRE_ENGINES is "true", as where it has just been installed.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, describe, expect, type TestContext, test } from "vitest";
import type { Calculation, Engine, Labels } from "../../src/engines/index.js";
import {
  createEngine,
  type EngineName,
  type EngineOptions,
  freeSocketName,
  serveIpi,
} from "../../src/hosts/node/engines/index.js";
import { type Structure, volume } from "../../src/structure/index.js";
import { pairLabels } from "../contracts/engines-pair.js";

const folder = mkdtempSync(join(tmpdir(), "potluck-live-"));
const open: Engine[] = [];
afterEach(async () => {
  for (const engine of open.splice(0)) await engine.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let runs = 0;

/** An engine of a program that is here; otherwise the test is skipped, saying so. */
async function engineHere(
  context: TestContext,
  name: EngineName,
  settings: unknown,
  options: Partial<EngineOptions> = {},
): Promise<Engine> {
  // Started anew each time, the same input finds its earlier result.
  const directory = join(folder, options.warm === true ? `${name}-${++runs}` : name);
  const engine = await createEngine(name, settings, {
    directory,
    limits: { seconds: 50 },
    ...options,
  });
  const installation = await engine.check();
  if (!installation.installed) {
    if (process.env.POTLUCK_REQUIRE_ENGINES === "true") throw new Error(installation.problem);
    context.skip(`${installation.problem} ${installation.remedy}`);
  }
  open.push(engine);
  return engine;
}

function labelsOf({ outcome, directory }: Calculation): Labels {
  if (outcome.converged) return outcome.labels;
  throw new Error(`${directory}: ${JSON.stringify(outcome.failure, undefined, 1)}`);
}

/** Two atoms off their places in an oblique, left-handed cell under pressure. */
const silicon = (shift = 0): Structure => ({
  species: Uint8Array.of(14, 14),
  positions: Float64Array.of(0, 0, 0, 1.4 + shift, 1.35, 1.25),
  cell: Float64Array.of(2.6, 0.1, 2.6, 0, 2.6, 2.7, 2.6, 2.6, 0),
  periodic: [true, true, true],
});

const hydrogen = (shift = 0): Structure => ({
  species: Uint8Array.of(1, 1),
  positions: Float64Array.of(0, 0, 0, 0.7 + shift, 0.1, 0.2),
  cell: Float64Array.of(3.2, 0, 0, 0.5, 3.1, 0, 0.2, 0.3, 3.4),
  periodic: [true, true, true],
});

const moved = (structure: Structure, coordinate: number, by: number): Structure => ({
  ...structure,
  positions: structure.positions.map((x, i) => x + (i === coordinate ? by : 0)),
});

const places = [
  [0, 0],
  [1, 1],
  [2, 2],
  [1, 2],
  [0, 2],
  [0, 1],
] as const;

/** r(1 + ε) with a symmetric ε, of which component `k` of xx yy zz yz xz xy is `by` in all. */
function strained(structure: Structure, k: number, by: number): Structure {
  const [a, b] = places[k]!;
  const part = a === b ? by : by / 2;
  const strain = (v: Float64Array) =>
    v.map((x, at) => {
      const [row, axis] = [at - (at % 3), at % 3];
      return axis !== a && axis !== b ? x : x + part * v[row + (axis === a ? b : a)]!;
    });
  return { ...structure, positions: strain(structure.positions), cell: strain(structure.cell!) };
}

/** −dE/dx and dE/dε/V from two runs each. */
async function differences(
  engine: Engine,
  structure: Structure,
  of: { coordinate: number; component: number; step: number },
) {
  const slope = async (at: (by: number) => Structure) => {
    const [plus, minus] = [labelsOf(await engine.label(at(of.step))), labelsOf(await engine.label(at(-of.step)))];
    return (plus.energy - minus.energy) / (2 * of.step);
  };
  return {
    force: -(await slope((by) => moved(structure, of.coordinate, by))),
    stress: (await slope((by) => strained(structure, of.component, by))) / volume(structure.cell!),
  };
}

function expectSame(a: Labels, b: Labels, tolerance: number): void {
  expect(Math.abs(a.energy / b.energy - 1)).toBeLessThan(tolerance);
  a.forces.forEach((f, i) => void expect(Math.abs(f - b.forces[i]!)).toBeLessThan(10 * tolerance));
  a.stress!.forEach((s, i) => void expect(Math.abs(s - b.stress![i]!)).toBeLessThan(10 * tolerance));
}

const pw = { pseudopotentials: { Si: "Si.pz-vbc.UPF" }, cutoff: 30, kpoints: { mesh: [1, 1, 1] } };

describe("Quantum ESPRESSO", () => {
  test("forces and stress are derivatives of the energy", async (context) => {
    const engine = await engineHere(context, "quantum-espresso", pw);
    const calculation = await engine.label(silicon());
    const { forces, stress } = labelsOf(calculation);
    expect(calculation.version).toMatch(/^\d+\.\d/);
    expect(calculation.cost.cpuSeconds).toBeGreaterThan(0);
    const found = await differences(engine, silicon(), { coordinate: 3, component: 1, step: 0.01 });
    expect(Math.abs(found.force - forces[3]!)).toBeLessThan(2e-3);
    // The number of plane waves changes with the cell: 1 % at this cutoff.
    expect(Math.abs(found.stress - stress![1]!)).toBeLessThan(0.03 * Math.abs(stress![1]!));
  });

  test("kept running, it says the same, faster, and is started anew for another cell", async (context) => {
    const cold = await engineHere(context, "quantum-espresso", pw);
    const warm = await engineHere(context, "quantum-espresso", pw, { warm: true });
    for (const next of [silicon(), moved(silicon(), 3, 0.01)])
      expectSame(labelsOf(await warm.label(next)), labelsOf(await cold.label(next)), 2e-6);
    const squeezed = strained(silicon(), 1, 0.01);
    const last = await warm.label(squeezed);
    expectSame(labelsOf(last), labelsOf(await cold.label(squeezed)), 2e-6);
    expect(
      readdirSync(join(last.directory!, ".."))
        .filter((name) => name.startsWith("warm-"))
        .sort(),
    ).toEqual(["warm-1", "warm-2"]);
    expect((await warm.label(squeezed)).reused).toBe(true);
  });

  test("electrons that have not converged are a failure, though the program goes on", async (context) => {
    const engine = await engineHere(context, "quantum-espresso", { ...pw, maxIterations: 2 }, { warm: true });
    const { outcome } = await engine.label(silicon());
    expect(outcome).toMatchObject({ converged: false, failure: { kind: "unconverged" } });
  });

  test("a wrong input is a failure with the program's own words", async (context) => {
    const engine = await engineHere(context, "quantum-espresso", { ...pw, variables: { system: { ecutwf: 3 } } });
    const { outcome } = await engine.label(silicon());
    expect(outcome).toMatchObject({
      converged: false,
      failure: { kind: "crashed", problem: expect.stringContaining("ecutwf") },
    });
  });
});

const gpw = (maxScf = 30) => ({
  kinds: { H: { BASIS_SET: "SZV-GTH", POTENTIAL: "GTH-PADE-q1" } },
  input: {
    FORCE_EVAL: {
      DFT: {
        BASIS_SET_FILE_NAME: "GTH_BASIS_SETS",
        POTENTIAL_FILE_NAME: "GTH_POTENTIALS",
        MGRID: { CUTOFF: 160 },
        // At 1e-6 forces are still 3 meV/Å from those at convergence, the energy 1e-9 eV.
        SCF: { EPS_SCF: 1e-9, MAX_SCF: maxScf },
        XC: { XC_FUNCTIONAL: { _: "PADE" } },
      },
    },
  },
});

describe("CP2K", () => {
  test("forces and stress are derivatives of the energy; kept running, it says the same", async (context) => {
    const cold = await engineHere(context, "cp2k", gpw());
    const calculation = await cold.label(hydrogen());
    const { forces, stress } = labelsOf(calculation);
    expect(calculation.version).toMatch(/^\d{4}\./);
    const found = await differences(cold, hydrogen(), { coordinate: 5, component: 1, step: 0.01 });
    // A coarse grid, for speed: its energy ripples as the atoms move over it.
    expect(Math.abs(found.force - forces[5]!)).toBeLessThan(0.05 * Math.abs(forces[5]!));
    expect(Math.abs(found.stress - stress![1]!)).toBeLessThan(0.1 * Math.abs(stress![1]!));
    const warm = await engineHere(context, "cp2k", gpw(), { warm: true });
    expectSame(labelsOf(await warm.label(hydrogen())), labelsOf(calculation), 2e-6);
    const next = await warm.label(moved(hydrogen(), 5, 0.01));
    expectSame(labelsOf(next), labelsOf(await cold.label(moved(hydrogen(), 5, 0.01))), 2e-6);
  });

  test("electrons that have not converged are a failure, though the program goes on", async (context) => {
    const engine = await engineHere(context, "cp2k", gpw(2), { warm: true });
    const { outcome } = await engine.label(hydrogen());
    expect(outcome).toMatchObject({ converged: false, failure: { kind: "unconverged" } });
  });
});

const stillingerWeber = { elements: ["Si"], commands: ["pair_style sw", "pair_coeff * * Si.sw Si"] };

describe("LAMMPS", () => {
  test("forces and stress come back in the axes of the structure, and are derivatives of the energy", async (context) => {
    const engine = await engineHere(context, "lammps", stillingerWeber);
    const { forces, stress } = labelsOf(await engine.label(silicon()));
    const found = await differences(engine, silicon(), { coordinate: 2, component: 5, step: 1e-3 });
    expect(Math.abs(found.force - forces[2]!)).toBeLessThan(1e-4);
    expect(Math.abs(found.stress - stress![5]!)).toBeLessThan(1e-5);
  });

  test("kept running over fix ipi, it says the same, at other cells too", async (context) => {
    const cold = await engineHere(context, "lammps", stillingerWeber);
    const warm = await engineHere(context, "lammps", stillingerWeber, { warm: true });
    // LAMMPS has hartree and bohr of its own for i-PI: 2e-8.
    for (const next of [silicon(), silicon(0.05), strained(silicon(), 3, 0.03)])
      expectSame(labelsOf(await warm.label(next)), labelsOf(await cold.label(next)), 1e-7);
    const sessions = readdirSync(join((await warm.label(silicon())).directory!, ".."));
    expect(sessions.filter((name) => name.startsWith("warm-"))).toEqual(["warm-1"]);
  });

  test("atoms without a cell have forces and no stress", async (context) => {
    const engine = await engineHere(context, "lammps", stillingerWeber);
    const pair: Structure = { ...silicon(), cell: undefined, periodic: [false, false, false] };
    const { forces, stress } = labelsOf(await engine.label(pair));
    expect(stress).toBeUndefined();
    expect(forces[0]! + forces[3]!).toBeCloseTo(0, 10);
    expect(Math.abs(forces[0]!)).toBeGreaterThan(0.01);
  });

  test("says what is wrong with its commands", async (context) => {
    const engine = await engineHere(context, "lammps", { ...stillingerWeber, commands: ["pair_style nothing"] });
    const { outcome } = await engine.label(silicon());
    expect(outcome).toMatchObject({
      converged: false,
      failure: { kind: "crashed", problem: expect.stringContaining("nothing") },
    });
  });
});

const lennardJones = {
  calculator: "ase.calculators.lj.LennardJones",
  arguments: { sigma: 2.2, epsilon: 0.3, rc: 5, smooth: true },
};

describe("ASE", () => {
  test("any calculator labels; kept running, it says the same", async (context) => {
    const cold = await engineHere(context, "ase", lennardJones);
    const calculation = await cold.label(silicon());
    const { forces, stress } = labelsOf(calculation);
    const found = await differences(cold, silicon(), { coordinate: 4, component: 5, step: 1e-3 });
    expect(Math.abs(found.force - forces[4]!)).toBeLessThan(1e-4);
    expect(Math.abs(found.stress - stress![5]!)).toBeLessThan(1e-5);
    const warm = await engineHere(context, "ase", lennardJones, { warm: true });
    expectSame(labelsOf(await warm.label(silicon())), labelsOf(calculation), 2e-8);
    expectSame(
      labelsOf(await warm.label(moved(silicon(), 4, 1e-3))),
      labelsOf(await cold.label(moved(silicon(), 4, 1e-3))),
      2e-8,
    );
  });

  test("a calculator that is not there is a failure with Python's words", async (context) => {
    const engine = await engineHere(context, "ase", { calculator: "ase.calculators.none.None" });
    const { outcome } = await engine.label(silicon());
    expect(outcome).toMatchObject({
      converged: false,
      failure: { kind: "crashed", excerpt: expect.stringContaining("ModuleNotFoundError") },
    });
  });

  test("its SocketIOCalculator is served by a potential of ours", async (context) => {
    await engineHere(context, "ase", lennardJones);
    const name = freeSocketName();
    const { species, positions, cell } = silicon();
    const script = `
import json, sys
from ase import Atoms
from ase.calculators.socketio import SocketIOCalculator
task = json.loads(sys.argv[1])
atoms = Atoms(numbers=task["numbers"], positions=task["positions"], cell=task["cell"], pbc=True)
found = []
with SocketIOCalculator(unixsocket=task["name"]) as atoms.calc:
    for shift in (0.0, 0.1):
        atoms.positions[1, 0] += shift
        found.append([atoms.get_potential_energy(), atoms.get_forces().ravel().tolist(), atoms.get_stress().tolist()])
json.dump(found, sys.stdout)
`;
    const rows = (v: Float64Array) => Array.from({ length: v.length / 3 }, (_, i) => [...v.subarray(3 * i, 3 * i + 3)]);
    const task = JSON.stringify({ name, numbers: [...species], positions: rows(positions), cell: rows(cell!) });
    const python = promisify(execFile)("/usr/bin/python3", ["-c", script, task]);
    const served = serveIpi({
      address: { unix: name },
      atoms: 2,
      evaluate: (r, h) => pairLabels({ positions: r, cell: h }),
    });
    const said: [number, number[], number[]][] = JSON.parse((await python).stdout);
    expect(await served).toBe(2);
    for (const [i, [energy, forces, stress]] of said.entries()) {
      const truth = pairLabels({ positions: moved(silicon(), 3, i * 0.1).positions, cell: cell! });
      expectSame({ energy, forces: Float64Array.from(forces), stress: Float64Array.from(stress) }, truth, 2e-7);
    }
  });
});
