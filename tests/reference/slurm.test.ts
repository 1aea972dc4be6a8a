/**
 * Jobs through a Slurm that the test starts on this machine: every job ends exactly once whatever is killed, requeued or cancelled.
 * Skipped where Slurm is absent (apt-get install slurm-wlm), unless POTLUCK_REQUIRE_ENGINES is "true". The submitters that are killed
 * are the built ones: `npm run build` first.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { labelCommand } from "../../src/cli/label.js";
import { createEngine, labelStructures } from "../../src/hosts/node/engines/index.js";
import { writeFrames } from "../../src/hosts/node/files.js";
import {
  type Job,
  type JobOutcome,
  runJobs,
  type SlurmEvent,
  type SlurmSettings,
  slurmExecutor,
  slurmFormat,
  verdictOf,
} from "../../src/hosts/node/slurm/index.js";
import { RandomStream } from "../../src/math/random.js";
import type { Structure } from "../../src/structure/index.js";
import { runAlone } from "../cli/commands-alone.js";
import { pairLabels } from "../contracts/engines-pair.js";
import { missingOfSlurm, SlurmMachine } from "./slurm-machine.js";

const SEED = Number(process.env.POTLUCK_SEED ?? Date.now() % 1e6);
console.log(`slurm: seed ${SEED}`);
const random = new RandomStream(SEED, "slurm");
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

describe("what the end of a task means", () => {
  const plain = {};
  test.each([
    ["node failure", { state: "NF", code: undefined, job: plain }, "lost", true],
    ["cancelled", { state: "CA", code: 143, job: plain }, "lost", true],
    ["time over", { state: "TO", code: undefined, job: plain }, "time-limit", false],
    ["time over, and it goes on", { state: "TO", code: 143, job: { continues: true } }, "time-limit", true],
    ["out of memory", { state: "OOM", code: 137, job: plain }, "memory-limit", false],
    ["an error of its own", { state: "F", code: 3, job: plain }, "exit-code", false],
    ["a segmentation fault", { state: "F", code: 139, job: plain }, "exit-code", false],
    ["forgotten by Slurm, ended with an error", { state: undefined, code: 3, job: plain }, "exit-code", false],
    ["forgotten by Slurm, killed", { state: undefined, code: 143, job: plain }, "lost", true],
    ["forgotten by Slurm, no end", { state: undefined, code: undefined, job: plain }, "lost", true],
    ["never started on its node", { state: "F", code: undefined, job: plain }, "lost", true],
    ["ended well without its result", { state: "CD", code: 0, job: { done: "x" } }, "no-result", false],
  ] as const)("%s", (_, ending, trouble, again) => {
    expect(verdictOf(ending)).toMatchObject({ trouble, again });
  });
});

describe("settings", () => {
  test("are checked, with the place of the mistake", () => {
    expect(() => slurmFormat.parse("partition: long\ntiem: 2:00:00\n", "slurm.yaml")).toThrow(
      /slurm\.yaml:2:1: There is no key `tiem`\. Did you mean `time`\?/,
    );
    expect(slurmFormat.parse("time: 30\nmemory: 4G\nmodules: [qe]\n", "slurm.yaml")).toMatchObject({
      time: 30,
      attempts: 3,
    });
    expect(() => slurmFormat.parse("time: soon\n", "slurm.yaml")).toThrow(/slurm\.yaml:1:7/);
  });
});

const missing = missingOfSlurm();
if (missing !== undefined && process.env.POTLUCK_REQUIRE_ENGINES === "true") throw new Error(missing);

describe.skipIf(missing !== undefined)(`jobs${missing === undefined ? "" : `: ${missing}`}`, () => {
  const folder = mkdtempSync(join(tmpdir(), "potluck-jobs-"));
  let slurm: SlurmMachine;
  const children: ChildProcess[] = [];
  const environment = { ...process.env };

  beforeAll(async () => {
    slurm = await SlurmMachine.start();
    process.env.SLURM_CONF = slurm.environment.SLURM_CONF;
    process.env.PATH = slurm.environment.PATH;
  });
  afterAll(async () => {
    for (const child of children) child.kill("SIGKILL");
    await slurm?.stop();
    process.env = environment;
    rmSync(folder, { recursive: true, force: true });
  });

  /** Jobs that hang in their first life: the shortest limit is a minute, so that they are begun before the other tests. */
  let slow: { readonly outcomes: Promise<JobOutcome[]>; starts(): string[]; ends(): string[] };
  beforeAll(() => {
    const { job, directory, starts, ends } = workshop("slow", {
      body: "[ -e checkpoint ] || { touch checkpoint; sleep 1000; }",
    });
    const jobs = [job("goes-on", { continues: true }), job("does-not")];
    slow = { outcomes: runJobs(jobs, { directory, settings: settings({ time: 1 }) }), starts, ends };
  });

  const settings = (more: object = {}): SlurmSettings =>
    slurmFormat.resolve({ poll: 0.3, shell: ["/bin/sh"], ...more });

  /** Jobs that note their starts and ends, and put their result there at once and last. */
  function workshop(name: string, { seconds = "0.5", body = "" } = {}) {
    const place = join(folder, name);
    mkdirSync(place);
    const script = join(place, "work.sh");
    writeFileSync(
      script,
      `echo "$1 $SLURM_JOB_ID" >> ${place}/starts\n${body}\nsleep ${seconds}\necho "$1" >> ${place}/ends\necho "$2" > result.tmp\nmv result.tmp result\n`,
    );
    const lines = (file: string): string[] =>
      existsSync(join(place, file)) ? readFileSync(join(place, file), "utf8").split("\n").filter(Boolean) : [];
    return {
      place,
      directory: join(place, "slurm"),
      job(job: string, more: Partial<Job> = {}): Job {
        const directory = join(place, job);
        mkdirSync(directory);
        return { name: job, directory, words: ["/bin/sh", script, job, 'it\'s "$HOME" *; ü'], done: "result", ...more };
      },
      starts: () => lines("starts").map((line) => line.split(" ")[0]!),
      ends: () => lines("ends"),
    };
  }

  const names = (count: number): string[] => Array.from({ length: count }, (_, k) => `job-${k + 1}`);

  function submitter(jobs: readonly Job[], directory: string, more: object = {}, path = process.env.PATH) {
    const file = join(folder, `task-${children.length}.json`);
    writeFileSync(file, JSON.stringify({ jobs, directory, settings: settings(more) }));
    const child = spawn(process.execPath, [here("slurm-submit.mjs"), file], {
      env: { ...process.env, PATH: path },
      stdio: ["ignore", "pipe", "pipe"],
    });
    children.push(child);
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream!.on("data", (piece) => (said += String(piece)));
    const ended = new Promise<{ code: number | null; said: string }>((resolve) =>
      child.once("close", (code) => resolve({ code, said })),
    );
    return { child, ended };
  }

  const allDone = (outcomes: readonly JobOutcome[]): void =>
    void expect(outcomes.filter(({ state }) => state !== "done")).toEqual([]);

  test("are run in their directories with their words and environment; what is wrong with them is told", async () => {
    const { job, directory, ends, place } = workshop("plain", { seconds: "0", body: 'echo "said $WHAT"' });
    const jobs = [
      job("good", { environment: { WHAT: "a 'b' $c" } }),
      job("bad", { words: ["/bin/sh", "-c", "exit 3"] }),
      job("empty", { words: ["/bin/true"] }),
      job("absent", { words: ["no-such-program"] }),
      { ...job("code"), words: ["/bin/true"] as const, done: undefined as unknown as string },
    ].map(({ done, ...rest }) => (done === undefined ? rest : { ...rest, done }));
    const events: SlurmEvent[] = [];
    const setup = ["export SETUP=here"];
    const options = {
      directory,
      settings: settings({ setup, options: ["--comment=a b"] }),
      onEvent: (e: SlurmEvent) => void events.push(e),
    };
    const outcomes = await runJobs(jobs, options);
    expect(outcomes.map(({ name, state, trouble, exitCode }) => [name, state, trouble, exitCode])).toEqual([
      ["good", "done", undefined, 0],
      ["bad", "failed", "exit-code", 3],
      ["empty", "failed", "no-result", 0],
      ["absent", "failed", "exit-code", 127],
      ["code", "done", undefined, 0],
    ]);
    expect(readFileSync(join(place, "good", "result"), "utf8")).toBe('it\'s "$HOME" *; ü\n');
    expect(readFileSync(outcomes[0]!.output!, "utf8")).toBe("said a 'b' $c\n");
    expect(events.filter(({ kind }) => kind === "submitted")).toMatchObject([{ jobs: 5 }]);
    // Again: nothing is submitted, and the outcomes are the same; but for what shall be tried again.
    events.length = 0;
    const again = await runJobs(jobs, options);
    expect(again.map(({ state }) => state)).toEqual(outcomes.map(({ state }) => state));
    expect(events).toEqual([]);
    expect(ends()).toEqual(["good"]);
    await runJobs(jobs, { ...options, retryFailed: true });
    expect(events.filter(({ kind }) => kind === "submitted")).toMatchObject([{ jobs: 3 }]);
  });

  test("that Slurm will never take are an error with its words", async () => {
    const { job, directory } = workshop("refused");
    const wrong = runJobs([job("one")], { directory, settings: settings({ partition: "nowhere" }) });
    await expect(wrong).rejects.toThrow(/Slurm does not take the jobs: .*invalid partition/i);
    const right = await runJobs([{ ...job("two"), name: "one" }], { directory, settings: settings() });
    allDone(right);
  });

  test("survive submitters that are killed at any moment", async () => {
    const { job, directory, starts, ends } = workshop("killed", { seconds: "1" });
    const jobs = names(20).map((name) => job(name));
    let kills = 0;
    for (; ; kills++) {
      const { child, ended } = submitter(jobs, directory, { simultaneous: 5 });
      const timer = setTimeout(() => child.kill("SIGKILL"), 200 + (1300 + 200 * kills) * random.uniform());
      const { code, said } = await ended;
      clearTimeout(timer);
      if (code === 0) break;
      expect(code, said).toBeNull();
    }
    console.log(`slurm: submitter killed ${kills} times`);
    expect(kills).toBeGreaterThan(1);
    expect(starts().sort()).toEqual(names(20).sort());
    expect(ends().sort()).toEqual(names(20).sort());
  });

  /** Of the first batch. */
  const nameOfArray = (directory: string): string =>
    `potluck-${/"token":"(\w+)"/.exec(readFileSync(join(directory, "slurm.jsonl"), "utf8"))![1]}-1`;

  /** A directory for the PATH with an sbatch that does something else besides. */
  function withSbatch(name: string, script: string): string {
    const place = join(folder, name);
    mkdirSync(place);
    writeFileSync(join(place, "sbatch"), `#!/bin/sh\n${script}\n`);
    chmodSync(join(place, "sbatch"), 0o755);
    return `${place}:${process.env.PATH}`;
  }
  const real = "PATH=$(echo $PATH | cut -d: -f2-)";

  test("are found where the submitter died before it knew their number", async () => {
    const { job, directory, starts, ends } = workshop("unknown", { seconds: "1" });
    const jobs = names(4).map((name) => job(name));
    const path = withSbatch("dies-after", `${real} sbatch "$@" > /dev/null; kill -9 $PPID`);
    expect((await submitter(jobs, directory, {}, path).ended).code).toBeNull();
    const events: SlurmEvent[] = [];
    allDone(await runJobs(jobs, { directory, settings: settings(), onEvent: (event) => void events.push(event) }));
    expect(events.filter(({ kind }) => kind === "submitted")).toEqual([]);
    expect(starts().sort()).toEqual(names(4));
    expect(ends().sort()).toEqual(names(4));
  });

  test("that arrive twice run once", async () => {
    const { job, directory, starts, ends } = workshop("twice", { seconds: "1" });
    const jobs = names(4).map((name) => job(name));
    // The submitter dies at once, and its jobs come when the next one has submitted them again.
    const path = withSbatch("comes-late", `kill -9 $PPID; sleep 2; ${real} exec sbatch "$@"`);
    expect((await submitter(jobs, directory, {}, path).ended).code).toBeNull();
    const events: SlurmEvent[] = [];
    allDone(await runJobs(jobs, { directory, settings: settings(), onEvent: (event) => void events.push(event) }));
    expect(events.filter(({ kind }) => kind === "submitted").length).toBe(1);
    const name = nameOfArray(directory);
    const states = async () =>
      (await slurm.ask("squeue", "--noheader", "--states=all", "--array", `--name=${name}`, "--format=%t"))
        .split("\n")
        .filter(Boolean);
    while ((await states()).length < 8 || (await states()).some((state) => state.trim() !== "CD")) await pause(100);
    expect(starts().sort()).toEqual(names(4));
    expect(ends().sort()).toEqual(names(4));
  });

  test("are requeued and cancelled, and end exactly once", async () => {
    // They go on when all has been done to them, however long Slurm takes to answer.
    const gate = join(folder, "all-done-to-them");
    const body = `while [ ! -e ${gate} ]; do sleep 0.2; done`;
    const { job, directory, starts, ends } = workshop("disturbed", { body });
    const jobs = [job("requeued"), job("cancelled"), job("undisturbed")];
    const reasons: string[] = [];
    const done = runJobs(jobs, {
      directory,
      settings: settings(),
      onEvent: (event) => void (event.kind === "again" && reasons.push(`${event.name}: ${event.reason}`)),
    });
    while (new Set(starts()).size < 3) await pause(50);
    const name = nameOfArray(directory);
    const [array] = /\d+/.exec(await slurm.ask("squeue", "--noheader", `--name=${name}`, "--format=%F"))!;
    await slurm.ask("scontrol", "requeue", `${array}_1`);
    await slurm.ask("scancel", `${array}_2`);
    writeFileSync(gate, "");
    const outcomes = await done;
    expect(outcomes.map(({ name, state, attempts }) => [name, state, attempts])).toEqual([
      ["requeued", "done", 1],
      ["cancelled", "done", 2],
      ["undisturbed", "done", 1],
    ]);
    expect(reasons).toEqual(["cancelled: The job was cancelled."]);
    expect(starts().sort()).toEqual(["cancelled", "cancelled", "requeued", "requeued", "undisturbed"]);
    expect(ends().sort()).toEqual(["cancelled", "requeued", "undisturbed"]);
  }, 240_000);

  test("that are lost for good are given up after so many attempts", async () => {
    const { job, directory, starts } = workshop("given-up", { body: "scancel $SLURM_JOB_ID; sleep 60" });
    const [outcome] = await runJobs([job("one")], { directory, settings: settings({ attempts: 2 }) });
    expect(outcome).toMatchObject({ state: "failed", trouble: "lost", attempts: 2, problem: "The job was cancelled." });
    expect(starts().length).toBe(2);
  });

  test("of a run that is stopped go on, or leave the queue where that is wanted", async () => {
    const { job, directory, starts, ends } = workshop("stopped", { seconds: "2" });
    const jobs = names(3).map((name) => job(name));
    for (const cancelOnAbort of [false, true]) {
      const stop = new AbortController();
      const before = starts().length;
      const stopped = runJobs(jobs, { directory, settings: settings(), signal: stop.signal, cancelOnAbort });
      while (starts().length === before && ends().length < 3) await pause(50);
      stop.abort();
      if (!cancelOnAbort) await expect(stopped).rejects.toThrow(/the jobs in the queue go on/);
      else await stopped.catch(() => undefined);
      if (!cancelOnAbort) while (ends().length < 3) await pause(50);
    }
    expect(ends().sort()).toEqual(names(3));
  });

  test("label structures: each calculation once, also when the one who asked was stopped", async () => {
    const place = join(folder, "labels");
    const inputs = join(place, "inputs");
    mkdirSync(inputs, { recursive: true });
    writeFileSync(join(inputs, "INCAR"), "ENCUT = 300\n");
    writeFileSync(join(inputs, "KPOINTS"), "Gamma\n0\nGamma\n2 2 2\n0 0 0\n");
    writeFileSync(
      join(inputs, "POTCAR"),
      "  PAW_PBE Si 05Jan2001\n   TITEL  = PAW_PBE Si 05Jan2001\n   End of Dataset\n",
    );
    const program = join(place, "vasp.sh");
    const fake = here("../contracts/programs/fake-vasp.mjs");
    writeFileSync(program, `#!/bin/sh\necho start >> ${place}/starts\nsleep 1\nexec ${process.execPath} ${fake}\n`);
    chmodSync(program, 0o755);
    const structures = [0, 1, 2, 3].map(
      (k): Structure => ({
        species: Uint8Array.of(14, 14),
        positions: Float64Array.of(0.1, 0, 0, 1.4 + 0.02 * k, 1.35, 1.3),
        cell: Float64Array.of(5.2, 0.3, 0.1, 0.2, 4.4, -0.3, -0.4, 0.1, 5.6),
        periodic: [true, true, true],
      }),
    );
    const label = async (signal?: AbortSignal) => {
      const executor = slurmExecutor({ directory: join(place, "slurm"), settings: settings(), signal });
      const own = { directory: join(place, "calculations"), executor };
      const engine = await createEngine("vasp", { directory: inputs, command: [program] }, own);
      try {
        return await labelStructures(
          structures.map(() => engine),
          structures,
          { directory: place, retries: 0 },
        );
      } finally {
        await executor.close();
      }
    };
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 1000);
    await expect(label(stop.signal)).rejects.toThrow(/go on/);
    const { calculations, cost } = await label();
    for (const [k, calculation] of calculations.entries()) {
      const { positions, cell } = structures[k]!;
      if (!calculation!.outcome.converged) throw new Error(JSON.stringify(calculation!.outcome));
      expect(calculation!.outcome.labels.energy).toBeCloseTo(pairLabels({ positions, cell: cell! }).energy, 7);
    }
    expect(cost.cpuSeconds).toBeGreaterThan(0);
    expect(cost.wallSeconds).toBeGreaterThan(4);
    const starts = () => readFileSync(join(place, "starts"), "utf8").split("\n").filter(Boolean).length;
    expect(starts()).toBe(4);
    // The same by the command, in a run of its own.
    const [file, cluster] = [join(place, "structures.extxyz"), join(place, "cluster.yaml")];
    writeFileSync(cluster, "poll: 0.3\nshell: [/bin/sh]\n");
    const frame = { info: new Map(), columns: new Map(), source: { file, structure: 1, line: 1 } };
    await writeFrames(
      file,
      structures.map((structure) => ({ ...frame, structure })),
    );
    const words = [
      "-o",
      join(place, "out.extxyz"),
      "--directory",
      join(place, "run"),
      "--engine",
      "vasp",
      "--slurm",
      cluster,
    ];
    const set = ["--set", `directory=${inputs}`, "--set", `command=[${program}]`];
    const said = await runAlone(labelCommand, [file, ...words, ...set, "--json"]);
    expect(said.err).toContain("Slurm: 4 jobs submitted");
    expect(JSON.parse(said.out)).toMatchObject({ labelled: 4, computed: 4, failed: 0 });
    expect(starts()).toBe(8);
  });

  test("that run out of time go on where they can, and end otherwise", async () => {
    expect((await slow.outcomes).map(({ name, state, trouble, attempts }) => [name, state, trouble, attempts])).toEqual(
      [
        ["goes-on", "done", undefined, 2],
        ["does-not", "failed", "time-limit", 1],
      ],
    );
    expect(slow.starts().sort()).toEqual(["does-not", "goes-on", "goes-on"]);
    expect(slow.ends()).toEqual(["goes-on"]);
  }, 240_000);

  test("survive a node that dies", async () => {
    const { job, directory, starts, ends } = workshop("dead-node", { seconds: "3" });
    const jobs = names(4).map((name) => job(name));
    const done = runJobs(jobs, { directory, settings: settings() });
    while (starts().length < 4) await pause(50);
    await slurm.killNode();
    while (!/^down/.test(await slurm.ask("sinfo", "--noheader", "--format=%t"))) await pause(200);
    expect(ends()).toEqual([]);
    slurm.startNode();
    allDone(await done);
    expect(ends().sort()).toEqual(names(4));
    expect(starts().length).toBe(8);
  }, 240_000);

  test("survive a controller that does not answer, and has forgotten when it comes back", async () => {
    const { job, directory, starts, ends } = workshop("dead-both", { seconds: "3" });
    const jobs = names(4).map((name) => job(name));
    const events: SlurmEvent[] = [];
    const done = runJobs(jobs, { directory, settings: settings(), onEvent: (event) => void events.push(event) });
    while (starts().length < 4) await pause(50);
    await slurm.killNode();
    slurm.killController();
    while (!events.some(({ kind }) => kind === "unreachable")) await pause(50);
    // Long enough for all patience with jobs that nobody knows.
    await pause(10_000);
    const again = () => events.filter(({ kind }) => kind === "again");
    expect(again()).toEqual([]);
    slurm.startController();
    // The controller waits some seconds before it takes the node for dead, and requeues.
    await pause(8000);
    expect(ends()).toEqual([]);
    slurm.startNode();
    allDone(await done);
    expect(ends().sort()).toEqual(names(4));
    expect(starts().length).toBe(8);
    // A controller that was killed may have forgotten that it had started them; otherwise it requeues them itself.
    console.log(`slurm: node and controller killed, ${again().length} jobs submitted again`);
  }, 240_000);
});
