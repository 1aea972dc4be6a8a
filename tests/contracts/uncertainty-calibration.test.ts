/** What a potential keeps about its uncertainties, thresholds, extrapolation counts, and the report that joins them. */
import { describe, expect, it } from "vitest";
import { RandomStream } from "../../src/math/index.js";
import type { Extrapolation, Uncertainty } from "../../src/potentials/potential.js";
import {
  applyCalibration,
  boundsOf,
  calibrate,
  type HeldOut,
  largestForceError,
  parseCalibration,
  proposeThresholds,
  type Residuals,
  type SpreadSource,
  summarizeExtrapolation,
  thresholdOfQuantile,
  thresholdOfTolerance,
  uncertaintyReport,
  verdict,
} from "../../src/uncertainty/index.js";
import { exceedance } from "../../src/uncertainty/thresholds.js";

const SEED = Number(process.env.POTLUCK_SEED ?? 67);
console.log(`uncertainty calibration: seed ${SEED}`);
const code = (name: string) => expect.objectContaining({ name: "InputError", code: name });

interface Recipe {
  readonly structures: number;
  readonly atoms?: number;
  /** True deviations over predicted spreads. */
  readonly energyFactor?: number;
  readonly forceFactor?: number;
  readonly source?: SpreadSource;
}

/** Structures whose errors are Gaussian, each structure with spreads of a size of its own. */
function heldOut(name: string, recipe: Recipe): HeldOut[] {
  const { structures, atoms = 6, energyFactor = 1, forceFactor = 1, source = "committee" } = recipe;
  const random = new RandomStream(SEED, name);
  return Array.from({ length: structures }, () => {
    const size = 10 ** random.between(-2, -1);
    const spread = Float64Array.from({ length: 3 * atoms }, () => size * random.between(0.5, 1));
    const reference = spread.map(() => random.normal());
    const predicted = reference.map((f, i) => f + forceFactor * spread[i] * random.normal());
    const energy = atoms * 0.1 * size;
    const uncertainty: Uncertainty = { energy, forces: spread, disagreement: Math.max(...spread) };
    return {
      species: new Uint8Array(atoms).fill(14),
      energy: { reference: -5 * atoms, predicted: -5 * atoms + energyFactor * energy * random.normal() },
      forces: { reference, predicted },
      spreads: { [source]: uncertainty },
      extrapolation: [],
    };
  });
}

