/** The report of learning and its live view: what they show is what has happened, however little that is. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { LearningProgress } from "../../src/cli/learn-progress.js";
import { run } from "../../src/cli/program.js";
import { Progress } from "../../src/cli/progress.js";
import { extxyz } from "../../src/formats/index.js";
import { learningCourse } from "../../src/learning/course.js";
import { currentRound, emptyState, fold, type JournalLine } from "../../src/learning/index.js";
import { duration, learningReport, significant } from "../../src/reports/index.js";
import { diamond } from "../../src/structure/index.js";
import type { SetErrors } from "../../src/training/record.js";
import { MemoryStream, memoryTerminal } from "./memory-terminal.js";
import { learnedRun, syntheticJournal } from "./synthetic-learning.js";

/** Texts of the cells of all tables. */
const cellsOf = (html: string): string[] =>
  [...html.matchAll(/<t[dh][^>]*>(.*?)<\/t[dh]>/g)].map(([, text]) => text!.replaceAll(/<[^>]+>/g, ""));

/** Texts of the cells of each row of all tables. */
const rowsOf = (html: string): string[][] => html.split("<tr>").map(cellsOf);

/** The section with this title. */
function sectionOf(html: string, title: string): string {
  const sections = html.split("<section>").filter((one) => one.startsWith(`<h2>${title}</h2>`));
  expect(sections, title).toHaveLength(1);
  return sections[0]!;
}

const upTo = (event: JournalLine["event"], nth = 1): JournalLine[] => {
  const places = syntheticJournal.flatMap((line, k) => (line.event === event ? [k] : []));
  return syntheticJournal.slice(0, places[nth - 1]! + 1);
};

describe("what a journal tells", () => {
  const course = learningCourse(syntheticJournal, 1);

  test("why structures were chosen and what became of them", () => {
    expect(course.rounds.map(({ round }) => round)).toEqual([0, 1]);
    const told = course.rounds.flatMap(({ picks }) => picks.map(({ id, why, outcome }) => `${id} ${why} ${outcome}`));
    const expected = [
      "a initial labelled",
      "b initial labelled",
      "c initial labelled",
      "d doubt labelled",
      "e lost refused",
    ];
    expect(told).toEqual(expected);
  });

  test("what calculations have cost, round by round", () => {
    const told = course.rounds.map(({ calls, failedCalls, seconds }) => [calls, failedCalls, seconds]);
    expect(told).toEqual([
      [4, 1, 23.625],
      [2, 1, 18.375],
    ]);
  });

  test("which failed, which attempt that was, and what became of the structure", () => {
    const told = course.failed.map(({ id, attempt, kind, outcome }) => [id, attempt, kind, outcome]);
    expect(told).toEqual([
      ["b", 1, "crashed", "labelled"],
      ["e", 1, "unconverged", "refused"],
    ]);
    const again = upTo("failed");
    const twice = learningCourse([...again, again.at(-1)!], 1).failed;
    expect(twice.map(({ attempt, outcome }) => `${attempt} ${outcome}`)).toEqual(["1 refused", "2 refused"]);
  });

  test("where the time of all parts went", () => {
    expect(course.stages).toEqual({ draft: 1, label: 43, fit: 50, measure: 15, explore: 50, select: 1, check: 0.5 });
    const total = Object.values(course.stages).reduce((sum, time) => sum + time, 0);
    expect(total).toBeCloseTo(learnedRun(syntheticJournal).result.seconds, 9);
  });

  test("a structure that may be tried again waits", () => {
    const lines = upTo("failed");
    expect(learningCourse(lines, 1).rounds[0]!.picks.map(({ outcome }) => outcome)).toEqual([
      "labelled",
      "waiting",
      "waiting",
    ]);
    expect(learningCourse(lines, 0).rounds[0]!.picks.map(({ outcome }) => outcome)).toEqual([
      "labelled",
      "refused",
      "waiting",
    ]);
  });
});

