/** Energy changes from neighbourhoods against those of all atoms; Monte Carlo runs that are broken off and go on. */
import { describe, expect, it } from "vitest";
import { decodeCheckpoint, encodeCheckpoint, recorder, Watch } from "../../src/dynamics/index.js";
import {
  asExchange,
  cellMove,
  displacement,
  type EnergySharing,
  hybrid,
  LocalEnergies,
  MonteCarloState,
  type Move,
  restoreSampler,
  Sampler,
  sample,
  sampleRecords,
  saveSampler,
  swap,
  transmutation,
  Vicinity,
} from "../../src/dynamics/monte-carlo/index.js";
import { createKernels } from "../../src/hosts/node/kernels.js";
import { RandomStream } from "../../src/math/index.js";
import { neighborList } from "../../src/neighbors/index.js";
import { classicalPotential, NetworkEvaluator, type Potential } from "../../src/potentials/index.js";
import { diamond, fcc, replicate, type Structure } from "../../src/structure/index.js";
import { randomDescriptors, randomPotential, randomStructure } from "./random-potential.js";

const SEED = Number(process.env.POTLUCK_SEED ?? 20261128);
console.log(`monte-carlo-local: seed ${SEED}`);

/** Silver and gold, roughly, as Lennard-Jones atoms that prefer unlike neighbours. */
function alloyWithin(cutoff: number): Potential {
  const pair = (a: string, b: string, epsilon: number) => ({ elements: [a, b] as const, epsilon, sigma: 2.63, cutoff });
  const pairs = [pair("Ag", "Ag", 0.34), pair("Au", "Au", 0.4), pair("Ag", "Au", 0.42)];
  return classicalPotential({ kind: "lennard-jones", pairs, shift: "force" });
}
const alloy = alloyWithin(5.6);
const silicon = classicalPotential({ kind: "published", name: "silicon-stillinger-weber-1985" });
const tersoff = classicalPotential({ kind: "published", name: "silicon-tersoff-1988" });

/** The structure with atoms off their sites, some turned into another element. */
function shaken(structure: Structure, random: RandomStream, other?: number): Structure {
  return {
    ...structure,
    positions: structure.positions.map((x) => x + random.between(-0.15, 0.15)),
    species: structure.species.map((z) => (other !== undefined && random.uniform() < 0.4 ? other : z)),
  };
}

function networks(random: RandomStream): Potential {
  const kernels = createKernels();
  const elements = [8, 14];
  const descriptors = randomDescriptors(random, { elements, types: [2, 3], cutoffs: [1, 2] });
  const structures = [1, 2, 3].map(() => randomStructure(random, { atoms: 12, elements }));
  return new NetworkEvaluator(kernels, randomPotential(kernels, random, { descriptors, structures }));
}

interface Bed {
  readonly potential: Potential;
  readonly structure: Structure;
  readonly sharing: EnergySharing;
  /** Whether a neighbourhood is smaller than the system. */
  readonly local: boolean;
}

const beds: readonly [string, (random: RandomStream) => Bed][] = [
  [
    "pairs, own energies",
    (random) => ({
      potential: alloy,
      structure: shaken(replicate(fcc("Ag", 4.09), [7, 7, 7]), random, 79),
      sharing: "own",
      local: true,
    }),
  ],
  [
    "pairs, shared energies",
    (random) => ({
      potential: alloy,
      structure: shaken(replicate(fcc("Ag", 4.09), [8, 8, 8]), random, 79),
      sharing: "shared",
      local: true,
    }),
  ],
  [
    "a rod thinner than the cutoff, own energies",
    (random) => ({
      potential: alloy,
      structure: shaken(replicate(fcc("Ag", 4.09), [1, 200, 1]), random, 79),
      sharing: "own",
      local: true,
    }),
  ],
  [
    "a rod thinner than the cutoff, shared energies",
    (random) => ({
      potential: alloy,
      structure: shaken(replicate(fcc("Ag", 4.09), [1, 40, 1]), random, 79),
      sharing: "shared",
      local: false,
    }),
  ],
  [
    "a film",
    (random) => {
      const film = shaken(replicate(fcc("Ag", 4.09), [8, 8, 3]), random, 79);
      return { potential: alloy, structure: { ...film, periodic: [true, true, false] }, sharing: "own", local: true };
    },
  ],
  [
    "a particle without a cell",
    (random) => {
      const block = shaken(replicate(fcc("Ag", 4.09), [7, 7, 7]), random, 79);
      return {
        ...{ potential: alloy, sharing: "shared", local: true },
        structure: { ...block, cell: undefined, periodic: [false, false, false] },
      };
    },
  ],
  [
    "Stillinger–Weber",
    (random) => ({
      potential: silicon,
      structure: shaken(replicate(diamond("Si", 5.431), [4, 4, 4]), random),
      sharing: "shared",
      local: true,
    }),
  ],
  [
    "Tersoff",
    (random) => ({
      potential: tersoff,
      structure: shaken(replicate(diamond("Si", 5.431), [4, 4, 4]), random),
      sharing: "shared",
      local: true,
    }),
  ],
  [
    "networks",
    (random) => ({
      potential: networks(random),
      structure: shaken(replicate(diamond("Si", 5.0), [5, 4, 4]), random, 8),
      ...{ sharing: "own", local: true },
    }),
  ],
  [
    "networks in a cell smaller than the cutoff",
    (random) => ({
      potential: networks(random),
      structure: shaken(replicate(diamond("Si", 5.0), [1, 1, 1]), random, 8),
      ...{ sharing: "own", local: false },
    }),
  ],
];

