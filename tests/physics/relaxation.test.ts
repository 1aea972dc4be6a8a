/** Relaxations against minima that are known otherwise, and the gradient of what is minimised against finite differences. */
import { describe, expect, it } from "vitest";
import { RandomStream } from "../../src/math/index.js";
import type { Potential } from "../../src/potentials/potential.js";
import { type CellFreedom, holdAtoms, type RelaxationTask, relax } from "../../src/relaxation/index.js";
import { isRejection, Objective, type Point } from "../../src/relaxation/objective.js";
import { completeSettings } from "../../src/relaxation/settings.js";
import { fcc, primitiveCell, replicate, type Structure, signedVolume, volume } from "../../src/structure/index.js";
import { fccEnergy, lennardJones, minimum, pairPotential } from "./analysis-potentials.js";

const SEED = Number(process.env.POTLUCK_SEED ?? 20270204);
console.log(`relaxation: seed ${SEED}`);

const CUTOFF = 3.1;
const pair = lennardJones(CUTOFF);
const argon = pairPotential(CUTOFF, pair);
const methods = ["lbfgs", "fire"] as const;

/** Lattice constant of the fcc minimum of E + pV per atom. */
const latticeConstant = (pressure = 0): number =>
  minimum((a) => fccEnergy(a, CUTOFF, pair) + (pressure * a ** 3) / 4, 1.3, 1.8);

function rattled(structure: Structure, by: number, name: string): Structure {
  const random = new RandomStream(SEED, name);
  return { ...structure, positions: structure.positions.map((x) => x + by * random.between(-1, 1)) };
}

function sheared(structure: Structure, rows: readonly number[]): Structure {
  const turn = (x: Float64Array): Float64Array => {
    const result = new Float64Array(x.length);
    for (let i = 0; i < x.length; i += 3)
      for (let b = 0; b < 3; b++)
        result[i + b] = [0, 1, 2].reduce((s, a) => s + x[i + a] * ((a === b ? 1 : 0) + rows[3 * a + b]), 0);
    return result;
  };
  return { ...structure, positions: turn(structure.positions), cell: turn(structure.cell as Float64Array) };
}

const SHEAR = [0.06, 0.05, -0.03, -0.02, -0.04, 0.07, 0.03, 0.02, 0.05];

/** The icosahedron of 13 atoms, of about the right size. */
function icosahedron(): Structure {
  const golden = (1 + Math.sqrt(5)) / 2;
  const corners = [-1, 1].flatMap((s) =>
    [-golden, golden].flatMap((t) => [
      [0, s, t],
      [s, t, 0],
      [t, 0, s],
    ]),
  );
  const positions = [[0, 0, 0], ...corners].flat().map((x) => x * 0.57);
  return {
    species: new Uint8Array(13).fill(18),
    positions: Float64Array.from(positions),
    cell: undefined,
    periodic: [false, false, false],
  };
}

const largest = (values: ArrayLike<number>): number => Math.max(0, ...Array.from(values, Math.abs));

