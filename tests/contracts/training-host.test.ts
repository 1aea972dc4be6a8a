/**
 * The main job with real threads on a few silicon structures: the same bits every time, also when it was stopped and resumed,
 * and the same fit whatever the number of threads. The workers are the built ones: `npm run build` first.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readAllFrames, writeFrames } from "../../src/hosts/node/files.js";
import { createKernels } from "../../src/hosts/node/kernels.js";
import { loadPotential } from "../../src/hosts/node/potentials.js";
import {
  startRunDirectory,
  type TrainingEvent,
  TrainingStopped,
  type TrainOutcome,
  trainPotential,
} from "../../src/hosts/node/train.js";
import { NetworkEvaluator } from "../../src/potentials/network-evaluator.js";
import { resolveTrainingConfiguration } from "../../src/training/configuration.js";
import { angstromElectronvolt } from "../../src/units/index.js";
import { apart } from "../physics/random-potential.js";

const silicon = fileURLToPath(new URL("../../examples/silicon/silicon.extxyz.gz", import.meta.url));
const EPOCHS = 5;
let directory = "";

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "potluck-training-"));
  const frames = (await readAllFrames(silicon)).filter((f, i) => i % 9 === 0 && f.structure.species.length <= 16);
  await writeFrames(join(directory, "some.extxyz"), frames.slice(0, 24));
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

interface RunOptions {
  readonly threads: number;
  readonly members?: number;
  readonly optimizer?: Readonly<Record<string, unknown>>;
  readonly resume?: boolean;
  /** Stopped once this epoch has been reported. */
  readonly stopAt?: number;
}

/** Trains into directory/name. */
function train(name: string, options: RunOptions): Promise<TrainOutcome> {
  const { threads, members = 1, optimizer = { method: "soap", batch: 4 }, resume = false, stopAt } = options;
  const configuration = resolveTrainingConfiguration({
    data: join(directory, "some.extxyz"),
    threads,
    epochs: EPOCHS,
    seed: 7,
    descriptors: { cutoff: 4, size: "small" },
    network: { hidden: [5] },
    committee: { members },
    optimizer,
  });
  const out = join(directory, name);
  startRunDirectory(out);
  const stop = new AbortController();
  const onEvent = (event: TrainingEvent): void => {
    if (event.kind === "epoch" && event.record.epoch === stopAt) stop.abort();
  };
  return trainPotential(configuration, { directory: out, resume, onEvent, signal: stop.signal });
}

const potentialBytes = (name: string): string => readFileSync(join(directory, name, "potential.json"), "utf8");
const losses = ({ result }: TrainOutcome): number[] => result.members.flatMap((m) => m.history.map((h) => h.loss));

describe("training with threads", () => {
  it("two threads on one member: the same bits twice", async () => {
    await train("two", { threads: 2 });
    await train("two-again", { threads: 2 });
    expect(potentialBytes("two-again")).toBe(potentialBytes("two"));
  });

  it("one thread or two or three on one member: the same fit but for rounding", async () => {
    // Not by Adam or SOAP, which make whole steps of gradients that are nothing but rounding.
    const optimizer = { method: "momentum", batch: 4, rate: 0.003 };
    const [one, two, three] = [
      await train("one", { threads: 1, optimizer }),
      await train("pair", { threads: 2, optimizer }),
      await train("trio", { threads: 3, optimizer }),
    ].map(losses);
    expect(one).toHaveLength(EPOCHS);
    expect(one[EPOCHS - 1]).toBeLessThan(0.95 * one[0]);
    one.forEach((loss, k) => {
      expect(Math.abs(two[k] / loss - 1)).toBeLessThan(1e-10);
      expect(Math.abs(three[k] / loss - 1)).toBeLessThan(1e-10);
    });
  });

  it.each([
    ["soap", { method: "soap", batch: 4 }],
    ["kalman", { method: "kalman", forceFraction: 0.05 }],
  ])("stopped after two epochs and resumed, two threads, %s", async (name, optimizer) => {
    await train(`${name}-unbroken`, { threads: 2, optimizer });
    await expect(train(`${name}-stopped`, { threads: 2, optimizer, stopAt: 2 })).rejects.toThrow(TrainingStopped);
    expect(() => potentialBytes(`${name}-stopped`)).toThrow();
    const resumed = await train(`${name}-stopped`, { threads: 2, optimizer, resume: true });
    expect(potentialBytes(`${name}-stopped`)).toBe(potentialBytes(`${name}-unbroken`));
    expect(resumed.result.members[0].history.map((h) => h.epoch)).toEqual([1, 2, 3, 4, 5]);
  });

  it("a committee of three on two threads, stopped and resumed", async () => {
    const options = { threads: 2, members: 3 };
    const unbroken = await train("committee-unbroken", options);
    await expect(train("committee-stopped", { ...options, stopAt: 3 })).rejects.toThrow(TrainingStopped);
    await train("committee-stopped", { ...options, resume: true });
    expect(potentialBytes("committee-stopped")).toBe(potentialBytes("committee-unbroken"));
    const [a, b] = unbroken.potential.members;
    expect(apart(a.elements[0].network.parameters, b.elements[0].network.parameters)).toBeGreaterThan(1e-3);
  });

  it("the potential on disk predicts what the result says of the structures", async () => {
    const { result } = await train("checked", { threads: 2, members: 2 });
    const { potential } = loadPotential(join(directory, "checked"), angstromElectronvolt);
    const evaluator = new NetworkEvaluator(createKernels(), potential);
    const frames = await readAllFrames(join(directory, "some.extxyz"));
    for (const { structure, energy, forces, disagreement } of result.comparisons) {
      const found = evaluator.evaluate(frames[structure - 1].structure);
      expect(energy!.predicted).toBeCloseTo(found.energy, 8);
      // Forces of the result come from derivatives stored in f32.
      expect(apart(forces!.predicted, found.forces)).toBeLessThan(1e-5);
      expect(Math.abs(disagreement! - found.uncertainty!.disagreement)).toBeLessThan(1e-5);
    }
  });

  it.each([
    ["cut off", (bytes: Uint8Array) => bytes.slice(0, bytes.length - 40)],
    ["damaged", (bytes: Uint8Array) => bytes.map((x, i) => (i === bytes.length - 9 ? x ^ 1 : x))],
  ])("a checkpoint that is %s is refused by name", async (reason, change) => {
    const name = `bad-${reason.replace(" ", "-")}`;
    await expect(train(name, { threads: 1, stopAt: 1 })).rejects.toThrow(TrainingStopped);
    const path = join(directory, name, "checkpoints", "member-1.checkpoint");
    writeFileSync(path, change(readFileSync(path)));
    await expect(train(name, { threads: 1, resume: true })).rejects.toThrow(
      new RegExp(`member-1.checkpoint.*${reason}`),
    );
  });

  it("a checkpoint of another configuration is refused", async () => {
    await expect(train("other", { threads: 1, stopAt: 1 })).rejects.toThrow(TrainingStopped);
    const optimizer = { method: "adam" };
    await expect(train("other", { threads: 1, optimizer, resume: true })).rejects.toThrow(/another configuration/);
  });
});