describe(`local energy changes (seed ${SEED})`, () => {
  it.each(beds)("%s: displacements, swaps and transmutations to 1e-9 of what all atoms give", (_, make) => {
    const random = new RandomStream(SEED, "beds");
    const { potential, structure, sharing, local } = make(random);
    const atoms = { ...structure, positions: structure.positions.slice(), species: structure.species.slice() };
    const energies = new LocalEnergies(potential, atoms, { sharing });
    energies.evaluate();
    const { elements } = potential;
    let [worst, evaluated] = [0, 0];
    const trials = 9;
    for (let k = 0; k < trials; k++) {
      const i = random.integer(atoms.species.length);
      const j = (i + 1 + random.integer(atoms.species.length - 1)) % atoms.species.length;
      const [ri, rj] = [i, j].map((a) => atoms.positions.slice(3 * a, 3 * a + 3));
      const changes = [
        // Some far: into a neighbourhood that is another, over the border of the cell.
        { atoms: [i], positions: ri.map((x) => x + random.between(-0.4, 0.4)), species: atoms.species.slice(i, i + 1) },
        {
          atoms: [i, j],
          positions: Float64Array.of(...ri, ...rj),
          species: Uint8Array.of(atoms.species[j], atoms.species[i]),
        },
        { atoms: [i], positions: ri, species: Uint8Array.of(elements[random.integer(elements.length)]) },
      ];
      const trial = energies.trial(changes[k % 3]);
      energies.accept(k % 3 === 1 ? asExchange(trial, atoms.positions) : trial);
      const { energy } = potential.evaluate(atoms);
      worst = Math.max(worst, Math.abs(energies.energy - energy));
      evaluated = Math.max(evaluated, trial.evaluated);
    }
    console.log(`  ${_}: worst ${worst.toExponential(1)} eV, at most ${evaluated} of ${atoms.species.length} atoms`);
    expect(worst).toBeLessThan(1e-9);
    if (local) expect(evaluated).toBeLessThan(atoms.species.length);
    else expect(evaluated).toBe(atoms.species.length);
  });

  it("says so if a potential that shares its energies is taken for one that does not", () => {
    const structure = shaken(replicate(diamond("Si", 5.431), [4, 4, 4]), new RandomStream(SEED));
    const create = (sharing: EnergySharing) => new MonteCarloState(structure, silicon, { seed: SEED, sharing });
    expect(() => create("own")).toThrowError(expect.objectContaining({ code: "not-local" }));
    expect(create("shared").energy).toBe(silicon.evaluate(structure).energy);
  });

  it("finds the neighbours that a neighbour list finds, images included, after atoms have moved", () => {
    const random = new RandomStream(SEED, "vicinity");
    for (const periodic of [
      [true, true, true],
      [true, false, true],
      [false, false, false],
    ] as const) {
      const cell = Float64Array.of(6, 0.5, -1, 2, 7, 0, -1, 1, 8);
      const species = new Uint8Array(40).fill(18);
      const positions = Float64Array.from({ length: 120 }, () => random.between(-12, 12));
      const structure: Structure = { species, cell, periodic, positions };
      const vicinity = new Vicinity(structure, 4);
      for (let n = 0; n < 60; n++) {
        const atom = random.integer(40);
        for (let x = 0; x < 3; x++) positions[3 * atom + x] += random.between(-9, 9);
        vicinity.moved(atom);
      }
      const list = neighborList(structure, 4);
      for (let i = 0; i < 40; i++) {
        const sites = vicinity.around(positions.subarray(3 * i, 3 * i + 3), 4);
        const found = sites.map(({ atom }) => atom).sort((a, b) => a - b);
        const expected = [...list.indices.subarray(list.offsets[i], list.offsets[i + 1]), i].sort((a, b) => a - b);
        expect(found).toEqual(expected);
      }
    }
  });
});

