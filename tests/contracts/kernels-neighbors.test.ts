/** The neighbour kernels against trying every pair, with canaries around every array; and the lists over them on the move. */
import { describe, expect, it } from "vitest";
import { createKernels } from "../../src/hosts/node/kernels.js";
import { planAt, SPARE_WORDS } from "../../src/kernels/contracts/neighbors.js";
import { Kernels } from "../../src/kernels/index.js";
import {
  foldedRows,
  largestMoves,
  neededImages,
  neighborsByElement,
  squaredDistance,
  translation,
} from "../../src/kernels/reference/neighbors.js";
import { RandomStream } from "../../src/math/index.js";
import { placeAtoms, type Site } from "../../src/neighbors/ghosts.js";
import { type ExtendedList, ExtendedNeighbors, neighborList, runNeighborTask } from "../../src/neighbors/index.js";
import { Plan } from "../../src/neighbors/plan.js";
import { Regions } from "../../src/neighbors/regions.js";
import { replicate, type Structure, wrap } from "../../src/structure/index.js";

const SEED = Number(process.env.POTLUCK_SEED ?? 20261121);
console.log(`kernels-neighbors: seed ${SEED}`);

const GUARD = 64;
const CANARY = 0xa5;

/** Blocks of exactly the bytes that were asked for, between canaries. */
class GuardedRegions extends Regions {
  readonly #kernels: Kernels;
  readonly #taken: { at: number; bytes: number }[] = [];

  constructor(kernels: Kernels) {
    super(kernels);
    this.#kernels = kernels;
  }

  override take(_name: string, bytes: number): number {
    const at = this.#kernels.allocate(bytes + 2 * GUARD) + GUARD;
    this.#kernels.u8(at - GUARD, bytes + 2 * GUARD).fill(CANARY);
    this.#taken.push({ at, bytes });
    return at;
  }

