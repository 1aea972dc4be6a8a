/** What learning ends with, as text and as an exit code. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type LearningResult, measureUnits, type RoundResult } from "../learning/index.js";
import { endSentence, endSentences } from "../reports/learning-words.js";
import { duration, significant } from "../reports/numbers.js";
import type { SetErrors } from "../training/record.js";
import { EndedEarly } from "./ended-early.js";
import { layOut } from "./table.js";

export function learningText(result: LearningResult, out: string): string {
  const { reason, rounds, labels, failures, seed, seconds, references, configuration } = result;
  const names = [...new Set(rounds.flatMap(({ properties }) => Object.keys(properties)))];
  return [
    endSentence(reason),
    `${labels} labels in ${rounds.length} rounds  (seed ${seed}, ${duration(seconds)})`,
    ...failures.map(({ kind, count }) => `${count} structures without labels: ${kind}`),
    "",
    roundTable(rounds),
    ...(names.length === 0
      ? []
      : ["", propertyTable(rounds, names, { references, units: measureUnits(configuration.check.properties) })]),
    "",
    ...whatIsThere(out),
  ].join("\n");
}

/** Files for the user. Where nothing could be labelled there is no potential. */
function whatIsThere(out: string): string[] {
  const names = { Potential: "potential.json", Labels: "labels.extxyz", Result: "result.json", Report: "report.html" };
  return Object.entries(names)
    .map(([what, name]) => [what.padEnd(9), join(out, name)] as const)
    .filter(([, path]) => existsSync(path))
    .map((columns) => columns.join("  "));
}

const forceError = (errors: SetErrors | null | undefined): string => number(errors?.forces?.rmse);

const number = (value: number | null | undefined): string =>
  value === null || value === undefined ? "–" : significant(value);

function roundTable(rounds: readonly RoundResult[]): string {
  const head = ["round", "labels", "steps", "in doubt", "γ, eV/Å", "F before, eV/Å", "F test, eV/Å", "fit"];
  const rows = rounds.map((one) => [
    String(one.round),
    String(one.labels),
    String(one.steps),
    String(one.doubtful),
    number(one.largestDisagreement),
    forceError(one.before),
    forceError(one.fit?.errors.test),
    one.fit === null ? "–" : `${one.fit.kind}, ${duration(one.fit.seconds)}`,
  ]);
  return layOut([head, ...rows], { text: 0 });
}

/** Properties against the number of labels. */
function propertyTable(
  rounds: readonly RoundResult[],
  names: readonly string[],
  { references, units }: Pick<LearningResult, "references"> & { readonly units: Readonly<Record<string, string>> },
): string {
  const rows = rounds.map(({ labels, properties }) => [
    String(labels),
    ...names.map((name) => number(properties[name])),
  ]);
  const head = ["labels", ...names.map((name) => (units[name] === undefined ? name : `${name}, ${units[name]}`))];
  const last = ["reference", ...names.map((name) => number(references[name]))];
  return layOut([head, ...rows, last], { text: 0 });
}

/** Throws where the loop did not come to an end that it was meant to. */
export function checkLearned({ reason }: LearningResult): void {
  if (reason === "label-failed" || reason === "stalled") throw new EndedEarly(endSentences[reason], 1);
}