describe(`calibration (seed ${SEED})`, () => {
  const n = 800;
  const structures = heldOut("factors", { structures: n, energyFactor: 4, forceFactor: 0.5 });
  const calibration = calibrate(structures, { source: "committee" });
  const { energy, forces, disagreement } = calibration;

  it("finds the factors of energies and forces", () => {
    expect(calibration.structures).toBe(n);
    expect(Math.abs((energy?.scale ?? 0) / 4 - 1)).toBeLessThan(5 / Math.sqrt(2 * n));
    expect(Math.abs((forces?.scale ?? 0) / 0.5 - 1)).toBeLessThan(5 / Math.sqrt(2 * n * 18));
    expect(forces?.values).toBe(n * 18);
    // Per atom: energy spreads are 0.1 of the size of the structure's forces, between 0.001 and 0.01 eV/atom.
    expect(energy?.floor).toBeGreaterThan(0.01 * 0.001);
    expect(energy?.floor).toBeLessThan(0.003);
  });

  it("relates γ to the largest force error of a structure", () => {
    let squares = 0;
    for (const structure of structures) {
      const gamma = structure.spreads.committee?.disagreement ?? 0;
      squares += ((largestForceError(structure) ?? 0) / gamma) ** 2;
    }
    expect(disagreement?.scale).toBeCloseTo(Math.sqrt(squares / n), 12);
  });

  it("scales an uncertainty, energies by atoms, spreads below the floor raised to it", () => {
    const raw: Uncertainty = {
      energy: 3,
      forces: Float64Array.of(0.2, 0, 0.1),
      disagreement: 0.2,
      stress: new Float64Array(6),
    };
    const found = applyCalibration(calibration, raw, { atoms: 10 });
    expect(found.energy).toBeCloseTo(3 * (energy?.scale ?? 0), 12);
    expect([...found.forces]).toEqual([0.2, forces?.floor, 0.1].map((x) => (x ?? 0) * (forces?.scale ?? 0)));
    expect(found.disagreement).toBe(found.forces[0]);
    expect(found.expectedForceError).toBeCloseTo(0.2 * (disagreement?.scale ?? 0), 12);
    expect(found.stress).toEqual(raw.stress);
    expect([...raw.forces]).toEqual([0.2, 0, 0.1]);
    // The floor of the energy is one per atom.
    const certain = applyCalibration(calibration, { ...raw, energy: 0 }, { atoms: 10 });
    expect(certain.energy).toBeCloseTo(10 * (energy?.scale ?? 0) * (energy?.floor ?? 0), 12);
  });

  it("bounds hold for fresh structures", () => {
    const fresh = heldOut("fresh", { structures: 2000, energyFactor: 4, forceFactor: 0.5 });
    let [ofEnergy, ofLargest] = [0, 0];
    for (const structure of fresh) {
      const spread = structure.spreads.committee as Uncertainty;
      const bounds = boundsOf(calibration, spread, { atoms: 6, level: 0.9 });
      const error = Math.abs((structure.energy?.predicted ?? 0) - (structure.energy?.reference ?? 0));
      if (error <= (bounds.energy ?? 0)) ofEnergy++;
      if ((largestForceError(structure) ?? 0) <= (bounds.largestForceError ?? 0)) ofLargest++;
      expect(bounds.forces?.length).toBe(18);
    }
    const deviation = Math.sqrt(0.9 * 0.1 * (1 / n + 1 / fresh.length));
    expect(Math.abs(ofEnergy / fresh.length - 0.9)).toBeLessThan(5 * deviation);
    expect(Math.abs(ofLargest / fresh.length - 0.9)).toBeLessThan(5 * deviation);
    const spread = structures[0].spreads.committee as Uncertainty;
    expect(boundsOf(calibration, spread, { atoms: 6, level: 0.999 }).energy).toBeUndefined();
  });

  it("survives being written and read, and what is wrong in a file is named", () => {
    const text = JSON.stringify(calibration);
    expect(parseCalibration(JSON.parse(text))).toEqual(calibration);
    const broken = JSON.parse(text);
    broken.forces.scale = -1;
    expect(() => parseCalibration(broken, { file: "potential.json" })).toThrow(
      /potential\.json.*calibration\.forces\.scale/,
    );
    expect(() => parseCalibration("no")).toThrow(code("malformed-calibration"));
  });

  it("leaves out what cannot be calibrated, and refuses where nothing can", () => {
    const few = calibrate(structures.slice(0, 4), { source: "committee" });
    expect(Object.keys(few)).toEqual(["source", "structures", "forces"]);
    const withoutForces = structures.map(({ forces: _, ...rest }) => rest);
    expect(Object.keys(calibrate(withoutForces, { source: "committee" }))).toEqual(["source", "structures", "energy"]);
    expect(() => calibrate([], { source: "committee" })).toThrow(code("nothing-to-calibrate"));
    expect(() => calibrate(structures, { source: "dropout" })).toThrow(code("nothing-to-calibrate"));
    const agreeing: HeldOut[] = structures.map((structure) => ({
      ...structure,
      spreads: { committee: { energy: 0, forces: new Float64Array(18), disagreement: 0 } },
    }));
    expect(() => calibrate(agreeing, { source: "committee" })).toThrow(code("nothing-to-calibrate"));
  });
});

