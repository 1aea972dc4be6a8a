/** What holds for engines: labels, failures, limits, directories; with a program that pretends to be VASP. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Calculation,
  countFailures,
  type Engine,
  embedded,
  type Failure,
  type FailureKind,
  kpointMesh,
  type Labels,
  labelledFrame,
  noCost,
  totalCost,
} from "../../src/engines/index.js";
import { InputError } from "../../src/errors/index.js";
import {
  createEngine,
  createProgram,
  engineSchemas,
  IpiServer,
  type ProgramName,
  potentialEngine,
  servePotential,
} from "../../src/hosts/node/engines/index.js";
import { RandomStream } from "../../src/math/random.js";
import type { Evaluation, Potential } from "../../src/potentials/potential.js";
import { type Structure, volume } from "../../src/structure/index.js";
import { pairLabels } from "./engines-pair.js";

const SEED = Number(process.env.POTLUCK_SEED ?? 20261123);
console.log(`engines: seed ${SEED}`);

const fake = join(import.meta.dirname, "programs", "fake-vasp.mjs");
let folder = "";
let user = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "potluck-engines-"));
  user = join(folder, "user");
  mkdirSync(user);
  writeFileSync(
    join(user, "INCAR"),
    "ENCUT = 300 # eV\nIBRION = 2; NSW = 40 ! a relaxation\nISTART=1\nSYSTEM = two \\\n lines\n",
  );
  writeFileSync(join(user, "KPOINTS"), "Gamma\n0\nGamma\n2 2 2\n0 0 0\n");
  writeFileSync(
    join(user, "POTCAR"),
    "  PAW_PBE Ge_d 03Jul2007\n   TITEL  = PAW_PBE Ge_d 03Jul2007\n   End of Dataset\n  PAW_PBE Si 05Jan2001\n   TITEL  = PAW_PBE Si 05Jan2001\n   End of Dataset\n",
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Silicon and germanium in turn, so that VASP's order is another one. */
const mixed = (shift = 0): Structure => ({
  species: Uint8Array.of(14, 32, 14, 32),
  positions: Float64Array.of(0.1 + shift, 0, 0, 1.4, 1.35, 1.3, 2.9, 0.2, 2.7, 4.0, 1.5, 4.1),
  cell: Float64Array.of(5.2, 0.3, 0.1, 0.2, 4.4, -0.3, -0.4, 0.1, 5.6),
  periodic: [true, true, true],
});

interface FakeOptions {
  readonly mode?: string;
  readonly seconds?: number;
  readonly megabytes?: number;
  readonly incar?: Record<string, string | number>;
  readonly directory?: string;
}

let runs = 0;

const pretended = ({ mode = "", seconds, megabytes, incar = {}, directory }: FakeOptions = {}): Promise<Engine> =>
  createEngine(
    "vasp",
    { command: [process.execPath, fake], environment: { FAKE_VASP: mode }, directory: user, incar },
    {
      directory: directory ?? join(folder, `run-${++runs}`),
      limits: { ...(seconds === undefined ? {} : { seconds }), ...(megabytes === undefined ? {} : { megabytes }) },
    },
  );

function labelsOf({ outcome }: Calculation): Labels {
  if (outcome.converged) return outcome.labels;
  throw new Error(JSON.stringify(outcome.failure));
}

function failureOf({ outcome }: Calculation): Failure {
  if (outcome.converged) throw new Error("converged");
  return outcome.failure;
}

