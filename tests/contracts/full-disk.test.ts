/**
 * Full disks: a run ends with a clear error, loses nothing, and goes on when there is space again. The disks are small ones in memory
 * (tmpfs), which root alone may mount; skipped for others. Commands are the built ones: `npm run build` first.
 */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { InputError } from "../../src/errors/index.js";
import { EventLog } from "../../src/hosts/node/engines/index.js";
import { readAllFrames, writeFrames } from "../../src/hosts/node/files.js";
import { appendLine, writeFileSafely } from "../../src/hosts/node/safe-file.js";
import { type Accounts, accountsOf, configurationFor } from "../learning/kills.js";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const program = here("../../dist/cli/main.js");

function troubleOf(work: () => void): InputError {
  try {
    work();
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
  throw new Error("nothing has gone wrong");
}

describe.skipIf(!existsSync("/dev/full"))("a device that is always full", () => {
  it("is told as such, with what to do", () => {
    const { trouble, message } = troubleOf(() => appendLine("/dev/full", "{}"));
    expect(trouble).toMatchObject({ code: "disk-full", where: { file: "/dev/full" } });
    expect(message).toContain("the same command again");
  });
});

/** Undefined where disks can be mounted. */
function noDisks(): string | undefined {
  const place = mkdtempSync(join(tmpdir(), "potluck-disk-"));
  const tried = spawnSync("mount", ["-t", "tmpfs", "-o", "size=16k", "tmpfs", place]);
  if (tried.status === 0) execFileSync("umount", [place]);
  rmSync(place, { recursive: true });
  return tried.status === 0 ? undefined : "only root can mount small disks";
}
const missing = noDisks();

describe.skipIf(missing !== undefined)(`small disks${missing === undefined ? "" : `: ${missing}`}`, () => {
  const folder = mkdtempSync(join(tmpdir(), "potluck-full-"));
  const disks: string[] = [];

  beforeAll(async () => {
    const frames = await readAllFrames(here("../../examples/silicon/silicon.extxyz.gz"));
    const some = frames.filter(({ structure }, i) => i % 9 === 0 && structure.species.length <= 16);
    await writeFrames(join(folder, "some.extxyz"), some.slice(0, 24));
  });
  afterAll(() => {
    for (const disk of disks) execFileSync("umount", ["--lazy", disk]);
    rmSync(folder, { recursive: true, force: true });
  });

  function disk(name: string, kilobytes: number): string {
    const place = join(folder, name);
    mkdirSync(place);
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${kilobytes}k`, "tmpfs", place]);
    disks.push(place);
    return place;
  }
  const enlarge = (place: string, kilobytes: number): void =>
    void execFileSync("mount", ["-o", `remount,size=${kilobytes}k`, place]);

  it("keep the old file where the new one has no room", () => {
    const place = disk("replace", 40);
    const file = join(place, "state");
    writeFileSafely(file, "old");
    const { trouble } = troubleOf(() => writeFileSafely(file, new Uint8Array(50_000)));
    expect(trouble).toMatchObject({ code: "disk-full", where: { file } });
    expect(readdirSync(place)).toEqual(["state"]);
    expect(readFileSync(file, "utf8")).toBe("old");
    enlarge(place, 200);
    writeFileSafely(file, new Uint8Array(50_000));
    expect(readFileSync(file)).toHaveLength(50_000);
  });

  it("cut a line of a journal, which then says nothing; the next one is whole", () => {
    const place = disk("journal", 16);
    const log = new EventLog(join(place, "journal.jsonl"));
    const event = (k: number) => ({ event: "happened", k, text: "x".repeat(1000) });
    let k = 0;
    const { trouble } = troubleOf(() => {
      for (; k < 100; k++) log.write(event(k));
    });
    expect(trouble.code).toBe("disk-full");
    // What was told to be on the disk is there; what was not is not.
    expect(log.read().map((line) => line.k)).toEqual(Array.from({ length: k }, (_, i) => i));
    expect(readFileSync(log.path, "utf8")).not.toMatch(/\n$/);
    enlarge(place, 64);
    log.write(event(k));
    expect(log.read().map((line) => line.k)).toEqual(Array.from({ length: k + 1 }, (_, i) => i));
  });

  interface Said {
    readonly code: number | null;
    readonly out: string;
    readonly err: string;
  }

  function potluck(words: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Said> {
    const child = spawn(process.execPath, [program, ...words], {
      cwd: folder,
      env: { ...process.env, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [out, err] = ["", ""];
    child.stdout.on("data", (piece) => (out += String(piece)));
    child.stderr.on("data", (piece) => (err += String(piece)));
    return new Promise((resolve) => child.once("close", (code) => resolve({ code, out, err })));
  }

  interface Step {
    readonly words: readonly string[];
    readonly place: string;
    readonly kilobytes: number;
    readonly more: number;
    readonly environment?: NodeJS.ProcessEnv;
  }

  /** The same command, with more space each time that the disk was full; how often it was. */
  async function withEverMoreSpace({ words, place, kilobytes, more, environment }: Step): Promise<number> {
    for (let stops = 0; ; stops++) {
      const { code, out, err } = await potluck([...words, "--json", "--quiet"], environment);
      if (code === 0) return stops;
      expect(code, err).toBe(2);
      expect(JSON.parse(out.trim().split("\n").at(-1)!).error, err).toMatchObject({ code: "disk-full" });
      expect(err).toContain(place);
      expect(err).toMatch(/the (same command again|run goes on)|Free some space/);
      enlarge(place, kilobytes + more * (stops + 1));
    }
  }

  it("stop a loop, which buys no label twice and ends as one with space enough", async () => {
    const configuration = join(folder, "learn.yaml");
    writeFileSync(configuration, JSON.stringify({ ...configurationFor(folder), budget: { rounds: 2 } }));
    const [kilobytes, more] = [60, 250];
    const place = disk("loop", kilobytes);
    /** The log of the engine is on a disk with space. */
    const run = async (out: string, log: string) => {
      const words = ["learn", configuration, "--out", out];
      const stops = await withEverMoreSpace({ words, place, kilobytes, more, environment: { ENGINE_LOG: log } });
      const lines = readFileSync(log, "utf8").trim().split("\n");
      return { stops, ...accountsOf({ kills: [], directory: out, log: lines, output: "" }) };
    };
    const wide = await run(join(folder, "wide"), join(folder, "wide.log"));
    const small = await run(join(place, "run"), join(folder, "small.log"));
    console.log(`a loop was stopped by a full disk ${small.stops} times`);
    expect(wide.stops).toBe(0);
    expect(small.stops).toBeGreaterThan(2);
    expect(new Set(small.bought).size).toBe(small.bought.length);
    expect([...small.bought].sort()).toEqual([...wide.bought].sort());
    expect([...small.files].sort()).toEqual([...wide.files].sort());
    // What was in flight when the disk was full, two at a time, may have to be computed again; nothing else.
    const again = [...small.ends].reduce((sum, [, count]) => sum + count - 1, 0);
    expect(again).toBeLessThanOrEqual(2 * small.stops);
    const members = ({ potential }: Accounts): unknown => JSON.parse(potential).members;
    expect(members(small)).toEqual(members(wide));
  }, 400_000);

  it("stop a fit, which goes on from its checkpoints", async () => {
    const keys = {
      ...{ data: "some.extxyz", epochs: 60, seed: 7, committee: { members: 2 }, threads: 2, split: { test: 0.1 } },
      ...{
        descriptors: { cutoff: 4, size: "small" },
        network: { hidden: [5] },
        optimizer: { method: "soap", batch: 4 },
      },
    };
    writeFileSync(join(folder, "train.yaml"), JSON.stringify(keys));
    const place = disk("fit", 60);
    const words = ["train", "train.yaml", "--out"];
    const step = { place, kilobytes: 60, more: 250 };
    expect(await withEverMoreSpace({ ...step, words: [...words, join(folder, "fit-wide")] })).toBe(0);
    const stops = await withEverMoreSpace({ ...step, words: [...words, join(place, "run")] });
    console.log(`a fit was stopped by a full disk ${stops} times`);
    expect(stops).toBeGreaterThan(2);
    const members = (run: string): unknown => JSON.parse(readFileSync(join(run, "potential.json"), "utf8")).members;
    expect(members(join(place, "run"))).toEqual(members(join(folder, "fit-wide")));
    expect(existsSync(join(place, "run", "report.html"))).toBe(true);
  }, 240_000);

  it("stop labelling, and no structure is blamed", async () => {
    const { settings } = (configurationFor(folder) as { engine: { settings: object } }).engine;
    writeFileSync(join(folder, "vasp.yaml"), JSON.stringify(settings));
    const frames = await readAllFrames(join(folder, "start.extxyz"));
    const moved = Array.from({ length: 8 }, (_, k) => {
      const { structure, ...rest } = frames[0]!;
      return { ...rest, structure: { ...structure, positions: structure.positions.map((x) => x + 0.01 * k) } };
    });
    await writeFrames(join(folder, "many.extxyz"), moved);
    const place = disk("label", 40);
    const words = [
      "label",
      "many.extxyz",
      "--engine",
      "vasp",
      "--settings",
      "vasp.yaml",
      "--jobs",
      "2",
      "--retries",
      "0",
    ];
    const environment = { ENGINE_LOG: join(folder, "label.log"), ENGINE_PAUSE: "0" };
    const step = { place, kilobytes: 40, more: 250, environment };
    const wide = join(folder, "label-wide");
    const at = (where: string): string[] => [
      ...words,
      "--directory",
      join(where, "run"),
      "-o",
      join(where, "out.extxyz"),
    ];
    mkdirSync(wide);
    expect(await withEverMoreSpace({ ...step, words: at(wide) })).toBe(0);
    const stops = await withEverMoreSpace({ ...step, words: at(place) });
    console.log(`labelling was stopped by a full disk ${stops} times`);
    expect(stops).toBeGreaterThan(1);
    expect(existsSync(join(place, "run", "failed.extxyz"))).toBe(false);
    const labelled = async (where: string) =>
      (await readAllFrames(join(where, "out.extxyz"))).map(({ structure, energy, forces }) => ({
        positions: structure.positions,
        energy,
        // The OUTCAR has fewer digits than the vasprun.xml, for which there may have been no room.
        forces: forces?.map((f) => Math.round(1e5 * f) / 1e5 + 0),
      }));
    expect(await labelled(place)).toEqual(await labelled(wide));
  }, 120_000);

  it("stop a simulation, whose trajectory is that of one with space enough", async () => {
    writeFileSync(
      join(folder, "md.yaml"),
      JSON.stringify({
        ...{ structure: "some.extxyz", potential: { kind: "published", name: "silicon-stillinger-weber-1985" } },
        ...{ temperature: 300, steps: 600, seed: 3, threads: 1 },
        ...{ record: { trajectory: { every: 2 } }, checkpoint: { every: 50 } },
      }),
    );
    const place = disk("md", 100);
    const words = ["md", "md.yaml", "--out"];
    const step = { place, kilobytes: 100, more: 250 };
    expect(await withEverMoreSpace({ ...step, words: [...words, join(folder, "md-wide")] })).toBe(0);
    const stops = await withEverMoreSpace({ ...step, words: [...words, join(place, "run")] });
    console.log(`a simulation was stopped by a full disk ${stops} times`);
    expect(stops).toBeGreaterThan(1);
    const trajectory = (run: string): string => readFileSync(join(run, "trajectory.extxyz"), "utf8");
    expect(trajectory(join(place, "run"))).toBe(trajectory(join(folder, "md-wide")));
  }, 240_000);
});