describe(`thresholds (seed ${SEED})`, () => {
  const of = (pairs: readonly (readonly [number, number])[]): Residuals => ({
    sigmas: Float64Array.from(pairs, ([gamma]) => gamma),
    errors: Float64Array.from(pairs, ([, error]) => error),
  });

  it("pool violators: shares never fall with γ", () => {
    // Exceeding at γ 2, 4 and 6: 0, then ½ over {2, 3}, ½ over {4, 5}, 1.
    const residuals = of([
      [3, 0],
      [1, 0],
      [2, 9],
      [6, 9],
      [5, 0],
      [4, 9],
    ]);
    expect(exceedance(residuals, 1)).toEqual([
      { from: 1, count: 1, share: 0 },
      { from: 2, count: 4, share: 0.5 },
      { from: 6, count: 1, share: 1 },
    ]);
    expect(thresholdOfTolerance(residuals, { tolerance: 1, probability: 0.5 })).toBe(2);
    expect(thresholdOfTolerance(residuals, { tolerance: 1, probability: 0.51 })).toBe(6);
    expect(thresholdOfTolerance(residuals, { tolerance: 10, probability: 0.5 })).toBeUndefined();
  });

  it("take structures of one γ together, whatever their order", () => {
    const tied = [
      [2, 9],
      [1, 9],
      [2, 0],
      [2, 9],
      [1, 0],
    ] as const;
    const expected = [
      { from: 1, count: 2, share: 0.5 },
      { from: 2, count: 3, share: 2 / 3 },
    ];
    expect(exceedance(of(tied), 1)).toEqual(expected);
    expect(exceedance(of([...tied].reverse()), 1)).toEqual(expected);
  });

  it("by tolerance recover where the error crosses it", () => {
    const random = new RandomStream(SEED, "crossing");
    // error = γ·|z|: P(error > 0.1) is one half where 0.1/γ = 0.6745.
    const pairs = Array.from({ length: 4000 }, () => {
      const gamma = random.between(0, 0.5);
      return [gamma, gamma * random.normal()] as const;
    });
    const found = thresholdOfTolerance(of(pairs), { tolerance: 0.1, probability: 0.5 });
    expect(Math.abs((found ?? 0) - 0.1 / 0.6745)).toBeLessThan(0.04);
  });

  it("by quantile are shares of the held-out structures", () => {
    const gammas = Float64Array.from({ length: 101 }, (_, k) => 100 - k);
    expect(thresholdOfQuantile(gammas, 0.95)).toBeCloseTo(95, 12);
    expect(thresholdOfQuantile(gammas, 1)).toBe(100);
    expect(thresholdOfQuantile(Float64Array.of(7), 0.95)).toBe(7);
    expect([...gammas.subarray(0, 2)]).toEqual([100, 99]);
  });

  it("are proposed in pairs, warn below stop, by tolerance as far as it goes", () => {
    const pairs = Array.from({ length: 100 }, (_, k) => [k + 1, k < 80 ? 0 : 9] as const);
    const byQuantile = proposeThresholds(of(pairs));
    expect(byQuantile.warn).toEqual({ disagreement: expect.closeTo(95.05, 10), basis: "quantile", probability: 0.95 });
    expect(byQuantile.stop).toEqual({ disagreement: 100, basis: "quantile", probability: 1 });
    const byTolerance = proposeThresholds(of(pairs), { tolerance: 1 });
    expect(byTolerance.stop).toEqual({ disagreement: 81, basis: "tolerance", probability: 0.5 });
    expect(byTolerance.warn.disagreement).toBe(81);
    const never = proposeThresholds(of(pairs), { tolerance: 10 });
    expect([never.warn.basis, never.stop.basis]).toEqual(["quantile", "quantile"]);
  });

  it("decide", () => {
    const thresholds = proposeThresholds(of(Array.from({ length: 101 }, (_, k) => [k, 0] as const)));
    expect(
      [0, 95, 95.1, 100, 100.1, Number.NaN, Number.POSITIVE_INFINITY].map((gamma) => verdict(gamma, thresholds)),
    ).toEqual(["go-on", "go-on", "warn", "warn", "stop", "stop", "stop"]);
    const exact = { disagreement: 1, basis: "tolerance", probability: 0.5 } as const;
    expect(verdict(1, { warn: exact, stop: exact })).toBe("stop");
  });

  it("refuse what makes no sense", () => {
    const one = of([[1, 1]]);
    expect(() => thresholdOfTolerance(one, { tolerance: 0, probability: 0.5 })).toThrow(code("force-tolerance"));
    expect(() => thresholdOfTolerance(one, { tolerance: 1, probability: 2 })).toThrow(code("probability"));
    expect(() => thresholdOfQuantile(new Float64Array(0), 0.5)).toThrow(code("uncertainty-no-data"));
    expect(() => thresholdOfQuantile(Float64Array.of(Number.NaN), 0.5)).toThrow(code("uncertainty-not-finite"));
  });
});

