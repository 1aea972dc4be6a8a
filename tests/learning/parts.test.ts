/** The parts of a round by themselves: thresholds, selection, first structures, walkers, stop rules. */
import { describe, expect, it } from "vitest";
import { createKernels } from "../../src/hosts/node/kernels.js";
import {
  EnvironmentSpace,
  type Environments,
  initialStructures,
  isLevel,
  KnownEnvironments,
  type LearningConfigurationInput,
  learningFormat,
  passes,
  selectStructures,
  thresholdsFor,
  walkersOf,
} from "../../src/learning/index.js";
import { RandomStream } from "../../src/math/index.js";
import { NetworkEvaluator } from "../../src/potentials/network-evaluator.js";
import { diamond, type Frame, replicate, type Structure, volume } from "../../src/structure/index.js";
import { randomDescriptors, randomPotential, randomStructure, triclinic } from "../physics/random-potential.js";

const SEED = 17;
const configurationOf = (more: Partial<LearningConfigurationInput> = {}) =>
  learningFormat.resolve({ structure: "a.xyz", engine: { settings: { potential: "b.sw" } }, ...more });

describe("thresholds of the disagreement", () => {
  const known = { pairs: [], calibration: undefined, learned: [0.01, 0.02, 0.03], hasSpread: true };

  it("given ones hold; stop and discard follow where they are not given", () => {
    const given = configurationOf({ doubt: { disagreement: { collect: 0.1 } } });
    expect(thresholdsFor(given, known)).toMatchObject({
      disagreement: { collect: 0.1, stop: 0.25 },
      discard: 1,
      basis: "given",
    });
    const all = configurationOf({ doubt: { disagreement: { collect: 0.1, stop: 0.1, discard: 1 } } });
    expect(thresholdsFor(all, known)).toMatchObject({ disagreement: { collect: 0.1, stop: 0.1 }, discard: 1 });
  });

  it("by what was learned, but never above 0.3 eV/Å", () => {
    expect(thresholdsFor(configurationOf(), known).disagreement.collect).toBeCloseTo(1.5 * 0.03, 12);
    expect(thresholdsFor(configurationOf(), { ...known, learned: [3] }).disagreement.collect).toBe(0.3);
    expect(() => thresholdsFor(configurationOf(), { ...known, learned: [] })).toThrow(
      /which disagreement γ is too large/,
    );
  });

  it("by the tolerance, from what was labelled before it entered", () => {
    const pairs = Array.from({ length: 40 }, (_, k) => [k / 100, k < 20 ? 0.05 : 0.5] as const);
    const tolerant = configurationOf({ doubt: { tolerance: 0.1 } });
    const { basis, disagreement } = thresholdsFor(tolerant, { ...known, pairs });
    expect(basis).toBe("tolerance");
    expect(disagreement.collect).toBeCloseTo(0.2, 12);
    expect(thresholdsFor(tolerant, { ...known, pairs: pairs.slice(0, 5) }).basis).toBe("learned");
  });

  it("by the calibration of the potential", () => {
    const threshold = (disagreement: number) => ({ disagreement, basis: "quantile", probability: 0.95 }) as const;
    const thresholds = { warn: threshold(0.04), stop: threshold(0.3) };
    const calibration = { source: "committee", structures: 20, thresholds } as const;
    const found = thresholdsFor(configurationOf(), { ...known, calibration });
    expect(found).toMatchObject({ basis: "calibration", disagreement: { collect: 0.04, stop: 0.2 } });
    // A potential that is unsure of everything must not take that for the usual.
    const unsure = { ...calibration, thresholds: { warn: threshold(2), stop: threshold(3) } };
    const limited = thresholdsFor(configurationOf(), { ...known, calibration: unsure });
    expect(limited.disagreement).toEqual({ collect: 0.3, stop: 1.5 });
  });

  it("a potential without spread needs another sign of doubt", () => {
    expect(() => thresholdsFor(configurationOf(), { ...known, hasSpread: false })).toThrow(
      /does not know its uncertainty/,
    );
    const byRange = configurationOf({ doubt: { extrapolations: { collect: 0 } } });
    const found = thresholdsFor(byRange, { ...known, hasSpread: false });
    const look = { disagreement: null, energySpread: null };
    expect(passes({ ...look, extrapolations: 1 }, found, "collect")).toBe(true);
    expect(passes({ ...look, extrapolations: 0 }, found, "collect")).toBe(false);
  });

  it("a γ that is not a number is doubt", () => {
    const found = thresholdsFor(configurationOf(), known);
    expect(passes({ disagreement: Number.NaN, energySpread: null, extrapolations: 0 }, found, "stop")).toBe(true);
  });
});