describe("the gradient of the enthalpy", () => {
  const freedoms: [string, CellFreedom | undefined][] = [
    ["atoms alone", undefined],
    ["atoms and cell", {}],
    ["a uniform stretch", { strain: "isotropic" }],
    ["a fixed volume", { fixedVolume: true }],
    ["the strains zz, xz and xy", { strain: [false, false, true, false, true, true] }],
    ["two stretches at fixed volume", { strain: [true, false, true, true, false, false], fixedVolume: true }],
  ];
  it.each(freedoms)("over %s is that of finite differences, far from the starting cell", (name, cell) => {
    const structure = rattled(sheared(replicate(fcc("Ar", 1.55), [1, 1, 2]), SHEAR), 0.06, name);
    const fixed = holdAtoms(structure, [2]);
    fixed[10] = 1;
    const settings = completeSettings(structure, { fixed, pressure: 0.37, ...(cell === undefined ? {} : { cell }) });
    const objective = new Objective(argon, structure, settings);
    const random = new RandomStream(SEED, `place ${name}`);
    const x = objective.start.map((value, k) => value + (k < 24 ? 0.02 : 0.25) * random.between(-1, 1));
    const at = (where: Float64Array): Point => {
      const result = objective.at(where);
      if (isRejection(result)) throw new Error(result.trouble.problem);
      return result;
    };
    const { gradient } = at(x);
    const h = 1e-4;
    x.forEach((value, k) => {
      if (k < 24 && fixed[k] === 1) {
        expect(gradient[k] + 0).toBe(0);
        return;
      }
      const f = (step: number): number => at(x.with(k, value + step)).value;
      const slope = (8 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12 * h);
      expect(Math.abs(slope - gradient[k])).toBeLessThan(1e-7 * Math.max(1, largest(gradient)));
    });
  });

  it("leaves the volume where it is asked to, at any strain", () => {
    const structure = fcc("Ar", 1.55);
    const settings = completeSettings(structure, { cell: { fixedVolume: true } });
    const objective = new Objective(argon, structure, settings);
    const random = new RandomStream(SEED, "volume");
    const { structure: other } = objective.structureAt(objective.start.map((x) => x + random.between(-1, 1)));
    expect(volume(other.cell as Float64Array)).toBeCloseTo(1.55 ** 3, 10);
  });
});

describe.each(methods)("%s", (method) => {
  const tight = { method, forceTolerance: 1e-5, stressTolerance: 1e-6 } as const;

  it("finds the icosahedron of 13 Lennard-Jones atoms, −44.326801 ε", () => {
    const cluster = pairPotential(50, lennardJones(50, false));
    const result = relax(cluster, { structure: rattled(icosahedron(), 0.12, "cluster"), ...tight });
    expect(result.reason).toBe("converged");
    expect(result.energy).toBeCloseTo(-44.326801, 6);
    expect(result.largestForce).toBeLessThan(1e-5);
    expect(result.stress).toBeUndefined();
  });

  it("brings a sheared, rattled crystal to the lattice sum's minimum, without stress", () => {
    const a = latticeConstant();
    const structure = rattled(sheared(replicate(fcc("Ar", 1.55), [2, 2, 2]), SHEAR), 0.05, "crystal");
    const result = relax(argon, { structure, ...tight, cell: {} });
    expect(result.converged).toBe(true);
    expect(result.energy / 32).toBeCloseTo(fccEnergy(a, CUTOFF, pair), 8);
    expect(volume(result.structure.cell as Float64Array) / 32).toBeCloseTo(a ** 3 / 4, 5);
    expect(largest(result.stress as Float64Array)).toBeLessThan(1e-6);
    expect(largest(result.forces)).toBeLessThan(1e-5);
    // The cell was stretched, not turned: cell₀⁻¹·cell is symmetric, so the lower face stays where symmetry puts it.
    expect(signedVolume(result.structure.cell as Float64Array)).toBeGreaterThan(0);
    const last = result.history[result.history.length - 1];
    expect(last.enthalpy).toBe(result.energy);
    expect(last.step).toBe(result.steps);
    expect(result.history[0].energy).toBeGreaterThan(last.energy);
  });

  it.each([0.8, 20, -0.5])("under %f eV/Å³ reaches the minimum of E + pV", (pressure) => {
    const a = latticeConstant(pressure);
    const structure = rattled(sheared(fcc("Ar", 1.5), SHEAR), 0.03, "pressure");
    const result = relax(argon, { structure, ...tight, cell: {}, pressure });
    expect(result.converged).toBe(true);
    expect(result.enthalpy / 4).toBeCloseTo(fccEnergy(a, CUTOFF, pair) + (pressure * a ** 3) / 4, 7);
    const stress = result.stress as Float64Array;
    for (let k = 0; k < 6; k++) expect(stress[k] + (k < 3 ? pressure : 0)).toBeCloseTo(0, 5);
  });

  it("at fixed volume leaves a hydrostatic stress and the volume", () => {
    const structure = rattled(sheared(fcc("Ar", 1.6), SHEAR), 0.03, "fixed volume");
    const before = volume(structure.cell as Float64Array);
    const result = relax(argon, { structure, ...tight, cell: { fixedVolume: true } });
    expect(result.converged).toBe(true);
    expect(volume(result.structure.cell as Float64Array)).toBeCloseTo(before, 9);
    const [xx, yy, zz, yz, xz, xy] = result.stress as Float64Array;
    expect(largest([xx - yy, yy - zz, yz, xz, xy])).toBeLessThan(4e-6);
    expect(Math.abs(xx)).toBeGreaterThan(1e-2);
  });

  it("changes only the strains that may change", () => {
    const structure = primitiveCell(fcc("Ar", 1.5));
    const strain = [false, false, true, false, false, false] as const;
    const result = relax(argon, { structure, ...tight, cell: { strain } });
    expect(result.converged).toBe(true);
    const cell = result.structure.cell as Float64Array;
    const start = structure.cell as Float64Array;
    for (const k of [0, 1, 3, 4, 6, 7]) expect(cell[k]).toBeCloseTo(start[k], 12);
    expect(Math.abs(result.stress?.[2] as number)).toBeLessThan(1e-6);
    expect(Math.abs(result.stress?.[0] as number)).toBeGreaterThan(1e-2);
  });

  it("holds atoms and single coordinates", () => {
    const structure = rattled(replicate(fcc("Ar", 1.56), [2, 2, 2]), 0.08, "held");
    const fixed = holdAtoms(structure, [0, 5]);
    fixed[3 * 9 + 1] = 1;
    const result = relax(argon, { structure, ...tight, fixed });
    expect(result.converged).toBe(true);
    fixed.forEach((held, k) => {
      if (held === 1) expect(result.structure.positions[k]).toBe(structure.positions[k]);
      else expect(Math.abs(result.forces[k])).toBeLessThan(1e-5);
    });
    expect(largest(result.forces)).toBeGreaterThan(0.1);
  });

  it("survives a start with atoms almost upon each other", () => {
    const structure = rattled(replicate(fcc("Ar", 1.56), [2, 2, 2]), 0.01, "upon");
    structure.positions[3] = structure.positions[0] + 0.45;
    structure.positions[4] = structure.positions[1];
    structure.positions[5] = structure.positions[2];
    const result = relax(argon, { structure, ...tight, cell: {} });
    expect(result.converged).toBe(true);
    expect(result.energy / 32).toBeLessThan(-5);
  });
});

