/**
 * A loop whose labels and fits are jobs of a Slurm that the test starts on this machine: it ends as the loop on this machine does, also
 * when it is killed at random moments, and buys no label twice. Skipped where Slurm is absent (apt-get install slurm-wlm), unless
 * POTLUCK_REQUIRE_ENGINES is "true". The loop is the built one: `npm run build` first.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { discardLearningJobs } from "../../src/hosts/node/learn.js";
import { learningFormat } from "../../src/learning/index.js";
import { RandomStream } from "../../src/math/random.js";
import { missingOfSlurm, SlurmMachine } from "../reference/slurm-machine.js";
import { type Accounts, accountsOf, configurationFor } from "./kills.js";

const SEED = Number(process.env.POTLUCK_SEED ?? Math.floor(1e6 * Math.random()));
console.log(`loops through Slurm: seed ${SEED}`);
const random = new RandomStream(SEED, "slurm loops");
const programs = join(import.meta.dirname, "programs");

describe("the configuration", () => {
  const base = { structure: "a.extxyz", engine: { kind: "vasp" } };
  const parse = (more: object) => learningFormat.parse(JSON.stringify({ ...base, ...more }), "learn.yaml");

  it("has the keys of the cluster, and what is different for fits", () => {
    const { execution } = parse({
      execution: { kind: "slurm", partition: "long", tasks: 16, fits: { cpusPerTask: 4 } },
    });
    expect(execution).toMatchObject({
      kind: "slurm",
      partition: "long",
      tasks: 16,
      attempts: 3,
      fits: { cpusPerTask: 4 },
    });
    expect(parse({ execution: "slurm" }).execution.kind).toBe("slurm");
    expect(parse({}).execution).toEqual({ kind: "local" });
    expect(() => parse({ execution: { kind: "slurm", tiem: 30 } })).toThrow(/Did you mean `execution\.time`\?/);
  });

  it.each([
    ["a program that is kept running", { engine: { kind: "vasp", warm: true }, execution: "slurm" }],
    ["limits that jobs have of their own", { engine: { kind: "vasp", seconds: 60 }, execution: "slurm" }],
    ["another place for fits", { potential: { execution: "slurm" } }],
  ])("contradicts %s", (_, keys) => {
    expect(() => parse(keys)).toThrow(/execution/);
  });
});

const missing = missingOfSlurm();
if (missing !== undefined && process.env.POTLUCK_REQUIRE_ENGINES === "true") throw new Error(missing);

describe.skipIf(missing !== undefined)(`loops${missing === undefined ? "" : `: ${missing}`} (seed ${SEED})`, () => {
  const folder = mkdtempSync(join(tmpdir(), "potluck-slurm-loops-"));
  const children: ChildProcess[] = [];
  let slurm: SlurmMachine;
  let here: Accounts;

  beforeAll(async () => {
    slurm = await SlurmMachine.start();
    here = await whole("here", { kind: "local" });
  });
  afterAll(async () => {
    for (const child of children) child.kill("SIGKILL");
    await slurm?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const cluster = { kind: "slurm", poll: 0.3, shell: ["/bin/sh"], fits: { cpusPerTask: 1 } };

  function loop(name: string, execution: object, more: object = {}) {
    const place = join(folder, name);
    mkdirSync(place, { recursive: true });
    const file = join(place, "configuration.json");
    writeFileSync(file, JSON.stringify({ ...configurationFor(folder), budget: { rounds: 2 }, execution, ...more }));
    const child = spawn(process.execPath, [join(programs, "slurm-loop.mjs"), file, "run"], {
      cwd: place,
      env: { ...slurm.environment, ENGINE_LOG: join(place, "engine.log") },
      stdio: ["ignore", "pipe", "pipe"],
    });
    children.push(child);
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (piece) => (output += String(piece)));
    const ended = new Promise<{ code: number | null; output: string }>((resolve) =>
      child.once("close", (code) => resolve({ code, output })),
    );
    return { child, ended };
  }

  function accounts(name: string): Accounts {
    const log = join(folder, name, "engine.log");
    const lines = existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : [];
    return accountsOf({ kills: [], directory: join(folder, name, "run"), log: lines, output: "" });
  }

  async function whole(name: string, execution: object): Promise<Accounts> {
    const { code, output } = await loop(name, execution).ended;
    expect(code, output).toBe(0);
    return accounts(name);
  }

  const members = ({ potential }: Accounts): unknown => JSON.parse(potential).members;

  /** What must be true of a loop, whoever was killed meanwhile. */
  function compare(found: Accounts): void {
    expect(new Set(found.bought).size).toBe(found.bought.length);
    expect([...found.bought].sort()).toEqual([...here.bought].sort());
    expect([...found.files].sort()).toEqual([...here.files].sort());
    expect([...found.ends].filter(([, count]) => count !== 1)).toEqual([]);
    expect([...found.ends.keys()].sort()).toEqual([...here.ends.keys()].sort());
    expect(members(found)).toEqual(members(here));
  }

  /** Jobs of each array that was submitted. */
  const arrays = (name: string, file: string): string[][] =>
    readFileSync(join(folder, name, "run", file), "utf8")
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as { event: string; jobs: string[] })
      .flatMap(({ event, jobs }) => (event === "submitting" ? [jobs] : []));

  it("have the labels and the potential of a loop on this machine", async () => {
    const found = await whole("jobs", cluster);
    expect(found.bought.length).toBeGreaterThan(4);
    compare(found);
    // The labels of a round are one array, and so are the members of a fit.
    expect(arrays("jobs", "slurm/slurm.jsonl")[0]).toHaveLength(4);
    expect(arrays("jobs", "rounds/000/fit/slurm/slurm.jsonl")).toEqual([["member-1", "member-2"]]);
  }, 240_000);

  it("that are killed at random moments buy no label twice and fit no member twice", async () => {
    let kills = 0;
    for (; ; kills++) {
      const { child, ended } = loop("killed", cluster);
      const timer = setTimeout(() => child.kill("SIGKILL"), 1000 + (2500 + 1500 * kills) * random.uniform());
      const { code, output } = await ended;
      clearTimeout(timer);
      if (code === 0) break;
      expect(code, output).toBeNull();
    }
    console.log(`loops through Slurm: killed ${kills} times`);
    expect(kills).toBeGreaterThan(1);
    compare(accounts("killed"));
    const asked = arrays("killed", "slurm/slurm.jsonl").flat();
    expect(new Set(asked).size).toBe(asked.length);
    for (const round of ["000", "001"])
      expect(arrays("killed", `rounds/${round}/fit/slurm/slurm.jsonl`).flat()).toHaveLength(2);
  }, 300_000);

  it("fit as jobs, and label here where a potential of ours labels", async () => {
    const engine = { settings: { potential: { kind: "published", name: "silicon-stillinger-weber-1985" } } };
    const { code, output } = await loop("embedded", cluster, { engine, budget: { rounds: 0 } }).ended;
    expect(code, output).toBe(0);
    expect(arrays("embedded", "rounds/000/fit/slurm/slurm.jsonl")).toEqual([["member-1", "member-2"]]);
    expect(existsSync(join(folder, "embedded", "run", "slurm"))).toBe(false);
  });

  it("that are overwritten take their jobs out of the queue", async () => {
    const engine = { settings: { potential: { kind: "published", name: "silicon-stillinger-weber-1985" } } };
    const { potential } = configurationFor(folder) as { potential: object };
    const endless = { ...potential, epochs: 1_000_000 };
    const { child, ended } = loop("overwritten", cluster, { engine, potential: endless });
    const queue = async (): Promise<string> => await slurm.ask("squeue", "--noheader", "--format=%T");
    while (child.exitCode === null && !(await queue()).includes("RUNNING")) await pause(200);
    child.kill("SIGKILL");
    await ended;
    expect(await queue()).toContain("RUNNING");
    const before = process.env;
    process.env = { ...before, ...slurm.environment };
    await discardLearningJobs(join(folder, "overwritten", "run")).finally(() => {
      process.env = before;
    });
    expect(await queue()).toBe("");
  }, 120_000);
});