describe("extrapolation", () => {
  const out = (atom: number, f: number, value: number, range: readonly [number, number] = [1, 3]): Extrapolation => ({
    atom,
    function: f,
    value,
    min: range[0],
    max: range[1],
  });

  it("is counted by structure and by function of an element", () => {
    const summary = summarizeExtrapolation([
      { species: [8, 1, 1], extrapolation: [out(0, 4, 4), out(1, 4, 0), out(2, 4, -1), out(1, 2, 5)] },
      { species: [8], extrapolation: [] },
      { species: [1, 1], extrapolation: [out(1, 4, 3.5)] },
    ]);
    expect(summary).toEqual({
      structures: 3,
      atoms: 6,
      extrapolatingAtoms: 4,
      perStructure: [
        { structure: 0, atoms: 3, values: 4, excess: 1 },
        { structure: 2, atoms: 1, values: 1, excess: 0.25 },
      ],
      perFunction: [
        {
          element: 1,
          function: 4,
          below: 2,
          above: 1,
          structures: 2,
          min: 1,
          max: 3,
          lowest: -1,
          highest: 3.5,
          excess: 1,
        },
        {
          element: 1,
          function: 2,
          below: 0,
          above: 1,
          structures: 1,
          min: 1,
          max: 3,
          lowest: 5,
          highest: 5,
          excess: 1,
        },
        {
          element: 8,
          function: 4,
          below: 0,
          above: 1,
          structures: 1,
          min: 1,
          max: 3,
          lowest: 4,
          highest: 4,
          excess: 0.5,
        },
      ],
    });
  });

  it("of a range without width has no excess", () => {
    const { perStructure, perFunction } = summarizeExtrapolation([
      { species: [1], extrapolation: [out(0, 0, 1e-3, [0, 0])] },
    ]);
    expect(perStructure).toEqual([{ structure: 0, atoms: 1, values: 1 }]);
    expect(perFunction[0]).not.toHaveProperty("excess");
  });

  it("of nothing is nothing", () => {
    expect(summarizeExtrapolation([])).toEqual({
      structures: 0,
      atoms: 0,
      extrapolatingAtoms: 0,
      perStructure: [],
      perFunction: [],
    });
  });
});