describe("a relaxation that cannot succeed", () => {
  const crystal = fcc("Ar", 1.5);
  const task = (over: Partial<RelaxationTask> = {}): RelaxationTask => ({
    structure: rattled(crystal, 0.05, "failing"),
    cell: {},
    ...over,
  });

  it.each(methods)("%s: says that atoms are too close at the start, and which", (method) => {
    const structure = { ...crystal, positions: crystal.positions.with(3, 0.1).with(4, 0).with(5, 0) };
    const result = relax(argon, task({ structure, method }));
    expect(result).toMatchObject({ converged: false, reason: "failed", evaluations: 0 });
    expect(result.trouble).toMatchObject({ code: "atoms-too-close", where: { atom: 1 } });
    expect(result.trouble?.problem).toMatch(/Ar atom 1 and Ar atom 2 are 0\.1/);
    expect(result.structure).toBe(structure);
    expect(result.energy).toBeNaN();
  });

  it.each(methods)("%s: ends with the last sound structure where a potential breaks down", (method) => {
    const pull = (r: number): [number, number] => [-0.5 * (CUTOFF - r) ** 2, CUTOFF - r];
    const broken = pairPotential(CUTOFF, (r) => (r < 0.95 ? [Number.NaN, Number.NaN] : pull(r)));
    const result = relax(broken, task({ method }));
    expect(result.reason).toBe("failed");
    expect(result.trouble?.code).toBe("non-finite");
    expect(Number.isFinite(result.energy)).toBe(true);
    expect(result.structure.positions.every(Number.isFinite)).toBe(true);
  });

  it.each(methods)("%s: sees a cell that evaporates", (method) => {
    const result = relax(argon, task({ method, pressure: -20 }));
    expect(result.reason).toBe("failed");
    expect(result.trouble?.code).toBe("cell-out-of-range");
  });

  it.each(methods)("%s: stops at the last step, or when told to", (method) => {
    const exhausted = relax(argon, task({ method, maxSteps: 3 }));
    expect(exhausted).toMatchObject({ converged: false, reason: "steps-exhausted", steps: 3 });
    const seen: number[] = [];
    const stopped = relax(argon, task({ method }), {
      onStep: ({ step }) => {
        seen.push(step);
        return step === 2 ? "stop" : undefined;
      },
    });
    expect(stopped).toMatchObject({ reason: "stopped", steps: 2 });
    expect(seen).toEqual([0, 1, 2]);
  });

  it("gives up where forces are not the gradient", () => {
    const wrong: Potential = {
      ...argon,
      bind: (structure) => {
        const field = argon.bind(structure);
        return {
          evaluate: (positions, cell) => {
            const { forces, ...rest } = field.evaluate(positions, cell);
            return { ...rest, forces: forces.map((f) => -f) };
          },
        };
      },
    };
    const { structure } = task();
    expect(relax(wrong, { structure }).trouble?.code).toBe("no-descent");
  });

  it("refuses bad settings", () => {
    expect(() => relax(argon, task({ forceTolerance: 0 }))).toThrow(/forceTolerance of the relaxation is 0/);
    expect(() => relax(argon, task({ maxSteps: 1.5 }))).toThrow(/maxSteps/);
    expect(() => relax(argon, task({ fixed: new Uint8Array(5) }))).toThrow(/12 numbers/);
    expect(() => holdAtoms(crystal, [4])).toThrow(/atom 5/);
    const cluster = icosahedron();
    expect(() => relax(argon, { structure: cluster, cell: {} })).toThrow(/three directions/);
    expect(() => relax(argon, { structure: cluster, pressure: 1 })).toThrow(/A pressure needs a cell/);
    const mute: Potential = {
      ...argon,
      bind: (structure) => ({
        evaluate: (p, c) => ({ ...argon.bind(structure).evaluate(p, c), stress: undefined }),
      }),
    };
    expect(() => relax(mute, task())).toThrow(/no stress/);
  });
});

