/**
 * The main job with real threads on a few silicon structures: the same bits every time, also when it was stopped and resumed,
 * and the same fit whatever the number of threads. The workers are the built ones: `npm run build` first.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readAllFrames, writeFrames } from "../../src/hosts/node/files.js";
import { configurationOfInputNn } from "../../src/hosts/node/input-nn.js";
import { createKernels } from "../../src/hosts/node/kernels.js";
import { loadPotential } from "../../src/hosts/node/potentials.js";
import {
  startRunDirectory,
  type TrainingEvent,
  TrainingStopped,
  type TrainOutcome,
  trainPotential,
} from "../../src/hosts/node/train.js";
import { fitIdentity } from "../../src/hosts/node/train-fit.js";
import { spreadSourceOf } from "../../src/potentials/definition.js";
import { NetworkEvaluator } from "../../src/potentials/network-evaluator.js";
import { trainingFormat } from "../../src/training/configuration.js";
import { parseCalibration } from "../../src/uncertainty/index.js";
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
  readonly dropout?: number;
  /** Share of the test set. */
  readonly test?: number;
  readonly members?: number;
  readonly optimizer?: Readonly<Record<string, unknown>>;
  readonly network?: { readonly hidden: readonly number[]; readonly activation?: readonly string[] };
  readonly resume?: boolean;
  /** MB */
  readonly memory?: number;
  /** Stopped once this epoch has been reported. */
  readonly stopAt?: number;
}

