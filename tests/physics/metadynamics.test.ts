/**
 * Metadynamics: surfaces that are known are found again, and the force on a cell is what finite differences of its enthalpy say. Each test
 * was seen failing with a wrong sign or a missing term.
 */
import { describe, expect, it } from "vitest";
import {
  decodeCheckpoint,
  encodeCheckpoint,
  langevin,
  noseHoover,
  type State,
  velocityRescaling,
  Watch,
} from "../../src/dynamics/index.js";
import {
  CellVariable,
  type CellVariableOptions,
  ChangeDetector,
  type CollectiveVariable,
  cellForce,
  cellOf,
  type MeanForce,
  Metadynamics,
  type MetadynamicsRecord,
  type MetadynamicsRun,
  meanCoordination,
  restoreMetadynamics,
  roundBasis,
  runMetadynamics,
  saveMetadynamics,
  sixOf,
  standardOrientation,
} from "../../src/dynamics/metadynamics/index.js";
import { RandomStream } from "../../src/math/index.js";
import { classicalPotential, type Potential } from "../../src/potentials/index.js";
import {
  bcc,
  diamond,
  fcc,
  primitiveCell,
  replicate,
  type Structure,
  toCartesian,
  toFractional,
  volume,
} from "../../src/structure/index.js";
import { boltzmann, gigapascal } from "../../src/units/index.js";
import { followingField, gas } from "./dynamics-beds.js";
import { apart, slopeAtZero } from "./random-potential.js";

const SEED = Number(process.env.POTLUCK_SEED ?? 20261129);
console.log(`metadynamics: seed ${SEED}`);

/** A free energy that is known. */
class Known implements CollectiveVariable {
  readonly observables: readonly string[] = [];
  readonly value: Float64Array;
  readonly #force: (s: Float64Array) => number[];

  constructor(start: readonly number[], force: (s: Float64Array) => number[]) {
    this.value = Float64Array.from(start);
    this.#force = force;
  }

  moveTo(value: Float64Array): void {
    this.value.set(value);
  }