/** Points of one element on a line. */
const at = (...places: readonly number[]): Environments => new Map([[14, places.map((x) => Float64Array.of(x))]]);

describe("the selection", () => {
  const random = () => new RandomStream(SEED, "selection");
  const candidates = [at(0.05), at(1, 1.1), at(5), at(5.02), at(3, 0), at(1.05)].map((environments) => ({
    environments,
  }));
  const known = () => {
    const library = new KnownEnvironments();
    library.add(at(0));
    return library;
  };

  it("takes the farthest first, and no near-duplicates of data or of each other", () => {
    const rules = { method: "diverse", most: 10, separation: 0.1 } as const;
    // 5.02 is farthest; then 3 (2.02 from it); then 1.1; 5, 0.05 and 1.05 are near-duplicates by then.
    expect(selectStructures(candidates, known(), { rules, random: random() })).toEqual([3, 4, 1]);
    expect(selectStructures(candidates, known(), { rules: { ...rules, most: 2 }, random: random() })).toEqual([3, 4]);
    expect(selectStructures([], known(), { rules, random: random() })).toEqual([]);
  });

  it("at random takes any, near-duplicates left out", () => {
    const rules = { method: "random", most: 10, separation: 0.1 } as const;
    const chosen = selectStructures(candidates, known(), { rules, random: random() });
    expect(chosen).toEqual(selectStructures(candidates, known(), { rules, random: random() }));
    expect(chosen).not.toContain(0);
    expect([2, 3].filter((k) => chosen.includes(k))).toHaveLength(1);
    expect([1, 5].filter((k) => chosen.includes(k))).toHaveLength(1);
  });

  it("an element that is not known is infinitely far", () => {
    expect(known().distance(new Map([[8, [Float64Array.of(0)]]]))).toBe(Number.POSITIVE_INFINITY);
    expect(known().distance(at(0.25))).toBe(0.25);
  });

  it("distances do not depend on where the atoms are, how they are numbered and in which cell they are described", () => {
    const stream = new RandomStream(SEED, "environments");
    const kernels = createKernels();
    const descriptors = randomDescriptors(stream, { elements: [8, 14], types: [2, 9], cutoffs: [6] });
    const structure = randomStructure(stream, { atoms: 6, elements: [8, 14], cell: triclinic });
    const other = randomStructure(stream, { atoms: 6, elements: [8, 14], cell: triclinic });
    const potential = randomPotential(kernels, stream, { descriptors, structures: [structure, other], hidden: [3] });
    const evaluator = new NetworkEvaluator(kernels, potential);
    const order = [3, 0, 5, 1, 4, 2];
    const shift = [0.7, -1.1, 0.4];
    const moved: Structure = {
      ...structure,
      species: Uint8Array.from(order, (i) => structure.species[i]),
      positions: Float64Array.from(
        order.flatMap((i) => [0, 1, 2].map((x) => structure.positions[3 * i + x] + shift[x])),
      ),
    };
    for (const mean of [false, true]) {
      const space = new EnvironmentSpace(potential, { mean });
      const of = (s: Structure) => space.of(frameOf(s), evaluator.descriptors(s));
      const library = new KnownEnvironments();
      library.add(of(structure));
      expect(library.distance(of(moved))).toBeLessThan(1e-9);
      expect(library.distance(of(replicate(structure, [2, 1, 1])))).toBeLessThan(1e-9);
      expect(library.distance(of(other))).toBeGreaterThan(0.05);
    }
  });
});

const frameOf = (structure: Structure, energy?: number): Frame => ({
  structure,
  ...(energy === undefined ? {} : { energy }),
  info: new Map(),
  columns: new Map(),
  source: { file: "a.xyz", structure: 1, line: 1 },
});

