/** A made-up run of learning: the result and the journal of two rounds after the first, with one failure that passed and one that did not. */
import { learningCourse } from "../../src/learning/course.js";
import {
  type DoubtThresholds,
  type JournalLine,
  type LearningConfigurationInput,
  type LearnRecord,
  type Look,
  learningFormat,
  learningResult,
  replay,
} from "../../src/learning/index.js";
import type { LearnedRun } from "../../src/reports/index.js";
import type { SetErrors } from "../../src/training/record.js";

const thresholds = (collect: number): DoubtThresholds => ({
  disagreement: { collect, stop: 2.5 * collect },
  ...{ discard: 10 * collect, basis: "learned" },
  ...{ energySpread: { collect: null, stop: null }, extrapolations: { collect: null, stop: null } },
});

/** Each number another one. */
const errors = (structures: number, size: number): SetErrors => ({
  structures,
  energy: { rmse: 10.1 * size, mae: 7.03 * size, count: structures },
  forces: { rmse: 0.1007 * size, mae: 0.0609 * size, count: 24 * structures },
});

const cost = (wallSeconds: number) => ({ wallSeconds, cpuSeconds: 2 * wallSeconds, maxMemory: 3.21e8 });

const looks = (from: number, count: number, size: number): Look[] =>
  Array.from({ length: count }, (_, k) => ({
    step: from + 10 * k,
    disagreement: size * (1 + Math.sin(k) ** 2),
    extrapolations: 0,
  }));

const crashed = (problem: string) =>
  ({ kind: "crashed", problem, remedy: "Look at <its> output.", excerpt: "first\nsegmentation fault (11)\n" }) as const;

const fitted = (round: number, kind: "scratch" | "warm", size: number): LearnRecord => ({
  ...{ event: "fitted", round, kind, file: "f", digest: "d", elements: [14], seconds: 12.3 + round },
  ...{
    errors: { train: errors(3 + 2 * round, size), test: errors(9, 1.31 * size) },
    thresholds: thresholds(0.0817 * size),
  },
});

/** Walls of the parts are 100 and 60.5 s. */
export const syntheticJournal: readonly JournalLine[] = [
  at(0, { event: "begin", version: 1, identity: "i", seed: 77 }),
  at(0, { event: "part" }),
  at(1, {
    ...{ event: "ordered", round: 0, file: "o" },
    picks: ["a", "b", "c"].map((id) => ({ id, group: "initial", step: 0, disagreement: null })),
  }),
  at(11, { event: "labelled", id: "a", cost: cost(10.25), reused: false }),
  at(16, { event: "failed", id: "b", cost: cost(5.5), failure: crashed("It has crashed once.") }),
  at(21, { event: "labelled", id: "b", cost: cost(4.75), reused: false }),
  at(25, { event: "labelled", id: "c", cost: cost(3.125), reused: false }),
  at(45, fitted(0, "scratch", 3.3)),
  at(46, { event: "references", values: { "bulk-modulus": 98.76 } }),
  at(50, { event: "measured", round: 0, values: { "bulk-modulus": 71.23, "gap <111>": null } }),
  at(50, { event: "closed", round: 0 }),
  at(70, {
    ...{ event: "leg", round: 1, walker: "Si-300K", steps: 400, end: "steps", doubtful: 7, quiet: 3 },
    ...{ looks: looks(10, 40, 0.21), candidates: [{ step: 120, disagreement: 0.312, why: "doubt" }] },
  }),
  at(80, {
    ...{
      event: "leg",
      round: 1,
      walker: "Si-900K",
      steps: 210,
      end: "lost",
      message: "Too hot.",
      doubtful: 4,
      quiet: 0,
    },
    ...{ looks: looks(10, 21, 0.43), candidates: [{ step: 190, disagreement: 0.655, why: "lost" }] },
  }),
  at(81, {
    ...{ event: "ordered", round: 1, file: "o" },
    picks: [
      { id: "d", group: "Si-300K", step: 120, disagreement: 0.312 },
      { id: "e", group: "Si-900K", step: 190, disagreement: 0.655 },
    ],
  }),
  at(91, { event: "labelled", id: "d", cost: cost(9.5), reused: false }),
  at(100, {
    event: "failed",
    id: "e",
    cost: cost(8.875),
    failure: { ...crashed("It does not converge."), kind: "unconverged" },
  }),
  at(0, { event: "part" }),
  at(0.5, { event: "checked", round: 1, errors: errors(1, 4.7), pairs: [] }),
  at(30.5, fitted(1, "warm", 1.9)),
  at(40.5, { event: "measured", round: 1, values: { "bulk-modulus": 95.43, "gap <111>": 0.357 } }),
  at(40.5, { event: "closed", round: 1 }),
  at(60.5, {
    ...{ event: "leg", round: 2, walker: "Si-300K", steps: 300, end: "steps", doubtful: 0, quiet: 300 },
    ...{ looks: looks(410, 30, 0.012), candidates: [] },
  }),
  at(60.5, { event: "closed", round: 2 }),
  at(60.5, { event: "ended", reason: "explored" }),
];

function at(wall: number, record: LearnRecord): JournalLine {
  return { ...record, wall };
}

export function learnedRun(
  journal: readonly JournalLine[],
  more: Partial<LearningConfigurationInput> = {},
): LearnedRun & { readonly result: ReturnType<typeof learningResult> } {
  const configuration = learningFormat.resolve({
    ...{ structure: "si.poscar", engine: "quantum-espresso", budget: { labels: 29 }, seed: 77 },
    ...more,
  });
  return {
    name: "silicon <1>",
    result: learningResult(replay(journal), { configuration, references: { "gap <111>": 0.611 } }),
    course: learningCourse(journal, configuration.label.retries),
    units: { "bulk-modulus": "GPa", "gap <111>": "eV" },
    ...{ engines: ["quantum-espresso 6.7"], version: "9.8.7" },
    machine: { node: "v20.20.2", cpu: "Some CPU @ 2.50GHz", cores: 5, threads: 3 },
  };
}