describe("a Monte Carlo run", () => {
  // So near that most neighbourhoods are smaller than the system, and some are not.
  const near = alloyWithin(3.6);
  const structure = shaken(replicate(fcc("Ag", 4.09), [3, 3, 3]), new RandomStream(SEED), 79);
  const create = (): Sampler => {
    const state = new MonteCarloState(structure, near, { seed: SEED, sharing: "own" });
    const moves = [
      displacement({ weight: 4 }),
      swap(),
      transmutation({ chemicalPotentials: { Ag: 0, Au: -0.2 } }),
      cellMove({ pressure: 0.001, cell: "flexible" }),
      hybrid({ steps: 3, weight: 0.5 }),
    ];
    return new Sampler(state, { temperature: 600, moves, equilibration: 150, recheckEvery: 77 });
  };
  const bits = ({ state, tallies, moves }: Sampler) => ({
    ...{ positions: [...state.positions], cell: [...state.cell!], species: [...state.species], energy: state.energy },
    ...{ random: state.random.state, tallies, sizes: moves.map(({ size }) => size?.save()) },
  });

  it("that goes on from a checkpoint ends with the same bits", () => {
    const whole = create();
    const found: Uint8Array[] = [];
    const checkpoints = {
      every: 130,
      sink: (c: ReturnType<typeof saveSampler>) => void found.push(encodeCheckpoint(c, "this run")),
    };
    const result = sample(whole, { steps: 400, checkpoints });
    expect(result.reason).toBe("finished");
    expect(result.moves.every(({ attempts, accepted }) => attempts > 0 && accepted > 0)).toBe(true);
    expect(result.worstDrift).toBeLessThan(1e-10);
    expect(found.length).toBe(4);
    for (const bytes of found.slice(0, 3)) {
      const resumed = create();
      const checkpoint = decodeCheckpoint(bytes, "this run");
      if (typeof checkpoint === "string") throw new Error(checkpoint);
      restoreSampler(resumed, checkpoint);
      expect(saveSampler(resumed)).toEqual(checkpoint);
      sample(resumed, { steps: 400 - checkpoint.step, checkpoints: { every: 130, sink: () => {} } });
      expect(bits(resumed)).toEqual(bits(whole));
    }
  });

  it("refuses checkpoints of other atoms or moves", () => {
    const checkpoint = saveSampler(create());
    const state = new MonteCarloState(structure, near, { seed: SEED });
    const others = new Sampler(state, { temperature: 600, moves: [swap()] });
    expect(() => restoreSampler(others, checkpoint)).toThrowError(
      expect.objectContaining({ code: "wrong-checkpoint" }),
    );
  });

  it("freezes its step sizes after equilibration, keeps atoms apart, and is seen by recorders, observers and a watch", () => {
    const sampler = create();
    sample(sampler, { steps: 150 });
    const sizes = sampler.moves.map(({ size }) => size?.value);
    const volumes = recorder("volume", ({ state }) => state.volume, { every: 50 });
    const records = sampleRecords(50);
    const watch = { watch: new Watch({ guards: { every: 10, minimumDistance: 1 } }), every: 50 };
    const result = sample(sampler, { steps: 200, recorders: [volumes], observers: [records], watch });
    expect(result.verdict).toBeUndefined();
    expect(sampler.moves.map(({ size }) => size?.value)).toEqual(sizes);
    expect(records.records.map(({ volume }) => volume)).toEqual(volumes.records);
    expect(records.records.map(({ step }) => step)).toEqual([200, 250, 300, 350]);
    expect(records.records.at(-1)!.composition.reduce((sum, [, n]) => sum + n, 0)).toBe(108);
    expect(sampler.invariant()).toBeLessThan(1e-10);
  });

  it("names what is wrong with its input", () => {
    const state = new MonteCarloState(structure, near, { seed: SEED });
    const pure = new MonteCarloState({ ...structure, species: structure.species.map(() => 47) }, near, { seed: SEED });
    const loose = new MonteCarloState({ ...structure, cell: undefined, periodic: [false, false, false] }, near, {
      seed: SEED,
    });
    const held = new MonteCarloState(structure, near, { seed: SEED, fixed: [0] });
    const at =
      (s: MonteCarloState, move: Move, temperature = 300) =>
      () =>
        new Sampler(s, { temperature, moves: [move] });
    const cases: readonly [string, () => unknown][] = [
      ["nothing-to-swap", at(pure, swap())],
      ["no-pressure", at(loose, cellMove({ pressure: 0 }))],
      ["fixed-in-moving-cell", at(held, cellMove({ pressure: 0 }))],
      ["element-not-in-potential", at(state, transmutation({ chemicalPotentials: { Ag: 0, Cu: 0 } }))],
      ["wrong-chemical-potentials", () => transmutation({ chemicalPotentials: { Ag: 0 } })],
      ["wrong-ramp", at(state, swap(), 0)],
      ["wrong-step-size", () => displacement({ size: -1 })],
      ["no-such-atom", () => new MonteCarloState(structure, near, { seed: SEED, fixed: [108] })],
      ["no-moves", () => new Sampler(state, { temperature: 1, moves: [] })],
      ["two-moves", () => new Sampler(state, { temperature: 1, moves: [swap(), swap()] })],
    ];
    for (const [code, act] of cases) expect(act, code).toThrowError(expect.objectContaining({ code }));
  });
});
