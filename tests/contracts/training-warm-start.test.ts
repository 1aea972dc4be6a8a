/**
 * Fits that go on from a potential: they say at epoch 0 what it said, whatever the scaling and however far the new data reach, and
 * get to a given loss in fewer epochs. The workers are the built ones: `npm run build` first.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../../src/cli/program.js";
import type { Scaling, ScalingMode } from "../../src/descriptors/definition.js";
import { affineOf } from "../../src/descriptors/scaling.js";
import { readAllFrames, writeFrames } from "../../src/hosts/node/files.js";
import { createKernels } from "../../src/hosts/node/kernels.js";
import { loadPotential } from "../../src/hosts/node/potentials.js";
import { startRunDirectory, type TrainOutcome, trainPotential } from "../../src/hosts/node/train.js";
import { RandomStream } from "../../src/math/index.js";
import { foldInputs, type NetworkShape, parameterCount } from "../../src/networks/index.js";
import type { NetworkPotential } from "../../src/potentials/definition.js";
import { NetworkEvaluator } from "../../src/potentials/network-evaluator.js";
import type { Frame } from "../../src/structure/index.js";
import { type TrainingConfigurationInput, trainingFormat } from "../../src/training/configuration.js";
import { continuedScaling, rescaledInputs } from "../../src/training/warm-start.js";
import { angstromElectronvolt } from "../../src/units/index.js";
import { memoryTerminal } from "../cli/memory-terminal.js";
import { apart } from "../physics/random-potential.js";

const silicon = fileURLToPath(new URL("../../examples/silicon/silicon.extxyz.gz", import.meta.url));
const modes: readonly ScalingMode[] = ["scale-sigma", "scale", "center", "scale-center", "none"];
const SEED = 31;

describe(`the first layer for another scaling (seed ${SEED})`, () => {
  const random = new RandomStream(SEED, "warm start");
  const draw = (low: number, high: number) => Float64Array.from({ length: 5 }, () => random.between(low, high));
  const statistics = () => {
    const min = draw(-1, 0);
    return { min, max: min.map((x) => x + random.between(0.5, 2)), mean: draw(0, 0.3), sigma: draw(0.1, 0.6) };
  };
  const shape: NetworkShape = { nodes: [5, 4, 1], activations: ["t", "l"], normalizeNodes: true };

  it.each(modes)("is the same function of raw values, %s", (mode) => {
    const parameters = Float64Array.from({ length: parameterCount(shape) }, () => random.normal());
    const before: Scaling = { ...statistics(), mode, low: -0.5, high: 1.5 };
    const wide = statistics();
    const now = { ...wide, min: wide.min.map((x) => x - 3), sigma: wide.sigma.map((x) => 20 * x) };
    const after = continuedScaling(before, now);
    const [from, to] = [affineOf(before), affineOf(after)];
    if (mode !== "none") expect(apart(from.factor, to.factor) + apart(from.shift, to.shift)).toBeGreaterThan(0.01);
    const rescaled = rescaledInputs(shape, parameters, { from, to });
    expect(apart(foldInputs(shape, rescaled, to), foldInputs(shape, parameters, from))).toBeLessThan(1e-12);
  });

  it("leaves every bit where the spread has not grown, and extends ranges", () => {
    const parameters = Float64Array.from({ length: parameterCount(shape) }, () => random.normal());
    const before: Scaling = { ...statistics(), mode: "scale-sigma", low: 0, high: 1 };
    const now = { ...before, min: before.min.map((x) => x - 1), sigma: before.sigma.map((x) => 2.9 * x) };
    const after = continuedScaling(before, now);
    expect(after).toEqual({ ...before, min: now.min });
    expect(rescaledInputs(shape, parameters, { from: affineOf(before), to: affineOf(after) })).toEqual(parameters);
  });

  it("makes an input of a function that did not vary before", () => {
    const before: Scaling = { ...statistics(), mode: "scale-sigma", low: 0, high: 1, sigma: new Float64Array(5) };
    const after = continuedScaling(before, statistics());
    expect([...affineOf(before).factor]).toEqual([0, 0, 0, 0, 0]);
    expect(affineOf(after).factor.every((f) => f > 0)).toBe(true);
    const parameters = Float64Array.from({ length: parameterCount(shape) }, () => random.normal());
    const maps = { from: affineOf(before), to: affineOf(after) };
    const folded = foldInputs(shape, rescaledInputs(shape, parameters, maps), maps.to);
    expect(apart(folded, foldInputs(shape, parameters, maps.from))).toBeLessThan(1e-12);
  });
});

let directory = "";
let calm: readonly Frame[] = [];
let wild: readonly Frame[] = [];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "potluck-warm-"));
  const small = (await readAllFrames(silicon)).filter((f) => f.structure.species.length <= 16);
  const size = ({ forces }: Frame) => forces!.reduce((most, f) => Math.max(most, Math.abs(f)), 0);
  const sorted = small.filter((_, i) => i % 4 === 0).sort((a, b) => size(a) - size(b));
  calm = sorted.slice(0, 16);
  wild = sorted.slice(-8);
  await writeFrames(join(directory, "calm.extxyz"), calm);
  await writeFrames(join(directory, "wild.extxyz"), wild);
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Trains into directory/name on files of the directory. */
function train(
  name: string,
  data: readonly string[],
  more: Partial<TrainingConfigurationInput>,
): Promise<TrainOutcome> {
  const configuration = trainingFormat.resolve({
    ...{ data: data.map((file) => join(directory, file)), threads: 1, epochs: 12, seed: 3 },
    descriptors: { cutoff: 4, size: "small" },
    network: { hidden: [6] },
    split: { test: 0, validation: 0 },
    committee: { members: 2 },
    optimizer: { method: "soap", batch: 4 },
    ...more,
  });
  const out = join(directory, name);
  startRunDirectory(out);
  return trainPotential(configuration, { directory: out, resume: false, onEvent: () => {} });
}