describe(`the report (seed ${SEED})`, () => {
  const structures = heldOut("report", { structures: 300, energyFactor: 2, forceFactor: 3 });

  it("finds spreads too small, and scaled ones right", () => {
    const { committee, dropout } = uncertaintyReport(structures);
    expect(dropout).toBeUndefined();
    const forces = committee?.forces;
    expect(forces?.raw.reliability.bias).toBeCloseTo(0.5 - (2 / Math.PI) * Math.atan(3), 1);
    expect(forces?.calibrated?.reliability.area).toBeLessThan(0.02);
    expect(forces?.calibrated?.ence).toBeLessThan(0.1);
    expect(forces?.calibrated?.nll).toBeLessThan(forces?.raw.nll ?? 0);
    expect(forces?.calibration?.from).toBe("these values");
    expect(forces?.values).toBe(300 * 18);
    expect(committee?.energy?.unit).toBe("eV/atom");
    expect(committee?.disagreement?.spearman).toBeGreaterThan(0.7);
    expect(committee?.disagreement?.auroc).toBeGreaterThan(0.8);
    expect(committee?.proposed?.thresholds?.stop.basis).toBe("quantile");
  });

  it("judges the calibration that the potential has", () => {
    const calibration = calibrate(heldOut("other", { structures: 300, energyFactor: 2, forceFactor: 3 }), {
      source: "committee",
    });
    const { committee } = uncertaintyReport(structures, { calibration });
    expect(committee?.forces?.calibration).toEqual({ ...calibration.forces, from: "potential" });
    expect(committee?.forces?.calibrated?.reliability.area).toBeLessThan(0.02);
    const mismatched = uncertaintyReport(structures, { calibration: { ...calibration, source: "dropout" } });
    expect(mismatched.committee?.forces?.calibration?.from).toBe("these values");
  });

  it("shows committee, dropout and extrapolation side by side, in finite JSON", () => {
    const dropout = heldOut("report", { structures: 300, energyFactor: 2, forceFactor: 3, source: "dropout" });
    const both: HeldOut[] = structures.map((structure, k) => {
      const wrong = (largestForceError(structure) ?? 0) > 0.3;
      const extrapolation = wrong ? [{ atom: 0, function: 0, value: 2, min: 0, max: 1 }] : [];
      return { ...structure, spreads: { ...structure.spreads, ...dropout[k].spreads }, extrapolation };
    });
    const report = uncertaintyReport(both, { tolerances: { disagreement: 0.3 } });
    expect(report.dropout?.forces).toEqual(report.committee?.forces);
    expect(report.extrapolation.auroc).toBe(1);
    expect(report.extrapolation.summary.perStructure.length).toBeGreaterThan(10);
    expect(report.committee?.disagreement?.tolerance).toBe(0.3);
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });

  it("makes do with energies alone, forces alone, one structure, or no spread at all", () => {
    const withoutForces = structures.map(({ forces: _, ...rest }) => rest);
    expect(Object.keys(uncertaintyReport(withoutForces).committee ?? {})).toEqual(["energy", "proposed"]);
    const withoutEnergy = structures.map(({ energy: _, ...rest }) => rest);
    expect(Object.keys(uncertaintyReport(withoutEnergy).committee ?? {})).toEqual([
      "forces",
      "disagreement",
      "proposed",
    ]);
    const one = uncertaintyReport(structures.slice(0, 1)).committee;
    expect(one?.energy?.values).toBe(1);
    expect(one?.energy).not.toHaveProperty("calibrated");
    expect(one?.energy).not.toHaveProperty("spearman");
    const none = uncertaintyReport(structures.map((structure) => ({ ...structure, spreads: {} })));
    expect(Object.keys(none)).toEqual(["structures", "notFinite", "extrapolation"]);
  });

  it("leaves out predictions that are not finite and says which; refuses where none is left", () => {
    const [first, second] = structures;
    const broken: HeldOut = { ...first, energy: { reference: 1, predicted: Number.NaN } };
    const exploded: HeldOut = {
      ...second,
      spreads: {
        committee: { energy: 1, forces: new Float64Array(18).fill(Number.POSITIVE_INFINITY), disagreement: 1 },
      },
    };
    const report = uncertaintyReport([...structures.slice(0, 20), broken, exploded]);
    expect(report.notFinite).toEqual([20, 21]);
    expect(report.structures).toBe(20);
    expect(() => uncertaintyReport([broken])).toThrow(code("uncertainty-no-data"));
    expect(() => uncertaintyReport([])).toThrow(code("uncertainty-no-data"));
  });

  it("with all spreads 0 says so by what is absent", () => {
    const agreeing: HeldOut[] = structures.map((structure) => ({
      ...structure,
      spreads: { committee: { energy: 0, forces: new Float64Array(18), disagreement: 0 } },
    }));
    const { committee } = uncertaintyReport(agreeing);
    for (const quality of [committee?.energy, committee?.forces, committee?.disagreement]) {
      expect(quality?.raw).not.toHaveProperty("nll");
      expect(quality?.raw).not.toHaveProperty("ence");
      expect(quality?.raw.reliability.bias).toBeCloseTo(-0.5, 10);
      expect(quality).not.toHaveProperty("calibration");
      expect(quality).not.toHaveProperty("spearman");
      expect(quality?.auroc).toBe(0.5);
    }
    expect(committee).not.toHaveProperty("proposed");
  });
});
