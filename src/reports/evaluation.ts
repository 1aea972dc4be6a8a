/** The report of `potluck evaluate`: a potential on a data set. */
import type { GroupedErrors, StructureComparison } from "../training/record.js";
import type { Judged } from "./calibration.js";
import { errorDistributions } from "./distributions.js";
import { errorTable } from "./error-table.js";
import { htmlList, section } from "./html.js";
import { duration, grouped } from "./numbers.js";
import { htmlPage } from "./page.js";
import { paritySection } from "./parity.js";
import { quantities } from "./quantities.js";
import { errorNumbers } from "./training.js";
import { uncertaintySection } from "./uncertainty.js";
import { worstSection } from "./worst.js";

export interface EvaluationResult {
  /** As the user named it. */
  readonly potential: string;
  readonly data: readonly string[];
  readonly errors: GroupedErrors;
  /** All with `set: "test"`. */
  readonly comparisons: readonly StructureComparison[];
  /** Structures with an atom outside the range of the training data. */
  readonly extrapolating: number;
  readonly judged: Judged | undefined;
  readonly warnings: readonly string[];
  readonly seconds: number;
}

export async function evaluationReport(result: EvaluationResult): Promise<string> {
  const { comparisons, errors } = result;
  const parity: string[] = [];
  for (const quantity of quantities) parity.push(await paritySection(comparisons, quantity));
  return htmlPage({
    title: `Evaluation: ${result.potential.replace(/\/+$/, "").split("/").at(-1)}`,
    subtitle: `Data: ${result.data.join(", ")}`,
    numbers: [
      ...errorNumbers(errors.total, "all"),
      { label: "Structures", value: grouped(comparisons.length), unit: "", note: atomsOf(comparisons) },
      {
        label: "Extrapolating",
        value: grouped(result.extrapolating),
        unit: "structures",
        note: "outside training ranges",
      },
      { label: "Wall time", value: duration(result.seconds), unit: "", note: "" },
    ],
    sections: [
      section("Warnings", result.warnings.length === 0 ? "" : htmlList(result.warnings, "warnings")),
      section("Errors", `<div class="scroll">${errorTable([{ name: "All structures", errors }])}</div>`),
      section("Prediction against reference", parity.join("\n")),
      section("Distribution of errors", await errorDistributions(comparisons)),
      section("Uncertainty", await uncertaintySection(comparisons, result.judged)),
      section("Worst structures", worstSection(comparisons)),
    ],
    footer: `Made by potluck evaluate with ${result.potential}.`,
  });
}

const atomsOf = (comparisons: readonly StructureComparison[]): string =>
  `${grouped(comparisons.reduce((sum, { atoms }) => sum + atoms, 0))} atoms`;