const energies = (potential: NetworkPotential, frames: readonly Frame[]): number[] => {
  const evaluator = new NetworkEvaluator(createKernels(), potential);
  return frames.map(({ structure }) => evaluator.evaluate(structure).energy / structure.species.length);
};

const widest = ({ members }: NetworkPotential): number[] =>
  members.flatMap(({ elements }) => elements.flatMap(({ scaling }) => [...scaling.max]));

describe("a fit that goes on from a potential", () => {
  it.each(modes)("says without an epoch what it said, and knows the new ranges, %s", async (mode) => {
    const first = await train(`first-${mode}`, ["calm.extxyz"], { scaling: { mode } });
    const start = join(directory, `first-${mode}`);
    const second = await train(`second-${mode}`, ["calm.extxyz", "wild.extxyz"], { start, epochs: 0 });
    const frames = [...calm, ...wild];
    expect(apart(energies(second.potential, frames), energies(first.potential, frames))).toBeLessThan(1e-10);
    const [before, after] = [widest(first.potential), widest(second.potential)];
    expect(after.every((max, s) => max >= before[s])).toBe(true);
    expect(after.some((max, s) => max > before[s])).toBe(true);
    const loss = second.result.members.map(({ history }) => history[0].epoch);
    expect(loss).toEqual([0, 0]);
  });

  it("has the errors of the start at epoch 0 and needs fewer epochs to a given loss", async () => {
    const first = await train("long", ["calm.extxyz"], { epochs: 40 });
    const start = join(directory, "long");
    const again = await train("again", ["calm.extxyz"], { start, epochs: 6 });
    first.result.members.forEach((_, m) => {
      const zero = again.result.members[m].history[0];
      expect(zero.epoch).toBe(0);
      // The first fit's own table is over both members; each member's errors are those of its part of the potential.
      const alone = energies({ ...first.potential, members: [first.potential.members[m]] }, calm);
      const squares = calm.map((f, i) => (1000 * (alone[i] - f.energy! / f.structure.species.length)) ** 2);
      const rmse = Math.sqrt(squares.reduce((a, b) => a + b, 0) / squares.length);
      expect(zero.train.energy!.rmse / rmse).toBeCloseTo(1, 6);
    });
    const target = 1.2 * Math.min(...first.result.members[0].history.map(({ loss }) => loss));
    const epochsTo = ({ result }: TrainOutcome) => result.members[0].history.find(({ loss }) => loss <= target)?.epoch;
    expect(epochsTo(first)).toBeGreaterThan(20);
    expect(epochsTo(again)).toBeLessThan(5);
  });

  it("keeps the start where no epoch does better", async () => {
    const start = join(directory, "long");
    const optimizer = { method: "momentum", rate: 0.5, rateEnd: 0.5, momentum: 0, batch: 16 } as const;
    const { potential, result } = await train("spoilt", ["calm.extxyz"], { start, epochs: 2, optimizer });
    expect(result.members.map(({ bestEpoch }) => bestEpoch)).toEqual([0, 0]);
    const before = loadPotential(start, angstromElectronvolt).potential;
    expect(apart(energies(potential, wild), energies(before, wild))).toBeLessThan(1e-10);
  });

  it("gives members that the start does not have random weights, and says so", async () => {
    const start = join(directory, "long");
    const { potential, result } = await train("more", ["calm.extxyz"], { start, epochs: 0, committee: { members: 3 } });
    expect(potential.members).toHaveLength(3);
    expect(result.choices.join(" ")).toContain("1 of 3 members start from random weights");
  });

  it("counts structures by their loss_weight", async () => {
    const weighted = calm.map((f, i) => (i < 4 ? { ...f, info: new Map([...f.info, ["loss_weight", 0]]) } : f));
    await writeFrames(join(directory, "weighted.extxyz"), weighted);
    const all = await train("all", ["weighted.extxyz"], { epochs: 1, optimizer: { method: "momentum", batch: 16 } });
    const plain = await train("plain", ["calm.extxyz"], { epochs: 1, optimizer: { method: "momentum", batch: 16 } });
    // The first loss is that of the start: the same networks, without four structures.
    expect(all.result.members[0].history[0].loss).toBeLessThan(plain.result.members[0].history[0].loss);
    await writeFrames(join(directory, "wrong.extxyz"), [{ ...calm[0], info: new Map([["loss_weight", -1]]) }, ...calm]);
    await expect(train("wrong", ["wrong.extxyz"], { epochs: 1 })).rejects.toThrow(
      /loss_weight of this structure is -1/,
    );
  });

  it("refuses elements that the potential does not know", async () => {
    const strange = {
      ...calm[0],
      structure: { ...calm[0].structure, species: calm[0].structure.species.map(() => 32) },
    };
    await writeFrames(join(directory, "strange.extxyz"), [...calm, strange]);
    const start = join(directory, "long");
    await expect(train("strange", ["strange.extxyz"], { start })).rejects.toThrow(/contain Ge.*does not know.*Si/s);
  });
});

describe("potluck train", () => {
  it("takes `start` beside the configuration, and misses it by name", async () => {
    const file = join(directory, "warm.yaml");
    const text = "data: calm.extxyz\nstart: long\nepochs: 1\nthreads: 1\ncommittee: {members: 2}\nsplit: {test: 0}\n";
    writeFileSync(file, text);
    const terminal = memoryTerminal();
    expect(await run(["train", file, "--out", join(directory, "warm"), "--json"], terminal)).toBe(0);
    const { choices } = JSON.parse(terminal.out.text);
    expect(choices.join(" ")).toContain("The fit goes on from");
    const saved = readFileSync(join(directory, "warm", "config.yaml"), "utf8");
    expect(saved).toContain(`start: ${join(directory, "long")}`);
    const other = memoryTerminal();
    writeFileSync(file, text.replace("start: long", "start: nowhere"));
    expect(await run(["train", file, "--out", join(directory, "warm-2")], other)).toBe(2);
    expect(other.err.text).toContain("nowhere");
  });
});
