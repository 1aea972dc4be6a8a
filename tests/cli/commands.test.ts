import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { buildProgram, run } from "../../src/cli/program.js";
import { trainConfiguration } from "../../src/cli/train-configuration.js";
import { memoryTerminal } from "./memory-terminal.js";

const folder = mkdtempSync(join(tmpdir(), "potluck-cli-"));
afterAll(() => rmSync(folder, { recursive: true }));

const dimer = (distance: number): string =>
  `2\nProperties=species:S:1:pos:R:3:forces:R:3 energy=-1.5 config_type=pair pbc="F F F"\n` +
  `Si 0 0 0 0.1 0 0\nSi ${distance} 0 0 -0.1 0 0\n`;
const data = join(folder, "dimers.extxyz");
writeFileSync(data, dimer(2.3) + dimer(2.4));

async function potluck(...args: string[]) {
  const terminal = memoryTerminal();
  const code = await run(args, terminal);
  return { code, out: terminal.out.text, err: terminal.err.text };
}

describe("help", () => {
  const commands = [
    "train",
    "evaluate",
    "predict",
    "info",
    "build",
    "convert",
    "md",
    "mc",
    "metadynamics",
    "relax",
    "learn",
    "label",
    "serve",
    "analyze",
    "rdf",
  ];
  test.each(commands)("of %s has an example and the common options", async (name) => {
    const { code, out } = await potluck(name, "--help");
    expect(code).toBe(0);
    expect(out).toMatch(new RegExp(`Examples?:\n +potluck ${name} `));
    for (const option of ["--json", "--threads", "--seed", "--length-unit", "--energy-unit"])
      expect(out).toContain(option);
  });

  test("lists the commands", async () => {
    expect((await buildProgram(memoryTerminal())).commands.map((command) => command.name())).toEqual(commands);
  });

  test("of train has every key of the configuration", async () => {
    expect((await potluck("train", "--help")).out).toContain("descriptors.cutoff: number > 0");
  });
});

describe("bad input ends with code 2", () => {
  test("unknown option", async () => {
    const { code, err } = await potluck("train", "--epoch", "3");
    expect(code).toBe(2);
    expect(err).toContain("--epochs");
  });

  test("missing file, with --json an object on stdout", async () => {
    const { code, out, err } = await potluck("info", join(folder, "nothing"), "--json");
    expect(code).toBe(2);
    expect(JSON.parse(out)).toMatchObject({ error: { code: "no-such-file" } });
    expect(err).toContain("There is no such file");
  });

  test.each(["-1", "1.5", "many"])("--threads=%s", async (threads) => {
    const { code, err } = await potluck("info", data, `--threads=${threads}`);
    expect(code).toBe(2);
    expect(err).toContain("whole number");
  });

  test("misspelt key with file, line and column", async () => {
    const file = join(folder, "misspelt.yaml");
    writeFileSync(file, "data: dimers.extxyz\ncomittee: {members: 2}\n");
    const { code, err } = await potluck("train", file);
    expect(code).toBe(2);
    expect(err).toContain(`${file}:2:1: There is no key \`comittee\`. Did you mean \`committee\`?`);
  });

  test("a directory of somebody else is left alone", async () => {
    const out = join(folder, "theirs");
    mkdirSync(out);
    writeFileSync(join(out, "thesis.txt"), "all of it");
    const { code, err } = await potluck("train", "--data", data, "--out", out);
    expect(code).toBe(2);
    expect(err).toContain("not a run of Potluck");
    expect(existsSync(join(out, "config.yaml"))).toBe(false);
  });

  test("nothing to resume, nothing to fit", async () => {
    expect((await potluck("train", "--data", data, "--out", join(folder, "new"), "--resume")).err).toContain("no run");
    expect((await potluck("train")).err).toContain("--data");
  });
});

describe("train finds its files", () => {
  const silent = (): void => {};

  test("beside the configuration, the run in runs/ of the current directory", () => {
    const place = join(folder, "silicon");
    mkdirSync(place);
    const file = join(place, "train.yaml");
    writeFileSync(file, "data: a.extxyz\ntest: /elsewhere/b.extxyz\n");
    const configuration = trainConfiguration(file, {}, silent);
    expect(configuration.data).toBe(join(place, "a.extxyz"));
    expect(configuration.test).toBe("/elsewhere/b.extxyz");
    expect(configuration.out).toBe(join("runs", "silicon"));
    expect(trainConfiguration(file, { data: ["c.extxyz"] }, silent).data).toBe("c.extxyz");
  });

  test("on the command line, with options as keys", () => {
    const options = { data: ["x/gold.extxyz.gz"], epochs: 3, members: 2, seed: 5, set: ["network.hidden=[8,8]"] };
    expect(trainConfiguration(undefined, options, silent)).toMatchObject({
      data: "x/gold.extxyz.gz",
      out: join("runs", "gold"),
      epochs: 3,
      seed: 5,
      committee: { members: 2 },
      network: { hidden: [8, 8] },
    });
  });
});

test("info of a data set", async () => {
  const { code, out } = await potluck("info", data, "--json");
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({
    structures: 2,
    atoms: 4,
    elements: { Si: 4 },
    labels: { energy: 2, forces: 2 },
  });
});

test("convert says what is lost", async () => {
  const target = join(folder, "dimers.data");
  const { code, err } = await potluck("convert", data, target);
  expect(code).toBe(0);
  expect(err).toContain("config_type");
  expect(JSON.parse((await potluck("info", target, "--json")).out)).toMatchObject({ structures: 2 });
});