/** Trains into directory/name. */
function train(name: string, options: RunOptions): Promise<TrainOutcome> {
  const { threads, members = 1, optimizer = { method: "soap", batch: 4 }, resume = false, stopAt } = options;
  const { dropout = 0, test = 0.1, network = { hidden: [5] }, memory = null } = options;
  const configuration = trainingFormat.resolve({
    data: join(directory, "some.extxyz"),
    ...{ threads, memory },
    epochs: EPOCHS,
    seed: 7,
    descriptors: { cutoff: 4, size: "small" },
    network: { ...network, dropout: { probability: dropout, passes: 12 } },
    split: { test },
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

  it("whatever the memory, the same bits; and it says so where derivatives are made anew", async () => {
    const [kept, none, some] = [
      await train("kept", { threads: 2, members: 2 }),
      await train("none-kept", { threads: 2, members: 2, memory: 0 }),
      await train("some-kept", { threads: 2, members: 2, memory: 0.3 }),
    ];
    const members = (name: string) => (JSON.parse(potentialBytes(name)) as { members: readonly object[] }).members;
    expect(members("kept")).toHaveLength(2);
    expect(members("none-kept")).toEqual(members("kept"));
    expect(members("some-kept")).toEqual(members("kept"));
    const told = [kept, none, some].map(({ result }) => result.choices.find((text) => text.includes("made anew")));
    expect(told[0]).toBeUndefined();
    expect(told[1]).toMatch(/^Derivatives of 24 of 24 structures/);
    expect(told[2]).toMatch(/^Derivatives of ([1-9]|1\d|2[0-3]) of 24 structures/);
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

  it("with dropout one thread or two or three: the same fit but for rounding, and as good as resumed", async () => {
    const options = { dropout: 0.2, optimizer: { method: "momentum", batch: 4, rate: 0.003 } };
    const [one, two, three] = [
      await train("drop-one", { threads: 1, ...options }),
      await train("drop-two", { threads: 2, ...options }),
      await train("drop-three", { threads: 3, ...options }),
    ].map(losses);
    one.forEach((loss, k) => {
      expect(Math.abs(two[k] / loss - 1)).toBeLessThan(1e-10);
      expect(Math.abs(three[k] / loss - 1)).toBeLessThan(1e-10);
    });
    await expect(train("drop-stopped", { threads: 2, ...options, stopAt: 3 })).rejects.toThrow(TrainingStopped);
    await train("drop-stopped", { threads: 2, ...options, resume: true });
    expect(potentialBytes("drop-stopped")).toBe(potentialBytes("drop-two"));
  });

  it("the spread is calibrated on structures that no member has learned from", async () => {
    const { uncertainty, result } = await train("calibrated", { threads: 2, members: 3, test: 0.5 });
    const { record } = loadPotential(join(directory, "calibrated"), angstromElectronvolt);
    const test = result.comparisons.filter(({ set }) => set === "test");
    expect(test.length).toBeGreaterThanOrEqual(10);
    const calibration = parseCalibration(record.calibration);
    expect(calibration).toMatchObject({ source: "committee", structures: test.length });
    expect(calibration).toEqual(uncertainty.calibration);
    // It was fitted to the test set, so the test set is no test of it.
    expect(uncertainty.judged!.report.committee!.forces!.calibration!.from).toBe("these values");
    expect(result.choices.at(-1)).toMatch(/committee was calibrated on/);
    expect(readFileSync(join(directory, "calibrated", "result.json"), "utf8")).toContain('"reliability"');
  });

  it("too few held-out structures calibrate nothing, and the choices say so", async () => {
    const { uncertainty, result } = await train("uncalibrated", { threads: 1, members: 2 });
    expect(uncertainty.calibration).toBeUndefined();
    expect(loadPotential(join(directory, "uncalibrated"), angstromElectronvolt).record).not.toHaveProperty(
      "calibration",
    );
    expect(result.choices.at(-1)).toMatch(/not calibrated/);
  });

  it("a resumed run counts the time of all its parts", async () => {
    await expect(train("timed", { threads: 1, stopAt: 2 })).rejects.toThrow(TrainingStopped);
    const path = join(directory, "timed", "journal.jsonl");
    const lines = readFileSync(path, "utf8").trim().split("\n");
    const { wall } = JSON.parse(lines.at(-1)!);
    expect(wall).toBeGreaterThan(0);
    // As if the first part had taken an hour, and been killed while it wrote.
    writeFileSync(path, `${lines.slice(0, -1).join("\n")}\n{"event":"epoch","wall":3600}\n{"event":"ep`);
    const { result } = await train("timed", { threads: 1, resume: true });
    expect(result.parts["earlier runs"]).toBe(3600);
    expect(result.seconds).toBeGreaterThan(3600);
    const sum = Object.values(result.parts).reduce((a, b) => a + b, 0);
    expect(Math.abs(result.seconds - sum)).toBeLessThan(0.01 * result.seconds);
  });

  it("a checkpoint from before dropout belongs to the same fit", () => {
    const about = { hash: "abc", threads: 2 };
    const configuration = trainingFormat.resolve({ data: "a.xyz" });
    expect(fitIdentity(configuration, about)).not.toContain("dropout");
    const other = trainingFormat.resolve({ data: "a.xyz", network: { dropout: 0.1 } });
    expect(fitIdentity(other, about)).toContain("dropout");
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

  it.each([
    ["committee", { members: 2 }],
    ["dropout", { dropout: 0.2 }],
  ] as const)("the potential on disk predicts what the result says of the structures, %s", async (name, options) => {
    const { result } = await train(`checked-${name}`, { threads: 2, ...options });
    const { potential } = loadPotential(join(directory, `checked-${name}`), angstromElectronvolt);
    expect(spreadSourceOf(potential)).toBe(name);
    const evaluator = new NetworkEvaluator(createKernels(), potential);
    const frames = await readAllFrames(join(directory, "some.extxyz"));
    for (const { structure, energy, forces, uncertainty } of result.comparisons) {
      const found = evaluator.evaluate(frames[structure - 1].structure);
      expect(energy!.predicted).toBeCloseTo(found.energy, 8);
      // Forces of the result come from derivatives stored in f32.
      expect(apart(forces!.predicted, found.forces)).toBeLessThan(1e-5);
      expect(uncertainty!.energy).toBeCloseTo(found.uncertainty!.energy, 8);
      expect(apart(uncertainty!.forces, found.uncertainty!.forces)).toBeLessThan(1e-5);
    }
  });

  it("layers may have activations of their own, one for each", async () => {
    const network = { hidden: [5, 4], activation: ["tanh", "softplus"] };
    const { potential } = await train("mixed", { threads: 1, network });
    expect(potential.members[0]!.elements[0]!.network.activations).toEqual(["t", "p", "l"]);
    const wrong = { hidden: [5], activation: ["tanh", "softplus"] };
    await expect(train("too-many", { threads: 1, network: wrong })).rejects.toThrow(
      /2 names for the 1 hidden layers of Si/,
    );
  });

  it("an input.nn with an activation for each layer is accepted", () => {
    const lines = ["number_of_elements 1", "elements Si", "global_hidden_layers_short 2", "global_nodes_short 5 4"];
    const more = ["global_activation_short t p l", "cutoff_type 1", "symfunction_short Si 2 Si 0.1 0 6"];
    const folder = join(directory, "input-nn");
    mkdirSync(folder);
    writeFileSync(join(folder, "input.nn"), [...lines, ...more, ""].join("\n"));
    writeFileSync(join(folder, "input.data"), "begin\nend\n");
    const { configuration } = configurationOfInputNn(join(folder, "input.nn"));
    expect(configuration.network).toMatchObject({ hidden: [5, 4], activation: ["tanh", "softplus"] });
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
