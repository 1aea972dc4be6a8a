/**
 * Committee fits through a Slurm that the test starts on this machine: the same bits as a fit here, whoever is killed meanwhile. Skipped
 * where Slurm is absent (apt-get install slurm-wlm), unless POTLUCK_REQUIRE_ENGINES is "true". Jobs and leaders that are killed are the
 * built program: `npm run build` first.
 */
import { type ChildProcess, spawn } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { trainCommand } from "../../src/cli/train.js";
import { readAllFrames, writeFrames } from "../../src/hosts/node/files.js";
import { RandomStream } from "../../src/math/random.js";
import { runAlone } from "../cli/commands-alone.js";
import { missingOfSlurm, SlurmMachine } from "./slurm-machine.js";

const SEED = Number(process.env.POTLUCK_SEED ?? Date.now() % 1e6);
console.log(`slurm fits: seed ${SEED}`);
const random = new RandomStream(SEED, "slurm fits");
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const program = here("../../dist/cli/main.js");
const MEMBERS = 3;

const missing = missingOfSlurm();
if (missing !== undefined && process.env.POTLUCK_REQUIRE_ENGINES === "true") throw new Error(missing);

describe.skipIf(missing !== undefined)(`fits${missing === undefined ? "" : `: ${missing}`}`, () => {
  const folder = mkdtempSync(join(tmpdir(), "potluck-fits-"));
  const environment = { ...process.env };
  const children: ChildProcess[] = [];
  let slurm: SlurmMachine;
  let slow: ReturnType<typeof leader>;

  beforeAll(async () => {
    slurm = await SlurmMachine.start();
    process.env.SLURM_CONF = slurm.environment.SLURM_CONF;
    process.env.PATH = slurm.environment.PATH;
    const frames = await readAllFrames(here("../../examples/silicon/silicon.extxyz.gz"));
    const some = frames.filter(({ structure }, i) => i % 9 === 0 && structure.species.length <= 16);
    await writeFrames(join(folder, "some.extxyz"), some.slice(0, 24));
    slow = startSlow();
  });
  afterAll(async () => {
    for (const child of children) child.kill("SIGKILL");
    await slurm?.stop();
    process.env = environment;
    rmSync(folder, { recursive: true, force: true });
  });

  /** Words of `potluck train` into folder/name. */
  function words(name: string, more: readonly string[] = [], { epochs = 12 } = {}): string[] {
    const file = join(folder, `${name}.yaml`);
    const keys = {
      ...{ data: "some.extxyz", epochs, seed: 7, committee: { members: MEMBERS }, split: { test: 0.1 } },
      ...{ descriptors: { cutoff: 4, size: "small" }, network: { hidden: [5] } },
      ...{ optimizer: { method: "soap", batch: 4 }, stop: { patience: 5 }, checkpoint: { every: 2 } },
    };
    writeFileSync(file, JSON.stringify(keys));
    return [file, "--out", join(folder, name), ...more];
  }

  const onSlurm = (more: Readonly<Record<string, unknown>> = {}): string[] => {
    const execution = { kind: "slurm", poll: 0.3, shell: ["/bin/sh"], ...more };
    return ["--set", `execution=${JSON.stringify(execution)}`];
  };

  const json = (name: string, file: string) => JSON.parse(readFileSync(join(folder, name, file), "utf8"));
  const potentialOf = (name: string) => {
    const { members, errors, descriptors, calibration } = json(name, "potential.json");
    return { members, errors, descriptors, calibration };
  };
  /** All but times. */
  const historyOf = (name: string) =>
    json(name, "result.json").members.map(({ history, ...rest }: { history: { seconds: number }[] }) => ({
      ...rest,
      history: history.map(({ seconds: _, ...record }) => record),
    }));
  const linesOf = (name: string, file: string): string[] =>
    existsSync(join(folder, name, file))
      ? readFileSync(join(folder, name, file), "utf8")
          .split("\n")
          .filter(Boolean)
      : [];
  /** Epochs that a member's processes have told of, in order. */
  const epochsOf = (name: string, member: number): number[] =>
    linesOf(name, `checkpoints/member-${member}.jsonl`).flatMap((line) => {
      const { event, epoch } = JSON.parse(line) as { event: string; epoch: number };
      return event === "epoch" ? [epoch] : [];
    });
  const submissionsOf = (name: string): string[][] =>
    linesOf(name, "slurm/slurm.jsonl").flatMap((line) => {
      const { event, jobs } = JSON.parse(line) as { event: string; jobs: string[] };
      return event === "submitting" ? [jobs] : [];
    });

  async function local(name: string, threads: number, options = {}): Promise<void> {
    const said = await runAlone(trainCommand, words(name, ["--threads", String(threads)], options));
    expect(said.code, said.err).toBe(0);
  }

  /** `potluck train` as a process of its own. */
  function leader(args: readonly string[]) {
    const child = spawn(process.execPath, [program, "train", ...args], { stdio: ["ignore", "pipe", "pipe"] });
    children.push(child);
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (piece) => (said += String(piece)));
    const ended = new Promise<{ code: number | null; said: string }>((resolve) =>
      child.once("close", (code) => resolve({ code, said })),
    );
    return { child, ended };
  }

  /** A command before the fit that stops it for good when it has a checkpoint, in its first life: until its time is over. */
  function startSlow() {
    const script = join(folder, "hangs.sh");
    const lives = `${join(folder, "slow")}/lives-$SLURM_ARRAY_TASK_ID`;
    const checkpoint = `${join(folder, "slow")}/checkpoints/member-$SLURM_ARRAY_TASK_ID.checkpoint`;
    writeFileSync(
      script,
      `#!/bin/sh\necho >> ${lives}\n[ $(wc -l < ${lives}) -gt 1 ] && exec "$@"\n"$@" &\n` +
        `while [ ! -e ${checkpoint} ]; do sleep 0.05; done\nkill -STOP $!\nsleep 1000\n`,
    );
    chmodSync(script, 0o755);
    return leader(words("slow", onSlurm({ time: 1, command: [script], attempts: 1 }), { epochs: 40 }));
  }

  test("have the bits of a fit here with as many threads for each member", async () => {
    const said = await runAlone(trainCommand, words("jobs", [...onSlurm({ cpusPerTask: 2 }), "--threads", "1"]));
    expect(said.code, said.err).toBe(0);
    expect(said.err).toContain(`Slurm: ${MEMBERS} jobs submitted`);
    expect(submissionsOf("jobs")).toEqual([["member-1", "member-2", "member-3"]]);
    await local("here", 2 * MEMBERS);
    expect(potentialOf("jobs")).toEqual(potentialOf("here"));
    expect(historyOf("jobs")).toEqual(historyOf("here"));
    const told = [1, 2, 3].map((k) => epochsOf("jobs", k));
    expect(told).toEqual(historyOf("jobs").map(({ epochs }: { epochs: number }) => upTo(epochs)));
    // Other threads would not go on with the same bits.
    const other = await runAlone(trainCommand, words("jobs", [...onSlurm({ cpusPerTask: 3 }), "--resume"]));
    expect(other).toMatchObject({ code: 2 });
    expect(other.err).toContain("number of threads");
  }, 240_000);

  const upTo = (epochs: number): number[] => Array.from({ length: epochs }, (_, k) => k + 1);

  async function untilEpoch(name: string, epoch: number, child: ChildProcess): Promise<void> {
    while (child.exitCode === null && [1, 2, 3].some((k) => (epochsOf(name, k).at(-1) ?? 0) < epoch)) await pause(50);
  }

  test("that are cancelled keep their last epoch, and what gets on is not given up", async () => {
    const epochs = 150;
    const rare = ["--set", "checkpoint.every=1000", "--set", "stop.patience=null"];
    const { child, ended } = leader(words("cancelled", [...onSlurm({ attempts: 1 }), ...rare], { epochs }));
    for (const epoch of [5, 40]) {
      await untilEpoch("cancelled", epoch, child);
      await slurm.ask("scancel", `--name=${arrayOf("cancelled")}`);
    }
    const { code, said } = await ended;
    expect(code, said).toBe(0);
    expect(submissionsOf("cancelled").flat().length).toBeGreaterThan(MEMBERS);
    for (const k of [1, 2, 3]) expect(epochsOf("cancelled", k)).toEqual(upTo(epochs));
    const alone = await runAlone(
      trainCommand,
      words("undisturbed", [...rare, "--threads", String(MEMBERS)], { epochs }),
    );
    expect(alone.code, alone.err).toBe(0);
    expect(potentialOf("cancelled")).toEqual(potentialOf("undisturbed"));
  }, 240_000);

  /** Name of the newest array. */
  const arrayOf = (name: string): string => {
    const lines = linesOf(name, "slurm/slurm.jsonl").map(
      (line) => JSON.parse(line) as { event: string; token: string },
    );
    const count = lines.filter(({ event }) => event === "submitting").length;
    return `potluck-${lines.find(({ event }) => event === "run")!.token}-${count}`;
  };

  test("of a run that is overwritten leave the queue", async () => {
    const { child, ended } = leader(words("overwritten", onSlurm({ simultaneous: 2 }), { epochs: 5000 }));
    while (epochsOf("overwritten", 1).length < 3) await pause(50);
    child.kill("SIGKILL");
    await ended;
    const before = arrayOf("overwritten");
    const said = await runAlone(trainCommand, words("overwritten", [...onSlurm(), "--overwrite"]));
    expect(said.code, said.err).toBe(0);
    expect(await slurm.ask("squeue", "--noheader", `--name=${before}`)).toBe("");
    await local("written", MEMBERS);
    expect(potentialOf("overwritten")).toEqual(potentialOf("written"));
  }, 240_000);

  test("end as a killed process does, with their last epoch kept", async () => {
    mkdirSync(join(folder, "job"));
    for (const name of ["config.yaml", "journal.jsonl"])
      copyFileSync(join(folder, "undisturbed", name), join(folder, "job", name));
    const args = ["--resume", "--out", join(folder, "job"), "--only-member", "1", "--threads", "1"];
    const { child, ended } = leader([...args, "--set", "checkpoint.every=1000"]);
    while (child.exitCode === null && epochsOf("job", 1).length < 5) await pause(20);
    child.kill("SIGTERM");
    expect((await ended).code).toBeNull();
    expect(child.signalCode).toBe("SIGTERM");
    expect((await leader([...args, "--set", "checkpoint.every=1000"]).ended).code).toBe(0);
    expect(epochsOf("job", 1)).toEqual(upTo(150));
  });

  test("that cannot be done are told with the words of the job; mended, they go on", async () => {
    const bad = await runAlone(trainCommand, words("failing", onSlurm({ setup: ["echo Error: no licence; exit 3"] })));
    expect(bad.code).toBe(2);
    expect(bad.err).toMatch(/task-\d\.out: Member \d could not be fitted: .* It says: Error: no licence\. /);
    const good = await runAlone(trainCommand, words("failing", [...onSlurm(), "--resume"]));
    expect(good.code, good.err).toBe(0);
  }, 240_000);

  test.each([
    ["fails", { command: ["/bin/sh", "-c", "sleep 6; exit 3"] }, {}, "ended with code 3"],
    // The last attempt that it had, though Slurm might have been to blame.
    ["cannot be started", { setup: ["sleep 6; exit 3"], attempts: 1 }, { attempts: 1 }, "could not be started"],
  ])(
    "forgive what was submitted before they were taken up and %s later",
    async (how, before, now, reason) => {
      const name = `forgiven-${how.replaceAll(" ", "-")}`;
      const { child, ended } = leader(words(name, onSlurm(before)));
      while (child.exitCode === null && !linesOf(name, "slurm/slurm.jsonl").some((line) => /"submitted"/.test(line)))
        await pause(20);
      child.kill("SIGKILL");
      await ended;
      const good = await runAlone(trainCommand, words(name, [...onSlurm(now), "--resume"]));
      expect(good.code, good.err).toBe(0);
      expect(good.err).toMatch(new RegExp(`${reason}.*member-1 is submitted again`, "s"));
    },
    120_000,
  );

  test("that run out of time go on from their checkpoints", async () => {
    const { code, said } = await slow.ended;
    expect(code, said).toBe(0);
    expect(said).toContain("The job has run out of time. member-1 is submitted again");
    expect(submissionsOf("slow").flat().sort()).toEqual([
      "member-1",
      "member-1",
      "member-2",
      "member-2",
      "member-3",
      "member-3",
    ]);
    for (const k of [1, 2, 3]) {
      const told = epochsOf("slow", k);
      expect(told.filter((epoch) => epoch === 1)).toHaveLength(1);
    }
    await local("not-slow", MEMBERS, { epochs: 40 });
    expect(potentialOf("slow")).toEqual(potentialOf("not-slow"));
  }, 240_000);

  // The last one: the node that dies takes the jobs of every fit with it, and would begin the slow ones again before their time is over.
  test("survive leaders that are killed at any moment, and a node that dies: no member is fitted twice", async () => {
    const epochs = 600;
    const long = ["--set", "stop.patience=null"];
    const kills = ["at any moment", "when jobs are there", "with its node"] as const;
    for (const when of kills) {
      const { child, ended } = leader(words("killed", [...onSlurm(), ...long], { epochs }));
      if (when !== "at any moment") await untilEpoch("killed", (epochsOf("killed", 1).at(-1) ?? 0) + 3, child);
      await pause((when === "at any moment" ? 4000 : 800) * random.uniform());
      if (when === "with its node") {
        await slurm.killNode();
        while (!/^down/.test(await slurm.ask("sinfo", "--noheader", "--format=%t"))) await pause(200);
        slurm.startNode();
      }
      child.kill("SIGKILL");
      const { code, said } = await ended;
      expect(code, said).toBeNull();
    }
    const { code, said } = await leader(words("killed", [...onSlurm(), ...long, "--resume"], { epochs })).ended;
    expect(code, said).toBe(0);
    expect(submissionsOf("killed").flat().sort()).toEqual(["member-1", "member-2", "member-3"]);
    for (const k of [1, 2, 3]) {
      const told = epochsOf("killed", k);
      // Each life goes on from the last checkpoint, which is told of or one of the two before.
      for (const [i, epoch] of told.entries()) expect(epoch - (told[i - 1] ?? 0)).toBeGreaterThanOrEqual(-2);
    }
    const alone = words("unbroken", [...long, "--threads", String(MEMBERS)], { epochs });
    expect(await runAlone(trainCommand, alone)).toMatchObject({ code: 0 });
    expect(potentialOf("killed")).toEqual(potentialOf("unbroken"));
  }, 300_000);
});