describe("a relaxation", () => {
  it("by L-BFGS takes a few dozen evaluations, a fraction of what FIRE takes", () => {
    const structure = rattled(replicate(fcc("Ar", 1.6), [2, 2, 2]), 0.1, "counting");
    const count = (method: "lbfgs" | "fire", cell?: CellFreedom): number =>
      relax(argon, { structure, method, forceTolerance: 1e-4, stressTolerance: 1e-5, ...(cell ? { cell } : {}) })
        .evaluations;
    const [fixed, free, fire] = [count("lbfgs"), count("lbfgs", {}), count("fire", {})];
    expect(fixed).toBeLessThan(30);
    expect(free).toBeLessThan(36);
    expect(fire).toBeGreaterThan(2 * free);
    expect(fire).toBeLessThan(250);
  });

  it("can be sent to another thread and back: task and result are plain data", () => {
    const task: RelaxationTask = structuredClone({ structure: rattled(fcc("Ar", 1.55), 0.05, "plain"), cell: {} });
    const result = structuredClone(relax(argon, task));
    expect(result.converged).toBe(true);
    expect(relax(argon, task)).toEqual(result);
  });

  it("of a minimum takes no step", () => {
    const structure = fcc("Ar", latticeConstant());
    const result = relax(argon, { structure, cell: {}, finalReport: false });
    expect(result).toMatchObject({ converged: true, steps: 0, evaluations: 1 });
  });

  it("of one atom, and of no atoms, is done at once", () => {
    const none = { species: new Uint8Array(0), positions: new Float64Array(0), cell: undefined };
    expect(relax(argon, { structure: { ...none, periodic: [false, false, false] } }).converged).toBe(true);
    const one = { ...none, species: Uint8Array.of(18), positions: Float64Array.of(1, 2, 3) };
    expect(relax(argon, { structure: { ...one, periodic: [false, false, false] } }).converged).toBe(true);
  });
});
