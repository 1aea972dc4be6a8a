/** A loop that is killed at random, again and again, until it has come to its end; and what must be true of it then. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { RandomStream } from "../../src/math/random.js";

const programs = join(import.meta.dirname, "programs");

/** Small: a few seconds from end to end. All numbers that matter are computed by one thread or by two that share nothing. */
export function configurationFor(folder: string): Readonly<Record<string, unknown>> {
  const user = join(folder, "user");
  mkdirSync(user, { recursive: true });
  writeFileSync(join(user, "INCAR"), "ENCUT = 300\nKSPACING = 0.5\n");
  writeFileSync(join(user, "POTCAR"), "  PAW_PBE Si 05Jan2001\n   TITEL  = PAW_PBE Si 05Jan2001\n   End of Dataset\n");
  const structure = join(folder, "start.extxyz");
  const cell = "4.4 0 0 0 4.4 0 0 0 4.4";
  const atoms = ["0 0 0", "2.2 2.2 0.1", "2.1 0 2.2", "0 2.2 2.3"].map((r) => `Si ${r}`).join("\n");
  writeFileSync(structure, `4\nLattice="${cell}" Properties=species:S:1:pos:R:3 pbc="T T T"\n${atoms}\n`);
  return {
    structure,
    engine: {
      kind: "vasp",
      settings: { command: [process.execPath, join(programs, "logged-engine.mjs")], directory: user },
    },
    initial: { labels: 4 },
    potential: {
      ...{ descriptors: { cutoff: 4, size: "small" }, network: { hidden: [5] }, committee: { members: 2 } },
      ...{ epochs: 40, optimizer: { method: "soap", batch: 2 } },
    },
    explore: {
      walkers: [
        { kind: "dynamics", temperature: [300, 900], steps: 160 },
        { kind: "monte-carlo", temperature: 600, steps: 120, pressure: 0 },
      ],
      ...{ stepsPerRound: 60, checkpoint: 20 },
    },
    doubt: { every: 5, spacing: 10, disagreement: { collect: 0.02, stop: 0.5 } },
    ...{ select: { most: 3 }, label: { parallel: 2, retries: 20 }, refit: { fromScratchEvery: 3 } },
    ...{ budget: { rounds: 4, labels: 14 }, threads: 2, seed: 11 },
  };
}

export interface KilledRun {
  readonly kills: readonly string[];
  readonly directory: string;
  readonly log: readonly string[];
  readonly output: string;
}

export interface KillOptions {
  readonly folder: string;
  readonly name: string;
  readonly kills: number;
  readonly seed: number;
  /** Longest time between two kills, ms. */
  readonly within: number;
}

/** Kills the loop, the engine's programs, or both, at random moments; then lets the loop come to its end. */
export async function runWithKills({ folder, name, kills, seed, within }: KillOptions): Promise<KilledRun> {
  const random = new RandomStream(seed, "kills");
  const place = join(folder, name);
  mkdirSync(place, { recursive: true });
  const configuration = join(place, "configuration.json");
  writeFileSync(configuration, JSON.stringify(configurationFor(folder)));
  const log = join(place, "engine.log");
  const done: string[] = [];
  let output = "";
  const start = (): ChildProcess => {
    const child = spawn(process.execPath, [join(programs, "loop.mjs"), configuration, "run"], {
      cwd: place,
      env: { ...process.env, ENGINE_LOG: log },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (piece: Buffer) => {
        output += piece.toString();
      });
    return child;
  };
  let child = start();
  const ended = (): boolean => child.exitCode !== null || child.signalCode !== null;
  while (done.length < kills && !(await endsWithin(child, random.between(0, within)))) {
    const target = ["loop", "engine", "both"][random.integer(3)];
    const programsOfEngine = processesIn(join(place, "run"));
    if (target !== "loop") for (const pid of programsOfEngine) killProcess(pid);
    if (target !== "engine") {
      child.kill("SIGKILL");
      while (!ended()) await pause(5);
      child = start();
    }
    const last = output.trim().split("\n").at(-1);
    done.push(`${target}${programsOfEngine.length > 0 ? " at work" : ""} after ${last === "" ? "nothing" : last}`);
  }
  while (!ended()) await pause(20);
  if (child.exitCode !== 0) throw new Error(`the loop has ended with code ${child.exitCode}:\n${output}`);
  const lines = existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : [];
  return { kills: done, directory: join(place, "run"), log: lines, output };
}

async function endsWithin(child: ChildProcess, milliseconds: number): Promise<boolean> {
  for (let waited = 0; waited < milliseconds; waited += 5) {
    if (child.exitCode !== null || child.signalCode !== null) return true;
    await pause(5);
  }
  return child.exitCode !== null || child.signalCode !== null;
}

/** Of this run alone: those that work in a directory inside it. */
function processesIn(directory: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        return readlinkSync(`/proc/${name}/cwd`).startsWith(`${directory}/`);
      } catch {
        return false;
      }
    })
    .map(Number);
}

function killProcess(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended in the meantime.
  }
}

export interface Accounts {
  /** Orders of the journal, those of them that it says are bought, and label files. */
  readonly ordered: number;
  readonly bought: readonly string[];
  readonly files: readonly string[];
  /** How often each calculation has come to its end, by its directory. */
  readonly ends: ReadonlyMap<string, number>;
  readonly potential: string;
}

export function accountsOf({ directory, log }: KilledRun): Accounts {
  const lines = readFileSync(join(directory, "journal.jsonl"), "utf8").split("\n");
  const records = lines.flatMap((line) => {
    try {
      return [JSON.parse(line) as { event: string; id?: string; picks?: readonly unknown[] }];
    } catch {
      return [];
    }
  });
  const ends = new Map<string, number>();
  for (const line of log) if (line.startsWith("end ")) ends.set(line.slice(4), (ends.get(line.slice(4)) ?? 0) + 1);
  return {
    ordered: records.reduce((sum, { picks }) => sum + (picks?.length ?? 0), 0),
    bought: records.flatMap(({ event, id }) => (event === "labelled" && id !== undefined ? [id] : [])),
    files: readdirSync(join(directory, "labels")).map((name) => name.replace(".extxyz", "")),
    ends,
    potential: readFileSync(join(directory, "potential.json"), "utf8"),
  };
}