describe("a program that is given files", () => {
  it("labels a structure in the structure's own order, sign and units", async () => {
    const engine = await pretended();
    const calculation = await engine.label(mixed());
    const { energy, forces, stress } = labelsOf(calculation);
    const truth = pairLabels({ positions: mixed().positions, cell: mixed().cell! });
    expect(energy).toBeCloseTo(truth.energy, 7);
    forces.forEach((f, i) => void expect(f).toBeCloseTo(truth.forces[i]!, 7));
    stress!.forEach((s, i) => void expect(s).toBeCloseTo(truth.stress![i]!, 9));
    expect(Math.max(...truth.forces.map(Math.abs))).toBeGreaterThan(0.1);
    expect(Math.max(...truth.stress!.map(Math.abs))).toBeGreaterThan(1e-3);
  });

  it("gives forces that are the derivative of its energy, and stress that is that of strain", async () => {
    const engine = await pretended();
    const random = new RandomStream(SEED, "derivatives");
    const base = mixed();
    const { forces, stress } = labelsOf(await engine.label(base));
    const energyAt = async (structure: Structure) => labelsOf(await engine.label(structure)).energy;
    const h = 1e-3;
    const k = random.integer(12);
    const moved = (sign: number) => ({
      ...base,
      positions: base.positions.map((x, i) => x + (i === k ? sign * h : 0)),
    });
    const slope = ((await energyAt(moved(1))) - (await energyAt(moved(-1)))) / (2 * h);
    expect(-slope).toBeCloseTo(forces[k]!, 4);
    // ε with both off-diagonal elements, so that nothing turns: dE/dε = σ·V.
    const component = random.integer(6);
    const [a, b] = [
      [0, 0],
      [1, 1],
      [2, 2],
      [1, 2],
      [0, 2],
      [0, 1],
    ][component] as [number, number];
    const strained = (e: number) => {
      const part = a === b ? e : e / 2;
      const strain = (v: Float64Array) =>
        v.map((x, at) => {
          const [row, axis] = [at - (at % 3), at % 3];
          if (axis !== a && axis !== b) return x;
          return x + part * v[row + (axis === a ? b : a)]!;
        });
      return { ...base, positions: strain(base.positions), cell: strain(base.cell!) };
    };
    const work = ((await energyAt(strained(h))) - (await energyAt(strained(-h)))) / (2 * h);
    expect(work / volume(base.cell!)).toBeCloseTo(stress![component]!, 5);
  });

  it("keeps input and output in a directory, and does not compute the same twice", async () => {
    const directory = join(folder, "kept");
    const first = await (await pretended({ directory })).label(mixed());
    const files = readdirSync(first.directory!);
    for (const name of ["INCAR", "POSCAR", "POTCAR", "KPOINTS", "OUTCAR", "vasprun.xml", "output", "calculation.json"])
      expect(files).toContain(name);
    // Another process, another day, and the program gone mad in between.
    const again = await (await pretended({ directory })).label(mixed());
    expect([first.reused, again.reused]).toEqual([false, true]);
    expect(labelsOf(again)).toEqual(labelsOf(first));
    expect(again.cost).toEqual(first.cost);
    const other = await (await pretended({ directory })).label(mixed(0.01));
    expect(other.reused).toBe(false);
    expect(other.directory).not.toBe(first.directory);
    const frame = labelledFrame(first)!;
    expect(frame.energy).toBe(labelsOf(first).energy);
    expect(frame.info.get("calculation")).toBe(first.directory);
  });

  it("keeps what was there under another name, and does not believe a damaged record", async () => {
    const directory = join(folder, "damaged");
    const engine = await pretended({ directory });
    const first = await engine.label(mixed(), { name: "one" });
    writeFileSync(
      join(first.directory!, "calculation.json"),
      readFileSync(join(first.directory!, "calculation.json"), "utf8").slice(0, 300),
    );
    const second = await engine.label(mixed(), { name: "one" });
    expect(second.reused).toBe(false);
    expect(readdirSync(directory).sort()).toEqual(["one", "one.before-1"]);
  });

  it("says what it has cost", async () => {
    const calculation = await (await pretended()).label(mixed());
    const { wallSeconds, cpuSeconds, maxMemory } = calculation.cost;
    expect(wallSeconds).toBeGreaterThan(0.01);
    expect(cpuSeconds).toBeGreaterThan(0);
    // Node alone takes some tens of megabytes.
    expect(maxMemory).toBeGreaterThan(10e6);
    const twice = totalCost([calculation.cost, calculation.cost, noCost]);
    expect(twice).toEqual({ wallSeconds: 2 * wallSeconds, cpuSeconds: 2 * cpuSeconds!, maxMemory });
    expect(totalCost([calculation.cost, { ...noCost, cpuSeconds: undefined }]).cpuSeconds).toBeUndefined();
  });

  it("makes a single point of the user's INCAR, and puts the POTCARs in order", async () => {
    const { directory } = await (await pretended({ incar: { encut: 400 } })).label(mixed());
    const incar = readFileSync(join(directory!, "INCAR"), "utf8");
    for (const line of ["ENCUT = 400", "NSW = 0", "IBRION = -1", "ISIF = 2", "ISTART = 0", "LWAVE = .FALSE."])
      expect(incar.split("\n")).toContain(line);
    expect(incar).toMatch(/^SYSTEM = two\s+lines$/m);
    expect(readFileSync(join(directory!, "POSCAR"), "utf8").split("\n").slice(5, 7)).toEqual(["Ge Si", "2 2"]);
    const potcar = readFileSync(join(directory!, "POTCAR"), "utf8");
    expect(potcar.indexOf("Ge_d")).toBeLessThan(potcar.indexOf("PAW_PBE Si"));
    const single: Structure = { ...mixed(), species: Uint8Array.of(14, 14, 14, 14) };
    const silicon = await (await pretended()).label(single);
    expect(readFileSync(join(silicon.directory!, "POTCAR"), "utf8")).not.toContain("Ge");
  });
});

