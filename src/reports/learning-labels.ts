/** What was chosen and why, what became of it, what it has cost, and which calculations failed. */
import { escapeHtml, htmlTable } from "./html.js";
import type { LearnedRun, Outcome, Reason, ShownFailure, ShownPick } from "./learning-record.js";
import { countAxis, figureOf, keyOf, optionalNumber, roundAxis } from "./learning-words.js";
import { duration, grouped } from "./numbers.js";
import { colours, svgOf } from "./plots.js";

const outcomes: readonly (readonly [Outcome, title: string, colour: string])[] = [
  ["labelled", "bought", colours.train],
  ["refused", "refused: cannot be labelled", "#b3363f"],
  ["waiting", "still to be labelled", "#c3cad2"],
];

export async function labelsSection({ result, course }: LearnedRun): Promise<string> {
  const rounds = course.rounds.filter(({ picks }) => picks.length > 0);
  if (rounds.length === 0) return "";
  const totals = new Map(result.rounds.map(({ round, labels }) => [round, labels]));
  const present = outcomes.filter(([outcome]) => rounds.some(({ picks }) => count(picks, outcome) > 0));
  const plots = [await labelsPlot(rounds), await costPlot(rounds)].filter((plot) => plot !== "");
  return (
    figureOf(keyOf(present.map(([, title, colour]) => [colour, title])), plots) +
    `<div class="scroll">${costTable(rounds, totals)}</div>${costNote(result.cost)}`
  );
}

type Rounds = LearnedRun["course"]["rounds"];

const count = (picks: readonly ShownPick[], outcome: Outcome): number =>
  picks.filter((pick) => pick.outcome === outcome).length;

function labelsPlot(rounds: Rounds): Promise<string> {
  const values = rounds.flatMap(({ round, picks }) =>
    outcomes.flatMap(([outcome], order) => {
      const number = count(picks, outcome);
      return number === 0 ? [] : [{ round, number, outcome, order }];
    }),
  );
  return svgOf(
    {
      ...{ width: 408, height: 210, data: { values } },
      mark: { type: "bar", width: { band: 0.6 } },
      encoding: {
        x: roundAxis(rounds.map(({ round }) => round)),
        y: { field: "number", type: "quantitative", title: "Structures", axis: countAxis },
        color: {
          ...{ field: "outcome", type: "nominal", legend: null },
          scale: { domain: outcomes.map(([outcome]) => outcome), range: outcomes.map(([, , colour]) => colour) },
        },
        order: { field: "order", type: "quantitative" },
      },
    },
    "Structures chosen per round and what became of them",
  );
}

async function costPlot(rounds: Rounds): Promise<string> {
  const values = rounds.map(({ round, seconds }) => ({ round, seconds }));
  if (values.every(({ seconds }) => seconds === 0)) return "";
  return svgOf(
    {
      ...{ width: 408, height: 210, data: { values } },
      mark: { type: "bar", color: colours.faint, width: { band: 0.6 } },
      encoding: {
        x: roundAxis(rounds.map(({ round }) => round)),
        y: { field: "seconds", type: "quantitative", title: "Time of the calculations / s", axis: { tickCount: 5 } },
      },
    },
    "Time of the calculations per round",
  );
}

function costTable(rounds: Rounds, totals: ReadonlyMap<number, number>): string {
  const head = [
    ...["Round", "Chosen", "Bought", "Refused", "Waiting", "Labels in all"],
    ...["Calculations", "failed", "Their time", "Per calculation"],
  ];
  const row = (
    name: string,
    labels: string,
    of: Pick<Rounds[number], "picks" | "calls" | "failedCalls" | "seconds">,
  ) => [
    name,
    grouped(of.picks.length),
    `<b>${grouped(count(of.picks, "labelled"))}</b>`,
    ...(["refused", "waiting"] as const).map((outcome) => grouped(count(of.picks, outcome))),
    labels,
    ...[of.calls, of.failedCalls].map(grouped),
    ...[duration(of.seconds), of.calls === 0 ? "–" : duration(of.seconds / of.calls)],
  ];
  const rows = rounds.map((one) => row(String(one.round), grouped(totals.get(one.round) ?? 0), one));
  const sum = (of: (round: Rounds[number]) => number): number => rounds.reduce((total, one) => total + of(one), 0);
  const all = row("<b>All</b>", "", {
    picks: rounds.flatMap(({ picks }) => picks),
    ...{ calls: sum(({ calls }) => calls), failedCalls: sum(({ failedCalls }) => failedCalls) },
    seconds: sum(({ seconds }) => seconds),
  });
  return htmlTable(head, [...rows, all], { text: [] });
}

