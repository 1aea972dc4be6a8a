/** The report of a fit: one HTML file that a referee may read. */
import { stringify } from "yaml";
import type { ErrorPair, SetErrors, TrainingResult } from "../training/record.js";
import type { Judged } from "./calibration.js";
import { errorDistributions } from "./distributions.js";
import { errorTable } from "./error-table.js";
import { escapeHtml, htmlList, section } from "./html.js";
import { learningCurves } from "./learning-curves.js";
import { duration, grouped, significant } from "./numbers.js";
import { htmlPage, type KeyNumber } from "./page.js";
import { paritySection } from "./parity.js";
import { quantities } from "./quantities.js";
import { timeSection } from "./time.js";
import { uncertaintySection } from "./uncertainty.js";
import { worstSection } from "./worst.js";

/** `judged`: structures that no member has learned from. */
export async function trainingReport(result: TrainingResult, judged?: Judged): Promise<string> {
  const { errors, comparisons } = result;
  const sets = [
    { name: "Training", errors: errors.train },
    ...(errors.test ? [{ name: "Test", errors: errors.test }] : []),
  ];
  return htmlPage({
    title: titleOf(result.configuration),
    subtitle: subtitleOf(result),
    numbers: keyNumbers(result),
    sections: [
      section("Warnings", result.warnings.length === 0 ? "" : htmlList(result.warnings, "warnings")),
      section("Errors", `<div class="scroll">${errorTable(sets)}</div>`),
      section("Learning curves", await learningCurves(result.members)),
      section("Prediction against reference", await parity(result)),
      section("Distribution of errors", await errorDistributions(comparisons)),
      section("Uncertainty", await uncertaintySection(comparisons, judged)),
      section("Worst structures", worstSection(comparisons)),
      section("Choices", result.choices.length === 0 ? "" : htmlList(result.choices)),
      section("Time and machine", timeSection(result)),
      section("Configuration", `<pre>${escapeHtml(yamlOf(result.configuration))}</pre>`),
    ],
    footer: `Made by potluck train, seed ${result.seed}. Errors: root mean square and mean absolute, of the finished potential.`,
  });
}

async function parity({ comparisons }: TrainingResult): Promise<string> {
  const parts: string[] = [];
  for (const quantity of quantities) parts.push(await paritySection(comparisons, quantity));
  return parts.join("\n");
}

/** Where the spread comes from. */
function spreadNumber(configuration: unknown, members: TrainingResult["members"]): KeyNumber {
  const note = epochsOf(members);
  const count = members.length;
  const { probability, passes } = (field(field(configuration, "network"), "dropout") ?? {}) as Record<string, unknown>;
  if (!(Number(probability) > 0))
    return { label: "Committee", value: String(count), unit: count === 1 ? "member" : "members", note };
  const networks = count === 1 ? "one network" : `${count} networks`;
  return { label: "Dropout", value: String(passes), unit: "passes", note: `${networks}, ${note}` };
}

function keyNumbers({ configuration, errors, members, seconds, machine }: TrainingResult): KeyNumber[] {
  const shown = errors.test ?? errors.train;
  const set = errors.test ? "test" : "training";
  const counts = `${grouped(errors.train.total.structures)} training, ${grouped(errors.test?.total.structures ?? 0)} test`;
  const structures = errors.train.total.structures + (errors.test?.total.structures ?? 0);
  return [
    ...errorNumbers(shown.total, set),
    { label: "Structures", value: grouped(structures), unit: "", note: counts },
    spreadNumber(configuration, members),
    { label: "Wall time", value: duration(seconds), unit: "", note: `${machine.threads} threads` },
  ];
}

export function errorNumbers(errors: SetErrors, set: string): KeyNumber[] {
  const number = (label: string, pair: ErrorPair | undefined, unit: string): KeyNumber[] =>
    pair
      ? [{ label: `${label} RMSE, ${set}`, value: significant(pair.rmse), unit, note: `MAE ${significant(pair.mae)}` }]
      : [];
  return [
    ...number("Energy", errors.energy, "meV/atom"),
    ...number("Force", errors.forces, "eV/Å"),
    ...number("Stress", errors.stress, "GPa"),
  ];
}

function epochsOf(members: TrainingResult["members"]): string {
  const epochs = members.map((member) => member.epochs);
  const [least, most] = [Math.min(...epochs), Math.max(...epochs)];
  return least === most ? `${most} epochs` : `${least} to ${most} epochs`;
}

function titleOf(configuration: unknown): string {
  const out = field(configuration, "out");
  return typeof out === "string" ? `Training report: ${out.replace(/\/+$/, "").split("/").at(-1)}` : "Training report";
}

function subtitleOf({ configuration, seed }: TrainingResult): string {
  const data = [field(configuration, "data")].flat().filter((file) => typeof file === "string");
  const shown = data.length > 4 ? [...data.slice(0, 3), `${data.length - 3} more`] : data;
  return [...(shown.length === 0 ? [] : [`Data: ${shown.join(", ")}`]), `seed ${seed}`].join(" · ");
}

function field(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

const yamlOf = (value: unknown): string => (typeof value === "string" ? value : stringify(value));