describe("failures are results with a reason", () => {
  const modes: readonly (readonly [string, FailureKind, RegExp])[] = [
    ["unconverged", "unconverged", /not converged in 60 iterations/],
    ["cut", "cut-output", /breaks off before/],
    ["crash", "crashed", /ended with code 174/],
  ];
  it.each(modes)("%s", async (mode, kind, problem) => {
    const calculation = await (await pretended({ mode })).label(mixed());
    const failure = failureOf(calculation);
    expect(failure.kind).toBe(kind);
    expect(failure.problem).toMatch(problem);
    expect(failure.remedy).not.toBe("");
    expect(labelledFrame(calculation)).toBeUndefined();
    const record = JSON.parse(readFileSync(join(calculation.directory!, "calculation.json"), "utf8"));
    expect(record.outcome.failure.kind).toBe(kind);
  });

  it("a failure is not reused", async () => {
    const directory = join(folder, "second-try");
    expect(failureOf(await (await pretended({ directory, mode: "cut" })).label(mixed(), { name: "a" })).kind).toBe(
      "cut-output",
    );
    const again = await (await pretended({ directory })).label(mixed(), { name: "a" });
    expect(again.outcome.converged).toBe(true);
    expect(readdirSync(directory).sort()).toEqual(["a", "a.before-1"]);
  });

  it("the output of another structure", async () => {
    const directory = join(folder, "another");
    const engine = await createEngine(
      "vasp",
      { command: ["/bin/sh", "-c", `sed -i 's/^0.1 /0.2 /' POSCAR; ${process.execPath} ${fake}`], directory: user },
      { directory },
    );
    const failure = failureOf(await engine.label(mixed()));
    expect(failure.kind).toBe("wrong-structure");
    expect(failure.problem).toMatch(/Atom 1 is 0\.100 Å from where it was put/);
  });

  it("are counted by kind", () => {
    const of = (kind: FailureKind): Failure => ({ kind, problem: "", remedy: "" });
    expect(countFailures([of("crashed"), of("unconverged"), of("unconverged")])).toEqual([
      ["unconverged", 2],
      ["crashed", 1],
    ]);
  });
});

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
};

const noProc = existsSync("/proc/self/stat") ? false : "there is no /proc here";

describe("limits", () => {
  it("of time end the program", async () => {
    const calculation = await (await pretended({ mode: "hang", seconds: 0.5 })).label(mixed());
    const failure = failureOf(calculation);
    expect(failure.kind).toBe("time-limit");
    expect(failure.problem).toContain("0.5 s");
  });

  it("of memory too", async (context) => {
    if (noProc !== false) return context.skip(noProc);
    const calculation = await (await pretended({ mode: "memory", megabytes: 300, seconds: 60 })).label(mixed());
    expect(failureOf(calculation).kind).toBe("memory-limit");
    expect(calculation.cost.maxMemory).toBeGreaterThan(300e6);
  });

  it("of the user's patience end it with all that it has started, and leave no record", async () => {
    const directory = join(folder, "patience");
    const engine = await pretended({ mode: "hang", directory });
    const stop = new AbortController();
    const child = join(directory, "a", "child");
    const started = setInterval(() => {
      if (existsSync(child) && readFileSync(child, "utf8") !== "") stop.abort();
    }, 20);
    const calculation = await engine.label(mixed(), { signal: stop.signal, name: "a" });
    clearInterval(started);
    expect(failureOf(calculation).kind).toBe("cancelled");
    expect(existsSync(join(calculation.directory!, "calculation.json"))).toBe(false);
    const pid = Number(readFileSync(child, "utf8"));
    expect(pid).toBeGreaterThan(1);
    await expect.poll(() => alive(pid), { timeout: 10_000 }).toBe(false);
  });
});

