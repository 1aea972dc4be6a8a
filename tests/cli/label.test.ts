/**
 * `potluck label`: what goes in comes out with labels, failures are kept and told, and nothing is bought twice or lost however often
 * the command or the program is killed. The processes that are killed are the built ones: `npm run build` first.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { convertCommand } from "../../src/cli/convert.js";
import { infoCommand } from "../../src/cli/info.js";
import { labelCommand } from "../../src/cli/label.js";
import { readAllFrames, writeFrames } from "../../src/hosts/node/files.js";
import { RandomStream } from "../../src/math/random.js";
import { classicalPotential } from "../../src/potentials/index.js";
import type { Frame } from "../../src/structure/index.js";
import { pairLabels } from "../contracts/engines-pair.js";
import { runAlone } from "./commands-alone.js";

const SEED = Number(process.env.POTLUCK_SEED ?? Date.now() % 1e6);
console.log(`label: seed ${SEED}`);

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const fake = here("../contracts/programs/fake-vasp.mjs");
const folder = mkdtempSync(join(tmpdir(), "potluck-label-"));
const inputs = join(folder, "inputs");
const structures = join(folder, "structures.extxyz");
const COUNT = 7;

/** Two atoms, the k-th a little farther apart; the last one is the first one again. */
const frame = (k: number): Frame => ({
  structure: {
    species: Uint8Array.of(14, 14),
    positions: Float64Array.of(0.1, 0, 0, 1.4 + 0.02 * (k % (COUNT - 1)), 1.35, 1.3),
    cell: Float64Array.of(5.2, 0.3, 0.1, 0.2, 4.4, -0.3, -0.4, 0.1, 5.6),
    periodic: [true, true, true],
  },
  energy: 99,
  info: new Map([["config_type", `group-${k % 2}`]]),
  columns: new Map(),
  source: { file: "", structure: k + 1, line: 1 },
});

