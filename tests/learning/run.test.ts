/**
 * Whole loops with real threads, Stillinger and Weber's silicon as the engine: it learns, whatever it starts from and however it
 * explores; it can be interrupted, and says what is wrong. The workers are the built ones: `npm run build` first.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readAllFrames, writeFrames } from "../../src/hosts/node/files.js";
import { learnOnTheFly } from "../../src/hosts/node/learn.js";
import { openSimulationPotential, type SimulationPotential } from "../../src/hosts/node/simulate-potential.js";
import {
  initialStructures,
  type LearnEvent,
  type LearningConfigurationInput,
  type LearningResult,
  learningFormat,
} from "../../src/learning/index.js";
import { diamond, type Frame, type Structure } from "../../src/structure/index.js";
import { angstromElectronvolt } from "../../src/units/index.js";

const teacherRecord = { kind: "published", name: "silicon-stillinger-weber-1985" } as const;
let folder = "";
let teacher: SimulationPotential;

const labelled = (structure: Structure): Frame => {
  const { energy, forces, stress } = teacher.evaluate(structure);
  return {
    ...{ structure, energy, forces: forces.slice(), ...(stress === undefined ? {} : { stress: stress.slice() }) },
    ...{ info: new Map(), columns: new Map(), source: { file: "teacher", structure: 1, line: 1 } },
  };
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "potluck-learn-"));
  teacher = await openSimulationPotential(teacherRecord, { units: angstromElectronvolt, atoms: 8 });
  const crystal = diamond("Si", 5.431);
  await writeFrames(join(folder, "silicon.extxyz"), [labelled(crystal)]);
  const calm = { labels: 12, displacement: 0.05, strain: 0.02, seed: 1 };
  await writeFrames(join(folder, "data.extxyz"), initialStructures([crystal], calm).map(labelled));
  const wild = { labels: 25, displacement: 0.12, strain: 0.03, seed: 2 };
  await writeFrames(join(folder, "test.extxyz"), initialStructures([crystal], wild).slice(1).map(labelled));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const potentialWith = ({ hidden, members, epochs }: { hidden: number[]; members: number; epochs: number }) => ({
  ...{ descriptors: { cutoff: 4.5, size: "small" }, network: { hidden }, committee: { members }, epochs },
  optimizer: { method: "soap", batch: 2 },
});

const configurationOf = (more: Partial<LearningConfigurationInput> = {}) =>
  learningFormat.resolve({
    structure: join(folder, "silicon.extxyz"),
    engine: { settings: { potential: teacherRecord } },
    initial: { labels: 5 },
    potential: potentialWith({ hidden: [5], members: 2, epochs: 20 }),
    explore: {
      walkers: [{ kind: "dynamics", temperature: [600, 1500], pressure: 0, timestep: 2, steps: 400 }],
      ...{ stepsPerRound: 100, checkpoint: 50 },
    },
    doubt: { spacing: 20, disagreement: { collect: 0.15, stop: 1 } },
    ...{ select: { most: 3 }, budget: { rounds: 3 }, threads: 2, seed: 5 },
    ...more,
  });

interface RunOptions {
  readonly resume?: boolean;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: LearnEvent) => void;
}

function runLoop(
  name: string,
  more: Partial<LearningConfigurationInput>,
  options: RunOptions = {},
): Promise<LearningResult> {
  const { resume = false, onEvent = () => {}, signal } = options;
  return learnOnTheFly(configurationOf(more), { directory: join(folder, name), resume, onEvent, signal });
}

const potentialOf = (name: string): unknown =>
  // The record beside the networks names the run's directory.
  JSON.parse(readFileSync(join(folder, name, "potential.json"), "utf8")).members;

describe("a loop", () => {
  it("learns from nothing what it meets, and leaves all of it behind", async () => {
    const properties = [
      { kind: "equation-of-state" as const, structure: join(folder, "silicon.extxyz"), reference: "engine" as const },
      { kind: "vacancy" as const, structure: join(folder, "silicon.extxyz"), copies: [2, 2, 2], reference: 4.6 },
    ];
    const result = await runLoop("whole", {
      ...{ test: join(folder, "test.extxyz"), check: { properties }, budget: { labels: 24, rounds: 8 } },
      potential: potentialWith({ hidden: [8], members: 3, epochs: 60 }),
    });
    const errors = result.rounds.flatMap(({ fit }) => fit?.errors.test?.forces?.rmse ?? []);
    console.log(
      `test errors of the forces, eV/Å: ${errors.map((e) => e.toFixed(2)).join(", ")}; ${result.labels} labels`,
    );
    expect(errors.length).toBeGreaterThan(2);
    expect(errors.at(-1)).toBeLessThan(0.5 * errors[0]);
    expect(result.labels).toBeGreaterThan(10);
    expect(result.labels).toBeLessThanOrEqual(30);
    // The error on new labels before they enter is there for every round that bought some.
    for (const { round, bought, before } of result.rounds)
      if (round > 0 && bought > 0) expect(before?.forces?.count).toBe(3 * 8 * bought);
    expect(result.references["bulk-modulus"]).toBeGreaterThan(95);
    expect(result.references["bulk-modulus"]).toBeLessThan(110);
    expect(result.references.vacancy).toBe(4.6);
    const labels = await readAllFrames(join(folder, "whole", "labels.extxyz"));
    expect(labels).toHaveLength(result.labels);
    for (const { structure, energy, forces, info } of labels) {
      const found = teacher.evaluate(structure);
      expect(energy).toBe(found.energy);
      expect([...forces!]).toEqual([...found.forces]);
      expect(info.get("loss_weight")).toBeUndefined();
    }
    expect(existsSync(join(folder, "whole", "result.json"))).toBe(true);
  });

  it("interrupted in order and taken up again ends with the same bits", async () => {
    await runLoop("unbroken", {});
    const stops: readonly (readonly [string, number])[] = [
      ["leg", 3],
      ["labelled", 6],
      ["fitted", 2],
    ];
    for (const [event, count] of stops) {
      const stop = new AbortController();
      let seen = 0;
      const onEvent = (it: LearnEvent): void => {
        if (it.kind === "record" && it.record.event === event && ++seen === count) stop.abort();
      };
      const name = `stopped-${event}`;
      const first = await runLoop(name, {}, { signal: stop.signal, onEvent });
      expect(first.reason).toBeNull();
      const second = await runLoop(name, {}, { resume: true });
      expect(second.reason).toBe("rounds");
      expect(potentialOf(name), `stopped at ${event}`).toEqual(potentialOf("unbroken"));
    }
  });

  it("goes on from data, from a potential alone, and from both", async () => {
    const start = join(folder, "unbroken");
    const data = join(folder, "data.extxyz");
    const budget = { rounds: 1 };
    const kinds = async (name: string, more: Partial<LearningConfigurationInput>) =>
      (await runLoop(name, { ...more, budget })).rounds.flatMap(({ fit }) => fit?.kind ?? []);
    expect(await kinds("from-data", { data, structure: null })).toEqual(["scratch", "warm"]);
    expect((await kinds("from-potential", { start }))[0]).toBe("given");
    expect((await kinds("from-both", { start, data }))[0]).toBe("given");
  });

  it("explores by Monte Carlo, relaxation and given structures", async () => {
    const pool = join(folder, "pool.extxyz");
    const strained = initialStructures([diamond("Si", 5.431)], { labels: 8, displacement: 0.3, strain: 0.08, seed: 9 });
    await writeFrames(pool, strained.map(labelled));
    const walkers = [
      { kind: "monte-carlo", name: "moves", temperature: 1500, pressure: 0, steps: 300 } as const,
      { kind: "relax", name: "down", structure: pool, frame: 3, pressure: 0, steps: 60 } as const,
      { kind: "structures", name: "pool", structure: pool } as const,
    ];
    const explore = { walkers, stepsPerRound: 150, checkpoint: 50 };
    const result = await runLoop("kinds", { data: join(folder, "data.extxyz"), explore });
    const looked = new Set(result.rounds.flatMap((round) => round.walkers.map(({ name }) => name)));
    expect([...looked].sort()).toEqual(["down-0GPa-relax", "moves", "pool"]);
    expect(result.labels).toBeGreaterThan(2);
    const [first] = result.rounds.slice(1);
    expect(first.walkers.find(({ name }) => name === "pool")!.looks).toHaveLength(8);
  });

  it("at random takes what walkers pass, in doubt or not", async () => {
    const doubt = { spacing: 20, disagreement: { collect: 50, stop: 60 } };
    const explore = {
      walkers: [{ kind: "dynamics" as const, temperature: 100, steps: 300 }],
      stepsPerRound: 100,
      checkpoint: 50,
    };
    const calm = { doubt, explore, budget: { rounds: 1 } };
    const none = await runLoop("sure", calm);
    expect(none.rounds[1]).toMatchObject({ bought: 0, doubtful: 0, fit: null });
    const some = await runLoop("random", { ...calm, select: { method: "random", most: 3, separation: 0 } });
    expect(some.rounds[1]).toMatchObject({ bought: 3, doubtful: 0 });
  });
});

describe("what is wrong is told, and nothing is lost", () => {
  it("labels that fail are recorded and named; none at all ends the loop", async () => {
    const user = join(folder, "user");
    mkdirSync(user);
    writeFileSync(join(user, "INCAR"), "ENCUT = 300\nKSPACING = 0.5\n");
    writeFileSync(
      join(user, "POTCAR"),
      "  PAW_PBE Si 05Jan2001\n   TITEL  = PAW_PBE Si 05Jan2001\n   End of Dataset\n",
    );
    const command = [process.execPath, join(import.meta.dirname, "../contracts/programs/fake-vasp.mjs")];
    const failing = (mode: string) =>
      ({ engine: { kind: "vasp", settings: { command, directory: user, environment: { FAKE_VASP: mode } } } }) as const;
    const unconverged = await runLoop("unconverged", { ...failing("unconverged"), initial: { labels: 2 } });
    expect(unconverged).toMatchObject({
      reason: "label-failed",
      labels: 0,
      failures: [{ kind: "unconverged", count: 2 }],
    });
    const attempts = (name: string) =>
      readFileSync(join(folder, name, "journal.jsonl"), "utf8").split('"event":"failed"').length - 1;
    // The same input would not converge another time either; what has crashed may have been an accident.
    expect(attempts("unconverged")).toBe(2);
    const crashed = await runLoop("crashed", { ...failing("crash"), initial: { labels: 2 }, label: { retries: 2 } });
    expect(crashed).toMatchObject({ reason: "label-failed", labels: 0, failures: [{ kind: "crashed", count: 2 }] });
    expect(attempts("crashed")).toBe(6);
  });

  it("a full disk stops with a message, and the run goes on when there is space", async () => {
    mkdirSync(join(folder, "full"));
    symlinkSync("/dev/full", join(folder, "full", `labels.extxyz.${process.pid}.tmp`));
    await expect(runLoop("full", {})).rejects.toThrow(/The disk is full/);
    await runLoop("full", {}, { resume: true });
    expect(potentialOf("full")).toEqual(potentialOf("unbroken"));
  });

  it("two loops in one directory, another configuration, a run that is not to be resumed, a changed potential", async () => {
    const other = spawn("sleep", ["60"]);
    mkdirSync(join(folder, "busy"));
    // As another loop leaves it while it is at work.
    const started = readFileSync(`/proc/${other.pid}/stat`, "latin1").split(") ")[1].split(" ")[19];
    writeFileSync(join(folder, "busy", `.running-${hostname()}-${other.pid}`), started);
    await expect(runLoop("busy", { budget: { rounds: 1 } })).rejects.toThrow(/Another process is at work/);
    other.kill();
    await new Promise((resolve) => other.once("close", resolve));
    await runLoop("busy", { budget: { rounds: 1 } });
    await expect(runLoop("busy", { budget: { rounds: 1 } })).rejects.toThrow(
      /There is a run in this directory already/,
    );
    await expect(runLoop("busy", { seed: 6 }, { resume: true })).rejects.toThrow(/another configuration/);
    const further = await runLoop("busy", { budget: { rounds: 2 } }, { resume: true });
    expect(further.rounds.filter(({ fit }) => fit !== null).length).toBeGreaterThan(2);
    const { potential } = lastFit("busy");
    writeFileSync(join(folder, "busy", potential), `${readFileSync(join(folder, "busy", potential), "utf8")} `);
    await expect(runLoop("busy", { budget: { rounds: 3 } }, { resume: true })).rejects.toThrow(/content has changed/);
  });

  it("a committee of one cannot doubt", async () => {
    await expect(runLoop("alone", { potential: { committee: { members: 1 }, epochs: 1 } })).rejects.toThrow(
      /does not know its uncertainty/,
    );
  });
});

function lastFit(name: string): { readonly potential: string } {
  const lines = readFileSync(join(folder, name, "journal.jsonl"), "utf8")
    .trim()
    .split("\n");
  const last = lines.map((line) => JSON.parse(line)).findLast(({ event }) => event === "fitted");
  return { potential: last.file };
}
