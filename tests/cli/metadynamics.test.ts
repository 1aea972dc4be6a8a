/** `potluck metadynamics` through the command line: a cell stays without hills and leaves with them; mistakes; runs killed and resumed. */
import { spawn } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { metadynamicsConfiguration } from "../../src/cli/metadynamics.js";
import { openMetadynamics } from "../../src/cli/metadynamics-plan.js";
import { metadynamicsFormat } from "../../src/cli/metadynamics-schema.js";
import { run } from "../../src/cli/program.js";
import { simulationInfo } from "../../src/cli/simulation-info.js";
import { extxyz } from "../../src/formats/index.js";
import { readAllFrames } from "../../src/hosts/node/index.js";
import { metadynamicsInDirectory } from "../../src/hosts/node/metadynamics.js";
import { diamond, type Structure, volume } from "../../src/structure/index.js";
import { angstromElectronvolt, gigapascal } from "../../src/units/index.js";
import { memoryTerminal } from "./memory-terminal.js";

const folder = mkdtempSync(join(tmpdir(), "potluck-metadynamics-"));
afterAll(() => rmSync(folder, { recursive: true }));

const SEED = Number(process.env.POTLUCK_SEED ?? 20261204);
console.log(`metadynamics: seed ${SEED}`);

async function potluck(...args: string[]) {
  const terminal = memoryTerminal();
  const code = await run(args, terminal);
  return { code, out: terminal.out.text, err: terminal.err.text };
}

function write(name: string, structure: Structure): void {
  const source = { file: name, structure: 1, line: 1 };
  writeFileSync(join(folder, name), extxyz.write({ structure, info: new Map(), columns: new Map(), source }));
}

const silicon = diamond("Si", 5.431);
write("silicon.extxyz", silicon);
// The same crystal with its vectors in another order, which must be turned.
const turned = silicon.cell!.map((_, k, cell) => cell[(k + 3) % 9]!);
write("turned.extxyz", { ...silicon, cell: turned });

/** Eight atoms of silicon; each metastep is short, for the stiff well that they are in is known. */
const base = {
  ...{ potential: { kind: "published", name: "silicon-stillinger-weber-1985" }, structure: "silicon.extxyz" },
  ...{ temperature: 100, seed: SEED, timestep: 2, equilibration: 30, averaging: 60, metasteps: 40 },
  hills: { width: 0.1, height: 0.15 },
};

function configured(name: string, more: object): { file: string; out: string } {
  const file = join(folder, `${name}.yaml`);
  writeFileSync(file, JSON.stringify({ ...base, ...more }));
  return { file, out: join(folder, name) };
}

type Row = Readonly<Record<string, number>>;