describe("first structures", () => {
  it("are those given and disturbed copies, the same for the same seed", () => {
    const given = [diamond("Si", 5.43), diamond("Ge", 5.66)];
    const options = { labels: 9, displacement: 0.1, strain: 0.04, seed: SEED };
    const made = initialStructures(given, options);
    expect(made).toHaveLength(9);
    expect(made.slice(0, 2)).toEqual(given);
    expect(initialStructures(given, options)).toEqual(made);
    expect(initialStructures(given, { ...options, seed: 1 })[3]).not.toEqual(made[3]);
    for (const [k, { cell, species }] of made.entries()) {
      expect(species).toEqual(given[k % 2].species);
      expect(Math.abs(volume(cell!) / volume(given[k % 2].cell!) - 1)).toBeLessThan(3.2 * 0.04);
    }
    const moved = made[2].positions.map((x, i) => x - given[0].positions[i]);
    expect(Math.max(...moved)).toBeGreaterThan(0.03);
  });
});

describe("walkers", () => {
  const sources = {
    standard: [frameOf(diamond("Si", 5.43)), frameOf(diamond("Ge", 5.66))],
    read: async () => [frameOf(diamond("C", 3.57))],
  };
  const named = async (more: Partial<LearningConfigurationInput>) =>
    (await walkersOf(configurationOf(more), sources)).map(({ name }) => name);

  it("are made for each temperature, pressure and structure, with names of their own", async () => {
    const dynamics = { kind: "dynamics" as const, temperature: [300, 600], pressure: [0, 10] };
    const found = await walkersOf(configurationOf({ explore: { walkers: [dynamics] } }), sources);
    expect(found).toHaveLength(8);
    expect(new Set(found.map(({ name }) => name)).size).toBe(8);
    expect(new Set(found.map(({ seed }) => seed)).size).toBe(8);
    expect(found[0].name).toBe("Si-0GPa-300K");
    const alone = { kind: "relax", name: "carbon", structure: "c.xyz" } as const;
    expect(await named({ explore: { walkers: [alone, alone] } })).toEqual(["carbon-relax", "carbon-relax-2"]);
  });

  it("are dynamics at three temperatures where nothing is said", async () => {
    expect(await named({})).toHaveLength(6);
  });

  it("a frame that is not there is told", async () => {
    const walkers = [{ kind: "dynamics", frame: 3 }] as const;
    await expect(named({ explore: { walkers: [...walkers] } })).rejects.toThrow(
      /Structure 3 is asked for, and there are 2/,
    );
  });
});

describe("level errors", () => {
  it("are those whose last ones are no better than the best before", () => {
    const rules = { rounds: 2, improvement: 0.05 };
    expect(isLevel([1, 0.5, 0.49, 0.48], rules)).toBe(true);
    expect(isLevel([1, 0.5, 0.49, 0.4], rules)).toBe(false);
    expect(isLevel([1, 0.5], rules)).toBe(false);
  });
});

describe("configurations", () => {
  it.each([
    ["nothing to begin with", { structure: null, engine: "a.sw" }, /nothing to begin with/],
    ["an engine without potential", { structure: "a.xyz" }, /it has no potential/],
    ["limits that fall", { doubt: { disagreement: { collect: 0.2, stop: 0.1 } } }, /falls from collect to stop/],
    ["a key of the loop in `potential`", { potential: { seed: 3 } }, /potential.seed.*set by the loop/],
    ["looks that do not fit", { doubt: { every: 30 } }, /does not divide/],
    ["a misspelt key", { explore: { stepPerRound: 3 } }, /stepsPerRound/],
  ])("%s", (_, keys, message) => {
    const base = "structure" in keys ? {} : { structure: "a.xyz", engine: "a.sw" };
    expect(() => learningFormat.resolve({ ...base, ...keys })).toThrow(message);
  });

  it("short forms", () => {
    const short = learningFormat.resolve({ structure: "a.xyz", engine: "Au.eam", execution: "local" });
    expect(short.engine).toMatchObject({ kind: "embedded", settings: { potential: "Au.eam" } });
    expect(learningFormat.resolve({ structure: "a.xyz", engine: "ase" }).engine.kind).toBe("ase");
  });
});
