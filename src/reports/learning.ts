/** The report of learning on the fly: one HTML file with what was in doubt, what was bought, what it has cost and what it was good for. */
import { stringify } from "yaml";
import type { SetErrors } from "../training/record.js";
import { escapeHtml, htmlList, section } from "./html.js";
import { doubtSection } from "./learning-doubt.js";
import { learningErrors } from "./learning-errors.js";
import { failuresTable, labelsSection, selectionTable } from "./learning-labels.js";
import { propertiesSection } from "./learning-properties.js";
import type { LearnedRun } from "./learning-record.js";
import { endSentence, keyAt, optionalNumber } from "./learning-words.js";
import { duration, grouped, significant } from "./numbers.js";
import { htmlPage, type KeyNumber } from "./page.js";
import { timeSection } from "./time.js";

export async function learningReport(run: LearnedRun): Promise<string> {
  const { result, version, name } = run;
  const warnings = warningsOf(run);
  return htmlPage({
    title: `Learning on the fly: ${name}`,
    subtitle: subtitleOf(run),
    numbers: keyNumbers(run),
    sections: [
      section("Warnings", warnings.length === 0 ? "" : htmlList(warnings, "warnings")),
      await doubtSection(run),
      section("Errors", await learningErrors(run)),
      section("Properties against the number of labels", await propertiesSection(run)),
      section("Labels and their cost", await labelsSection(run)),
      section("Why structures were chosen", selectionTable(run)),
      section("Failed calculations", failuresTable(run)),
      section("Time and machine", timeOf(run)),
      section("Configuration", `<pre>${escapeHtml(yamlOf(result.configuration))}</pre>`),
    ],
    footer: `Made by potluck learn ${version}, seed ${result.seed}. Errors: root mean square and mean absolute. γ: the largest spread of a force component.`,
  });
}

function subtitleOf(run: LearnedRun): string {
  const { reason, seed } = run.result;
  return [endSentence(reason), ...enginesOf(run).map((name) => `labels by ${name}`), `seed ${seed}`].join(" · ");
}

/** As the labels name them with their versions; before there are any, as the configuration does. */
function enginesOf({ engines, result: { configuration } }: LearnedRun): string[] {
  const kind = keyAt(configuration, "engine.kind");
  const potential = keyAt(configuration, "engine.settings.potential");
  const name = typeof potential === "string" ? potential.split("/").at(-1) : keyAt(potential, "name");
  const embedded = typeof name === "string" ? `an embedded potential (${name})` : "an embedded potential";
  const named = engines.length > 0 ? engines : [kind].filter((one) => typeof one === "string");
  return named.map((one) => (one === "embedded" ? embedded : one));
}

function keyNumbers({ result, course, machine }: LearnedRun): KeyNumber[] {
  const { rounds, labels, seconds } = result;
  const budget = keyAt(result.configuration, "budget.labels");
  const calls = course.rounds.reduce((sum, round) => sum + round.calls, 0);
  const explored = rounds.findLast(({ largestDisagreement }) => largestDisagreement !== null);
  const limit = optionalNumber(explored?.thresholds?.disagreement.collect);
  return [
    {
      ...{ label: "Labels", value: grouped(labels), unit: "" },
      note: typeof budget === "number" ? `${grouped(Math.max(0, budget - labels))} of ${grouped(budget)} left` : "",
    },
    { label: "Rounds", value: grouped(rounds.length), unit: "", note: stepsOf(rounds) },
    ...(explored === undefined
      ? []
      : [
          {
            ...{ label: `Largest γ, round ${explored.round}`, value: optionalNumber(explored.largestDisagreement) },
            ...{ unit: "eV/Å", note: `limit of doubt ${limit}` },
          },
        ]),
    ...lastErrors(rounds),
    {
      ...{ label: "Calculations", value: grouped(calls), unit: "" },
      note: `${duration(result.cost.wallSeconds)}, ${grouped(course.failed.length)} failed`,
    },
    {
      label: "Wall time",
      value: duration(seconds),
      unit: "",
      note: `${machine.threads} thread${machine.threads === 1 ? "" : "s"}`,
    },
  ];
}

const stepsOf = (rounds: LearnedRun["result"]["rounds"]): string =>
  `${grouped(rounds.reduce((sum, { steps }) => sum + steps, 0))} steps`;

/** Of the newest potential on the test set; without one, on the last labels before they entered. */
function lastErrors(rounds: LearnedRun["result"]["rounds"]): KeyNumber[] {
  const tested = rounds.findLast(({ fit }) => (fit?.errors.test?.structures ?? 0) > 0)?.fit?.errors.test;
  if (tested) return errorNumbers(tested, "test");
  const checked = rounds.findLast(({ before }) => before !== null);
  return checked?.before ? errorNumbers(checked.before, `new labels, round ${checked.round}`) : [];
}

function errorNumbers({ energy, forces }: SetErrors, set: string): KeyNumber[] {
  const shown = [
    { label: "Energy RMSE", pair: energy, unit: "meV/atom" },
    { label: "Force RMSE", pair: forces, unit: "eV/Å" },
  ];
  return shown.flatMap(({ label, pair, unit }) =>
    pair === undefined ? [] : [{ label, value: significant(pair.rmse), unit, note: set }],
  );
}

/** What deserves a look. */
function warningsOf({ result, course }: LearnedRun): string[] {
  const { rounds, reason } = result;
  const refused = course.rounds.flatMap(({ picks }) => picks).filter(({ outcome }) => outcome === "refused").length;
  const lost = rounds.reduce((sum, round) => sum + round.lost.length, 0);
  const steps = rounds.reduce((sum, round) => sum + round.steps, 0);
  return [
    ...(rounds.length === 0 ? ["Nothing has been done yet."] : []),
    ...(reason === null ? ["The run was interrupted; `potluck learn --resume` goes on."] : []),
    ...(reason === "label-failed" || reason === "stalled" ? [endSentence(reason)] : []),
    ...(rounds.length > 0 && rounds.every(({ fit }) => fit === null) ? ["There is no potential yet."] : []),
    ...(refused === 0 ? [] : [`${structures(refused)} could not be labelled: see the failed calculations.`]),
    ...(lost === 0 ? [] : [`Walkers were lost ${lost === 1 ? "once" : `${lost} times`} in ${grouped(steps)} steps.`]),
  ];
}

const structures = (count: number): string => `${grouped(count)} structure${count === 1 ? "" : "s"}`;

const stageNames: Readonly<Record<string, string>> = {
  draft: "first structures",
  explore: "exploration",
  select: "selection",
  label: "labels",
  check: "errors on new labels",
  fit: "fits",
  measure: "properties",
};

function timeOf(run: LearnedRun): string {
  const { result, course, machine, version } = run;
  const parts = Object.fromEntries(
    Object.entries(course.stages).map(([stage, time]) => [stageNames[stage] ?? stage, time]),
  );
  const facts = [["Potluck", version], ...enginesOf(run).map((name) => ["Labels by", name])];
  const versions = facts.map(([name, value]) => `<dt>${name}</dt><dd>${escapeHtml(value!)}</dd>`).join("");
  return `${timeSection({ seconds: result.seconds, parts, machine, seed: result.seed })}<dl>${versions}</dl>`;
}

const yamlOf = (value: unknown): string => (typeof value === "string" ? value : stringify(value));