beforeAll(async () => {
  mkdirSync(inputs);
  writeFileSync(join(inputs, "INCAR"), "ENCUT = 300\n");
  writeFileSync(join(inputs, "KPOINTS"), "Gamma\n0\nGamma\n2 2 2\n0 0 0\n");
  const potcar = "  PAW_PBE Si 05Jan2001\n   TITEL  = PAW_PBE Si 05Jan2001\n   End of Dataset\n";
  writeFileSync(join(inputs, "POTCAR"), potcar);
  await writeFrames(
    structures,
    Array.from({ length: COUNT }, (_, k) => frame(k)),
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A program that notes each start, waits, and then pretends to be VASP, in a mode that may depend on the structure. */
function program(name: string, { seconds = 0, mode = "" } = {}): { settings: string; starts(): string[] } {
  const [script, log, settings] = ["sh", "starts", "yaml"].map((end) => join(folder, `${name}.${end}`)) as [
    string,
    string,
    string,
  ];
  writeFileSync(
    script,
    `#!/bin/sh\nbasename "$PWD" >> ${log}\nsleep ${seconds}\n${mode}\nexec ${process.execPath} ${fake}\n`,
  );
  chmodSync(script, 0o755);
  writeFileSync(settings, `directory: inputs\ncommand: [./${name}.sh]\n`);
  writeFileSync(log, "");
  return { settings, starts: () => readFileSync(log, "utf8").split("\n").filter(Boolean) };
}

const words = (name: string, settings: string, ...more: string[]): string[] => [
  structures,
  ...["-o", join(folder, `${name}.extxyz`), "--directory", join(folder, name)],
  ...["--engine", "vasp", "--settings", settings, ...more],
];

const potluck = (...args: string[]) => runAlone(labelCommand, args);

/** Labels of every structure, up to the digits that VASP prints. */
async function expectLabels(name: string): Promise<void> {
  const frames = await readAllFrames(join(folder, `${name}.extxyz`));
  expect(frames.length).toBe(COUNT);
  for (const [k, found] of frames.entries()) {
    const { positions, cell } = frame(k).structure;
    const truth = pairLabels({ positions, cell: cell! });
    expect(found.energy).toBeCloseTo(truth.energy, 7);
    found.forces!.forEach((f, i) => void expect(f).toBeCloseTo(truth.forces[i]!, 7));
    found.stress!.forEach((s, i) => void expect(s).toBeCloseTo(truth.stress![i]!, 9));
    expect([...found.structure.positions]).toEqual([...positions]);
    expect(found.info.get("config_type")).toBe(`group-${k % 2}`);
  }
}

describe("structures in, labelled structures out", () => {
  test("in their order and with what they said, each computed once; the second time nothing is", async () => {
    const { settings, starts } = program("plain");
    const { code, out } = await potluck(...words("plain", settings, "--jobs", "3", "--json"));
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      structures: COUNT,
      labelled: COUNT,
      computed: COUNT - 1,
      failed: 0,
      failures: [],
    });
    expect(JSON.parse(out).cost.cpuSeconds).toBeGreaterThan(0);
    await expectLabels("plain");
    expect(starts().length).toBe(COUNT - 1);
    const again = await potluck(...words("plain", settings));
    expect(again.out).toContain(`${COUNT} of ${COUNT} structures labelled, all found from before`);
    expect(starts().length).toBe(COUNT - 1);
    // The directory of the run is data, too.
    const records = await readAllFrames(join(folder, "plain", "calculations", starts()[0]!, "calculation.json"));
    expect(records[0]!.forces!.length).toBe(6);
    expect((await runAlone(infoCommand, [join(folder, "plain")])).out).toContain("Potluck calculation");
    const all = join(folder, "all.extxyz");
    await runAlone(convertCommand, [join(folder, "plain"), all]);
    expect((await readAllFrames(all)).length).toBe(COUNT - 1);
  });

  test("by a potential of ours, the same as the potential says", async () => {
    const out = join(folder, "embedded.extxyz");
    const set = "potential={kind: published, name: silicon-stillinger-weber-1985}";
    const args = ["-o", out, "--directory", join(folder, "embedded"), "--engine", "embedded", "--set", set, "--json"];
    const { code } = await potluck(structures, ...args);
    expect(code).toBe(0);
    const potential = classicalPotential({ kind: "published", name: "silicon-stillinger-weber-1985" });
    const frames = await readAllFrames(out);
    for (const [k, found] of frames.entries())
      expect(found.energy).toBeCloseTo(potential.evaluate(frame(k).structure).energy, 12);
    expect(JSON.parse((await potluck(structures, ...args)).out)).toMatchObject({ labelled: COUNT, computed: 0 });
  });

  test("by LAMMPS, the same as by the potential of ours", async (context) => {
    const out = join(folder, "lammps.extxyz");
    const settings = join(folder, "lammps.yaml");
    writeFileSync(settings, 'elements: [Si]\ncommands: [pair_style sw, "pair_coeff * * Si.sw Si"]\n');
    const args = ["-o", out, "--directory", join(folder, "lammps"), "--engine", "lammps", "--settings", settings];
    const { code, err } = await potluck(structures, ...args, "--warm", "--jobs", "2");
    if (err.includes("There is no program lmp")) {
      if (process.env.POTLUCK_REQUIRE_ENGINES === "true") throw new Error(err);
      return context.skip("LAMMPS is not installed (apt-get install lammps lammps-data)");
    }
    expect(code).toBe(0);
    const potential = classicalPotential({ kind: "published", name: "silicon-stillinger-weber-1985" });
    for (const [k, found] of (await readAllFrames(out)).entries()) {
      const truth = potential.evaluate(frame(k).structure);
      expect(found.energy).toBeCloseTo(truth.energy, 5);
      found.forces!.forEach((f, i) => void expect(f).toBeCloseTo(truth.forces[i]!, 5));
    }
    expect(readdirSync(join(folder, "lammps", "calculations")).filter((name) => name.startsWith("warm-")).length).toBe(
      2,
    );
  });
});

describe("failures", () => {
  // The atoms of the third structure are 1.44 Å apart in x.
  const third = 'grep -q "^ *1.44" POSCAR && ';

  test("are told, kept with their structures, and not paid for twice", async () => {
    const { settings, starts } = program("unconverged", { mode: `${third} export FAKE_VASP=unconverged` });
    const { code, out, err } = await potluck(...words("unconverged", settings));
    expect(code).toBe(0);
    expect(out).toContain(`${COUNT - 1} of ${COUNT} structures labelled`);
    expect(out).toContain("1 failed: 1 unconverged");
    expect(err).toMatch(/structures\.extxyz #3: unconverged: .*not converged in 60 iterations/);
    expect((await readAllFrames(join(folder, "unconverged.extxyz"))).length).toBe(COUNT - 1);
    const [failed] = await readAllFrames(join(folder, "unconverged", "failed.extxyz"));
    expect(failed!.info.get("failure")).toBe("unconverged");
    expect(failed!.energy).toBeUndefined();
    const before = starts().length;
    const again = await potluck(...words("unconverged", settings, "--json"));
    expect(JSON.parse(again.out)).toMatchObject({
      computed: 0,
      failed: 1,
      failures: [{ structure: 3, kind: "unconverged" }],
    });
    expect(starts().length).toBe(before);
    await potluck(...words("unconverged", settings, "--retry-failed"));
    expect(starts().length).toBe(before + 1);
  });

  test("that may be accidents are tried again, others not", async () => {
    const once = `${third} [ ! -e ../../crashed ] && { touch ../../crashed; exit 139; }`;
    const { settings, starts } = program("crash", { mode: once });
    const { code } = await potluck(...words("crash", settings));
    expect(code).toBe(0);
    await expectLabels("crash");
    expect(starts().length).toBe(COUNT);
    const always = program("always", { mode: `${third} exit 139` });
    const said = await potluck(...words("always", always.settings, "--retries", "2", "--json"));
    expect(JSON.parse(said.out).failures).toMatchObject([{ structure: 3, kind: "crashed" }]);
    expect(always.starts().length).toBe(COUNT - 2 + 3);
  });

  test("of time are tried again where the limit has been raised", async () => {
    const { settings, starts } = program("slow", { seconds: 1 });
    const slow = words("slow", settings, "--jobs", "4", "--json");
    const first = await potluck(...slow, "--time-limit", "0.3");
    expect(first.code).toBe(1);
    expect(JSON.parse(first.out)).toMatchObject({ labelled: 0, out: null, failed: COUNT });
    expect(existsSync(join(folder, "slow.extxyz"))).toBe(false);
    expect(JSON.parse((await potluck(...slow, "--time-limit", "0.3")).out).computed).toBe(0);
    expect(starts().length).toBe(COUNT - 1);
    expect((await potluck(...slow, "--time-limit", "60")).code).toBe(0);
    await expectLabels("slow");
  });
});

describe("bad input", () => {
  const args = ["-o", join(folder, "bad.extxyz"), "--directory", join(folder, "bad")];
  const pw = ["--engine", "quantum-espresso", "--set", "cutoff=20", "--set", "kpoints={mesh: [1, 1, 1]}"];
  const bad: readonly (readonly [string, readonly string[], RegExp])[] = [
    ["no such engine", ["--engine", "quantum-expresso"], /Did you mean quantum-espresso\?/],
    ["a key that is missing", pw, /The key `pseudopotentials` is missing/],
    [
      "a key that is misspelt",
      [...pw, "--set", "pseudopotentials.Si=Si.UPF", "--set", "smaering={}"],
      /Did you mean `smearing`\?/,
    ],
    [
      "a program that is not there",
      [...pw, "--set", "pseudopotentials.Si=Si.UPF", "--set", "command=[no-such-pw.x]"],
      /no program no-such-pw\.x.*apt-get install quantum-espresso/,
    ],
    [
      "an element without a pseudopotential",
      [...pw, "--set", "pseudopotentials.Ge=Ge.UPF"],
      /structures\.extxyz.*structure 1.*no pseudopotential for Si/,
    ],
    [
      "an element that the potential does not know",
      ["--engine", "embedded", "--set", "potential={kind: published, name: argon-lennard-jones-rahman-1964}"],
      /structure 1: The potential does not know Si/,
    ],
    ["no engine", [], /--engine/],
  ];
  test.each(bad)("%s", async (_, more, message) => {
    const { code, err } = await potluck(structures, ...args, ...more);
    expect(err).toMatch(message);
    expect(code).toBe(2);
    expect(existsSync(join(folder, "bad"))).toBe(false);
  });

  test("pseudopotentials that are not there, or are of another element", async (context) => {
    try {
      execFileSync("/bin/sh", ["-c", "command -v pw.x"]);
    } catch {
      return context.skip("pw.x is not installed (apt-get install quantum-espresso)");
    }
    const places = ["--set", `pseudopotentialDirectory=${folder}`, "--set", "pseudopotentials.Si=Si.UPF"];
    writeFileSync(join(folder, "Si.upf"), '<UPF version="2.0.1">\n<PP_HEADER\n element="Ge"\n/>\n');
    expect((await potluck(structures, ...args, ...pw, ...places)).err).toMatch(
      /cannot be read\. Did you mean Si\.upf\?/,
    );
    const wrong = await potluck(structures, ...args, ...pw, ...places, "--set", "pseudopotentials.Si=Si.upf");
    expect(wrong.err).toContain("Si.upf is one of Ge, and it is given for Si");
    writeFileSync(join(folder, "Si.upf"), "<PP_HEADER>\n   0   Version Number\n  Ge   Element\n");
    expect((await potluck(structures, ...args, ...pw, ...places, "--set", "pseudopotentials.Si=Si.upf")).err).toContain(
      "one of Ge",
    );
  });

  test("the keys of an engine, on request", async () => {
    const { code, out } = await potluck("--help-engine", "cp2k");
    expect(code).toBe(0);
    expect(out).toContain("  input: map of anything, required");
  });
});

const started: ChildProcess[] = [];
afterAll(() => {
  for (const child of started) child.kill("SIGKILL");
});

function labelProcess(args: readonly string[]): {
  child: ChildProcess;
  ended: Promise<{ code: number | null; said: string }>;
} {
  const child = spawn(process.execPath, [here("label-alone.mjs"), ...args], { stdio: ["ignore", "pipe", "pipe"] });
  started.push(child);
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream!.on("data", (piece) => (said += String(piece)));
  const ended = new Promise<{ code: number | null; said: string }>((resolve) =>
    child.once("close", (code) => resolve({ code, said })),
  );
  return { child, ended };
}

/** Process groups of the programs that run in a directory below `root`. */
function enginesIn(root: string): number[] {
  const calculations = join(root, "calculations");
  if (!existsSync(calculations)) return [];
  return readdirSync(calculations).flatMap((name) => {
    try {
      return [Number(readFileSync(join(calculations, name, ".session"), "utf8"))].filter((pid) => pid > 1);
    } catch {
      return [];
    }
  });
}

describe("killed at any moment", () => {
  const random = new RandomStream(SEED, "kills");

  test("the command: no calculation is started twice, none is lost", async () => {
    const { settings, starts } = program("killed", { seconds: 0.7 });
    const args = words("killed", settings, "--jobs", "2", "--json");
    let kills = 0;
    for (; ; kills++) {
      const { child, ended } = labelProcess(args);
      const timer = setTimeout(() => child.kill("SIGKILL"), 300 + (1200 + 200 * kills) * random.uniform());
      const { code, said } = await ended;
      clearTimeout(timer);
      if (code === 0) break;
      expect(code, said).toBeNull();
    }
    console.log(`label: killed ${kills} times`);
    expect(kills).toBeGreaterThan(1);
    expect(starts().sort()).toEqual([...new Set(starts())].sort());
    expect(starts().length).toBe(COUNT - 1);
    await expectLabels("killed");
    const events = readFileSync(join(folder, "killed", "journal.jsonl"), "utf8")
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line));
    expect(events.filter(({ event }) => event === "labelled").length).toBe(COUNT - 1);
  });

  test("the programs too: what was killed is repeated, and the labels are the same", async () => {
    const { settings, starts } = program("both", { seconds: 0.5 });
    const args = words("both", settings, "--jobs", "2", "--retries", "20", "--json");
    let killed = 0;
    for (let round = 0; ; round++) {
      const { child, ended } = labelProcess(args);
      const timers = [1, 2].map(() =>
        setTimeout(
          () => {
            for (const pid of enginesIn(join(folder, "both")).slice(0, 1)) killed += killFamily(pid);
          },
          500 + 1500 * random.uniform(),
        ),
      );
      if (round < 5) timers.push(setTimeout(() => child.kill("SIGKILL"), 600 + 1500 * random.uniform()));
      const { code, said } = await ended;
      for (const timer of timers) clearTimeout(timer);
      if (code === 0) break;
      expect(code, said).toBeNull();
    }
    console.log(`label: ${killed} programs killed`);
    expect(starts().length).toBeLessThanOrEqual(COUNT - 1 + killed);
    await expectLabels("both");
  });

  test("interrupted: what runs is waited for, nothing new is begun, and the same command goes on", async () => {
    const { settings, starts } = program("interrupted", { seconds: 1 });
    const args = words("interrupted", settings, "--jobs", "2");
    const { child, ended } = labelProcess(args);
    while (starts().length < 2) await pause(20);
    child.kill("SIGINT");
    const { code, said } = await ended;
    expect(code).toBe(130);
    expect(said).toContain("The same command again goes on");
    expect(starts().length).toBe(2);
    const records = readdirSync(join(folder, "interrupted", "calculations")).map((name) =>
      join(folder, "interrupted", "calculations", name, "calculation.json"),
    );
    expect(records.every((path) => existsSync(path))).toBe(true);
    expect((await labelProcess(args).ended).code).toBe(0);
    expect(starts().length).toBe(COUNT - 1);
    await expectLabels("interrupted");
  });

  test("two at once in one directory: the second one keeps out", async () => {
    const { settings, starts } = program("twice", { seconds: 1 });
    const args = words("twice", settings, "--jobs", "4");
    const { child, ended } = labelProcess(args);
    while (starts().length === 0) await pause(20);
    const second = await potluck(...args);
    expect(second.code).toBe(2);
    expect(second.err).toContain("Another process is at work in this directory");
    expect((await ended).code).toBe(0);
    expect(child.exitCode).toBe(0);
    expect(starts().length).toBe(COUNT - 1);
  });
});

/** Ends a session with everything in it; how many there were to end. */
function killFamily(session: number): number {
  try {
    process.kill(-session, "SIGKILL");
    return 1;
  } catch {
    return 0;
  }
}
