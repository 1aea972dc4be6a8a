/** Data sets: what is refused, what is warned of, what is split how, and where energies start. */
import { describe, expect, it } from "vitest";
import {
  checkFrames,
  compositionFormula,
  dataHash,
  duplicatePairs,
  duplicates,
  fingerprint,
  groupsOf,
  referenceEnergies,
  referenceLevels,
  residualEnergies,
  type SplitRule,
  sameFingerprint,
  splitFrames,
  validationFolds,
} from "../../src/datasets/index.js";
import { InputError } from "../../src/errors/index.js";
import { RandomStream } from "../../src/math/random.js";
import type { Frame, InfoValue, Structure } from "../../src/structure/index.js";

const SEED = Number(process.env.POTLUCK_SEED ?? 11);
console.log(`datasets: seed ${SEED}`);
const random = new RandomStream(SEED, "datasets");

const ELL = 4;
const CUBE = Float64Array.of(ELL, 0, 0, 0, ELL, 0, 0, 0, ELL);

type Labels = Omit<Partial<Frame>, "info"> & { info?: Record<string, InfoValue> };

function frame(structure: Structure, labels: Labels = {}): Frame {
  const { info, ...rest } = labels;
  return {
    energy: -1,
    forces: new Float64Array(structure.positions.length),
    columns: new Map(),
    source: { file: "set.xyz", structure: 1, line: 1 },
    structure,
    ...rest,
    info: new Map(Object.entries(info ?? {})),
  };
}

const source = (structure: number, file = "set.xyz") => ({ file, structure, line: 10 * structure });

const structureOf = (species: number[], positions: number[][], cell: Float64Array | undefined = CUBE): Structure => ({
  species: Uint8Array.from(species),
  positions: Float64Array.from(positions.flat()),
  cell,
  periodic: cell === undefined ? [false, false, false] : [true, true, true],
});

/** Four atoms near the corners and face centres of the cube. */
function shaken(species = [29, 29, 29, 29], amount = 0.3): Structure {
  const sites = [
    [0, 0, 0],
    [2, 2, 0],
    [2, 0, 2],
    [0, 2, 2],
  ];
  return structureOf(
    species,
    sites.slice(0, species.length).map((site) => site.map((x) => x + random.between(-amount, amount))),
  );
}