function costNote({ cpuSeconds, maxMemory }: LearnedRun["result"]["cost"]): string {
  const facts = [
    ...(cpuSeconds ? [`${duration(cpuSeconds)} of processor time`] : []),
    ...(maxMemory ? [`at most ${grouped(Math.round(maxMemory / 1e6))} MB of memory`] : []),
  ];
  const used = facts.length === 0 ? "" : ` All calculations together: ${facts.join(", ")}.`;
  return `<p class="caption">The time of a calculation is that from its start to its end; several at a time overlap.${used}</p>`;
}

const reasons: Readonly<Record<Reason, string>> = {
  initial: "first structures",
  doubt: "in doubt",
  lost: "last sound moment of a lost walker",
  passed: "any that was passed (random)",
};

/** By who found them and why. */
export function selectionTable({ course }: LearnedRun): string {
  const picks = course.rounds.flatMap((round) => round.picks);
  const groups = new Map<string, ShownPick[]>();
  for (const pick of picks) {
    const name = `${pick.walker}\n${pick.why}`;
    groups.set(name, [...(groups.get(name) ?? []), pick]);
  }
  if (groups.size === 0) return "";
  const rows = [...groups.values()].map((group) => {
    const { walker, why } = group[0]!;
    const gammas = group.flatMap(({ disagreement }) => (disagreement === null ? [] : [disagreement]));
    return [
      ...[why === "initial" ? "–" : escapeHtml(walker), reasons[why], grouped(group.length)],
      ...outcomes.slice(0, 2).map(([outcome]) => grouped(count(group, outcome))),
      why === "initial" ? "–" : range(group.map(({ step }) => step)),
      gammas.length === 0 ? "–" : range(gammas),
    ];
  });
  const head = ["Walker", "Why", "Chosen", "Bought", "Refused", "Steps", "γ<br><i>eV/Å</i>"];
  return `<div class="scroll">${htmlTable(head, rows, { text: [0, 1] })}</div>`;
}

function range(values: readonly number[]): string {
  const [low, high] = [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
  const text = Number.isInteger(low) && Number.isInteger(high) ? grouped : (value: number) => optionalNumber(value);
  return low === high ? text(low) : `${text(low)} to ${text(high)}`;
}

/** A longer table nobody reads. */
const mostFailures = 60;
/** Characters of what a program printed last. */
const mostExcerpt = 160;

export function failuresTable({ course: { failed } }: LearnedRun): string {
  if (failed.length === 0) return "";
  const rows = failed
    .slice(0, mostFailures)
    .map((one) => [
      ...[String(one.round), escapeHtml(one.walker), grouped(one.step), String(one.attempt), escapeHtml(one.kind)],
      `${escapeHtml(`${one.problem} ${one.remedy}`)}${excerptOf(one)}`,
      afterwards[one.outcome],
    ]);
  const head = ["Round", "Walker", "Step", "Attempt", "Failure", "What is known, and what to do", "The structure"];
  const left =
    failed.length > mostFailures
      ? ` The first ${mostFailures} of ${grouped(failed.length)}; all are in journal.jsonl.`
      : "";
  const caption = `Inputs and outputs are kept in calculations/.${left}`;
  return `<div class="scroll">${htmlTable(head, rows, { text: [1, 4, 5, 6] })}</div><p class="caption">${caption}</p>`;
}

const afterwards: Readonly<Record<Outcome, string>> = {
  labelled: "was labelled later",
  refused: "has no label",
  waiting: "waits for another attempt",
};

function excerptOf({ excerpt }: ShownFailure): string {
  const last = excerpt?.trimEnd().split("\n").at(-1)?.trim() ?? "";
  return last === "" ? "" : `<br><small>It printed: ${escapeHtml(last.slice(0, mostExcerpt))}</small>`;
}