describe("a report of learning", () => {
  test("holds the numbers of the result, and nothing from elsewhere", async () => {
    const learned = learnedRun(syntheticJournal);
    const { result, course } = learned;
    const html = await learningReport(learned);
    expect(html).not.toMatch(/<script|<link|<iframe|<img|@import|url\((?!#)/i);
    expect(html).not.toMatch(/(?:href|src)\s*=|https?:/i);

    const doubt = rowsOf(sectionOf(html, "Doubt per round"));
    for (const one of result.rounds.slice(1)) {
      const { round, steps, looks, doubtful, lost, largestDisagreement, thresholds } = one;
      const { collect, stop } = thresholds!.disagreement;
      const gammas = [largestDisagreement!, collect!, stop!, thresholds!.discard!].map((x) => significant(x));
      const counts = [round, steps, looks, doubtful, lost.length].map(String);
      expect(doubt).toContainEqual([...counts, ...gammas, "γ on what was learned"]);
    }

    const errors = rowsOf(sectionOf(html, "Errors"));
    const shown = (set: SetErrors | null | undefined): string[] => {
      if (!set) return ["–", "–", "–", "–", "–"];
      const pairs = [set.energy!, set.forces!].flatMap(({ rmse, mae }) => [rmse, mae]);
      return [String(set.structures), ...pairs.map((x) => significant(x))];
    };
    for (const { round, before, fit } of result.rounds.filter((one) => one.fit !== null)) {
      const row = [String(round), fit!.kind, duration(fit!.seconds)];
      expect(errors).toContainEqual([...row, ...[before, fit!.errors.test, fit!.errors.train].flatMap(shown)]);
    }

    const properties = cellsOf(sectionOf(html, "Properties against the number of labels"));
    for (const value of [71.23, 95.43, 0.357, 98.76, 0.611]) expect(properties).toContain(significant(value, 4));
    expect(properties).toContain("gap &lt;111&gt;eV");

    const labels = rowsOf(sectionOf(html, "Labels and their cost"));
    expect(labels).toContainEqual(["0", "3", "3", "0", "0", "3", "4", "1", "24 s", "5.9 s"]);
    expect(labels).toContainEqual(["1", "2", "1", "1", "0", "4", "2", "1", "18 s", "9.2 s"]);
    expect(labels).toContainEqual(["All", "5", "4", "1", "0", "", "6", "2", "42 s", "7.0 s"]);
    expect(cellsOf(sectionOf(html, "Why structures were chosen"))).toEqual(
      expect.arrayContaining([
        "in doubt",
        "last sound moment of a lost walker",
        significant(0.312),
        significant(0.655),
      ]),
    );
    const failed = sectionOf(html, "Failed calculations");
    expect(cellsOf(failed).filter((cell) => cell.includes("It has crashed once."))).toHaveLength(1);
    for (const text of ["unconverged", "was labelled later", "has no label", "segmentation fault (11)", "&lt;its&gt;"])
      expect(failed).toContain(text);

    const time = sectionOf(html, "Time and machine");
    expect(time).toContain(`exploration ${course.stages.explore} s`);
    for (const text of ["Some CPU @ 2.50GHz", "9.8.7", "quantum-espresso 6.7", "77", "v20.20.2"])
      expect(time).toContain(text);
    expect(sectionOf(html, "Configuration")).toContain("labels: 29");
    expect(html).toContain("25 of 29 left");
    expect(html).toContain("silicon &lt;1&gt;");
    expect(html).toContain("All walkers have done their steps.");
    expect(html).toContain("1 structure could not be labelled");
    expect(html).toContain("Walkers were lost once");
    expect(html).not.toContain("There is no potential yet.");
    expect(html).not.toMatch(/undefined|NaN|\[object/);
    expect(await learningReport(learned)).toBe(html);
  });

  test("draws γ against step for each walker, and a line for each reference that is known", async () => {
    const learned = learnedRun(syntheticJournal);
    const html = await learningReport(learned);
    for (const name of ["Si-300K", "Si-900K"])
      expect(html).toContain(`Disagreement of walker ${name} against its step`);
    const lines = (text: string): number =>
      (sectionOf(text, "Properties against the number of labels").match(/stroke-dasharray="5,3"/g) ?? []).length;
    expect(lines(html)).toBe(2);
    const unknown = { ...learned, result: { ...learned.result, references: { "gap <111>": 0.611 } } };
    expect(lines(await learningReport(unknown))).toBe(1);
    const names = [...html.matchAll(/ id="([^"]+)"/g)].map(([, name]) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  test("a perfect crystal at the start does not squeeze the scale", async () => {
    const nothing = { step: 0, disagreement: 1e-15, extrapolations: 0 };
    const journal = syntheticJournal.map((line) =>
      line.event === "leg" ? { ...line, looks: [nothing, ...line.looks] } : line,
    );
    const html = await learningReport(learnedRun(journal));
    expect(sectionOf(html, "Disagreement γ against step")).not.toMatch(/>1e-\d/);
  });

  test("of an interrupted run shows what there is and how to go on", async () => {
    for (const lines of [upTo("ordered", 2), upTo("labelled", 4), upTo("leg"), upTo("checked")]) {
      const learned = learnedRun(lines);
      expect(learned.result.reason).toBeNull();
      const html = await learningReport(learned);
      expect(html).toContain("Interrupted.");
      expect(html).toContain("potluck learn --resume");
      expect(html).toContain("Disagreement of walker Si-300K");
      expect(html).not.toMatch(/undefined|NaN|\[object/);
    }
    const waiting = await learningReport(learnedRun(upTo("ordered", 2)));
    expect(sectionOf(waiting, "Labels and their cost")).toContain("still to be labelled");
  });

  test("of nothing at all says so", async () => {
    for (const lines of [[], upTo("part")]) {
      const html = await learningReport(learnedRun(lines));
      expect(html).toContain("Nothing has been done yet.");
      expect(html).not.toContain("<svg");
      expect(html).not.toMatch(/undefined|NaN|\[object/);
      sectionOf(html, "Configuration");
    }
  });

  test("of a run in which everything failed has the reasons", async () => {
    const failed = syntheticJournal.slice(0, 3).concat(
      ["a", "b", "c"].map((id, k) => ({
        ...{ event: "failed", id, wall: 2 + k, cost: { wallSeconds: 1, cpuSeconds: undefined, maxMemory: undefined } },
        failure: { kind: "not-started", problem: `pw.x cannot be started for ${id}.`, remedy: "Install it." },
      })),
      [{ event: "ended", reason: "label-failed", wall: 5 }],
    );
    const html = await learningReport(learnedRun(failed));
    for (const id of ["a", "b", "c"]) expect(html).toContain(`pw.x cannot be started for ${id}.`);
    expect(html).toContain("A structure could not be labelled.");
    expect(html).toContain("3 structures could not be labelled");
    expect(html).toContain("There is no potential yet.");
    expect(html).not.toMatch(/undefined|NaN|\[object/);
  });
});

describe("the live view", () => {
  function shown(options: { isTTY: boolean; quiet?: boolean }): string {
    const stream = new MemoryStream({ isTTY: options.isTTY, columns: 200 });
    let clock = 0;
    const progress = new Progress({ stream, silent: options.quiet === true, now: () => (clock += 20) });
    const view = new LearningProgress(progress, {
      ...{ budget: 29, quiet: options.quiet === true, curves: options.isTTY },
      units: { "bulk-modulus": "GPa" },
    });
    let state = emptyState;
    for (const { wall, ...record } of syntheticJournal) {
      if (record.event === "leg")
        view.show({ kind: "stage", stage: "explore", round: currentRound(state).round, detail: "2 walkers" });
      state = fold(state, { ...record, wall });
      view.show({ kind: "record", record, state });
    }
    return stream.text;
  }

  test("tells round, doubt, γ and its limit, labels bought and left, errors and properties", () => {
    const text = shown({ isTTY: false });
    expect(text).toContain(
      "round 1, explore: 2 walkers: 3 labels, 26 left; 400 steps, 7 of 40 looks in doubt, γ up to 0.420 eV/Å (limit 0.270)",
    );
    expect(text).toContain(
      "Round 1: 610 steps, 11 of 61 looks in doubt, γ up to 0.860 eV/Å (limit 0.270); 2 structures to label.",
    );
    expect(text).toContain(
      "Round 1: 4 labels, 25 left; on the new ones before learning: E 47.5 meV/atom, F 0.473 eV/Å.",
    );
    expect(text).toContain("Round 1: fitted (warm, 13 s); test set: E 25.1 meV/atom, F 0.251 eV/Å.");
    expect(text).toContain("bulk-modulus 95.4 GPa (reference 98.8), gap <111> 0.357.");
    expect(text).toContain("Warning: walker Si-900K is lost. Too hot.");
    expect(text).toContain("Warning: a calculation has failed (unconverged): It does not converge.");
    expect(text).toMatch(
      /Round 2: 300 steps, 0 of 30 looks in doubt, γ up to 0\.0\d+ eV\/Å \(limit 0\.155\); nothing to label\./,
    );
    expect(text).not.toContain("█");
  });

  test("draws γ against step on a terminal", () => {
    const lines = shown({ isTTY: true })
      .split("\n")
      .filter((line) => line.includes("  γ "));
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/γ Si-300K {2}[▁-█]{40} {2}up to 0\.420 eV\/Å, steps 10 to 400/);
    // Up to the limit at which a walker waits, 0.674 eV/Å: γ of .21 to .42 is a third to five eighths of the way.
    expect(new Set(/[▁-█]+/.exec(lines[0]!)![0])).toEqual(new Set([..."▃▄▅"]));
  });

  test("is silent but for warnings where it is to be quiet", () => {
    const lines = shown({ isTTY: false, quiet: true }).trim().split("\n");
    expect(lines.filter((line) => !line.startsWith("Warning: "))).toEqual([]);
    expect(lines).toHaveLength(3);
  });
});

const folder = mkdtempSync(join(tmpdir(), "potluck-learn-report-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("a run writes its report, says where it is, and writes it anew when it is taken up", {
  timeout: 60_000,
}, async () => {
  const source = { file: "silicon.extxyz", structure: 1, line: 1 };
  const frame = { structure: diamond("Si", 5.431), info: new Map(), columns: new Map(), source };
  writeFileSync(join(folder, "silicon.extxyz"), extxyz.write(frame));
  const configuration = join(folder, "silicon.yaml");
  writeFileSync(
    configuration,
    `structure: silicon.extxyz
engine: {settings: {potential: {kind: published, name: silicon-stillinger-weber-1985}}}
explore: {walkers: [{kind: dynamics, temperature: 900, steps: 100}]}
check: {properties: [{kind: equation-of-state, structure: silicon.extxyz, reference: engine}]}
initial: {labels: 5}
budget: {labels: 6}
potential:
  {descriptors: {cutoff: 4.5, size: small}, network: {hidden: [5]}, committee: {members: 2}, epochs: 10}
threads: 1
`,
  );
  const out = join(folder, "run");
  const report = join(out, "report.html");
  const potluck = async (...args: string[]) => {
    const terminal = memoryTerminal();
    return { code: await run(args, terminal), text: terminal.out.text, err: terminal.err.text };
  };
  const first = await potluck("learn", configuration, "--out", out);
  expect(first.err).not.toContain("Failed");
  expect(first.code).toBe(0);
  expect(first.text).toMatch(/^Report {5}.*report\.html$/m);
  expect(first.text).toContain(report);
  const html = readFileSync(report, "utf8");
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  expect(html).toContain(`Made by potluck learn ${version}, seed 1.`);
  expect(html).toContain("labels by an embedded potential (silicon-stillinger-weber-1985)");
  expect(cellsOf(sectionOf(html, "Properties against the number of labels"))).toContain("bulk-modulusGPa");

  rmSync(report);
  expect((await potluck("info", out)).text).not.toContain("report.html");
  expect((await potluck("learn", "--resume", "--out", out)).code).toBe(0);
  expect(existsSync(report)).toBe(true);
  expect((await potluck("info", out)).text).toContain(report);
});