  check(): void {
    for (const { at, bytes } of this.#taken)
      for (const guard of [at - GUARD, at + bytes])
        expect(this.#kernels.u8(guard, GUARD).every((x) => x === CANARY)).toBe(true);
  }
}

const ELEMENTS = [1, 8, 14];

/** Any cell (of either handedness, with large shears, small or flat), any periodicity, atoms anywhere. */
function anyStructure(random: RandomStream, n: number): Structure {
  const size = () => random.between(1.5, 7);
  const shear = () => random.between(-12, 12);
  const flip = random.uniform() < 0.5 ? -1 : 1;
  const rows = [
    [size(), 0, 0],
    [shear(), flip * size(), 0],
    [shear(), shear(), size()],
  ];
  const bare = random.uniform() < 0.2;
  const crowd = random.uniform() < 0.5 ? 4 : 15;
  const place = () => (random.uniform() < 0.1 ? random.integer(5) : random.between(-crowd, crowd));
  return {
    species: Uint8Array.from({ length: n }, () => ELEMENTS[random.integer(ELEMENTS.length)]!),
    positions: Float64Array.from({ length: 3 * n }, place),
    cell: bare ? undefined : Float64Array.from(random.shuffle(rows).flat()),
    periodic: bare
      ? [false, false, false]
      : ([0, 1, 2].map(() => random.uniform() < 0.6) as [boolean, boolean, boolean]),
  };
}

const kernels = createKernels();
const { run } = kernels;

/** A structure placed by the kernels, as views. */
function place(structure: Structure, radius: number) {
  const n = structure.species.length;
  const regions = new GuardedRegions(kernels);
  const plan = new Plan(kernels);
  const site: Site = { kernels, plan, regions };
  plan.word("atoms", n);
  plan.word("elements", ELEMENTS.length);
  const given = regions.take("positions", 24 * n);
  kernels.f64(given, 3 * n).set(structure.positions);
  plan.word("positions", given);
  plan.word("ownTypes", regions.take("ownTypes", n));
  kernels.u8(plan.valueOf("ownTypes"), n).set(structure.species.map((z) => ELEMENTS.indexOf(z)));
  plan.word("order", regions.take("order", 4 * n));
  plan.word("turns", regions.take("turns", 12 * n));
  plan.word("reference", regions.take("reference", 32 * n));
  const { species, periodic } = structure;
  const { frame, images, ghosts } = placeAtoms(site, { species, periodic, radius }, structure.cell);
  const extended = n + ghosts;
  return {
    ...{ plan, regions, n, ghosts, extended, images, frame: frame.at(structure.cell) },
    rows: kernels.f64(plan.valueOf("rows"), 4 * extended),
    types: kernels.u8(plan.valueOf("types"), extended),
    order: kernels.i32(plan.valueOf("order"), n),
    turns: kernels.i32(plan.valueOf("turns"), 3 * n),
    reference: kernels.f64(plan.valueOf("reference"), 4 * n),
    records: kernels.i32(plan.valueOf("ghosts"), 2 * ghosts),
    positions: kernels.f64(given, 3 * n),
  };
}
type Setting = ReturnType<typeof place>;

/** The vectors m of a translation's number. */
function vectorsOf(number: number, [n0, n1, n2]: readonly [number, number, number]): [number, number, number] {
  const m2 = number % (2 * n2 + 1);
  const m1 = Math.floor(number / (2 * n2 + 1)) % (2 * n1 + 1);
  return [Math.floor(number / (2 * n2 + 1) / (2 * n1 + 1)) - n0, m1 - n1, m2 - n2];
}

/** Has the lists filled in ranges, each with the words that it is given. */
function fill(setting: Setting, ranges: readonly (readonly [number, number, number])[]) {
  const { plan, regions, n } = setting;
  plan.word("offsets", regions.take("offsets", 4 * n * (ELEMENTS.length + 1)));
  const words = ranges.reduce((sum, [, , capacity]) => sum + capacity, 0);
  plan.word("indices", regions.take("indices", 4 * words));
  let at = 0;
  const results = ranges.map(([first, last, capacity]) => {
    const result = regions.take("result", 32);
    run.fillNeighbors(plan.pointer, first, last, at, capacity, result);
    at += capacity;
    return [...kernels.f64(result, 4)] as [number, number, number, number];
  });
  const offsets = kernels.i32(plan.valueOf("offsets"), 4 * n);
  const indices = kernels.i32(plan.valueOf("indices"), words);
  const lists = () =>
    Array.from({ length: n }, (_, i) =>
      ELEMENTS.map((_, e) => [...indices.subarray(offsets[4 * i + e], offsets[4 * i + e + 1])]),
    );
  return { results, lists };
}

const needOf = ([found, most, longest]: readonly number[]): number => found! + most! + longest! + SPARE_WORDS;

const sizes = [1, 2, 3, 4, 5, 8, 9, 17, 40];
const random = new RandomStream(SEED, "kernels-neighbors");
const settings = sizes
  .flatMap((n) => Array.from({ length: n < 10 ? 9 : 4 }, () => n))
  .map((n) => {
    const structure = anyStructure(random, n);
    const mark = random.between(0.5, n < 10 ? 7 : 4.5);
    return { structure, radius: mark };
  });

describe("atoms and ghosts", () => {
  it("are a permutation of the atoms, wrapped, and images of them", () => {
    let ghosts = 0;
    for (const { structure, radius } of settings) {
      const s = place(structure, radius);
      ghosts += s.ghosts;
      expect([...s.order].sort((a, b) => a - b)).toEqual(Array.from({ length: s.n }, (_, i) => i));
      for (let i = 0; i < s.n; i++) {
        const atom = s.order[i]!;
        expect(ELEMENTS[s.types[i]!]).toBe(structure.species[atom]);
        const taken = translation(s.turns.subarray(3 * i, 3 * i + 3), s.frame);
        for (let x = 0; x < 3; x++)
          expect(s.rows[4 * i + x]).toBeCloseTo(structure.positions[3 * atom + x]! - taken[x]!, 10);
      }
      expect(s.reference).toEqual(s.rows.slice(0, 4 * s.n));
      for (let g = 0; g < s.ghosts; g++) {
        const [atom, number] = [s.records[2 * g]!, s.records[2 * g + 1]!];
        if (g > 0) expect(atom > s.records[2 * g - 2]! || number > s.records[2 * g - 1]!).toBe(true);
        expect(s.types[s.n + g]).toBe(s.types[atom]);
        const t = translation(vectorsOf(number, s.images), s.frame);
        for (let x = 0; x < 3; x++) expect(s.rows[4 * (s.n + g) + x]).toBe(s.rows[4 * atom + x]! + t[x]!);
      }
      s.regions.check();
    }
    expect(ghosts).toBeGreaterThan(500);
  });

  it("contain every image that is near any atom", () => {
    for (const { structure, radius } of settings.filter(({ structure: { species } }) => species.length < 10)) {
      const s = place(structure, radius);
      const made = new Set(
        Array.from({ length: s.ghosts }, (_, g) => `${s.records[2 * g]} ${vectorsOf(s.records[2 * g + 1]!, s.images)}`),
      );
      // One vector further than the kernels look.
      const images = s.images.map((n, d) => (structure.periodic[d] ? n + 1 : 0));
      for (const { atom, vectors } of neededImages(s.rows, s.n, { frame: s.frame, images, radius }))
        expect(made.has(`${atom} ${vectors}`)).toBe(true);
    }
  });
});

describe("fillNeighbors", () => {
  it("lists what trying every pair finds, by element, whatever the ranges", () => {
    let pairs = 0;
    for (const { structure, radius } of settings) {
      const s = place(structure, radius);
      const truth = neighborsByElement(s.rows, s.types, { atoms: s.n, elements: ELEMENTS.length, radius });
      const { results } = fill(s, [[0, s.n, 0]]);
      const found = truth.flat(2).length;
      expect(results[0]![0]).toBe(found);
      expect(results[0]![1]).toBe(Math.max(...truth.map((lists) => lists.flat().length)));
      pairs += found;
      const whole = fill(s, [[0, s.n, needOf(results[0]!)]]);
      expect(whole.results[0]![3]).toBe(0);
      const lists = whole.lists();
      expect(lists.map((own) => own.map((list) => [...list].sort((a, b) => a - b)))).toEqual(truth);
      const middle = Math.floor(s.n / 3);
      const needs = fill(s, [
        [0, middle, 0],
        [middle, s.n, 0],
      ]).results.map(needOf);
      const parts = fill(s, [
        [0, middle, needs[0]!],
        [middle, s.n, needs[1]!],
      ]);
      expect(parts.lists()).toEqual(lists);
      s.regions.check();
    }
    console.log(`kernels-neighbors: ${pairs} pairs in ${settings.length} structures`);
    expect(pairs).toBeGreaterThan(1000);
  });

  it("writes nothing outside its words where they are too few, and says how many are needed", () => {
    for (const { structure, radius } of settings.filter(({ structure: { species } }) => species.length > 3)) {
      const s = place(structure, radius);
      const [needed] = fill(s, [[0, s.n, 0]]).results;
      for (const share of [0.2, 0.5, 0.9]) {
        const words = Math.floor(share * needed![0]);
        const { results } = fill(s, [[0, s.n, words]]);
        expect(results[0]).toEqual([...needed!.slice(0, 3), 1]);
        s.regions.check();
      }
    }
  });

  it("leaves out a pair at the radius", () => {
    const pair: Structure = {
      species: Uint8Array.of(1, 1),
      positions: Float64Array.of(0, 0, 0, 0, 3, 0),
      cell: undefined,
      periodic: [false, false, false],
    };
    expect(fill(place(pair, 3), [[0, 2, 0]]).results[0]![0]).toBe(0);
    expect(fill(place(pair, 3.0000001), [[0, 2, 0]]).results[0]![0]).toBe(2);
  });
});

describe("refreshing", () => {
  it("moves atoms and ghosts, follows jumps, and finds the two largest displacements", () => {
    for (const { structure, radius } of settings) {
      const s = place(structure, radius);
      const deformation = Float64Array.from({ length: 9 }, (_, k) => (k % 4 === 0 ? 1 : 0) + 0.01 * random.normal());
      const moved = structure.positions.map((x) => x + 0.02 * random.normal());
      const jumps = Array.from({ length: s.n }, () =>
        structure.periodic.map((repeats) => (repeats ? random.integer(5) - 2 : 0)),
      );
      const turns = s.turns.slice();
      // Strained frame, atoms carried along, then moved and thrown into other images.
      const frame = Float64Array.from([0, 3, 6].flatMap((k) => translation(s.frame.subarray(k, k + 3), deformation)));
      const strained = Array.from({ length: s.n }, (_, i) =>
        translation(moved.subarray(3 * i, 3 * i + 3), deformation),
      );
      strained.forEach((r, i) => {
        const jump = translation(jumps[i]!, frame);
        s.positions.set([r[0] + jump[0], r[1] + jump[1], r[2] + jump[2]], 3 * i);
      });
      s.plan.reals("frame", frame);
      s.plan.reals("inverse", inverse(frame));
      s.plan.reals("deformation", deformation);
      s.plan.reals("trust", [0.4]);
      const table = kernels.f64(s.plan.valueOf("translations"), 4 * s.images.reduce((p, n) => p * (2 * n + 1), 1));
      for (let t = 0; 4 * t < table.length; t++) table.set(translation(vectorsOf(t, s.images), frame), 4 * t);
      const result = s.regions.take("result", 32);
      const middle = Math.floor(s.n / 2);
      run.refreshAtoms(s.plan.pointer, 0, middle, result);
      run.refreshAtoms(s.plan.pointer, middle, s.n, result + 16);
      run.refreshGhosts(s.plan.pointer, 0, Math.floor(s.ghosts / 2));
      run.refreshGhosts(s.plan.pointer, Math.floor(s.ghosts / 2), s.ghosts);
      for (let i = 0; i < s.n; i++) {
        const atom = s.order[i]!;
        const [before, now] = [turns, s.turns].map((t) => [...t.subarray(3 * i, 3 * i + 3)]);
        expect(now!.map((t, d) => t - before![d]!)).toEqual(jumps[atom]);
        const t = translation(before!, frame);
        for (let x = 0; x < 3; x++) expect(s.rows[4 * i + x]).toBeCloseTo(strained[atom]![x]! - t[x]!, 9);
      }
      for (let g = 0; g < s.ghosts; g++) {
        const t = translation(vectorsOf(s.records[2 * g + 1]!, s.images), frame);
        for (let x = 0; x < 3; x++)
          expect(s.rows[4 * (s.n + g) + x]).toBeCloseTo(s.rows[4 * s.records[2 * g]! + x]! + t[x]!, 12);
      }
      const truth = largestMoves(s.rows, s.reference, { n: s.n, deformation });
      const found = [...kernels.f64(result, 4)].sort((a, b) => b - a);
      truth.forEach((moves, k) => {
        expect(Math.abs(found[k]! - moves)).toBeLessThan(1e-12);
      });
      if (s.n > 1) expect(truth[1]).toBeGreaterThan(0);
      s.regions.check();
    }
  });

  it("reports positions that are not numbers as infinitely far away", () => {
    const s = place(settings[settings.length - 1]!.structure, 2);
    s.plan.reals("deformation", [1, 0, 0, 0, 1, 0, 0, 0, 1]);
    s.plan.reals("trust", [0.5]);
    const result = s.regions.take("result", 16);
    for (const bad of [Number.NaN, Infinity, -Infinity]) {
      s.positions[7] = bad;
      run.refreshAtoms(s.plan.pointer, 0, s.n, result);
      expect([...kernels.f64(result, 2)]).toEqual([Infinity, expect.closeTo(0, 20)]);
    }
  });
});

describe("folding", () => {
  it("adds what ghosts have to their atoms, the same bits whatever the ranges", () => {
    for (const { structure, radius } of settings) {
      const s = place(structure, radius);
      const forces = Float64Array.from({ length: 4 * s.extended }, () => random.normal());
      const atomOf = Array.from({ length: s.ghosts }, (_, g) => s.records[2 * g]!);
      const truth = foldedRows(forces, atomOf);
      for (const middle of [0, Math.floor(s.ghosts / 3), s.ghosts]) {
        const at = s.regions.take("forces", 32 * s.extended);
        const rows = kernels.f64(at, 4 * s.extended);
        rows.set(forces);
        run.foldGhosts(s.plan.pointer, 0, middle, at);
        run.foldGhosts(s.plan.pointer, middle, s.ghosts, at);
        expect(rows).toEqual(truth);
      }
      s.regions.check();
    }
  });
});

/** Pairs closer than the cutoff, caller's indices and vector to a millionth, sorted. */
function pairsOf(list: ExtendedList, cutoff: number, elements: readonly number[], species: Uint8Array): string[] {
  const rows = kernels.f64(list.positions, 4 * list.extended);
  const order = kernels.i32(list.order, list.locals);
  const ghosts = kernels.i32(list.ghosts, 2 * (list.extended - list.locals));
  const width = list.elements + 1;
  const offsets = kernels.i32(list.offsets, width * list.locals);
  const indices = kernels.i32(list.indices, Math.max(0, ...offsets));
  const found: string[] = [];
  for (let i = 0; i < list.locals; i++)
    for (let e = 0; e < list.elements; e++)
      for (let p = offsets[width * i + e]!; p < offsets[width * i + e + 1]!; p++) {
        const j = indices[p]!;
        const atom = order[j < list.locals ? j : ghosts[2 * (j - list.locals)]!]!;
        expect(species[atom]).toBe(elements[e]);
        const [from, to] = [i, j].map((k) => [...rows.subarray(4 * k, 4 * k + 3)]);
        if (!(squaredDistance(from!, to!) < cutoff * cutoff)) continue;
        found.push(
          pairText(
            [order[i]!, atom],
            to!.map((x, k) => x - from![k]!),
          ),
        );
      }
  return found.sort();
}

const pairText = (atoms: number[], vector: number[]) =>
  `${atoms} ${vector.map((x) => Math.round(x * 1e6 + 0.137) + 0)}`;

function expectCurrent(list: ExtendedList, structure: Structure, cutoff: number, elements: readonly number[]): number {
  const { offsets, indices, vectors } = neighborList(structure, cutoff);
  const truth: string[] = [];
  for (let i = 0; i + 1 < offsets.length; i++)
    for (let p = offsets[i]!; p < offsets[i + 1]!; p++)
      truth.push(pairText([i, indices[p]!], [...vectors.subarray(3 * p, 3 * p + 3)]));
  expect(pairsOf(list, cutoff, elements, structure.species)).toEqual(truth.sort());
  return truth.length;
}

/** Does tasks backwards, in turns by two instances over the same memory, as threads would. */
function twoInstances() {
  const other = Kernels.create(kernels.module, kernels.memory);
  return (tasks: Parameters<NonNullable<ConstructorParameters<typeof ExtendedNeighbors>[1]>["execute"] & object>[0]) =>
    [...tasks].reverse().forEach((task, k) => {
      runNeighborTask(k % 2 === 0 ? other.run : run, task);
    });
}

describe("extended neighbours on the move", () => {
  it.each([1, 3])("hold the pairs of a list built anew, in %d parts, one object for all structures", (parts) => {
    const neighbors = new ExtendedNeighbors(kernels, parts === 1 ? {} : { parts, execute: twoInstances() });
    let [pairs, rebuilds, steps] = [0, 0, 0];
    for (const { structure } of settings) {
      const cutoff = random.between(0.7, 3.5);
      neighbors.bind(structure, cutoff, { skin: random.between(0, 1.5), elements: ELEMENTS });
      let { positions, cell } = structure;
      const scale = random.between(0, 0.06);
      for (let step = 0; step < 6; step++, steps++) {
        const f = Float64Array.from({ length: 9 }, (_, k) => (k % 4 === 0 ? 1 : 0) + 0.03 * scale * random.normal());
        const strained = (rows: Float64Array) =>
          Float64Array.from(
            Array.from({ length: rows.length / 3 }, (_, i) => translation(rows.subarray(3 * i, 3 * i + 3), f)).flat(),
          );
        if (cell !== undefined) cell = strained(cell);
        if (random.uniform() < 0.7) positions = strained(positions);
        positions = positions.map((x) => x + scale * random.normal());
        const passed =
          random.uniform() < 0.3 ? wrap({ ...structure, positions, cell }) : { ...structure, positions, cell };
        const before = neighbors.rebuilds;
        const list = neighbors.update(passed.positions, cell);
        expect(list.rebuilt).toBe(neighbors.rebuilds > before);
        pairs += expectCurrent(list, passed, cutoff, ELEMENTS);
      }
      rebuilds += neighbors.rebuilds;
    }
    console.log(`kernels-neighbors: ${parts} parts, ${pairs} pairs, ${rebuilds} builds in ${steps} steps`);
    expect(pairs).toBeGreaterThan(1500);
    expect(rebuilds).toBeLessThan(0.8 * steps);
    expect(rebuilds).toBeGreaterThan(1.2 * settings.length);
  });

  it("know a crystal's neighbours; sums over ghosts and rows come back to the caller's order", () => {
    const primitive: Structure = {
      species: Uint8Array.of(79),
      positions: new Float64Array(3),
      cell: Float64Array.of(0, 2, 2, 2, 0, 2, 2, 2, 0),
      periodic: [true, true, true],
    };
    const block = replicate(primitive, [11, 9, 13]);
    const neighbors = new ExtendedNeighbors(kernels, { parts: 2 });
    neighbors.bind(block, 4.1, { skin: 0.5 });
    const list = neighbors.update(block.positions, block.cell);
    expect(list.pairs).toBe(18 * block.species.length);
    expect(list.mostNeighbors).toBe(18);
    // In how many lists each atom is.
    const forces = kernels.allocate(32 * list.extended);
    const counts = kernels.f64(forces, 4 * list.extended).fill(0);
    const offsets = kernels.i32(list.offsets, 2 * list.locals);
    const indices = kernels.i32(list.indices, Math.max(...offsets));
    for (let i = 0; i < list.locals; i++)
      for (let p = offsets[2 * i]!; p < offsets[2 * i + 1]!; p++) counts[4 * indices[p]!]! += 1;
    neighbors.fold(forces);
    const out = new Float64Array(block.species.length);
    neighbors.scatter(counts, out, { width: 1 });
    expect(out.every((x) => x === 18)).toBe(true);
    const places = new Float64Array(block.positions.length);
    neighbors.scatter(kernels.f64(list.positions, 4 * list.extended), places);
    const away = places.map((x, k) => x - block.positions[k]!);
    expect(neighbors.update(places, block.cell).rebuilt).toBe(false);
    expect(away.some((x) => Math.abs(x) > 1)).toBe(true);
  });

  it("know structures without atoms, and without neighbours", () => {
    const neighbors = new ExtendedNeighbors(kernels);
    const none: Structure = {
      species: new Uint8Array(0),
      positions: new Float64Array(0),
      cell: Float64Array.of(3, 0, 0, 0, 3, 0, 0, 0, 3),
      periodic: [true, true, true],
    };
    neighbors.bind(none, 4);
    for (let k = 0; k < 2; k++)
      expect(neighbors.update(none.positions, none.cell)).toMatchObject({ locals: 0, extended: 0, pairs: 0 });
    neighbors.fold(64);
    neighbors.bind({ species: Uint8Array.of(2), periodic: [false, false, false] }, 4);
    expect(neighbors.update(new Float64Array(3), undefined)).toMatchObject({ locals: 1, extended: 1, pairs: 0 });
    expect(neighbors.update(Float64Array.of(1e9, 1e9, 0), undefined).rebuilt).toBe(true);
  });

  it("find pairs of atoms far apart and far outside the cell", () => {
    const neighbors = new ExtendedNeighbors(kernels);
    const far: Structure = {
      species: Uint8Array.of(1, 1, 1),
      positions: Float64Array.of(0, 0, 0, 1e8, 1e8, -1e8, 1e8, 1e8, 1 - 1e8),
      cell: undefined,
      periodic: [false, false, false],
    };
    neighbors.bind(far, 2, { elements: ELEMENTS });
    expectCurrent(neighbors.update(far.positions, undefined), far, 2, ELEMENTS);
    const outside: Structure = {
      ...far,
      cell: Float64Array.of(4, 0, 0, 0, 4, 0, 0, 0, 4),
      positions: Float64Array.of(1e4, -2e5, 3e5, 0, 0.5, 0, -1e-17, 2, 2),
      periodic: [true, true, true],
    };
    neighbors.bind(outside, 3.3, { elements: ELEMENTS });
    expect(expectCurrent(neighbors.update(outside.positions, outside.cell), outside, 3.3, ELEMENTS)).toBeGreaterThan(5);
  });

  it("take positions that lie in the kernels' memory without copying", () => {
    const { structure } = settings.find(({ structure: { species } }) => species.length === 17)!;
    const neighbors = new ExtendedNeighbors(kernels);
    neighbors.bind(structure, 3, { elements: ELEMENTS });
    const shared = kernels.f64(kernels.place(structure.positions), structure.positions.length);
    expectCurrent(neighbors.update(shared, structure.cell), structure, 3, ELEMENTS);
  });
});

describe("memory", () => {
  it("does not grow with the number of builds, whatever becomes larger and smaller meanwhile", () => {
    const own = createKernels();
    const neighbors = new ExtendedNeighbors(own, { parts: 2 });
    const stream = new RandomStream(SEED, "memory");
    const atoms = 60;
    const start = Float64Array.from({ length: 3 * atoms }, () => stream.between(0, 8));
    let used = 0;
    // The same structures from the fourth binding on.
    for (let bind = 0; bind < 40; bind++) {
      const positions = start.slice();
      neighbors.bind({ species: new Uint8Array(atoms).fill(6), periodic: [true, bind % 3 > 0, true] }, 4, { skin: 0 });
      for (let k = 0; k < 50; k++) {
        const a = 6 + 3 * ((k % 7) / 7);
        positions[3 * (k % atoms)]! += 0.5;
        neighbors.update(positions, Float64Array.of(a, 0, 0, 0.3, a, 0, 0, -1, a));
      }
      expect(neighbors.rebuilds).toBe(50);
      if (bind === 2) used = own.used;
      if (bind > 2) expect(own.used).toBe(used);
    }
  });

  it("regions grow in place at the end, and others take what was left behind", () => {
    const own = createKernels();
    const regions = new Regions(own);
    const a = regions.take("a", 1000);
    expect(regions.take("a", 5000)).toBe(a);
    const b = regions.take("b", 100);
    expect(b % 64).toBe(0);
    expect(b).toBeGreaterThanOrEqual(a + 5000);
    expect(regions.take("a", 9000)).toBeGreaterThan(b);
    expect(regions.take("c", 3000)).toBe(a);
    const { used } = own;
    expect(regions.take("d", 1900)).toBe(a + 3008);
    expect(own.used).toBe(used);
    expect(regions.take("a", 10)).toBeGreaterThan(b);
  });

  it("that does not suffice is reported with what to do, and less is possible afterwards", () => {
    const own = createKernels();
    own.allocate(2 ** 32 - own.used - 2 ** 20);
    const neighbors = new ExtendedNeighbors(own);
    const block = replicate(
      {
        species: Uint8Array.of(79),
        positions: new Float64Array(3),
        cell: Float64Array.of(0, 2, 2, 2, 0, 2, 2, 2, 0),
        periodic: [true, true, true],
      },
      [10, 10, 10],
    );
    neighbors.bind(block, 8);
    expect(() => neighbors.update(block.positions, block.cell)).toThrow(
      /1000 atoms .* 8 \+ 1 Å .*4 GB.* Use fewer atoms, a smaller cutoff/,
    );
    neighbors.bind(block, 2.1, { skin: 0 });
    expect(neighbors.update(block.positions, block.cell).pairs).toBe(0);
  });

  it("is not asked for before a hopeless number of images is made", () => {
    const neighbors = new ExtendedNeighbors(createKernels());
    neighbors.bind({ species: Uint8Array.of(1), periodic: [true, true, true] }, 1e5);
    expect(() => neighbors.update(new Float64Array(3), Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1))).toThrow(/4 GB/);
  });
});

describe("wrong input", () => {
  const structure: Structure = {
    species: Uint8Array.of(6, 6),
    positions: Float64Array.of(0, 0, 0, 1, 0, 0),
    cell: Float64Array.of(5, 0, 0, 0, 5, 0, 0, 0, 5),
    periodic: [true, true, true],
  };

  it("is named, and the lists go on afterwards", () => {
    const neighbors = new ExtendedNeighbors(kernels);
    expect(() => neighbors.update(structure.positions, structure.cell)).toThrow(/bind/);
    expect(() => neighbors.bind(structure, 2, { elements: [1, 8] })).toThrow(/atom 1: .*contains C.*knows H, O/);
    expect(() => neighbors.bind(structure, 0)).toThrow(RangeError);
    expect(() => neighbors.bind(structure, 2, { skin: -1 })).toThrow(RangeError);
    neighbors.bind(structure, 2);
    const update = (positions: number[], cell: Float64Array | undefined = structure.cell) =>
      neighbors.update(Float64Array.from(positions), cell);
    for (let k = 0; k < 2; k++) {
      expect(() => update([0, 0, 0, 1, Number.NaN, 0])).toThrow(/atom 2.*not finite/);
      expect(() => update([0, 0, 0, 1e300, 0, 0])).toThrow(/atom 2.*thousand million cells/);
      expect(() => update([0, 0, 0])).toThrow(/coordinates/);
      expect(() => neighbors.update(structure.positions, undefined)).toThrow(/no cell/);
      expect(() => update([...structure.positions], new Float64Array(9))).toThrow(/span no volume/);
      expect(() => update([...structure.positions], new Float64Array(9).fill(Number.NaN))).toThrow(/not finite/);
      expect(neighbors.update(structure.positions, structure.cell).pairs).toBe(2);
    }
  });
});

/** Inverse of a frame, row-major. */
function inverse(m: Float64Array): Float64Array {
  const cross = (a: number, b: number) => [
    m[a + 1]! * m[b + 2]! - m[a + 2]! * m[b + 1]!,
    m[a + 2]! * m[b]! - m[a]! * m[b + 2]!,
    m[a]! * m[b + 1]! - m[a + 1]! * m[b]!,
  ];
  const columns = [cross(3, 6), cross(6, 0), cross(0, 3)];
  const volume = m[0]! * columns[0]![0]! + m[1]! * columns[0]![1]! + m[2]! * columns[0]![2]!;
  return Float64Array.from([0, 1, 2].flatMap((x) => columns.map((column) => column[x]! / volume)));
}

it("the plan's words do not overlap", () => {
  const places = Object.values(planAt);
  expect(new Set(places).size).toBe(places.length);
});