  *measure(): Generator<number, MeanForce, void> {
    const force = Float64Array.from(this.#force(this.value));
    return { force, error: force.map(() => 0), observed: new Float64Array(0) };
  }
}

describe("hills on a surface that is known", () => {
  // Two wells of different depth: the left one at −1, lower by 0.2 eV, a barrier of 0.5 eV in between.
  const energy = (x: number): number => 0.5 * (x * x - 1) ** 2 + 0.1 * x;
  const slope = (x: number): number => 2 * x * (x * x - 1) + 0.1;

  it("fill a double well until it is flat, and are its mirror image", () => {
    const variable = new Known([-1], ([x]) => [-slope(x)]);
    const run = new Metadynamics(variable, { width: 0.12, height: 0.004, seed: SEED });
    let first = -1;
    for (let n = 0; n < 1600; n++) {
      run.step();
      if (first < 0 && variable.value[0] > 0.9) first = n;
    }
    // It leaves the deep well, not at once, and comes back: both are full.
    expect(first).toBeGreaterThan(100);
    const places = Array.from({ length: 53 }, (_, k) => -1.3 + 0.05 * k);
    const difference = places.map((x) => run.freeEnergy(Float64Array.of(x)) - energy(x));
    const mean = difference.reduce((a, b) => a + b, 0) / difference.length;
    const worst = Math.max(...difference.map((d) => Math.abs(d - mean)));
    console.log(`  over the barrier at step ${first}; worst error ${worst.toFixed(4)} eV of a barrier of 0.6 eV`);
    expect(worst).toBeLessThan(0.02);
    const at = (x: number): number => run.freeEnergy(Float64Array.of(x));
    expect(at(1) - at(-1)).toBeCloseTo(energy(1) - energy(-1), 1);
    expect(Math.abs(at(0) - at(-1) - (energy(0) - energy(-1)))).toBeLessThan(0.02);
  });

  it("leave a well in two dimensions by its lowest pass", () => {
    // U = (x² − 1)²/2 + y² (3 + x)/2: the pass at x = 0 is much lower than any other way out.
    const variable = new Known([-1, 0.01], ([x, y]) => [-2 * x * (x * x - 1) - 0.5 * y * y, -y * (1 + x) - 2 * y]);
    const run = new Metadynamics(variable, { width: 0.15, height: 0.02, seed: SEED });
    const passed: Float64Array[] = [];
    for (let n = 0; n < 400 && variable.value[0] < 0.8; n++) {
      run.step();
      if (Math.abs(variable.value[0]) < 0.1) passed.push(variable.value.slice());
    }
    expect(variable.value[0]).toBeGreaterThan(0.8);
    expect(Math.abs(passed[0][1])).toBeLessThan(0.4);
  });

  it("push as the slope of their energy says", () => {
    const run = new Metadynamics(new Known([0.3, -0.2], () => [0.1, 0.2]), { width: 0.2, seed: SEED });
    for (let n = 0; n < 5; n++) run.step();
    expect(run.hills.height).toBeCloseTo(0.04, 12);
    const place = Float64Array.of(0.5, 0.1);
    const force = run.hills.force(place);
    for (const d of [0, 1]) {
      const along = (h: number): number => run.hills.energy(place.map((x, k) => (k === d ? x + h : x)));
      expect(force[d]).toBeCloseTo(-slopeAtZero(along, 1e-3), 9);
    }
  });

  it("take a direction by lot where there is no slope, the same for the same seed", () => {
    const end = (seed: number): Float64Array => {
      const variable = new Known([0, 0], () => [0, 0]);
      new Metadynamics(variable, { width: 0.1, seed }).step();
      return variable.value;
    };
    expect(Math.hypot(...end(1))).toBeCloseTo(0.1, 12);
    expect(end(1)).toEqual(end(1));
    expect(end(1)).not.toEqual(end(2));
  });
});

/** Argon-like, in eV and Å; short, so that it is quick. */
const argon = classicalPotential({
  kind: "lennard-jones",
  pairs: [{ elements: ["Ar", "Ar"], epsilon: 0.0104, sigma: 3.4, cutoff: 6.8 }],
  shift: "force",
});
const silicon = classicalPotential({ kind: "published", name: "silicon-stillinger-weber-1985" });

/** The same fractional coordinates in another cell. */
const inCell = (structure: Structure, cell: Float64Array): Structure => ({
  ...structure,
  cell,
  positions: toCartesian(toFractional(structure.positions, structure.cell!), cell),
});

describe(`the force on a cell (seed ${SEED})`, () => {
  const random = new RandomStream(SEED, "cells");
  const shaken = (structure: Structure): Structure => ({
    ...structure,
    positions: structure.positions.map((x) => x + random.between(-0.1, 0.1)),
  });
  const strained = (structure: Structure): Structure => {
    const standard = standardOrientation(structure);
    const six = sixOf(standard.cell!).map((h) => h * random.between(0.95, 1.05) + random.between(-0.1, 0.1));
    return inCell(standard, cellOf(six));
  };
  const cases: readonly [string, Potential, Structure, number][] = [
    ["one atom of argon, no pressure", argon, strained(primitiveCell(fcc("Ar", 5.25))), 0],
    ["one atom of argon, 2 GPa", argon, strained(primitiveCell(fcc("Ar", 5.1))), 2 * gigapascal],
    ["silicon with atoms off their sites, −1 GPa", silicon, strained(shaken(diamond("Si", 5.43))), -gigapascal],
  ];
  it.each(cases)("is −∂(E + PV)/∂h: %s", (_, potential, structure, pressure) => {
    const { cell } = structure;
    const { stress } = potential.evaluate(structure);
    const force = cellForce(
      stress!.map((s) => -s),
      { cell: cell!, pressure },
    );
    const six = sixOf(cell!);
    const differences = six.map((_h, c) => {
      const enthalpy = (d: number): number => {
        const moved = cellOf(six.map((h, k) => (k === c ? h + d : h)));
        return potential.evaluate(inCell(structure, moved)).energy + pressure * volume(moved);
      };
      return -slopeAtZero(enthalpy, 1e-3);
    });
    console.log(
      `  ${_}: ${[...force].map((f) => f.toFixed(5)).join(" ")}, apart by ${apart(force, differences).toExponential(1)} eV/Å`,
    );
    expect(Math.max(...force.map(Math.abs))).toBeGreaterThan(0.005);
    expect(apart(force, differences)).toBeLessThan(1e-7);
  });

  it("turns any cell into standard orientation without changing energies or handedness", () => {
    for (const sign of [1, -1]) {
      const cell = Float64Array.of(1, 4, 5, sign * 5, 1, -3, 4, -4.5, 1.2);
      const structure: Structure = {
        ...diamond("Si", 5.43),
        cell,
        positions: toCartesian(toFractional(diamond("Si", 5.43).positions, diamond("Si", 5.43).cell!), cell),
      };
      const turned = standardOrientation(structure);
      const [a, b] = [structure, turned].map((s) => silicon.evaluate(s));
      expect([turned.cell![1], turned.cell![2], turned.cell![5]]).toEqual([0, 0, 0]);
      expect(turned.cell![0]).toBeGreaterThan(0);
      expect(turned.cell![4]).toBeGreaterThan(0);
      expect(a.energy).toBeCloseTo(b.energy, 9);
    }
  });

  const options = (more: Partial<CellVariableOptions> = {}): CellVariableOptions => ({
    ...{ seed: SEED, pressure: 0, temperature: 300, equilibration: 50, averaging: 400 },
    ensemble: (state: State) => langevin(state, { timestep: 5, temperature: 300, friction: 0.02 }),
    ...more,
  });

  it("has the kinetic part: an ideal gas pushes with (N − 1) kT where its centre of mass is at rest", () => {
    const atoms = 40;
    const structure = standardOrientation(gas(atoms, { volume: 4000, seed: SEED }));
    const pressure = 1e-4;
    const watch = new Watch({ guards: { minimumDistance: 0 } });
    const variable = new CellVariable(structure, followingField(0), options({ pressure, averaging: 3000, watch }));
    const { force, error, verdict } = ended(variable.measure());
    expect(verdict).toBeUndefined();
    const p = ((atoms - 1) * boltzmann * 300) / volume(structure.cell!);
    const exact = cellForce([p, p, p, 0, 0, 0], { cell: structure.cell!, pressure });
    console.log(
      `  found ${[...force].map((f) => f.toFixed(4)).join(" ")}, exact ${[...exact].map((f) => f.toFixed(4)).join(" ")}`,
    );
    force.forEach((f, c) => {
      expect(error[c]).toBeLessThan(0.05 * exact[0]);
      expect(Math.abs(f - exact[c])).toBeLessThan(5 * error[c]);
    });
  });

  it("measures the curvature of a well, in which scaled variables are round", () => {
    // Nearly at rest the curvature is that of the energy.
    const structure = fcc("Ar", 5.2);
    const cold = {
      temperature: 0.01,
      ensemble: (state: State) => langevin(state, { timestep: 5, temperature: 0.01, friction: 0.05 }),
    };
    const variable = new CellVariable(structure, argon, options({ ...cold, equilibration: 60, averaging: 20 }));
    const walk = variable.measureCurvature(0.02);
    let next = walk.next();
    while (next.done !== true) next = walk.next();
    const curvature = next.value as Float64Array[];
    expect([...variable.state.cell!]).toEqual([...structure.cell!]);
    // Cubic: no atom moves inside the cell, and the curvature is that of E at fixed fractions.
    const six = sixOf(structure.cell!);
    const forceAt = (h: Float64Array): Float64Array => {
      const there = inCell(structure, cellOf(h));
      return cellForce(
        argon.evaluate(there).stress!.map((s) => -s),
        { cell: there.cell!, pressure: 0 },
      );
    };
    for (let i = 0; i < 6; i++)
      for (let j = 0; j < 6; j++) {
        const [up, down] = [0.02, -0.02].map((d) => forceAt(six.map((h, k) => (k === i ? h + d : h)))[j]);
        expect(curvature[i][j]).toBeCloseTo(-(up - down) / 0.04, 3);
      }
    const basis = roundBasis(curvature, [true, true, true, true, true, true]);
    for (let a = 0; a < 6; a++)
      for (let b = 0; b < 6; b++) {
        const sum = curvature.reduce(
          (s, row, i) => s + row.reduce((t, x, j) => t + basis[i][a] * x * basis[j][b], 0),
          0,
        );
        expect(sum).toBeCloseTo(a === b ? 1 : 0, 9);
      }
    expect(() =>
      roundBasis(
        curvature.map((row) => row.map((x) => -x)),
        [true, true, true, true, true, true],
      ),
    ).toThrowError(expect.objectContaining({ code: "no-well" }));
  });

  it("refuses what it cannot drive", () => {
    const turned = { ...diamond("Si", 5.43), cell: Float64Array.of(0, 5.43, 0, 5.43, 0, 0, 0, 0, 5.43) };
    const cases: readonly [string, () => unknown][] = [
      ["turned-cell", () => new CellVariable(turned, silicon, options())],
      [
        "no-pressure",
        () => new CellVariable({ ...diamond("Si", 5.43), periodic: [true, true, false] }, silicon, options()),
      ],
      ["wrong-parameter", () => new CellVariable(diamond("Si", 5.43), silicon, options({ averaging: 0 }))],
      ["no-such-observable", () => new ChangeDetector(["volume"], { limits: { colour: { absolute: 1 } } })],
    ];
    for (const [code, act] of cases) expect(act, code).toThrowError(expect.objectContaining({ code }));
  });
});

/** Driven to its end. */
function ended<T>(walk: Generator<number, T, void>): T {
  for (;;) {
    const next = walk.next();
    if (next.done === true) return next.value;
  }
}

describe(`crystals of argon under metadynamics (seed ${SEED})`, () => {
  // Face-centred cubic seen as body-centred tetragonal, c/a = √2: along the Bain path there is one such crystal for each axis.
  const a = 5.25 / Math.SQRT2;
  const tetragonal: Structure = {
    species: Uint8Array.of(18, 18),
    positions: Float64Array.of(0, 0, 0, a / 2, a / 2, 5.25 / 2),
    cell: Float64Array.of(a, 0, 0, 0, a, 0, 0, 0, 5.25),
    periodic: [true, true, true],
  };
  const KELVIN = 20;
  const options: CellVariableOptions = {
    ...{ seed: SEED, pressure: 0, temperature: KELVIN, equilibration: 20, averaging: 60, coordinationCutoff: 4.5 },
    ensemble: (state) => langevin(state, { timestep: 10, temperature: KELVIN, friction: 0.01 }),
  };
  const upright = [true, true, true, false, false, false] as const;

  it("leave a well for an equal one whose long axis is another, with the curvature of the first", () => {
    const structure = replicate(tetragonal, [2, 2, 2]);
    const trial = new CellVariable(structure, argon, { ...options, components: upright });
    const curvature = ended(trial.measureCurvature(0.08));
    if (!Array.isArray(curvature)) throw new Error("the dynamics failed");
    const variable = new CellVariable(structure, argon, { ...options, components: upright, curvature });
    const metadynamics = new Metadynamics(variable, { width: 0.15, seed: SEED });
    const edges = (): number[] => [0, 4, 8].map((k) => variable.state.cell![k]);
    const [volume0, energy0] = [volume(structure.cell!), argon.evaluate(structure).energy];
    // Another axis is long, and energy, volume and neighbours are those of the crystal at this temperature.
    const arrived: { step: number; edges: number[] }[] = [];
    let before = edges();
    runMetadynamics(
      { metadynamics, variable },
      {
        steps: 80,
        look: ({ step, observed: [v, energy, , coordination] }) => {
          const [x, y, z] = before;
          const other = Math.max(x, y) / Math.min(x, y) > 1.25 && Math.max(x, y) / z > 1.25;
          const alike =
            Math.abs(v / volume0 - 1) < 0.12 && energy < 0.94 * energy0 && Math.abs(coordination - 12) < 0.3;
          if (other && alike) arrived.push({ step, edges: before });
          before = edges();
        },
      },
    );
    console.log(
      `  arrived at step ${arrived[0]?.step}, edges ${arrived[0]?.edges.map((x) => x.toFixed(2)).join(" ")} Å`,
    );
    expect(arrived.length).toBeGreaterThan(0);
    expect(arrived[0].step).toBeGreaterThan(5);
  });

  it("slide from body-centred to face-centred without a barrier, and the detector says so", () => {
    const variable = new CellVariable(replicate(bcc("Ar", 4.15), [2, 2, 2]), argon, {
      ...options,
      components: upright,
    });
    const run: MetadynamicsRun = {
      variable,
      metadynamics: new Metadynamics(variable, { width: 0.25, height: 0.01, seed: SEED }),
      detector: new ChangeDetector(variable.observables, { limits: { coordination: { absolute: 1.2 } }, window: 1 }),
    };
    expect(meanCoordination(variable.state.structure(), 4.5)).toBe(14);
    const { reason, changes } = runMetadynamics(run, { steps: 30, stopAfterChanges: 1 });
    console.log(`  ${reason}: ${JSON.stringify(changes)}`);
    expect(reason).toBe("changed");
    expect(changes[0].observable).toBe("coordination");
    expect(changes[0].before).toBeGreaterThan(13.2);
    expect(Math.abs(changes[0].after - 12)).toBeLessThan(0.7);
  });

  const ensembles: readonly [string, CellVariableOptions["ensemble"]][] = [
    ["Langevin", options.ensemble],
    ["Nosé–Hoover", (state) => noseHoover(state, { timestep: 10, temperature: KELVIN, temperatureTime: 300 })],
    [
      "velocity rescaling",
      (state) => velocityRescaling(state, { timestep: 10, temperature: KELVIN, temperatureTime: 200 }),
    ],
  ];
  it.each(ensembles)("go on from a checkpoint with the same bits: %s", (_, ensemble) => {
    const create = (stretch = 1): MetadynamicsRun => {
      const start = replicate(tetragonal, [2, 2, 1]);
      const structure = inCell(
        start,
        start.cell!.map((x) => stretch * x),
      );
      const variable = new CellVariable(structure, argon, { ...options, ensemble });
      const metadynamics = new Metadynamics(variable, { width: 0.2, height: 0.05, seed: SEED });
      const detector = new ChangeDetector(variable.observables, {
        limits: { volume: { relative: 0.02 } },
        window: 1,
        persist: 1,
      });
      return { variable, metadynamics, detector };
    };
    const bits = ({ variable, metadynamics, detector }: MetadynamicsRun) => ({
      ...{
        history: metadynamics.history,
        changes: detector!.changes,
        value: variable.value,
        step: variable.state.step,
      },
      ...{ positions: variable.state.positions, velocities: variable.state.velocities, cell: variable.state.cell },
    });
    const whole = create();
    const saved: Uint8Array[] = [];
    runMetadynamics(whole, {
      steps: 6,
      checkpoints: { every: 2, sink: (c) => void saved.push(encodeCheckpoint(c, "a run")) },
    });
    expect(saved.length).toBe(3);
    expect(whole.detector!.changes.length).toBeGreaterThan(0);
    // Where a resumed run begins does not matter: the checkpoint knows where the first did.
    const resumed = create(1.01);
    const checkpoint = decodeCheckpoint(saved[0], "a run");
    if (typeof checkpoint === "string") throw new Error(checkpoint);
    restoreMetadynamics(resumed, checkpoint);
    expect(resumed.metadynamics.history.length).toBe(2);
    expect(saveMetadynamics(resumed)).toEqual(checkpoint);
    runMetadynamics(resumed, { steps: 4 });
    expect(bits(resumed)).toEqual(bits(whole));
    expect(() => restoreMetadynamics(create(), { ...checkpoint, extras: {} })).toThrowError(
      expect.objectContaining({ code: "wrong-checkpoint" }),
    );
  });

  it("may be broken off in the middle of a step, and end with a verdict where the dynamics fails", () => {
    const structure = replicate(tetragonal, [2, 2, 1]);
    const run = (more: Partial<CellVariableOptions>): MetadynamicsRun => {
      const variable = new CellVariable(structure, argon, { ...options, averaging: 300, ...more });
      return { variable, metadynamics: new Metadynamics(variable, { width: 0.2, height: 0.05, seed: SEED }) };
    };
    expect(runMetadynamics(run({}), { steps: 3, cancelled: () => true })).toMatchObject({
      reason: "cancelled",
      steps: 0,
    });
    const hot: CellVariableOptions["ensemble"] = (state) =>
      langevin(state, { timestep: 300, temperature: 2000, friction: 0.01 });
    const { reason, verdict } = runMetadynamics(run({ ensemble: hot }), { steps: 3 });
    expect(reason).toBe("stopped");
    expect(verdict).toBeDefined();
  });
});

describe("the detector", () => {
  const record = (step: number, observed: readonly number[]): MetadynamicsRecord => ({
    ...{ step, value: new Float64Array(1), force: new Float64Array(1), error: new Float64Array(1) },
    ...{ hillForce: new Float64Array(1), observed: Float64Array.from(observed) },
  });

  it("waits until a change stays, and then watches from the new structure on", () => {
    const detector = new ChangeDetector(["volume", "coordination"], {
      limits: { volume: { relative: 0.05 }, coordination: { absolute: 0.5 } },
    });
    const volumes = [100, 101, 99, 102, 110, 111, 101, 90, 89, 90, 91, 90, 100, 101, 99];
    const found = volumes.map((v, step) => detector.look(record(step, [v, 12])));
    expect(detector.changes.map(({ step, observable }) => [step, observable])).toEqual([
      [7, "volume"],
      [12, "volume"],
    ]);
    expect(found[9]).toBe(detector.changes[0]);
    expect(detector.changes[0].before).toBeCloseTo(100, 12);
    expect(detector.changes[0].after).toBeCloseTo(269 / 3, 12);
    for (let step = 15; step < 18; step++) detector.look(record(step, [100, 11]));
    expect(detector.changes.at(-1)).toMatchObject({ step: 15, observable: "coordination", after: 11 });
  });
});