function rowsOf(out: string): Row[] {
  const [titles = [], ...rows] = readFileSync(join(out, "metasteps.csv"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => line.split(","));
  return rows.map((cells) => Object.fromEntries(cells.map((cell, k) => [titles[k]!, Number(cell)])));
}

const away = (row: Row): number => Math.hypot(...[1, 2, 3, 4, 5, 6].map((k) => row[`s_${k}`] ?? 0));

describe("the cell of silicon", () => {
  test("stays in its well without hills, and is driven out by them", async () => {
    const distances: number[] = [];
    for (const height of [1e-9, 0.15]) {
      const { file, out } = configured(`height-${height}`, { hills: { width: 0.1, height } });
      const { code, out: printed } = await potluck("metadynamics", file, "--out", out, "--json");
      expect(code).toBe(0);
      expect(JSON.parse(printed)).toMatchObject({ reason: "finished", metastep: 40, metasteps: 40, atoms: 8 });
      const rows = rowsOf(out);
      expect(rows.length).toBe(40);
      distances.push(Math.max(...rows.map(away)));
      if (height < 0.1) continue;
      // The hills before it push: their energy where the cell is was never less than nothing, and there were many at the end.
      expect(rows[0]).toMatchObject({ metastep: 1, hills_eV: 0, s_1: 0 });
      expect(Math.max(...rows.map((row) => row.hills_eV!))).toBeGreaterThan(0.15);
    }
    console.log(`  at most ${distances.map((d) => d.toFixed(2)).join(" and ")} Å away`);
    // Steps of 0.1 Å around the bottom; and three times as far.
    expect(distances[0]).toBeLessThan(0.35);
    expect(distances[1]).toBeGreaterThan(2 * distances[0]!);
  });

  test("frames are where the forces were measured, enthalpies have the pressure in them", async () => {
    const { file, out } = configured("frames", {
      ...{ structure: "turned.extxyz", pressure: 10, metasteps: 5 },
      record: { frames: { every: 2, gzip: true }, metasteps: { format: "jsonl" } },
      detector: { cutoff: 2.9 },
    });
    const { code, out: text } = await potluck("metadynamics", file, "--out", out);
    expect(code).toBe(0);
    expect(text).toMatch(/Finished after 5 of 5 metasteps {2}\(8 atoms, seed \d+/);
    expect(text).toMatch(/Last +enthalpy -\d\.\d{4} eV\/atom, volume \d+\.\d{3} Å³\/atom, .* K, 4\.00 neighbours/);
    const frames = await readAllFrames(join(out, "frames.extxyz.gz"));
    expect(frames.map(({ info }) => info.get("metastep"))).toEqual([2, 4]);
    const rows = readFileSync(join(out, "metasteps.jsonl"), "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(rows.length).toBe(5);
    for (const row of rows) {
      expect(row.enthalpy_eV - row.energy_eV).toBeCloseTo(10 * gigapascal * row.volume_A3, 10);
      expect(row.coordination).toBe(4);
    }
    for (const [k, { structure, energy }] of frames.entries()) {
      expect(volume(structure.cell!)).toBeCloseTo(rows[2 * k + 1].volume_A3, 6);
      expect(energy).toBeDefined();
      for (const component of [1, 2, 5]) expect(structure.cell![component]).toBe(0);
    }
  });

  test("a scaled variable measures the curvature first; a change of the volume ends the run", async () => {
    const { file, out } = configured("scaled", {
      ...{ hills: { width: 0.6 }, variable: { scaled: true, components: ["a_x", "b_y", "c_z"] }, metasteps: 200 },
      detector: { volume: 0.04, window: 2, persist: 2, stopAfter: 1 },
    });
    const { code, out: printed } = await potluck("metadynamics", file, "--out", out, "--json");
    expect(code).toBe(0);
    const record = JSON.parse(printed);
    expect(record.reason).toBe("changed");
    expect(record.changes).toMatchObject([{ observable: "volume" }]);
    const { before, after } = record.changes[0];
    expect(Math.abs(after / before - 1)).toBeGreaterThan(0.04);
    expect(record.metastep).toBe(record.changes[0].metastep + 1);
    expect(Object.keys(rowsOf(out)[0]!)).not.toContain("s_4");
    expect(simulationInfo(out)?.record).toMatchObject({ kind: "metadynamics", reason: "changed" });
    rmSync(join(out, "result.json"));
    expect(simulationInfo(out)?.text).toContain("Metadynamics of 200 metasteps that has not ended");
    // It knows from the checkpoint that there is no more to do.
    const again = await potluck("metadynamics", file, "--out", out, "--json");
    expect(JSON.parse(again.out)).toMatchObject({
      reason: "changed",
      changes: record.changes,
      metastep: record.metastep,
    });
    expect((await potluck("metadynamics", file, "--out", out)).err).toContain("ended already");
  });
});

describe("bad input ends with code 2", () => {
  const text = `potential: {kind: published, name: silicon-stillinger-weber-1985}
structure: silicon.extxyz
metasteps: 5
`;
  test.each([
    ["hills: {width: 0.1}\n", /:4:1: `hills.height` is missing, and only for a scaled/],
    ["hills: {width: 0.1, heigth: 1}\n", /:4:21: There is no key `hills.heigth`. Did you mean `hills.height`/],
    [
      "hills: {width: 0.1, height: 1}\ndetector: {coordination: 1}\n",
      /:5:12: `detector.coordination` needs a distance/,
    ],
    ["hills: {width: 0.1, height: 1}\ndetector: {stopAfter: 1}\n", /nothing says what counts as one/],
    ["hills: {width: 0.1, height: 1}\nvariable: {components: [a_y]}\n", /`variable.components\[1\]` is the text "a_y"/],
    ["hills: {width: 0.1, height: 1}\ntemperatureTime: 5\n", /`temperatureTime` means nothing for langevin/],
    ["hills: {width: 0.1, height: 1}\nwatch: {disagreement: {stop: 1}}\n", /which this potential does not know/],
  ])("%s", async (more, message) => {
    const file = join(folder, "wrong.yaml");
    writeFileSync(file, text + more);
    const { code, err } = await potluck("metadynamics", file, "--out", join(folder, "wrong"));
    expect(err).toMatch(message);
    expect(code).toBe(2);
    expect(existsSync(join(folder, "wrong"))).toBe(false);
  });

  test("a molecule has no cell", async () => {
    write("molecule.extxyz", { ...silicon, cell: undefined, periodic: [false, false, false] });
    const { file, out } = configured("molecule", { structure: "molecule.extxyz" });
    expect(await potluck("metadynamics", file, "--out", out)).toMatchObject({ code: 2 });
    expect(existsSync(out)).toBe(false);
  });
});

test("atoms that come too close end it with code 1", async () => {
  const { file, out } = configured("close", { watch: { closest: 2.5 } });
  const { code, out: printed } = await potluck("metadynamics", file, "--out", out);
  expect(code).toBe(1);
  expect(printed).toContain("the distance of two atoms is 2.");
  expect(existsSync(join(out, "stopped.extxyz"))).toBe(true);
});

describe("killed and resumed", () => {
  const settings = {
    ...{ metasteps: 14, thermostat: "velocity-rescaling", variable: { scaled: true }, hills: { width: 0.4 } },
    detector: { volume: 0.02, coordination: 0.3, cutoff: 2.9 },
    checkpoint: { every: 3 },
  };
  const names = ["metasteps.csv", "frames.extxyz"];

  function expectSame(broken: string, whole: string): void {
    for (const output of names)
      expect(readFileSync(join(broken, output)).equals(readFileSync(join(whole, output))), output).toBe(true);
    const [a, b] = [whole, broken].map((dir) => JSON.parse(readFileSync(join(dir, "result.json"), "utf8")));
    for (const what of ["changes", "last", "lowest", "thresholds"]) expect(b[what]).toEqual(a[what]);
  }

  test.each([-1, 8])("at metastep %d: the files have the same bytes", async (until) => {
    const { file, out: whole } = configured(`whole${until}`, settings);
    const broken = join(folder, `broken${until}`);
    expect((await potluck("metadynamics", file, "--out", whole)).code).toBe(0);
    const opened = await openMetadynamics(metadynamicsConfiguration(file, { out: broken }), angstromElectronvolt);
    mkdirSync(broken);
    writeFileSync(join(broken, "config.yaml"), readFileSync(file));
    const death = new Error("killed");
    const onProgress = ({ metastep, share }: { metastep: number; share: number }): void => {
      if (metastep === until && share > 0.5) throw death;
    };
    await expect(metadynamicsInDirectory(opened.task, { directory: broken, resume: false, onProgress })).rejects.toBe(
      death,
    );
    await opened.potential.close();
    for (const output of names) appendFileSync(join(broken, output), "23,23.0,59");
    const resumed = await potluck("metadynamics", file, "--out", broken);
    if (until > 0) expect(resumed.err).toContain("at step 6");
    expect(resumed.code).toBe(0);
    expectSame(broken, whole);
  });

  const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
  test.skipIf(!existsSync(main.replace("main.js", "metadynamics.js")))(
    "the built program, with SIGKILL",
    async () => {
      const { file, out: whole } = configured("sigkill-whole", { ...settings, metasteps: 60 });
      const broken = join(folder, "sigkill-broken");
      const child = spawn(process.execPath, [main, "metadynamics", file, "--out", broken], { stdio: "ignore" });
      const ended = new Promise((resolve) => child.once("exit", (_, signal) => resolve(signal)));
      const rows = (): number =>
        existsSync(join(broken, "metasteps.csv"))
          ? readFileSync(join(broken, "metasteps.csv"), "utf8").split("\n").length
          : 0;
      for (let n = 0; n < 800 && rows() < 12; n++) await new Promise((resolve) => setTimeout(resolve, 10));
      child.kill("SIGKILL");
      expect(await ended).toBe("SIGKILL");
      expect((await potluck("metadynamics", file, "--out", whole)).code).toBe(0);
      const resumed = await potluck("metadynamics", file, "--out", broken);
      expect(resumed.err).toContain("Resuming");
      expectSame(broken, whole);
    },
    60_000,
  );
});

test("the guide has the keys of the schema", () => {
  const guide = readFileSync(new URL("../../docs/guide/simulation.md", import.meta.url), "utf8");
  expect(guide).toContain(metadynamicsFormat.keysTable);
});

test("help has an example and the keys", async () => {
  const { out } = await potluck("metadynamics", "--help");
  expect(out).toContain("potluck metadynamics --resume --out runs/pressed");
  expect(out).toContain("hills.width: number > 0, required");
});