const codeOf = async (work: Promise<unknown>): Promise<string> => {
  const error = await work.then(
    () => undefined,
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(InputError);
  return (error as InputError).code;
};

describe("what the user must mend first is an error", () => {
  it("a program that is not there, with how to get it", async () => {
    const settings = {
      command: ["no-such-pw.x"],
      pseudopotentials: { Si: "a" },
      cutoff: 20,
      kpoints: { spacing: 0.3 },
    };
    const engine = await createEngine("quantum-espresso", settings, { directory: join(folder, "absent") });
    const installation = await engine.check();
    expect(installation).toMatchObject({
      installed: false,
      remedy: expect.stringContaining("apt-get install quantum-espresso"),
    });
    const silicon = { ...mixed(), species: Uint8Array.of(14, 14, 14, 14) };
    expect(await codeOf(engine.label(silicon))).toBe("engine-not-installed");
    expect(existsSync(join(folder, "absent"))).toBe(false);
  });

  it("settings that are wrong, with the key", async () => {
    const bad: readonly (readonly [ProgramName, unknown, RegExp])[] = [
      ["quantum-espresso", { cutoff: -1, pseudopotentials: {}, kpoints: { spacing: 1 } }, /`cutoff`/],
      ["cp2k", { kinds: {} }, /`input`/],
      ["lammps", { elements: ["Si"], commands: [] }, /`commands`/],
      ["ase", { calculator: "EMT" }, /`calculator`/],
      ["vasp", { directory: "x", encut: 3 }, /encut/],
    ];
    for (const [name, settings, message] of bad) await expect(createProgram(name, settings)).rejects.toThrow(message);
    expect(await codeOf(createProgram("vasp", { directory: join(folder, "nowhere") }))).toBe("no-such-file");
    expect(Object.keys(engineSchemas)).toEqual(["quantum-espresso", "cp2k", "lammps", "vasp", "ase", "embedded"]);
  });

  it("elements without a potential, structures without a cell, k-points that nobody gives", async () => {
    const engine = await pretended();
    const gold = { ...mixed(), species: Uint8Array.of(14, 79, 14, 32) };
    await expect(engine.label(gold)).rejects.toThrow(
      /no data set for Au.*It has PAW_PBE Ge_d 03Jul2007, PAW_PBE Si 05Jan2001/,
    );
    const molecule: Structure = { ...mixed(), cell: undefined, periodic: [false, false, false] };
    expect(await codeOf(engine.label(molecule))).toBe("no-cell");
    rmSync(join(user, "KPOINTS"));
    try {
      expect(await codeOf((await pretended()).label(mixed()))).toBe("no-kpoints");
      expect((await (await pretended({ incar: { KSPACING: 0.3 } })).label(mixed())).outcome.converged).toBe(true);
    } finally {
      writeFileSync(join(user, "KPOINTS"), "Gamma\n0\nGamma\n2 2 2\n0 0 0\n");
    }
  });

  it("a program that cannot be kept running", async () => {
    expect(await codeOf(createEngine("vasp", { directory: user }, { directory: folder, warm: true }))).toBe(
      "no-warm-engine",
    );
  });
});

describe("the embedded engine", () => {
  it("labels with what it is handed, copies the arrays, counts time", async () => {
    const shared = pairLabels({ positions: mixed().positions, cell: mixed().cell! });
    let clock = 0;
    const engine = embedded({ name: "pair", evaluate: () => shared, now: () => (clock += 250) });
    const calculation = await engine.label(mixed());
    const { forces } = labelsOf(calculation);
    expect(forces).toEqual(shared.forces);
    shared.forces.fill(0);
    expect(forces.some((f) => f !== 0)).toBe(true);
    expect(calculation.cost.wallSeconds).toBe(0.25);
    expect(await engine.check()).toEqual({ installed: true, version: undefined });
  });

  it("is a potential of ours, which also serves a server of i-PI", async () => {
    const evaluation = (positions: Float64Array, cell: Float64Array): Evaluation => {
      const { stress, ...rest } = pairLabels({ positions, cell });
      return { ...rest, stress, atomicEnergies: new Float64Array(4), uncertainty: undefined, extrapolation: [] };
    };
    const potential: Potential = {
      elements: [14, 32],
      cutoff: 4.2,
      evaluate: ({ positions, cell }) => evaluation(positions, cell!),
      bind: () => ({ evaluate: (positions, cell) => evaluation(positions, cell!) }),
    };
    const truth = pairLabels({ positions: mixed().positions, cell: mixed().cell! });
    expect(labelsOf(await potentialEngine(potential).label(mixed()))).toEqual(truth);
    const server = await IpiServer.listen({ port: 0 });
    const done = servePotential(potential, mixed(), { address: server.address });
    const { energy } = await server.evaluate({ positions: mixed().positions, cell: mixed().cell! });
    expect(energy).toBeCloseTo(truth.energy, 10);
    server.close();
    expect(await done).toBe(1);
  });

  it("does not label with what is not finite", async () => {
    const broken = { energy: Number.NaN, forces: new Float64Array(12), stress: undefined };
    const calculation = await embedded({ evaluate: () => broken }).label(mixed());
    expect(failureOf(calculation).kind).toBe("not-finite");
  });
});

describe("inputs", () => {
  const cube = (a: number): Structure => ({
    species: Uint8Array.of(14),
    positions: new Float64Array(3),
    cell: Float64Array.of(a, 0, 0, 0, 2 * a, 0, 0, 0, 3 * a),
    periodic: [true, true, false],
  });

  it("k-points no farther apart than asked: nᵢ = ⌈2π/(hᵢ·spacing)⌉", () => {
    expect(kpointMesh(cube(Math.PI), { spacing: 0.5 })).toEqual([4, 2, 1]);
    expect(kpointMesh(cube(Math.PI), { spacing: 0.49 })).toEqual([5, 3, 1]);
    expect(kpointMesh(cube(3), { mesh: [2, 3, 4] })).toEqual([2, 3, 4]);
  });

  it("of pw.x", async () => {
    const program = await createProgram("quantum-espresso", {
      pseudopotentials: { Si: "Si.UPF" },
      cutoff: 20,
      kpoints: { mesh: [2, 2, 1] },
      smearing: { kind: "gaussian", width: 0.2 },
      variables: { system: { nspin: 2, ecutwfc: 25 } },
    });
    const text = program.prepare(cube(3)).files.get("pw.in")!;
    for (const part of ["tprnfor = .true.", "tstress = .true.", "nspin = 2", "ecutwfc = 25", "smearing = 'gaussian'"])
      expect(text).toContain(part);
    expect(text).toMatch(/K_POINTS automatic\n2 2 1 0 0 0\n/);
    expect(text).toMatch(/degauss = 0\.014699/);
  });

  it("of CP2K: sections, lists, what is needed on top of what the user gives", async () => {
    const program = await createProgram("cp2k", {
      kinds: { Si: { BASIS_SET: "SZV", POTENTIAL: "GTH" } },
      input: {
        force_eval: { DFT: { XC: { XC_FUNCTIONAL: { _: "PBE" } }, KPOINTS: { SCHEME: ["MONKHORST-PACK", 2, 2, 2] } } },
      },
    });
    const text = program.prepare(cube(3)).files.get("cp2k.inp")!;
    expect(text).toMatch(/&XC_FUNCTIONAL PBE\n\s+&END XC_FUNCTIONAL/);
    expect(text).toContain("SCHEME MONKHORST-PACK 2 2 2");
    expect(text).toMatch(/PERIODIC XY\n/);
    expect(text).toMatch(/&KIND Si\n\s+BASIS_SET SZV\n\s+POTENTIAL GTH\n\s+&END KIND/);
    expect(text.match(/&FORCE_EVAL/g)).toHaveLength(1);
    expect(text).not.toContain("STRESS_TENSOR ANALYTICAL");
    const warm = program.prepareWarm!(cube(3), { unix: "name" }).files.get("cp2k.inp")!;
    expect(warm).toMatch(/RUN_TYPE DRIVER[\s\S]*&DRIVER\n\s+HOST name\n\s+UNIX \.TRUE\.\n/);
  });
});