function thrown(run: () => unknown): InputError {
  try {
    run();
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

const troubleOf = (frames: Frame[], options = {}): InputError => thrown(() => checkFrames(frames, options));

describe("checks", () => {
  const good = () => frame(shaken(), { source: source(1) });

  it("accept sound frames without a word", () => expect(checkFrames([good(), good()])).toEqual([]));

  it("refuse an empty set and a structure without atoms", () => {
    expect(troubleOf([]).code).toBe("empty-set");
    expect(troubleOf([frame(structureOf([], []))]).code).toBe("no-atoms");
  });

  it.each([
    ["position", (f: Frame) => ({ ...f, structure: structureOf([29], [[0, Number.NaN, 0]]) })],
    ["cell", (f: Frame) => ({ ...f, structure: { ...f.structure, cell: CUBE.map((x) => x / 0) } })],
    ["energy", (f: Frame) => ({ ...f, energy: Number.POSITIVE_INFINITY })],
    ["stress", (f: Frame) => ({ ...f, stress: Float64Array.of(0, 0, Number.NaN, 0, 0, 0) })],
    ["force", (f: Frame) => ({ ...f, forces: Float64Array.from({ length: 12 }, (_, k) => (k === 7 ? NaN : 0)) })],
  ])("refuse a %s that is not finite, with its place", (what, spoil) => {
    const { code, trouble } = troubleOf([good(), spoil(frame(shaken(), { source: source(2) }))]);
    expect(code).toBe("non-finite");
    expect(trouble.problem).toContain(what);
    expect(trouble.where).toMatchObject({ file: "set.xyz", structure: 2 });
    if (what === "force") expect(trouble.where!.atom).toBe(3);
  });

  it("refuse a cell without volume", () => {
    const flat = structureOf([29], [[0, 0, 0]], Float64Array.of(4, 0, 0, 4, 0, 0, 0, 0, 4));
    expect(troubleOf([frame(flat)]).code).toBe("zero-volume");
  });

  it("refuse two atoms at one place, across the boundary too, and name both", () => {
    const structure = structureOf(
      [8, 14],
      [
        [0.02, 1, 1],
        [ELL - 0.03, 1, 1],
      ],
    );
    const { code, message } = troubleOf([good(), frame(structure, { source: source(2) })]);
    expect(code).toBe("coincident-atoms");
    expect(message).toMatch(/set\.xyz:20, structure 2, atom 1: O atom 1 and Si atom 2 are 0\.05 Å apart/);
  });

  it("refuse missing energies and some missing forces, with their number and the first", () => {
    const { energy: _, ...mute } = frame(shaken(), { source: source(3) });
    expect(troubleOf([good(), mute]).code).toBe("missing-energy");
    const { forces: __, ...unforced } = frame(shaken(), { source: source(2) });
    const { code, message } = troubleOf([good(), unforced, unforced]);
    expect(code).toBe("missing-forces");
    expect(message).toMatch(/structure 2: 2 of 3 structures have no forces.*`loss: {forcesUsed: false}`/);
    expect(checkFrames([good(), unforced], { requireForces: false })).toEqual([]);
    expect(checkFrames([unforced])).toEqual([]);
    expect(troubleOf([unforced], { requireForces: true }).code).toBe("missing-forces");
  });

  it("warn of duplicates", () => {
    const first = good();
    const copy = { ...first, source: source(5) };
    const [warning] = checkFrames([first, good(), copy]);
    expect(warning).toMatchObject({ code: "duplicates", where: { structure: 5 } });
    expect(warning!.problem).toContain("structure 1 of set.xyz");
  });
});

describe("two levels of energy", () => {
  const set = (gap: number) =>
    Array.from({ length: 30 }, (_, k) =>
      frame(shaken(), {
        energy: 4 * (-3 + random.between(-0.1, 0.1) + (k % 3 === 0 ? gap : 0)),
        source: source(k + 1, k % 3 === 0 ? "b.xyz" : "a.xyz"),
      }),
    );

  it("are a warning that names one of each", () => {
    const [warning] = checkFrames(set(2.5), { checkUnit: false });
    expect(warning!.code).toBe("mixed-reference-levels");
    expect(warning!.problem).toMatch(/2\.[456]\d eV\/atom apart: 20 structures like structure \d+ of a\.xyz, and 10/);
    expect(warning!.where!.file).toBe("b.xyz");
  });

  it("are an error where no binding could explain them", () => {
    expect(troubleOf(set(40)).code).toBe("mixed-reference-levels");
  });

  it("are not seen in one broad level, nor between polymorphs", () => {
    expect(referenceLevels(set(0))).toBeUndefined();
    expect(referenceLevels(set(0.5))).toBeUndefined();
    const broad = Array.from({ length: 40 }, () => frame(shaken(), { energy: 4 * random.between(-9, 0) }));
    expect(referenceLevels(broad)).toBeUndefined();
  });
});

describe("reference energies", () => {
  const compound = (species: number[], energy: number) => frame(shaken(species), { energy });

  it("are found exactly where energies are sums of them", () => {
    const frames = [compound([22, 8, 8], -130), compound([22, 22, 8, 8], -180), compound([8, 8], -80)];
    const { energies, explanation } = referenceEnergies(frames);
    expect(energies.get(8)).toBeCloseTo(-40, 8);
    expect(energies.get(22)).toBeCloseTo(-50, 8);
    expect([...energies.keys()]).toEqual([8, 22]);
    expect(explanation).toMatch(/O, Ti are a least-squares fit to 3 energies\.$/);
    expect(Math.max(...residualEnergies(frames, energies).map(Math.abs))).toBeLessThan(1e-8);
  });

  it("are the smallest that fit where the composition never changes", () => {
    const { energies, explanation } = referenceEnergies([compound([22, 8, 8], -130), compound([8, 22, 8], -110)]);
    // (Ti, O) parallel to the composition (1, 2), with Ti + 2 O = −120.
    expect(energies.get(22)).toBeCloseTo(-24, 8);
    expect(energies.get(8)).toBeCloseTo(-48, 8);
    expect(explanation).toContain("determine only 1 of 2");
  });

  it("keep what is given", () => {
    const { energies } = referenceEnergies([compound([22, 8, 8], -130)], new Map([[8, -40]]));
    expect(energies.get(8)).toBe(-40);
    expect(energies.get(22)).toBeCloseTo(-50, 8);
  });
});

describe("splits", () => {
  const frames = Array.from({ length: 50 }, (_, k) =>
    frame(shaken(), { info: { config_type: k < 10 ? "few" : "many", tag: k % 5 === 0 ? "test" : "train" } }),
  );
  const rules: SplitRule[] = [
    { by: "fraction", fraction: 0.2, seed: SEED },
    { by: "stratified", fraction: 0.2, seed: SEED },
    { by: "groups", test: ["few"] },
    { by: "info" },
    { by: "nth", n: 5 },
  ];

  it.each(rules)("by $by lose nothing, repeat nothing and can be repeated", (rule) => {
    const split = splitFrames(frames, rule);
    expect([...split.train, ...split.test].sort((a, b) => a - b)).toEqual(frames.map((_, k) => k));
    expect(split.test.length).toBe(10);
    expect(splitFrames(frames, rule)).toEqual(split);
  });

  it("take what they say", () => {
    expect(splitFrames(frames, rules[1]!).test.filter((k) => k < 10).length).toBe(2);
    expect(splitFrames(frames, rules[2]!).test).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(splitFrames(frames, rules[3]!).test[1]).toBe(5);
    expect(splitFrames(frames, rules[4]!).test[0]).toBe(4);
    expect(splitFrames(frames, { by: "fraction", fraction: 0.2, seed: SEED + 1 })).not.toEqual(
      splitFrames(frames, rules[0]!),
    );
  });

  it("name the groups there are, and the structure that says nothing", () => {
    expect(thrown(() => splitFrames(frames, { by: "groups", test: ["lots"] })).message).toContain("few, many");
    expect(thrown(() => splitFrames([...frames, frame(shaken())], { by: "info" })).code).toBe("no-split");
  });

  it("into folds are disjoint and of equal size", () => {
    const folds = validationFolds(splitFrames(frames, rules[0]!).train, 3, SEED);
    expect(folds.map((fold) => fold.length)).toEqual([14, 13, 13]);
    expect(new Set(folds.flat()).size).toBe(40);
    expect(thrown(() => validationFolds([1, 2], 3, SEED)).code).toBe("too-few-structures");
  });
});

describe("fingerprints", () => {
  const base = shaken([29, 29, 47, 47]);
  const moved = (change: (x: number, k: number) => number): Structure => ({
    ...base,
    positions: base.positions.map(change),
  });

  it("do not change when atoms are renumbered, wrapped, moved together or rounded", () => {
    const order = [3, 0, 2, 1];
    const renumbered: Structure = {
      ...base,
      species: Uint8Array.from(order, (i) => base.species[i]!),
      positions: Float64Array.from(order.flatMap((i) => [...base.positions.subarray(3 * i, 3 * i + 3)])),
    };
    for (const same of [
      renumbered,
      moved((x, k) => x + ELL * ((k % 5) - 2)),
      moved((x, k) => x + [0.3, -1.7, 25][k % 3]!),
      moved((x) => Math.round(x * 1e7) / 1e7),
    ])
      expect(sameFingerprint(fingerprint(base), fingerprint(same))).toBe(true);
  });

  it("change when an atom moves, two elements change places, or the cell is strained", () => {
    for (const other of [
      moved((x, k) => x + (k === 4 ? 0.002 : 0)),
      { ...base, species: Uint8Array.of(29, 47, 29, 47) },
      { ...base, cell: CUBE.map((x) => x * 1.0005) },
      { ...base, periodic: [true, true, false] as const },
    ])
      expect(sameFingerprint(fingerprint(base), fingerprint(other))).toBe(false);
  });

  it("find copies among many, across sets, with file and structure", () => {
    const many = Array.from({ length: 200 }, (_, k) => frame(shaken(), { source: source(k + 1) }));
    expect(duplicatePairs(many)).toEqual([]);
    const copy = { ...many[17]!, source: source(4, "test.xyz") };
    const rounded = { ...copy.structure, positions: copy.structure.positions.map((x) => x + 1e-8) };
    expect(duplicatePairs([...many, { ...copy, structure: rounded }])).toEqual([[17, 200]]);
    const [warning] = duplicates(many, [frame(shaken()), copy]);
    expect(warning).toMatchObject({ where: { file: "test.xyz", structure: 4 } });
    expect(warning!.problem).toContain("structure 18 of set.xyz");
    expect(duplicates(many, [frame(shaken())])).toEqual([]);
  });

  it("hash data by every number", async () => {
    const set = [frame(shaken()), frame(shaken())];
    const hash = await dataHash(set);
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    expect(await dataHash(set.map((f) => ({ ...f, source: source(9) })))).toBe(hash);
    expect(await dataHash([set[0]!, { ...set[1]!, energy: -1.0000001 }])).not.toBe(hash);
    expect(await dataHash([set[1]!, set[0]!])).not.toBe(hash);
  });
});

describe("groups", () => {
  const withInfo = (info: Record<string, InfoValue>) => frame(shaken(), { info });
  const comment = (file: string) => withInfo({ comment: `Configuration from file ${file} and TIMESTEP: 0` });

  it("are what the file says, else what comments name, else the formula", () => {
    expect(groupsOf([withInfo({ config_type: "eos", phase: "bcc" }), withInfo({ phase: "fcc" })])).toEqual([
      "eos",
      "fcc",
    ]);
    const names = ["Au100-a0-0", "More_Au100-12", "Au_BULK-2", "Au_BULK-4", "Au-bcc-7", "Au-bcc-17", "Au111-a0-3"];
    const gold = [...names, ...names].map((name) => comment(`${name}.lammpstrj`));
    expect(groupsOf(gold).slice(0, 7)).toEqual(["Au100", "Au100", "Au_BULK", "Au_BULK", "Au-bcc", "Au-bcc", "Au111"]);
    expect(groupsOf([comment("x1y.xyz"), comment("z2a.xyz"), comment("k3k.xyz")])).toEqual(["Cu", "Cu", "Cu"]);
    expect(compositionFormula(shaken([22, 8, 8]))).toBe("O2Ti");
  });
});
