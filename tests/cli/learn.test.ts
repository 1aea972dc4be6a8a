/** `potluck learn` through the command line: a small loop, the same again, and bad input. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { run } from "../../src/cli/program.js";
import { extxyz } from "../../src/formats/index.js";
import { readAllFrames } from "../../src/hosts/node/index.js";
import { learningFormat } from "../../src/learning/index.js";
import { diamond } from "../../src/structure/index.js";
import { memoryTerminal } from "./memory-terminal.js";

const folder = mkdtempSync(join(tmpdir(), "potluck-learn-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function potluck(...args: string[]) {
  const terminal = memoryTerminal();
  const code = await run(args, terminal);
  return { code, out: terminal.out.text, err: terminal.err.text };
}

const source = { file: "silicon.extxyz", structure: 1, line: 1 };
const frame = { structure: diamond("Si", 5.431), info: new Map(), columns: new Map(), source };
writeFileSync(join(folder, "silicon.extxyz"), extxyz.write(frame));
const configuration = join(folder, "silicon.yaml");
const yaml = (more = ""): string => `structure: silicon.extxyz
engine:
  settings: {potential: {kind: published, name: silicon-stillinger-weber-1985}}
explore:
  walkers: [{kind: dynamics, temperature: 600, steps: 200}]
budget: {labels: 8}
initial: {labels: 5}
potential:
  descriptors: {cutoff: 4.5, size: small}
  network: {hidden: [5]}
  committee: {members: 2}
  epochs: 10
seed: 3
threads: 1
${more}`;
writeFileSync(configuration, yaml());

test("a loop buys what its budget allows and leaves a potential and the labels", { timeout: 60_000 }, async () => {
  const out = join(folder, "run");
  const { code, out: text, err } = await potluck("learn", configuration, "--out", out);
  expect(err).toContain("5 structures to label");
  expect(code).toBe(0);
  expect(text).toMatch(/\d+ labels in \d+ rounds {2}\(seed 3/);
  const labels = await readAllFrames(join(out, "labels.extxyz"));
  expect(labels.length).toBeGreaterThanOrEqual(5);
  expect(labels.length).toBeLessThanOrEqual(8);
  expect(existsSync(join(out, "potential.json"))).toBe(true);
  const journal = readFileSync(join(out, "journal.jsonl"), "utf8");

  // Again: what it has ended with, and nothing bought.
  const again = await potluck("learn", "--resume", "--out", out, "--json");
  expect(again.code).toBe(0);
  expect(JSON.parse(again.out)).toMatchObject({ labels: labels.length, seed: 3 });
  const bought = (text: string): number => text.split("\n").filter((line) => line.includes('"labelled"')).length;
  expect(bought(readFileSync(join(out, "journal.jsonl"), "utf8"))).toBe(bought(journal));

  const other = await potluck("learn", configuration, "--out", out, "--seed", "4");
  expect(other.code).toBe(2);
  expect(other.err).toContain("different: seed");
});

test.each([
  ["budgt: {labels: 3}", "Did you mean `budget`?"],
  ["doubt: {disagreement: {collect: -1}}", "`doubt.disagreement.collect` is -1"],
])("%s ends with code 2", async (line, message) => {
  const path = join(folder, "bad.yaml");
  writeFileSync(path, yaml(line));
  const { code, err } = await potluck("learn", path, "--out", join(folder, "bad"));
  expect(err).toContain("bad.yaml:");
  expect(err).toContain(message);
  expect(code).toBe(2);
  expect(existsSync(join(folder, "bad"))).toBe(false);
});

test("without anything to learn from it says what to give", async () => {
  const { code, err } = await potluck("learn");
  expect(code).toBe(2);
  expect(err).toContain("potluck learn --help");
});

test("the guide has the keys of the schema", () => {
  const guide = readFileSync(new URL("../../docs/guide/learning.md", import.meta.url), "utf8");
  expect(guide).toContain(learningFormat.keysTable);
});
